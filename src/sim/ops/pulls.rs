//! Opening, editing, closing pull requests, and drafts.
//!
//! Invariant: at most one open pull request for the same head and base; the base of a closed one does not change.

use crate::sim::deliver::emit;
use crate::sim::git::{CommitInfo, FileChange, Oid};
use crate::sim::ops::auth::{self, PULL, TRIAGE_PULL};
use crate::sim::ops::{
    Actor, FieldError, Outcome, Refusal, issues, mergeability, notice, pull, pushes, repository, repository_mut, requests, text,
};
use crate::sim::world::event::PullAction;
use crate::sim::world::{CiTrigger, EventKind, Issue, Mergeability, NoticeKind, PullRequest, RepoId, World};

pub use super::mergeability::{ReviewDecision, look as mergeable, review_decision, state as merge_state, test_merge};
pub use super::merges::{MergePull, merge, update_branch};
pub(super) use super::pull_states::{announce_merge, close, mark_merged, move_base, reopen};
pub use super::pull_states::{draft, ready};
pub use super::requests::{ReviewRequest, add as request_reviewers, remove as remove_reviewers};

/// What a pull request is opened with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPull {
    /// Title.
    pub title: String,
    /// `branch` or `owner:branch`.
    pub head: String,
    /// Branch.
    pub base: String,
    /// Body.
    pub body: Option<String>,
    /// As a draft.
    pub draft: bool,
    /// Whether maintainers may push to the head.
    pub maintainer_can_modify: bool,
}

/// What is changed; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullEdit {
    /// Title.
    pub title: Option<String>,
    /// Body.
    pub body: Option<String>,
    /// Base branch.
    pub base: Option<String>,
    /// Open or closed.
    pub open: Option<bool>,
}

/// Opens a pull request; its number.
///
/// # Errors
/// 422: `A pull request already exists for acme:x.`, `No commits between main and x`, head or base `invalid`, drafts not
/// supported; 403 without the right to push.
pub fn create(world: &mut World, actor: &Actor, repo: RepoId, new: NewPull) -> Outcome<u64> {
    auth::require(world, actor, repo, PULL)?;
    let (head, base) = check_new(world, repo, &new)?;
    let now = world.now();
    let (id, pull_id) = (world.fresh(), world.fresh());
    let found = repository_mut(world, repo)?;
    let number = found.next_number;
    found.next_number += 1;
    let head_ref = branch_of(&new.head).to_owned();
    let pull = PullRequest {
        id: pull_id,
        head_ref,
        head,
        base_ref: new.base,
        base,
        draft: new.draft,
        merged: None,
        requested_reviewers: Vec::new(),
        mergeable: Mergeability::Unknown,
        auto_merge: None,
        maintainer_can_modify: new.maintainer_can_modify,
        last_pusher: actor.user(),
    };
    let body = new.body.filter(|body| !body.is_empty());
    let issue = Issue {
        pull: Some(pull),
        ..issues::blank(id, number, new.title, body, (actor, now))
    };
    found.issues.insert(number, issue);
    pushes::set_pull_ref(&world.store(repo)?, number, head)?;
    mergeability::plan(world, repo, number);
    issues::cross_reference(world, actor, (repo, number));
    notice(world, actor, (repo, number), NoticeKind::PullRequestOpened);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequest {
            action: PullAction::Opened,
            number,
        },
    );
    start_ci(world, actor, (repo, number), "opened");
    if !new.draft {
        requests::ask_owners(world, actor, repo, number)?;
    }
    Ok(number)
}

/// Changes title, body, base or state.
///
/// # Errors
/// 422 for a base that does not exist, a base of a closed pull request, a reopening that GitHub does not allow; 403.
pub fn edit(world: &mut World, actor: &Actor, repo: RepoId, number: u64, edit: PullEdit) -> Outcome<()> {
    let (issue, found) = pull(world, repo, number)?;
    let (open, own, base_ref) = (issue.is_open(), issue.author == actor.user(), found.base_ref.clone());
    // Authors may edit and close their own without a role, as people and as Apps with pull_requests: write.
    auth::require(world, actor, repo, if own { auth::REVIEW } else { TRIAGE_PULL })?;
    if edit.title.as_deref() == Some("") {
        return Err(Refusal::invalid("PullRequest", "title", "missing_field"));
    }
    if let Some(base) = edit.base.filter(|base| *base != base_ref) {
        if !open {
            return Err(Refusal::custom(
                "PullRequest",
                "Cannot change the base branch of a closed pull request.",
            ));
        }
        move_base(world, actor, (repo, number), &base, false)?;
    }
    issues::edit_text(world, actor, (repo, number), edit.title, edit.body)?;
    match edit.open {
        Some(false) if open => close(world, actor, repo, number),
        Some(true) if !open => reopen(world, actor, repo, number),
        Some(_) | None => Ok(()),
    }
}

