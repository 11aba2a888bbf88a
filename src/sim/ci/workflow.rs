//! Workflow files: the part of GitHub's language that the simulated CI understands.
//!
//! This is the simulator's own reader. The bot has another one; that they were written apart is the point, so that a
//! misreading in one shows up against the other.
//!
//! Invariant: a key that would change what runs and is not understood is a [`Refused`] with its name, so that a run
//! never succeeds because a line was passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::expression::{Context, interpolate};
use super::filter::Filter;

/// The largest workflow file that is read, in bytes: GitHub's own limit for a workflow file is 512 KiB.
const FILE_BYTES: usize = 512 * 1024;
/// How many nodes a workflow file may have once its aliases are written out. A bomb of aliases has millions.
const FILE_NODES: usize = 20_000;

/// Why a workflow file cannot be run: one sentence for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub(super) String);

/// A workflow file.
#[derive(Clone, Debug)]
pub(super) struct Workflow {
    /// `name:`, else the file's path.
    pub(super) name: String,
    /// What starts it, by event name; the value is what stands behind the name.
    on: BTreeMap<String, Value>,
    /// `concurrency:`: the group as written, and whether a newer run cancels the older one.
    pub(super) concurrency: Option<(String, bool)>,
    /// Variables for every step.
    pub(super) env: BTreeMap<String, String>,
    /// The jobs by their id.
    pub(super) jobs: BTreeMap<String, Job>,
}

/// One job.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Job {
    /// The check run's name; the job's id where there is none.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Jobs that must have succeeded before.
    #[serde(default)]
    needs: Names,
    /// Machines it may run on; shown, not obeyed.
    #[serde(default)]
    runs_on: Names,
    /// Condition, as written.
    #[serde(default, rename = "if")]
    pub(super) condition: Option<String>,
    /// Variables for every step.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// The steps in order.
    #[serde(default)]
    pub(super) steps: Vec<Step>,
    /// A matrix multiplies jobs; not understood.
    #[serde(default)]
    strategy: Option<Value>,
    /// A reusable workflow in place of steps; not understood.
    #[serde(default)]
    uses: Option<String>,
    /// A container to run in; not understood.
    #[serde(default)]
    container: Option<Value>,
    /// Service containers; not understood.
    #[serde(default)]
    services: Option<Value>,
    /// Defaults for steps; not understood.
    #[serde(default)]
    defaults: Option<Value>,
}

/// One step.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Step {
    /// What the log calls it.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// A script.
    #[serde(default)]
    pub(super) run: Option<String>,
    /// An action.
    #[serde(default)]
    pub(super) uses: Option<String>,
    /// Settings of an action.
    #[serde(default, rename = "with")]
    pub(super) settings: BTreeMap<String, String>,
    /// `bash`, `sh` or nothing.
    #[serde(default)]
    pub(super) shell: Option<String>,
    /// The folder to run in, below the checkout.
    #[serde(default)]
    pub(super) working_directory: Option<String>,
    /// Variables for this step.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Condition, as written.
    #[serde(default, rename = "if")]
    pub(super) condition: Option<String>,
    /// Whether a failure of this step is passed over.
    #[serde(default)]
    pub(super) continue_on_error: bool,
}

