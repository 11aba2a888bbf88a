//! People press buttons of our check runs.
//!
//! Invariant: a press does what its button says only as long as the state offers that very button on that very commit, so that
//! what was seen is what is done, and what is told twice is done once.

use super::Deciding;
use super::command::From;
use super::people::{context, note_refusal, obey};
use crate::workflow::command::{Command, Manner, Refusal};
use crate::workflow::fact::{Press, Target, Thread};
use crate::workflow::ids::Person;
use crate::workflow::model::{Track, Workflow};
use crate::workflow::policy;
use crate::workflow::text::check;
use crate::workflow::waits::waits;

/// A button was pressed.
///
/// # Errors
/// Why nothing came of it.
pub(super) fn pressed(d: &mut Deciding, press: &Press) -> Result<(), String> {
    let command = check::command(&press.button);
    let Err(refusal) = judge(d, press, command.as_ref()) else {
        return Ok(());
    };
    note_refusal(d, &press.by, command.as_ref(), &refusal.sentence);
    if let Some(target) = of_head(&d.w, press).filter(|_| is_told(&press.by, &refusal))
        && let Some(track) = d.w.track_mut(target)
    {
        // There is no comment to answer: the check run that was pressed says it.
        let sentence = format!("{} pressed a button here. {}", press.by.login, refusal.sentence);
        track.told = Some((press.head.clone(), sentence));
    }
    Err(refusal.sentence)
}

/// Whoever GitHub shows the button hears why it did nothing.
fn is_told(by: &Person, refusal: &Refusal) -> bool {
    by.writes() && !by.bot && refusal.manner == Manner::Reply
}

/// Obeys it as if it were written in the pull request, if it is still what is offered there.
fn judge(d: &mut Deciding, press: &Press, command: Option<&Command>) -> Result<(), Refusal> {
    let Some(command) = command else {
        return Err(Refusal::reply("There is no such button."));
    };
    policy::may(&press.by, command, &context(&d.w))?;
    let pull = |w: &Workflow, target| w.track(target).and_then(|t| t.pull.as_ref()).map(|p| p.number);
    let target = of_head(&d.w, press);
    let from = From {
        by: press.by.clone(),
        on: target.and_then(|target| pull(&d.w, target)).map(Thread::Pull),
        comment: None,
        at: press.at,
    };
    if d.w.ended.is_some() {
        return obey(d, command, &from).map(|_| ());
    }
    let Some(target) = target else {
        return Err(Refusal::reply(elsewhere(&d.w, press)));
    };
    let offered = check::buttons(&d.w, target, &waits(&d.w, d.now));
    if !offered.iter().any(|button| button.identifier == press.button) {
        return Err(Refusal::reply(out_of_date(command)));
    }
    obey(d, command, &from)?;
    if let Some(track) = d.w.track_mut(target) {
        track.told = None;
        // An approval names what it is given on; everything else can be pressed again when it is offered again.
        track.presses += u32::from(!matches!(command, Command::Approve { .. }));
    }
    Ok(())
}

/// The target that the check run's commit is the head of, as long as it is not merged.
fn of_head(w: &Workflow, press: &Press) -> Option<Target> {
    let is = |track: &Track| track.merged.is_none() && track.head.as_ref() == Some(&press.head);
    w.targets().into_iter().find(|target| w.track(*target).is_some_and(is))
}

fn elsewhere(w: &Workflow, press: &Press) -> String {
    let merged = |track: &Track| track.merged.is_some() && track.head.as_ref() == Some(&press.head);
    if w.targets().into_iter().filter_map(|t| w.track(t)).any(merged) {
        return "That is merged already.".to_owned();
    }
    "That commit is not the newest any more; the check run of the newest one has the buttons that count.".to_owned()
}

fn out_of_date(command: &Command) -> &'static str {
    match command {
        Command::Approve { .. } => "That does not wait for an approval now.",
        Command::Retry { .. } => "That is not stuck, or was tried again already.",
        Command::Hold { .. } => "That is held already, or was let go again since.",
        Command::Unhold { .. } => "That is not held, or was held again since.",
        Command::Start
        | Command::Status
        | Command::Revise { .. }
        | Command::Rollback { .. }
        | Command::Skip { .. }
        | Command::Budget { .. }
        | Command::Pause
        | Command::Resume
        | Command::Cancel
        | Command::Help => "There is no such button.",
    }
}
