//! Branch, tag and path filters of a workflow's `on:`.
//!
//! They look like globs and are none: `?` and `+` repeat the character before them, `*` stops at a slash, `**` does not,
//! `**/` may be empty, `[..]` is a class, `!` takes away what earlier lines gave and the last line that matches decides.
//! Source: GitHub's documentation, "Workflow syntax for GitHub Actions", filter pattern cheat sheet.
//!
//! Invariant: a pattern that cannot be understood is an error with the pattern in it, never a panic and never a match.

use regex::{Regex, RegexBuilder};

/// The largest automaton one pattern may compile to, in bytes. Real patterns need a few thousand; the limit keeps a
/// hostile class or repetition from eating memory.
const PATTERN_BYTES: usize = 1 << 18;

/// A list of patterns as it stands behind `branches:`, `tags:` or `paths:`.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// Whether the line gives (`true`) or takes away (`false`), and what it matches.
    lines: Vec<(bool, Regex)>,
}

impl Filter {
    /// Reads the patterns, in the order of the file.
    ///
    /// # Errors
    /// One sentence that names the first pattern that is none.
    pub(super) fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, String> {
        let lines = patterns
            .iter()
            .map(|pattern| line(pattern.as_ref()))
            .collect::<Result<_, _>>()?;
        Ok(Self { lines })
    }

    /// Whether `name` is in what the lines give after the ones that take away. A list of only `!` lines gives nothing.
    pub(super) fn matches(&self, name: &str) -> bool {
        self.lines
            .iter()
            .rev()
            .find(|(_, regex)| regex.is_match(name))
            .is_some_and(|(gives, _)| *gives)
    }
}

/// One line: does it give, and what.
fn line(pattern: &str) -> Result<(bool, Regex), String> {
    let (gives, body) = pattern.strip_prefix('!').map_or((true, pattern), |rest| (false, rest));
    let source = expression(body).ok_or_else(|| format!("the filter pattern '{pattern}' is not valid"))?;
    RegexBuilder::new(&source)
        .size_limit(PATTERN_BYTES)
        .build()
        .map(|regex| (gives, regex))
        .map_err(|_| format!("the filter pattern '{pattern}' is not valid"))
}

/// The regular expression of one pattern without its `!`; `None` where there is nothing to repeat, a class is left open
/// or a backslash ends the pattern.
fn expression(pattern: &str) -> Option<String> {
    let mut out = String::from("^");
    let mut rest = pattern.chars().peekable();
    // Each atom stands in a group of its own, so that `?` and `+` can never be read as "lazy" or "possessive".
    let mut repeatable = false;
    while let Some(next) = rest.next() {
        match next {
            '*' if rest.next_if_eq(&'*').is_some() => {
                if rest.next_if_eq(&'/').is_some() {
                    out.push_str("(?:.*/)?");
                } else {
                    out.push_str("(?:.*)");
                }
                repeatable = true;
            }
            '*' => {
                out.push_str("(?:[^/]*)");
                repeatable = true;
            }
            '?' | '+' if !repeatable => return None,
            '?' | '+' => {
                out.push(next);
                repeatable = false;
            }
            '[' => {
                out.push_str(&class(&mut rest)?);
                repeatable = true;
            }
            '\\' => {
                push_literal(&mut out, rest.next()?);
                repeatable = true;
            }
            other => {
                push_literal(&mut out, other);
                repeatable = true;
            }
        }
    }
    out.push('$');
    Some(out)
}

/// The rest of a class after its `[`, as a regular expression: letters, digits and ranges, as they stand.
fn class(rest: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut inner = String::new();
    loop {
        match rest.next()? {
            ']' => break,
            other => inner.push(other),
        }
    }
    let plain = !inner.is_empty()
        && inner
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    plain.then(|| format!("[{inner}]"))
}

fn push_literal(out: &mut String, c: char) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

#[cfg(test)]
mod tests {
    use super::Filter;

