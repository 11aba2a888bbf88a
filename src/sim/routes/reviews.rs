//! Routes of reviews and of inline comments.
//!
//! Invariant: a pending review is shown to its author only.

use serde_json::Value;

use super::call::{Answer, Call, created, nothing, ok};
use super::fields::{inner_integer, inner_text, missing, not_a_member, required_inner_text};
use super::table::{Access, Route, route};
use crate::sim::ops::auth::Caller;
use crate::sim::ops::{Outcome, Refusal, reviews};
use crate::sim::world::{Issue, Review, ReviewComment, ReviewCommentId, ReviewEvent, ReviewId, ReviewState, Side};

/// See the module.
pub(super) static ROUTES: [Route; 14] = [
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews",
        Access::Read("pull_requests"),
        list,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews",
        Access::Write,
        create,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}",
        Access::Read("pull_requests"),
        show,
    ),
    route(
        "PUT",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}",
        Access::Write,
        edit,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments",
        Access::Read("pull_requests"),
        comments_of,
    ),
    route(
        "PUT",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/dismissals",
        Access::Write,
        dismiss,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/events",
        Access::Write,
        submit,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/comments",
        Access::Read("pull_requests"),
        comments,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/pulls/{pull_number}/comments",
        Access::Write,
        comment,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies",
        Access::Write,
        reply,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/comments",
        Access::Read("pull_requests"),
        all_comments,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/comments/{comment_id}",
        Access::Read("pull_requests"),
        one_comment,
    ),
    route(
        "PATCH",
        "/repos/{owner}/{repo}/pulls/comments/{comment_id}",
        Access::Write,
        edit_comment,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/pulls/comments/{comment_id}",
        Access::Write,
        delete_comment,
    ),
];

/// Whether the caller sees a review.
fn seen(call: &Call<'_>, review: &Review) -> bool {
    let mine = matches!(&call.caller, Caller::Actor(actor) if actor.user() == review.author);
    review.state != ReviewState::Pending || mine
}

fn list(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, (issue, _)) = (call.repository()?, call.pull()?);
    let reviews: Vec<&Review> = repo.reviews_on(issue.number).filter(|review| seen(call, review)).collect();
    call.list(&reviews, |review| call.render().review(repo, issue, review))
}

fn one<'c>(call: &'c Call<'_>) -> Outcome<(&'c Issue, &'c Review)> {
    let (repo, (issue, _)) = (call.repository()?, call.pull()?);
    let review = repo.reviews.get(&ReviewId(call.number("review_id")?));
    let review = review.filter(|review| review.pull == issue.number && seen(call, review));
    Ok((issue, review.ok_or_else(Refusal::not_found)?))
}

fn show(call: &mut Call<'_>) -> Outcome<Answer> {
    let (issue, review) = one(call)?;
    ok(call.render().review(call.repository()?, issue, review))
}

fn shown(call: &Call<'_>, id: ReviewId) -> Outcome<Answer> {
    let repo = call.repository()?;
    let review = repo.reviews.get(&id).ok_or_else(Refusal::not_found)?;
    let issue = repo.issue(review.pull).ok_or_else(Refusal::not_found)?;
    ok(call.render().review(repo, issue, review))
}

fn create(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.pull()?.0.number;
    let comments = call.items("comments")?.iter().map(draft).collect::<Outcome<Vec<_>>>()?;
    let new = reviews::NewReview {
        event: call.word("event", ReviewEvent::parse)?,
        body: call.text("body")?.unwrap_or_default(),
        commit: call.oid("commit_id")?,
        comments,
    };
    let id = reviews::create(call.world, &actor, repo, number, new)?;
    shown(call, id)
}

/// An inline comment in a review's body.
fn draft(value: &Value) -> Outcome<reviews::DraftComment> {
    let side = |name: &str| -> Outcome<Option<Side>> {
        inner_text(value, name)?
            .map(|text| Side::parse(&text).ok_or_else(|| not_a_member(name, &text)))
            .transpose()
    };
    Ok(reviews::DraftComment {
        path: required_inner_text(value, "path")?,
        line: inner_integer(value, "line")?,
        side: side("side")?.unwrap_or(Side::Right),
        start_line: inner_integer(value, "start_line")?,
        start_side: side("start_side")?,
        body: required_inner_text(value, "body")?,
    })
}

fn edit(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (id, body) = (one(call)?.1.id, call.required_text("body")?);
    reviews::edit(call.world, &actor, repo, id, &body)?;
    shown(call, id)
}

