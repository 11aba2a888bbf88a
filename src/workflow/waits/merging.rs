//! What an approved change waits for: its turn, a hold, the release's approval.
//!
//! Invariant: what is held says by whom.

use super::super::decide::seen::next_to_merge;
use super::super::fact::Target;
use super::super::ids::PhaseNumber;
use super::super::model::{Phase, Track};
use super::super::reviews;
use super::whole::release_approval;
use super::{Found, What, ask, name};

/// Approved: its turn to be merged.
pub(super) fn merge(found: &mut Found<'_>, number: PhaseNumber, phase: &Phase) {
    let w = found.w;
    if held(found, Target::Phase(number)) || withdrawn(found, Target::Phase(number)) {
        return;
    }
    if w.is_direct() && w.last_phase() == Some(number) && !reviews::last_phase_released(w, number) {
        release_approval(found, Some(number));
        return;
    }
    let sentence = if next_to_merge(w) == Some(number) {
        format!("Phase `{}` is being merged.", phase.plan.id)
    } else {
        format!("Phase `{}` is approved and waits for its turn to be merged.", phase.plan.id)
    };
    found.machine(What::Clock, Some(number), "merge", ask("Millhand", None, sentence));
}

/// A person made a draft of what would be merged now.
pub(super) fn withdrawn(found: &mut Found<'_>, target: Target) -> bool {
    let Some(track) = found.w.track(target).filter(|track| track.is_withdrawn()) else {
        return false;
    };
    let number = track.pull.as_ref().map_or(0, |pull| pull.number);
    let sentence = format!(
        "Pull request #{number} of {} was made a draft again by a person. Mark it ready for review to have it merged.",
        name(found.w, Some(target))
    );
    found.person(What::MergeRefused, target.phase(), "draft", ask("a writer", None, sentence));
    true
}

/// What is told of that while something else comes first.
pub(super) const fn withdrawn_note(track: &Track) -> &'static str {
    if track.is_withdrawn() {
        " A person made it a draft again; it is merged once it is marked ready."
    } else {
        ""
    }
}

/// Somebody holds the merge of what would be merged now.
pub(super) fn held(found: &mut Found<'_>, target: Target) -> bool {
    let Some(by) = found.w.held_by(target).cloned() else {
        return false;
    };
    let sentence = format!(
        "The merge of {} is held by {by}; `/unhold` lets it go on.",
        name(found.w, Some(target))
    );
    let command = Some("/unhold".to_owned());
    found.person(What::Held, target.phase(), &by, ask("a writer", command, sentence));
    true
}
