//! Reviews: begun, submitted, dismissed. Their inline comments are in `threads`.
//!
//! Invariant: nobody approves the own pull request, and nobody has two pending reviews of the same one.

use crate::sim::deliver::emit;
use crate::sim::git::Oid;
use crate::sim::ops::auth::{self, PUSH, REVIEW};
use crate::sim::ops::{
    Actor, Outcome, Refusal, comments, issue, issue_mut, issues, notice, pull, pulls, record, repository, repository_mut,
    requests, threads,
};
use crate::sim::world::event::{CommentAction, ReviewAction};
use crate::sim::world::{EventKind, NoticeKind, RepoId, Review, ReviewEvent, ReviewId, ReviewState, TimelineKind, World};

pub(super) use threads::outdate;
pub use threads::{DraftComment, NewInline, Reply, comment, delete_comment, edit_comment, reply, resolve};

/// What a review is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReview {
    /// How it is submitted; `None` leaves it pending.
    pub event: Option<ReviewEvent>,
    /// Text.
    pub body: String,
    /// Commit it is given for; the head if none is said.
    pub commit: Option<Oid>,
    /// Inline comments.
    pub comments: Vec<DraftComment>,
}

/// Begins a review, and submits it if an event is given.
///
/// # Errors
/// 422 `Can not approve your own pull request`, a second pending one, nothing said, a line that is not in the diff; 403.
pub fn create(world: &mut World, actor: &Actor, repo: RepoId, number: u64, new: NewReview) -> Outcome<ReviewId> {
    auth::require(world, actor, repo, REVIEW)?;
    comments::refuse_locked(world, actor, repo, number)?;
    let head = pull(world, repo, number)?.1.head;
    let pending = |review: &Review| review.state == ReviewState::Pending && review.author == actor.user();
    if repository(world, repo)?.reviews_on(number).any(pending) {
        return Err(Refusal::new(422, "User can only have one pending review per pull request"));
    }
    if let Some(event) = new.event {
        check_event(world, actor, (repo, number), event)?;
        if new.body.trim().is_empty() && new.comments.is_empty() && event != ReviewEvent::Approve {
            return Err(Refusal::new(422, "Body can't be blank"));
        }
    }
    issues::refuse_long(Some(&new.body), "PullRequestReview")?;
    let commit = new.commit.unwrap_or(head);
    if commit != head && !pulls::commits(world, repo, number)?.iter().any(|known| known.oid == commit) {
        return Err(Refusal::new(422, "commit_id is not part of the pull request"));
    }
    let places = new
        .comments
        .iter()
        .map(|draft| threads::place(world, (repo, number), draft))
        .collect::<Outcome<Vec<_>>>()?;
    let id = begin(world, actor, (repo, number), (new.body, commit))?;
    for (draft, hunk) in new.comments.into_iter().zip(places) {
        threads::open(world, actor, (repo, id), draft, hunk)?;
    }
    if let Some(event) = new.event {
        publish(world, actor, repo, id, event.state())?;
    }
    Ok(id)
}

/// Submits a pending review.
///
/// # Errors
/// 404 for another's, 422 as [`create`], 403.
pub fn submit(
    world: &mut World,
    actor: &Actor,
    repo: RepoId,
    id: ReviewId,
    (event, body): (ReviewEvent, Option<String>),
) -> Outcome<()> {
    auth::require(world, actor, repo, REVIEW)?;
    let found = repository(world, repo)?
        .reviews
        .get(&id)
        .filter(|review| review.author == actor.user())
        .ok_or_else(Refusal::not_found)?;
    let number = found.pull;
    if found.state != ReviewState::Pending {
        return Err(Refusal::new(422, "Could not submit the review: it is not pending"));
    }
    check_event(world, actor, (repo, number), event)?;
    let silent = repository(world, repo)?
        .review_comments
        .values()
        .all(|comment| comment.review != id);
    let body = body.unwrap_or_else(|| found.body.clone());
    if event != ReviewEvent::Approve && body.trim().is_empty() && silent {
        return Err(Refusal::new(422, "Body can't be blank"));
    }
    issues::refuse_long(Some(&body), "PullRequestReview")?;
    if let Some(review) = repository_mut(world, repo)?.reviews.get_mut(&id) {
        review.body = body;
    }
    publish(world, actor, repo, id, event.state())
}

/// Changes a review's text.
///
/// # Errors
/// 404; 403 for another's; 422.
pub fn edit(world: &mut World, actor: &Actor, repo: RepoId, id: ReviewId, body: &str) -> Outcome<()> {
    auth::require(world, actor, repo, REVIEW)?;
    issues::refuse_long(Some(body), "PullRequestReview")?;
    let now = world.now();
    let found = repository_mut(world, repo)?
        .reviews
        .get_mut(&id)
        .ok_or_else(Refusal::not_found)?;
    if found.author != actor.user() {
        return Err(Refusal::new(403, "Resource not accessible by integration"));
    }
    let before = std::mem::replace(&mut found.body, body.to_owned());
    found.last_edited_at = Some(now);
    found.updated_at = now;
    if found.state != ReviewState::Pending {
        emit(
            world,
            repo,
            actor.user(),
            EventKind::PullRequestReview {
                action: ReviewAction::Edited { body: before },
                review: id,
            },
        );
    }
    Ok(())
}

