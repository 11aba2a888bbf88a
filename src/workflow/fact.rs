//! Facts: what has happened, in the past tense. Everything that moves a baton comes in as one of these.
//!
//! Invariant: a fact carries its own identity ([`Arrival::id`]), the same whichever way it came, so that a webhook's
//! read and a reconcile's read of one comment are one fact.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer::{Diagnosis, ReleaseNotes, Requirements, Verdict};
use super::command::Command;
use super::ids::{BlobHash, MicroUsd, Permission, Person, PhaseNumber, Sha};
use super::plan::Plan;
use super::settings::Settings;
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
    /// The settings in force.
    pub settings: Settings,
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

/// The issue as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueView {
    /// Its number.
    pub number: u64,
    /// Node id.
    pub node_id: String,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Who wrote it.
    pub author: Person,
    /// Who edited it last, if anybody.
    pub editor: Option<Person>,
    /// When it was edited last.
    pub edited_at: Option<Millis>,
    /// Whether it is open.
    pub open: bool,
    /// Its labels.
    pub labels: Vec<String>,
    /// Logins it is assigned to.
    pub assignees: Vec<String>,
    /// Somebody else's open pull requests that close it.
    pub closing_pulls: Vec<u64>,
}

/// Something in the issue's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// GitHub's id of the event.
    pub id: String,
    /// What.
    pub what: TimelineKind,
    /// Who.
    pub by: Person,
    /// When.
    pub at: Millis,
}

/// What happened to the issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// A label was set.
    Labeled(String),
    /// A label was taken off.
    Unlabeled(String),
    /// It was closed; by the merge of a pull request, if one is named.
    Closed {
        /// The pull request that closed it.
        by_pull: Option<u64>,
    },
    /// It was reopened.
    Reopened,
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thread {
    /// Under the issue.
    Issue,
    /// Under one of our pull requests.
    Pull(u64),
}

/// A comment as first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentView {
    /// Numeric id.
    pub id: u64,
    /// Node id.
    pub node_id: String,
    /// Where.
    pub on: Thread,
    /// Who.
    pub by: Person,
    /// Markdown.
    pub body: String,
    /// When.
    pub at: Millis,
    /// Whether it was edited before we saw it: then it commands nothing.
    pub edited: bool,
}

/// A pull request as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullView {
    /// Its number.
    pub number: u64,
    /// Node id.
    pub node_id: String,
    /// Name of its head branch.
    pub branch: String,
    /// Head commit.
    pub head: Sha,
    /// Name of its base branch.
    pub base: String,
    /// Open, closed or merged.
    pub state: PullState,
    /// Who closed it, when closed without a merge.
    pub closed_by: Option<Person>,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether it merges cleanly; `None` while GitHub computes.
    pub mergeable: Option<bool>,
    /// GitHub's word on why it may or may not be merged: `clean`, `blocked`, `behind` ...
    pub merge_state: String,
    /// When it changed last.
    pub updated_at: Millis,
}

/// State of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullState {
    /// Open.
    Open,
    /// Closed without a merge.
    Closed,
    /// Merged.
    Merged {
        /// The commit on the base branch.
        sha: Sha,
        /// Who.
        by: Option<Person>,
    },
}

/// The checks of a commit as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecksView {
    /// The commit.
    pub head: Sha,
    /// Check runs and statuses, latest of each name and App; ours left out.
    pub checks: Vec<CheckView>,
    /// Suites with at least one run that are not finished.
    pub unfinished_suites: u32,
}

/// A check run or a commit status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// Its name or context.
    pub name: String,
    /// The App that made it; `status` for a commit status.
    pub app: String,
    /// Check run id; `None` for a status.
    pub id: Option<u64>,
    /// The Actions run it belongs to.
    pub run: Option<u64>,
    /// Lower-case conclusion; `None` while it runs.
    pub conclusion: Option<String>,
    /// Whether GitHub's rules require it for this pull request.
    pub required: bool,
    /// Where people look.
    pub url: Option<String>,
}

/// A review as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    /// Numeric id.
    pub id: u64,
    /// Node id.
    pub node_id: String,
    /// The pull request.
    pub pull: u64,
    /// Who; the permission is the right to push.
    pub by: Person,
    /// What it says.
    pub state: ReviewState,
    /// The commit it was given on.
    pub commit: Sha,
    /// Its text.
    pub body: String,
    /// Inline remarks.
    pub remarks: Vec<RemarkView>,
    /// When it was submitted.
    pub at: Millis,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Yes.
    Approved,
    /// No.
    ChangesRequested,
    /// Neither.
    Commented,
    /// Taken back.
    Dismissed,
}

