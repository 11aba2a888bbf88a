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
    pub(super) on: BTreeMap<String, Value>,
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
    /// A group of the job's own; not understood.
    #[serde(default)]
    concurrency: Option<Value>,
    /// Whether the run passes without this job; not understood.
    #[serde(default)]
    continue_on_error: Option<Value>,
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
            Concurrency::Full {
                group,
                cancel_in_progress,
            } => (group, cancel_in_progress),
        });
        let name = file.name.unwrap_or_else(|| path.to_owned());
        let workflow = Self {
            name,
            on,
            concurrency,
            env: file.env,
            jobs: file.jobs,
        };
        workflow.check()?;
        Ok(workflow)
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
                ("concurrency", job.concurrency.is_some()),
                ("continue-on-error", job.continue_on_error.is_some()),
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
                return Err(Refused(format!(
                    "a step of job '{id}' ({name}) must have either 'run' or 'uses'"
                )));
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
        self.name.as_ref().map_or_else(
            || id.to_owned(),
            |name| interpolate(name, context).unwrap_or_else(|_| name.clone()),
        )
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

#[cfg(test)]
mod tests {
    use super::Workflow;

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
    }
}
