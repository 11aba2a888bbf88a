//! `GET /api/v1/workflows`

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::given::{Asked, page};
use super::shown;
use crate::http::AppState;
use crate::http::answer::ApiError;
use crate::store::WorkflowFilter;
use crate::workflow::state;

/// The statuses of a workflow, by INTERFACE.
const STATUSES: [&str; 7] = [
    "active",
    "waiting",
    "paused",
    "failed",
    "cancelled",
    "rolled_back",
    "complete",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Wanted {
    repository: Option<String>,
    state: Option<String>,
    status: Option<String>,
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The newest first; `next` leads to older ones.
pub(in crate::http) async fn workflows(
    State(app): State<AppState>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Value>, ApiError> {
    let limit = page(wanted.limit)?;
    known("state", wanted.state.as_deref(), &state::State::ALL.map(state::State::name))?;
    known("status", wanted.status.as_deref(), &STATUSES)?;
    let filter = WorkflowFilter {
        repository: wanted.repository,
        state: wanted.state,
        status: wanted.status,
        before: wanted.cursor,
        // One more tells whether there is a next page.
        limit: limit + 1,
        ..WorkflowFilter::default()
    };
    let mut rows = app.engine().store().workflows(filter).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.id.clone());
    let list = rows.iter().map(|row| shown(&app, row)).collect::<Result<Vec<_>, _>>()?;
    Ok(super::json(json!({ "workflows": list, "next": next })))
}

fn known(parameter: &str, given: Option<&str>, words: &[&str]) -> Result<(), ApiError> {
    match given {
        Some(word) if !words.contains(&word) => Err(ApiError::Unprocessable(format!(
            "{parameter} must be one of {}.",
            words.join(", ")
        ))),
        Some(_) | None => Ok(()),
    }
}
