//! Workflow runs and jobs: what CI reports, and what people and Apps ask of it.
//!
//! Invariant: a run has a suite of its own; a job is a check run with the same number; a run ends when its last job ends.

use crate::sim::deliver::emit;
use crate::sim::git::Oid;
use crate::sim::ops::auth::{self, ACTIONS};
use crate::sim::ops::checks::CheckRunUpdate;
use crate::sim::ops::suites::{self, PushedHead};
use crate::sim::ops::{Actor, Outcome, Refusal, repository, repository_mut};
use crate::sim::world::event::{JobAction, RunAction};
use crate::sim::world::{
    ACTIONS_SLUG, Annotation, AppId, CheckOutput, CheckRunId, CheckStatus, CiTrigger, Conclusion, EventKind, Job, RepoId, RunId,
    Step, UserId, Workflow, WorkflowId, WorkflowRun, World,
};

/// A run that CI starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Where.
    pub repo: RepoId,
    /// `.github/workflows/ci.yml`.
    pub path: String,
    /// The workflow's `name:`, else its path.
    pub name: String,
    /// `push`, `pull_request`, `workflow_dispatch`.
    pub event: String,
    /// Branch.
    pub head_branch: String,
    /// Commit the checks are shown on.
    pub head: Oid,
    /// Commit that is checked out.
    pub checkout: Oid,
    /// Pull request.
    pub pull: Option<u64>,
    /// Whose act it is.
    pub actor: UserId,
    /// Jobs that are known at once; more can come later.
    pub jobs: Vec<NewJob>,
}

/// A job of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Shown name, the check's name.
    pub name: String,
    /// `runs-on`.
    pub labels: Vec<String>,
    /// Names of its steps.
    pub steps: Vec<String>,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    /// End.
    pub conclusion: Conclusion,
    /// Log.
    pub log: String,
    /// Steps as they ended; empty leaves those it was made with, all with the job's end.
    pub steps: Vec<Step>,
    /// Annotations of its check run.
    pub annotations: Vec<Annotation>,
    /// Summary of its check run.
    pub summary: Option<String>,
}

/// Starts a run: its suite, its jobs, its webhooks.
///
/// # Errors
/// When there is no such repository.
pub fn start_run(world: &mut World, new: NewRun) -> Outcome<RunId> {
    let repo = new.repo;
    let app = actions_app(world)?;
    let workflow = workflow_for(world, repo, (&new.path, &new.name))?;
    let pushed = PushedHead {
        branch: new.head_branch.clone(),
        before: None,
        head: new.head,
    };
    let suite = suites::new_suite(world, repo, app, &pushed)?;
    let (id, now): (RunId, _) = (world.fresh(), world.now());
    let found = repository_mut(world, repo)?;
    let run_number =
        1 + u64::try_from(found.runs.values().filter(|run| run.workflow == workflow).count()).unwrap_or(u64::MAX - 1);
    if let Some(suite) = found.suites.get_mut(&suite) {
        suite.run = Some(id);
    }
    let run = WorkflowRun {
        id,
        workflow,
        event: new.event,
        head_branch: new.head_branch,
        head: new.head,
        checkout: new.checkout,
        pull: new.pull,
        run_number,
        run_attempt: 1,
        suite,
        status: CheckStatus::Queued,
        conclusion: None,
        actor: new.actor,
        triggering_actor: new.actor,
        created_at: now,
        updated_at: now,
        run_started_at: now,
        more_jobs: false,
    };
    found.runs.insert(id, run);
    emit(
        world,
        repo,
        new.actor,
        EventKind::WorkflowRun {
            action: RunAction::Requested,
            run: id,
        },
    );
    add_jobs(world, repo, id, new.jobs)?;
    Ok(id)
}

