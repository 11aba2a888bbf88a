//! Changes of protected paths: what a person has still to see and to approve before anything is pushed.
//!
//! Invariant: an approval is bound to one change set, by its hash; another one is shown and approved anew.

use std::collections::BTreeSet;

use super::fact::Target;
use super::ids::{BlobHash, Person};
use super::model::{Approval, Fate, ShownChange, Workflow};
use super::reviews;
use super::state::State;

/// What a change set needs before it may be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: it touches no protected path, or was approved.
    Open,
    /// It is to be shown first.
    ToShow,
    /// Approvals.
    Waits(Missing),
}

/// Whose approval is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Somebody's who may approve the work's code.
    pub writer: bool,
    /// Logins of code owners, one group for each set of owners of which none approved yet.
    pub owners: BTreeSet<Vec<String>>,
}

/// What the change set of a target needs that is about to be pushed.
#[must_use]
pub fn guard(w: &Workflow, target: Target) -> Guard {
    let Some(change) = w.track(target).and_then(|t| t.change.as_ref()) else {
        return Guard::Open;
    };
    if change.report.protected.is_empty() {
        return Guard::Open;
    }
    let Some(shown) = w.shown.get(&change.blob).filter(|shown| shown.target == target) else {
        return Guard::ToShow;
    };
    let missing = missing(w, shown);
    if missing == Missing::default() {
        Guard::Open
    } else {
        Guard::Waits(missing)
    }
}

/// Whether this person's approval would help.
#[must_use]
pub fn helps(w: &Workflow, missing: &Missing, person: &Person) -> bool {
    missing.owners.iter().any(|group| names(group, person)) || (missing.writer && may_approve(w, person))
}

/// Changes that were shown and are not waited for any more: approved, overtaken or given up.
pub fn settled(w: &Workflow) -> impl Iterator<Item = (&BlobHash, &ShownChange)> {
    w.shown.iter().filter(|(blob, shown)| !awaited(w, blob, shown))
}

fn awaited(w: &Workflow, blob: &BlobHash, shown: &ShownChange) -> bool {
    let alive = shown
        .target
        .phase()
        .is_none_or(|n| w.phases.get(&n).is_some_and(|p| matches!(p.fate, Fate::Open | Fate::Failed)));
    let change = w.track(shown.target).and_then(|t| t.change.as_ref());
    w.ended.is_none()
        && alive
        && w.state_of(shown.target) == Some(State::HandoffToTester)
        && change.is_some_and(|c| c.blob == *blob)
}

fn missing(w: &Workflow, shown: &ShownChange) -> Missing {
    let people = || shown.approvals.iter().filter_map(|approval: &Approval| approval.by.as_ref());
    let owned = shown
        .owners
        .iter()
        .map(|(_, owners)| &owners.people)
        .filter(|people| !people.is_empty());
    Missing {
        writer: !people().any(|person| may_approve(w, person)),
        owners: owned
            .filter(|group| !people().any(|person| names(group, person)))
            .cloned()
            .collect(),
    }
}

fn may_approve(w: &Workflow, person: &Person) -> bool {
    reviews::may_approve_code(w, person).is_ok()
}

/// GitHub tells logins apart without regard to case.
fn names(group: &[String], person: &Person) -> bool {
    group.iter().any(|login| login.eq_ignore_ascii_case(&person.login))
}
