//! Check suites and runs, commit statuses.
//!
//! Invariant: a check run belongs to the App that made it.

use super::ids::{AppId, CheckRunId, RunId, StatusId, SuiteId, UserId};
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
