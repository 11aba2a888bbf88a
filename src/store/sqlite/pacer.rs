//! The pacer's memory: what an installation wrote lately and how long it must not ask.
//!
//! Invariant: what was let through is written down before the caller hears of it.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::clock::Millis;
use crate::store::pacing::{self, HOUR_MS, Written};
use crate::store::{Pace, PaceRequest, StoreError};

statements! {
    BLOCKED_UNTIL = "select blocked_until from pacer_blocks where installation = $1";
    BLOCK = "insert into pacer_blocks (installation, blocked_until) values ($1, $2)
        on conflict (installation) do update set blocked_until = excluded.blocked_until
        where excluded.blocked_until > pacer_blocks.blocked_until";
    WRITTEN_LATELY = "select at, mutations from pacer_mutations where installation = $1 and at > $2 and at <= $3
        order by at, seq";
    NOTE_WRITTEN = "insert into pacer_mutations (installation, at, mutations) values ($1, $2, $3)";
    // Those of the future are from before the clock was set back: they would hold the line until it has caught up.
    FORGET_WRITTEN = "delete from pacer_mutations where installation = $1 and (at <= $2 or at > $3)";
}

/// Lets the mutations through, or says when to come again.
pub(super) async fn pace(connection: &mut SqliteConnection, ask: &PaceRequest) -> Result<Pace, StoreError> {
    let blocked_until = blocked_until(connection, ask.installation).await?;
    let paced = pacing::writes_are_paced(ask);
    let written = if paced {
        written_lately(connection, ask).await?
    } else {
        Vec::new()
    };
    let pace = pacing::room(&written, blocked_until, ask);
    if paced && pace == Pace::Go {
        forget_written(connection, ask).await?;
        note_written(connection, ask).await?;
    }
    Ok(pace)
}

/// Blocks an installation; an earlier block is never shortened.
pub(super) async fn block(connection: &mut SqliteConnection, installation: i64, until: Millis) -> Result<(), StoreError> {
    sqlx::query(BLOCK)
        .bind(installation)
        .bind(until.0)
        .execute(connection)
        .await?;
    Ok(())
}

async fn blocked_until(connection: &mut SqliteConnection, installation: i64) -> Result<Option<Millis>, StoreError> {
    let until: Option<i64> = sqlx::query_scalar(BLOCKED_UNTIL)
        .bind(installation)
        .fetch_optional(connection)
        .await?;
    Ok(until.map(Millis))
}

async fn written_lately(connection: &mut SqliteConnection, ask: &PaceRequest) -> Result<Vec<Written>, StoreError> {
    let lately = sqlx::query(WRITTEN_LATELY)
        .bind(ask.installation)
        .bind(ask.now.0 - HOUR_MS)
        .bind(ask.now.0);
    Ok(lately
        .fetch_all(connection)
        .await?
        .iter()
        .map(written)
        .collect::<Result<_, _>>()?)
}

async fn forget_written(connection: &mut SqliteConnection, ask: &PaceRequest) -> Result<(), StoreError> {
    let forget = sqlx::query(FORGET_WRITTEN)
        .bind(ask.installation)
        .bind(ask.now.0 - HOUR_MS)
        .bind(ask.now.0);
    forget.execute(connection).await?;
    Ok(())
}

async fn note_written(connection: &mut SqliteConnection, ask: &PaceRequest) -> Result<(), StoreError> {
    sqlx::query(NOTE_WRITTEN)
        .bind(ask.installation)
        .bind(ask.now.0)
        .bind(ask.mutations)
        .execute(connection)
        .await?;
    Ok(())
}

fn written(row: &SqliteRow) -> Result<Written, sqlx::Error> {
    Ok(Written {
        at: Millis(row.try_get("at")?),
        mutations: row.try_get("mutations")?,
    })
}
