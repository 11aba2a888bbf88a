//! Asking people to review.
//!
//! Invariant: nobody is asked twice at the same time, and never the author.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use crate::sim::deliver::emit;
use crate::sim::ops::auth::{self, TRIAGE_PULL};
use crate::sim::ops::{Actor, Outcome, Refusal, notice, owners, pull, pull_mut, record};
use crate::sim::world::event::PullAction;
use crate::sim::world::{EventKind, NoticeKind, RepoId, Role, TimelineKind, UserId, World};

/// Whom to ask for a review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewRequest {
    /// People.
    pub users: Vec<UserId>,
    /// Takes the place of those asked before (GraphQL without `union`), instead of being added.
    pub replace: bool,
}

/// Asks people for a review.
///
/// # Errors
/// 422 for the author and for people who are no collaborators, 403.
pub fn add(world: &mut World, actor: &Actor, repo: RepoId, number: u64, request: impl Borrow<ReviewRequest>) -> Outcome<()> {
    auth::require(world, actor, repo, TRIAGE_PULL)?;
    let request = request.borrow();
    let (issue, found) = pull(world, repo, number)?;
    let before = found.requested_reviewers.clone();
    for user in &request.users {
        if *user == issue.author {
            return Err(Refusal::new(422, "Review cannot be requested from pull request author."));
        }
        if world.role(repo, *user) < Role::Read || world.app_of_bot(*user).is_some() {
            return Err(Refusal::new(
                422,
                format!(
                    "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a \
                     collaborator of the {} repository.",
                    world.full_name(repo)
                ),
            ));
        }
    }
    if request.replace {
        let gone: Vec<UserId> = before.iter().copied().filter(|user| !request.users.contains(user)).collect();
        drop_requests(world, actor, (repo, number), &gone)?;
    }
    for user in request.users.iter().filter(|user| !before.contains(user)) {
        ask(world, actor, (repo, number), *user)?;
    }
    Ok(())
}

/// Takes review requests back.
///
/// # Errors
/// 404, 403.
pub fn remove(world: &mut World, actor: &Actor, repo: RepoId, number: u64, users: &[UserId]) -> Outcome<()> {
    auth::require(world, actor, repo, TRIAGE_PULL)?;
    drop_requests(world, actor, (repo, number), users)
}

/// A submitted review answers the request for it.
pub(super) fn answered(world: &mut World, repo: RepoId, number: u64, user: UserId) {
    if let Ok(found) = pull_mut(world, repo, number) {
        found.requested_reviewers.retain(|other| *other != user);
    }
}

/// Asks the code owners of what changed, once it is no draft.
pub(super) fn ask_owners(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    let (issue, found) = pull(world, repo, number)?;
    let (author, asked) = (issue.author, found.requested_reviewers.clone());
    let owners: BTreeSet<UserId> = owners::of_pull(world, repo, number)?
        .into_iter()
        .flat_map(|(_, owners)| owners)
        .collect();
    for user in owners.into_iter().filter(|user| *user != author && !asked.contains(user)) {
        ask(world, actor, (repo, number), user)?;
    }
    Ok(())
}

fn ask(world: &mut World, actor: &Actor, at: (RepoId, u64), reviewer: UserId) -> Outcome<()> {
    let (repo, number) = at;
    pull_mut(world, repo, number)?.requested_reviewers.push(reviewer);
    record(world, actor, at, TimelineKind::ReviewRequested { reviewer });
    notice(world, actor, at, NoticeKind::ReviewRequest);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequest {
            action: PullAction::ReviewRequested { reviewer },
            number,
        },
    );
    Ok(())
}

fn drop_requests(world: &mut World, actor: &Actor, at: (RepoId, u64), users: &[UserId]) -> Outcome<()> {
    let (repo, number) = at;
    for reviewer in users {
        let found = pull_mut(world, repo, number)?;
        if !found.requested_reviewers.contains(reviewer) {
            continue;
        }
        found.requested_reviewers.retain(|other| other != reviewer);
        record(world, actor, at, TimelineKind::ReviewRequestRemoved { reviewer: *reviewer });
        let action = PullAction::ReviewRequestRemoved { reviewer: *reviewer };
        emit(world, repo, actor.user(), EventKind::PullRequest { action, number });
    }
    Ok(())
}
