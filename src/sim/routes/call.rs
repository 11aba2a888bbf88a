//! One REST call: what was asked, by whom, and what is answered.
//!
//! Invariant: a handler sees the world only under its lock and never waits, so a call happens wholly or not at all.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::pattern::Params;
use crate::sim::git::{Oid, Store, parse_oid};
use crate::sim::ops::auth::Caller;
use crate::sim::ops::{Actor, Outcome, Refusal};
use crate::sim::render::Render;
use crate::sim::world::{AppId, Issue, PullRequest, RepoId, Repository, Role, UserId, World};

/// Items of a page when the call does not say.
const PAGE: usize = 30;
/// Most items of a page.
const LARGEST_PAGE: usize = 100;

/// Answers one call.
pub(crate) type Handler = fn(&mut Call<'_>) -> Outcome<Answer>;

/// A call.
#[derive(Debug)]
pub(crate) struct Call<'w> {
    /// The world, locked for this call.
    pub(crate) world: &'w mut World,
    /// Who calls.
    pub(crate) caller: Caller,
    /// Parameters of the path.
    pub(crate) params: Params,
    /// Parameters of the query.
    pub(crate) query: BTreeMap<String, String>,
    /// The body; an empty object when there is none.
    pub(crate) body: Map<String, Value>,
    /// The repository the path names.
    pub(crate) repo: Option<RepoId>,
    /// The `Accept` header.
    pub(crate) accept: String,
    /// The credentials as they came, without their scheme.
    pub(crate) token: String,
}

/// What a handler answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Status and JSON.
    Json(u16, Value),
    /// Status without a body.
    Empty(u16),
    /// A page of a list, with the members around it if it is not a bare array.
    List {
        /// Items of this page.
        items: Vec<Value>,
        /// Name of the member that holds them, and the members beside it.
        inside: Option<(&'static str, Value)>,
        /// Where other pages are.
        pages: Pages,
    },
    /// Other content.
    Raw {
        /// Its media type.
        media_type: &'static str,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// 302 to an address.
    Found(String),
}

/// Where the other pages of a list are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// By number: this page, the last page.
    Numbered {
        /// This page, from 1.
        page: usize,
        /// Last page, from 1.
        last: usize,
    },
    /// By cursor: the next page's, if there is one.
    Cursor(Option<String>),
}

impl Answer {
    /// Adds a member beside the items of a list that is inside an object.
    #[must_use]
    pub(crate) fn beside(mut self, name: &str, value: Value) -> Self {
        if let Self::List {
            inside: Some((_, beside)),
            ..
        } = &mut self
        {
            beside[name] = value;
        }
        self
    }
}