    /// (patterns, names that match, names that do not), most of them the rows of GitHub's cheat sheet.
    const ROWS: &[(&[&str], &[&str], &[&str])] = &[
        (
            &["feature/*"],
            &["feature/my-branch", "feature/your-branch"],
            &["feature/beta-a/my-branch", "feature", "xfeature/a"],
        ),
        (
            &["feature/**"],
            &["feature/beta-a/my-branch", "feature/your-branch", "feature/mona/the/octocat"],
            &["feature", "main"],
        ),
        (&["main"], &["main"], &["main2", "amain", "releases/main"]),
        (
            &["releases/mona-the-octocat"],
            &["releases/mona-the-octocat"],
            &["releases/mona"],
        ),
        (&["*"], &["main", "releases"], &["all/the/branches"]),
        (&["**"], &["all/the/branches", "every/tag", "main"], &[]),
        (
            &["*feature"],
            &["mona-feature", "feature", "ver-10-feature"],
            &["feature-1", "a/feature"],
        ),
        (&["v2*"], &["v2", "v2.0", "v2.9"], &["v1", "v2/x"]),
        (
            &["v[12].[0-9]+.[0-9]+"],
            &["v1.10.1", "v2.0.0"],
            &["v3.0.0", "v1.10", "v1.x.1"],
        ),
        (&["*.jsx?"], &["page.js", "page.jsx"], &["page.jsxx", "src/page.js"]),
        (&["*.js"], &["app.js", "index.js"], &["js/index.js", "appXjs"]),
        (&["**.js"], &["index.js", "js/index.js", "src/js/app.js"], &["index.jsx"]),
        (&["docs/*"], &["docs/README.md", "docs/file.txt"], &["docs/mona/a.md", "docs"]),
        (&["docs/**"], &["docs/README.md", "docs/mona/octocat.txt"], &["src/docs/a"]),
        (
            &["docs/**/*.md"],
            &["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"],
            &["docs/a.txt"],
        ),
        (
            &["**/docs/**"],
            &["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"],
            &["mydocs/a"],
        ),
        (&["**/README.md"], &["README.md", "js/README.md"], &["xREADME.md"]),
        (
            &["**/*src/**"],
            &["a/src/app.js", "my-src/code/js/app.js", "src/a"],
            &["srcs/a"],
        ),
        (&["**/*-post.md"], &["my-post.md", "path/their-post.md"], &["post.md"]),
        (
            &["**/migrate-*.sql"],
            &["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"],
            &["db/migrate.sql"],
        ),
        (&["*.md", "!README.md"], &["hello.md"], &["README.md", "docs/hello.md"]),
        (
            &["*.md", "!README.md", "README*"],
            &["hello.md", "README.md", "README.doc"],
            &["docs/hello.md"],
        ),
        (&["!main"], &[], &["main", "other"]),
        (
            &["releases/**", "!releases/**-alpha"],
            &["releases/10", "releases/beta/mona"],
            &["releases/10-alpha", "releases/a/b-alpha"],
        ),
        (
            &["millhand/**", "main"],
            &["millhand/1-todo/base", "main"],
            &["millhand", "master"],
        ),
        (&["a\\*b", "\\+x"], &["a*b", "+x"], &["axb", "x"]),
        (&["ab+c?"], &["ab", "abbb", "abc"], &["a", "abcc"]),
        (&["**/"], &["x/", ""], &["x"]),
        (&["été/*"], &["été/a"], &["ete/a"]),
        (&[], &[], &["main", ""]),
    ];

    #[test]
    fn every_row_of_the_table() {
        for (patterns, yes, no) in ROWS {
            let filter = Filter::new(patterns).unwrap();
            for name in *yes {
                assert!(filter.matches(name), "{patterns:?} should match {name}");
            }
            for name in *no {
                assert!(!filter.matches(name), "{patterns:?} should not match {name}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_reported_with_its_text() {
        for pattern in ["?", "+x", "a?+", "[", "[]", "[a", "[^a]", "[z-a]", "a\\", "!+"] {
            let error = Filter::new(&[pattern]).unwrap_err();
            assert!(error.contains(pattern), "{error}");
        }
    }
}
