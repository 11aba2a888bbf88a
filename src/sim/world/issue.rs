//! Issues.
//!
//! Invariant: a pull request is an issue with `pull` set.

use std::collections::BTreeSet;

use super::ids::{AppId, IssueId, LabelId, NodeRef, RepoId, UserId};
use super::pull::PullRequest;
use super::talk::Reaction;
use super::timeline::TimelineEvent;
use crate::clock::Millis;

/// Open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueState {
    /// Open.
    Open,
    /// Closed.
    Closed,
}

/// Why an issue is in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateReason {
    /// Done.
    Completed,
    /// Will not be done.
    NotPlanned,
    /// Another issue says the same.
    Duplicate,
    /// Opened again.
    Reopened,
}

impl StateReason {
    /// GitHub's word in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotPlanned => "not_planned",
            Self::Duplicate => "duplicate",
            Self::Reopened => "reopened",
        }
    }

    /// Reads GitHub's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Completed, Self::NotPlanned, Self::Duplicate, Self::Reopened]
            .into_iter()
            .find(|reason| reason.name() == text)
    }
}

/// An issue or a pull request.
#[derive(Clone, Debug)]
pub struct Issue {
    /// Id as an issue.
    pub id: IssueId,
    /// Number in its repository.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Body; `None` when none was given.
    pub body: Option<String>,
    /// Author.
    pub author: UserId,
    /// The App through which it was made.
    pub via_app: Option<AppId>,
    /// Open or closed.
    pub state: IssueState,
    /// Why; none for pull requests and for issues never closed.
    pub state_reason: Option<StateReason>,
    /// Who closed it last.
    pub closed_by: Option<UserId>,
    /// When it was closed.
    pub closed_at: Option<Millis>,
    /// Labels.
    pub labels: BTreeSet<LabelId>,
    /// Assignees.
    pub assignees: BTreeSet<UserId>,
    /// Only people with write may comment.
    pub locked: bool,
    /// GitHub's reason of the lock: `off-topic`, `too heated`, `resolved`, `spam`.
    pub lock_reason: Option<String>,
    /// Reactions on the body.
    pub reactions: Vec<Reaction>,
    /// Timeline, oldest first.
    pub timeline: Vec<TimelineEvent>,
    /// Last edit of title or body.
    pub last_edited_at: Option<Millis>,
    /// Who edited it last.
    pub editor: Option<UserId>,
    /// Edits of the body, oldest first.
    pub edits: Vec<Edit>,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// What makes it a pull request.
    pub pull: Option<PullRequest>,
}

impl Issue {
    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == IssueState::Open
    }

    /// GraphQL node id: `PR_..` for a pull request.
    #[must_use]
    pub fn node_id(&self, repo: RepoId) -> String {
        self.node(repo).encode()
    }

    /// What its node id points at.
    #[must_use]
    pub fn node(&self, repo: RepoId) -> NodeRef {
        if self.pull.is_some() {
            NodeRef::PullRequest(repo, self.number)
        } else {
            NodeRef::Issue(repo, self.number)
        }
    }
}

/// One edit of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// When.
    pub at: Millis,
    /// Who.
    pub editor: UserId,
    /// The body before.
    pub before: Option<String>,
}
