//! Merging: pull requests, branches into branches, the base into a pull request.
//!
//! Invariant: the tree of a merge is the one git's three-way merge gives; with a conflict nothing is written.

use std::time::Duration;

use crate::sim::git::{MergeOutcome, NewCommit, Oid, Store, parse_oid};
use crate::sim::ops::auth::{self, PULL, PUSH};
use crate::sim::ops::contents::message;
use crate::sim::ops::mergeability::{Blocker, first_blocker, is_behind};
use crate::sim::ops::pushes::{self, Deletion, Moved};
use crate::sim::ops::refs::{self, RefMove};
use crate::sim::ops::{Actor, Outcome, Refusal, chores, data, pull, pulls, push_rules, repository, repository_mut, rules};
use crate::sim::world::{Chore, CommitNote, MergeMethod, RepoId, World};

/// How long `update-branch` takes: 1.7 s were observed.
const UPDATE_TIME: Duration = Duration::from_millis(1700);

/// How a pull request is to be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergePull {
    /// Head it must have.
    pub head: Option<Oid>,
    /// Method.
    pub method: MergeMethod,
    /// First line of the message; GitHub's own if none is given.
    pub title: Option<String>,
    /// The rest of it; GitHub's own if none is given.
    pub message: Option<String>,
}

/// A branch to merge into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeBranch {
    /// Branch that moves.
    pub base: String,
    /// Branch or commit.
    pub head: String,
    /// Message.
    pub message: Option<String>,
}

/// Merges a pull request; the commit on the base.
///
/// # Errors
/// 405 with the reason, 409 when the head is elsewhere, 403.
pub fn merge(world: &mut World, actor: &Actor, repo: RepoId, number: u64, request: &MergePull) -> Outcome<Oid> {
    auth::require(world, actor, repo, PUSH)?;
    check_merge(world, actor, (repo, number), request)?;
    let (base_ref, base) = {
        let (_, found) = pull(world, repo, number)?;
        (found.base_ref.clone(), found.base)
    };
    let commit = match request.method {
        MergeMethod::Merge | MergeMethod::Squash => one_commit(world, actor, (repo, number), request)?,
        MergeMethod::Rebase => rebase(world, repo, number)?,
    };
    let name = format!("refs/heads/{base_ref}");
    push_rules::check_workflows(world, actor, repo, &name, commit)?;
    world.store(repo)?.set_ref(&name, Some(base), Some(commit))?;
    pulls::mark_merged(world, actor, (repo, number), commit, request.method)?;
    let moved = Moved {
        name,
        before: Some(base),
        after: Some(commit),
        deletion: Deletion::ByHand,
    };
    pushes::moved(world, actor, repo, &moved)?;
    pulls::announce_merge(world, actor, repo, number)?;
    delete_head(world, actor, repo, number)?;
    Ok(commit)
}

/// Merges a branch into another; the merge commit, or `None` when there is nothing to merge (204).
///
/// # Errors
/// 404 `Base does not exist`, `Head does not exist`; 409 `Merge Conflict`; 422 by rules; 403.
pub fn merge_branch(world: &mut World, actor: &Actor, repo: RepoId, request: &MergeBranch) -> Outcome<Option<Oid>> {
    auth::require(world, actor, repo, PUSH)?;
    let store = world.store(repo)?;
    let base = store
        .branch(&request.base)?
        .ok_or_else(|| Refusal::new(404, "Base does not exist"))?;
    let by_sha = || -> Outcome<Option<Oid>> {
        let Some(oid) = parse_oid(&request.head) else {
            return Ok(None);
        };
        Ok(store.commit(oid).is_ok().then_some(oid))
    };
    let head = match store.branch(&request.head)? {
        Some(head) => head,
        None => by_sha()?.ok_or_else(|| Refusal::new(404, "Head does not exist"))?,
    };
    if store.is_ancestor(head, base)? {
        return Ok(None);
    }
    let MergeOutcome::Clean(tree) = store.merge_commits(base, head)? else {
        return Err(Refusal::new(409, "Merge Conflict"));
    };
    let text = request
        .message
        .clone()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| format!("Merge {} into {}", request.head, request.base));
    let commit = data::sign_off(world, repo, actor.user(), (text, tree, vec![base, head]))?;
    let change = RefMove {
        name: format!("refs/heads/{}", request.base),
        before: Some(Some(base)),
        after: Some(commit),
        force: false,
    };
    refs::apply(world, actor, repo, &[change])?;
    Ok(Some(commit))
}

