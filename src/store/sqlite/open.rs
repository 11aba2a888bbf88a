//! Finding, checking and preparing the database file.
//!
//! Invariant: a file that is not Millhand's is not changed.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, SqlSafeStr as _, SqliteConnection, SqlitePool};

use crate::store::StoreError;
use crate::store::sqlite::error::is_busy;

/// The steps from nothing to the tables of this version.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a statement waits for a lock of another program (a backup, a person's shell) before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Readers beside the writer: enough for the API and the dashboard, and each costs a thread and 2 MB of cache.
const READERS: u32 = 4;

/// What SQLite leaves of the write-ahead log after a checkpoint, in bytes: a burst must not occupy the disk for ever.
const JOURNAL_SIZE_LIMIT: &str = "67108864";

/// `pragma application_id` of our files; the first migration sets it.
const APPLICATION_ID: i64 = 0x4d69_6c6c;

/// Room in the statement cache for sqlx's own statements beside ours.
const SPARE_STATEMENTS: usize = 16;

const APPLICATION: &str = "select application_id from pragma_application_id";
// A process may have died between sqlx's own table and the first migration; that file is ours, and empty.
const FOREIGN_TABLES: &str = "select count(*) from sqlite_schema where tbl_name <> '_sqlx_migrations'";
const MIGRATED: &str = "select coalesce(max(version), 0) from _sqlx_migrations where success";

/// The file behind `sqlite://millhand.db`, `sqlite:millhand.db` or a plain path.
pub(super) fn path_of(url_or_path: &str) -> Result<PathBuf, StoreError> {
    let named = url_or_path
        .strip_prefix("sqlite://")
        .or_else(|| url_or_path.strip_prefix("sqlite:"));
    let Some(named) = named else {
        return if url_or_path.contains("://") {
            Err(not_a_file())
        } else {
            file_name(url_or_path)
        };
    };
    let decoded = percent_encoding::percent_decode_str(named)
        .decode_utf8()
        .map_err(|_| not_a_file())?;
    if named.contains('?') {
        Err(not_a_file())
    } else {
        file_name(&decoded)
    }
}

/// Makes an empty file, readable by its owner only: it will hold private issues and code. One that exists is left alone.
pub(super) fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Unavailable(format!("{}: {error}", path.display()))),
    }
}

/// Refuses files of other programs and files that are no databases, without changing them.
pub(super) async fn check_ours(path: &Path) -> Result<(), StoreError> {
    let at = |error: sqlx::Error| opening(error, path);
    let mut probe = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .connect()
        .await
        .map_err(at)?;
    let application: i64 = sqlx::query_scalar(APPLICATION).fetch_one(&mut probe).await.map_err(at)?;
    let tables: i64 = sqlx::query_scalar(FOREIGN_TABLES).fetch_one(&mut probe).await.map_err(at)?;
    probe.close().await.map_err(at)?;
    if application == APPLICATION_ID || tables == 0 {
        Ok(())
    } else {
        Err(StoreError::Damaged(path.display().to_string()))
    }
}

/// The one connection that writes, on tables of this version.
pub(super) async fn writer(path: &Path, statements: &[&'static str]) -> Result<SqliteConnection, StoreError> {
    let at = |error: sqlx::Error| opening(error, path);
    let options = options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT)
        .statement_cache_capacity(statements.len() + SPARE_STATEMENTS);
    let mut connection = options.connect().await.map_err(at)?;
    MIGRATIONS
        .run(&mut connection)
        .await
        .map_err(|error| migrating(error, path))?;
    for statement in statements {
        connection.prepare(statement.into_sql_str()).await.map_err(at)?;
    }
    Ok(connection)
}

