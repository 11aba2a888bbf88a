//! Choosing among phases: one is left out, one is held, one begins anew.
//!
//! Invariant: what is merged is not chosen any more, and nothing is left out on which something is still to be built.

use super::super::seen::next_to_take_out;
use super::super::{Deciding, advance};
use super::{From, find};
use crate::workflow::command::PhaseRef;
use crate::workflow::fact::{Target, Thread};
use crate::workflow::ids::PhaseNumber;
use crate::workflow::model::{Fate, Workflow};
use crate::workflow::state::{self, Baton, State};

/// Only phases that have begun and are not merged begin afresh, and only while phases are at work.
pub(super) fn may_begin_afresh(w: &Workflow, targets: &[Target]) -> Result<(), String> {
    if w.baton != Baton::Forked || targets.is_empty() {
        return Err("No phase is at work; `fresh` is for a phase that has begun.".to_owned());
    }
    for target in targets {
        let Some(phase) = target.phase().and_then(|n| w.phases.get(&n)) else {
            return Err("The release cannot be started afresh; name a phase.".to_owned());
        };
        if phase.frozen || state::route_afresh(phase.state).is_none() && phase.state != State::Implementation {
            return Err(format!(
                "Phase `{}` has not begun; there is nothing to begin afresh.",
                phase.plan.id
            ));
        }
    }
    Ok(())
}

/// Leaves a phase out.
pub(super) fn skip(d: &mut Deciding, phase: &PhaseRef, from: &From) -> Result<(), String> {
    if d.w.baton != Baton::Forked {
        return Err("No phase is at work; `/revise` changes a plan that waits for its approval.".to_owned());
    }
    let Target::Phase(number) = find(&d.w, phase)? else {
        return Err("Only phases are left out.".to_owned());
    };
    if next_to_take_out(&d.w) == Some(number) {
        return taken_out_by_hand(d, number, from);
    }
    let Some(phase) = d.w.phases.get(&number) else { return Ok(()) };
    match phase.fate {
        Fate::Merged => return Err("That is merged already.".to_owned()),
        Fate::Skipped(_) => return Err("That is left out already.".to_owned()),
        Fate::Open | Fate::Failed | Fate::RolledBack => {}
    }
    let others: Vec<_> =
        d.w.phases
            .iter()
            .filter(|(n, p)| **n != number && !matches!(p.fate, Fate::Skipped(_)))
            .collect();
    let depends = others
        .iter()
        .find(|(_, p)| p.plan.depends_on.contains(&number) && p.fate != Fate::Merged);
    if let Some((_, other)) = depends {
        let id = &other.plan.id;
        return Err(format!(
            "Phase `{id}` depends on it; `/skip {id}` first, or `/revise` the plan."
        ));
    }
    if others.is_empty() {
        return Err("It is the last phase left; `/cancel` ends the work.".to_owned());
    }
    if let Some(phase) = d.w.phases.get_mut(&number) {
        phase.frozen = false;
        phase.fate = Fate::Skipped(format!("{} left it out", from.by.login));
    }
    advance::clear_troubles(d, |t| t.target == Some(Target::Phase(number)));
    Ok(())
}

/// A rollback goes on behind a phase that a person took out of the branch.
fn taken_out_by_hand(d: &mut Deciding, number: PhaseNumber, from: &From) -> Result<(), String> {
    if let Some(phase) = d.w.phases.get_mut(&number) {
        phase.fate = Fate::Skipped(format!("{} took it out", from.by.login));
    }
    advance::clear_troubles(d, |t| t.target == Some(Target::Phase(number)));
    Ok(())
}

/// Nothing is merged until `/unhold`: the named phase, the pull request's, or all of it.
pub(super) fn hold(d: &mut Deciding, phase: Option<&PhaseRef>, from: &From) -> Result<(), String> {
    let target = place(&d.w, phase, from)?;
    if d.w.phases.is_empty() {
        return Err("There is nothing to hold yet: no plan was approved.".to_owned());
    }
    if target.and_then(|t| d.w.track(t)).is_some_and(|t| t.merged.is_some()) {
        return Err("That is merged already.".to_owned());
    }
    let held = match target.and_then(|t| d.w.track_mut(t)) {
        Some(track) => &mut track.held,
        None => &mut d.w.held,
    };
    if held.is_some() {
        return Err("It is held already; `/unhold` lets it go on.".to_owned());
    }
    *held = Some(from.by.login.clone());
    Ok(())
}

/// Ends what `/hold` began: in a pull request there, on the issue everywhere.
pub(super) fn unhold(d: &mut Deciding, phase: Option<&PhaseRef>, from: &From) -> Result<(), String> {
    let target = place(&d.w, phase, from)?;
    let mut held = Vec::new();
    for place in target.map_or_else(|| d.w.targets(), |t| vec![t]) {
        held.extend(d.w.track_mut(place).and_then(|track| track.held.take()));
    }
    if target.is_none() {
        held.extend(d.w.held.take());
    }
    match (held.is_empty(), &d.w.held) {
        (false, _) => Ok(()),
        (true, Some(_)) => Err("All of the work is held; write `/unhold` in the issue.".to_owned()),
        (true, None) => Err("Nothing is held here.".to_owned()),
    }
}

/// What a command without a name is about; `None`: all of it.
fn place(w: &Workflow, phase: Option<&PhaseRef>, from: &From) -> Result<Option<Target>, String> {
    Ok(match (phase, from.on) {
        (Some(phase), _) => Some(find(w, phase)?),
        (None, Some(Thread::Pull(number))) => w.target_of_pull(number),
        (None, Some(Thread::Issue) | None) => None,
    })
}
