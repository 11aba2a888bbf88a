//! Inline comments and their threads.
//!
//! Invariant: a comment lies on a line that the pull request's diff shows, or on a whole changed file.

mod text;

use self::text::{Text, check_body, hunk_at, require_own, write};
use crate::sim::deliver::emit;
use crate::sim::git::{FileChange, Oid};
use crate::sim::ops::auth::{self, Need, PUSH, REVIEW};
use crate::sim::ops::{Actor, Outcome, Refusal, comments, issue, pull, pulls, repository, repository_mut, reviews};
use crate::sim::world::event::CommentAction;
use crate::sim::world::{EventKind, RepoId, ReviewCommentId, ReviewId, ReviewState, Side, Thread, ThreadId, World};

/// Change others' inline comments, resolve others' threads.
const OTHERS: Need = Need {
    role: PUSH.role,
    permissions: REVIEW.permissions,
};

/// An inline comment of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftComment {
    /// File.
    pub path: String,
    /// Last line; none for the whole file.
    pub line: Option<u64>,
    /// Side.
    pub side: Side,
    /// First line, if several.
    pub start_line: Option<u64>,
    /// Side of the first line, if several.
    pub start_side: Option<Side>,
    /// Text.
    pub body: String,
}

/// An inline comment by itself: a review of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInline {
    /// Commit it is written for; the head if none is said.
    pub commit: Option<Oid>,
    /// The comment.
    pub comment: DraftComment,
}

/// An answer in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The thread.
    pub thread: ThreadId,
    /// The pending review it hangs on; without one it is a review of its own.
    pub review: Option<ReviewId>,
    /// Text.
    pub body: String,
}

/// Writes a single inline comment.
///
/// # Errors
/// 422 when the line is not in the diff, 403.
pub fn comment(world: &mut World, actor: &Actor, repo: RepoId, number: u64, new: NewInline) -> Outcome<ReviewCommentId> {
    auth::require(world, actor, repo, REVIEW)?;
    comments::refuse_locked(world, actor, repo, number)?;
    let hunk = place(world, (repo, number), &new.comment)?;
    let commit = new.commit.unwrap_or(pull(world, repo, number)?.1.head);
    let review = reviews::begin(world, actor, (repo, number), (String::new(), commit))?;
    let id = open(world, actor, (repo, review), new.comment, hunk)?;
    reviews::publish(world, actor, repo, review, ReviewState::Commented)?;
    Ok(id)
}

/// Answers in a thread.
///
/// # Errors
/// 404 for an unknown thread or a review that is not the actor's pending one, 422, 403.
pub fn reply(world: &mut World, actor: &Actor, repo: RepoId, new: Reply) -> Outcome<ReviewCommentId> {
    auth::require(world, actor, repo, REVIEW)?;
    check_body(&new.body)?;
    let thread = repository(world, repo)?
        .threads
        .get(&new.thread)
        .ok_or_else(Refusal::not_found)?
        .clone();
    comments::refuse_locked(world, actor, repo, thread.pull)?;
    let first = thread.comments.first().copied();
    let old = first
        .and_then(|first| repository(world, repo).ok()?.review_comments.get(&first).cloned())
        .ok_or_else(Refusal::not_found)?;
    let review = match new.review {
        Some(review) => {
            let mine = |found: &&crate::sim::world::Review| {
                found.author == actor.user() && found.state == ReviewState::Pending && found.pull == thread.pull
            };
            repository(world, repo)?
                .reviews
                .get(&review)
                .filter(mine)
                .ok_or_else(Refusal::not_found)?
                .id
        }
        None => {
            let head = pull(world, repo, thread.pull)?.1.head;
            reviews::begin(world, actor, (repo, thread.pull), (String::new(), head))?
        }
    };
    let text = Text {
        body: new.body,
        hunk: old.diff_hunk,
        in_reply_to: first,
    };
    let id = write(world, actor, (repo, review), new.thread, text)?;
    if new.review.is_none() {
        reviews::publish(world, actor, repo, review, ReviewState::Commented)?;
    }
    Ok(id)
}

/// Resolves a thread, or opens it again.
///
/// # Errors
/// 404; 403 for all but the pull request's author and people with write.
pub fn resolve(world: &mut World, actor: &Actor, repo: RepoId, id: ThreadId, resolved: bool) -> Outcome<()> {
    let thread = repository(world, repo)?.threads.get(&id).ok_or_else(Refusal::not_found)?;
    let (was, own) = (thread.resolved(), issue(world, repo, thread.pull)?.author == actor.user());
    auth::require(world, actor, repo, if own { REVIEW } else { OTHERS })?;
    if was == resolved {
        return Ok(());
    }
    if let Some(thread) = repository_mut(world, repo)?.threads.get_mut(&id) {
        thread.resolved_by = resolved.then(|| actor.user());
    }
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequestReviewThread { resolved, thread: id },
    );
    Ok(())
}

