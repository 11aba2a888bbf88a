//! `.github/millhand.yml`: what a repository sets, read and held against the operator's policy.
//!
//! [`parse`] reads the file, [`effective`] says what holds. What a key is, takes and may do stands in one table,
//! [`keys::KEYS`]; the JSON Schema is made from it.
//!
//! Invariant: what [`parse`] lets pass is known, of its key's type and within its bounds; and whatever it is, what holds
//! is no looser than the operator's policy.

mod effective;
mod guard;
pub mod keys;
mod names;
mod near;
mod policy;
mod read;
mod schema;
mod shape;
mod tree;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::effective::{Effective, Note, Origin, Row, effective, untold};
pub use self::guard::FILE_BYTES_MAX;
pub use self::names::Name;
pub use self::policy::{LeastApprovals, MostLimits, OperatorPolicy};
pub use self::schema::schema;
pub use self::shape::{Item, Shape};

/// Where the file lies, from the repository's top.
pub const FILE: &str = ".github/millhand.yml";

/// A place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Counted from 1.
    pub line: u32,
    /// Characters, counted from 1.
    pub column: u32,
}

impl Place {
    /// The file's beginning.
    const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a file is refused. It is refused whole: half of what a team wrote is not what it wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{place}: {sentence}")]
pub struct Refusal {
    /// What is wrong stands here.
    pub place: Place,
    /// What is wrong and what to do, for a person. Holds words of the file in code spans, cut and without what nobody sees.
    pub sentence: String,
}

impl Refusal {
    fn new(place: Place, sentence: impl Into<String>) -> Self {
        Self {
            place,
            sentence: sentence.into(),
        }
    }

    /// A file that is not even read.
    #[must_use]
    pub fn too_large() -> Self {
        let most = FILE_BYTES_MAX / 1024;
        let sentence = format!("The file has more than {most} KiB, and no more than that is read; make it shorter.");
        Self::new(Place::START, sentence)
    }

    /// A symbolic link.
    #[must_use]
    pub fn link() -> Self {
        let sentence = "This is a symbolic link, and those are not followed; put the file itself there.";
        Self::new(Place::START, sentence)
    }

    /// Neither file nor link.
    #[must_use]
    pub fn no_file() -> Self {
        Self::new(Place::START, "This is no file; the settings stand in a file of this name.")
    }
}

/// Something in the file that is accepted and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// It stands here.
    pub place: Place,
    /// The key, such as `pull_requests.title`.
    pub key: String,
    /// What has no effect, for a person.
    pub sentence: String,
}

/// What the file gives for a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Of the key's type, in the form in which `Settings` are stored: texts, truth values, numbers, lists.
    pub value: Value,
    /// Where the value stands.
    pub place: Place,
}

/// What a repository's file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoConfig {
    /// The keys that stand in it, such as `limits.phases`, with their values; only those that have an effect.
    pub given: BTreeMap<String, Given>,
    /// What stands in it and changes nothing, in the file's order.
    pub warnings: Vec<Warning>,
}

/// Reads the file's bytes. An empty file, or one of comments, sets nothing.
///
/// # Errors
/// The first thing in the file that cannot be used.
pub fn parse(text: &[u8]) -> Result<RepoConfig, Refusal> {
    let text = guard::text(text)?;
    match tree::read(text)? {
        Some(root) => read::root(&root),
        None => Ok(RepoConfig::default()),
    }
}
