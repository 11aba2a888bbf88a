//! A pull request that takes back what was released.
//!
//! Invariant: it says who asked for it, what it takes back, and that a person merges it.

use super::pull::manners;
use super::titles::title as words_of_title;
use super::words::{Doc, commit_link, default_branch, name_of, revert_of, typed};
use crate::workflow::fact::Target;
use crate::workflow::model::{Revert, Workflow};

/// Characters of a title.
const TITLE_MAX: usize = 100;

/// Its title, at most 100 characters; in the way GitHub words its own reverts.
#[must_use]
pub fn title(w: &Workflow, revert: &Revert) -> String {
    let of = match revert.of {
        Target::Phase(number) => super::pull::title(w, number),
        Target::Release => super::release::title(w),
    };
    format!("Revert \"{}\"", words_of_title(&of, TITLE_MAX - "Revert \"\"".len()))
}

/// Its body. It closes no issue.
#[must_use]
pub fn body(w: &Workflow, revert: &Revert) -> String {
    let mut doc = Doc::default();
    let by = w.reverts.as_ref().map(|reverts| name_of(&reverts.by)).unwrap_or_default();
    doc.add(format!(
        "Part of #{}. It takes back {}, commit {}, as {by} asked for.",
        w.issue.number,
        revert_of(w, revert),
        commit_link(w, &revert.commit),
    ));
    let left = w
        .reverts
        .iter()
        .flat_map(|reverts| &reverts.list)
        .filter(|r| !r.done && *r != revert);
    let left: Vec<String> = left.map(|r| revert_of(w, r)).collect();
    if !left.is_empty() {
        doc.add(format!("When it is merged this is taken back next: {}.", left.join(", ")));
    }
    let ends = cancel_ends(w);
    doc.add(format!(
        "What others changed since stays. Its checks run and are watched; then somebody with write access merges it into {}. Millhand merges no revert. {} on the issue ends {ends}.",
        default_branch(w),
        typed(w, "/cancel")
    ));
    doc.add(manners(w));
    doc.finish()
}

/// What goes with a cancel while something is being taken back.
#[must_use]
pub fn cancel_ends(w: &Workflow) -> &'static str {
    if w.taking_back_early() {
        "all of the work"
    } else {
        "the rollback"
    }
}
