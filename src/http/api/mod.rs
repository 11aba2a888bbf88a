//! The API of operators, below `/api/v1`: lists, workflows, their logs, starts and commands.
//!
//! Invariant: what is asked for wrongly is refused with one sentence, unknown members and parameters included; lists are
//! pages of at most [`PAGE_MAX`].

pub(super) mod command;
mod given;
pub(super) mod list;
mod phase;
pub(super) mod read;
pub(super) mod start;

use std::time::Duration;

use axum::Json;
use serde_json::Value;

use super::AppState;
use super::answer::ApiError;
use crate::engine::view;
use crate::store::WorkflowRow;

/// The longest page of a list.
pub const PAGE_MAX: u32 = 100;

/// A page when nothing is said.
const PAGE: u32 = 50;

/// How long a command or a start is waited for before it is answered as undecided.
const PATIENCE: Duration = Duration::from_secs(5);

const NO_WORKFLOW: ApiError =
    ApiError::NotFound("There is no such workflow: name it by its UUID, or by OWNER/REPO#N percent-encoded.");

async fn find(state: &AppState, id: &str) -> Result<WorkflowRow, ApiError> {
    state.engine().find(id).await?.ok_or(NO_WORKFLOW)
}

fn shown(state: &AppState, row: &WorkflowRow) -> Result<Value, ApiError> {
    let now = state.engine().clock().now();
    view::workflow(row, now).ok_or_else(|| {
        tracing::error!(workflow = %row.id, "The stored state of workflow {} is not one of this version", row.id);
        ApiError::Internal
    })
}

fn json(value: Value) -> Json<Value> {
    Json(value)
}
