//! Routes of comments on issues and pull requests, and of reactions.
//!
//! Invariant: a reaction given twice by the same account is one reaction: 201, then 200.

use super::call::{Answer, Call, created, nothing, ok};
use super::fields::missing;
use super::table::{Access, Route, route};
use crate::sim::ops::reactions::ReactionTarget;
use crate::sim::ops::{Outcome, Refusal, comments, reactions};
use crate::sim::world::{Comment, CommentId, Reaction, ReactionContent, ReactionId, ReviewCommentId};

/// See the module.
pub(super) static ROUTES: [Route; 15] = [
    route("GET", "/repos/{owner}/{repo}/issues/comments", Access::Read("issues"), all),
    route(
        "GET",
        "/repos/{owner}/{repo}/issues/comments/{comment_id}",
        Access::Read("issues"),
        show,
    ),
    route(
        "PATCH",
        "/repos/{owner}/{repo}/issues/comments/{comment_id}",
        Access::Write,
        edit,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/issues/comments/{comment_id}",
        Access::Write,
        delete,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/issues/{issue_number}/comments",
        Access::Read("issues"),
        list,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/issues/{issue_number}/comments",
        Access::Write,
        create,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/issues/{issue_number}/reactions",
        Access::Read("issues"),
        reactions_of,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/issues/{issue_number}/reactions",
        Access::Write,
        react,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/issues/{issue_number}/reactions/{reaction_id}",
        Access::Write,
        unreact,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
        Access::Read("issues"),
        reactions_of,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
        Access::Write,
        react,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}",
        Access::Write,
        unreact,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions",
        Access::Read("pull_requests"),
        inline_reactions,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions",
        Access::Write,
        inline_react,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions/{reaction_id}",
        Access::Write,
        inline_unreact,
    ),
];

fn all(call: &mut Call<'_>) -> Outcome<Answer> {
    let mut found: Vec<&Comment> = call.repository()?.comments.values().collect();
    if call.asked("sort") == Some("updated") {
        found.sort_by_key(|comment| (comment.updated_at, comment.id));
    }
    // GitHub reads the direction only beside a sort.
    if call.asked("sort").is_some() && call.asked("direction") != Some("asc") {
        found.reverse();
    }
    rendered(call, found)
}

fn list(call: &mut Call<'_>) -> Outcome<Answer> {
    let number = call.issue()?.number;
    rendered(call, call.repository()?.comments_on(number).collect())
}

fn rendered(call: &Call<'_>, mut found: Vec<&Comment>) -> Outcome<Answer> {
    let repo = call.repository()?;
    if let Some(since) = call.since()? {
        found.retain(|comment| comment.updated_at >= since);
    }
    call.list(&found, |comment| call.render().comment(repo, comment))
}

fn shown(call: &Call<'_>, id: CommentId) -> Outcome<serde_json::Value> {
    let repo = call.repository()?;
    Ok(call
        .render()
        .comment(repo, repo.comments.get(&id).ok_or_else(Refusal::not_found)?))
}

fn show(call: &mut Call<'_>) -> Outcome<Answer> {
    ok(shown(call, CommentId(call.number("comment_id")?))?)
}

fn create(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (number, body) = (call.issue()?.number, call.required_text("body")?);
    let id = comments::create(call.world, &actor, repo, number, body)?;
    created(shown(call, id)?)
}

fn edit(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (id, body) = (CommentId(call.number("comment_id")?), call.required_text("body")?);
    comments::edit(call.world, &actor, repo, id, body)?;
    ok(shown(call, id)?)
}

fn delete(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = CommentId(call.number("comment_id")?);
    comments::delete(call.world, &actor, repo, id)?;
    nothing()
}

/// The issue or the comment that the path names.
fn target(call: &Call<'_>) -> Outcome<ReactionTarget> {
    if call.params.contains_key("comment_id") {
        return Ok(ReactionTarget::Comment(CommentId(call.number("comment_id")?)));
    }
    Ok(ReactionTarget::Issue(call.issue()?.number))
}

fn inline(call: &Call<'_>) -> Outcome<ReactionTarget> {
    Ok(ReactionTarget::ReviewComment(ReviewCommentId(call.number("comment_id")?)))
}

fn given<'c>(call: &'c Call<'_>, target: &ReactionTarget) -> Outcome<&'c [Reaction]> {
    let repo = call.repository()?;
    let reactions = match target {
        ReactionTarget::Issue(number) => repo.issue(*number).map(|issue| issue.reactions.as_slice()),
        ReactionTarget::Comment(id) => repo.comments.get(id).map(|comment| comment.reactions.as_slice()),
        ReactionTarget::ReviewComment(id) => repo.review_comments.get(id).map(|comment| comment.reactions.as_slice()),
        ReactionTarget::Review(id) => repo.reviews.get(id).map(|review| review.reactions.as_slice()),
    };
    reactions.ok_or_else(Refusal::not_found)
}

fn reactions_of(call: &mut Call<'_>) -> Outcome<Answer> {
    listed(call, &target(call)?)
}

fn inline_reactions(call: &mut Call<'_>) -> Outcome<Answer> {
    listed(call, &inline(call)?)
}

fn listed(call: &Call<'_>, target: &ReactionTarget) -> Outcome<Answer> {
    let wanted = call.asked("content").and_then(ReactionContent::parse);
    let found: Vec<&Reaction> = given(call, target)?
        .iter()
        .filter(|reaction| wanted.is_none_or(|wanted| reaction.content == wanted))
        .collect();
    let repo = call.repository()?;
    call.list(&found, |reaction| call.render().reaction(repo, reaction))
}

fn react(call: &mut Call<'_>) -> Outcome<Answer> {
    let target = target(call)?;
    add(call, target)
}

fn inline_react(call: &mut Call<'_>) -> Outcome<Answer> {
    let target = inline(call)?;
    add(call, target)
}

fn add(call: &mut Call<'_>, target: ReactionTarget) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let content = call
        .word("content", ReactionContent::parse)?
        .ok_or_else(|| missing("content"))?;
    let (id, new) = reactions::add(call.world, &actor, repo, target, content)?;
    let reaction = given(call, &target)?
        .iter()
        .find(|reaction| reaction.id == id)
        .ok_or_else(Refusal::not_found)?;
    Ok(Answer::Json(
        if new { 201 } else { 200 },
        call.render().reaction(call.repository()?, reaction),
    ))
}

fn unreact(call: &mut Call<'_>) -> Outcome<Answer> {
    let target = target(call)?;
    remove(call, target)
}

fn inline_unreact(call: &mut Call<'_>) -> Outcome<Answer> {
    let target = inline(call)?;
    remove(call, target)
}

fn remove(call: &mut Call<'_>, target: ReactionTarget) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = ReactionId(call.number("reaction_id")?);
    reactions::remove(call.world, &actor, repo, target, id)?;
    nothing()
}
