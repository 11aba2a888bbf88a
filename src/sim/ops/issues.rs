//! Issues, and what pull requests share with them: state, locks, assignees.
//!
//! Invariant: every change of state leaves a timeline event with its actor, and a closing its closer.

use crate::sim::deliver::emit;
use crate::sim::ops::auth::{self, Need, PULL, TALK_ISSUE, TRIAGE_ISSUE, TRIAGE_PULL};
use crate::sim::ops::{
    Actor, Outcome, Refusal, assignees, issue, issue_mut, labels, notice, pulls, record, repository, repository_mut,
};
use crate::sim::world::event::{IssuesAction, PullAction};
use crate::sim::world::{Closer, EventKind, IssueState, Level, NoticeKind, RepoId, Role, StateReason, TimelineKind, World};

pub use super::assignees::{add_assignees, remove_assignees};
pub(super) use super::issue_text::{blank, cross_reference, edit_text, refuse_long, tell};
pub use labels::{add as add_labels, remove as remove_label, set as set_labels};

/// Change the text of others' issues.
const EDIT_ISSUE: Need = Need {
    role: Role::Write,
    permissions: &[("issues", Level::Write)],
};

/// What an issue is opened with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewIssue {
    /// Title.
    pub title: String,
    /// Body.
    pub body: Option<String>,
    /// Labels; dropped in silence without triage.
    pub labels: Vec<String>,
    /// Logins; dropped in silence without triage.
    pub assignees: Vec<String>,
    /// Labels that the repository's issue form sets, whoever fills it in.
    pub form_labels: Vec<String>,
}

/// What is changed; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssueEdit {
    /// Title.
    pub title: Option<String>,
    /// Body.
    pub body: Option<String>,
    /// Open or closed.
    pub open: Option<bool>,
    /// Why closed.
    pub reason: Option<StateReason>,
    /// All labels.
    pub labels: Option<Vec<String>>,
    /// All assignees.
    pub assignees: Option<Vec<String>>,
}

/// Opens an issue; its number.
///
/// # Errors
/// 410 when issues are switched off, 422 without title or with too long a body, 403.
pub fn create(world: &mut World, actor: &Actor, repo: RepoId, new: NewIssue) -> Outcome<u64> {
    auth::require(world, actor, repo, TALK_ISSUE)?;
    if !repository(world, repo)?.settings.has_issues {
        return Err(Refusal::new(410, "Issues are disabled for this repo"));
    }
    if new.title.trim().is_empty() {
        return Err(Refusal::invalid("Issue", "title", "missing_field"));
    }
    refuse_long(new.body.as_deref(), "Issue")?;
    let (id, now) = (world.fresh(), world.now());
    let found = repository_mut(world, repo)?;
    let number = found.next_number;
    found.next_number += 1;
    let body = new.body.filter(|body| !body.is_empty());
    found.issues.insert(number, blank(id, number, new.title, body, (actor, now)));
    let mut names = new.form_labels;
    let triage = auth::may(world, actor, repo, TRIAGE_ISSUE);
    if triage {
        names.extend(new.labels);
    }
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Issues {
            action: IssuesAction::Opened,
            number,
        },
    );
    labels::put_on(world, actor, (repo, number), &names)?;
    if triage {
        assignees::assign(world, actor, (repo, number), &new.assignees)?;
    }
    cross_reference(world, actor, (repo, number));
    Ok(number)
}

/// Changes an issue, or what a pull request has of one.
///
/// # Errors
/// 403 without the right, 422 for too long a body or a reopening that GitHub does not allow.
pub fn edit(world: &mut World, actor: &Actor, repo: RepoId, number: u64, edit: IssueEdit) -> Outcome<()> {
    let found = issue(world, repo, number)?;
    let (own, open, is_pull) = (found.author == actor.user(), found.is_open(), found.pull.is_some());
    let closed_by_author = found.closed_by == Some(found.author);
    let triage = auth::may(world, actor, repo, triage(is_pull));
    if edit.title.is_some() || edit.body.is_some() {
        auth::require(
            world,
            actor,
            repo,
            if own {
                TALK_ISSUE
            } else if is_pull {
                PULL
            } else {
                EDIT_ISSUE
            },
        )?;
    }
    if let Some(wanted) = edit.open.filter(|wanted| *wanted != open) {
        let theirs = own && (!wanted || closed_by_author);
        auth::require(world, actor, repo, if theirs { TALK_ISSUE } else { self::triage(is_pull) })?;
    }
    if edit
        == (IssueEdit {
            labels: edit.labels.clone(),
            assignees: edit.assignees.clone(),
            ..IssueEdit::default()
        })
        && !own
    {
        auth::require(world, actor, repo, self::triage(is_pull))?;
    }
    if edit.title.as_ref().is_some_and(|title| title.trim().is_empty()) {
        return Err(Refusal::invalid("Issue", "title", "missing_field"));
    }
    edit_text(world, actor, (repo, number), edit.title, edit.body)?;
    if let Some(names) = edit.labels.filter(|_| triage) {
        labels::set(world, actor, repo, number, &names)?;
    }
    if let Some(logins) = edit.assignees.filter(|_| triage) {
        assignees::set_assignees(world, actor, (repo, number), &logins)?;
    }
    match edit.open {
        Some(open) if is_pull => pulls::edit(
            world,
            actor,
            repo,
            number,
            pulls::PullEdit {
                open: Some(open),
                ..Default::default()
            },
        ),
        Some(false) if open => close(
            world,
            actor,
            (repo, number),
            None,
            edit.reason.unwrap_or(StateReason::Completed),
        ),
        Some(true) if !open => reopen(world, actor, (repo, number)),
        Some(_) | None => Ok(()),
    }
}

