//! A decision being taken: the state, what was moved, who did it.
//!
//! Invariant: a baton moves only here, by `state::go`, and every move is written down.

use std::collections::BTreeMap;

use super::super::fact::{Arrival, Fact, Press};
use super::super::ids::{Person, PhaseNumber};
use super::super::model::{Track, Workflow};
use super::super::order::Order;
use super::super::state::{self, Baton, State, Taken};
use super::super::waits::{self, Waiting};
use super::{Note, ROUNDS_MAX, Row, state_hash};
use super::{advance, wanted};
use crate::clock::Millis;

/// A workflow while it is being decided.
pub(super) struct Deciding {
    pub(super) w: Workflow,
    pub(super) now: Millis,
    /// Inbox seq of the fact being observed.
    pub(super) seq: i64,
    /// Transitions since the last row.
    pub(super) taken: Vec<Taken>,
    pub(super) notes: Vec<Note>,
}

impl Deciding {
    pub(super) fn new(w: Workflow, now: Millis) -> Self {
        Self {
            w,
            now,
            seq: 0,
            taken: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The row of a fact just observed.
    pub(super) fn row(&mut self, arrival: &Arrival) -> Row {
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
    pub(super) fn advance(&mut self) {
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
    pub(super) fn note_waits(&mut self) -> Vec<Waiting> {
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
    pub(super) fn orders(&mut self, version: i64) -> (Vec<(String, Order)>, Vec<String>) {
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
    pub(super) fn take(&mut self, number: u8, (from, to): (State, State), cause: &str, actor: Option<String>) {
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
    pub(super) fn move_workflow(&mut self, hops: &[State], cause: &str, by: Option<&Person>) -> bool {
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
    pub(super) fn move_phase(&mut self, phase: PhaseNumber, hops: &[State], cause: &str, by: Option<&Person>) -> bool {
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
            super::super::fact::Thread::Pull(number) => number,
            super::super::fact::Thread::Issue => return None,
        },
        Fact::Pressed(press) => return pressed_phase(w, press),
        Fact::Started(_)
        | Fact::Look(_)
        | Fact::Issue(_)
        | Fact::Timeline(_)
        | Fact::CommentGone { .. }
        | Fact::Heads(_)
        | Fact::Configured(_)
        | Fact::Commanded(_)
        | Fact::Done(_)
        | Fact::Broken { .. }
        | Fact::Delayed(_) => return None,
    };
    w.target_of_pull(pull).and_then(super::super::fact::Target::phase)
}

/// The phase whose commit a check run was about, now or before.
fn pressed_phase(w: &Workflow, press: &Press) -> Option<PhaseNumber> {
    let about = |track: &Track| track.head.as_ref() == Some(&press.head) || track.former.contains(&press.head);
    w.phases.iter().find(|(_, p)| about(&p.track)).map(|(n, _)| *n)
}

fn actor_of(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Started(start) => Some(start.by.login.clone()),
        Fact::Timeline(event) => Some(event.by.login.clone()),
        Fact::Comment(view) => Some(view.by.login.clone()),
        Fact::Review(view) => Some(view.by.login.clone()),
        Fact::Pressed(press) => Some(press.by.login.clone()),
        Fact::Commanded(_) => Some(Person::operator().login),
        Fact::Look(_)
        | Fact::Issue(_)
        | Fact::CommentGone { .. }
        | Fact::Pull(_)
        | Fact::Checks(_)
        | Fact::Heads(_)
        | Fact::Configured(_)
        | Fact::Done(_)
        | Fact::Broken { .. }
        | Fact::Delayed(_) => None,
    }
}
