//! The merge that settles a conflict: a commit of ours with two parents.
//!
//! Invariant: every file that clashes is given; what the base changed elsewhere is brought in as it is. The branch is moved
//! from its known head only.

use super::Github;
use super::branch::BranchAt;
use super::commit::{Change, Changes, Message, NewCommit};
use super::error::{Conflict, Error};
use super::request::stale;
use super::sides::{Sides, Together};
use super::types::{Attempt, Repo, Sha};

/// A conflict that is settled.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The branch.
    pub branch: String,
    /// The head it must have.
    pub head: Sha,
    /// The base's commit that is merged in.
    pub base: Sha,
    /// The files that clash as they shall be, and others that only the branch has changed.
    pub files: Changes,
    /// What the merge says; a second attempt knows it by that.
    pub message: Message,
}

impl Github {
    /// A branch's head and its base's put together as far as they go: what the branch would bring in and where they clash.
    /// `None`: the repository is too large to be read whole.
    ///
    /// # Errors
    /// [`Error::NotFound`] if one of the two is gone or they have no common ancestor.
    pub async fn clashes(&self, repo: &Repo, head: &Sha, base: &Sha) -> Result<Option<Together>, Error> {
        let common = self.compare(repo, base.as_str(), head.as_str()).await?.merge_base;
        let sides = Sides {
            base: &common,
            ours: head,
            theirs: base,
        };
        self.put_together(repo, sides).await
    }

    /// Puts the merge on its branch.
    ///
    /// # Errors
    /// [`Conflict::StaleHead`] if the branch has another head; [`Conflict::MergeConflict`] if a file that clashes is not
    /// given; [`Error::NotFound`] if the branch is gone; [`Error::WorkflowRefused`].
    pub async fn resolve(&self, repo: &Repo, resolution: &Resolution, attempt: Attempt) -> Result<Sha, Error> {
        let Resolution { branch, head, base, .. } = resolution;
        let Some(now) = self.branch_head(repo, branch).await? else {
            let message = format!("the branch {branch} is gone");
            return Err(Error::NotFound { message });
        };
        if now != *head {
            let made = attempt == Attempt::Again && self.made(repo, &now, resolution).await?;
            return if made {
                Ok(now)
            } else {
                Err(stale(format!("{branch} has moved to {now}")))
            };
        }
        let together = self.clashes(repo, head, base).await?;
        let Some(changes) = together.and_then(|together| settled(together, &resolution.files)) else {
            let message = "a file that clashes was not given".to_owned();
            return Err(Error::conflict(Conflict::MergeConflict, message));
        };
        let commit = NewCommit {
            parents: vec![head.clone(), base.clone()],
            base_tree: None,
            changes,
            message: resolution.message.clone(),
        };
        let made = self.create_commit(repo, &commit).await?;
        let moved = BranchAt {
            name: branch.clone(),
            sha: made.clone(),
        };
        match self.move_branch(repo, &moved, attempt).await {
            Ok(()) => Ok(made),
            Err(error) if error.is_conflict(Conflict::NotFastForward) => Err(stale(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Whether an earlier attempt made this head.
    async fn made(&self, repo: &Repo, now: &Sha, resolution: &Resolution) -> Result<bool, Error> {
        let found = self.raw_commit(repo, now).await?;
        let parents = found.parents.iter().map(|parent| &parent.sha);
        Ok(parents.eq([&resolution.head, &resolution.base]) && resolution.message.says(&found.message))
    }
}

/// What the merge changes on the branch; `None` if a file that clashes is not given.
fn settled(together: Together, given: &[Change]) -> Option<Changes> {
    let mut files: Vec<Change> = given.to_vec();
    for clash in together.clashes {
        let file = files.iter_mut().find(|file| file.path == clash.path)?;
        file.executable = clash.executable && file.content.is_some();
        let gone = clash.texts.is_some_and(|texts| texts.ours.is_none());
        if gone && file.content.is_none() {
            files.retain(|file| file.path != clash.path); // the branch has deleted it already
        }
    }
    let taken = together.changes.into_iter();
    files.extend(taken.filter(|change| given.iter().all(|file| file.path != change.path)));
    Some(files)
}
