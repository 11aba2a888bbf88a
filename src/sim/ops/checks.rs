//! Check suites, check runs and commit statuses.
//!
//! Invariant: only Apps make check runs and only their App changes them; a suite ends when its last run ends.

use crate::clock::Millis;
use crate::sim::deliver::emit;
use crate::sim::git::Oid;
use crate::sim::ops::auth::{self, CHECKS, STATUSES};
use crate::sim::ops::suites::{change_run, insert_run, suite_for};
use crate::sim::ops::verdicts::{latest, newest_statuses};
use crate::sim::ops::{Actor, Outcome, Refusal, repository, repository_mut};
use crate::sim::world::event::{CheckRunAction, CheckSuiteAction};
use crate::sim::world::{
    AppId, CheckAction, CheckOutput, CheckRunId, CheckStatus, CommitStatus, Conclusion, EventKind, RepoId, StatusId, StatusState,
    SuiteId, World,
};

/// Most annotations in one request.
const ANNOTATIONS: usize = 50;
/// Most characters of summary and text.
const TEXT_LIMIT: usize = 65_535;
/// Most buttons.
const ACTIONS: usize = 3;

/// A check run to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckRun {
    /// Name.
    pub name: String,
    /// Commit.
    pub head: Oid,
    /// Everything else.
    pub update: CheckRunUpdate,
}

/// What a check run is given or changed to; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckRunUpdate {
    /// Name.
    pub name: Option<String>,
    /// Progress; a conclusion makes it completed.
    pub status: Option<CheckStatus>,
    /// End.
    pub conclusion: Option<Conclusion>,
    /// The App's own id.
    pub external_id: Option<String>,
    /// Link.
    pub details_url: Option<String>,
    /// Begin.
    pub started_at: Option<Millis>,
    /// End.
    pub completed_at: Option<Millis>,
    /// What it says; annotations are added to those before.
    pub output: Option<CheckOutput>,
    /// Buttons.
    pub actions: Option<Vec<CheckAction>>,
}

/// A commit status to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStatus {
    /// Commit.
    pub head: Oid,
    /// Context; `default` if none is said.
    pub context: String,
    /// State.
    pub state: StatusState,
    /// One line.
    pub description: Option<String>,
    /// Link.
    pub target_url: Option<String>,
}

/// Makes a check run.
///
/// # Errors
/// 403 for people and without checks: write; 422 for an unknown commit or what is beyond GitHub's limits.
pub fn create_run(world: &mut World, actor: &Actor, repo: RepoId, new: NewCheckRun) -> Outcome<CheckRunId> {
    let app = require_app(world, actor, repo)?;
    check_update(&new.update)?;
    if new.name.trim().is_empty() {
        return Err(Refusal::invalid("CheckRun", "name", "missing_field"));
    }
    let head = new.head;
    if world.store(repo)?.commit(head).is_err() {
        return Err(Refusal::new(422, format!("No commit found for SHA: {head}")));
    }
    let suite = suite_for(world, repo, app, head)?;
    insert_run(world, repo, suite, (new.name, new.update))
}

/// Changes a check run.
///
/// # Errors
/// 403 for another App's, 404, 422.
pub fn update_run(world: &mut World, actor: &Actor, repo: RepoId, id: CheckRunId, update: CheckRunUpdate) -> Outcome<()> {
    let app = require_app(world, actor, repo)?;
    let owner = repository(world, repo)?
        .check_runs
        .get(&id)
        .ok_or_else(Refusal::not_found)?
        .app;
    if owner != app {
        return Err(Refusal::new(
            403,
            format!("Invalid app_id `{app}` - check run can only be modified by the GitHub App that created it."),
        ));
    }
    check_update(&update)?;
    change_run(world, repo, id, update)
}

/// A person asks for a check run again; its App is told.
///
/// # Errors
/// 404, 403.
pub fn rerequest_run(world: &mut World, actor: &Actor, repo: RepoId, id: CheckRunId) -> Outcome<()> {
    auth::require(world, actor, repo, CHECKS)?;
    repository(world, repo)?.check_runs.get(&id).ok_or_else(Refusal::not_found)?;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::CheckRun {
            action: CheckRunAction::Rerequested,
            run: id,
        },
    );
    Ok(())
}

/// A person asks for a whole suite again; its App is told.
///
/// # Errors
/// 404, 403.
pub fn rerequest_suite(world: &mut World, actor: &Actor, repo: RepoId, id: SuiteId) -> Outcome<()> {
    auth::require(world, actor, repo, CHECKS)?;
    repository(world, repo)?.suites.get(&id).ok_or_else(Refusal::not_found)?;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::CheckSuite {
            action: CheckSuiteAction::Rerequested,
            suite: id,
        },
    );
    Ok(())
}

