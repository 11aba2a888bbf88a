//! The keys of `millhand.toml`, and the variables that go before them.
//!
//! A variable is tried as the TOML value it looks like (a number, a truth value, a list) and as text, so that nobody needs
//! TOML's quotes in a shell.

use serde::Deserialize;
use toml::{Table, Value};

use super::{ConfigError, Environment, refused};
use crate::workflow::repo_config::OperatorPolicy;
use crate::workflow::settings::Settings;

/// What every variable for a key of the file begins with.
const PREFIX: &str = "MILLHAND__";

/// What the file was found to hold.
pub(super) struct Keys {
    pub(super) shape: Shape,
    /// Whether the operator chose `defaults.limits.budget_usd` himself.
    pub(super) own_budget: bool,
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) github: Github,
    pub(super) comments: Comments,
    pub(super) reviews: Reviews,
    pub(super) reconcile: Reconcile,
    pub(super) policy: OperatorPolicy,
    pub(super) defaults: Settings,
}

/// `[github]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Github {
    pub(super) mutation_interval_ms: u32,
}

/// `[comments]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Comments {
    pub(super) edit_seconds: f64,
}

/// `[reviews]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Reviews {
    pub(super) quiet_seconds: f64,
}

/// `[reconcile]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Reconcile {
    pub(super) active_seconds: f64,
    pub(super) idle_seconds: f64,
}

impl Default for Github {
    fn default() -> Self {
        Self {
            mutation_interval_ms: 1000,
        }
    }
}

impl Default for Comments {
    fn default() -> Self {
        Self { edit_seconds: 30.0 }
    }
}

impl Default for Reviews {
    fn default() -> Self {
        Self { quiet_seconds: 60.0 }
    }
}

impl Default for Reconcile {
    fn default() -> Self {
        Self {
            active_seconds: 60.0,
            idle_seconds: 300.0,
        }
    }
}

/// Reads the file, if there is one, and puts the variables over it.
pub(super) fn keys(file: Option<(&str, &str)>, env: &Environment) -> Result<Keys, ConfigError> {
    let mut table = match file {
        Some((name, text)) => of_file(name, text)?,
        None => Table::new(),
    };
    for (name, value) in env.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        table = with_variable(&table, name, value)?;
    }
    let own_budget = table
        .get("defaults")
        .and_then(|it| it.get("limits"))
        .is_some_and(|it| it.get("budget_usd").is_some());
    // Every part was read before; only the parts together are read here.
    let shape = table
        .try_into()
        .map_err(|error| refused("the settings together", first_line(&error)))?;
    Ok(Keys { shape, own_budget })
}

fn of_file(name: &str, text: &str) -> Result<Table, ConfigError> {
    let at = |error: &toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        let line = text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
        let key = text
            .lines()
            .nth(line - 1)
            .and_then(|it| it.split_once('='))
            .map(|(key, _)| key.trim());
        let message = first_line(error);
        let reason = match key {
            Some(key) if is_key(key) && !message.contains(key) => format!("{key}: {message}"),
            Some(_) | None => message,
        };
        ConfigError::File {
            path: name.to_owned(),
            line,
            reason,
        }
    };
    toml::from_str::<Shape>(text).map_err(|error| at(&error))?;
    text.parse().map_err(|error| at(&error))
}

/// Only a bare key is repeated: anything else on the line may be part of a value.
fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.')
}

fn with_variable(table: &Table, name: &str, value: &str) -> Result<Table, ConfigError> {
    let path: Vec<String> = name
        .trim_start_matches(PREFIX)
        .split("__")
        .map(str::to_ascii_lowercase)
        .collect();
    let mut first = None;
    for candidate in candidates(value) {
        let mut with = table.clone();
        put(&mut with, &path, candidate).ok_or_else(|| refused(name, "names a section where a key is wanted"))?;
        match Shape::deserialize(Value::Table(with.clone())) {
            Ok(_) => return Ok(with),
            Err(error) => first.get_or_insert(error),
        };
    }
    let reason = first.map_or_else(
        || "cannot be read".to_owned(),
        |error| format!("cannot be used: {}", first_line(&error)),
    );
    Err(refused(name, reason))
}

/// The value as TOML reads it, and as text.
fn candidates(value: &str) -> Vec<Value> {
    let parsed = format!("value = {value}").parse::<Table>().ok().filter(|it| it.len() == 1);
    let typed = parsed.and_then(|mut it| it.remove("value")).filter(|it| !it.is_table());
    typed.into_iter().chain([Value::String(value.to_owned())]).collect()
}

/// `None` if something on the way is no section.
fn put(table: &mut Table, path: &[String], value: Value) -> Option<()> {
    let (last, sections) = path.split_last()?;
    let mut at = table;
    for section in sections {
        at = at
            .entry(section.clone())
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()?;
    }
    at.insert(last.clone(), value);
    Some(())
}

fn first_line(error: &toml::de::Error) -> String {
    error
        .message()
        .lines()
        .next()
        .unwrap_or("it is not understood")
        .trim_end_matches('.')
        .to_owned()
}
