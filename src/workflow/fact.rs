//! Facts: what has happened, in the past tense. Everything that moves a baton comes in as one of these.
//!
//! Invariant: a fact carries its own identity ([`Arrival::id`]), the same whichever way it came, so that a webhook's
//! read and a reconcile's read of one comment are one fact.

mod configuration;
mod outcome;
mod view;

use serde::{Deserialize, Serialize};

pub use self::configuration::{Configuration, FileSeen};
pub use self::outcome::{
    Answer, Change, Clash, CommentRef, CostSeen, Delayed, DelayedBy, Done, Outcome, PullRef, RefusalKind, Refused,
};
pub use self::view::{
    CheckView, ChecksView, CiWorkflow, CommentView, Failures, Heads, IssueView, PullState, PullView, RemarkView, ReviewState,
    ReviewView, Survey, Thread, TimelineEvent, TimelineKind,
};

use super::command::Command;
use super::ids::{MicroUsd, Permission, Person, PhaseNumber, Sha};
use crate::clock::Millis;

/// A fact as it comes out of the inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// Its identity: `comment:<id>`, `effect:<key>`, `api:<key>` ...
    pub id: String,
    /// Its place in the inbox.
    pub seq: i64,
    /// What happened.
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// Somebody with permission started the work: always the first fact of a workflow.
    Started(Box<Start>),
    /// A webhook says that something may have changed. Only orders a read.
    Look(Look),
    /// The issue as read.
    Issue(IssueView),
    /// A label was set or taken off, the issue was closed or reopened.
    Timeline(TimelineEvent),
    /// Somebody wrote a comment.
    Comment(CommentView),
    /// A comment that was an approval is gone.
    CommentGone {
        /// The comment.
        id: u64,
    },
    /// A pull request as read.
    Pull(PullView),
    /// The checks of a commit as read.
    Checks(ChecksView),
    /// A review as read.
    Review(ReviewView),
    /// The heads of the branches we build on, as read.
    Heads(Heads),
    /// The repository's configuration changed.
    Configured(Box<Configuration>),
    /// Somebody pressed a button of our check run.
    Pressed(Press),
    /// The operator commands through the API.
    Commanded(ApiCommand),
    /// An order was carried out, or could not be.
    Done(Done),
    /// An order must wait longer than a moment.
    Delayed(Delayed),
    /// Deciding this workflow failed in a way that is a bug of ours.
    Broken {
        /// What is known about it.
        why: String,
    },
}

impl Fact {
    /// The name people and programs see.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::Look(_) => "look",
            Self::Issue(_) => "issue",
            Self::Timeline(_) => "timeline",
            Self::Comment(_) => "comment",
            Self::CommentGone { .. } => "comment_gone",
            Self::Pull(_) => "pull",
            Self::Checks(_) => "checks",
            Self::Review(_) => "review",
            Self::Heads(_) => "heads",
            Self::Configured(_) => "configured",
            Self::Pressed(_) => "pressed",
            Self::Commanded(_) => "commanded",
            Self::Done(_) => "done",
            Self::Delayed(_) => "delayed",
            Self::Broken { .. } => "broken",
        }
    }
}

/// How work begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// UUID v7 of the new workflow.
    pub id: String,
    /// The repository.
    pub repository: Repository,
    /// The issue as it was.
    pub issue: IssueView,
    /// When, by GitHub's clock: what happened before is not this work's.
    pub at: Millis,
    /// The comment that started it: number and node id.
    pub comment: Option<(u64, String)>,
    /// Who started.
    pub by: Person,
    /// How: label, auto label, command, API.
    pub how: StartedBy,
    /// Whether the plan's approval is waived.
    pub auto: bool,
    /// 1 for the first round.
    pub round: u32,
    /// The workflow of the round before.
    pub previous: Option<String>,
    /// Whether that one was complete: then 27 is the first row.
    pub reopened: bool,
    /// The settings in force, and where they come from.
    pub configuration: Configuration,
    /// Times the operator set.
    pub timing: Timing,
    /// The highest cap the operator allows.
    pub budget_max: MicroUsd,
    /// Our App's numeric id and its bot's login.
    pub app: App,
}

/// How somebody started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartedBy {
    /// The trigger label was set.
    Label,
    /// The auto label was set.
    AutoLabel,
    /// `/start`.
    Command,
    /// API or command line.
    Operator,
}

/// Times that the operator sets, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Least time between two edits of the status comment.
    pub edit_ms: u64,
    /// Quiet after a review before it is acted on.
    pub quiet_ms: u64,
    /// Reconcile while active.
    pub active_ms: u64,
    /// Reconcile while idle.
    pub idle_ms: u64,
}

/// Our App.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Numeric App id.
    pub id: u64,
    /// Login of its bot, `millhand[bot]`.
    pub login: String,
}

/// A repository by GitHub's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Numeric id: the identity.
    pub id: u64,
    /// Node id for GraphQL.
    pub node_id: String,
    /// The installation.
    pub installation: u64,
    /// `owner/name` when last read.
    pub name: String,
    /// Where people look: `https://github.com/owner/name`.
    pub url: String,
}

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// At the issue: text, labels, comments, all pull requests.
    Issue,
    /// At one pull request, by number.
    Pull(u64),
    /// At the pull request whose head this is.
    Head(Sha),
    /// At this pull request, which says that it reverts one of ours.
    Revert(u64),
}

/// A command that came through the API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiCommand {
    /// The command.
    pub command: Command,
    /// When it came.
    pub at: Millis,
}

/// A button of a check run of ours was pressed. GitHub tells it once and keeps no list of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// Who pressed, with the permission read from the API when it was heard.
    pub by: Person,
    /// The check run's id.
    pub run: u64,
    /// The commit it is about.
    pub head: Sha,
    /// The button's identifier.
    pub button: String,
    /// When it was heard: GitHub does not say when it was pressed.
    pub at: Millis,
}

/// What a person may do, read for a comment's author.
#[must_use]
pub fn permission_of(word: &str) -> Permission {
    match word {
        "admin" => Permission::Admin,
        "maintain" => Permission::Maintain,
        "write" => Permission::Write,
        "triage" => Permission::Triage,
        "read" => Permission::Read,
        _ => Permission::None,
    }
}

/// What a hint or an order concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A phase.
    Phase(PhaseNumber),
    /// The release pull request.
    Release,
}

impl Target {
    /// The phase, if it is one.
    #[must_use]
    pub const fn phase(self) -> Option<PhaseNumber> {
        match self {
            Self::Phase(number) => Some(number),
            Self::Release => None,
        }
    }
}
