//! The memory: inbox, workflows with their log, outbox, blobs, ledger, pacer.
//!
//! [`Store`] is what the engine asks of a database; every method is one transaction. What is stored *in* a workflow's
//! state, a fact or an order is the engine's business: here it is text.
//!
//! Invariant: an answer `Ok` of a writing method means that the write is on the disk, whole; an error means that
//! nothing of it is, or that the caller cannot know and will find the same keys again.

mod pacing;
pub mod rows;
pub mod sqlite;

use std::fmt;

use futures_util::future::BoxFuture;

use crate::clock::Millis;
pub use rows::*;

/// A future of the store's answer.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Decides one subject's undecided rows; called inside the transaction, so it must be quick and pure.
pub type StepFn = Box<dyn FnOnce(StepInput) -> StepOutput + Send>;

/// Why the store could not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the row first; load again and decide again.
    #[error("the row was changed by somebody else")]
    Conflict,
    /// The disk is full or the database refuses to grow. Nothing was written; the operator must make room.
    #[error("the database cannot grow: {0}")]
    Full(String),
    /// The database file is damaged or is not one of ours.
    #[error("the database is damaged or not one of Millhand's: {0}")]
    Damaged(String),
    /// Another process holds the database.
    #[error("the database is in use by another process: {0}")]
    InUse(String),
    /// The database does not answer; the same call may succeed later.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// What was asked breaks a rule of the tables, or the decision panicked: a mistake in the program, the same call
    /// fails again. Nothing was written.
    #[error("the store refused: {0}")]
    Refused(String),
}

/// What the engine asks of a database.
pub trait Store: Send + Sync + fmt::Debug {
    /// Stores deliveries and marks their subjects dirty. Per delivery: `true` if it is new, `false` if a row with the
    /// same (subject, fact id) was there. After `Ok` they survive a crash.
    fn ingest(&self, deliveries: Vec<NewDelivery>) -> Answer<'_, Vec<bool>>;

    /// Takes the dirty subject that waits longest, hands its undecided rows (at most `STEP_ROWS_MAX`, in order) and its
    /// newest workflow to `decide`, and writes the result, all in one transaction under the subject's row lock.
    /// `false`: no subject is dirty. When the decision panics or what it writes is refused, the subject stays as it was
    /// and goes to the back of the queue, so that the others go on.
    fn step(&self, now: Millis, decide: StepFn) -> Answer<'_, bool>;

    /// Leases up to `limit` effects that are due at `now` until `lease_until`, oldest first. Never one that is withdrawn,
    /// done, leased, or whose lane has another one leased; never one whose subject has undecided rows, so that an effect
    /// always starts from a decided state. Each gets a fresh token and `attempts + 1`.
    fn claim(&self, now: Millis, lease_until: Millis, limit: u32) -> Answer<'_, Vec<LeasedEffect>>;

    /// Prolongs a lease. `false`: it was lost; the task must stop.
    fn renew(&self, key: String, token: String, lease_until: Millis) -> Answer<'_, bool>;

    /// Ends an effect: done, its facts in the inbox, in one transaction. `false`: the lease was lost, nothing was
    /// written. An effect that was withdrawn while it ran is finished all the same: what it did is a fact.
    fn finish(&self, done: Finish) -> Answer<'_, bool>;

    /// Gives an effect back to be tried again at `run_at`. `false`: the lease was lost.
    fn postpone(&self, later: Postpone) -> Answer<'_, bool>;

    /// When the next effect becomes due or the next lease ends; `None` if nothing is open. A dirty subject is due now
    /// (answered as time zero), an effect whose lane is taken is due when that lease ends.
    fn next_due(&self) -> Answer<'_, Option<Millis>>;

    /// Stores big values by their SHA-256; those already there are left alone.
    fn put_blobs(&self, blobs: Vec<Blob>) -> Answer<'_, ()>;

    /// A big value by its SHA-256.
    fn blob(&self, hash: String) -> Answer<'_, Option<Vec<u8>>>;

    /// Reserves the worst price of a model call. Refused when spent + reserved + worst would pass the cap; reservations
    /// of the same effect that were never settled (their process died) are booked as spent at their worst first.
    fn reserve_call(&self, call: NewCall) -> Answer<'_, Reservation>;

    /// Books what a call really cost, and keeps its answer under its cache key if it has one.
    fn settle_call(&self, settled: SettledCall) -> Answer<'_, ()>;

    /// The answer kept under a cache key: hash of its blob.
    fn cached(&self, key: String) -> Answer<'_, Option<String>>;

    /// What a workflow has spent and reserved.
    fn cost(&self, workflow: String) -> Answer<'_, Cost>;

    /// Asks the installation's pacer for `mutations` writes at `now`: taken, or the time to come again.
    fn pace(&self, ask: PaceRequest) -> Answer<'_, Pace>;

    /// No request of this installation before `until` (Retry-After, rate limit); never shortens an earlier block.
    fn block_installation(&self, installation: i64, until: Millis) -> Answer<'_, ()>;

    /// Installations and repositories as GitHub listed them; those not listed any more become inactive.
    fn put_installations(&self, seen: Vec<InstallationRow>) -> Answer<'_, ()>;

    /// All active repositories.
    fn repositories(&self) -> Answer<'_, Vec<RepositoryRow>>;

    /// Where the discovery sweep of a repository stands (opaque text of the engine).
    fn set_cursor(&self, repository: i64, cursor: String) -> Answer<'_, ()>;

    /// Remembers what is known of a repository's configuration file.
    fn set_configuration(&self, repository: i64, configuration: String) -> Answer<'_, ()>;

    /// The subject that a pull request or commit belongs to.
    fn route(&self, repository: i64, key: String) -> Answer<'_, Option<String>>;

    /// Workflows, newest first.
    fn workflows(&self, filter: WorkflowFilter) -> Answer<'_, Vec<WorkflowRow>>;

    /// One workflow by id.
    fn workflow(&self, id: String) -> Answer<'_, Option<WorkflowRow>>;

    /// A workflow's log from `after` (exclusive), at most `limit` rows.
    fn events(&self, workflow: String, after: i64, limit: u32) -> Answer<'_, Vec<EventRow>>;

    /// A workflow's hand-offs from `after` (exclusive), at most `limit` rows.
    fn handoffs(&self, workflow: String, after: i64, limit: u32) -> Answer<'_, Vec<HandoffRow>>;

    /// A workflow's model calls, oldest first.
    fn calls(&self, workflow: String) -> Answer<'_, Vec<CallRow>>;

    /// Whether the row of this fact exists and has been decided: for callers that wait for their command.
    fn decided(&self, subject: String, fact_id: String) -> Answer<'_, Option<Decided>>;

    /// Answers if the database can be read and written.
    fn ping(&self) -> Answer<'_, ()>;

    /// Resolves after the next commit that stored a delivery, decided a subject, or ended or gave back an effect; counted
    /// from the call, not from the first poll: call it, look for work, then await it, and no wake-up is missed. It says
    /// nothing of time passing ([`Store::next_due`] does), nor of what other processes commit. Resolves at once when the
    /// store is closed.
    fn woken(&self) -> BoxFuture<'_, ()>;
}
