//! The GraphQL endpoint: credentials, body, fault switches, headers, journal.
//!
//! Invariant: every request leaves one row in the journal with the mutations it tried, whatever became of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use super::execute::{self, Request};
use crate::sim::Sim;
use crate::sim::ops::auth::{self, Caller};
use crate::sim::ops::{Actor, faults};
use crate::sim::world::{Fault, FaultKind, JournalEntry, World};

/// Where it is reached.
const PATH: &str = "/api/graphql";
/// The largest request, bytes. A commit of 10 MB is the most that is sensible, in Base64 a third more.
const BODY_BYTES: usize = 64 * 1024 * 1024;
/// Answers kept for stale reads; beyond it the smallest key is forgotten.
const KEPT: usize = 1024;
/// GitHub's hourly limit of points, told and not enforced.
const POINTS: i64 = 5_000;
/// The window of the limit, milliseconds.
const WINDOW: i64 = 3_600_000;

/// What the router holds.
#[derive(Clone, Debug)]
struct Endpoint {
    sim: Sim,
    /// The last answer to each query, by caller and document.
    last: Arc<Mutex<BTreeMap<String, Value>>>,
}

/// GraphQL at `/api/graphql`.
pub fn router(sim: Sim) -> Router {
    Router::new()
        .route(PATH, post(answer))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Endpoint {
            sim,
            last: Arc::default(),
        })
}

/// A finished answer.
struct Reply {
    status: u16,
    body: Value,
    mutations: Vec<String>,
    points: i64,
}

impl Reply {
    fn refused(status: u16, message: &str) -> Self {
        let body =
            json!({ "message": message, "documentation_url": "https://docs.github.com/graphql", "status": status.to_string() });
        Self {
            status,
            body,
            mutations: Vec::new(),
            points: 0,
        }
    }
}

async fn answer(State(endpoint): State<Endpoint>, headers: HeaderMap, body: axum::body::Bytes) -> Response {
    let credentials = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let agent = headers.get(header::USER_AGENT).is_some_and(|agent| !agent.is_empty());
    let fault = endpoint.sim.with(|world| faults::take(world, "POST", PATH));
    match fault {
        None => endpoint.fresh(credentials, agent, &body),
        Some(fault) => match fault.kind {
            FaultKind::Hang => {
                endpoint.unanswered(credentials);
                std::future::pending().await
            }
            FaultKind::Reset => {
                endpoint.unanswered(credentials);
                cut()
            }
            FaultKind::Status => endpoint.finish(credentials, &faulty(&fault), fault.retry_after),
            FaultKind::ReplyLost => {
                // The journal tells what was done; the caller only learns that something went wrong.
                endpoint.fresh(credentials, agent, &body);
                endpoint
                    .sim
                    .with(|world| written(world, credentials, &faulty(&fault), fault.retry_after))
            }
            FaultKind::Stale => endpoint.stale(credentials, agent, &body),
        },
    }
}

impl Endpoint {
    /// Answers, writes the journal, and keeps a query's answer.
    fn fresh(&self, credentials: Option<&str>, agent: bool, body: &[u8]) -> Response {
        let (reply, query) = self.sim.with(|world| served(world, credentials, agent, body));
        if query {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.len() >= KEPT {
                last.pop_first();
            }
            last.insert(key(credentials, body), reply.body.clone());
        }
        self.finish(credentials, &reply, None)
    }

    /// The answer before the newest change, where there is one.
    fn stale(&self, credentials: Option<&str>, agent: bool, body: &[u8]) -> Response {
        let kept = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key(credentials, body))
            .cloned();
        match kept {
            Some(body) => {
                let reply = Reply {
                    status: 200,
                    body,
                    mutations: Vec::new(),
                    points: 1,
                };
                self.finish(credentials, &reply, None)
            }
            None => self.fresh(credentials, agent, body),
        }
    }

    fn finish(&self, credentials: Option<&str>, reply: &Reply, retry_after: Option<u64>) -> Response {
        self.sim.with(|world| {
            journal(world, credentials, reply.status, reply.mutations.clone());
            written(world, credentials, reply, retry_after)
        })
    }

    fn unanswered(&self, credentials: Option<&str>) {
        self.sim.with(|world| journal(world, credentials, 0, Vec::new()));
    }
}

