//! Issues, pull requests, comments, reactions, the timeline.
//!
//! Invariant: a pull request is an issue with `pull` set; the timeline only grows.

use std::collections::BTreeSet;

use super::ids::{AppId, CommentId, IssueId, LabelId, NodeRef, PullId, ReactionId, RepoId, ReviewId, TimelineId, UserId};
use crate::clock::Millis;
use crate::sim::git::Oid;

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

/// A comment on an issue or pull request.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Numeric id.
    pub id: CommentId,
    /// Number of the issue or pull request.
    pub issue: u64,
    /// Author.
    pub author: UserId,
    /// The App through which it was made.
    pub via_app: Option<AppId>,
    /// Text.
    pub body: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// Last edit of the text, in GraphQL `lastEditedAt`.
    pub last_edited_at: Option<Millis>,
    /// Who edited it last.
    pub editor: Option<UserId>,
    /// Classifier in lower case (`outdated`, `resolved`, ..) when minimised.
    pub minimized: Option<String>,
    /// Reactions.
    pub reactions: Vec<Reaction>,
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Numeric id.
    pub id: ReactionId,
    /// Who.
    pub user: UserId,
    /// Which.
    pub content: ReactionContent,
    /// When.
    pub created_at: Millis,
}

/// The eight reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReactionContent {
    /// `+1`.
    ThumbsUp,
    /// `-1`.
    ThumbsDown,
    /// `laugh`.
    Laugh,
    /// `confused`.
    Confused,
    /// `heart`.
    Heart,
    /// `hooray`.
    Hooray,
    /// `rocket`.
    Rocket,
    /// `eyes`.
    Eyes,
}

impl ReactionContent {
    /// All eight.
    pub const ALL: [Self; 8] = [
        Self::ThumbsUp,
        Self::ThumbsDown,
        Self::Laugh,
        Self::Confused,
        Self::Heart,
        Self::Hooray,
        Self::Rocket,
        Self::Eyes,
    ];

    /// REST's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ThumbsUp => "+1",
            Self::ThumbsDown => "-1",
            Self::Laugh => "laugh",
            Self::Confused => "confused",
            Self::Heart => "heart",
            Self::Hooray => "hooray",
            Self::Rocket => "rocket",
            Self::Eyes => "eyes",
        }
    }

    /// GraphQL's word.
    #[must_use]
    pub fn graphql_name(self) -> &'static str {
        match self {
            Self::ThumbsUp => "THUMBS_UP",
            Self::ThumbsDown => "THUMBS_DOWN",
            Self::Laugh => "LAUGH",
            Self::Confused => "CONFUSED",
            Self::Heart => "HEART",
            Self::Hooray => "HOORAY",
            Self::Rocket => "ROCKET",
            Self::Eyes => "EYES",
        }
    }

    /// Reads either word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|content| content.name() == text || content.graphql_name() == text)
    }
}

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
