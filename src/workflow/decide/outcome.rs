//! What came of orders.
//!
//! An outcome is a fact, also of an order that was withdrawn while it ran: what was done is done.

mod answered;
mod clash;
mod heads;
mod outdated;
mod written;

use std::time::Duration;

use self::answered::answered;
pub(super) use self::clash::overtaken as clash_overtaken;
pub(super) use self::outdated::{begin_anew, bring_up, waits as waits_for_its_base};
use self::written::written;
use super::{Deciding, advance, people};
use crate::workflow::fact::{Done, Outcome, RefusalKind, Refused, Survey, Target};
use crate::workflow::ids::Person;
use crate::workflow::model::{End, Trouble, TroubleKind};
use crate::workflow::order::Order;
use crate::workflow::state::{Baton, State};

/// How long a model or GitHub that is away is left alone before it is asked again by itself.
const AWAY: Duration = Duration::from_secs(5 * 60);

/// An order was carried out, or could not be.
pub(super) fn done(d: &mut Deciding, done: &Done, seq: i64) {
    if !done.key.starts_with(&d.w.id) {
        return; // the round before ordered it
    }
    d.w.delays.remove(&done.key);
    if let Some(cost) = done.cost {
        d.w.cost = cost;
    }
    let wanted = d.w.outstanding.remove(&done.key).is_some();
    let order = done.order.clone();
    match target_of(&order).and_then(|t| d.w.track_mut(t)) {
        Some(track) => track.requests += done.requests,
        None => d.w.requests += done.requests,
    }
    match (&order, &done.outcome) {
        // Nobody misses it.
        (_, Outcome::Refused(_) | Outcome::OverBudget { .. } | Outcome::Unanswered { .. }) if !wanted => {}
        (_, Outcome::Refused(refused)) => refusal(d, order, refused, seq),
        (_, Outcome::OverBudget { .. }) => {
            let sentence = format!("the next model call could pass the cap of {}", d.w.budget);
            trouble(d, order, TroubleKind::Budget, sentence, false);
        }
        (_, Outcome::Unanswered { sentence, capacity }) => {
            let kind = if *capacity {
                TroubleKind::ModelAway
            } else {
                TroubleKind::Model
            };
            trouble(d, order, kind, sentence.clone(), *capacity);
        }
        (Order::Ask(ask), Outcome::Answered(answer)) => answered(d, ask, answer),
        (Order::ReadIssue { .. }, Outcome::Read { as_of }) => {
            d.w.read_at = Some(d.now);
            if d.w.deaf.take().is_some() {
                // What was refused meanwhile was refused for the same reason.
                advance::clear_troubles(d, |t| t.kind == TroubleKind::Permission);
            }
            d.w.look = d.w.look.filter(|hint| hint > as_of);
            for target in d.w.targets() {
                read(d, target, *as_of);
            }
        }
        (Order::ReadPull { target, .. }, Outcome::Read { as_of }) => read(d, *target, *as_of),
        (Order::ReadRevert { .. }, outcome) => {
            d.w.revert = None;
            if let Outcome::Reverted { by } = outcome {
                reverted(d, by);
            }
        }
        (Order::Survey { .. }, Outcome::Surveyed(survey)) => surveyed(d, survey),
        (Order::ReadFailures { target, .. }, Outcome::FailuresRead(failures)) => {
            if let Some(track) = d.w.track_mut(*target) {
                track.failures = Some(failures.clone());
                track.diagnosis = None;
            }
        }
        (Order::ComparePatch { target, old, new }, Outcome::PatchCompared { equal, .. }) => {
            if let Some(track) = d.w.track_mut(*target) {
                track.compared.insert((old.clone(), new.clone()));
                if *equal {
                    track.same_patch.insert(new.clone(), old.clone());
                }
            }
        }
        _ => written(d, &order, &done.outcome, seq),
    }
}

/// People took the release back by a revert of their own: 28, and at once 10 again.
fn reverted(d: &mut Deciding, by: &Person) {
    if d.w.ended == Some(End::Complete) && d.w.baton == Baton::Whole(State::Complete) {
        d.move_workflow(&[State::Deployment, State::Complete], "a revert merged by people", Some(by));
        d.w.ended = Some(End::RolledBack);
        d.w.remarks.push(format!("{} merged a revert of the release", by.login));
    }
}

fn read(d: &mut Deciding, target: Target, as_of: i64) {
    let now = d.now;
    if let Some(track) = d.w.track_mut(target)
        && track.pull.is_some()
    {
        track.look = track.look.filter(|hint| *hint > as_of);
        track.read_at = Some(now);
    }
}

