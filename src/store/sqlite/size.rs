//! How large the file may become.
//!
//! Invariant: a limit never makes a stored row unreadable.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::StoreError;

statements! {
    PAGE_SIZE = "select page_size from pragma_page_size";
}

/// The most pages a SQLite file can have (https://www.sqlite.org/limits.html).
const PAGES_MAX: u64 = 4_294_967_294;

/// Sets the limit and answers the one that holds, both in bytes.
pub(super) async fn limit(connection: &mut SqliteConnection, bytes: u64) -> Result<u64, StoreError> {
    let page_size = page_size(connection).await?;
    let pages = limit_pages(connection, bytes / page_size).await?;
    Ok(pages.saturating_mul(page_size))
}

async fn page_size(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let size: i64 = sqlx::query_scalar(PAGE_SIZE).fetch_one(connection).await?;
    u64::try_from(size).map_err(|_| StoreError::Damaged(format!("a page size of {size}")))
}

async fn limit_pages(connection: &mut SqliteConnection, pages: u64) -> Result<u64, StoreError> {
    // A pragma takes no bound values; the text is ours and a number. Zero pages would only ask.
    let limit = format!("pragma max_page_count = {}", pages.clamp(1, PAGES_MAX));
    let holds: i64 = sqlx::query_scalar(AssertSqlSafe(limit))
        .persistent(false)
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(holds).unwrap_or(0))
}