/// Adds jobs to a run's newest attempt: those of a rerun, or those that waited for others.
///
/// # Errors
/// 404.
pub fn add_jobs(world: &mut World, repo: RepoId, run: RunId, jobs: Vec<NewJob>) -> Outcome<Vec<CheckRunId>> {
    let of = repository(world, repo)?.runs.get(&run).ok_or_else(Refusal::not_found)?;
    let (suite, head, run_attempt, actor) = (of.suite, of.head, of.run_attempt, of.triggering_actor);
    let mut ids = Vec::new();
    for new in jobs {
        let id = suites::insert_run(world, repo, suite, (new.name.clone(), CheckRunUpdate::default()))?;
        let created_at = world.now();
        let steps = (1..).zip(new.steps).map(|(number, name)| Step {
            name,
            number,
            status: CheckStatus::Queued,
            conclusion: None,
            started_at: None,
            completed_at: None,
        });
        let job = Job {
            id,
            run,
            run_attempt,
            name: new.name,
            head,
            labels: new.labels,
            status: CheckStatus::Queued,
            conclusion: None,
            steps: steps.collect(),
            created_at,
            started_at: None,
            completed_at: None,
            log: None,
        };
        repository_mut(world, repo)?.jobs.insert(id, job);
        emit(
            world,
            repo,
            actor,
            EventKind::WorkflowJob {
                action: JobAction::Queued,
                job: id,
            },
        );
        ids.push(id);
    }
    Ok(ids)
}

/// A job begins, and with the first one its run.
///
/// # Errors
/// 404.
pub fn job_started(world: &mut World, repo: RepoId, id: CheckRunId) -> Outcome<()> {
    let now = world.now();
    let found = repository_mut(world, repo)?;
    let job = found.jobs.get_mut(&id).ok_or_else(Refusal::not_found)?;
    job.status = CheckStatus::InProgress;
    job.started_at = Some(now);
    let run = job.run;
    let of = found.runs.get_mut(&run).ok_or_else(Refusal::not_found)?;
    let first = of.status == CheckStatus::Queued;
    of.status = CheckStatus::InProgress;
    of.updated_at = now;
    let actor = of.triggering_actor;
    let update = CheckRunUpdate {
        status: Some(CheckStatus::InProgress),
        started_at: Some(now),
        ..CheckRunUpdate::default()
    };
    suites::change_run(world, repo, id, update)?;
    if first {
        emit(
            world,
            repo,
            actor,
            EventKind::WorkflowRun {
                action: RunAction::InProgress,
                run,
            },
        );
    }
    emit(
        world,
        repo,
        actor,
        EventKind::WorkflowJob {
            action: JobAction::InProgress,
            job: id,
        },
    );
    Ok(())
}

/// A job ends, and with the last one its run and its suite. Jobs that wait for others are added before those end
/// ([`add_jobs`]), or the run ends without them.
///
/// # Errors
/// 404.
pub fn job_completed(world: &mut World, repo: RepoId, id: CheckRunId, end: JobEnd) -> Outcome<()> {
    let now = world.now();
    let found = repository_mut(world, repo)?;
    let job = found.jobs.get_mut(&id).ok_or_else(Refusal::not_found)?;
    let begun = job.started_at.unwrap_or(now);
    job.status = CheckStatus::Completed;
    job.conclusion = Some(end.conclusion);
    job.started_at = Some(begun);
    job.completed_at = Some(now);
    job.log = Some(end.log);
    if end.steps.is_empty() {
        for step in &mut job.steps {
            step.status = CheckStatus::Completed;
            step.conclusion = Some(end.conclusion);
            step.started_at = Some(begun);
            step.completed_at = Some(now);
        }
    } else {
        job.steps = end.steps;
    }
    let run = job.run;
    let update = CheckRunUpdate {
        conclusion: Some(end.conclusion),
        started_at: Some(begun),
        completed_at: Some(now),
        output: Some(CheckOutput {
            title: None,
            summary: end.summary,
            text: None,
            annotations: end.annotations,
        }),
        ..CheckRunUpdate::default()
    };
    let done = settle_run(world, repo, run)?;
    suites::change_run(world, repo, id, update)?;
    let actor = repository(world, repo)?
        .runs
        .get(&run)
        .ok_or_else(Refusal::not_found)?
        .triggering_actor;
    emit(
        world,
        repo,
        actor,
        EventKind::WorkflowJob {
            action: JobAction::Completed,
            job: id,
        },
    );
    if done {
        emit(
            world,
            repo,
            actor,
            EventKind::WorkflowRun {
                action: RunAction::Completed,
                run,
            },
        );
    }
    Ok(())
}

