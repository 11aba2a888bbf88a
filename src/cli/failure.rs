//! How a command ends when it does not end well.
//!
//! Invariant: the sentence says who must do what, and holds no secret.

use crate::config::ConfigError;
use crate::store::StoreError;

/// Failed.
pub(super) const FAILED: u8 = 1;
/// Usage or configuration.
pub(super) const USAGE: u8 = 2;
/// Not found.
pub(super) const NOT_FOUND: u8 = 3;
/// Refused.
pub(super) const REFUSED: u8 = 4;

/// A sentence and an exit code. An empty sentence is not printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) sentence: String,
    pub(super) code: u8,
}

impl Failure {
    pub(super) fn failed(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            code: FAILED,
        }
    }

    pub(super) fn usage(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            code: USAGE,
        }
    }

    /// Of usage, when everything there is to say has been printed.
    pub(super) fn told() -> Self {
        Self::usage("")
    }

    pub(super) fn not_found(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            code: NOT_FOUND,
        }
    }

    pub(super) fn refused(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            code: REFUSED,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(format!("{error}."))
    }
}

/// The database as the operator must deal with it. A name that is no file's is a setting; the rest is the machine's state.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if let StoreError::Refused(reason) = &error {
            return Self::usage(format!("MILLHAND_DATABASE_URL cannot be used: {reason}."));
        }
        Self::failed(format!("MILLHAND_DATABASE_URL: {error}."))
    }
}
