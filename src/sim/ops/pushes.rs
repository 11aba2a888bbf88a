//! What follows when a ref has moved, whoever moved it: events, check suites, pull requests, closing keywords, CI.
//!
//! Invariant: called once for every ref that moved, after it moved on disk.

use crate::sim::deliver::emit;
use crate::sim::git::{FileChange, Oid, Store};
use crate::sim::ops::{
    Actor, Outcome, Refusal, issues, mergeability, pull_mut, pulls, record, repository, repository_mut, reviews, rules, suites,
    text,
};
use crate::sim::world::event::{PullAction, Push};
use crate::sim::world::{CiTrigger, Closer, EventKind, MergeMethod, PullRequest, RepoId, TimelineKind, UserId, World};

/// Most commits in a push event.
const PUSH_COMMITS: usize = 2048;

/// Why a ref is gone, where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deletion {
    /// By the API, git or a person: pull requests onto it are closed.
    ByHand,
    /// By the merge of its pull request: pull requests onto it move to that one's base.
    ByMerge {
        /// That base.
        onto: String,
    },
}

/// A ref that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    /// Full name.
    pub(super) name: String,
    /// Before; `None` when made.
    pub(super) before: Option<Oid>,
    /// After; `None` when deleted.
    pub(super) after: Option<Oid>,
    /// How it was deleted, if it was.
    pub(super) deletion: Deletion,
}

/// Lets everything follow.
pub(super) fn moved(world: &mut World, actor: &Actor, repo: RepoId, moved: &Moved) -> Outcome<()> {
    let branch = moved.name.strip_prefix("refs/heads/").map(ToOwned::to_owned);
    if branch.is_none() && !moved.name.starts_with("refs/tags/") {
        return Ok(());
    }
    let store = world.store(repo)?;
    let now = world.now();
    let found = repository_mut(world, repo)?;
    found.pushed_at = now;
    found.updated_at = now;
    let default = found.default_branch.clone();
    let commits = new_commits(&store, moved, &default)?;
    let forced = match (moved.before, moved.after) {
        (Some(before), Some(after)) => branch.is_some() && !store.is_ancestor(before, after)?,
        (None, _) | (_, None) => false,
    };
    announce(
        world,
        actor.user(),
        repo,
        moved,
        Push {
            name: moved.name.clone(),
            before: moved.before,
            after: moved.after,
            forced,
            commits: commits.clone(),
        },
    );
    let Some(branch) = branch else { return Ok(()) };
    match moved.after {
        Some(after) => {
            suites::suites_for_push(
                world,
                actor,
                repo,
                &suites::PushedHead {
                    branch: branch.clone(),
                    before: moved.before,
                    head: after,
                },
            )?;
            heads_moved(world, actor, repo, (&branch, after, forced))?;
            bases_moved(world, actor, repo, (&branch, after))?;
            if branch == default {
                close_by_commits(world, actor, repo, &commits)?;
            }
        }
        None => deleted(world, actor, repo, (&branch, moved))?,
    }
    Ok(())
}

/// Tells of the move itself, and puts it before CI.
fn announce(world: &mut World, sender: UserId, repo: RepoId, moved: &Moved, push: Push) {
    let name = || moved.name.clone();
    if moved.before.is_none() {
        emit(world, repo, sender, EventKind::Create { name: name() });
    }
    emit(world, repo, sender, EventKind::Push(push));
    if moved.after.is_none() {
        emit(world, repo, sender, EventKind::Delete { name: name() });
    }
    let (before, after) = (moved.before, moved.after);
    world.ci_queue.push_back(CiTrigger::Push {
        repo,
        name: name(),
        before,
        after,
        actor: sender,
    });
}

fn new_commits(store: &Store, moved: &Moved, default: &str) -> Outcome<Vec<Oid>> {
    let Some(after) = moved.after else { return Ok(Vec::new()) };
    let after = store.peel(after)?;
    let is_default = moved.name.strip_prefix("refs/heads/") == Some(default);
    let known = match moved.before {
        Some(before) => Some(store.peel(before)?),
        None if is_default => None,
        None => store.branch(default)?,
    };
    let mut commits = store.log(after, known)?;
    commits.truncate(PUSH_COMMITS);
    commits.reverse();
    Ok(commits)
}

fn open_pulls(world: &World, repo: RepoId, test: impl Fn(&PullRequest) -> bool) -> Outcome<Vec<u64>> {
    Ok(repository(world, repo)?
        .open_pulls()
        .filter(|(_, pull)| test(pull))
        .map(|(issue, _)| issue.number)
        .collect())
}

