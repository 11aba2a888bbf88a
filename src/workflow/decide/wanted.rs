//! *wanted*: the orders that ought to be out for a state.
//!
//! Invariant: a pure function of the state. An order that was carried out has changed the state so that it is not wanted
//! any more; one that cannot be carried out has left a trouble that holds it.

use std::time::Duration;

use super::advance::{held, plan_approved};
use super::begin::other_work;
use super::track;
use crate::clock::Millis;
use crate::workflow::answer::Cause;
use crate::workflow::ci::{self, CiVerdict};
use crate::workflow::fact::{PullState, StartedBy, Target};
use crate::workflow::model::{End, Fate, Track, Workflow};
use crate::workflow::order::{Ask, Order};
use crate::workflow::reviews;
use crate::workflow::settings::DeleteBranches;
use crate::workflow::state::{Baton, State};
use crate::workflow::text::{check, release, status};
use crate::workflow::waits::{self, WaitKind, Waiting, What};

/// At once.
const NOW: Millis = Millis(0);

/// The orders that ought to be out.
pub(super) fn wanted(w: &Workflow, now: Millis) -> Vec<Order> {
    let waits = waits::waits(w, now);
    let mut orders = Vec::new();
    always(w, &waits, &mut orders);
    if w.ended.is_some() {
        after_the_end(w, &mut orders);
    } else if w.paused.is_none() {
        whole(w, &waits, &mut orders);
        for target in w.targets() {
            one(w, target, now, &mut orders);
            orders.extend(stopped(w, target, now, &waits));
        }
        if let Some(at) = next_deadline(w, now) {
            orders.push(Order::WakeAt { at });
        }
    }
    orders.retain(|order| !held(w, order));
    orders
}

/// What is done in every status: answers to people, the status comment, reading.
fn always(w: &Workflow, waits: &[Waiting], orders: &mut Vec<Order>) {
    for (comment, ack) in &w.acks {
        if let Some(with) = ack.reactions.first() {
            orders.push(Order::React {
                comment: *comment,
                node_id: ack.node_id.clone(),
                with: *with,
            });
        } else if ack.reply.is_some() {
            orders.push(Order::Reply { comment: *comment });
        }
    }
    orders.extend(w.stale_comments.iter().map(|node_id| Order::Minimise {
        node_id: node_id.clone(),
    }));
    let answered = w
        .needs
        .iter()
        .filter(|(key, _)| !w.waiting_since.contains_key(*key))
        .filter_map(|(_, need)| need.comment.as_ref());
    orders.extend(answered.map(|c| Order::Minimise {
        node_id: c.node_id.clone(),
    }));
    let text = status::comment(w, waits);
    if w.status.digest.as_deref() != Some(&status::digest(&text)) {
        let urgent =
            w.ended.is_some() || w.status.comment.is_none() || w.status.digest.is_none() || waits.iter().any(names_a_person);
        let spread = w.status.at.map_or(NOW, |at| at.plus(Duration::from_millis(w.timing.edit_ms)));
        orders.push(Order::Status {
            due: if urgent { NOW } else { spread },
        });
    }
    if w.look.is_some() {
        orders.push(Order::ReadIssue { due: NOW });
    } else if w.ended.is_none() {
        let active = w.paused.is_none() && waits.iter().any(|wait| wait.kind == WaitKind::Machine);
        let every = Duration::from_millis(if active { w.timing.active_ms } else { w.timing.idle_ms });
        orders.push(Order::ReadIssue {
            due: w.read_at.unwrap_or(w.started_at).plus(every),
        });
    }
}

fn names_a_person(wait: &Waiting) -> bool {
    matches!(wait.kind, WaitKind::Person | WaitKind::Operator | WaitKind::Limit)
}

