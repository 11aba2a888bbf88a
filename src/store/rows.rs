//! The shapes that go in and out of the store. Times are epoch milliseconds, money is micro-dollars.
//!
//! Invariant: no type here knows what a workflow means.

mod money;
mod place;

pub use self::money::{CallRow, Cost, NewCall, Reservation, SettledCall};
pub use self::place::{InstallationRow, Pace, PaceRequest, RepositoryRow};

use crate::clock::Millis;

/// How many undecided rows one step takes at most: a flood on one subject must not hold the transaction.
pub const STEP_ROWS_MAX: u32 = 50;

/// How the subject of deliveries begins that nothing leads from yet. They are stored, but never decided: they wait until
/// a step records the route.
pub const UNROUTED: &str = "unrouted:";

/// A row for the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// `<repository id>#<issue>`, `repository:<id>`, `installation:<id>`, or `unrouted:<repository id>:<sha>`.
    pub subject: String,
    /// The fact's own identity; unique with the subject.
    pub fact_id: String,
    /// What the body is: the engine's word (`webhook:<event>`, `fact`, ...).
    pub kind: String,
    /// The body: raw webhook bytes or JSON.
    pub body: Vec<u8>,
    /// When it was received.
    pub received_at: Millis,
}

/// A row of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxRow {
    /// Position in the inbox: grows with time over all subjects.
    pub seq: i64,
    /// The fact's identity.
    pub fact_id: String,
    /// What the body is.
    pub kind: String,
    /// The body.
    pub body: Vec<u8>,
    /// When it was received.
    pub received_at: Millis,
}

/// What a step is given.
#[derive(Clone, Debug)]
pub struct StepInput {
    /// The subject whose lock is held.
    pub subject: String,
    /// Its newest workflow, if there ever was one.
    pub workflow: Option<WorkflowRow>,
    /// Hash of the last row of that workflow's log; empty if there is none.
    pub last_hash: String,
    /// Number of its last hand-off; 0 if there is none.
    pub last_handoff: i64,
    /// The undecided rows in order.
    pub rows: Vec<InboxRow>,
    /// The time of the step.
    pub now: Millis,
}

/// What a step writes.
#[derive(Clone, Debug, Default)]
pub struct StepOutput {
    /// The workflow as it is now; a new id makes a new row.
    pub workflow: Option<WorkflowRow>,
    /// New rows of its log, contiguous.
    pub events: Vec<EventRow>,
    /// New hand-offs.
    pub handoffs: Vec<HandoffRow>,
    /// All its phases as they are now (replaces the projection).
    pub phases: Vec<PhaseRow>,
    /// New effects.
    pub effects: Vec<NewEffect>,
    /// Keys of open effects that are withdrawn.
    pub withdrawn: Vec<String>,
    /// Pull requests, branches and commits that lead to this subject from now on. Unrouted deliveries waiting for one of
    /// them move to this subject.
    pub routes: Vec<RouteRow>,
    /// Rows for other subjects (a repository's event for each of its open workflows).
    pub deliveries: Vec<NewDelivery>,
    /// What became of inbox rows, for the audit: (seq, text). Rows without one are simply done.
    pub results: Vec<(i64, String)>,
    /// Big values.
    pub blobs: Vec<Blob>,
}

/// A workflow as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRow {
    /// UUID v7.
    pub id: String,
    /// The subject it belongs to.
    pub subject: String,
    /// Installation, repository and issue by GitHub's numbers.
    pub installation: i64,
    /// Repository id.
    pub repository: i64,
    /// `owner/name` as last seen: for people and filters, not for identity.
    pub repository_name: String,
    /// Issue number.
    pub issue: i64,
    /// 1 for the first round.
    pub round: i64,
    /// The seq of the last row of its log; guards against lost updates.
    pub version: i64,
    /// The shown state.
    pub shown_state: String,
    /// The status.
    pub status: String,
    /// Whether it is open (not ended).
    pub open: bool,
    /// The whole state as JSON.
    pub state: String,
    /// When the row was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
}

/// A row of a workflow's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// The workflow.
    pub workflow: String,
    /// 1, 2, 3 ... without gaps.
    pub seq: i64,
    /// The fact's identity.
    pub fact_id: String,
    /// The fact as JSON.
    pub fact: String,
    /// The transitions taken, as JSON.
    pub transitions: String,
    /// The phase concerned, if one.
    pub phase: Option<i64>,
    /// Who did it, if a person or a program did.
    pub actor: Option<String>,
    /// When it was decided.
    pub at: Millis,
    /// Whether decisions were taken at this row (the last of its batch).
    pub decided: bool,
    /// The version of the core that decided.
    pub core_version: i64,
    /// SHA-256 of the state after it.
    pub state_hash: String,
    /// Hash of the row before.
    pub previous: String,
    /// SHA-256 over this row and `previous`.
    pub hash: String,
}

