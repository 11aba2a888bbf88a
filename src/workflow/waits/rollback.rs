//! What a rollback waits for, and what it leaves behind.
//!
//! Invariant: whatever rests says which two commands go on.

use super::super::ci::{self, CiVerdict};
use super::super::decide::seen::{closed_by_a_person, next_to_take_out, rolling_back};
use super::super::fact::Target;
use super::super::ids::PhaseNumber;
use super::super::model::Phase;
use super::super::reviews;
use super::super::state::{Baton, State};
use super::super::text::revert::cancel_ends;
use super::super::text::revert_of;
use super::checks::checks;
use super::merging::held;
use super::phase::a_track;
use super::{Found, What, ask};
use crate::clock::Millis;

/// A rollback that is to be confirmed, or goes on.
pub(super) fn rollback(found: &mut Found<'_>) {
    let w = found.w;
    let Some(asked) = &w.rollback else { return };
    if asked.confirmed.is_none() {
        let names: Vec<String> = asked
            .phases
            .iter()
            .filter_map(|n| w.phases.get(n))
            .map(|p| format!("`{}`", p.plan.id))
            .collect();
        let sentence = format!(
            "Taking back {} waits to be confirmed: `/approve rollback` does it, `/resume` leaves everything as it is.",
            names.join(", ")
        );
        let command = Some("/approve rollback".to_owned());
        found.person(
            What::Question,
            None,
            &format!("rollback-{}", asked.at.0),
            ask(&asked.by.login, command, sentence),
        );
    } else if let Some(phase) = next_to_take_out(w) {
        let name = super::name(w, Some(Target::Phase(phase)));
        let sentence = format!("{name} is being taken out of the integration branch.");
        found.machine(What::Github, Some(phase), "take-out", ask("GitHub", None, sentence));
    }
}

/// What stands on the default branch is being taken back: its pull request, which a person merges.
pub(super) fn revert(found: &mut Found<'_>, now: Millis) {
    let w = found.w;
    let (Some(revert), Baton::Whole(state)) = (w.reverting(), w.baton) else {
        return;
    };
    let (what, track) = (revert_of(w, revert), &w.release);
    let told = w.troubles.values().any(|trouble| trouble.target == Some(Target::Release));
    let Some(pull) = &track.pull else {
        if !told {
            let sentence = format!("The pull request that takes back {what} is being opened.");
            found.machine(What::Github, None, "revert", ask("GitHub", None, sentence));
        }
        return;
    };
    a_track(found, Target::Release, track, state, now);
    let at_gate = matches!(state, State::HandoffToReleaser | State::Deployment);
    if !at_gate || track.gave_up || told || closed_by_a_person(track) {
        return;
    }
    let green = matches!(ci::judge(w, Target::Release, now), CiVerdict::Green { .. });
    if !green {
        checks(found, Target::Release, track, now);
    } else if state == State::Deployment {
        let sentence = format!(
            "Pull request #{} takes back {what}. Somebody with write access merges it; Millhand merges no revert. `/cancel` ends {}.",
            pull.number,
            cancel_ends(w)
        );
        let who = if track.asked.is_empty() {
            "a writer".to_owned()
        } else {
            track.asked.join(" or ")
        };
        found.person(
            What::PhaseReview,
            None,
            &format!("revert-{}", pull.number),
            ask(&who, None, sentence),
        );
    } else if !held(found, Target::Release) {
        objected(found, &what, pull.number);
    }
}

/// Changes were requested and made: nobody is asked to merge it before who wanted them has looked.
fn objected(found: &mut Found<'_>, what: &str, pull: u64) {
    let Some(review) = reviews::blocking(found.w, Target::Release).first().copied() else {
        return;
    };
    let who = review.by.login.clone();
    let sentence = format!(
        "Pull request #{pull} takes back {what}. It waits for {who} to look at it again, or for the review to be dismissed; the requested changes were made. `/cancel` ends {}.",
        cancel_ends(found.w)
    );
    let mark = format!("revert-review-{}", review.id);
    found.person(What::PhaseReview, None, &mark, ask(&who, None, sentence));
}

/// It rests, and holds the join.
pub(super) fn taken_back(found: &mut Found<'_>, number: PhaseNumber, phase: &Phase) {
    if rolling_back(found.w) {
        return;
    }
    let id = &phase.plan.id;
    let sentence = format!("Phase `{id}` is taken back. `/retry {id}` builds it again, `/skip {id}` leaves it out.");
    let command = Some(format!("/retry {id}"));
    found.person(What::Attempts, Some(number), "taken-back", ask("a writer", command, sentence));
}
