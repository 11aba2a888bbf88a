//! What is particular to each event.
//!
//! Invariant: ids, names of branches and commits only; no text that people wrote, for that is read from GitHub.

use crate::github::types::{NodeId, RepositoryId};

/// `issues`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueEvent {
    /// The issue's number.
    pub number: u64,
    /// The label that was set or removed.
    pub label: Option<String>,
}

/// `issue_comment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentEvent {
    /// Number of the issue or pull request.
    pub number: u64,
    /// Whether that is a pull request.
    pub on_pull: bool,
    /// The comment's id.
    pub comment: u64,
    /// Its GraphQL id.
    pub node_id: Option<NodeId>,
    /// The App that wrote it for its author.
    pub app: Option<u64>,
}

/// `pull_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullEvent {
    /// The pull request's number.
    pub number: u64,
    /// Its head branch.
    pub head: String,
    /// Its head commit.
    pub head_sha: String,
    /// Its base branch.
    pub base: String,
    /// Whether it is merged.
    pub merged: bool,
    /// Pull requests that its body says it reverts.
    pub reverts: Vec<u64>,
}

/// `pull_request_review`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewEvent {
    /// The pull request's number.
    pub number: u64,
    /// The review's id.
    pub review: u64,
}

/// `pull_request_review_comment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewCommentEvent {
    /// The pull request's number.
    pub number: u64,
    /// The comment's id.
    pub comment: u64,
}

/// `check_run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRunEvent {
    /// The check run's id.
    pub run: u64,
    /// Its name.
    pub name: String,
    /// The commit it is about.
    pub head_sha: String,
    /// The branch it was pushed to, where known.
    pub head_branch: Option<String>,
    /// The App it belongs to.
    pub app: Option<u64>,
    /// What its App calls it.
    pub external_id: Option<String>,
    /// The button that was pressed.
    pub button: Option<String>,
}

/// `check_suite`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSuiteEvent {
    /// The commit it is about.
    pub head_sha: String,
    /// The branch it was pushed to, where known.
    pub head_branch: Option<String>,
    /// The App it belongs to.
    pub app: Option<u64>,
}

/// `workflow_run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRunEvent {
    /// The run's id.
    pub run: u64,
    /// The commit it is about.
    pub head_sha: String,
    /// The branch it was pushed to, where known.
    pub head_branch: Option<String>,
}

/// `status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusEvent {
    /// The commit it is about.
    pub sha: String,
    /// The branches whose head that commit is, at most ten.
    pub branches: Vec<String>,
}

/// `push`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushEvent {
    /// The whole name of the ref: `refs/heads/main`.
    pub name: String,
    /// Its commit before; zeros if it is new.
    pub before: String,
    /// Its commit now; zeros if it was deleted.
    pub after: String,
}

/// `merge_group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeGroupEvent {
    /// The commit the queue tries.
    pub head_sha: String,
    /// The queue's own branch.
    pub head_ref: String,
    /// The branch it would be merged into, as a whole ref name.
    pub base_ref: String,
    /// Why a group ended.
    pub reason: Option<String>,
}

/// `repository`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepositoryEvent;

/// `installation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstallationEvent;

/// `installation_repositories`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoriesEvent {
    /// Repositories that the installation reaches now.
    pub added: Vec<RepositoryId>,
    /// Repositories that it reaches no more.
    pub removed: Vec<RepositoryId>,
}
