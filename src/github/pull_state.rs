//! All that is read of a pull request at once: head and base, merge state, reviews, threads, comments, checks.
//!
//! One selection serves the query for one pull request and the query for a whole workflow, so that both see the same.
//!
//! Invariant: checks are believed only for [`PullState::checks_head`]; compare it with the head before judging.

use super::issue::Comment;
use super::types::{Actor, NodeId, PullRef, Sha};
use crate::clock::Millis;

mod checks;
mod raw;
mod reviews;

pub(super) use checks::{CHECKS_PAGE, RawRollup, checks_page};
pub(super) use raw::{Nodes, PageInfo, RawPull, actor, life, selection, time};

/// Whether a pull request is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullLife {
    /// Open.
    Open,
    /// Closed without being merged.
    Closed,
    /// Merged.
    Merged,
}

/// Whether head and base can be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mergeable {
    /// Without conflict.
    Yes,
    /// They conflict.
    No,
    /// GitHub is still computing; this reading started it.
    Unknown,
}

/// What GitHub would say to a merge now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeState {
    /// It may be merged.
    Clean,
    /// It may be merged; a check that is not required is red or not done.
    Unstable,
    /// A rule forbids it.
    Blocked,
    /// The base moved and must be taken in first.
    Behind,
    /// It conflicts.
    Dirty,
    /// It is a draft.
    Draft,
    /// GitHub is still computing, or says something new.
    Unknown,
}

/// A pull request as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullState {
    /// Its names.
    pub pull: PullRef,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Open, closed or merged.
    pub life: PullLife,
    /// Whether it is a draft.
    pub draft: bool,
    /// When anything of it changed last.
    pub updated_at: Millis,
    /// Its head branch.
    pub head: String,
    /// Its head commit.
    pub head_sha: Sha,
    /// The tree of its head commit, where the branch still exists.
    pub head_tree: Option<Sha>,
    /// Its base branch.
    pub base: String,
    /// The base's commit.
    pub base_sha: Sha,
    /// Whether the head is in another repository.
    pub from_fork: bool,
    /// The commit it was merged as.
    pub merge_commit: Option<Sha>,
    /// Who merged it.
    pub merged_by: Option<Actor>,
    /// Whether it conflicts.
    pub mergeable: Mergeable,
    /// What GitHub would say to a merge.
    pub merge_state: MergeState,
    /// GitHub's own verdict over the reviews: `APPROVED`, `CHANGES_REQUESTED`, `REVIEW_REQUIRED`; none if none is asked.
    pub review_decision: Option<String>,
    /// Whether it waits in a merge queue.
    pub queued: bool,
    /// Whether its conversation is locked.
    pub locked: bool,
    /// Who is asked to review it; teams are left out.
    pub asked: Vec<Actor>,
    /// The last hundred reviews, oldest first, pending ones of ours among them.
    pub reviews: Vec<Review>,
    /// The first fifty threads on its lines.
    pub threads: Vec<Thread>,
    /// The last fifty comments of its conversation.
    pub comments: Vec<Comment>,
    /// When it was closed and reopened, and by whom.
    pub events: Vec<PullEvent>,
    /// The commit that the checks are about.
    pub checks_head: Option<Sha>,
    /// All checks of that commit.
    pub checks: Vec<Check>,
    /// The first fifty check suites of that commit.
    pub suites: Vec<Suite>,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewState {
    /// Not submitted yet: only its author sees it.
    Pending,
    /// Neither yes nor no.
    Commented,
    /// Yes.
    Approved,
    /// No.
    ChangesRequested,
    /// Taken back.
    Dismissed,
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Its number among reviews.
    pub id: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// Who gave it.
    pub author: Option<Actor>,
    /// Whether its author may push: only such reviews count.
    pub can_push: bool,
    /// What it says.
    pub state: ReviewState,
    /// Its text.
    pub body: String,
    /// The head it was given for.
    pub commit: Option<Sha>,
    /// When it was submitted.
    pub submitted_at: Option<Millis>,
    /// When it was last edited, if it was.
    pub edited_at: Option<Millis>,
    /// How many comments on lines it has.
    pub line_comments: u64,
    /// Its place on the page.
    pub url: String,
}

/// A conversation on lines of the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its GraphQL id: replies need it.
    pub node_id: NodeId,
    /// Whether somebody called it done.
    pub resolved: bool,
    /// Whether the lines have changed since.
    pub outdated: bool,
    /// The file.
    pub path: String,
    /// The line, where it still exists.
    pub line: Option<u64>,
    /// Its first twenty comments.
    pub comments: Vec<ThreadComment>,
}

/// A comment in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadComment {
    /// Its number among review comments.
    pub id: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// The review it belongs to.
    pub review: Option<NodeId>,
    /// Who wrote it.
    pub author: Option<Actor>,
    /// Its text.
    pub body: String,
    /// When it was written.
    pub created_at: Option<Millis>,
}

/// Something that happened to a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullEvent {
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// True for closed, false for reopened.
    pub closed: bool,
    /// Who did it.
    pub actor: Option<Actor>,
    /// When.
    pub at: Millis,
}

/// Where a check comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckSource {
    /// An App's check run.
    App {
        /// The App's id; names can be taken by other Apps.
        app: Option<u64>,
        /// The App's name in links.
        slug: String,
    },
    /// A commit status, set by a person or an App.
    Status,
}

/// One check of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// Its number among check runs, which for Actions is also the job's; none for a status.
    pub id: Option<u64>,
    /// Its name, or a status's context.
    pub name: String,
    /// Who reports it.
    pub source: CheckSource,
    /// Whether it is over.
    pub done: bool,
    /// Lower case: `success`, `failure`, `neutral`, `cancelled`, `skipped`, `timed_out`, `action_required`, `stale`,
    /// `startup_failure`; for a status `success`, `failure`, `error`. None while it runs.
    pub conclusion: Option<String>,
    /// Whether a rule asks for it on this pull request.
    pub required: bool,
    /// What its App calls it.
    pub external_id: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// One line about its result.
    pub summary: Option<String>,
    /// The run of Actions it belongs to.
    pub workflow_run: Option<u64>,
    /// The workflow's name, for Actions.
    pub workflow: Option<String>,
    /// The event that started the workflow, for Actions.
    pub event: Option<String>,
    /// When it ended.
    pub completed_at: Option<Millis>,
}

/// All checks of one App on one commit, as GitHub groups them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// The App's id.
    pub app: Option<u64>,
    /// The App's name in links; `github-actions` for Actions.
    pub slug: String,
    /// Whether it is over.
    pub done: bool,
    /// Its conclusion, lower case.
    pub conclusion: Option<String>,
    /// How many check runs it has. GitHub makes an empty suite for every App on every push: it says nothing.
    pub runs: u64,
    /// The run of Actions it belongs to.
    pub workflow_run: Option<u64>,
    /// The workflow's name, for Actions.
    pub workflow: Option<String>,
    /// When it was made.
    pub created_at: Option<Millis>,
}
