//! The shapes that API and command line show; INTERFACE calls them workflow, phase, wait and cost.

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::Millis;
use crate::store::{EventRow, HandoffRow, WorkflowRow};
use crate::workflow::ci;
use crate::workflow::fact::Target;
use crate::workflow::model::{DeliveryKind, End, Fate, Phase, Workflow};
use crate::workflow::state::{Baton, State, Taken};
use crate::workflow::waits::{WaitKind, Waiting, What, waits};

/// A workflow as the API shows it; `None` if the stored state is not one of this version.
#[must_use]
pub fn workflow(row: &WorkflowRow, now: Millis) -> Option<Value> {
    let w: Workflow = serde_json::from_str(&row.state).ok()?;
    let waits = waits(&w, now);
    let list: Vec<Value> = waits.iter().map(wait).collect();
    let released = w.released();
    Some(json!({
        "id": row.id, "repository": row.repository_name, "issue": row.issue, "round": row.round,
        "title": w.issue.title, "state": row.shown_state, "forked": w.baton == Baton::Forked,
        "status": row.status, "reason": reason(&w), "waiting_for": list.first(), "waits": list,
        "delivery": w.delivery.as_ref().map(|d| match d.kind { DeliveryKind::Integration => "integration", DeliveryKind::Direct => "direct" }),
        "plan": { "version": w.plan.as_ref().map(|p| p.version), "hash": w.plan.as_ref().map(|p| &p.hash) },
        "release": { "pull_request": released.pull.as_ref().map(|p| p.number), "head": released.head, "merged": released.merged.as_ref().map(|m| &m.sha) },
        "phases": w.phases.values().map(|p| phase(&w, p, &waits)).collect::<Vec<_>>(),
        "cost": cost(&w), "created_at": row.created_at.rfc3339(), "updated_at": row.updated_at.rfc3339(),
    }))
}

/// All phases of a workflow.
#[must_use]
pub fn phases(row: &WorkflowRow, now: Millis) -> Option<Value> {
    workflow(row, now).map(|w| json!({ "phases": w["phases"], "next": null }))
}

/// A page of the raw log.
#[must_use]
pub fn events(rows: &[EventRow], next: Option<i64>) -> Value {
    let one = |row: &EventRow| {
        let fact: Value = serde_json::from_str(&row.fact).unwrap_or_default();
        let numbers: Vec<u8> = taken(row).iter().map(|t| t.number).collect();
        json!({ "seq": row.seq, "fact": fact, "phase": row.phase, "transitions": numbers, "notes": notes(row),
                "actor": row.actor, "at": row.at.rfc3339(), "hash": row.hash, "previous": row.previous })
    };
    json!({ "events": rows.iter().map(one).collect::<Vec<_>>(), "next": next })
}

/// A page of the transitions.
#[must_use]
pub fn history(rows: &[EventRow], next: Option<i64>) -> Value {
    let mut list = Vec::new();
    for row in rows {
        for t in taken(row) {
            list.push(
                json!({ "seq": row.seq, "number": t.number, "from": t.from, "to": t.to, "phase": t.phase, "cause": t.cause,
                              "actor": t.actor, "at": row.at.rfc3339() }),
            );
        }
    }
    json!({ "transitions": list, "next": next })
}

/// A page of the hand-offs.
#[must_use]
pub fn handoffs(rows: &[HandoffRow], next: Option<i64>) -> Value {
    let one = |h: &HandoffRow| {
        let data: Value = serde_json::from_str(&h.data).unwrap_or_default();
        json!({ "seq": h.seq, "from_role": h.from_role, "to_role": h.to_role, "from_state": h.from_state, "to_state": h.to_state,
                "phase": h.phase, "data": data, "at": h.at.rfc3339() })
    };
    json!({ "handoffs": rows.iter().map(one).collect::<Vec<_>>(), "next": next })
}

/// The status people see: `active` and `waiting` are computed, the others are decided.
#[must_use]
pub fn status(w: &Workflow, waits: &[Waiting]) -> &'static str {
    match w.ended {
        Some(End::Cancelled) => return "cancelled",
        Some(End::RolledBack) => return "rolled_back",
        Some(End::Complete) => return "complete",
        None => {}
    }
    if w.paused.is_some() {
        return "paused";
    }
    let stuck = w.baton == Baton::Forked
        && w.phases.values().any(|p| p.fate == Fate::Failed)
        && !w
            .phases
            .values()
            .any(|p| p.fate == Fate::Open && (p.track.from.is_some() || can_begin(w, p)));
    if stuck || w.release.gave_up {
        return "failed";
    }
    // A phase that waits for another one moves when that one does.
    let moves = |wait: &Waiting| wait.kind == WaitKind::Machine && wait.what != What::Dependency;
    let moving = waits.is_empty() || waits.iter().any(moves);
    if moving { "active" } else { "waiting" }
}

