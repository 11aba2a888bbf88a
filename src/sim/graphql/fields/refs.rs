//! Branches and tags, and the objects one reaches by them.
//!
//! Invariant: a ref is looked up at the moment it is asked for; a node id of a ref that is gone leads to nothing.

use serde_json::Value;

use super::super::connection::connection;
use super::super::object::{Arguments, Cx, Field, Item, Object, leaf, node, null, optional, record};
use super::{may_read, repository, sort_by};
use crate::sim::git::{GitError, ObjectKind, Oid, Store, parse_oid};
use crate::sim::ops::auth;
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{NodeRef, Protection, RepoId};

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, name: &str, field: &Field) -> Outcome<Option<Item>> {
    let (prefix, short) = split(name);
    Ok(Some(match field.name.as_str() {
        "id" => leaf(NodeRef::Ref(repo, name.to_owned()).encode()),
        "name" => leaf(short),
        "prefix" => leaf(prefix),
        "repository" => node(NodeRef::Repository(repo)),
        "target" => {
            let store = cx.store(repo)?;
            match store.target(name)? {
                Some(oid) => optional(object_node(&store, repo, oid)?),
                None => null(),
            }
        }
        "refUpdateRule" => update_rule(cx, repo, short)?,
        "compare" => compare(cx, repo, name, field)?,
        "associatedPullRequests" => {
            may_read(cx, repo, "pull_requests")?;
            let states = field.arguments.texts("states");
            let pulls = super::repository::list(cx, repo, field, |_, _, issue| {
                issue.pull.as_ref().is_some_and(|pull| pull.head_ref == short)
                    && states
                        .as_ref()
                        .is_none_or(|states| states.iter().any(|state| state == super::pull::state(issue)))
            })?;
            connection("PullRequestConnection", field, pulls)?
        }
        _ => return Ok(None),
    }))
}

/// The default branch's ref; null while the repository is empty.
pub(super) fn default_branch(cx: &Cx<'_>, repo: RepoId) -> Outcome<Item> {
    let branch = cx.read(|w| repository(w, repo).map(|r| r.default_branch.clone()))?;
    by_name(cx, repo, &format!("refs/heads/{branch}"))
}

/// A ref by full or short name, or null.
pub(super) fn by_name(cx: &Cx<'_>, repo: RepoId, name: &str) -> Outcome<Item> {
    may_read(cx, repo, "contents")?;
    let full = resolve_name(&cx.store(repo)?, name)?;
    Ok(optional(full.map(|(full, _)| NodeRef::Ref(repo, full))))
}

/// Refs below a prefix.
pub(super) fn list(cx: &Cx<'_>, repo: RepoId, field: &Field) -> Outcome<Item> {
    may_read(cx, repo, "contents")?;
    let arguments = &field.arguments;
    let prefix = arguments.demanded("refPrefix")?;
    let query = arguments.text("query").unwrap_or_default();
    let found = cx.store(repo)?.refs(prefix)?;
    let mut names: Vec<String> = found
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name[prefix.len()..].contains(query))
        .collect();
    if let Some(order) = arguments.get("orderBy") {
        match order.get("field").and_then(Value::as_str) {
            Some("ALPHABETICAL") => {}
            _ => sort_by(Some(order), &mut [])?,
        }
    }
    let direction = arguments
        .text("direction")
        .or_else(|| arguments.get("orderBy")?.get("direction")?.as_str());
    if direction == Some("DESC") {
        names.reverse();
    }
    connection(
        "RefConnection",
        field,
        names.into_iter().map(|name| node(NodeRef::Ref(repo, name))).collect(),
    )
}

/// `object(oid:)` or `object(expression: "main:src/lib.rs")`; null when there is none.
pub(super) fn object(cx: &Cx<'_>, repo: RepoId, arguments: &Arguments) -> Outcome<Item> {
    may_read(cx, repo, "contents")?;
    let store = cx.store(repo)?;
    let found = match (arguments.text("oid"), arguments.text("expression")) {
        (Some(oid), None) => parse_oid(oid),
        (None, Some(expression)) => evaluate(cx, repo, &store, expression)?,
        _ => return Err(Refusal::new(422, "You must specify exactly one of 'oid' or 'expression'.")),
    };
    match found {
        Some(oid) => Ok(optional(object_node(&store, repo, oid)?)),
        None => Ok(null()),
    }
}

/// The node of an object; `None` for what is not there and for tags, which are not built.
pub(super) fn object_node(store: &Store, repo: RepoId, oid: Oid) -> Outcome<Option<NodeRef>> {
    Ok(store.kind(oid)?.and_then(|kind| match kind {
        ObjectKind::Commit => Some(NodeRef::Commit(repo, oid)),
        ObjectKind::Tree => Some(NodeRef::Tree(repo, oid)),
        ObjectKind::Blob => Some(NodeRef::Blob(repo, oid)),
        ObjectKind::Tag => None,
    }))
}

