//! Commits, trees and blobs.
//!
//! Invariant: what is said of an object is read from git; only signatures and accounts come from the world's notes.

use super::super::connection::connection;
use super::super::object::{Cx, Field, Item, leaf, node, null, optional, record};
use super::query::refuse_arguments;
use super::{may_read, repository};
use crate::sim::git::{CommitInfo, Entry, Ident, Oid};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{AccountKind, NodeRef, RepoId, UserId};

/// The name and address GitHub itself commits with.
const GITHUB: (&str, &str) = ("GitHub", "noreply@github.com");

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, oid: Oid, field: &Field) -> Outcome<Option<Item>> {
    if let Some(item) = git_object(cx, repo, oid, field, "commit")? {
        return Ok(Some(item));
    }
    match field.name.as_str() {
        "checkSuites" | "statusCheckRollup" => {
            may_read(cx, repo, "checks")?;
            return super::checks::of_commit(cx, repo, oid, field).map(Some);
        }
        "associatedPullRequests" => {
            may_read(cx, repo, "pull_requests")?;
            let has = |pulls: &crate::sim::world::PullRequest| {
                pulls.head == oid || pulls.merged.as_ref().is_some_and(|merged| merged.commit == oid)
            };
            let found = super::repository::list(cx, repo, field, |_, _, issue| issue.pull.as_ref().is_some_and(has))?;
            return connection("PullRequestConnection", field, found).map(Some);
        }
        _ => {}
    }
    let store = cx.store(repo)?;
    let commit = store.commit(oid)?;
    let note = cx.read(|w| repository(w, repo).map(|r| r.commits.get(&oid).cloned().unwrap_or_default()))?;
    let (headline, body) = commit.message.split_once('\n').unwrap_or((&commit.message, ""));
    Ok(Some(match field.name.as_str() {
        "message" => leaf(commit.message.trim_end()),
        "messageHeadline" => leaf(headline),
        "messageBody" => leaf(body.trim()),
        "tree" => node(NodeRef::Tree(repo, commit.tree)),
        "author" => git_actor(cx, &commit.author, note.author),
        "committer" => git_actor(cx, &commit.committer, note.committer),
        "authoredDate" => leaf(commit.author.at.rfc3339()),
        "committedDate" => leaf(commit.committer.at.rfc3339()),
        "authoredByCommitter" => leaf(commit.author.email == commit.committer.email),
        "committedViaWeb" => leaf(commit.committer.email == GITHUB.1),
        "parents" => {
            let parents = commit
                .parents
                .iter()
                .map(|parent| node(NodeRef::Commit(repo, *parent)))
                .collect();
            connection("CommitConnection", field, parents)?
        }
        "history" => {
            refuse_arguments(field, &["author", "path", "since", "until"])?;
            let history = store
                .log(oid, None)?
                .into_iter()
                .map(|oid| node(NodeRef::Commit(repo, oid)))
                .collect();
            connection("CommitHistoryConnection", field, history)?
        }
        "additions" | "deletions" | "changedFiles" | "changedFilesIfAvailable" => {
            let changes = store.diff_of_commit(oid)?;
            match field.name.as_str() {
                "additions" => leaf(changes.iter().map(|change| change.additions).sum::<u64>()),
                "deletions" => leaf(changes.iter().map(|change| change.deletions).sum::<u64>()),
                _ => leaf(changes.len()),
            }
        }
        "file" => file(cx, repo, &commit, field.arguments.demanded("path")?)?,
        "signature" => signature(&commit, note.verified),
        _ => return Ok(None),
    }))
}

pub(super) fn tree(cx: &Cx<'_>, repo: RepoId, oid: Oid, field: &Field) -> Outcome<Option<Item>> {
    match field.name.as_str() {
        "entries" => {
            let entries = cx.store(repo)?.tree(oid)?;
            Ok(Some(Item::List(
                entries
                    .into_iter()
                    .map(|entry| tree_entry(repo, entry))
                    .collect::<Outcome<_>>()?,
            )))
        }
        _ => git_object(cx, repo, oid, field, "tree"),
    }
}