/// Whether nothing that failed stands before a phase.
fn can_begin(w: &Workflow, phase: &Phase) -> bool {
    phase.plan.depends_on.iter().all(|n| {
        w.phase(*n)
            .is_some_and(|p| p.fate != Fate::Failed && (p.fate != Fate::Open || can_begin(w, p)))
    })
}

/// What a row took and noted.
#[derive(Default, serde::Deserialize)]
struct Decided {
    taken: Vec<Taken>,
    #[serde(default)]
    notes: Vec<Value>,
}

fn decided(row: &EventRow) -> Decided {
    serde_json::from_str(&row.transitions).unwrap_or_default()
}

fn taken(row: &EventRow) -> Vec<Taken> {
    decided(row).taken
}

fn notes(row: &EventRow) -> Vec<Value> {
    decided(row).notes
}

fn reason(w: &Workflow) -> Option<String> {
    w.paused
        .as_ref()
        .map(|p| p.why.clone())
        .or_else(|| w.remarks.iter().find(|r| r.starts_with("cancelled")).cloned())
}

fn phase(w: &Workflow, p: &Phase, waits: &[Waiting]) -> Value {
    let t = &p.track;
    let status = match &p.fate {
        Fate::Failed => "failed",
        Fate::Skipped(_) => "skipped",
        Fate::Merged => "complete",
        Fate::RolledBack => "rolled_back",
        Fate::Open => {
            let mine = || waits.iter().filter(|wait| wait.phase == Some(p.plan.number));
            let begun = p.state != State::HandoffToCoder;
            if begun && mine().all(|wait| wait.kind == WaitKind::Machine) {
                "active"
            } else {
                "waiting"
            }
        }
    };
    let checks: Vec<Value> = t
        .checks
        .iter()
        .filter(|view| Some(&view.head) == t.head.as_ref())
        .flat_map(|view| &view.checks)
        .map(|c| json!({ "name": c.name, "app": c.app, "conclusion": c.conclusion }))
        .collect();
    let depends_on: Vec<&String> = p
        .plan
        .depends_on
        .iter()
        .filter_map(|n| w.phase(*n))
        .map(|d| &d.plan.id)
        .collect();
    json!({
        "id": p.plan.id, "number": p.plan.number, "title": p.plan.title, "state": p.state, "status": status,
        "depends_on": depends_on, "branch": t.branch, "base": t.base, "pull_request": t.pull.as_ref().map(|p| p.number),
        "head": t.head, "merged": t.merged.as_ref().map(|m| &m.sha),
        "attempts": { "validation": t.attempts.validation, "ci": t.attempts.ci, "verdict": t.attempts.verdict, "conflict": t.attempts.conflict },
        "checks": checks, "expected_checks": ci::foreseen(w, Target::Phase(p.plan.number)), "github_requests": t.requests,
    })
}

fn wait(wait: &Waiting) -> Value {
    #[derive(Serialize)]
    struct Shown<'a> {
        kind: WaitKind,
        what: crate::workflow::waits::What,
        phase: Option<crate::workflow::ids::PhaseNumber>,
        since: String,
        next_look: Option<String>,
        who: &'a str,
        command: &'a Option<String>,
        hash: &'a Option<String>,
        sentence: &'a str,
    }
    let shown = Shown {
        kind: wait.kind,
        what: wait.what,
        phase: wait.phase,
        since: wait.since.rfc3339(),
        next_look: wait.next_look.map(Millis::rfc3339),
        who: &wait.who,
        command: &wait.command,
        hash: &wait.hash,
        sentence: &wait.sentence,
    };
    serde_json::to_value(shown).unwrap_or_default()
}

fn cost(w: &Workflow) -> Value {
    let phases: u32 = w.phases.values().map(|p| p.track.requests).sum();
    json!({
        "spent_microusd": w.cost.spent, "reserved_microusd": w.cost.reserved, "cap_microusd": w.budget, "model_calls": w.cost.calls,
        "nominal": w.cost.nominal, "github_requests": w.requests + w.release.requests + phases, "notifications": w.notifications,
    })
}
