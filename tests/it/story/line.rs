//! The line between the bot and GitHub, and what goes wrong on it.
//!
//! Invariant: each change that the bot asks for meets with the mishap once; asked for again in the same words, it goes through.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, Response};
use millhand::clock::{Entropy as _, Millis, SeededEntropy};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::{ServiceExt as _, service_fn};

/// What happens to a change on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// GitHub does it, and its answer never comes.
    ReplyLost,
    /// The bot's process dies before GitHub hears of it.
    DiesBefore,
    /// GitHub does it, and the bot's process dies before it hears the answer.
    DiesAfter,
}

#[derive(Clone, Default)]
pub(crate) struct Line {
    state: Arc<Mutex<State>>,
    died: Arc<Notify>,
}

#[derive(Default)]
struct State {
    mishap: Option<Mishap>,
    /// Only changes of these names; empty is all.
    only: Vec<&'static str>,
    met: BTreeSet<u64>,
    names: Vec<String>,
    /// The next request of any kind finds the primary rate limit used up until then, in epoch seconds.
    limited: Option<i64>,
    chance: Option<Chance>,
    /// What people do in the middle of the bot's work: after so many more requests of its.
    meanwhile: Vec<(usize, Request<Body>)>,
    /// Bodies of what they were answered.
    answered: Vec<Value>,
}

struct Chance {
    dice: SeededEntropy,
    one_in: u64,
    times: u32,
}

impl Chance {
    fn rolled(&mut self) -> Option<Mishap> {
        let number = self.dice.number();
        if self.times == 0 || !number.is_multiple_of(self.one_in) {
            return None;
        }
        self.times -= 1;
        Some(if self.dice.number().is_multiple_of(2) {
            Mishap::DiesBefore
        } else {
            Mishap::DiesAfter
        })
    }
}

