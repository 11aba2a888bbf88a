//! Commands, carried out on the state. Whoever gives them is known to be allowed to.

mod approve;
mod choose;
mod rollback;

use self::approve::approve;
use self::choose::{hold, may_begin_afresh, skip, unhold};
use super::people::drop_plan;
use super::seen::rolling_back;
use super::wanted::closed_by_a_person;
use super::{Deciding, advance, observe, revert};
use crate::clock::Millis;
use crate::workflow::command::{Command, PhaseRef};
use crate::workflow::fact::{Target, Thread};
use crate::workflow::guarded::{self, Guard};
use crate::workflow::ids::{MicroUsd, Person};
use crate::workflow::model::{Attempts, End, Fate, TroubleKind, Workflow, WriteReason};
use crate::workflow::state::{self, Baton, State};
use crate::workflow::{command, policy};

/// Where a command comes from.
pub(super) struct From {
    /// Who gives it.
    pub(super) by: Person,
    /// The thread it stands in; `None`: the API.
    pub(super) on: Option<Thread>,
    /// The comment it stands in.
    pub(super) comment: Option<u64>,
    /// When it was written, by GitHub's clock.
    pub(super) at: Millis,
}

/// Carries a command out. `Ok` is what is to be replied, if anything.
///
/// # Errors
/// Why not, and what to do instead, in one sentence.
pub(super) fn apply(d: &mut Deciding, command: &Command, from: &From) -> Result<Option<String>, String> {
    let still = match command {
        Command::Status | Command::Help => true,
        Command::Rollback { .. } => d.w.ended == Some(End::Complete),
        Command::Approve { .. } | Command::Resume => d.w.ended == Some(End::Complete) && d.w.rollback.is_some(),
        _ => false,
    };
    if d.w.ended.is_some() && !still {
        return Err("This work has ended. Set the label anew or write `/start` to begin another round.".to_owned());
    }
    match command {
        Command::Start => start(d),
        Command::Status => {
            d.w.status.digest = None;
            let link =
                d.w.status
                    .comment
                    .as_ref()
                    .map(|c| format!("{}/issues/{}#issuecomment-{}", d.w.repository.url, d.w.issue.number, c.id));
            Ok(Some(link.map_or_else(
                || "The status comment is being written.".to_owned(),
                |l| format!("The status is here: {l}"),
            )))
        }
        Command::Approve { what, hash } => approve(d, what.as_ref(), hash.as_deref(), from).map(|()| None),
        Command::Revise { phase, text } => revise(d, phase.as_ref(), text, from).map(|()| None),
        Command::Retry { phase, fresh, hint } => {
            let again = Again {
                fresh: *fresh,
                hint: hint.as_deref(),
            };
            retry(d, phase.as_ref(), &again, from).map(|()| None)
        }
        Command::Rollback { what } => rollback::rollback(d, what, from),
        Command::Skip { phase } => skip(d, phase, from).map(|()| None),
        Command::Hold { phase } => hold(d, phase.as_ref(), from).map(|()| None),
        Command::Unhold { phase } => unhold(d, phase.as_ref(), from).map(|()| None),
        Command::Budget { amount } => budget(d, *amount).map(|()| None),
        Command::Pause => {
            if d.w.paused.is_some() {
                return Err("It is paused already; `/resume` goes on.".to_owned());
            }
            let why = format!("{} paused it; `/resume` goes on.", from.by.login);
            advance::pause(d, Some(from.by.clone()), &why);
            Ok(None)
        }
        Command::Resume => {
            if rollback::forget(d) && d.w.paused.is_none() {
                return Ok(None);
            }
            if d.w.paused.is_none() {
                return Err("It is not paused.".to_owned());
            }
            advance::resume(d);
            Ok(None)
        }
        Command::Cancel => {
            d.w.ended = Some(End::Cancelled);
            d.w.paused = None;
            d.w.remarks.push(format!("cancelled by {}", from.by.login));
            Ok(None)
        }
        Command::Help => {
            let context = policy::Context {
                app: &d.w.app,
                bots: &d.w.settings.triggers.bots,
            };
            Ok(Some(command::help(
                &policy::allowed(&from.by, &context),
                d.w.settings.commands.bare,
            )))
        }
    }
}

fn start(d: &mut Deciding) -> Result<Option<String>, String> {
    if d.w.paused.is_some() {
        advance::resume(d);
        return Ok(None);
    }
    Err("The work is under way already; `/status` tells where it stands.".to_owned())
}

