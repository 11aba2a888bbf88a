//! What people say to Millhand: the commands and the grammar they are read by.

use serde::{Deserialize, Serialize};

use super::ids::MicroUsd;

/// A command, as written in a comment or sent through the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Start the work.
    Start,
    /// Refresh the status comment.
    Status,
    /// Approve what waits.
    Approve {
        /// What; `None`: what waits there.
        what: Option<ApproveWhat>,
        /// The first digits of the hash seen.
        hash: Option<String>,
    },
    /// Send the plan back.
    Revise {
        /// What to change.
        text: String,
    },
    /// Repeat what failed.
    Retry {
        /// Which phase; `None`: what failed.
        phase: Option<PhaseRef>,
        /// What to heed.
        hint: Option<String>,
    },
    /// Set the cap.
    Budget {
        /// The new cap.
        amount: MicroUsd,
    },
    /// Do nothing until `/resume`.
    Pause,
    /// Go on.
    Resume,
    /// End the work.
    Cancel,
    /// Tell what this person may do now.
    Help,
}

/// What is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApproveWhat {
    /// The plan.
    Plan,
    /// The release.
    Release,
    /// A phase.
    Phase(PhaseRef),
}

/// A phase as people name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseRef {
    /// By number.
    Number(u32),
    /// By id, `02-parser`.
    Id(String),
}
