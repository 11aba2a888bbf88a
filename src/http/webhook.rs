//! GitHub's deliveries.
//!
//! What is cheap to refuse is refused first, the signature is checked over the bytes as they came, and nothing looks into
//! them before that. GitHub waits ten seconds ("Best practices for using webhooks"); the commit takes milliseconds.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::AppState;
use super::answer::ApiError;
use crate::engine::ingest::{Delivery, IngestError, Ingested};
use crate::github::webhook::signature;

/// GitHub sends no payload above 25 MB ("Webhook events and payloads").
pub const BODY_BYTES_MAX: usize = 25 * 1024 * 1024;

/// How long a body may take to arrive: GitHub itself gives up then.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Longest event name and delivery id that are taken; GitHub's have 27 and 36 characters.
const WORD_CHARS_MAX: usize = 64;

/// A delivery whose signature was checked. Only the extractor can build it.
#[derive(Debug)]
pub(super) struct VerifiedDelivery {
    event: String,
    guid: String,
    body: Bytes,
}

/// Stores a delivery and answers only then.
pub(super) async fn receive(State(state): State<AppState>, delivery: VerifiedDelivery) -> Result<StatusCode, ApiError> {
    let VerifiedDelivery { event, guid, body } = delivery;
    match state
        .engine()
        .ingest(Delivery {
            event,
            guid,
            body: body.into(),
        })
        .await
    {
        Ok(Ingested::Stored | Ingested::Seen) => Ok(StatusCode::ACCEPTED),
        Ok(Ingested::Unused) => Ok(StatusCode::OK),
        Err(IngestError::Malformed(reason)) => Err(ApiError::Malformed(reason)),
        Err(IngestError::Store(error)) => {
            tracing::error!(%error, "A delivery could not be stored: {error}");
            Err(ApiError::Unavailable("The delivery could not be stored; send it again."))
        }
    }
}

impl FromRequest<AppState> for VerifiedDelivery {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (head, body) = request.into_parts();
        let headers = head.headers;
        is_plain_json(&headers)?;
        if content_length(&headers).is_some_and(|bytes| bytes > BODY_BYTES_MAX as u64) {
            return Err(TOO_LARGE);
        }
        // Whoever cannot sign is not listened to for the length of a body.
        let signature = only(&headers, "x-hub-signature-256").ok_or(ApiError::NotSigned)?;
        let body = whole(body).await?;
        if !signature::verify(&state.0.parts.webhook_secrets, &body, Some(signature)) {
            return Err(ApiError::NotSigned);
        }
        let event = word(&headers, "x-github-event", "X-GitHub-Event")?;
        let guid = word(&headers, "x-github-delivery", "X-GitHub-Delivery")?;
        Ok(Self { event, guid, body })
    }
}

const TOO_LARGE: ApiError = ApiError::TooLarge("GitHub sends no payload above 25 MB.");

async fn whole(body: Body) -> Result<Bytes, ApiError> {
    let collected = tokio::time::timeout(BODY_TIME, Limited::new(body, BODY_BYTES_MAX).collect()).await;
    match collected {
        Ok(Ok(all)) => Ok(all.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(TOO_LARGE),
        Ok(Err(_)) => Err(ApiError::Malformed("The body broke off.".to_owned())),
        Err(_) => Err(ApiError::Slow),
    }
}

/// GitHub can be set to send forms, where the signature covers the form; and nothing it sends is compressed.
fn is_plain_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = only(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::Unsupported("Set the webhook's content type to application/json."));
    }
    let encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if encodings
        .into_iter()
        .any(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(ApiError::Unsupported("The body must not be compressed."));
    }
    Ok(())
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    only(headers, header::CONTENT_LENGTH.as_str())?.parse().ok()
}

/// The header's value, if it is there once and is text: of two nobody knows which one was meant.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn word(headers: &HeaderMap, name: &str, shown: &str) -> Result<String, ApiError> {
    let fits = |text: &&str| {
        (1..=WORD_CHARS_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let found = only(headers, name).filter(fits);
    found
        .map(str::to_owned)
        .ok_or_else(|| ApiError::Malformed(format!("The header {shown} is missing or not as GitHub sends it.")))
}
