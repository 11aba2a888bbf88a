//! The buttons under the check run: which there are, and what each stands for.
//!
//! Invariant: a button names what it acts on, the commit, the change or its turn, so that a press of an older check run, or one
//! told twice, is none of those that are offered.

use crate::workflow::command::{ApproveWhat, Command};
use crate::workflow::fact::Target;
use crate::workflow::ids::Sha;
use crate::workflow::model::{Fate, Track, TroubleKind, Workflow};
use crate::workflow::reviews;
use crate::workflow::state::{Baton, State};
use crate::workflow::waits::{Waiting, What};

/// Buttons that GitHub shows at most
/// (<https://docs.github.com/en/rest/checks/runs#create-a-check-run>).
pub const BUTTONS_MAX: usize = 3;
/// Characters of a label, by the same page.
pub const LABEL_CHARS_MAX: usize = 20;
/// Characters of a description, by the same page.
pub const DESCRIPTION_CHARS_MAX: usize = 40;
/// Characters of an identifier, by the same page.
pub const IDENTIFIER_CHARS_MAX: usize = 20;

/// Digits of a hash that stand in an identifier: as many as fit behind the longest word.
const HASH_CHARS: usize = 12;

/// A review by command.
const REVIEW: &str = "approve";
/// The release's approval.
const RELEASE: &str = "release";
/// A head without checks.
const NO_CI: &str = "no-ci";
/// A change of protected paths.
const CHANGE: &str = "change";
/// Trying again.
const RETRY: &str = "retry";
/// No merge.
const HOLD: &str = "hold";
/// A merge again.
const UNHOLD: &str = "unhold";

/// A button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What stands on it.
    pub label: &'static str,
    /// What it does.
    pub description: &'static str,
    /// What GitHub tells when it is pressed: a word, and what it is about.
    pub identifier: String,
}

fn button(label: &'static str, description: &'static str, (word, about): (&str, String)) -> Button {
    Button {
        label,
        description,
        identifier: format!("{word}:{about}"),
    }
}

/// The buttons of the check run of a target's present head.
#[must_use]
pub fn buttons(w: &Workflow, target: Target, waits: &[Waiting]) -> Vec<Button> {
    let Some(track) = w.track(target).filter(|t| t.pull.is_some() && t.merged.is_none()) else {
        return Vec::new();
    };
    let Some(head) = track.head.as_ref().filter(|_| at_work(w, target)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    found.extend(approval(w, target, waits).or_else(|| approval_to_come(w, target, track, head)));
    let turn = track.presses.to_string();
    if stuck(w, target, track) {
        found.push(button("Retry", "Tries again, all attempts anew", (RETRY, turn.clone())));
    }
    found.push(if track.held.is_some() {
        button("Unhold", "Lets it be merged again", (UNHOLD, turn))
    } else {
        button("Hold", "Not merged until somebody lets it go", (HOLD, turn))
    });
    found
}

/// What an identifier of a button stands for, in the pull request of `target`; `None` if there is no such button.
#[must_use]
pub fn command(identifier: &str) -> Option<Command> {
    let (word, about) = identifier.split_once(':')?;
    let hash = Some(about.to_owned());
    Some(match word {
        REVIEW | NO_CI | CHANGE => Command::Approve { what: None, hash },
        // In `direct` it is the last phase's pull request that waits for it.
        RELEASE => Command::Approve {
            what: Some(ApproveWhat::Release),
            hash,
        },
        RETRY => Command::Retry {
            phase: None,
            fresh: false,
            hint: None,
        },
        HOLD => Command::Hold { phase: None },
        UNHOLD => Command::Unhold { phase: None },
        _ => return None,
    })
}

/// What the check run shows that may have to be shown anew: its buttons, and what whoever pressed one was told.
#[must_use]
pub fn marks(w: &Workflow, target: Target, waits: &[Waiting]) -> Vec<String> {
    let buttons = buttons(w, target, waits).into_iter().map(|b| b.identifier);
    buttons.chain(told(w, target).cloned()).collect()
}

/// Why the last press on this head was refused, if it was somebody's who may press.
pub(super) fn told(w: &Workflow, target: Target) -> Option<&String> {
    let track = w.track(target)?;
    let (head, sentence) = track.told.as_ref()?;
    (track.head.as_ref() == Some(head)).then_some(sentence)
}

/// Whether something is done for this target now, or can be.
fn at_work(w: &Workflow, target: Target) -> bool {
    if w.ended.is_some() {
        return false;
    }
    match target {
        Target::Phase(number) => {
            w.baton == Baton::Forked
                && w.phase(number)
                    .is_some_and(|p| !p.frozen && matches!(p.fate, Fate::Open | Fate::Failed))
        }
        Target::Release => !matches!(
            w.baton,
            Baton::Forked | Baton::Whole(State::Discovery | State::Planning | State::HandoffToCoder)
        ),
    }
}

/// What waits for an approval here, by the waits that people are shown.
fn approval(w: &Workflow, target: Target, waits: &[Waiting]) -> Option<Button> {
    waits.iter().find_map(|wait| {
        let here = wait.phase == target.phase() && wait.command.is_some();
        let about = wait.hash.as_deref().filter(|_| here).map(short)?;
        match wait.what {
            What::PhaseReview if reviews::approved(w, target) => None,
            What::PhaseReview => Some(review(about)),
            What::ReleaseApproval => Some(release(about)),
            What::NoCi => Some(button("Approve", "Goes on although no check ran", (NO_CI, about))),
            What::ProtectedChange => Some(button("Approve", "Lets the protected change be pushed", (CHANGE, about))),
            What::Question
            | What::PlanApproval
            | What::Conflict
            | What::Attempts
            | What::Held
            | What::Paused
            | What::PullRequestClosed
            | What::MergeRefused
            | What::OtherWork
            | What::Budget
            | What::RateLimit
            | What::Slot
            | What::Dependency
            | What::Ci
            | What::Model
            | What::Github
            | What::Clock => None,
        }
    })
}

/// What will wait for an approval as soon as this check run is there: it is written just before.
fn approval_to_come(w: &Workflow, target: Target, track: &Track, head: &Sha) -> Option<Button> {
    let judged = track
        .verdict
        .as_ref()
        .is_some_and(|(of, verdict)| of == head && verdict.good());
    let to_come = judged && track.presented.as_ref() != Some(head) && !reviews::approved(w, target);
    match (target, w.state_of(target)?) {
        (Target::Phase(_), State::Verification) if to_come && reviews::command_counts(w, target) => Some(review(short(&head.0))),
        (Target::Release, State::HandoffToReleaser) if to_come && w.reverting().is_none() => Some(release(short(&head.0))),
        _ => None,
    }
}

fn review(about: String) -> Button {
    button("Approve", "Counts as an approving review", (REVIEW, about))
}

fn release(about: String) -> Button {
    button("Approve", "Lets this commit be released", (RELEASE, about))
}

fn short(hash: &str) -> String {
    hash.chars().take(HASH_CHARS).collect()
}

/// Whether only a person's retry moves it.
fn stuck(w: &Workflow, target: Target, track: &Track) -> bool {
    let of_target = |t: &crate::workflow::model::Trouble| t.target == Some(target);
    track.gave_up
        || w.troubles
            .values()
            .any(|t| of_target(t) && t.until.is_none() && t.kind != TroubleKind::Budget)
}
