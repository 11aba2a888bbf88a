//! Workflows, their logs, and the projections of these: hand-offs and phases.
//!
//! Invariant: a workflow's version is the number of rows in its log; nothing else moves it.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqlitePool};

use crate::clock::Millis;
use crate::store::{EventRow, HandoffRow, PhaseRow, StepOutput, StoreError, WorkflowFilter, WorkflowRow};

statements! {
    NEWEST_OF_SUBJECT = "select id, subject, installation, repository, repository_name, issue, round, version,
            shown_state, status, open, state, created_at, updated_at
        from build_workflows where subject = $1 order by round desc limit 1";
    LAST_HASH = "select hash from workflow_events where workflow = $1 order by seq desc limit 1";
    LAST_HANDOFF = "select seq from workflow_handoffs where workflow = $1 order by seq desc limit 1";
    INSERT_WORKFLOW = "insert into build_workflows (id, subject, installation, repository, repository_name, issue, round,
            version, shown_state, status, open, state, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    UPDATE_WORKFLOW = "update build_workflows set installation = $3, repository_name = $4, version = $5, shown_state = $6,
            status = $7, open = $8, state = $9, updated_at = $10
        where id = $1 and version = $2";
    APPEND_EVENT = "insert into workflow_events (workflow, seq, fact_id, fact, transitions, phase, actor, at, decided,
            core_version, state_hash, previous, hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    ADD_HANDOFF = "insert into workflow_handoffs (workflow, seq, event_seq, from_role, to_role, from_state, to_state,
            phase, data, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    FORGET_PHASES = "delete from micro_phases where workflow = $1";
    SAVE_PHASE = "insert into micro_phases (workflow, number, id, title, state, status, pull_request, merged)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    // A repository that was renamed is shown as it is called now, and found by that name and by the one the work began under,
    // unless another repository has taken it.
    LIST_WORKFLOWS = "with named (id, name) as (select id, owner || '/' || name from repositories)
        select w.id, subject, installation, repository, coalesce(n.name, repository_name) as repository_name, issue, round,
            version, shown_state, status, open, state, created_at, updated_at
        from build_workflows w left join named n on n.id = w.repository
        where (cast($1 as text) is null or lower(n.name) = lower($1) or (lower(repository_name) = lower($1)
                and not exists (select 1 from named where lower(named.name) = lower($1))))
            and (cast($2 as bigint) is null or issue = $2)
            and (cast($3 as text) is null or shown_state = $3)
            and (cast($4 as text) is null or status = $4)
            and ($5 = 0 or open = 1)
            and (cast($6 as text) is null or w.id < $6)
        order by w.id desc limit $7";
    WORKFLOW_BY_ID = "select w.id, subject, w.installation, repository, coalesce(r.owner || '/' || r.name, repository_name) as
            repository_name, issue, round, version, shown_state, status, open, state, created_at, updated_at
        from build_workflows w left join repositories r on r.id = w.repository where w.id = $1";
    EVENTS_AFTER = "select workflow, seq, fact_id, fact, transitions, phase, actor, at, decided, core_version, state_hash,
            previous, hash
        from workflow_events where workflow = $1 and seq > $2 order by seq limit $3";
    HANDOFFS_AFTER = "select workflow, seq, event_seq, from_role, to_role, from_state, to_state, phase, data, at
        from workflow_handoffs where workflow = $1 and seq > $2 order by seq limit $3";
}

pub(super) async fn newest(connection: &mut SqliteConnection, subject: &str) -> Result<Option<WorkflowRow>, StoreError> {
    let row = sqlx::query(NEWEST_OF_SUBJECT)
        .bind(subject)
        .fetch_optional(connection)
        .await?;
    Ok(row.as_ref().map(workflow_row).transpose()?)
}

/// Hash of the last row of a workflow's log and the number of its last hand-off.
pub(super) async fn ends_of_log(connection: &mut SqliteConnection, workflow: &str) -> Result<(String, i64), StoreError> {
    let hash: Option<String> = sqlx::query_scalar(LAST_HASH)
        .bind(workflow)
        .fetch_optional(&mut *connection)
        .await?;
    let handoff: Option<i64> = sqlx::query_scalar(LAST_HANDOFF)
        .bind(workflow)
        .fetch_optional(connection)
        .await?;
    Ok((hash.unwrap_or_default(), handoff.unwrap_or(0)))
}

