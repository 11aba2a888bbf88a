//! From pushes and pull-request events to workflow runs.
//!
//! Invariant: the workflow files are those of the commit that is checked out: a push's own commit, a pull request's test
//! merge of head into base. Without a test merge (a conflict) nothing starts, as on GitHub.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::expression::{Context, interpolate};
use super::occasion::{Occasion, context};
use super::on::Trigger;
use super::progress;
use super::rerun;
use super::state::{Active, Progress};
use super::workflow::{Refused, Workflow};
use crate::sim::CiMode;
use crate::sim::git::{Oid, Store};
use crate::sim::ops::actions::{self, NewRun};
use crate::sim::ops::{Outcome, mergeability};
use crate::sim::world::{CiTrigger, Conclusion, RepoId, RunId, UserId, World};

/// Where workflow files are.
const FOLDER: &str = ".github/workflows";
/// GitHub looks at this many files of a diff for path filters.
const DIFF_FILES: usize = 300;
/// Words in a head commit's message that keep workflows from starting.
/// Source: GitHub's documentation, "Skipping workflow runs".
const SKIP_WORDS: [&str; 5] = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];

/// Empties the queue. Whether there was anything in it.
pub(super) fn take(world: &mut World, mode: CiMode) -> bool {
    let mut any = false;
    while let Some(trigger) = world.ci_queue.pop_front() {
        any = true;
        if mode == CiMode::Off {
            continue;
        }
        if let Err(refusal) = take_one(world, trigger) {
            tracing::warn!(%refusal, "CI could not start a workflow");
        }
    }
    any
}

fn take_one(world: &mut World, trigger: CiTrigger) -> Outcome<()> {
    let occasion = match trigger {
        CiTrigger::Push {
            repo,
            name,
            before,
            after: Some(after),
            actor,
        } => push(world, repo, name, (before, after), actor)?,
        CiTrigger::Push { after: None, .. } => None,
        CiTrigger::PullRequest {
            repo,
            number,
            action,
            actor,
        } => pull_request(world, repo, number, action, actor)?,
        CiTrigger::Dispatch {
            repo,
            workflow,
            name,
            actor,
        } => dispatch(world, repo, workflow, name, actor)?,
        CiTrigger::Rerun { repo, run, jobs } => return rerun::again(world, repo, run, jobs),
    };
    match occasion {
        Some(occasion) => start_all(world, &occasion),
        None => Ok(()),
    }
}

fn push(world: &World, repo: RepoId, name: String, moved: (Option<Oid>, Oid), actor: UserId) -> Outcome<Option<Occasion>> {
    let (before, after) = moved;
    let store = world.store(repo)?;
    let Some(branch) = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")) else {
        return Ok(None);
    };
    let head = store.peel(after)?;
    if skips(&store, head)? {
        return Ok(None);
    }
    Ok(Some(Occasion {
        repo,
        event: "push",
        action: None,
        paths: pushed_paths(world, &store, repo, (before, head))?,
        head_branch: branch.to_owned(),
        reference: name,
        head,
        checkout: head,
        pull: None,
        actor,
        only: None,
    }))
}

/// What a push changed: against the commit before, or for a new branch against where it left the default branch. `None`
/// when there is nothing to compare: then path filters let it pass.
fn pushed_paths(world: &World, store: &Store, repo: RepoId, (before, head): (Option<Oid>, Oid)) -> Outcome<Option<Vec<String>>> {
    let default = world
        .repositories
        .get(&repo)
        .map(|record| record.default_branch.clone())
        .unwrap_or_default();
    let from = match before {
        Some(before) => Some(before),
        None => match store.branch(&default)? {
            Some(main) if main != head => store.merge_base(main, head)?,
            Some(_) | None => None,
        },
    };
    let Some(from) = from.filter(|from| *from != head) else {
        return Ok(None);
    };
    let files = store.diff(Some(store.commit(from)?.tree), Some(store.commit(head)?.tree))?;
    Ok(Some(files.into_iter().take(DIFF_FILES).map(|file| file.path).collect()))
}

fn pull_request(world: &mut World, repo: RepoId, number: u64, action: String, actor: UserId) -> Outcome<Option<Occasion>> {
    let Some(checkout) = mergeability::test_merge(world, repo, number) else {
        return Ok(None);
    };
    let store = world.store(repo)?;
    let Some((issue, pull)) = world.repositories.get(&repo).and_then(|record| record.pull(number)) else {
        return Ok(None);
    };
    if !issue.is_open() || skips(&store, pull.head)? {
        return Ok(None);
    }
    let files = store.diff_since(pull.base, pull.head)?;
    Ok(Some(Occasion {
        repo,
        event: "pull_request",
        action: Some(action),
        reference: format!("refs/heads/{}", pull.base_ref),
        paths: Some(files.into_iter().take(DIFF_FILES).map(|file| file.path).collect()),
        head_branch: pull.head_ref.clone(),
        head: pull.head,
        checkout,
        pull: Some(number),
        actor,
        only: None,
    }))
}

