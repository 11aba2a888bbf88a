//! What reviews mean: approvals on this patch, and rounds of requested changes.
//!
//! Invariant: only people with write count, each by their last word, and an approval counts only for the patch it saw.

use std::collections::BTreeMap;

use super::command::Refusal;
use super::fact::{ReviewState, ReviewView, Target};
use super::ids::{Person, PhaseNumber, Sha};
use super::model::{Approval, DeliveryKind, Track, Workflow};
use super::policy;
use super::settings::{PhaseReviews, ReleaseApproval};

/// How many approvals a phase needs.
#[must_use]
pub fn needed(w: &Workflow) -> u32 {
    match w.settings.approvals.phase_reviews {
        PhaseReviews::Number(n) => n,
        PhaseReviews::Auto => {
            let integration = w.delivery.as_ref().is_none_or(|d| d.kind == DeliveryKind::Integration);
            let reviewed_later = w.survey.as_ref().is_some_and(|s| s.required_reviews > 0);
            u32::from(!(integration && reviewed_later))
        }
    }
}

/// Whether the release waits for an approval.
#[must_use]
pub fn release_needs_approval(w: &Workflow) -> bool {
    w.settings.approvals.release == ReleaseApproval::Required
}

/// Who has approved the head of this target, and on which head.
#[must_use]
pub fn approvals(w: &Workflow, target: Target) -> Vec<(Person, Sha)> {
    let Some(track) = w.track(target) else { return Vec::new() };
    let Some(head) = &track.head else { return Vec::new() };
    let mut found: Vec<(Person, Sha)> = last_words(track)
        .into_values()
        .filter(|r| r.state == ReviewState::Approved && covers(track, &r.commit, head) && may_approve(w, &r.by))
        .map(|r| (r.by.clone(), r.commit.clone()))
        .collect();
    if let Some(Approval { by: Some(by), on, .. }) = &track.approved
        && covers(track, &Sha(on.clone()), head)
        && !found.iter().any(|(p, _)| p.id == by.id)
    {
        found.push((by.clone(), Sha(on.clone())));
    }
    found
}

/// Whether a target has the approvals it needs.
#[must_use]
pub fn approved(w: &Workflow, target: Target) -> bool {
    match target {
        Target::Phase(_) => approvals(w, target).len() >= needed(w) as usize && blocking(w, target).is_empty(),
        Target::Release => {
            let by_command = w.release_approved.as_ref().is_some_and(|a| on_head(&w.release, a));
            (!release_needs_approval(w) || by_command || !approvals(w, target).is_empty()) && blocking(w, target).is_empty()
        }
    }
}

/// In `direct`: whether the last phase may go, because the release was approved, by command or by a review of it.
#[must_use]
pub fn last_phase_released(w: &Workflow, number: PhaseNumber) -> bool {
    let target = Target::Phase(number);
    let by_command = w
        .track(target)
        .is_some_and(|t| w.release_approved.as_ref().is_some_and(|a| on_head(t, a)));
    !release_needs_approval(w) || by_command || !approvals(w, target).is_empty()
}

/// Whether a person may approve code of this workflow.
///
/// # Errors
/// Why not, and who can.
pub fn may_approve_code(w: &Workflow, by: &Person) -> Result<(), Refusal> {
    let active = w.survey.as_ref().map(|s| s.active_writers.as_slice()).unwrap_or_default();
    policy::may_approve_code(by, &w.requester, w.settings.approvals.self_approval, active)
}

/// Reviews by writers whose remarks the writer has not been given yet: requested changes, or comments with inline remarks.
#[must_use]
pub fn open_rounds(w: &Workflow, target: Target) -> Vec<&ReviewView> {
    let Some(track) = w.track(target) else { return Vec::new() };
    track
        .reviews
        .values()
        .filter(|r| r.by.writes() && !r.by.bot && !track.taken.contains(&r.id))
        .filter(|r| r.state == ReviewState::ChangesRequested || (r.state == ReviewState::Commented && !r.remarks.is_empty()))
        .collect()
}

