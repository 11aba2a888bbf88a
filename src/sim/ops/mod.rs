//! Everything people and Apps can do, with GitHub's laws. REST, GraphQL and git use these and nothing else to change the world.
//!
//! Invariant: an operation changes the world wholly or not at all; what it did is in the timeline and in the webhooks it left.

use std::collections::BTreeMap;

use crate::sim::git::GitError;
use crate::sim::world::{
    Issue, Notice, NoticeCount, NoticeKind, PullRequest, RepoId, Repository, TimelineEvent, TimelineId, TimelineKind, World,
};

pub mod actions;
mod assignees;
pub mod auth;
pub mod checks;
pub(in crate::sim) mod chores;
pub mod comments;
pub mod contents;
pub mod data;
pub mod installs;
mod issue_text;
pub mod issues;
mod jobs;
pub mod labels;
pub mod mergeability;
pub mod merges;
mod needs;
mod owners;
mod pull_states;
pub mod pulls;
mod push_rules;
mod pushes;
pub mod reactions;
pub mod refs;
mod repo_settings;
pub mod repos;
pub mod requests;
mod reruns;
pub mod reviews;
pub mod rules;
mod suites;
pub mod text;
mod threads;
pub mod tokens;
mod verdicts;

pub use crate::sim::world::{Actor, AppActor};
pub use crate::sim::{deliver, faults};

/// One entry of a refusal's `errors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// `PullRequest`, `Label`, ...
    pub resource: &'static str,
    /// Field, where one is to blame.
    pub field: Option<&'static str>,
    /// `custom`, `missing_field`, `invalid`, `already_exists`, `unprocessable`.
    pub code: &'static str,
    /// Sentence, for `custom`.
    pub message: Option<String>,
}

/// GitHub says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {message}")]
pub struct Refusal {
    /// REST's status.
    pub status: u16,
    /// GitHub's sentence.
    pub message: String,
    /// REST's `errors`; empty is left out.
    pub errors: Vec<FieldError>,
    /// `errors[].type` in GraphQL: `NOT_FOUND`, `FORBIDDEN`, `UNPROCESSABLE`, `STALE_DATA`, `INTERNAL`.
    pub graphql_type: &'static str,
    /// `X-Accepted-GitHub-Permissions`, when an App lacks one: `contents=write`.
    pub accepted_permissions: Option<String>,
}

impl Refusal {
    /// A refusal by status and sentence; GraphQL's type follows from the status.
    #[must_use]
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        let graphql_type = match status {
            401 => "UNAUTHORIZED",
            403 => "FORBIDDEN",
            404 | 410 => "NOT_FOUND",
            500.. => "INTERNAL",
            _ => "UNPROCESSABLE",
        };
        Self {
            status,
            message: message.into(),
            errors: Vec::new(),
            graphql_type,
            accepted_permissions: None,
        }
    }

    /// `404 Not Found`.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// `422 Validation Failed` with one entry.
    #[must_use]
    pub fn invalid(resource: &'static str, field: &'static str, code: &'static str) -> Self {
        let mut refusal = Self::new(422, "Validation Failed");
        refusal.errors.push(FieldError {
            resource,
            field: Some(field),
            code,
            message: None,
        });
        refusal
    }

    /// `422 Validation Failed` with one sentence of its own.
    #[must_use]
    pub fn custom(resource: &'static str, message: impl Into<String>) -> Self {
        let mut refusal = Self::new(422, "Validation Failed");
        refusal.errors.push(FieldError {
            resource,
            field: None,
            code: "custom",
            message: Some(message.into()),
        });
        refusal
    }

    /// The sentence GraphQL shows: the first entry's own sentence, else the message.
    #[must_use]
    pub fn sentence(&self) -> &str {
        self.errors
            .iter()
            .find_map(|error| error.message.as_deref())
            .unwrap_or(&self.message)
    }
}

