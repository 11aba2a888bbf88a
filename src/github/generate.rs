//! Opening an issue out of a text that an operator gave.
//!
//! Invariant: one issue per marker, also after a lost answer.

use serde::Deserialize;
use serde_json::json;

use super::Github;
use super::error::Error;
use super::render::{Marked, Rendered};
use super::request::{Request, Scope, below, segment};
use super::types::{Attempt, Repo, RestActor};

/// The newest issues of ours that are looked through. The lost one is among the first.
const LOOKED_AT: usize = 100;

/// An issue to be opened.
#[derive(Clone, Debug)]
pub struct NewIssue {
    /// Its title.
    pub title: Rendered,
    /// Its body; it is found again by its marker.
    pub text: Marked,
    /// Its labels.
    pub labels: Vec<String>,
}

#[derive(Deserialize)]
struct RawIssue {
    number: u64,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    user: Option<RestActor>,
}

impl Github {
    /// Opens an issue; gives its number.
    ///
    /// # Errors
    /// [`Error::Gone`] where issues are switched off.
    pub async fn open_issue(&self, repo: &Repo, issue: &NewIssue, attempt: Attempt) -> Result<u64, Error> {
        if attempt == Attempt::Again
            && let Some(number) = self.opened_before(repo, issue).await?
        {
            return Ok(number);
        }
        let body = json!({ "title": issue.title, "body": issue.text.body(), "labels": issue.labels });
        let reply = self
            .call(Scope::write(repo), Request::post(below(repo, "/issues"), body))
            .await?;
        reply.json::<RawIssue>().map(|made| made.number)
    }

    async fn opened_before(&self, repo: &Repo, issue: &NewIssue) -> Result<Option<u64>, Error> {
        let identity = self.identity(repo.installation).await?;
        let creator = segment(&identity.login);
        let path = below(
            repo,
            &format!("/issues?state=all&sort=created&direction=desc&creator={creator}"),
        );
        let found = self
            .list(Scope::read(repo), &path, LOOKED_AT, |page: Vec<RawIssue>| page)
            .await?;
        let ours = |raw: &RawIssue| {
            let author = raw.user.as_ref().is_some_and(|user| user.id == identity.user_id);
            author && raw.body.as_deref().is_some_and(|body| issue.text.marker().is_on(body))
        };
        Ok(found.into_iter().filter(ours).map(|raw| raw.number).min())
    }
}
