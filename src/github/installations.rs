//! Where the App is installed, who it is, and what people may do there.
//!
//! Invariant: what somebody may do is read from the repository at the time of asking, never from `author_association` and
//! never from memory.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Github;
use super::error::{Error, optional};
use super::request::{Scope, below, segment};
use super::types::{Actor, Identity, InstallationId, NodeId, Repo, RepositoryId, RestActor};
use crate::clock::Millis;

/// Most installations, or repositories of one, that are listed. Beyond it reading at start-up would take minutes.
const MOST: usize = 10_000;

/// One account that installed the App.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Its numeric id.
    pub id: InstallationId,
    /// The account.
    pub account: Option<Actor>,
    /// What was granted: permission to `read` or `write`.
    pub permissions: BTreeMap<String, String>,
    /// The events it delivers.
    pub events: Vec<String>,
    /// When it was suspended, if it is.
    pub suspended_at: Option<Millis>,
}

/// What somebody may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing; also who is unknown.
    None,
    /// Reading. On a public repository everybody has it.
    Read,
    /// Labels and closing, no code.
    Triage,
    /// Pushing.
    Write,
    /// Pushing, and some settings.
    Maintain,
    /// Everything.
    Admin,
}

/// Somebody's permission, with the account it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    /// The account; `None` if GitHub knows nobody of that login.
    pub actor: Option<Actor>,
    /// What it may do.
    pub permission: Permission,
}

impl Github {
    /// All installations of the App.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if the key does not belong to the App.
    pub async fn installations(&self) -> Result<Vec<Installation>, Error> {
        #[derive(Deserialize)]
        struct Raw {
            id: InstallationId,
            #[serde(default)]
            account: Option<RestActor>,
            #[serde(default)]
            permissions: BTreeMap<String, String>,
            #[serde(default)]
            events: Vec<String>,
            #[serde(default)]
            suspended_at: Option<String>,
        }
        let of = |raw: Raw| Installation {
            id: raw.id,
            account: raw.account.map(Actor::from),
            permissions: raw.permissions,
            events: raw.events,
            suspended_at: raw.suspended_at.as_deref().and_then(Millis::parse_rfc3339),
        };
        let found = self
            .list(Scope::App, "/app/installations", MOST, |page: Vec<Raw>| page)
            .await?;
        Ok(found.into_iter().map(of).collect())
    }

    /// The repositories that an installation reaches, archived ones too.
    ///
    /// # Errors
    /// [`Error::Suspended`], or [`Error::Denied`] with [`Denial::Uninstalled`](super::Denial::Uninstalled).
    pub async fn repositories(&self, installation: InstallationId) -> Result<Vec<Repo>, Error> {
        #[derive(Deserialize)]
        struct Page {
            repositories: Vec<RawRepository>,
        }
        let scope = Scope::installation(installation);
        let found = self
            .list(scope, "/installation/repositories", MOST, |page: Page| page.repositories)
            .await?;
        Ok(found.into_iter().map(|raw| raw.repo(installation)).collect())
    }

    /// A repository by its name of this moment; `None` if it is not there or the installation does not reach it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn repository(&self, installation: InstallationId, owner: &str, name: &str) -> Result<Option<Repo>, Error> {
        let path = format!("/repos/{}/{}", segment(owner), segment(name));
        let found = optional(self.get::<RawRepository>(Scope::installation(installation), path).await)?;
        Ok(found.map(|raw| raw.repo(installation)))
    }

    /// The installation that reaches a repository, by the repository's name; `None` if there is none.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn installation_of(&self, owner: &str, name: &str) -> Result<Option<InstallationId>, Error> {
        #[derive(Deserialize)]
        struct Raw {
            id: InstallationId,
        }
        let path = format!("/repos/{}/{}/installation", segment(owner), segment(name));
        let found = optional(self.get::<Raw>(Scope::App, path).await)?;
        Ok(found.map(|raw| raw.id))
    }

    /// What `login` may do in the repository now.
    ///
    /// # Errors
    /// See [`Error`]; somebody unknown is [`Permission::None`], not an error.
    pub async fn permission(&self, repo: &Repo, login: &str) -> Result<Permitted, Error> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            permission: String,
            #[serde(default)]
            role_name: String,
            #[serde(default)]
            user: Option<RestActor>,
        }
        let path = below(repo, &format!("/collaborators/{}/permission", segment(login)));
        let found = optional(self.get::<Raw>(Scope::read(repo), path).await)?;
        Ok(match found {
            Some(raw) => {
                let permission = Permission::of(&raw.role_name, &raw.permission);
                Permitted {
                    actor: raw.user.map(Actor::from),
                    permission,
                }
            }
            None => Permitted {
                actor: None,
                permission: Permission::None,
            },
        })
    }

    /// Who Millhand is; asked once in the life of this handle. The installation is one whose token may look up accounts.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn identity(&self, installation: InstallationId) -> Result<&Identity, Error> {
        #[derive(Deserialize)]
        struct RawApp {
            id: u64,
            slug: String,
        }
        let ask = async {
            let app: RawApp = self.get(Scope::App, "/app").await?;
            let login = format!("{}[bot]", app.slug);
            let user: RestActor = self
                .get(Scope::installation(installation), format!("/users/{}", segment(&login)))
                .await?;
            Ok(Identity {
                app_id: app.id,
                slug: app.slug,
                login,
                user_id: user.id,
            })
        };
        self.inner.identity.get_or_try_init(|| ask).await
    }

    /// Who Millhand is, if that was asked already. Asks nobody.
    #[must_use]
    pub fn known_identity(&self) -> Option<&Identity> {
        self.inner.identity.get()
    }
}

impl Permission {
    /// `role` is one of GitHub's five or a custom one; a custom role counts as the level it is built on.
    fn of(role: &str, level: &str) -> Self {
        match (role, level) {
            ("admin", _) => Self::Admin,
            ("maintain", _) => Self::Maintain,
            ("write" | "push", _) => Self::Write,
            ("triage", _) => Self::Triage,
            ("read" | "pull", _) => Self::Read,
            ("none", _) => Self::None,
            (_, "admin") => Self::Admin,
            (_, "write") => Self::Write,
            (_, "read") => Self::Read,
            _ => Self::None,
        }
    }
}

#[derive(Deserialize)]
struct RawRepository {
    id: RepositoryId,
    node_id: NodeId,
    name: String,
    owner: RestActor,
}

impl RawRepository {
    fn repo(self, installation: InstallationId) -> Repo {
        Repo {
            id: self.id,
            node_id: self.node_id,
            owner: self.owner.login,
            name: self.name,
            installation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Permission;

    #[test]
    fn a_permission_is_told_by_its_role_and_a_custom_role_by_its_level() {
        let rows = [
            ("admin", "admin", Permission::Admin),
            ("maintain", "write", Permission::Maintain),
            ("write", "write", Permission::Write),
            ("triage", "read", Permission::Triage),
            ("read", "read", Permission::Read),
            ("none", "none", Permission::None),
            ("release-engineer", "write", Permission::Write),
            ("security-reader", "read", Permission::Read),
            ("", "admin", Permission::Admin),
            ("", "", Permission::None),
            ("of-tomorrow", "of-tomorrow", Permission::None),
        ];
        for (role, level, wanted) in rows {
            assert_eq!(Permission::of(role, level), wanted, "{role} {level}");
        }
        assert!(Permission::Triage < Permission::Write && Permission::Write < Permission::Admin);
    }
}
