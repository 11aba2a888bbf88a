//! Outcomes of writes to GitHub.
//!
//! Invariant: what was done is remembered, also when nobody wants it any more.

use super::super::{Deciding, observe, revert};
use super::heads::{is_ours, opened, pushed, pushed_head};
use super::{clash, outdated, target_of};
use crate::clock::Millis;
use crate::workflow::fact::{CommentRef, Outcome, Target};
use crate::workflow::ids::Sha;
use crate::workflow::model::{Fate, Merged, Need, ShownChange, Track, TroubleKind};
use crate::workflow::order::Order;

/// Outcomes of writes.
pub(super) fn written(d: &mut Deciding, order: &Order, outcome: &Outcome, seq: i64) {
    let now = d.now;
    match (order, outcome) {
        (Order::Status { .. }, Outcome::StatusWritten { comment, digest }) => {
            d.w.notifications += u32::from(d.w.status.comment.is_none());
            d.w.status.comment = Some(comment.clone());
            rode(d, Some(digest));
        }
        (Order::PostPlan { version, .. }, Outcome::Posted { comment, at }) => {
            d.w.notifications += 1;
            match &mut d.w.plan {
                Some(plan) if plan.version == *version => {
                    plan.comment = Some(comment.clone());
                    plan.posted_at = Some(*at);
                }
                _ => {
                    d.w.stale_comments.insert(comment.node_id.clone());
                }
            }
        }
        (Order::ShowChange { target, change }, Outcome::Shown { comment, at, owners }) => {
            d.w.notifications += 1;
            let shown = ShownChange {
                target: *target,
                comment: comment.clone(),
                at: *at,
                owners: owners.clone(),
                approvals: Vec::new(),
            };
            d.w.shown.insert(change.clone(), shown);
        }
        (Order::PostQuestions { round }, Outcome::Posted { comment, at }) => asked(d, *round, comment, *at),
        (Order::AskPerson { key }, Outcome::Posted { comment, .. }) => {
            d.w.notifications += 1;
            d.w.needs.insert(
                key.clone(),
                Need {
                    comment: Some(comment.clone()),
                },
            );
        }
        (Order::React { .. } | Order::Reply { .. } | Order::Minimise { .. }, _) => answered_people(d, order),
        (Order::SetLabel, _) => d.w.issue.labelled = true,
        (Order::CloseIssue, _) => d.w.issue.open = false,
        (Order::ClosePull { pull, .. }, _) => {
            for target in d.w.targets() {
                let Some(track) = d.w.track_mut(target) else { continue };
                track.closed_by_us |= track.pull.as_ref().is_some_and(|p| p.number == *pull);
                track.left_open.retain(|left| left.number != *pull);
            }
            for track in d.w.reverts.iter_mut().flat_map(|reverts| &mut reverts.merged) {
                track.left_open.retain(|left| left.number != *pull);
            }
        }
        (Order::DeleteBranches { .. }, Outcome::Settled { note }) => {
            d.w.cleanup.branches = true;
            d.w.remarks.extend(note.clone());
        }
        (Order::CreateBase { .. }, Outcome::BaseCreated { head }) => {
            d.w.restoring = false;
            if let Some(heads) = &mut d.w.heads {
                heads.integration = Some(head.clone());
                heads.gone = false;
            }
        }
        (Order::DescribeRelease { digest }, _) => d.w.described = Some(digest.clone()),
        _ => moved(d, order, outcome, seq),
    }
    if matches!(order, Order::Status { .. }) {
        d.w.status.at = Some(now);
    }
}

/// The questions of a round are posted.
fn asked(d: &mut Deciding, round: u32, comment: &CommentRef, at: Millis) {
    d.w.notifications += 1;
    let place = usize::try_from(round).ok().map(|round| round.saturating_sub(1));
    if let Some(questions) = place.and_then(|place| d.w.questions.get_mut(place)) {
        questions.comment = Some(comment.clone());
        questions.posted_at = Some(at);
        if questions.answer.is_some() {
            // The issue was edited while it was being asked.
            d.w.stale_comments.insert(comment.node_id.clone());
        }
    }
}

