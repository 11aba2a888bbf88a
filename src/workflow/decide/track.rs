//! *advance*: one branch with its pull request, a phase's or the release's.

use super::advance::give_up;
use super::{Deciding, outcome};
use crate::workflow::answer::Cause;
use crate::workflow::ci::{self, CiVerdict};
use crate::workflow::fact::Target;
use crate::workflow::ids::PhaseNumber;
use crate::workflow::model::{Fate, Track, TroubleKind, Workflow, WriteReason};
use crate::workflow::reviews;
use crate::workflow::state::{self, Baton, State};
use std::time::Duration;

/// Takes one enabled transition of this target's baton.
pub(super) fn once(d: &mut Deciding, target: Target) -> bool {
    if let Target::Phase(number) = target {
        let Some(phase) = d.w.phases.get(&number) else { return false };
        if phase.frozen || phase.fate != Fate::Open {
            return false;
        }
    } else if d.w.release.gave_up || d.w.release.merged.is_some() {
        return false;
    }
    match d.state_of(target) {
        Some(State::HandoffToCoder) => begin(d, target),
        Some(State::Implementation) => outcome::begin_anew(d, target) || written(d, target),
        Some(State::HandoffToTester) => pushed(d, target),
        Some(State::Testing) => tested(d, target),
        Some(State::HandoffToVerifier) if new_commits(d, target) || !green(d, target) => {
            d.move_target(target, &[State::Testing], "new commits arrived", None)
        }
        Some(State::HandoffToVerifier) => !over_budget(&d.w) && d.move_target(target, &[State::Verification], "gate open", None),
        Some(State::Verification) => verified(d, target),
        Some(State::HandoffToReleaser | State::Deployment) => reconsidered(d, target),
        Some(State::Discovery | State::Planning | State::Complete) | None => false,
    }
}

/// The gate before coding: dependencies merged, a free slot, budget, and a base to branch from.
fn begin(d: &mut Deciding, target: Target) -> bool {
    let Some(number) = target.phase() else { return false };
    let Some(base) = base_head(&d.w) else { return false };
    if !dependencies_merged(&d.w, number) || !slot_free(&d.w) || over_budget(&d.w) {
        return false;
    }
    let now = d.now;
    let Some(phase) = d.w.phases.get_mut(&number) else {
        return false;
    };
    phase.track.from = Some(base);
    phase.track.started_at = Some(now);
    phase.track.turn += 1;
    d.move_phase(number, &[State::Implementation], "gate open", None)
}

/// Whether all phases this one depends on are merged. One that was left out counts as merged: nothing may depend on it.
pub(in crate::workflow) fn dependencies_merged(w: &Workflow, number: PhaseNumber) -> bool {
    w.phases.get(&number).is_some_and(|p| {
        p.plan.depends_on.iter().all(|n| {
            w.phases
                .get(n)
                .is_some_and(|dep| matches!(dep.fate, Fate::Merged | Fate::Skipped(_)))
        })
    })
}

/// A slot is held from the start of the work until the phase is merged, left out, failed or frozen.
pub(in crate::workflow) fn slot_free(w: &Workflow) -> bool {
    let held = w
        .phases
        .values()
        .filter(|p| p.track.from.is_some() && p.fate == Fate::Open && !p.frozen)
        .count();
    held < w.settings.limits.parallel_phases.max(1) as usize
}

/// Whether the money is used up or the last call was refused for it.
pub(in crate::workflow) fn over_budget(w: &Workflow) -> bool {
    // Taking back what was released asks no model as long as nothing has to be mended.
    let spent = w.cost.spent >= w.budget && w.reverting().is_none();
    spent || w.troubles.values().any(|t| t.kind == TroubleKind::Budget)
}

/// The commit a phase branches from.
pub(super) fn base_head(w: &Workflow) -> Option<crate::workflow::ids::Sha> {
    let heads = w.heads.as_ref()?;
    if w.is_direct() {
        Some(heads.default.clone())
    } else {
        heads.integration.clone()
    }
}

fn written(d: &mut Deciding, target: Target) -> bool {
    let ready = d.w.track(target).is_some_and(|t| t.change.is_some());
    ready && d.move_target(target, &[State::HandoffToTester], "change set validated", None)
}

/// Pushed and open; CI has begun, or its grace time is over.
fn pushed(d: &mut Deciding, target: Target) -> bool {
    let Some(track) = d.w.track(target) else { return false };
    let there = track.change.is_none() && track.pull.is_some() && track.head.is_some();
    let ci = ci::begun(&d.w, target) || d.now >= ci::grace_until(&d.w, track);
    there && ci && d.move_target(target, &[State::Testing], "pushed, open, CI begun", None)
}

