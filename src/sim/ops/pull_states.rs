//! How pull requests change their state: draft, ready, closed, reopened, merged, onto another base.
//!
//! Invariant: the base of a closed pull request does not change, and a merged one stays closed.

use crate::sim::deliver::emit;
use crate::sim::git::Oid;
use crate::sim::ops::auth::{self, PULL};
use crate::sim::ops::pulls::{closing_issues, exists, start_ci};
use crate::sim::ops::{
    Actor, Outcome, Refusal, issue_mut, issues, mergeability, notice, pull, pull_mut, pushes, record, repository, requests,
    reviews,
};
use crate::sim::world::event::{PullAction, TextChanges};
use crate::sim::world::{Closer, EventKind, IssueState, MergeMethod, Merged, NoticeKind, RepoId, TimelineKind, World};

/// Marks a draft ready.
///
/// # Errors
/// 422 when it is closed, 403.
pub fn ready(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    if set_draft(world, actor, repo, number, false)? {
        record(world, actor, (repo, number), TimelineKind::ReadyForReview);
        emit(
            world,
            repo,
            actor.user(),
            EventKind::PullRequest {
                action: PullAction::ReadyForReview,
                number,
            },
        );
        start_ci(world, actor, (repo, number), "ready_for_review");
        requests::ask_owners(world, actor, repo, number)?;
    }
    Ok(())
}

/// Makes it a draft again.
///
/// # Errors
/// 422 when it is closed or drafts do not exist here, 403.
pub fn draft(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    if set_draft(world, actor, repo, number, true)? {
        record(world, actor, (repo, number), TimelineKind::ConvertedToDraft);
        emit(
            world,
            repo,
            actor.user(),
            EventKind::PullRequest {
                action: PullAction::ConvertedToDraft,
                number,
            },
        );
        start_ci(world, actor, (repo, number), "converted_to_draft");
    }
    Ok(())
}

/// Closes it without merging.
pub(super) fn close(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    let now = world.now();
    let found = issue_mut(world, repo, number)?;
    found.state = IssueState::Closed;
    found.closed_at = Some(now);
    found.closed_by = Some(actor.user());
    record(
        world,
        actor,
        (repo, number),
        TimelineKind::Closed {
            closer: None,
            reason: None,
        },
    );
    notice(world, actor, (repo, number), NoticeKind::Close);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequest {
            action: PullAction::Closed,
            number,
        },
    );
    start_ci(world, actor, (repo, number), "closed");
    Ok(())
}

/// Writes down that it is merged, without telling yet.
pub(super) fn mark_merged(world: &mut World, actor: &Actor, at: (RepoId, u64), commit: Oid, method: MergeMethod) -> Outcome<()> {
    let (repo, number) = at;
    let now = world.now();
    let issue = issue_mut(world, repo, number)?;
    issue.state = IssueState::Closed;
    issue.closed_at = Some(now);
    issue.closed_by = Some(actor.user());
    let found = pull_mut(world, repo, number)?;
    found.merged = Some(Merged {
        commit,
        at: now,
        by: actor.user(),
        method,
    });
    record(world, actor, at, TimelineKind::Merged { commit });
    record(
        world,
        actor,
        at,
        TimelineKind::Closed {
            closer: None,
            reason: None,
        },
    );
    Ok(())
}

/// Tells of the merge: issues it closes first, then itself, as GitHub often does.
pub(super) fn announce_merge(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    let found = repository(world, repo)?;
    let onto_default = pull(world, repo, number)?.1.base_ref == found.default_branch;
    if onto_default && found.settings.auto_close_issues {
        for issue in closing_issues(world, repo, number) {
            if super::issue(world, repo, issue)?.is_open() {
                issues::close_by(world, actor, (repo, issue), Closer::Pull { number })?;
            }
        }
    }
    notice(world, actor, (repo, number), NoticeKind::Merge);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequest {
            action: PullAction::Closed,
            number,
        },
    );
    start_ci(world, actor, (repo, number), "closed");
    Ok(())
}

