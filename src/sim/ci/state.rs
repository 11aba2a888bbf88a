//! What CI knows beside the world: which runs go on, which job waits for what, what ends when.
//!
//! Invariant: what people see (runs, jobs, checks) is in the world; this is only the plan for it, and a run that ended in
//! the world has no plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::expression::Context;
use super::log::Finding;
use super::process::Host;
use super::workflow::Workflow;
use crate::clock::Millis;
use crate::sim::world::{CheckRunId, Conclusion, RepoId, RunId, Step};

/// CI's plans.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Runs that go on.
    pub(super) active: BTreeMap<RunId, Active>,
    /// How many scripts run on this machine now.
    pub(super) working: usize,
    /// Rung when one of them ended.
    pub(super) ended: Arc<Notify>,
    /// What this machine offers, looked at once.
    pub(super) host: Option<Arc<Host>>,
}

/// A run that goes on.
#[derive(Clone, Debug)]
pub(super) struct Active {
    /// Where.
    pub(super) repo: RepoId,
    /// The file it follows.
    pub(super) workflow: Workflow,
    /// Its concurrency group, and whether a newer run cancels it.
    pub(super) group: Option<String>,
    /// What its expressions see.
    pub(super) context: Context,
    /// Its jobs by their id in the file.
    pub(super) jobs: BTreeMap<String, Progress>,
    /// Stops its scripts.
    pub(super) stop: CancellationToken,
}

/// Where a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Jobs it needs are not done; nobody sees it yet.
    Waiting,
    /// Seen, not begun.
    Queued {
        /// Its check run.
        job: CheckRunId,
        /// When it begins.
        begins: Millis,
    },
    /// Ends as decided, at its time.
    Ending {
        /// Its check run.
        job: CheckRunId,
        /// When.
        at: Millis,
        /// How.
        end: End,
    },
    /// Its script runs on this machine.
    Working {
        /// Its check run.
        job: CheckRunId,
    },
    /// Told never to end.
    Stuck,
    /// Ended.
    Done(Conclusion),
}

/// How a job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// How.
    pub(super) conclusion: Conclusion,
    /// Its log.
    pub(super) log: String,
    /// Its annotations.
    pub(super) findings: Vec<Finding>,
    /// Its steps.
    pub(super) steps: Vec<Step>,
}

impl Progress {
    /// Whether a machine was busy with it; a job that was skipped never had one.
    pub(super) fn begun(&self) -> bool {
        match self {
            Self::Waiting | Self::Queued { .. } | Self::Done(Conclusion::Skipped) => false,
            Self::Ending { .. } | Self::Working { .. } | Self::Stuck | Self::Done(_) => true,
        }
    }

    /// When there is something to do about it.
    pub(super) fn due(&self) -> Option<Millis> {
        match self {
            Self::Queued { begins, .. } => Some(*begins),
            Self::Ending { at, .. } => Some(*at),
            Self::Waiting | Self::Working { .. } | Self::Stuck | Self::Done(_) => None,
        }
    }
}

impl Active {
    /// Whether it still has jobs to do.
    pub(super) fn goes_on(&self) -> bool {
        self.jobs.values().any(|progress| !matches!(progress, Progress::Done(_)))
    }
}

impl State {
    /// Whether an older run of the same group goes on, so that this one has to wait.
    pub(super) fn held(&self, run: RunId) -> bool {
        let Some(Active {
            repo,
            group: Some(group),
            ..
        }) = self.active.get(&run)
        else {
            return false;
        };
        self.active
            .range(..run)
            .any(|(_, older)| older.repo == *repo && older.group.as_ref() == Some(group) && older.goes_on())
    }

    /// The next moment something is due by the clock. A run that is held back is due when the older one ended.
    pub(super) fn next_due(&self) -> Option<Millis> {
        let due = |(run, active): (&RunId, &Active)| {
            let held = self.held(*run);
            let jobs = active
                .jobs
                .values()
                .filter(|progress| !held || !matches!(progress, Progress::Queued { .. }));
            jobs.filter_map(Progress::due).min()
        };
        self.active.iter().filter_map(due).min()
    }
}
