//! SQLite: the conformance suite, and what only a file can suffer.
//!
//! Invariant: only what is particular to a file is tested here.

mod conformance;
mod crash;
mod files;
mod groups;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use millhand::clock::SeededEntropy;
use millhand::store::StoreError;
use millhand::store::sqlite::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

/// A database file in a folder that goes away with it.
pub(crate) struct Place {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            path: folder.path().join("millhand.db"),
            _folder: folder,
        }
    }

    pub(crate) async fn try_open(&self) -> Result<Arc<SqliteStore>, StoreError> {
        open(&self.path).await
    }

    pub(crate) async fn open(&self) -> Arc<SqliteStore> {
        self.try_open().await.unwrap()
    }

    pub(crate) async fn read(&self) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_read_only(self.path.to_str().unwrap(), Arc::new(SeededEntropy::new(2))).await
    }

    /// A connection of somebody else, as a person's shell would have it.
    pub(crate) async fn stranger(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .connect()
            .await
            .unwrap()
    }
}

async fn open(path: &Path) -> Result<Arc<SqliteStore>, StoreError> {
    let url = format!("sqlite://{}", path.display());
    SqliteStore::open(&url, Arc::new(SeededEntropy::new(1))).await.map(Arc::new)
}
