//! Short words for what the cases say again and again.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use millhand::clock::Millis;
use millhand::store::{
    EventRow, Finish, InboxRow, LeasedEffect, NewDelivery, NewEffect, Postpone, StepFn, StepInput, StepOutput, Store, StoreError,
    WorkflowRow,
};
use sha2::Digest as _;

/// A store nobody else uses; what it stands on goes away with it.
pub(crate) struct Fresh {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) _stands_on: Box<dyn std::any::Any + Send + Sync>,
}

pub(crate) const REPOSITORY: i64 = 7;
pub(crate) const INSTALLATION: i64 = 5;

pub(crate) fn subject(issue: i64) -> String {
    format!("{REPOSITORY}#{issue}")
}

pub(crate) fn delivery(subject: &str, fact_id: &str, at: i64) -> NewDelivery {
    NewDelivery {
        subject: subject.to_owned(),
        fact_id: fact_id.to_owned(),
        kind: "fact".to_owned(),
        body: format!("{{\"fact\":\"{fact_id}\"}}").into_bytes(),
        received_at: Millis(at),
    }
}

pub(crate) async fn ingest(store: &Arc<dyn Store>, subject: &str, fact_id: &str, at: i64) -> bool {
    store.ingest(vec![delivery(subject, fact_id, at)]).await.unwrap()[0]
}

/// A decision that writes nothing.
pub(crate) fn nothing() -> StepFn {
    Box::new(|_| StepOutput::default())
}

/// Takes one step that writes what `decide` says, and answers what the step was given.
pub(crate) async fn step_with(
    store: &Arc<dyn Store>,
    now: i64,
    decide: impl FnOnce(&StepInput) -> StepOutput + Send + 'static,
) -> (Option<StepInput>, Result<bool, StoreError>) {
    let seen = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&seen);
    let answer = store
        .step(
            Millis(now),
            Box::new(move |input| {
                *kept.lock().unwrap() = Some(input.clone());
                decide(&input)
            }),
        )
        .await;
    let input = seen.lock().unwrap().take();
    (input, answer)
}

/// A step that writes nothing: the subject and the fact ids it was given, or None if nothing is dirty.
pub(crate) async fn look(store: &Arc<dyn Store>, now: i64) -> Option<(String, Vec<String>)> {
    let (input, answer) = step_with(store, now, |_| StepOutput::default()).await;
    assert_eq!(answer.unwrap(), input.is_some());
    input.map(|input| (input.subject, input.rows.into_iter().map(|row| row.fact_id).collect()))
}

/// Steps without effect until nothing is dirty.
pub(crate) async fn settle(store: &Arc<dyn Store>, now: i64) {
    while store.step(Millis(now), nothing()).await.unwrap() {}
}

/// Makes one step for `subject` that writes `output`, by a row that nobody else has.
pub(crate) async fn say(store: &Arc<dyn Store>, subject: &str, now: i64, output: StepOutput) {
    settle(store, now).await;
    let fact_id = format!("said at {now} of {output:?}");
    assert!(ingest(store, subject, &fact_id, now).await);
    let (input, answer) = step_with(store, now, move |_| output).await;
    assert!(answer.unwrap());
    assert_eq!(input.unwrap().subject, subject);
}

/// The obvious decision: one log row for each inbox row, the workflow made by the first.
pub(crate) fn follow(input: &StepInput) -> StepOutput {
    let mut workflow = input
        .workflow
        .clone()
        .unwrap_or_else(|| workflow_of(&input.subject, input.now));
    let mut events: Vec<EventRow> = Vec::new();
    for row in &input.rows {
        let previous = events
            .last()
            .map_or_else(|| workflow.state.clone(), |event| event.hash.clone());
        workflow.version += 1;
        events.push(event_of(&workflow, row, &previous, input.now));
    }
    workflow.state = events
        .last()
        .map_or_else(|| workflow.state.clone(), |event| event.hash.clone());
    workflow.updated_at = input.now;
    StepOutput {
        workflow: Some(workflow),
        events,
        ..StepOutput::default()
    }
}