/// The phase a person names.
pub(super) fn find(w: &Workflow, phase: &PhaseRef) -> Result<Target, String> {
    let found = w.phases.iter().find(|(n, p)| match phase {
        PhaseRef::Number(number) => n.0 == *number,
        PhaseRef::Id(id) => p.plan.id == *id,
    });
    let names = || {
        w.phases
            .values()
            .map(|p| format!("`{}`", p.plan.id))
            .collect::<Vec<_>>()
            .join(", ")
    };
    found.map(|(n, _)| Target::Phase(*n)).ok_or_else(|| match phase {
        _ if w.phases.is_empty() => "No phase is at work yet: the plan is being made, or waits for its approval.".to_owned(),
        PhaseRef::Number(number) => format!("There is no phase {number}; there are {}.", names()),
        PhaseRef::Id(id) => format!("There is no phase `{id}`; there are {}.", names()),
    })
}

/// Sends back what waits for approval: a phase's change of protected paths, or the plan.
fn revise(d: &mut Deciding, phase: Option<&PhaseRef>, text: &str, from: &From) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("Please say what to change: `/revise <text>`.".to_owned());
    }
    if let Some(phase) = phase {
        let target = find(&d.w, phase)?;
        if !shown_and_waiting(&d.w, target) {
            return Err("It has no change that waits for an approval; `/revise <text>` sends the plan back.".to_owned());
        }
        return revise_protected(d, target, text.trim(), from);
    }
    if let Some((target, text)) = protected_named(&d.w, text.trim(), from) {
        return revise_protected(d, target, text, from);
    }
    if d.w.released().merged.is_some() || d.w.reverting().is_some() {
        return Err("The release is merged; there is no plan left to revise.".to_owned());
    }
    d.w.revisions.push(text.trim().to_owned());
    let newer = d.w.issue.newer.take();
    match d.w.baton {
        Baton::Whole(State::Discovery) => {}
        Baton::Whole(State::Planning) => drop_plan(d),
        Baton::Whole(State::HandoffToCoder) if newer.is_some() => {} // the new text sends it back
        Baton::Whole(State::HandoffToCoder) => {
            drop_plan(d);
            d.move_workflow(&[State::Planning], "plan revised", Some(&from.by));
        }
        Baton::Whole(_) | Baton::Forked => advance::back_to_planning(d, None, "plan revised", Some(&from.by)),
    }
    if let Some(newer) = newer {
        observe::take_in(d, newer.title, newer.body, Some(&from.by));
    }
    Ok(())
}

/// The change of protected paths that a `/revise` is about: that of the phase which its first word names, or of the pull
/// request in which it stands.
fn protected_named<'a>(w: &Workflow, text: &'a str, from: &From) -> Option<(Target, &'a str)> {
    let waits = |target: &Target| shown_and_waiting(w, *target);
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let phase = word.parse().map_or_else(|_| PhaseRef::Id(word.to_owned()), PhaseRef::Number);
    let named = match word {
        "release" => Some(Target::Release),
        _ => find(w, &phase).ok(),
    };
    if let Some(target) = named.filter(waits) {
        return Some((target, rest.trim()));
    }
    let Some(Thread::Pull(number)) = from.on else { return None };
    w.target_of_pull(number).filter(waits).map(|target| (target, text))
}

fn shown_and_waiting(w: &Workflow, target: Target) -> bool {
    w.state_of(target) == Some(State::HandoffToTester) && matches!(guarded::guard(w, target), Guard::Waits(_))
}

/// 19: the writer writes it anew, with what the person said.
fn revise_protected(d: &mut Deciding, target: Target, text: &str, from: &From) -> Result<(), String> {
    if text.is_empty() {
        return Err("Please say what to change: `/revise <phase> <text>`.".to_owned());
    }
    let cause = "a person refused the protected change";
    if !d.move_target(target, &[State::Implementation], cause, Some(&from.by)) {
        return Ok(());
    }
    if let Some(track) = d.w.track_mut(target) {
        // What it was written for stays the reason.
        track.hints.push(text.to_owned());
        track.change = None;
        track.turn += 1;
    }
    Ok(())
}

/// How something is repeated.
struct Again<'a> {
    /// From scratch.
    fresh: bool,
    /// What to heed.
    hint: Option<&'a str>,
}