/// Asks GitHub to merge the base into the pull request's head; it is done a little later.
///
/// # Errors
/// 422 in three cases told apart by text only, 403.
pub fn update_branch(world: &mut World, actor: &Actor, repo: RepoId, number: u64, expected_head: Option<Oid>) -> Outcome<()> {
    auth::require(world, actor, repo, PULL)?;
    auth::require(world, actor, repo, PUSH)?;
    let (issue, found) = pull(world, repo, number)?;
    let (head, base) = (found.head, found.base);
    if !issue.is_open() {
        return Err(Refusal::new(422, "Pull request is closed"));
    }
    if expected_head.is_some_and(|expected| expected != head) {
        return Err(Refusal::new(422, "expected head sha didn\u{2019}t match current head ref."));
    }
    if !is_behind(world, repo, found)? {
        return Err(Refusal::new(422, "There are no new commits on the base branch."));
    }
    if let MergeOutcome::Conflict(_) = world.store(repo)?.merge_commits(head, base)? {
        return Err(Refusal::new(422, "merge conflict between base and head"));
    }
    chores::plan(
        world,
        UPDATE_TIME,
        Chore::UpdateBranch {
            repo,
            number,
            head,
            actor: actor.clone(),
        },
    );
    Ok(())
}

/// What [`update_branch`] promised; nothing when the head moved since.
pub(super) fn update_now(world: &mut World, actor: &Actor, (repo, number): (RepoId, u64), head: Oid) -> Outcome<()> {
    let (issue, found) = pull(world, repo, number)?;
    if !issue.is_open() || found.head != head {
        return Ok(());
    }
    let (head_ref, base_ref) = (found.head_ref.clone(), found.base_ref.clone());
    let request = MergeBranch {
        base: head_ref.clone(),
        head: base_ref.clone(),
        message: Some(format!("Merge branch '{base_ref}' into {head_ref}")),
    };
    merge_branch(world, actor, repo, &request).map(|_| ())
}

fn check_merge(world: &World, actor: &Actor, (repo, number): (RepoId, u64), request: &MergePull) -> Outcome<()> {
    let refuse = |sentence: &str| Err(Refusal::new(405, sentence));
    let (issue, found) = pull(world, repo, number)?;
    let repository = repository(world, repo)?;
    if !issue.is_open() {
        return refuse("Pull Request is not mergeable");
    }
    if request.head.is_some_and(|head| head != found.head) {
        return Err(Refusal::new(409, "Head branch was modified. Review and try the merge again."));
    }
    if found.draft {
        return refuse("Pull Request is still a draft");
    }
    let settings = &repository.settings;
    let (allowed, name) = match request.method {
        MergeMethod::Merge => (settings.allow_merge_commit, "Merge commits are"),
        MergeMethod::Squash => (settings.allow_squash_merge, "Squash merges are"),
        MergeMethod::Rebase => (settings.allow_rebase_merge, "Rebase merges are"),
    };
    let rules = rules::rules_for_actor(world, repository, &found.base_ref, actor);
    if !allowed || !(rules.merge_methods.is_empty() || rules.merge_methods.iter().any(|method| method == request.method.name())) {
        return refuse(&format!("{name} not allowed on this repository."));
    }
    if rules.linear_history && request.method == MergeMethod::Merge {
        return refuse("Repository rule violations found\n\nThis branch must not contain merge commits.\n\n");
    }
    if rules.signatures && request.method == MergeMethod::Rebase {
        return refuse("Repository rule violations found\n\nCommits must have verified signatures.\n\n");
    }
    match first_blocker(world, actor, repo, number)? {
        None => {}
        Some(Blocker::Threads) => return refuse(&Blocker::Threads.sentence()),
        Some(blocker) => {
            let by_ruleset = rules::rulesets_for(repository, &found.base_ref).next().is_some();
            let sentence = blocker.sentence();
            return refuse(&if by_ruleset {
                format!("Repository rule violations found\n\n{sentence}\n\n")
            } else {
                sentence
            });
        }
    }
    if rules.strict && is_behind(world, repo, found)? {
        return refuse("Head branch is out of date. Review and try the merge again.");
    }
    match world.store(repo)?.merge_commits(found.base, found.head)? {
        MergeOutcome::Clean(_) => Ok(()),
        MergeOutcome::Conflict(_) => refuse("Pull Request is not mergeable"),
    }
}

