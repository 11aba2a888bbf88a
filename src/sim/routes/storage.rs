//! Where logs lie: addresses that carry their own permission for one minute.
//!
//! GitHub's storage is another host; here it is the same one under another path, which takes no credentials either.
//!
//! Invariant: an address opens one log, until its time is over, to whoever has it; a request with credentials is refused.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

use super::asked::Asked;
use super::pattern::matches;
use super::reply::Reply;
use crate::clock::Millis;
use crate::sim::render::Render;
use crate::sim::world::{CheckRunId, Repository, World};

/// How long an address is good, milliseconds: GitHub's minute.
const GOOD_FOR: i64 = 60_000;

/// The address of a job's log, good for a minute.
#[must_use]
pub(super) fn link(world: &World, repo: &Repository, job: CheckRunId) -> String {
    let path = format!("/_storage/logs/{}/{job}", world.full_name(repo.id));
    let until = world.now().0 + GOOD_FOR;
    let signature = sign(world, &path, until);
    Render::new(world).html(format_args!("{path}?se={until}&sig={signature}"))
}

/// A log.
#[must_use]
pub(super) fn log(world: &World, asked: &Asked) -> Reply {
    if asked.header("authorization").is_some() {
        return refused(
            403,
            "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly.",
        );
    }
    let parameter = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(asked.query.as_bytes());
        pairs
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let until: i64 = parameter("se").parse().unwrap_or(0);
    if parameter("sig") != sign(world, &asked.path, until) || world.now() >= Millis(until) {
        return refused(403, "Signature not valid in the specified time frame.");
    }
    let Some(params) = matches("/_storage/logs/{owner}/{repo}/{job}", &asked.path) else {
        return refused(404, "The log does not exist.");
    };
    let job = params["job"].parse().ok().map(CheckRunId);
    let log = world
        .repository_named(&params["owner"], &params["repo"])
        .and_then(|repo| repo.jobs.get(&job?)?.log.clone());
    match log {
        Some(log) => Reply {
            status: 200,
            headers: vec![("content-type", "text/plain; charset=utf-8".to_owned())],
            body: log.into_bytes(),
        },
        None => refused(404, "The log does not exist."),
    }
}

fn sign(world: &World, path: &str, until: i64) -> String {
    let secret = world.webhook_secret.expose_secret().as_bytes();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return String::new();
    };
    // A word of its own, so that the signature of a webhook opens no log.
    mac.update(format!("storage\n{path}\n{until}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn refused(status: u16, message: &str) -> Reply {
    Reply {
        status,
        headers: vec![("content-type", "text/plain; charset=utf-8".to_owned())],
        body: message.as_bytes().to_vec(),
    }
}
