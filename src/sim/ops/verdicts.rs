//! What checks and statuses on a commit come to.
//!
//! Invariant: the newest run of each suite and name counts, and the newest status of each context; older ones are history.

use crate::sim::git::Oid;
use crate::sim::world::{CheckRun, CommitStatus, Conclusion, Repository, RequiredCheck, StatusState};

/// Whether everything on a commit passes, required or not; a commit without anything does.
pub(super) fn all_pass(repo: &Repository, head: Oid) -> bool {
    latest(repo, head)
        .iter()
        .all(|run| run.conclusion.is_some_and(Conclusion::passes))
        && newest_statuses(repo, head)
            .iter()
            .all(|status| status.state == StatusState::Success)
}

/// Whether a required check passes: the newest run or status of that name, from the App if one is named.
pub(super) fn required_passes(repo: &Repository, head: Oid, required: &RequiredCheck) -> bool {
    let runs: Vec<&CheckRun> = latest(repo, head)
        .into_iter()
        .filter(|run| run.name == required.context && required.app.is_none_or(|app| app == run.app))
        // A run started by hand shows on the commit but does not count for the rules.
        .filter(|run| !by_hand(repo, run))
        .collect();
    let status = newest_statuses(repo, head)
        .into_iter()
        .find(|status| required.app.is_none() && status.context == required.context);
    (!runs.is_empty() || status.is_some())
        && runs.iter().all(|run| run.conclusion.is_some_and(Conclusion::passes))
        && status.is_none_or(|status| status.state == StatusState::Success)
}

fn by_hand(repo: &Repository, run: &CheckRun) -> bool {
    let of = repo.suites.get(&run.suite).and_then(|suite| repo.runs.get(&suite.run?));
    of.is_some_and(|workflow| workflow.event == "workflow_dispatch")
}

/// The end of a whole from the ends of its parts: the gravest.
pub(super) fn worst(ends: impl Iterator<Item = Conclusion>) -> Option<Conclusion> {
    const GRAVEST_FIRST: [Conclusion; 9] = [
        Conclusion::StartupFailure,
        Conclusion::ActionRequired,
        Conclusion::Failure,
        Conclusion::TimedOut,
        Conclusion::Cancelled,
        Conclusion::Stale,
        Conclusion::Success,
        Conclusion::Neutral,
        Conclusion::Skipped,
    ];
    let all: Vec<Conclusion> = ends.collect();
    GRAVEST_FIRST.into_iter().find(|end| all.contains(end))
}

pub(super) fn latest(repo: &Repository, head: Oid) -> Vec<&CheckRun> {
    let mut newest: Vec<&CheckRun> = Vec::new();
    for run in repo.check_runs_of(head) {
        newest.retain(|other| other.suite != run.suite || other.name != run.name);
        newest.push(run);
    }
    newest
}

pub(super) fn newest_statuses(repo: &Repository, head: Oid) -> Vec<&CommitStatus> {
    let mut newest: Vec<&CommitStatus> = Vec::new();
    for status in repo.statuses.values().filter(|status| status.head == head) {
        newest.retain(|other| other.context != status.context);
        newest.push(status);
    }
    newest.sort_by(|a, b| a.context.cmp(&b.context));
    newest
}