/// An inline remark of a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemarkView {
    /// Numeric id of the comment.
    pub id: u64,
    /// Node id of its thread.
    pub thread: String,
    /// The file.
    pub path: String,
    /// The line, if it still has one.
    pub line: Option<u32>,
    /// The text.
    pub body: String,
}

/// Heads of branches as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// Of the default branch.
    pub default: Sha,
    /// Of the integration branch, if it exists.
    pub integration: Option<Sha>,
}

/// A command that came through the API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiCommand {
    /// The command.
    pub command: Command,
    /// When it came.
    pub at: Millis,
}

/// An order carried out, or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The order's key.
    pub key: String,
    /// The order: it may have been withdrawn while it was carried out.
    pub order: super::order::Order,
    /// How many requests to GitHub it took.
    pub requests: u32,
    /// The ledger after it, when a model was asked.
    pub cost: Option<CostSeen>,
    /// What came of it.
    pub outcome: Outcome,
}

/// The ledger as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostSeen {
    /// Spent so far.
    pub spent: MicroUsd,
    /// Reserved for calls under way.
    pub reserved: MicroUsd,
    /// Calls so far.
    pub calls: u32,
    /// Whether prices are nominal (the offline model costs nothing).
    pub nominal: bool,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was read; hints up to this place of the inbox are answered. The facts came beside this one.
    Read {
        /// Inbox seq.
        as_of: i64,
    },
    /// The repository as it is.
    Surveyed(Box<Survey>),
    /// Logs and annotations of failed checks.
    FailuresRead(Failures),
    /// Whether two heads carry the same patch.
    PatchCompared {
        /// The head approved.
        old: Sha,
        /// The head now.
        new: Sha,
        /// Whether the diff against the merge base is the same.
        equal: bool,
        /// SHA-256 of the new diff.
        patch: String,
    },
    /// A model answered, and the answer holds.
    Answered(Box<Answer>),
    /// No model gave an answer that holds.
    Unanswered {
        /// What was wrong, one sentence for people.
        sentence: String,
        /// Whether capacity was the reason (try again by itself) or the answers were bad (a person is asked).
        capacity: bool,
    },
    /// The call would pass the cap.
    OverBudget {
        /// What it may cost at worst.
        needed: MicroUsd,
    },
    /// The status comment shows the state with this digest.
    StatusWritten {
        /// The comment.
        comment: CommentRef,
        /// Digest of its text.
        digest: String,
    },
    /// A comment was posted.
    Posted {
        /// The comment.
        comment: CommentRef,
        /// When, by GitHub's clock.
        at: Millis,
    },
    /// Something small was done: a reaction, a label, a comment minimised, a branch deleted, an issue closed.
    Settled {
        /// A remark for the report, if there is one.
        note: Option<String>,
    },
    /// The integration branch exists.
    BaseCreated {
        /// Its head.
        head: Sha,
    },
    /// The pull request is open with our commit.
    Opened {
        /// The pull request.
        pull: PullRef,
        /// Our commit.
        head: Sha,
        /// Whether it is a draft.
        draft: bool,
        /// Digest of the status comment that rode along.
        status: Option<String>,
    },
    /// Our commit is on the branch.
    Pushed {
        /// Our commit.
        head: Sha,
        /// Digest of the status comment that rode along.
        status: Option<String>,
    },
    /// Check run written, pull request ready, people asked.
    Presented {
        /// Digest of the status comment that rode along.
        status: Option<String>,
        /// Logins asked.
        asked: Vec<String>,
    },
    /// The branch has its base's commits now.
    BranchUpdated {
        /// The new head; the old one if there was nothing to do.
        head: Sha,
    },
    /// Merged.
    Merged {
        /// The commit on the base branch.
        sha: Sha,
        /// Digest of the status comment that rode along.
        status: Option<String>,
    },
    /// People merged a pull request that reverts the release.
    Reverted {
        /// Who merged it.
        by: Person,
    },
    /// A timer went off.
    Woke,
    /// It cannot be done as ordered.
    Refused(Refused),
}

impl Outcome {
    /// The name people and programs see.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Surveyed(_) => "surveyed",
            Self::FailuresRead(_) => "failures_read",
            Self::PatchCompared { .. } => "patch_compared",
            Self::Answered(_) => "answered",
            Self::Unanswered { .. } => "unanswered",
            Self::OverBudget { .. } => "over_budget",
            Self::StatusWritten { .. } => "status_written",
            Self::Posted { .. } => "posted",
            Self::Settled { .. } => "settled",
            Self::BaseCreated { .. } => "base_created",
            Self::Opened { .. } => "opened",
            Self::Pushed { .. } => "pushed",
            Self::Presented { .. } => "presented",
            Self::BranchUpdated { .. } => "branch_updated",
            Self::Merged { .. } => "merged",
            Self::Reverted { .. } => "reverted",
            Self::Woke => "woke",
            Self::Refused(_) => "refused",
        }
    }
}

