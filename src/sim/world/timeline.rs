//! The timeline of an issue or pull request.
//!
//! Invariant: it only grows, and every event names its actor.

use super::ids::{AppId, RepoId, ReviewId, TimelineId, UserId};
use super::issue::StateReason;
use crate::clock::Millis;
use crate::sim::git::Oid;

/// An event in the timeline. Comments, reviews and commits have records of their own and are not repeated here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEvent {
    /// Numeric id.
    pub id: TimelineId,
    /// Who did it.
    pub actor: UserId,
    /// The App through which it was done.
    pub via_app: Option<AppId>,
    /// When.
    pub at: Millis,
    /// What.
    pub kind: TimelineKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimelineKind {
    /// A label was set. Name and colour are kept, because labels can be deleted.
    Labeled {
        /// Name of the label.
        label: String,
        /// Its colour.
        color: String,
    },
    /// A label was taken off.
    Unlabeled {
        /// Name of the label.
        label: String,
        /// Its colour.
        color: String,
    },
    /// Closed.
    Closed {
        /// What closed it.
        closer: Option<Closer>,
        /// The reason, for issues.
        reason: Option<StateReason>,
    },
    /// Reopened.
    Reopened,
    /// Title changed.
    Renamed {
        /// Title before.
        from: String,
        /// Title after.
        to: String,
    },
    /// Assigned.
    Assigned {
        /// To whom.
        assignee: UserId,
    },
    /// No longer assigned.
    Unassigned {
        /// Whom.
        assignee: UserId,
    },
    /// Locked.
    Locked {
        /// GitHub's reason.
        reason: Option<String>,
    },
    /// Unlocked.
    Unlocked,
    /// Merged.
    Merged {
        /// The commit on the base.
        commit: Oid,
    },
    /// A review was asked for.
    ReviewRequested {
        /// Of whom.
        reviewer: UserId,
    },
    /// A review is no longer asked for.
    ReviewRequestRemoved {
        /// Of whom.
        reviewer: UserId,
    },
    /// A review was dismissed.
    ReviewDismissed {
        /// Which.
        review: ReviewId,
        /// State before, in lower case.
        state: String,
        /// Why.
        message: Option<String>,
    },
    /// Draft no longer.
    ReadyForReview,
    /// Draft again.
    ConvertedToDraft,
    /// The head branch was deleted.
    HeadRefDeleted,
    /// The head branch is back.
    HeadRefRestored,
    /// The head branch was force-pushed.
    HeadRefForcePushed {
        /// Head before.
        before: Oid,
        /// Head after.
        after: Oid,
    },
    /// The base was changed by a person.
    BaseRefChanged {
        /// Base before.
        from: String,
        /// Base after.
        to: String,
    },
    /// The base was deleted, and with it the pull request closed.
    BaseRefDeleted,
    /// The base was deleted by a merge, and the pull request moved to the base's base.
    AutomaticBaseChangeSucceeded {
        /// Base before.
        from: String,
        /// Base after.
        to: String,
    },
    /// Another issue or pull request names this one.
    CrossReferenced {
        /// Its repository.
        source: RepoId,
        /// Its number.
        number: u64,
        /// Whether it will close this one.
        closes: bool,
    },
    /// Auto-merge switched on.
    AutoMergeEnabled,
    /// Auto-merge switched off.
    AutoMergeDisabled,
}

impl TimelineKind {
    /// REST's word for `event`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Labeled { .. } => "labeled",
            Self::Unlabeled { .. } => "unlabeled",
            Self::Closed { .. } => "closed",
            Self::Reopened => "reopened",
            Self::Renamed { .. } => "renamed",
            Self::Assigned { .. } => "assigned",
            Self::Unassigned { .. } => "unassigned",
            Self::Locked { .. } => "locked",
            Self::Unlocked => "unlocked",
            Self::Merged { .. } => "merged",
            Self::ReviewRequested { .. } => "review_requested",
            Self::ReviewRequestRemoved { .. } => "review_request_removed",
            Self::ReviewDismissed { .. } => "review_dismissed",
            Self::ReadyForReview => "ready_for_review",
            Self::ConvertedToDraft => "convert_to_draft",
            Self::HeadRefDeleted => "head_ref_deleted",
            Self::HeadRefRestored => "head_ref_restored",
            Self::HeadRefForcePushed { .. } => "head_ref_force_pushed",
            Self::BaseRefChanged { .. } => "base_ref_changed",
            Self::BaseRefDeleted => "base_ref_deleted",
            Self::AutomaticBaseChangeSucceeded { .. } => "automatic_base_change_succeeded",
            Self::CrossReferenced { .. } => "cross-referenced",
            Self::AutoMergeEnabled => "auto_merge_enabled",
            Self::AutoMergeDisabled => "auto_merge_disabled",
        }
    }
}

/// What closed an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closer {
    /// A merged pull request.
    Pull {
        /// Its number, in the same repository.
        number: u64,
    },
    /// A commit on the default branch.
    Commit(Oid),
}
