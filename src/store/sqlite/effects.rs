//! The outbox: effects are ordered, leased, renewed, postponed, finished or withdrawn.
//!
//! Invariant: of a lane at most one effect has a lease that has not run out, and only who holds an effect's newest token
//! can write about it.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqlitePool};

use crate::clock::{Entropy, Millis};
use crate::store::sqlite::{blobs, inbox, ledger};
use crate::store::{Finish, LeasedEffect, NewDelivery, NewEffect, Postpone, StoreError};

/// Random bytes in a fencing token: nobody guesses it, and two are never the same.
const TOKEN_BYTES: usize = 16;

statements! {
    ORDER = "insert into effects (key, subject, workflow, installation, lane, payload, run_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (key) do nothing";
    WITHDRAW = "update effects set withdrawn_at = $2 where key = $1 and done_at is null and withdrawn_at is null";
    // What was withdrawn after an attempt may have been done: it is taken up again, to look.
    // Of each lane the oldest; of each installation first as many as its share, by age, then what is left, by age.
    CLAIMABLE = "with free as (
            select e.seq, e.key, e.installation, e.run_at, row_number() over (
                partition by coalesce('lane ' || e.lane, 'key ' || e.key) order by e.run_at, e.seq) as place_in_lane
            from effects e
            where e.done_at is null and (e.withdrawn_at is null or e.attempts > 0) and e.run_at <= $1
                and (e.lease_until is null or e.lease_until <= $1)
                and not exists (select 1 from subjects s where s.subject = e.subject and s.dirty_at is not null)
                and not exists (select 1 from effects o where o.lane = e.lane and o.key <> e.key and o.lease_until > $1)
        ), fair as (
            select seq, key, run_at, row_number() over (partition by installation order by run_at, seq) as place
            from free where place_in_lane = 1
        )
        select key from fair order by place > $2, run_at, seq limit $3";
    LEASE = "update effects set lease_token = $2, lease_until = $3, attempts = attempts + 1 where key = $1
        returning key, subject, workflow, installation, payload, attempts, lease_token, created_at, withdrawn_at is not null as withdrawn";
    // Whoever's lease ran out and whose lane was given to another in the meantime has lost it.
    RENEW = "update effects set lease_until = $3 where key = $1 and lease_token = $2 and not exists (
            select 1 from effects o where o.lane = effects.lane and o.key <> effects.key
                and o.lease_until > effects.lease_until)";
    MARK_FINISHED = "update effects set done_at = $3, outcome = $4, lease_token = null, lease_until = null
        where key = $1 and lease_token = $2";
    GIVE_BACK = "update effects set run_at = $3, attempts = attempts - $4, reason = $5, lease_token = null, lease_until = null
        where key = $1 and lease_token = $2";
    // An effect waits for its own time, for its own lease to run out, and for any other lease of its lane.
    NEXT_DUE = "select min(due) from (
            select 0 as due where exists (select 1 from subjects where dirty_at is not null)
            union all
            select case when coalesce(taken.until, e.lease_until, 0) > e.run_at
                then coalesce(taken.until, e.lease_until, 0) else e.run_at end
            from effects e left join (
                select lane, max(lease_until) as until from effects where lease_until is not null group by lane
            ) taken on taken.lane = e.lane
            where e.done_at is null and (e.withdrawn_at is null or e.attempts > 0)
        ) as times";
}

/// Adds an effect; one with its key is left alone.
pub(super) async fn order(connection: &mut SqliteConnection, effect: &NewEffect, now: Millis) -> Result<(), StoreError> {
    let insert = sqlx::query(ORDER)
        .bind(&effect.key)
        .bind(&effect.subject)
        .bind(&effect.workflow)
        .bind(effect.installation)
        .bind(&effect.lane)
        .bind(&effect.order)
        .bind(effect.run_at.0)
        .bind(now.0);
    insert.execute(connection).await?;
    Ok(())
}

/// Takes an effect out of the queue. One that was begun stays until it is known whether it was done.
pub(super) async fn withdraw(connection: &mut SqliteConnection, key: &str, now: Millis) -> Result<(), StoreError> {
    sqlx::query(WITHDRAW).bind(key).bind(now.0).execute(connection).await?;
    Ok(())
}

