//! What a phase waits for: its checks, its reviewers, its merge, or a person.
//!
//! Invariant: a phase that is not at work says why.

use super::super::decide::seen::{by_chance, closed_by_a_person, dependencies_merged, over_budget, slot_free};
use super::super::fact::{PullState, Target};
use super::super::ids::{PhaseNumber, Sha};
use super::super::model::{Fate, Phase, Track};
use super::super::reviews;
use super::super::state::State;
use super::checks::checks;
use super::merging::{merge, withdrawn_note};
use super::protected::protected;
use super::review::void;
use super::rollback::taken_back;
use super::{About, Ask, Found, WaitKind, What, ask, doing, name, one_line};
use crate::clock::Millis;

pub(super) fn a_phase(found: &mut Found<'_>, number: PhaseNumber, phase: &Phase, now: Millis) {
    if phase.frozen || matches!(phase.fate, Fate::Merged | Fate::Skipped(_)) {
        return;
    }
    if phase.fate == Fate::RolledBack {
        taken_back(found, number, phase);
        return;
    }
    let w = found.w;
    let target = Target::Phase(number);
    if phase.state == State::HandoffToCoder {
        not_begun(found, number, phase);
        return;
    }
    a_track(found, target, &phase.track, phase.state, now);
    if phase.fate == Fate::Failed || found.list.iter().any(|wait| wait.phase == Some(number)) {
        return;
    }
    match phase.state {
        State::Verification => review(found, number, &phase.track),
        State::HandoffToReleaser => merge(found, number, phase),
        State::Discovery
        | State::Planning
        | State::HandoffToCoder
        | State::Implementation
        | State::HandoffToTester
        | State::Testing
        | State::HandoffToVerifier
        | State::Deployment
        | State::Complete => {
            let writing = w.outstanding.values().any(|order| order.target() == Some(target));
            if w.paused.is_some() || (over_budget(w) && !writing) {
                return; // that is told of the whole
            }
            let doing = doing(phase.state, &phase.track);
            found.machine(
                What::Clock,
                Some(number),
                phase.state.name(),
                ask("Millhand", None, format!("Phase `{}`: {doing}.", phase.plan.id)),
            );
        }
    }
}

/// What keeps a phase from beginning.
fn not_begun(found: &mut Found<'_>, number: PhaseNumber, phase: &Phase) {
    let w = found.w;
    if !dependencies_merged(w, number) {
        let open: Vec<String> = phase
            .plan
            .depends_on
            .iter()
            .filter_map(|n| w.phases.get(n))
            .filter(|p| !matches!(p.fate, Fate::Merged | Fate::Skipped(_)))
            .map(|p| format!("`{}`", p.plan.id))
            .collect();
        let sentence = format!(
            "Phase `{}` begins when {} {} merged.",
            phase.plan.id,
            open.join(" and "),
            if open.len() == 1 { "is" } else { "are" }
        );
        found.machine(What::Dependency, Some(number), "dependency", ask("Millhand", None, sentence));
    } else if !slot_free(w) {
        let max = w.settings.limits.parallel_phases;
        let sentence = format!(
            "Phase `{}` begins when a slot is free; at most {max} phases are worked on at once.",
            phase.plan.id
        );
        let (kind, who) = (WaitKind::Limit, "Millhand".to_owned());
        found.add(About {
            kind,
            what: What::Slot,
            phase: Some(number),
            mark: "slot".to_owned(),
            who,
            command: None,
            hash: None,
            sentence,
        });
    } else if !over_budget(w) {
        found.machine(
            What::Github,
            Some(number),
            "base",
            ask(
                "GitHub",
                None,
                format!("Phase `{}` begins when its base branch is there.", phase.plan.id),
            ),
        );
    }
}

