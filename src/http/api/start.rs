//! `POST /api/v1/workflows`: start the work on an issue, or on a text that becomes one.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::given::Order;
use super::{PATIENCE, shown};
use crate::engine::Reply;
use crate::http::AppState;
use crate::http::answer::ApiError;
use crate::store::{StoreError, WorkflowFilter, WorkflowRow};
use crate::workflow::command::TEXT_CHARS_MAX;

/// How often it is looked whether the workflow is there: reading the issue first takes GitHub longer than that.
const LOOK: Duration = Duration::from_millis(100);

/// Among how many of a repository's newest workflows the one that was just begun is looked for.
const NEWEST: u32 = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Start {
    /// `owner/name`.
    repository: String,
    /// The issue; or else `text`.
    issue: Option<u64>,
    /// Waives the approval of the plan.
    #[serde(default)]
    auto: bool,
    /// The text of an issue to be opened: its first line is the title.
    text: Option<String>,
}

/// 201 with the new workflow, 200 with the open one, 202 if it is not decided in time.
pub(in crate::http) async fn start(State(app): State<AppState>, order: Order<Start>) -> Result<Response, ApiError> {
    let Order { body: wanted, key } = order;
    is_repository(&wanted.repository)?;
    match (wanted.issue, wanted.text.as_deref()) {
        (Some(issue), None) => on_issue(&app, &wanted.repository, issue, (wanted.auto, &key)).await,
        (None, Some(text)) if !wanted.auto => on_text(&app, &wanted.repository, text, &key).await,
        (None, Some(_)) => Err(unprocessable(
            "auto goes with an issue: the plan for a text is always shown first.",
        )),
        (Some(_), Some(_)) | (None, None) => Err(unprocessable("Give either issue, a number, or text, which becomes an issue.")),
    }
}

async fn on_issue(app: &AppState, repository: &str, issue: u64, (auto, key): (bool, &str)) -> Result<Response, ApiError> {
    if issue == 0 || i64::try_from(issue).is_err() {
        return Err(unprocessable("issue must be an issue's number."));
    }
    let name = format!("{repository}#{issue}");
    let before = app.engine().find(&name).await?;
    if let Some(open) = before.as_ref().filter(|row| row.open) {
        return Ok((StatusCode::OK, Json(shown(app, open)?)).into_response());
    }
    match app.engine().start(repository, issue, auto, key).await? {
        Reply::Pending => match appears(
            app,
            &Sought::OfIssue {
                name: &name,
                before: before.as_ref(),
            },
        )
        .await?
        {
            Some(row) => created(app, &row),
            None => Ok((
                StatusCode::ACCEPTED,
                Json(json!({ "id": null, "repository": repository, "issue": issue })),
            )
                .into_response()),
        },
        reply @ (Reply::Done(_) | Reply::Refused(_) | Reply::NotFound) => answered(app, reply),
    }
}

async fn on_text(app: &AppState, repository: &str, text: &str, key: &str) -> Result<Response, ApiError> {
    if text.trim().is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        return Err(unprocessable(&format!("text must have 1 to {TEXT_CHARS_MAX} characters.")));
    }
    match app.engine().generate(repository, text, key).await? {
        Reply::Pending => match appears(app, &Sought::ByKey { repository, key }).await? {
            Some(row) => created(app, &row),
            None => Ok((
                StatusCode::ACCEPTED,
                Json(json!({ "id": null, "repository": repository, "issue": null })),
            )
                .into_response()),
        },
        reply @ (Reply::Done(_) | Reply::Refused(_) | Reply::NotFound) => answered(app, reply),
    }
}

fn answered(app: &AppState, reply: Reply) -> Result<Response, ApiError> {
    match reply {
        Reply::Done(row) => created(app, &row),
        Reply::Refused(sentence) => Err(ApiError::Refused(sentence)),
        Reply::NotFound => Err(ApiError::NotFound("Millhand is not installed on such a repository.")),
        Reply::Pending => Ok(StatusCode::ACCEPTED.into_response()),
    }
}

fn created(app: &AppState, row: &WorkflowRow) -> Result<Response, ApiError> {
    let mut response = (StatusCode::CREATED, Json(shown(app, row)?)).into_response();
    if let Ok(place) = HeaderValue::try_from(format!("/api/v1/workflows/{}", row.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Which workflow is waited for.
enum Sought<'a> {
    /// One of this issue that is not the one from before.
    OfIssue { name: &'a str, before: Option<&'a WorkflowRow> },
    /// The one that this key began: the first row of its log says so.
    ByKey { repository: &'a str, key: &'a str },
}

impl Sought<'_> {
    async fn find(&self, app: &AppState) -> Result<Option<WorkflowRow>, StoreError> {
        match self {
            Self::OfIssue { name, before } => {
                let newest = app.engine().find(name).await?;
                Ok(newest.filter(|row| before.is_none_or(|old| old.id != row.id)))
            }
            Self::ByKey { repository, key } => {
                let filter = WorkflowFilter {
                    repository: Some((*repository).to_owned()),
                    limit: NEWEST,
                    ..WorkflowFilter::default()
                };
                for row in app.engine().store().workflows(filter).await? {
                    let first = app.engine().store().events(row.id.clone(), 0, 1).await?;
                    if first.iter().any(|event| event.fact_id.ends_with(&format!("api:{key}"))) {
                        return Ok(Some(row));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// Waits until the workflow is there, as long as the patience lasts.
async fn appears(app: &AppState, sought: &Sought<'_>) -> Result<Option<WorkflowRow>, ApiError> {
    let mut waited = Duration::ZERO;
    loop {
        let found = sought.find(app).await?;
        if found.is_some() || waited >= PATIENCE {
            return Ok(found);
        }
        waited += LOOK;
        tokio::time::sleep(LOOK).await;
    }
}

fn is_repository(name: &str) -> Result<(), ApiError> {
    let part = |text: &str| {
        (1..=100).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    match name.split_once('/') {
        Some((owner, name)) if part(owner) && part(name) => Ok(()),
        _ => Err(unprocessable("repository must be OWNER/NAME.")),
    }
}

fn unprocessable(text: &str) -> ApiError {
    ApiError::Unprocessable(text.to_owned())
}
