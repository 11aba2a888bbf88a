//! What went over the wire, and the switches that disturb it.
//!
//! Invariant: every request and every webhook leaves a row here; a switch with a count is used up by it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::ids::{AppId, CheckRunId, DeliveryId, InstallationId, RepoId, RunId, UserId};
use crate::clock::Millis;
use crate::sim::git::Oid;

/// One request the simulated GitHub answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalEntry {
    /// When it came, milliseconds.
    pub at: Millis,
    /// Login, `app/<slug>` for a JWT, or `anonymous`.
    pub who: String,
    /// Method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Mutations of a GraphQL document by field name; for REST writes empty.
    pub mutations: Vec<String>,
    /// Status of the answer.
    pub status: u16,
}

/// A webhook on its way: one attempt. Attempts of the same event share the GUID.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Number of the attempt.
    pub id: DeliveryId,
    /// GUID.
    pub guid: String,
    /// Event name.
    pub event: String,
    /// Action.
    pub action: Option<String>,
    /// Receiver.
    pub app: AppId,
    /// Its installation.
    pub installation: Option<InstallationId>,
    /// Where it happened.
    pub repository: Option<RepoId>,
    /// The exact bytes that are signed and sent.
    pub body: Vec<u8>,
    /// Headers as sent, in lower case.
    pub headers: BTreeMap<String, String>,
    /// When the event happened.
    pub created_at: Millis,
    /// When it is to be sent.
    pub due: Millis,
    /// Place in the order of sending among those due at the same time.
    pub order: u64,
    /// Held back by a switch until the next webhook is sent.
    pub held: bool,
    /// Whether it was asked for again.
    pub redelivery: bool,
    /// What came of it.
    pub outcome: DeliveryOutcome,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Not sent yet.
    Pending,
    /// Being sent.
    Sending,
    /// Swallowed by a switch; GitHub's list does not show it.
    Dropped,
    /// There is nobody to send to.
    NoTarget,
    /// Answered.
    Answered {
        /// When it was sent.
        at: Millis,
        /// Status of the answer.
        status: u16,
        /// How long it took, milliseconds.
        duration_ms: u64,
        /// Headers of the answer.
        headers: BTreeMap<String, String>,
        /// Body of the answer, cut.
        body: String,
    },
    /// Not answered.
    Failed {
        /// When it was sent.
        at: Millis,
        /// Why, in GitHub's words: `timed out`, `failed to connect to host`.
        reason: String,
    },
}

/// Disturbs webhooks. All that are set apply together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSwitch {
    /// Swallow.
    pub drop: bool,
    /// Send twice.
    pub duplicate: bool,
    /// Send this much later.
    pub delay_ms: Option<u64>,
    /// Hold back until the next one was sent.
    pub reorder: bool,
    /// Only these: `issues` or `issues.labeled`; empty is all.
    pub events: Vec<String>,
    /// How many more; `None` is without end.
    pub count: Option<u32>,
}

/// What a fault does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Answers with a status and does nothing.
    Status,
    /// Never answers and does nothing.
    Hang,
    /// Cuts the connection and does nothing.
    Reset,
    /// Does it, and the answer is lost.
    ReplyLost,
    /// Answers a read with the last answer before the newest change.
    Stale,
}

/// Disturbs requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSwitch {
    /// Method; none is all.
    #[serde(default)]
    pub method: Option<String>,
    /// Path: a prefix, or a pattern with `*` (no slash) and `**` (any).
    #[serde(default)]
    pub path: String,
    /// What happens.
    pub fault: FaultKind,
    /// Status, for [`FaultKind::Status`]; 502 if none is said.
    #[serde(default)]
    pub status: Option<u16>,
    /// `Retry-After`, seconds.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// How many more; `None` is without end.
    #[serde(default)]
    pub count: Option<u32>,
}

/// A fault that hit a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// Status to answer with.
    pub status: u16,
    /// `Retry-After`, seconds.
    pub retry_after: Option<u64>,
}

/// What CI is to do with matching checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CiScript {
    /// `owner/name`; none is all.
    #[serde(default)]
    pub repository: Option<String>,
    /// Branch, with `*` and `**`; none is all.
    #[serde(default)]
    pub branch: Option<String>,
    /// Name of the check; none is all.
    #[serde(default)]
    pub check: Option<String>,
    /// A conclusion by GitHub's word, or `never`.
    pub conclusion: String,
    /// Log of the job.
    #[serde(default)]
    pub log: Option<String>,
    /// How many more; `None` is without end.
    #[serde(default)]
    pub count: Option<u32>,
}

/// Why CI may have something to start. Filled by operations, emptied by CI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CiTrigger {
    /// A ref moved.
    Push {
        /// Where.
        repo: RepoId,
        /// Full name, `refs/heads/x`.
        name: String,
        /// Before; `None` when made.
        before: Option<Oid>,
        /// After; `None` when deleted.
        after: Option<Oid>,
        /// Who.
        actor: UserId,
    },
    /// Something happened to a pull request.
    PullRequest {
        /// Where.
        repo: RepoId,
        /// Which.
        number: u64,
        /// GitHub's action: `opened`, `synchronize`, `reopened`, `edited`, `ready_for_review`, `labeled`, ...
        action: String,
        /// Who.
        actor: UserId,
    },
    /// Somebody asked for a run again; its `run_attempt` is raised already, its jobs are not made yet.
    Rerun {
        /// Where.
        repo: RepoId,
        /// Which.
        run: RunId,
        /// Only these jobs of the attempt before; `None` is all.
        jobs: Option<Vec<CheckRunId>>,
    },
    /// Somebody started a workflow by hand.
    Dispatch {
        /// Where.
        repo: RepoId,
        /// `.github/workflows/ci.yml`.
        workflow: String,
        /// Full name of the ref.
        name: String,
        /// Who.
        actor: UserId,
    },
}

/// Something GitHub does a little later, by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Finds out whether a pull request can be merged.
    Mergeability {
        /// Where.
        repo: RepoId,
        /// Which.
        number: u64,
    },
    /// Merges the base into a pull request's head, as `update-branch` asked.
    UpdateBranch {
        /// Where.
        repo: RepoId,
        /// Which.
        number: u64,
        /// The head it was asked for.
        head: Oid,
        /// Who asked.
        actor: Actor,
    },
}

/// What an act meant to those who watch: mails they would get, and quieter things counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A pull request was opened: a notification.
    PullRequestOpened,
    /// A comment was written: a notification.
    Comment,
    /// A review was submitted: a notification.
    Review,
    /// A review was asked for: counted apart.
    ReviewRequest,
    /// A pull request was merged: counted apart.
    Merge,
    /// An issue or pull request was closed: counted apart.
    Close,
}

impl NoticeKind {
    /// Whether it counts as a notification.
    #[must_use]
    pub fn notifies(self) -> bool {
        matches!(self, Self::PullRequestOpened | Self::Comment | Self::Review)
    }
}

/// One such act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub at: Millis,
    /// Who caused it.
    pub actor: UserId,
    /// What.
    pub kind: NoticeKind,
    /// Where.
    pub repo: RepoId,
    /// Issue or pull request.
    pub number: u64,
}

/// How many of them an account caused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoticeCount {
    /// Pull requests opened, comments and reviews.
    pub notifications: u64,
    /// Pull requests opened, as part of the above.
    pub pull_requests: u64,
    /// Comments, as part of the above.
    pub comments: u64,
    /// Reviews, as part of the above.
    pub reviews: u64,
    /// Review requests.
    pub review_requests: u64,
    /// Merges.
    pub merges: u64,
    /// Closings.
    pub closings: u64,
}
