//! The one connection that writes, and the task that owns it.
//!
//! What has queued up is committed as one transaction: one sync of the disk serves up to [`GROUP_MAX`] callers, and a
//! lone caller waits for nobody. Each operation runs in a savepoint of its own, so that one that fails does not spoil
//! the group. Callers hold only a reply channel: a caller that goes away never stops a statement half-way.
//!
//! Invariant: a caller hears `Ok` only after the transaction with its operation is on the disk.

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};

use crate::store::sqlite::inbox;
use crate::store::sqlite::lock::Lock;
use crate::store::{NewDelivery, StoreError};

/// Operations in one transaction at most. Tried at 64 concurrent callers: beyond that nothing is gained, and a group
/// that fails as a whole takes fewer with it.
const GROUP_MAX: usize = 64;

/// Operations that may queue before callers have to wait for room: bounds the memory of an overloaded process.
const QUEUE_MAX: usize = 1_024;

statements! {
    BEGIN = "begin immediate";
    COMMIT = "commit";
    ROLLBACK = "rollback";
    SAVEPOINT = "savepoint operation";
    RELEASE = "release operation";
    ROLLBACK_TO = "rollback to operation";
}

/// What an operation does with the connection; it runs inside a savepoint and must not end the transaction.
type Work<T> = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send>;

/// The way to the writer's task.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Op>,
    commits: watch::Receiver<u64>,
}

impl Writer {
    /// Starts the task. It ends, closes the connection and gives up the lock after [`Writer::close`], or when the last
    /// `Writer` is dropped.
    pub(super) fn start(connection: SqliteConnection, lock: Lock) -> Self {
        let (queue, ops) = mpsc::channel(QUEUE_MAX);
        let (told, commits) = watch::channel(0);
        tokio::spawn(Task { connection, ops, told }.run(lock));
        Self { queue, commits }
    }

