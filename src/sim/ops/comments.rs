//! Comments on issues and pull requests.
//!
//! Invariant: an edit keeps the comment's id and says when and by whom; a deleted comment is gone.

use crate::sim::deliver::emit;
use crate::sim::ops::auth::{self, Need, TALK_ISSUE, TALK_PULL};
use crate::sim::ops::{Actor, Outcome, Refusal, issue, issue_mut, issue_text, issues, notice, repository, repository_mut};
use crate::sim::world::event::CommentAction;
use crate::sim::world::{Comment, CommentId, EventKind, Level, NoticeKind, RepoId, ReviewCommentId, ReviewId, Role, World};

/// Change and hide others' comments.
const EDIT_OTHERS: Need = Need {
    role: Role::Write,
    permissions: &[("issues", Level::Write), ("pull_requests", Level::Write)],
};
/// Hide others' comments.
const HIDE_OTHERS: Need = Need {
    role: Role::Triage,
    permissions: &[("issues", Level::Write), ("pull_requests", Level::Write)],
};
/// Most comments on an issue.
const COMMENT_LIMIT: usize = 2500;
/// GraphQL's classifiers, in lower case.
const CLASSIFIERS: [&str; 6] = ["abuse", "duplicate", "off-topic", "outdated", "resolved", "spam"];

/// What can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minimizable {
    /// A comment.
    Comment(CommentId),
    /// A review.
    Review(ReviewId),
    /// An inline comment.
    ReviewComment(ReviewCommentId),
}

/// Writes a comment.
///
/// # Errors
/// 410 where issues are switched off; 403 when locked (for those without write), archived, or above 2,500 comments; 422 when empty or too long.
pub fn create(world: &mut World, actor: &Actor, repo: RepoId, number: u64, body: impl Into<String>) -> Outcome<CommentId> {
    let body = body.into();
    let found = issue(world, repo, number)?;
    auth::require(world, actor, repo, if found.pull.is_some() { TALK_PULL } else { TALK_ISSUE })?;
    if issue(world, repo, number)?.pull.is_none() && !repository(world, repo)?.settings.has_issues {
        return Err(Refusal::new(410, "Issues are disabled for this repo"));
    }
    refuse_locked(world, actor, repo, number)?;
    check_body(&body)?;
    if repository(world, repo)?.comments_on(number).count() >= COMMENT_LIMIT {
        return Err(Refusal::new(
            403,
            "Commenting is disabled on issues with more than 2500 comments",
        ));
    }
    let (id, now): (CommentId, _) = (world.fresh(), world.now());
    let comment = Comment {
        id,
        issue: number,
        author: actor.user(),
        via_app: actor.app(),
        body,
        created_at: now,
        updated_at: now,
        last_edited_at: None,
        editor: None,
        minimized: None,
        reactions: Vec::new(),
    };
    let words = comment.body.clone();
    repository_mut(world, repo)?.comments.insert(id, comment);
    issue_mut(world, repo, number)?.updated_at = now;
    issue_text::refer(world, actor, (repo, number), &words, &[]);
    notice(world, actor, (repo, number), NoticeKind::Comment);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::IssueComment {
            action: CommentAction::Created,
            comment: id,
        },
    );
    Ok(id)
}

/// Changes a comment's text. Nobody is notified.
///
/// # Errors
/// 404; 403 for others' comments without write; 422.
pub fn edit(world: &mut World, actor: &Actor, repo: RepoId, id: CommentId, body: impl Into<String>) -> Outcome<()> {
    let body = body.into();
    require_own(world, actor, repo, id, EDIT_OTHERS)?;
    check_body(&body)?;
    let now = world.now();
    let found = repository_mut(world, repo)?
        .comments
        .get_mut(&id)
        .ok_or_else(Refusal::not_found)?;
    if found.body == body {
        return Ok(());
    }
    let before = std::mem::replace(&mut found.body, body);
    found.updated_at = now;
    found.last_edited_at = Some(now);
    found.editor = Some(actor.user());
    emit(
        world,
        repo,
        actor.user(),
        EventKind::IssueComment {
            action: CommentAction::Edited { body: before },
            comment: id,
        },
    );
    Ok(())
}

/// Deletes a comment.
///
/// # Errors
/// 404; 403 for others' comments without write.
pub fn delete(world: &mut World, actor: &Actor, repo: RepoId, id: CommentId) -> Outcome<()> {
    require_own(world, actor, repo, id, EDIT_OTHERS)?;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::IssueComment {
            action: CommentAction::Deleted,
            comment: id,
        },
    );
    repository_mut(world, repo)?.comments.remove(&id);
    Ok(())
}

/// Hides a comment, review or inline comment with a reason, or shows it again. Sends no webhook, as GitHub sends none.
///
/// # Errors
/// 404; 403 for others' without triage; 422 for an unknown classifier (`OFF_TOPIC`, `OUTDATED`, `RESOLVED`, ...).
pub fn minimize(world: &mut World, actor: &Actor, repo: RepoId, what: Minimizable, classifier: Option<String>) -> Outcome<()> {
    let classifier = classifier.map(|word| word.to_lowercase().replace('_', "-"));
    if classifier.as_ref().is_some_and(|word| !CLASSIFIERS.contains(&word.as_str())) {
        return Err(Refusal::new(422, "Classifier is not valid"));
    }
    let found = repository(world, repo)?;
    let author = match what {
        Minimizable::Comment(id) => found.comments.get(&id).map(|comment| comment.author),
        Minimizable::Review(id) => found.reviews.get(&id).map(|review| review.author),
        Minimizable::ReviewComment(id) => found.review_comments.get(&id).map(|comment| comment.author),
    };
    let own = author.ok_or_else(Refusal::not_found)? == actor.user();
    auth::require(world, actor, repo, if own { TALK_PULL } else { HIDE_OTHERS })?;
    let found = repository_mut(world, repo)?;
    let minimized = match what {
        Minimizable::Comment(id) => found.comments.get_mut(&id).map(|comment| &mut comment.minimized),
        Minimizable::Review(id) => found.reviews.get_mut(&id).map(|review| &mut review.minimized),
        Minimizable::ReviewComment(id) => found.review_comments.get_mut(&id).map(|comment| &mut comment.minimized),
    };
    *minimized.ok_or_else(Refusal::not_found)? = classifier;
    Ok(())
}

/// Refuses those without write where the conversation is locked; Apps may go on.
pub(super) fn refuse_locked(world: &World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<()> {
    let writer = match actor {
        Actor::User(user) => world.role(repo, *user) >= Role::Write,
        Actor::App(_) => true,
    };
    if issue(world, repo, number)?.locked && !writer {
        return Err(Refusal::new(403, "Unable to create comment because issue is locked."));
    }
    Ok(())
}

fn require_own(world: &World, actor: &Actor, repo: RepoId, id: CommentId, others: Need) -> Outcome<()> {
    let found = repository(world, repo)?.comments.get(&id).ok_or_else(Refusal::not_found)?;
    auth::require(
        world,
        actor,
        repo,
        if found.author == actor.user() { TALK_PULL } else { others },
    )
}

fn check_body(body: &str) -> Outcome<()> {
    if body.trim().is_empty() {
        return Err(Refusal::invalid("IssueComment", "body", "missing_field"));
    }
    issues::refuse_long(Some(body), "IssueComment")
}