fn dismiss(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (id, message) = (one(call)?.1.id, call.required_text("message")?);
    reviews::dismiss(call.world, &actor, repo, id, &message)?;
    shown(call, id)
}

fn submit(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = one(call)?.1.id;
    let event = call.word("event", ReviewEvent::parse)?.ok_or_else(|| missing("event"))?;
    let body = call.text("body")?;
    reviews::submit(call.world, &actor, repo, id, (event, body))?;
    shown(call, id)
}

/// Comments that the caller sees, with the issues they belong to, oldest first.
fn visible<'c>(call: &'c Call<'_>, wanted: impl Fn(&ReviewComment) -> bool) -> Outcome<Vec<(&'c Issue, &'c ReviewComment)>> {
    let repo = call.repository()?;
    let shown = |comment: &&ReviewComment| repo.reviews.get(&comment.review).is_some_and(|review| seen(call, review));
    Ok(repo
        .review_comments
        .values()
        .filter(|comment| wanted(comment))
        .filter(shown)
        .filter_map(|comment| Some((repo.issue(comment.pull)?, comment)))
        .collect())
}

fn rendered(call: &Call<'_>, mut found: Vec<(&Issue, &ReviewComment)>) -> Outcome<Answer> {
    let repo = call.repository()?;
    if let Some(since) = call.since()? {
        found.retain(|(_, comment)| comment.updated_at >= since);
    }
    if call.asked("sort") == Some("updated") {
        found.sort_by_key(|(_, comment)| comment.updated_at);
    }
    if call.asked("sort").is_some() && call.asked("direction") == Some("desc") {
        found.reverse();
    }
    call.list(&found, |(issue, comment)| call.render().review_comment(repo, issue, comment))
}

fn comments_of(call: &mut Call<'_>) -> Outcome<Answer> {
    let id = one(call)?.1.id;
    rendered(call, visible(call, |comment| comment.review == id)?)
}

fn comments(call: &mut Call<'_>) -> Outcome<Answer> {
    let number = call.pull()?.0.number;
    rendered(call, visible(call, |comment| comment.pull == number)?)
}

fn all_comments(call: &mut Call<'_>) -> Outcome<Answer> {
    rendered(call, visible(call, |_| true)?)
}

fn comment(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.pull()?.0.number;
    let id = match call.integer("in_reply_to")? {
        Some(first) => answer_to(call, ReviewCommentId(first))?,
        None => {
            let mut place = call.body.clone();
            if call.text("subject_type")?.as_deref() == Some("file") {
                place.remove("line");
            } else if call.member("line").is_none() {
                return Err(missing("line"));
            }
            let new = reviews::NewInline {
                commit: Some(call.required_oid("commit_id")?),
                comment: draft(&Value::Object(place))?,
            };
            reviews::comment(call.world, &actor, repo, number, new)?
        }
    };
    created(comment_with(call, id)?)
}

fn reply(call: &mut Call<'_>) -> Outcome<Answer> {
    let first = ReviewCommentId(call.number("comment_id")?);
    let id = answer_to(call, first)?;
    created(comment_with(call, id)?)
}

/// Answers a thread's first comment; replies to replies are not possible.
fn answer_to(call: &mut Call<'_>, first: ReviewCommentId) -> Outcome<ReviewCommentId> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.pull()?.0.number;
    let body = call.required_text("body")?;
    let found = call
        .repository()?
        .review_comments
        .get(&first)
        .filter(|comment| comment.pull == number);
    let found = found
        .filter(|comment| comment.in_reply_to.is_none())
        .ok_or_else(Refusal::not_found)?;
    let request = reviews::Reply {
        thread: found.thread,
        review: None,
        body,
    };
    reviews::reply(call.world, &actor, repo, request)
}

fn comment_with(call: &Call<'_>, id: ReviewCommentId) -> Outcome<Value> {
    let (issue, comment) = visible(call, |comment| comment.id == id)?
        .pop()
        .ok_or_else(Refusal::not_found)?;
    Ok(call.render().review_comment(call.repository()?, issue, comment))
}

fn one_comment(call: &mut Call<'_>) -> Outcome<Answer> {
    ok(comment_with(call, ReviewCommentId(call.number("comment_id")?))?)
}

fn edit_comment(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (id, body) = (ReviewCommentId(call.number("comment_id")?), call.required_text("body")?);
    reviews::edit_comment(call.world, &actor, repo, id, &body)?;
    ok(comment_with(call, id)?)
}

fn delete_comment(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = ReviewCommentId(call.number("comment_id")?);
    reviews::delete_comment(call.world, &actor, repo, id)?;
    nothing()
}
