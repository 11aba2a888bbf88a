//! What can happen to installations, repositories, issues, comments and labels.
//!
//! Invariant: names are GitHub's, as in the payload's `action`.

use crate::sim::world::ids::{LabelId, RepoId, UserId};

/// Actions of `installation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationAction {
    /// Installed.
    Created,
    /// Removed.
    Deleted,
    /// Suspended.
    Suspend,
    /// No longer suspended.
    Unsuspend,
    /// Permissions changed.
    NewPermissionsAccepted,
}

impl InstallationAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Suspend => "suspend",
            Self::Unsuspend => "unsuspend",
            Self::NewPermissionsAccepted => "new_permissions_accepted",
        }
    }
}

/// Actions of `repository`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepositoryAction {
    /// Made.
    Created,
    /// Deleted.
    Deleted,
    /// Archived.
    Archived,
    /// No longer archived.
    Unarchived,
    /// Made private.
    Privatized,
    /// Made public.
    Publicized,
    /// Renamed.
    Renamed {
        /// Name before.
        from: String,
    },
    /// Moved to another owner.
    Transferred {
        /// Owner before.
        from: UserId,
    },
    /// Default branch changed.
    DefaultBranchChanged {
        /// Branch before.
        from: String,
    },
}

impl RepositoryAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Archived => "archived",
            Self::Unarchived => "unarchived",
            Self::Privatized => "privatized",
            Self::Publicized => "publicized",
            Self::Renamed { .. } => "renamed",
            Self::Transferred { .. } => "transferred",
            Self::DefaultBranchChanged { .. } => "edited",
        }
    }
}

/// What an edit of title and body replaced; `None` is unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextChanges {
    /// Title before.
    pub title: Option<String>,
    /// Body before.
    pub body: Option<String>,
}

/// Actions of `issues`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuesAction {
    /// Opened.
    Opened,
    /// Title or body edited.
    Edited {
        /// What was there before.
        changes: TextChanges,
    },
    /// Closed.
    Closed,
    /// Reopened.
    Reopened,
    /// Label set.
    Labeled {
        /// Which.
        label: LabelId,
    },
    /// Label taken off.
    Unlabeled {
        /// Which; it may be about to be deleted.
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
    /// Locked.
    Locked,
    /// Unlocked.
    Unlocked,
    /// Moved to another repository.
    Transferred {
        /// Repository it is in now.
        repository: RepoId,
        /// Its number there.
        number: u64,
    },
    /// Deleted; still in the world at emission.
    Deleted,
}

impl IssuesAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Edited { .. } => "edited",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Labeled { .. } => "labeled",
            Self::Unlabeled { .. } => "unlabeled",
            Self::Assigned { .. } => "assigned",
            Self::Unassigned { .. } => "unassigned",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Transferred { .. } => "transferred",
            Self::Deleted => "deleted",
        }
    }
}

/// Actions of comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentAction {
    /// Written.
    Created,
    /// Edited.
    Edited {
        /// Text before.
        body: String,
    },
    /// Deleted.
    Deleted,
}

impl CommentAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited { .. } => "edited",
            Self::Deleted => "deleted",
        }
    }
}

/// Actions of `label`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelAction {
    /// Made.
    Created,
    /// Edited.
    Edited,
    /// Deleted.
    Deleted,
}

impl LabelAction {
    /// GitHub's word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }
}
