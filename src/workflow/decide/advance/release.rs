//! From the join to the end.
//!
//! Invariant: nothing is released that has a phase neither merged nor left out.

use super::super::people::all_merged;
use super::super::{Deciding, Note, track};
use crate::workflow::fact::{PullState, Target};
use crate::workflow::model::{End, Fate};
use crate::workflow::reviews;
use crate::workflow::state::{self, Baton, State};

/// The gate before the release: joined, green, approved.
pub(super) fn release_gate(d: &mut Deciding) -> bool {
    if d.w.is_direct() {
        // Every phase is on the default branch already, the last of them with the release's approval.
        return d.move_workflow(&[State::Deployment], "all merged, release approved", None);
    }
    if track::once(d, Target::Release) {
        return true;
    }
    let green = track::green(d, Target::Release);
    if green && reviews::approved(&d.w, Target::Release) && d.w.held_by(Target::Release).is_none() {
        let by = d.w.release_approved.as_ref().and_then(|a| a.by.clone());
        return d.move_workflow(&[State::Deployment], "all merged, release approved", by.as_ref());
    }
    false
}

/// Released: the release pull request is merged, or in `direct` all phases are.
pub(super) fn released(d: &mut Deciding) -> bool {
    let direct = d.w.is_direct() && all_merged(&d.w);
    if !direct && d.w.release.merged.is_none() {
        return false;
    }
    let by = d.w.release.merged.as_ref().and_then(|m| m.by.clone());
    let cause = if by.is_some() { "merged by a person" } else { "released" };
    let moved = match d.w.baton {
        Baton::Whole(State::Deployment) => d.move_workflow(&[State::Complete], cause, by.as_ref()),
        Baton::Whole(from) => match state::route_merged(from) {
            Some(route) => {
                d.move_workflow(route, cause, by.as_ref())
                    && d.move_workflow(&[State::Deployment, State::Complete], cause, by.as_ref())
            }
            None => false,
        },
        Baton::Forked => false,
    };
    if moved {
        d.w.paused = None;
        d.w.ended = Some(End::Complete);
        // Whether GitHub closed the issue by itself is seen by looking once more.
        d.w.look = Some(d.seq);
    }
    moved
}

/// In `deployment`: red checks are repaired, a moved head or a change request goes back.
pub(super) fn deployment(d: &mut Deciding) -> bool {
    track::once(d, Target::Release)
}

/// A person merged the release pull request early: before the join, or while the workflow was back in discovery, planning
/// or its gate. What is not merged is left out, then join, 9, 10.
pub(super) fn merged_by_a_person(d: &mut Deciding) -> bool {
    let Some(merged) = &d.w.release.merged else { return false };
    let by = merged.by.clone();
    let early = matches!(
        d.w.baton,
        Baton::Forked | Baton::Whole(State::Discovery | State::Planning | State::HandoffToCoder)
    );
    if early {
        for phase in
            d.w.phases
                .values_mut()
                .filter(|p| p.fate != Fate::Merged && !matches!(p.fate, Fate::Skipped(_)))
        {
            phase.frozen = false;
            phase.fate = Fate::Skipped("the release was merged by a person before".to_owned());
        }
        d.w.baton = Baton::Whole(State::HandoffToReleaser);
        d.notes.push(Note::Joined);
        return true;
    }
    by.is_some() && !matches!(d.w.baton, Baton::Whole(State::Complete)) && released(d)
}

/// A writer closed the issue: a cancel, once it is known that it was not our own release that closed it.
pub(super) fn closing(d: &mut Deciding) -> bool {
    let Some(by) = d.w.closing.clone() else { return false };
    let release = &d.w.release;
    let still_to_read = release.pull.is_some() && release.merged.is_none() && release.look.is_some();
    if still_to_read {
        return false;
    }
    d.w.closing = None;
    let merged = release.merged.is_some()
        || release
            .seen
            .as_ref()
            .is_some_and(|s| matches!(s.state, PullState::Merged { .. }));
    if merged || (d.w.is_direct() && all_merged(&d.w)) {
        return true;
    }
    d.w.ended = Some(End::Cancelled);
    d.w.paused = None;
    d.w.remarks.push(format!("cancelled: {} closed the issue", by.login));
    true
}
