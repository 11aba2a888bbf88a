//! Orders about one branch with its pull request.
//!
//! Invariant: they name the head or turn they are for, so that the next one is another order.

use std::time::Duration;

use super::super::seen::rolling_back;
use super::super::track;
use super::NOW;
use crate::clock::Millis;
use crate::workflow::ci::{self, CiVerdict};
use crate::workflow::fact::{PullState, Target};
use crate::workflow::guarded::{self, Guard};
use crate::workflow::ids::Sha;
use crate::workflow::model::{Fate, Track, Workflow, WriteReason};
use crate::workflow::order::{Ask, Order};
use crate::workflow::reviews;
use crate::workflow::state::{Baton, State};
use crate::workflow::text::check;
use crate::workflow::waits::Waiting;

/// How long a read that lags behind is waited for before the next one.
const AGAIN: Duration = Duration::from_secs(5);

/// What one branch with its pull request wants.
pub(super) fn one(w: &Workflow, target: Target, now: Millis, orders: &mut Vec<Order>) {
    let Some(track) = w.track(target) else { return };
    let Some(state) = w.state_of(target) else { return };
    let asleep = match target {
        Target::Phase(number) => {
            w.baton != Baton::Forked
                || w.phases
                    .get(&number)
                    .is_none_or(|p| p.frozen || !matches!(p.fate, Fate::Open | Fate::Failed))
        }
        Target::Release => track.pull.is_none(),
    };
    if asleep || track.merged.is_some() {
        return;
    }
    let gave_up = track.gave_up;
    reads(w, target, state, now, orders);
    if closed_by_a_person(track) {
        return;
    }
    if !track.to_answer.is_empty()
        && track.change.is_none()
        && !matches!(state, State::Implementation)
        && let Some(head) = &track.head
    {
        orders.push(Order::AnswerReviews {
            target,
            head: head.clone(),
            reviews: track.to_answer.iter().copied().collect(),
        });
    }
    if gave_up {
        return;
    }
    match state {
        State::Implementation if track.change.is_none() => orders.extend(writing(w, target, track)),
        State::HandoffToTester => match guarded::guard(w, target) {
            Guard::Open => push(track, target, orders),
            Guard::ToShow => orders.extend(track.change.as_ref().map(|change| Order::ShowChange {
                target,
                change: change.blob.clone(),
            })),
            Guard::Waits(_) => {}
        },
        State::Testing => failing(w, target, track, now, orders),
        State::Verification => verifying(w, target, track, now, orders),
        State::HandoffToReleaser | State::Deployment => merging(w, target, track, now, orders),
        State::Discovery
        | State::Planning
        | State::HandoffToCoder
        | State::Implementation
        | State::HandoffToVerifier
        | State::Complete => {}
    }
}

/// The check run of a head that has to be written beside its presentation.
pub(super) fn check_run(w: &Workflow, target: Target, now: Millis, waits: &[Waiting]) -> Option<Order> {
    let track = w.track(target).filter(|t| t.pull.is_some() && t.merged.is_none())?;
    let head = track.head.clone()?;
    if !stopped(w, target, now) && !buttons_changed(w, target, waits) {
        return None;
    }
    let digest = format!("{head}:{}", check::run(w, target, waits).digest);
    (track.check_written.as_ref() != Some(&digest)).then_some(Order::WriteCheck { target, head, digest })
}

/// Whether the check run that is there lacks something a person may press now, or needs to know for having pressed. A button
/// too many is no reason to write: pressing it is refused.
fn buttons_changed(w: &Workflow, target: Target, waits: &[Waiting]) -> bool {
    let there = w.track(target).is_some_and(Track::has_check_run);
    let lacks = |track: &Track| check::marks(w, target, waits).iter().any(|mark| !track.shown.contains(mark));
    there && w.track(target).is_some_and(lacks)
}

