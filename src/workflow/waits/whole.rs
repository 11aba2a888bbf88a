//! What the workflow as a whole waits for: answers and the plan's approval before the fork, the release after the join.
//!
//! Invariant: the sentence for a person ends with the command that moves it.

use super::super::ci::{self, CiVerdict};
use super::super::decide::seen::{closed_by_a_person, other_work, plan_waits_for_a_person};
use super::super::fact::Target;
use super::super::ids::{PhaseNumber, Sha};
use super::super::reviews;
use super::super::state::{Baton, State};
use super::super::text::settings;
use super::checks::checks;
use super::merging::{held, withdrawn, withdrawn_note};
use super::phase::a_track;
use super::{Ask, Found, What, ask};
use crate::clock::Millis;

/// Questions, other people's work, the plan's approval.
pub(super) fn before_the_fork(found: &mut Found<'_>) {
    let w = found.w;
    let Baton::Whole(state) = w.baton else { return };
    if let Some(refusal) = w.configured.file.refusal().filter(|_| w.configured.unknown) {
        let sentence = format!(
            "{}: {} Nothing is done before the file on the default branch is mended; Millhand reads it again by itself.",
            settings::place(refusal),
            refusal.sentence
        );
        found.person(What::Paused, None, "configuration", ask("a writer", None, sentence));
        return;
    }
    if other_work(&w.issue, &w.requester) && matches!(state, State::Discovery | State::Planning | State::HandoffToCoder) {
        let who = w.issue.assignees.iter().find(|a| **a != w.requester.login);
        let why = w.issue.closing_pulls.first().map_or_else(
            || format!("it is assigned to {}", who.map_or("somebody else", String::as_str)),
            |n| format!("pull request #{n} of somebody else closes it"),
        );
        let sentence = format!("Somebody else may be working on this issue: {why}. `/approve` goes on all the same.");
        let mark = format!("{}-{}", w.issue.closing_pulls.len(), w.issue.assignees.len());
        found.person(
            What::OtherWork,
            None,
            &mark,
            ask(&w.requester.login, Some("/approve".to_owned()), sentence),
        );
    }
    if state == State::Discovery
        && let Some(open) = w.questions.last().filter(|q| q.answer.is_none() && q.comment.is_some())
    {
        let count = open.questions.len();
        let sentence = format!(
            "{count} question{} must be answered before the plan is made; a comment by {} or by a writer is the answer.",
            if count == 1 { "" } else { "s" },
            w.issue.author.login
        );
        found.person(
            What::Question,
            None,
            &w.questions.len().to_string(),
            ask(&w.issue.author.login, None, sentence),
        );
    }
    if plan_waits_for_a_person(w)
        && let Some(plan) = &w.plan
    {
        let short = plan.hash.get(..8).unwrap_or(&plan.hash).to_owned();
        let command = format!("/approve plan {short}");
        let sentence = format!(
            "Plan version {} waits for a writer's approval: `{command}`, or `/revise <text>` to have it changed.",
            plan.version
        );
        let who = w.requester.login.clone();
        found.person(
            What::PlanApproval,
            None,
            &plan.version.to_string(),
            Ask {
                who,
                command: Some(command),
                hash: Some(plan.hash.clone()),
                sentence,
            },
        );
    }
}

/// The release pull request, from the join on.
pub(super) fn release(found: &mut Found<'_>, now: Millis) {
    let w = found.w;
    let Baton::Whole(state) = w.baton else { return };
    if w.is_direct()
        || matches!(
            state,
            State::Discovery | State::Planning | State::HandoffToCoder | State::Complete
        )
    {
        return;
    }
    let track = &w.release;
    if track.pull.is_none() {
        found.machine(
            What::Github,
            None,
            "release",
            ask("GitHub", None, "The release pull request is being opened.".to_owned()),
        );
        return;
    }
    a_track(found, Target::Release, track, state, now);
    let at_gate = matches!(state, State::HandoffToReleaser | State::Deployment);
    let told = w.troubles.values().any(|trouble| trouble.target == Some(Target::Release));
    if !at_gate || track.gave_up || closed_by_a_person(track) {
        return;
    }
    match ci::judge(w, Target::Release, now) {
        CiVerdict::Green { .. } if state == State::HandoffToReleaser && !reviews::approved(w, Target::Release) => {
            if track.presented == track.head {
                release_approval(found, None);
            } else {
                found.machine(
                    What::Clock,
                    None,
                    "present",
                    ask("Millhand", None, "The release is being prepared for its approval.".to_owned()),
                );
            }
        }
        CiVerdict::Green { .. } if told || held(found, Target::Release) || withdrawn(found, Target::Release) => {}
        CiVerdict::Green { .. } => found.machine(
            What::Clock,
            None,
            "release",
            ask("Millhand", None, "The release is being merged.".to_owned()),
        ),
        CiVerdict::NotBegun { .. }
        | CiVerdict::Absent
        | CiVerdict::Running { .. }
        | CiVerdict::TooLong
        | CiVerdict::Red(_)
        | CiVerdict::Rerun(_)
        | CiVerdict::Person(_) => checks(found, Target::Release, track, now),
    }
}

pub(super) fn release_approval(found: &mut Found<'_>, last: Option<PhaseNumber>) {
    let w = found.w;
    let head = w.release_head().unwrap_or(Sha(String::new()));
    let pull = match last {
        Some(number) => w
            .phases
            .get(&number)
            .and_then(|p| p.track.pull.as_ref())
            .map_or(0, |p| p.number),
        None => w.release.pull.as_ref().map_or(0, |p| p.number),
    };
    let command = "/approve release".to_owned();
    let sentence = format!(
        "The release waits for a writer's approval: review pull request #{pull} and approve it there, or `{command}`.{}",
        withdrawn_note(last.and_then(|number| w.phases.get(&number)).map_or(&w.release, |p| &p.track))
    );
    let who = if w.release.asked.is_empty() {
        "a writer".to_owned()
    } else {
        w.release.asked.join(" or ")
    };
    let hash = Some(head.0.clone());
    found.person(
        What::ReleaseApproval,
        last,
        &head.0,
        Ask {
            who,
            command: Some(command),
            hash,
            sentence,
        },
    );
}
