//! `decide`: what a workflow does next.
//!
//! *observe* writes facts into the state, whatever state it is in; *advance* then takes enabled transitions until none is
//! left; *wanted* says which orders ought to be out for the state reached, and the difference to those that are out
//! becomes new effects and withdrawn ones. Late, early, doubled and lost events, pause and resume, restarts and
//! reconcile are all this one mechanism: the orders follow from the state, never from the way it was reached.
//!
//! Invariant: every batch of facts that changes anything makes rows in the log, and deciding those rows again makes the
//! same states.

mod advance;
mod begin;
mod command;
mod configured;
mod deciding;
mod observe;
mod outcome;
mod people;
mod pressing;
mod revert;
mod rollback;
mod track;
mod wanted;

use self::deciding::Deciding;

/// Questions about the state that the waits ask as well.
pub(super) mod seen {
    pub(in crate::workflow) use super::begin::other_work;
    pub(in crate::workflow) use super::rollback::{is_begun as rolling_back, next as next_to_take_out};
    pub(in crate::workflow) use super::track::{dependencies_merged, next_to_merge, over_budget, slot_free};
    pub(in crate::workflow) use super::wanted::{by_chance, closed_by_a_person, plan_waits_for_a_person};
}

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::fact::{Arrival, Fact};
use super::ids::PhaseNumber;
use super::model::Workflow;
use super::order::Order;
use super::state::{State, Taken};
use super::waits::Waiting;
use crate::clock::Millis;

/// The version of this core. Rows decided by another version are not decided again by `replay`.
pub const CORE_VERSION: i64 = 9;

/// A state may lead on at once, but not for ever: more rounds than any honest state needs are a bug, and the workflow is
/// paused by it rather than spinning.
const ROUNDS_MAX: usize = 64;

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The workflow as it is now.
    pub next: Workflow,
    /// New rows of its log; none if nothing changed.
    pub rows: Vec<Row>,
    /// New orders with their keys.
    pub effects: Vec<(String, Order)>,
    /// Keys of orders that are not wanted any more.
    pub withdrawn: Vec<String>,
    /// Commands that were refused: (fact id, the sentence a person gets).
    pub refused: Vec<(String, String)>,
    /// What is waited for now.
    pub waits: Vec<Waiting>,
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number.
    pub seq: i64,
    /// The fact.
    pub arrival: Arrival,
    /// The transitions taken at it.
    pub transitions: Vec<Taken>,
    /// Fork, freeze, join.
    pub notes: Vec<Note>,
    /// The phase concerned.
    pub phase: Option<PhaseNumber>,
    /// Who did it.
    pub actor: Option<String>,
    /// Whether decisions were taken here: the last row of its batch.
    pub decided: bool,
    /// SHA-256 of the state after it.
    pub state_hash: String,
}

/// Rows that are no transitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// The baton was forked.
    Forked,
    /// The batons were joined.
    Joined,
    /// A phase was left where it is.
    Frozen {
        /// Which.
        phase: PhaseNumber,
    },
    /// A frozen phase goes on.
    Thawed {
        /// Which.
        phase: PhaseNumber,
    },
    /// Somebody was refused, also where the answer is silence.
    Refused {
        /// Who.
        who: String,
        /// Which command; `None`: what was written is none.
        command: Option<String>,
        /// Why, in the words that a person gets.
        why: String,
    },
}

/// Decides a batch of facts. `current` is `None` only for a batch that begins with [`Fact::Started`].
///
/// `None`: there is no workflow and none is started.
#[must_use]
pub fn decide(current: Option<&Workflow>, arrivals: &[Arrival], now: Millis) -> Option<Decision> {
    let mut rows = Vec::new();
    let mut refused = Vec::new();
    let mut deciding: Option<Deciding> = current.map(|w| Deciding::new(w.clone(), now));
    for arrival in arrivals {
        let Some(d) = &mut deciding else {
            if let Fact::Started(start) = &arrival.fact {
                let mut d = Deciding::new(begin::begin(start, now), now);
                if start.reopened {
                    d.take(
                        27,
                        (State::Complete, State::Discovery),
                        "reopened",
                        Some(start.by.login.clone()),
                    );
                }
                rows.push(d.row(arrival));
                deciding = Some(d);
            }
            continue;
        };
        let before = d.w.clone();
        let seq = std::mem::replace(&mut d.seq, arrival.seq);
        if let Err(sentence) = observe::observe(d, arrival) {
            refused.push((arrival.id.clone(), sentence));
        }
        // A fact that changes nothing and refuses nobody needs no row.
        if d.w != before || !d.taken.is_empty() || refused.last().is_some_and(|(id, _)| *id == arrival.id) {
            rows.push(d.row(arrival));
        } else {
            // Replay does not see it: nothing may be bound to its place.
            d.seq = seq;
        }
    }
    let mut d = deciding?;
    d.advance();
    let waits = d.note_waits();
    let (effects, withdrawn) = d.orders(current.map_or(0, |w| w.version) + i64::try_from(rows.len()).unwrap_or(0));
    // Time alone may enable something (a deadline in the very moment another fact comes): it belongs to the last row.
    let Some(last) = rows.last_mut() else {
        let next = current.cloned()?;
        return Some(Decision {
            next,
            rows,
            effects: Vec::new(),
            withdrawn: Vec::new(),
            refused,
            waits,
        });
    };
    last.transitions.append(&mut d.taken);
    last.notes.append(&mut d.notes);
    last.decided = true;
    d.w.version += i64::try_from(rows.len()).unwrap_or(0);
    if let Some(last) = rows.last_mut() {
        last.state_hash = state_hash(&d.w);
    }
    for (seq, row) in (current.map_or(0, |w| w.version) + 1..).zip(rows.iter_mut()) {
        row.seq = seq;
    }
    Some(Decision {
        next: d.w,
        rows,
        effects,
        withdrawn,
        refused,
        waits,
    })
}

/// SHA-256 of a state.
#[must_use]
pub fn state_hash(workflow: &Workflow) -> String {
    hex::encode(Sha256::digest(
        serde_json::to_vec(workflow).expect("the state has only string keys"),
    ))
}
