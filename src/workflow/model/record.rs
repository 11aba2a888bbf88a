//! Smaller things that a workflow remembers: the issue, what was asked and approved, what went wrong, what was said.
//!
//! Invariant: nothing here is a second copy of what stands elsewhere in the state.

use serde::{Deserialize, Serialize};

use super::super::code_owners::Owners;
use super::super::fact::{CommentRef, Configuration, FileSeen, Target, Thread};
use super::super::ids::{Person, PhaseNumber, Sha};
use super::super::order::{Order, Reaction};
use super::super::plan::Plan;
use super::super::repo_config::{Note, Row};
use super::track::Track;
use crate::clock::Millis;

/// The issue as it was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Node id.
    pub node_id: String,
    /// Title, as snapshot.
    pub title: String,
    /// Body, as snapshot.
    pub body: String,
    /// Who wrote it.
    pub author: Person,
    /// Hash of title and body as snapshot.
    pub hash: String,
    /// Hash of title and body as last read.
    pub seen_hash: String,
    /// The text as last read, as long as it is not taken in: `/revise` does that.
    pub newer: Option<IssueText>,
    /// How often a non-writer's edit was taken in.
    pub edits: u32,
    /// Whether it is open, as last read.
    pub open: bool,
    /// Whether the trigger label is on, as last read.
    pub labelled: bool,
    /// Logins it is assigned to.
    pub assignees: Vec<String>,
    /// Somebody else's open pull requests that close it.
    pub closing_pulls: Vec<u64>,
    /// Whether a writer said to go on beside other work.
    pub other_work_accepted: bool,
}

/// Title and body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueText {
    /// Title.
    pub title: String,
    /// Body.
    pub body: String,
}

/// Why it is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who paused.
    pub by: Option<Person>,
    /// Why, one sentence.
    pub why: String,
    /// When.
    pub at: Millis,
    /// The issue was closed: opening it again goes on.
    #[serde(default)]
    pub closed: bool,
}

/// A round of questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Questions {
    /// What is asked.
    pub questions: Vec<String>,
    /// The comment that asks.
    pub comment: Option<CommentRef>,
    /// When it was posted, by GitHub's clock.
    pub posted_at: Option<Millis>,
    /// The answer; empty if an edit of the issue's text settled the question.
    pub answer: Option<String>,
    /// Who answered.
    pub by: Option<Person>,
}

/// A version of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanVersion {
    /// 1, 2, 3 ...
    pub version: u32,
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: String,
    /// Hash of the issue's text it was made from.
    pub issue_hash: String,
    /// The comment that shows it.
    pub comment: Option<CommentRef>,
    /// When it was shown, by GitHub's clock.
    pub posted_at: Option<Millis>,
    /// Who approved it.
    pub approved: Option<Approval>,
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who; `None`: waived by settings or the auto label.
    pub by: Option<Person>,
    /// The comment it stands in: deleting it before its use revokes it.
    pub comment: Option<u64>,
    /// The head or hash it was given on.
    pub on: String,
    /// When.
    pub at: Millis,
}

/// An order that could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What kind of wait it makes.
    pub kind: TroubleKind,
    /// Whom it concerns.
    pub target: Option<Target>,
    /// One sentence.
    pub sentence: String,
    /// When it is tried again by itself; `None`: only by a person.
    pub until: Option<Millis>,
    /// The order.
    pub order: Order,
}

/// Kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// No model gave a good answer.
    Model,
    /// No model has capacity.
    ModelAway,
    /// The cap would be passed.
    Budget,
    /// GitHub refuses the merge.
    MergeRefused,
    /// Both sides changed the same lines.
    Conflict,
    /// Workflow files differ and the App may not touch them.
    Workflows,
    /// The App may not, or something is gone: the operator or an owner must act.
    Permission,
    /// GitHub does not answer.
    Github,
    /// The same order was needed too often.
    Loop,
}

/// The status comment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusComment {
    /// The comment.
    pub comment: Option<CommentRef>,
    /// Digest of what it shows.
    pub digest: Option<String>,
    /// When it was last written.
    pub at: Option<Millis>,
}

/// What a comment is to be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Node id of the comment.
    pub node_id: String,
    /// Where it stands.
    pub on: Thread,
    /// Reactions still to be set, in order.
    pub reactions: Vec<Reaction>,
    /// Reply still to be written.
    pub reply: Option<String>,
}

/// A person who was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The comment that asks; `None` while it is being written.
    pub comment: Option<CommentRef>,
}

/// What has been done after the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleanup {
    /// Branches deleted, or left with a remark.
    pub branches: bool,
    /// Merged branches, with their heads, of phases that were taken back and began anew on another.
    #[serde(default)]
    pub former: Vec<(String, Sha)>,
    /// The issue closed, or found closed.
    pub issue: bool,
}

/// A rollback that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// What is taken back.
    pub scope: Scope,
    /// The phases, by number.
    pub phases: Vec<PhaseNumber>,
    /// The merged commits that whoever asked was shown.
    #[serde(default)]
    pub listed: Vec<Sha>,
    /// Who asked for it.
    pub by: Person,
    /// The comment in which.
    pub comment: Option<u64>,
    /// When, by GitHub's clock.
    pub at: Millis,
    /// Who confirmed it: nothing is done before.
    pub confirmed: Option<Approval>,
}

/// What is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A phase with those that depend on it.
    Phase(PhaseNumber),
    /// All phases; then it is planned anew.
    Plan,
    /// Everything; then the work ends.
    All,
}

/// Taking back what stands on the default branch, by pull requests, newest first, one at a time. While it goes on the
/// workflow's release is the pull request under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverts {
    /// Who confirmed it.
    pub by: Person,
    /// What is to be taken back, in order; what was taken back stays in the list.
    pub list: Vec<Revert>,
    /// How often the one under way was begun: a branch is never used twice.
    pub run: u32,
    /// The release's own branch and pull request.
    pub released: Track,
    /// The branch and pull request of each that is done, in order; without a merge where nothing was left to take back.
    pub merged: Vec<Track>,
    /// In a direct delivery, what was asked for before the work was complete: it says how the work goes on. `None`: what was
    /// released is taken back.
    #[serde(default)]
    pub early: Option<Rollback>,
}

/// Something on the default branch that is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revert {
    /// A phase, or the release as a whole.
    pub of: Target,
    /// Its commit on the default branch.
    pub commit: Sha,
    /// Whether it is taken back.
    pub done: bool,
}

impl Reverts {
    /// The one under way; `None` when all is taken back.
    #[must_use]
    pub fn current(&self) -> Option<&Revert> {
        self.list.iter().find(|revert| !revert.done)
    }
}

/// A change of protected paths that was shown to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownChange {
    /// Whose it is.
    pub target: Target,
    /// The comment that shows it.
    pub comment: CommentRef,
    /// When it was posted, by GitHub's clock.
    pub at: Millis,
    /// The protected paths with those who own them.
    pub owners: Vec<(String, Owners)>,
    /// Who approved it.
    pub approvals: Vec<Approval>,
}

/// Where the settings in force come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Configured {
    /// The repository's file as read last.
    pub file: FileSeen,
    /// The settings of which a reader learns something, with who set them.
    pub rows: Vec<Row>,
    /// What the repository wanted and did not get.
    pub held: Vec<Note>,
    /// What changed since: it holds from the next gate on.
    pub next: Option<Box<Configuration>>,
    /// The file was refused before any settings of the repository were known: nothing is done until it is mended.
    pub unknown: bool,
}