/// What it changes against the merge base.
///
/// # Errors
/// 404.
pub fn files(world: &World, repo: RepoId, number: u64) -> Outcome<Vec<FileChange>> {
    let (_, found) = pull(world, repo, number)?;
    Ok(world.store(repo)?.diff_since(found.base, found.head)?)
}

/// Its commits, oldest first.
///
/// # Errors
/// 404.
pub fn commits(world: &World, repo: RepoId, number: u64) -> Outcome<Vec<CommitInfo>> {
    let (_, found) = pull(world, repo, number)?;
    let store = world.store(repo)?;
    let mut commits = Vec::new();
    for oid in store.log(found.head, Some(found.base))?.into_iter().rev() {
        commits.push(store.commit(oid)?);
    }
    Ok(commits)
}

/// Issues it closes when it is merged into the default branch.
#[must_use]
pub fn closing_issues(world: &World, repo: RepoId, number: u64) -> Vec<u64> {
    let Ok(issue) = super::issue(world, repo, number) else {
        return Vec::new();
    };
    let named = text::closes(issue.body.as_deref().unwrap_or_default(), &world.full_name(repo));
    named
        .into_iter()
        .filter(|other| super::issue(world, repo, *other).is_ok_and(|other| other.pull.is_none()))
        .collect()
}

/// Pull requests whose bodies close an issue (GraphQL `closedByPullRequestsReferences`).
#[must_use]
pub fn closing_pulls(world: &World, repo: RepoId, issue: u64) -> Vec<u64> {
    let Ok(found) = repository(world, repo) else {
        return Vec::new();
    };
    let onto_default = |pull: &PullRequest| pull.base_ref == found.default_branch;
    let pulls = found
        .issues
        .values()
        .filter(|other| other.pull.as_ref().is_some_and(onto_default))
        .map(|other| other.number);
    pulls
        .filter(|number| closing_issues(world, repo, *number).contains(&issue))
        .collect()
}

/// Puts an event before CI.
pub(super) fn start_ci(world: &mut World, actor: &Actor, (repo, number): (RepoId, u64), action: &str) {
    world.ci_queue.push_back(CiTrigger::PullRequest {
        repo,
        number,
        action: action.to_owned(),
        actor: actor.user(),
    });
}

fn branch_of(head: &str) -> &str {
    head.split_once(':').map_or(head, |(_, branch)| branch)
}

pub(super) fn exists(world: &World, repo: RepoId, (head, base): (&str, &str), but: Option<u64>) -> bool {
    repository(world, repo).is_ok_and(|found| {
        found
            .open_pulls()
            .any(|(issue, pull)| pull.head_ref == head && pull.base_ref == base && Some(issue.number) != but)
    })
}

fn check_new(world: &World, repo: RepoId, new: &NewPull) -> Outcome<(Oid, Oid)> {
    let found = repository(world, repo)?;
    let owner = world.login(found.owner);
    let head_ref = branch_of(&new.head);
    let mut errors = Vec::new();
    let mut blame = |field: &'static str, code: &'static str| {
        errors.push(FieldError {
            resource: "PullRequest",
            field: Some(field),
            code,
            message: None,
        });
    };
    if new.title.trim().is_empty() {
        blame("title", "missing_field");
    }
    let foreign = new
        .head
        .split_once(':')
        .is_some_and(|(login, _)| !login.eq_ignore_ascii_case(owner));
    let store = world.store(repo)?;
    let (head, base) = (store.branch(head_ref)?.filter(|_| !foreign), store.branch(&new.base)?);
    if head.is_none() {
        blame("head", "invalid");
    }
    if base.is_none() {
        blame("base", "invalid");
    }
    let (Some(head), Some(base), true) = (head, base, errors.is_empty()) else {
        return Err(Refusal {
            errors,
            ..Refusal::new(422, "Validation Failed")
        });
    };
    if !text::fits(new.body.as_deref().unwrap_or_default()) {
        return Err(Refusal::custom(
            "PullRequest",
            "body is too long (maximum is 65536 characters)",
        ));
    }
    if new.draft && !found.has_paid_features() {
        return Err(Refusal::custom(
            "PullRequest",
            "Draft pull requests are not supported in this repository.",
        ));
    }
    if exists(world, repo, (head_ref, &new.base), None) {
        return Err(Refusal::custom(
            "PullRequest",
            format!("A pull request already exists for {owner}:{head_ref}."),
        ));
    }
    if store.is_ancestor(head, base)? {
        return Err(Refusal::custom(
            "PullRequest",
            format!("No commits between {} and {head_ref}", new.base),
        ));
    }
    Ok((head, base))
}
