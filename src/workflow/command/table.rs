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
    /// `/budget`
    Budget,
    /// `/pause`
    Pause,
    /// `/resume`
    Resume,
    /// `/cancel`
    Cancel,
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
pub const TABLE: [Entry; 10] = [
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
        arguments: "[plan|release|<phase>] [hash]",
        does: "approves what waits (in a pull request: what waits there), or lets a head pass on which no check ran",
        who: Who::Writer,
        needs: Needs::Waiting,
    },
    Entry {
        name: Name::Revise,
        word: "revise",
        arguments: "<text>",
        does: "sends the plan back with the text, which runs to the next command or the comment's end",
        who: Who::Writer,
        needs: Needs::Plan,
    },
    Entry {
        name: Name::Retry,
        word: "retry",
        arguments: "[phase] [-- hint]",
        does: "repeats what failed, or the named phase, from its last good point; the hint runs to the next command or the comment's end",
        who: Who::Writer,
        needs: Needs::Failure,
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
        name: Name::Help,
        word: "help",
        arguments: "",
        does: "tells what you may do now",
        who: Who::Reader,
        needs: Needs::Nothing,
    },
];

/// What `/help` says besides the list; also stands in the documentation.
const HOW_TO_WRITE: &str = "Write a command at the start of a line. Leave an empty line between it and a quote, a list or a \
    table above it, else it belongs to them. It is read once, as the comment was first sent; at most five a comment.";

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
            Self::Budget { .. } => Name::Budget,
            Self::Pause => Name::Pause,
            Self::Resume => Name::Resume,
            Self::Cancel => Name::Cancel,
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
        }
    }
}

/// What a person may do now, as Markdown. `allowed` is the core's answer for this person and moment, `bare` the setting
/// `commands.bare`.
#[must_use]
pub fn help(allowed: &[Name], bare: bool) -> String {
    let rows: Vec<String> = TABLE
        .iter()
        .filter(|entry| allowed.contains(&entry.name))
        .map(|entry| format!("- `{}` {}", entry.usage(bare), entry.does))
        .collect();
    if rows.is_empty() {
        return "There is nothing you may do here now; commands need permission in this repository.".to_owned();
    }
    let other = if bare {
        "\n`/millhand <command>` is the same as `/<command>`."
    } else {
        ""
    };
    format!("What you may do now:\n\n{}\n\n{HOW_TO_WRITE}{other}\n", rows.join("\n"))
}

/// The text of `docs/commands.md`; a test holds that the file equals it.
#[must_use]
pub fn commands_md() -> String {
    let rows: Vec<String> = TABLE
        .iter()
        .map(|entry| {
            format!(
                "| `{}` | {} | {} | {} |",
                entry.usage(true).replace('|', "\\|"),
                entry.does,
                entry.who.words(),
                entry.needs.words()
            )
        })
        .collect();
    format!("{MD_HEAD}\n{}\n{MD_TAIL}", rows.join("\n"))
}

const MD_HEAD: &str = "# Commands

Written in a comment on the issue or on one of Millhand's pull requests. `/millhand <command>` is the same as `/<command>`; with
`commands.bare: false` it is the only form, and the short one is left to other programs.

| command | what it does | who may | needs |
|---|---|---|---|";

const MD_TAIL: &str = "
A phase is named by its number (`2`) or its id (`02-parser`); a hash by at least seven of its digits.

## How a comment is read

- Write a command at the start of a line. Capital letters do not matter.
- In code, quotes, lists, tables, HTML comments and edited comments a command does nothing.
- A line directly under a quote, a list or a table belongs to it in Markdown: leave an empty line above the command.
- A comment is read once, as it was first sent. At most five commands of it are run.
- The answer is a reaction: eyes when it was read, then +1 or confused. A refused command gets one short reply that says why and
  what to do; a start that is refused gets the reaction only.
- A misspelt command gets one suggestion. Commands of other programs are left alone.
- The text of `/revise` and the hint of `/retry` are passed on without HTML.

## Who may

Permission is what GitHub answers at that moment, never the association shown beside a comment. Bots command nothing; one that is
listed in `triggers.bots` may start work and nothing else. Questions are answered by the issue's author or by anybody with write
permission, in a plain comment.
";
