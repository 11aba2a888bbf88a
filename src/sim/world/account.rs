//! People, bots, organisations, Apps and their installations.
//!
//! Invariant: what a token may do is written beside the token; nothing is derived from a login.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::ids::{AppId, InstallationId, NodeRef, RepoId, UserId};
use crate::clock::Millis;

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A person.
    User,
    /// A bot: an App's own account, or a machine user whose login ends in `[bot]`.
    Bot,
    /// An organisation.
    Organization,
}

/// A person, bot or organisation.
#[derive(Clone, Debug)]
pub struct Account {
    /// Numeric id.
    pub id: UserId,
    /// Login, `maintainer` or `millhand[bot]`.
    pub login: String,
    /// Kind of account.
    pub kind: AccountKind,
    /// Token for REST, GraphQL and git; none for organisations and for Apps' own bots.
    pub token: Option<SecretString>,
    /// Of an organisation: the roles that people get in its new repositories.
    pub team: BTreeMap<UserId, Role>,
    /// When it was made.
    pub created_at: Millis,
}

impl Account {
    /// GraphQL node id.
    #[must_use]
    pub fn node_id(&self) -> String {
        self.node().encode()
    }

    /// What its node id points at.
    #[must_use]
    pub fn node(&self) -> NodeRef {
        match self.kind {
            AccountKind::User => NodeRef::User(self.id),
            AccountKind::Bot => NodeRef::Bot(self.id),
            AccountKind::Organization => NodeRef::Organization(self.id),
        }
    }

    /// GitHub's word for the kind: `User`, `Bot`, `Organization`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            AccountKind::User => "User",
            AccountKind::Bot => "Bot",
            AccountKind::Organization => "Organization",
        }
    }

    /// The address GitHub gives commits of this account: `<id>+<login>@users.noreply.github.com`.
    #[must_use]
    pub fn noreply(&self) -> String {
        format!("{}+{}@users.noreply.github.com", self.id, self.login)
    }
}

/// What a person may do in a repository, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// No collaborator; public repositories can still be read and commented on.
    None,
    /// Reads.
    Read,
    /// Labels, closes, asks for reviews.
    Triage,
    /// Pushes and merges.
    Write,
    /// Manages without access to what destroys.
    Maintain,
    /// Everything.
    Admin,
}

impl Role {
    /// GitHub's fine name: `none`, `read`, `triage`, `write`, `maintain`, `admin`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// The coarse name of `permission` in `GET collaborators/{login}/permission`: `none`, `read`, `write`, `admin`.
    #[must_use]
    pub fn legacy_name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read | Self::Triage => "read",
            Self::Write | Self::Maintain => "write",
            Self::Admin => "admin",
        }
    }

    /// Reads a role from `pull`, `push` or a name of [`Role::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "read" | "pull" => Self::Read,
            "triage" => Self::Triage,
            "write" | "push" => Self::Write,
            "maintain" => Self::Maintain,
            "admin" => Self::Admin,
            _ => return None,
        })
    }
}

/// How far an App's permission goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Reads.
    Read,
    /// Reads and writes.
    Write,
    /// Administers.
    Admin,
}

/// An App's permissions by GitHub's names, as in `{"contents": "write"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(pub BTreeMap<String, Level>);

impl Permissions {
    /// Permissions from pairs.
    #[must_use]
    pub fn of(pairs: &[(&str, Level)]) -> Self {
        Self(pairs.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect())
    }

    /// Whether `name` is granted at `level` or above.
    #[must_use]
    pub fn allows(&self, name: &str, level: Level) -> bool {
        self.0.get(name).is_some_and(|granted| *granted >= level)
    }

    /// Whether every one of these is within `granted`.
    #[must_use]
    pub fn within(&self, granted: &Self) -> bool {
        self.0.iter().all(|(name, level)| granted.allows(name, *level))
    }
}

/// A GitHub App.
#[derive(Clone, Debug)]
pub struct App {
    /// Numeric id.
    pub id: AppId,
    /// Short name, `millhand`; its bot is `millhand[bot]`.
    pub slug: String,
    /// Shown name.
    pub name: String,
    /// Client id, also good as `iss`.
    pub client_id: String,
    /// Account that owns it.
    pub owner: UserId,
    /// Its bot account.
    pub bot: UserId,
    /// What it asks for.
    pub permissions: Permissions,
    /// Events it subscribes to. `installation*` is always sent, `check_run` and `check_suite` come with checks: write.
    pub events: BTreeSet<String>,
    /// Public key, PKCS#1 DER; empty for Apps that never sign.
    pub public_key_der: Vec<u8>,
    /// Private key, PKCS#1 PEM, for `--env-file`.
    pub private_key_pem: Option<SecretString>,
    /// Whether webhooks are sent to it.
    pub hooked: bool,
    /// When it was made.
    pub created_at: Millis,
}

/// An App on an account.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Numeric id.
    pub id: InstallationId,
    /// The App.
    pub app: AppId,
    /// Where.
    pub account: UserId,
    /// What was granted.
    pub permissions: Permissions,
    /// Which repositories; `None` is all.
    pub repositories: Option<BTreeSet<RepoId>>,
    /// When and by whom it was suspended.
    pub suspended: Option<(Millis, UserId)>,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
}

/// What a minted installation token may do; the token itself is stored by its SHA-256 only.
#[derive(Clone, Debug)]
pub struct InstallationToken {
    /// The installation.
    pub installation: InstallationId,
    /// Narrowed repositories; `None` is all of the installation.
    pub repositories: Option<BTreeSet<RepoId>>,
    /// Narrowed permissions.
    pub permissions: Permissions,
    /// End of its life.
    pub expires_at: Millis,
}