/// Repeats what failed or what is named.
fn retry(d: &mut Deciding, phase: Option<&PhaseRef>, how: &Again<'_>, from: &From) -> Result<(), String> {
    let targets: Vec<Target> = match (phase, from.on) {
        (Some(phase), _) => vec![find(&d.w, phase)?],
        (None, Some(Thread::Pull(number))) if d.w.target_of_pull(number).is_some() => {
            d.w.target_of_pull(number).into_iter().collect()
        }
        _ => d.w.targets().into_iter().filter(|t| failed(&d.w, *t)).collect(),
    };
    let general = d.w.troubles.values().any(|t| t.target.is_none());
    if targets.is_empty() && !general {
        return Err("Nothing has failed; name a phase to repeat it: `/retry <phase>`.".to_owned());
    }
    let taken_back = |t: &Target| {
        t.phase()
            .and_then(|n| d.w.phases.get(&n))
            .is_some_and(|p| p.fate == Fate::RolledBack)
    };
    if targets.iter().any(taken_back) && rolling_back(&d.w) {
        return Err("The rollback is under way; please try again when it is done.".to_owned());
    }
    if let [one] = targets.as_slice()
        && d.w.track(*one).is_some_and(|t| t.merged.is_some())
        && !taken_back(one)
        && !d.w.troubles.values().any(|t| t.target == Some(*one))
    {
        return Err("That is merged already.".to_owned());
    }
    if d.w.reverting().is_some() && phase.is_some() {
        return Err("The release is being taken back; `/retry` tries that again.".to_owned());
    }
    let mut phases = targets.iter().filter_map(|t| d.w.phases.get(&t.phase()?));
    if phases.any(|p| matches!(p.fate, Fate::Skipped(_))) {
        return Err("That was left out; `/revise` brings it back into the plan.".to_owned());
    }
    if how.fresh {
        may_begin_afresh(&d.w, &targets)?;
    }
    advance::clear_troubles(d, |t| t.target.is_none() || t.target.is_some_and(|t| targets.contains(&t)));
    for target in targets {
        again(d, target, how, &from.by);
    }
    Ok(())
}

fn failed(w: &Workflow, target: Target) -> bool {
    if w.track(target).is_some_and(|t| t.merged.is_none() && closed_by_a_person(t)) {
        return true;
    }
    let gave_up = target
        .phase()
        .and_then(|n| w.phases.get(&n))
        .is_some_and(|p| p.fate == Fate::Failed);
    let release_gave_up = target == Target::Release && w.release.gave_up;
    gave_up || release_gave_up || w.troubles.values().any(|t| t.target == Some(target))
}

/// From the last good point: what stands is kept, the step that failed is done again with attempts anew.
fn again(d: &mut Deciding, target: Target, how: &Again<'_>, by: &Person) {
    let (state, hint) = (d.state_of(target), how.hint);
    let closed = d.w.track(target).is_some_and(closed_by_a_person);
    let taken_back = target
        .phase()
        .and_then(|n| d.w.phases.get(&n))
        .is_some_and(|p| p.fate == Fate::RolledBack);
    if let (Target::Phase(number), true) = (target, closed || how.fresh || taken_back) {
        if let Some(track) = d.w.track_mut(target) {
            track
                .hints
                .extend(hint.map(|h| h.trim().to_owned()).filter(|h| !h.is_empty()));
        }
        return advance::afresh(d, number, "phase restarted from scratch", Some(by));
    }
    if target == Target::Release && d.w.reverting().is_some() {
        if closed {
            return revert::afresh(d);
        }
        if d.w.release.pull.is_none() {
            return revert::again(d);
        }
    }
    if let Target::Phase(number) = target
        && let Some(phase) = d.w.phases.get_mut(&number)
        && phase.fate == Fate::Failed
    {
        phase.fate = Fate::Open;
    }
    let Some(track) = d.w.track_mut(target) else { return };
    track.gave_up = false;
    track.attempts = Attempts::default();
    track.reruns.clear();
    track
        .hints
        .extend(hint.map(|h| h.trim().to_owned()).filter(|h| !h.is_empty()));
    match state {
        Some(State::Implementation) => track.turn += 1,
        Some(State::HandoffToTester | State::Testing | State::HandoffToVerifier) => {
            track.diagnosis = None;
            if hint.is_some() {
                track.reason = if track.failures.is_some() {
                    WriteReason::Checks
                } else {
                    WriteReason::Hint
                };
                track.turn += 1;
                if let Some(route) = state.and_then(state::route_to_writer) {
                    d.move_target(target, route, "retried with a hint", Some(by));
                }
            } else {
                track.failures = None;
                track.look = Some(track.look.unwrap_or(0));
            }
        }
        Some(State::Verification) => {
            track.verify_turn += 1;
            track.verdict = None;
        }
        _ => track.look = Some(track.look.unwrap_or(0)),
    }
}

/// Sets the cap.
fn budget(d: &mut Deciding, amount: MicroUsd) -> Result<(), String> {
    if amount < d.w.cost.spent {
        return Err(format!("{} are spent already; the cap cannot be below that.", d.w.cost.spent));
    }
    if amount > d.w.budget_max {
        return Err(format!("The operator allows at most {}.", d.w.budget_max));
    }
    d.w.budget = amount;
    advance::clear_troubles(d, |t| t.kind == TroubleKind::Budget);
    Ok(())
}
