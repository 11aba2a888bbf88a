//! What came of orders.
//!
//! An outcome is a fact, also of an order that was withdrawn while it ran: what was done is done.

use super::{Deciding, advance, observe, people};
use crate::workflow::answer::{Cause, Diagnosis};
use crate::workflow::fact::{Answer, Change, Done, Outcome, RefusalKind, Refused, Survey, Target};
use crate::workflow::ids::{Person, Sha};
use crate::workflow::model::{End, Fate, Merged, Need, PlanVersion, Questions, Track, Trouble, TroubleKind, WriteReason};
use crate::workflow::order::{Ask, Order};
use crate::workflow::state::{Baton, State};
use std::time::Duration;

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
    d.w.outstanding.remove(&done.key);
    let order = done.order.clone();
    match target_of(&order).and_then(|t| d.w.track_mut(t)) {
        Some(track) => track.requests += done.requests,
        None => d.w.requests += done.requests,
    }
    match (&order, &done.outcome) {
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

/// Outcomes of writes.
fn written(d: &mut Deciding, order: &Order, outcome: &Outcome, seq: i64) {
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
        (Order::PostQuestions { round }, Outcome::Posted { comment, at }) => {
            d.w.notifications += 1;
            if let Some(questions) = usize::try_from(*round)
                .ok()
                .and_then(|r| d.w.questions.get_mut(r.saturating_sub(1)))
            {
                questions.comment = Some(comment.clone());
                questions.posted_at = Some(*at);
                if questions.answer.is_some() {
                    // The issue was edited while it was being asked.
                    d.w.stale_comments.insert(comment.node_id.clone());
                }
            }
        }
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
                track.left_open = track.left_open.take().filter(|p| p.number != *pull);
            }
        }
        (Order::DeleteBranches { .. }, Outcome::Settled { note }) => {
            d.w.cleanup.branches = true;
            d.w.remarks.extend(note.clone());
        }
        (Order::CreateBase { .. }, Outcome::BaseCreated { head }) => {
            if let Some(heads) = &mut d.w.heads {
                heads.integration = Some(head.clone());
            }
        }
        (Order::DescribeRelease { digest }, _) => d.w.described = Some(digest.clone()),
        _ => moved(d, order, outcome, seq),
    }
    if matches!(order, Order::Status { .. }) {
        d.w.status.at = Some(now);
    }
}