/// A comment was reacted to, replied to or hidden.
fn answered_people(d: &mut Deciding, order: &Order) {
    if let Order::Minimise { node_id } = order {
        d.w.stale_comments.remove(node_id);
        d.w.shown.retain(|_, shown| shown.comment.node_id != *node_id);
        let waits = &d.w.waiting_since;
        d.w.needs
            .retain(|key, need| waits.contains_key(key) || need.comment.as_ref().is_none_or(|c| c.node_id != *node_id));
    } else if let Order::React { comment, with, .. } = order {
        if let Some(ack) = d.w.acks.get_mut(comment) {
            ack.reactions.retain(|r| r != with);
        }
        drop_ack(d, *comment);
    } else if let Order::Reply { comment } = order {
        d.w.notifications += 1;
        if let Some(ack) = d.w.acks.get_mut(comment) {
            ack.reply = None;
        }
        drop_ack(d, *comment);
    }
}

/// Outcomes that concern a branch and its pull request.
pub(super) fn moved(d: &mut Deciding, order: &Order, outcome: &Outcome, seq: i64) {
    let now = d.now;
    let Some(target) = target_of(order) else { return };
    match outcome {
        Outcome::Opened { status, .. } => {
            d.w.notifications += 1;
            rode(d, status.as_ref());
            if let Some(track) = d.w.track_mut(target) {
                opened(track, order, outcome, (seq, now));
            }
        }
        Outcome::Pushed { head, status } => {
            rode(d, status.as_ref());
            if let Some(track) = d.w.track_mut(target)
                && is_ours(track, order, head, seq)
            {
                pushed(track, order, head, now);
            }
            if target == Target::Release
                && let Some(heads) = &mut d.w.heads
            {
                heads.integration = Some(head.clone());
            }
        }
        Outcome::Presented { status, .. } => {
            rode(d, status.as_ref());
            shown(d, (target, order), outcome);
        }
        Outcome::CheckWritten { .. } => shown(d, (target, order), outcome),
        Outcome::BranchUpdated { head } => updated(d, target, order, head, seq),
        Outcome::Clashed(found) => clash::clashed(d, target, order, found, seq),
        Outcome::Merged { sha, status } => {
            rode(d, status.as_ref());
            merged(d, target, sha);
        }
        Outcome::TakenOut { head } => taken_out(d, target, order, head),
        Outcome::Settled { .. } => settled(d, order, target),
        Outcome::Read { .. }
        | Outcome::Surveyed(_)
        | Outcome::FailuresRead(_)
        | Outcome::PatchCompared { .. }
        | Outcome::Answered(_)
        | Outcome::Unanswered { .. }
        | Outcome::OverBudget { .. }
        | Outcome::StatusWritten { .. }
        | Outcome::Posted { .. }
        | Outcome::Shown { .. }
        | Outcome::BaseCreated { .. }
        | Outcome::Reverted { .. }
        | Outcome::Woke
        | Outcome::Refused(_) => {
            // An outcome that does not fit its order: what is there tells.
            if let Some(track) = d.w.track_mut(target) {
                track.look = Some(seq);
            }
        }
    }
}

/// The base is in the branch.
fn updated(d: &mut Deciding, target: Target, order: &Order, head: &Sha, seq: i64) {
    let now = d.now;
    nothing_to_merge(d, target, order, head, seq);
    if let Some(track) = d.w.track_mut(target)
        && is_ours(track, order, head, seq)
    {
        if track.head.as_ref() != Some(head) {
            track.updates.insert(head.clone());
            pushed_head(track, head, now);
        }
        track.updated_at = Some(now);
    }
    let onto_it = target == Target::Release && !d.w.is_direct() && d.w.reverting().is_none();
    if let Some(heads) = d.w.heads.as_mut().filter(|_| onto_it) {
        heads.integration = Some(head.clone());
    }
    outdated::brought_in(d, target);
    clash::brought_in(d, target);
}