/// A hand-off between two roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffRow {
    /// The workflow.
    pub workflow: String,
    /// Numbered per workflow from 1.
    pub seq: i64,
    /// Seq of the log row it follows from.
    pub event_seq: i64,
    /// The role that hands over.
    pub from_role: String,
    /// The role that takes over.
    pub to_role: String,
    /// The state left.
    pub from_state: String,
    /// The state entered.
    pub to_state: String,
    /// The phase, if a phase's baton moved.
    pub phase: Option<i64>,
    /// What was handed over, as JSON.
    pub data: String,
    /// When.
    pub at: Millis,
}

/// A phase as last decided (projection).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseRow {
    /// The workflow.
    pub workflow: String,
    /// Its number.
    pub number: i64,
    /// Its id, `01-parser`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// Its status.
    pub status: String,
    /// Its pull request.
    pub pull_request: Option<i64>,
    /// The merged commit.
    pub merged: Option<String>,
}

/// A new effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEffect {
    /// `<workflow>-<version>-<index>`: a replay repeats it. One that exists is left alone.
    pub key: String,
    /// The subject it belongs to.
    pub subject: String,
    /// The workflow, if there is one yet.
    pub workflow: Option<String>,
    /// Installation, for fairness and pacing.
    pub installation: i64,
    /// At most one effect of a lane runs at a time; `None` runs beside everything.
    pub lane: Option<String>,
    /// The order as JSON.
    pub order: String,
    /// Not before.
    pub run_at: Millis,
}

/// An effect that this process may perform until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedEffect {
    /// Its key.
    pub key: String,
    /// The subject.
    pub subject: String,
    /// The workflow.
    pub workflow: Option<String>,
    /// The installation.
    pub installation: i64,
    /// The order as JSON.
    pub order: String,
    /// How many times it was begun, this one included.
    pub attempts: i64,
    /// The fencing token.
    pub token: String,
    /// It was withdrawn after an attempt that nobody knows the end of: only whether it was done is still to be told.
    pub withdrawn: bool,
    /// The highest inbox seq when it was leased: hints up to here are answered by a read that starts now.
    pub as_of: i64,
    /// When it was made.
    pub created_at: Millis,
}

/// The end of an effect.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Its key.
    pub key: String,
    /// The fencing token.
    pub token: String,
    /// The facts it brings.
    pub deliveries: Vec<NewDelivery>,
    /// Big values they name.
    pub blobs: Vec<Blob>,
    /// One line about the outcome, for the audit.
    pub outcome: String,
    /// The time.
    pub now: Millis,
}

/// An effect given back.
#[derive(Clone, Debug)]
pub struct Postpone {
    /// Its key.
    pub key: String,
    /// The fencing token.
    pub token: String,
    /// Not before.
    pub run_at: Millis,
    /// Whether it was an attempt; waiting for capacity is none.
    pub attempt: bool,
    /// Why.
    pub reason: String,
    /// Facts that tell the core of the wait.
    pub deliveries: Vec<NewDelivery>,
}

/// A big value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 in hexadecimal.
    pub hash: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// A blob of these bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        use sha2::Digest as _;
        Self {
            hash: hex::encode(sha2::Sha256::digest(&bytes)),
            bytes,
        }
    }
}

/// A way from a thing of GitHub's to a subject: `pull:<number>`, `sha:<commit>`, `branch:<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRow {
    /// The repository.
    pub repository: i64,
    /// What leads there.
    pub key: String,
}

impl RouteRow {
    /// The subject under which deliveries wait for this route: `unrouted:<repository id>:<sha>` for a commit,
    /// `unrouted:<repository id>:<key>` for anything else.
    #[must_use]
    pub fn unrouted_subject(&self) -> String {
        let waited_for = self.key.strip_prefix("sha:").unwrap_or(&self.key);
        format!("{UNROUTED}{}:{waited_for}", self.repository)
    }
}

/// Which workflows to list.
#[derive(Clone, Debug, Default)]
pub struct WorkflowFilter {
    /// `owner/name`.
    pub repository: Option<String>,
    /// Issue number.
    pub issue: Option<i64>,
    /// Shown state.
    pub state: Option<String>,
    /// Status.
    pub status: Option<String>,
    /// Only open ones.
    pub open: bool,
    /// Those before this id (ids grow with time).
    pub before: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// What became of an inbox row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Whether it has been decided.
    pub done: bool,
    /// The audit text, e.g. why it was refused.
    pub result: Option<String>,
}
