//! Orders: what shall be done, in the imperative. The engine carries them out; every one ends as a [`super::fact::Done`].
//!
//! Invariant: an order names everything that makes it *this* order (round, turn, head): two equal orders are one order.
//! Texts and big values are not in it; they follow from the workflow's state and from blobs.

mod name;

use serde::{Deserialize, Serialize};

use super::fact::Target;
use super::ids::{BlobHash, Sha};
use crate::clock::Millis;

/// What shall be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Read the issue, its comments, its timeline and all our pull requests.
    ReadIssue {
        /// Not before.
        due: Millis,
    },
    /// Read one pull request: head, state, checks, reviews.
    ReadPull {
        /// Which.
        target: Target,
        /// Its number.
        pull: u64,
        /// Not before.
        due: Millis,
    },
    /// Read a pull request that says that it reverts our release.
    ReadRevert {
        /// Its number.
        pull: u64,
    },
    /// Read the repository: tree, workflows, rules, people.
    Survey {
        /// How often it was read before: a new planning reads anew.
        turn: u32,
    },
    /// Read logs and annotations of failed checks, and how the base fares.
    ReadFailures {
        /// Whose.
        target: Target,
        /// The head.
        head: Sha,
        /// The failed checks by name.
        names: Vec<String>,
    },
    /// Tell whether the patch is the same on two heads.
    ComparePatch {
        /// Whose.
        target: Target,
        /// The head approved.
        old: Sha,
        /// The head now.
        new: Sha,
    },
    /// Ask a model.
    Ask(Ask),
    /// Write the status comment as the state is then.
    Status {
        /// Not before: edits are spread, but for urgent ones.
        due: Millis,
    },
    /// Post the plan and minimise older ones.
    PostPlan {
        /// Its version.
        version: u32,
        /// Its hash.
        hash: String,
    },
    /// Show a change of protected paths, before it is pushed.
    ShowChange {
        /// Whose.
        target: Target,
        /// The change set.
        change: BlobHash,
    },
    /// Post the questions of this round.
    PostQuestions {
        /// The round of questions.
        round: u32,
    },
    /// Write a short comment because a person is needed.
    AskPerson {
        /// The key of what is asked; a wait's key.
        key: String,
    },
    /// Minimise a comment that is answered or overtaken.
    Minimise {
        /// Node id of the comment.
        node_id: String,
    },
    /// React to a comment.
    React {
        /// The comment.
        comment: u64,
        /// Node id of the comment.
        node_id: String,
        /// The reaction.
        with: Reaction,
    },
    /// Answer a comment in one short reply.
    Reply {
        /// The comment.
        comment: u64,
    },
    /// Set the trigger label, as a projection of a start without it.
    SetLabel,
    /// Create the integration branch.
    CreateBase {
        /// From this commit.
        from: Sha,
    },
    /// Open a phase: branch, commit, draft pull request.
    Open {
        /// Which.
        target: Target,
        /// The branch.
        branch: String,
        /// The commit it starts from.
        base: Sha,
        /// The change set.
        change: BlobHash,
    },
    /// Push one more commit.
    Push {
        /// Which.
        target: Target,
        /// The head it goes onto.
        head: Sha,
        /// The change set.
        change: BlobHash,
        /// The base's commit that it merges in, where it settles a conflict.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merge: Option<Sha>,
    },
    /// Write the check run of a head that stops here, or whose buttons are others.
    WriteCheck {
        /// Whose.
        target: Target,
        /// The head.
        head: Sha,
        /// What it says: a digest, so that another text is another order.
        digest: String,
    },
    /// Run checks again.
    Rerun {
        /// Whose.
        target: Target,
        /// The head.
        head: Sha,
        /// Actions runs.
        runs: Vec<u64>,
    },
    /// Take the pull request out of draft.
    MarkReady {
        /// Which.
        target: Target,
    },
    /// Write the verdict as check run, mark ready, ask for review.
    Present {
        /// Whose.
        target: Target,
        /// The head.
        head: Sha,
    },
    /// Answer the reviews that led to this head.
    AnswerReviews {
        /// Whose.
        target: Target,
        /// The commit that answers.
        head: Sha,
        /// The reviews by id.
        reviews: Vec<u64>,
    },
    /// Merge the base into the branch.
    UpdateBranch {
        /// Whose.
        target: Target,
        /// The head before.
        head: Sha,
        /// The base's head.
        base: Sha,
    },
    /// Merge.
    Merge {
        /// What.
        target: Target,
        /// The head that was approved.
        head: Sha,
        /// The base branch's head as known: another merge in between is another order.
        base: Sha,
    },
    /// Take a merged phase out of the integration branch again.
    TakeOut {
        /// Which.
        target: Target,
        /// The commit of its merge.
        merged: Sha,
        /// The branch's head as known.
        head: Sha,
    },
    /// Open a pull request that takes a commit back from the default branch.
    OpenRevert {
        /// What it was.
        of: Target,
        /// The commit.
        commit: Sha,
        /// The branch to be made.
        branch: String,
        /// The default branch's head as known.
        base: Sha,
    },
    /// Open the release pull request as a draft.
    OpenRelease,
    /// Write notes, rollback recipe and cost into the release pull request.
    DescribeRelease {
        /// Digest of the text.
        digest: String,
    },
    /// Close the issue.
    CloseIssue,
    /// Close a pull request of ours with a note.
    ClosePull {
        /// Its number.
        pull: u64,
        /// Node id.
        node_id: String,
        /// Why, one sentence.
        note: String,
    },
    /// Delete our branches.
    DeleteBranches {
        /// Names and known heads.
        branches: Vec<(String, Sha)>,
    },
    /// Wake the workflow.
    WakeAt {
        /// When.
        at: Millis,
    },
}

/// A question for a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Requirements.
    Requirements {
        /// Counts up with every answer and edit.
        turn: u32,
    },
    /// The plan.
    Plan {
        /// Counts up with every revision.
        turn: u32,
    },
    /// A change set.
    Write {
        /// For what.
        target: Target,
        /// Counts up with every write.
        turn: u32,
    },
    /// A diagnosis of failed checks.
    Diagnose {
        /// Of what.
        target: Target,
        /// On this head.
        head: Sha,
        /// Blob of the failures.
        failures: BlobHash,
    },
    /// A verdict.
    Verify {
        /// On what.
        target: Target,
        /// On this head.
        head: Sha,
        /// Counts up when a person asks again.
        turn: u32,
    },
    /// Release notes.
    Notes {
        /// Digest of the merged phases.
        digest: String,
    },
}

/// A reaction to a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Seen.
    Eyes,
    /// Done.
    Up,
    /// Refused.
    Confused,
}