/// A merge commit or a squash.
fn one_commit(world: &mut World, actor: &Actor, (repo, number): (RepoId, u64), request: &MergePull) -> Outcome<Oid> {
    let commits = pulls::commits(world, repo, number)?;
    let (issue, found) = pull(world, repo, number)?;
    let (base, head) = (found.base, found.head);
    let MergeOutcome::Clean(tree) = world.store(repo)?.merge_commits(base, head)? else {
        return Err(Refusal::new(405, "Pull Request is not mergeable"));
    };
    let owner = world.login(repository(world, repo)?.owner).to_owned();
    let (title, body, parents, author) = match (request.method, commits.as_slice()) {
        (MergeMethod::Squash, [only]) => (
            format!("{} (#{number})", only.headline()),
            only.body().to_owned(),
            vec![base],
            issue.author,
        ),
        (MergeMethod::Squash, several) => {
            let list = several
                .iter()
                .map(|commit| format!("* {}", commit.message.trim_end()))
                .collect::<Vec<_>>()
                .join("\n\n");
            (format!("{} (#{number})", issue.title), list, vec![base], issue.author)
        }
        (MergeMethod::Merge | MergeMethod::Rebase, _) => {
            let title = format!("Merge pull request #{number} from {owner}/{}", found.head_ref);
            (title, issue.title.clone(), vec![base, head], actor.user())
        }
    };
    let title = request.title.clone().filter(|title| !title.is_empty()).unwrap_or(title);
    let body = request.message.clone().unwrap_or(body);
    data::sign_off(world, repo, author, (message(&title, Some(&body)), tree, parents))
}

/// The commits again, one by one, on top of the base; unsigned, as on GitHub.
fn rebase(world: &mut World, repo: RepoId, number: u64) -> Outcome<Oid> {
    let commits = pulls::commits(world, repo, number)?;
    let store = world.store(repo)?;
    let mut tip = pull(world, repo, number)?.1.base;
    for commit in commits {
        let cannot = || Refusal::new(405, "This branch can't be rebased");
        let [parent] = commit.parents.as_slice() else {
            return Err(cannot());
        };
        let tree = pick(&store, *parent, commit.oid, tip)?.ok_or_else(cannot)?;
        let again = NewCommit {
            tree,
            parents: vec![tip],
            author: commit.author,
            committer: data::github(world),
            message: commit.message,
        };
        tip = store.write_commit(&again)?;
        let author = repository(world, repo)?.commits.get(&commit.oid).and_then(|note| note.author);
        repository_mut(world, repo)?.commits.insert(
            tip,
            CommitNote {
                author,
                committer: None,
                verified: false,
            },
        );
    }
    Ok(tip)
}

fn pick(store: &Store, parent: Oid, commit: Oid, onto: Oid) -> Outcome<Option<Oid>> {
    let tree = |oid: Oid| store.commit(oid).map(|commit| commit.tree);
    Ok(match store.merge_trees(tree(parent)?, tree(onto)?, tree(commit)?)? {
        MergeOutcome::Clean(tree) => Some(tree),
        MergeOutcome::Conflict(_) => None,
    })
}

/// Where the repository says so, the merged branch goes, and pull requests onto it move on.
fn delete_head(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    let repository = repository(world, repo)?;
    let (_, found) = pull(world, repo, number)?;
    let (head_ref, head, onto) = (found.head_ref.clone(), found.head, found.base_ref.clone());
    let kept = !repository.settings.delete_branch_on_merge
        || head_ref == repository.default_branch
        || rules::rules_for(repository, &head_ref).no_deletion;
    let store = world.store(repo)?;
    let name = format!("refs/heads/{head_ref}");
    if kept || store.target(&name)? != Some(head) {
        return Ok(());
    }
    store.set_ref(&name, Some(head), None)?;
    let moved = Moved {
        name,
        before: Some(head),
        after: None,
        deletion: Deletion::ByMerge { onto },
    };
    pushes::moved(world, actor, repo, &moved)
}
