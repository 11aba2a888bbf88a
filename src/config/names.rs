//! Settings with a name of their own: secrets, addresses and what else comes from the environment alone.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::{AppSettings, ConfigError, Environment, refused};
use crate::github::{EndpointError, Endpoints};

/// Where the server listens when nothing is said: this machine only.
const LISTEN: &str = "127.0.0.1:8080";
/// The database when nothing is said.
const DATABASE: &str = "sqlite://millhand.db";
/// github.com's API.
const GITHUB_API: &str = "https://api.github.com";

/// The settings with names of their own.
pub(super) struct Own {
    pub(super) listen: SocketAddr,
    pub(super) base_url: Option<String>,
    pub(super) database: String,
    pub(super) api_token: Option<SecretString>,
    pub(super) model: Option<String>,
    pub(super) endpoints: Endpoints,
    pub(super) app: AppSettings,
}

pub(super) fn own(env: &Environment) -> Result<Own, ConfigError> {
    Ok(Own {
        listen: listen(given(env, "MILLHAND_LISTEN").unwrap_or(LISTEN))?,
        base_url: given(env, "MILLHAND_BASE_URL").map(base_url).transpose()?,
        database: database(given(env, "MILLHAND_DATABASE_URL").unwrap_or(DATABASE))?,
        api_token: given(env, "MILLHAND_API_TOKEN").map(token).transpose()?,
        model: given(env, "MILLHAND_MODEL").map(str::to_owned),
        endpoints: endpoints(env)?,
        app: app(env)?,
    })
}

/// A variable that is set to nothing is not set: that is how deployment files leave one out.
fn given<'a>(env: &'a Environment, name: &str) -> Option<&'a str> {
    env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

fn listen(text: &str) -> Result<SocketAddr, ConfigError> {
    let text = text.replacen("localhost:", "127.0.0.1:", 1);
    text.parse().map_err(|_| {
        refused(
            "MILLHAND_LISTEN",
            "is no address with a port, such as 127.0.0.1:8080 or [::1]:0",
        )
    })
}

fn base_url(text: &str) -> Result<String, ConfigError> {
    let wrong = |reason: &str| refused("MILLHAND_BASE_URL", reason);
    let url = Url::parse(text).map_err(|_| wrong("is no address, such as https://millhand.example"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("must begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must hold neither credentials nor a query"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The text is not repeated: an address of a database server may hold a password.
fn database(text: &str) -> Result<String, ConfigError> {
    let wrong = |reason: &str| refused("MILLHAND_DATABASE_URL", reason);
    match text.split_once("://") {
        Some(("postgres" | "postgresql", _)) => Err(wrong(
            "names a PostgreSQL server; this version keeps its memory in an SQLite file, such as sqlite://millhand.db",
        )),
        Some((scheme, _)) if scheme != "sqlite" => Err(wrong("must name an SQLite file, such as sqlite://millhand.db")),
        Some(_) | None => Ok(text.to_owned()),
    }
}

/// RFC 6750 allows fewer characters; what matters is that a header can carry it.
fn token(text: &str) -> Result<SecretString, ConfigError> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(SecretString::from(text));
    }
    Err(refused(
        "MILLHAND_API_TOKEN",
        "must be letters, digits and signs without spaces, so that a header can carry it",
    ))
}

fn endpoints(env: &Environment) -> Result<Endpoints, ConfigError> {
    let api = given(env, "GITHUB_API_URL").unwrap_or(GITHUB_API);
    let derived = Endpoints::derive(api, given(env, "GITHUB_GRAPHQL_URL"), given(env, "GITHUB_SERVER_URL"));
    derived.map_err(|error| match error {
        EndpointError::NotAnAddress { name } => refused(name, "is not an http or https address"),
        EndpointError::Plain { name } => refused(name, "must begin with https:// unless it is this machine"),
        EndpointError::Extra { name } => refused(name, "must hold neither credentials nor a query"),
    })
}

fn app(env: &Environment) -> Result<AppSettings, ConfigError> {
    let secret = |name| given(env, name).map(SecretString::from);
    let app = AppSettings {
        id: given(env, "GITHUB_APP_ID").map(str::to_owned),
        key: secret("GITHUB_PRIVATE_KEY"),
        key_path: given(env, "GITHUB_PRIVATE_KEY_PATH").map(PathBuf::from),
        webhook_secret: secret("GITHUB_WEBHOOK_SECRET"),
        webhook_secret_previous: secret("GITHUB_WEBHOOK_SECRET_PREVIOUS"),
    };
    if app.key.is_some() && app.key_path.is_some() {
        return Err(refused(
            "GITHUB_PRIVATE_KEY",
            "and GITHUB_PRIVATE_KEY_PATH are both set; leave one of them out",
        ));
    }
    if app.webhook_secret.is_none() && app.webhook_secret_previous.is_some() {
        let reason = "is set without GITHUB_WEBHOOK_SECRET, the one that replaces it";
        return Err(refused("GITHUB_WEBHOOK_SECRET_PREVIOUS", reason));
    }
    let plain = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if app.id.as_deref().is_some_and(|id| !plain(id)) {
        return Err(refused(
            "GITHUB_APP_ID",
            "must be the App's number, as its settings page shows it",
        ));
    }
    Ok(app)
}
