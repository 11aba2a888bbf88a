//! What can happen to pull requests, reviews, checks and workflow runs.
//!
//! Invariant: names are GitHub's, as in the payload's `action`.

use super::TextChanges;
use crate::sim::git::Oid;
use crate::sim::world::ids::{LabelId, UserId};

/// Actions of `pull_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullAction {
    /// Opened.
    Opened,
    /// Title, body or base edited.
    Edited {
        /// What was there before.
        changes: TextChanges,
        /// Base before: branch and commit.
        base: Option<(String, Oid)>,
    },
    /// Closed or merged.
    Closed,
    /// Reopened.
    Reopened,
    /// The head moved.
    Synchronize {
        /// Head before.
        before: Oid,
        /// Head after.
        after: Oid,
    },
    /// Label set.
    Labeled {
        /// Which.
        label: LabelId,
    },
    /// Label taken off.
    Unlabeled {
        /// Which.
        label: LabelId,
    },
    /// Assigned.
    Assigned {
        /// To whom.
        assignee: UserId,
    },
    /// Unassigned.
    Unassigned {
        /// From whom.
        assignee: UserId,
    },
    /// A review is asked for.
    ReviewRequested {
        /// Of whom.
        reviewer: UserId,
    },
    /// A review is no longer asked for.
    ReviewRequestRemoved {
        /// Of whom.
        reviewer: UserId,
    },
    /// Draft no longer.
    ReadyForReview,
    /// Draft again.
    ConvertedToDraft,
    /// Locked.
    Locked,
    /// Unlocked.
    Unlocked,
    /// Auto-merge switched on.
    AutoMergeEnabled,
    /// Auto-merge switched off.
    AutoMergeDisabled {
        /// GitHub's sentence.
        reason: String,
    },
}

impl PullAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Edited { .. } => "edited",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Synchronize { .. } => "synchronize",
            Self::Labeled { .. } => "labeled",
            Self::Unlabeled { .. } => "unlabeled",
            Self::Assigned { .. } => "assigned",
            Self::Unassigned { .. } => "unassigned",
            Self::ReviewRequested { .. } => "review_requested",
            Self::ReviewRequestRemoved { .. } => "review_request_removed",
            Self::ReadyForReview => "ready_for_review",
            Self::ConvertedToDraft => "converted_to_draft",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::AutoMergeEnabled => "auto_merge_enabled",
            Self::AutoMergeDisabled { .. } => "auto_merge_disabled",
        }
    }
}

/// Actions of `pull_request_review`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewAction {
    /// Submitted.
    Submitted,
    /// Text edited.
    Edited {
        /// Text before.
        body: String,
    },
    /// Dismissed.
    Dismissed,
}

impl ReviewAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Edited { .. } => "edited",
            Self::Dismissed => "dismissed",
        }
    }
}

/// Actions of `check_run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckRunAction {
    /// Made.
    Created,
    /// Ended.
    Completed,
    /// A person asks for it again; only to its App.
    Rerequested,
    /// A person pressed a button; only to its App.
    RequestedAction {
        /// Which.
        identifier: String,
    },
}

impl CheckRunAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Completed => "completed",
            Self::Rerequested => "rerequested",
            Self::RequestedAction { .. } => "requested_action",
        }
    }
}

/// Actions of `check_suite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckSuiteAction {
    /// Made by a push; only to its App.
    Requested,
    /// A person asks for it again; only to its App.
    Rerequested,
    /// All runs ended.
    Completed,
}

impl CheckSuiteAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Rerequested => "rerequested",
            Self::Completed => "completed",
        }
    }
}

/// Actions of `workflow_run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAction {
    /// Queued.
    Requested,
    /// Began.
    InProgress,
    /// Ended.
    Completed,
}

impl RunAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}

/// Actions of `workflow_job`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobAction {
    /// Queued.
    Queued,
    /// Began.
    InProgress,
    /// Ended.
    Completed,
}

impl JobAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}
