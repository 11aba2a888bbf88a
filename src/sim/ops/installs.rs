//! Installations: suspended, removed, given other permissions or repositories.
//!
//! Invariant: tokens minted before lose at once what the installation loses.

use std::collections::BTreeSet;

use crate::sim::deliver::emit_installation;
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::event::InstallationAction;
use crate::sim::world::{EventKind, Installation, InstallationId, Permissions, RepoId, UserId, World};

/// Suspends an installation.
///
/// # Errors
/// 404.
pub fn suspend(world: &mut World, id: InstallationId) -> Outcome<()> {
    let now = world.now();
    let by = change(world, id, |installation, by| installation.suspended = Some((now, by)))?;
    tell(world, id, by, InstallationAction::Suspend);
    Ok(())
}

/// Ends the suspension.
///
/// # Errors
/// 404.
pub fn unsuspend(world: &mut World, id: InstallationId) -> Outcome<()> {
    let by = change(world, id, |installation, _| installation.suspended = None)?;
    tell(world, id, by, InstallationAction::Unsuspend);
    Ok(())
}

/// Removes an installation; its tokens end.
///
/// # Errors
/// 404.
pub fn remove(world: &mut World, id: InstallationId) -> Outcome<()> {
    let by = change(world, id, |_, _| {})?;
    tell(world, id, by, InstallationAction::Deleted);
    world.installations.remove(&id);
    world.tokens.retain(|_, token| token.installation != id);
    Ok(())
}

/// Grants exactly these permissions, as an owner does who accepts or as an App's request reduces them.
///
/// # Errors
/// 404.
pub fn set_permissions(world: &mut World, id: InstallationId, permissions: Permissions) -> Outcome<()> {
    let by = change(world, id, |installation, _| installation.permissions = permissions)?;
    tell(world, id, by, InstallationAction::NewPermissionsAccepted);
    Ok(())
}

/// Chooses the repositories; `None` is all.
///
/// # Errors
/// 404.
pub fn set_repositories(world: &mut World, id: InstallationId, repositories: Option<BTreeSet<RepoId>>) -> Outcome<()> {
    let before = reached(world, id);
    let by = change(world, id, |installation, _| installation.repositories = repositories)?;
    let after = reached(world, id);
    let (added, removed): (Vec<RepoId>, Vec<RepoId>) = (
        after.difference(&before).copied().collect(),
        before.difference(&after).copied().collect(),
    );
    if !added.is_empty() {
        emit_installation(
            world,
            id,
            by,
            EventKind::InstallationRepositories {
                added,
                removed: Vec::new(),
            },
        );
    }
    if !removed.is_empty() {
        emit_installation(
            world,
            id,
            by,
            EventKind::InstallationRepositories {
                added: Vec::new(),
                removed,
            },
        );
    }
    Ok(())
}

/// The repositories an installation reaches.
#[must_use]
pub fn reached(world: &World, id: InstallationId) -> BTreeSet<RepoId> {
    let Some(app) = world.installations.get(&id).map(|installation| installation.app) else {
        return BTreeSet::new();
    };
    let reaches = |repo: &&RepoId| world.installation_for(app, **repo).is_some_and(|found| found.id == id);
    world.repositories.keys().filter(reaches).copied().collect()
}

/// Changes it; who did it: somebody who administers the account.
fn change(world: &mut World, id: InstallationId, act: impl FnOnce(&mut Installation, UserId)) -> Outcome<UserId> {
    let now = world.now();
    let account = world.installations.get(&id).ok_or_else(Refusal::not_found)?.account;
    let administers = |repo: &&crate::sim::world::Repository| repo.owner == account;
    let admin = world
        .repositories
        .values()
        .filter(administers)
        .flat_map(|repo| &repo.collaborators);
    let by = admin
        .filter(|(_, role)| **role == crate::sim::world::Role::Admin)
        .map(|(user, _)| *user)
        .next()
        .unwrap_or(account);
    let installation = world.installations.get_mut(&id).ok_or_else(Refusal::not_found)?;
    act(installation, by);
    installation.updated_at = now;
    Ok(by)
}

fn tell(world: &mut World, id: InstallationId, by: UserId, action: InstallationAction) {
    emit_installation(world, id, by, EventKind::Installation { action });
}