/// Writers whose last word is that changes are needed and whose remarks have been answered by a newer head: they are
/// waited for.
#[must_use]
pub fn blocking(w: &Workflow, target: Target) -> Vec<&ReviewView> {
    let Some(track) = w.track(target) else { return Vec::new() };
    last_words(track)
        .into_values()
        .filter(|r| r.state == ReviewState::ChangesRequested)
        .collect()
}

/// Whether `/approve` counts as a review of a phase: where GitHub's rules ask for none, and nobody's requested changes stand
/// against it.
#[must_use]
pub fn command_counts(w: &Workflow, target: Target) -> bool {
    let required = w.survey.as_ref().is_some_and(|s| s.required_reviews > 0) && w.is_direct();
    !required && blocking(w, target).is_empty()
}

/// An approval, by a review or by a command, given on a head whose patch may be the same as the present head's: worth
/// comparing.
#[must_use]
pub fn to_compare(w: &Workflow, target: Target) -> Option<(Sha, Sha)> {
    let track = w.track(target)?;
    let head = track.head.clone()?;
    let released = w.release_approved.as_ref().filter(|_| is_released_by(w, target));
    let enough = approvals(w, target).len() >= needed(w).max(1) as usize || released.is_some_and(|a| on_head(track, a));
    if !track.updates.contains(&head) || enough {
        return None;
    }
    let by_review = last_words(track)
        .into_values()
        .filter(|r| r.state == ReviewState::Approved && may_approve(w, &r.by))
        .map(|r| r.commit.clone());
    let by_command = track.approved.iter().chain(released).map(|a| Sha(a.on.clone()));
    by_review
        .chain(by_command)
        .find(|on| !covers(track, on, &head) && !track.compared.contains(&(on.clone(), head.clone())))
        .map(|on| (on, head))
}

/// Whether the release's approval is one of this target's.
fn is_released_by(w: &Workflow, target: Target) -> bool {
    match target {
        Target::Release => true,
        Target::Phase(number) => w.is_direct() && w.last_phase() == Some(number),
    }
}

/// Approvals that do not count any more, because the patch they saw is not the head's. One that is still to be compared is
/// not among them.
#[must_use]
pub fn voided(w: &Workflow, target: Target) -> Vec<&ReviewView> {
    let Some(track) = w.track(target) else { return Vec::new() };
    let Some(head) = &track.head else { return Vec::new() };
    let compared = |on: &Sha| track.compared.contains(&(on.clone(), head.clone()));
    let void = |on: &Sha| !covers(track, on, head) && (compared(on) || !track.updates.contains(head));
    last_words(track)
        .into_values()
        .filter(|r| r.state == ReviewState::Approved && void(&r.commit) && may_approve(w, &r.by))
        .collect()
}

/// The last review that is more than a comment, per writer.
fn last_words(track: &Track) -> BTreeMap<u64, &ReviewView> {
    let mut last: BTreeMap<u64, &ReviewView> = BTreeMap::new();
    for review in track
        .reviews
        .values()
        .filter(|r| r.by.writes() && !r.by.bot && r.state != ReviewState::Commented)
    {
        let newer = last
            .get(&review.by.id)
            .is_none_or(|old| (old.at, old.id) <= (review.at, review.id));
        if newer {
            last.insert(review.by.id, review);
        }
    }
    last
}

/// Whether an approval of `commit` covers `head`: the same commit, or one shown to carry the same patch.
fn covers(track: &Track, commit: &Sha, head: &Sha) -> bool {
    let mut at = head;
    for _ in 0..=track.same_patch.len() {
        if at == commit {
            return true;
        }
        match track.same_patch.get(at) {
            Some(older) => at = older,
            None => return false,
        }
    }
    false
}

fn on_head(track: &Track, approval: &Approval) -> bool {
    track
        .head
        .as_ref()
        .is_some_and(|head| covers(track, &Sha(approval.on.clone()), head))
}

fn may_approve(w: &Workflow, by: &Person) -> bool {
    may_approve_code(w, by).is_ok()
}
