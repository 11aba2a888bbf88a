//! What holds: the operator's settings with what the repository set, as far as the policy goes.
//!
//! Invariant: no value passes the policy, whoever set it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RepoConfig;
use super::keys::{Bound, KEYS, Key};
use super::names::shown;
use super::policy::OperatorPolicy;
use crate::workflow::settings::Settings;

/// Who set a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Nobody: it is the program's own.
    BuiltIn,
    /// The operator.
    Operator,
    /// The repository's file.
    Repository,
    /// The repository's file wanted something looser, and the operator's policy holds it here.
    Held,
    /// Millhand itself, by what it found in the repository.
    Chosen,
}

impl Origin {
    /// For a person, to stand in a table.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::BuiltIn => "built in",
            Self::Operator => "operator",
            Self::Repository => "repository",
            Self::Held => "repository, held at the operator's policy",
            Self::Chosen => "Millhand, by what stands in the repository",
        }
    }
}

/// A key and what holds for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Such as `limits.phases`.
    pub key: String,
    /// As in the file.
    pub value: Value,
    /// Who set it.
    pub origin: Origin,
    /// Whether it is the program's own value, whoever set it.
    pub default: bool,
}

impl Row {
    /// Whether a reader learns something: what is as it always is goes without saying, but not what was held there.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.default || matches!(self.origin, Origin::Held | Origin::Chosen)
    }

    /// The value as it would be written in the file, in one line.
    #[must_use]
    pub fn told(&self) -> String {
        told(&self.value)
    }
}

/// Something that the repository wanted and did not get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Such as `limits.phases`.
    pub key: String,
    /// For a person; words of the file stand in code spans.
    pub sentence: String,
}

/// What holds in a repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effective {
    /// The settings for workflows there.
    pub settings: Settings,
    /// Every key that settings have, in the order of the table.
    pub rows: Vec<Row>,
    /// What was held back, in the same order.
    pub notes: Vec<Note>,
}

/// What holds where the operator set `operator` and `policy`, and the repository `repo`.
#[must_use]
pub fn effective(operator: &Settings, policy: &OperatorPolicy, repo: &RepoConfig) -> Effective {
    let json = |settings: &Settings| serde_json::to_value(settings).unwrap_or_default();
    let (own, built_in, bounds) = (json(operator), json(&Settings::default()), policy.bounds());
    let mut out = Effective {
        settings: operator.clone(),
        rows: Vec::new(),
        notes: Vec::new(),
    };
    let clash = same_labels(&own, repo);
    if clash {
        out.notes.push(Note {
            key: "labels.trigger".to_owned(),
            sentence: "`labels.trigger` and `labels.auto` would be the same label; the operator's two hold.".to_owned(),
        });
    }
    for key in &KEYS {
        let Some(own) = at(&own, key.path) else { continue };
        let given = repo.given.get(key.path).map(|given| &given.value);
        let given = given.filter(|_| !(clash && key.section() == Some("labels")));
        let asked = given.unwrap_or(own);
        let held = hold(key, asked, own, &Limits { bounds: &bounds, policy });
        let mut value = held.as_ref().unwrap_or(asked).clone();
        let mut refused = held.is_some() && given.is_some();
        match with(&out.settings, key.path, &value) {
            Some(settings) => out.settings = settings,
            // A stored file of another version may hold what this one does not know.
            None => (value, refused) = (own.clone(), given.is_some()),
        }
        if refused && key.bound != Bound::Adds {
            out.notes.push(note(key, asked, &value));
        }
        let default = at(&built_in, key.path) == Some(&value);
        let origin = match (given.is_some(), refused && key.bound != Bound::Adds) {
            (true, true) => Origin::Held,
            (true, false) => Origin::Repository,
            (false, _) if default => Origin::BuiltIn,
            (false, _) => Origin::Operator,
        };
        out.rows.push(Row {
            key: key.path.to_owned(),
            value,
            origin,
            default,
        });
    }
    out
}

impl Effective {
    /// Where Prow listens, `/approve` and `/hold` are its own commands: bare ones are read only if the repository says so.
    /// Prow is told by its `OWNERS` file.
    #[must_use]
    pub fn beside_prow(mut self) -> Self {
        let row = self.rows.iter_mut().find(|row| row.key == "commands.bare");
        if let Some(row) = row.filter(|row| row.origin != Origin::Repository && row.value == Value::Bool(true)) {
            row.value = Value::Bool(false);
            row.origin = Origin::Chosen;
            row.default = false;
            self.settings.commands.bare = false;
        }
        self
    }
}