pub(super) fn blob(cx: &Cx<'_>, repo: RepoId, oid: Oid, field: &Field) -> Outcome<Option<Item>> {
    if let Some(item) = git_object(cx, repo, oid, field, "blob")? {
        return Ok(Some(item));
    }
    let content = cx.store(repo)?.blob(oid)?;
    let binary = content.contains(&0);
    Ok(Some(match field.name.as_str() {
        "byteSize" => leaf(content.len()),
        "isBinary" => leaf(binary),
        "isTruncated" => leaf(false),
        "text" if binary => null(),
        "text" => String::from_utf8(content).map_or_else(|_| null(), leaf),
        _ => return Ok(None),
    }))
}

/// What every git object has.
fn git_object(cx: &Cx<'_>, repo: RepoId, oid: Oid, field: &Field, kind: &str) -> Outcome<Option<Item>> {
    let (object, folder) = match kind {
        "commit" => (NodeRef::Commit(repo, oid), "commit"),
        "tree" => (NodeRef::Tree(repo, oid), "tree"),
        _ => (NodeRef::Blob(repo, oid), "blob"),
    };
    let path = |folder: &str| cx.read(|world| format!("/{}/{folder}/{oid}", world.full_name(repo)));
    let base = || cx.read(|world| world.base_url.clone());
    Ok(Some(match field.name.as_str() {
        "id" => leaf(object.encode()),
        "oid" => leaf(oid.to_string()),
        "abbreviatedOid" => leaf(oid.to_hex_with_len(7).to_string()),
        "repository" => node(NodeRef::Repository(repo)),
        "commitResourcePath" => leaf(path("commit")),
        "commitUrl" => leaf(base() + &path("commit")),
        "resourcePath" if kind == "commit" => leaf(path(folder)),
        "url" if kind == "commit" => leaf(base() + &path(folder)),
        _ => return Ok(None),
    }))
}

/// An author or committer; the account is shown for people only, as the schema has it.
fn git_actor(cx: &Cx<'_>, ident: &Ident, account: Option<UserId>) -> Item {
    let user = cx.read(|world| {
        account.filter(|id| {
            world
                .accounts
                .get(id)
                .is_some_and(|account| account.kind == AccountKind::User)
        })
    });
    record(
        "GitActor",
        [
            ("name", leaf(ident.name.as_str())),
            ("email", leaf(ident.email.as_str())),
            ("date", leaf(ident.at.rfc3339())),
            ("user", optional(user.map(NodeRef::User))),
        ],
    )
}

fn signature(commit: &CommitInfo, verified: bool) -> Item {
    if !verified {
        return null();
    }
    record(
        "GpgSignature",
        [
            ("isValid", leaf(true)),
            ("state", leaf("VALID")),
            ("wasSignedByGitHub", leaf(true)),
            ("email", leaf(commit.committer.email.as_str())),
            ("signer", null()),
        ],
    )
}

fn file(cx: &Cx<'_>, repo: RepoId, commit: &CommitInfo, path: &str) -> Outcome<Item> {
    match cx.store(repo)?.entry(commit.tree, path)? {
        Some(entry) => tree_entry(repo, entry),
        None => Ok(null()),
    }
}

fn tree_entry(repo: RepoId, entry: Entry) -> Outcome<Item> {
    let kind = entry.mode.object();
    let mode = u32::from_str_radix(entry.mode.octal(), 8).map_err(|_| Refusal::new(500, "a mode is no octal number"))?;
    let object = match kind {
        "blob" => Some(NodeRef::Blob(repo, entry.oid)),
        "tree" => Some(NodeRef::Tree(repo, entry.oid)),
        _ => None,
    };
    let name = entry.path.rsplit('/').next().unwrap_or_default().to_owned();
    let extension = name
        .rsplit_once('.')
        .map_or(String::new(), |(_, extension)| format!(".{extension}"));
    Ok(record(
        "TreeEntry",
        [
            ("name", leaf(name)),
            ("path", leaf(entry.path)),
            ("extension", leaf(extension)),
            ("mode", leaf(mode)),
            ("oid", leaf(entry.oid.to_string())),
            ("type", leaf(kind)),
            ("size", leaf(entry.size.unwrap_or(0))),
            ("object", optional(object)),
            ("repository", node(NodeRef::Repository(repo))),
        ],
    ))
}
