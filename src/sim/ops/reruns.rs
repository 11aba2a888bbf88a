//! What people and Apps ask of workflow runs: again, stop, start by hand.
//!
//! Invariant: a run that goes on is not started again, one that ended is not stopped.

use crate::sim::deliver::emit;
use crate::sim::ops::actions::{JobEnd, finish_run, job_completed};
use crate::sim::ops::auth::{self, ACTIONS};
use crate::sim::ops::{Actor, Outcome, Refusal, repository, repository_mut};
use crate::sim::world::event::RunAction;
use crate::sim::world::{CheckRunId, CheckStatus, CiTrigger, Conclusion, EventKind, Job, RepoId, RunId, World};

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