/// The checks have spoken.
fn tested(d: &mut Deciding, target: Target) -> bool {
    match ci::judge(&d.w, target, d.now) {
        CiVerdict::Green { red_on_base } => {
            if !red_on_base.is_empty() {
                note_red_on_base(d, target, &red_on_base);
            }
            if let Some(track) = d.w.track_mut(target) {
                track.green.clone_from(&track.head);
            }
            d.move_target(target, &[State::HandoffToVerifier], "expected checks green", None)
        }
        CiVerdict::Red(names) => red(d, target, &names),
        CiVerdict::Rerun(names) => rerun(d, target, names),
        CiVerdict::NotBegun { .. }
        | CiVerdict::Absent
        | CiVerdict::Running { .. }
        | CiVerdict::TooLong
        | CiVerdict::Person(_) => false,
    }
}

/// Checks that may have failed by chance run again, a bounded number of times.
fn rerun(d: &mut Deciding, target: Target, names: Vec<String>) -> bool {
    let max = d.w.settings.ci.rerun_flaky.max(1);
    let Some(track) = d.w.track_mut(target) else { return false };
    if names.iter().any(|n| track.reruns.get(n).copied().unwrap_or(0) >= max) {
        give_up(d, target);
        return true;
    }
    let new = names.iter().any(|n| !track.rerunning.contains(n));
    track.rerunning.extend(names);
    new
}

/// Whether a head is green now.
pub(super) fn green(d: &Deciding, target: Target) -> bool {
    matches!(ci::judge(&d.w, target, d.now), CiVerdict::Green { .. })
}

fn note_red_on_base(d: &mut Deciding, target: Target, names: &[String]) {
    let who = target
        .phase()
        .and_then(|n| d.w.phases.get(&n))
        .map_or("the release".to_owned(), |p| format!("phase `{}`", p.plan.id));
    let remark = format!(
        "{} failed on {who} and on its base as well; that was reported, not repaired",
        names.join(", ")
    );
    if !d.w.remarks.contains(&remark) {
        d.w.remarks.push(remark);
    }
}

/// Red: once the cause is known to be the code, the writer mends it, a bounded number of times.
fn red(d: &mut Deciding, target: Target, names: &[String]) -> bool {
    let attempts = d.w.settings.limits.attempts;
    let Some(track) = d.w.track_mut(target) else { return false };
    let to_mend = track.failures.is_some() && track.diagnosis.as_ref().is_some_and(|x| x.cause == Cause::Code);
    if !to_mend {
        return false;
    }
    if track.attempts.ci >= attempts {
        give_up(d, target);
        return true;
    }
    track.attempts.ci += 1;
    track.reason = WriteReason::Checks;
    track.turn += 1;
    let route = d.state_of(target).and_then(state::route_to_repair).unwrap_or(&[]);
    d.move_target(target, route, &format!("checks failed: {}", names.join(", ")), None)
}

/// In verification: new commits, a bad verdict, requested changes, or approval.
fn verified(d: &mut Deciding, target: Target) -> bool {
    let attempts = d.w.settings.limits.attempts;
    if new_commits(d, target) || !green(d, target) {
        return d.move_target(target, &[State::Testing], "new commits arrived during review", None);
    }
    if take_round(d, target) {
        return true;
    }
    let Some(track) = d.w.track_mut(target) else { return false };
    let Some((_, verdict)) = track.verdict.clone().filter(|(head, _)| Some(head) == track.head.as_ref()) else {
        return false;
    };
    if !verdict.good() {
        if track.attempts.verdict >= attempts {
            give_up(d, target);
            return true;
        }
        track.attempts.verdict += 1;
        track.reason = WriteReason::Verdict;
        track.turn += 1;
        return d.move_target(target, &[State::Implementation], "the verdict is bad", None);
    }
    let presented = track.presented == track.head;
    let approved = match target {
        Target::Phase(_) => presented && reviews::approved(&d.w, target),
        Target::Release => true, // its approval is asked for at the gate behind
    };
    let by = reviews::approvals(&d.w, target).into_iter().next().map(|(p, _)| p);
    approved && d.move_target(target, &[State::HandoffToReleaser], "approved", by.as_ref())
}

