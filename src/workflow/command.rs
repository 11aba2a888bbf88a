//! What people say to Millhand: the commands and the grammar they are read by.
//!
//! Invariant: a command is only what a reader of the rendered comment sees as a line of its own. What stands in code,
//! quotes, lists, tables, HTML or comments commands nothing, and nothing a person can write makes the parser fail.

mod arguments;
mod grammar;
mod lines;
mod manual;
mod near;
mod table;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::ids::MicroUsd;

pub use arguments::{BUDGET_USD_MAX, HASH_DIGITS_MIN, TEXT_CHARS_MAX};
pub use grammar::{COMMANDS_MAX, looks_like, parse};
pub use manual::{commands_md, help};
pub use table::{Entry, Name, Needs, TABLE, Who};

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
        /// The phase, where it is not the first word of the text.
        phase: Option<PhaseRef>,
        /// What to change.
        text: String,
    },
    /// Repeat what failed.
    Retry {
        /// Which phase; `None`: what failed.
        phase: Option<PhaseRef>,
        /// From scratch, on a new branch.
        #[serde(default)]
        fresh: bool,
        /// What to heed.
        hint: Option<String>,
    },
    /// Take back what was built.
    Rollback {
        /// What.
        what: RollbackWhat,
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
    /// Leave a phase out.
    Skip {
        /// Which.
        phase: PhaseRef,
    },
    /// Merge nothing until `/unhold`.
    Hold {
        /// Which phase; `None`: that of the pull request it is written in, else all.
        phase: Option<PhaseRef>,
    },
    /// Merge again.
    Unhold {
        /// As with [`Command::Hold`].
        phase: Option<PhaseRef>,
    },
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
    /// A rollback that was listed.
    Rollback,
}

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackWhat {
    /// A phase with those that depend on it.
    Phase(PhaseRef),
    /// All phases; then it is planned anew.
    Plan,
    /// Everything; then the work ends.
    All,
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

/// What a comment says to Millhand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The commands in the order they stand.
    pub commands: Vec<Command>,
    /// What looked like one and is none, in the order it stands; at most [`COMMANDS_MAX`] and one for the rest.
    pub refused: Vec<Refusal>,
}

/// Why something that was said is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// One sentence: why, and what to do.
    pub sentence: String,
    /// How it is told.
    pub manner: Manner,
}

impl Refusal {
    /// A refusal that is answered by a short reply.
    #[must_use]
    pub fn reply(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            manner: Manner::Reply,
        }
    }
}

/// How a refusal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// Not at all: what our own App writes is no command, and answering it would be a loop.
    Silence,
    /// By a reaction, without a comment.
    Reaction,
    /// By one short reply.
    Reply,
}