/// What the workflow as a whole wants.
fn whole(w: &Workflow, waits: &[Waiting], orders: &mut Vec<Order>) {
    if w.how != StartedBy::Label && !w.issue.labelled && w.timeline.is_empty() {
        orders.push(Order::SetLabel);
    }
    for wait in waits {
        if asks_in_a_comment(wait) && !w.needs.contains_key(&wait.key) {
            orders.push(Order::AskPerson { key: wait.key.clone() });
        }
    }
    if w.survey.is_none() {
        orders.push(Order::Survey { turn: w.survey_turn });
        return;
    }
    match w.baton {
        Baton::Whole(State::Discovery) => discovery(w, orders),
        Baton::Whole(State::Planning) if w.plan.is_none() => orders.push(Order::Ask(Ask::Plan { turn: w.plan_turn })),
        Baton::Whole(State::HandoffToCoder) => {
            if let Some(plan) = w.plan.as_ref().filter(|p| p.comment.is_none()) {
                orders.push(Order::PostPlan {
                    version: plan.version,
                    hash: plan.hash.clone(),
                });
            }
        }
        Baton::Forked => forked(w, orders),
        Baton::Whole(
            State::Planning
            | State::Implementation
            | State::HandoffToTester
            | State::Testing
            | State::HandoffToVerifier
            | State::Verification
            | State::HandoffToReleaser
            | State::Deployment
            | State::Complete,
        ) => {}
    }
    let planning = matches!(
        w.baton,
        Baton::Whole(State::Discovery | State::Planning | State::HandoffToCoder)
    );
    let any_merged = w.phases.values().any(|p| p.fate == Fate::Merged);
    if planning || w.is_direct() || !any_merged || w.release.merged.is_some() {
        return;
    }
    if w.release.pull.is_none() {
        orders.push(Order::OpenRelease);
    } else if w.baton != Baton::Forked {
        releasing(w, orders);
    }
}

/// Waits that get a short comment of their own. The plan's approval is asked for in the plan's comment, a review by the
/// review request, a question in its own comment.
fn asks_in_a_comment(wait: &Waiting) -> bool {
    match wait.what {
        What::NoCi
        | What::Attempts
        | What::Conflict
        | What::PullRequestClosed
        | What::MergeRefused
        | What::OtherWork
        | What::Budget
        | What::ReleaseApproval => true,
        // Where it is tried again by itself, nobody is needed.
        What::Model | What::Github => wait.kind != WaitKind::Machine && wait.command.is_some(),
        What::Question
        | What::PlanApproval
        | What::PhaseReview
        | What::Paused
        | What::RateLimit
        | What::Slot
        | What::Dependency
        | What::Ci
        | What::Clock => false,
    }
}

fn discovery(w: &Workflow, orders: &mut Vec<Order>) {
    if other_work(&w.issue, &w.requester) {
        return;
    }
    match w.questions.last().filter(|q| q.answer.is_none()) {
        Some(open) if open.comment.is_none() => orders.push(Order::PostQuestions {
            round: u32::try_from(w.questions.len()).unwrap_or(0),
        }),
        Some(_) => {}
        None if w.requirements.is_none() => orders.push(Order::Ask(Ask::Requirements {
            turn: w.requirements_turn,
        })),
        None => {}
    }
}

fn forked(w: &Workflow, orders: &mut Vec<Order>) {
    if !w.is_direct() {
        let missing = w.heads.as_ref().is_none_or(|h| h.integration.is_none());
        if let Some(heads) = w.heads.as_ref().filter(|_| missing) {
            orders.push(Order::CreateBase {
                from: heads.default.clone(),
            });
        }
    }
    for phase in w.phases.values() {
        orders.extend(close(
            &phase.track,
            matches!(phase.fate, Fate::Skipped(_)),
            "It is left out of the plan.",
        ));
        if let Some(pull) = &phase.track.left_open {
            orders.push(Order::ClosePull {
                pull: pull.number,
                node_id: pull.node_id.clone(),
                note: "The plan was made anew, so this is started afresh.".to_owned(),
            });
        }
    }
}

