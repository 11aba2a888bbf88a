//! Taking one commit out of a branch again, by a commit of ours on top of it.
//!
//! A three-way merge by file: its base is what the commit made, one side the branch as it is, the other what the commit
//! found. GitHub's own revert works on the pull request's base only and names its branch itself.
//!
//! Invariant: what others changed since stays; where both changed the same lines nothing is written at all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Github;
use super::branch::BranchAt;
use super::commit::{Change, Changes, Content, Message, NewCommit};
use super::error::Error;
use super::request::{Scope, below, stale};
use super::survey::{Entry, EntryKind, FileText, Tree};
use super::three_way;
use super::types::{Attempt, Repo, Sha};

/// Bytes of a file that is merged; larger ones are for people.
const MERGED_BYTES_MAX: usize = 1024 * 1024;

/// Files that are named where they conflict.
const CONFLICTS_NAMED: usize = 10;

/// What is to be taken out of what.
#[derive(Clone, Debug)]
pub struct TakeOut {
    /// The branch.
    pub branch: String,
    /// Its head as known.
    pub head: Sha,
    /// The commit on it that is taken out, against its first parent.
    pub commit: Sha,
    /// What the new commit says.
    pub message: Message,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenOut {
    /// The branch has this head now.
    Commit(Sha),
    /// Nothing of it was left on the branch.
    Nothing,
    /// These files were changed since in the same places; the branch is as it was.
    Conflicts(Vec<String>),
}

#[derive(Deserialize)]
struct RawCommit {
    message: String,
    tree: Id,
    #[serde(default)]
    parents: Vec<Id>,
}

#[derive(Deserialize)]
struct Id {
    sha: Sha,
}

impl Github {
    /// Takes a commit out of a branch.
    ///
    /// # Errors
    /// [`Conflict::StaleHead`](super::Conflict::StaleHead) if the branch has another head than known;
    /// [`Error::NotFound`] if the branch is gone; [`Error::WorkflowRefused`].
    pub async fn take_out(&self, repo: &Repo, out: &TakeOut, attempt: Attempt) -> Result<TakenOut, Error> {
        let Some(now) = self.branch_head(repo, &out.branch).await? else {
            let message = format!("there is no branch {}", out.branch);
            return Err(Error::NotFound { message });
        };
        if now != out.head {
            let ours = attempt == Attempt::Again && self.is_ours(repo, &now, out).await?;
            return if ours {
                Ok(TakenOut::Commit(now))
            } else {
                Err(stale(format!("the head of {} is {now} now", out.branch)))
            };
        }
        let changes = match self.undone(repo, &out.head, &out.commit).await? {
            Ok(changes) if changes.is_empty() => return Ok(TakenOut::Nothing),
            Ok(changes) => changes,
            Err(conflicts) => return Ok(TakenOut::Conflicts(conflicts)),
        };
        let commit = NewCommit {
            parents: vec![out.head.clone()],
            base_tree: None,
            changes,
            message: out.message.clone(),
        };
        let sha = self.create_commit(repo, &commit).await?;
        let moved = BranchAt {
            name: out.branch.clone(),
            sha: sha.clone(),
        };
        self.move_branch(repo, &moved, attempt).await?;
        Ok(TakenOut::Commit(sha))
    }

    /// Whether an earlier attempt made this head.
    async fn is_ours(&self, repo: &Repo, head: &Sha, out: &TakeOut) -> Result<bool, Error> {
        let found = self.raw_commit(repo, head).await?;
        let on_top = matches!(found.parents.as_slice(), [one] if one.sha == out.head);
        Ok(on_top && out.message.says(&found.message))
    }

