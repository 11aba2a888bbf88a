//! The text of a comment on lines, and who may change it.
//!
//! Invariant: nobody edits what another one wrote but those who may write to the repository.

use super::OTHERS;
use crate::sim::ops::auth::{self, REVIEW};
use crate::sim::ops::{Actor, Outcome, Refusal, issues, repository, repository_mut};
use crate::sim::world::{RepoId, ReviewComment, ReviewCommentId, ReviewId, Side, ThreadId, World};

pub(super) struct Text {
    pub(super) body: String,
    pub(super) hunk: String,
    pub(super) in_reply_to: Option<ReviewCommentId>,
}

pub(super) fn write(
    world: &mut World,
    actor: &Actor,
    (repo, review): (RepoId, ReviewId),
    thread: ThreadId,
    text: Text,
) -> Outcome<ReviewCommentId> {
    let (id, now): (ReviewCommentId, _) = (world.fresh(), world.now());
    let found = repository_mut(world, repo)?;
    let of = found.reviews.get(&review).ok_or_else(Refusal::not_found)?;
    let comment = ReviewComment {
        id,
        pull: of.pull,
        review,
        thread,
        in_reply_to: text.in_reply_to,
        author: actor.user(),
        via_app: actor.app(),
        body: text.body,
        diff_hunk: text.hunk,
        commit: of.commit,
        created_at: now,
        updated_at: now,
        last_edited_at: None,
        minimized: None,
        reactions: Vec::new(),
    };
    found.review_comments.insert(id, comment);
    found
        .threads
        .get_mut(&thread)
        .ok_or_else(Refusal::not_found)?
        .comments
        .push(id);
    Ok(id)
}

pub(super) fn require_own(world: &World, actor: &Actor, repo: RepoId, id: ReviewCommentId) -> Outcome<()> {
    let own = repository(world, repo)?
        .review_comments
        .get(&id)
        .ok_or_else(Refusal::not_found)?
        .author
        == actor.user();
    auth::require(world, actor, repo, if own { REVIEW } else { OTHERS })
}

pub(super) fn check_body(body: &str) -> Outcome<()> {
    if body.trim().is_empty() {
        return Err(Refusal::invalid("PullRequestReviewComment", "body", "missing_field"));
    }
    issues::refuse_long(Some(body), "PullRequestReviewComment")
}

/// The patch's hunk down to a line, as `diff_hunk` shows it; `None` when the line is not in the patch.
pub(super) fn hunk_at(patch: &str, wanted: u64, side: Side) -> Option<String> {
    let mut hunk: Vec<&str> = Vec::new();
    let (mut left, mut right) = (0, 0);
    for text in patch.lines() {
        if let Some(header) = text.strip_prefix("@@ -") {
            hunk.clear();
            let (old, rest) = header.split_once(" +")?;
            let first = |range: &str| range.split([',', ' ']).next().and_then(|number| number.parse::<u64>().ok());
            (left, right) = (first(old)?, first(rest)?);
            hunk.push(text);
            continue;
        }
        hunk.push(text);
        let (in_left, in_right) = match text.as_bytes().first() {
            Some(b'+') => (false, true),
            Some(b'-') => (true, false),
            Some(b'\\') => continue,
            Some(_) | None => (true, true),
        };
        let hit = match side {
            Side::Left => in_left && left == wanted,
            Side::Right => in_right && right == wanted,
        };
        if hit {
            return Some(hunk.join("\n"));
        }
        left += u64::from(in_left);
        right += u64::from(in_right);
    }
    None
}