/// Leases what may run. An installation gets more than half of `limit` only if no other's effects are left waiting.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    entropy: &dyn Entropy,
    now: Millis,
    lease_until: Millis,
    limit: u32,
) -> Result<Vec<LeasedEffect>, StoreError> {
    let keys = claimable(connection, now, limit).await?;
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let as_of = inbox::newest_seq(connection).await?;
    let mut leased = Vec::with_capacity(keys.len());
    for key in keys {
        let row = lease(connection, &key, &entropy.hex(TOKEN_BYTES), lease_until).await?;
        leased.push(leased_effect(&row, as_of)?);
    }
    Ok(leased)
}

/// `false`: the lease was lost.
pub(super) async fn renew(
    connection: &mut SqliteConnection,
    key: &str,
    token: &str,
    lease_until: Millis,
) -> Result<bool, StoreError> {
    let renewed = sqlx::query(RENEW)
        .bind(key)
        .bind(token)
        .bind(lease_until.0)
        .execute(connection)
        .await?;
    Ok(renewed.rows_affected() == 1)
}

/// `false`: the lease was lost, and nothing was written.
pub(super) async fn finish(connection: &mut SqliteConnection, done: &Finish) -> Result<bool, StoreError> {
    if !mark_finished(connection, done).await? {
        return Ok(false);
    }
    ledger::book_lost(connection, &done.key, done.now).await?;
    blobs::put(connection, &done.blobs).await?;
    deliver_all(connection, &done.deliveries).await?;
    Ok(true)
}

/// `false`: the lease was lost, and nothing was written.
pub(super) async fn postpone(connection: &mut SqliteConnection, later: &Postpone) -> Result<bool, StoreError> {
    if !give_back(connection, later).await? {
        return Ok(false);
    }
    deliver_all(connection, &later.deliveries).await?;
    Ok(true)
}

/// When something can be done again: zero for a dirty subject.
pub(super) async fn next_due(pool: &SqlitePool) -> Result<Option<Millis>, StoreError> {
    let due: Option<i64> = sqlx::query_scalar(NEXT_DUE).fetch_one(pool).await?;
    Ok(due.map(Millis))
}

async fn claimable(connection: &mut SqliteConnection, now: Millis, limit: u32) -> Result<Vec<String>, StoreError> {
    let share = limit.div_ceil(2);
    Ok(sqlx::query_scalar(CLAIMABLE)
        .bind(now.0)
        .bind(share)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

async fn lease(connection: &mut SqliteConnection, key: &str, token: &str, lease_until: Millis) -> Result<SqliteRow, StoreError> {
    Ok(sqlx::query(LEASE)
        .bind(key)
        .bind(token)
        .bind(lease_until.0)
        .fetch_one(connection)
        .await?)
}

async fn mark_finished(connection: &mut SqliteConnection, done: &Finish) -> Result<bool, StoreError> {
    let mark = sqlx::query(MARK_FINISHED)
        .bind(&done.key)
        .bind(&done.token)
        .bind(done.now.0)
        .bind(&done.outcome);
    Ok(mark.execute(connection).await?.rows_affected() == 1)
}

async fn give_back(connection: &mut SqliteConnection, later: &Postpone) -> Result<bool, StoreError> {
    let give_back = sqlx::query(GIVE_BACK)
        .bind(&later.key)
        .bind(&later.token)
        .bind(later.run_at.0)
        .bind(i64::from(!later.attempt))
        .bind(&later.reason);
    Ok(give_back.execute(connection).await?.rows_affected() == 1)
}

async fn deliver_all(connection: &mut SqliteConnection, deliveries: &[NewDelivery]) -> Result<(), StoreError> {
    let deliveries: Vec<&NewDelivery> = deliveries.iter().collect();
    inbox::deliver(connection, &deliveries).await?;
    Ok(())
}

fn leased_effect(row: &SqliteRow, as_of: i64) -> Result<LeasedEffect, sqlx::Error> {
    Ok(LeasedEffect {
        key: row.try_get("key")?,
        subject: row.try_get("subject")?,
        workflow: row.try_get("workflow")?,
        installation: row.try_get("installation")?,
        order: row.try_get("payload")?,
        attempts: row.try_get("attempts")?,
        token: row.try_get("lease_token")?,
        withdrawn: row.try_get("withdrawn")?,
        as_of,
        created_at: Millis(row.try_get("created_at")?),
    })
}
