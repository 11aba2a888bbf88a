//! Branches: making, moving and merging them, and finding them by name.
//!
//! Nothing here forces: a branch moves forward only.
//!
//! Invariant: names are without `refs/heads/`; what is found under a name is compared by its commit before it is believed.

use serde::Deserialize;
use serde_json::json;

use super::Github;
use super::error::{Conflict, Error, optional};
use super::render::Rendered;
use super::request::{Request, Scope, below, segment};
use super::types::{Attempt, Repo, Sha};

/// Most branches of one prefix that are listed: far above what a workflow makes.
const MOST: usize = 1000;

/// A branch at a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BranchAt {
    /// Its name without `refs/heads/`.
    pub name: String,
    /// Its commit.
    pub sha: Sha,
}

/// What came of merging one branch into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// A merge commit was made.
    Commit(Sha),
    /// The base has it all already.
    UpToDate,
    /// The two conflict; nothing was changed.
    Conflicts,
}

#[derive(Deserialize)]
struct RawRef {
    #[serde(rename = "ref")]
    name: String,
    object: RawObject,
}

#[derive(Deserialize)]
struct RawObject {
    sha: Sha,
}

impl Github {
    /// The commit of a branch; `None` if there is no such branch.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn branch_head(&self, repo: &Repo, name: &str) -> Result<Option<Sha>, Error> {
        let path = below(repo, &format!("/git/ref/heads/{}", encoded(name)));
        Ok(optional(self.get::<RawRef>(Scope::read(repo), path).await)?.map(|found| found.object.sha))
    }

    /// The branches whose names begin with `prefix`, in order of name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn branches(&self, repo: &Repo, prefix: &str) -> Result<Vec<BranchAt>, Error> {
        let path = below(repo, &format!("/git/matching-refs/heads/{}", encoded(prefix)));
        let found = self.list(Scope::read(repo), &path, MOST, |page: Vec<RawRef>| page).await?;
        let of = |raw: RawRef| {
            raw.name.strip_prefix("refs/heads/").map(|name| BranchAt {
                name: name.to_owned(),
                sha: raw.object.sha,
            })
        };
        let mut branches: Vec<BranchAt> = found.into_iter().filter_map(of).collect();
        branches.sort();
        Ok(branches)
    }

    /// Makes a branch. One that exists at the same commit is as good as made.
    ///
    /// # Errors
    /// [`Conflict::Exists`] if there is one at another commit; [`Error::WorkflowRefused`].
    pub async fn create_branch(&self, repo: &Repo, branch: &BranchAt, attempt: Attempt) -> Result<(), Error> {
        if attempt == Attempt::Again && self.stands(repo, branch).await? {
            return Ok(());
        }
        let body = json!({ "ref": format!("refs/heads/{}", branch.name), "sha": branch.sha });
        match self
            .call(Scope::write(repo), Request::post(below(repo, "/git/refs"), body))
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict(Conflict::Exists) => match self.stands(repo, branch).await? {
                true => Ok(()),
                false => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Moves a branch forward to a commit that contains its present one.
    ///
    /// # Errors
    /// [`Conflict::NotFastForward`] if it has commits that would be lost; [`Error::NotFound`] if it is gone.
    pub async fn move_branch(&self, repo: &Repo, branch: &BranchAt, attempt: Attempt) -> Result<(), Error> {
        if attempt == Attempt::Again && self.stands(repo, branch).await? {
            return Ok(());
        }
        let path = below(repo, &format!("/git/refs/heads/{}", encoded(&branch.name)));
        let body = json!({ "sha": branch.sha, "force": false });
        self.call(Scope::write(repo), Request::patch(path, body)).await.map(|_| ())
    }

    /// Merges `head` (a branch or commit) into the branch `base` by a merge commit. Repeating it is harmless: a base that
    /// has it all says so.
    ///
    /// # Errors
    /// [`Error::WorkflowRefused`] if it would bring workflow files that differ from the default branch's.
    pub async fn merge_branch(&self, repo: &Repo, base: &str, head: &str, message: &Rendered) -> Result<Merged, Error> {
        let body = json!({ "base": base, "head": head, "commit_message": message });
        match self
            .call(Scope::write(repo), Request::post(below(repo, "/merges"), body))
            .await
        {
            Ok(reply) if reply.status == http::StatusCode::NO_CONTENT => Ok(Merged::UpToDate),
            Ok(reply) => reply.json::<RawObject>().map(|made| Merged::Commit(made.sha)),
            Err(error) if error.is_conflict(Conflict::MergeConflict) => Ok(Merged::Conflicts),
            Err(error) => Err(error),
        }
    }

    async fn stands(&self, repo: &Repo, branch: &BranchAt) -> Result<bool, Error> {
        Ok(self.branch_head(repo, &branch.name).await?.as_ref() == Some(&branch.sha))
    }
}

/// A branch's name, or a range's end, as part of a path: slashes stay.
pub(super) fn encoded(name: &str) -> String {
    name.split('/').map(segment).collect::<Vec<_>>().join("/")
}
