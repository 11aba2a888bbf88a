//! The store in one SQLite file: write-ahead log, every commit synced, one writer, a few readers.
//!
//! Invariant: one process writes to the file, through one connection; it holds the lock file as long as it does.

/// Names a module's statements and lists them, so that opening the database prepares every one: tables that do not fit
/// this version show at the start, not at night.
macro_rules! statements {
    ($($(#[$about:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$about])* const $name: &str = $text;)+
        pub(super) const STATEMENTS: &[&str] = &[$($name),+];
    };
}

mod blobs;
mod directory;
mod effects;
mod error;
mod inbox;
mod ledger;
mod lock;
mod open;
mod pacer;
mod reads;
mod size;
mod step;
mod trait_impl;
mod workflows;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::{SqliteConnection, SqlitePool};

use crate::clock::Entropy;
use crate::store::sqlite::lock::Lock;
use crate::store::sqlite::writer::Writer;
use crate::store::{Answer, StoreError};

/// A database in a file of this host.
pub struct SqliteStore {
    path: PathBuf,
    entropy: Arc<dyn Entropy>,
    readers: SqlitePool,
    /// None when it was opened for reading.
    writer: Option<Writer>,
}

impl SqliteStore {
    /// Opens the database at `sqlite://<path>` or a path, makes it if there is none, and brings its tables up to date.
    /// Must be called within a tokio runtime: the writer is a task of it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process has it, [`StoreError::Damaged`] if the file is not one of ours or was made
    /// by a newer version, [`StoreError::Unavailable`] or [`StoreError::Full`] if the file cannot be opened or written,
    /// [`StoreError::Refused`] if the name is not one of a file.
    pub async fn open(url_or_path: &str, entropy: Arc<dyn Entropy>) -> Result<Self, StoreError> {
        let path = open::path_of(url_or_path)?;
        let lock = Lock::take(&path)?;
        open::create_private(&path)?;
        open::check_ours(&path).await?;
        let connection = open::writer(&path, &Self::statements()).await?;
        let writer = Writer::start(connection, lock);
        let readers = open::readers(&path, false);
        Ok(Self {
            path,
            entropy,
            readers,
            writer: Some(writer),
        })
    }

    /// Opens an existing database for reading, also while another process writes to it. What would write answers
    /// [`StoreError::Refused`].
    ///
    /// # Errors
    /// As [`SqliteStore::open`], and [`StoreError::Damaged`] if its tables are of another version: nothing is migrated.
    pub async fn open_read_only(url_or_path: &str, entropy: Arc<dyn Entropy>) -> Result<Self, StoreError> {
        let path = open::path_of(url_or_path)?;
        open::check_ours(&path).await?;
        let readers = open::readers(&path, true);
        open::check_version(&path, &readers).await?;
        Ok(Self {
            path,
            entropy,
            readers,
            writer: None,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the file grow to `bytes` at most (in whole pages; never below what it has); [`StoreError::Full`] beyond. It
    /// holds until the store is closed. Answers what holds now.
    ///
    /// # Errors
    /// As every write.
    pub async fn limit_size(&self, bytes: u64) -> Result<u64, StoreError> {
        self.write(|_| false, move |connection| Box::pin(size::limit(connection, bytes)))
            .await
    }

    /// Commits what has queued, closes the file and gives up its lock. Afterwards everything answers
    /// [`StoreError::Unavailable`]. Dropping the store does the same, but does not wait for it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it is closed already.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        match &self.writer {
            Some(writer) => writer.close().await,
            None => Ok(()),
        }
    }

    /// Every statement, to be prepared.
    fn statements() -> Vec<&'static str> {
        let modules = [
            blobs::STATEMENTS,
            directory::STATEMENTS,
            effects::STATEMENTS,
            inbox::STATEMENTS,
            ledger::STATEMENTS,
            pacer::STATEMENTS,
            reads::STATEMENTS,
            size::STATEMENTS,
            step::STATEMENTS,
            workflows::STATEMENTS,
            writer::STATEMENTS,
        ];
        modules.concat()
    }

    fn write<T, F>(&self, wakes: fn(&T) -> bool, work: F) -> Answer<'_, T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        Box::pin(async move { self.writer()?.write(wakes, work).await })
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer
            .as_ref()
            .ok_or_else(|| StoreError::Refused("the database was opened for reading".to_owned()))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .field("read_only", &self.writer.is_none())
            .finish_non_exhaustive()
    }
}