/// The settings of which `told` says nothing: as they are built in.
#[must_use]
pub fn untold(settings: &Settings, told: &[Row]) -> Vec<Row> {
    let all = serde_json::to_value(settings).unwrap_or_default();
    let rest = KEYS.iter().filter(|key| !told.iter().any(|row| row.key == key.path));
    let row = |key: &Key| {
        Some(Row {
            key: key.path.to_owned(),
            value: at(&all, key.path)?.clone(),
            origin: Origin::BuiltIn,
            default: true,
        })
    };
    rest.filter_map(row).collect()
}

/// The operator's bounds, by key and as they are.
struct Limits<'a> {
    bounds: &'a Value,
    policy: &'a OperatorPolicy,
}

/// What holds instead of `asked`, if that is looser than the policy.
fn hold(key: &Key, asked: &Value, own: &Value, limits: &Limits<'_>) -> Option<Value> {
    let bound = at(limits.bounds, key.path);
    match key.bound {
        Bound::Free => None,
        Bound::AtMost => bound.filter(|most| asked.as_f64() > most.as_f64()).cloned(),
        Bound::AtLeast => bound.filter(|least| reviews(asked) < reviews(least)).cloned(),
        Bound::AsStrict(order) => {
            let rank = |value: &Value| order.iter().position(|word| *word == told(value));
            bound.filter(|least| rank(asked) < rank(least)).cloned()
        }
        Bound::Adds => {
            let mut all = own.as_array()?.clone();
            all.extend(
                asked
                    .as_array()?
                    .iter()
                    .filter(|it| !own.as_array().is_some_and(|own| own.contains(it)))
                    .cloned(),
            );
            (all != *asked.as_array()?).then_some(Value::Array(all))
        }
        Bound::Within => {
            let (listed, wanted) = (own.as_array()?, asked.as_array()?);
            let known = |it: &&Value| listed.iter().any(|own| bot(own) == bot(it));
            let kept: Vec<Value> = wanted.iter().filter(known).cloned().collect();
            (!listed.is_empty() && kept.len() < wanted.len()).then_some(Value::Array(kept))
        }
        Bound::Profile => {
            let known = &limits.policy.profiles;
            let name = asked.as_str()?;
            (!known.is_empty() && !known.iter().any(|it| it == name)).then(|| own.clone())
        }
    }
}

/// `auto` may be none and may be one.
fn reviews(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.5)
}

/// GitHub tells logins apart without regard to case, and a bot is known with and without its ending.
fn bot(value: &Value) -> String {
    let login = value.as_str().unwrap_or_default().to_lowercase();
    login.strip_suffix("[bot]").unwrap_or(&login).to_owned()
}

fn same_labels(own: &Value, repo: &RepoConfig) -> bool {
    let label = |path: &str| {
        let given = repo.given.get(path).map(|given| &given.value);
        given.or_else(|| at(own, path)).and_then(Value::as_str).map(str::to_lowercase)
    };
    let given = repo.given.contains_key("labels.trigger") || repo.given.contains_key("labels.auto");
    given && label("labels.trigger") == label("labels.auto")
}

fn note(key: &Key, asked: &Value, holds: &Value) -> Note {
    let why = match key.bound {
        Bound::AtMost => "the operator's policy allows less",
        Bound::AsStrict(_) | Bound::AtLeast => "the operator's policy asks for more",
        Bound::Within => "the operator's settings list fewer",
        Bound::Profile => "the operator has no such profile",
        Bound::Free | Bound::Adds => "this version does not know it",
    };
    let sentence = format!(
        "`{}` is `{}` in the file; {why}, and `{}` holds.",
        key.path,
        shown(&told(asked)),
        shown(&told(holds))
    );
    Note {
        key: key.path.to_owned(),
        sentence,
    }
}

/// The value at a path such as `limits.phases`.
fn at<'a>(all: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(all, |value, part| value.get(part))
}

/// The settings with another value at `path`; `None` if they cannot hold it.
fn with(settings: &Settings, path: &str, value: &Value) -> Option<Settings> {
    let mut all = serde_json::to_value(settings).ok()?;
    let place = path.split('.').try_fold(&mut all, |value, part| value.get_mut(part))?;
    *place = value.clone();
    serde_json::from_value(all).ok()
}

fn told(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(told).collect::<Vec<_>>().join(", ")),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |it| it.to_string()),
        Value::Bool(_) | Value::Null | Value::Object(_) => value.to_string(),
    }
}
