//! What a webhook tells, before it is written as JSON.
//!
//! Invariant: an event holds ids and what the world forgets (the body before an edit, the ref before a push); everything
//! else is read from the world at the moment of emission, under the same lock as the change.

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

/// Actions of `installation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationAction {
    /// Installed.
    Created,
    /// Removed.
    Deleted,
    /// Suspended.
    Suspend,
    /// No longer suspended.
    Unsuspend,
    /// Permissions changed.
    NewPermissionsAccepted,
}

impl InstallationAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Suspend => "suspend",
            Self::Unsuspend => "unsuspend",
            Self::NewPermissionsAccepted => "new_permissions_accepted",
        }
    }
}

/// Actions of `repository`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepositoryAction {
    /// Made.
    Created,
    /// Deleted.
    Deleted,
    /// Archived.
    Archived,
    /// No longer archived.
    Unarchived,
    /// Made private.
    Privatized,
    /// Made public.
    Publicized,
    /// Renamed.
    Renamed {
        /// Name before.
        from: String,
    },
    /// Moved to another owner.
    Transferred {
        /// Owner before.
        from: UserId,
    },
    /// Default branch changed.
    DefaultBranchChanged {
        /// Branch before.
        from: String,
    },
}

impl RepositoryAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Archived => "archived",
            Self::Unarchived => "unarchived",
            Self::Privatized => "privatized",
            Self::Publicized => "publicized",
            Self::Renamed { .. } => "renamed",
            Self::Transferred { .. } => "transferred",
            Self::DefaultBranchChanged { .. } => "edited",
        }
    }
}

/// What an edit of title and body replaced; `None` is unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextChanges {
    /// Title before.
    pub title: Option<String>,
    /// Body before.
    pub body: Option<String>,
}

/// Actions of `issues`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuesAction {
    /// Opened.
    Opened,
    /// Title or body edited.
    Edited {
        /// What was there before.
        changes: TextChanges,
    },
    /// Closed.
    Closed,
    /// Reopened.
    Reopened,
    /// Label set.
    Labeled {
        /// Which.
        label: LabelId,
    },
    /// Label taken off.
    Unlabeled {
        /// Which; it may be about to be deleted.
        label: LabelId,
    },
    /// Assigned.
    Assigned {
        /// To whom.
        assignee: UserId,
    },
    /// Unassigned.
    Unassigned {
        /// From whom.
        assignee: UserId,
    },
    /// Locked.
    Locked,
    /// Unlocked.
    Unlocked,
    /// Moved to another repository.
    Transferred {
        /// Repository it is in now.
        repository: RepoId,
        /// Its number there.
        number: u64,
    },
    /// Deleted; still in the world at emission.
    Deleted,
}

impl IssuesAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Edited { .. } => "edited",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Labeled { .. } => "labeled",
            Self::Unlabeled { .. } => "unlabeled",
            Self::Assigned { .. } => "assigned",
            Self::Unassigned { .. } => "unassigned",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Transferred { .. } => "transferred",
            Self::Deleted => "deleted",
        }
    }
}

/// Actions of comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentAction {
    /// Written.
    Created,
    /// Edited.
    Edited {
        /// Text before.
        body: String,
    },
    /// Deleted.
    Deleted,
}

impl CommentAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited { .. } => "edited",
            Self::Deleted => "deleted",
        }
    }
}

/// Actions of `pull_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullAction {
    /// Opened.
    Opened,
    /// Title, body or base edited.
    Edited {
        /// What was there before.
        changes: TextChanges,
        /// Base before: branch and commit.
        base: Option<(String, Oid)>,
    },
    /// Closed or merged.
    Closed,
    /// Reopened.
    Reopened,
    /// The head moved.
    Synchronize {
        /// Head before.
        before: Oid,
        /// Head after.
        after: Oid,
    },
    /// Label set.
    Labeled {
        /// Which.
        label: LabelId,
    },
    /// Label taken off.
    Unlabeled {
        /// Which.
        label: LabelId,
    },
    /// Assigned.
    Assigned {
        /// To whom.
        assignee: UserId,
    },
    /// Unassigned.
    Unassigned {
        /// From whom.
        assignee: UserId,
    },
    /// A review is asked for.
    ReviewRequested {
        /// Of whom.
        reviewer: UserId,
    },
    /// A review is no longer asked for.
    ReviewRequestRemoved {
        /// Of whom.
        reviewer: UserId,
    },
    /// Draft no longer.
    ReadyForReview,
    /// Draft again.
    ConvertedToDraft,
    /// Locked.
    Locked,
    /// Unlocked.
    Unlocked,
    /// Auto-merge switched on.
    AutoMergeEnabled,
    /// Auto-merge switched off.
    AutoMergeDisabled {
        /// GitHub's sentence.
        reason: String,
    },
}

impl PullAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Edited { .. } => "edited",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Synchronize { .. } => "synchronize",
            Self::Labeled { .. } => "labeled",
            Self::Unlabeled { .. } => "unlabeled",
            Self::Assigned { .. } => "assigned",
            Self::Unassigned { .. } => "unassigned",
            Self::ReviewRequested { .. } => "review_requested",
            Self::ReviewRequestRemoved { .. } => "review_request_removed",
            Self::ReadyForReview => "ready_for_review",
            Self::ConvertedToDraft => "converted_to_draft",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::AutoMergeEnabled => "auto_merge_enabled",
            Self::AutoMergeDisabled { .. } => "auto_merge_disabled",
        }
    }
}

/// Actions of `pull_request_review`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewAction {
    /// Submitted.
    Submitted,
    /// Text edited.
    Edited {
        /// Text before.
        body: String,
    },
    /// Dismissed.
    Dismissed,
}

impl ReviewAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Edited { .. } => "edited",
            Self::Dismissed => "dismissed",
        }
    }
}

/// Actions of `check_run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckRunAction {
    /// Made.
    Created,
    /// Ended.
    Completed,
    /// A person asks for it again; only to its App.
    Rerequested,
    /// A person pressed a button; only to its App.
    RequestedAction {
        /// Which.
        identifier: String,
    },
}

impl CheckRunAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Completed => "completed",
            Self::Rerequested => "rerequested",
            Self::RequestedAction { .. } => "requested_action",
        }
    }
}

/// Actions of `check_suite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckSuiteAction {
    /// Made by a push; only to its App.
    Requested,
    /// A person asks for it again; only to its App.
    Rerequested,
    /// All runs ended.
    Completed,
}

impl CheckSuiteAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Rerequested => "rerequested",
            Self::Completed => "completed",
        }
    }
}

/// Actions of `workflow_run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAction {
    /// Queued.
    Requested,
    /// Began.
    InProgress,
    /// Ended.
    Completed,
}

impl RunAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}

/// Actions of `workflow_job`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobAction {
    /// Queued.
    Queued,
    /// Began.
    InProgress,
    /// Ended.
    Completed,
}

impl JobAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}

/// Actions of `label`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelAction {
    /// Made.
    Created,
    /// Edited.
    Edited,
    /// Deleted.
    Deleted,
}

impl LabelAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }
}
