//! The inbox: deliveries, the subjects they make dirty, and the routes that lead to a subject.
//!
//! Invariant: a subject is dirty whenever a row of it is undecided, except for unrouted ones, which are never dirty.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::clock::Millis;
use crate::store::{InboxRow, NewDelivery, RouteRow, STEP_ROWS_MAX, StoreError, UNROUTED};

statements! {
    // `where true`: else the parser takes `on conflict` for the join's condition. The bodies are one blob of which every
    // row names its part, so that they are neither escaped nor checked as text.
    INSERT_NEW_DELIVERIES = "insert into deliveries (subject, fact_id, kind, body, received_at)
        select value->>0, value->>1, value->>2, substr($2, value->>3, value->>4), value->>5
        from json_each($1) where true order by key
        on conflict (subject, fact_id) do nothing returning subject, fact_id";
    MARK_UNDECIDED_DIRTY = "insert into subjects (subject, dirty_at)
        select subject, min(received_at) from deliveries
        where done_at is null and subject in (select value from json_each($1)) group by subject
        on conflict (subject) do update set dirty_at = excluded.dirty_at where subjects.dirty_at is null";
    SUBJECTS_ROUTED_TO = "select unrouted, subject from routes where unrouted in (select value from json_each($1))";
    SUBJECT_THAT_WAITS_LONGEST = "select subject from subjects where dirty_at is not null
        order by dirty_at, turns, subject limit 1";
    UNDECIDED_ROWS = "select seq, fact_id, kind, body, received_at from deliveries
        where subject = $1 and done_at is null order by seq limit $2";
    MARK_DONE = "update deliveries set done_at = $3 where subject = $1 and done_at is null and seq <= $2";
    NOTE_RESULT = "update deliveries set result = $3 where subject = $1 and seq = $2";
    LEAVE_SUBJECT = "update subjects set
            dirty_at = case when exists (select 1 from deliveries d where d.subject = $1 and d.done_at is null) then $2 end,
            turns = case when exists (select 1 from deliveries d where d.subject = $1 and d.done_at is null) then turns + 1 else 0 end
        where subject = $1";
    SAVE_ROUTE = "insert into routes (repository, key, subject, unrouted) values ($1, $2, $3, $4)
        on conflict (repository, key) do update set subject = excluded.subject";
    MOVE_ROUTED = "update deliveries set subject = $2 where subject = $1 and done_at is null
        and not exists (select 1 from deliveries d where d.subject = $2 and d.fact_id = deliveries.fact_id)";
    CLOSE_REPEATED = "update deliveries set done_at = $2, result = 'seen before under its subject'
        where subject = $1 and done_at is null";
    NEWEST_SEQ = "select coalesce(max(seq), 0) from deliveries";
}

/// Stores deliveries and marks their subjects dirty; per delivery whether it is new. A repeat of one that waits to be
/// decided marks its subject dirty as well, so that a redelivery heals.
pub(super) async fn deliver(connection: &mut SqliteConnection, deliveries: &[&NewDelivery]) -> Result<Vec<bool>, StoreError> {
    if deliveries.is_empty() {
        return Ok(Vec::new());
    }
    refuse_nul(deliveries)?;
    let subjects = subjects_of(connection, deliveries).await?;
    let mut new = insert_new_deliveries(connection, deliveries, &subjects).await?;
    mark_undecided_dirty(connection, &subjects).await?;
    let one_by_one = deliveries.iter().zip(subjects);
    Ok(one_by_one
        .map(|(delivery, subject)| new.remove(&(subject, delivery.fact_id.clone())))
        .collect())
}

/// Makes routes lead to `subject`, and what waited for them follow it there.
pub(super) async fn lead_to(
    connection: &mut SqliteConnection,
    subject: &str,
    routes: &[RouteRow],
    now: Millis,
) -> Result<(), StoreError> {
    for route in routes {
        let unrouted = route.unrouted_subject();
        save_route(connection, route, subject, &unrouted).await?;
        move_routed(connection, &unrouted, subject).await?;
        close_repeated(connection, &unrouted, now).await?;
    }
    Ok(())
}

pub(super) async fn subject_that_waits_longest(connection: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(SUBJECT_THAT_WAITS_LONGEST)
        .fetch_optional(connection)
        .await?)
}

pub(super) async fn undecided_rows(connection: &mut SqliteConnection, subject: &str) -> Result<Vec<InboxRow>, StoreError> {
    let rows = sqlx::query(UNDECIDED_ROWS)
        .bind(subject)
        .bind(STEP_ROWS_MAX)
        .fetch_all(connection)
        .await?;
    Ok(rows.iter().map(inbox_row).collect::<Result<_, _>>()?)
}

