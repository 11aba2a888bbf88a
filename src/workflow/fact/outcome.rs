//! What came of an order.
//!
//! Invariant: an order that was carried out has one outcome, and what GitHub or a model refused is one like any other.

use serde::{Deserialize, Serialize};

use super::super::answer::{Diagnosis, ReleaseNotes, Requirements, Verdict};
use super::super::code_owners::Owners;
use super::super::ids::{BlobHash, MicroUsd, Person, Sha};
use super::super::order::Order;
use super::super::plan::Plan;
use super::super::validate::Report;
use super::{Failures, Survey};
use crate::clock::Millis;

/// An order carried out, or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The order's key.
    pub key: String,
    /// The order: it may have been withdrawn while it was carried out.
    pub order: Order,
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
    /// A change of protected paths was shown.
    Shown {
        /// The comment.
        comment: CommentRef,
        /// When, by GitHub's clock.
        at: Millis,
        /// The protected paths with those who own them.
        owners: Vec<(String, Owners)>,
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
        /// What the check run shows that can be pressed.
        #[serde(default)]
        shown: Vec<String>,
    },
    /// The check run of a head is written.
    CheckWritten {
        /// What it shows that can be pressed.
        shown: Vec<String>,
    },
    /// The branch has its base's commits now.
    BranchUpdated {
        /// The new head; the old one if there was nothing to do.
        head: Sha,
    },
    /// The branch and its base clash, and a writer could settle it.
    Clashed(Clash),
    /// Merged.
    Merged {
        /// The commit on the base branch.
        sha: Sha,
        /// Digest of the status comment that rode along.
        status: Option<String>,
    },
    /// A phase is not on the integration branch any more.
    TakenOut {
        /// The branch's head: our commit, or as it was if nothing of the phase was left.
        head: Sha,
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
            Self::Shown { .. } => "shown",
            Self::Settled { .. } => "settled",
            Self::BaseCreated { .. } => "base_created",
            Self::Opened { .. } => "opened",
            Self::Pushed { .. } => "pushed",
            Self::Presented { .. } => "presented",
            Self::CheckWritten { .. } => "check_written",
            Self::BranchUpdated { .. } => "branch_updated",
            Self::Clashed(_) => "clashed",
            Self::Merged { .. } => "merged",
            Self::TakenOut { .. } => "taken_out",
            Self::Reverted { .. } => "reverted",
            Self::Woke => "woke",
            Self::Refused(_) => "refused",
        }
    }
}

/// How a branch and its base clash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    /// The branch's head.
    pub head: Sha,
    /// The base's.
    pub base: Sha,
    /// Blob of what the writer is shown.
    pub blob: BlobHash,
    /// The files that clash.
    pub paths: Vec<String>,
    /// The other files that the base has changed since.
    pub brought: Vec<String>,
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
    /// Those of them that are executable where the change is put, and so stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub executables: Vec<String>,
    /// What validation found.
    pub report: Report,
}
