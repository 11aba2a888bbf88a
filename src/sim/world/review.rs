//! Reviews, inline comments and their threads.
//!
//! Invariant: a pending review is seen by its author only and has caused no event.

use super::ids::{AppId, ReviewCommentId, ReviewId, ThreadId, UserId};
use super::talk::Reaction;
use crate::clock::Millis;
use crate::sim::git::Oid;

/// State of a review. REST writes capitals, webhooks lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewState {
    /// Not submitted.
    Pending,
    /// Comments only.
    Commented,
    /// Approved.
    Approved,
    /// Changes requested.
    ChangesRequested,
    /// Dismissed.
    Dismissed,
}

impl ReviewState {
    /// The word in capitals.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Commented => "COMMENTED",
            Self::Approved => "APPROVED",
            Self::ChangesRequested => "CHANGES_REQUESTED",
            Self::Dismissed => "DISMISSED",
        }
    }
}

/// What a review is submitted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewEvent {
    /// `APPROVE`.
    Approve,
    /// `REQUEST_CHANGES`.
    RequestChanges,
    /// `COMMENT`.
    Comment,
}

impl ReviewEvent {
    /// Reads `APPROVE`, `REQUEST_CHANGES` or `COMMENT`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "APPROVE" => Self::Approve,
            "REQUEST_CHANGES" => Self::RequestChanges,
            "COMMENT" => Self::Comment,
            _ => return None,
        })
    }

    /// The state it leads to.
    #[must_use]
    pub fn state(self) -> ReviewState {
        match self {
            Self::Approve => ReviewState::Approved,
            Self::RequestChanges => ReviewState::ChangesRequested,
            Self::Comment => ReviewState::Commented,
        }
    }
}

/// A review.
#[derive(Clone, Debug)]
pub struct Review {
    /// Numeric id.
    pub id: ReviewId,
    /// Number of the pull request.
    pub pull: u64,
    /// Reviewer.
    pub author: UserId,
    /// The App through which it was made.
    pub via_app: Option<AppId>,
    /// Text; may be empty.
    pub body: String,
    /// State.
    pub state: ReviewState,
    /// The commit it was given for.
    pub commit: Oid,
    /// When it was begun.
    pub created_at: Millis,
    /// When it was submitted; none while pending.
    pub submitted_at: Option<Millis>,
    /// Last edit of the text.
    pub last_edited_at: Option<Millis>,
    /// When it last changed.
    pub updated_at: Millis,
    /// Classifier when minimised.
    pub minimized: Option<String>,
    /// Reactions.
    pub reactions: Vec<Reaction>,
}

/// Side of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The base's.
    Left,
    /// The head's.
    Right,
}

impl Side {
    /// `LEFT` or `RIGHT`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Right => "RIGHT",
        }
    }

    /// Reads `LEFT` or `RIGHT`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Left, Self::Right].into_iter().find(|side| side.name() == text)
    }
}

/// A thread of inline comments at one place.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Numeric id.
    pub id: ThreadId,
    /// Number of the pull request.
    pub pull: u64,
    /// File.
    pub path: String,
    /// Last line; none for a comment on the whole file.
    pub line: Option<u64>,
    /// First line, if several.
    pub start_line: Option<u64>,
    /// Side.
    pub side: Side,
    /// Side of the first line, if several.
    pub start_side: Option<Side>,
    /// Who resolved it.
    pub resolved_by: Option<UserId>,
    /// The file changed since.
    pub outdated: bool,
    /// Its comments, oldest first.
    pub comments: Vec<ReviewCommentId>,
}

impl Thread {
    /// Whether it is resolved.
    #[must_use]
    pub fn resolved(&self) -> bool {
        self.resolved_by.is_some()
    }
}

/// An inline comment.
#[derive(Clone, Debug)]
pub struct ReviewComment {
    /// Numeric id.
    pub id: ReviewCommentId,
    /// Number of the pull request.
    pub pull: u64,
    /// Its review.
    pub review: ReviewId,
    /// Its thread.
    pub thread: ThreadId,
    /// The first comment of the thread, unless it is this one.
    pub in_reply_to: Option<ReviewCommentId>,
    /// Author.
    pub author: UserId,
    /// The App through which it was made.
    pub via_app: Option<AppId>,
    /// Text.
    pub body: String,
    /// The lines of the patch above and at the place.
    pub diff_hunk: String,
    /// The commit it was written for.
    pub commit: Oid,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// Last edit.
    pub last_edited_at: Option<Millis>,
    /// Classifier when minimised.
    pub minimized: Option<String>,
    /// Reactions.
    pub reactions: Vec<Reaction>,
}
