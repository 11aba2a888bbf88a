//! Commit messages.
//!
//! Invariant: no message closes an issue, refers to one, names a person or tells CI to stay away: what a model wrote goes
//! through `titles`.

use super::titles::title as words_of_title;
use super::words::{habits_of, provenance};
use crate::workflow::fact::Target;
use crate::workflow::habits::{conventional, signature, type_of};
use crate::workflow::ids::Sha;
use crate::workflow::model::{Revert, Workflow};

/// Characters of a first line: more is cut by most tools.
const HEADLINE_MAX: usize = 72;

/// Headline and body of a commit on a target's branch; `summary` is the writer's line.
#[must_use]
pub fn message(w: &Workflow, target: Target, summary: &str) -> (String, String) {
    let line = summary.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    let mut headline = words_of_title(line, HEADLINE_MAX);
    if headline.is_empty() {
        headline = fallback(w, target);
    }
    if habits_of(w).commits.is_some() {
        headline = words_of_title(&conventional(&headline, kind_of(w, target, &headline)), HEADLINE_MAX);
    }
    (headline, body(w, target))
}

/// Headline and body of the commit that merges a target.
#[must_use]
pub fn merge(w: &Workflow, target: Target) -> (String, String) {
    let number = w.track(target).and_then(|t| t.pull.as_ref()).map(|p| p.number);
    let behind = number.map(|n| format!(" (#{n})")).unwrap_or_default();
    let room = HEADLINE_MAX - behind.len().min(HEADLINE_MAX);
    let title = match target {
        Target::Phase(phase) => super::pull::plain_title(w, phase),
        Target::Release => super::release::plain_title(w),
    };
    let mut title = words_of_title(&title, room);
    if title.is_empty() {
        title = fallback(w, target);
    }
    if habits_of(w).commits.is_some() {
        title = match target {
            Target::Phase(number) => {
                let kind = w.phase(number).map_or("feat", |p| type_of(&title, &p.plan.files));
                words_of_title(&conventional(&title, kind), room)
            }
            Target::Release => super::release::conventional_title(w, room),
        };
    }
    (format!("{title}{behind}"), body(w, target))
}

/// Headline and body of the merge that settles a conflict; `summary` is the writer's line.
#[must_use]
pub fn settled(w: &Workflow, target: Target, summary: &str) -> (String, String) {
    let (headline, body) = message(w, target, summary);
    let (branch, base) = w.track(target).map_or(("", ""), |t| (t.branch.as_str(), t.base.as_str()));
    (
        headline,
        format!("Merges {base} into {branch} and settles the conflict.\n\n{body}"),
    )
}

/// Headline and body of the commit that takes a merged phase out again.
#[must_use]
pub fn take_out(w: &Workflow, target: Target, merged: &Sha) -> (String, String) {
    let (headline, body) = merge(w, target);
    if habits_of(w).commits.is_some() {
        let headline = words_of_title(&format!("revert: {headline}"), HEADLINE_MAX);
        return (headline, format!("This reverts commit {merged}.\n\n{body}"));
    }
    let headline = words_of_title(&format!("Revert \"{headline}"), HEADLINE_MAX - 1);
    (format!("{headline}\""), format!("This reverts commit {merged}.\n\n{body}"))
}

/// Headline and body of the commit that takes back what was released.
#[must_use]
pub fn revert(w: &Workflow, revert: &Revert) -> (String, String) {
    let headline = words_of_title(&super::revert::title(w, revert), HEADLINE_MAX);
    (
        headline,
        format!("This reverts commit {}.\n\n{}", revert.commit, body(w, revert.of)),
    )
}

fn fallback(w: &Workflow, target: Target) -> String {
    match target.phase().and_then(|n| w.phase(n)) {
        Some(phase) => format!("Work on {}", phase.plan.id),
        None => "Work on the release".to_owned(),
    }
}

/// Who wrote it, and the trailers. The workflow is named by its id: the number would put a line into the issue
/// for every commit.
fn body(w: &Workflow, target: Target) -> String {
    let phase = match target.phase() {
        Some(number) => w.phase(number).map_or_else(|| number.to_string(), |p| p.plan.id.clone()),
        None => "release".to_owned(),
    };
    let signed = habits_of(w)
        .sign_off
        .map(|by| format!("\n{}", signature(&by)))
        .unwrap_or_default();
    format!(
        "{}\n\nMillhand-Workflow: {}\nMillhand-Phase: {phase}{signed}",
        provenance(w),
        w.id
    )
}

/// The type of a commit: what comes after the first one on a branch mends it.
fn kind_of(w: &Workflow, target: Target, headline: &str) -> &'static str {
    let files = match target.phase().and_then(|n| w.phase(n)) {
        Some(phase) if phase.track.pushed.is_empty() => phase.plan.files.as_slice(),
        _ => return "fix",
    };
    type_of(headline, files)
}
