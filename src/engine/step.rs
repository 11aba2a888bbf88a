//! *step*: a dirty subject's rows are decided, in one transaction under its lock.
//!
//! Invariant: a panic in the core stops that workflow with the reason, and nobody else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::job::Job;
use super::translate::{Said, translate};
use super::{Engine, record, view};
use crate::clock::Millis;
use crate::store::{NewEffect, RouteRow, StepInput, StepOutput, StoreError, WorkflowRow};
use crate::workflow::decide::{Decision, decide};
use crate::workflow::fact::{Arrival, Fact, Look};
use crate::workflow::model::{End, Workflow};
use crate::workflow::order::Order;

/// Decides one dirty subject. `false`: none was dirty.
pub(super) async fn step(engine: &Engine) -> Result<bool, StoreError> {
    engine
        .0
        .store
        .step(engine.now(), Box::new(|input| decide_subject(&input)))
        .await
}

fn decide_subject(input: &StepInput) -> StepOutput {
    let mut out = StepOutput::default();
    let current = input
        .workflow
        .as_ref()
        .and_then(|row| serde_json::from_str::<Workflow>(&row.state).ok());
    if input.workflow.is_some() && current.is_none() {
        out.results = input
            .rows
            .iter()
            .map(|r| (r.seq, "the workflow's state is not one of this version".to_owned()))
            .collect();
        return out;
    }
    let mut open = current.as_ref().is_some_and(Workflow::is_open);
    let released = current.as_ref().is_some_and(|w| w.ended == Some(End::Complete));
    let mut arrivals: Vec<Arrival> = Vec::new();
    for row in &input.rows {
        match translate(&input.subject, row, open) {
            Said::Fact(arrival) => {
                open |= matches!(arrival.fact, Fact::Started(_));
                arrivals.push(*arrival);
            }
            Said::Job(job) => {
                // What looks like a command may take back what is released as well as begin another round.
                if released && job.is_seen() {
                    arrivals.push(Arrival {
                        id: row.fact_id.clone(),
                        seq: row.seq,
                        fact: Fact::Look(Look::Issue),
                    });
                }
                out.effects.push(effect_of(&input.subject, row.seq, &job, input));
            }
            Said::Nothing(why) => out.results.push((row.seq, why.to_owned())),
        }
    }
    // A start after the end makes a new workflow; what came before it in this batch has nobody left to concern.
    let ended = !current.as_ref().is_some_and(Workflow::is_open);
    match arrivals
        .iter()
        .position(|a| matches!(a.fact, Fact::Started(_)))
        .filter(|_| ended)
    {
        Some(first) => {
            let before = arrivals.iter().take(first);
            out.results
                .extend(before.map(|a| (a.seq, "overtaken by a new start".to_owned())));
            conclude(&mut out, input, None, &arrivals[first..], "");
        }
        None if current.is_some() && !arrivals.is_empty() => {
            conclude(&mut out, input, current.as_ref(), &arrivals, &input.last_hash)
        }
        None => {}
    }
    out
}

/// Decides a batch and writes down what follows.
fn conclude(out: &mut StepOutput, input: &StepInput, current: Option<&Workflow>, arrivals: &[Arrival], last_hash: &str) {
    let decided = catch_unwind(AssertUnwindSafe(|| decide(current, arrivals, input.now)));
    let decision = match decided {
        Ok(Some(decision)) => decision,
        Ok(None) => return,
        Err(_) => {
            let why = "deciding panicked: a bug of Millhand".to_owned();
            out.results.extend(arrivals.iter().map(|a| (a.seq, why.clone())));
            let stop = Arrival {
                id: format!("panic:{}", arrivals.last().map_or(0, |a| a.seq)),
                seq: 0,
                fact: Fact::Broken { why },
            };
            match current.and_then(|w| decide(Some(w), &[stop], input.now)) {
                Some(decision) => decision,
                None => return,
            }
        }
    };
    out.results.extend(decision.refused.iter().filter_map(|(id, sentence)| {
        let seq = arrivals.iter().find(|a| a.id == *id)?.seq;
        Some((seq, sentence.clone()))
    }));
    if !decision.rows.is_empty() {
        write(out, input, current.is_some(), &decision, last_hash);
    }
}

fn write(out: &mut StepOutput, input: &StepInput, old: bool, decision: &Decision, last_hash: &str) {
    let w = &decision.next;
    let before = input.workflow.as_ref().filter(|_| old);
    out.events
        .extend(record::event_rows(&w.id, &decision.rows, last_hash, input.now));
    let first = if old { input.last_handoff + 1 } else { 1 };
    out.handoffs
        .extend(record::handoff_rows(&w.id, &decision.rows, first, input.now));
    out.phases = record::phase_rows(w);
    out.withdrawn.extend(decision.withdrawn.iter().cloned());
    let base = w.work_branch();
    for (key, order) in &decision.effects {
        out.effects.push(NewEffect {
            key: key.clone(),
            subject: input.subject.clone(),
            workflow: Some(w.id.clone()),
            installation: i64::try_from(w.repository.installation).unwrap_or_default(),
            lane: order.lane(&w.id, &lane_of(w, order, &base)),
            order: json(&Job::Order { order: order.clone() }),
            run_at: order.due().unwrap_or(input.now),
        });
    }
    out.routes.extend(routes(w));
    out.workflow = Some(WorkflowRow {
        id: w.id.clone(),
        subject: input.subject.clone(),
        installation: i64::try_from(w.repository.installation).unwrap_or_default(),
        repository: i64::try_from(w.repository.id).unwrap_or_default(),
        repository_name: w.repository.name.clone(),
        issue: i64::try_from(w.issue.number).unwrap_or_default(),
        round: i64::from(w.round),
        version: w.version,
        shown_state: w.shown_state().name().to_owned(),
        status: view::status(w, &decision.waits).to_owned(),
        open: w.is_open(),
        state: json(w),
        created_at: before.map_or(input.now, |row| row.created_at),
        updated_at: input.now,
    });
}

/// Merges onto one branch queue up, whichever workflow orders them.
fn lane_of(w: &Workflow, order: &Order, base: &str) -> String {
    let onto = order.target().and_then(|t| w.track(t)).map_or(base, |t| t.base.as_str());
    format!("{}/{onto}", w.repository.id)
}

/// What leads to this workflow from now on: its branches, its pull requests and their heads.
fn routes(w: &Workflow) -> Vec<RouteRow> {
    let repository = i64::try_from(w.repository.id).unwrap_or_default();
    let mut routes = Vec::new();
    for track in w.targets().into_iter().filter_map(|t| w.track(t)) {
        routes.extend(Some(&track.branch).filter(|b| !b.is_empty()).map(|b| RouteRow {
            repository,
            key: format!("branch:{b}"),
        }));
        routes.extend(track.pull.as_ref().map(|p| RouteRow {
            repository,
            key: format!("pull:{}", p.number),
        }));
        routes.extend(track.head.as_ref().map(|h| RouteRow {
            repository,
            key: format!("sha:{h}"),
        }));
    }
    routes
}

/// The effect of a job that no workflow orders.
fn effect_of(subject: &str, seq: i64, job: &Job, input: &StepInput) -> NewEffect {
    NewEffect {
        key: format!("{}-{seq}", job.name()),
        subject: subject.to_owned(),
        workflow: None,
        installation: input.workflow.as_ref().map_or(0, |w| w.installation),
        lane: job.lane(),
        order: json(job),
        run_at: job.due().unwrap_or(Millis(0)).max(input.now),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("states and jobs have only string keys")
}
