//! Issues, and what pull requests have in common with them.
//!
//! Invariant: the fields of [`shared`] mean the same on both.

use super::super::connection::connection;
use super::super::object::{Cx, Field, Item, account, leaf, node, null};
use super::query::refuse_arguments;
use super::repository::state_reason;
use super::{big, comment, may_read, repository, time, timeline, word};
use crate::sim::ops::{Outcome, Refusal, pulls};
use crate::sim::render::Render;
use crate::sim::world::{Issue, IssueState, LabelId, NodeRef, RepoId, Repository, UserId, World};

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, number: u64, field: &Field) -> Outcome<Option<Item>> {
    if let Some(item) = shared(cx, repo, number, field)? {
        return Ok(Some(item));
    }
    match field.name.as_str() {
        "timelineItems" => timeline::list(cx, repo, number, field, "IssueTimelineItemsConnection").map(Some),
        "closedByPullRequestsReferences" => closed_by(cx, repo, number, field).map(Some),
        "databaseId" | "fullDatabaseId" | "state" | "stateReason" | "isPinned" => cx.read(|world| {
            let issue = record(world, repo, number)?.1;
            Ok(Some(match field.name.as_str() {
                "databaseId" => leaf(issue.id.0),
                "fullDatabaseId" => big(issue.id.0),
                "isPinned" => leaf(false),
                "state" => leaf(if issue.state == IssueState::Open { "OPEN" } else { "CLOSED" }),
                _ => state_reason(issue.state_reason),
            }))
        }),
        _ => Ok(None),
    }
}

/// The repository and the issue, which were there when the object was found.
pub(super) fn record(world: &World, repo: RepoId, number: u64) -> Outcome<(&Repository, &Issue)> {
    let repo = repository(world, repo)?;
    Ok((repo, repo.issue(number).ok_or_else(Refusal::not_found)?))
}

/// What issues and pull requests both have.
pub(super) fn shared(cx: &Cx<'_>, repo: RepoId, number: u64, field: &Field) -> Outcome<Option<Item>> {
    if let Some(item) = plain(cx, repo, number, field)? {
        return Ok(Some(item));
    }
    Ok(Some(match field.name.as_str() {
        "assignees" => {
            let assignees = cx.read(|w| record(w, repo, number).map(|(_, issue)| users(w, &issue.assignees)))?;
            connection("UserConnection", field, assignees)?
        }
        "labels" => {
            by_creation(field)?;
            let labels = cx.read(|w| record(w, repo, number).map(|(_, issue)| labels(repo, issue)))?;
            connection("LabelConnection", field, labels)?
        }
        "comments" => {
            let mut found = cx.read(|w| -> Outcome<Vec<Item>> {
                let comments = record(w, repo, number)?.0.comments_on(number);
                Ok(comments
                    .map(|comment| node(NodeRef::IssueComment(repo, comment.id)))
                    .collect())
            })?;
            if field
                .arguments
                .get("orderBy")
                .is_some_and(|order| order["direction"] == "DESC")
            {
                found.reverse();
            }
            connection("IssueCommentConnection", field, found)?
        }
        "participants" => {
            let found = cx.read(|w| -> Outcome<Vec<Item>> {
                let (repository, issue) = record(w, repo, number)?;
                let authors = repository.comments_on(number).map(|comment| comment.author);
                let all: std::collections::BTreeSet<UserId> = std::iter::once(issue.author).chain(authors).collect();
                Ok(users(w, &all))
            })?;
            connection("UserConnection", field, found)?
        }
        "reactions" | "reactionGroups" => {
            let reactions = cx.read(|w| record(w, repo, number).map(|(_, issue)| issue.reactions.clone()))?;
            comment::reactions(cx, repo, &reactions, field)?
        }
        _ => return Ok(None),
    }))
}

/// The default order of labels is by creation, which is the order of their ids; no other is built.
pub(super) fn by_creation(field: &Field) -> Outcome<()> {
    let order = field.arguments.get("orderBy");
    if order.is_none_or(|order| order["field"] == "CREATED_AT" && order["direction"] == "ASC") {
        return Ok(());
    }
    refuse_arguments(field, &["orderBy"])
}

fn plain(cx: &Cx<'_>, repo: RepoId, number: u64, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let (repository, issue) = record(world, repo, number)?;
        let kind = if issue.pull.is_some() { "pull" } else { "issues" };
        let path = || format!("/{}/{kind}/{number}", world.full_name(repo));
        Ok(Some(match field.name.as_str() {
            "id" => leaf(issue.node_id(repo)),
            "number" => leaf(number),
            "title" => leaf(issue.title.as_str()),
            "body" => leaf(issue.body.as_deref().unwrap_or_default()),
            "author" => account(world, issue.author),
            "authorAssociation" => leaf(Render::new(world).association(repository, issue.author)),
            "closed" => leaf(!issue.is_open()),
            "closedAt" => time(issue.closed_at),
            "createdAt" | "publishedAt" => time(Some(issue.created_at)),
            "updatedAt" => time(Some(issue.updated_at)),
            "lastEditedAt" => time(issue.last_edited_at),
            "editor" => issue.editor.map_or_else(null, |editor| account(world, editor)),
            "includesCreatedEdit" => leaf(!issue.edits.is_empty()),
            "locked" => leaf(issue.locked),
            "activeLockReason" => issue.lock_reason.as_deref().map_or_else(null, word),
            "repository" => node(NodeRef::Repository(repo)),
            "resourcePath" => leaf(path()),
            "url" | "bodyUrl" => leaf(world.base_url.clone() + &path()),
            "milestone" => null(),
            "viewerDidAuthor" => leaf(issue.author == cx.actor.user()),
            _ => return Ok(None),
        }))
    })
}

/// Accounts as people; bots cannot be assigned, so that the schema's `User` holds.
pub(super) fn users(world: &World, ids: &std::collections::BTreeSet<UserId>) -> Vec<Item> {
    let people = ids
        .iter()
        .filter_map(|id| world.accounts.get(id))
        .map(crate::sim::world::Account::node);
    people
        .filter(|account| matches!(account, NodeRef::User(_)))
        .map(node)
        .collect()
}

fn labels(repo: RepoId, issue: &Issue) -> Vec<Item> {
    issue
        .labels
        .iter()
        .map(|id: &LabelId| node(NodeRef::Label(repo, *id)))
        .collect()
}

/// Pull requests that close this issue; open ones only unless the others are asked for.
fn closed_by(cx: &Cx<'_>, repo: RepoId, number: u64, field: &Field) -> Outcome<Item> {
    may_read(cx, repo, "pull_requests")?;
    refuse_arguments(field, &["userLinkedOnly", "orderByState"])?;
    let closed_too = field.arguments.flag("includeClosedPrs");
    let found = cx.read(|world| -> Outcome<Vec<Item>> {
        let repository = repository(world, repo)?;
        let pulls = pulls::closing_pulls(world, repo, number)
            .into_iter()
            .filter_map(|number| repository.pull(number));
        let shown = pulls.filter(|(issue, _)| issue.is_open() || closed_too);
        Ok(shown.map(|(issue, _)| node(issue.node(repo))).collect())
    })?;
    connection("PullRequestConnection", field, found)
}