/// Whether a head stops here and will not be presented: its check run tells what stopped it, and who can move it.
fn stopped(w: &Workflow, target: Target, now: Millis) -> bool {
    let Some(track) = w.track(target).filter(|t| t.change.is_none()) else {
        return false;
    };
    let testing = matches!(w.state_of(target), Some(State::HandoffToTester | State::Testing));
    let judged = ci::judge(w, target, now);
    let person = matches!(judged, CiVerdict::Absent | CiVerdict::TooLong | CiVerdict::Person(_));
    track.gave_up || (testing && person)
}

/// Whether a person closed the pull request.
pub(in crate::workflow) fn closed_by_a_person(track: &Track) -> bool {
    !track.closed_by_us
        && track
            .seen
            .as_ref()
            .is_some_and(|s| s.state == PullState::Closed || s.base != track.base)
}

/// When to read the pull request: at once after a hint; while no check has begun, at the end of the grace time. Whatever is
/// missed is found by reading the issue with all its pull requests from time to time.
fn reads(w: &Workflow, target: Target, state: State, now: Millis, orders: &mut Vec<Order>) {
    let Some((track, pull)) = w.track(target).and_then(|t| t.pull.as_ref().map(|p| (t, p.number))) else {
        return;
    };
    let settling = state == State::Implementation && track.reason == WriteReason::Conflict;
    let watching = settling
        || !matches!(
            state,
            State::Discovery | State::Planning | State::HandoffToCoder | State::Implementation
        );
    if track.look.is_some() {
        if watching || w.closing.is_some() || w.release.unsettled.is_some() {
            let due = match (track.lagging, track.read_at) {
                (Some(_), Some(read)) => read.plus(AGAIN),
                _ => NOW,
            };
            orders.push(Order::ReadPull { target, pull, due });
        }
    } else if watching && let CiVerdict::NotBegun { grace_until } = ci::judge(w, target, now) {
        orders.push(Order::ReadPull {
            target,
            pull,
            due: grace_until,
        });
    }
}

/// The writer is asked. Before that the base is brought in where GitHub asks for it, and where people have pushed since a
/// conflict was read.
fn writing(w: &Workflow, target: Target, track: &Track) -> Option<Order> {
    let settling = track.reason == WriteReason::Conflict && track.clash.is_none();
    if !settling && !track.outdated {
        let turn = track.turn;
        return Some(Order::Ask(Ask::Write { target, turn }));
    }
    Some(Order::UpdateBranch {
        target,
        head: track.head.clone()?,
        base: onto(w, target)?,
    })
}

/// The head of the branch a target is merged into, as known.
fn onto(w: &Workflow, target: Target) -> Option<Sha> {
    let heads = w.heads.as_ref()?;
    if target == Target::Release || w.is_direct() {
        Some(heads.default.clone())
    } else {
        heads.integration.clone()
    }
}

fn push(track: &Track, target: Target, orders: &mut Vec<Order>) {
    let Some(change) = &track.change else { return };
    match (&track.pull, &track.head, &track.from) {
        (Some(_), Some(head), _) => orders.push(Order::Push {
            target,
            head: head.clone(),
            change: change.blob.clone(),
            merge: track.clash.as_ref().map(|clash| clash.base.clone()),
        }),
        (_, _, Some(base)) => {
            orders.push(Order::Open {
                target,
                branch: track.branch.clone(),
                base: base.clone(),
                change: change.blob.clone(),
            });
        }
        _ => {}
    }
}

