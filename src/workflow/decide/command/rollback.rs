//! `/rollback`: what is to be taken back, asked about first where something is merged.
//!
//! Invariant: nothing merged is taken back that a person has not seen listed and confirmed.

use std::collections::BTreeSet;

use super::super::rollback::{begin, is_begun};
use super::super::{Deciding, revert};
use super::{From, find};
use crate::workflow::command::RollbackWhat;
use crate::workflow::ids::{PhaseNumber, Sha};
use crate::workflow::model::{Approval, End, Fate, Phase, Rollback, Scope, Workflow};
use crate::workflow::settings::MergeMethod;
use crate::workflow::state::{Baton, State};
use crate::workflow::text::{release_is_merge_commit, revert_of};

/// Takes back what was built. `Ok` is the list that is shown where it has to be confirmed.
pub(super) fn rollback(d: &mut Deciding, what: &RollbackWhat, from: &From) -> Result<Option<String>, String> {
    if is_begun(&d.w) || d.w.reverting().is_some() {
        return Err("A rollback is under way; the status comment tells how far it is.".to_owned());
    }
    let scope = scope_of(&d.w, what)?;
    ask(d, scope, from)
}

/// Shows what would be taken back, or does it where nothing is merged.
fn ask(d: &mut Deciding, scope: Scope, from: &From) -> Result<Option<String>, String> {
    if d.w.ended.is_some() {
        return after_the_release(d, scope, from).map(Some);
    }
    if d.w.release.merged.is_some() {
        return Err("The release is merged; please try again once the work is complete.".to_owned());
    }
    if d.w.phases.is_empty() {
        return nothing_built(d, scope, from);
    }
    if replanning(&d.w) && scope != Scope::All {
        return Err("The plan is being made anew; `/rollback all` takes everything back.".to_owned());
    }
    let phases = concerned(&d.w, scope);
    if phases.is_empty() && scope != Scope::All {
        return Err("Nothing of that is left to take back.".to_owned());
    }
    let merged: Vec<&Phase> = phases
        .iter()
        .filter_map(|n| d.w.phases.get(n))
        .filter(|p| p.fate == Fate::Merged)
        .collect();
    let listed: Vec<Sha> = merged
        .iter()
        .filter_map(|p| p.track.merged.as_ref())
        .map(|m| m.sha.clone())
        .collect();
    let shown = (!merged.is_empty()).then(|| list(&d.w, &phases));
    let nothing_merged = shown.is_none();
    d.w.rollback = Some(asked(scope, phases, listed, from));
    if nothing_merged {
        do_it(d, from);
    }
    Ok(shown)
}

fn scope_of(w: &Workflow, what: &RollbackWhat) -> Result<Scope, String> {
    Ok(match what {
        RollbackWhat::All => Scope::All,
        RollbackWhat::Plan => Scope::Plan,
        RollbackWhat::Phase(phase) => match find(w, phase)?.phase() {
            Some(number) => Scope::Phase(number),
            None => return Err("Name a phase, `plan` or `all`.".to_owned()),
        },
    })
}

fn asked(scope: Scope, phases: Vec<PhaseNumber>, listed: Vec<Sha>, from: &From) -> Rollback {
    Rollback {
        scope,
        phases,
        listed,
        by: from.by.clone(),
        comment: from.comment,
        at: from.at,
        confirmed: None,
    }
}

/// What is released is taken back by pull requests that people merge. The list is shown first.
fn after_the_release(d: &mut Deciding, scope: Scope, from: &From) -> Result<String, String> {
    if scope == Scope::Plan {
        return Err("The work is released; `/rollback all` or `/rollback <phase>` takes it back.".to_owned());
    }
    let alone = d.w.is_direct() || (release_is_merge_commit(&d.w) && d.w.settings.merge.phases != MergeMethod::Rebase);
    if scope != Scope::All && !alone {
        return Err("No commit on the default branch is that phase's alone; `/rollback all` takes everything back.".to_owned());
    }
    let mut rollback = asked(scope, concerned(&d.w, scope), Vec::new(), from);
    let reverts = revert::list(&d.w, &rollback);
    rollback.listed = reverts.iter().map(|r| r.commit.clone()).collect();
    if reverts.is_empty() {
        return Err("Nothing of that is left to take back.".to_owned());
    }
    let names: Vec<String> = reverts.iter().map(|r| revert_of(&d.w, r)).collect();
    d.w.rollback = Some(rollback);
    Ok(format!(
        "This takes back what is released, newest first, by a pull request each, which people merge: {}. `/approve rollback` does it; `/resume` leaves everything as it is.",
        names.join(", ")
    ))
}

