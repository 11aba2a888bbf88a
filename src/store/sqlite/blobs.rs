//! Big values, each stored once under its SHA-256.
//!
//! Invariant: what is stored under a hash never changes.

use sqlx::{SqliteConnection, SqlitePool};

use crate::store::{Blob, StoreError};

statements! {
    PUT = "insert into blobs (hash, bytes) values ($1, $2) on conflict (hash) do nothing";
    BYTES = "select bytes from blobs where hash = $1";
}

pub(super) async fn put(connection: &mut SqliteConnection, blobs: &[Blob]) -> Result<(), StoreError> {
    for blob in blobs {
        sqlx::query(PUT)
            .bind(&blob.hash)
            .bind(&blob.bytes)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn bytes(pool: &SqlitePool, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar(BYTES).bind(hash).fetch_optional(pool).await?)
}