impl From<GitError> for Refusal {
    fn from(error: GitError) -> Self {
        let message = error.to_string();
        match error {
            GitError::NoObject(_) => Self::new(422, "Object does not exist"),
            GitError::NoPath(_) | GitError::BadPath(_) => Self::new(422, message),
            GitError::BadRef(name) => Self::new(422, format!("{name} is not a valid ref name.")),
            GitError::RefExists(_) => Self::new(422, "Reference already exists"),
            GitError::RefConflict { .. } | GitError::RefMoved(_) => Self::new(422, "Reference update failed"),
            GitError::Broken(_) => Self::new(500, message),
        }
    }
}

/// What operations return.
pub type Outcome<T> = Result<T, Refusal>;

/// The repository.
///
/// # Errors
/// 404 when there is none.
pub fn repository(world: &World, repo: RepoId) -> Outcome<&Repository> {
    world.repositories.get(&repo).ok_or_else(Refusal::not_found)
}

/// The issue or pull request.
///
/// # Errors
/// 404 when there is none.
pub fn issue(world: &World, repo: RepoId, number: u64) -> Outcome<&Issue> {
    repository(world, repo)?.issue(number).ok_or_else(Refusal::not_found)
}

/// The pull request.
///
/// # Errors
/// 404 when there is none, or the number is an issue's.
pub fn pull(world: &World, repo: RepoId, number: u64) -> Outcome<(&Issue, &PullRequest)> {
    repository(world, repo)?.pull(number).ok_or_else(Refusal::not_found)
}

fn repository_mut(world: &mut World, repo: RepoId) -> Outcome<&mut Repository> {
    world.repositories.get_mut(&repo).ok_or_else(Refusal::not_found)
}

fn issue_mut(world: &mut World, repo: RepoId, number: u64) -> Outcome<&mut Issue> {
    repository_mut(world, repo)?
        .issues
        .get_mut(&number)
        .ok_or_else(Refusal::not_found)
}

fn pull_mut(world: &mut World, repo: RepoId, number: u64) -> Outcome<&mut PullRequest> {
    issue_mut(world, repo, number)?.pull.as_mut().ok_or_else(Refusal::not_found)
}

/// Writes into the timeline.
fn record(world: &mut World, actor: &Actor, (repo, number): (RepoId, u64), kind: TimelineKind) {
    let (id, at): (TimelineId, _) = (world.fresh(), world.now());
    let event = TimelineEvent {
        id,
        actor: actor.user(),
        via_app: actor.app(),
        at,
        kind,
    };
    if let Ok(issue) = issue_mut(world, repo, number) {
        issue.timeline.push(event);
        issue.updated_at = at;
    }
}

/// Counts what others would notice.
fn notice(world: &mut World, actor: &Actor, (repo, number): (RepoId, u64), kind: NoticeKind) {
    let at = world.now();
    world.notices.push(Notice {
        at,
        actor: actor.user(),
        kind,
        repo,
        number,
    });
}

/// Notices by the login of who caused them, counted as the product promises: a pull request opened, a comment, a review are
/// notifications; review requests, merges and closings are counted apart.
#[must_use]
pub fn notices_by_login(world: &World) -> BTreeMap<String, NoticeCount> {
    let mut counts: BTreeMap<String, NoticeCount> = BTreeMap::new();
    for notice in &world.notices {
        let count = counts.entry(world.login(notice.actor).to_owned()).or_default();
        count.notifications += u64::from(notice.kind.notifies());
        *match notice.kind {
            NoticeKind::PullRequestOpened => &mut count.pull_requests,
            NoticeKind::Comment => &mut count.comments,
            NoticeKind::Review => &mut count.reviews,
            NoticeKind::ReviewRequest => &mut count.review_requests,
            NoticeKind::Merge => &mut count.merges,
            NoticeKind::Close => &mut count.closings,
        } += 1;
    }
    counts
}

#[cfg(test)]
mod laws;
