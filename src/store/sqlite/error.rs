//! What SQLite's result codes mean to whoever must act.
//!
//! Invariant: the text holds SQLite's own message, never a bound value.

use sqlx::sqlite::SqliteError;

use crate::store::StoreError;

// Primary result codes and two extended ones, from https://www.sqlite.org/rescode.html.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NO_MEMORY: i32 = 7;
const READ_ONLY: i32 = 8;
const IO_ERROR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const CONSTRAINT: i32 = 19;
const NOT_A_DATABASE: i32 = 26;
const CONSTRAINT_PRIMARY_KEY: i32 = 1555;
const CONSTRAINT_UNIQUE: i32 = 2067;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        if let Some(database) = error.as_database_error() {
            return of_code(code(&error), database.message());
        }
        let text = error.to_string();
        if matches!(error, E::ColumnDecode { .. } | E::Decode(_) | E::ColumnNotFound(_)) {
            // The tables hold something else than this version writes.
            return Self::Damaged(text);
        }
        if matches!(error, E::Encode(_) | E::Configuration(_)) {
            return Self::Refused(text);
        }
        Self::Unavailable(text)
    }
}

/// Whether somebody else holds SQLite's own lock.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error).map(primary), Some(BUSY | LOCKED))
}

fn code(error: &sqlx::Error) -> Option<i32> {
    let database = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    sqlx::error::DatabaseError::code(database)?.parse().ok()
}

/// The low byte of an extended code is the primary one.
fn primary(code: i32) -> i32 {
    code & 0xff
}

fn of_code(code: Option<i32>, message: &str) -> StoreError {
    let text = message.to_owned();
    match (code, code.map(primary)) {
        (Some(CONSTRAINT_PRIMARY_KEY | CONSTRAINT_UNIQUE), _) => StoreError::Conflict,
        (_, Some(FULL | IO_ERROR)) => StoreError::Full(text),
        (_, Some(CORRUPT | NOT_A_DATABASE)) => StoreError::Damaged(text),
        (_, Some(BUSY | LOCKED | NO_MEMORY | READ_ONLY | CANNOT_OPEN)) | (None, _) => StoreError::Unavailable(text),
        (_, Some(CONSTRAINT)) => StoreError::Refused(text),
        // What is left (misuse, a value too big, a type that does not fit) comes from what we asked.
        (_, Some(other)) => StoreError::Refused(format!("{text} (SQLite code {other})")),
        (Some(_), None) => StoreError::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
    use sqlx::{ConnectOptions, SqliteConnection};

    use super::*;

    #[test]
    fn codes_become_what_must_be_done() {
        let of = |code| of_code(Some(code), "words");
        for code in [13, 10, 266, 522, 778, 3338] {
            assert!(matches!(of(code), StoreError::Full(_)), "{code}");
        }
        for code in [11, 267, 26] {
            assert!(matches!(of(code), StoreError::Damaged(_)), "{code}");
        }
        for code in [5, 517, 6, 262, 7, 8, 776, 14] {
            assert!(matches!(of(code), StoreError::Unavailable(_)), "{code}");
        }
        for code in [2067, 1555] {
            assert!(matches!(of(code), StoreError::Conflict), "{code}");
        }
        for code in [1, 18, 20, 25, 275, 787, 1299, 1811] {
            assert!(matches!(of(code), StoreError::Refused(_)), "{code}");
        }
    }

    async fn connection(path: &std::path::Path) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::ZERO)
            .connect()
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_lock_held_by_another_is_told_from_other_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let (mut one, mut two) = (connection(&path).await, connection(&path).await);
        sqlx::query("begin immediate").execute(&mut one).await.unwrap();
        let busy = sqlx::query("begin immediate").execute(&mut two).await.unwrap_err();
        assert!(is_busy(&busy));
        assert!(matches!(StoreError::from(busy), StoreError::Unavailable(_)));
        let other = sqlx::query("select * from nothing").execute(&mut two).await.unwrap_err();
        assert!(!is_busy(&other));
        assert!(matches!(StoreError::from(other), StoreError::Refused(_)));
    }
}
