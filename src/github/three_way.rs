//! A three-way merge of one file's text, in memory.
//!
//! Invariant: what is returned holds no conflict marker that was not there before.

use gix::diff::blob::InternedInput;
use gix::merge::blob::Resolution;
use gix::merge::blob::builtin_driver::text::{Labels, Options};

/// What two sides made of `base`, put together; `None` where both changed the same lines differently.
#[must_use]
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let mut out = Vec::new();
    let resolution = gix::merge::blob::builtin_driver::text(
        &mut out,
        &mut InternedInput::default(),
        Labels::default(),
        ours.as_bytes(),
        base.as_bytes(),
        theirs.as_bytes(),
        Options::default(),
    );
    match resolution {
        Resolution::Complete => String::from_utf8(out).ok(),
        Resolution::CompleteWithAutoResolvedConflict | Resolution::Conflict => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_two_sides_changed_apart_is_put_together() {
        let base = "a\nb\nc\nd\ne\n";
        assert_eq!(merge(base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n").unwrap(), "A\nb\nc\nd\nE\n");
        assert_eq!(merge(base, "A\nb\nc\nd\ne\n", "X\nb\nc\nd\ne\n"), None);
        assert_eq!(merge(base, "a\nb\nc\nd\n", base).unwrap(), "a\nb\nc\nd\n");
        assert_eq!(merge("", "x\n", "x\n").unwrap(), "x\n");
        assert_eq!(merge("", "x\n", "y\n"), None);
    }

    proptest! {
        #[test]
        fn one_side_alone_always_wins(base in "([ab]\n){0,8}", other in "([abc]\n){0,8}") {
            prop_assert_eq!(merge(&base, &other, &base), Some(other.clone()));
            prop_assert_eq!(merge(&base, &base, &other), Some(other.clone()));
            prop_assert_eq!(merge(&base, &other, &other), Some(other));
        }
    }
}
