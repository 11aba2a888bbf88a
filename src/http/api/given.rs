//! What a request gives: a query, a body, a key against repetition. All strict.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use http::HeaderMap;
use http::request::Parts;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::{PAGE, PAGE_MAX};
use crate::http::AppState;
use crate::http::answer::ApiError;

/// The largest body the API reads: a hint of 8,000 characters, escaped, and room.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The longest `Idempotency-Key`.
const KEY_CHARS_MAX: usize = 128;

/// Hexadecimal digits of a request's digest that are kept beside its key.
const DIGEST_CHARS: usize = 16;

/// The parameters of a query; unknown ones are refused.
pub(in crate::http) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(given)| Self(given)).map_err(|error| {
            let text = error.body_text();
            ApiError::Unprocessable(
                text.strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&text)
                    .to_owned(),
            )
        })
    }
}

/// A request that changes something: its body, and the key that makes a repetition harmless.
pub(in crate::http) struct Order<T> {
    pub(super) body: T,
    pub(super) key: String,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Order<T> {
    type Rejection = ApiError;

    /// The content type is not asked for: the token stands in a header of its own, so that no form of a foreign page can
    /// send it, and `curl -d` names the wrong one.
    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
        let bytes = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX).await;
        let bytes = bytes.map_err(|_| ApiError::TooLarge("The body is too long: 64 KiB at most."))?;
        let key = key(&headers, &path, &bytes)?.unwrap_or_else(|| state.0.parts.entropy.hex(16));
        let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes };
        let body = serde_json::from_slice(text).map_err(|error| {
            if error.is_data() {
                ApiError::Unprocessable(error.to_string())
            } else {
                ApiError::Malformed(format!("The body is no JSON: {error}"))
            }
        })?;
        // A list would do for a struct, its members in order.
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err(ApiError::Unprocessable("The body must be a JSON object.".to_owned()));
        }
        Ok(Self { body, key })
    }
}

/// The client's key, bound to what it was sent with: the same key for something else is no repetition.
fn key(headers: &HeaderMap, path: &str, body: &Bytes) -> Result<Option<String>, ApiError> {
    let mut sent = headers.get_all("idempotency-key").iter();
    let Some(first) = sent.next() else { return Ok(None) };
    let text = first.to_str().unwrap_or_default().trim();
    let fits = (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits || sent.next().is_some() {
        return Err(ApiError::Unprocessable(format!(
            "Idempotency-Key must be 1 to {KEY_CHARS_MAX} characters without spaces, once."
        )));
    }
    let digest = hex::encode(Sha256::new_with_prefix(path).chain_update([0]).chain_update(body).finalize());
    Ok(Some(format!("{text}:{}", &digest[..DIGEST_CHARS])))
}

/// How many are wanted.
pub(super) fn page(limit: Option<u32>) -> Result<u32, ApiError> {
    match limit {
        None => Ok(PAGE),
        Some(limit) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        Some(limit) => Err(ApiError::Unprocessable(format!(
            "limit is {limit}; it must be between 1 and {PAGE_MAX}."
        ))),
    }
}
