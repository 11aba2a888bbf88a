//! What makes an issue a pull request.
//!
//! Invariant: what was computed about merging names the commits it was computed for.

use super::ids::{PullId, UserId};
use crate::clock::Millis;
use crate::sim::git::Oid;

/// What makes an issue a pull request.
#[derive(Clone, Debug)]
pub struct PullRequest {
    /// Id as a pull request.
    pub id: PullId,
    /// Head branch without `refs/heads/`.
    pub head_ref: String,
    /// Head commit; stays when the branch is gone.
    pub head: Oid,
    /// Base branch.
    pub base_ref: String,
    /// Base commit as of the last change; frozen once closed.
    pub base: Oid,
    /// Draft.
    pub draft: bool,
    /// What came of it.
    pub merged: Option<Merged>,
    /// People asked for a review, in the order they were asked.
    pub requested_reviewers: Vec<UserId>,
    /// Merge state, computed when somebody asks.
    pub mergeable: Mergeability,
    /// Auto-merge, if switched on.
    pub auto_merge: Option<AutoMerge>,
    /// Maintainers may push to the head.
    pub maintainer_can_modify: bool,
    /// Who pushed the head last.
    pub last_pusher: UserId,
}

/// How a pull request was merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The commit on the base.
    pub commit: Oid,
    /// When.
    pub at: Millis,
    /// By whom.
    pub by: UserId,
    /// By which method.
    pub method: MergeMethod,
}

/// How pull requests are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// A merge commit.
    Merge,
    /// One commit.
    Squash,
    /// The commits again on top of the base.
    Rebase,
}

impl MergeMethod {
    /// REST's word in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Squash => "squash",
            Self::Rebase => "rebase",
        }
    }

    /// Reads REST's or GraphQL's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Merge, Self::Squash, Self::Rebase]
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(text))
    }
}

/// Auto-merge of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoMerge {
    /// Who switched it on.
    pub by: UserId,
    /// Method.
    pub method: MergeMethod,
    /// Commit title, if given.
    pub title: Option<String>,
    /// Commit body, if given.
    pub message: Option<String>,
}

/// Whether base and head merge. `Known` counts only for the commits it was computed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mergeability {
    /// Nobody asked yet.
    Unknown,
    /// Somebody asked; the answer is there at this time.
    Computing(Millis),
    /// Computed.
    Known {
        /// Base it was computed for.
        base: Oid,
        /// Head it was computed for.
        head: Oid,
        /// The test merge commit; `None` means conflict.
        merge: Option<Oid>,
    },
}

/// GitHub's merge state: REST writes it in lower case, GraphQL in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeState {
    /// May be merged.
    Clean,
    /// May be merged, a check that is not required fails or runs.
    Unstable,
    /// A rule forbids it.
    Blocked,
    /// The head must hold the base's head first.
    Behind,
    /// Conflict.
    Dirty,
    /// Draft.
    Draft,
    /// Not computed yet.
    Unknown,
}

impl MergeState {
    /// REST's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Unstable => "unstable",
            Self::Blocked => "blocked",
            Self::Behind => "behind",
            Self::Dirty => "dirty",
            Self::Draft => "draft",
            Self::Unknown => "unknown",
        }
    }
}
