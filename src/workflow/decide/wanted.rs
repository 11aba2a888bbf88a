//! *wanted*: the orders that ought to be out for a state.
//!
//! Invariant: a pure function of the state. An order that was carried out has changed the state so that it is not wanted
//! any more; one that cannot be carried out has left a trouble that holds it.

mod end;
mod target;

use std::time::Duration;

pub(in crate::workflow) use self::target::closed_by_a_person;

use self::end::{after_the_end, left_behind};
use self::target::{check_run, one};
use super::advance::{held, plan_approved};
use super::begin::other_work;
use super::outcome::{bring_up, waits_for_its_base};
use super::seen::next_to_take_out;
use crate::clock::Millis;
use crate::workflow::answer::Cause;
use crate::workflow::ci::{self, CiVerdict};
use crate::workflow::fact::{StartedBy, Target};
use crate::workflow::guarded;
use crate::workflow::model::{Fate, Revert, Track, Workflow};
use crate::workflow::order::{Ask, Order};
use crate::workflow::reviews;
use crate::workflow::state::{Baton, State};
use crate::workflow::text::{release, status};
use crate::workflow::waits::{self, WaitKind, Waiting, What};

/// At once.
const NOW: Millis = Millis(0);

/// The orders that ought to be out.
pub(super) fn wanted(w: &Workflow, now: Millis) -> Vec<Order> {
    let waits = waits::waits(w, now);
    let mut orders = Vec::new();
    always(w, &waits, &mut orders);
    if w.paused.is_none() {
        left_behind(w, &mut orders);
    }
    if w.ended.is_some() {
        after_the_end(w, &mut orders);
    } else if w.paused.is_none() {
        whole(w, &waits, &mut orders);
        orders.extend(bring_up(w));
        orders.extend(take_out(w));
        for target in w.targets() {
            one(w, target, now, &mut orders);
            orders.extend(check_run(w, target, now, &waits));
        }
    }
    if let Some(at) = next_deadline(w, now) {
        orders.push(Order::WakeAt { at });
    }
    if w.deaf.is_some() && w.ended.is_none() {
        orders.retain(|order| matches!(order, Order::ReadIssue { .. } | Order::WakeAt { .. }));
    }
    orders.retain(|order| !held(w, order) && !waits_for_its_base(w, order));
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
    orders.extend(guarded::settled(w).map(|(_, shown)| Order::Minimise {
        node_id: shown.comment.node_id.clone(),
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
    if w.configured.unknown {
        return;
    }
    if w.survey.is_none() {
        orders.push(Order::Survey { turn: w.survey_turn });
        return;
    }
    if w.survey_stale.is_some() {
        orders.push(Order::Survey { turn: w.survey_turn });
    }
    if w.restoring
        && let Some(from) = w.heads.as_ref().and_then(|h| h.integration.clone())
    {
        orders.push(Order::CreateBase { from });
    }
    if let Some(revert) = w.reverting() {
        orders.extend(open_revert(w, revert));
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
        // The one it takes the place of has the same branch: that is closed first.
        if w.release.left_open.is_empty() {
            orders.push(Order::OpenRelease);
        }
    } else if w.baton != Baton::Forked {
        releasing(w, orders);
    }
}

/// The pull request that takes back the newest of what is still to be taken back, once the default branch was read.
fn open_revert(w: &Workflow, revert: &Revert) -> Option<Order> {
    let base = w.release.from.clone().filter(|_| w.release.pull.is_none())?;
    Some(Order::OpenRevert {
        of: revert.of,
        commit: revert.commit.clone(),
        branch: w.release.branch.clone(),
        base,
    })
}

/// The phase that is taken out of the integration branch next.
fn take_out(w: &Workflow) -> Option<Order> {
    let target = Target::Phase(next_to_take_out(w)?);
    Some(Order::TakeOut {
        target,
        merged: w.track(target)?.merged.as_ref()?.sha.clone(),
        head: w.heads.as_ref()?.integration.clone()?,
    })
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
        | What::ProtectedChange
        | What::PhaseReview
        | What::Held
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
}

/// After the join: the release pull request leaves draft, gets its notes.
fn releasing(w: &Workflow, orders: &mut Vec<Order>) {
    if closed_by_a_person(&w.release) {
        return;
    }
    if w.release.draft && !w.release.readied {
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

/// When time alone will change something.
fn next_deadline(w: &Workflow, now: Millis) -> Option<Millis> {
    let mut at: Vec<Millis> = w.troubles.values().filter_map(|t| t.until).collect();
    if w.paused.is_some() || w.ended.is_some() {
        // What is tried again by itself then: looking, and telling.
        return at.into_iter().filter(|at| *at > now).min();
    }
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
