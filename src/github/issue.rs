//! A whole workflow in one reading: the issue with its history and comments, our branches, our pull requests.
//!
//! Who labelled, closed or reopened is read here, from the issue's own timeline, so that a webhook and a sweep come to the
//! same facts.
//!
//! Invariant: reading changes nothing, and what is not there is `None`, not an error, unless it is the repository.

use std::collections::BTreeMap;

use super::pull_state::{PullLife, PullState};
use super::types::{Actor, NodeId, PullRef, Sha};
use crate::clock::Millis;

mod raw;
mod read;

pub(super) use raw::{COMMENT_FIELDS, RawComment};
pub(super) use read::{comments_query, pulls_query, workflow_query};

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowQuestion {
    /// The issue's number.
    pub issue: u64,
    /// Comments after this place; `None`: all of them. It is [`WorkflowState::cursor`] of an earlier reading.
    pub after: Option<String>,
    /// Comments to be read again by id: edited or deleted ones are found this way.
    pub watched: Vec<NodeId>,
    /// Our branches' common beginning, with its last slash: `millhand/7-parser/`. `None`: none are looked for.
    pub branches: Option<String>,
    /// Numbers of our pull requests.
    pub pulls: Vec<u64>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowState {
    /// Nothing can be written in this repository.
    pub archived: bool,
    /// The issue; `None` if it was deleted or transferred.
    pub issue: Option<Issue>,
    /// The comments asked for, oldest first.
    pub comments: Vec<Comment>,
    /// Where the next reading of comments begins.
    pub cursor: Option<String>,
    /// The watched comments, in the order asked; `None` for a deleted one.
    pub watched: Vec<Option<Comment>>,
    /// Our branches, in order of name.
    pub branches: Vec<BranchState>,
    /// Our pull requests by number; one that is not there is missing.
    pub pulls: BTreeMap<u64, PullState>,
}

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Whether it is open.
    pub open: bool,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Whom it is assigned to.
    pub assignees: Vec<Actor>,
    /// Whether its conversation is locked.
    pub locked: bool,
    /// When it was opened.
    pub created_at: Millis,
    /// When its body was last edited, if it was.
    pub edited_at: Option<Millis>,
    /// Who edited it last.
    pub editor: Option<Actor>,
    /// Open pull requests that would close it, or did.
    pub closing: Vec<ClosingPull>,
    /// The last hundred events of the kinds of [`IssueEventKind`], oldest first.
    pub events: Vec<IssueEvent>,
}

/// A pull request that says it closes the issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingPull {
    /// Its number, in its own repository.
    pub number: u64,
    /// `owner/name` of its repository.
    pub repository: String,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Open, closed or merged.
    pub life: PullLife,
}

/// Something that happened to an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueEvent {
    /// Its GraphQL id: the same whichever way it is learnt.
    pub node_id: NodeId,
    /// Who did it.
    pub actor: Option<Actor>,
    /// When.
    pub at: Millis,
    /// What.
    pub kind: IssueEventKind,
}

/// What happened to an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssueEventKind {
    /// A label was set.
    Labeled(String),
    /// A label was removed.
    Unlabeled(String),
    /// It was closed, perhaps by merging a pull request of this number in this repository.
    Closed {
        /// Number of the pull request that closed it.
        pull: Option<u64>,
        /// `owner/name` of that pull request's repository.
        repository: Option<String>,
    },
    /// It was opened again.
    Reopened,
    /// Its title was changed.
    Renamed {
        /// The title before.
        from: String,
        /// The title after.
        to: String,
    },
}

/// A comment on an issue or a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number among comments.
    pub id: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// Who wrote it.
    pub author: Option<Actor>,
    /// Its text.
    pub body: String,
    /// When it was written.
    pub created_at: Millis,
    /// When it was last edited, if it was: an edited comment is no command.
    pub edited_at: Option<Millis>,
    /// Whether it is hidden.
    pub minimised: bool,
    /// Its place on the page.
    pub url: String,
}

/// One of our branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchState {
    /// Its name without `refs/heads/`.
    pub name: String,
    /// Its commit.
    pub sha: Sha,
    /// That commit's tree.
    pub tree: Option<Sha>,
    /// The open pull requests it is the head of, with their bases.
    pub pulls: Vec<(PullRef, String)>,
}