/// Takes back a pending review, with its comments.
///
/// # Errors
/// 404 for another's, 422 when it is submitted.
pub fn delete_pending(world: &mut World, actor: &Actor, repo: RepoId, id: ReviewId) -> Outcome<()> {
    auth::require(world, actor, repo, REVIEW)?;
    let found = repository(world, repo)?
        .reviews
        .get(&id)
        .filter(|review| review.author == actor.user())
        .ok_or_else(Refusal::not_found)?;
    if found.state != ReviewState::Pending {
        return Err(Refusal::new(422, "Can not delete a non-pending pull request review"));
    }
    let found = repository_mut(world, repo)?;
    found.reviews.remove(&id);
    found.review_comments.retain(|_, comment| comment.review != id);
    let left: Vec<_> = found.review_comments.keys().copied().collect();
    for thread in found.threads.values_mut() {
        thread.comments.retain(|comment| left.contains(comment));
    }
    found.threads.retain(|_, thread| !thread.comments.is_empty());
    Ok(())
}

/// Dismisses an approval or a change request.
///
/// # Errors
/// 404; 422 for other reviews or without a message; 403 without write.
pub fn dismiss(world: &mut World, actor: &Actor, repo: RepoId, id: ReviewId, message: &str) -> Outcome<()> {
    auth::require(
        world,
        actor,
        repo,
        auth::Need {
            role: PUSH.role,
            permissions: REVIEW.permissions,
        },
    )?;
    let found = repository(world, repo)?.reviews.get(&id).ok_or_else(Refusal::not_found)?;
    if !matches!(found.state, ReviewState::Approved | ReviewState::ChangesRequested) {
        return Err(Refusal::new(
            422,
            format!("Can not dismiss a {} pull request review", found.state.name().to_lowercase()),
        ));
    }
    if message.trim().is_empty() {
        return Err(Refusal::invalid("PullRequestReview", "message", "missing_field"));
    }
    dismiss_one(world, actor, repo, id, Some(message.to_owned()))
}

/// New commits or a new base dismiss approvals.
pub(super) fn dismiss_stale(world: &mut World, actor: &Actor, repo: RepoId, number: u64) {
    let Ok(found) = repository(world, repo) else { return };
    let stale: Vec<ReviewId> = found
        .reviews_on(number)
        .filter(|review| review.state == ReviewState::Approved)
        .map(|review| review.id)
        .collect();
    for id in stale {
        // It is there: it was found under the same lock.
        let _ = dismiss_one(world, actor, repo, id, None);
    }
}

/// Makes an empty pending review.
pub(super) fn begin(
    world: &mut World,
    actor: &Actor,
    (repo, number): (RepoId, u64),
    (body, commit): (String, Oid),
) -> Outcome<ReviewId> {
    let (id, now): (ReviewId, _) = (world.fresh(), world.now());
    let review = Review {
        id,
        pull: number,
        author: actor.user(),
        via_app: actor.app(),
        body,
        state: ReviewState::Pending,
        commit,
        created_at: now,
        submitted_at: None,
        last_edited_at: None,
        updated_at: now,
        minimized: None,
        reactions: Vec::new(),
    };
    repository_mut(world, repo)?.reviews.insert(id, review);
    Ok(id)
}

/// Makes a review and its comments visible: one notification, one event for it and one for each comment.
pub(super) fn publish(world: &mut World, actor: &Actor, repo: RepoId, id: ReviewId, state: ReviewState) -> Outcome<()> {
    let now = world.now();
    let found = repository_mut(world, repo)?;
    let review = found.reviews.get_mut(&id).ok_or_else(Refusal::not_found)?;
    review.state = state;
    review.submitted_at = Some(now);
    review.updated_at = now;
    let number = review.pull;
    let comments: Vec<_> = found
        .review_comments
        .values()
        .filter(|comment| comment.review == id)
        .map(|comment| comment.id)
        .collect();
    issue_mut(world, repo, number)?.updated_at = now;
    requests::answered(world, repo, number, actor.user());
    notice(world, actor, (repo, number), NoticeKind::Review);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequestReview {
            action: ReviewAction::Submitted,
            review: id,
        },
    );
    for comment in comments {
        emit(
            world,
            repo,
            actor.user(),
            EventKind::PullRequestReviewComment {
                action: CommentAction::Created,
                comment,
            },
        );
    }
    Ok(())
}

fn dismiss_one(world: &mut World, actor: &Actor, repo: RepoId, id: ReviewId, message: Option<String>) -> Outcome<()> {
    let now = world.now();
    let review = repository_mut(world, repo)?
        .reviews
        .get_mut(&id)
        .ok_or_else(Refusal::not_found)?;
    let state = std::mem::replace(&mut review.state, ReviewState::Dismissed)
        .name()
        .to_lowercase();
    review.updated_at = now;
    let number = review.pull;
    record(
        world,
        actor,
        (repo, number),
        TimelineKind::ReviewDismissed {
            review: id,
            state,
            message,
        },
    );
    emit(
        world,
        repo,
        actor.user(),
        EventKind::PullRequestReview {
            action: ReviewAction::Dismissed,
            review: id,
        },
    );
    Ok(())
}

fn check_event(world: &World, actor: &Actor, (repo, number): (RepoId, u64), event: ReviewEvent) -> Outcome<()> {
    let own = issue(world, repo, number)?.author == actor.user();
    let word = match event {
        ReviewEvent::Approve => "approve",
        ReviewEvent::RequestChanges => "request changes on",
        ReviewEvent::Comment => return Ok(()),
    };
    if own {
        Err(Refusal::new(422, format!("Can not {word} your own pull request")))
    } else {
        Ok(())
    }
}
