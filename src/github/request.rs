//! What is sent and what comes back, before and after credentials.
//!
//! Invariant: a note about an exchange holds no credential and no signed address.

use axum::body::Bytes;
use http::header::{ETAG, LINK};
use http::{HeaderMap, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::{Access, Grant};
use super::error::{Conflict, Error};
use super::types::{InstallationId, Repo, RepositoryId};
use super::wire::{ANSWER_BYTES, Keep};
use crate::clock::Millis;

const JSON: &str = "application/vnd.github+json";

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

    pub(super) fn repository(self) -> Option<RepositoryId> {
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
    pub(super) accept: &'static str,
    pub(super) etag: Option<String>,
    pub(super) keep: Keep,
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into(), None)
    }

    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path.into(), Some(body))
    }

    /// A POST that says all by its path.
    pub(super) fn bare_post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path.into(), None)
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
