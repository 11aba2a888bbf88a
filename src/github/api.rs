//! One request to GitHub, from credentials to classified answer.
//!
//! octocrab carries the request over our wire; its authentication, retries, paging and models are not used. What it would
//! do unasked (repeat a POST, wait an hour, drop the credentials on a `next` link) the engine decides here.
//!
//! Invariant: a request is sent once; only a 401, which GitHub gives before it does anything, is sent again, once, with a
//! new token.

use std::time::Duration;

use axum::body::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, USER_AGENT};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;
use octocrab::OctoBody;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::auth::Grant;
use super::error::{Denial, Error};
use super::request::{Reply, Request, RequestKind, RequestNote, Scope};
use super::types::RepositoryId;
use super::wire::{Keep, Lost};
use super::{Github, classify};
use crate::clock::Millis;

/// The version all hosts know; later ones are refused with 400 by older Enterprise Servers.
const API_VERSION: &str = "2022-11-28";

/// GitHub refuses requests without a name.
const AGENT: &str = concat!("millhand/", env!("CARGO_PKG_VERSION"));

/// Waits are spread over this much, so that all that waited for one reset do not come in the same millisecond.
const JITTER_MS: u64 = 2000;

/// Items asked for in one page; GitHub's largest.
const PAGE: usize = 100;

impl Github {
    /// Sends `request` with the credentials of `scope`; an answer outside 2xx and 304 is an error.
    pub(super) async fn call(&self, scope: Scope, request: Request) -> Result<Reply, Error> {
        let reply = self.call_unfollowed(scope, request).await?;
        if reply.status.is_redirection() && reply.status != StatusCode::NOT_MODIFIED {
            return Err(self.refusal(&reply));
        }
        Ok(reply)
    }

    /// As [`call`](Self::call), but a redirect is an answer like any other.
    pub(super) async fn call_unfollowed(&self, scope: Scope, request: Request) -> Result<Reply, Error> {
        if self.looks && request.mutations > 0 {
            return Err(Error::Superseded);
        }
        let mut credential = self.credential(scope).await?;
        let mut reply = self.send(scope, &request, &credential).await?;
        if let (StatusCode::UNAUTHORIZED, Scope::Token(grant)) = (reply.status, scope) {
            self.inner.tokens.refused(grant, &credential).await;
            credential = self.credential(scope).await?;
            reply = self.send(scope, &request, &credential).await?;
        }
        if reply.status.is_success() || reply.status.is_redirection() {
            Ok(reply)
        } else {
            Err(self.refusal(&reply))
        }
    }

    /// Reads and parses.
    pub(super) async fn get<T: DeserializeOwned>(&self, scope: Scope, path: impl Into<String>) -> Result<T, Error> {
        self.call(scope, Request::get(path)).await?.json()
    }

    /// Reads all pages of a list, at most `most` items; `items` takes a page apart. `path` may have a query.
    pub(super) async fn list<P: DeserializeOwned, T>(
        &self,
        scope: Scope,
        path: &str,
        most: usize,
        items: fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, Error> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1.. {
            let page: P = self.get(scope, format!("{path}{joint}per_page={PAGE}&page={page}")).await?;
            let found = items(page);
            let last = found.len() < PAGE;
            all.extend(found);
            if last || all.len() >= most {
                break;
            }
        }
        all.truncate(most);
        Ok(all)
    }

    /// What an answer outside 2xx means.
    pub(super) fn refusal(&self, reply: &Reply) -> Error {
        classify::rest(reply.status, &reply.headers, &reply.body, self.now(), self.jitter())
    }

    pub(super) fn now(&self) -> Millis {
        self.inner.clock.now()
    }

    pub(super) fn jitter(&self) -> Duration {
        Duration::from_millis(self.inner.entropy.number() % JITTER_MS)
    }

    async fn credential(&self, scope: Scope) -> Result<SecretString, Error> {
        match scope {
            Scope::App => self.inner.app.jwt(self.now()),
            Scope::Token(grant) => self.inner.tokens.get(grant, self.now(), || self.mint(grant)).await,
        }
    }

    async fn mint(&self, grant: Grant) -> Result<SecretString, Error> {
        #[derive(Deserialize)]
        struct Token {
            token: SecretString,
        }
        let path = format!("/app/installations/{}/access_tokens", grant.installation.0);
        let mut request = Request::post(path, grant.body());
        (request.kind, request.mutations) = (RequestKind::Token, 0);
        let reply = self.send(Scope::App, &request, &self.inner.app.jwt(self.now())?).await?;
        if reply.status.is_success() {
            return reply.json::<Token>().map(|answer| answer.token);
        }
        let error = self.refusal(&reply);
        // An installation that is gone must not look like a missing issue.
        if let Error::NotFound { message } | Error::Refused { status: 422, message } = error {
            let why = if message.contains("permissions") {
                Denial::Permission
            } else {
                Denial::Uninstalled
            };
            return Err(Error::Denied { why, message });
        }
        Err(error)
    }