/// Changes the base, by a person or by the deletion of a merged base.
pub(super) fn move_base(world: &mut World, actor: &Actor, at: (RepoId, u64), onto: &str, automatic: bool) -> Outcome<()> {
    let (repo, number) = at;
    let tip = world
        .store(repo)?
        .branch(onto)?
        .ok_or_else(|| Refusal::invalid("PullRequest", "base", "invalid"))?;
    let (_, found) = pull(world, repo, number)?;
    let head_ref = found.head_ref.clone();
    if exists(world, repo, (&head_ref, onto), Some(number)) {
        let sentence = format!("A pull request already exists for base branch '{onto}' and head branch '{head_ref}'");
        return Err(Refusal::custom("PullRequest", sentence));
    }
    let found = pull_mut(world, repo, number)?;
    let from = std::mem::replace(&mut found.base_ref, onto.to_owned());
    let before = std::mem::replace(&mut found.base, tip);
    let (old, new) = (from.clone(), onto.to_owned());
    record(
        world,
        actor,
        at,
        if automatic {
            TimelineKind::AutomaticBaseChangeSucceeded { from: old, to: new }
        } else {
            TimelineKind::BaseRefChanged { from: old, to: new }
        },
    );
    if automatic {
        reviews::dismiss_stale(world, actor, repo, number);
    }
    mergeability::plan(world, repo, number);
    let action = PullAction::Edited {
        changes: TextChanges::default(),
        base: Some((from, before)),
    };
    emit(world, repo, actor.user(), EventKind::PullRequest { action, number });
    start_ci(world, actor, at, "edited");
    Ok(())
}

/// Opens it again, where GitHub lets it.
pub(super) fn reopen(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    let refuse = |why: String| Err(Refusal::custom("PullRequest", format!("state cannot be changed. {why}")));
    let (_, found) = pull(world, repo, number)?;
    let (head_ref, base_ref, old_head) = (found.head_ref.clone(), found.base_ref.clone(), found.head);
    if found.merged.is_some() {
        return refuse("The pull request has been merged.".to_owned());
    }
    let store = world.store(repo)?;
    let Some(head) = store.branch(&head_ref)? else {
        return refuse(format!("The {head_ref} branch has been deleted."));
    };
    let Some(base) = store.branch(&base_ref)? else {
        return refuse(format!("The {base_ref} branch has been deleted."));
    };
    if !store.is_ancestor(old_head, head)? {
        return refuse(format!("The {head_ref} branch was force-pushed or recreated."));
    }
    if exists(world, repo, (&head_ref, &base_ref), Some(number)) {
        return refuse(format!(
            "There is already an open pull request from {head_ref} to {base_ref}."
        ));
    }
    if store.is_ancestor(head, base)? {
        return refuse(format!("There are no new commits on the {head_ref} branch."));
    }
    let issue = issue_mut(world, repo, number)?;
    issue.state = IssueState::Open;
    issue.closed_at = None;
    issue.closed_by = None;
    let found = pull_mut(world, repo, number)?;
    found.head = head;
    found.base = base;
    pushes::set_pull_ref(&store, number, head)?;
    mergeability::plan(world, repo, number);
    record(world, actor, (repo, number), TimelineKind::Reopened);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequest {
            action: PullAction::Reopened,
            number,
        },
    );
    start_ci(world, actor, (repo, number), "reopened");
    Ok(())
}

/// Whether it changed.
fn set_draft(world: &mut World, actor: &Actor, repo: RepoId, number: u64, draft: bool) -> Outcome<bool> {
    let (issue, found) = pull(world, repo, number)?;
    let own = issue.author == actor.user();
    auth::require(world, actor, repo, if own { auth::REVIEW } else { PULL })?;
    if !issue.is_open() {
        return Err(Refusal::new(422, "Pull request is closed"));
    }
    if draft && !repository(world, repo)?.has_paid_features() {
        return Err(Refusal::new(422, "Draft pull requests are not supported in this repository."));
    }
    let changed = found.draft != draft;
    pull_mut(world, repo, number)?.draft = draft;
    Ok(changed)
}
