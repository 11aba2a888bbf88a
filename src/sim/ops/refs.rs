//! Making, moving and deleting refs.
//!
//! Invariant: a ref moves on disk first, then everything that follows from it happens under the same lock.

use std::collections::BTreeMap;

use crate::sim::git::{GitError, ObjectKind, Oid, Store};
use crate::sim::ops::auth::{self, PUSH};
use crate::sim::ops::push_rules::{check_rules, check_workflows};
use crate::sim::ops::pushes::{self, Deletion, Moved};
use crate::sim::ops::{Actor, Outcome, Refusal};
use crate::sim::world::{RepoId, World};

/// Most bytes of a branch's or tag's name.
const NAME_LIMIT: usize = 255;

/// A ref to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// Full name, `refs/heads/x`.
    pub name: String,
    /// Where to.
    pub oid: Oid,
    /// Also when it is no fast-forward.
    pub force: bool,
}

/// One of several refs to move together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefMove {
    /// Full name, `refs/heads/x`.
    pub name: String,
    /// Where it must be: `None` is not said, `Some(None)` is nowhere.
    pub before: Option<Option<Oid>>,
    /// Where to; `None` deletes it.
    pub after: Option<Oid>,
    /// Also when it is no fast-forward.
    pub force: bool,
}

/// Makes a ref.
///
/// # Errors
/// 422 when it exists (`Reference already exists`), lies beside a folder of its name, is malformed, or its object does not
/// exist; 409 in an empty repository; 403 without contents: write, or without workflows: write where those differ.
pub fn create(world: &mut World, actor: &Actor, repo: RepoId, name: &str, oid: Oid) -> Outcome<()> {
    auth::require(world, actor, repo, PUSH)?;
    let store = world.store(repo)?;
    if store.refs("refs/heads/")?.is_empty() {
        return Err(Refusal::new(409, "Git Repository is empty."));
    }
    if !well_named(name) {
        return Err(Refusal::new(422, format!("{name} is not a valid ref name.")));
    }
    if store.kind(oid)?.is_none() {
        return Err(Refusal::new(422, "Object does not exist"));
    }
    if store.target(name)?.is_some() {
        return Err(Refusal::new(422, "Reference already exists"));
    }
    apply(
        world,
        actor,
        repo,
        &[RefMove {
            name: name.to_owned(),
            before: Some(None),
            after: Some(oid),
            force: false,
        }],
    )
}

/// Moves a ref.
///
/// # Errors
/// 422 when it does not exist (`Reference does not exist`), is no fast-forward (`Update is not a fast forward`) or is
/// protected; 403 as [`create`].
pub fn update(world: &mut World, actor: &Actor, repo: RepoId, change: RefUpdate) -> Outcome<()> {
    auth::require(world, actor, repo, PUSH)?;
    let store = world.store(repo)?;
    if store.target(&change.name)?.is_none() {
        return Err(Refusal::new(422, "Reference does not exist"));
    }
    if store.kind(change.oid)?.is_none() {
        return Err(Refusal::new(422, "Object does not exist"));
    }
    apply(
        world,
        actor,
        repo,
        &[RefMove {
            name: change.name,
            before: None,
            after: Some(change.oid),
            force: change.force,
        }],
    )
}

/// Deletes a ref. Open pull requests from it and onto it are closed.
///
/// # Errors
/// 422 when it does not exist or is protected or is the default branch.
pub fn delete(world: &mut World, actor: &Actor, repo: RepoId, name: &str) -> Outcome<()> {
    auth::require(world, actor, repo, PUSH)?;
    if world.store(repo)?.target(name)?.is_none() {
        return Err(Refusal::new(422, "Reference does not exist"));
    }
    apply(
        world,
        actor,
        repo,
        &[RefMove {
            name: name.to_owned(),
            before: None,
            after: None,
            force: true,
        }],
    )
}

/// Moves several refs or none (GraphQL `updateRefs`).
///
/// # Errors
/// As [`create`], [`update`], [`delete`]; 422 when a ref is not where `before` says.
pub fn update_many(world: &mut World, actor: &Actor, repo: RepoId, moves: &[RefMove]) -> Outcome<()> {
    auth::require(world, actor, repo, PUSH)?;
    apply(world, actor, repo, moves)
}

