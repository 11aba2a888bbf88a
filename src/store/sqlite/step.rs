//! One step: a dirty subject's rows are decided and everything that follows is written.
//!
//! Invariant: a step that fails leaves no trace but its subject's new place in the queue.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx::SqliteConnection;

use crate::clock::Millis;
use crate::store::sqlite::{blobs, effects, inbox, workflows};
use crate::store::{NewDelivery, StepFn, StepInput, StepOutput, StoreError};

statements! {
    SAVEPOINT = "savepoint decision";
    RELEASE = "release decision";
    ROLLBACK_TO = "rollback to decision";
}

/// Decides the dirty subject that waits longest. The outer error is the database's and undoes the operation; the inner
/// one is the decision's: the operation is kept, with the subject at the back of the queue.
pub(super) async fn step(
    connection: &mut SqliteConnection,
    now: Millis,
    decide: StepFn,
) -> Result<Result<bool, StoreError>, StoreError> {
    let Some(subject) = inbox::subject_that_waits_longest(connection).await? else {
        return Ok(Ok(false));
    };
    run(connection, SAVEPOINT).await?;
    let decided = decide_and_write(connection, &subject, now, decide).await;
    match decided {
        Ok(()) => {}
        Err(StoreError::Conflict | StoreError::Refused(_)) => run(connection, ROLLBACK_TO).await?,
        Err(error) => return Err(error),
    }
    run(connection, RELEASE).await?;
    inbox::leave_subject(connection, &subject, now).await?;
    Ok(decided.map(|()| true))
}

async fn decide_and_write(
    connection: &mut SqliteConnection,
    subject: &str,
    now: Millis,
    decide: StepFn,
) -> Result<(), StoreError> {
    let rows = inbox::undecided_rows(connection, subject).await?;
    let Some(last) = rows.last().map(|row| row.seq) else {
        return Ok(());
    };
    let workflow = workflows::newest(connection, subject).await?;
    let before = workflow.as_ref().map(|workflow| (workflow.id.clone(), workflow.version));
    let (last_hash, last_handoff) = match &workflow {
        Some(workflow) => workflows::ends_of_log(connection, &workflow.id).await?,
        None => (String::new(), 0),
    };
    let input = StepInput {
        subject: subject.to_owned(),
        workflow,
        last_hash,
        last_handoff,
        rows,
        now,
    };
    // What the closure has captured is given up with it, so nothing half-changed is seen afterwards. The panic's own
    // text is printed where it happened and may hold what must not be stored.
    let output = catch_unwind(AssertUnwindSafe(|| decide(input)))
        .map_err(|_| StoreError::Refused(format!("deciding for {subject} panicked")))?;
    // First of all: rows that a route brings here may be older than `last`, and are not decided yet.
    inbox::mark_done(connection, subject, last, now).await?;
    workflows::record(connection, subject, before.as_ref(), &output).await?;
    write_the_rest(connection, subject, now, &output).await
}

async fn write_the_rest(
    connection: &mut SqliteConnection,
    subject: &str,
    now: Millis,
    output: &StepOutput,
) -> Result<(), StoreError> {
    for (seq, result) in &output.results {
        inbox::note_result(connection, subject, *seq, result).await?;
    }
    blobs::put(connection, &output.blobs).await?;
    for effect in &output.effects {
        effects::order(connection, effect, now).await?;
    }
    for key in &output.withdrawn {
        effects::withdraw(connection, key, now).await?;
    }
    inbox::lead_to(connection, subject, &output.routes, now).await?;
    let deliveries: Vec<&NewDelivery> = output.deliveries.iter().collect();
    inbox::deliver(connection, &deliveries).await?;
    Ok(())
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), StoreError> {
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}
