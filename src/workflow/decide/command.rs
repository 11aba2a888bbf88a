//! Commands, carried out on the state. Whoever gives them is known to be allowed to.

use super::people::drop_plan;
use super::wanted::closed_by_a_person;
use super::{Deciding, advance, observe};
use crate::clock::Millis;
use crate::workflow::command::{ApproveWhat, Command, PhaseRef};
use crate::workflow::fact::{Target, Thread};
use crate::workflow::ids::{MicroUsd, Person};
use crate::workflow::model::{Approval, Attempts, End, Fate, TroubleKind, Workflow, WriteReason};
use crate::workflow::state::{self, Baton, State};
use crate::workflow::waits::{self, What};
use crate::workflow::{command, policy, reviews};

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
    if d.w.ended.is_some() && !matches!(command, Command::Status | Command::Help) {
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
        Command::Revise { text } => revise(d, text, from).map(|()| None),
        Command::Retry { phase, hint } => retry(d, phase.as_ref(), hint.as_deref(), from).map(|()| None),
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

/// What an approval may concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Approvable {
    Plan,
    OtherWork,
    NoCi(Target),
    Review(Target),
    Release,
}

fn approve(d: &mut Deciding, what: Option<&ApproveWhat>, hash: Option<&str>, from: &From) -> Result<(), String> {
    let open = approvables(&d.w, d.now);
    let here: Vec<Approvable> = match (what, from.on) {
        (Some(ApproveWhat::Plan), _) => open.iter().copied().filter(|a| *a == Approvable::Plan).collect(),
        (Some(ApproveWhat::Release), _) => open.iter().copied().filter(|a| *a == Approvable::Release).collect(),
        (Some(ApproveWhat::Phase(phase)), _) => {
            let target = find(&d.w, phase)?;
            open.iter().copied().filter(|a| concerns(*a, target)).collect()
        }
        (None, Some(Thread::Pull(number))) => {
            let target = d.w.target_of_pull(number);
            open.iter()
                .copied()
                .filter(|a| target.is_some_and(|t| concerns(*a, t)))
                .collect()
        }
        (None, Some(Thread::Issue) | None) => open.clone(),
    };
    match here.as_slice() {
        [] if open.is_empty() => Err("Nothing waits for an approval now.".to_owned()),
        [] => Err(format!(
            "That does not wait for an approval now; this does: {}.",
            list(&d.w, &open)
        )),
        [one] => approve_one(d, *one, hash, from),
        several => Err(format!(
            "Several things wait for an approval: {}. Please name one.",
            list(&d.w, several)
        )),
    }
}

fn approve_one(d: &mut Deciding, what: Approvable, hash: Option<&str>, from: &From) -> Result<(), String> {
    let approval = |on: String| Approval {
        by: Some(from.by.clone()),
        comment: from.comment,
        on,
        at: from.at,
    };
    match what {
        Approvable::Plan => {
            let Some(plan) = &mut d.w.plan else {
                return Err("There is no plan yet.".to_owned());
            };
            named(&plan.hash, hash)?;
            if hash.is_none() && plan.posted_at.is_none_or(|posted| posted > from.at) {
                return Err(format!(
                    "A newer plan (version {}) was posted after that; please read it and approve again.",
                    plan.version
                ));
            }
            plan.approved = Some(approval(plan.hash.clone()));
        }
        Approvable::OtherWork => d.w.issue.other_work_accepted = true,
        Approvable::NoCi(target) => {
            let head =
                d.w.track(target)
                    .and_then(|t| t.head.clone())
                    .map(|h| h.0)
                    .unwrap_or_default();
            named(&head, hash)?;
            d.w.no_ci_accepted = Some(approval(head));
        }
        Approvable::Review(target) => {
            reviews::may_approve_code(&d.w, &from.by).map_err(|r| r.sentence)?;
            let head =
                d.w.track(target)
                    .and_then(|t| t.head.clone())
                    .map(|h| h.0)
                    .unwrap_or_default();
            named(&head, hash)?;
            if let Some(track) = d.w.track_mut(target) {
                track.approved = Some(approval(head));
            }
        }
        Approvable::Release => {
            reviews::may_approve_code(&d.w, &from.by).map_err(|r| r.sentence)?;
            let head = d.w.release_head().map(|h| h.0).unwrap_or_default();
            named(&head, hash)?;
            d.w.release_approved = Some(approval(head));
        }
    }
    Ok(())
}

