//! The known word nearest to a misspelt one.
//!
//! Unlike in comments, every word of the file is meant for us, so that a further guess does no harm.

/// The nearest of `known` to `word`, if a third of its letters at most (and one always) are wrong.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.to_lowercase().replace('-', "_");
    let most = (word.chars().count() / 3).max(1);
    // A word that is much longer than any key is not worth the time.
    if most > 12 {
        return None;
    }
    known
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, left out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["phases", "parallel_phases", "budget_usd", "attempts"];
        for (word, near) in [
            ("phasez", Some("phases")),
            ("phase", Some("phases")),
            ("Phases", Some("phases")),
            ("parallel-phases", Some("parallel_phases")),
            ("budget_us", Some("budget_usd")),
            ("atempt", Some("attempts")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known.into_iter()), near, "{word}");
        }
        assert_eq!(nearest(&"p".repeat(60_000), known.into_iter()), None);
        for (one, other, steps) in [("", "ab", 2), ("ab", "", 2), ("kitten", "sitting", 3), ("same", "same", 0)] {
            assert_eq!(distance(one, other), steps, "{one} {other}");
        }
    }
}
