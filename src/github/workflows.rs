//! When a repository's own workflows start: the `on:` part of GitHub Actions' workflow files.
//!
//! Before a plan is shown it must be known which checks will run for our branches. Most repositories filter on the default
//! branch, so that nothing runs for a pull request onto any other; a picture that is wrong here makes a workflow wait for
//! ever, or pass without tests.
//!
//! Invariant: pure; a file that cannot be read is a [`Problem`], never a guess.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

mod pattern;

pub use pattern::Patterns;

/// Largest part of a file that YAML aliases may unfold to, in nodes. Real workflows have a few thousand.
const MOST_NODES: usize = 50_000;

/// The activity types that start a `pull_request` workflow which names none.
const DEFAULT_TYPES: [&str; 3] = ["opened", "synchronize", "reopened"];

/// When a workflow starts, and what it runs.
#[derive(Clone, Debug)]
pub struct WorkflowTriggers {
    /// Path of its file.
    pub file: String,
    /// Its name: the file's path if it has none, as GitHub shows it.
    pub name: String,
    /// Pull requests that start it.
    pub pull_request: Option<Filter>,
    /// Pull requests that start it with the base's rights.
    pub pull_request_target: Option<Filter>,
    /// Pushes that start it.
    pub push: Option<Filter>,
    /// Whether a merge queue starts it.
    pub merge_group: bool,
    /// Whether it can be started by hand.
    pub dispatch: bool,
    /// Its jobs in order of id.
    pub jobs: Vec<JobName>,
}

/// A job, by the name of its check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobName {
    /// Its id in the file.
    pub id: String,
    /// The name of its check, where that is fixed: a matrix or an expression makes names of its own.
    pub check: Option<String>,
    /// Whether its condition speaks of drafts: it may not run on one.
    pub minds_draft: bool,
}

/// What narrows an event.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    types: Option<Vec<String>>,
    branches: Option<Patterns>,
    branches_ignore: Option<Patterns>,
    paths: Option<Patterns>,
    paths_ignore: Option<Patterns>,
    only_tags: bool,
}

/// Something that may start a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A pull request is opened, as a draft or not.
    Opened,
    /// A commit is pushed to a pull request's head.
    Synchronized,
    /// A pull request leaves draft.
    ReadyForReview,
    /// A commit is pushed to a branch.
    Pushed,
    /// A merge queue tries a group.
    Queued,
}

/// A workflow file that cannot be read, or not surely.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct Problem {
    /// Path of the file.
    pub file: String,
    /// What is wrong, with line and column where known.
    pub reason: String,
}

#[derive(Deserialize)]
struct RawWorkflow {
    #[serde(default)]
    name: Option<String>,
    on: On,
    #[serde(default)]
    jobs: BTreeMap<String, Value>,
}

/// The three forms of `on`. The map's values stay untyped: one event of an odd shape must not hide the others.
#[derive(Deserialize)]
#[serde(untagged)]
enum On {
    One(String),
    Many(Vec<String>),
    Map(BTreeMap<String, Value>),
}

impl WorkflowTriggers {
    /// Reads a workflow file.
    ///
    /// # Errors
    /// The file is no workflow, or has a filter that GitHub would not take either.
    pub fn read(file: &str, text: &str) -> Result<Self, Problem> {
        let problem = |reason: String| Problem {
            file: file.to_owned(),
            reason,
        };
        let options = serde_saphyr::options! {
            strict_booleans: true,
            budget: serde_saphyr::budget! { max_nodes: MOST_NODES },
            with_snippet: false,
        };
        let raw: RawWorkflow = serde_saphyr::from_str_with_options(text, options).map_err(|error| problem(error.to_string()))?;
        let events: BTreeMap<String, Value> = match raw.on {
            On::One(name) => BTreeMap::from([(name, Value::Null)]),
            On::Many(names) => names.into_iter().map(|name| (name, Value::Null)).collect(),
            On::Map(events) => events,
        };
        let filter = |name: &str| {
            let read = |value: &Value| Filter::read(value).map_err(|reason| problem(format!("on.{name}: {reason}")));
            events.get(name).map(read).transpose()
        };
        Ok(Self {
            file: file.to_owned(),
            name: raw.name.filter(|name| !name.is_empty()).unwrap_or_else(|| file.to_owned()),
            pull_request: filter("pull_request")?,
            pull_request_target: filter("pull_request_target")?,
            push: filter("push")?,
            merge_group: events.contains_key("merge_group"),
            dispatch: events.contains_key("workflow_dispatch"),
            jobs: raw.jobs.iter().map(|(id, job)| JobName::read(id, job)).collect(),
        })
    }

