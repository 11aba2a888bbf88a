//! Branch and path filters of GitHub Actions. They look like globs and are not: `?` and `+` repeat the character before
//! them, and later lines take back what earlier ones gave ("Workflow syntax", filter pattern cheat sheet).
//!
//! Invariant: a pattern matches the whole name or nothing.

use regex::Regex;

/// Largest compiled pattern, in bytes: names are short, and so are sensible patterns.
const SIZE: usize = 1 << 20;

/// A list of patterns, of which the last one that matches decides.
#[derive(Clone, Debug)]
pub struct Patterns(Vec<(bool, Regex)>);

impl Patterns {
    /// Reads a list.
    ///
    /// # Errors
    /// The pattern that is none.
    pub fn new(texts: &[String]) -> Result<Self, String> {
        let one = |text: &String| {
            let (wanted, pattern) = text.strip_prefix('!').map_or((true, text.as_str()), |rest| (false, rest));
            let expression = expression(pattern).ok_or_else(|| format!("\"{text}\" is no pattern"))?;
            let built = regex::RegexBuilder::new(&expression).size_limit(SIZE).build();
            built
                .map(|regex| (wanted, regex))
                .map_err(|_| format!("\"{text}\" is no pattern"))
        };
        texts.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the list lets `name` pass.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.0
            .iter()
            .rev()
            .find(|(_, regex)| regex.is_match(name))
            .is_some_and(|(wanted, _)| *wanted)
    }
}

/// The regular expression that a pattern means.
fn expression(pattern: &str) -> Option<String> {
    let mut out = String::from("^");
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            // Folders in between may be none.
            '*' if rest.starts_with("**/") => {
                out.push_str("(?:.*/)?");
                3
            }
            '*' if rest.starts_with("**") => {
                out.push_str(".*");
                2
            }
            '*' => {
                out.push_str("[^/]*");
                1
            }
            '?' | '+' if out == "^" => return None,
            '?' | '+' => {
                out.push(c);
                1
            }
            '[' => {
                let class = rest.get(..=rest.find(']')?)?;
                let inside = class.trim_start_matches('[').trim_end_matches(']');
                if inside.is_empty() || inside.contains(['[', '\\', '&', '~']) {
                    return None;
                }
                out.push_str(class);
                class.len()
            }
            '\\' => {
                let next = rest.chars().nth(1)?;
                out.push_str(&regex::escape(&next.to_string()));
                1 + next.len_utf8()
            }
            _ => {
                out.push_str(&regex::escape(&c.to_string()));
                c.len_utf8()
            }
        };
        rest = rest.get(taken..)?;
    }
    out.push('$');
    Some(out)
}
