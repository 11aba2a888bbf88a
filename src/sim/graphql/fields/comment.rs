//! Comments, labels, reactions.
//!
//! Invariant: a comment's author is read from the comment, never from who edited it.

use super::super::connection::connection;
use super::super::object::{Cx, Field, Item, account, leaf, node, null, record};
use super::{big, repository, time};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::render::Render;
use crate::sim::world::{AccountKind, CommentId, LabelId, NodeRef, Reaction, ReactionContent, ReactionId, RepoId, World};

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, id: CommentId, field: &Field) -> Outcome<Option<Item>> {
    if matches!(field.name.as_str(), "reactions" | "reactionGroups") {
        let reactions = cx.read(|w| repository(w, repo).map(|r| r.comments.get(&id).map(|comment| comment.reactions.clone())))?;
        return reactions_of(cx, repo, reactions, field);
    }
    cx.read(|world| {
        let repository = repository(world, repo)?;
        let comment = repository.comments.get(&id).ok_or_else(Refusal::not_found)?;
        let on = repository.issue(comment.issue).ok_or_else(Refusal::not_found)?;
        let kind = if on.pull.is_some() { "pull" } else { "issues" };
        let path = || format!("/{}/{kind}/{}#issuecomment-{id}", world.full_name(repo), comment.issue);
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::IssueComment(repo, id).encode()),
            "databaseId" => leaf(id.0),
            "fullDatabaseId" => big(id.0),
            "body" => leaf(comment.body.as_str()),
            "author" => account(world, comment.author),
            "authorAssociation" => leaf(Render::new(world).association(repository, comment.author)),
            "createdAt" | "publishedAt" => time(Some(comment.created_at)),
            "updatedAt" => time(Some(comment.updated_at)),
            "lastEditedAt" => time(comment.last_edited_at),
            "editor" => comment.editor.map_or_else(null, |editor| account(world, editor)),
            "includesCreatedEdit" => leaf(comment.last_edited_at.is_some()),
            "isMinimized" => leaf(comment.minimized.is_some()),
            "minimizedReason" => leaf(comment.minimized.clone()),
            "issue" if on.pull.is_none() => node(on.node(repo)),
            "pullRequest" => {
                if on.pull.is_some() {
                    node(on.node(repo))
                } else {
                    null()
                }
            }
            "repository" => node(NodeRef::Repository(repo)),
            "resourcePath" => leaf(path()),
            "url" => leaf(world.base_url.clone() + &path()),
            "viewerDidAuthor" => leaf(comment.author == cx.actor.user()),
            _ => return Ok(None),
        }))
    })
}

fn reactions_of(cx: &Cx<'_>, repo: RepoId, reactions: Option<Vec<Reaction>>, field: &Field) -> Outcome<Option<Item>> {
    self::reactions(cx, repo, &reactions.ok_or_else(Refusal::not_found)?, field).map(Some)
}

/// `reactions` and `reactionGroups` of anything.
pub(super) fn reactions(cx: &Cx<'_>, repo: RepoId, reactions: &[Reaction], field: &Field) -> Outcome<Item> {
    if field.name == "reactions" {
        let wanted = field.arguments.text("content").and_then(ReactionContent::parse);
        let found = reactions
            .iter()
            .filter(|reaction| wanted.is_none_or(|content| content == reaction.content));
        return connection(
            "ReactionConnection",
            field,
            found.map(|r| node(NodeRef::Reaction(repo, r.id))).collect(),
        );
    }
    // GitHub lists all eight, those without reactions too; `createdAt` is the first one's.
    let groups = ReactionContent::ALL.into_iter().map(|content| {
        let mut of_it = reactions.iter().filter(|reaction| reaction.content == content).peekable();
        let first = of_it.peek().map(|reaction| reaction.created_at);
        let mine = of_it.any(|reaction| reaction.user == cx.actor.user());
        record(
            "ReactionGroup",
            [
                ("content", leaf(content.graphql_name())),
                ("createdAt", time(first)),
                ("viewerHasReacted", leaf(mine)),
            ],
        )
    });
    Ok(Item::List(groups.collect()))
}

/// A reaction, wherever it is.
pub(super) fn find_reaction(world: &World, repo: RepoId, id: ReactionId) -> Option<&Reaction> {
    let repo = world.repositories.get(&repo)?;
    let issues = repo.issues.values().flat_map(|issue| &issue.reactions);
    let comments = repo.comments.values().flat_map(|comment| &comment.reactions);
    let reviews = repo.reviews.values().flat_map(|review| &review.reactions);
    let inline = repo.review_comments.values().flat_map(|comment| &comment.reactions);
    issues
        .chain(comments)
        .chain(reviews)
        .chain(inline)
        .find(|reaction| reaction.id == id)
}

pub(super) fn reaction(cx: &Cx<'_>, repo: RepoId, id: ReactionId, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let reaction = find_reaction(world, repo, id).ok_or_else(Refusal::not_found)?;
        let person = world
            .accounts
            .get(&reaction.user)
            .filter(|account| account.kind == AccountKind::User);
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::Reaction(repo, id).encode()),
            "databaseId" => leaf(id.0),
            "content" => leaf(reaction.content.graphql_name()),
            "createdAt" => time(Some(reaction.created_at)),
            // The schema has people here; a bot's reaction shows nobody.
            "user" => person.map_or_else(null, |account| node(account.node())),
            _ => return Ok(None),
        }))
    })
}

pub(super) fn label(cx: &Cx<'_>, repo: RepoId, id: LabelId, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let label = repository(world, repo)?.labels.get(&id).ok_or_else(Refusal::not_found)?;
        let path = || format!("/{}/labels/{}", world.full_name(repo), label.name);
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::Label(repo, id).encode()),
            "name" => leaf(label.name.as_str()),
            "color" => leaf(label.color.as_str()),
            "description" => leaf(label.description.clone()),
            "isDefault" => leaf(label.default),
            "repository" => node(NodeRef::Repository(repo)),
            "resourcePath" => leaf(path()),
            "url" => leaf(world.base_url.clone() + &path()),
            _ => return Ok(None),
        }))
    })
}
