//! What a pull request has several of: commits, files, reviews, threads, review requests.
//!
//! Invariant: a pending review is shown to its author only.

use std::collections::BTreeMap;

use super::super::connection::connection;
use super::super::object::{Cx, Field, Item, account, leaf, node, record};
use super::pull::record_of;
use super::query::refuse_arguments;
use super::{may_read, repository};
use crate::sim::git::{FileChange, FileStatus, Oid};
use crate::sim::ops::{Outcome, auth, pulls};
use crate::sim::world::{NodeRef, RepoId, Review, ReviewState, UserId, World};

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, number: u64, field: &Field) -> Outcome<Option<Item>> {
    Ok(Some(match field.name.as_str() {
        "commits" => {
            let commits = cx.read(|world| -> Outcome<Vec<Item>> {
                let commits = pulls::commits(world, repo, number)?;
                Ok(commits
                    .into_iter()
                    .map(|commit| pull_commit(world, repo, number, commit.oid))
                    .collect())
            })?;
            connection("PullRequestCommitConnection", field, commits)?
        }
        "files" => {
            let files = cx.read(|w| pulls::files(w, repo, number))?;
            connection(
                "PullRequestChangedFileConnection",
                field,
                files.into_iter().map(changed_file).collect(),
            )?
        }
        "reviews" | "latestReviews" | "latestOpinionatedReviews" => {
            let found = cx.read(|world| reviews(cx, world, repo, number, field))?;
            connection("PullRequestReviewConnection", field, found)?
        }
        "reviewThreads" => {
            let found = cx.read(|world| -> Outcome<Vec<Item>> {
                let repository = repository(world, repo)?;
                let seen = repository.threads_on(number).filter(|thread| {
                    let first = thread.comments.first().and_then(|id| repository.review_comments.get(id));
                    let review = first.and_then(|comment| repository.reviews.get(&comment.review));
                    review.is_none_or(|review| visible(cx, review))
                });
                Ok(seen.map(|thread| node(NodeRef::Thread(repo, thread.id))).collect())
            })?;
            connection("PullRequestReviewThreadConnection", field, found)?
        }
        "reviewRequests" => {
            let found = cx.read(|world| -> Outcome<Vec<Item>> {
                let asked = &record_of(world, repo, number)?.1.requested_reviewers;
                Ok(asked.iter().map(|user| review_request(world, repo, number, *user)).collect())
            })?;
            connection("ReviewRequestConnection", field, found)?
        }
        "closingIssuesReferences" => {
            may_read(cx, repo, "issues")?;
            refuse_arguments(field, &["userLinkedOnly"])?;
            let closed = cx.read(|world| pulls::closing_issues(world, repo, number));
            let found = super::repository::list(cx, repo, field, |_, _, issue| closed.contains(&issue.number))?;
            connection("IssueConnection", field, found)?
        }
        "totalCommentsCount" => cx.read(|world| -> Outcome<Item> {
            let repository = repository(world, repo)?;
            let inline = repository
                .review_comments
                .values()
                .filter(|comment| comment.pull == number)
                .count();
            let bodies = repository.reviews_on(number).filter(|review| !review.body.is_empty()).count();
            Ok(leaf(repository.comments_on(number).count() + inline + bodies))
        })?,
        _ => return Ok(None),
    }))
}

/// A commit of a pull request.
pub(super) fn pull_commit(world: &World, repo: RepoId, number: u64, oid: Oid) -> Item {
    let path = format!("/{}/pull/{number}/commits/{oid}", world.full_name(repo));
    record(
        "PullRequestCommit",
        [
            (
                "id",
                leaf(format!("PRC_{}_{oid}", NodeRef::PullRequest(repo, number).encode())),
            ),
            ("commit", node(NodeRef::Commit(repo, oid))),
            ("pullRequest", node(NodeRef::PullRequest(repo, number))),
            ("url", leaf(world.base_url.clone() + &path)),
            ("resourcePath", leaf(path)),
        ],
    )
}

fn changed_file(file: FileChange) -> Item {
    let change = match file.status {
        FileStatus::Added => "ADDED",
        FileStatus::Removed => "DELETED",
        FileStatus::Modified => "MODIFIED",
        FileStatus::Renamed => "RENAMED",
    };
    record(
        "PullRequestChangedFile",
        [
            ("path", leaf(file.path)),
            ("additions", leaf(file.additions)),
            ("deletions", leaf(file.deletions)),
            ("changeType", leaf(change)),
        ],
    )
}

fn review_request(world: &World, repo: RepoId, number: u64, user: UserId) -> Item {
    record(
        "ReviewRequest",
        [
            (
                "id",
                leaf(format!("RR_{}_{user}", NodeRef::PullRequest(repo, number).encode())),
            ),
            ("asCodeOwner", leaf(false)),
            ("pullRequest", node(NodeRef::PullRequest(repo, number))),
            ("requestedReviewer", account(world, user)),
        ],
    )
}

/// Whether the caller sees a review: all but other people's pending ones.
pub(super) fn visible(cx: &Cx<'_>, review: &Review) -> bool {
    review.state != ReviewState::Pending || review.author == cx.actor.user()
}

fn reviews(cx: &Cx<'_>, world: &World, repo: RepoId, number: u64, field: &Field) -> Outcome<Vec<Item>> {
    let all = repository(world, repo)?
        .reviews_on(number)
        .filter(|review| visible(cx, review));
    let found: Vec<&Review> = match field.name.as_str() {
        "reviews" => {
            let states = field.arguments.texts("states");
            let author = field.arguments.text("author");
            all.filter(|review| {
                states
                    .as_ref()
                    .is_none_or(|states| states.iter().any(|state| state == review.state.name()))
            })
            .filter(|review| author.is_none_or(|login| world.login(review.author).eq_ignore_ascii_case(login)))
            .collect()
        }
        "latestReviews" => newest(all.filter(|review| review.state != ReviewState::Pending)),
        _ => {
            // An opinion is an approval, a request for changes, or one of them dismissed; comments change no opinion.
            let opinion = |state| {
                matches!(
                    state,
                    ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Dismissed
                )
            };
            let writers = field.arguments.flag("writersOnly");
            newest(all.filter(|review| opinion(review.state) && (!writers || auth::writes(world, repo, review.author))))
        }
    };
    Ok(found
        .into_iter()
        .map(|review| node(NodeRef::Review(repo, review.id)))
        .collect())
}

/// The newest review of each author, oldest of them first.
fn newest<'r>(reviews: impl Iterator<Item = &'r Review>) -> Vec<&'r Review> {
    let mut by_author: BTreeMap<UserId, &Review> = BTreeMap::new();
    for review in reviews {
        by_author.insert(review.author, review);
    }
    let mut found: Vec<&Review> = by_author.into_values().collect();
    found.sort_by_key(|review| (review.submitted_at, review.id));
    found
}
