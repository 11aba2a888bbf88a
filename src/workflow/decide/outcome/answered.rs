//! Answers of models.
//!
//! Invariant: an answer is taken only by the question that is still open.

use super::super::{Deciding, advance};
use super::{clash, trouble};
use crate::workflow::answer::{Cause, Diagnosis};
use crate::workflow::fact::{Answer, Change, Target};
use crate::workflow::ids::Sha;
use crate::workflow::model::{PlanVersion, Questions, TroubleKind, WriteReason};
use crate::workflow::order::{Ask, Order};
use crate::workflow::state::State;

/// A model's answer that holds. Only one that was asked for is taken.
pub(super) fn answered(d: &mut Deciding, ask: &Ask, answer: &Answer) {
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
        (Ask::Write { target, turn }, Answer::Cannot { because }) => cannot(d, *target, *turn, because),
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

/// The writer says that it cannot be done. What was to be built is planned anew; a conflict, or what takes a release back,
/// was never planned, so that a person is told.
fn cannot(d: &mut Deciding, target: Target, turn: u32, because: &str) {
    let Some(track) = d.w.track(target).filter(|track| track.turn == turn) else {
        return;
    };
    let order = Order::Ask(Ask::Write { target, turn });
    if track.clash.is_some() {
        clash::unsettled(d, order, because);
    } else if d.w.reverting().is_some() {
        let sentence = format!("the code writer says that it cannot be done: {because}");
        trouble(d, order, TroubleKind::Model, sentence, false);
    } else {
        d.w.revisions.push(because.to_owned());
        advance::back_to_planning(d, Some(target), &format!("cannot be built as planned: {because}"), None);
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