/// An approval that names a hash must name this one.
fn named(actual: &str, hash: Option<&str>) -> Result<(), String> {
    match hash {
        Some(hash) if !actual.starts_with(&hash.to_ascii_lowercase()) => Err(format!(
            "What waits now has the hash `{}`, not `{hash}`; please look at it again.",
            actual.get(..8).unwrap_or(actual)
        )),
        _ => Ok(()),
    }
}

/// What waits for an approval, by the same waits that people are shown.
fn approvables(w: &Workflow, now: Millis) -> Vec<Approvable> {
    let mut found = Vec::new();
    for wait in waits::waits(w, now) {
        let target = wait.phase.map_or(Target::Release, Target::Phase);
        let what = match wait.what {
            What::PlanApproval => Approvable::Plan,
            What::OtherWork => Approvable::OtherWork,
            What::NoCi => Approvable::NoCi(target),
            What::PhaseReview if wait.command.is_some() => Approvable::Review(target),
            What::ReleaseApproval => Approvable::Release,
            What::PhaseReview
            | What::Question
            | What::Conflict
            | What::Attempts
            | What::Paused
            | What::PullRequestClosed
            | What::MergeRefused
            | What::Budget
            | What::RateLimit
            | What::Slot
            | What::Dependency
            | What::Ci
            | What::Model
            | What::Github
            | What::Clock => continue,
        };
        if !found.contains(&what) {
            found.push(what);
        }
    }
    found
}

fn concerns(what: Approvable, target: Target) -> bool {
    match what {
        Approvable::NoCi(t) | Approvable::Review(t) => t == target,
        Approvable::Release => target == Target::Release,
        Approvable::Plan | Approvable::OtherWork => false,
    }
}

fn list(w: &Workflow, open: &[Approvable]) -> String {
    let name = |target: &Target| match target {
        Target::Phase(n) => w
            .phases
            .get(n)
            .map_or_else(|| n.to_string(), |p| format!("`/approve {}`", p.plan.id)),
        Target::Release => "`/approve release`".to_owned(),
    };
    open.iter()
        .map(|a| match a {
            Approvable::Plan => "`/approve plan`".to_owned(),
            Approvable::OtherWork => "`/approve` (work beside somebody else's)".to_owned(),
            Approvable::NoCi(t) | Approvable::Review(t) => name(t),
            Approvable::Release => "`/approve release`".to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", ")
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
        _ if w.phases.is_empty() => "There are no phases yet.".to_owned(),
        PhaseRef::Number(number) => format!("There is no phase {number}; there are {}.", names()),
        PhaseRef::Id(id) => format!("There is no phase `{id}`; there are {}.", names()),
    })
}

/// Sends the plan back.
fn revise(d: &mut Deciding, text: &str, from: &From) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("Please say what to change: `/revise <text>`.".to_owned());
    }
    if d.w.release.merged.is_some() {
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

/// Repeats what failed or what is named.
fn retry(d: &mut Deciding, phase: Option<&PhaseRef>, hint: Option<&str>, from: &From) -> Result<(), String> {
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
    if let [one] = targets.as_slice()
        && d.w.track(*one).is_some_and(|t| t.merged.is_some())
    {
        return Err("That is merged already.".to_owned());
    }
    advance::clear_troubles(d, |t| t.target.is_none() || t.target.is_some_and(|t| targets.contains(&t)));
    for target in targets {
        again(d, target, hint, &from.by);
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
fn again(d: &mut Deciding, target: Target, hint: Option<&str>, by: &Person) {
    let state = d.state_of(target);
    let closed = d.w.track(target).is_some_and(closed_by_a_person);
    if let (Target::Phase(number), true) = (target, closed) {
        if let Some(track) = d.w.track_mut(target) {
            track
                .hints
                .extend(hint.map(|h| h.trim().to_owned()).filter(|h| !h.is_empty()));
        }
        return advance::afresh(d, number, "phase restarted from scratch", Some(by));
    }
    if let Target::Phase(number) = target
        && let Some(phase) = d.w.phases.get_mut(&number)
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