fn surveyed(d: &mut Deciding, survey: &Survey) {
    let integration = d.w.heads.as_ref().and_then(|h| h.integration.clone());
    let gone = d.w.heads.as_ref().is_some_and(|h| h.gone);
    d.w.heads = Some(crate::workflow::fact::Heads {
        default: survey.head.clone(),
        integration,
        gone,
    });
    let old = d.w.survey.replace(survey.clone());
    if let (Some(since), Some(old)) = (d.w.survey_stale.take(), old)
        && old.workflows != survey.workflows
    {
        d.w.checked_before.push((since, old.workflows));
    }
}

/// GitHub says no.
fn refusal(d: &mut Deciding, order: Order, refused: &Refused, seq: i64) {
    let target = target_of(&order);
    if let Some(track) = target.and_then(|t| d.w.track_mut(t)) {
        track.look = Some(seq);
    }
    let merges = matches!(order, Order::Merge { .. } | Order::UpdateBranch { .. });
    let kind = match refused.kind {
        // Somebody else was faster; what they did is read now, and the order follows from what is there then.
        RefusalKind::HeadMoved => {
            if let Some(track) = target.and_then(|t| d.w.track_mut(t)) {
                // The head we hold is not GitHub's: one that we took for an old one may be it.
                track.former.clear();
            }
            if let Order::TakeOut { .. } = order {
                d.w.look = Some(seq); // the head is read with the issue
            }
            return stale_push(d, &order);
        }
        RefusalKind::Workflows if outdated::refused(d, &order, seq) => return stale_push(d, &order),
        RefusalKind::Workflows if d.w.restoring && matches!(order, Order::CreateBase { .. }) => {
            if outdated::begun_anew(d) {
                return;
            }
            TroubleKind::Workflows
        }
        RefusalKind::Workflows if matches!(order, Order::CreateBase { .. }) => {
            d.w.look = Some(seq); // the default branch has moved: its head is read with the issue
            return trouble(d, order, TroubleKind::Github, refused.sentence.clone(), true);
        }
        RefusalKind::Conflict => TroubleKind::Conflict,
        RefusalKind::Rules if merges => TroubleKind::MergeRefused,
        RefusalKind::Workflows => TroubleKind::Workflows,
        RefusalKind::Unreachable => return trouble(d, order, TroubleKind::Github, refused.sentence.clone(), true),
        RefusalKind::Rules | RefusalKind::Gone | RefusalKind::Permission | RefusalKind::Other => TroubleKind::Permission,
    };
    if let Order::ReadIssue { .. } = order
        && kind == TroubleKind::Permission
    {
        if d.w.ended.is_some() && refused.kind == RefusalKind::Gone {
            d.w.look = None; // nobody is left who could be heard
            return;
        }
        d.w.deaf = Some(refused.sentence.clone());
    }
    if let Order::DeleteBranches { .. } = order {
        d.w.cleanup.branches = true;
        d.w.remarks.push(refused.sentence.clone());
        return;
    }
    if let Order::React { comment, .. } | Order::Reply { comment } = order {
        // A comment that is gone or locked needs no answer.
        d.w.acks.remove(&comment);
        return;
    }
    if let Order::Minimise { node_id } = &order {
        d.w.stale_comments.remove(node_id);
        d.w.shown.retain(|_, shown| shown.comment.node_id != *node_id);
        return people::forget_need(d, node_id);
    }
    // Looking and telling are tried again by themselves: whoever is neither heard nor told cannot say `/retry`.
    let by_itself = matches!(
        order,
        Order::ReadIssue { .. }
            | Order::ReadPull { .. }
            | Order::ReadFailures { .. }
            | Order::ComparePatch { .. }
            | Order::Status { .. }
    );
    trouble(d, order, kind, refused.sentence.clone(), by_itself);
}

/// Our commit was refused because the branch has moved, or has to: the change set was made for another head, so it is made
/// anew.
fn stale_push(d: &mut Deciding, order: &Order) {
    if let Order::Push { target, .. } | Order::Open { target, .. } = order
        && let Some(track) = d.w.track_mut(*target)
    {
        track.change = None;
        track.turn += 1;
        clash::overtaken(track);
        let target = *target;
        d.move_target(
            target,
            &[State::Implementation],
            "GitHub refused the commit: it was made for another head",
            None,
        );
    }
}

/// Notes that an order cannot be done for now, so that it is not given again and again.
fn trouble(d: &mut Deciding, order: Order, kind: TroubleKind, sentence: String, by_itself: bool) {
    let until = by_itself.then(|| d.now.plus(AWAY));
    let target = target_of(&order);
    d.w.troubles.insert(
        order.slot(),
        Trouble {
            kind,
            target,
            sentence,
            until,
            order,
        },
    );
}

/// Whom an order concerns.
pub(super) fn target_of(order: &Order) -> Option<Target> {
    order.target()
}