/// Says whether more jobs will come that are not shown yet. While they will, neither the run nor its suite ends; when none
/// come any more and all known ones have ended, both end now.
///
/// # Errors
/// 404.
pub fn expect_more(world: &mut World, repo: RepoId, run: RunId, more: bool) -> Outcome<()> {
    let found = repository_mut(world, repo)?;
    let of = found.runs.get_mut(&run).ok_or_else(Refusal::not_found)?;
    of.more_jobs = more;
    if more || of.status == CheckStatus::Completed || !settle_run(world, repo, run)? {
        return Ok(());
    }
    let of = repository(world, repo)?.runs.get(&run).ok_or_else(Refusal::not_found)?;
    finish_run(world, repo, run, of.conclusion.unwrap_or(Conclusion::Success))
}

/// Ends a run that has no jobs to end it: `startup_failure`, `action_required`, `skipped`.
///
/// # Errors
/// 404.
pub fn finish_run(world: &mut World, repo: RepoId, run: RunId, conclusion: Conclusion) -> Outcome<()> {
    let now = world.now();
    let found = repository_mut(world, repo)?;
    let of = found.runs.get_mut(&run).ok_or_else(Refusal::not_found)?;
    of.status = CheckStatus::Completed;
    of.conclusion = Some(conclusion);
    of.updated_at = now;
    let (suite, actor) = (of.suite, of.triggering_actor);
    if let Some(suite) = found.suites.get_mut(&suite) {
        suite.status = CheckStatus::Completed;
        suite.conclusion = Some(conclusion);
        suite.updated_at = now;
    }
    suites::tell_suite_end(world, repo, suite);
    emit(
        world,
        repo,
        actor,
        EventKind::WorkflowRun {
            action: RunAction::Completed,
            run,
        },
    );
    Ok(())
}

/// Asks for a run again, all of it or its failed jobs: a new attempt with new check runs, which CI makes.
///
/// # Errors
/// 403 `This workflow is already running` or without actions: write; 404.
pub fn rerun(world: &mut World, actor: &Actor, repo: RepoId, run: RunId, failed_only: bool) -> Outcome<()> {
    auth::require(world, actor, repo, ACTIONS)?;
    let now = world.now();
    let found = repository_mut(world, repo)?;
    let of = found.runs.get_mut(&run).ok_or_else(Refusal::not_found)?;
    if of.status != CheckStatus::Completed {
        return Err(Refusal::new(403, "This workflow is already running"));
    }
    let attempt = of.run_attempt;
    let failed = |job: &&Job| job.run == run && job.run_attempt == attempt && !job.conclusion.is_some_and(Conclusion::passes);
    let jobs: Vec<CheckRunId> = found.jobs.values().filter(failed).map(|job| job.id).collect();
    if failed_only && jobs.is_empty() {
        return Err(Refusal::new(403, "The workflow run has no failed jobs to rerun"));
    }
    of.run_attempt += 1;
    of.status = CheckStatus::Queued;
    of.conclusion = None;
    of.triggering_actor = actor.user();
    of.run_started_at = now;
    of.updated_at = now;
    let suite = of.suite;
    if let Some(suite) = found.suites.get_mut(&suite) {
        suite.status = CheckStatus::Queued;
        suite.conclusion = None;
        suite.updated_at = now;
    }
    emit(
        world,
        repo,
        actor.user(),
        EventKind::WorkflowRun {
            action: RunAction::Requested,
            run,
        },
    );
    world.ci_queue.push_back(CiTrigger::Rerun {
        repo,
        run,
        jobs: failed_only.then_some(jobs),
    });
    Ok(())
}

