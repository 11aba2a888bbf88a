//! From GitHub's statuses, headers and sentences to our [`Error`].
//!
//! GitHub gives one status for many causes and tells the rest in English. The sentences here are GitHub's own, as the public
//! record of other projects has them; one that is not known stays what its status says and is never tried again blindly.
//!
//! Invariant: pure; the same answer at the same time gives the same error, but for the jitter that is handed in.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::error::{Conflict, Denial, Error, cut};
use crate::clock::Millis;

/// How long to wait when a limit gives no time of its own: GitHub asks for at least a minute.
const UNTOLD_WAIT: Duration = Duration::from_secs(60);

/// The longest wait that is believed. Primary limits reset within an hour; anything beyond a day is a wrong clock.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a sentence means, whatever status it came with.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    NotFound,
    Suspended,
    Workflow,
    Denied(Denial),
    Conflict(Conflict),
}

/// GitHub's sentences, lower case; the first that occurs decides.
const SENTENCES: &[(&str, Meaning)] = &[
    ("without `workflows` permission", Meaning::Workflow),
    (
        "refusing to allow a github app to create or update workflow",
        Meaning::Workflow,
    ),
    ("this installation has been suspended", Meaning::Suspended),
    ("ip allow list", Meaning::Denied(Denial::IpAllowList)),
    ("repository was archived", Meaning::Denied(Denial::Archived)),
    ("repository is archived", Meaning::Denied(Denial::Archived)),
    ("issue is locked", Meaning::Denied(Denial::Locked)),
    ("conversation is locked", Meaning::Denied(Denial::Locked)),
    (
        "commenting is disabled on issues with more than",
        Meaning::Denied(Denial::Full),
    ),
    ("upgrade to github", Meaning::Denied(Denial::Plan)),
    ("push protection", Meaning::Denied(Denial::PushProtection)),
    ("secret detected", Meaning::Denied(Denial::PushProtection)),
    ("repository rule violations found", Meaning::Denied(Denial::Rule)),
    ("pending review", Meaning::Conflict(Conflict::PendingReview)),
    ("already running", Meaning::Conflict(Conflict::Running)),
    ("already exists", Meaning::Conflict(Conflict::Exists)),
    ("already_exists", Meaning::Conflict(Conflict::Exists)),
    ("expected branch to point to", Meaning::Conflict(Conflict::StaleHead)),
    ("head branch was modified", Meaning::Conflict(Conflict::StaleHead)),
    ("expected head sha", Meaning::Conflict(Conflict::StaleHead)),
    ("base branch was modified", Meaning::Conflict(Conflict::BaseModified)),
    ("is not mergeable", Meaning::Conflict(Conflict::NotMergeable)),
    ("merge conflict", Meaning::Conflict(Conflict::MergeConflict)),
    ("not a fast forward", Meaning::Conflict(Conflict::NotFastForward)),
    ("no commits between", Meaning::Conflict(Conflict::NoCommits)),
    (
        "draft pull requests are not supported",
        Meaning::Conflict(Conflict::DraftsUnsupported),
    ),
    ("git repository is empty", Meaning::Conflict(Conflict::EmptyRepository)),
    ("reference does not exist", Meaning::NotFound),
];

/// Turns an answer outside 2xx into an error. `jitter` is added to every wait, so that many waiters do not come at once.
pub(super) fn rest(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Millis, jitter: Duration) -> Error {
    let message = sentence(body, status);
    if status.is_redirection() {
        return Error::Moved {
            to: path_of(header(headers, "location").unwrap_or_default()),
        };
    }
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Error::Unavailable {
            message: format!("{}: {message}", status.as_u16()),
        };
    }
    if let Some(limit) = limit(status, headers, &message, now, jitter) {
        return limit;
    }
    if status == StatusCode::UNAUTHORIZED {
        return Error::Unauthorized { message };
    }
    if let Some(meaning) = meaning(&message) {
        return of_meaning(meaning, message);
    }
    match status.as_u16() {
        403 => denied(message, headers),
        404 => Error::NotFound { message },
        409 => Error::conflict(Conflict::Other, message),
        410 => Error::Gone { message },
        status => Error::Refused { status, message },
    }
}

