//! Writing files: one at a time (REST contents), or many in one commit (GraphQL `createCommitOnBranch`).
//!
//! Invariant: what is written starts from the state the caller named; a stale one is refused.

use std::collections::BTreeSet;

use crate::sim::git::{Entry, EntryMode, GitError, Ident, NewCommit, Oid, TreeEdit};
use crate::sim::ops::auth::{self, PUSH};
use crate::sim::ops::refs::{self, RefMove};
use crate::sim::ops::{Actor, Outcome, Refusal, data, repository, repository_mut};
use crate::sim::world::{CommitNote, RepoId, World};

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutFile {
    /// Path.
    pub path: String,
    /// Content.
    pub content: Vec<u8>,
    /// Commit message.
    pub message: String,
    /// Branch; the default branch if none is said.
    pub branch: Option<String>,
    /// Blob that is there now; must be given to update.
    pub sha: Option<Oid>,
    /// Author.
    pub author: Option<Ident>,
    /// Committer.
    pub committer: Option<Ident>,
}

/// A file to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteFile {
    /// Path.
    pub path: String,
    /// Commit message.
    pub message: String,
    /// Branch; the default branch if none is said.
    pub branch: Option<String>,
    /// Blob that is there now.
    pub sha: Oid,
    /// Author.
    pub author: Option<Ident>,
    /// Committer.
    pub committer: Option<Ident>,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileCommit {
    /// The commit.
    pub commit: Oid,
    /// The blob; none after a deletion.
    pub blob: Option<Oid>,
    /// Whether the file is new: 201 instead of 200.
    pub created: bool,
}

/// Several files in one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitOnBranch {
    /// Branch.
    pub branch: String,
    /// Where it must be.
    pub expected_head: Oid,
    /// First line of the message.
    pub headline: String,
    /// The rest of it.
    pub body: Option<String>,
    /// Paths with their whole content.
    pub additions: Vec<(String, Vec<u8>)>,
    /// Paths.
    pub deletions: Vec<String>,
}

/// Writes a file.
///
/// # Errors
/// 422 without `sha` where the file exists, 409 with a stale one, 404 for an unknown branch, 403.
pub fn put(world: &mut World, actor: &Actor, repo: RepoId, file: PutFile) -> Outcome<FileCommit> {
    auth::require(world, actor, repo, PUSH)?;
    let (branch, head) = tip(world, repo, file.branch.as_deref())?;
    let old = match head {
        Some(head) => entry_at(world, repo, head, &file.path)?,
        None => None,
    };
    match (&old, file.sha) {
        (Some(old), _) if old.mode == EntryMode::Tree => return Err(Refusal::new(422, format!("{} is a directory", file.path))),
        (Some(_), None) => return Err(Refusal::new(422, "Invalid request.\n\n\"sha\" wasn't supplied.")),
        (Some(old), Some(sha)) if old.oid != sha => return Err(Refusal::new(409, format!("{} does not match {sha}", file.path))),
        (None, Some(sha)) => return Err(Refusal::new(409, format!("{} does not match {sha}", file.path))),
        (Some(_), Some(_)) | (None, None) => {}
    }
    let blob = world.store(repo)?.write_blob(&file.content)?;
    let mode = old.as_ref().map_or(EntryMode::File, |old| old.mode);
    let change = Change {
        branch,
        head,
        message: file.message,
        author: file.author,
        committer: file.committer,
    };
    let commit = commit(
        world,
        actor,
        repo,
        change,
        &[TreeEdit::Put {
            path: file.path,
            mode,
            oid: blob,
        }],
    )?;
    Ok(FileCommit {
        commit,
        blob: Some(blob),
        created: old.is_none(),
    })
}

/// Deletes a file.
///
/// # Errors
/// 404 when it is not there, 409 with a stale `sha`, 403.
pub fn delete(world: &mut World, actor: &Actor, repo: RepoId, file: DeleteFile) -> Outcome<FileCommit> {
    auth::require(world, actor, repo, PUSH)?;
    let (branch, head) = tip(world, repo, file.branch.as_deref())?;
    let head = head.ok_or_else(Refusal::not_found)?;
    let old = entry_at(world, repo, head, &file.path)?
        .filter(|old| old.mode != EntryMode::Tree)
        .ok_or_else(Refusal::not_found)?;
    if old.oid != file.sha {
        return Err(Refusal::new(409, format!("{} does not match {}", file.path, file.sha)));
    }
    let change = Change {
        branch,
        head: Some(head),
        message: file.message,
        author: file.author,
        committer: file.committer,
    };
    let commit = commit(world, actor, repo, change, &[TreeEdit::Remove { path: file.path }])?;
    Ok(FileCommit {
        commit,
        blob: None,
        created: false,
    })
}

