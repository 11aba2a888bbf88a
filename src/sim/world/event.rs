//! What a webhook tells, before it is written as JSON.
//!
//! Invariant: an event holds ids and what the world forgets (the body before an edit, the ref before a push); everything
//! else is read from the world at the moment of emission, under the same lock as the change.

mod acts;
mod code_acts;

pub use acts::{CommentAction, InstallationAction, IssuesAction, LabelAction, RepositoryAction, TextChanges};
pub use code_acts::{CheckRunAction, CheckSuiteAction, JobAction, PullAction, ReviewAction, RunAction};

use super::ids::{
    AppId, CheckRunId, CommentId, InstallationId, LabelId, RepoId, ReviewCommentId, ReviewId, RunId, StatusId, SuiteId, ThreadId,
    UserId,
};
use crate::sim::git::Oid;

/// One webhook for one App.
#[derive(Clone, Debug)]
pub struct Event {
    /// Who receives it.
    pub app: AppId,
    /// By which installation; none for `ping`.
    pub installation: Option<InstallationId>,
    /// Where it happened.
    pub repository: Option<RepoId>,
    /// Who did it.
    pub sender: UserId,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The hook was made.
    Ping,
    /// `installation`.
    Installation {
        /// What.
        action: InstallationAction,
    },
    /// `installation_repositories`.
    InstallationRepositories {
        /// Repositories that came.
        added: Vec<RepoId>,
        /// Repositories that went; they still exist in the world at emission.
        removed: Vec<RepoId>,
    },
    /// `repository`.
    Repository {
        /// What.
        action: RepositoryAction,
    },
    /// `issues`.
    Issues {
        /// What.
        action: IssuesAction,
        /// Number.
        number: u64,
    },
    /// `issue_comment`.
    IssueComment {
        /// What.
        action: CommentAction,
        /// Comment; a deleted one is still in the world at emission.
        comment: CommentId,
    },
    /// `pull_request`.
    PullRequest {
        /// What.
        action: PullAction,
        /// Number.
        number: u64,
    },
    /// `pull_request_review`.
    PullRequestReview {
        /// What.
        action: ReviewAction,
        /// Review.
        review: ReviewId,
    },
    /// `pull_request_review_comment`.
    PullRequestReviewComment {
        /// What.
        action: CommentAction,
        /// Comment; a deleted one is still in the world at emission.
        comment: ReviewCommentId,
    },
    /// `pull_request_review_thread`.
    PullRequestReviewThread {
        /// True for `resolved`, false for `unresolved`.
        resolved: bool,
        /// Thread.
        thread: ThreadId,
    },
    /// `check_run`.
    CheckRun {
        /// What.
        action: CheckRunAction,
        /// Run.
        run: CheckRunId,
    },
    /// `check_suite`.
    CheckSuite {
        /// What.
        action: CheckSuiteAction,
        /// Suite.
        suite: SuiteId,
    },
    /// `workflow_run`.
    WorkflowRun {
        /// What.
        action: RunAction,
        /// Run.
        run: RunId,
    },
    /// `workflow_job`.
    WorkflowJob {
        /// What.
        action: JobAction,
        /// Job.
        job: CheckRunId,
    },
    /// `status`.
    Status {
        /// Status.
        status: StatusId,
    },
    /// `push`.
    Push(Push),
    /// `create`, of a branch or tag.
    Create {
        /// Full name, `refs/heads/x`.
        name: String,
    },
    /// `delete`, of a branch or tag.
    Delete {
        /// Full name, `refs/heads/x`.
        name: String,
    },
    /// `label`, of a repository's list of labels.
    Label {
        /// What.
        action: LabelAction,
        /// Label; a deleted one is still in the world at emission.
        label: LabelId,
    },
}

impl EventKind {
    /// The `X-GitHub-Event` header.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Installation { .. } => "installation",
            Self::InstallationRepositories { .. } => "installation_repositories",
            Self::Repository { .. } => "repository",
            Self::Issues { .. } => "issues",
            Self::IssueComment { .. } => "issue_comment",
            Self::PullRequest { .. } => "pull_request",
            Self::PullRequestReview { .. } => "pull_request_review",
            Self::PullRequestReviewComment { .. } => "pull_request_review_comment",
            Self::PullRequestReviewThread { .. } => "pull_request_review_thread",
            Self::CheckRun { .. } => "check_run",
            Self::CheckSuite { .. } => "check_suite",
            Self::WorkflowRun { .. } => "workflow_run",
            Self::WorkflowJob { .. } => "workflow_job",
            Self::Status { .. } => "status",
            Self::Push(_) => "push",
            Self::Create { .. } => "create",
            Self::Delete { .. } => "delete",
            Self::Label { .. } => "label",
        }
    }

    /// The top-level `action`, where the event has one.
    #[must_use]
    pub fn action(&self) -> Option<&'static str> {
        Some(match self {
            Self::Ping | Self::Status { .. } | Self::Push(_) | Self::Create { .. } | Self::Delete { .. } => return None,
            Self::Installation { action } => action.name(),
            Self::InstallationRepositories { added, .. } => {
                if added.is_empty() {
                    "removed"
                } else {
                    "added"
                }
            }
            Self::Repository { action } => action.name(),
            Self::Issues { action, .. } => action.name(),
            Self::IssueComment { action, .. } | Self::PullRequestReviewComment { action, .. } => action.name(),
            Self::PullRequest { action, .. } => action.name(),
            Self::PullRequestReview { action, .. } => action.name(),
            Self::PullRequestReviewThread { resolved: true, .. } => "resolved",
            Self::PullRequestReviewThread { resolved: false, .. } => "unresolved",
            Self::CheckRun { action, .. } => action.name(),
            Self::CheckSuite { action, .. } => action.name(),
            Self::WorkflowRun { action, .. } => action.name(),
            Self::WorkflowJob { action, .. } => action.name(),
            Self::Label { action, .. } => action.name(),
        })
    }
}

/// A push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Full name, `refs/heads/x`.
    pub name: String,
    /// Before; `None` when the ref was made.
    pub before: Option<Oid>,
    /// After; `None` when the ref was deleted.
    pub after: Option<Oid>,
    /// Not a fast-forward.
    pub forced: bool,
    /// Commits that are new on the ref, oldest first.
    pub commits: Vec<Oid>,
}