/// Writes a step's workflow, log, hand-offs and phases. `before` is the (id, version) that was decided from.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    subject: &str,
    before: Option<&(String, i64)>,
    output: &StepOutput,
) -> Result<(), StoreError> {
    let Some(workflow) = &output.workflow else {
        return no_rows_without_a_workflow(output);
    };
    rows_are_of(workflow, subject, output)?;
    let known = before.filter(|(id, _)| *id == workflow.id).map(|(_, version)| *version);
    let added = i64::try_from(output.events.len()).unwrap_or(i64::MAX);
    if known.unwrap_or(0).checked_add(added) != Some(workflow.version) {
        return Err(StoreError::Conflict);
    }
    match known {
        None => insert_workflow(connection, workflow).await?,
        Some(version) if update_workflow(connection, workflow, version).await? => {}
        Some(_) => return Err(StoreError::Conflict),
    }
    for event in &output.events {
        append_event(connection, event).await?;
    }
    for handoff in &output.handoffs {
        add_handoff(connection, handoff).await?;
    }
    forget_phases(connection, &workflow.id).await?;
    for phase in &output.phases {
        save_phase(connection, phase).await?;
    }
    Ok(())
}

pub(super) async fn list(pool: &SqlitePool, filter: &WorkflowFilter) -> Result<Vec<WorkflowRow>, StoreError> {
    let listed = sqlx::query(LIST_WORKFLOWS)
        .bind(&filter.repository)
        .bind(filter.issue)
        .bind(&filter.state)
        .bind(&filter.status)
        .bind(i64::from(filter.open))
        .bind(&filter.before)
        .bind(filter.limit);
    Ok(listed
        .fetch_all(pool)
        .await?
        .iter()
        .map(workflow_row)
        .collect::<Result<_, _>>()?)
}

pub(super) async fn by_id(pool: &SqlitePool, id: &str) -> Result<Option<WorkflowRow>, StoreError> {
    let row = sqlx::query(WORKFLOW_BY_ID).bind(id).fetch_optional(pool).await?;
    Ok(row.as_ref().map(workflow_row).transpose()?)
}

pub(super) async fn events_after(pool: &SqlitePool, workflow: &str, after: i64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
    let rows = sqlx::query(EVENTS_AFTER)
        .bind(workflow)
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await?;
    Ok(rows.iter().map(event_row).collect::<Result<_, _>>()?)
}

pub(super) async fn handoffs_after(
    pool: &SqlitePool,
    workflow: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<HandoffRow>, StoreError> {
    let rows = sqlx::query(HANDOFFS_AFTER)
        .bind(workflow)
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await?;
    Ok(rows.iter().map(handoff_row).collect::<Result<_, _>>()?)
}

fn no_rows_without_a_workflow(output: &StepOutput) -> Result<(), StoreError> {
    if output.events.is_empty() && output.handoffs.is_empty() && output.phases.is_empty() {
        return Ok(());
    }
    Err(StoreError::Refused(
        "a step wrote log rows, hand-offs or phases but no workflow".to_owned(),
    ))
}

fn rows_are_of(workflow: &WorkflowRow, subject: &str, output: &StepOutput) -> Result<(), StoreError> {
    let of_rows = output.events.iter().map(|row| &row.workflow);
    let of_rows = of_rows.chain(output.handoffs.iter().map(|row| &row.workflow));
    let mut of_rows = of_rows.chain(output.phases.iter().map(|row| &row.workflow));
    if workflow.subject == subject && of_rows.all(|id| *id == workflow.id) {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "a step of {subject} wrote rows of another workflow"
    )))
}

async fn insert_workflow(connection: &mut SqliteConnection, workflow: &WorkflowRow) -> Result<(), StoreError> {
    let insert = sqlx::query(INSERT_WORKFLOW)
        .bind(&workflow.id)
        .bind(&workflow.subject)
        .bind(workflow.installation)
        .bind(workflow.repository)
        .bind(&workflow.repository_name)
        .bind(workflow.issue)
        .bind(workflow.round)
        .bind(workflow.version)
        .bind(&workflow.shown_state)
        .bind(&workflow.status)
        .bind(i64::from(workflow.open))
        .bind(&workflow.state)
        .bind(workflow.created_at.0)
        .bind(workflow.updated_at.0);
    insert.execute(connection).await?;
    Ok(())
}