impl Call<'_> {
    /// A renderer of the world as it is now.
    #[must_use]
    pub(crate) fn render(&self) -> Render<'_> {
        Render::new(self.world)
    }

    /// A parameter of the path; every route names its own, so an absent one is an empty text.
    #[must_use]
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A number in the path; a text that is none names nothing.
    pub(crate) fn number(&self, name: &str) -> Outcome<u64> {
        self.param(name).parse().map_err(|_| Refusal::not_found())
    }

    /// A parameter of the query, if it is there and not empty.
    #[must_use]
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Who acts; 401 without credentials.
    pub(crate) fn actor(&self) -> Outcome<Actor> {
        match &self.caller {
            Caller::Actor(actor) => Ok(actor.clone()),
            Caller::Jwt(_) => Err(Refusal::new(403, "Resource not accessible by integration")),
            Caller::Anonymous => Err(Refusal::new(401, "Requires authentication")),
        }
    }

    /// The App that calls by JWT.
    pub(crate) fn app(&self) -> Outcome<AppId> {
        match &self.caller {
            Caller::Jwt(app) => Ok(*app),
            Caller::Actor(_) | Caller::Anonymous => Err(Refusal::new(401, "A JSON web token could not be decoded")),
        }
    }

    /// The role of the caller in a repository; an App has that of its permissions on contents.
    #[must_use]
    pub(crate) fn role(&self, repo: &Repository) -> Role {
        match &self.caller {
            Caller::Actor(Actor::User(user)) => {
                let role = self.world.role(repo.id, *user);
                if role == Role::None && !repo.private {
                    Role::Read
                } else {
                    role
                }
            }
            Caller::Actor(Actor::App(app)) if app.permissions.allows("contents", crate::sim::world::Level::Write) => Role::Write,
            Caller::Actor(Actor::App(_)) | Caller::Jwt(_) | Caller::Anonymous => Role::Read,
        }
    }

    /// Id of the repository the path names.
    pub(crate) fn repo_id(&self) -> Outcome<RepoId> {
        self.repo.ok_or_else(Refusal::not_found)
    }

    /// The repository the path names.
    pub(crate) fn repository(&self) -> Outcome<&Repository> {
        self.world.repositories.get(&self.repo_id()?).ok_or_else(Refusal::not_found)
    }

    /// Its git store.
    pub(crate) fn store(&self) -> Outcome<Store> {
        Ok(self.world.store(self.repo_id()?)?)
    }

    /// The issue or pull request of `{issue_number}`.
    pub(crate) fn issue(&self) -> Outcome<&Issue> {
        self.repository()?
            .issue(self.number("issue_number")?)
            .ok_or_else(Refusal::not_found)
    }

    /// The pull request of `{pull_number}`.
    pub(crate) fn pull(&self) -> Outcome<(&Issue, &PullRequest)> {
        self.repository()?
            .pull(self.number("pull_number")?)
            .ok_or_else(Refusal::not_found)
    }

    /// The account called so.
    pub(crate) fn account(&self, login: &str) -> Outcome<UserId> {
        self.world
            .account_named(login)
            .map(|account| account.id)
            .ok_or_else(Refusal::not_found)
    }

    /// The commit that a SHA, a branch, a tag or a full ref names.
    pub(crate) fn commit(&self, store: &Store, name: &str) -> Outcome<Option<Oid>> {
        if let Some(oid) = parse_oid(name) {
            return Ok(store.peel(oid).ok());
        }
        let full = name.strip_prefix("refs/").unwrap_or(name);
        for candidate in [
            format!("refs/heads/{name}"),
            format!("refs/tags/{name}"),
            format!("refs/{full}"),
        ] {
            if let Some(oid) = store.target(&candidate)? {
                return Ok(Some(store.peel(oid)?));
            }
        }
        if name == "HEAD" {
            return Ok(store.branch(&self.repository()?.default_branch)?);
        }
        Ok(None)
    }

    /// The page the call asks for: its number and its size. Sizes beyond the largest are cut, nonsense is the default.
    #[must_use]
    pub(crate) fn page(&self) -> (usize, usize) {
        let number = |name: &str| {
            self.asked(name)
                .and_then(|text| text.parse::<usize>().ok())
                .filter(|number| *number > 0)
        };
        (
            number("page").unwrap_or(1),
            number("per_page").unwrap_or(PAGE).min(LARGEST_PAGE),
        )
    }

    /// One page of `items`, each written by `write`.
    pub(crate) fn list<T>(&self, items: &[T], write: impl FnMut(&T) -> Value) -> Outcome<Answer> {
        let (page, size) = self.page();
        let from = (page - 1).saturating_mul(size).min(items.len());
        let to = from.saturating_add(size).min(items.len());
        let last = items.len().div_ceil(size).max(1);
        let items = items[from..to].iter().map(write).collect();
        Ok(Answer::List {
            items,
            inside: None,
            pages: Pages::Numbered { page, last },
        })
    }

    /// The same inside an object that tells the total.
    pub(crate) fn counted<T>(&self, member: &'static str, items: &[T], write: impl FnMut(&T) -> Value) -> Outcome<Answer> {
        let total = items.len();
        match self.list(items, write)? {
            Answer::List { items, pages, .. } => Ok(Answer::List {
                items,
                inside: Some((member, json!({ "total_count": total }))),
                pages,
            }),
            other @ (Answer::Json(..) | Answer::Empty(_) | Answer::Raw { .. } | Answer::Found(_)) => Ok(other),
        }
    }
}

/// `200` with JSON.
pub(crate) fn ok(value: Value) -> Outcome<Answer> {
    Ok(Answer::Json(200, value))
}

/// `201` with JSON.
pub(crate) fn created(value: Value) -> Outcome<Answer> {
    Ok(Answer::Json(201, value))
}

/// `202` with JSON.
pub(crate) fn accepted(value: Value) -> Outcome<Answer> {
    Ok(Answer::Json(202, value))
}

/// `204`.
pub(crate) fn nothing() -> Outcome<Answer> {
    Ok(Answer::Empty(204))
}
