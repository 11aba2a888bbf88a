//! The status comment: one per workflow, edited in place, at the end the final report.
//!
//! Invariant: what costs an edit is worth one. The count of requests to GitHub, which every edit itself would raise, is
//! shown at the end and does not count as a change: see [`digest`].

use sha2::{Digest as _, Sha256};

use super::markdown::{cell, in_table};
use super::report;
use super::settings;
use super::words::{
    Doc, NAME_CHARS, TITLE_CHARS, checks, condition, cost, graph, list, provenance, revert_of, state_bar, typed, wait_sentence,
    who,
};
use crate::workflow::fact::Target;
use crate::workflow::model::{Attempts, Phase, Track, Workflow};
use crate::workflow::plan::PlannedPhase;
use crate::workflow::state::{Baton, State};
use crate::workflow::waits::{WaitKind, Waiting, What};

/// Rows of the table: a workflow has at most a handful of phases, one planned anew again and again may have more.
const ROWS_MAX: usize = 40;
/// Waits listed beside the headline.
const WAITS_MAX: usize = 20;

/// How the line with the requests to GitHub begins.
pub(super) const REQUESTS: &str = "- GitHub API requests: ";

/// The status comment, at most 60,000 characters.
#[must_use]
pub fn comment(w: &Workflow, waits: &[Waiting]) -> String {
    let mut doc = Doc::default();
    if w.ended.is_some() {
        doc.add(report::headline(w));
        let asked = waits.iter().map(|wait| wait_sentence(w, wait));
        doc.add(list(asked, WAITS_MAX, "waits"));
    } else {
        doc.add(headline(w, waits));
    }
    doc.add(state_bar(w.shown_state()));
    doc.add(table(w));
    if w.ended.is_some() {
        doc.add(report::report(w));
    } else {
        let others = waits.iter().skip(1).map(|wait| wait_sentence(w, wait));
        let others = list(others, WAITS_MAX, "waits");
        if !others.is_empty() {
            doc.add(format!("Also:\n\n{others}"));
        }
        doc.add(next_step(w, waits.first()));
        let cost = cost(w);
        if !cost.is_empty() {
            doc.add(format!("Cost: {cost}"));
        }
        doc.add(edited(w));
        doc.add(unread(w));
    }
    doc.add(phases_graph(w));
    doc.add(format!(
        "{} This comment is kept up to date. {} lists the commands.",
        provenance(w),
        typed(w, "/help")
    ));
    doc.finish()
}

/// SHA-256 of a text: two with the same digest are the same for the reader. The line that counts requests to GitHub is
/// left out, as writing it makes one more.
#[must_use]
pub fn digest(text: &str) -> String {
    let mut digest = Sha256::new();
    for line in text.split('\n').filter(|line| !line.starts_with(REQUESTS)) {
        digest.update(line);
        digest.update("\n");
    }
    hex::encode(digest.finalize())
}

/// What happens now, or why nothing does.
fn headline(w: &Workflow, waits: &[Waiting]) -> String {
    let Some(wait) = waits.first() else {
        return "**Millhand is at work.**".to_owned();
    };
    let sentence = wait_sentence(w, wait);
    let since = wait.since.rfc3339();
    match wait.kind {
        WaitKind::Person | WaitKind::Operator => format!("**Waiting for {} since {since}.** {sentence}", who(wait)),
        WaitKind::Limit if wait.what == What::Budget => format!("**Waiting for {} since {since}.** {sentence}", who(wait)),
        WaitKind::Limit | WaitKind::Machine => format!("**{sentence}**"),
    }
}

/// What a person can do next, word for word.
fn next_step(w: &Workflow, wait: Option<&Waiting>) -> String {
    let needed = wait.filter(|wait| wait.kind != WaitKind::Machine && !matches!(wait.what, What::Slot | What::RateLimit));
    let Some(wait) = needed else {
        return "Next step: nobody has to do anything now.".to_owned();
    };
    let who = who(wait);
    let pull = match (wait.what, wait.phase) {
        (What::PhaseReview | What::ReleaseApproval, Some(number)) => w.track(Target::Phase(number)),
        (What::ReleaseApproval, None) => w.track(Target::Release),
        _ => None,
    };
    if let Some(pull) = pull.and_then(|t| t.pull.as_ref()) {
        let or = wait
            .command
            .as_ref()
            .map(|command| format!(", or comment {} on this issue", typed(w, command)))
            .unwrap_or_default();
        return format!("Next step, for {who}: review and approve #{}{or}.", pull.number);
    }
    match (&wait.command, wait.what) {
        (Some(command), _) => format!("Next step, for {who}: comment {} on this issue.", typed(w, command)),
        (None, What::Question) => format!("Next step, for {who}: answer the questions in a comment on this issue."),
        (None, _) => format!("Next step, for {who}: as the first line says."),
    }
}