/// The answer, and whether it is a query's that may be kept.
fn served(world: &mut World, credentials: Option<&str>, agent: bool, body: &[u8]) -> (Reply, bool) {
    if !agent {
        let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
        return (Reply::refused(403, message), false);
    }
    let actor = match caller(world, credentials) {
        Ok(actor) => actor,
        Err(reply) => return (reply, false),
    };
    let request: Request = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) if error.is_data() => {
            return (
                Reply::refused(400, "A query attribute must be specified and must be a string."),
                false,
            );
        }
        Err(_) => return (Reply::refused(400, "Problems parsing JSON"), false),
    };
    let answered = execute::execute(world, &actor, &request);
    let reply = Reply {
        status: 200,
        body: answered.body,
        mutations: answered.mutations,
        points: answered.points,
    };
    (reply, answered.query)
}

fn caller(world: &World, credentials: Option<&str>) -> Result<Actor, Reply> {
    match auth::caller(world, credentials) {
        Ok(Caller::Actor(actor)) => Ok(actor),
        Ok(Caller::Anonymous | Caller::Jwt(_)) => Err(Reply::refused(401, "This endpoint requires you to be authenticated.")),
        Err(refusal) => Err(Reply::refused(refusal.status, &refusal.message)),
    }
}

fn who(world: &World, credentials: Option<&str>) -> String {
    auth::caller(world, credentials).map_or_else(|_| "anonymous".to_owned(), |caller| auth::who(world, &caller))
}

fn journal(world: &mut World, credentials: Option<&str>, status: u16, mutations: Vec<String>) {
    let (at, who) = (world.now(), who(world, credentials));
    world.journal.push(JournalEntry {
        at,
        who,
        method: "POST".to_owned(),
        path: PATH.to_owned(),
        mutations,
        status,
    });
}

/// The answer with the headers that every answer has.
fn written(world: &mut World, credentials: Option<&str>, reply: &Reply, retry_after: Option<u64>) -> Response {
    let who = who(world, credentials);
    let begin = world.now().0.div_euclid(WINDOW) * WINDOW;
    let recent = world.journal.iter().rev().take_while(|entry| entry.at.0 >= begin);
    let before = recent.filter(|entry| entry.who == who && entry.path == PATH).count();
    // A document's own price is known, that of those before it was a point each but for very big ones.
    let used = i64::try_from(before)
        .unwrap_or(i64::MAX)
        .saturating_add((reply.points - 1).max(0));
    let headers = [
        ("content-type", "application/json; charset=utf-8".to_owned()),
        (
            "x-github-request-id",
            format!("5170:{:06X}:{:06X}", world.journal.len(), world.now().0 & 0xFF_FFFF),
        ),
        ("x-github-media-type", "github.v4; format=json".to_owned()),
        ("x-ratelimit-limit", POINTS.to_string()),
        ("x-ratelimit-remaining", (POINTS - used).max(0).to_string()),
        ("x-ratelimit-used", used.to_string()),
        ("x-ratelimit-reset", ((begin + WINDOW) / 1000).to_string()),
        ("x-ratelimit-resource", "graphql".to_owned()),
    ];
    let mut response = Response::new(Body::from(reply.body.to_string()));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry = retry_after.map(|seconds| ("retry-after", seconds.to_string()));
    for (name, value) in headers.into_iter().chain(retry) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn key(credentials: Option<&str>, body: &[u8]) -> String {
    format!("{}\n{}", credentials.unwrap_or_default(), String::from_utf8_lossy(body))
}

/// What a switched-on status looks like; GitHub words its secondary limit differently from its failures.
fn faulty(fault: &Fault) -> Reply {
    let message = match fault.status {
        403 | 429 => "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        401 => "Bad credentials",
        _ => "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug.",
    };
    Reply::refused(fault.status, message)
}

/// An answer whose connection breaks before the first byte of the body.
fn cut() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<Vec<u8>, std::io::Error>(std::io::Error::new(
            std::io::ErrorKind::ConnectionReset,
            "the connection was cut",
        ))
    });
    Response::new(Body::from_stream(broken))
}