/// After approval: new commits, requested changes and red checks go back; else it waits for its merge.
fn reconsidered(d: &mut Deciding, target: Target) -> bool {
    let Some(track) = d.w.track(target) else { return false };
    if track.merged.is_some() || track.head.is_none() {
        return false;
    }
    if take_round(d, target) {
        return true;
    }
    let release = target == Target::Release;
    let from = d.state_of(target);
    if from == Some(State::Deployment) && !reviews::open_rounds(&d.w, target).is_empty() {
        return false; // it is taken up after a moment of quiet; nothing is merged meanwhile
    }
    let to_testing = from.and_then(state::route_to_testing).unwrap_or(&[]);
    if moved(d, target) {
        return d.move_target(target, to_testing, "new commits after approval", None);
    }
    match ci::judge(&d.w, target, d.now) {
        CiVerdict::Green { .. } => {}
        CiVerdict::Red(names) if release => return red(d, target, &names),
        CiVerdict::Rerun(names) if release => return rerun(d, target, names),
        CiVerdict::Red(_)
        | CiVerdict::NotBegun { .. }
        | CiVerdict::Absent
        | CiVerdict::Running { .. }
        | CiVerdict::TooLong
        | CiVerdict::Rerun(_)
        | CiVerdict::Person(_) => {
            // The release's checks are simply waited for.
            return !release && d.move_target(target, to_testing, "checks run again after approval", None);
        }
    }
    // An approval that was dismissed or revoked.
    let asked_for = !release || (from == Some(State::Deployment) && d.w.reverting().is_none());
    if asked_for && !reviews::approved(&d.w, target) && !updated_by_us(d, target) {
        return d.move_target(target, &[State::Verification], "the approval does not hold any more", None);
    }
    false
}

/// Whether the head is another than the one that was green: a person pushed, or the base was merged in.
fn new_commits(d: &Deciding, target: Target) -> bool {
    d.w.track(target).is_some_and(|t| t.green != t.head)
}

/// The same after approval. The release's head also moves with every phase that is merged; only a person's push counts.
fn moved(d: &Deciding, target: Target) -> bool {
    match target {
        Target::Phase(_) => new_commits(d, target),
        Target::Release => {
            let pushed = d.w.release.head.as_ref().is_some_and(|h| d.w.release.foreign.contains(h));
            pushed && d.w.release.presented != d.w.release.head && new_commits(d, target)
        }
    }
}

/// Whether the head is our own merge of the base and its patch is still to be compared.
fn updated_by_us(d: &Deciding, target: Target) -> bool {
    reviews::to_compare(&d.w, target).is_some()
}

/// A round of requested changes goes to the writer, after some quiet, so that two reviewers' rounds become one commit.
fn take_round(d: &mut Deciding, target: Target) -> bool {
    let rounds = reviews::open_rounds(&d.w, target);
    let Some(last) = rounds.iter().map(|r| r.at).max() else {
        return false;
    };
    if d.now < last.plus(Duration::from_millis(d.w.timing.quiet_ms)) {
        return false;
    }
    let ids: Vec<u64> = rounds.iter().map(|r| r.id).collect();
    let by = rounds.first().map(|r| r.by.clone());
    let from = d.state_of(target);
    let Some(route) = from.and_then(state::route_to_writer) else {
        return false;
    };
    let Some(track) = d.w.track_mut(target) else { return false };
    track.taken.extend(ids.iter().copied());
    track.to_answer.extend(ids);
    track.reason = WriteReason::Review;
    track.turn += 1;
    d.move_target(target, route, "changes requested", by.as_ref())
}

/// In which order open phases merge: by number, one at a time.
pub(in crate::workflow) fn next_to_merge(w: &Workflow) -> Option<PhaseNumber> {
    if w.baton != Baton::Forked {
        return None;
    }
    w.phases
        .iter()
        .find(|(n, p)| mergeable(w, **n, &p.track, p.state, &p.fate))
        .map(|(n, _)| *n)
}

fn mergeable(w: &Workflow, number: PhaseNumber, track: &Track, state: State, fate: &Fate) -> bool {
    let open = *fate == Fate::Open && track.merged.is_none() && !track.is_withdrawn();
    let at_gate = state == State::HandoffToReleaser && open;
    let last_of_direct = w.is_direct() && w.last_phase() == Some(number);
    let released = !last_of_direct || reviews::last_phase_released(w, number);
    let troubled = w.troubles.values().any(|t| t.target == Some(Target::Phase(number)));
    let held = !released || troubled || w.held_by(Target::Phase(number)).is_some();
    at_gate && !held && dependencies_merged(w, number) && reviews::approved(w, Target::Phase(number))
}
