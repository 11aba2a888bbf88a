//! What starts a workflow: its `on:` held against what happened.
//!
//! Invariant: branches, tags and paths must all pass; a filter that cannot be read refuses the workflow.

use serde_json::Value;

use super::filter::Filter;
use super::workflow::{Refused, Workflow};

/// What happened, as `on:` sees it.
#[derive(Clone, Debug)]
pub(super) struct Trigger<'a> {
    /// `push` or `pull_request`.
    pub(super) event: &'a str,
    /// The activity of a pull request: `opened`, `synchronize`.
    pub(super) action: Option<&'a str>,
    /// `refs/heads/..` or `refs/tags/..` of a push; the base branch's ref of a pull request.
    pub(super) reference: &'a str,
    /// The paths that differ; `None` when they cannot be told, then path filters let everything pass.
    pub(super) paths: Option<&'a [String]>,
}

/// The activities of a pull request that start a workflow which names none.
/// Source: GitHub's documentation, "Events that trigger workflows", `pull_request`.
const PULL_REQUEST_TYPES: [&str; 3] = ["opened", "synchronize", "reopened"];

impl Workflow {
    /// Whether `trigger` starts this workflow.
    ///
    /// # Errors
    /// [`Refused`] when a filter of this event is not valid.
    pub(super) fn starts(&self, trigger: &Trigger<'_>) -> Result<bool, Refused> {
        let Some(settings) = self.on.get(trigger.event) else {
            return Ok(false);
        };
        let pull_request = trigger.event == "pull_request";
        if pull_request && !type_matches(settings, trigger.action)? {
            return Ok(false);
        }
        let branch = trigger.reference.strip_prefix("refs/heads/");
        let tag = trigger.reference.strip_prefix("refs/tags/");
        let branches = Pair::read(settings, "branches", "branches-ignore")?;
        let tags = Pair::read(settings, "tags", "tags-ignore")?;
        let by_ref = match (branch, tag) {
            // Where only tags are named, branches start nothing, and the other way round.
            (Some(name), _) => branches.passes(name).unwrap_or(pull_request || !tags.is_set()),
            (None, Some(name)) => tags.passes(name).unwrap_or(!branches.is_set()),
            (None, None) => false,
        };
        // Paths are never looked at for tags.
        let by_path = match trigger.paths {
            Some(paths) if tag.is_none() => Pair::read(settings, "paths", "paths-ignore")?.passes_any(paths),
            _ => true,
        };
        Ok(by_ref && by_path)
    }
}

fn type_matches(settings: &Value, action: Option<&str>) -> Result<bool, Refused> {
    let action = action.unwrap_or_default();
    Ok(match strings(settings, "types")? {
        Some(types) => types.iter().any(|wanted| wanted == action),
        None => PULL_REQUEST_TYPES.contains(&action),
    })
}

/// A filter and its `-ignore` form; GitHub refuses both at once.
enum Pair {
    Unset,
    Only(Filter),
    Ignore(Filter),
}

impl Pair {
    fn read(settings: &Value, only: &str, ignore: &str) -> Result<Self, Refused> {
        let filter = |patterns: Vec<String>| Filter::new(&patterns).map_err(Refused);
        match (strings(settings, only)?, strings(settings, ignore)?) {
            (None, None) => Ok(Self::Unset),
            (Some(patterns), None) => filter(patterns).map(Self::Only),
            (None, Some(patterns)) => filter(patterns).map(Self::Ignore),
            (Some(_), Some(_)) => Err(Refused(format!("'{only}' and '{ignore}' cannot stand together"))),
        }
    }

    fn is_set(&self) -> bool {
        !matches!(self, Self::Unset)
    }

    /// Whether one name passes; `None` where there is no filter.
    fn passes(&self, name: &str) -> Option<bool> {
        match self {
            Self::Unset => None,
            Self::Only(filter) => Some(filter.matches(name)),
            Self::Ignore(filter) => Some(!filter.matches(name)),
        }
    }

    /// Whether at least one of the paths passes; true where there is no filter.
    fn passes_any(&self, paths: &[String]) -> bool {
        !self.is_set() || paths.iter().any(|path| self.passes(path) == Some(true))
    }
}

