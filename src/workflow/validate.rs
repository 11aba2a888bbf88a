//! Validation of a change set before anything is pushed.

use serde::{Deserialize, Serialize};

/// What validation found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Must be mended: the change goes back to the writer with these reasons.
    pub critical: Vec<Remark>,
    /// Worth a look.
    pub warnings: Vec<Remark>,
    /// Might be better.
    pub suggestions: Vec<Remark>,
    /// 100 for nothing found.
    pub score: u32,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The file, if it concerns one.
    pub path: Option<String>,
    /// The line, if it concerns one.
    pub line: Option<u32>,
    /// What, one sentence.
    pub message: String,
}