/// Locks the conversation.
///
/// # Errors
/// 403.
pub fn lock(world: &mut World, actor: &Actor, repo: RepoId, number: u64, reason: Option<String>) -> Outcome<()> {
    let is_pull = issue(world, repo, number)?.pull.is_some();
    auth::require(world, actor, repo, triage(is_pull))?;
    let found = issue_mut(world, repo, number)?;
    found.locked = true;
    found.lock_reason.clone_from(&reason);
    record(world, actor, (repo, number), TimelineKind::Locked { reason });
    tell(world, actor, (repo, number), IssuesAction::Locked, PullAction::Locked);
    Ok(())
}

/// Unlocks the conversation.
///
/// # Errors
/// 403.
pub fn unlock(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    let is_pull = issue(world, repo, number)?.pull.is_some();
    auth::require(world, actor, repo, triage(is_pull))?;
    let found = issue_mut(world, repo, number)?;
    found.locked = false;
    found.lock_reason = None;
    record(world, actor, (repo, number), TimelineKind::Unlocked);
    tell(world, actor, (repo, number), IssuesAction::Unlocked, PullAction::Unlocked);
    Ok(())
}

/// A merged pull request or a commit on the default branch closes an issue.
pub(super) fn close_by(world: &mut World, actor: &Actor, at: (RepoId, u64), closer: Closer) -> Outcome<()> {
    close(world, actor, at, Some(closer), StateReason::Completed)
}

/// What labelling, assigning and closing needs here.
pub(super) fn triage(is_pull: bool) -> Need {
    if is_pull { TRIAGE_PULL } else { TRIAGE_ISSUE }
}

fn close(world: &mut World, actor: &Actor, at: (RepoId, u64), closer: Option<Closer>, reason: StateReason) -> Outcome<()> {
    let now = world.now();
    let found = issue_mut(world, at.0, at.1)?;
    found.state = IssueState::Closed;
    found.state_reason = Some(reason);
    found.closed_at = Some(now);
    found.closed_by = Some(actor.user());
    record(
        world,
        actor,
        at,
        TimelineKind::Closed {
            closer,
            reason: Some(reason),
        },
    );
    notice(world, actor, at, NoticeKind::Close);
    emit(
        world,
        at.0,
        actor.user(),
        EventKind::Issues {
            action: IssuesAction::Closed,
            number: at.1,
        },
    );
    Ok(())
}

fn reopen(world: &mut World, actor: &Actor, at: (RepoId, u64)) -> Outcome<()> {
    let found = issue_mut(world, at.0, at.1)?;
    found.state = IssueState::Open;
    found.state_reason = Some(StateReason::Reopened);
    found.closed_at = None;
    found.closed_by = None;
    record(world, actor, at, TimelineKind::Reopened);
    emit(
        world,
        at.0,
        actor.user(),
        EventKind::Issues {
            action: IssuesAction::Reopened,
            number: at.1,
        },
    );
    Ok(())
}

/// Moves an issue to another repository of the same owner; its number there.
///
/// # Errors
/// 403, 404, 422 for pull requests.
pub fn transfer(world: &mut World, actor: &Actor, repo: RepoId, number: u64, to: RepoId) -> Outcome<u64> {
    auth::require(world, actor, repo, EDIT_ISSUE)?;
    auth::require(world, actor, to, EDIT_ISSUE)?;
    if issue(world, repo, number)?.pull.is_some() {
        return Err(Refusal::new(422, "Pull requests cannot be transferred"));
    }
    let id = world.fresh();
    let target = repository_mut(world, to)?;
    let new_number = target.next_number;
    target.next_number += 1;
    let mut moved = issue(world, repo, number)?.clone();
    moved.id = id;
    moved.number = new_number;
    // Labels belong to the repository they were made in.
    moved.labels.clear();
    repository_mut(world, to)?.issues.insert(new_number, moved);
    let action = IssuesAction::Transferred {
        repository: to,
        number: new_number,
    };
    emit(world, repo, actor.user(), EventKind::Issues { action, number });
    let comments: Vec<_> = repository(world, repo)?.comments_on(number).cloned().collect();
    for mut comment in comments {
        repository_mut(world, repo)?.comments.remove(&comment.id);
        comment.issue = new_number;
        repository_mut(world, to)?.comments.insert(comment.id, comment);
    }
    repository_mut(world, repo)?.issues.remove(&number);
    if issue(world, to, new_number)?.state == IssueState::Open {
        emit(
            world,
            to,
            actor.user(),
            EventKind::Issues {
                action: IssuesAction::Opened,
                number: new_number,
            },
        );
    }
    Ok(new_number)
}

/// Deletes an issue.
///
/// # Errors
/// 403 for all but administrators.
pub fn delete(world: &mut World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    auth::require(world, actor, repo, auth::ADMIN)?;
    issue(world, repo, number)?;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Issues {
            action: IssuesAction::Deleted,
            number,
        },
    );
    let found = repository_mut(world, repo)?;
    found.issues.remove(&number);
    found.comments.retain(|_, comment| comment.issue != number);
    Ok(())
}