    /// Stores deliveries together with those of all other callers that wait.
    pub(super) async fn ingest(&self, deliveries: Vec<NewDelivery>) -> Result<Vec<bool>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(
            Op::Ingest(Ingest {
                deliveries,
                stored: Ok(Vec::new()),
                reply,
            }),
            answer,
        )
        .await?
    }

    /// Runs `work` in a savepoint. `wakes` tells from the answer whether there is new work for those who wait.
    pub(super) async fn write<T, F>(&self, wakes: fn(&T) -> bool, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Single {
            work: Some(Box::new(work)),
            done: Err(closed()),
            wakes,
            reply,
        };
        self.ask(Op::Work(Box::new(job)), answer).await?
    }

    /// Resolves after the next commit that made work, counted from this call.
    pub(super) fn woken(&self) -> BoxFuture<'static, ()> {
        let mut commits = self.commits.clone();
        commits.mark_unchanged();
        // An error means that the writer is gone: whoever waits must find out by asking it.
        Box::pin(async move { commits.changed().await.unwrap_or_default() })
    }

    /// Commits what has queued, closes the database and gives up the lock.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Op::Close(reply), answer).await
    }

    async fn ask<T>(&self, op: Op, answer: oneshot::Receiver<T>) -> Result<T, StoreError> {
        self.queue.send(op).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

enum Op {
    Ingest(Ingest),
    Work(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

struct Ingest {
    deliveries: Vec<NewDelivery>,
    stored: Result<Vec<bool>, StoreError>,
    reply: oneshot::Sender<Result<Vec<bool>, StoreError>>,
}

/// An operation whose type of answer only its caller knows.
trait Job: Send {
    /// Does the work and keeps the answer. An error has to be undone by the writer.
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, Result<(), StoreError>>;
    /// Whether what was done makes work for others.
    fn wakes(&self) -> bool;
    /// Tells the caller: the answer kept, or why the whole group failed.
    fn reply(self: Box<Self>, group: Result<(), StoreError>);
}

struct Single<T> {
    work: Option<Work<T>>,
    done: Result<T, StoreError>,
    wakes: fn(&T) -> bool,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send + 'static> Job for Single<T> {
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, Result<(), StoreError>> {
        Box::pin(async move {
            if let Some(work) = self.work.take() {
                self.done = work(connection).await;
            }
            self.done.as_ref().map(|_| ()).map_err(Clone::clone)
        })
    }

    fn wakes(&self) -> bool {
        self.done.as_ref().is_ok_and(self.wakes)
    }

    fn reply(self: Box<Self>, group: Result<(), StoreError>) {
        // A caller that went away does not hear it; what was written stays written.
        let _ = self.reply.send(group.and(self.done));
    }
}

/// What queued up while the last transaction was written.
#[derive(Default)]
struct Group {
    ingests: Vec<Ingest>,
    jobs: Vec<Box<dyn Job>>,
    closing: Vec<oneshot::Sender<()>>,
}

impl Group {
    fn of(ops: impl Iterator<Item = Op>) -> Self {
        let mut group = Self::default();
        for op in ops {
            match op {
                Op::Ingest(ingest) => group.ingests.push(ingest),
                Op::Work(job) => group.jobs.push(job),
                Op::Close(reply) => group.closing.push(reply),
            }
        }
        group
    }

    fn wakes(&self) -> bool {
        let stored = |ingest: &Ingest| ingest.stored.as_ref().is_ok_and(|new| new.contains(&true));
        self.ingests.iter().any(stored) || self.jobs.iter().any(|job| job.wakes())
    }

    fn reply(self, end: &Result<(), StoreError>) {
        for ingest in self.ingests {
            let _ = ingest.reply.send(end.clone().and(ingest.stored));
        }
        for job in self.jobs {
            job.reply(end.clone());
        }
    }
}

struct Task {
    connection: SqliteConnection,
    ops: mpsc::Receiver<Op>,
    told: watch::Sender<u64>,
}

impl Task {
    async fn run(mut self, lock: Lock) {
        let mut closing = Vec::new();
        let mut waiting = Vec::with_capacity(GROUP_MAX);
        while self.ops.recv_many(&mut waiting, GROUP_MAX).await > 0 {
            let mut group = Group::of(waiting.drain(..));
            if !group.closing.is_empty() {
                self.ops.close();
                closing.append(&mut group.closing);
            }
            self.commit_together(group).await;
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "Closing the database failed; what was acknowledged is in its log");
        }
        drop(lock);
        for reply in closing {
            let _ = reply.send(());
        }
    }

    async fn commit_together(&mut self, mut group: Group) {
        let end = self.transaction(&mut group).await;
        if end.is_err() {
            // Where the failure has ended the transaction already there is nothing to roll back, and no harm in asking.
            let _ = run(&mut self.connection, ROLLBACK).await;
        } else if group.wakes() {
            self.told.send_modify(|commits| *commits += 1);
        }
        group.reply(&end);
    }

    /// An error means that nothing of the group was written.
    async fn transaction(&mut self, group: &mut Group) -> Result<(), StoreError> {
        run(&mut self.connection, BEGIN).await?;
        self.ingest_together(&mut group.ingests).await?;
        for job in &mut group.jobs {
            run(&mut self.connection, SAVEPOINT).await?;
            let done = job.run(&mut self.connection).await;
            end_savepoint(&mut self.connection, done).await?;
        }
        run(&mut self.connection, COMMIT).await
    }

    /// All deliveries in one statement; only if that fails one caller after the other, so that one bad row does not
    /// refuse the others.
    async fn ingest_together(&mut self, ingests: &mut [Ingest]) -> Result<(), StoreError> {
        let deliveries: Vec<&NewDelivery> = ingests.iter().flat_map(|ingest| &ingest.deliveries).collect();
        if deliveries.is_empty() {
            return Ok(());
        }
        match self.ingest_in_savepoint(&deliveries).await? {
            Ok(stored) => {
                let mut stored = stored.into_iter();
                for ingest in ingests {
                    ingest.stored = Ok(stored.by_ref().take(ingest.deliveries.len()).collect());
                }
            }
            Err(error) if ingests.len() == 1 => ingests[0].stored = Err(error),
            Err(_) => {
                for ingest in ingests {
                    let deliveries: Vec<&NewDelivery> = ingest.deliveries.iter().collect();
                    ingest.stored = self.ingest_in_savepoint(&deliveries).await?;
                }
            }
        }
        Ok(())
    }

    /// The outer error is the group's, the inner one these deliveries'.
    async fn ingest_in_savepoint(&mut self, deliveries: &[&NewDelivery]) -> Result<Result<Vec<bool>, StoreError>, StoreError> {
        run(&mut self.connection, SAVEPOINT).await?;
        let stored = inbox::deliver(&mut self.connection, deliveries).await;
        end_savepoint(&mut self.connection, stored.as_ref().map(|_| ()).map_err(Clone::clone)).await?;
        Ok(stored)
    }
}

/// Keeps or undoes what was done since the savepoint. Some failures (a full disk, an I/O error) end the transaction, and
/// the savepoint with it: then the whole group has failed, by the operation's own error.
async fn end_savepoint(connection: &mut SqliteConnection, done: Result<(), StoreError>) -> Result<(), StoreError> {
    if let Err(error) = done {
        run(connection, ROLLBACK_TO).await.map_err(|_| error)?;
    }
    run(connection, RELEASE).await
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), StoreError> {
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}
