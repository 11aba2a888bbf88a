//! How people's words are put into files: as comments and quotes that cannot end before the words do.
//!
//! Invariant: nothing that a person writes becomes code, markup or a link.

use crate::llm::text;

/// Says who wrote a file.
pub(super) const WRITER: &str = "Written by Millhand's offline model: it records what was asked for, it does not do it.";

/// Words are wrapped at this many characters.
const COLUMNS: usize = 100;

/// A longer text is cut: a comment is no place for an essay.
const LINES_MAX: usize = 40;

/// What means something in Markdown, at least in some place.
const MARKUP: &str = "\\`*_{}[]<>#|!&~$+-";

/// A person's words as lines: who, what for, then the words.
pub(super) fn paragraph(who: &str, words: &str) -> Vec<String> {
    let who: String = who
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || " -'[]".contains(*c))
        .take(60)
        .collect();
    let mut lines = vec![format!(
        "{who} (recorded by Millhand's offline model, which cannot act on it):"
    )];
    let words = text::prose(words);
    let mut wrapped: Vec<String> = words.lines().filter(|line| !line.trim().is_empty()).flat_map(wrap).collect();
    if wrapped.len() > LINES_MAX {
        wrapped.truncate(LINES_MAX);
        wrapped.push("(and more)".to_owned());
    }
    lines.extend(wrapped);
    lines
}

/// A source with the lines at the end of the comment on the module; Markdown with them as a quote at its end.
pub(super) fn put(path: &str, content: &str, lines: &[String]) -> String {
    let end = if content.contains("\r\n") { "\r\n" } else { "\n" };
    let block = block(path, lines, end);
    if !path.ends_with(".rs") {
        let gap = if content.is_empty() || content.ends_with('\n') {
            end.to_owned()
        } else {
            format!("{end}{end}")
        };
        return format!("{content}{gap}{block}");
    }
    let head: usize = content
        .split_inclusive('\n')
        .take_while(|line| line.starts_with("//!"))
        .map(str::len)
        .sum();
    let (before, behind) = content.split_at(head);
    let gap = match before {
        "" => String::new(),
        before if before.ends_with('\n') => format!("//!{end}"),
        _ => format!("{end}//!{end}"),
    };
    // What follows a comment on the module is set off from it.
    let space = if before.is_empty() && !behind.is_empty() { end } else { "" };
    format!("{before}{gap}{block}{space}{behind}")
}

/// Whether the lines stand in the file already.
pub(super) fn has(path: &str, content: &str, lines: &[String]) -> bool {
    content.contains(block(path, lines, if content.contains("\r\n") { "\r\n" } else { "\n" }).trim_end())
}

/// Text as Markdown shows it word for word.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if MARKUP.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn block(path: &str, lines: &[String], end: &str) -> String {
    let line = |line: &String| {
        let line = if path.ends_with(".rs") {
            format!("//! {line}")
        } else {
            format!("> {}  ", escaped(line))
        };
        format!("{line}{end}")
    };
    lines.iter().map(line).collect()
}

fn wrap(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for word in line.split_whitespace() {
        let mut chars: Vec<char> = word.chars().collect();
        while !chars.is_empty() {
            let rest = chars.split_off(chars.len().min(COLUMNS));
            let piece: String = chars.into_iter().collect();
            let last = out.len() - 1;
            let room = COLUMNS.saturating_sub(out[last].chars().count() + 1);
            if out[last].is_empty() {
                out[last] = piece;
            } else if piece.chars().count() <= room {
                out[last] = format!("{} {piece}", out[last]);
            } else {
                out.push(piece);
            }
            chars = rest;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_comments() {
        let source = "//! Title\n//!\n//! More\n\npub fn a() {}\n";
        let evil = "*/ fn evil() {}\nline\rtwo\u{2028}three \u{202E}x\n\n```\n//! deep";
        let lines = paragraph("reviewer asked", evil);
        let noted = put("src/a.rs", source, &lines);
        let code: Vec<&str> = noted.lines().filter(|line| !line.starts_with("//!")).collect();
        assert_eq!(code, ["", "pub fn a() {}"]);
        assert!(
            noted.contains("//! */ fn evil() {}\n//! line\n//! two\n//! three x\n"),
            "{noted}"
        );
        assert!(has("src/a.rs", &noted, &lines) && !has("src/a.rs", source, &lines));
        assert_eq!(put("src/a.rs", "fn a() {}", &["x".to_owned()]), "//! x\n\nfn a() {}");
        assert_eq!(put("src/a.rs", "//! t", &["x".to_owned()]), "//! t\n//!\n//! x\n");
        assert_eq!(
            put("src/a.rs", "//! t\r\nfn a() {}\r\n", &["x".to_owned()]),
            "//! t\r\n//!\r\n//! x\r\nfn a() {}\r\n"
        );
    }

    #[test]
    fn words_stay_quotes_in_pages() {
        let lines = paragraph("A \"person\" <b>", "<img src=x> [a](https://example.com) # no\n- heading");
        let page = put("docs/a.md", "# T\n", &lines);
        let seen = crate::llm::markdown::blocks(&page);
        assert_eq!(seen.len(), 2);
        assert!(
            crate::llm::markdown::words(&seen).contains("<img src=x> [a](https://example.com) # no - heading"),
            "{page}"
        );
        assert!(has("docs/a.md", &page, &lines));
    }

    #[test]
    fn long_words_are_wrapped_and_long_texts_cut() {
        let lines = paragraph("x", &format!("{} {}", "w".repeat(250), "word ".repeat(2_000)));
        assert!(lines.iter().skip(1).all(|line| line.chars().count() <= COLUMNS));
        assert_eq!(lines.len(), LINES_MAX + 2);
    }
}
