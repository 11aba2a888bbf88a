//! Logs of CI as a model reads them: short, without what only a terminal or a clock understands.
//!
//! Invariant: what is kept is the log's end, whole characters, and never longer than its bound.

/// What is kept of one check's log, in bytes: its end tells what failed.
const LOG_BYTES_MAX: usize = 32 * 1024;

/// A log without its timestamps and colours, its end.
pub(super) fn condensed(log: &str) -> String {
    let mut text = String::new();
    for line in log.lines() {
        let line = line
            .split_once("Z ")
            .filter(|(stamp, _)| is_timestamp(stamp))
            .map_or(line, |(_, rest)| rest);
        text.push_str(&without_colours(line));
        text.push('\n');
    }
    let mut from = text.len().saturating_sub(LOG_BYTES_MAX);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.split_off(from)
}

fn is_timestamp(word: &str) -> bool {
    word.len() >= 19
        && word
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b'T'))
        && word.contains('T')
}

/// Terminal escape sequences taken out.
fn without_colours(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else if c == '\t' || !c.is_control() {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::condensed;

    #[test]
    fn a_log_loses_its_timestamps_and_colours_and_keeps_its_end() {
        let log = "2026-11-21T08:00:00.1234567Z \u{1b}[31merror\u{1b}[0m: no\nplain line\n2026 is a year\n";
        assert_eq!(condensed(log), "error: no\nplain line\n2026 is a year\n");
        let long = "é".repeat(40_000);
        assert!(condensed(&long).len() <= super::LOG_BYTES_MAX + 2);
    }
}
