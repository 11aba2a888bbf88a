//! Reviews, their threads and inline comments.
//!
//! Invariant: `authorCanPushToRepository` is the right of this moment, not of the moment of the review.

use super::super::connection::connection;
use super::super::object::{Cx, Field, Item, account, leaf, node, null, optional};
use super::pull_lists::visible;
use super::{big, comment as comments, repository, time};
use crate::sim::ops::{Outcome, Refusal, auth};
use crate::sim::render::Render;
use crate::sim::world::{AccountKind, NodeRef, RepoId, ReviewCommentId, ReviewId, ReviewState, ThreadId};

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, id: ReviewId, field: &Field) -> Outcome<Option<Item>> {
    match field.name.as_str() {
        "comments" => {
            let found = cx.read(|w| -> Outcome<Vec<Item>> {
                let inline = repository(w, repo)?
                    .review_comments
                    .values()
                    .filter(|comment| comment.review == id);
                Ok(inline.map(|comment| node(NodeRef::ReviewComment(repo, comment.id))).collect())
            })?;
            return connection("PullRequestReviewCommentConnection", field, found).map(Some);
        }
        "reactions" | "reactionGroups" => {
            let found = cx.read(|w| repository(w, repo).map(|r| r.reviews.get(&id).map(|review| review.reactions.clone())))?;
            return comments::reactions(cx, repo, &found.ok_or_else(Refusal::not_found)?, field).map(Some);
        }
        _ => {}
    }
    cx.read(|world| {
        let repository = repository(world, repo)?;
        let review = repository
            .reviews
            .get(&id)
            .filter(|review| visible(cx, review))
            .ok_or_else(Refusal::not_found)?;
        let path = || format!("/{}/pull/{}#pullrequestreview-{id}", world.full_name(repo), review.pull);
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::Review(repo, id).encode()),
            "databaseId" => leaf(id.0),
            "fullDatabaseId" => big(id.0),
            "state" => leaf(review.state.name()),
            "body" => leaf(review.body.as_str()),
            "author" => account(world, review.author),
            "authorAssociation" => leaf(Render::new(world).association(repository, review.author)),
            "authorCanPushToRepository" => leaf(auth::writes(world, repo, review.author)),
            "commit" => node(NodeRef::Commit(repo, review.commit)),
            "createdAt" => time(Some(review.created_at)),
            "publishedAt" | "submittedAt" => time(review.submitted_at),
            "updatedAt" => time(Some(review.updated_at)),
            "lastEditedAt" => time(review.last_edited_at),
            "isMinimized" => leaf(review.minimized.is_some()),
            "minimizedReason" => leaf(review.minimized.clone()),
            "pullRequest" => node(NodeRef::PullRequest(repo, review.pull)),
            "repository" => node(NodeRef::Repository(repo)),
            "resourcePath" => leaf(path()),
            "url" => leaf(world.base_url.clone() + &path()),
            "viewerDidAuthor" => leaf(review.author == cx.actor.user()),
            _ => return Ok(None),
        }))
    })
}

