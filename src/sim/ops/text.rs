//! What GitHub reads out of people's text: references and closing keywords.
//!
//! Invariant: only numbers of the same repository are found, written `#7` or `owner/name#7`.

use std::sync::LazyLock;

use regex::Regex;

/// Most characters of a body.
pub const BODY_LIMIT: usize = 65_536;

static CLOSING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+((?:[\w.-]+/[\w.-]+)?)#(\d+)\b").ok());
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:^|[\s(\[,:;])((?:[\w.-]+/[\w.-]+)?)#(\d+)\b").ok());

/// Numbers that a text closes by a keyword (`Fixes #7`), in order, once each.
#[must_use]
pub fn closes(text: &str, full_name: &str) -> Vec<u64> {
    numbers(CLOSING.as_ref(), text, full_name)
}

/// Numbers that a text names, in order, once each.
#[must_use]
pub fn mentions(text: &str, full_name: &str) -> Vec<u64> {
    numbers(REFERENCE.as_ref(), text, full_name)
}

/// Whether a body is within GitHub's limit; characters count, not bytes.
#[must_use]
pub fn fits(body: &str) -> bool {
    body.chars().count() <= BODY_LIMIT
}

fn numbers(pattern: Option<&Regex>, text: &str, full_name: &str) -> Vec<u64> {
    let mut found = Vec::new();
    for hit in pattern.into_iter().flat_map(|pattern| pattern.captures_iter(text)) {
        let here = hit
            .get(1)
            .is_none_or(|name| name.is_empty() || name.as_str().eq_ignore_ascii_case(full_name));
        if let (true, Some(number)) = (here, hit.get(2).and_then(|digits| digits.as_str().parse().ok()))
            && !found.contains(&number)
        {
            found.push(number);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_close_and_plain_numbers_do_not() {
        let rows: [(&str, &[u64]); 10] = [
            ("Fixes #7", &[7]),
            ("fixed: #7, closes #8 and RESOLVES #7", &[7, 8]),
            ("Part of #7", &[]),
            ("prefixes #7", &[]),
            ("close acme/todo#3", &[3]),
            ("close other/todo#3", &[]),
            ("Fixes#7", &[]),
            ("fixing #7", &[]),
            ("fix #7a", &[]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            assert_eq!(closes(text, "acme/todo"), expected, "{text}");
        }
        assert_eq!(
            mentions("see #1, (#2) and x#3, acme/todo#4 other/todo#5", "acme/todo"),
            [1, 2, 4]
        );
    }
}
