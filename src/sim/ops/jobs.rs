//! Jobs of workflow runs, as CI reports them.
//!
//! Invariant: a job is a check run with the same number; both say the same.

use crate::sim::deliver::emit;
use crate::sim::ops::actions::settle_run;
use crate::sim::ops::checks::CheckRunUpdate;
use crate::sim::ops::{Outcome, Refusal, repository, repository_mut, suites};
use crate::sim::world::event::{JobAction, RunAction};
use crate::sim::world::{
    Annotation, CheckOutput, CheckRunId, CheckStatus, Conclusion, EventKind, Job, RepoId, RunId, Step, World,
};

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
