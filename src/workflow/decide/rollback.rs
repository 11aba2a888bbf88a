//! Taking back before the release: what is not merged is closed, what is merged is taken out of the integration branch,
//! newest first; then it rests, is planned anew, or ends. What a direct delivery has merged is taken back by pull requests.
//!
//! Invariant: while it goes on nothing is merged, and what other people committed stays.

use super::{Deciding, Note, advance, revert};
use crate::workflow::ids::PhaseNumber;
use crate::workflow::model::{End, Fate, Rollback, Scope, Workflow};
use crate::workflow::state::{Baton, State};

/// Whether a rollback was confirmed and is not done.
pub(in crate::workflow) fn is_begun(w: &Workflow) -> bool {
    w.rollback.as_ref().is_some_and(|rollback| rollback.confirmed.is_some())
}

/// The merged phase that is taken out next: the newest.
pub(in crate::workflow) fn next(w: &Workflow) -> Option<PhaseNumber> {
    let rollback = w.rollback.as_ref().filter(|rollback| rollback.confirmed.is_some())?;
    let merged = rollback
        .phases
        .iter()
        .filter_map(|n| w.phases.get(n))
        .filter(|p| p.fate == Fate::Merged);
    merged
        .max_by_key(|p| (p.track.merged.as_ref().map(|m| m.at), p.plan.number))
        .map(|p| p.plan.number)
}

/// It was confirmed: what is not merged is given up, and from the join the batons part again.
pub(super) fn begin(d: &mut Deciding) {
    let Some(rollback) = d.w.rollback.clone() else { return };
    for number in &rollback.phases {
        if let Some(phase) = d.w.phases.get_mut(number)
            && matches!(phase.fate, Fate::Open | Fate::Failed)
        {
            phase.fate = Fate::RolledBack;
            phase.track.change = None;
        }
    }
    let joined = !matches!(
        d.w.baton,
        Baton::Forked | Baton::Whole(State::Discovery | State::Planning | State::HandoffToCoder)
    );
    if joined && rollback.scope != Scope::All {
        d.w.baton = Baton::Forked;
        d.w.release_approved = None;
        d.w.notes = None;
        d.w.described = None;
        d.notes.push(Note::Forked);
    }
    advance::clear_troubles(d, |t| {
        t.target
            .and_then(crate::workflow::fact::Target::phase)
            .is_some_and(|n| rollback.phases.contains(&n))
    });
    if d.w.is_direct() && next(&d.w).is_some() {
        let by = rollback.confirmed.and_then(|approval| approval.by).unwrap_or(rollback.by);
        revert::begin(d, &by);
    }
}

/// Everything is taken back: on to what was asked for.
pub(super) fn finished(d: &mut Deciding) -> bool {
    if !is_begun(&d.w) || next(&d.w).is_some() {
        return false;
    }
    let Some(Rollback { scope, by, phases, .. }) = d.w.rollback.take() else {
        return false;
    };
    let names: Vec<String> = phases
        .iter()
        .filter_map(|n| d.w.phases.get(n))
        .map(|p| format!("`{}`", p.plan.id))
        .collect();
    d.w.remarks.push(format!("{} had taken back: {}", by.login, names.join(", ")));
    match scope {
        Scope::Phase(_) => {}
        Scope::Plan => advance::back_to_planning(d, None, "rolled back to the plan", Some(&by)),
        Scope::All => {
            d.w.ended = Some(End::RolledBack);
            d.w.paused = None;
        }
    }
    true
}
