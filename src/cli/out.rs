//! What is printed: lines on standard output, errors on standard error.
//!
//! Invariant: a reader that goes away (`| head`) ends nothing, and no text from GitHub or a model can steer the terminal.

use std::io::{Write as _, stderr, stdout};

use comfy_table::{Cell, ContentArrangement, Table, presets};
use serde_json::Value;

use crate::workflow::text_class::is_unseen;

/// A line.
pub(super) fn line(text: &str) {
    let _ = writeln!(stdout().lock(), "{}", plain(text));
}

/// An error's sentence.
pub(super) fn error(text: &str) {
    let _ = writeln!(stderr().lock(), "millhand: {}", plain(text));
}

/// A finding in a file, as compilers print them, so that editors and CI find the place.
pub(super) fn finding(text: &str) {
    let _ = writeln!(stderr().lock(), "{}", plain(text));
}

/// Bytes of our own making.
pub(super) fn raw(bytes: &[u8]) {
    let _ = stdout().lock().write_all(bytes);
}

/// JSON for programs.
pub(super) fn json(value: &Value) {
    // JSON escapes control characters itself.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let _ = writeln!(stdout().lock(), "{text}");
}

/// Rows under their headings.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| Cell::new(plain(cell).replace('\n', " "))));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    let _ = writeln!(stdout().lock(), "{}", lines.join("\n"));
}

/// Text without what moves a cursor, hides or reverses. Line ends stay.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !(c.is_control() || is_unseen(*c)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printed_steers_a_terminal() {
        assert_eq!(plain("a\u{1b}[31mred\u{7}\r\nb\u{202e}c\u{9b}2J"), "a[31mred\nbc2J");
    }
}