/// Where all refs are, to be compared after git itself took a push.
///
/// # Errors
/// When the repository is damaged.
pub fn snapshot(world: &World, repo: RepoId) -> Outcome<BTreeMap<String, Oid>> {
    Ok(world.store(repo)?.refs("refs/")?.into_iter().collect())
}

/// Tells the world what git itself moved since `before` was taken.
///
/// # Errors
/// When the repository is damaged.
pub fn received(world: &mut World, actor: &Actor, repo: RepoId, before: &BTreeMap<String, Oid>) -> Outcome<()> {
    let after = snapshot(world, repo)?;
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (old, new) = (before.get(name).copied(), after.get(name).copied());
        if old != new {
            pushes::moved(
                world,
                actor,
                repo,
                &Moved {
                    name: name.clone(),
                    before: old,
                    after: new,
                    deletion: Deletion::ByHand,
                },
            )?;
        }
    }
    Ok(())
}

/// Whether the actor may do this, before anything moves. For git pushes the objects may not be there yet: then only names
/// and rules are looked at.
///
/// # Errors
/// As [`update_many`].
pub fn check_push(world: &World, actor: &Actor, repo: RepoId, moves: &[RefMove]) -> Outcome<()> {
    auth::require(world, actor, repo, PUSH)?;
    let store = world.store(repo)?;
    for change in moves {
        let current = store.target(&change.name)?;
        check_rules(world, actor, (repo, &store), change, current)?;
        if let Some(after) = change.after
            && store.kind(after)? == Some(ObjectKind::Commit)
        {
            check_workflows(world, actor, repo, &change.name, after)?;
        }
    }
    Ok(())
}

/// Checks all, moves all on disk, then lets what follows happen.
pub(super) fn apply(world: &mut World, actor: &Actor, repo: RepoId, moves: &[RefMove]) -> Outcome<()> {
    let store = world.store(repo)?;
    let mut planned = Vec::new();
    for change in moves {
        let current = store.target(&change.name)?;
        if change.before.is_some_and(|before| before != current) {
            return Err(Refusal::new(422, "Reference update failed"));
        }
        if let Some(after) = change.after {
            check_target(&store, change, current, after)?;
        }
        check_rules(world, actor, (repo, &store), change, current)?;
        if let Some(after) = change.after {
            check_workflows(world, actor, repo, &change.name, after)?;
        }
        if current != change.after {
            planned.push((change.name.clone(), current, change.after));
        }
    }
    store.set_refs(&planned)?;
    for (name, before, after) in planned {
        pushes::moved(
            world,
            actor,
            repo,
            &Moved {
                name,
                before,
                after,
                deletion: Deletion::ByHand,
            },
        )?;
    }
    Ok(())
}

/// GitHub's own demands on a ref's name beside git's.
fn well_named(name: &str) -> bool {
    let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/"));
    let looks_like_oid = |short: &str| short.len() == 40 && short.bytes().all(|byte| byte.is_ascii_hexdigit());
    let short_ok = short.is_some_and(|short| !short.starts_with("refs/") && !looks_like_oid(short) && short.len() <= NAME_LIMIT);
    short_ok && Store::valid_ref(name)
}

fn check_target(store: &Store, change: &RefMove, current: Option<Oid>, after: Oid) -> Outcome<()> {
    if !well_named(&change.name) {
        return Err(GitError::BadRef(change.name.clone()).into());
    }
    match store.kind(after)? {
        None => return Err(Refusal::new(422, "Object does not exist")),
        Some(ObjectKind::Commit) => {}
        Some(_) if change.name.starts_with("refs/heads/") => return Err(Refusal::new(422, "Reference update failed")),
        Some(_) => return Ok(()),
    }
    if let Some(current) = current
        && !change.force
        && !store.is_ancestor(store.peel(current)?, after)?
    {
        return Err(Refusal::new(422, "Update is not a fast forward"));
    }
    Ok(())
}