pub(super) fn thread(cx: &Cx<'_>, repo: RepoId, id: ThreadId, field: &Field) -> Outcome<Option<Item>> {
    if field.name == "comments" {
        let found = cx.read(|w| -> Outcome<Vec<Item>> {
            let repository = repository(w, repo)?;
            let thread = repository.threads.get(&id).ok_or_else(Refusal::not_found)?;
            let inline = thread.comments.iter().filter_map(|id| repository.review_comments.get(id));
            let seen = inline.filter(|comment| {
                repository
                    .reviews
                    .get(&comment.review)
                    .is_none_or(|review| visible(cx, review))
            });
            Ok(seen.map(|comment| node(NodeRef::ReviewComment(repo, comment.id))).collect())
        })?;
        return connection("PullRequestReviewCommentConnection", field, found).map(Some);
    }
    cx.read(|world| {
        let thread = repository(world, repo)?.threads.get(&id).ok_or_else(Refusal::not_found)?;
        // The schema has a person here; a bot that resolved a thread shows nobody.
        let by = thread.resolved_by.filter(|id| {
            world
                .accounts
                .get(id)
                .is_some_and(|account| account.kind == AccountKind::User)
        });
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::Thread(repo, id).encode()),
            "isResolved" | "isCollapsed" => leaf(thread.resolved()),
            "isOutdated" => leaf(thread.outdated),
            "resolvedBy" => optional(by.map(NodeRef::User)),
            "path" => leaf(thread.path.as_str()),
            "line" if thread.outdated => null(),
            "startLine" if thread.outdated => null(),
            "line" | "originalLine" => leaf(thread.line),
            "startLine" | "originalStartLine" => leaf(thread.start_line),
            "diffSide" => leaf(thread.side.name()),
            "startDiffSide" => leaf(thread.start_side.map(crate::sim::world::Side::name)),
            "subjectType" => leaf(if thread.line.is_some() { "LINE" } else { "FILE" }),
            "pullRequest" => node(NodeRef::PullRequest(repo, thread.pull)),
            "repository" => node(NodeRef::Repository(repo)),
            _ => return Ok(None),
        }))
    })
}

pub(super) fn comment(cx: &Cx<'_>, repo: RepoId, id: ReviewCommentId, field: &Field) -> Outcome<Option<Item>> {
    if matches!(field.name.as_str(), "reactions" | "reactionGroups") {
        let found =
            cx.read(|w| repository(w, repo).map(|r| r.review_comments.get(&id).map(|comment| comment.reactions.clone())))?;
        return comments::reactions(cx, repo, &found.ok_or_else(Refusal::not_found)?, field).map(Some);
    }
    cx.read(|world| {
        let repository = repository(world, repo)?;
        let comment = repository.review_comments.get(&id).ok_or_else(Refusal::not_found)?;
        let thread = repository.threads.get(&comment.thread).ok_or_else(Refusal::not_found)?;
        let pending = repository
            .reviews
            .get(&comment.review)
            .is_some_and(|review| review.state == ReviewState::Pending);
        let path = || format!("/{}/pull/{}#discussion_r{id}", world.full_name(repo), comment.pull);
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::ReviewComment(repo, id).encode()),
            "databaseId" => leaf(id.0),
            "fullDatabaseId" => big(id.0),
            "body" => leaf(comment.body.as_str()),
            "author" => account(world, comment.author),
            "authorAssociation" => leaf(Render::new(world).association(repository, comment.author)),
            "createdAt" | "draftedAt" => time(Some(comment.created_at)),
            "publishedAt" => time((!pending).then_some(comment.created_at)),
            "updatedAt" => time(Some(comment.updated_at)),
            "lastEditedAt" => time(comment.last_edited_at),
            "state" => leaf(if pending { "PENDING" } else { "SUBMITTED" }),
            "path" => leaf(thread.path.as_str()),
            "diffHunk" => leaf(comment.diff_hunk.as_str()),
            "outdated" => leaf(thread.outdated),
            "line" | "startLine" if thread.outdated => null(),
            "line" | "originalLine" => leaf(thread.line),
            "startLine" | "originalStartLine" => leaf(thread.start_line),
            "subjectType" => leaf(if thread.line.is_some() { "LINE" } else { "FILE" }),
            "commit" | "originalCommit" => node(NodeRef::Commit(repo, comment.commit)),
            "replyTo" => optional(comment.in_reply_to.map(|id| NodeRef::ReviewComment(repo, id))),
            "isMinimized" => leaf(comment.minimized.is_some()),
            "minimizedReason" => leaf(comment.minimized.clone()),
            "pullRequestReview" => node(NodeRef::Review(repo, comment.review)),
            "pullRequest" => node(NodeRef::PullRequest(repo, comment.pull)),
            "repository" => node(NodeRef::Repository(repo)),
            "resourcePath" => leaf(path()),
            "url" => leaf(world.base_url.clone() + &path()),
            "viewerDidAuthor" => leaf(comment.author == cx.actor.user()),
            _ => return Ok(None),
        }))
    })
}
