//! New heads that our own writes told of.
//!
//! Invariant: a commit of ours is never taken for a person's.

use crate::clock::Millis;
use crate::workflow::fact::Outcome;
use crate::workflow::ids::Sha;
use crate::workflow::model::Track;
use crate::workflow::order::Order;

/// A pull request of ours is open; the work may have been started afresh on another branch since it was ordered.
pub(super) fn opened(track: &mut Track, order: &Order, outcome: &Outcome, (seq, now): (i64, Millis)) {
    let Outcome::Opened { pull, head, draft, .. } = outcome else {
        return;
    };
    if matches!(order, Order::Open { branch, .. } | Order::OpenRevert { branch, .. } if *branch != track.branch) {
        track.left_open.push(pull.clone());
        return;
    }
    track.pull = Some(pull.clone());
    track.draft = *draft;
    if is_ours(track, order, head, seq) {
        pushed(track, order, head, now);
    }
}

/// A commit of ours is on the branch, as an outcome tells; whether it is the head. A read may have shown it before, and was
/// taken for a person's push if the order was withdrawn by then; or it shows what people pushed since.
pub(super) fn is_ours(track: &mut Track, order: &Order, head: &Sha, seq: i64) -> bool {
    track.foreign.remove(head);
    let expected = if let Order::Push { head, .. } | Order::UpdateBranch { head, .. } = order {
        Some(head)
    } else {
        None
    };
    let known = track.head.as_ref();
    let is = known == expected || known == Some(head);
    if !is {
        track.look = Some(seq);
    }
    is
}

/// Our commit is the head.
pub(super) fn pushed(track: &mut Track, order: &Order, head: &Sha, now: Millis) {
    if let Order::Open { change, .. } | Order::Push { change, .. } = order {
        track.pushed.push(change.clone());
        if let Some(change) = track.change.take_if(|c| c.blob == *change) {
            track.report = Some(change.report);
        }
    }
    if let Order::Push { merge: Some(_), .. } = order {
        track.clash = None;
        track.updates.insert(head.clone());
        track.updated_at = Some(now);
    }
    track.refused = None;
    track.refreshed = 0;
    pushed_head(track, head, now);
}

pub(super) fn pushed_head(track: &mut Track, head: &Sha, now: Millis) {
    if let Some(old) = track.head.replace(head.clone())
        && old != *head
    {
        track.former.insert(old);
    }
    track.head_at = Some(now);
    track.reruns.clear();
    track.rerunning.clear();
    track.failures = None;
    track.diagnosis = None;
}
