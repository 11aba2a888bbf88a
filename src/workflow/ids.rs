//! Small value types of the core.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A commit's id, 40 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sha(pub String);

impl Sha {
    /// The first eight digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Debug for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a blob in the store, hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlobHash(pub String);

/// The number of a micro-phase: 1, 2, 3 ... in the order of the plan, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhaseNumber(pub u32);

impl fmt::Display for PhaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Money in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded up to whole cents above a dollar cent, else four places: small sums must not read as nothing.
        if self.0 >= 10_000 {
            write!(f, "${:.2}", self.0 as f64 / 1e6)
        } else {
            write!(f, "${:.4}", self.0 as f64 / 1e6)
        }
    }
}

/// What somebody may do in a repository, as the API says it (never `author_association`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Nothing.
    None,
    /// May read.
    Read,
    /// May label and close, not push.
    Triage,
    /// May push.
    Write,
    /// May push and manage some settings.
    Maintain,
    /// May do everything.
    Admin,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// GitHub's numeric id; 0 for the operator, who acts through the API.
    pub id: u64,
    /// The login when it was read: for people, not for identity.
    pub login: String,
    /// Whether it is a bot.
    pub bot: bool,
    /// The permission when it was read.
    pub permission: Permission,
    /// Node id, where it was read: asking for a review needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
}

impl Person {
    /// The operator: whoever holds the API token.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            id: 0,
            login: "operator".to_owned(),
            bot: false,
            permission: Permission::Admin,
            node_id: None,
        }
    }

    /// Whether this person may push.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.permission >= Permission::Write
    }
}