/// Pull requests from the branch have a new head.
fn heads_moved(world: &mut World, actor: &Actor, repo: RepoId, (branch, after, forced): (&str, Oid, bool)) -> Outcome<()> {
    for number in open_pulls(world, repo, |pull| pull.head_ref == branch && pull.head != after)? {
        let store = world.store(repo)?;
        let found = pull_mut(world, repo, number)?;
        let before = std::mem::replace(&mut found.head, after);
        found.last_pusher = actor.user();
        let (base, base_ref) = (found.base, found.base_ref.clone());
        set_pull_ref(&store, number, after)?;
        if forced {
            record(
                world,
                actor,
                (repo, number),
                TimelineKind::HeadRefForcePushed { before, after },
            );
        }
        let now = world.now();
        super::issue_mut(world, repo, number)?.updated_at = now;
        reviews::outdate(
            world,
            repo,
            number,
            &store.diff(Some(store.commit(before)?.tree), Some(store.commit(after)?.tree))?,
        );
        emit(
            world,
            repo,
            actor.user(),
            EventKind::PullRequest {
                action: PullAction::Synchronize { before, after },
                number,
            },
        );
        let rules = rules::rules_for(repository(world, repo)?, &base_ref);
        if rules.dismiss_stale_reviews && patch_of(&store, base, before)? != patch_of(&store, base, after)? {
            reviews::dismiss_stale(world, actor, repo, number);
        }
        if store.is_ancestor(after, base)? {
            // Nothing is left to merge: GitHub closes the pull request.
            pulls::close(world, actor, repo, number)?;
            continue;
        }
        mergeability::plan(world, repo, number);
        world.ci_queue.push_back(CiTrigger::PullRequest {
            repo,
            number,
            action: "synchronize".to_owned(),
            actor: actor.user(),
        });
    }
    Ok(())
}

/// Pull requests onto the branch have a new base; those whose head it now holds are merged.
fn bases_moved(world: &mut World, actor: &Actor, repo: RepoId, (branch, after): (&str, Oid)) -> Outcome<()> {
    for number in open_pulls(world, repo, |pull| pull.base_ref == branch)? {
        let store = world.store(repo)?;
        let head = pull_mut(world, repo, number)?.head;
        if store.is_ancestor(head, after)? {
            // The base of before is kept: it tells which commits were the pull request's.
            pulls::mark_merged(world, actor, (repo, number), after, MergeMethod::Merge)?;
            pulls::announce_merge(world, actor, repo, number)?;
        } else {
            pull_mut(world, repo, number)?.base = after;
            mergeability::forget(world, repo, number);
        }
    }
    Ok(())
}

/// Pull requests from the branch and onto it lose it. A merged one of an earlier branch with this name is left alone.
fn deleted(world: &mut World, actor: &Actor, repo: RepoId, (branch, moved): (&str, &Moved)) -> Outcome<()> {
    let from_here = |pull: &PullRequest| pull.head_ref == branch && (pull.merged.is_none() || Some(pull.head) == moved.before);
    let from: Vec<u64> = repository(world, repo)?
        .issues
        .values()
        .filter(|issue| issue.pull.as_ref().is_some_and(from_here))
        .map(|issue| issue.number)
        .collect();
    for number in from {
        record(world, actor, (repo, number), TimelineKind::HeadRefDeleted);
        if super::issue(world, repo, number)?.is_open() {
            pulls::close(world, actor, repo, number)?;
        }
    }
    for number in open_pulls(world, repo, |pull| pull.base_ref == branch)? {
        match &moved.deletion {
            Deletion::ByHand => {
                record(world, actor, (repo, number), TimelineKind::BaseRefDeleted);
                pulls::close(world, actor, repo, number)?;
            }
            Deletion::ByMerge { onto } => pulls::move_base(world, actor, (repo, number), onto, true)?,
        }
    }
    Ok(())
}

/// Commits on the default branch close the issues they name by keyword; where they came by a pull request, it is the closer.
fn close_by_commits(world: &mut World, actor: &Actor, repo: RepoId, commits: &[Oid]) -> Outcome<()> {
    let store = world.store(repo)?;
    let full_name = world.full_name(repo);
    let tip = commits.last().copied();
    let brought = |pull: &PullRequest| pull.merged.as_ref().is_some_and(|merged| Some(merged.commit) == tip);
    let number = repository(world, repo)?
        .issues
        .values()
        .find(|issue| issue.pull.as_ref().is_some_and(brought))
        .map(|issue| issue.number);
    for oid in commits {
        let closer = number.map_or(Closer::Commit(*oid), |number| Closer::Pull { number });
        for number in text::closes(&store.commit(*oid)?.message, &full_name) {
            let open = super::issue(world, repo, number).is_ok_and(|issue| issue.pull.is_none() && issue.is_open());
            if open && repository(world, repo)?.settings.auto_close_issues {
                issues::close_by(world, actor, (repo, number), closer)?;
            }
        }
    }
    Ok(())
}

/// What a pull request changes, as far as reviewers see it: paths and patches without line numbers; for files without a
/// patch, their blobs.
pub(super) fn patch_of(store: &Store, base: Oid, head: Oid) -> Outcome<Vec<(String, Result<String, Oid>)>> {
    let part = |file: FileChange| {
        let lines = |patch: String| {
            patch
                .lines()
                .filter(|line| !line.starts_with("@@"))
                .collect::<Vec<_>>()
                .join("\n")
        };
        (file.path, file.patch.map(lines).ok_or(file.oid))
    };
    Ok(store.diff_since(base, head)?.into_iter().map(part).collect())
}

/// Keeps `refs/pull/N/head`, so that a pull request's commits outlive its branch.
pub(super) fn set_pull_ref(store: &Store, number: u64, head: Oid) -> Outcome<()> {
    set_hidden(store, &format!("refs/pull/{number}/head"), head)
}

/// Sets a ref that people cannot move.
pub(super) fn set_hidden(store: &Store, name: &str, to: Oid) -> Outcome<()> {
    let before = store.target(name)?;
    if before == Some(to) {
        Ok(())
    } else {
        store.set_ref(name, before, Some(to)).map_err(Refusal::from)
    }
}
