//! The REST API of the simulated GitHub below `/api/v3`, and its verbs below `/_sim`.
//!
//! Every call goes one way: fault switches, credentials, route, repository, permission, handler, headers, journal. What may
//! be done is decided by the operations of `ops`, what may be read by the table of routes.
//!
//! Invariant: every request leaves one row in the journal, whatever became of it, but for verbs.

mod actions;
mod apps;
mod asked;
mod call;
mod checks;
mod comments;
mod commits;
mod contents;
mod fields;
mod git;
mod issues;
mod labels;
mod pattern;
mod pulls;
mod rate;
mod reply;
mod repositories;
mod reviews;
mod serve;
mod storage;
mod table;
mod verbs;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{any, get};

use crate::sim::Sim;
use crate::sim::ops::{Refusal, faults};
use crate::sim::world::{Fault, FaultKind};
use asked::Asked;
use reply::Reply;

/// Largest body of a request, bytes: GitHub takes blobs up to 100 MB, which base64 makes a third longer.
const LARGEST_BODY: usize = 140 * 1024 * 1024;

/// Answers kept for stale reads; beyond it the address that was first asked for is forgotten.
const KEPT_ANSWERS: usize = 1024;

/// What the router holds.
#[derive(Clone, Debug)]
struct Rest {
    sim: Sim,
    last: Arc<Mutex<Kept>>,
}

/// The last answer to each read, by caller and address.
#[derive(Debug, Default)]
struct Kept {
    replies: BTreeMap<String, Reply>,
    /// The addresses in the order they were first asked for.
    order: VecDeque<String>,
}

impl Kept {
    fn keep(&mut self, key: String, reply: Reply) {
        if self.replies.insert(key.clone(), reply).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > KEPT_ANSWERS
            && let Some(first) = self.order.pop_front()
        {
            self.replies.remove(&first);
        }
    }
}

/// REST, verbs and the storage of logs.
pub fn router(sim: Sim) -> Router {
    Router::new()
        .route("/api/v3", any(rest))
        .route("/api/v3/", any(rest))
        .route("/api/v3/{*path}", any(rest))
        .route("/_sim", any(verb))
        .route("/_sim/{*path}", any(verb))
        .route("/_storage/logs/{owner}/{repo}/{job}", get(log))
        .with_state(Rest {
            sim,
            last: Arc::default(),
        })
}

async fn rest(State(rest): State<Rest>, request: Request) -> Response {
    let asked = match read(request).await {
        Ok(asked) => asked,
        Err(reply) => return reply.into_response(),
    };
    let Some(fault) = rest.sim.with(|world| faults::take(world, &asked.method, &asked.path)) else {
        return rest.fresh(&asked).into_response();
    };
    match fault.kind {
        FaultKind::Hang => {
            rest.sim.with(|world| serve::journal(world, &asked, 0));
            std::future::pending().await
        }
        FaultKind::Reset => {
            rest.sim.with(|world| serve::journal(world, &asked, 0));
            cut()
        }
        FaultKind::Status => rest
            .sim
            .with(|world| serve::finish(world, &asked, faulty(&fault)))
            .into_response(),
        FaultKind::ReplyLost => {
            // The journal tells what was done; the caller only learns that something went wrong.
            rest.fresh(&asked);
            faulty(&fault).into_response()
        }
        FaultKind::Stale => {
            let old = kept(&rest.last)
                .replies
                .get(&asked.key())
                .cloned()
                .filter(|_| asked.method == "GET");
            match old {
                Some(reply) => rest.sim.with(|world| serve::finish(world, &asked, reply)).into_response(),
                None => rest.fresh(&asked).into_response(),
            }
        }
    }
}

async fn verb(State(rest): State<Rest>, request: Request) -> Response {
    match read(request).await {
        Ok(asked) => verbs::answer(&rest.sim, &asked).into_response(),
        Err(reply) => reply.into_response(),
    }
}

async fn log(State(rest): State<Rest>, request: Request) -> Response {
    match read(request).await {
        Ok(asked) => rest.sim.with(|world| storage::log(world, &asked)).into_response(),
        Err(reply) => reply.into_response(),
    }
}

impl Rest {
    fn fresh(&self, asked: &Asked) -> Reply {
        let (reply, plain) = self.sim.with(|world| serve::serve(world, asked));
        if let (Some(plain), "GET") = (plain, asked.method.as_str()) {
            kept(&self.last).keep(asked.key(), plain);
        }
        reply
    }
}

fn kept(last: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    last.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(request: Request) -> Result<Asked, Reply> {
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, LARGEST_BODY).await {
        Ok(bytes) => Ok(Asked::new(&parts, bytes.to_vec())),
        Err(_) => Err(Reply::refused(&Refusal::new(413, "Payload too large"))),
    }
}

/// What a switched-on status looks like; GitHub words its secondary limit differently from its failures.
fn faulty(fault: &Fault) -> Reply {
    let message = match fault.status {
        403 | 429 => "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        401 => "Bad credentials",
        404 => "Not Found",
        503 => {
            "No server is currently available to service your request. Sorry about that. Please try resubmitting your request."
        }
        _ => "Server Error",
    };
    let mut reply = Reply::refused(&Refusal::new(fault.status, message));
    if let Some(seconds) = fault.retry_after {
        reply.headers.push(("retry-after", seconds.to_string()));
    }
    reply
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

#[cfg(test)]
mod tests;