impl Line {
    /// From now on every change of these names (of all, if none are given) meets with this, once.
    pub(crate) fn befall(&self, mishap: Mishap, only: &[&'static str]) {
        let mut state = self.state.lock().unwrap();
        state.mishap = Some(mishap);
        state.only = only.to_vec();
    }

    /// From now on all is well.
    pub(crate) fn calm(&self) {
        self.state.lock().unwrap().mishap = None;
    }

    /// The next request finds the hour's requests used up until `reset`.
    pub(crate) fn use_up(&self, reset: Millis) {
        self.state.lock().unwrap().limited = Some(reset.0.div_euclid(1_000));
    }

    /// Names of the changes that met with something, in order.
    pub(crate) fn befallen(&self) -> Vec<String> {
        self.state.lock().unwrap().names.clone()
    }

    /// The bot's process dies now.
    pub(crate) fn kill(&self) {
        self.died.notify_one();
    }

    /// From now on the process dies at one request in `one_in`, as chance has it, before or after GitHub heard of it; so
    /// often and no more.
    pub(crate) fn dies_by_chance(&self, seed: u64, one_in: u64, times: u32) {
        self.state.lock().unwrap().chance = Some(Chance {
            dice: SeededEntropy::new(seed),
            one_in,
            times,
        });
    }

    /// How often it still is to die by chance.
    pub(crate) fn deaths_left(&self) -> u32 {
        self.state.lock().unwrap().chance.as_ref().map_or(0, |chance| chance.times)
    }

    /// A person's request goes to GitHub right before the bot's request that comes after `others` others.
    pub(crate) fn meanwhile(&self, others: usize, request: Request<Body>) {
        self.state.lock().unwrap().meanwhile.push((others, request));
    }

    /// What was still to be done in the middle of the bot's work.
    pub(crate) fn left(&self) -> Vec<Request<Body>> {
        let left = std::mem::take(&mut self.state.lock().unwrap().meanwhile);
        left.into_iter().map(|(_, request)| request).collect()
    }

    /// What people were answered who acted in the middle of the bot's work, since it was asked last.
    pub(crate) fn answered(&self) -> Vec<Value> {
        std::mem::take(&mut self.state.lock().unwrap().answered)
    }

    /// Resolves when the process dies.
    pub(crate) async fn death(&self) {
        self.died.notified().await;
    }

    /// GitHub, behind this line.
    pub(super) fn before(&self, github: Router) -> Router {
        let line = self.clone();
        let service = service_fn(move |request: Request<Body>| {
            let (line, github) = (line.clone(), github.clone());
            async move { Ok::<_, Infallible>(line.carry(github, request).await) }
        });
        Router::new().fallback_service(service)
    }

    async fn carry(&self, github: Router, request: Request<Body>) -> Response<Body> {
        if let Some(reset) = self.state.lock().unwrap().limited.take() {
            return used_up(reset);
        }
        self.let_people_act(&github).await;
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let name = change(&parts.method, parts.uri.path(), &body);
        let rolled = self.state.lock().unwrap().chance.as_mut().and_then(Chance::rolled);
        let mishap = rolled.or_else(|| name.and_then(|name| self.meets(&name, parts.uri.path(), &body)));
        if mishap == Some(Mishap::DiesBefore) {
            self.died.notify_one();
            return std::future::pending().await;
        }
        let Ok(answer) = github.oneshot(Request::from_parts(parts, Body::from(body))).await;
        match mishap {
            None => answer,
            Some(Mishap::ReplyLost) => Response::new(Body::from_stream(futures_util::stream::once(async {
                Err::<Bytes, _>(io::Error::new(io::ErrorKind::ConnectionReset, "the answer is lost"))
            }))),
            Some(Mishap::DiesAfter | Mishap::DiesBefore) => {
                self.died.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn let_people_act(&self, github: &Router) {
        let due: Vec<Request<Body>> = {
            let mut state = self.state.lock().unwrap();
            let all = std::mem::take(&mut state.meanwhile);
            let (due, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|(others, _)| *others == 0);
            state.meanwhile = later.into_iter().map(|(others, request)| (others - 1, request)).collect();
            due.into_iter().map(|(_, request)| request).collect()
        };
        for request in due {
            let Ok(answer) = github.clone().oneshot(request).await;
            let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let answer = serde_json::from_slice(&bytes).unwrap_or_default();
            self.state.lock().unwrap().answered.push(answer);
        }
    }

    fn meets(&self, name: &str, path: &str, body: &[u8]) -> Option<Mishap> {
        let mut state = self.state.lock().unwrap();
        let mishap = state.mishap?;
        if !state.only.is_empty() && !state.only.contains(&name) {
            return None;
        }
        let mut words = DefaultHasher::new();
        (path, body).hash(&mut words);
        if !state.met.insert(words.finish()) {
            return None;
        }
        state.names.push(name.to_owned());
        Some(mishap)
    }
}

/// GitHub's answer to whoever has used up the hour's requests.
fn used_up(reset: i64) -> Response<Body> {
    let body = json!({ "message": "API rate limit exceeded for installation ID 1.", "documentation_url": "https://docs.github.com/rest" });
    Response::builder()
        .status(403)
        .header("content-type", "application/json; charset=utf-8")
        .header("x-ratelimit-limit", "5000")
        .header("x-ratelimit-remaining", "0")
        .header("x-ratelimit-reset", reset.to_string())
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// The name of what is to be changed; reading, and asking for a token, change nothing.
fn change(method: &Method, path: &str, body: &[u8]) -> Option<String> {
    if path.ends_with("/graphql") {
        let body: Value = serde_json::from_slice(body).unwrap();
        let words = body["query"].as_str().unwrap().trim_start().strip_prefix("mutation")?;
        let name: String = words
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        return Some(name);
    }
    let reads = method == Method::GET || path.ends_with("/access_tokens");
    (!reads).then(|| format!("{method} {path}"))
}