/// An edit of the issue that changes nothing by itself: it came after the fork, or people without write permission edited
/// too often. So it is said.
fn edited(w: &Workflow) -> String {
    if w.issue.hash == w.issue.seen_hash {
        return String::new();
    }
    let when = match w.baton {
        Baton::Whole(State::Discovery | State::Planning | State::HandoffToCoder) => {
            "again and again by people without write permission"
        }
        Baton::Whole(_) | Baton::Forked => "after the work began",
    };
    format!(
        "The issue was edited {when}. The plan still follows the text as it was; {} takes the new one in.",
        typed(w, "/revise <text>")
    )
}

/// A file that was refused while the work goes on: what was set before holds.
fn unread(w: &Workflow) -> String {
    match w.configured.file.refusal().filter(|_| !w.configured.unknown) {
        Some(refusal) => format!(
            "The repository's settings changed and are not understood; those from before hold. {}",
            settings::refused(refusal)
        ),
        None => String::new(),
    }
}

/// The phases and the release.
fn table(w: &Workflow) -> String {
    if w.phases.is_empty() {
        return String::new();
    }
    let mut lines = vec![
        "| # | Phase | State | Pull request | Checks | Attempts |".to_owned(),
        "| --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for (number, phase) in w.phases.iter().take(ROWS_MAX) {
        lines.push(format!(
            "| {number} | {} | {} | {} | {} | {} |",
            title(&phase.plan),
            condition(phase),
            pull(&phase.track),
            or_dash(in_table(&checks(w, &phase.track))),
            attempts(phase.track.attempts, w.settings.limits.attempts),
        ));
    }
    if w.phases.len() > ROWS_MAX {
        lines.push(format!("| | and {} more | | | | |", w.phases.len() - ROWS_MAX));
    }
    let release = |name: &str, track: &Track| {
        let state = match (&track.merged, w.state_of(Target::Release)) {
            (Some(_), _) => "merged",
            (None, Some(state)) => state.name(),
            (None, None) => "draft",
        };
        format!(
            "| | {name} | {state} | {} | {} | {} |",
            pull(track),
            or_dash(in_table(&checks(w, track))),
            attempts(track.attempts, w.settings.limits.attempts),
        )
    };
    lines.extend(w.released().pull.as_ref().map(|_| release("Release", w.released())));
    let reverts = w.reverts.iter().flat_map(|reverts| reverts.list.iter().zip(&reverts.merged));
    let reverts = reverts.filter(|(_, track)| track.merged.is_some());
    lines.extend(reverts.map(|(of, track)| release(&format!("Revert of {}", revert_of(w, of)), track)));
    lines.extend(
        w.reverting()
            .map(|of| release(&format!("Revert of {}", revert_of(w, of)), &w.release)),
    );
    lines.join("\n")
}

fn title(plan: &PlannedPhase) -> String {
    format!("`{}` {}", cell(&plan.id, NAME_CHARS), cell(&plan.title, TITLE_CHARS))
}

fn pull(track: &Track) -> String {
    track
        .pull
        .as_ref()
        .map_or_else(|| "-".to_owned(), |p| format!("#{}", p.number))
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

/// Attempts used, of those allowed, per cause.
fn attempts(used: Attempts, allowed: u32) -> String {
    let causes = [
        (used.validation, "validation"),
        (used.ci, "CI"),
        (used.verdict, "verdict"),
        (used.conflict, "conflict"),
    ];
    let parts: Vec<String> = causes
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, cause)| format!("{cause} {n} of {allowed}"))
        .collect();
    or_dash(parts.join(", "))
}

fn phases_graph(w: &Workflow) -> String {
    let phases = w.phases.values().take(ROWS_MAX);
    graph(phases.map(|p: &Phase| {
        let needs = p.plan.depends_on.iter().map(|n| n.0).collect();
        let note = match &p.fate {
            crate::workflow::model::Fate::Skipped(_) => "left out",
            crate::workflow::model::Fate::Merged => "merged",
            crate::workflow::model::Fate::RolledBack => "taken back",
            crate::workflow::model::Fate::Open | crate::workflow::model::Fate::Failed => "",
        };
        (p.plan.number.0, p.plan.id.as_str(), needs, note)
    }))
}