    /// Whether the workflow starts on this occasion. For a push `head` is the branch and `base` is not looked at. `paths`
    /// are the changed files; if they are not known, none are given and path filters are taken to let it pass.
    #[must_use]
    pub fn starts_for(&self, occasion: Occasion, head: &str, base: &str, paths: &[&str]) -> bool {
        let pull = |kind: &str| {
            let lets = |filter: &Option<Filter>| filter.as_ref().is_some_and(|filter| filter.lets_pull(kind, base, paths));
            lets(&self.pull_request) || lets(&self.pull_request_target)
        };
        match occasion {
            Occasion::Opened => pull("opened"),
            Occasion::Synchronized => pull("synchronize"),
            Occasion::ReadyForReview => pull("ready_for_review"),
            Occasion::Pushed => self.push.as_ref().is_some_and(|filter| filter.lets_push(head, paths)),
            Occasion::Queued => self.merge_group,
        }
    }
}

impl JobName {
    fn read(id: &str, job: &Value) -> Self {
        let text = |key: &str| job.get(key).and_then(Value::as_str);
        let name = text("name").unwrap_or(id);
        let varies = name.contains("${{") || job.pointer("/strategy/matrix").is_some() || job.get("uses").is_some();
        let minds_draft = text("if").is_some_and(|condition| condition.contains("draft"));
        Self {
            id: id.to_owned(),
            check: (!varies).then(|| name.to_owned()),
            minds_draft,
        }
    }
}

impl Filter {
    fn read(value: &Value) -> Result<Self, String> {
        if value.is_null() {
            return Ok(Self::default());
        }
        if !value.is_object() {
            return Err("neither empty nor a map".to_owned());
        }
        let patterns = |key: &str| {
            strings(value, key)?
                .map(|texts| Patterns::new(&texts).map_err(|reason| format!("{key}: {reason}")))
                .transpose()
        };
        let filter = Self {
            types: strings(value, "types")?,
            branches: patterns("branches")?,
            branches_ignore: patterns("branches-ignore")?,
            paths: patterns("paths")?,
            paths_ignore: patterns("paths-ignore")?,
            only_tags: value.get("tags").is_some() || value.get("tags-ignore").is_some(),
        };
        if filter.branches.is_some() && filter.branches_ignore.is_some() {
            return Err("branches and branches-ignore exclude one another".to_owned());
        }
        if filter.paths.is_some() && filter.paths_ignore.is_some() {
            return Err("paths and paths-ignore exclude one another".to_owned());
        }
        Ok(filter)
    }

    fn lets_pull(&self, kind: &str, base: &str, paths: &[&str]) -> bool {
        let lets_kind = match &self.types {
            Some(types) => types.iter().any(|name| name == kind),
            None => DEFAULT_TYPES.contains(&kind),
        };
        lets_kind && self.lets_branch(base) && self.lets_paths(paths)
    }

    fn lets_push(&self, branch: &str, paths: &[&str]) -> bool {
        // Filters on tags alone leave branches out.
        let leaves_out = self.only_tags && self.branches.is_none() && self.branches_ignore.is_none();
        !leaves_out && self.lets_branch(branch) && self.lets_paths(paths)
    }

    fn lets_branch(&self, branch: &str) -> bool {
        let wanted = self.branches.as_ref().is_none_or(|patterns| patterns.matches(branch));
        wanted && !self.branches_ignore.as_ref().is_some_and(|patterns| patterns.matches(branch))
    }

    fn lets_paths(&self, paths: &[&str]) -> bool {
        let wanted = |patterns: &Patterns| paths.iter().any(|path| patterns.matches(path));
        let left = |patterns: &Patterns| paths.iter().any(|path| !patterns.matches(path));
        paths.is_empty() || (self.paths.as_ref().is_none_or(wanted) && self.paths_ignore.as_ref().is_none_or(left))
    }
}

/// One text or a list of texts under `key`.
fn strings(value: &Value, key: &str) -> Result<Option<Vec<String>>, String> {
    let wrong = || format!("{key} must be a text or a list of texts");
    match value.get(key) {
        None => Ok(None),
        Some(value) if value.is_null() => Ok(None),
        Some(value) => {
            if let Some(text) = value.as_str() {
                return Ok(Some(vec![text.to_owned()]));
            }
            let list = value.as_array().ok_or_else(wrong)?;
            list.iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect::<Result<_, _>>()
                .map(Some)
        }
    }
}

#[cfg(test)]
mod tests;
