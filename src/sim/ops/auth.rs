//! Who is calling, and what they may do.
//!
//! Invariant: every operation that changes something asks [`require`] first; nothing is decided by a login.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use crate::sim::ops::tokens::{fingerprint, jwt};
use crate::sim::ops::{Actor, AppActor, Outcome, Refusal, repository};
use crate::sim::world::{AppId, Level, Permissions, RepoId, Role, UserId, World};

pub use super::needs::{
    ACTIONS, ADMIN, CHECKS, LABELS, Need, PULL, PUSH, REVIEW, STATUSES, TALK_ISSUE, TALK_PULL, TRIAGE_ISSUE, TRIAGE_PULL,
};
pub use super::tokens::{MintRequest, mint, revoke};

/// Whoever sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// No credentials.
    Anonymous,
    /// An App by JWT.
    Jwt(AppId),
    /// A person, or an App's installation.
    Actor(Actor),
}

/// Reads the `Authorization` header: `Bearer`, `token` or `Basic` (the password is the token).
///
/// # Errors
/// 401 when the credentials are unknown or expired, 403 when the installation is suspended.
pub fn caller(world: &World, authorization: Option<&str>) -> Outcome<Caller> {
    let Some(header) = authorization else {
        return Ok(Caller::Anonymous);
    };
    let (scheme, rest) = header.split_once(' ').ok_or_else(bad_credentials)?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => caller_by_token(world, rest.trim()),
        "basic" => {
            let pair = STANDARD
                .decode(rest.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(bad_credentials)?;
            let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
            caller_by_token(
                world,
                if password.is_empty() || password == "x-oauth-basic" {
                    user
                } else {
                    password
                },
            )
        }
        _ => Err(bad_credentials()),
    }
}

/// Whose token this is.
///
/// # Errors
/// As [`caller`].
pub fn caller_by_token(world: &World, token: &str) -> Outcome<Caller> {
    let person = world
        .accounts
        .values()
        .find(|a| a.token.as_ref().is_some_and(|own| own.expose_secret() == token));
    if let Some(person) = person {
        return Ok(Caller::Actor(Actor::User(person.id)));
    }
    if let Some(minted) = world.tokens.get(&fingerprint(token)) {
        if minted.expires_at <= world.now() {
            return Err(bad_credentials());
        }
        let installation = world.installations.get(&minted.installation).ok_or_else(bad_credentials)?;
        if installation.suspended.is_some() {
            return Err(suspended());
        }
        let app = world.apps.get(&installation.app).ok_or_else(bad_credentials)?;
        // What was taken from the installation since is taken from its tokens, too.
        let granted = minted
            .permissions
            .0
            .iter()
            .filter(|(name, level)| installation.permissions.allows(name, **level));
        let permissions = Permissions(granted.map(|(name, level)| (name.clone(), *level)).collect());
        let repositories = minted.repositories.clone();
        return Ok(Caller::Actor(Actor::App(AppActor {
            app: app.id,
            installation: installation.id,
            bot: app.bot,
            permissions,
            repositories,
        })));
    }
    if token.split('.').count() == 3 {
        jwt(world, token).map(Caller::Jwt)
    } else {
        Err(bad_credentials())
    }
}

/// The caller's name for the journal.
#[must_use]
pub fn who(world: &World, caller: &Caller) -> String {
    match caller {
        Caller::Anonymous => "anonymous".to_owned(),
        Caller::Jwt(app) => format!("app/{}", world.apps.get(app).map_or("unknown", |app| &app.slug)),
        Caller::Actor(actor) => world.login(actor.user()).to_owned(),
    }
}

/// Whether the caller may read this part of a repository: `metadata`, `contents`, `issues`, `pull_requests`, `checks`,
/// `statuses`, `actions`, `merge_queues`.
///
/// # Errors
/// 404 where the repository is hidden from the caller, 403 where an App lacks the permission.
pub fn can_read(world: &World, caller: &Caller, repo: RepoId, permission: &'static str) -> Outcome<()> {
    let private = repository(world, repo)?.private;
    match caller {
        Caller::Anonymous | Caller::Jwt(_) => {
            if private {
                Err(Refusal::not_found())
            } else {
                Ok(())
            }
        }
        Caller::Actor(Actor::User(user)) => {
            if private && world.role(repo, *user) < Role::Read {
                Err(Refusal::not_found())
            } else {
                Ok(())
            }
        }
        Caller::Actor(Actor::App(app)) => match (reaches(world, app, repo), private) {
            (false, true) => Err(Refusal::not_found()),
            (false, false) => Ok(()),
            (true, _) if permission == "metadata" || app.permissions.allows(permission, Level::Read) => Ok(()),
            (true, _) => Err(lacking(&[(permission, Level::Read)])),
        },
    }
}

/// Whether the actor may do what needs `need`.
///
/// # Errors
/// 404 where the repository is hidden, 403 where the role or permission is missing or the repository is archived.
pub fn require(world: &World, actor: &Actor, repo: RepoId, need: Need) -> Outcome<()> {
    let found = repository(world, repo)?;
    match actor {
        Actor::User(user) => {
            let role = world.role(repo, *user);
            if found.private && role < Role::Read {
                return Err(Refusal::not_found());
            }
            if role < need.role {
                let sentence = if need.role == Role::Write {
                    "Resource not accessible by personal access token"
                } else {
                    "Must have admin rights to Repository."
                };
                return Err(Refusal::new(403, sentence));
            }
        }
        Actor::App(app) => {
            if !reaches(world, app, repo) {
                return Err(if found.private {
                    Refusal::not_found()
                } else {
                    lacking(need.permissions)
                });
            }
            if !need
                .permissions
                .iter()
                .any(|(name, level)| app.permissions.allows(name, *level))
            {
                return Err(lacking(need.permissions));
            }
        }
    }
    if found.archived {
        return Err(Refusal::new(403, "Repository was archived so is read-only."));
    }
    Ok(())
}

/// Whether the actor may do what needs `need`, for decisions that are no refusals.
#[must_use]
pub fn may(world: &World, actor: &Actor, repo: RepoId, need: Need) -> bool {
    require(world, actor, repo, need).is_ok()
}

/// Whether the account counts as somebody with write: a person's role, or an App's contents: write.
#[must_use]
pub fn writes(world: &World, repo: RepoId, user: UserId) -> bool {
    match world.app_of_bot(user) {
        Some(app) => world
            .installation_for(app.id, repo)
            .is_some_and(|i| i.permissions.allows("contents", Level::Write)),
        None => world.role(repo, user) >= Role::Write,
    }
}

/// Whether an App's token reaches a repository.
#[must_use]
pub fn reaches(world: &World, app: &AppActor, repo: RepoId) -> bool {
    world
        .installation_for(app.app, repo)
        .is_some_and(|installation| installation.id == app.installation)
        && app.repositories.as_ref().is_none_or(|list| list.contains(&repo))
}

/// GitHub's sentence and header for an App without the permission.
fn lacking(permissions: &[(&'static str, Level)]) -> Refusal {
    let word = |level: Level| match level {
        Level::Read => "read",
        Level::Write => "write",
        Level::Admin => "admin",
    };
    let mut refusal = Refusal::new(403, "Resource not accessible by integration");
    refusal.accepted_permissions = Some(
        permissions
            .iter()
            .map(|(name, level)| format!("{name}={}", word(*level)))
            .collect::<Vec<_>>()
            .join("; "),
    );
    refusal
}

fn bad_credentials() -> Refusal {
    Refusal::new(401, "Bad credentials")
}

pub(super) fn suspended() -> Refusal {
    Refusal::new(403, "This installation has been suspended")
}