/// A person presses a button of a completed check run; anyone with write may.
///
/// # Errors
/// 404 for an unknown button, 403.
pub fn request_action(world: &mut World, actor: &Actor, repo: RepoId, id: CheckRunId, identifier: &str) -> Outcome<()> {
    auth::require(world, actor, repo, CHECKS)?;
    let run = repository(world, repo)?.check_runs.get(&id).ok_or_else(Refusal::not_found)?;
    let shown = run.status == CheckStatus::Completed && run.actions.iter().any(|action| action.identifier == identifier);
    if !shown {
        return Err(Refusal::not_found());
    }
    let action = CheckRunAction::RequestedAction {
        identifier: identifier.to_owned(),
    };
    emit(world, repo, actor.user(), EventKind::CheckRun { action, run: id });
    Ok(())
}

/// Sets a commit status.
///
/// # Errors
/// 403, 422 for an unknown commit.
pub fn set_status(world: &mut World, actor: &Actor, repo: RepoId, new: NewStatus) -> Outcome<StatusId> {
    auth::require(world, actor, repo, STATUSES)?;
    if world.store(repo)?.commit(new.head).is_err() {
        return Err(Refusal::new(422, format!("No commit found for SHA: {}", new.head)));
    }
    let (id, created_at): (StatusId, _) = (world.fresh(), world.now());
    let NewStatus {
        head,
        context,
        state,
        description,
        target_url,
    } = new;
    let status = CommitStatus {
        id,
        head,
        context,
        state,
        description,
        target_url,
        creator: actor.user(),
        created_at,
    };
    repository_mut(world, repo)?.statuses.insert(id, status);
    emit(world, repo, actor.user(), EventKind::Status { status: id });
    Ok(id)
}

/// The newest check run of each suite and name on a commit: `filter=latest`.
#[must_use]
pub fn latest_runs(world: &World, repo: RepoId, head: Oid) -> Vec<CheckRunId> {
    world
        .repositories
        .get(&repo)
        .map_or_else(Vec::new, |repo| latest(repo, head).iter().map(|run| run.id).collect())
}

/// The newest status of each context on a commit, by context.
#[must_use]
pub fn latest_statuses(world: &World, repo: RepoId, head: Oid) -> Vec<StatusId> {
    world.repositories.get(&repo).map_or_else(Vec::new, |repo| {
        newest_statuses(repo, head).iter().map(|status| status.id).collect()
    })
}

/// The combined state of the statuses on a commit; pending when there are none.
#[must_use]
pub fn combined_status(world: &World, repo: RepoId, head: Oid) -> StatusState {
    let Some(repo) = world.repositories.get(&repo) else {
        return StatusState::Pending;
    };
    let states: Vec<StatusState> = newest_statuses(repo, head).iter().map(|status| status.state).collect();
    if states
        .iter()
        .any(|state| matches!(state, StatusState::Error | StatusState::Failure))
    {
        StatusState::Failure
    } else if states.is_empty() || states.contains(&StatusState::Pending) {
        StatusState::Pending
    } else {
        StatusState::Success
    }
}

fn require_app(world: &World, actor: &Actor, repo: RepoId) -> Outcome<AppId> {
    auth::require(world, actor, repo, CHECKS)?;
    let of_bot = || world.app_of_bot(actor.user()).map(|app| app.id);
    actor
        .app()
        .or_else(of_bot)
        .ok_or_else(|| Refusal::new(403, "You must authenticate via a GitHub App."))
}

fn check_update(update: &CheckRunUpdate) -> Outcome<()> {
    let refuse = |sentence: &str| Err(Refusal::new(422, format!("Invalid request.\n\n{sentence}")));
    if update.status == Some(CheckStatus::Completed) && update.conclusion.is_none() {
        return refuse("\"conclusion\" wasn't supplied.");
    }
    if matches!(update.conclusion, Some(Conclusion::Stale | Conclusion::StartupFailure)) {
        return refuse("Only GitHub can set this conclusion.");
    }
    if let Some(output) = &update.output {
        if output.summary.is_none() {
            return refuse("\"summary\" wasn't supplied.");
        }
        if output.annotations.len() > ANNOTATIONS {
            return refuse("No more than 50 items are allowed; annotations.");
        }
        if output
            .annotations
            .iter()
            .any(|note| note.start_column.is_some() && note.start_line != note.end_line)
        {
            return refuse("Columns are allowed only where an annotation starts and ends on the same line.");
        }
        if [&output.summary, &output.text]
            .into_iter()
            .flatten()
            .any(|text| text.chars().count() > TEXT_LIMIT)
        {
            return refuse("Only 65535 characters are allowed.");
        }
    }
    let actions = update.actions.as_deref().unwrap_or_default();
    if actions.len() > ACTIONS {
        return refuse("No more than 3 items are allowed; actions.");
    }
    let long = |text: &str, limit| text.chars().count() > limit;
    if actions
        .iter()
        .any(|action| long(&action.label, 20) || long(&action.description, 40) || long(&action.identifier, 20))
    {
        return refuse("Only 20 characters are allowed for label and identifier, 40 for description.");
    }
    Ok(())
}
