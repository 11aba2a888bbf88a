//! Whether it lives, and whether it can work.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::json;
use tokio::sync::Mutex;

use super::AppState;
use super::envelope::OwnBody;
use crate::clock::Millis;
use crate::github;

/// How long an answer of GitHub's is good for: probes come every few seconds, its rate limit is for work.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// The same for a failure: recovery shall show soon.
const BAD_FOR: Duration = Duration::from_secs(5);

/// How long a probe waits for GitHub.
const PATIENCE: Duration = Duration::from_secs(5);

/// What GitHub said last, and when.
#[derive(Debug, Default)]
pub(super) struct Readiness(Mutex<Option<(Millis, Seen)>>);

/// GitHub as last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Reachable,
    Unreachable,
    RefusesCredentials,
}

impl Seen {
    const fn word(self) -> &'static str {
        match self {
            Self::Reachable => "ok",
            Self::Unreachable => "unreachable",
            Self::RefusesCredentials => "refuses the App's credentials",
        }
    }
}

pub(super) async fn alive() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

pub(super) async fn ready(State(state): State<AppState>) -> Response {
    let (database, github) = tokio::join!(state.engine().store().ping(), github(&state));
    if let Err(error) = &database {
        tracing::warn!(%error, "Not ready: the database does not answer");
    }
    let ready = database.is_ok() && github == Seen::Reachable;
    let database = if database.is_ok() { "ok" } else { "does not answer" };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({ "ready": ready, "database": database, "github": github.word() });
    let mut response = (status, Json(body)).into_response();
    response.extensions_mut().insert(OwnBody);
    response
}

/// GitHub as it was seen a moment ago; probes that come at once cause one request.
async fn github(state: &AppState) -> Seen {
    let mut last = state.0.readiness.0.lock().await;
    let now = state.engine().clock().now();
    if let Some((at, seen)) = *last
        && now.since(at) < if seen == Seen::Reachable { GOOD_FOR } else { BAD_FOR }
    {
        return seen;
    }
    let seen = ask(&state.0.parts.github).await;
    *last = Some((now, seen));
    seen
}

async fn ask(github: &github::Github) -> Seen {
    match tokio::time::timeout(PATIENCE, github.installations()).await {
        Ok(Ok(_) | Err(github::Error::RateLimited { .. })) => Seen::Reachable,
        Ok(Err(error)) => {
            tracing::warn!(%error, "Not ready: GitHub did not answer a probe");
            if matches!(error, github::Error::Unauthorized { .. }) {
                Seen::RefusesCredentials
            } else {
                Seen::Unreachable
            }
        }
        Err(_) => Seen::Unreachable,
    }
}
