//! Check suites and runs, commit statuses, workflow runs and jobs.
//!
//! Invariant: a check run belongs to the App that made it; an Actions job and its check run share one number.

use super::ids::{AppId, CheckRunId, RunId, StatusId, SuiteId, UserId, WorkflowId};
use crate::clock::Millis;
use crate::sim::git::Oid;

/// Progress of a suite, run or job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    /// Waits.
    Queued,
    /// Runs.
    InProgress,
    /// Ended.
    Completed,
}

impl CheckStatus {
    /// REST's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }

    /// Reads REST's or GraphQL's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::InProgress, Self::Completed]
            .into_iter()
            .find(|status| status.name().eq_ignore_ascii_case(text))
    }
}

/// How a suite, run or job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conclusion {
    /// Passed.
    Success,
    /// Failed.
    Failure,
    /// Says nothing; passes.
    Neutral,
    /// Stopped.
    Cancelled,
    /// Not run; passes.
    Skipped,
    /// Took too long.
    TimedOut,
    /// A person must act.
    ActionRequired,
    /// Given up by GitHub after 14 days.
    Stale,
    /// Could not begin.
    StartupFailure,
}

impl Conclusion {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::Failure,
        Self::Neutral,
        Self::Cancelled,
        Self::Skipped,
        Self::TimedOut,
        Self::ActionRequired,
        Self::Stale,
        Self::StartupFailure,
    ];

    /// REST's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral => "neutral",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed_out",
            Self::ActionRequired => "action_required",
            Self::Stale => "stale",
            Self::StartupFailure => "startup_failure",
        }
    }

    /// Reads REST's or GraphQL's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|conclusion| conclusion.name().eq_ignore_ascii_case(text))
    }

    /// Whether GitHub lets a required check with this end pass.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Success | Self::Neutral | Self::Skipped)
    }
}

/// One App's checks on one commit.
#[derive(Clone, Debug)]
pub struct CheckSuite {
    /// Numeric id.
    pub id: SuiteId,
    /// Whose.
    pub app: AppId,
    /// Branch it was made for.
    pub head_branch: Option<String>,
    /// Commit.
    pub head: Oid,
    /// Commit the branch was at before the push.
    pub before: Option<Oid>,
    /// Progress.
    pub status: CheckStatus,
    /// End.
    pub conclusion: Option<Conclusion>,
    /// The workflow run it is for, for Actions.
    pub run: Option<RunId>,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
}

/// One check.
#[derive(Clone, Debug)]
pub struct CheckRun {
    /// Numeric id.
    pub id: CheckRunId,
    /// Its suite.
    pub suite: SuiteId,
    /// Whose.
    pub app: AppId,
    /// Name.
    pub name: String,
    /// Commit.
    pub head: Oid,
    /// Progress.
    pub status: CheckStatus,
    /// End.
    pub conclusion: Option<Conclusion>,
    /// The App's own id.
    pub external_id: Option<String>,
    /// Link of the App.
    pub details_url: Option<String>,
    /// What it says.
    pub output: CheckOutput,
    /// Buttons.
    pub actions: Vec<CheckAction>,
    /// When it was made.
    pub created_at: Millis,
    /// Begin.
    pub started_at: Option<Millis>,
    /// End.
    pub completed_at: Option<Millis>,
}

/// What a check run says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckOutput {
    /// Title.
    pub title: Option<String>,
    /// Summary, Markdown.
    pub summary: Option<String>,
    /// Text, Markdown.
    pub text: Option<String>,
    /// Annotations; updates append.
    pub annotations: Vec<Annotation>,
}

/// Weight of an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// Notice.
    Notice,
    /// Warning.
    Warning,
    /// Failure.
    Failure,
}

impl AnnotationLevel {
    /// REST's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }

    /// Reads REST's or GraphQL's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Notice, Self::Warning, Self::Failure]
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(text))
    }
}

/// A remark at a place in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// File.
    pub path: String,
    /// First line.
    pub start_line: u64,
    /// Last line.
    pub end_line: u64,
    /// First column, only when on one line.
    pub start_column: Option<u64>,
    /// Last column, only when on one line.
    pub end_column: Option<u64>,
    /// Weight.
    pub level: AnnotationLevel,
    /// Text.
    pub message: String,
    /// Title.
    pub title: Option<String>,
    /// Details.
    pub raw_details: Option<String>,
}

/// A button of a check run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckAction {
    /// At most 20 characters.
    pub label: String,
    /// At most 40 characters.
    pub description: String,
    /// At most 20 characters.
    pub identifier: String,
}

/// State of a commit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusState {
    /// Broken.
    Error,
    /// Failed.
    Failure,
    /// Runs.
    Pending,
    /// Passed.
    Success,
}

impl StatusState {
    /// REST's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Pending => "pending",
            Self::Success => "success",
        }
    }

    /// Reads REST's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Error, Self::Failure, Self::Pending, Self::Success]
            .into_iter()
            .find(|state| state.name() == text)
    }
}

/// A commit status.
#[derive(Clone, Debug)]
pub struct CommitStatus {
    /// Numeric id.
    pub id: StatusId,
    /// Commit.
    pub head: Oid,
    /// Context, `ci/build`.
    pub context: String,
    /// State.
    pub state: StatusState,
    /// One line.
    pub description: Option<String>,
    /// Link.
    pub target_url: Option<String>,
    /// Who set it.
    pub creator: UserId,
    /// When.
    pub created_at: Millis,
}

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
