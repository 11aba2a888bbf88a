//! Commands, carried out on the state. Whoever gives them is known to be allowed to.

mod approve;
mod choose;
mod retry;
mod rollback;

use self::approve::approve;
use self::choose::{hold, skip, unhold};
use self::retry::{Again, retry};
use super::people::drop_plan;
use super::{Deciding, advance, observe};
use crate::clock::Millis;
use crate::workflow::command::{Command, PhaseRef};
use crate::workflow::fact::{Target, Thread};
use crate::workflow::guarded::{self, Guard};
use crate::workflow::ids::{MicroUsd, Person};
use crate::workflow::model::{End, TroubleKind, Workflow};
use crate::workflow::state::{Baton, State};
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
    if d.w.ended.is_some() && !after_the_end(&d.w, command) {
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

/// Whether an ended workflow still obeys: what is released can be taken back.
fn after_the_end(w: &Workflow, command: &Command) -> bool {
    let released = w.ended == Some(End::Complete);
    match command {
        Command::Status | Command::Help => true,
        Command::Rollback { .. } => released,
        Command::Approve { .. } | Command::Resume => released && w.rollback.is_some(),
        Command::Start
        | Command::Revise { .. }
        | Command::Retry { .. }
        | Command::Skip { .. }
        | Command::Hold { .. }
        | Command::Unhold { .. }
        | Command::Budget { .. }
        | Command::Pause
        | Command::Cancel => false,
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
    if d.w.taking_back_early() {
        return Err("What was merged is being taken back; the plan can be revised when that is done.".to_owned());
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