    /// One exchange. What was lost after it was sent is unknown if it changes something.
    async fn send(&self, scope: Scope, request: &Request, credential: &SecretString) -> Result<Reply, Error> {
        let address = match request.kind {
            RequestKind::Document(_) => self.inner.endpoints.graphql.clone(),
            RequestKind::Token | RequestKind::Rest | RequestKind::Log => format!("{}{}", self.inner.endpoints.api, request.path),
        };
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", credential.expose_secret()))
            .map_err(|_| Error::malformed("a credential with characters that no header may have"))?;
        authorization.set_sensitive(true);
        let outcome = self.transfer(&address, Some(authorization), request).await;
        self.note(scope.repository(), request, outcome.as_ref().ok());
        outcome.map_err(|lost| match lost {
            Lost::NotSent(_) => Error::Unavailable {
                message: lost.to_string(),
            },
            Lost::TooLarge(_) => Error::malformed(&lost),
            Lost::TimedOut(_) | Lost::Broken(_) if request.mutations > 0 => Error::Unknown {
                message: lost.to_string(),
            },
            Lost::TimedOut(_) | Lost::Broken(_) => Error::Unavailable {
                message: lost.to_string(),
            },
        })
    }

    /// Fetches an address that GitHub named, without credentials.
    pub(super) async fn fetch(&self, address: &str, keep: Keep) -> Result<Reply, Error> {
        let mut request = Request::get(String::new());
        (request.kind, request.keep, request.accept) = (RequestKind::Log, keep, "*/*");
        let outcome = self.transfer(address, None, &request).await;
        self.note(None, &request, outcome.as_ref().ok());
        outcome.map_err(|lost| Error::Unavailable {
            message: lost.to_string(),
        })
    }

    async fn transfer(&self, address: &str, credential: Option<HeaderValue>, request: &Request) -> Result<Reply, Lost> {
        let mut builder = http::Request::builder()
            .method(&request.method)
            .uri(address)
            .header(USER_AGENT, AGENT);
        builder = builder.header(ACCEPT, request.accept);
        if let Some(credential) = credential {
            builder = builder
                .header(AUTHORIZATION, credential)
                .header("x-github-api-version", API_VERSION);
        }
        if let Some(etag) = &request.etag {
            builder = builder.header(IF_NONE_MATCH, etag);
        }
        let body = match &request.body {
            Some(body) => {
                builder = builder.header(CONTENT_TYPE, "application/json");
                OctoBody::from(Bytes::from(body.to_string()))
            }
            None => OctoBody::empty(),
        };
        let request = builder
            .extension(request.keep)
            .body(body)
            .map_err(|error| Lost::NotSent(error.to_string()))?;
        let answer = self.inner.octocrab.execute(request).await.map_err(|error| lost(&error))?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| lost(&error))?.to_bytes();
        Ok(Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    fn note(&self, repository: Option<RepositoryId>, request: &Request, reply: Option<&Reply>) {
        let header = |name: &str| reply?.headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
        let reset = header("x-ratelimit-reset").and_then(|seconds| i64::try_from(seconds).ok());
        (self.observer)(&RequestNote {
            kind: request.kind,
            repository,
            method: &request.method,
            path: &request.path,
            mutations: request.mutations,
            status: reply.map(|reply| reply.status.as_u16()),
            body: request.body.as_ref(),
            answer: match (request.kind, reply) {
                (RequestKind::Rest | RequestKind::Document(_), Some(reply)) => &reply.body,
                (RequestKind::Rest | RequestKind::Document(_), None) | (RequestKind::Token | RequestKind::Log, _) => &[],
            },
            remaining: header("x-ratelimit-remaining").zip(reset.map(|seconds| Millis(seconds.saturating_mul(1000)))),
        });
    }
}

/// What the wire said, through octocrab's wrapping.
fn lost(error: &octocrab::Error) -> Lost {
    if let octocrab::Error::Service { source, .. } = error
        && let Some(lost) = source.downcast_ref::<Lost>()
    {
        return lost.clone();
    }
    Lost::Broken("the HTTP stack failed".to_owned())
}
