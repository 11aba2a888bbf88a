//! The HTTP surface: GitHub's webhooks, health, and the API of operators.
//!
//! Handlers read: extract, ask, answer. Proof comes first: a delivery's signature, an operator's token.
//!
//! Invariant: nothing is decided here, no error shows internals, and neither bodies nor tokens are logged. A route without
//! an entry in [`ROUTES`] does not exist, and an entry says who may ask.

mod answer;
mod api;
mod auth;
mod envelope;
mod health;
mod listener;
mod routes;
mod webhook;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, middleware};
use http::StatusCode;
use secrecy::SecretString;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

pub use api::PAGE_MAX;
pub use listener::{Bounded, Connection};
pub use routes::{Access, ROUTES, Route};
pub use webhook::BODY_BYTES_MAX;

use crate::clock::Entropy;
use crate::engine::Engine;
use crate::github::Github;

/// How long any answer may take. A command is waited for 5 s, a body 10 s; the rest is for a slow disk.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// What the surface is made of.
#[derive(Clone)]
pub struct Parts {
    /// Does what is asked.
    pub engine: Engine,
    /// Asked whether it can be reached.
    pub github: Github,
    /// Makes request ids and keys.
    pub entropy: Arc<dyn Entropy>,
    /// The webhook's secret, and the one before it while it is being changed.
    pub webhook_secrets: Vec<SecretString>,
    /// The API's bearer token; without it the API answers 401.
    pub api_token: Option<SecretString>,
}

/// What every handler is given. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    parts: Parts,
    readiness: health::Readiness,
}

impl AppState {
    /// The state of a surface made of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            readiness: health::Readiness::default(),
        }))
    }

    fn engine(&self) -> &Engine {
        &self.0.parts.engine
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState")
            .field("api_token_set", &self.0.parts.api_token.is_some())
            .finish_non_exhaustive()
    }
}

/// All routes, with what is around every one of them: a request id, a time limit, problem details for errors.
pub fn app(state: AppState) -> Router {
    let mut router = Router::new()
        .fallback(routes::unknown)
        .method_not_allowed_fallback(routes::other_method);
    for route in ROUTES {
        router = router.route(route.path, route.guarded(&state));
    }
    router
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_TIME))
        .layer(CatchPanicLayer::custom(envelope::Panicked))
        .layer(middleware::from_fn_with_state(state.clone(), envelope::wrap))
        .with_state(state)
}
