//! What can go wrong with GitHub, told apart by who must act and what may be tried next.
//!
//! Invariant: an error never holds a token, a signed address or the body of a request; GitHub's own sentence is kept, cut
//! at [`MESSAGE_CHARS`].

use crate::clock::Millis;

/// How much of GitHub's sentence is kept. Its longest, about rule violations, are a few hundred characters.
pub const MESSAGE_CHARS: usize = 600;

/// Why a call to GitHub did not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or Millhand may not see it: GitHub does not tell these apart (404).
    #[error("GitHub does not know it, or Millhand may not see it: {message}")]
    NotFound {
        /// GitHub's sentence.
        message: String,
    },
    /// It was there once and is deleted, or the feature is switched off for the repository (410).
    #[error("it is deleted or switched off: {message}")]
    Gone {
        /// GitHub's sentence.
        message: String,
    },
    /// The repository has another name now: its names must be read again (301, 302, 307, 308).
    #[error("it has moved to {to}")]
    Moved {
        /// Path of the new address, without its query.
        to: String,
    },
    /// The App's key or a token just minted was refused (401, also after one new token).
    #[error("GitHub does not accept Millhand's credentials: {message}")]
    Unauthorized {
        /// GitHub's sentence.
        message: String,
    },
    /// Millhand may see it but not do this; trying again changes nothing until people do.
    #[error("GitHub refuses this: {message}")]
    Denied {
        /// Which kind of refusal.
        why: Denial,
        /// GitHub's sentence, with the permissions it names.
        message: String,
    },
    /// The installation is suspended: everything of it rests until `installation.unsuspend`.
    #[error("the installation is suspended")]
    Suspended,
    /// A limit is reached. Nothing may be sent to this installation before `until`.
    #[error("a rate limit is reached until {}", .until.rfc3339())]
    RateLimited {
        /// The first moment at which it may be tried again, by our clock.
        until: Millis,
        /// True for the limits that GitHub does not show in advance.
        secondary: bool,
    },
    /// The branch's workflow files differ from the default branch's and the App may not change workflows. Never tried
    /// again as it is, never a task for a model.
    #[error("GitHub refuses the branch because of its workflow files: {message}")]
    WorkflowRefused {
        /// GitHub's sentence.
        message: String,
    },
    /// The world is not as it was when the request was decided.
    #[error("{message}")]
    Conflict {
        /// Which kind of surprise.
        kind: Conflict,
        /// GitHub's sentence.
        message: String,
    },
    /// GitHub understood and refused, for a reason that only its sentence tells.
    #[error("GitHub refused ({status}): {message}")]
    Refused {
        /// HTTP status; 422 where GraphQL gave none.
        status: u16,
        /// GitHub's sentence.
        message: String,
    },
    /// GitHub cannot answer now (5xx, no connection, or a read without an answer). A request that changes something and
    /// met a 5xx may still have been carried out: the next attempt is [`Attempt::Again`](super::Attempt::Again).
    #[error("GitHub is not available: {message}")]
    Unavailable {
        /// What was seen.
        message: String,
    },
    /// A request that changes something was sent and nothing came back: it may have been carried out or not.
    #[error("GitHub may or may not have done it: {message}")]
    Unknown {
        /// What was seen.
        message: String,
    },
    /// It is not done, and nobody wants it any more: see [`Github::looking`](super::Github::looking).
    #[error("it is not wanted any more")]
    Superseded,
    /// The answer is not what GitHub documents. After a change: it was carried out.
    #[error("GitHub's answer could not be read: {message}")]
    Malformed {
        /// What was expected.
        message: String,
    },
}

/// Which kind of refusal a [`Error::Denied`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The App lacks a permission.
    Permission,
    /// The App is not installed there any more.
    Uninstalled,
    /// A ruleset or branch protection forbids it.
    Rule,
    /// Push protection found a secret in what was written.
    PushProtection,
    /// The repository is archived.
    Archived,
    /// The conversation is locked.
    Locked,
    /// The conversation has as many comments as it can hold.
    Full,
    /// The organisation admits only certain addresses.
    IpAllowList,
    /// The account's plan lacks the feature; for rules this means that there are none.
    Plan,
}

/// Which kind of surprise a [`Error::Conflict`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// It exists already: look, then adopt or take another name.
    Exists,
    /// The branch or pull request has another head than expected.
    StaleHead,
    /// A ref update would lose commits.
    NotFastForward,
    /// The base moved while merging: harmless, try again.
    BaseModified,
    /// Not mergeable now: conflict, or GitHub is still computing.
    NotMergeable,
    /// A merge has conflicts.
    MergeConflict,
    /// Head and base have the same commits.
    NoCommits,
    /// The account's plan has no drafts here.
    DraftsUnsupported,
    /// The repository has no commit yet.
    EmptyRepository,
    /// Millhand has a review under way on this pull request.
    PendingReview,
    /// The workflow run is not finished yet.
    Running,
    /// A conflict of a kind that is not known here.
    Other,
}

impl Error {
    /// Whether the same request may succeed later without anybody doing anything.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Unknown { .. } => true,
            Self::Conflict { kind, .. } => matches!(kind, Conflict::BaseModified | Conflict::Running),
            Self::NotFound { .. }
            | Self::Gone { .. }
            | Self::Moved { .. }
            | Self::Unauthorized { .. }
            | Self::Denied { .. }
            | Self::Suspended
            | Self::WorkflowRefused { .. }
            | Self::Refused { .. }
            | Self::Superseded
            | Self::Malformed { .. } => false,
        }
    }

    /// Whether this is a conflict of that kind.
    #[must_use]
    pub fn is_conflict(&self, wanted: Conflict) -> bool {
        matches!(self, Self::Conflict { kind, .. } if *kind == wanted)
    }

    /// An answer that lacks what it must have.
    pub(super) fn malformed(what: impl std::fmt::Display) -> Self {
        Self::Malformed {
            message: cut(&what.to_string()),
        }
    }

    pub(super) fn conflict(kind: Conflict, message: impl Into<String>) -> Self {
        Self::Conflict {
            kind,
            message: message.into(),
        }
    }
}

/// `Ok(None)` instead of an error for what is not there.
pub(super) fn optional<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound { .. } | Error::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A sentence fit for a log line or a comment: one line, no control characters, cut.
pub(super) fn cut(text: &str) -> String {
    let mut out = String::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    match out.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => {
            out.truncate(end);
            out.push('…');
            out
        }
        None => out,
    }
}
