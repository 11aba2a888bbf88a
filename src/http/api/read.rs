//! `GET /api/v1/workflows/{id}` and what lies below it.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::given::{Asked, page};
use super::{NO_WORKFLOW, find, shown};
use crate::engine::view;
use crate::http::AppState;
use crate::http::answer::ApiError;
use crate::store::EventRow;

type Answer = Result<Json<Value>, ApiError>;

/// What `/status` shows of a workflow.
const STATUS: [&str; 11] = [
    "id",
    "repository",
    "issue",
    "round",
    "state",
    "forked",
    "status",
    "reason",
    "waiting_for",
    "waits",
    "updated_at",
];

/// A page of a log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Pages {
    limit: Option<u32>,
    /// `next` of the page before: the number of the last row seen.
    cursor: Option<i64>,
}

/// No parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Nothing {}

pub(in crate::http) async fn workflow(State(app): State<AppState>, Path(id): Path<String>, _: Asked<Nothing>) -> Answer {
    let row = find(&app, &id).await?;
    Ok(Json(shown(&app, &row)?))
}

pub(in crate::http) async fn status(State(app): State<AppState>, Path(id): Path<String>, _: Asked<Nothing>) -> Answer {
    let row = find(&app, &id).await?;
    let mut whole = shown(&app, &row)?;
    let part: Map<String, Value> = STATUS.iter().map(|key| ((*key).to_owned(), whole[*key].take())).collect();
    Ok(Json(Value::Object(part)))
}

pub(in crate::http) async fn phases(State(app): State<AppState>, Path(id): Path<String>, _: Asked<Nothing>) -> Answer {
    let row = find(&app, &id).await?;
    view::phases(&row, app.engine().clock().now())
        .map(Json)
        .ok_or(ApiError::Internal)
}

pub(in crate::http) async fn events(State(app): State<AppState>, Path(id): Path<String>, Asked(pages): Asked<Pages>) -> Answer {
    let (limit, after) = (page(pages.limit)?, pages.cursor.unwrap_or(0));
    let row = find(&app, &id).await?;
    let mut rows = app.engine().store().events(row.id, after, limit + 1).await?;
    let next = cut(&mut rows, limit, |row| row.seq);
    Ok(Json(view::events(&rows, next)))
}

/// Most rows of a log take no transition, so that pages of it are read until one of transitions is full.
pub(in crate::http) async fn history(State(app): State<AppState>, Path(id): Path<String>, Asked(pages): Asked<Pages>) -> Answer {
    let (limit, mut after) = (page(pages.limit)?, pages.cursor.unwrap_or(0));
    let row = find(&app, &id).await?;
    let mut kept: Vec<EventRow> = Vec::new();
    loop {
        let mut rows = app.engine().store().events(row.id.clone(), after, limit + 1).await?;
        let next = cut(&mut rows, limit, |row| row.seq);
        kept.extend(rows);
        let all = view::history(&kept, next);
        let count = all["transitions"].as_array().map_or(0, Vec::len);
        match next {
            Some(more) if count < limit as usize => after = more,
            Some(_) | None => return Ok(Json(all)),
        }
        kept.retain(|row| view::history(std::slice::from_ref(row), None)["transitions"] != Value::Array(Vec::new()));
    }
}

pub(in crate::http) async fn handoffs(State(app): State<AppState>, Path(id): Path<String>, Asked(pages): Asked<Pages>) -> Answer {
    let (limit, after) = (page(pages.limit)?, pages.cursor.unwrap_or(0));
    let row = app.engine().find(&id).await?.ok_or(NO_WORKFLOW)?;
    let mut rows = app.engine().store().handoffs(row.id, after, limit + 1).await?;
    let next = cut(&mut rows, limit, |row| row.seq);
    Ok(Json(view::handoffs(&rows, next)))
}

/// Cuts to a page; what follows it, if anything does.
fn cut<T>(rows: &mut Vec<T>, limit: u32, seq: impl Fn(&T) -> i64) -> Option<i64> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    rows.last().filter(|_| more).map(seq)
}
