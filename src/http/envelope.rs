//! What is around every answer: a request id, one line in the log, and problem details where a handler only said why.

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use tower_http::catch_panic::ResponseForPanic;
use tracing::Instrument as _;

use super::AppState;
use super::answer::Detail;

/// Names the request in answers and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Marks an error answer whose body is its own: health, which is read by machines that know its shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnBody;

/// Answers for a handler that panicked. What it said is for the log alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panicked;

impl ResponseForPanic for Panicked {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _: Box<dyn std::any::Any + Send + 'static>) -> Response {
        // The panic hook has written the message and the place.
        tracing::error!("A handler panicked; the others go on");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// Gives the request an id, logs how it was answered, and completes an error to problem details.
pub(super) async fn wrap(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let parts = &state.0.parts;
    let began = parts.engine.clock().now();
    let id = parts.entropy.uuid_v7(began).to_string();
    let method = request.method().clone();
    // The route, not the address: that may hold what somebody typed by mistake.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(unknown)", |path| path.as_str())
        .to_owned();
    let span = tracing::info_span!("request", request_id = %id);
    let mut response = next.run(request).instrument(span).await;
    let status = response.status();
    let ms = parts.engine.clock().now().since(began).as_millis();
    tracing::debug!(request_id = %id, status = status.as_u16(), ms, "Answered {method} {route} with {}", status.as_u16());
    if (status.is_client_error() || status.is_server_error()) && response.extensions().get::<OwnBody>().is_none() {
        response = problem(response, &id);
    }
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn problem(response: Response, id: &str) -> Response {
    let (mut head, _) = response.into_parts();
    let detail = head.extensions.remove::<Detail>().map(|it| it.0);
    let body = json!({
        "type": "about:blank",
        "title": head.status.canonical_reason().unwrap_or("Error"),
        "status": head.status.as_u16(),
        "detail": detail,
        "request_id": id,
    });
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(head, Body::from(body.to_string()))
}
