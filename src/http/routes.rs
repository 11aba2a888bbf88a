//! The table of routes: address, method, who may ask, what answers.

use axum::middleware;
use axum::routing::{MethodRouter, get, post};

use super::answer::ApiError;
use super::api::{command, list, read, start};
use super::{AppState, auth, health, webhook};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Anyone,
    /// Whoever signs with the webhook's secret.
    GitHub,
    /// Whoever sends the API's token.
    Token,
}

/// A route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Address, with `{id}` for a workflow: its UUID, or OWNER/REPO#N percent-encoded.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    handler: fn() -> MethodRouter<AppState>,
}

/// All routes there are.
pub const ROUTES: &[Route] = &[
    of("POST", "/webhooks/github", Access::GitHub, || post(webhook::receive)),
    of("GET", "/healthz", Access::Anyone, || get(health::alive)),
    of("GET", "/readyz", Access::Anyone, || get(health::ready)),
    of("GET", "/api/v1/workflows", Access::Token, || get(list::workflows)),
    of("POST", "/api/v1/workflows", Access::Token, || post(start::start)),
    of("GET", "/api/v1/workflows/{id}", Access::Token, || get(read::workflow)),
    of("GET", "/api/v1/workflows/{id}/status", Access::Token, || get(read::status)),
    of("GET", "/api/v1/workflows/{id}/history", Access::Token, || get(read::history)),
    of("GET", "/api/v1/workflows/{id}/events", Access::Token, || get(read::events)),
    of("GET", "/api/v1/workflows/{id}/phases", Access::Token, || get(read::phases)),
    of("GET", "/api/v1/workflows/{id}/handoffs", Access::Token, || {
        get(read::handoffs)
    }),
    of("POST", "/api/v1/workflows/{id}/approve", Access::Token, || {
        post(command::approve)
    }),
    of("POST", "/api/v1/workflows/{id}/revise", Access::Token, || {
        post(command::revise)
    }),
    of("POST", "/api/v1/workflows/{id}/retry", Access::Token, || post(command::retry)),
    of("POST", "/api/v1/workflows/{id}/budget", Access::Token, || {
        post(command::budget)
    }),
    of("POST", "/api/v1/workflows/{id}/pause", Access::Token, || post(command::pause)),
    of("POST", "/api/v1/workflows/{id}/resume", Access::Token, || {
        post(command::resume)
    }),
    of("POST", "/api/v1/workflows/{id}/rollback", Access::Token, || {
        post(command::rollback)
    }),
    of("POST", "/api/v1/workflows/{id}/skip", Access::Token, || post(command::skip)),
    of("POST", "/api/v1/workflows/{id}/hold", Access::Token, || post(command::hold)),
    of("POST", "/api/v1/workflows/{id}/unhold", Access::Token, || {
        post(command::unhold)
    }),
    of("POST", "/api/v1/workflows/{id}/cancel", Access::Token, || {
        post(command::cancel)
    }),
];

const fn of(method: &'static str, path: &'static str, access: Access, handler: fn() -> MethodRouter<AppState>) -> Route {
    Route {
        method,
        path,
        access,
        handler,
    }
}

impl Route {
    /// The handler behind its guard.
    pub(super) fn guarded(&self, state: &AppState) -> MethodRouter<AppState> {
        let handler = (self.handler)();
        match self.access {
            // The extractor of a delivery is the guard: no other way leads to the handler's argument.
            Access::Anyone | Access::GitHub => handler,
            Access::Token => handler.route_layer(middleware::from_fn_with_state(state.clone(), auth::require_token)),
        }
    }
}

pub(super) async fn unknown() -> ApiError {
    ApiError::NotFound("There is nothing at this address.")
}

pub(super) async fn other_method() -> ApiError {
    ApiError::OtherMethod
}
