//! The money: every model call is reserved at its worst before it is made, and booked at its real price after.
//!
//! Invariant: at the moment of a reservation a workflow's spent and reserved money together do not pass its cap.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqliteExecutor, SqlitePool};

use crate::clock::Millis;
use crate::store::sqlite::blobs;
use crate::store::{CallRow, Cost, NewCall, Reservation, SettledCall, StoreError};

statements! {
    BOOK_LOST = "update model_calls set status = 'lost', cost_microusd = reserved_microusd,
            outcome = 'the process that made the call ended before its answer was booked', settled_at = $2
        where effect = $1 and status = 'reserved'";
    COST = "select cast(coalesce(sum(case when status = 'reserved' then 0 else cost_microusd end), 0) as bigint) as spent,
            cast(coalesce(sum(case when status = 'reserved' then reserved_microusd else 0 end), 0) as bigint) as reserved,
            count(*) as calls, coalesce(max(nominal), 0) as nominal
        from model_calls where workflow = $1";
    IS_BOOKED = "select count(*) from model_calls where id = $1";
    RESERVE = "insert into model_calls (id, workflow, phase, role, task, effect, profile, provider, model, prompt, status,
            reserved_microusd, nominal, started_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'reserved', $11, $12, $13)";
    SETTLE = "update model_calls set status = 'settled', cost_microusd = $2, input_tokens = $3, output_tokens = $4,
            outcome = $5, answer = $6, settled_at = $7
        where id = $1 and status <> 'settled'";
    KEEP_ANSWER = "insert into cache_entries (key, answer, made_by, created_at) values ($1, $2, $3, $4)
        on conflict (key) do nothing";
    KEPT_ANSWER = "select answer from cache_entries where key = $1";
    CALLS_OF = "select id, phase, role, task, provider, model, prompt, answer, status, outcome, reserved_microusd,
            cost_microusd, input_tokens, output_tokens, started_at
        from model_calls where workflow = $1 order by started_at, id";
}

/// Reserves a call; a repeat of a reservation that was made is answered as the first one was.
pub(super) async fn reserve(connection: &mut SqliteConnection, call: &NewCall) -> Result<Reservation, StoreError> {
    if is_booked(connection, &call.id).await? {
        return Ok(Reservation::Reserved);
    }
    book_lost(connection, &call.effect, call.now).await?;
    let cost = cost_of(&mut *connection, &call.workflow).await?;
    let worst = cost
        .spent_microusd
        .saturating_add(cost.reserved_microusd)
        .saturating_add(call.worst_microusd);
    if worst > call.cap_microusd {
        return Ok(Reservation::OverCap(cost));
    }
    insert_reservation(connection, call).await?;
    Ok(Reservation::Reserved)
}

/// Books a call's real price, also if it was given up as lost before; a repeat changes nothing.
pub(super) async fn settle(connection: &mut SqliteConnection, settled: &SettledCall) -> Result<(), StoreError> {
    if let Some(answer) = &settled.answer {
        blobs::put(connection, std::slice::from_ref(answer)).await?;
    }
    if !book(connection, settled).await? && !is_booked(connection, &settled.id).await? {
        return Err(StoreError::Refused(format!("model call {} was never reserved", settled.id)));
    }
    if let (Some(key), Some(answer)) = (&settled.cache_key, &settled.answer) {
        keep_answer(connection, key, &answer.hash, settled).await?;
    }
    Ok(())
}

/// What a workflow has spent and reserved.
pub(super) async fn cost_of(executor: impl SqliteExecutor<'_>, workflow: &str) -> Result<Cost, StoreError> {
    let row = sqlx::query(COST).bind(workflow).fetch_one(executor).await?;
    Ok(Cost {
        spent_microusd: row.try_get("spent")?,
        reserved_microusd: row.try_get("reserved")?,
        calls: row.try_get("calls")?,
        nominal: row.try_get("nominal")?,
    })
}

pub(super) async fn kept_answer(pool: &SqlitePool, key: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(KEPT_ANSWER).bind(key).fetch_optional(pool).await?)
}

pub(super) async fn calls_of(pool: &SqlitePool, workflow: &str) -> Result<Vec<CallRow>, StoreError> {
    let rows = sqlx::query(CALLS_OF).bind(workflow).fetch_all(pool).await?;
    Ok(rows.iter().map(call_row).collect::<Result<_, _>>()?)
}

async fn is_booked(connection: &mut SqliteConnection, id: &str) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar(IS_BOOKED).bind(id).fetch_one(connection).await?;
    Ok(found > 0)
}

/// Only one process performs an effect: what it finds reserved was reserved by one that is gone.
pub(super) async fn book_lost(connection: &mut SqliteConnection, effect: &str, now: Millis) -> Result<(), StoreError> {
    sqlx::query(BOOK_LOST).bind(effect).bind(now.0).execute(connection).await?;
    Ok(())
}

async fn insert_reservation(connection: &mut SqliteConnection, call: &NewCall) -> Result<(), StoreError> {
    let reserve = sqlx::query(RESERVE)
        .bind(&call.id)
        .bind(&call.workflow)
        .bind(call.phase)
        .bind(&call.role)
        .bind(&call.task)
        .bind(&call.effect)
        .bind(&call.profile)
        .bind(&call.provider)
        .bind(&call.model)
        .bind(&call.prompt)
        .bind(call.worst_microusd)
        .bind(i64::from(call.nominal))
        .bind(call.now.0);
    reserve.execute(connection).await?;
    Ok(())
}

/// `false`: it was settled before, or never reserved.
async fn book(connection: &mut SqliteConnection, settled: &SettledCall) -> Result<bool, StoreError> {
    let settle = sqlx::query(SETTLE)
        .bind(&settled.id)
        .bind(settled.cost_microusd)
        .bind(settled.input_tokens)
        .bind(settled.output_tokens)
        .bind(&settled.outcome)
        .bind(settled.answer.as_ref().map(|answer| &answer.hash))
        .bind(settled.now.0);
    Ok(settle.execute(connection).await?.rows_affected() == 1)
}

async fn keep_answer(
    connection: &mut SqliteConnection,
    key: &str,
    answer: &str,
    settled: &SettledCall,
) -> Result<(), StoreError> {
    let keep = sqlx::query(KEEP_ANSWER)
        .bind(key)
        .bind(answer)
        .bind(&settled.id)
        .bind(settled.now.0);
    keep.execute(connection).await?;
    Ok(())
}

fn call_row(row: &SqliteRow) -> Result<CallRow, sqlx::Error> {
    Ok(CallRow {
        id: row.try_get("id")?,
        phase: row.try_get("phase")?,
        role: row.try_get("role")?,
        task: row.try_get("task")?,
        provider: row.try_get("provider")?,
        model: row.try_get("model")?,
        prompt: row.try_get("prompt")?,
        answer: row.try_get("answer")?,
        status: row.try_get("status")?,
        outcome: row.try_get("outcome")?,
        reserved_microusd: row.try_get("reserved_microusd")?,
        cost_microusd: row.try_get("cost_microusd")?,
        input_tokens: row.try_get("input_tokens")?,
        output_tokens: row.try_get("output_tokens")?,
        started_at: Millis(row.try_get("started_at")?),
    })
}