/// Why an order cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What kind of obstacle.
    pub kind: RefusalKind,
    /// One sentence for people; GitHub's words quoted.
    pub sentence: String,
}

/// What kind of obstacle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The head is not what it was: look again.
    HeadMoved,
    /// Both sides changed the same lines.
    Conflict,
    /// GitHub's rules forbid it for now.
    Rules,
    /// Workflow files differ and the App may not touch them.
    Workflows,
    /// It does not exist any more.
    Gone,
    /// The App may not.
    Permission,
    /// GitHub does not answer.
    Unreachable,
    /// Something else.
    Other,
}

/// An order that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delayed {
    /// The order's key.
    pub key: String,
    /// Until when.
    pub until: Millis,
    /// What it waits for.
    pub on: DelayedBy,
    /// One sentence.
    pub sentence: String,
}

/// What an order waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayedBy {
    /// GitHub is away.
    Github,
    /// A rate limit.
    RateLimit,
    /// A model is away.
    Model,
}

/// A comment of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentRef {
    /// Numeric id.
    pub id: u64,
    /// Node id.
    pub node_id: String,
}

/// A pull request of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRef {
    /// Its number.
    pub number: u64,
    /// Node id.
    pub node_id: String,
}

/// The repository as it is when the plan is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Name of the default branch.
    pub default_branch: String,
    /// Its head: everything is read at this commit.
    pub head: Sha,
    /// Blob with the sorted list of paths, one a line.
    pub tree: BlobHash,
    /// CI workflows.
    pub workflows: Vec<CiWorkflow>,
    /// Check names that rules require on the default branch.
    pub required_checks: Vec<String>,
    /// How many approving reviews the default branch's rules ask for.
    pub required_reviews: u32,
    /// Allowed merge methods.
    pub squash: bool,
    /// Merge commits.
    pub merge_commits: bool,
    /// Rebase merges.
    pub rebase: bool,
    /// Whether rules ask for a linear history.
    pub linear: bool,
    /// Whether GitHub deletes merged branches by itself.
    pub deletes_branches: bool,
    /// Whether `.github/millhand.yml` exists.
    pub has_config: bool,
    /// Whether code owners are declared.
    pub has_codeowners: bool,
    /// Other people with write who were active in the last 90 days.
    pub active_writers: Vec<Person>,
    /// Node ids, by login, of people who may be asked to review: looked up here once, so that no phase has to.
    #[serde(default)]
    pub reviewers: BTreeMap<String, String>,
}

/// A CI workflow and whether our branches start it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiWorkflow {
    /// Its file.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Names of its jobs as checks show them; empty if they cannot be known beforehand (a matrix).
    pub jobs: Vec<String>,
    /// Whether a pull request onto the integration branch, or a push to a phase's branch, starts it.
    pub on_integration: bool,
    /// Whether a pull request from our branches onto the default branch starts it.
    pub on_default: bool,
    /// Whether a push to our branches starts it.
    pub on_push: bool,
    /// What is wrong with its filters, if they cannot be read.
    pub problem: Option<String>,
}

/// What could be read about failed checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// The head they failed on.
    pub head: Sha,
    /// Blob with names, condensed logs and annotations.
    pub blob: BlobHash,
    /// Names that fail on the base as well.
    pub red_on_base: Vec<String>,
    /// Whether any log could be read.
    pub readable: bool,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Requirements, perhaps with questions.
    Requirements(Requirements),
    /// A plan that holds.
    Plan(Plan),
    /// The plan cannot be made: this is missing.
    Missing {
        /// Questions.
        questions: Vec<String>,
    },
    /// A change set with its validation.
    Change(Change),
    /// It cannot be built as planned.
    Cannot {
        /// Why.
        because: String,
    },
    /// A diagnosis.
    Diagnosis(Diagnosis),
    /// A verdict.
    Verdict(Verdict),
    /// Release notes.
    Notes(ReleaseNotes),
}

/// A change set, validated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Blob of the change set.
    pub blob: BlobHash,
    /// Its one line.
    pub summary: String,
    /// Paths it writes or deletes.
    pub paths: Vec<String>,
    /// What validation found.
    pub report: super::validate::Report,
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
