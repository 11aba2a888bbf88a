//! The fields of webhook bodies that are read, and no others.
//!
//! GitHub adds events, actions, fields and values without notice, and different senders leave out different things. So
//! every struct is lenient: unknown fields are skipped, unknown actions and events are [`Payload::Unused`], and only what
//! names the thing a delivery is about must be there.
//!
//! Invariant: a body whose shape does not fit its event's name is [`Malformed`]: the name is not signed.

use serde::Deserialize;

use super::super::types::{Actor, Identity, InstallationId, NodeId, RepositoryId};

mod action;
mod events;
mod fields;

pub use action::Action;
pub use events::{
    CheckRunEvent, CheckSuiteEvent, CommentEvent, InstallationEvent, IssueEvent, MergeGroupEvent, PullEvent, PushEvent,
    RepositoriesEvent, RepositoryEvent, ReviewCommentEvent, ReviewEvent, StatusEvent, WorkflowRunEvent,
};

use action::used;
use fields::Envelope;

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
        let text = std::str::from_utf8(body).map_err(|error| broken(error.to_string()))?;
        // An array would do for a struct whose fields may all be missing.
        if !text.trim_start().starts_with('{') {
            return Err(broken("no JSON object".to_owned()));
        }
        let envelope: Envelope = serde_json::from_str(text).map_err(about)?;
        let Some(action) = used(event, envelope.action.as_deref()) else {
            return Ok(Self::Unused);
        };
        match event {
            "issues" => envelope.with(action, text).map(Self::Issue),
            "issue_comment" => envelope.with(action, text).map(Self::Comment),
            "pull_request" => envelope.with(action, text).map(Self::Pull),
            "pull_request_review" => envelope.with(action, text).map(Self::Review),
            "pull_request_review_comment" => envelope.with(action, text).map(Self::ReviewComment),
            "check_run" => envelope.with(action, text).map(Self::CheckRun),
            "check_suite" => envelope.with(action, text).map(Self::CheckSuite),
            "workflow_run" => envelope.with(action, text).map(Self::WorkflowRun),
            "status" => envelope.with(action, text).map(Self::Status),
            "push" => envelope.with(action, text).map(Self::Push),
            "merge_group" => envelope.with(action, text).map(Self::MergeGroup),
            "installation_repositories" => envelope.with(action, text).map(Self::Repositories),
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

#[cfg(test)]
mod tests;
