//! Reviews: begun, answered, submitted.
//!
//! Invariant: a review without an event stays pending and nobody hears of it.

use serde_json::Value;

use super::super::object::{Arguments, Cx, node, record};
use super::{Payload, one, optional_oid, pull_request, target};
use crate::sim::ops::reviews::{self, DraftComment, NewReview, Reply};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{NodeRef, RepoId, ReviewEvent, ReviewId, ReviewState, Side, ThreadId};

pub(super) fn add(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = pull_request(cx, input)?;
    if input
        .get("comments")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty())
    {
        return Err(Refusal::new(
            501,
            "The simulated GitHub has not built 'comments' of addPullRequestReview: use 'threads'.",
        ));
    }
    let review = NewReview {
        event: event(input)?,
        body: input.text("body").unwrap_or_default().to_owned(),
        commit: optional_oid(input, "commitOID")?,
        comments: input.objects("threads").iter().map(draft_comment).collect::<Outcome<_>>()?,
    };
    let id = cx.change(|world, actor| reviews::create(world, actor, repo, number, review))?;
    let review = NodeRef::Review(repo, id);
    let mut payload = one("pullRequestReview", review.clone());
    payload.push(("reviewEdge", record("PullRequestReviewEdge", [("node", node(review))])));
    Ok(payload)
}

/// `event`; GraphQL's `DISMISS` is an event for submitted reviews, which is not built.
fn event(input: &Arguments) -> Outcome<Option<ReviewEvent>> {
    let Some(word) = input.text("event") else { return Ok(None) };
    ReviewEvent::parse(word)
        .map(Some)
        .ok_or_else(|| Refusal::new(501, format!("The simulated GitHub has not built the event {word}.")))
}

fn draft_comment(thread: &Arguments) -> Outcome<DraftComment> {
    let side = |name: &str| thread.text(name).and_then(Side::parse);
    let start_line = thread.number("startLine");
    Ok(DraftComment {
        path: thread.demanded("path")?.to_owned(),
        line: thread.number("line"),
        side: side("side").unwrap_or(Side::Right),
        start_line,
        start_side: start_line.and_then(|_| side("startSide")),
        body: thread.demanded("body")?.to_owned(),
    })
}

/// The thread behind an argument.
fn thread(cx: &Cx<'_>, input: &Arguments, argument: &'static str) -> Outcome<(RepoId, ThreadId)> {
    target(cx, input, argument, "PullRequestReviewThread", |node| {
        if let NodeRef::Thread(repo, thread) = node {
            Some((repo, thread))
        } else {
            None
        }
    })
}

pub(super) fn resolve(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, id) = thread(cx, input, "threadId")?;
    cx.change(|world, actor| reviews::resolve(world, actor, repo, id, true))?;
    Ok(one("thread", NodeRef::Thread(repo, id)))
}

pub(super) fn reply(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, thread) = thread(cx, input, "pullRequestReviewThreadId")?;
    let review = match input.text("pullRequestReviewId") {
        Some(_) => Some(review(cx, input)?.1),
        None => None,
    };
    let reply = Reply {
        thread,
        review,
        body: input.demanded("body")?.to_owned(),
    };
    let id = cx.change(|world, actor| reviews::reply(world, actor, repo, reply))?;
    Ok(one("comment", NodeRef::ReviewComment(repo, id)))
}

/// The review behind `pullRequestReviewId`.
fn review(cx: &Cx<'_>, input: &Arguments) -> Outcome<(RepoId, ReviewId)> {
    target(cx, input, "pullRequestReviewId", "PullRequestReview", |node| {
        if let NodeRef::Review(repo, review) = node {
            Some((repo, review))
        } else {
            None
        }
    })
}

/// Submits a review by its id, or the caller's pending one of a pull request.
pub(super) fn submit(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, review) = match input.text("pullRequestReviewId") {
        Some(_) => review(cx, input)?,
        None => {
            let (repo, number) = pull_request(cx, input)?;
            (repo, pending(cx, repo, number)?)
        }
    };
    let event = event(input)?.ok_or_else(|| Refusal::new(422, "Argument 'event' is required."))?;
    let body = input.text("body").map(str::to_owned);
    cx.change(|world, actor| reviews::submit(world, actor, repo, review, (event, body)))?;
    Ok(one("pullRequestReview", NodeRef::Review(repo, review)))
}

fn pending(cx: &Cx<'_>, repo: RepoId, number: u64) -> Outcome<ReviewId> {
    let mine = cx.actor.user();
    let found = cx.read(|world| {
        let mut reviews = world.repositories.get(&repo)?.reviews_on(number);
        reviews
            .find(|review| review.state == ReviewState::Pending && review.author == mine)
            .map(|review| review.id)
    });
    found.ok_or_else(|| Refusal::new(404, "Could not find a pending review of yours on this pull request."))
}
