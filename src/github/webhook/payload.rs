//! The fields of webhook bodies that are read, and no others.
//!
//! GitHub adds events, actions, fields and values without notice, and different senders leave out different things. So
//! every struct is lenient: unknown fields are skipped, unknown actions and events are [`Payload::Unused`], and only what
//! names the thing a delivery is about must be there.
//!
//! Invariant: a body whose shape does not fit its event's name is [`Malformed`]: the name is not signed.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::types::{Actor, Identity, InstallationId, NodeId, RepositoryId, RestActor};

/// The body is no JSON, or lacks what the event's name promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body does not fit the event {event}: {detail}")]
pub struct Malformed {
    event: String,
    detail: String,
}

/// What all bodies have: who did it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<T> {
    /// The `action` field; [`Action::None`] where the event has none.
    pub action: Action,
    /// The installation the delivery is for.
    pub installation: Option<InstallationId>,
    /// The repository.
    pub repository: Option<RepositoryName>,
    /// Who caused it.
    pub sender: Option<Actor>,
    /// What is particular to the event.
    pub about: T,
}

/// The repository a delivery names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RepositoryName {
    /// Numeric id.
    pub id: RepositoryId,
    /// GraphQL id.
    #[serde(default)]
    pub node_id: Option<NodeId>,
    /// `owner/name` of this moment.
    #[serde(default)]
    pub full_name: String,
    /// Name of the default branch, where given.
    #[serde(default)]
    pub default_branch: Option<String>,
}

/// An event's action. Those that are used have a name here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the names are GitHub's own; its documentation of webhook events says what each means"
)]
pub enum Action {
    /// The event has no action.
    None,
    Added,
    Archived,
    Assigned,
    AutoMergeEnabled,
    AutoMergeDisabled,
    ChecksRequested,
    Closed,
    Completed,
    ConvertedToDraft,
    Created,
    Deleted,
    Dequeued,
    Destroyed,
    Dismissed,
    Edited,
    Enqueued,
    InProgress,
    Labeled,
    Locked,
    NewPermissionsAccepted,
    Opened,
    Privatized,
    Publicized,
    ReadyForReview,
    Removed,
    Renamed,
    Reopened,
    Requested,
    RequestedAction,
    Rerequested,
    Submitted,
    Suspend,
    Synchronize,
    Transferred,
    Unarchived,
    Unassigned,
    Unlabeled,
    Unlocked,
    Unsuspend,
}

/// One delivery, read as far as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// An issue was labelled, edited, closed, ...
    Issue(Event<IssueEvent>),
    /// A comment on an issue or a pull request.
    Comment(Event<CommentEvent>),
    /// A pull request was opened, pushed to, closed, ...
    Pull(Event<PullEvent>),
    /// A review was submitted, edited or dismissed.
    Review(Event<ReviewEvent>),
    /// A comment on a pull request's lines.
    ReviewComment(Event<ReviewCommentEvent>),
    /// One check: finished, asked to run again, or one of its buttons pressed.
    CheckRun(Event<CheckRunEvent>),
    /// All checks of one App on one commit.
    CheckSuite(Event<CheckSuiteEvent>),
    /// A run of GitHub Actions.
    WorkflowRun(Event<WorkflowRunEvent>),
    /// A commit status of older CI.
    Status(Event<StatusEvent>),
    /// A branch or tag moved.
    Push(Event<PushEvent>),
    /// A merge queue built a group or let it go.
    MergeGroup(Event<MergeGroupEvent>),
    /// The repository was renamed, transferred, archived, ...
    Repository(Event<RepositoryEvent>),
    /// The App was installed, removed, suspended, or given permissions.
    Installation(Event<InstallationEvent>),
    /// Repositories joined or left an installation.
    Repositories(Event<RepositoriesEvent>),
    /// The webhook was set up.
    Ping,
    /// An event or action that Millhand does not use.
    Unused,
}

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

impl Payload {
    /// Reads a body as the event of that name (`X-GitHub-Event`).
    ///
    /// # Errors
    /// The body is no JSON object, or does not have what an event of that name is about.
    pub fn parse(event: &str, body: &[u8]) -> Result<Self, Malformed> {
        let broken = |detail: String| Malformed {
            event: event.chars().take(40).collect(),
            detail,
        };
        let about = |error: serde_json::Error| broken(error.to_string());
        // An array would do for a struct whose fields may all be missing.
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(broken("no JSON object".to_owned()));
        }
        let envelope: Envelope = serde_json::from_slice(body).map_err(about)?;
        let Some(action) = used(event, envelope.action.as_deref()) else {
            return Ok(Self::Unused);
        };
        match event {
            "issues" => envelope.with(action, body).map(Self::Issue),
            "issue_comment" => envelope.with(action, body).map(Self::Comment),
            "pull_request" => envelope.with(action, body).map(Self::Pull),
            "pull_request_review" => envelope.with(action, body).map(Self::Review),
            "pull_request_review_comment" => envelope.with(action, body).map(Self::ReviewComment),
            "check_run" => envelope.with(action, body).map(Self::CheckRun),
            "check_suite" => envelope.with(action, body).map(Self::CheckSuite),
            "workflow_run" => envelope.with(action, body).map(Self::WorkflowRun),
            "status" => envelope.with(action, body).map(Self::Status),
            "push" => envelope.with(action, body).map(Self::Push),
            "merge_group" => envelope.with(action, body).map(Self::MergeGroup),
            "installation_repositories" => envelope.with(action, body).map(Self::Repositories),
            "repository" if envelope.repository.is_none() => return Err(broken("no repository".to_owned())),
            "repository" => Ok(Self::Repository(envelope.holding(action, RepositoryEvent))),
            "installation" if envelope.installation.is_none() => return Err(broken("no installation".to_owned())),
            "installation" => Ok(Self::Installation(envelope.holding(action, InstallationEvent))),
            "ping" => Ok(Self::Ping),
            _ => Ok(Self::Unused),
        }
        .map_err(about)
    }

    /// Whether Millhand itself caused it: observed like any other, never obeyed as a command.
    #[must_use]
    pub fn is_own(&self, identity: &Identity) -> bool {
        let app = match self {
            Self::Comment(event) => event.about.app,
            // A button of our check run is pressed by a person: there the sender alone counts.
            Self::CheckRun(event) if event.action != Action::RequestedAction => event.about.app,
            Self::CheckSuite(event) => event.about.app,
            Self::CheckRun(_)
            | Self::Issue(_)
            | Self::Pull(_)
            | Self::Review(_)
            | Self::ReviewComment(_)
            | Self::WorkflowRun(_)
            | Self::Status(_)
            | Self::Push(_)
            | Self::MergeGroup(_)
            | Self::Repository(_)
            | Self::Installation(_)
            | Self::Repositories(_)
            | Self::Ping
            | Self::Unused => None,
        };
        app == Some(identity.app_id) || self.sender().is_some_and(|sender| sender.id == identity.user_id)
    }
}

mod fields;

use fields::{Envelope, used};

#[cfg(test)]
mod tests;
