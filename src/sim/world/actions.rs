//! Workflow runs and their jobs.
//!
//! Invariant: a job and its check run share one number.

use super::checks::{CheckStatus, Conclusion};
use super::ids::{CheckRunId, RunId, SuiteId, UserId, WorkflowId};
use crate::clock::Millis;
use crate::sim::git::Oid;

/// A workflow file that ran at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// Numeric id.
    pub id: WorkflowId,
    /// Its `name:`, else its path.
    pub name: String,
    /// `.github/workflows/ci.yml`.
    pub path: String,
    /// When it was first seen.
    pub created_at: Millis,
}

/// A run of a workflow.
#[derive(Clone, Debug)]
pub struct WorkflowRun {
    /// Numeric id.
    pub id: RunId,
    /// The file.
    pub workflow: WorkflowId,
    /// `push`, `pull_request`, `workflow_dispatch`.
    pub event: String,
    /// Branch.
    pub head_branch: String,
    /// Commit the checks are shown on.
    pub head: Oid,
    /// Commit that is checked out: the test merge for `pull_request`.
    pub checkout: Oid,
    /// The pull request it is for.
    pub pull: Option<u64>,
    /// Number among the runs of its workflow.
    pub run_number: u64,
    /// Attempt, from 1.
    pub run_attempt: u64,
    /// Its suite.
    pub suite: SuiteId,
    /// Progress.
    pub status: CheckStatus,
    /// End.
    pub conclusion: Option<Conclusion>,
    /// Whose push or act.
    pub actor: UserId,
    /// Who asked for this attempt.
    pub triggering_actor: UserId,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// Begin of this attempt.
    pub run_started_at: Millis,
    /// Jobs are still to come (they wait for others), so that the end of all known ones is not the end of the run.
    pub more_jobs: bool,
}

/// A job of a workflow run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Number of the job and of its check run.
    pub id: CheckRunId,
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub run_attempt: u64,
    /// Shown name, the check's name.
    pub name: String,
    /// Commit.
    pub head: Oid,
    /// `runs-on`.
    pub labels: Vec<String>,
    /// Progress.
    pub status: CheckStatus,
    /// End.
    pub conclusion: Option<Conclusion>,
    /// Steps.
    pub steps: Vec<Step>,
    /// When it was made.
    pub created_at: Millis,
    /// Begin.
    pub started_at: Option<Millis>,
    /// End.
    pub completed_at: Option<Millis>,
    /// Log; there is none before the end.
    pub log: Option<String>,
}

/// A step of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name.
    pub name: String,
    /// Place, from 1.
    pub number: u64,
    /// Progress.
    pub status: CheckStatus,
    /// End.
    pub conclusion: Option<Conclusion>,
    /// Begin.
    pub started_at: Option<Millis>,
    /// End.
    pub completed_at: Option<Millis>,
}