    /// The changes that undo a commit on a head, or the files that stand in the way. None: nothing is left of it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if one of the two commits is gone.
    pub async fn undone(&self, repo: &Repo, head: &Sha, commit: &Sha) -> Result<Result<Changes, Vec<String>>, Error> {
        let made = self.raw_commit(repo, commit).await?;
        let Some(parent) = made.parents.first() else {
            return Ok(Err(vec!["(the commit has no parent)".to_owned()]));
        };
        let before = self.raw_commit(repo, &parent.sha).await?;
        let head = self.raw_commit(repo, head).await?;
        let trees = Trees {
            found: self.tree(repo, &before.tree.sha).await?,
            made: self.tree(repo, &made.tree.sha).await?,
            now: self.tree(repo, &head.tree.sha).await?,
        };
        if trees.found.truncated || trees.made.truncated || trees.now.truncated {
            return Ok(Err(vec!["(the repository is too large to be read whole)".to_owned()]));
        }
        let (mut changes, mut conflicts) = (Changes::new(), Vec::new());
        for path in trees.touched() {
            match self.one(repo, &trees, path).await? {
                Ok(change) => changes.extend(change),
                Err(()) => conflicts.push(path.to_owned()),
            }
        }
        conflicts.truncate(CONFLICTS_NAMED);
        Ok(if conflicts.is_empty() { Ok(changes) } else { Err(conflicts) })
    }

    /// What undoes one file; `Err` where somebody changed it since in the same places.
    async fn one(&self, repo: &Repo, trees: &Trees, path: &str) -> Result<Result<Option<Change>, ()>, Error> {
        let (found, made, now) = (trees.found.entry(path), trees.made.entry(path), trees.now.entry(path));
        if same(now, found) {
            return Ok(Ok(None)); // it is undone already
        }
        if same(now, made) {
            return Ok(restored(path, found).map(Some));
        }
        let (Some(found), Some(made), Some(now)) = (found, made, now) else {
            return Ok(Err(()));
        };
        let texts = [found, made, now].map(|entry| matches!(entry.kind, EntryKind::File | EntryKind::Executable));
        if texts != [true; 3] {
            return Ok(Err(()));
        }
        let (Some(theirs), Some(base), Some(ours)) = (
            self.text(repo, found).await?,
            self.text(repo, made).await?,
            self.text(repo, now).await?,
        ) else {
            return Ok(Err(()));
        };
        // Whoever changed the file's mode meant it.
        let executable = if now.kind == made.kind { found.kind } else { now.kind } == EntryKind::Executable;
        let change = |text| Change {
            path: path.to_owned(),
            content: Some(Content::Text(text)),
            executable,
        };
        Ok(three_way::merge(&base, &ours, &theirs)
            .map(|text| Some(change(text)))
            .ok_or(()))
    }

    async fn text(&self, repo: &Repo, entry: &Entry) -> Result<Option<String>, Error> {
        Ok(match self.blob(repo, &entry.sha, MERGED_BYTES_MAX).await? {
            FileText::Text(text) => Some(text),
            FileText::Binary | FileText::TooLarge => None,
        })
    }

    async fn raw_commit(&self, repo: &Repo, commit: &Sha) -> Result<RawCommit, Error> {
        self.get(Scope::read(repo), below(repo, &format!("/git/commits/{commit}")))
            .await
    }
}

/// The three sides.
struct Trees {
    /// What the commit found.
    found: Tree,
    /// What it made of it.
    made: Tree,
    /// The branch as it is.
    now: Tree,
}

impl Trees {
    /// Paths that the commit touched.
    fn touched(&self) -> BTreeSet<&str> {
        let made: BTreeMap<&str, &Entry> = self.made.entries.iter().map(|e| (e.path.as_str(), e)).collect();
        let found: BTreeMap<&str, &Entry> = self.found.entries.iter().map(|e| (e.path.as_str(), e)).collect();
        let paths = made.keys().chain(found.keys()).copied();
        paths
            .filter(|path| !same(made.get(path).copied(), found.get(path).copied()))
            .collect()
    }
}

fn same(one: Option<&Entry>, other: Option<&Entry>) -> bool {
    let what = |entry: &Entry| (entry.kind, entry.sha.clone());
    one.map(what) == other.map(what)
}

/// The file as the commit found it. Links and submodules are for people.
fn restored(path: &str, found: Option<&Entry>) -> Result<Change, ()> {
    let (content, executable) = match found {
        None => (None, false),
        Some(entry) => match entry.kind {
            EntryKind::File => (Some(Content::Blob(entry.sha.clone())), false),
            EntryKind::Executable => (Some(Content::Blob(entry.sha.clone())), true),
            EntryKind::Link | EntryKind::Submodule => return Err(()),
        },
    };
    Ok(Change {
        path: path.to_owned(),
        content,
        executable,
    })
}
