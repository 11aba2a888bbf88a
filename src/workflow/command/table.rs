//! The one table of commands: the parser's words, the help and `docs/commands.md` come from it.
//!
//! Invariant: every [`Command`] has exactly one row, and every row has a command.

use serde::{Deserialize, Serialize};

use super::Command;

/// A command without its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// `/start`
    Start,
    /// `/status`
    Status,
    /// `/approve`
    Approve,
    /// `/revise`
    Revise,
    /// `/retry`
    Retry,
    /// `/rollback`
    Rollback,
    /// `/budget`
    Budget,
    /// `/pause`
    Pause,
    /// `/resume`
    Resume,
    /// `/cancel`
    Cancel,
    /// `/skip`
    Skip,
    /// `/hold`
    Hold,
    /// `/unhold`
    Unhold,
    /// `/help`
    Help,
}

/// Who may give a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever may read the repository.
    Reader,
    /// Whoever may push to it.
    Writer,
}

/// When a command has something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Always.
    Nothing,
    /// No round is open for the issue.
    NoOpenRound,
    /// There is a workflow, open or ended.
    Workflow,
    /// A round is open.
    OpenRound,
    /// Something waits for approval.
    Waiting,
    /// A plan was shown.
    Plan,
    /// A phase or a step failed, or a hint is to be taken in.
    Failure,
    /// A round is open and not paused.
    Running,
    /// It is paused.
    Paused,
    /// The plan was approved: there are phases at work.
    Phases,
    /// Something is held.
    Held,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Which command.
    pub name: Name,
    /// The word behind the slash.
    pub word: &'static str,
    /// Its arguments as people read them; empty for none.
    pub arguments: &'static str,
    /// What it does.
    pub does: &'static str,
    /// Who may give it.
    pub who: Who,
    /// What must be there.
    pub needs: Needs,
}

/// All commands.
pub const TABLE: [Entry; 14] = [
    Entry {
        name: Name::Start,
        word: "start",
        arguments: "",
        does: "starts the work on this issue, as the label does",
        who: Who::Writer,
        needs: Needs::NoOpenRound,
    },
    Entry {
        name: Name::Status,
        word: "status",
        arguments: "",
        does: "refreshes the status comment and links to it",
        who: Who::Reader,
        needs: Needs::Workflow,
    },
    Entry {
        name: Name::Approve,
        word: "approve",
        arguments: "[plan|release|rollback|<phase>] [hash]",
        does: "approves what waits (in a pull request: what waits there), or lets a head pass on which no check ran",
        who: Who::Writer,
        needs: Needs::Waiting,
    },
    Entry {
        name: Name::Revise,
        word: "revise",
        arguments: "[phase] <text>",
        does: "sends back what waits for approval: the plan, or the named phase's change of protected paths (in its pull request it need not be named); the text runs to the next command or the comment's end",
        who: Who::Writer,
        needs: Needs::Plan,
    },
    Entry {
        name: Name::Retry,
        word: "retry",
        arguments: "[phase] [fresh] [-- hint]",
        does: "repeats what failed, or the named phase, from its last good point, with `fresh` on a new branch from scratch; the hint runs to the next command or the comment's end",
        who: Who::Writer,
        needs: Needs::Failure,
    },
    Entry {
        name: Name::Rollback,
        word: "rollback",
        arguments: "<phase>|plan|all",
        does: "takes back the phase with those that depend on it, or all of them, then plans anew (`plan`) or ends the work (`all`); what is merged is listed first and taken out of the integration branch once `/approve rollback` confirms it; after the release, and in a direct delivery at any time, by pull requests that people merge, newest first, of `all` or of a phase whose commit stands alone on the default branch",
        who: Who::Writer,
        needs: Needs::Phases,
    },
    Entry {
        name: Name::Budget,
        word: "budget",
        arguments: "<amount>",
        does: "sets the cap in US dollars, not below what is spent and not above the operator's",
        who: Who::Writer,
        needs: Needs::OpenRound,
    },
    Entry {
        name: Name::Pause,
        word: "pause",
        arguments: "",
        does: "stops the work until `/resume`; what happens meanwhile is seen, nothing is done",
        who: Who::Writer,
        needs: Needs::Running,
    },
    Entry {
        name: Name::Resume,
        word: "resume",
        arguments: "",
        does: "goes on after `/pause`",
        who: Who::Writer,
        needs: Needs::Paused,
    },
    Entry {
        name: Name::Cancel,
        word: "cancel",
        arguments: "",
        does: "ends the work: open pull requests are closed with a note, branches and merged work stay",
        who: Who::Writer,
        needs: Needs::OpenRound,
    },
    Entry {
        name: Name::Skip,
        word: "skip",
        arguments: "<phase>",
        does: "leaves a phase out on which none depends; its pull request is closed, its branch stays",
        who: Who::Writer,
        needs: Needs::Phases,
    },
    Entry {
        name: Name::Hold,
        word: "hold",
        arguments: "",
        does: "lets nothing be merged until `/unhold`: on the issue all of it, on a pull request that one",
        who: Who::Writer,
        needs: Needs::Phases,
    },
    Entry {
        name: Name::Unhold,
        word: "unhold",
        arguments: "",
        does: "ends what `/hold` began: on a pull request there, on the issue everywhere",
        who: Who::Writer,
        needs: Needs::Held,
    },
    Entry {
        name: Name::Help,
        word: "help",
        arguments: "",
        does: "tells what you may do now",
        who: Who::Reader,
        needs: Needs::Nothing,
    },
];

impl Name {
    /// Its row.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        // A test holds that the rows stand in the order of the names.
        &TABLE[self as usize]
    }

    /// The word behind the slash.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.entry().word
    }

    /// The command that a word names, in any letter case.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|entry| entry.word.eq_ignore_ascii_case(word))
            .map(|entry| entry.name)
    }
}

impl Command {
    /// Which command it is.
    #[must_use]
    pub const fn name(&self) -> Name {
        match self {
            Self::Start => Name::Start,
            Self::Status => Name::Status,
            Self::Approve { .. } => Name::Approve,
            Self::Revise { .. } => Name::Revise,
            Self::Retry { .. } => Name::Retry,
            Self::Rollback { .. } => Name::Rollback,
            Self::Budget { .. } => Name::Budget,
            Self::Pause => Name::Pause,
            Self::Resume => Name::Resume,
            Self::Cancel => Name::Cancel,
            Self::Skip { .. } => Name::Skip,
            Self::Hold { .. } => Name::Hold,
            Self::Unhold { .. } => Name::Unhold,
            Self::Help => Name::Help,
        }
    }
}

impl Entry {
    /// How it is written: `/retry [phase] [-- hint]`, behind `/millhand` where bare commands are not read.
    #[must_use]
    pub fn usage(&self, bare: bool) -> String {
        let slash = if bare { "/" } else { "/millhand " };
        format!("{slash}{} {}", self.word, self.arguments).trim_end().to_owned()
    }
}

impl Who {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Reader => "anybody who can read the repository",
            Self::Writer => "people with write permission",
        }
    }
}

impl Needs {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::NoOpenRound => "no open round",
            Self::Workflow => "a round, open or ended",
            Self::OpenRound => "an open round",
            Self::Waiting => "something that waits for approval",
            Self::Plan => "a plan that was shown",
            Self::Failure => "a failure, or a hint",
            Self::Running => "an open round that is not paused",
            Self::Paused => "a paused round",
            Self::Phases => "an approved plan",
            Self::Held => "something that is held",
        }
    }
}