/// `false`: it is not of that version any more.
async fn update_workflow(connection: &mut SqliteConnection, workflow: &WorkflowRow, version: i64) -> Result<bool, StoreError> {
    let update = sqlx::query(UPDATE_WORKFLOW)
        .bind(&workflow.id)
        .bind(version)
        .bind(workflow.installation)
        .bind(&workflow.repository_name)
        .bind(workflow.version)
        .bind(&workflow.shown_state)
        .bind(&workflow.status)
        .bind(i64::from(workflow.open))
        .bind(&workflow.state)
        .bind(workflow.updated_at.0);
    Ok(update.execute(connection).await?.rows_affected() == 1)
}

async fn append_event(connection: &mut SqliteConnection, event: &EventRow) -> Result<(), StoreError> {
    let append = sqlx::query(APPEND_EVENT)
        .bind(&event.workflow)
        .bind(event.seq)
        .bind(&event.fact_id)
        .bind(&event.fact)
        .bind(&event.transitions)
        .bind(event.phase)
        .bind(&event.actor)
        .bind(event.at.0)
        .bind(i64::from(event.decided))
        .bind(event.core_version)
        .bind(&event.state_hash)
        .bind(&event.previous)
        .bind(&event.hash);
    append.execute(connection).await?;
    Ok(())
}

async fn add_handoff(connection: &mut SqliteConnection, handoff: &HandoffRow) -> Result<(), StoreError> {
    let add = sqlx::query(ADD_HANDOFF)
        .bind(&handoff.workflow)
        .bind(handoff.seq)
        .bind(handoff.event_seq)
        .bind(&handoff.from_role)
        .bind(&handoff.to_role)
        .bind(&handoff.from_state)
        .bind(&handoff.to_state)
        .bind(handoff.phase)
        .bind(&handoff.data)
        .bind(handoff.at.0);
    add.execute(connection).await?;
    Ok(())
}

async fn forget_phases(connection: &mut SqliteConnection, workflow: &str) -> Result<(), StoreError> {
    sqlx::query(FORGET_PHASES).bind(workflow).execute(connection).await?;
    Ok(())
}

async fn save_phase(connection: &mut SqliteConnection, phase: &PhaseRow) -> Result<(), StoreError> {
    let save = sqlx::query(SAVE_PHASE)
        .bind(&phase.workflow)
        .bind(phase.number)
        .bind(&phase.id)
        .bind(&phase.title)
        .bind(&phase.state)
        .bind(&phase.status)
        .bind(phase.pull_request)
        .bind(&phase.merged);
    save.execute(connection).await?;
    Ok(())
}

fn workflow_row(row: &SqliteRow) -> Result<WorkflowRow, sqlx::Error> {
    Ok(WorkflowRow {
        id: row.try_get("id")?,
        subject: row.try_get("subject")?,
        installation: row.try_get("installation")?,
        repository: row.try_get("repository")?,
        repository_name: row.try_get("repository_name")?,
        issue: row.try_get("issue")?,
        round: row.try_get("round")?,
        version: row.try_get("version")?,
        shown_state: row.try_get("shown_state")?,
        status: row.try_get("status")?,
        open: row.try_get("open")?,
        state: row.try_get("state")?,
        created_at: Millis(row.try_get("created_at")?),
        updated_at: Millis(row.try_get("updated_at")?),
    })
}

fn event_row(row: &SqliteRow) -> Result<EventRow, sqlx::Error> {
    Ok(EventRow {
        workflow: row.try_get("workflow")?,
        seq: row.try_get("seq")?,
        fact_id: row.try_get("fact_id")?,
        fact: row.try_get("fact")?,
        transitions: row.try_get("transitions")?,
        phase: row.try_get("phase")?,
        actor: row.try_get("actor")?,
        at: Millis(row.try_get("at")?),
        decided: row.try_get("decided")?,
        core_version: row.try_get("core_version")?,
        state_hash: row.try_get("state_hash")?,
        previous: row.try_get("previous")?,
        hash: row.try_get("hash")?,
    })
}

fn handoff_row(row: &SqliteRow) -> Result<HandoffRow, sqlx::Error> {
    Ok(HandoffRow {
        workflow: row.try_get("workflow")?,
        seq: row.try_get("seq")?,
        event_seq: row.try_get("event_seq")?,
        from_role: row.try_get("from_role")?,
        to_role: row.try_get("to_role")?,
        from_state: row.try_get("from_state")?,
        to_state: row.try_get("to_state")?,
        phase: row.try_get("phase")?,
        data: row.try_get("data")?,
        at: Millis(row.try_get("at")?),
    })
}