/// Changes an inline comment's text.
///
/// # Errors
/// 404; 403 for another's without write; 422.
pub fn edit_comment(world: &mut World, actor: &Actor, repo: RepoId, id: ReviewCommentId, body: &str) -> Outcome<()> {
    require_own(world, actor, repo, id)?;
    check_body(body)?;
    let now = world.now();
    let found = repository_mut(world, repo)?
        .review_comments
        .get_mut(&id)
        .ok_or_else(Refusal::not_found)?;
    let before = std::mem::replace(&mut found.body, body.to_owned());
    found.updated_at = now;
    found.last_edited_at = Some(now);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequestReviewComment {
            action: CommentAction::Edited { body: before },
            comment: id,
        },
    );
    Ok(())
}

/// Deletes an inline comment; a thread without comments goes, too.
///
/// # Errors
/// 404; 403 for another's without write.
pub fn delete_comment(world: &mut World, actor: &Actor, repo: RepoId, id: ReviewCommentId) -> Outcome<()> {
    require_own(world, actor, repo, id)?;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequestReviewComment {
            action: CommentAction::Deleted,
            comment: id,
        },
    );
    let found = repository_mut(world, repo)?;
    found.review_comments.remove(&id);
    for thread in found.threads.values_mut() {
        thread.comments.retain(|comment| *comment != id);
    }
    found.threads.retain(|_, thread| !thread.comments.is_empty());
    Ok(())
}

/// The hunk of a comment's place.
pub(super) fn place(world: &World, (repo, number): (RepoId, u64), draft: &DraftComment) -> Outcome<String> {
    check_body(&draft.body)?;
    let files = pulls::files(world, repo, number)?;
    let outside = || Refusal::new(422, "Pull request review thread path is invalid");
    let file = files.iter().find(|file| file.path == draft.path).ok_or_else(outside)?;
    let patch = file.patch.as_deref().unwrap_or_default();
    let lines = [
        draft.line.map(|line| (line, draft.side)),
        draft.start_line.map(|line| (line, draft.start_side.unwrap_or(draft.side))),
    ];
    for (line, side) in lines.into_iter().flatten() {
        hunk_at(patch, line, side)
            .ok_or_else(|| Refusal::new(422, "Pull request review thread line must be part of the diff"))?;
    }
    Ok(draft
        .line
        .and_then(|line| hunk_at(patch, line, draft.side))
        .unwrap_or_default())
}

/// Opens a thread with its first comment.
pub(super) fn open(
    world: &mut World,
    actor: &Actor,
    (repo, review): (RepoId, ReviewId),
    draft: DraftComment,
    hunk: String,
) -> Outcome<ReviewCommentId> {
    let pull = repository(world, repo)?
        .reviews
        .get(&review)
        .ok_or_else(Refusal::not_found)?
        .pull;
    let id: ThreadId = world.fresh();
    let thread = Thread {
        id,
        pull,
        path: draft.path,
        line: draft.line,
        start_line: draft.start_line,
        side: draft.side,
        start_side: draft.start_side,
        resolved_by: None,
        outdated: false,
        comments: Vec::new(),
    };
    repository_mut(world, repo)?.threads.insert(id, thread);
    write(
        world,
        actor,
        (repo, review),
        id,
        Text {
            body: draft.body,
            hunk,
            in_reply_to: None,
        },
    )
}

/// Marks threads whose file changed.
pub(super) fn outdate(world: &mut World, repo: RepoId, number: u64, changed: &[FileChange]) {
    let Ok(found) = repository_mut(world, repo) else { return };
    for thread in found.threads.values_mut().filter(|thread| thread.pull == number) {
        thread.outdated |= changed
            .iter()
            .any(|file| file.path == thread.path || file.previous_path.as_ref() == Some(&thread.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_where_the_patch_shows_them() {
        let patch = "@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n@@ -10,1 +10,2 @@\n ten\n+eleven\n\\ No newline at end of file";
        let rows = [
            (1, Side::Right, Some("@@ -1,3 +1,3 @@\n one")),
            (2, Side::Right, Some("@@ -1,3 +1,3 @@\n one\n-two\n+zwei")),
            (2, Side::Left, Some("@@ -1,3 +1,3 @@\n one\n-two")),
            (11, Side::Right, Some("@@ -10,1 +10,2 @@\n ten\n+eleven")),
            (11, Side::Left, None),
            (5, Side::Right, None),
            (12, Side::Right, None),
        ];
        for (line, side, expected) in rows {
            assert_eq!(hunk_at(patch, line, side).as_deref(), expected, "{line} {side:?}");
        }
    }
}
