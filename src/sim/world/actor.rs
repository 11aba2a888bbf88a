//! Who acts.
//!
//! Invariant: an App acts with its token's permissions, which may be narrower than its installation's.

use std::collections::BTreeSet;

use super::account::Permissions;
use super::ids::{AppId, InstallationId, RepoId, UserId};

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
