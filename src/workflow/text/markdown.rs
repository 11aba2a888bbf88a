//! Markdown as GitHub reads it, for words that people or models wrote.
//!
//! Invariant: whatever the words are, what comes out of [`plain`], [`sentence`], [`prose`] and [`code`] opens nothing that
//! it does not close, links nothing, names nobody and is no longer than asked for.

use crate::workflow::text_class::is_unseen;

/// What is put where words were cut.
pub(super) const CUT: &str = "…";

/// Lines of a text of several lines that are shown.
const PROSE_LINES_MAX: usize = 60;

/// Whether `#7` may stay a link to the issue or pull request of that number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum References {
    /// Words of ours, with words of others among them.
    Linked,
    /// Words of others: no links, and nothing that GitHub takes for "this closes that issue".
    Shown,
}

/// Words of others in one line of at most about `max` characters.
pub(super) fn plain(text: &str, max: usize) -> String {
    line(text, max, References::Shown)
}

/// A sentence of ours with words of others in it, in one line. Code spans and `#7` keep their meaning.
pub(super) fn sentence(text: &str, max: usize) -> String {
    line(text, max, References::Linked)
}

/// Words of others in several lines: paragraphs and lists stay, everything else becomes words.
pub(super) fn prose(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut left = max;
    let mut shown = 0_usize;
    for source in text.lines() {
        if shown == PROSE_LINES_MAX || left == 0 {
            out.push_str("\n\n");
            out.push_str(CUT);
            break;
        }
        let (mark, words) = item(source.trim());
        let words = plain(words, left);
        if words.is_empty() {
            if !out.is_empty() && !out.ends_with("\n\n") {
                out.push('\n');
            }
            continue;
        }
        left = left.saturating_sub(words.chars().count());
        shown += 1;
        out.push_str(mark);
        out.push_str(&words);
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// Words of others as a quotation.
pub(super) fn quote(text: &str, max: usize) -> String {
    prose(text, max)
        .lines()
        .map(|line| format!("> {line}").trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Words of others for a cell of a table.
pub(super) fn cell(text: &str, max: usize) -> String {
    in_table(&plain(text, max))
}

/// Markdown of ours for a cell of a table: a bar would end it, also in a code span.
pub(super) fn in_table(markdown: &str) -> String {
    let mut out = String::new();
    let mut escaped = false;
    for c in markdown.chars() {
        if c == '|' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

/// A code span of at most about `max` characters: names of files, checks and branches.
pub(super) fn code(text: &str, max: usize) -> String {
    let text = one_line(text);
    let cut = text.chars().count() > max;
    let mut inner: String = text.chars().take(max).collect();
    if cut {
        inner.push_str(CUT);
    }
    if inner.is_empty() {
        return "` `".to_owned();
    }
    let fence = "`".repeat(longest_run(&inner) + 1);
    let room = if inner.starts_with('`') || inner.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{room}{inner}{room}{fence}")
}

/// A code block. Its text is shown as it is.
pub(super) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let text = text.trim_end_matches('\n');
    format!("{fence}{language}\n{text}\n{fence}")
}

/// A part that is folded until somebody opens it.
pub(super) fn details(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>")
}

/// A list item's mark and its words.
fn item(line: &str) -> (&'static str, &str) {
    for mark in ["- ", "* ", "+ "] {
        if let Some(words) = line.strip_prefix(mark) {
            return ("- ", words);
        }
    }
    ("", line)
}

/// In one line, with single spaces and without characters that nobody sees.
pub(super) fn one_line(text: &str) -> String {
    let seen: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_unseen(*c))
        .collect();
    seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// One line: code spans stay code spans, the rest becomes words.
fn line(text: &str, max: usize, references: References) -> String {
    let text = one_line(text);
    let mut out = Line {
        text: String::new(),
        left: max,
        behind_span: false,
    };
    let mut rest = text.as_str();
    while !rest.is_empty() && out.left > 0 {
        let Some(start) = rest.find('`') else {
            out.words(rest, references);
            return out.text;
        };
        out.words(&rest[..start], references);
        let run = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let behind = &rest[start + run..];
        if let Some((inner, after)) = closing(behind, run) {
            out.span(inner);
            rest = after;
        } else {
            for c in rest[start..start + run].chars() {
                out.escaped(c);
            }
            rest = behind;
        }
    }
    if !rest.is_empty() && !out.text.ends_with(CUT) {
        out.text.push_str(CUT);
    }
    out.text
}

/// What stands before and behind the next run of exactly `run` backticks.
fn closing(text: &str, run: usize) -> Option<(&str, &str)> {
    let mut at = 0;
    while let Some(start) = text[at..].find('`').map(|found| at + found) {
        let length = text[start..].len() - text[start..].trim_start_matches('`').len();
        if length == run {
            return Some((&text[..start], &text[start + length..]));
        }
        at = start + length;
    }
    None
}

/// A line while it is written.
struct Line {
    text: String,
    /// Characters that still have room.
    left: usize,
    /// A code span has just ended.
    behind_span: bool,
}

impl Line {
    fn span(&mut self, inner: &str) {
        let span = code(inner.trim(), self.left);
        // Two spans side by side would become one.
        if self.behind_span {
            self.text.push(' ');
        }
        self.left = self.left.saturating_sub(span.chars().count());
        self.text.push_str(&span);
        self.behind_span = true;
    }

    fn words(&mut self, text: &str, references: References) {
        for (place, word) in text.split(' ').enumerate() {
            if place > 0 {
                self.push(" ");
            }
            if word.is_empty() {
                continue;
            }
            if self.left == 0 {
                if !self.text.ends_with(CUT) {
                    self.text.push_str(CUT);
                }
                return;
            }
            if has_meaning(word, references) {
                let core = word.trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
                self.span(core);
                for c in word[core.len()..].chars() {
                    self.escaped(c);
                }
                continue;
            }
            let chars: Vec<char> = word.chars().collect();
            for (at, c) in chars.iter().enumerate() {
                let inside = |n: Option<&char>| n.is_some_and(|n| n.is_alphanumeric());
                let intraword = *c == '_' && inside(at.checked_sub(1).and_then(|b| chars.get(b))) && inside(chars.get(at + 1));
                if intraword {
                    self.push("_");
                } else {
                    self.escaped(*c);
                }
            }
        }
    }

    /// A character that means nothing but itself.
    fn escaped(&mut self, c: char) {
        let first = self.text.is_empty();
        let number = !self.text.is_empty() && self.text.chars().all(|d| d.is_ascii_digit());
        let own = match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => format!("\\{c}"),
            '#' | '-' | '+' | '=' | ':' if first => format!("\\{c}"),
            '.' | ')' if number => format!("\\{c}"),
            other => other.to_string(),
        };
        self.push(&own);
    }

    fn push(&mut self, text: &str) {
        if self.left > 0 {
            self.left = self.left.saturating_sub(text.chars().count());
            self.text.push_str(text);
            self.behind_span = false;
        }
    }
}

/// Whether GitHub would make more of a word than a word: a link, a mention, a reference.
fn has_meaning(word: &str, references: References) -> bool {
    let bare = word.trim_matches(['.', ',', ';', ':', '(', ')', '!', '?']);
    if references == References::Linked
        && bare
            .strip_prefix('#')
            .is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
    {
        return false;
    }
    let lower = word.to_ascii_lowercase();
    lower.contains("://")
        || lower.contains("www.")
        || followed(word, '@', |c| c.is_alphanumeric())
        || followed(word, '#', |c| c.is_ascii_digit())
        || gh_reference(word).is_some()
}

fn followed(word: &str, sign: char, by: fn(char) -> bool) -> bool {
    word.match_indices(sign)
        .any(|(at, _)| word[at + sign.len_utf8()..].chars().next().is_some_and(by))
}

/// Where `GH-7` stands, which is as good as `#7`.
pub(super) fn gh_reference(word: &str) -> Option<usize> {
    let lower = word.to_ascii_lowercase();
    lower
        .match_indices("gh-")
        .map(|(at, _)| at)
        .find(|at| lower[at + 3..].starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_in_a_line() {
        for (text, shown) in [
            ("Read snake_case, not _this_", "Read snake_case, not \\_this\\_"),
            ("call `a < b` twice", "call `a < b` twice"),
            ("an odd ` stays", "an odd \\` stays"),
            ("`a`@bob", "`a` `@bob`"),
            ("see #7, acme/x#8 and GH-9.", "see `#7`, `acme/x#8` and `GH-9`."),
            ("at https://x.example/a_b.", "at `https://x.example/a_b`."),
            ("1. first", "1\\. first"),
            ("- <b>", "\\- &lt;b&gt;"),
            ("a\n\n  b\u{202e}c", "a bc"),
            ("mail a@b.example", "mail `a@b.example`"),
            ("", ""),
        ] {
            assert_eq!(plain(text, 80), shown, "{text:?}");
        }
        assert_eq!(sentence("review #7 of acme/x#8", 80), "review #7 of `acme/x#8`");
        assert_eq!(plain("one two three", 8), "one two …");
    }
}
