//! Repositories changed: settings, name, owner, archive, deletion.
//!
//! Invariant: the folder on disk always carries the repository's name of now; old names lead to it until they are taken again.

use crate::sim::deliver::{emit, emit_installation};
use crate::sim::ops::auth::{self, ADMIN};
use crate::sim::ops::repos::{check_name, reaching};
use crate::sim::ops::{Actor, Outcome, Refusal, mergeability, repository, repository_mut};
use crate::sim::world::event::RepositoryAction;
use crate::sim::world::{EventKind, Level, RepoId, Role, UserId, World};

/// What is changed; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoEdit {
    /// Name.
    pub name: Option<String>,
    /// One line about it.
    pub description: Option<String>,
    /// Private.
    pub private: Option<bool>,
    /// Archived.
    pub archived: Option<bool>,
    /// Default branch.
    pub default_branch: Option<String>,
    /// Issues switched on.
    pub has_issues: Option<bool>,
    /// Merge commits allowed.
    pub allow_merge_commit: Option<bool>,
    /// Squash merges allowed.
    pub allow_squash_merge: Option<bool>,
    /// Rebase merges allowed.
    pub allow_rebase_merge: Option<bool>,
    /// Auto-merge allowed.
    pub allow_auto_merge: Option<bool>,
    /// Head branches are deleted after a merge.
    pub delete_branch_on_merge: Option<bool>,
}

/// Changes a repository.
///
/// # Errors
/// 403 for all but administrators, 422 for a taken name or an unknown branch.
pub fn edit(world: &mut World, actor: &Actor, repo: RepoId, edit: RepoEdit) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    if let Some(name) = edit.name {
        rename(world, actor, repo, &name)?;
    }
    if let Some(private) = edit.private {
        set_private(world, actor, repo, private)?;
    }
    if let Some(branch) = edit.default_branch {
        set_default_branch(world, actor, repo, branch)?;
    }
    let found = repository_mut(world, repo)?;
    found.description = edit.description.or_else(|| found.description.take());
    let settings = &mut found.settings;
    for (to, from) in [
        (&mut settings.has_issues, edit.has_issues),
        (&mut settings.allow_merge_commit, edit.allow_merge_commit),
        (&mut settings.allow_squash_merge, edit.allow_squash_merge),
        (&mut settings.allow_rebase_merge, edit.allow_rebase_merge),
        (&mut settings.allow_auto_merge, edit.allow_auto_merge),
        (&mut settings.delete_branch_on_merge, edit.delete_branch_on_merge),
    ] {
        *to = from.unwrap_or(*to);
    }
    match edit.archived {
        Some(archived) => archive(world, actor, repo, archived),
        None => Ok(()),
    }
}

/// Renames a repository; the old name leads to the new one.
///
/// # Errors
/// 403, 422 when the name is taken or malformed.
pub fn rename(world: &mut World, actor: &Actor, repo: RepoId, name: &str) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    let found = repository(world, repo)?;
    let (from, owner) = (found.name.clone(), world.login(found.owner).to_owned());
    if from == name {
        return Ok(());
    }
    if !from.eq_ignore_ascii_case(name) {
        check_name(world, &owner, name)?;
    }
    move_to(world, repo, &format!("{owner}/{name}"))?;
    name.clone_into(&mut repository_mut(world, repo)?.name);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Repository {
            action: RepositoryAction::Renamed { from },
        },
    );
    Ok(())
}

/// Moves a repository to another owner. Only the new owner's installations hear of it; the old ones lose it.
///
/// # Errors
/// 403, 422 when the name is taken there.
pub fn transfer(world: &mut World, actor: &Actor, repo: RepoId, to: UserId) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    let found = repository(world, repo)?;
    let (from, name) = (found.owner, found.name.clone());
    let owner = world.login(to).to_owned();
    check_name(world, &owner, &name)?;
    let losing = reaching(world, repo);
    for installation in &losing {
        emit_installation(
            world,
            *installation,
            actor.user(),
            EventKind::InstallationRepositories {
                added: Vec::new(),
                removed: vec![repo],
            },
        );
    }
    move_to(world, repo, &format!("{owner}/{name}"))?;
    repository_mut(world, repo)?.owner = to;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Repository {
            action: RepositoryAction::Transferred { from },
        },
    );
    Ok(())
}

/// Archives a repository, or takes it out of the archive.
///
/// # Errors
/// 403.
pub fn archive(world: &mut World, actor: &Actor, repo: RepoId, archived: bool) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    let found = repository_mut(world, repo)?;
    if std::mem::replace(&mut found.archived, archived) != archived {
        let action = if archived {
            RepositoryAction::Archived
        } else {
            RepositoryAction::Unarchived
        };
        emit(world, repo, actor.user(), EventKind::Repository { action });
    }
    Ok(())
}

/// Makes a repository private or public.
///
/// # Errors
/// 403.
pub fn set_private(world: &mut World, actor: &Actor, repo: RepoId, private: bool) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    let found = repository_mut(world, repo)?;
    if std::mem::replace(&mut found.private, private) != private {
        let action = if private {
            RepositoryAction::Privatized
        } else {
            RepositoryAction::Publicized
        };
        emit(world, repo, actor.user(), EventKind::Repository { action });
    }
    Ok(())
}

/// Deletes a repository with everything in it.
///
/// # Errors
/// 403.
pub fn delete(world: &mut World, actor: &Actor, repo: RepoId) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Repository {
            action: RepositoryAction::Deleted,
        },
    );
    let full_name = world.full_name(repo);
    world.git.remove(&full_name)?;
    world.repositories.remove(&repo);
    world.renamed.retain(|_, leads_to| *leads_to != repo);
    Ok(())
}

fn set_default_branch(world: &mut World, actor: &Actor, repo: RepoId, branch: String) -> Outcome<()> {
    if world.store(repo)?.branch(&branch)?.is_none() {
        return Err(Refusal::new(
            422,
            format!("The branch {branch} was not found. Please push that ref first or create it via the Git Data API."),
        ));
    }
    world.git.set_head(&world.full_name(repo), &branch)?;
    let from = std::mem::replace(&mut repository_mut(world, repo)?.default_branch, branch);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Repository {
            action: RepositoryAction::DefaultBranchChanged { from },
        },
    );
    let open: Vec<u64> = repository(world, repo)?.open_pulls().map(|(issue, _)| issue.number).collect();
    for number in open {
        mergeability::forget(world, repo, number);
    }
    Ok(())
}

/// Administrators of archived repositories may still change, rename and delete them.
fn require_admin(world: &World, actor: &Actor, repo: RepoId) -> Outcome<()> {
    let found = repository(world, repo)?;
    match actor {
        Actor::User(user) if found.archived && world.role(repo, *user) == Role::Admin => Ok(()),
        Actor::App(app) if found.archived && app.permissions.allows("administration", Level::Write) => Ok(()),
        Actor::User(_) | Actor::App(_) => auth::require(world, actor, repo, ADMIN),
    }
}

fn move_to(world: &mut World, repo: RepoId, to: &str) -> Outcome<()> {
    let from = world.full_name(repo);
    world.git.rename(&from, to)?;
    world.renamed.insert(from.to_lowercase(), repo);
    world.renamed.remove(&to.to_lowercase());
    Ok(())
}
