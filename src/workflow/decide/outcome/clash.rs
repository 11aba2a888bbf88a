//! A branch that clashes with its base: the writer settles it, a bounded number of times; then a person is asked.
//!
//! Invariant: what is settled is the clash of two commits; a head that moves meanwhile makes it another one.

use super::super::{Deciding, advance};
use super::{bring_up, trouble};
use crate::workflow::fact::{Clash, Target};
use crate::workflow::model::{Track, TroubleKind, WriteReason};
use crate::workflow::order::Order;
use crate::workflow::state::{self, State};

/// Files that a sentence names.
const NAMED: usize = 5;

/// A branch clashes with its base, in files that a writer could settle.
pub(super) fn clashed(d: &mut Deciding, target: Target, order: &Order, clash: &Clash, seq: i64) {
    let (limit, state) = (d.w.settings.limits.attempts, d.state_of(target));
    let bringing_up = bring_up(&d.w).is_some_and(|wanted| wanted.target() == Some(target));
    // A release pull request that is closed keeps the head it had then, whatever its branch has got since.
    let branch =
        d.w.heads
            .as_ref()
            .and_then(|heads| heads.integration.clone())
            .filter(|_| bringing_up);
    let Some(track) = d.w.track_mut(target).filter(|track| track.merged.is_none()) else {
        return;
    };
    if branch.as_ref().or(track.head.as_ref()) != Some(&clash.head) {
        track.look = Some(seq);
        d.w.look = d.w.look.or(bringing_up.then_some(seq));
        return;
    }
    if is_settling(track, state) {
        track.clash = Some(clash.clone());
        track.turn += 1;
        return;
    }
    let route = match state {
        Some(State::HandoffToReleaser | State::Deployment) => state.and_then(state::route_to_writer),
        // The base was to be brought in before the writer goes on.
        Some(State::Implementation) if track.outdated => Some(&[][..]),
        _ if track.outdated => None,
        _ => return, // something else sent it back meanwhile
    };
    let Some(route) = route.filter(|_| track.attempts.conflict < limit) else {
        let sentence = format!("both sides changed the same lines of {}", named(&clash.paths));
        return trouble(d, order.clone(), TroubleKind::Conflict, sentence, false);
    };
    track.attempts.conflict += 1;
    track.reason = WriteReason::Conflict;
    track.clash = Some(clash.clone());
    track.outdated = false;
    track.turn += 1;
    d.move_target(target, route, "it conflicts with its base", None);
}

/// The base is in the branch: if that was what the writer was to settle, nothing is left to be written.
pub(super) fn brought_in(d: &mut Deciding, target: Target) {
    let state = d.state_of(target);
    if d.w.track(target).is_some_and(|track| is_settling(track, state)) {
        advance::clear_troubles(d, |trouble| advance::is_about_writing(trouble, target));
        d.move_target(target, &[State::HandoffToTester], "nothing clashes any more", None);
    }
}

/// The writer could not settle it.
pub(super) fn unsettled(d: &mut Deciding, order: Order, because: &str) {
    trouble(d, order, TroubleKind::Conflict, because.to_owned(), false);
}

/// What was found to clash clashes no more, or otherwise: the branch has another head.
pub(in crate::workflow::decide) fn overtaken(track: &mut Track) {
    if track.clash.take().is_some() {
        track.reason = WriteReason::Conflict;
    }
}

/// Whether the writer's work is to settle a conflict that is still to be read.
fn is_settling(track: &Track, state: Option<State>) -> bool {
    state == Some(State::Implementation)
        && track.reason == WriteReason::Conflict
        && track.clash.is_none()
        && track.change.is_none()
}

fn named(paths: &[String]) -> String {
    let more = paths.len().saturating_sub(NAMED);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("{}{more}", paths.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}
