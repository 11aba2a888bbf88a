//! A three-way merge of one file's text, in memory.
//!
//! Invariant: what is returned as merged holds no conflict marker that was not there before.

use gix::bstr::ByteSlice;
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

/// The same with both sides, each under its name, between markers where they clash.
#[must_use]
pub(super) fn marked(base: &str, (ours, our_name): (&str, &str), (theirs, their_name): (&str, &str)) -> String {
    let mut out = Vec::new();
    let labels = Labels {
        ancestor: None,
        current: Some(our_name.as_bytes().as_bstr()),
        other: Some(their_name.as_bytes().as_bstr()),
    };
    gix::merge::blob::builtin_driver::text(
        &mut out,
        &mut InternedInput::default(),
        labels,
        ours.as_bytes(),
        base.as_bytes(),
        theirs.as_bytes(),
        Options::default(),
    );
    String::from_utf8_lossy(&out).into_owned()
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

    #[test]
    fn a_clash_shows_both_sides_under_their_names() {
        let text = marked("a\nb\nc\n", ("a\nX\nc\n", "ours"), ("a\nY\nc\n", "theirs"));
        assert_eq!(text, "a\n<<<<<<< ours\nX\n=======\nY\n>>>>>>> theirs\nc\n");
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
