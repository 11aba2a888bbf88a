//! Moving jobs on: waiting, queued, in progress, completed.
//!
//! Invariant: a job that waits for others has no check run yet; it appears when they are done, before the last of them is
//! told to be, so that a run never looks finished in between.

use std::time::Duration;

use super::ending;
use super::expression::holds;
use super::job::{self, Order};
use super::state::{End, Progress};
use crate::sim::CiMode;
use crate::sim::faults::matches;
use crate::sim::ops::Outcome;
use crate::sim::ops::actions::{self, JobEnd, NewJob};
use crate::sim::world::{Annotation, AnnotationLevel, CheckRunId, CheckStatus, Conclusion, RunId, World};

/// How long a job whose end is decided waits for a machine, and how long it then takes.
const SCRIPTED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));

/// Moves on what is due. Whether anything moved, and what is to be run on this machine.
pub(super) fn advance(world: &mut World, mode: CiMode) -> (bool, Vec<Order>) {
    let mut moved = false;
    let mut orders = Vec::new();
    drop_ended(world);
    while let Some((run, id)) = due(world) {
        moved = true;
        match move_on(world, mode, run, &id) {
            Ok(order) => orders.extend(order),
            Err(refusal) => {
                // A repository that is gone or damaged: nobody is left to be told.
                tracing::warn!(%refusal, "a job of CI could not go on");
                forget(world, run);
            }
        }
    }
    (moved, orders)
}

/// Forgets the plan of a run, and stops its scripts.
pub(super) fn forget(world: &mut World, run: RunId) {
    if let Some(active) = world.ci.active.remove(&run) {
        active.stop.cancel();
    }
}

/// Forgets runs that ended otherwise: cancelled by a person, gone with their repository.
pub(super) fn drop_ended(world: &mut World) {
    let goes_on = |repo, run| {
        let record = world.repositories.get(&repo).and_then(|found| found.runs.get(&run));
        record.is_some_and(|record| record.status != CheckStatus::Completed)
    };
    let ended: Vec<RunId> = world
        .ci
        .active
        .iter()
        .filter(|(run, active)| !goes_on(active.repo, **run) || !active.goes_on())
        .map(|(run, _)| *run)
        .collect();
    for run in ended {
        forget(world, run);
    }
}

/// The first job that is due.
fn due(world: &World) -> Option<(RunId, String)> {
    let now = world.now();
    world.ci.active.iter().find_map(|(run, active)| {
        let held = world.ci.held(*run);
        let ready = |progress: &Progress| {
            progress.due().is_some_and(|at| at <= now) && !(held && matches!(progress, Progress::Queued { .. }))
        };
        active
            .jobs
            .iter()
            .find(|(_, progress)| ready(progress))
            .map(|(id, _)| (*run, id.clone()))
    })
}

fn move_on(world: &mut World, mode: CiMode, run: RunId, id: &str) -> Outcome<Option<Order>> {
    let Some(active) = world.ci.active.get(&run) else {
        return Ok(None);
    };
    match active.jobs.get(id).cloned() {
        Some(Progress::Queued { job, .. }) => {
            actions::job_started(world, active.repo, job)?;
            let (next, order) = decide(world, mode, (run, id), job);
            set(world, run, id, next);
            Ok(order)
        }
        Some(Progress::Ending { job, end, .. }) => complete(world, run, id, job, end).map(|()| None),
        Some(Progress::Waiting | Progress::Working { .. } | Progress::Stuck | Progress::Done(_)) | None => Ok(None),
    }
}

fn set(world: &mut World, run: RunId, id: &str, progress: Progress) {
    if let Some(slot) = world.ci.active.get_mut(&run).and_then(|active| active.jobs.get_mut(id)) {
        *slot = progress;
    }
}

/// How a job that begins now will end: by script, by its own commands, or well.
fn decide(world: &mut World, mode: CiMode, (run, id): (RunId, &str), job: CheckRunId) -> (Progress, Option<Order>) {
    let scripted = take_script(world, run, job);
    let at = world.now().plus(SCRIPTED.1);
    let (conclusion, log) = match scripted {
        Some((word, _)) if word == "never" => return (Progress::Stuck, None),
        Some((word, log)) => (Conclusion::parse(&word).unwrap_or(Conclusion::Failure), log),
        None if mode == CiMode::Real => {
            let order = job::order(world, run, id, job);
            if order.is_some() {
                world.ci.working += 1;
                return (Progress::Working { job }, order);
            }
            (Conclusion::StartupFailure, None)
        }
        None => (Conclusion::Success, None),
    };
    let steps = world
        .ci
        .active
        .get(&run)
        .and_then(|active| active.workflow.jobs.get(id))
        .map(|job| job.steps.clone());
    let end = ending::scripted(at, &steps.unwrap_or_default(), conclusion, log.as_deref());
    (Progress::Ending { job, at, end }, None)
}

