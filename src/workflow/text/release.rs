//! The release pull request.

use super::markdown::{block, cell, code, plain};
use super::pull::manners;
use super::remarks;
use super::report::revert_phases;
use super::titles::title as words_of_title;
use super::words::{
    Doc, NAME_CHARS, SENTENCE_CHARS, TITLE_CHARS, commit_link, condition, cost, default_branch, habits_of, list,
    merged_newest_first, name_of, release_is_merge_commit, typed,
};
use crate::workflow::habits::{conventional, type_of};
use crate::workflow::model::{Fate, Workflow};
use crate::workflow::reviews;
use crate::workflow::settings::MergeMethod;

/// Characters of a title.
const TITLE_MAX: usize = 100;
/// Rows and items that are shown.
const ITEMS_MAX: usize = 40;

/// Its title, at most 100 characters, as the house titles its pull requests.
#[must_use]
pub fn title(w: &Workflow) -> String {
    if habits_of(w).titles.is_some() {
        return conventional_title(w, TITLE_MAX);
    }
    plain_title(w)
}

/// The title as Conventional Commits want it, of the type that weighs most among the phases.
pub(super) fn conventional_title(w: &Workflow, max: usize) -> String {
    let title = words_of_title(&w.issue.title, max);
    let subject = if title.is_empty() {
        format!("Resolve issue {}", w.issue.number)
    } else {
        title
    };
    let types: Vec<&str> = w
        .phases
        .values()
        .filter(|p| !matches!(p.fate, Fate::Skipped(_)))
        .map(|p| type_of(&p.plan.title, &p.plan.files))
        .collect();
    let kind = ["feat", "fix", "perf", "refactor"]
        .into_iter()
        .find(|kind| types.contains(kind));
    let kind = kind.or_else(|| types.first().copied()).unwrap_or("feat");
    words_of_title(&conventional(&subject, kind), max)
}

/// The title, whatever the house does.
pub(super) fn plain_title(w: &Workflow) -> String {
    let title = words_of_title(&w.issue.title, TITLE_MAX - "Release: ".len());
    if title.is_empty() {
        format!("Release: issue {}", w.issue.number)
    } else {
        format!("Release: {title}")
    }
}

/// Its body: what is new, the phases, how to take it back, the cost. It closes the issue.
#[must_use]
pub fn body(w: &Workflow) -> String {
    let mut doc = Doc::default();
    doc.add(format!("Fixes #{}, asked for by {}.", w.issue.number, name_of(&w.requester)));
    match &w.notes {
        Some(notes) => {
            doc.add(plain(&notes.headline, SENTENCE_CHARS));
            let changes = notes.changes.iter().map(|c| plain(c, SENTENCE_CHARS));
            doc.add(list(changes, ITEMS_MAX, "changes"));
        }
        None => doc.add("The release notes are written when every phase is merged. Until then this shows the whole so far."),
    }
    doc.add(table(w));
    let remarks = list(remarks::open(w), ITEMS_MAX, "remarks");
    if !remarks.is_empty() {
        doc.add(format!("Open remarks of approving reviews:\n\n{remarks}"));
    }
    doc.add(approval(w));
    doc.add(take_back(w));
    let cost = cost(w);
    if !cost.is_empty() {
        doc.add(format!("Cost: {cost}"));
    }
    doc.add(manners(w));
    doc.finish()
}

fn table(w: &Workflow) -> String {
    if w.phases.is_empty() {
        return String::new();
    }
    let mut lines = vec![
        "| # | Phase | Pull request | Commit |".to_owned(),
        "| --- | --- | --- | --- |".to_owned(),
    ];
    for (number, phase) in w.phases.iter().take(ITEMS_MAX) {
        let pull = phase
            .track
            .pull
            .as_ref()
            .map_or_else(|| "-".to_owned(), |p| format!("#{}", p.number));
        let commit = match (&phase.track.merged, &phase.fate) {
            (_, Fate::Skipped(_) | Fate::RolledBack) => condition(phase),
            (Some(merged), _) => commit_link(w, &merged.sha),
            (None, Fate::Open | Fate::Failed | Fate::Merged) => "not merged yet".to_owned(),
        };
        lines.push(format!(
            "| {number} | `{}` {} | {pull} | {commit} |",
            cell(&phase.plan.id, NAME_CHARS),
            cell(&phase.plan.title, TITLE_CHARS)
        ));
    }
    lines.join("\n")
}

fn approval(w: &Workflow) -> String {
    let main = default_branch(w);
    if reviews::release_needs_approval(w) {
        format!(
            "It is merged into {main} when its checks are green and somebody with write access approves it: by a review, or by {} where {main} asks for no review.",
            typed(w, "/approve release")
        )
    } else {
        format!("It is merged into {main} when its checks are green; the settings ask for no approval.")
    }
}

/// Which commits to revert, newest first.
fn take_back(w: &Workflow) -> String {
    let mut doc = Doc::default();
    doc.add("To take all of it back once it is merged, press Revert on this pull request.");
    let phases = merged_newest_first(w);
    // A squash leaves one commit, and the button above is the whole recipe; so are rebased phases, which are many commits.
    if !phases.is_empty() && release_is_merge_commit(w) && w.settings.merge.phases != MergeMethod::Rebase {
        let ids: Vec<String> = phases.iter().take(ITEMS_MAX).map(|p| code(&p.plan.id, NAME_CHARS)).collect();
        doc.add(format!(
            "Each phase is a commit of its own in the history. To take back only the newest ones, leave out the commits at the end of this command, which reverts {}:",
            ids.join(", ")
        ));
        doc.add(block("sh", &revert_phases(w, &phases)));
    }
    doc.finish()
}
