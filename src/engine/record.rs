//! The log: rows with their hashes, and replay.
//!
//! Invariant: every row's hash covers the row before, so that a changed row is seen.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::Millis;
use crate::store::{EventRow, HandoffRow, NewDelivery, PhaseRow, Store, StoreError};
use crate::workflow::decide::{CORE_VERSION, Note, Row, decide, state_hash};
use crate::workflow::fact::{Arrival, Fact};
use crate::workflow::model::{Fate, Workflow};
use crate::workflow::state::Taken;

/// Kind of inbox rows that hold a fact.
pub(super) const FACT: &str = "fact";

/// Rows of a log read at once.
const PAGE: u32 = 500;

/// What is stored of a row's transitions.
#[derive(Serialize, Deserialize)]
struct Stored {
    taken: Vec<Taken>,
    notes: Vec<Note>,
    seq: i64,
}

/// A row for the inbox that holds a fact.
#[must_use]
pub fn fact_delivery(subject: &str, fact_id: &str, fact: &Fact, now: Millis) -> NewDelivery {
    NewDelivery {
        subject: subject.to_owned(),
        fact_id: fact_id.to_owned(),
        kind: FACT.to_owned(),
        body: serde_json::to_vec(fact).expect("facts have only string keys"),
        received_at: now,
    }
}

/// The rows of the log for what was decided, chained to the hash of the row before.
pub(super) fn event_rows(workflow: &str, rows: &[Row], previous: &str, now: Millis) -> Vec<EventRow> {
    let mut previous = previous.to_owned();
    rows.iter()
        .map(|row| {
            let stored = Stored {
                taken: row.transitions.clone(),
                notes: row.notes.clone(),
                seq: row.arrival.seq,
            };
            let mut event = EventRow {
                workflow: workflow.to_owned(),
                seq: row.seq,
                fact_id: row.arrival.id.clone(),
                fact: serde_json::to_string(&row.arrival.fact).expect("facts have only string keys"),
                transitions: serde_json::to_string(&stored).unwrap_or_default(),
                phase: row.phase.map(|n| i64::from(n.0)),
                actor: row.actor.clone(),
                at: now,
                decided: row.decided,
                core_version: CORE_VERSION,
                state_hash: row.state_hash.clone(),
                previous: std::mem::take(&mut previous),
                hash: String::new(),
            };
            event.hash = hash(&event);
            previous.clone_from(&event.hash);
            event
        })
        .collect()
}

/// The hand-offs among what was decided: one for each transition between two roles.
pub(super) fn handoff_rows(workflow: &str, rows: &[Row], first: i64, now: Millis) -> Vec<HandoffRow> {
    let crossing = rows.iter().flat_map(|row| row.transitions.iter().map(move |t| (row.seq, t)));
    let between_roles = crossing.filter_map(|(seq, t)| match (t.from.role(), t.to.role()) {
        (Some(from), Some(to)) if from != to => Some((seq, t, from, to)),
        _ => None,
    });
    (first..)
        .zip(between_roles)
        .map(|(number, (seq, t, from, to))| HandoffRow {
            workflow: workflow.to_owned(),
            seq: number,
            event_seq: seq,
            from_role: from.name().to_owned(),
            to_role: to.name().to_owned(),
            from_state: t.from.name().to_owned(),
            to_state: t.to.name().to_owned(),
            phase: t.phase.map(|n| i64::from(n.0)),
            data: t.data.to_string(),
            at: now,
        })
        .collect()
}

/// The projection of the phases.
pub(super) fn phase_rows(w: &Workflow) -> Vec<PhaseRow> {
    w.phases
        .values()
        .map(|p| PhaseRow {
            workflow: w.id.clone(),
            number: i64::from(p.plan.number.0),
            id: p.plan.id.clone(),
            title: p.plan.title.clone(),
            state: p.state.name().to_owned(),
            status: match &p.fate {
                Fate::Open => "open",
                Fate::Failed => "failed",
                Fate::Skipped(_) => "skipped",
                Fate::Merged => "complete",
                Fate::RolledBack => "rolled_back",
            }
            .to_owned(),
            pull_request: p.track.pull.as_ref().and_then(|p| i64::try_from(p.number).ok()),
            merged: p.track.merged.as_ref().map(|m| m.sha.0.clone()),
        })
        .collect()
}

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Rows read.
    pub rows: u64,
    /// Decisions taken again and compared.
    pub compared: u64,
    /// What differs: (seq, sentence).
    pub differences: Vec<(i64, String)>,
}

/// Decides a workflow's stored rows again and compares every state's hash; checks the chain of hashes as well.
///
/// # Errors
/// If the store does not answer.
pub async fn replay(store: &dyn Store, workflow: &str) -> Result<Replayed, StoreError> {
    let mut found = Replayed {
        rows: 0,
        compared: 0,
        differences: Vec::new(),
    };
    let mut state: Option<Workflow> = None;
    let mut batch: Vec<Arrival> = Vec::new();
    let mut previous = String::new();
    let mut after = 0;
    loop {
        let page = store.events(workflow.to_owned(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for row in &page {
            found.rows += 1;
            if row.previous != previous || hash(row) != row.hash {
                found
                    .differences
                    .push((row.seq, "the row was changed after it was written".to_owned()));
            }
            previous.clone_from(&row.hash);
            again(row, &mut state, &mut batch, &mut found);
        }
    }
    let stored = store.workflow(workflow.to_owned()).await?;
    if let (Some(state), Some(stored)) = (&state, stored) {
        let now: Option<Workflow> = serde_json::from_str(&stored.state).ok();
        if now.as_ref().map(state_hash) != Some(state_hash(state)) {
            found
                .differences
                .push((after, "the stored state is not the one that the log leads to".to_owned()));
        }
    }
    Ok(found)
}

/// One row: collected until the batch it belongs to was decided.
fn again(row: &EventRow, state: &mut Option<Workflow>, batch: &mut Vec<Arrival>, found: &mut Replayed) {
    let (Ok(fact), Ok(stored)) = (
        serde_json::from_str::<Fact>(&row.fact),
        serde_json::from_str::<Stored>(&row.transitions),
    ) else {
        found.differences.push((row.seq, "the row cannot be read".to_owned()));
        return;
    };
    batch.push(Arrival {
        id: row.fact_id.clone(),
        seq: stored.seq,
        fact,
    });
    if !row.decided {
        return;
    }
    let arrivals = std::mem::take(batch);
    let Some(decision) = decide(state.as_ref(), &arrivals, row.at) else {
        found.differences.push((row.seq, "nothing is decided here now".to_owned()));
        return;
    };
    found.compared += 1;
    let same = decision
        .rows
        .last()
        .is_some_and(|r| r.state_hash == row.state_hash && r.transitions == stored.taken);
    if !same && row.core_version == CORE_VERSION {
        found.differences.push((row.seq, "it is decided otherwise now".to_owned()));
    }
    *state = Some(decision.next);
}

fn hash(row: &EventRow) -> String {
    let mut digest = Sha256::new();
    for part in [
        &row.previous,
        &row.workflow,
        &row.fact_id,
        &row.fact,
        &row.transitions,
        &row.state_hash,
    ] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update(row.seq.to_be_bytes());
    digest.update(row.at.0.to_be_bytes());
    digest.update([u8::from(row.decided)]);
    hex::encode(digest.finalize())
}