/// The connections that read; opened when first needed.
pub(super) fn readers(path: &Path, file_too: bool) -> SqlitePool {
    let options = options(path).read_only(file_too).pragma("query_only", "on");
    SqlitePoolOptions::new()
        .max_connections(READERS)
        // They are files on this host: they neither age nor go away, so no task needs to look after them.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

/// Refuses tables of another version: a reader does not migrate.
pub(super) async fn check_version(path: &Path, readers: &SqlitePool) -> Result<(), StoreError> {
    let at = |error: sqlx::Error| opening(error, path);
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let tables: i64 = sqlx::query_scalar(FOREIGN_TABLES).fetch_one(readers).await.map_err(at)?;
    let found: i64 = if tables == 0 {
        0
    } else {
        sqlx::query_scalar(MIGRATED).fetch_one(readers).await.map_err(at)?
    };
    if found == newest {
        return Ok(());
    }
    let path = path.display();
    Err(StoreError::Damaged(format!(
        "{path}: its tables are of version {found}, this program needs {newest}"
    )))
}

/// What every connection has.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // Statements are not worth a log line each; what goes wrong is an error, logged where it is handled.
        .disable_statement_logging()
}

fn file_name(name: &str) -> Result<PathBuf, StoreError> {
    if name.is_empty() || name.contains(":memory:") {
        Err(not_a_file())
    } else {
        Ok(PathBuf::from(name))
    }
}

/// The text is not shown: somebody may have put a URL with a password here.
fn not_a_file() -> StoreError {
    StoreError::Refused("the database must be a file: `sqlite://<path>` without parameters, or a path".to_owned())
}

fn opening(error: sqlx::Error, path: &Path) -> StoreError {
    let shown = path.display();
    if is_busy(&error) {
        return StoreError::InUse(shown.to_string());
    }
    match StoreError::from(error) {
        StoreError::Full(text) => StoreError::Full(format!("{shown}: {text}")),
        StoreError::Damaged(text) => StoreError::Damaged(format!("{shown}: {text}")),
        StoreError::Unavailable(text) => StoreError::Unavailable(format!("{shown}: {text}")),
        StoreError::Refused(text) => StoreError::Damaged(format!("{shown}: its tables are not as expected: {text}")),
        other @ (StoreError::Conflict | StoreError::InUse(_)) => other,
    }
}

fn migrating(error: MigrateError, path: &Path) -> StoreError {
    let shown = path.display();
    if matches!(error, MigrateError::VersionMissing(_)) {
        return StoreError::Damaged(format!("{shown}: it was made by a newer version of this program"));
    }
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        return opening(error, path);
    }
    StoreError::Damaged(format!("{shown}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_by_url_or_path() {
        for (named, path) in [
            ("sqlite://millhand.db", "millhand.db"),
            ("sqlite:millhand.db", "millhand.db"),
            ("sqlite:///var/lib/a%20b.db", "/var/lib/a b.db"),
            ("millhand.db", "millhand.db"),
            ("/var/lib/a%20b.db", "/var/lib/a%20b.db"),
        ] {
            assert_eq!(path_of(named).unwrap(), PathBuf::from(path), "{named}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_without_repeating_it() {
        for named in [
            "",
            "sqlite://",
            "sqlite::memory:",
            ":memory:",
            "postgres://me:hunter2@host/db",
            "sqlite://a.db?mode=ro",
        ] {
            let error = path_of(named).unwrap_err();
            assert!(matches!(error, StoreError::Refused(_)), "{named}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn every_commit_is_synced_and_references_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("millhand.db");
        create_private(&path).unwrap();
        let mut connection = writer(&path, &[APPLICATION]).await.unwrap();
        for (pragma, expected) in [
            ("select journal_mode = 'wal' from pragma_journal_mode", 1),
            ("select synchronous from pragma_synchronous", 2), // FULL
            ("select foreign_keys from pragma_foreign_keys", 1),
            ("select timeout from pragma_busy_timeout", 10_000),
            (APPLICATION, APPLICATION_ID),
        ] {
            let found: i64 = sqlx::query_scalar(pragma).fetch_one(&mut connection).await.unwrap();
            assert_eq!(found, expected, "{pragma}");
        }
    }
}
