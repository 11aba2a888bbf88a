//! The world's records as GitHub's JSON: REST answers and webhook payloads.
//!
//! Every object carries all members that GitHub's REST description (npm `@octokit/openapi` 23.0.2) and the payload schemas
//! (npm `@octokit/webhooks-schemas` 7.6.1, `@octokit/openapi-webhooks` 12.1.0) require.
//!
//! Invariant: rendering reads the world and changes nothing; the same world gives the same bytes.

mod account;
mod actions;
mod checks;
mod commit;
mod content;
mod error;
mod hook;
mod issue;
mod pull;
mod repository;
mod review;
mod timeline;
mod webhook;

use std::fmt::Display;

pub(crate) use account::segment;
pub(crate) use commit::{Comparison, diff_text};
pub(crate) use error::error_body;
pub(crate) use hook::succeeded;
pub(crate) use pull::PullDetails;
pub(crate) use repository::merge;
pub use webhook::webhook;

use crate::sim::world::{Repository, Role, UserId, World};

/// Writes records of one world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Render<'w> {
    /// What is written.
    pub(crate) world: &'w World,
}

impl<'w> Render<'w> {
    /// A renderer of `world`.
    #[must_use]
    pub(crate) fn new(world: &'w World) -> Self {
        Self { world }
    }

    /// An address below the REST root.
    #[must_use]
    pub(crate) fn api(&self, path: impl Display) -> String {
        format!("{}/api/v3{path}", self.world.base_url)
    }

    /// An address of a page.
    #[must_use]
    pub(crate) fn html(&self, path: impl Display) -> String {
        format!("{}{path}", self.world.base_url)
    }

    /// An address below a repository's REST root.
    #[must_use]
    pub(crate) fn repo_url(&self, repo: &Repository, path: impl Display) -> String {
        self.api(format_args!("/repos/{}{path}", self.world.full_name(repo.id)))
    }

    /// An address below a repository's page.
    #[must_use]
    pub(crate) fn repo_page(&self, repo: &Repository, path: impl Display) -> String {
        self.html(format_args!("/{}{path}", self.world.full_name(repo.id)))
    }

    /// Host and port without scheme.
    #[must_use]
    pub(crate) fn host(&self) -> &'w str {
        self.world
            .base_url
            .split_once("://")
            .map_or(self.world.base_url.as_str(), |(_, host)| host)
    }

    /// GitHub's rough word for what an author is to a repository. Never a proof of any right: GitHub's own is unreliable.
    #[must_use]
    pub(crate) fn association(&self, repo: &Repository, author: UserId) -> &'static str {
        if repo.owner == author {
            return "OWNER";
        }
        match self.world.role(repo.id, author) {
            Role::None if repo.commits.values().any(|note| note.author == Some(author)) => "CONTRIBUTOR",
            Role::None => "NONE",
            Role::Read | Role::Triage | Role::Write | Role::Maintain | Role::Admin => "COLLABORATOR",
        }
    }
}