/// The strings behind `key`: one, or a list.
fn strings(settings: &Value, key: &str) -> Result<Option<Vec<String>>, Refused> {
    let wrong = || Refused(format!("'{key}' must be a string or a list of strings"));
    match settings.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(one)) => Ok(Some(vec![one.clone()])),
        Some(Value::Array(many)) => many
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Some)
            .ok_or_else(wrong),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::Trigger;
    use crate::sim::ci::workflow::Workflow;

    fn workflow(on: &str) -> Workflow {
        Workflow::read(
            "ci.yml",
            &format!("on:{on}\njobs:\n  test:\n    runs-on: x\n    steps:\n      - run: 'true'\n"),
        )
        .unwrap()
    }

    fn push<'a>(reference: &'a str, paths: &'a [String]) -> Trigger<'a> {
        Trigger {
            event: "push",
            action: None,
            reference,
            paths: Some(paths),
        }
    }

    fn pull<'a>(action: &'a str, base: &'a str, paths: &'a [String]) -> Trigger<'a> {
        Trigger {
            event: "pull_request",
            action: Some(action),
            reference: base,
            paths: Some(paths),
        }
    }

    #[test]
    fn events_types_branches_tags_and_paths() {
        let main = "refs/heads/main";
        let paths = ["docs/a.md".to_owned(), "src/a.rs".to_owned()];
        let docs = &paths[..1];
        let rows: &[(&str, Trigger<'_>, bool)] = &[
            (" push", push(main, &paths), true),
            (" push", push("refs/tags/v1", &paths), true),
            (" push", pull("opened", main, &paths), false),
            (" [push, pull_request]", pull("synchronize", main, &paths), true),
            ("\n  pull_request:", pull("reopened", main, &paths), true),
            (" pull_request", pull("edited", main, &paths), false),
            (" pull_request", pull("ready_for_review", main, &paths), false),
            (
                "\n  pull_request:\n    types: [ready_for_review]",
                pull("ready_for_review", main, &paths),
                true,
            ),
            (
                "\n  pull_request:\n    types: [ready_for_review]",
                pull("opened", main, &paths),
                false,
            ),
            ("\n  pull_request:\n    branches: [main]", pull("opened", main, &paths), true),
            (
                "\n  pull_request:\n    branches: [main]",
                pull("opened", "refs/heads/millhand/1-x/base", &paths),
                false,
            ),
            (
                "\n  pull_request:\n    branches-ignore: main",
                pull("opened", main, &paths),
                false,
            ),
            (
                "\n  push:\n    branches: [main]\n  pull_request: {}",
                push("refs/heads/other", &paths),
                false,
            ),
            ("\n  push:\n    tags: ['v*']", push(main, &paths), false),
            ("\n  push:\n    tags: ['v*']", push("refs/tags/v1", &paths), true),
            ("\n  push:\n    branches: [main]", push("refs/tags/v1", &paths), false),
            ("\n  push:\n    tags-ignore: ['v*']", push("refs/tags/x", &paths), true),
            ("\n  push:\n    paths: ['src/**']", push(main, &paths), true),
            ("\n  push:\n    paths: ['src/**']", push(main, docs), false),
            ("\n  push:\n    paths-ignore: ['docs/**']", push(main, docs), false),
            ("\n  push:\n    paths-ignore: ['docs/**']", push(main, &paths), true),
            ("\n  push:\n    paths: ['src/**']", push("refs/tags/v1", docs), true),
            ("\n  schedule:\n    - cron: '0 0 * * *'\n  push:", push(main, docs), true),
            ("\n  workflow_dispatch:", push(main, docs), false),
        ];
        for (on, trigger, expected) in rows {
            assert_eq!(workflow(on).starts(trigger), Ok(*expected), "{on} {trigger:?}");
        }
    }

    #[test]
    fn both_forms_of_a_filter_are_refused() {
        let both = workflow("\n  push:\n    branches: [a]\n    branches-ignore: [b]");
        assert!(
            both.starts(&push("refs/heads/a", &[]))
                .unwrap_err()
                .0
                .contains("cannot stand together")
        );
    }
}