fn dispatch(world: &World, repo: RepoId, workflow: String, name: String, actor: UserId) -> Outcome<Option<Occasion>> {
    let store = world.store(repo)?;
    let Some(head) = store.target(&name)?.map(|oid| store.peel(oid)).transpose()? else {
        return Ok(None);
    };
    Ok(Some(Occasion {
        repo,
        event: "workflow_dispatch",
        action: None,
        head_branch: name
            .trim_start_matches("refs/heads/")
            .trim_start_matches("refs/tags/")
            .to_owned(),
        reference: name,
        paths: None,
        head,
        checkout: head,
        pull: None,
        actor,
        only: Some(workflow),
    }))
}

fn skips(store: &Store, head: Oid) -> Outcome<bool> {
    let message = store.commit(head)?.message;
    Ok(SKIP_WORDS.iter().any(|word| message.contains(word)))
}

fn start_all(world: &mut World, occasion: &Occasion) -> Outcome<()> {
    let store = world.store(occasion.repo)?;
    let tree = store.commit(occasion.checkout)?.tree;
    let Some(folder) = store.entry(tree, FOLDER)? else {
        return Ok(());
    };
    if folder.mode.object() != "tree" {
        return Ok(());
    }
    for entry in store.tree(folder.oid)? {
        let path = format!("{FOLDER}/{}", entry.path);
        let is_workflow = entry.mode.object() == "blob" && (path.ends_with(".yml") || path.ends_with(".yaml"));
        if is_workflow && occasion.only.as_ref().is_none_or(|only| *only == path) {
            let text = String::from_utf8_lossy(&store.blob(entry.oid)?).into_owned();
            start(world, occasion, &path, &text)?;
        }
    }
    Ok(())
}

/// Starts one workflow if it is meant; a file that cannot be read becomes a run that failed at its start.
fn start(world: &mut World, occasion: &Occasion, path: &str, text: &str) -> Outcome<()> {
    let trigger = Trigger {
        event: occasion.event,
        action: occasion.action.as_deref(),
        reference: &occasion.reference,
        paths: occasion.paths.as_deref(),
    };
    let read = Workflow::read(path, text).and_then(|workflow| Ok((workflow.starts(&trigger)?, workflow)));
    match read {
        Ok((false, _)) => Ok(()),
        Ok((true, workflow)) => {
            let run = actions::start_run(world, new_run(occasion, path, &workflow.name))?;
            let context = context(world, occasion, &workflow, run);
            begin(world, run, occasion.repo, (workflow, context), &BTreeMap::new())
        }
        Err(Refused(reason)) => {
            tracing::info!(path, reason, "a workflow file cannot be run");
            let run = actions::start_run(world, new_run(occasion, path, path))?;
            actions::finish_run(world, occasion.repo, run, Conclusion::StartupFailure)
        }
    }
}

fn new_run(occasion: &Occasion, path: &str, name: &str) -> NewRun {
    NewRun {
        repo: occasion.repo,
        path: path.to_owned(),
        name: name.to_owned(),
        event: occasion.event.to_owned(),
        head_branch: occasion.head_branch.clone(),
        head: occasion.head,
        checkout: occasion.checkout,
        pull: occasion.pull,
        actor: occasion.actor,
        jobs: Vec::new(),
    }
}

/// Plans a run's jobs, after cancelling what its concurrency group says. `kept` are jobs of the attempt before that stay.
pub(super) fn begin(
    world: &mut World,
    run: RunId,
    repo: RepoId,
    plan: (Workflow, Context),
    kept: &BTreeMap<String, Conclusion>,
) -> Outcome<()> {
    let (workflow, context) = plan;
    let group = match &workflow.concurrency {
        None => None,
        Some((group, _)) => match interpolate(group, &context) {
            Ok(group) => Some(group),
            Err(reason) => {
                tracing::info!(reason, "a concurrency group cannot be told");
                return actions::finish_run(world, repo, run, Conclusion::StartupFailure);
            }
        },
    };
    if let Some(group) = &group {
        let newest_wins = workflow.concurrency.as_ref().is_some_and(|(_, cancel)| *cancel);
        cancel_older(world, (repo, run), group, newest_wins)?;
    }
    let progress = |id: &String| {
        kept.get(id)
            .map_or(Progress::Waiting, |conclusion| Progress::Done(*conclusion))
    };
    let jobs = workflow.jobs.keys().map(|id| (id.clone(), progress(id))).collect();
    world.ci.active.insert(
        run,
        Active {
            repo,
            workflow,
            group,
            context,
            jobs,
            stop: CancellationToken::new(),
        },
    );
    progress::release(world, run)
}

/// Cancels the group's other runs: all of them where the newest wins, else those that have not begun.
fn cancel_older(world: &mut World, (repo, newest): (RepoId, RunId), group: &str, newest_wins: bool) -> Outcome<()> {
    // What ended otherwise cannot be cancelled any more.
    progress::drop_ended(world);
    let begun = |active: &Active| active.jobs.values().any(Progress::begun);
    let same = |active: &Active| active.repo == repo && active.group.as_deref() == Some(group);
    let older: Vec<RunId> = world
        .ci
        .active
        .iter()
        .filter(|(run, active)| **run != newest && same(active) && (newest_wins || !begun(active)))
        .map(|(run, _)| *run)
        .collect();
    for run in older {
        progress::forget(world, run);
        actions::stop(world, repo, run)?;
    }
    Ok(())
}
