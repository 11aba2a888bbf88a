//! `/retry`: what failed is repeated from its last good point, or begins afresh.
//!
//! Invariant: what is merged is not repeated, and attempts start over at a person's word only.

use super::super::seen::rolling_back;
use super::super::wanted::closed_by_a_person;
use super::super::{Deciding, advance, revert};
use super::choose::may_begin_afresh;
use super::{From, find};
use crate::workflow::ci::{self, CiVerdict};
use crate::workflow::command::PhaseRef;
use crate::workflow::fact::{Target, Thread};
use crate::workflow::ids::Person;
use crate::workflow::model::{Attempts, Fate, Track, Workflow, WriteReason};
use crate::workflow::state::{self, State};

/// How something is repeated.
pub(super) struct Again<'a> {
    /// From scratch.
    pub(super) fresh: bool,
    /// What to heed.
    pub(super) hint: Option<&'a str>,
}

/// Repeats what failed or what is named.
pub(super) fn retry(d: &mut Deciding, phase: Option<&PhaseRef>, how: &Again<'_>, from: &From) -> Result<(), String> {
    let targets: Vec<Target> = match (phase, from.on) {
        (Some(phase), _) => vec![find(&d.w, phase)?],
        (None, Some(Thread::Pull(number))) if d.w.target_of_pull(number).is_some() => {
            d.w.target_of_pull(number).into_iter().collect()
        }
        _ => {
            // While something is being taken back, phases wait: it alone is at work.
            let at_work = |t: &Target| d.w.reverting().is_none() || *t == Target::Release;
            d.w.targets().into_iter().filter(|t| at_work(t) && failed(&d.w, *t)).collect()
        }
    };
    let restored = phase.is_none() && d.w.base_gone();
    d.w.restoring |= restored;
    let general = restored || d.w.troubles.values().any(|t| t.target.is_none());
    if targets.is_empty() && !general {
        return Err("Nothing has failed; name a phase to repeat it: `/retry <phase>`.".to_owned());
    }
    let taken_back = |t: &Target| {
        t.phase()
            .and_then(|n| d.w.phases.get(&n))
            .is_some_and(|p| p.fate == Fate::RolledBack)
    };
    if targets.iter().any(taken_back) && (rolling_back(&d.w) || d.w.reverting().is_some()) {
        return Err("The rollback is under way; please try again when it is done.".to_owned());
    }
    if let [one] = targets.as_slice()
        && d.w.track(*one).is_some_and(|t| t.merged.is_some())
        && !taken_back(one)
        && !d.w.troubles.values().any(|t| t.target == Some(*one))
    {
        return Err("That is merged already.".to_owned());
    }
    if d.w.reverting().is_some() && phase.is_some() {
        return Err("What was merged is being taken back; `/retry` tries that again.".to_owned());
    }
    let mut phases = targets.iter().filter_map(|t| d.w.phases.get(&t.phase()?));
    if phases.any(|p| matches!(p.fate, Fate::Skipped(_))) {
        return Err("That was left out; `/revise` brings it back into the plan.".to_owned());
    }
    if how.fresh {
        may_begin_afresh(&d.w, &targets)?;
    }
    advance::clear_troubles(d, |t| t.target.is_none() || t.target.is_some_and(|t| targets.contains(&t)));
    for target in targets {
        again(d, target, how, &from.by);
    }
    Ok(())
}

fn failed(w: &Workflow, target: Target) -> bool {
    if w.track(target).is_some_and(|t| t.merged.is_none() && closed_by_a_person(t)) {
        return true;
    }
    let gave_up = target
        .phase()
        .and_then(|n| w.phases.get(&n))
        .is_some_and(|p| p.fate == Fate::Failed);
    let release_gave_up = target == Target::Release && w.release.gave_up;
    gave_up || release_gave_up || w.troubles.values().any(|t| t.target == Some(target))
}

/// Another release pull request of the same branch, in place of the one that was closed, or given another base.
fn opened_again(d: &mut Deciding, hint: Option<&str>) {
    let left_open = d.w.release.to_be_left();
    let old = std::mem::take(&mut d.w.release);
    d.w.release = Track {
        branch: old.branch,
        base: old.base,
        head: old.head,
        head_at: old.head_at,
        former: old.former,
        foreign: old.foreign,
        pushed: old.pushed,
        updates: old.updates,
        hints: old.hints,
        held: old.held,
        turn: old.turn,
        requests: old.requests,
        left_open,
        draft: true,
        ..Track::default()
    };
    let hint = hint.map(|h| h.trim().to_owned()).filter(|h| !h.is_empty());
    d.w.release.hints.extend(hint);
    d.w.described = None;
    d.w.release_approved = None;
}

/// From the last good point: what stands is kept, the step that failed is done again with attempts anew.
fn again(d: &mut Deciding, target: Target, how: &Again<'_>, by: &Person) {
    let (state, hint) = (d.state_of(target), how.hint);
    let closed = d.w.track(target).is_some_and(closed_by_a_person);
    let taken_back = target
        .phase()
        .and_then(|n| d.w.phases.get(&n))
        .is_some_and(|p| p.fate == Fate::RolledBack);
    if let (Target::Phase(number), true) = (target, closed || how.fresh || taken_back) {
        if let Some(track) = d.w.track_mut(target) {
            track
                .hints
                .extend(hint.map(|h| h.trim().to_owned()).filter(|h| !h.is_empty()));
        }
        return advance::afresh(d, number, "phase restarted from scratch", Some(by));
    }
    if target == Target::Release && closed && d.w.reverting().is_none() {
        return opened_again(d, hint);
    }
    if target == Target::Release && d.w.reverting().is_some() {
        if closed {
            return revert::afresh(d);
        }
        if d.w.release.pull.is_none() {
            return revert::again(d);
        }
    }
    if let Target::Phase(number) = target
        && let Some(phase) = d.w.phases.get_mut(&number)
        && phase.fate == Fate::Failed
    {
        phase.fate = Fate::Open;
    }
    let red = matches!(ci::judge(&d.w, target, d.now), CiVerdict::Red(_));
    let Some(track) = d.w.track_mut(target) else { return };
    track.gave_up = false;
    track.attempts = Attempts::default();
    track.refreshed = 0;
    track.reruns.clear();
    track
        .hints
        .extend(hint.map(|h| h.trim().to_owned()).filter(|h| !h.is_empty()));
    match state {
        Some(State::Implementation) => track.turn += 1,
        Some(State::HandoffToTester | State::Testing | State::HandoffToVerifier) => checks_again(d, target, how, by),
        // The release's checks are looked at there, too.
        Some(State::HandoffToReleaser | State::Deployment) if red => checks_again(d, target, how, by),
        Some(State::Verification) => {
            track.verify_turn += 1;
            track.verdict = None;
        }
        _ => track.look = Some(track.look.unwrap_or(0)),
    }
}

/// What the checks found is read again; with a hint it goes to the writer.
fn checks_again(d: &mut Deciding, target: Target, how: &Again<'_>, by: &Person) {
    let route = d.state_of(target).and_then(state::route_to_repair);
    let Some(track) = d.w.track_mut(target) else { return };
    track.diagnosis = None;
    if how.hint.is_none() {
        track.failures = None;
        track.look = Some(track.look.unwrap_or(0));
        return;
    }
    track.reason = if track.failures.is_some() {
        WriteReason::Checks
    } else {
        WriteReason::Hint
    };
    track.turn += 1;
    if let Some(route) = route {
        d.move_target(target, route, "retried with a hint", Some(by));
    }
}