/// Stops a run: what has not ended is cancelled.
///
/// # Errors
/// 409 when it has ended, 404, 403.
pub fn cancel(world: &mut World, actor: &Actor, repo: RepoId, run: RunId) -> Outcome<()> {
    auth::require(world, actor, repo, ACTIONS)?;
    stop(world, repo, run)
}

/// Cancels a run, as `concurrency` does.
///
/// # Errors
/// 409 when it has ended, 404.
pub fn stop(world: &mut World, repo: RepoId, run: RunId) -> Outcome<()> {
    let found = repository(world, repo)?;
    let of = found.runs.get(&run).ok_or_else(Refusal::not_found)?;
    if of.status == CheckStatus::Completed {
        return Err(Refusal::new(409, "Cannot cancel a workflow run that is completed."));
    }
    let running = |job: &&Job| job.run == run && job.run_attempt == of.run_attempt && job.status != CheckStatus::Completed;
    let jobs: Vec<CheckRunId> = found.jobs.values().filter(running).map(|job| job.id).collect();
    if jobs.is_empty() {
        return finish_run(world, repo, run, Conclusion::Cancelled);
    }
    for job in jobs {
        let log = "The operation was canceled.\n".to_owned();
        let end = JobEnd {
            conclusion: Conclusion::Cancelled,
            log,
            steps: Vec::new(),
            annotations: Vec::new(),
            summary: None,
        };
        job_completed(world, repo, job, end)?;
    }
    Ok(())
}

/// Starts a workflow by hand.
///
/// # Errors
/// 404 for an unknown workflow file, 422 for an unknown ref, 403.
pub fn dispatch(world: &mut World, actor: &Actor, repo: RepoId, path: &str, reference: &str) -> Outcome<()> {
    auth::require(world, actor, repo, ACTIONS)?;
    let store = world.store(repo)?;
    let name = if reference.starts_with("refs/") {
        reference.to_owned()
    } else {
        format!("refs/heads/{reference}")
    };
    let tip = store
        .target(&name)?
        .ok_or_else(|| Refusal::new(422, format!("No ref found for: {reference}")))?;
    if store.file(store.commit(store.peel(tip)?)?.tree, path)?.is_none() {
        return Err(Refusal::not_found());
    }
    world.ci_queue.push_back(CiTrigger::Dispatch {
        repo,
        workflow: path.to_owned(),
        name,
        actor: actor.user(),
    });
    Ok(())
}

fn actions_app(world: &World) -> Outcome<AppId> {
    Ok(world.app_named(ACTIONS_SLUG).ok_or_else(Refusal::not_found)?.id)
}

fn workflow_for(world: &mut World, repo: RepoId, (path, name): (&str, &str)) -> Outcome<WorkflowId> {
    if let Some(known) = repository_mut(world, repo)?
        .workflows
        .values_mut()
        .find(|workflow| workflow.path == path)
    {
        name.clone_into(&mut known.name);
        return Ok(known.id);
    }
    let (id, created_at): (WorkflowId, _) = (world.fresh(), world.now());
    let workflow = Workflow {
        id,
        name: name.to_owned(),
        path: path.to_owned(),
        created_at,
    };
    repository_mut(world, repo)?.workflows.insert(id, workflow);
    Ok(id)
}

/// Ends the run when all jobs of its newest attempt have; whether it did. Jobs of a rerun of failed ones stand beside those
/// that passed before.
fn settle_run(world: &mut World, repo: RepoId, run: RunId) -> Outcome<bool> {
    let now = world.now();
    let found = repository_mut(world, repo)?;
    let of = found.runs.get_mut(&run).ok_or_else(Refusal::not_found)?;
    let mut newest: Vec<&Job> = Vec::new();
    for job in found.jobs.values().filter(|job| job.run == run) {
        newest.retain(|other| other.name != job.name);
        newest.push(job);
    }
    of.updated_at = now;
    if of.more_jobs || newest.is_empty() || newest.iter().any(|job| job.status != CheckStatus::Completed) {
        return Ok(false);
    }
    of.status = CheckStatus::Completed;
    of.conclusion = suites::worst(newest.iter().filter_map(|job| job.conclusion));
    Ok(true)
}
