//! What follows inside suites: which runs count, when a suite ends, what is told.
//!
//! Invariant: the newest run of each suite and name counts, older ones are history.

use crate::clock::Millis;
use crate::sim::deliver::emit;
use crate::sim::git::Oid;
use crate::sim::ops::checks::CheckRunUpdate;
use crate::sim::ops::verdicts::{latest, worst};
use crate::sim::ops::{Actor, Outcome, Refusal, repository, repository_mut};
use crate::sim::world::event::{CheckRunAction, CheckSuiteAction};
use crate::sim::world::{
    ACTIONS_SLUG, AppId, CheckOutput, CheckRun, CheckRunId, CheckStatus, CheckSuite, Conclusion, EventKind, HELPER_SLUG, Level,
    RepoId, Repository, SuiteId, UserId, World,
};

/// A branch that was pushed.
pub(super) struct PushedHead {
    /// Branch.
    pub(super) branch: String,
    /// Before.
    pub(super) before: Option<Oid>,
    /// After.
    pub(super) head: Oid,
}

/// Makes the empty, queued suite that each App with checks: write gets on a push, and tells it. For the helper that is switched
/// off in the repository's preferences, as for a CI that says itself when it begins.
pub(super) fn suites_for_push(world: &mut World, actor: &Actor, repo: RepoId, pushed: &PushedHead) -> Outcome<()> {
    let apps: Vec<AppId> = world
        .apps
        .values()
        .filter(|app| ![ACTIONS_SLUG, HELPER_SLUG].contains(&app.slug.as_str()))
        .filter(|app| {
            world
                .installation_for(app.id, repo)
                .is_some_and(|i| i.suspended.is_none() && i.permissions.allows("checks", Level::Write))
        })
        .map(|app| app.id)
        .collect();
    for app in apps {
        if repository(world, repo)?.suites_of(pushed.head).any(|suite| suite.app == app) {
            continue;
        }
        let suite = new_suite(world, repo, app, pushed)?;
        emit(
            world,
            repo,
            actor.user(),
            EventKind::CheckSuite {
                action: CheckSuiteAction::Requested,
                suite,
            },
        );
    }
    Ok(())
}

/// Makes a suite.
pub(super) fn new_suite(world: &mut World, repo: RepoId, app: AppId, pushed: &PushedHead) -> Outcome<SuiteId> {
    let (id, now): (SuiteId, _) = (world.fresh(), world.now());
    let suite = CheckSuite {
        id,
        app,
        head_branch: Some(pushed.branch.clone()),
        head: pushed.head,
        before: pushed.before,
        status: CheckStatus::Queued,
        conclusion: None,
        run: None,
        created_at: now,
        updated_at: now,
    };
    repository_mut(world, repo)?.suites.insert(id, suite);
    Ok(id)
}

/// Puts a check run into a suite and tells of it.
pub(super) fn insert_run(
    world: &mut World,
    repo: RepoId,
    suite: SuiteId,
    (name, update): (String, CheckRunUpdate),
) -> Outcome<CheckRunId> {
    let (id, now): (CheckRunId, _) = (world.fresh(), world.now());
    let of = repository(world, repo)?.suites.get(&suite).ok_or_else(Refusal::not_found)?;
    let (app, head) = (of.app, of.head);
    let run = CheckRun {
        id,
        suite,
        app,
        name,
        head,
        status: CheckStatus::Queued,
        conclusion: None,
        external_id: None,
        details_url: None,
        output: CheckOutput::default(),
        actions: Vec::new(),
        created_at: now,
        started_at: None,
        completed_at: None,
    };
    let found = repository_mut(world, repo)?;
    found.check_runs.insert(id, run);
    fill(found, id, update, now);
    settle(found, suite, now);
    let sender = sender(world, app);
    emit(
        world,
        repo,
        sender,
        EventKind::CheckRun {
            action: CheckRunAction::Created,
            run: id,
        },
    );
    tell_ends(world, repo, id, false);
    Ok(id)
}

/// Changes a check run and tells of its end.
pub(super) fn change_run(world: &mut World, repo: RepoId, id: CheckRunId, update: CheckRunUpdate) -> Outcome<()> {
    let now = world.now();
    let found = repository_mut(world, repo)?;
    let run = found.check_runs.get(&id).ok_or_else(Refusal::not_found)?;
    let (was_done, suite) = (run.status == CheckStatus::Completed, run.suite);
    fill(found, id, update, now);
    settle(found, suite, now);
    tell_ends(world, repo, id, was_done);
    Ok(())
}

