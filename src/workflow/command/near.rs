//! Words that are nearly ours.
//!
//! Invariant: a word is near only if a slip of the finger explains it. Other programs listen to slash commands as well,
//! and what is said to them is not ours to comment.

use super::table::TABLE;

/// Words of this length and longer may differ in two places behind their first letter; in shorter ones that would be
/// another word.
const LONG_WORD_CHARS: usize = 7;

/// The prefix that always means us.
pub(super) const PREFIX: &str = "millhand";

/// The command nearest to `word`, if it is near enough.
pub(super) fn command(word: &str) -> Option<&'static str> {
    nearest(word, TABLE.iter().map(|entry| entry.word))
}

/// Whether `word` is the prefix with a slip in it.
pub(super) fn is_nearly_prefix(word: &str) -> bool {
    nearest(word, [PREFIX].into_iter()).is_some()
}

fn nearest(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    if word.len() > 2 * PREFIX.len() {
        return None;
    }
    known
        .map(|candidate| (strsim::osa_distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| match distance {
            0 | 1 => true,
            2 => candidate.len() >= LONG_WORD_CHARS && word.as_bytes().first() == candidate.as_bytes().first(),
            _ => false,
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_programs_are_not_near() {
        for word in [
            "assign",
            "cc",
            "lgtm",
            "test",
            "retest",
            "close",
            "reopen",
            "kind",
            "area",
            "label",
            "meow",
            "shrug",
            "override",
            "rebase",
            "merge",
            "review",
            "describe",
            "improve",
            "ask",
            "format",
            "fix",
            "deploy",
            "stop",
            "build",
            "run",
            "rerun",
            "ready",
            "backport",
            "restart",
            "rename",
            "retitle",
            "result",
            "reserve",
            "remove",
            "ok-to-test",
            "cherrypick",
            "milestone",
            "priority",
            "usr",
            "tmp",
            "home",
            "api",
            "etc",
            "unapprove",
        ] {
            assert_eq!(command(word), None, "{word}");
        }
    }
}
