//! Models: one trait, profiles, prompts, checked answers.
//!
//! The way of one question: a [`task::Task`] is cleaned and rendered to a [`Prompt`], a [`Model`] completes it,
//! [`answer::read`] makes a checked value of the text, or an error that the model is told with [`Prompt::with_error`].
//!
//! Invariant: a model has no token, no store and no tool that acts. It is given text and returns data.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub mod answer;
pub mod cache;
pub mod clean;
mod envelope;
pub mod markdown;
pub mod offline;
pub mod profile;
pub mod prompt;
pub mod schema;
mod strict;
pub mod task;
pub mod text;

pub use prompt::Prompt;

/// A model.
///
/// An implementation keeps its own timeouts; it does not retry, does not ask again and does not count money: the caller
/// does, for all models alike.
pub trait Model: Send + Sync + std::fmt::Debug {
    /// Completes a prompt. The future may be dropped at any time: the call may then have been billed.
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>>;
}

/// What a model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Its words, unchecked.
    pub text: String,
    /// What the provider counted.
    pub usage: Usage,
}

/// Tokens of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// Why a model gave no answer. The texts are for operators; none contains a key or a prompt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Too many calls.
    #[error("the model's provider limits our calls")]
    RateLimited {
        /// When the provider said to come back.
        retry_after: Option<Duration>,
    },
    /// No capacity at the provider.
    #[error("the model's provider is overloaded")]
    Overloaded,
    /// No answer in time.
    #[error("the model did not answer in time")]
    Timeout,
    /// The model or its provider will not answer this.
    #[error("the model refused to answer: {0}")]
    Refused(String),
    /// The prompt does not fit, or the answer did not fit into the tokens allowed for it.
    #[error("the prompt or the answer is too long for the model")]
    TooLong,
    /// The key is wrong or may not use this model.
    #[error("the model's provider refuses our key")]
    Unauthorized,
    /// There is no way to the provider.
    #[error("the model's provider cannot be reached: {0}")]
    Unreachable(String),
    /// What came back is not the provider's protocol.
    #[error("the model's provider answered in a form that cannot be read: {0}")]
    Malformed(String),
}

impl ModelError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Overloaded | Self::Timeout | Self::Unreachable(_) | Self::Malformed(_) => true,
            Self::Refused(_) | Self::TooLong | Self::Unauthorized => false,
        }
    }

    /// Whether the provider may have billed the call although no answer came: then the reserved worst case is booked.
    #[must_use]
    pub const fn may_have_cost(&self) -> bool {
        match self {
            Self::Timeout | Self::Refused(_) | Self::TooLong | Self::Unreachable(_) | Self::Malformed(_) => true,
            Self::RateLimited { .. } | Self::Overloaded | Self::Unauthorized => false,
        }
    }
}