/// The list was seen. What was merged since is not on it: then it is shown anew, and asked about again.
pub(super) fn confirm(d: &mut Deciding, from: &From) -> Result<(), String> {
    let Some(seen) = d.w.rollback.take() else { return Ok(()) };
    let asking = From {
        by: seen.by.clone(),
        comment: seen.comment,
        at: seen.at,
        on: None,
    };
    let Some(shown) = ask(d, seen.scope, &asking)? else {
        return Ok(());
    };
    let more = |now: &Rollback| now.listed.iter().any(|commit| !seen.listed.contains(commit));
    if d.w.rollback.as_ref().is_some_and(more) {
        return Err(format!("More was merged since that was listed. {shown}"));
    }
    do_it(d, from);
    Ok(())
}

/// It was confirmed, or there was nothing to list.
fn do_it(d: &mut Deciding, from: &From) {
    if d.w.ended.is_some() {
        return revert::begin(d, &from.by);
    }
    if let Some(rollback) = &mut d.w.rollback {
        rollback.confirmed = Some(Approval {
            by: Some(from.by.clone()),
            comment: from.comment,
            on: String::new(),
            at: from.at,
        });
    }
    begin(d);
}

/// Leaves everything as it is, if nothing was done yet. `false`: there was nothing to forget.
pub(super) fn forget(d: &mut Deciding) -> bool {
    d.w.rollback.take_if(|rollback| rollback.confirmed.is_none()).is_some()
}

/// Before anything was built there is a plan at most.
fn nothing_built(d: &mut Deciding, scope: Scope, from: &From) -> Result<Option<String>, String> {
    if scope != Scope::All {
        return Err("Nothing is built yet; `/revise <text>` sends the plan back.".to_owned());
    }
    d.w.ended = Some(End::RolledBack);
    d.w.paused = None;
    d.w.remarks
        .push(format!("{} took everything back before anything was built", from.by.login));
    Ok(None)
}

/// Whether the phases are frozen.
fn replanning(w: &Workflow) -> bool {
    matches!(
        w.baton,
        Baton::Whole(State::Discovery | State::Planning | State::HandoffToCoder)
    )
}

/// What is taken back: everything, or a phase with all that is built on it.
fn concerned(w: &Workflow, scope: Scope) -> Vec<PhaseNumber> {
    let mut found: BTreeSet<PhaseNumber> = match scope {
        Scope::Phase(number) => BTreeSet::from([number]),
        Scope::Plan | Scope::All => w.phases.keys().copied().collect(),
    };
    loop {
        let built_on = w
            .phases
            .iter()
            .filter(|(_, p)| p.plan.depends_on.iter().any(|n| found.contains(n)));
        let more: Vec<PhaseNumber> = built_on.map(|(n, _)| *n).filter(|n| !found.contains(n)).collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    let left = |number: &PhaseNumber| {
        w.phases.get(number).is_some_and(|p| match p.fate {
            Fate::Open | Fate::Failed | Fate::Merged => true,
            Fate::Skipped(_) | Fate::RolledBack => false,
        })
    };
    found.into_iter().filter(left).collect()
}

/// What will be done, for whoever asked for it.
fn list(w: &Workflow, phases: &[PhaseNumber]) -> String {
    let (mut merged, mut open): (Vec<&Phase>, Vec<&Phase>) = phases
        .iter()
        .filter_map(|n| w.phases.get(n))
        .partition(|p| p.fate == Fate::Merged);
    merged.sort_by_key(|p| std::cmp::Reverse(p.track.merged.as_ref().map(|m| (m.at, p.plan.number))));
    open.sort_by_key(|p| p.plan.number);
    let name = |p: &&Phase| {
        let pull = p
            .track
            .pull
            .as_ref()
            .map(|pull| format!(" (#{})", pull.number))
            .unwrap_or_default();
        format!("`{}`{pull}", p.plan.id)
    };
    let names = |list: &[&Phase]| list.iter().map(name).collect::<Vec<_>>().join(", ");
    let how = if w.is_direct() {
        "takes back what is merged, newest first, by a pull request each, which people merge"
    } else {
        "takes out of the integration branch, newest first, by a commit each"
    };
    let mut text = format!("This {how}: {}.", names(&merged));
    if !open.is_empty() {
        text.push_str(&format!(" And it closes what is not merged: {}.", names(&open)));
    }
    text.push_str(" `/approve rollback` does it; `/resume` leaves everything as it is.");
    text
}
