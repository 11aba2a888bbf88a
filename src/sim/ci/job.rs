//! One job: its steps executed on this machine, or its end made up as it was told.
//!
//! Invariant: the world's lock is never held while a script runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::checkout::check_out;
use super::ending::{step_name, step_record, without_steps};
use super::expression::{Context, holds, interpolate};
use super::log::Log;
use super::process::{Ended, Host, JOB_TIME, Script};
use super::progress;
use super::state::End;
use super::workflow::{Job, Step};
use crate::clock::Millis;
use crate::sim::Sim;
use crate::sim::git::{Git, Oid};
use crate::sim::world::{self, CheckRunId, Conclusion, RunId, World};

/// Actions that only prepare a machine. This machine's own programs are used, so they are passed over, with a line in the
/// log; any other action makes its step fail.
const PREPARING: [&str; 5] = [
    "actions/setup-",
    "actions/cache",
    "actions/upload-artifact",
    "dtolnay/rust-toolchain",
    "Swatinem/rust-cache",
];
/// What a shell ends with when a program is not installed.
const NOT_FOUND: i32 = 127;
/// Settings of `actions/checkout` that change nothing here.
const CHECKOUT_SETTINGS: [&str; 3] = ["fetch-depth", "persist-credentials", "submodules"];

/// A job to be executed, with all it needs, so that the world is not asked in between.
#[derive(Debug)]
pub(super) struct Order {
    run: RunId,
    id: String,
    job: CheckRunId,
    file: Job,
    env: BTreeMap<String, String>,
    context: Context,
    git: Git,
    full_name: String,
    commit: Oid,
    host: Arc<Host>,
    stop: CancellationToken,
}

/// The order for a job that begins; `None` while nobody has looked what this machine offers.
pub(super) fn order(world: &World, run: RunId, id: &str, job: CheckRunId) -> Option<Order> {
    let active = world.ci.active.get(&run)?;
    let file = active.workflow.jobs.get(id)?.clone();
    let mut env = active.workflow.env.clone();
    env.extend(file.env.clone());
    Some(Order {
        run,
        id: id.to_owned(),
        job,
        file,
        env,
        context: active.context.clone(),
        git: world.git.clone(),
        full_name: world.full_name(active.repo),
        commit: world.repositories.get(&active.repo)?.runs.get(&run)?.checkout,
        host: Arc::clone(world.ci.host.as_ref()?),
        stop: active.stop.clone(),
    })
}

/// Executes an order and tells the world how it ended.
pub(super) async fn work(sim: Sim, order: Order) {
    let (run, id, job) = (order.run, order.id.clone(), order.job);
    // In a task of its own, so that a panic in it becomes a failed job and not one that never ends.
    let end = tokio::spawn(execute(sim.clone(), order)).await.unwrap_or_else(|_| {
        without_steps(
            sim.now(),
            Conclusion::Failure,
            Some("the simulated CI failed by its own fault"),
        )
    });
    let ended = sim.with(|world| {
        progress::worked(world, run, &id, job, end);
        Arc::clone(&world.ci.ended)
    });
    ended.notify_one();
}

async fn execute(sim: Sim, order: Order) -> End {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => return without_steps(sim.now(), Conclusion::Failure, Some(&format!("no temporary folder: {error}"))),
    };
    let mut work = Work::new(&sim, &order, folder.path());
    let conclusion = work.all().await;
    work.finish(conclusion)
}

/// A job being executed.
struct Work<'a> {
    sim: &'a Sim,
    order: &'a Order,
    home: std::path::PathBuf,
    folder: std::path::PathBuf,
    log: Log,
    steps: Vec<world::Step>,
    failed: bool,
    /// When the job's time is over. Real time: it bounds a real process, whatever the given clock shows.
    deadline: tokio::time::Instant,
    timed_out: bool,
}

impl<'a> Work<'a> {
    fn new(sim: &'a Sim, order: &'a Order, root: &Path) -> Self {
        let mut work = Self {
            sim,
            order,
            home: root.join("home"),
            folder: root.join("work"),
            log: Log::default(),
            steps: Vec::new(),
            failed: false,
            deadline: tokio::time::Instant::now() + JOB_TIME,
            timed_out: false,
        };
        work.log.line(
            sim.now(),
            "The simulated CI runs this job on the host, with an empty environment.",
        );
        work
    }

    async fn all(&mut self) -> Conclusion {
        let made = std::fs::create_dir_all(&self.home).and_then(|()| std::fs::create_dir_all(&self.folder));
        if let Err(error) = made {
            self.log.failed(self.sim.now(), &format!("no folder to work in: {error}"));
            return Conclusion::Failure;
        }
        self.note("Set up job", Conclusion::Success, self.sim.now());
        let order = self.order;
        for step in &order.file.steps {
            let begun = self.sim.now();
            let conclusion = self.step(step).await;
            self.failed |= conclusion == Conclusion::Failure && !step.continue_on_error;
            self.note(&step_name(step), conclusion, begun);
            if self.timed_out {
                return Conclusion::TimedOut;
            }
            if order.stop.is_cancelled() {
                return Conclusion::Cancelled;
            }
        }
        if self.failed {
            Conclusion::Failure
        } else {
            Conclusion::Success
        }
    }

