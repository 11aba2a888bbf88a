//! Secrets in text: keys and tokens by their form, passwords by where they stand and how random they are.
//!
//! Invariant: what was found is told by kind and line; the value goes into no message.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Match, Regex, RegexSet};

use super::secret_rules::{RULES, Rule};
use super::{File, Findings, Level};

/// Something that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule's id.
    pub id: &'static str,
    /// What it looks like, with its article: `a GitHub token`.
    pub what: &'static str,
    /// Line, counted from 1.
    pub line: usize,
    /// Whether the same value stood in the text before.
    pub old: bool,
}

/// Words that show that a value is made up for people to read.
const PLACEHOLDERS: [&str; 17] = [
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "your_",
    "your-",
    "yourkey",
    "dummy",
    "redacted",
    "xxxx",
    "****",
    "...",
    "${",
    "{{",
    "<",
    "process.env",
];

/// What looks like secrets in `text`, at most one for each rule. `before` is the text that stood there before, if any.
#[must_use]
pub fn find(text: &str, before: Option<&str>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for place in SET.matches(text) {
        let Some((rule, regex)) = COMPILED.get(place) else { continue };
        let known: BTreeSet<&str> = before
            .iter()
            .flat_map(|before| values(regex, before))
            .map(|value| value.as_str())
            .collect();
        let real = values(regex, text).filter(|value| is_real(rule, value.as_str()));
        let real = real.map(|value| (value.start(), known.contains(value.as_str())));
        // A new one counts before one that was there.
        if let Some((start, old)) = real.min_by_key(|(start, old)| (*old, *start)) {
            found.push(Found {
                id: rule.id,
                what: rule.what,
                line: text.bytes().take(start).filter(|b| *b == b'\n').count() + 1,
                old,
            });
        }
    }
    // One value can fit a general rule and a special one: one remark for a line is enough.
    found.sort_by_key(|found| (found.line, found.old));
    found.dedup_by_key(|found| found.line);
    found
}

/// The values that fit a rule's form.
fn values<'t>(regex: &'t Regex, text: &'t str) -> impl Iterator<Item = Match<'t>> {
    regex
        .captures_iter(text)
        .filter_map(|captures| captures.get(1).or_else(|| captures.get(0)))
}

/// Remarks on a file.
pub(super) fn check(file: &File<'_>, findings: &mut Findings) {
    for found in find(file.text, file.before) {
        let (level, what_to_do) = if found.old {
            (
                Level::Warning,
                "it was there before; a person should revoke it and take it out",
            )
        } else {
            (
                Level::Critical,
                "secrets do not belong in a repository: read it from the environment, and use an obvious placeholder in tests",
            )
        };
        let message = format!("This looks like {}; {what_to_do}.", found.what);
        findings.at(level, file.path, Some(found.line), message);
    }
}

static COMPILED: LazyLock<Vec<(&'static Rule, Regex)>> = LazyLock::new(|| {
    // A test compiles every rule, so none is left out here.
    RULES
        .iter()
        .filter_map(|rule| Some((rule, Regex::new(rule.pattern).ok()?)))
        .collect()
});

static SET: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(COMPILED.iter().map(|(_, regex)| regex.as_str())).unwrap_or_else(|_| RegexSet::empty()));

/// Whether a value is random enough to be one, and not made up for people to read.
fn is_real(rule: &Rule, value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    entropy_millibits(value) >= rule.millibits
        && (rule.worded || value.bytes().any(|b| b.is_ascii_digit()))
        && !PLACEHOLDERS.iter().any(|word| lower.contains(word))
}

/// Shannon's entropy of a text in thousandths of a bit per byte: 0 for one letter repeated, about 4,000 for random
/// hexadecimal digits, up to 6,000 for Base64.
fn entropy_millibits(text: &str) -> u32 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = text.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum();
    (bits * 1_000.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_compiles_and_has_an_id_of_its_own() {
        assert_eq!(COMPILED.len(), RULES.len());
        assert_eq!(SET.len(), RULES.len());
        let ids: std::collections::BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
    }

    #[test]
    fn entropy_tells_words_from_chance() {
        assert_eq!(entropy_millibits(""), 0);
        assert_eq!(entropy_millibits("aaaaaaaa"), 0);
        assert_eq!(entropy_millibits("abababab"), 1_000);
        assert_eq!(entropy_millibits("0123456789abcdef"), 4_000);
        assert!(entropy_millibits("password") < 3_000);
    }
}
