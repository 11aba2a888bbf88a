//! A repository's configuration as it was read.
//!
//! Invariant: a file that was refused sets nothing.

use serde::{Deserialize, Serialize};

use super::super::ids::Sha;
use super::super::repo_config::{Effective, OperatorPolicy, Refusal, RepoConfig, Warning, effective};
use super::super::settings::Settings;

/// `.github/millhand.yml` of the default branch, and what holds with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// The commit it was read at; `None` where it was not read.
    pub head: Option<Sha>,
    /// What the file is.
    pub file: FileSeen,
    /// What holds. Under a refused file: what would hold without it.
    pub effective: Effective,
}

/// What the file is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "file", rename_all = "snake_case")]
pub enum FileSeen {
    /// There is none.
    #[default]
    Absent,
    /// It holds.
    Used {
        /// What stands in it without an effect.
        warnings: Vec<Warning>,
    },
    /// It is not understood.
    Refused(Refusal),
}

impl FileSeen {
    /// Why it is refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Absent | Self::Used { .. } => None,
        }
    }
}

impl Configuration {
    /// What holds where nothing was read from the repository.
    #[must_use]
    pub fn of_operator(settings: &Settings, policy: &OperatorPolicy) -> Self {
        Self {
            head: None,
            file: FileSeen::Absent,
            effective: effective(settings, policy, &RepoConfig::default()),
        }
    }

    /// The settings that hold.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.effective.settings
    }
}
