//! Reactions.
//!
//! Invariant: an account has each reaction at most once on a thing.

use crate::sim::ops::auth::{self, TALK_PULL};
use crate::sim::ops::{Actor, Outcome, Refusal, repository_mut};
use crate::sim::world::{CommentId, Reaction, ReactionContent, ReactionId, RepoId, Repository, ReviewCommentId, ReviewId, World};

/// What is reacted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReactionTarget {
    /// The body of an issue or pull request.
    Issue(u64),
    /// A comment.
    Comment(CommentId),
    /// An inline comment.
    ReviewComment(ReviewCommentId),
    /// A review; by GraphQL only.
    Review(ReviewId),
}

/// Reacts; whether it is new (201) or was there (200).
///
/// # Errors
/// 404, 403.
pub fn add(
    world: &mut World,
    actor: &Actor,
    repo: RepoId,
    target: ReactionTarget,
    content: ReactionContent,
) -> Outcome<(ReactionId, bool)> {
    auth::require(world, actor, repo, TALK_PULL)?;
    let (id, created_at) = (world.fresh(), world.now());
    let list = list_mut(repository_mut(world, repo)?, target).ok_or_else(Refusal::not_found)?;
    if let Some(old) = list.iter().find(|old| old.user == actor.user() && old.content == content) {
        return Ok((old.id, false));
    }
    list.push(Reaction {
        id,
        user: actor.user(),
        content,
        created_at,
    });
    Ok((id, true))
}

/// Takes a reaction back.
///
/// # Errors
/// 404 when it is not there or another's.
pub fn remove(world: &mut World, actor: &Actor, repo: RepoId, target: ReactionTarget, id: ReactionId) -> Outcome<()> {
    auth::require(world, actor, repo, TALK_PULL)?;
    let list = list_mut(repository_mut(world, repo)?, target).ok_or_else(Refusal::not_found)?;
    let place = list
        .iter()
        .position(|old| old.id == id && old.user == actor.user())
        .ok_or_else(Refusal::not_found)?;
    list.remove(place);
    Ok(())
}

fn list_mut(repo: &mut Repository, target: ReactionTarget) -> Option<&mut Vec<Reaction>> {
    Some(match target {
        ReactionTarget::Issue(number) => &mut repo.issues.get_mut(&number)?.reactions,
        ReactionTarget::Comment(id) => &mut repo.comments.get_mut(&id)?.reactions,
        ReactionTarget::ReviewComment(id) => &mut repo.review_comments.get_mut(&id)?.reactions,
        ReactionTarget::Review(id) => &mut repo.reviews.get_mut(&id)?.reactions,
    })
}