/// Ends the subject's undecided rows up to `last`.
pub(super) async fn mark_done(
    connection: &mut SqliteConnection,
    subject: &str,
    last: i64,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query(MARK_DONE)
        .bind(subject)
        .bind(last)
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn note_result(
    connection: &mut SqliteConnection,
    subject: &str,
    seq: i64,
    result: &str,
) -> Result<(), StoreError> {
    sqlx::query(NOTE_RESULT)
        .bind(subject)
        .bind(seq)
        .bind(result)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes a subject clean, or puts it at the back of the queue if it still has undecided rows.
pub(super) async fn leave_subject(connection: &mut SqliteConnection, subject: &str, now: Millis) -> Result<(), StoreError> {
    sqlx::query(LEAVE_SUBJECT)
        .bind(subject)
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn newest_seq(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(NEWEST_SEQ).fetch_one(connection).await?)
}

/// SQLite's JSON functions end a text at a NUL, and PostgreSQL stores none: two facts could become one.
fn refuse_nul(deliveries: &[&NewDelivery]) -> Result<(), StoreError> {
    let holds_nul = |one: &&NewDelivery| [&one.subject, &one.fact_id, &one.kind].iter().any(|text| text.contains('\0'));
    if deliveries.iter().any(holds_nul) {
        return Err(StoreError::Refused(
            "a delivery's subject, fact id or kind holds a NUL".to_owned(),
        ));
    }
    Ok(())
}

/// The subject of each delivery: its own, or the one that its unrouted subject leads to by now. Whoever asked for the
/// route before it was recorded would otherwise leave the delivery behind for ever.
async fn subjects_of(connection: &mut SqliteConnection, deliveries: &[&NewDelivery]) -> Result<Vec<String>, StoreError> {
    let unrouted: BTreeSet<&str> = deliveries
        .iter()
        .map(|one| one.subject.as_str())
        .filter(|subject| subject.starts_with(UNROUTED))
        .collect();
    let routed = if unrouted.is_empty() {
        BTreeMap::new()
    } else {
        subjects_routed_to(connection, &unrouted).await?
    };
    let own_or_routed = |one: &&NewDelivery| routed.get(&one.subject).unwrap_or(&one.subject).clone();
    Ok(deliveries.iter().map(own_or_routed).collect())
}

async fn subjects_routed_to(
    connection: &mut SqliteConnection,
    unrouted: &BTreeSet<&str>,
) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = sqlx::query(SUBJECTS_ROUTED_TO)
        .bind(json(unrouted)?)
        .fetch_all(connection)
        .await?;
    Ok(rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()?)
}

/// The (subject, fact id) of those that were not there.
async fn insert_new_deliveries(
    connection: &mut SqliteConnection,
    deliveries: &[&NewDelivery],
    subjects: &[String],
) -> Result<BTreeSet<(String, String)>, StoreError> {
    // SQLite takes an empty blob's part for null, so the blob is never empty; its bytes are counted from 1.
    let mut bodies = vec![0];
    let mut rows = Vec::with_capacity(deliveries.len());
    for (delivery, subject) in deliveries.iter().zip(subjects) {
        let start = bodies.len() + 1;
        bodies.extend_from_slice(&delivery.body);
        rows.push((
            subject,
            &delivery.fact_id,
            &delivery.kind,
            start,
            delivery.body.len(),
            delivery.received_at,
        ));
    }
    let new = sqlx::query(INSERT_NEW_DELIVERIES)
        .bind(json(&rows)?)
        .bind(bodies)
        .fetch_all(connection)
        .await?;
    Ok(new
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()?)
}

async fn mark_undecided_dirty(connection: &mut SqliteConnection, subjects: &[String]) -> Result<(), StoreError> {
    let decidable: BTreeSet<&String> = subjects.iter().filter(|subject| !subject.starts_with(UNROUTED)).collect();
    if !decidable.is_empty() {
        sqlx::query(MARK_UNDECIDED_DIRTY)
            .bind(json(&decidable)?)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn save_route(
    connection: &mut SqliteConnection,
    route: &RouteRow,
    subject: &str,
    unrouted: &str,
) -> Result<(), StoreError> {
    let saved = sqlx::query(SAVE_ROUTE)
        .bind(route.repository)
        .bind(&route.key)
        .bind(subject)
        .bind(unrouted);
    saved.execute(connection).await?;
    Ok(())
}

async fn move_routed(connection: &mut SqliteConnection, unrouted: &str, subject: &str) -> Result<(), StoreError> {
    sqlx::query(MOVE_ROUTED)
        .bind(unrouted)
        .bind(subject)
        .execute(connection)
        .await?;
    Ok(())
}

async fn close_repeated(connection: &mut SqliteConnection, unrouted: &str, now: Millis) -> Result<(), StoreError> {
    sqlx::query(CLOSE_REPEATED)
        .bind(unrouted)
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

fn inbox_row(row: &SqliteRow) -> Result<InboxRow, sqlx::Error> {
    Ok(InboxRow {
        seq: row.try_get("seq")?,
        fact_id: row.try_get("fact_id")?,
        kind: row.try_get("kind")?,
        body: row.try_get("body")?,
        received_at: Millis(row.try_get("received_at")?),
    })
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Refused(error.to_string()))
}
