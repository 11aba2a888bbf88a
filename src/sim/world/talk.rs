//! Comments and reactions.
//!
//! Invariant: an edited comment keeps its id and says when it was edited.

use super::ids::{AppId, CommentId, ReactionId, UserId};
use crate::clock::Millis;

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