/// Failed checks: read why, have it diagnosed, run again what may have been chance.
fn failing(w: &Workflow, target: Target, track: &Track, now: Millis, orders: &mut Vec<Order>) {
    let Some(head) = track.head.clone() else { return };
    if !track.rerunning.is_empty() {
        let mut runs: Vec<u64> = track
            .checks
            .iter()
            .flat_map(|c| &c.checks)
            .filter(|c| track.rerunning.contains(&c.name))
            .filter_map(|c| c.run)
            .collect();
        runs.sort_unstable();
        runs.dedup();
        orders.push(Order::Rerun { target, head, runs });
        return;
    }
    let CiVerdict::Red(names) = ci::judge(w, target, now) else {
        return;
    };
    match &track.failures {
        Some(failures) if failures.head == head => {
            if track.diagnosis.is_none() {
                orders.push(Order::Ask(Ask::Diagnose {
                    target,
                    head,
                    failures: failures.blob.clone(),
                }));
            }
        }
        _ => orders.push(Order::ReadFailures { target, head, names }),
    }
}

fn verifying(w: &Workflow, target: Target, track: &Track, now: Millis, orders: &mut Vec<Order>) {
    let Some(head) = track.head.clone() else { return };
    if !matches!(ci::judge(w, target, now), CiVerdict::Green { .. }) {
        return;
    }
    let verdict = track.verdict.as_ref().filter(|(of, _)| *of == head);
    match verdict {
        None => orders.push(Order::Ask(Ask::Verify {
            target,
            head,
            turn: track.verify_turn,
        })),
        Some((_, verdict)) if verdict.good() && track.presented.as_ref() != Some(&head) && target != Target::Release => {
            orders.push(Order::Present { target, head });
        }
        Some(_) => {}
    }
    if let Some((old, new)) = reviews::to_compare(w, target) {
        orders.push(Order::ComparePatch { target, old, new });
    }
}

fn merging(w: &Workflow, target: Target, track: &Track, now: Millis, orders: &mut Vec<Order>) {
    let Some(head) = track.head.clone() else { return };
    let Some(base) = onto(w, target) else { return };
    if let Some((old, new)) = reviews::to_compare(w, target) {
        orders.push(Order::ComparePatch { target, old, new });
        return; // it is merged if the approval holds for this head, too
    }
    let deploying = w.baton == Baton::Whole(State::Deployment);
    if target == Target::Release {
        let shown = !track.draft || track.is_withdrawn();
        let green = matches!(ci::judge(w, target, now), CiVerdict::Green { .. });
        if green && shown && track.presented.as_ref() != Some(&head) {
            orders.push(Order::Present {
                target,
                head: head.clone(),
            });
        }
        failing(w, target, track, now, orders);
        if !deploying {
            return;
        }
        if w.reverting().is_some() && !needs_update(w, target, track) {
            return; // a person merges it
        }
    } else if target.phase() != track::next_to_merge(w) {
        return;
    }
    if track.look.is_some() || track.is_withdrawn() {
        return; // something came in: it is read first
    }
    if w.held_by(target).is_some() || rolling_back(w) || !reviews::open_rounds(w, target).is_empty() {
        return;
    }
    if needs_update(w, target, track) {
        orders.push(Order::UpdateBranch { target, head, base });
        return;
    }
    let green = || matches!(ci::judge(w, target, now), CiVerdict::Green { .. });
    if target == Target::Release && !(green() && reviews::approved(w, target)) {
        return; // the base was merged in: its checks run anew, and it may have to be looked at again
    }
    orders.push(Order::Merge { target, head, base });
}

/// Whether the base has to be merged in first: GitHub asks for it, it conflicts, or a sibling that was merged meanwhile
/// touched the same files.
fn needs_update(w: &Workflow, target: Target, track: &Track) -> bool {
    let asked = track
        .seen
        .as_ref()
        .is_some_and(|s| s.merge_state == "behind" || s.mergeable == Some(false))
        || track.outdated;
    let Target::Phase(number) = target else { return asked };
    let Some(mine) = w.phases.get(&number) else { return asked };
    let since = track.updated_at.or(track.started_at);
    let overlap = w.phases.values().any(|p| {
        p.track.merged.as_ref().is_some_and(|m| Some(m.at) > since) && p.plan.files.iter().any(|f| mine.plan.files.contains(f))
    });
    asked || overlap
}