    fn note(&mut self, name: &str, conclusion: Conclusion, begun: Millis) {
        let number = self.steps.len() as u64 + 1;
        self.steps
            .push(step_record(name, number, conclusion, (begun, self.sim.now())));
    }

    async fn step(&mut self, step: &Step) -> Conclusion {
        match self.try_step(step).await {
            Ok(conclusion) => conclusion,
            Err(reason) => {
                self.log.failed(self.sim.now(), &reason);
                Conclusion::Failure
            }
        }
    }

    async fn try_step(&mut self, step: &Step) -> Result<Conclusion, String> {
        let mut context = self.order.context.clone();
        let mut env = BTreeMap::new();
        for (name, value) in self.order.env.iter().chain(&step.env) {
            let value = interpolate(value, &context)?;
            context.insert(format!("env.{name}"), value.clone());
            env.insert(name.clone(), value);
        }
        if !holds(step.condition.as_deref(), &context, self.failed)? {
            return Ok(Conclusion::Skipped);
        }
        match (&step.run, &step.uses) {
            (Some(run), _) => self.script(step, &interpolate(run, &context)?, &env).await,
            (None, Some(action)) => self.action(step, action).await,
            (None, None) => Ok(Conclusion::Success),
        }
    }

    async fn script(&mut self, step: &Step, text: &str, env: &BTreeMap<String, String>) -> Result<Conclusion, String> {
        let shell = self.order.host.shell(step.shell.as_deref())?.join(" ");
        self.log.head(self.sim.now(), &step_name(step), text, &shell);
        let inside = step.working_directory.as_deref().unwrap_or(".");
        let folder = self.folder.join(inside);
        if inside.split('/').any(|part| part == "..") || inside.starts_with('/') || !folder.is_dir() {
            return Err(format!("the working directory '{inside}' is not a folder of the checkout"));
        }
        let script = Script {
            text,
            shell: step.shell.as_deref(),
            folder: &folder,
            home: &self.home,
            env,
        };
        let left = self.deadline.saturating_duration_since(tokio::time::Instant::now());
        let finished = self.order.host.run(&script, left, &self.order.stop).await;
        let now = self.sim.now();
        self.log.output(now, &finished.output);
        match finished.ended {
            Ended::Code(0) => Ok(Conclusion::Success),
            Ended::Code(code) => {
                if code == NOT_FOUND {
                    let line = "##[warning]A program was not found. Jobs can use the programs of this machine and no others.";
                    self.log.line(now, line);
                }
                Err(format!("Process completed with exit code {code}."))
            }
            Ended::Stopped => Err("The operation was canceled.".to_owned()),
            Ended::TimedOut => {
                self.timed_out = true;
                Err(format!(
                    "The job has exceeded the maximum execution time of {} s.",
                    JOB_TIME.as_secs()
                ))
            }
            Ended::NotStarted(reason) => Err(reason),
        }
    }

    async fn action(&mut self, step: &Step, action: &str) -> Result<Conclusion, String> {
        self.log.line(self.sim.now(), &format!("##[group]Run {action}"));
        self.log.line(self.sim.now(), "##[endgroup]");
        if action.split('@').next() == Some("actions/checkout") {
            if let Some(setting) = step.settings.keys().find(|name| !CHECKOUT_SETTINGS.contains(&name.as_str())) {
                return Err(format!(
                    "the simulated CI does not understand '{setting}' of actions/checkout"
                ));
            }
            let (git, name, commit) = (self.order.git.clone(), self.order.full_name.clone(), self.order.commit);
            let folder = self.folder.clone();
            let checked_out = tokio::task::spawn_blocking(move || check_out(&git, &name, commit, &folder)).await;
            checked_out.map_err(|_| "the checkout failed".to_owned())??;
            self.log
                .line(self.sim.now(), &format!("HEAD is now at {}", self.order.commit));
            return Ok(Conclusion::Success);
        }
        if PREPARING.iter().any(|prefix| action.starts_with(prefix)) {
            let line = format!("##[warning]The simulated CI passes over {action}: the programs of this machine are used.");
            self.log.line(self.sim.now(), &line);
            return Ok(Conclusion::Success);
        }
        Err(format!("the simulated CI cannot run the action '{action}'"))
    }

    fn finish(mut self, conclusion: Conclusion) -> End {
        self.note("Complete job", Conclusion::Success, self.sim.now());
        let (log, findings) = self.log.finish();
        End {
            conclusion,
            log,
            findings,
            steps: self.steps,
        }
    }
}