/// A name or a list of names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
enum Names {
    /// None.
    #[default]
    None,
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// The file as it stands.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    name: Option<String>,
    on: On,
    #[serde(default)]
    concurrency: Option<Concurrency>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    defaults: Option<Value>,
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum On {
    One(String),
    Many(Vec<String>),
    // The values stay untyped: one event of a form we do not know must not make the others unreadable.
    Map(BTreeMap<String, Value>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Concurrency {
    Group(String),
    Full {
        group: String,
        #[serde(default, rename = "cancel-in-progress")]
        cancel_in_progress: bool,
    },
}

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
    /// Reads a workflow file.
    ///
    /// # Errors
    /// [`Refused`] with line and column where the file is no YAML or lacks `on` or `jobs`, or with the key that is not
    /// understood.
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Refused> {
        if text.len() > FILE_BYTES {
            return Err(Refused(format!("{path} is larger than {FILE_BYTES} bytes")));
        }
        // With YAML 1.1 booleans `if: on` would be read as true.
        let options = serde_saphyr::options! {
            strict_booleans: true,
            with_snippet: false,
            budget: serde_saphyr::budget! { max_nodes: FILE_NODES },
        };
        let file: File =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| Refused(format!("{path}: {error}")))?;
        if file.defaults.is_some() {
            return Err(not_understood("defaults"));
        }
        let on = match file.on {
            On::One(event) => BTreeMap::from([(event, Value::Null)]),
            On::Many(events) => events.into_iter().map(|event| (event, Value::Null)).collect(),
            On::Map(events) => events,
        };
        let concurrency = file.concurrency.map(|concurrency| match concurrency {
            Concurrency::Group(group) => (group, false),
            Concurrency::Full { group, cancel_in_progress } => (group, cancel_in_progress),
        });
        let name = file.name.unwrap_or_else(|| path.to_owned());
        let workflow = Self { name, on, concurrency, env: file.env, jobs: file.jobs };
        workflow.check()?;
        Ok(workflow)
    }

    /// Whether `trigger` starts this workflow.
    ///
    /// # Errors
    /// [`Refused`] when a filter of this event is not valid.
    pub(super) fn starts(&self, trigger: &Trigger<'_>) -> Result<bool, Refused> {
        let Some(settings) = self.on.get(trigger.event) else { return Ok(false) };
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

    /// What a job waits for.
    pub(super) fn needs(&self, job: &str) -> &[String] {
        self.jobs.get(job).map_or(&[], |job| job.needs.as_slice())
    }

    /// Refuses what would run otherwise than GitHub would run it.
    fn check(&self) -> Result<(), Refused> {
        if self.jobs.is_empty() {
            return Err(Refused("a workflow must have at least one job".to_owned()));
        }
        for (id, job) in &self.jobs {
            let unknown = [
                ("strategy", job.strategy.is_some()),
                ("uses", job.uses.is_some()),
                ("container", job.container.is_some()),
                ("services", job.services.is_some()),
                ("defaults", job.defaults.is_some()),
            ];
            if let Some((key, _)) = unknown.iter().find(|(_, set)| *set) {
                return Err(not_understood(&format!("jobs.{id}.{key}")));
            }
            if let Some(missing) = job.needs.as_slice().iter().find(|need| !self.jobs.contains_key(*need)) {
                return Err(Refused(format!("job '{id}' needs '{missing}', which does not exist")));
            }
            if job.steps.is_empty() {
                return Err(Refused(format!("job '{id}' has no steps")));
            }
            if let Some(step) = job.steps.iter().find(|step| step.run.is_some() == step.uses.is_some()) {
                let name = step.name.as_deref().unwrap_or("without a name");
                return Err(Refused(format!("a step of job '{id}' ({name}) must have either 'run' or 'uses'")));
            }
        }
        self.refuse_cycles()
    }

    /// Every job can be reached once those it needs are done.
    fn refuse_cycles(&self) -> Result<(), Refused> {
        let mut done: Vec<&str> = Vec::new();
        while done.len() < self.jobs.len() {
            let ready: Vec<&str> = self
                .jobs
                .iter()
                .filter(|(id, job)| {
                    !done.contains(&id.as_str()) && job.needs.as_slice().iter().all(|need| done.contains(&need.as_str()))
                })
                .map(|(id, _)| id.as_str())
                .collect();
            if ready.is_empty() {
                return Err(Refused("the jobs need each other in a circle".to_owned()));
            }
            done.extend(ready);
        }
        Ok(())
    }
}

impl Job {
    /// The name of its check run: `name:` with its expressions, else the job's id.
    pub(super) fn shown_name(&self, id: &str, context: &Context) -> String {
        // A name whose expression is not known is shown as it is written; it changes nothing of what runs.
        self.name.as_ref().map_or_else(|| id.to_owned(), |name| interpolate(name, context).unwrap_or_else(|_| name.clone()))
    }

    /// What `runs-on` says.
    pub(super) fn labels(&self) -> Vec<String> {
        self.runs_on.as_slice().to_vec()
    }
}

impl Names {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

/// The sentence for a key that the simulated CI cannot run.
pub(super) fn not_understood(key: &str) -> Refused {
    Refused(format!("the simulated CI does not understand '{key}'"))
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
        Some(Value::Array(many)) => {
            many.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<_>>().map(Some).ok_or_else(wrong)
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Trigger, Workflow};

    fn workflow(on: &str) -> Workflow {
        Workflow::read("ci.yml", &format!("on:{on}\njobs:\n  test:\n    runs-on: x\n    steps:\n      - run: 'true'\n")).unwrap()
    }

    fn push<'a>(reference: &'a str, paths: &'a [String]) -> Trigger<'a> {
        Trigger { event: "push", action: None, reference, paths: Some(paths) }
    }

    fn pull<'a>(action: &'a str, base: &'a str, paths: &'a [String]) -> Trigger<'a> {
        Trigger { event: "pull_request", action: Some(action), reference: base, paths: Some(paths) }
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
            ("\n  pull_request:\n    types: [ready_for_review]", pull("ready_for_review", main, &paths), true),
            ("\n  pull_request:\n    types: [ready_for_review]", pull("opened", main, &paths), false),
            ("\n  pull_request:\n    branches: [main]", pull("opened", main, &paths), true),
            ("\n  pull_request:\n    branches: [main]", pull("opened", "refs/heads/millhand/1-x/base", &paths), false),
            ("\n  pull_request:\n    branches-ignore: main", pull("opened", main, &paths), false),
            ("\n  push:\n    branches: [main]\n  pull_request: {}", push("refs/heads/other", &paths), false),
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
    fn what_is_not_understood_is_named() {
        let rows = [
            ("jobs: {}", "missing field `on`"),
            ("on: push\njobs: {}", "at least one job"),
            ("on: push\non: push\njobs: {}", "duplicate"),
            ("on: push\njobs: {a: {needs: b, steps: [{run: x}]}}", "needs 'b'"),
            ("on: push\njobs: {a: {needs: a, steps: [{run: x}]}}", "circle"),
            ("on: push\njobs: {a: {strategy: {}, steps: [{run: x}]}}", "jobs.a.strategy"),
            ("on: push\njobs: {a: {steps: [{name: n}]}}", "either 'run' or 'uses'"),
            ("on: push\njobs: {a: {steps: []}}", "no steps"),
        ];
        for (text, part) in rows {
            let error = Workflow::read("ci.yml", text).unwrap_err().0;
            assert!(error.contains(part), "{error}");
        }
        let both = workflow("\n  push:\n    branches: [a]\n    branches-ignore: [b]");
        assert!(both.starts(&push("refs/heads/a", &[])).unwrap_err().0.contains("cannot stand together"));
    }
}
