//! Who is assigned.
//!
//! Invariant: only collaborators are, and others are left out in silence, as on GitHub.

use crate::sim::ops::issues::{tell, triage};
use crate::sim::ops::{Actor, Outcome, auth, issue, issue_mut, record};
use crate::sim::world::event::{IssuesAction, PullAction};
use crate::sim::world::{RepoId, Role, TimelineKind, World};

/// Assigns people; those who cannot be assigned are left out, as GitHub does.
///
/// # Errors
/// 403.
pub fn add_assignees(world: &mut World, actor: &Actor, repo: RepoId, number: u64, logins: &[String]) -> Outcome<()> {
    let is_pull = issue(world, repo, number)?.pull.is_some();
    auth::require(world, actor, repo, triage(is_pull))?;
    assign(world, actor, (repo, number), logins)
}

/// Takes assignments back.
///
/// # Errors
/// 403.
pub fn remove_assignees(world: &mut World, actor: &Actor, repo: RepoId, number: u64, logins: &[String]) -> Outcome<()> {
    let found = issue(world, repo, number)?;
    let is_pull = found.pull.is_some();
    auth::require(world, actor, repo, triage(is_pull))?;
    unassign(world, actor, (repo, number), logins)
}

pub(super) fn assign(world: &mut World, actor: &Actor, at: (RepoId, u64), logins: &[String]) -> Outcome<()> {
    for login in logins {
        let Some(assignee) = world.account_named(login).map(|account| account.id) else {
            continue;
        };
        if world.role(at.0, assignee) < Role::Read || !issue_mut(world, at.0, at.1)?.assignees.insert(assignee) {
            continue;
        }
        record(world, actor, at, TimelineKind::Assigned { assignee });
        tell(
            world,
            actor,
            at,
            IssuesAction::Assigned { assignee },
            PullAction::Assigned { assignee },
        );
    }
    Ok(())
}

fn unassign(world: &mut World, actor: &Actor, at: (RepoId, u64), logins: &[String]) -> Outcome<()> {
    for login in logins {
        let Some(assignee) = world.account_named(login).map(|account| account.id) else {
            continue;
        };
        if issue_mut(world, at.0, at.1)?.assignees.remove(&assignee) {
            record(world, actor, at, TimelineKind::Unassigned { assignee });
            tell(
                world,
                actor,
                at,
                IssuesAction::Unassigned { assignee },
                PullAction::Unassigned { assignee },
            );
        }
    }
    Ok(())
}

pub(super) fn set_assignees(world: &mut World, actor: &Actor, at: (RepoId, u64), logins: &[String]) -> Outcome<()> {
    let old = issue(world, at.0, at.1)?
        .assignees
        .iter()
        .map(|id| world.login(*id).to_owned());
    let gone: Vec<String> = old
        .filter(|old| !logins.iter().any(|login| login.eq_ignore_ascii_case(old)))
        .collect();
    unassign(world, actor, at, &gone)?;
    assign(world, actor, at, logins)
}