/// A comment was reacted to, replied to or hidden.
fn answered_people(d: &mut Deciding, order: &Order) {
    if let Order::Minimise { node_id } = order {
        d.w.stale_comments.remove(node_id);
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
fn moved(d: &mut Deciding, order: &Order, outcome: &Outcome, seq: i64) {
    let now = d.now;
    let Some(target) = target_of(order) else { return };
    match outcome {
        Outcome::Opened {
            pull,
            head,
            draft,
            status,
        } => {
            d.w.notifications += 1;
            rode(d, status.as_ref());
            let Some(track) = d.w.track_mut(target) else { return };
            track.pull = Some(pull.clone());
            track.draft = *draft;
            pushed(track, head, now);
        }
        Outcome::Pushed { head, status } => {
            rode(d, status.as_ref());
            if let Some(track) = d.w.track_mut(target) {
                pushed(track, head, now);
            }
            if target == Target::Release
                && let Some(heads) = &mut d.w.heads
            {
                heads.integration = Some(head.clone());
            }
        }
        Outcome::Presented { status, asked } => {
            rode(d, status.as_ref());
            if let Some(track) = d.w.track_mut(target) {
                track.presented.clone_from(&track.head);
                track.draft = false;
                track.asked.clone_from(asked);
            }
        }
        Outcome::BranchUpdated { head } => {
            if let Some(track) = d.w.track_mut(target) {
                if track.head.as_ref() != Some(head) {
                    track.updates.insert(head.clone());
                    pushed_head(track, head, now);
                }
                track.updated_at = Some(now);
            }
        }
        Outcome::Merged { sha, status } => {
            rode(d, status.as_ref());
            merged(d, target, sha);
        }
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

/// Small things that were done for a pull request.
fn settled(d: &mut Deciding, order: &Order, target: Target) {
    let Some(track) = d.w.track_mut(target) else { return };
    if let Order::MarkReady { .. } = order {
        track.draft = false;
    } else if let Order::WriteCheck { digest, .. } = order {
        track.check_written = Some(digest.clone());
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

/// Our commit is the head.
fn pushed(track: &mut Track, head: &Sha, now: crate::clock::Millis) {
    if let Some(change) = track.change.take() {
        track.pushed.push(change.blob);
        track.report = Some(change.report);
    }
    track.refused = None;
    pushed_head(track, head, now);
}

fn pushed_head(track: &mut Track, head: &Sha, now: crate::clock::Millis) {
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

fn merged(d: &mut Deciding, target: Target, sha: &Sha) {
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
    d.w.heads = Some(crate::workflow::fact::Heads {
        default: survey.head.clone(),
        integration,
    });
    d.w.survey = Some(survey.clone());
}

/// A model's answer that holds. Only one that was asked for is taken.
fn answered(d: &mut Deciding, ask: &Ask, answer: &Answer) {
    match (ask, answer) {
        (Ask::Requirements { turn }, Answer::Requirements(requirements)) if *turn == d.w.requirements_turn => {
            if !requirements.questions.is_empty() {
                d.w.questions.push(open_questions(&requirements.questions));
            }
            d.w.requirements = Some(requirements.clone());
        }
        (Ask::Plan { turn }, Answer::Plan(plan)) if *turn == d.w.plan_turn => {
            d.w.plan_versions += 1;
            d.w.plan = Some(PlanVersion {
                version: d.w.plan_versions,
                hash: plan.hash(),
                plan: plan.clone(),
                issue_hash: d.w.issue.hash.clone(),
                comment: None,
                posted_at: None,
                approved: None,
            });
        }
        (Ask::Plan { turn }, Answer::Missing { questions }) if *turn == d.w.plan_turn => {
            d.w.questions.push(open_questions(questions));
            d.w.requirements = None;
            d.w.plan_turn += 1;
            d.move_workflow(&[State::Discovery], "requirements missing", None);
        }
        (Ask::Write { target, turn }, Answer::Change(change)) => change_written(d, *target, *turn, change),
        (Ask::Write { target, .. }, Answer::Cannot { because }) => {
            d.w.revisions.push(because.clone());
            advance::back_to_planning(d, Some(*target), &format!("cannot be built as planned: {because}"), None);
        }
        (Ask::Diagnose { target, head, .. }, Answer::Diagnosis(diagnosis)) => diagnosed(d, *target, head, diagnosis),
        (Ask::Verify { target, head, .. }, Answer::Verdict(verdict)) => {
            if let Some(track) = d.w.track_mut(*target) {
                track.verdict = Some((head.clone(), verdict.clone()));
            }
        }
        (Ask::Notes { .. }, Answer::Notes(notes)) => d.w.notes = Some(notes.clone()),
        _ => {}
    }
}

fn open_questions(questions: &[String]) -> Questions {
    Questions {
        questions: questions.to_vec(),
        comment: None,
        posted_at: None,
        answer: None,
        by: None,
    }
}

fn change_written(d: &mut Deciding, target: Target, turn: u32, change: &Change) {
    let attempts = d.w.settings.limits.attempts;
    let Some(track) = d.w.track_mut(target).filter(|t| t.turn == turn) else {
        return;
    };
    if change.report.critical.is_empty() {
        track.change = Some(change.clone());
        return;
    }
    track.attempts.validation += 1;
    track.refused = Some(change.clone());
    track.report = Some(change.report.clone());
    if track.attempts.validation >= attempts {
        advance::give_up(d, target);
        return;
    }
    track.reason = WriteReason::Validation;
    track.turn += 1;
}

fn diagnosed(d: &mut Deciding, target: Target, head: &Sha, diagnosis: &Diagnosis) {
    let flaky_max = d.w.settings.ci.rerun_flaky;
    let Some(track) = d.w.track_mut(target).filter(|t| t.head.as_ref() == Some(head)) else {
        return;
    };
    track.diagnosis = Some(diagnosis.clone());
    let chance = matches!(diagnosis.cause, Cause::Flaky | Cause::Environment);
    let failed: Vec<String> = track
        .checks
        .iter()
        .flat_map(|c| &c.checks)
        .filter(|c| is_failure(c))
        .map(|c| c.name.clone())
        .collect();
    let again = chance
        && failed
            .iter()
            .all(|name| track.reruns.get(name).copied().unwrap_or(0) < flaky_max);
    if again {
        track.rerunning.extend(failed);
    } else if diagnosis.cause != Cause::Code {
        // Nothing that the writer could mend: it counts as an attempt, and a person is asked.
        track.attempts.ci += 1;
        advance::give_up(d, target);
    }
}

fn is_failure(check: &crate::workflow::fact::CheckView) -> bool {
    check
        .conclusion
        .as_deref()
        .is_some_and(|c| !matches!(c, "success" | "neutral" | "skipped"))
}

fn drop_ack(d: &mut Deciding, comment: u64) {
    d.w.acks
        .retain(|id, ack| *id != comment || !ack.reactions.is_empty() || ack.reply.is_some());
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
        RefusalKind::HeadMoved => return stale_push(d, &order),
        RefusalKind::Conflict => TroubleKind::Conflict,
        RefusalKind::Rules if merges => TroubleKind::MergeRefused,
        RefusalKind::Workflows => TroubleKind::Workflows,
        RefusalKind::Unreachable => return trouble(d, order, TroubleKind::Github, refused.sentence.clone(), true),
        RefusalKind::Rules | RefusalKind::Gone | RefusalKind::Permission | RefusalKind::Other => TroubleKind::Permission,
    };
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

/// Our commit was refused because the branch has moved: the change set was made for another head, so it is made anew.
fn stale_push(d: &mut Deciding, order: &Order) {
    if let Order::Push { target, .. } = order
        && let Some(track) = d.w.track_mut(*target)
    {
        track.change = None;
        track.turn += 1;
        let target = *target;
        d.move_target(
            target,
            &[State::Implementation],
            "GitHub refused the commit: the branch has moved",
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
