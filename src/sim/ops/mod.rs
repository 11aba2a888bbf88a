//! Everything people and Apps can do, with GitHub's laws. REST, GraphQL and git use these and nothing else to change the world.
//!
//! Invariant: an operation changes the world wholly or not at all; what it did is in the timeline and in the webhooks it left.

use std::collections::BTreeSet;

use crate::sim::git::GitError;
use crate::sim::world::{AppId, InstallationId, Permissions, RepoId, UserId, World};

pub mod auth;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person or a machine user, by own token.
    User(UserId),
    /// An App, by installation token.
    App(AppActor),
}

/// An App with what its token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppActor {
    /// The App.
    pub app: AppId,
    /// Its installation.
    pub installation: InstallationId,
    /// Its bot account: author of all it does.
    pub bot: UserId,
    /// The token's permissions.
    pub permissions: Permissions,
    /// The token's repositories; `None` is all of the installation's account.
    pub repositories: Option<BTreeSet<RepoId>>,
}

impl Actor {
    /// The account that shows as author.
    #[must_use]
    pub fn user(&self) -> UserId {
        match self {
            Self::User(id) => *id,
            Self::App(app) => app.bot,
        }
    }

    /// The App, if it is one.
    #[must_use]
    pub fn app(&self) -> Option<AppId> {
        match self {
            Self::User(_) => None,
            Self::App(app) => Some(app.app),
        }
    }
}

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

/// Finds the repository or refuses with 404.
pub(crate) fn repository(world: &World, repo: RepoId) -> Outcome<&crate::sim::world::Repository> {
    world.repositories.get(&repo).ok_or_else(Refusal::not_found)
}
