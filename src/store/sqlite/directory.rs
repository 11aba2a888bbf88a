//! Where the App is installed.
//!
//! Invariant: a repository keeps its cursor and its configuration while it is away, so that a return does not begin from
//! nothing.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqlitePool};

use crate::store::{InstallationRow, RepositoryRow, StoreError};

statements! {
    FORGET_INSTALLATIONS = "update installations set active = 0 where active = 1";
    FORGET_REPOSITORIES = "update repositories set active = 0 where active = 1";
    SAVE_INSTALLATION = "insert into installations (id, account, suspended, active) values ($1, $2, $3, 1)
        on conflict (id) do update set account = excluded.account, suspended = excluded.suspended, active = 1";
    SAVE_REPOSITORY = "insert into repositories (id, installation, node_id, owner, name, active, cursor)
        values ($1, $2, $3, $4, $5, 1, $6)
        on conflict (id) do update set installation = excluded.installation, node_id = excluded.node_id,
            owner = excluded.owner, name = excluded.name, active = 1,
            cursor = coalesce(excluded.cursor, repositories.cursor)";
    ACTIVE_REPOSITORIES = "select r.id, r.installation, r.node_id, r.owner, r.name, r.cursor, r.configuration
        from repositories r join installations i on i.id = r.installation
        where r.active = 1 and i.active = 1 and i.suspended = 0 order by r.id";
    SET_CURSOR = "update repositories set cursor = $2 where id = $1";
    SET_CONFIGURATION = "update repositories set configuration = $2 where id = $1";
}

/// Takes GitHub's whole list: who is not on it becomes inactive.
pub(super) async fn put(connection: &mut SqliteConnection, seen: &[InstallationRow]) -> Result<(), StoreError> {
    forget_installations(connection).await?;
    forget_repositories(connection).await?;
    for installation in seen {
        save_installation(connection, installation).await?;
        for repository in &installation.repositories {
            save_repository(connection, installation.id, repository).await?;
        }
    }
    Ok(())
}

/// Those that can be worked on: a suspended installation answers nothing.
pub(super) async fn active_repositories(pool: &SqlitePool) -> Result<Vec<RepositoryRow>, StoreError> {
    let rows = sqlx::query(ACTIVE_REPOSITORIES).fetch_all(pool).await?;
    Ok(rows.iter().map(repository_row).collect::<Result<_, _>>()?)
}

pub(super) async fn set_cursor(connection: &mut SqliteConnection, repository: i64, cursor: &str) -> Result<(), StoreError> {
    sqlx::query(SET_CURSOR)
        .bind(repository)
        .bind(cursor)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn set_configuration(
    connection: &mut SqliteConnection,
    repository: i64,
    configuration: &str,
) -> Result<(), StoreError> {
    sqlx::query(SET_CONFIGURATION)
        .bind(repository)
        .bind(configuration)
        .execute(connection)
        .await?;
    Ok(())
}

async fn forget_installations(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(FORGET_INSTALLATIONS).execute(connection).await?;
    Ok(())
}

async fn forget_repositories(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(FORGET_REPOSITORIES).execute(connection).await?;
    Ok(())
}

async fn save_installation(connection: &mut SqliteConnection, seen: &InstallationRow) -> Result<(), StoreError> {
    let save = sqlx::query(SAVE_INSTALLATION)
        .bind(seen.id)
        .bind(&seen.account)
        .bind(i64::from(seen.suspended));
    save.execute(connection).await?;
    Ok(())
}

async fn save_repository(connection: &mut SqliteConnection, installation: i64, seen: &RepositoryRow) -> Result<(), StoreError> {
    let save = sqlx::query(SAVE_REPOSITORY)
        .bind(seen.id)
        .bind(installation)
        .bind(&seen.node_id)
        .bind(&seen.owner)
        .bind(&seen.name)
        .bind(&seen.cursor);
    save.execute(connection).await?;
    Ok(())
}

fn repository_row(row: &SqliteRow) -> Result<RepositoryRow, sqlx::Error> {
    Ok(RepositoryRow {
        id: row.try_get("id")?,
        installation: row.try_get("installation")?,
        node_id: row.try_get("node_id")?,
        owner: row.try_get("owner")?,
        name: row.try_get("name")?,
        cursor: row.try_get("cursor")?,
        configuration: row.try_get("configuration")?,
    })
}
