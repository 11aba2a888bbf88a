//! Accounts, Apps, installations and their tokens as GitHub writes them.
//!
//! Invariant: no token and no key is ever rendered, but for the one answer that hands out a fresh installation token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::Render;
use crate::sim::world::{Account, AccountKind, App, Installation, InstallationId, InstallationToken, NodeRef, Role, UserId};

/// What must be encoded in one segment of a path, as GitHub does for `millhand[bot]`.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'%')
    .add(b'/');

/// Addresses below a user, by member name; `{login}` stands for the encoded login.
const USER_URLS: [(&str, &str); 10] = [
    ("url", ""),
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
];

/// `text` as one segment of a path.
#[must_use]
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl Render<'_> {
    /// A simple user: a person, a bot or an organisation as owner. Null for an id that names nobody.
    #[must_use]
    pub(crate) fn user(&self, id: UserId) -> Value {
        self.world
            .accounts
            .get(&id)
            .map_or(Value::Null, |account| self.account(account))
    }

    /// The same of a record at hand.
    #[must_use]
    pub(crate) fn account(&self, account: &Account) -> Value {
        let page = match (account.kind, account.login.strip_suffix("[bot]")) {
            (AccountKind::Bot, Some(slug)) => self.html(format_args!("/apps/{slug}")),
            _ => self.html(format_args!("/{}", segment(&account.login))),
        };
        let mut user = json!({
            "login": account.login, "id": account.id, "node_id": account.node_id(), "gravatar_id": "",
            "avatar_url": self.html(format_args!("/avatars/u/{}", account.id)), "html_url": page,
            "type": account.type_name(), "site_admin": false,
        });
        let login = segment(&account.login);
        add(
            &mut user,
            USER_URLS.map(|(member, below)| (member, json!(self.api(format_args!("/users/{login}{below}"))))),
        );
        user
    }

    /// The same with what `GET /users/{login}` adds.
    #[must_use]
    pub(crate) fn public_user(&self, account: &Account) -> Value {
        let mut user = self.account(account);
        let made = account.created_at.rfc3339();
        let repositories = self
            .world
            .repositories
            .values()
            .filter(|repo| repo.owner == account.id && !repo.private)
            .count();
        add(
            &mut user,
            [
                ("name", Value::Null),
                ("company", Value::Null),
                ("blog", json!("")),
                ("location", Value::Null),
                ("email", Value::Null),
                ("hireable", Value::Null),
                ("bio", Value::Null),
                ("public_repos", json!(repositories)),
                ("public_gists", json!(0)),
                ("followers", json!(0)),
                ("following", json!(0)),
                ("created_at", json!(made)),
                ("updated_at", json!(made)),
            ],
        );
        user
    }

    /// An organisation as webhooks carry it; null when `id` names none.
    #[must_use]
    pub(crate) fn organization(&self, id: UserId) -> Value {
        let Some(account) = self
            .world
            .accounts
            .get(&id)
            .filter(|account| account.kind == AccountKind::Organization)
        else {
            return Value::Null;
        };
        let at = |below: &str| self.api(format_args!("/orgs/{}{below}", account.login));
        json!({
            "login": account.login, "id": account.id, "node_id": account.node_id(), "url": at(""),
            "repos_url": at("/repos"), "events_url": at("/events"), "hooks_url": at("/hooks"), "issues_url": at("/issues"),
            "members_url": at("/members{/member}"), "public_members_url": at("/public_members{/member}"),
            "avatar_url": self.html(format_args!("/avatars/u/{}", account.id)), "description": Value::Null,
        })
    }

    /// An organisation asked for by itself.
    #[must_use]
    pub(crate) fn full_organization(&self, account: &Account) -> Value {
        let mut object = self.organization(account.id);
        let made = account.created_at.rfc3339();
        let repositories = self
            .world
            .repositories
            .values()
            .filter(|repo| repo.owner == account.id && !repo.private)
            .count();
        let page = self.html(format_args!("/{}", account.login));
        let members = json!({
            "has_organization_projects": false, "has_repository_projects": false, "public_repos": repositories,
            "public_gists": 0, "followers": 0, "following": 0, "html_url": page, "type": "Organization",
            "created_at": made, "updated_at": made, "archived_at": Value::Null,
        });
        super::repository::merge(&mut object, members);
        object
    }

    /// A collaborator: a user with role and permissions.
    #[must_use]
    pub(crate) fn collaborator(&self, id: UserId, role: Role) -> Value {
        let mut user = self.user(id);
        add(
            &mut user,
            [("permissions", permissions_of(role)), ("role_name", json!(role.name()))],
        );
        user
    }

    /// The answer of `GET R/collaborators/{login}/permission`.
    #[must_use]
    pub(crate) fn collaborator_permission(&self, id: UserId, role: Role) -> Value {
        json!({ "permission": role.legacy_name(), "role_name": role.name(), "user": self.collaborator(id, role) })
    }

    /// A GitHub App as other objects carry it, without its client id.
    #[must_use]
    pub(crate) fn app(&self, app: &App) -> Value {
        json!({
            "id": app.id, "slug": app.slug, "node_id": NodeRef::App(app.id).encode(), "owner": self.user(app.owner), "name": app.name, "description": "",
            "external_url": self.html(""), "html_url": self.html(format_args!("/apps/{}", app.slug)),
            "created_at": app.created_at.rfc3339(), "updated_at": app.created_at.rfc3339(),
            "permissions": app.permissions, "events": app.events,
        })
    }

    /// The App itself, as it sees itself.
    #[must_use]
    pub(crate) fn own_app(&self, app: &App) -> Value {
        let mut object = self.app(app);
        let count = self
            .world
            .installations
            .values()
            .filter(|installation| installation.app == app.id)
            .count();
        add(
            &mut object,
            [("client_id", json!(app.client_id)), ("installations_count", json!(count))],
        );
        object
    }

    /// An installation as REST answers it.
    #[must_use]
    pub(crate) fn installation(&self, installation: &Installation) -> Value {
        let mut object = self.hook_installation(installation);
        add(
            &mut object,
            [(
                "client_id",
                json!(self.world.apps.get(&installation.app).map(|app| &app.client_id)),
            )],
        );
        object
    }

    /// An installation as webhooks carry it, without the App's client id.
    #[must_use]
    pub(crate) fn hook_installation(&self, installation: &Installation) -> Value {
        let id = installation.id;
        let app = self.world.apps.get(&installation.app);
        let account = self.world.accounts.get(&installation.account);
        let organization = account.is_some_and(|account| account.kind == AccountKind::Organization);
        json!({
            "id": id, "account": self.user(installation.account),
            "repository_selection": selection(installation.repositories.is_some()),
            "access_tokens_url": self.api(format_args!("/app/installations/{id}/access_tokens")),
            "repositories_url": self.api("/installation/repositories"),
            "html_url": self.installation_page(installation, organization),
            "app_id": installation.app, "app_slug": app.map(|app| &app.slug),
            "target_id": installation.account, "target_type": if organization { "Organization" } else { "User" },
            "permissions": installation.permissions, "events": app.map(|app| &app.events),
            "created_at": installation.created_at.rfc3339(), "updated_at": installation.updated_at.rfc3339(),
            "single_file_name": Value::Null, "has_multiple_single_files": false, "single_file_paths": [],
            "suspended_by": installation.suspended.map(|(_, by)| self.user(by)),
            "suspended_at": installation.suspended.map(|(at, _)| at.rfc3339()),
        })
    }

    /// A fresh installation token: the only place where one is shown.
    #[must_use]
    pub(crate) fn installation_token(&self, token: &SecretString, grant: &InstallationToken) -> Value {
        let mut answer = json!({
            "token": token.expose_secret(), "expires_at": grant.expires_at.rfc3339(), "permissions": grant.permissions,
            "repository_selection": selection(grant.repositories.is_some()),
        });
        if let Some(ids) = &grant.repositories {
            let found = ids.iter().filter_map(|id| self.world.repositories.get(id));
            let repositories: Vec<Value> = found.map(|repo| self.repository(repo)).collect();
            add(&mut answer, [("repositories", json!(repositories))]);
        }
        answer
    }

    fn installation_page(&self, installation: &Installation, organization: bool) -> String {
        let login = self
            .world
            .accounts
            .get(&installation.account)
            .map_or("", |account| account.login.as_str());
        let owner = if organization {
            format!("/organizations/{login}")
        } else {
            String::new()
        };
        self.html(format_args!("{owner}/settings/installations/{}", installation.id))
    }
}

/// What GitHub says of a role as five switches.
#[must_use]
pub(crate) fn permissions_of(role: Role) -> Value {
    json!({
        "pull": role >= Role::Read, "triage": role >= Role::Triage, "push": role >= Role::Write,
        "maintain": role >= Role::Maintain, "admin": role >= Role::Admin,
    })
}

/// Adds members to an object.
pub(crate) fn add<const N: usize>(object: &mut Value, members: [(&str, Value); N]) {
    let map: &mut Map<String, Value> = match object {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return,
    };
    map.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

/// The node id of an installation.
#[must_use]
pub(crate) fn installation_node_id(id: InstallationId) -> String {
    STANDARD.encode(format!("023:IntegrationInstallation{id}"))
}

fn selection(selected: bool) -> &'static str {
    if selected { "selected" } else { "all" }
}