/// GitHub said that the branch is behind its base or conflicts with it, and then had nothing to merge: one of the two answers
/// is old. It is read again, and asked again only after a while.
fn nothing_to_merge(d: &mut Deciding, target: Target, order: &Order, head: &Sha, seq: i64) {
    let Some(track) = d.w.track_mut(target).filter(|track| track.head.as_ref() == Some(head)) else {
        return;
    };
    let asked = track
        .seen
        .as_ref()
        .is_some_and(|seen| seen.head == *head && (seen.merge_state == "behind" || seen.mergeable == Some(false)));
    track.look = Some(seq);
    if asked && matches!(order, Order::UpdateBranch { head: before, .. } if before == head) {
        let sentence = "GitHub says that it cannot be merged as it is, and that its base has nothing new".to_owned();
        super::trouble(d, order.clone(), TroubleKind::Github, sentence, true);
    }
}

/// A phase is not on the integration branch any more, or nothing of what was released is left on the default branch.
fn taken_out(d: &mut Deciding, target: Target, order: &Order, head: &Sha) {
    if let Order::OpenRevert { branch, .. } = order {
        if d.w.reverting().is_some() && *branch == d.w.release.branch {
            revert::nothing_left(d);
        }
        return;
    }
    if let Some(phase) = target.phase().and_then(|n| d.w.phases.get_mut(&n)) {
        phase.fate = Fate::RolledBack;
    }
    observe::onto(d, target, head);
}

/// The check run of a head is there, with or without the rest of a presentation.
fn shown(d: &mut Deciding, (target, order): (Target, &Order), outcome: &Outcome) {
    let Some(track) = d.w.track_mut(target) else { return };
    match (order, outcome) {
        (Order::Present { head, .. }, Outcome::Presented { asked, shown, .. }) => {
            track.presented = Some(head.clone());
            track.draft &= track.readied; // what a person made a draft stays one
            track.readied = true;
            track.asked.clone_from(asked);
            track.shown.clone_from(shown);
        }
        (Order::WriteCheck { digest, .. }, Outcome::CheckWritten { shown }) => {
            track.check_written = Some(digest.clone());
            track.shown.clone_from(shown);
        }
        _ => {}
    }
}

/// Small things that were done for a pull request.
fn settled(d: &mut Deciding, order: &Order, target: Target) {
    let Some(track) = d.w.track_mut(target) else { return };
    if let Order::MarkReady { .. } = order {
        track.draft = false;
        track.readied = true;
    } else if let Order::AnswerReviews { reviews, .. } = order {
        track.to_answer.retain(|id| !reviews.contains(id));
        d.w.notifications += 1;
    } else if let Order::Rerun { .. } = order {
        rerun(track);
    }
}

/// Checks run again: their old results count no more.
fn rerun(track: &mut Track) {
    let names = std::mem::take(&mut track.rerunning);
    if let Some(view) = &track.checks {
        track
            .superseded
            .extend(view.checks.iter().filter(|c| names.contains(&c.name)).filter_map(|c| c.id));
    }
    for name in names {
        *track.reruns.entry(name).or_default() += 1;
    }
    track.failures = None;
    track.diagnosis = None;
}

/// The status comment was written, or rode along.
fn rode(d: &mut Deciding, digest: Option<&String>) {
    if let Some(digest) = digest {
        d.w.status.digest = Some(digest.clone());
        d.w.status.at = Some(d.now);
    }
}

pub(super) fn merged(d: &mut Deciding, target: Target, sha: &Sha) {
    let now = d.now;
    let Some(track) = d.w.track_mut(target) else { return };
    if track.merged.is_some() {
        return;
    }
    track.merged = Some(Merged {
        sha: sha.clone(),
        by: None,
        at: now,
    });
    if let Target::Phase(number) = target
        && let Some(phase) = d.w.phases.get_mut(&number)
    {
        phase.fate = Fate::Merged;
    }
    observe::onto(d, target, sha);
}

fn drop_ack(d: &mut Deciding, comment: u64) {
    d.w.acks
        .retain(|id, ack| *id != comment || !ack.reactions.is_empty() || ack.reply.is_some());
}