/// Waits of a branch and its pull request, the same for a phase and for the release.
pub(super) fn a_track(found: &mut Found<'_>, target: Target, track: &Track, state: State, now: Millis) {
    let w = found.w;
    let name = name(w, Some(target));
    let phase = target.phase();
    let id = phase.and_then(|n| w.phases.get(&n)).map(|p| p.plan.id.clone());
    let retry = id.as_ref().map_or_else(|| "/retry".to_owned(), |id| format!("/retry {id}"));
    if closed_by_a_person(track) {
        let what = match &track.seen {
            Some(seen) if seen.state == PullState::Closed => "was closed",
            _ => "was given another base branch",
        };
        let number = track.pull.as_ref().map_or(0, |p| p.number);
        let mark = track.seen.as_ref().map_or(0, |s| s.updated_at.0).to_string();
        // What was merged into the release is on its branch: only the pull request is made anew.
        let anew = if target == Target::Release && w.reverting().is_none() {
            "to have another one opened"
        } else {
            "to start it afresh"
        };
        let (command, afresh) = (retry.clone(), format!(", `{retry}` {anew}"));
        let sentence =
            format!("Pull request #{number} of {name} {what} by a person. Undo that to go on{afresh}, or `/cancel` to end.");
        let of = ask("a writer", Some(command), sentence);
        found.person(What::PullRequestClosed, phase, &mark, of);
        return;
    }
    if track.gave_up {
        attempts(found, target, track, &retry);
        return;
    }
    if state == State::HandoffToTester && protected(found, target) {
        return;
    }
    if state == State::Testing || (state == State::HandoffToTester && track.head.is_some()) {
        checks(found, target, track, now);
    }
}

/// Attempts are used up, or there is nothing that the writer could mend.
fn attempts(found: &mut Found<'_>, target: Target, track: &Track, retry: &str) {
    let name = name(found.w, Some(target));
    let why = match (&track.diagnosis, &track.report, &track.verdict) {
        (_, Some(report), _) if !report.critical.is_empty() => {
            let first = report.critical.first().map(|r| r.message.clone()).unwrap_or_default();
            format!("its change does not pass validation ({first})")
        }
        (Some(diagnosis), _, _) => {
            let chance = if by_chance(track) {
                "its checks keep failing by what looks like chance"
            } else {
                "its checks fail"
            };
            format!("{chance} ({})", one_line(&diagnosis.explanation))
        }
        (None, _, Some((_, verdict))) if !verdict.good() => format!("its verdict stays bad ({})", one_line(&verdict.summary)),
        _ => "its checks fail".to_owned(),
    };
    let sentence =
        format!("{name} is stuck: {why}. `{retry} -- <hint>` tries again with your hint, or push a commit to its branch.");
    let mark = format!("{}-{}", track.turn, track.head.as_ref().map_or("", Sha::short));
    found.person(
        What::Attempts,
        target.phase(),
        &mark,
        ask("a writer", Some(format!("{retry} -- <hint>")), sentence),
    );
}

/// The verdict, then people's reviews.
pub(super) fn review(found: &mut Found<'_>, number: PhaseNumber, track: &Track) {
    let w = found.w;
    let target = Target::Phase(number);
    let name = name(w, Some(target));
    let head = track.head.clone().unwrap_or(Sha(String::new()));
    if track.presented.as_ref() != Some(&head) {
        found.machine(
            What::Clock,
            Some(number),
            "verdict",
            ask("Millhand", None, format!("{name} is being verified.")),
        );
        return;
    }
    if !reviews::open_rounds(w, target).is_empty() {
        found.machine(
            What::Clock,
            Some(number),
            "quiet",
            ask(
                "Millhand",
                None,
                format!("{name}: a review came in; it is taken up after a moment of quiet."),
            ),
        );
        return;
    }
    let blocking = reviews::blocking(w, target);
    let pull = track.pull.as_ref().map_or(0, |p| p.number);
    let id = w.phases.get(&number).map(|p| p.plan.id.clone()).unwrap_or_default();
    let command = reviews::command_counts(w, target).then(|| format!("/approve {id}"));
    let (who, sentence) = match blocking.first() {
        Some(review) => (
            review.by.login.clone(),
            format!(
                "{name} waits for {} to look again at pull request #{pull}; the requested changes were made.",
                review.by.login
            ),
        ),
        None => {
            let asked = if track.asked.is_empty() {
                "a writer".to_owned()
            } else {
                track.asked.join(" or ")
            };
            let way = command.as_ref().map(|c| format!(", or `{c}`")).unwrap_or_default();
            (
                asked.clone(),
                format!(
                    "{name} waits for {asked} to review pull request #{pull}: approve it there{way}.{}{}",
                    void(w, target),
                    withdrawn_note(track)
                ),
            )
        }
    };
    found.person(
        What::PhaseReview,
        Some(number),
        &head.0,
        Ask {
            who,
            command,
            hash: Some(head.0.clone()),
            sentence,
        },
    );
}
