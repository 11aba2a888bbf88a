//! What GitHub shows, as it was read.
//!
//! Invariant: a view says what was seen, never what it means; two equal readings are equal values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::habits::Habits;
use super::super::ids::{BlobHash, Person, Sha};
use crate::clock::Millis;

/// The issue as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueView {
    /// Its number.
    pub number: u64,
    /// Node id.
    pub node_id: String,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Who wrote it.
    pub author: Person,
    /// Who edited it last, if anybody.
    pub editor: Option<Person>,
    /// When it was edited last.
    pub edited_at: Option<Millis>,
    /// Whether it is open.
    pub open: bool,
    /// Its labels.
    pub labels: Vec<String>,
    /// Logins it is assigned to.
    pub assignees: Vec<String>,
    /// Somebody else's open pull requests that close it.
    pub closing_pulls: Vec<u64>,
}

/// Something in the issue's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// GitHub's id of the event.
    pub id: String,
    /// What.
    pub what: TimelineKind,
    /// Who.
    pub by: Person,
    /// When.
    pub at: Millis,
}

/// What happened to the issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// A label was set.
    Labeled(String),
    /// A label was taken off.
    Unlabeled(String),
    /// It was closed; by the merge of a pull request, if one is named.
    Closed {
        /// The pull request that closed it.
        by_pull: Option<u64>,
    },
    /// It was reopened.
    Reopened,
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thread {
    /// Under the issue.
    Issue,
    /// Under one of our pull requests.
    Pull(u64),
}

/// A comment as first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentView {
    /// Numeric id.
    pub id: u64,
    /// Node id.
    pub node_id: String,
    /// Where.
    pub on: Thread,
    /// Who.
    pub by: Person,
    /// Markdown.
    pub body: String,
    /// When.
    pub at: Millis,
    /// Whether it was edited before we saw it: then it commands nothing.
    pub edited: bool,
}

/// A pull request as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullView {
    /// Its number.
    pub number: u64,
    /// Node id.
    pub node_id: String,
    /// Name of its head branch.
    pub branch: String,
    /// Head commit.
    pub head: Sha,
    /// Name of its base branch.
    pub base: String,
    /// Open, closed or merged.
    pub state: PullState,
    /// Who closed it, when closed without a merge.
    pub closed_by: Option<Person>,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether it merges cleanly; `None` while GitHub computes.
    pub mergeable: Option<bool>,
    /// GitHub's word on why it may or may not be merged: `clean`, `blocked`, `behind` ...
    pub merge_state: String,
    /// Links to the conversations on its lines that nobody has resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_threads: Vec<String>,
    /// When it changed last.
    pub updated_at: Millis,
}

/// State of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullState {
    /// Open.
    Open,
    /// Closed without a merge.
    Closed,
    /// Merged.
    Merged {
        /// The commit on the base branch.
        sha: Sha,
        /// Who.
        by: Option<Person>,
    },
}

/// The checks of a commit as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecksView {
    /// The commit.
    pub head: Sha,
    /// Check runs and statuses, latest of each name and App; ours left out.
    pub checks: Vec<CheckView>,
    /// Suites with at least one run that are not finished.
    pub unfinished_suites: u32,
}

/// A check run or a commit status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// Its name or context.
    pub name: String,
    /// The App that made it; `status` for a commit status.
    pub app: String,
    /// Its id, if it is an App's.
    #[serde(default)]
    pub app_id: Option<u64>,
    /// Check run id; `None` for a status.
    pub id: Option<u64>,
    /// The Actions run it belongs to.
    pub run: Option<u64>,
    /// Lower-case conclusion; `None` while it runs.
    pub conclusion: Option<String>,
    /// Whether GitHub's rules require it for this pull request.
    pub required: bool,
    /// Where people look.
    pub url: Option<String>,
}

/// A review as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    /// Numeric id.
    pub id: u64,
    /// Node id.
    pub node_id: String,
    /// The pull request.
    pub pull: u64,
    /// Who; the permission is the right to push.
    pub by: Person,
    /// What it says.
    pub state: ReviewState,
    /// The commit it was given on.
    pub commit: Sha,
    /// Its text.
    pub body: String,
    /// Whether its text was changed after it was submitted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// Inline remarks.
    pub remarks: Vec<RemarkView>,
    /// When it was submitted.
    pub at: Millis,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Yes.
    Approved,
    /// No.
    ChangesRequested,
    /// Neither.
    Commented,
    /// Taken back.
    Dismissed,
}

/// An inline remark of a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemarkView {
    /// Numeric id of the comment.
    pub id: u64,
    /// Node id of its thread.
    pub thread: String,
    /// The file.
    pub path: String,
    /// The line, if it still has one.
    pub line: Option<u32>,
    /// The text.
    pub body: String,
}

/// Heads of branches as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// Of the default branch.
    pub default: Sha,
    /// Of the integration branch, if it exists or did.
    pub integration: Option<Sha>,
    /// Somebody deleted the integration branch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// The repository as it is when the plan is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Name of the default branch.
    pub default_branch: String,
    /// Its head: everything is read at this commit.
    pub head: Sha,
    /// Blob with the sorted list of paths, one a line.
    pub tree: BlobHash,
    /// CI workflows.
    pub workflows: Vec<CiWorkflow>,
    /// Check names that rules require on the default branch.
    pub required_checks: Vec<String>,
    /// Those of them that one App must report, with its id.
    #[serde(default)]
    pub required_of: BTreeMap<String, u64>,
    /// How many approving reviews the default branch's rules ask for.
    pub required_reviews: u32,
    /// Allowed merge methods.
    pub squash: bool,
    /// Merge commits.
    pub merge_commits: bool,
    /// Rebase merges.
    pub rebase: bool,
    /// Whether rules ask for a linear history.
    pub linear: bool,
    /// Whether GitHub deletes merged branches by itself.
    pub deletes_branches: bool,
    /// Whether code owners are declared.
    pub has_codeowners: bool,
    /// How people title their work here, and whether they sign it off.
    #[serde(default, skip_serializing_if = "Habits::is_plain")]
    pub habits: Habits,
    /// Other people with write who were active in the last 90 days.
    pub active_writers: Vec<Person>,
    /// Node ids, by login, of people who may be asked to review: looked up here once, so that no phase has to.
    #[serde(default)]
    pub reviewers: BTreeMap<String, String>,
}

/// A CI workflow and whether our branches start it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiWorkflow {
    /// Its file.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Names of its jobs as checks show them; empty if they cannot be known beforehand (a matrix).
    pub jobs: Vec<String>,
    /// Whether a pull request onto the integration branch, or a push to a phase's branch, starts it.
    pub on_integration: bool,
    /// Whether a pull request from our branches onto the default branch starts it.
    pub on_default: bool,
    /// Whether a push to our branches starts it.
    pub on_push: bool,
    /// What is wrong with its filters, if they cannot be read.
    pub problem: Option<String>,
}

/// What could be read about failed checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// The head they failed on.
    pub head: Sha,
    /// Blob with names, condensed logs and annotations.
    pub blob: BlobHash,
    /// Names that fail on the base as well.
    pub red_on_base: Vec<String>,
    /// Whether any log could be read.
    pub readable: bool,
}
