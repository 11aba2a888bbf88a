//! One request to GitHub, from credentials to classified answer.
//!
//! octocrab carries the request over our wire; its authentication, retries, paging and models are not used. What it would
//! do unasked (repeat a POST, wait an hour, drop the credentials on a `next` link) the engine decides here.
//!
//! Invariant: a request is sent once; only a 401, which GitHub gives before it does anything, is sent again, once, with a
//! new token.

use std::time::Duration;

use axum::body::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use octocrab::OctoBody;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::{Access, Grant};
use super::error::{Conflict, Denial, Error};
use super::types::{InstallationId, Repo, RepositoryId};
use super::wire::{ANSWER_BYTES, Keep, Lost};
use super::{Github, classify};
use crate::clock::Millis;

/// The version all hosts know; later ones are refused with 400 by older Enterprise Servers.
const API_VERSION: &str = "2022-11-28";

/// GitHub refuses requests without a name.
const AGENT: &str = concat!("millhand/", env!("CARGO_PKG_VERSION"));

const JSON: &str = "application/vnd.github+json";

/// Waits are spread over this much, so that all that waited for one reset do not come in the same millisecond.
const JITTER_MS: u64 = 2000;

/// Items asked for in one page; GitHub's largest.
const PAGE: usize = 100;

/// Whose credentials a request carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    /// The App itself.
    App,
    /// An installation token.
    Token(Grant),
}

impl Scope {
    /// Names of the repositories of an installation, and accounts.
    pub(super) fn installation(installation: InstallationId) -> Self {
        Self::Token(Grant {
            installation,
            repository: None,
            access: Access::Read,
        })
    }

    /// Reading one repository.
    pub(super) fn read(repo: &Repo) -> Self {
        Self::Token(Grant {
            installation: repo.installation,
            repository: Some(repo.id),
            access: Access::Read,
        })
    }

    /// Changing one repository.
    pub(super) fn write(repo: &Repo) -> Self {
        Self::Token(Grant {
            installation: repo.installation,
            repository: Some(repo.id),
            access: Access::Write,
        })
    }

    fn repository(self) -> Option<RepositoryId> {
        match self {
            Self::App => None,
            Self::Token(grant) => grant.repository,
        }
    }
}

/// What kind of request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// An installation token was asked for.
    Token,
    /// A REST call.
    Rest,
    /// A GraphQL document of this name.
    Document(&'static str),
    /// A job's log from the place GitHub named.
    Log,
}

/// One exchange, told after it ended: for counting, for metrics, for holding every request against GitHub's description.
#[derive(Debug)]
pub struct RequestNote<'a> {
    /// What kind of request it was.
    pub kind: RequestKind,
    /// The repository the credentials were narrowed to.
    pub repository: Option<RepositoryId>,
    /// HTTP method.
    pub method: &'a Method,
    /// Path and query below the REST address; empty for GraphQL; never an address with a signature.
    pub path: &'a str,
    /// How many changes the request asks for: a document counts each of its mutations.
    pub mutations: u32,
    /// The answer's status; `None` if no answer came.
    pub status: Option<u16>,
    /// The body sent.
    pub body: Option<&'a Value>,
    /// The body received.
    pub answer: &'a [u8],
    /// Requests left in the window and its end, if GitHub said so.
    pub remaining: Option<(u64, Millis)>,
}

/// A request before it has credentials.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Path and query below the REST address; for GraphQL empty.
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) kind: RequestKind,
    pub(super) mutations: u32,
    accept: &'static str,
    etag: Option<String>,
    keep: Keep,
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into(), None)
    }

    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path.into(), Some(body))
    }

    pub(super) fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PATCH, path.into(), Some(body))
    }

    pub(super) fn document(name: &'static str, text: &str, variables: &Value, mutations: u32) -> Self {
        let body = serde_json::json!({ "query": text, "variables": variables, "operationName": name });
        let request = Self::new(Method::POST, String::new(), Some(body));
        Self {
            kind: RequestKind::Document(name),
            mutations,
            ..request
        }
    }

    /// Asks for another form of the answer.
    pub(super) fn accept(mut self, form: &'static str) -> Self {
        self.accept = form;
        self
    }

    /// Asks only for something newer than what `etag` names; the answer may be 304.
    pub(super) fn newer_than(mut self, etag: Option<&str>) -> Self {
        self.etag = etag.map(str::to_owned);
        self
    }

    /// Refuses answers above so many bytes.
    pub(super) fn at_most(mut self, bytes: usize) -> Self {
        self.keep = Keep::AtMost(bytes);
        self
    }

    fn new(method: Method, path: String, body: Option<Value>) -> Self {
        let mutations = u32::from(method != Method::GET);
        let keep = Keep::AtMost(ANSWER_BYTES);
        Self {
            method,
            path,
            body,
            kind: RequestKind::Rest,
            mutations,
            accept: JSON,
            etag: None,
            keep,
        }
    }
}

/// An answer with status 2xx or 304.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    /// Reads the body.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(Error::malformed)
    }

    pub(super) fn etag(&self) -> Option<String> {
        self.headers
            .get(ETAG)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    }

    /// The query of the next page. Only the query: credentials are never sent where a link points.
    pub(super) fn next_query(&self) -> Option<String> {
        let links = self.headers.get(LINK)?.to_str().ok()?;
        let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
        let (_, address) = next.split_once('<')?;
        let (address, _) = address.split_once('>')?;
        address.split_once('?').map(|(_, query)| query.to_owned())
    }
}

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
                OctoBody::from(body.to_string())
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

/// Makes a name part of a path: a branch may hold `/`, a login `[`.
pub(super) fn segment(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}

/// `/repos/{owner}/{name}` with what follows.
pub(super) fn below(repo: &Repo, rest: &str) -> String {
    format!("/repos/{}/{}{rest}", segment(&repo.owner), segment(&repo.name))
}

/// The answer was read, but a conflict stands in it.
pub(super) fn stale(message: impl Into<String>) -> Error {
    Error::conflict(Conflict::StaleHead, message)
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
