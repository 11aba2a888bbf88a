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
        .map(|candidate| (strsim::osa_distance(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
    }
}
