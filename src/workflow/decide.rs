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
mod observe;
mod outcome;
mod people;
mod track;
mod wanted;

/// Questions about the state that the waits ask as well.
pub(super) mod seen {
    pub(in crate::workflow) use super::begin::other_work;
    pub(in crate::workflow) use super::track::{dependencies_merged, next_to_merge, over_budget, slot_free};
    pub(in crate::workflow) use super::wanted::{by_chance, closed_by_a_person, plan_waits_for_a_person};
}

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::fact::{Arrival, Fact};
use super::ids::{Person, PhaseNumber};
use super::model::Workflow;
use super::order::Order;
use super::state::{self, Baton, State, Taken};
use super::waits::{self, Waiting};
use crate::clock::Millis;

/// The version of this core. Rows decided by another version are not decided again by `replay`.
pub const CORE_VERSION: i64 = 2;

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

/// A workflow while it is being decided.
struct Deciding {
    w: Workflow,
    now: Millis,
    /// Inbox seq of the fact being observed.
    seq: i64,
    /// Transitions since the last row.
    taken: Vec<Taken>,
    notes: Vec<Note>,
}

impl Deciding {
    fn new(w: Workflow, now: Millis) -> Self {
        Self {
            w,
            now,
            seq: 0,
            taken: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The row of a fact just observed.
    fn row(&mut self, arrival: &Arrival) -> Row {
        Row {
            seq: 0,
            arrival: arrival.clone(),
            transitions: std::mem::take(&mut self.taken),
            notes: std::mem::take(&mut self.notes),
            phase: phase_of(&self.w, &arrival.fact),
            actor: actor_of(&arrival.fact),
            decided: false,
            state_hash: state_hash(&self.w),
        }
    }

    /// Takes enabled transitions until none is left.
    fn advance(&mut self) {
        let now = self.now;
        self.w.troubles.retain(|_, t| t.until.is_none_or(|until| until > now));
        for _ in 0..ROUNDS_MAX {
            if !advance::once(self) {
                return;
            }
        }
        advance::pause(
            self,
            None,
            "Millhand found itself going in circles. That is a bug of Millhand: please report it with this workflow's log.",
        );
    }

    /// Computes the waits and remembers since when each lasts.
    fn note_waits(&mut self) -> Vec<Waiting> {
        let mut found = waits::waits(&self.w, self.now);
        let since: BTreeMap<String, Millis> = found
            .iter()
            .map(|wait| {
                (
                    wait.key.clone(),
                    self.w.waiting_since.get(&wait.key).copied().unwrap_or(self.now),
                )
            })
            .collect();
        for wait in &mut found {
            wait.since = since.get(&wait.key).copied().unwrap_or(self.now);
        }
        self.w
            .needs
            .retain(|key, need| since.contains_key(key) || need.comment.is_some());
        self.w.waiting_since = since;
        found
    }

    /// The orders to give and to withdraw, so that exactly those wanted are out.
    fn orders(&mut self, version: i64) -> (Vec<(String, Order)>, Vec<String>) {
        let mut wanted = wanted::wanted(&self.w, self.now);
        let mut withdrawn = Vec::new();
        self.w.outstanding.retain(|key, order| {
            if let Some(place) = wanted.iter().position(|o| o == order) {
                wanted.swap_remove(place);
                true
            } else {
                withdrawn.push(key.clone());
                false
            }
        });
        let outstanding = &self.w.outstanding;
        self.w.delays.retain(|key, _| outstanding.contains_key(key));
        wanted.sort();
        wanted.dedup();
        let effects: Vec<(String, Order)> = wanted
            .into_iter()
            .enumerate()
            .map(|(index, order)| (format!("{}-{version}-{index}", self.w.id), order))
            .collect();
        self.w.outstanding.extend(effects.iter().cloned());
        (effects, withdrawn)
    }

    /// Records a transition of the workflow's baton.
    fn take(&mut self, number: u8, (from, to): (State, State), cause: &str, actor: Option<String>) {
        let data = hand_over(&self.w, None, from, to);
        self.taken.push(Taken {
            number,
            from,
            to,
            phase: None,
            cause: cause.to_owned(),
            actor,
            data,
        });
    }

    /// Moves the workflow's baton along these hops. A pair that is not in the table moves nothing: the callers take their
    /// routes from the table, and a test walks all of them.
    fn move_workflow(&mut self, hops: &[State], cause: &str, by: Option<&Person>) -> bool {
        for to in hops {
            let Baton::Whole(from) = self.w.baton else { return false };
            let Ok(number) = state::go(from, *to, false) else {
                return false;
            };
            self.w.baton = Baton::Whole(*to);
            self.take(number, (from, *to), cause, by.map(|p| p.login.clone()));
        }
        true
    }

    /// Moves a phase's baton along these hops.
    fn move_phase(&mut self, phase: PhaseNumber, hops: &[State], cause: &str, by: Option<&Person>) -> bool {
        for to in hops {
            let Some(p) = self.w.phases.get_mut(&phase) else {
                return false;
            };
            let from = p.state;
            let Ok(number) = state::go(from, *to, true) else {
                return false;
            };
            p.state = *to;
            let data = hand_over(&self.w, Some(phase), from, *to);
            self.taken.push(Taken {
                number,
                from,
                to: *to,
                phase: Some(phase),
                cause: cause.to_owned(),
                actor: by.map(|p| p.login.clone()),
                data,
            });
        }
        true
    }
}

/// What is handed over when the role changes: references, never big values.
fn hand_over(w: &Workflow, phase: Option<PhaseNumber>, from: State, to: State) -> serde_json::Value {
    if from.role() == to.role() || to.role().is_none() {
        return serde_json::Value::Null;
    }
    let track = phase.map_or(Some(&w.release), |n| w.phases.get(&n).map(|p| &p.track));
    serde_json::json!({
        "issue": w.issue.number,
        "requirements": w.requirements.as_ref().map(|r| r.criteria.len()),
        "plan": w.plan.as_ref().map(|p| &p.hash),
        "phase": phase.and_then(|n| w.phases.get(&n)).map(|p| &p.plan.id),
        "branch": track.map(|t| &t.branch).filter(|b| !b.is_empty()),
        "head": track.and_then(|t| t.head.as_ref()),
        "change": track.and_then(|t| t.change.as_ref().map(|c| &c.blob).or(t.pushed.last())),
        "pull_request": track.and_then(|t| t.pull.as_ref()).map(|p| p.number),
        "diagnosis": track.and_then(|t| t.diagnosis.as_ref()).map(|d| &d.explanation),
        "verdict": track.and_then(|t| t.verdict.as_ref()).map(|(_, v)| &v.summary),
    })
}

fn phase_of(w: &Workflow, fact: &Fact) -> Option<PhaseNumber> {
    let pull = match fact {
        Fact::Pull(view) => view.number,
        Fact::Review(view) => view.pull,
        Fact::Checks(view) => {
            return w
                .phases
                .iter()
                .find(|(_, p)| p.track.head.as_ref() == Some(&view.head))
                .map(|(n, _)| *n);
        }
        Fact::Comment(view) => match view.on {
            super::fact::Thread::Pull(number) => number,
            super::fact::Thread::Issue => return None,
        },
        Fact::Started(_)
        | Fact::Look(_)
        | Fact::Issue(_)
        | Fact::Timeline(_)
        | Fact::CommentGone { .. }
        | Fact::Heads(_)
        | Fact::Commanded(_)
        | Fact::Done(_)
        | Fact::Broken { .. }
        | Fact::Delayed(_) => return None,
    };
    w.target_of_pull(pull).and_then(super::fact::Target::phase)
}

fn actor_of(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Started(start) => Some(start.by.login.clone()),
        Fact::Timeline(event) => Some(event.by.login.clone()),
        Fact::Comment(view) => Some(view.by.login.clone()),
        Fact::Review(view) => Some(view.by.login.clone()),
        Fact::Commanded(_) => Some(Person::operator().login),
        Fact::Look(_)
        | Fact::Issue(_)
        | Fact::CommentGone { .. }
        | Fact::Pull(_)
        | Fact::Checks(_)
        | Fact::Heads(_)
        | Fact::Done(_)
        | Fact::Broken { .. }
        | Fact::Delayed(_) => None,
    }
}
