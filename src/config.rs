//! What the operator sets: `millhand.toml`, then the environment.
//!
//! Keys of the file are also variables, `MILLHAND__SECTION__KEY`; secrets, addresses and what else differs from machine to
//! machine have names of their own and come from the environment alone.
//!
//! Invariant: a setting that is unknown, of the wrong type, out of bounds or at odds with another ends the start with one
//! sentence that names it; no secret stands in a sentence or in `Debug`.

mod bounds;
mod file;
mod names;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::github::Endpoints;
use crate::workflow::fact::Timing;
use crate::workflow::repo_config::{OperatorPolicy, RepoConfig, effective};
use crate::workflow::settings::Settings;

/// The file that is read from the working directory when no other is named.
pub const FILE: &str = "millhand.toml";

/// The whole environment, as given to the program.
pub type Environment = BTreeMap<String, String>;

/// Everything that was set, with defaults for the rest.
#[derive(Clone, Debug)]
pub struct Config {
    /// `MILLHAND_LISTEN`: where the server listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `MILLHAND_BASE_URL`: the address under which people and GitHub reach it, without a slash at the end.
    pub base_url: Option<String>,
    /// `MILLHAND_DATABASE_URL`: an SQLite file.
    pub database: String,
    /// `MILLHAND_API_TOKEN`: the bearer token; without it the API answers 401.
    pub api_token: Option<SecretString>,
    /// `MILLHAND_MODEL`: `offline`, or the name of the default profile.
    pub model: Option<String>,
    /// `GITHUB_API_URL` and what follows from it.
    pub endpoints: Endpoints,
    /// The App, as far as it is set.
    pub app: AppSettings,
    /// `github.mutation_interval_ms`: least time between two changes sent for one installation, in milliseconds.
    pub mutation_interval_ms: i64,
    /// `comments.edit_seconds`, `reviews.quiet_seconds`, `reconcile.*`.
    pub timing: Timing,
    /// `[policy]`: what no repository passes.
    pub policy: OperatorPolicy,
    /// `[defaults]`: what holds where a repository says nothing, as far as the policy goes.
    pub defaults: Settings,
}

/// The App's identity and secrets, as far as they are set. [`Config::app`] demands them.
#[derive(Clone, Debug, Default)]
pub struct AppSettings {
    /// `GITHUB_APP_ID`.
    id: Option<String>,
    /// `GITHUB_PRIVATE_KEY`: the key as PEM text.
    key: Option<SecretString>,
    /// `GITHUB_PRIVATE_KEY_PATH`: the file that holds it.
    key_path: Option<PathBuf>,
    /// `GITHUB_WEBHOOK_SECRET`.
    webhook_secret: Option<SecretString>,
    /// `GITHUB_WEBHOOK_SECRET_PREVIOUS`.
    webhook_secret_previous: Option<SecretString>,
}

/// The App's identity and secrets, complete.
#[derive(Clone, Debug)]
pub struct AppIdentity {
    /// The App's numeric id or client id.
    pub id: String,
    /// The private key as it was given: PEM in one of the forms that `github::App::new` understands.
    pub key: SecretString,
    /// The webhook's secret, and the one before it while it is being changed.
    pub webhook_secrets: Vec<SecretString>,
}

/// Why the settings cannot be used: one sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file, or the setting that names it.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// A file is no TOML, or holds a key that is unknown or of the wrong type.
    #[error("{path}, line {line}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong, naming the key.
        reason: String,
    },
    /// A setting has a value that cannot be used.
    #[error("{setting} {reason}")]
    Refused {
        /// The setting's name.
        setting: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is needed and missing.
    #[error("{setting} is not set: {reason}")]
    Missing {
        /// The setting's name.
        setting: &'static str,
        /// What it is needed for, and where to get it.
        reason: &'static str,
    },
}