/// Turns one entry of a GraphQL answer's `errors` into an error.
pub(super) fn graphql(kind: Option<&str>, message: &str, headers: &HeaderMap, now: Millis, jitter: Duration) -> Error {
    let message = cut(message);
    if matches!(kind, Some("RATE_LIMITED" | "RATE_LIMIT")) || is_secondary(&message) {
        let secondary = is_secondary(&message);
        let until = told_wait(headers, now).or_else(|| reset(headers, now));
        return Error::RateLimited {
            until: bounded(until, now, jitter),
            secondary,
        };
    }
    if let Some(meaning) = meaning(&message) {
        return of_meaning(meaning, message);
    }
    match kind {
        Some("NOT_FOUND") => Error::NotFound { message },
        Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => denied(message, headers),
        Some("STALE_DATA") => Error::conflict(Conflict::StaleHead, message),
        Some("SERVICE_UNAVAILABLE" | "INTERNAL" | "LOADING") => Error::Unknown { message },
        // GitHub's own timeouts and failures come without a type; they may have happened after the change.
        None if message.starts_with("Something went wrong") || message.contains("timeout") => Error::Unknown { message },
        _ => Error::Refused { status: 422, message },
    }
}

/// The limit that an answer speaks of, if it does.
fn limit(status: StatusCode, headers: &HeaderMap, message: &str, now: Millis, jitter: Duration) -> Option<Error> {
    if !matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
        return None;
    }
    let exhausted = header(headers, "x-ratelimit-remaining") == Some("0");
    let told = told_wait(headers, now);
    let secondary = is_secondary(message) || (told.is_some() && !exhausted);
    if !(exhausted || told.is_some() || secondary || status == StatusCode::TOO_MANY_REQUESTS) {
        return None;
    }
    let until = told.or_else(|| if exhausted { reset(headers, now) } else { None });
    Some(Error::RateLimited {
        until: bounded(until, now, jitter),
        secondary: secondary || !exhausted,
    })
}

fn is_secondary(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("secondary rate limit") || message.contains("abuse detection")
}

/// `Retry-After`: seconds, or a date.
fn told_wait(headers: &HeaderMap, now: Millis) -> Option<Millis> {
    let text = header(headers, "retry-after")?;
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(now.plus(Duration::from_secs(seconds)));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Millis(date.timestamp().as_millisecond()))
}

fn reset(headers: &HeaderMap, now: Millis) -> Option<Millis> {
    let seconds: i64 = header(headers, "x-ratelimit-reset")?.parse().ok()?;
    Some(Millis(seconds.saturating_mul(1000)).max(now))
}

fn bounded(until: Option<Millis>, now: Millis, jitter: Duration) -> Millis {
    let until = until.unwrap_or_else(|| now.plus(UNTOLD_WAIT));
    until.clamp(now, now.plus(LONGEST_WAIT)).plus(jitter)
}

fn meaning(message: &str) -> Option<Meaning> {
    let message = message.to_lowercase();
    SENTENCES
        .iter()
        .find(|(sentence, _)| message.contains(sentence))
        .map(|(_, meaning)| *meaning)
}

fn of_meaning(meaning: Meaning, message: String) -> Error {
    match meaning {
        Meaning::NotFound => Error::NotFound { message },
        Meaning::Suspended => Error::Suspended,
        Meaning::Workflow => Error::WorkflowRefused { message },
        Meaning::Denied(why) => Error::Denied { why, message },
        Meaning::Conflict(kind) => Error::Conflict { kind, message },
    }
}

fn denied(message: String, headers: &HeaderMap) -> Error {
    let message = match header(headers, "x-accepted-github-permissions") {
        Some(needs) => cut(&format!("{message} (needs {needs})")),
        None => message,
    };
    Error::Denied {
        why: Denial::Permission,
        message,
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// The path of an address: its query may hold a signature.
fn path_of(location: &str) -> String {
    let path = match url::Url::parse(location) {
        Ok(url) => url.path().to_owned(),
        Err(_) => location.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    cut(&path)
}

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

/// GitHub's sentence with the details it puts beside it.
fn sentence(body: &[u8], status: StatusCode) -> String {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let mut text = refusal.message;
    for detail in &refusal.errors {
        let detail = match detail.as_str() {
            Some(text) => text.to_owned(),
            None => {
                let of = |key: &str| detail.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
                let words = [of("resource"), of("field"), of("code"), of("message")];
                words
                    .into_iter()
                    .filter(|word| !word.is_empty() && *word != "custom")
                    .collect::<Vec<_>>()
                    .join(" ")
            }
        };
        if !detail.is_empty() {
            text.push_str("; ");
            text.push_str(&detail);
        }
    }
    if text.is_empty() {
        status.canonical_reason().unwrap_or("no reason given").to_owned()
    } else {
        cut(&text)
    }
}

#[cfg(test)]
mod tests;
