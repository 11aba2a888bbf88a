//! Workflow runs and jobs: what CI reports, and what people and Apps ask of it.
//!
//! Invariant: a run has a suite of its own; a job is a check run with the same number; a run ends when its last job ends.

use crate::sim::deliver::emit;
use crate::sim::git::Oid;
use crate::sim::ops::suites::{self, PushedHead};
use crate::sim::ops::{Outcome, Refusal, repository, repository_mut, verdicts};
use crate::sim::world::event::RunAction;
use crate::sim::world::{
    ACTIONS_SLUG, AppId, CheckStatus, Conclusion, EventKind, Job, RepoId, RunId, UserId, Workflow, WorkflowId, WorkflowRun, World,
};

pub use super::jobs::{JobEnd, NewJob, add_jobs, job_completed, job_started};
pub use super::reruns::{cancel, dispatch, rerun, stop};

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
pub(super) fn settle_run(world: &mut World, repo: RepoId, run: RunId) -> Outcome<bool> {
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
    of.conclusion = verdicts::worst(newest.iter().filter_map(|job| job.conclusion));
    Ok(true)
}
