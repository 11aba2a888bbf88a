//! The git database: blobs, trees, commits, made without moving any ref.
//!
//! Invariant: a commit made by an App without author and committer is signed by GitHub; any other is not.

use crate::sim::git::{EntryMode, GitError, Ident, NewCommit, Oid, TreeEdit};
use crate::sim::ops::auth::{self, PUSH};
use crate::sim::ops::{Actor, Outcome, Refusal, repository_mut};
use crate::sim::world::{CommitNote, RepoId, UserId, World};

/// Bytes of the biggest blob: GitHub's 100 MB.
const BLOB_LIMIT: usize = 100 * 1024 * 1024;

/// What an entry of a new tree is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryContent {
    /// An object that exists.
    Oid(Oid),
    /// Text, written as a blob.
    Text(String),
    /// Taken away (`sha: null`).
    Delete,
}

/// An entry of a new tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Path.
    pub path: String,
    /// Mode.
    pub mode: EntryMode,
    /// Content.
    pub content: EntryContent,
}

/// A tree to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTree {
    /// What it is based on, a tree or a commit; without it all other files vanish.
    pub base: Option<Oid>,
    /// Entries.
    pub entries: Vec<TreeEntry>,
}

/// A commit to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRequest {
    /// Whole message.
    pub message: String,
    /// Tree.
    pub tree: Oid,
    /// Parents.
    pub parents: Vec<Oid>,
    /// Author; the actor if none is given.
    pub author: Option<Ident>,
    /// Committer; the author if none is given, GitHub if no author is given either.
    pub committer: Option<Ident>,
}

/// Writes a blob.
///
/// # Errors
/// 403, 409 in an empty repository, 422 when it is too big.
pub fn create_blob(world: &mut World, actor: &Actor, repo: RepoId, content: &[u8]) -> Outcome<Oid> {
    auth::require(world, actor, repo, PUSH)?;
    if content.len() > BLOB_LIMIT {
        return Err(Refusal::new(422, "Blob is too big."));
    }
    Ok(world.store(repo)?.write_blob(content)?)
}

/// Writes a tree.
///
/// # Errors
/// 403; 422 when a path is malformed, an object does not exist, or a path to be deleted is not there.
pub fn create_tree(world: &mut World, actor: &Actor, repo: RepoId, new: &NewTree) -> Outcome<Oid> {
    auth::require(world, actor, repo, PUSH)?;
    let store = world.store(repo)?;
    // GitHub takes a commit here, too.
    let base = new.base.map(|base| store.commit(base).map_or(base, |commit| commit.tree));
    let mut edits = Vec::new();
    for entry in &new.entries {
        let path = entry.path.clone();
        if path.is_empty() || path.starts_with('/') {
            return Err(Refusal::new(422, "tree.path cannot start with a slash"));
        }
        edits.push(match &entry.content {
            EntryContent::Oid(oid) => TreeEdit::Put {
                path,
                mode: entry.mode,
                oid: *oid,
            },
            EntryContent::Text(text) => TreeEdit::Put {
                path,
                mode: entry.mode,
                oid: store.write_blob(text.as_bytes())?,
            },
            EntryContent::Delete => TreeEdit::Remove { path },
        });
    }
    store.edit_tree(base, &edits).map_err(|error| {
        if let GitError::NoObject(oid) = error {
            Refusal::new(422, format!("tree.sha {oid} is not a valid object"))
        } else {
            error.into()
        }
    })
}

/// Writes a commit.
///
/// # Errors
/// 403; 422 when tree or parents do not exist.
pub fn create_commit(world: &mut World, actor: &Actor, repo: RepoId, request: CommitRequest) -> Outcome<Oid> {
    auth::require(world, actor, repo, PUSH)?;
    let signed = actor.app().is_some() && request.author.is_none() && request.committer.is_none();
    let author = request.author.unwrap_or_else(|| ident(world, actor.user()));
    let committer = match request.committer {
        Some(committer) => committer,
        None if signed => github(world),
        None => author.clone(),
    };
    let commit = NewCommit {
        tree: request.tree,
        parents: request.parents,
        author,
        committer,
        message: request.message,
    };
    let oid = world.store(repo)?.write_commit(&commit).map_err(|error| {
        if let GitError::NoObject(_) = error {
            Refusal::new(422, "Tree SHA does not exist or a parent SHA does not exist")
        } else {
            error.into()
        }
    })?;
    let known = |ident: &Ident| {
        world
            .accounts
            .values()
            .find(|account| account.noreply() == ident.email)
            .map(|account| account.id)
    };
    let note = CommitNote {
        author: known(&commit.author),
        committer: known(&commit.committer),
        verified: signed,
    };
    repository_mut(world, repo)?.commits.insert(oid, note);
    Ok(oid)
}

/// An account as author.
pub(super) fn ident(world: &World, user: UserId) -> Ident {
    let (name, email) = world.accounts.get(&user).map_or_else(
        || ("ghost".to_owned(), String::new()),
        |account| (account.login.clone(), account.noreply()),
    );
    Ident {
        name,
        email,
        at: world.now(),
    }
}

/// GitHub as committer.
pub(super) fn github(world: &World) -> Ident {
    Ident {
        name: "GitHub".to_owned(),
        email: "noreply@github.com".to_owned(),
        at: world.now(),
    }
}

/// Writes a commit in an account's name that GitHub signs.
pub(super) fn sign_off(
    world: &mut World,
    repo: RepoId,
    author: UserId,
    (message, tree, parents): (String, Oid, Vec<Oid>),
) -> Outcome<Oid> {
    let commit = NewCommit {
        tree,
        parents,
        author: ident(world, author),
        committer: github(world),
        message,
    };
    let oid = world.store(repo)?.write_commit(&commit)?;
    let note = CommitNote {
        author: Some(author),
        committer: None,
        verified: true,
    };
    repository_mut(world, repo)?.commits.insert(oid, note);
    Ok(oid)
}