/// The first round of a subject `<repository>#<issue>`.
pub(crate) fn workflow_of(subject: &str, now: Millis) -> WorkflowRow {
    let (repository, issue) = subject.split_once('#').unwrap();
    WorkflowRow {
        id: format!("workflow-{issue}"),
        subject: subject.to_owned(),
        installation: INSTALLATION,
        repository: repository.parse().unwrap(),
        repository_name: "acme/todo".to_owned(),
        issue: issue.parse().unwrap(),
        round: 1,
        version: 0,
        shown_state: "discovery".to_owned(),
        status: "active".to_owned(),
        open: true,
        state: "{}".to_owned(),
        created_at: now,
        updated_at: now,
    }
}

fn event_of(workflow: &WorkflowRow, row: &InboxRow, previous: &str, now: Millis) -> EventRow {
    let fact = String::from_utf8(row.body.clone()).unwrap();
    EventRow {
        workflow: workflow.id.clone(),
        seq: workflow.version,
        fact_id: row.fact_id.clone(),
        hash: hex::encode(sha2::Sha256::digest(format!("{previous}{fact}"))),
        fact,
        transitions: "[]".to_owned(),
        phase: (workflow.version % 2 == 0).then_some(workflow.version),
        actor: (workflow.version % 2 == 1).then(|| "maintainer".to_owned()),
        at: now,
        decided: workflow.version % 3 == 0,
        core_version: 1,
        state_hash: format!("state-{}", workflow.version),
        previous: previous.to_owned(),
    }
}

/// An effect of issue 1's subject, free of any workflow and lane.
pub(crate) fn effect(key: &str, run_at: i64) -> NewEffect {
    NewEffect {
        key: key.to_owned(),
        subject: subject(1),
        workflow: None,
        installation: INSTALLATION,
        lane: None,
        order: format!("{{\"do\":\"{key}\"}}"),
        run_at: Millis(run_at),
    }
}

pub(crate) fn in_lane(lane: &str, effect: NewEffect) -> NewEffect {
    NewEffect {
        lane: Some(lane.to_owned()),
        ..effect
    }
}

/// Orders effects by a step of issue 1's subject, at time 0.
pub(crate) async fn order(store: &Arc<dyn Store>, effects: Vec<NewEffect>) {
    say(
        store,
        &subject(1),
        0,
        StepOutput {
            effects,
            ..StepOutput::default()
        },
    )
    .await;
}

/// Withdraws an effect by a step of issue 1's subject.
pub(crate) async fn withdraw(store: &Arc<dyn Store>, key: &str) {
    say(
        store,
        &subject(1),
        0,
        StepOutput {
            withdrawn: vec![key.to_owned()],
            ..StepOutput::default()
        },
    )
    .await;
}

pub(crate) async fn claim(store: &Arc<dyn Store>, now: i64, until: i64, limit: u32) -> Vec<LeasedEffect> {
    store.claim(Millis(now), Millis(until), limit).await.unwrap()
}

/// The keys of what is claimed, ten at most.
pub(crate) async fn claim_keys(store: &Arc<dyn Store>, now: i64, until: i64) -> Vec<String> {
    claim(store, now, until, 10)
        .await
        .into_iter()
        .map(|effect| effect.key)
        .collect()
}

pub(crate) fn finish_of(effect: &LeasedEffect, deliveries: Vec<NewDelivery>) -> Finish {
    Finish {
        key: effect.key.clone(),
        token: effect.token.clone(),
        deliveries,
        blobs: Vec::new(),
        outcome: "done".to_owned(),
        now: Millis(0),
    }
}

pub(crate) fn postpone_of(effect: &LeasedEffect, run_at: i64, attempt: bool) -> Postpone {
    Postpone {
        key: effect.key.clone(),
        token: effect.token.clone(),
        run_at: Millis(run_at),
        attempt,
        reason: "busy".to_owned(),
        deliveries: Vec::new(),
    }
}

/// Polls once, so that what the future does first has been done; whether it is ready.
pub(crate) async fn begin<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> bool {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}
