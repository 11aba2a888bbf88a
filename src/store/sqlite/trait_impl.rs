//! [`Store`] by SQLite: each call names the operation that does it.
//!
//! Invariant: what writes goes through the writer, what only reads never waits for it.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::clock::Millis;
use crate::store::sqlite::{SqliteStore, blobs, directory, effects, ledger, pacer, reads, step, workflows};
use crate::store::{
    Answer, Blob, CallRow, Cost, Decided, EventRow, Finish, HandoffRow, InstallationRow, LeasedEffect, NewCall, NewDelivery,
    Pace, PaceRequest, Postpone, RepositoryRow, Reservation, SettledCall, StepFn, Store, WorkflowFilter, WorkflowRow,
};

impl Store for SqliteStore {
    fn ingest(&self, deliveries: Vec<NewDelivery>) -> Answer<'_, Vec<bool>> {
        Box::pin(async move { self.writer()?.ingest(deliveries).await })
    }

    fn step(&self, now: Millis, decide: StepFn) -> Answer<'_, bool> {
        let decided = |decided: &Result<bool, _>| matches!(decided, Ok(true));
        let step = self.write(decided, move |connection| Box::pin(step::step(connection, now, decide)));
        Box::pin(async move { step.await? })
    }

    fn claim(&self, now: Millis, lease_until: Millis, limit: u32) -> Answer<'_, Vec<LeasedEffect>> {
        let entropy = Arc::clone(&self.entropy);
        self.write(never, move |connection| {
            Box::pin(async move { effects::claim(connection, &*entropy, now, lease_until, limit).await })
        })
    }

    fn renew(&self, key: String, token: String, lease_until: Millis) -> Answer<'_, bool> {
        self.write(never, move |connection| {
            Box::pin(async move { effects::renew(connection, &key, &token, lease_until).await })
        })
    }

    fn finish(&self, done: Finish) -> Answer<'_, bool> {
        self.write(
            |kept| *kept,
            move |connection| Box::pin(async move { effects::finish(connection, &done).await }),
        )
    }

    fn postpone(&self, later: Postpone) -> Answer<'_, bool> {
        self.write(
            |kept| *kept,
            move |connection| Box::pin(async move { effects::postpone(connection, &later).await }),
        )
    }

    fn next_due(&self) -> Answer<'_, Option<Millis>> {
        Box::pin(effects::next_due(&self.readers))
    }

    fn put_blobs(&self, blobs: Vec<Blob>) -> Answer<'_, ()> {
        self.write(never, move |connection| {
            Box::pin(async move { blobs::put(connection, &blobs).await })
        })
    }

    fn blob(&self, hash: String) -> Answer<'_, Option<Vec<u8>>> {
        Box::pin(async move { blobs::bytes(&self.readers, &hash).await })
    }

    fn reserve_call(&self, call: NewCall) -> Answer<'_, Reservation> {
        self.write(never, move |connection| {
            Box::pin(async move { ledger::reserve(connection, &call).await })
        })
    }

    fn settle_call(&self, settled: SettledCall) -> Answer<'_, ()> {
        self.write(never, move |connection| {
            Box::pin(async move { ledger::settle(connection, &settled).await })
        })
    }

    fn cached(&self, key: String) -> Answer<'_, Option<String>> {
        Box::pin(async move { ledger::kept_answer(&self.readers, &key).await })
    }

    fn cost(&self, workflow: String) -> Answer<'_, Cost> {
        Box::pin(async move { ledger::cost_of(&self.readers, &workflow).await })
    }

    fn pace(&self, ask: PaceRequest) -> Answer<'_, Pace> {
        self.write(never, move |connection| {
            Box::pin(async move { pacer::pace(connection, &ask).await })
        })
    }

    fn block_installation(&self, installation: i64, until: Millis) -> Answer<'_, ()> {
        self.write(never, move |connection| {
            Box::pin(pacer::block(connection, installation, until))
        })
    }

    fn put_installations(&self, seen: Vec<InstallationRow>) -> Answer<'_, ()> {
        self.write(never, move |connection| {
            Box::pin(async move { directory::put(connection, &seen).await })
        })
    }

    fn repositories(&self) -> Answer<'_, Vec<RepositoryRow>> {
        Box::pin(directory::active_repositories(&self.readers))
    }

    fn set_cursor(&self, repository: i64, cursor: String) -> Answer<'_, ()> {
        self.write(never, move |connection| {
            Box::pin(async move { directory::set_cursor(connection, repository, &cursor).await })
        })
    }

    fn set_configuration(&self, repository: i64, configuration: String) -> Answer<'_, ()> {
        self.write(never, move |connection| {
            Box::pin(async move { directory::set_configuration(connection, repository, &configuration).await })
        })
    }

    fn route(&self, repository: i64, key: String) -> Answer<'_, Option<String>> {
        Box::pin(async move { reads::subject_of_route(&self.readers, repository, &key).await })
    }

    fn workflows(&self, filter: WorkflowFilter) -> Answer<'_, Vec<WorkflowRow>> {
        Box::pin(async move { workflows::list(&self.readers, &filter).await })
    }

    fn workflow(&self, id: String) -> Answer<'_, Option<WorkflowRow>> {
        Box::pin(async move { workflows::by_id(&self.readers, &id).await })
    }

    fn events(&self, workflow: String, after: i64, limit: u32) -> Answer<'_, Vec<EventRow>> {
        Box::pin(async move { workflows::events_after(&self.readers, &workflow, after, limit).await })
    }

    fn handoffs(&self, workflow: String, after: i64, limit: u32) -> Answer<'_, Vec<HandoffRow>> {
        Box::pin(async move { workflows::handoffs_after(&self.readers, &workflow, after, limit).await })
    }

    fn calls(&self, workflow: String) -> Answer<'_, Vec<CallRow>> {
        Box::pin(async move { ledger::calls_of(&self.readers, &workflow).await })
    }

    fn decided(&self, subject: String, fact_id: String) -> Answer<'_, Option<Decided>> {
        Box::pin(async move { reads::fate_of_fact(&self.readers, &subject, &fact_id).await })
    }

    fn ping(&self) -> Answer<'_, ()> {
        let beat = self.write(never, |connection| Box::pin(reads::beat(connection)));
        Box::pin(async move {
            beat.await?;
            reads::listen(&self.readers).await
        })
    }

    fn woken(&self) -> BoxFuture<'_, ()> {
        // Nothing is ever committed through a store opened for reading.
        self.writer
            .as_ref()
            .map_or_else(|| std::future::pending().boxed(), |writer| writer.woken())
    }
}

/// For operations that make no work for those who wait.
fn never<T>(_: &T) -> bool {
    false
}