/// Ends of a run and, with it, of its suite.
fn tell_ends(world: &mut World, repo: RepoId, id: CheckRunId, was_done: bool) {
    let Some(found) = world.repositories.get(&repo) else { return };
    let Some(run) = found.check_runs.get(&id) else { return };
    let (app, suite) = (run.app, run.suite);
    if was_done || run.status != CheckStatus::Completed {
        return;
    }
    let suite_done = found
        .suites
        .get(&suite)
        .is_some_and(|suite| suite.status == CheckStatus::Completed);
    let sender = sender(world, app);
    emit(
        world,
        repo,
        sender,
        EventKind::CheckRun {
            action: CheckRunAction::Completed,
            run: id,
        },
    );
    if suite_done {
        tell_suite_end(world, repo, suite);
    }
}

/// Tells of a suite's end.
pub(super) fn tell_suite_end(world: &mut World, repo: RepoId, suite: SuiteId) {
    let Some(app) = world
        .repositories
        .get(&repo)
        .and_then(|repo| repo.suites.get(&suite))
        .map(|suite| suite.app)
    else {
        return;
    };
    let sender = sender(world, app);
    emit(
        world,
        repo,
        sender,
        EventKind::CheckSuite {
            action: CheckSuiteAction::Completed,
            suite,
        },
    );
}

fn sender(world: &World, app: AppId) -> UserId {
    world.apps.get(&app).map_or(UserId(0), |app| app.bot)
}

/// Brings a suite's state in line with its newest runs.
pub(super) fn settle(repo: &mut Repository, suite: SuiteId, now: Millis) {
    let Some(head) = repo.suites.get(&suite).map(|suite| suite.head) else {
        return;
    };
    let runs: Vec<(CheckStatus, Option<Conclusion>)> = latest(repo, head)
        .into_iter()
        .filter(|run| run.suite == suite)
        .map(|run| (run.status, run.conclusion))
        .collect();
    let more = repo
        .suites
        .get(&suite)
        .and_then(|suite| repo.runs.get(&suite.run?))
        .is_some_and(|run| run.more_jobs);
    let Some(found) = repo.suites.get_mut(&suite) else { return };
    found.updated_at = now;
    let all = |wanted| runs.iter().all(|(status, _)| *status == wanted);
    if runs.is_empty() || all(CheckStatus::Queued) {
        found.status = CheckStatus::Queued;
    } else if all(CheckStatus::Completed) && !more {
        found.status = CheckStatus::Completed;
    } else {
        found.status = CheckStatus::InProgress;
    }
    found.conclusion = if found.status == CheckStatus::Completed {
        worst(runs.into_iter().filter_map(|(_, end)| end))
    } else {
        None
    };
}

pub(super) fn suite_for(world: &mut World, repo: RepoId, app: AppId, head: Oid) -> Outcome<SuiteId> {
    if let Some(suite) = repository(world, repo)?.suites_of(head).find(|suite| suite.app == app) {
        return Ok(suite.id);
    }
    let store = world.store(repo)?;
    let tips = store.refs("refs/heads/")?;
    let branch = tips
        .iter()
        .find(|(_, tip)| *tip == head)
        .map_or_else(String::new, |(name, _)| name.trim_start_matches("refs/heads/").to_owned());
    new_suite(
        world,
        repo,
        app,
        &PushedHead {
            branch,
            before: None,
            head,
        },
    )
}

fn fill(repo: &mut Repository, id: CheckRunId, update: CheckRunUpdate, now: Millis) {
    let Some(run) = repo.check_runs.get_mut(&id) else { return };
    run.name = update.name.unwrap_or_else(|| run.name.clone());
    run.external_id = update.external_id.or_else(|| run.external_id.clone());
    run.details_url = update.details_url.or_else(|| run.details_url.clone());
    run.actions = update.actions.unwrap_or_else(|| run.actions.clone());
    if let Some(output) = update.output {
        let mut annotations = std::mem::take(&mut run.output.annotations);
        annotations.extend(output.annotations);
        run.output = CheckOutput { annotations, ..output };
    }
    let status = if update.conclusion.is_some() {
        Some(CheckStatus::Completed)
    } else {
        update.status
    };
    run.started_at = update.started_at.or(run.started_at);
    match status {
        Some(CheckStatus::Completed) => {
            run.started_at = run.started_at.or(Some(now));
            run.conclusion = update.conclusion.or(run.conclusion);
            run.completed_at = update.completed_at.or(run.completed_at).or(Some(now));
        }
        Some(CheckStatus::InProgress) => {
            run.started_at = run.started_at.or(Some(now));
            run.conclusion = None;
            run.completed_at = None;
        }
        Some(CheckStatus::Queued) => {
            run.conclusion = None;
            run.completed_at = None;
        }
        None => {}
    }
    run.status = status.unwrap_or(run.status);
}
