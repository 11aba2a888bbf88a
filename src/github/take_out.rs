//! Taking one commit out of a branch again, by a commit of ours on top of it.
//!
//! A three-way merge by file: its base is what the commit made, one side the branch as it is, the other what the commit
//! found. GitHub's own revert works on the pull request's base only and names its branch itself.
//!
//! Invariant: what others changed since stays; where both changed the same lines nothing is written at all.

use serde::Deserialize;

use super::Github;
use super::branch::BranchAt;
use super::commit::{Changes, Id, Message, NewCommit};
use super::error::Error;
use super::request::{Scope, below, stale};
use super::sides::Sides;
use super::types::{Attempt, Repo, Sha};

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
pub(super) struct RawCommit {
    pub(super) message: String,
    #[serde(default)]
    pub(super) parents: Vec<Id>,
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
        let Some(before) = made.parents.first() else {
            return Ok(Err(vec!["(the commit has no parent)".to_owned()]));
        };
        let sides = Sides {
            base: commit,
            ours: head,
            theirs: &before.sha,
        };
        let Some(together) = self.put_together(repo, sides).await? else {
            return Ok(Err(vec!["(the repository is too large to be read whole)".to_owned()]));
        };
        let named = together.clashes.into_iter().map(|clash| clash.path).take(CONFLICTS_NAMED);
        let conflicts: Vec<String> = named.collect();
        Ok(if conflicts.is_empty() {
            Ok(together.changes)
        } else {
            Err(conflicts)
        })
    }

    pub(super) async fn raw_commit(&self, repo: &Repo, commit: &Sha) -> Result<RawCommit, Error> {
        self.get(Scope::read(repo), below(repo, &format!("/git/commits/{commit}")))
            .await
    }
}
