//! A phase's pull request: its title and its document.

use super::markdown::{code, prose};
use super::plan::{criteria, names, tests};
use super::titles::title as words_of_title;
use super::words::{
    Doc, NAME_CHARS, TITLE_CHARS, default_branch, enumerate, habits_of, name_of, provenance, reviewers, rules_ask_for_reviews,
    typed,
};
use crate::workflow::habits::{conventional, type_of};
use crate::workflow::ids::PhaseNumber;
use crate::workflow::model::{Phase, Workflow};
use crate::workflow::reviews;

/// Characters of a title: GitHub's limit is 256, lists show far fewer.
const TITLE_MAX: usize = 100;
/// Characters of the goal.
const GOAL_CHARS: usize = 4_000;

/// The title, at most 100 characters, as the house titles its pull requests.
#[must_use]
pub fn title(w: &Workflow, number: PhaseNumber) -> String {
    let title = plain_title(w, number);
    if habits_of(w).titles.is_none() {
        return title;
    }
    let kind = w.phase(number).map_or("feat", |p| type_of(&title, &p.plan.files));
    words_of_title(&conventional(&title, kind), TITLE_MAX)
}

/// The plan's title, whatever the house does.
pub(super) fn plain_title(w: &Workflow, number: PhaseNumber) -> String {
    let title = w
        .phase(number)
        .map(|p| words_of_title(&p.plan.title, TITLE_MAX))
        .unwrap_or_default();
    if title.is_empty() {
        format!("Phase {number} of issue {}", w.issue.number)
    } else {
        title
    }
}

/// The phase's document. It closes no issue.
#[must_use]
pub fn body(w: &Workflow, number: PhaseNumber) -> String {
    document(w, number, "Part of")
}

/// The document of the last phase in `direct`, right before its merge: it closes the issue.
#[must_use]
pub fn closing_body(w: &Workflow, number: PhaseNumber) -> String {
    document(w, number, "Fixes")
}

fn document(w: &Workflow, number: PhaseNumber, link: &str) -> String {
    let mut doc = Doc::default();
    let Some(phase) = w.phase(number) else {
        doc.add(format!("{link} #{}", w.issue.number));
        doc.add(provenance(w));
        return doc.finish();
    };
    let of = w.plan.as_ref().map_or(w.phases.len(), |v| v.plan.phases.len());
    doc.add(format!(
        "{link} #{}, asked for by {}. This is phase {}, one of {of} in the plan.",
        w.issue.number,
        name_of(&w.requester),
        code(&phase.plan.id, NAME_CHARS),
    ));
    doc.add(prose(&phase.plan.goal, GOAL_CHARS));
    doc.add(criteria(&phase.plan));
    let facts = [
        format!("Files: {}", names(&phase.plan.files)),
        format!("Tests: {}", tests(&phase.plan)),
        format!("Builds on: {}", builds_on(w, phase)),
    ];
    doc.add(facts.join("\n"));
    doc.add(review(w, phase));
    doc.add(manners(w));
    doc.finish()
}

/// The phases that were merged before, with their pull requests.
fn builds_on(w: &Workflow, phase: &Phase) -> String {
    let names: Vec<String> = phase
        .plan
        .depends_on
        .iter()
        .filter_map(|n| w.phase(*n))
        .map(|p| match &p.track.pull {
            Some(pull) => format!("{} (#{})", code(&p.plan.id, NAME_CHARS), pull.number),
            None => code(&p.plan.id, NAME_CHARS),
        })
        .collect();
    if names.is_empty() {
        "no other phase".to_owned()
    } else {
        enumerate(&names, "and")
    }
}

/// Who lets it be merged, and how.
fn review(w: &Workflow, phase: &Phase) -> String {
    let needed = reviews::needed(w);
    if needed == 0 {
        return "It is merged when its checks are green and the acceptance criteria are shown to hold; people review the release pull request."
            .to_owned();
    }
    let asked = if phase.track.asked.is_empty() {
        reviewers(w)
    } else {
        let names: Vec<String> = phase
            .track
            .asked
            .iter()
            .take(20)
            .map(|l| super::markdown::plain(l, TITLE_CHARS))
            .collect();
        enumerate(&names, "or")
    };
    let reviews = if needed == 1 {
        "an approving review by somebody with write access".to_owned()
    } else {
        format!("{needed} approving reviews by people with write access")
    };
    let by_command = if rules_ask_for_reviews(w) {
        format!("The rules of {} ask for the review on GitHub.", default_branch(w))
    } else {
        format!("{} counts as one review.", typed(w, &format!("/approve {}", phase.plan.id)))
    };
    format!(
        "It is merged when its checks are green and it has {reviews}. Asked to review: {asked}. {by_command} Changes requested in a review are made in one commit and answered."
    )
}

/// Who wrote it, and what it never does.
pub(super) fn manners(w: &Workflow) -> String {
    format!(
        "{} It never force-pushes, never approves, never bypasses a rule, and never runs this repository's code itself: checks run in this repository's own CI. {} lists what can be said to it.",
        provenance(w),
        typed(w, "/help")
    )
}