/// After the join: the release pull request leaves draft, gets its notes.
fn releasing(w: &Workflow, orders: &mut Vec<Order>) {
    if w.release.draft {
        orders.push(Order::MarkReady { target: Target::Release });
    }
    if w.notes.is_none() {
        orders.push(Order::Ask(Ask::Notes {
            digest: w.plan.as_ref().map(|p| p.hash.clone()).unwrap_or_default(),
        }));
    } else {
        let digest = status::digest(&release::body(w));
        if w.described.as_ref() != Some(&digest) {
            orders.push(Order::DescribeRelease { digest });
        }
    }
}

/// What one branch with its pull request wants.
fn one(w: &Workflow, target: Target, now: Millis, orders: &mut Vec<Order>) {
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
        State::Implementation if track.change.is_none() => orders.push(Order::Ask(Ask::Write {
            target,
            turn: track.turn,
        })),
        State::HandoffToTester => push(track, target, orders),
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

/// The check run of a head that stops here and will not be presented: what stopped it, and who can move it.
fn stopped(w: &Workflow, target: Target, now: Millis, waits: &[Waiting]) -> Option<Order> {
    let track = w
        .track(target)
        .filter(|t| t.pull.is_some() && t.merged.is_none() && t.change.is_none())?;
    let head = track.head.clone()?;
    let testing = matches!(w.state_of(target), Some(State::HandoffToTester | State::Testing));
    let judged = ci::judge(w, target, now);
    let person = matches!(judged, CiVerdict::Absent | CiVerdict::TooLong | CiVerdict::Person(_));
    let stops = track.gave_up || (testing && person);
    if !stops {
        return None;
    }
    let digest = format!("{head}:{}", check::run(w, target, waits).digest);
    (track.check_written.as_ref() != Some(&digest)).then_some(Order::WriteCheck { target, head, digest })
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
    let watching = !matches!(
        state,
        State::Discovery | State::Planning | State::HandoffToCoder | State::Implementation
    );
    if track.look.is_some() {
        if watching || w.closing.is_some() {
            orders.push(Order::ReadPull { target, pull, due: NOW });
        }
    } else if watching && let CiVerdict::NotBegun { grace_until } = ci::judge(w, target, now) {
        orders.push(Order::ReadPull {
            target,
            pull,
            due: grace_until,
        });
    }
}

fn push(track: &Track, target: Target, orders: &mut Vec<Order>) {
    let Some(change) = &track.change else { return };
    match (&track.pull, &track.head, &track.from) {
        (Some(_), Some(head), _) => orders.push(Order::Push {
            target,
            head: head.clone(),
            change: change.blob.clone(),
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
    let Some(heads) = &w.heads else { return };
    let deploying = w.baton == Baton::Whole(State::Deployment);
    let onto = if target == Target::Release || w.is_direct() {
        Some(&heads.default)
    } else {
        heads.integration.as_ref()
    };
    let Some(base) = onto.cloned() else { return };
    if target == Target::Release {
        if matches!(ci::judge(w, target, now), CiVerdict::Green { .. }) && track.presented.as_ref() != Some(&head) && !track.draft
        {
            orders.push(Order::Present {
                target,
                head: head.clone(),
            });
        }
        failing(w, target, track, now, orders);
        if !deploying {
            return;
        }
    } else if target.phase() != track::next_to_merge(w) {
        return;
    }
    if track.look.is_some() {
        return; // something came in: it is read first
    }
    if needs_update(w, target, track) {
        orders.push(Order::UpdateBranch { target, head, base });
        return;
    }
    orders.push(Order::Merge { target, head, base });
}

/// Whether the base has to be merged in first: GitHub asks for it, it conflicts, or a sibling that was merged meanwhile
/// touched the same files.
fn needs_update(w: &Workflow, target: Target, track: &Track) -> bool {
    let asked = track
        .seen
        .as_ref()
        .is_some_and(|s| s.merge_state == "behind" || s.mergeable == Some(false));
    let Target::Phase(number) = target else { return asked };
    let Some(mine) = w.phases.get(&number) else { return asked };
    let since = track.updated_at.or(track.started_at);
    let overlap = w.phases.values().any(|p| {
        p.track.merged.as_ref().is_some_and(|m| Some(m.at) > since) && p.plan.files.iter().any(|f| mine.plan.files.contains(f))
    });
    asked || overlap
}

/// A pull request of ours that is to be closed.
fn close(track: &Track, over: bool, note: &str) -> Option<Order> {
    let pull = track.pull.as_ref()?;
    let open = track.merged.is_none() && !track.closed_by_us && track.seen.as_ref().is_none_or(|s| s.state == PullState::Open);
    (over && open).then(|| Order::ClosePull {
        pull: pull.number,
        node_id: pull.node_id.clone(),
        note: note.to_owned(),
    })
}

fn after_the_end(w: &Workflow, orders: &mut Vec<Order>) {
    let tracks = || w.phases.values().map(|p| &p.track).chain([&w.release]);
    match w.ended {
        Some(End::Cancelled) => {
            orders.extend(tracks().filter_map(|t| close(t, true, "The work was cancelled. The branch stays.")));
        }
        Some(End::Complete) => {
            orders.extend(w.revert.map(|pull| Order::ReadRevert { pull }));
            orders.extend(tracks().filter_map(|t| close(t, true, "The work was released without this.")));
            if w.look.is_none() && w.issue.open {
                orders.push(Order::CloseIssue);
            }
            let keep = match w.settings.merge.delete_branches {
                DeleteBranches::No => true,
                DeleteBranches::Yes => false,
                DeleteBranches::Auto => w.survey.as_ref().is_some_and(|s| s.deletes_branches),
            };
            if !keep && !w.cleanup.branches {
                let ours = |t: &&Track| t.merged.is_some() && t.foreign.is_empty() && !t.branch.is_empty();
                let branches: Vec<_> = tracks()
                    .filter(ours)
                    .filter_map(|t| t.head.clone().map(|head| (t.branch.clone(), head)))
                    .collect();
                if !branches.is_empty() {
                    orders.push(Order::DeleteBranches { branches });
                }
            }
        }
        Some(End::RolledBack) | None => {}
    }
}

/// When time alone will change something.
fn next_deadline(w: &Workflow, now: Millis) -> Option<Millis> {
    let mut at: Vec<Millis> = w.troubles.values().filter_map(|t| t.until).collect();
    for target in w.targets() {
        let Some(track) = w.track(target).filter(|t| t.merged.is_none() && t.pull.is_some()) else {
            continue;
        };
        if w.state_of(target) == Some(State::Testing)
            && let CiVerdict::Running { until } = ci::judge(w, target, now)
        {
            at.push(until);
        }
        if w.state_of(target).is_some_and(|s| s == State::HandoffToTester) && track.change.is_none() {
            at.push(ci::grace_until(w, track));
        }
        if let Some(last) = reviews::open_rounds(w, target).iter().map(|r| r.at).max() {
            at.push(last.plus(Duration::from_millis(w.timing.quiet_ms)));
        }
    }
    at.into_iter().filter(|at| *at > now).min()
}

/// Whether the plan in sight could be built as far as approvals go: for the waits.
pub(in crate::workflow) fn plan_waits_for_a_person(w: &Workflow) -> bool {
    w.baton == Baton::Whole(State::HandoffToCoder) && w.plan.as_ref().is_some_and(|p| p.comment.is_some()) && !plan_approved(w)
}

/// Whether a diagnosis says that chance was the reason: for the waits.
pub(in crate::workflow) fn by_chance(track: &Track) -> bool {
    track
        .diagnosis
        .as_ref()
        .is_some_and(|d| matches!(d.cause, Cause::Flaky | Cause::Environment))
}