impl Config {
    /// The settings of `path` (or of [`FILE`] in the working directory, if there is one) and of the environment `env`,
    /// which goes before the file.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn load(path: Option<&Path>, env: &Environment) -> Result<Self, ConfigError> {
        let named = path.unwrap_or(Path::new(FILE));
        match std::fs::read_to_string(named) {
            Ok(text) => Self::read(Some((&named.display().to_string(), &text)), env),
            Err(error) if path.is_none() && error.kind() == std::io::ErrorKind::NotFound => Self::read(None, env),
            Err(error) => Err(ConfigError::Unreadable {
                path: named.display().to_string(),
                reason: error.to_string(),
            }),
        }
    }

    /// The settings of a file's name and text, and of the environment.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn read(file: Option<(&str, &str)>, env: &Environment) -> Result<Self, ConfigError> {
        let keys = file::keys(file, env)?;
        bounds::check(&keys.shape)?;
        let timing = Timing {
            edit_ms: millis(keys.shape.comments.edit_seconds),
            quiet_ms: millis(keys.shape.reviews.quiet_seconds),
            active_ms: millis(keys.shape.reconcile.active_seconds),
            idle_ms: millis(keys.shape.reconcile.idle_seconds),
        };
        let mut defaults = keys.shape.defaults;
        let budget_max = keys.shape.policy.budget_usd;
        if !keys.own_budget {
            defaults.limits.budget_usd = defaults.limits.budget_usd.min(budget_max);
        } else if defaults.limits.budget_usd > budget_max {
            return Err(refused(
                "defaults.limits.budget_usd",
                "is above policy.budget_usd, the bound that no workflow passes",
            ));
        }
        let policy = keys.shape.policy;
        let defaults = effective(&defaults, &policy, &RepoConfig::default()).settings;
        let own = names::own(env)?;
        Ok(Self {
            listen: own.listen,
            base_url: own.base_url,
            database: own.database,
            api_token: own.api_token,
            model: own.model,
            endpoints: own.endpoints,
            app: own.app,
            mutation_interval_ms: i64::from(keys.shape.github.mutation_interval_ms),
            timing,
            policy,
            defaults,
        })
    }

    /// The App, complete: only what serves GitHub needs it.
    ///
    /// # Errors
    /// What is missing, or the key's file if it cannot be read.
    pub fn app(&self) -> Result<AppIdentity, ConfigError> {
        let missing = |setting, reason| ConfigError::Missing { setting, reason };
        let app = &self.app;
        let id = app
            .id
            .clone()
            .ok_or(missing("GITHUB_APP_ID", "it is the number on the App's settings page"))?;
        let key = match (&app.key, &app.key_path) {
            (Some(key), _) => key.clone(),
            (None, Some(path)) => SecretString::from(std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
                path: format!("GITHUB_PRIVATE_KEY_PATH {}", path.display()),
                reason: error.to_string(),
            })?),
            (None, None) => {
                let reason = "give the App's private key as PEM text, or its file by GITHUB_PRIVATE_KEY_PATH";
                return Err(missing("GITHUB_PRIVATE_KEY", reason));
            }
        };
        let reason = "without it nobody can tell GitHub's webhooks from forged ones";
        let current = app.webhook_secret.clone().ok_or(missing("GITHUB_WEBHOOK_SECRET", reason))?;
        let webhook_secrets = [Some(current), app.webhook_secret_previous.clone()]
            .into_iter()
            .flatten()
            .collect();
        Ok(AppIdentity {
            id,
            key,
            webhook_secrets,
        })
    }

    /// The chosen model's name.
    ///
    /// # Errors
    /// If none is chosen.
    pub fn model(&self) -> Result<&str, ConfigError> {
        let reason = "choose `offline`, or the name of the default profile";
        self.model.as_deref().ok_or(ConfigError::Missing {
            setting: "MILLHAND_MODEL",
            reason,
        })
    }

    /// Every secret that was set, for a log that must never show one. A key's file that cannot be read hides nothing.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let app = &self.app;
        let of_file = app.key_path.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let of_file = of_file.map(SecretString::from);
        let all = [
            &self.api_token,
            &app.key,
            &of_file,
            &app.webhook_secret,
            &app.webhook_secret_previous,
        ];
        all.into_iter().flatten().cloned().collect()
    }
}

fn refused(setting: &str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Refused {
        setting: setting.to_owned(),
        reason: reason.into(),
    }
}

/// Seconds were checked to be finite and small.
fn millis(seconds: f64) -> u64 {
    u64::try_from(Duration::from_secs_f64(seconds).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