/// The first script that fits this job; one of its count is used up.
fn take_script(world: &mut World, run: RunId, job: CheckRunId) -> Option<(String, Option<String>)> {
    let repo = world.ci.active.get(&run)?.repo;
    let full_name = world.full_name(repo);
    let found = world.repositories.get(&repo)?;
    let branch = &found.runs.get(&run)?.head_branch;
    let name = &found.jobs.get(&job)?.name;
    let fits_branch = |pattern: &str| {
        if pattern.contains('*') {
            matches(pattern, branch)
        } else {
            pattern == branch
        }
    };
    let hit = world.ci_scripts.iter().position(|script| {
        script.count != Some(0)
            && script
                .repository
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(&full_name))
            && script.branch.as_deref().is_none_or(fits_branch)
            && script.check.as_ref().is_none_or(|wanted| wanted == name)
    })?;
    let script = &mut world.ci_scripts[hit];
    let taken = (script.conclusion.clone(), script.log.clone());
    if let Some(count) = &mut script.count {
        *count -= 1;
        if *count == 0 {
            world.ci_scripts.remove(hit);
        }
    }
    Some(taken)
}

/// A script on this machine ended.
pub(super) fn worked(world: &mut World, run: RunId, id: &str, job: CheckRunId, end: End) {
    world.ci.working = world.ci.working.saturating_sub(1);
    let awaited = world.ci.active.get(&run).and_then(|active| active.jobs.get(id));
    // A run that was cancelled or begun again meanwhile no longer waits for this.
    if awaited != Some(&Progress::Working { job }) {
        return;
    }
    if let Err(refusal) = complete(world, run, id, job, end) {
        tracing::warn!(%refusal, "a job of CI could not be completed");
        forget(world, run);
    }
}

fn complete(world: &mut World, run: RunId, id: &str, job: CheckRunId, end: End) -> Outcome<()> {
    let Some(repo) = world.ci.active.get(&run).map(|active| active.repo) else {
        return Ok(());
    };
    set(world, run, id, Progress::Done(end.conclusion));
    release(world, run)?;
    actions::job_completed(world, repo, job, told(end))
}

fn told(end: End) -> JobEnd {
    let annotations = end.findings.into_iter().map(|finding| Annotation {
        path: finding.path,
        start_line: finding.start_line,
        end_line: finding.end_line,
        // GitHub takes columns only for remarks on one line.
        start_column: finding.start_column.filter(|_| finding.start_line == finding.end_line),
        end_column: None,
        level: AnnotationLevel::parse(finding.level).unwrap_or(AnnotationLevel::Failure),
        message: finding.message,
        title: finding.title,
        raw_details: None,
    });
    JobEnd {
        conclusion: end.conclusion,
        log: end.log,
        steps: end.steps,
        annotations: annotations.collect(),
        summary: None,
    }
}

/// Lets jobs appear that no longer wait: to be run, or skipped. All of them appear before the first skipped one is told to
/// have ended, or the run would look finished.
pub(super) fn release(world: &mut World, run: RunId) -> Outcome<()> {
    let mut ended = Vec::new();
    while let Some((id, verdict)) = released(world, run) {
        let Some(active) = world.ci.active.get(&run) else {
            return Ok(());
        };
        let Some(file) = active.workflow.jobs.get(&id) else {
            return Ok(());
        };
        let new = NewJob {
            name: file.shown_name(&id, &active.context),
            labels: file.labels(),
            steps: file.steps.iter().map(ending::step_name).collect(),
        };
        let repo = active.repo;
        let Some(job) = actions::add_jobs(world, repo, run, vec![new])?.into_iter().next() else {
            return Ok(());
        };
        let now = world.now();
        let end = match verdict {
            Ok(true) => {
                // Where scripts really run, no queue is made up in front of them.
                let wait = if world.ci.host.is_some() { Duration::ZERO } else { SCRIPTED.0 };
                set(
                    world,
                    run,
                    &id,
                    Progress::Queued {
                        job,
                        begins: now.plus(wait),
                    },
                );
                continue;
            }
            Ok(false) => ending::without_steps(now, Conclusion::Skipped, None),
            Err(reason) => ending::without_steps(now, Conclusion::Failure, Some(&reason)),
        };
        set(world, run, &id, Progress::Done(end.conclusion));
        ended.push((repo, job, end));
    }
    for (repo, job, end) in ended {
        actions::job_completed(world, repo, job, told(end))?;
    }
    Ok(())
}

/// A job whose needs are done, and whether it runs.
fn released(world: &World, run: RunId) -> Option<(String, Result<bool, String>)> {
    let active = world.ci.active.get(&run)?;
    let ended = |id: &String| match active.jobs.get(id) {
        Some(Progress::Done(conclusion)) => Some(*conclusion),
        Some(
            Progress::Waiting | Progress::Queued { .. } | Progress::Ending { .. } | Progress::Working { .. } | Progress::Stuck,
        )
        | None => None,
    };
    active
        .jobs
        .iter()
        .filter(|(_, progress)| **progress == Progress::Waiting)
        .find_map(|(id, _)| {
            let needs: Vec<Conclusion> = active.workflow.needs(id).iter().map(ended).collect::<Option<_>>()?;
            let failed = needs.iter().any(|conclusion| *conclusion != Conclusion::Success);
            let condition = active.workflow.jobs.get(id)?.condition.as_deref();
            Some((id.clone(), holds(condition, &active.context, failed)))
        })
}
