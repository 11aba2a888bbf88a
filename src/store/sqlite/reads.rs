//! Small questions that need no transaction, and the one that finds out whether the database works.
//!
//! Invariant: nothing here changes what is stored, but for the beat of the pulse.

use sqlx::{Row as _, SqliteConnection, SqlitePool};

use crate::store::{Decided, StoreError};

statements! {
    SUBJECT_OF_ROUTE = "select subject from routes where repository = $1 and key = $2";
    FATE_OF_FACT = "select done_at is not null as done, result from deliveries where subject = $1 and fact_id = $2";
    BEAT = "update pulse set beats = beats + 1";
    LISTEN = "select beats from pulse";
}

pub(super) async fn subject_of_route(pool: &SqlitePool, repository: i64, key: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(SUBJECT_OF_ROUTE)
        .bind(repository)
        .bind(key)
        .fetch_optional(pool)
        .await?)
}

pub(super) async fn fate_of_fact(pool: &SqlitePool, subject: &str, fact_id: &str) -> Result<Option<Decided>, StoreError> {
    let Some(row) = sqlx::query(FATE_OF_FACT)
        .bind(subject)
        .bind(fact_id)
        .fetch_optional(pool)
        .await?
    else {
        return Ok(None);
    };
    Ok(Some(Decided {
        done: row.try_get("done")?,
        result: row.try_get("result")?,
    }))
}

/// Writes for real: a full or read-only disk shows only then.
pub(super) async fn beat(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(BEAT).execute(connection).await?;
    Ok(())
}

pub(super) async fn listen(pool: &SqlitePool) -> Result<(), StoreError> {
    let _: i64 = sqlx::query_scalar(LISTEN).fetch_one(pool).await?;
    Ok(())
}
