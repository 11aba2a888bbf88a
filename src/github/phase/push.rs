//! A further commit on a branch of ours, and telling our commits from others'.
//!
//! Invariant: the branch's head is expected; a commit that somebody pushed in between is never passed over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Github;
use super::super::branch::BranchAt;
use super::super::commit::{Change, Changes, Content, Message, NewCommit};
use super::super::compare::{CommitSummary, Comparison};
use super::super::error::{Conflict, Error};
use super::super::graphql::Mutations;
use super::super::request::stale;
use super::super::types::{Attempt, Repo, Sha};
use super::{CREATE_COMMIT, Route};

/// A commit to be put on a branch.
#[derive(Clone, Debug)]
pub struct Push {
    /// The branch.
    pub branch: String,
    /// The head it must have.
    pub expected: Sha,
    /// What the commit does.
    pub changes: Changes,
    /// What it says; a second attempt knows the commit by it, so that it should hold the effect's key.
    pub message: Message,
    /// How it gets there.
    pub route: Route,
}

/// A commit that is on its branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The commit.
    pub commit: Sha,
    /// The branch's head; another than the commit if somebody has pushed since.
    pub head: Sha,
}

/// A commit that is to be on a branch, as both routes need it.
#[derive(Clone, Copy)]
pub(super) struct Draft<'d> {
    pub(super) branch: &'d str,
    pub(super) parent: &'d Sha,
    pub(super) changes: &'d [Change],
    pub(super) message: &'d Message,
    pub(super) route: &'d Route,
}

#[derive(Deserialize)]
pub(super) struct Committed {
    pub(super) commit: Oid,
}

#[derive(Deserialize)]
pub(super) struct Oid {
    pub(super) oid: Sha,
}

impl Push {
    fn draft(&self) -> Draft<'_> {
        Draft {
            branch: &self.branch,
            parent: &self.expected,
            changes: &self.changes,
            message: &self.message,
            route: &self.route,
        }
    }
}

impl Github {
    /// Puts a commit on a branch.
    ///
    /// # Errors
    /// [`Conflict::StaleHead`] if the branch has another head; [`Error::NotFound`] if it is gone.
    pub async fn push(&self, repo: &Repo, push: &Push, attempt: Attempt) -> Result<Pushed, Error> {
        if attempt == Attempt::Again {
            let Some(head) = self.branch_head(repo, &push.branch).await? else {
                return Err(Error::NotFound {
                    message: format!("the branch {} is gone", push.branch),
                });
            };
            if head != push.expected {
                let commit = self.found_commit(repo, &push.expected, &head, &push.message).await?;
                return match commit {
                    Some(commit) => Ok(Pushed { commit, head }),
                    None => Err(stale(format!("{} has moved to {head}", push.branch))),
                };
            }
        }
        let draft = push.draft();
        let commit = if draft.by_tree() {
            self.push_tree(repo, draft).await?
        } else {
            self.push_document(repo, draft).await?
        };
        Ok(Pushed {
            head: commit.clone(),
            commit,
        })
    }

    async fn push_document(&self, repo: &Repo, draft: Draft<'_>) -> Result<Sha, Error> {
        let mut document = Mutations::new("Push");
        document.add("commit", CREATE_COMMIT, draft.input(repo));
        let made: Committed = self.mutate(repo, document).await?.one("commit").into_result()?;
        Ok(made.commit.oid)
    }

    async fn push_tree(&self, repo: &Repo, draft: Draft<'_>) -> Result<Sha, Error> {
        let commit = self.commit_on(repo, draft).await?;
        let branch = BranchAt {
            name: draft.branch.to_owned(),
            sha: commit.clone(),
        };
        match self.move_branch(repo, &branch, Attempt::First).await {
            Ok(()) => Ok(commit),
            Err(error) if error.is_conflict(Conflict::NotFastForward) => Err(stale(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Makes the commit of the tree route, which no branch points to yet.
    pub(super) async fn commit_on(&self, repo: &Repo, draft: Draft<'_>) -> Result<Sha, Error> {
        let base_tree = match draft.route {
            Route::Tree { base } => base.clone(),
            Route::Document => None,
        };
        let (parents, changes, message) = (vec![draft.parent.clone()], draft.changes.to_vec(), draft.message.clone());
        self.create_commit(
            repo,
            &NewCommit {
                parents,
                base_tree,
                changes,
                message,
            },
        )
        .await
    }

    /// The commit an earlier attempt made: the first one on `parent` on the way to `head`, by our account, saying the same.
    pub(super) async fn found_commit(
        &self,
        repo: &Repo,
        parent: &Sha,
        head: &Sha,
        message: &Message,
    ) -> Result<Option<Sha>, Error> {
        let user = self.identity(repo.installation).await?.user_id;
        let between = self.compare(repo, parent.as_str(), head.as_str()).await?;
        Ok(own_commit(&between, parent, user, message).map(|commit| commit.sha.clone()))
    }
}

impl Draft<'_> {
    /// Whether the commit must be made of git's own objects.
    pub(super) fn by_tree(&self) -> bool {
        let needs_tree = |change: &Change| change.executable || matches!(change.content, Some(Content::Blob(_)));
        matches!(self.route, Route::Tree { .. }) || self.changes.iter().any(needs_tree)
    }

    /// The input of `createCommitOnBranch`. Contents are whole files; blobs by id cannot be had this way.
    pub(super) fn input(&self, repo: &Repo) -> Value {
        let mut additions = Vec::new();
        let mut deletions = Vec::new();
        for change in self.changes {
            let bytes = match &change.content {
                Some(Content::Text(text)) => text.as_bytes(),
                Some(Content::Bytes(bytes)) => bytes,
                Some(Content::Blob(_)) => continue,
                None => {
                    deletions.push(json!({ "path": change.path }));
                    continue;
                }
            };
            additions.push(json!({ "path": change.path, "contents": STANDARD.encode(bytes) }));
        }
        json!({
            "branch": { "repositoryNameWithOwner": repo.full_name(), "branchName": self.branch },
            "expectedHeadOid": self.parent,
            "message": { "headline": self.message.headline, "body": self.message.body },
            "fileChanges": { "additions": additions, "deletions": deletions },
        })
    }
}

fn own_commit<'c>(between: &'c Comparison, parent: &Sha, user: u64, message: &Message) -> Option<&'c CommitSummary> {
    let ours = |commit: &&CommitSummary| {
        commit.parents.as_slice() == std::slice::from_ref(parent)
            && commit.author.as_ref().is_some_and(|author| author.id == user)
            && message.says(&commit.message)
    };
    // Nothing may be missing between the parent and the head.
    (between.merge_base == *parent)
        .then(|| between.commits.iter().find(ours))
        .flatten()
}
