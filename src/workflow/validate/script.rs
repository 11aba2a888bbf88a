//! Scripts: which letters look alike, and where a character that nobody sees has an honest use.
//!
//! Invariant: only what Unicode's tables say counts, no list of our own words.

use std::sync::LazyLock;

use regex::Regex;

/// The first word of a line that mixes letters of scripts with shapes in common.
pub(super) fn mixed(line: &str) -> Option<&str> {
    // Greek letters are part of formulas and units, and the micro sign is of no script: only one letter of each is no word.
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{L}\p{Nl}_][\p{L}\p{M}\p{N}_]*").ok());
    static SCRIPTS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        [
            r"\p{Latin}",
            r"\p{Cyrillic}",
            r"\p{Greek}",
            r"\p{Armenian}",
            r"\p{Cherokee}",
            r"\p{Coptic}",
        ]
        .iter()
        .filter_map(|script| Regex::new(script).ok())
        .collect()
    });
    WORD.as_ref()?
        .find_iter(line)
        .map(|found| found.as_str())
        .find(|word| !word.is_ascii() && SCRIPTS.iter().filter(|script| script.is_match(word)).count() > 1)
}

/// Whether the unseen character at `at` has its honest use: it joins emoji, gives one its colour, or joins letters of a
/// script that is written joined.
pub(super) fn joins(chars: &[char], at: usize) -> bool {
    static PICTURE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[\p{Extended_Pictographic}\p{Emoji_Modifier}]$").ok());
    static JOINED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}",
            r"\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}\p{Tibetan}]$"
        ))
        .ok()
    });
    let is = |class: &Option<Regex>, at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(|c| class.as_ref().is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4]))))
    };
    let before = at.checked_sub(1);
    match chars.get(at) {
        Some('\u{fe0e}' | '\u{fe0f}') => {
            let keycap = before
                .and_then(|at| chars.get(at))
                .is_some_and(|c| matches!(c, '0'..='9' | '#' | '*'));
            is(&PICTURE, before) || (keycap && chars.get(at + 1) == Some(&'\u{20e3}'))
        }
        Some('\u{200d}') => {
            let picture = match before.and_then(|at| chars.get(at)) {
                Some('\u{fe0f}') => before.and_then(|at| at.checked_sub(1)),
                Some(_) | None => before,
            };
            (is(&PICTURE, picture) && is(&PICTURE, Some(at + 1))) || (is(&JOINED, before) && is(&JOINED, Some(at + 1)))
        }
        Some('\u{200c}') => is(&JOINED, before) && is(&JOINED, Some(at + 1)),
        Some(_) | None => false,
    }
}
