//! Looking for work that no webhook told of: labelled issues and new comments of a repository.
//!
//! Both are conditional: the caller keeps the entity tag, and an answer of "nothing new" costs nothing of the hourly limit.
//! Tags change with each token, so that once an hour the whole answer comes.
//!
//! Invariant: what is found is a hint; the actor and the text of a label or comment are read from the issue itself.

use serde::Deserialize;

use super::Github;
use super::error::Error;
use super::request::{Request, Scope, below, segment};
use super::types::{Actor, NodeId, Repo, RestActor};
use crate::clock::Millis;

/// Pages of a hundred that one look reads; the next look goes on from the newest item.
const MOST_PAGES: usize = 10;

/// The answer to a conditional question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conditional<T> {
    /// Nothing changed since the tag was given.
    Unchanged,
    /// What there is now.
    Changed {
        /// The things found.
        value: T,
        /// The tag to ask with next time.
        etag: Option<String>,
    },
}

/// An issue found by its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueStub {
    /// Its number.
    pub number: u64,
    /// When anything of it changed.
    pub updated_at: Millis,
    /// Names of all its labels.
    pub labels: Vec<String>,
}

/// A comment found by its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentStub {
    /// Its id.
    pub id: u64,
    /// Its GraphQL id.
    pub node_id: Option<NodeId>,
    /// Number of the issue or pull request.
    pub number: u64,
    /// Its author.
    pub author: Option<Actor>,
    /// The App that wrote it for its author.
    pub app: Option<u64>,
    /// When it was written.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

#[derive(Deserialize)]
struct RawIssue {
    number: u64,
    updated_at: String,
    #[serde(default)]
    labels: Vec<RawLabel>,
    #[serde(default)]
    pull_request: Option<serde::de::IgnoredAny>,
}

/// GitHub writes labels of issues as objects, or, in old answers, as names.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawLabel {
    Object { name: Option<String> },
    Name(String),
}

#[derive(Deserialize)]
struct RawComment {
    id: u64,
    #[serde(default)]
    node_id: Option<NodeId>,
    issue_url: String,
    #[serde(default)]
    user: Option<RestActor>,
    #[serde(default)]
    performed_via_github_app: Option<RawApp>,
    created_at: String,
    updated_at: String,
}

#[derive(Deserialize)]
struct RawApp {
    id: u64,
}

impl Github {
    /// Open issues with `label`, changed since `since`, oldest change first. Pull requests are left out.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Gone`] where issues are switched off.
    pub async fn labelled_issues(
        &self,
        repo: &Repo,
        label: &str,
        since: Option<Millis>,
        etag: Option<&str>,
    ) -> Result<Conditional<Vec<IssueStub>>, Error> {
        let mut path = below(
            repo,
            &format!("/issues?state=open&labels={}&sort=updated&direction=asc", segment(label)),
        );
        if let Some(since) = since {
            path.push_str(&format!("&since={}", segment(&since.rfc3339())));
        }
        self.look(repo, &path, etag, |raw: RawIssue| {
            if raw.pull_request.is_some() {
                return None;
            }
            let labels = raw.labels.into_iter().filter_map(|label| match label {
                RawLabel::Object { name } => name,
                RawLabel::Name(name) => Some(name),
            });
            let updated_at = Millis::parse_rfc3339(&raw.updated_at).unwrap_or_default();
            Some(IssueStub {
                number: raw.number,
                updated_at,
                labels: labels.collect(),
            })
        })
        .await
    }

    /// Comments on issues and pull requests, changed since `since`, oldest change first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn recent_comments(
        &self,
        repo: &Repo,
        since: Millis,
        etag: Option<&str>,
    ) -> Result<Conditional<Vec<CommentStub>>, Error> {
        let since = segment(&since.rfc3339());
        let path = below(repo, &format!("/issues/comments?sort=updated&direction=asc&since={since}"));
        self.look(repo, &path, etag, |raw: RawComment| {
            let number = raw.issue_url.rsplit('/').next()?.parse().ok()?;
            Some(CommentStub {
                id: raw.id,
                node_id: raw.node_id,
                number,
                author: raw.user.map(Actor::from),
                app: raw.performed_via_github_app.map(|app| app.id),
                created_at: Millis::parse_rfc3339(&raw.created_at).unwrap_or_default(),
                updated_at: Millis::parse_rfc3339(&raw.updated_at).unwrap_or_default(),
            })
        })
        .await
    }

    async fn look<R, T>(
        &self,
        repo: &Repo,
        path: &str,
        etag: Option<&str>,
        of: fn(R) -> Option<T>,
    ) -> Result<Conditional<Vec<T>>, Error>
    where
        R: serde::de::DeserializeOwned,
    {
        let first = Request::get(format!("{path}&per_page=100")).newer_than(etag);
        let reply = self.call(Scope::read(repo), first).await?;
        if reply.status == http::StatusCode::NOT_MODIFIED {
            return Ok(Conditional::Unchanged);
        }
        let etag = reply.etag();
        let mut page: Vec<R> = reply.json()?;
        let mut value = Vec::new();
        for number in 2..=MOST_PAGES {
            let full = page.len() == 100;
            value.extend(page.drain(..).filter_map(of));
            if !full {
                break;
            }
            page = self
                .get(Scope::read(repo), format!("{path}&per_page=100&page={number}"))
                .await?;
        }
        value.extend(page.into_iter().filter_map(of));
        Ok(Conditional::Changed { value, etag })
    }
}