/// Commits several files; the new commit.
///
/// # Errors
/// GraphQL types: `STALE_DATA` when the branch is elsewhere, `NOT_FOUND` for an unknown branch, `FORBIDDEN`,
/// `UNPROCESSABLE` for paths given twice, malformed, or to be deleted but not there.
pub fn commit_on_branch(world: &mut World, actor: &Actor, repo: RepoId, request: &CommitOnBranch) -> Outcome<Oid> {
    auth::require(world, actor, repo, PUSH)?;
    let store = world.store(repo)?;
    let missing = || Refusal {
        status: 404,
        ..Refusal::new(404, format!("No such branch: {}", request.branch))
    };
    let head = store.branch(&request.branch)?.ok_or_else(missing)?;
    if head != request.expected_head {
        let message = format!(
            "Expected branch to point to \"{}\" but it did not.  Pull and try again.",
            request.expected_head
        );
        return Err(Refusal {
            graphql_type: "STALE_DATA",
            ..Refusal::new(409, message)
        });
    }
    let tree = store.commit(head)?.tree;
    let mut seen = BTreeSet::new();
    let mut edits = Vec::new();
    for path in &request.deletions {
        edits.push(TreeEdit::Remove {
            path: checked(path, &mut seen)?,
        });
    }
    for (path, content) in &request.additions {
        let path = checked(path, &mut seen)?;
        // The mutation has no place for a mode, and GitHub promises none for a file that is there: the worst is taken, so
        // that nobody comes to depend on more.
        edits.push(TreeEdit::Put {
            path,
            mode: EntryMode::File,
            oid: store.write_blob(content)?,
        });
    }
    let tree = store.edit_tree(Some(tree), &edits).map_err(|error| {
        if let GitError::NoPath(_) = error {
            Refusal::new(
                422,
                format!("A path was requested for deletion which does not exist as of commit oid {head}"),
            )
        } else {
            error.into()
        }
    })?;
    let message = message(&request.headline, request.body.as_deref());
    let oid = data::sign_off(world, repo, actor.user(), (message, tree, vec![head]))?;
    move_branch(world, actor, repo, &request.branch, (Some(head), oid))?;
    Ok(oid)
}

/// Headline and body, with an empty line between.
pub(super) fn message(headline: &str, body: Option<&str>) -> String {
    match body.map(str::trim_end).filter(|body| !body.is_empty()) {
        Some(body) => format!("{headline}\n\n{body}"),
        None => headline.to_owned(),
    }
}

struct Change {
    branch: String,
    head: Option<Oid>,
    message: String,
    author: Option<Ident>,
    committer: Option<Ident>,
}

fn commit(world: &mut World, actor: &Actor, repo: RepoId, change: Change, edits: &[TreeEdit]) -> Outcome<Oid> {
    let store = world.store(repo)?;
    let base = change
        .head
        .map(|head| store.commit(head))
        .transpose()?
        .map(|commit| commit.tree);
    let tree = store.edit_tree(base, edits)?;
    // GitHub signs what is written here as long as nobody else is named.
    let verified = change.author.is_none() && change.committer.is_none();
    let author = change.author.unwrap_or_else(|| data::ident(world, actor.user()));
    let committer = change.committer.unwrap_or_else(|| data::github(world));
    let commit = NewCommit {
        tree,
        parents: change.head.into_iter().collect(),
        author,
        committer,
        message: change.message,
    };
    let oid = store.write_commit(&commit)?;
    let note = CommitNote {
        author: Some(actor.user()),
        committer: None,
        verified,
    };
    repository_mut(world, repo)?.commits.insert(oid, note);
    move_branch(world, actor, repo, &change.branch, (change.head, oid))?;
    Ok(oid)
}

fn move_branch(world: &mut World, actor: &Actor, repo: RepoId, branch: &str, (from, to): (Option<Oid>, Oid)) -> Outcome<()> {
    let change = RefMove {
        name: format!("refs/heads/{branch}"),
        before: Some(from),
        after: Some(to),
        force: false,
    };
    refs::apply(world, actor, repo, &[change])
}

/// The branch and where it is; nowhere only in an empty repository.
fn tip(world: &World, repo: RepoId, branch: Option<&str>) -> Outcome<(String, Option<Oid>)> {
    let found = repository(world, repo)?;
    let branch = branch.unwrap_or(&found.default_branch).to_owned();
    let branch = branch.strip_prefix("refs/heads/").map_or(branch.clone(), ToOwned::to_owned);
    let store = world.store(repo)?;
    let head = store.branch(&branch)?;
    if head.is_none() && (branch != found.default_branch || !store.refs("refs/heads/")?.is_empty()) {
        return Err(Refusal::new(404, format!("Branch {branch} not found")));
    }
    Ok((branch, head))
}

fn entry_at(world: &World, repo: RepoId, head: Oid, path: &str) -> Outcome<Option<Entry>> {
    let store = world.store(repo)?;
    Ok(store.entry(store.commit(head)?.tree, path)?)
}

fn checked(path: &str, seen: &mut BTreeSet<String>) -> Outcome<String> {
    let malformed = path.is_empty() || path.starts_with('/') || path.ends_with('/') || path.contains("//");
    if malformed || path.split('/').any(|part| part == "." || part == "..") {
        return Err(Refusal::new(422, format!("A path was requested which is not valid: {path}")));
    }
    if !seen.insert(path.to_owned()) {
        return Err(Refusal::new(422, format!("A path was requested more than once: {path}")));
    }
    Ok(path.to_owned())
}