/// `<revision>` or `<revision>:<path>`, as far as people write them in queries.
fn evaluate(cx: &Cx<'_>, repo: RepoId, store: &Store, expression: &str) -> Outcome<Option<Oid>> {
    let (revision, path) = expression
        .split_once(':')
        .map_or((expression, None), |(revision, path)| (revision, Some(path)));
    let target = if revision == "HEAD" {
        let branch = cx.read(|w| repository(w, repo).map(|r| r.default_branch.clone()))?;
        store.branch(&branch)?
    } else {
        match parse_oid(revision) {
            Some(oid) => Some(oid),
            None => resolve_name(store, revision)?.map(|(_, oid)| oid),
        }
    };
    let (Some(target), Some(path)) = (target, path) else {
        return Ok(target);
    };
    let tree = match store.peel(target) {
        Ok(commit) => store.commit(commit)?.tree,
        Err(GitError::NoObject(_)) => target,
        Err(other) => return Err(other.into()),
    };
    if path.is_empty() {
        return Ok(Some(tree));
    }
    match store.entry(tree, path) {
        Ok(entry) => Ok(entry.map(|entry| entry.oid)),
        Err(GitError::NoObject(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// The ref behind a full name, else the branch, else the tag of that name.
fn resolve_name(store: &Store, name: &str) -> Outcome<Option<(String, Oid)>> {
    let candidates = if name.starts_with("refs/") {
        vec![name.to_owned()]
    } else {
        vec![
            format!("refs/heads/{name}"),
            format!("refs/tags/{name}"),
            format!("refs/{name}"),
        ]
    };
    for full in candidates {
        if let Some(oid) = store.target(&full)? {
            return Ok(Some((full, oid)));
        }
    }
    Ok(None)
}

/// `refs/heads/` and the rest.
fn split(name: &str) -> (&str, &str) {
    ["refs/heads/", "refs/tags/"]
        .into_iter()
        .find_map(|prefix| name.strip_prefix(prefix).map(|rest| (prefix, rest)))
        .unwrap_or_else(|| name.split_at("refs/".len().min(name.len())))
}

/// What a branch has that this one has not; null if one of them is not there.
fn compare(cx: &Cx<'_>, repo: RepoId, base: &str, field: &Field) -> Outcome<Item> {
    let store = cx.store(repo)?;
    let head = resolve_name(&store, field.arguments.demanded("headRef")?)?;
    let (Some(base), Some((_, head))) = (store.target(base)?, head) else {
        return Ok(null());
    };
    Ok(Item::Object(Object::Comparison(repo, base, head)))
}

/// A field of a comparison. Its commits come oldest first.
pub(super) fn comparison(cx: &Cx<'_>, repo: RepoId, (base, head): (Oid, Oid), field: &Field) -> Outcome<Option<Item>> {
    let store = cx.store(repo)?;
    let (ahead, behind) = store.ahead_behind(base, head)?;
    Ok(Some(match field.name.as_str() {
        "aheadBy" => leaf(ahead),
        "behindBy" => leaf(behind),
        "baseTarget" => optional(object_node(&store, repo, base)?),
        "headTarget" => optional(object_node(&store, repo, head)?),
        "status" => leaf(match (ahead, behind) {
            (0, 0) => "IDENTICAL",
            (_, 0) => "AHEAD",
            (0, _) => "BEHIND",
            (..) => "DIVERGED",
        }),
        "commits" => {
            let commits = store.log(head, Some(base))?.into_iter().rev();
            let commits = commits.map(|oid| node(NodeRef::Commit(repo, oid))).collect();
            connection("ComparisonCommitConnection", field, commits)?
        }
        _ => return Ok(None),
    }))
}

/// Classic protection as people without administration see it; rulesets do not show here.
fn update_rule(cx: &Cx<'_>, repo: RepoId, branch: &str) -> Outcome<Item> {
    cx.read(|world| {
        let Some(rule) = repository(world, repo)?.protections.get(branch) else {
            return Ok(null());
        };
        let can_push = auth::require(world, cx.actor, repo, auth::PUSH).is_ok() && !rule.lock_branch && rule.approvals.is_none();
        Ok(rule_record(rule, branch, can_push))
    })
}

fn rule_record(rule: &Protection, branch: &str, can_push: bool) -> Item {
    let contexts = rule.checks.iter().map(|check| leaf(check.context.as_str())).collect();
    record(
        "RefUpdateRule",
        [
            ("allowsDeletions", leaf(rule.allow_deletions)),
            ("allowsForcePushes", leaf(rule.allow_force_pushes)),
            ("blocksCreations", leaf(false)),
            ("pattern", leaf(branch)),
            ("requiredApprovingReviewCount", leaf(rule.approvals)),
            ("requiredStatusCheckContexts", Item::List(contexts)),
            ("requiresCodeOwnerReviews", leaf(rule.code_owner_reviews)),
            ("requiresConversationResolution", leaf(rule.conversation_resolution)),
            ("requiresLinearHistory", leaf(rule.linear_history)),
            ("requiresSignatures", leaf(rule.signatures)),
            ("viewerAllowedToDismissReviews", leaf(can_push)),
            ("viewerCanPush", leaf(can_push)),
        ],
    )
}
