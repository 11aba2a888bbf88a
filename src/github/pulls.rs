//! Pull requests outside the phase's documents: the release's, and what is done to any of them one at a time.
//!
//! Invariant: a pull request is adopted only if it is open, our own account opened it, and head and base are the ones asked
//! for.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Github;
use super::error::{Conflict, Error};
use super::graphql::{Mutation, Mutations};
use super::phase::{NewPull, StatusRide};
use super::pull_state::{Nodes, PullLife, PullState, actor, life};
use super::render::Rendered;
use super::request::Scope;
use super::types::{Actor, Attempt, GraphActor, NodeId, PullRef, Repo, Sha, WHO};

/// What is selected of a pull request just made.
pub(super) const CREATE_PULL: Mutation = Mutation {
    field: "createPullRequest",
    input: "CreatePullRequestInput",
    selection: "{ pullRequest { id number url headRefOid isDraft } }",
};

pub(super) const CLOSE_PULL: Mutation = Mutation {
    field: "closePullRequest",
    input: "ClosePullRequestInput",
    selection: "{ pullRequest { id state } }",
};

pub(super) const UPDATE_PULL: Mutation = Mutation {
    field: "updatePullRequest",
    input: "UpdatePullRequestInput",
    selection: "{ pullRequest { id } }",
};

pub(super) const READY: Mutation = Mutation {
    field: "markPullRequestReadyForReview",
    input: "MarkPullRequestReadyForReviewInput",
    selection: "{ pullRequest { id isDraft } }",
};

pub(super) const ADD_COMMENT: Mutation = Mutation {
    field: "addComment",
    input: "AddCommentInput",
    selection: "{ commentEdge { node { id } } }",
};

/// A pull request found by its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullFound {
    /// Its names.
    pub pull: PullRef,
    /// Its page.
    pub url: String,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Open, closed or merged.
    pub life: PullLife,
    /// Whether it is a draft.
    pub draft: bool,
    /// Its head commit.
    pub head_sha: Sha,
    /// Its base branch.
    pub base: String,
}

/// What of a pull request is changed; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullEdit {
    /// Its title.
    pub title: Option<Rendered>,
    /// Its body.
    pub body: Option<Rendered>,
    /// Its base branch.
    pub base: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedPull {
    pub(super) pull_request: Created,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) id: NodeId,
    pub(super) number: u64,
    pub(super) url: String,
    pub(super) head_ref_oid: Sha,
    pub(super) is_draft: bool,
}

impl Created {
    pub(super) fn found(self, base: &str) -> PullFound {
        PullFound {
            pull: PullRef {
                number: self.number,
                node_id: self.id,
            },
            url: self.url,
            author: None,
            life: PullLife::Open,
            draft: self.is_draft,
            head_sha: self.head_ref_oid,
            base: base.to_owned(),
        }
    }
}

impl Github {
    /// Reads one pull request whole; `None` if there is none of that number.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the repository is gone.
    pub async fn read_pull(&self, repo: &Repo, number: u64) -> Result<Option<PullState>, Error> {
        Ok(self.read_pulls(repo, &[number]).await?.remove(&number))
    }

    /// Opens a pull request between two branches that are there. One of ours that is open between them is adopted.
    ///
    /// # Errors
    /// [`Conflict::NoCommits`] if the head has nothing new; [`Conflict::Exists`] if somebody else's is open there.
    pub async fn open_pull(&self, repo: &Repo, head: &str, new: &NewPull, attempt: Attempt) -> Result<PullFound, Error> {
        if attempt == Attempt::Again
            && let Some(found) = self.own_pull(repo, head, &new.base).await?
        {
            return Ok(found);
        }
        match self.create_pull(repo, head, new, None).await {
            Err(error) if error.is_conflict(Conflict::Exists) => match self.own_pull(repo, head, &new.base).await? {
                Some(found) => Ok(found),
                None => Err(error),
            },
            outcome => outcome,
        }
    }

    /// The pull requests with this head branch in this repository, newest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn find_pulls(&self, repo: &Repo, head: &str) -> Result<Vec<PullFound>, Error> {
        #[derive(Deserialize)]
        struct Data {
            node: Repository,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Repository {
            pull_requests: Nodes<Raw>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Raw {
            id: NodeId,
            number: u64,
            url: String,
            state: String,
            is_draft: bool,
            is_cross_repository: bool,
            head_ref_oid: Sha,
            base_ref_name: String,
            author: Option<GraphActor>,
        }
        let variables = json!({ "repository": repo.node_id, "head": head });
        let data: Data = self
            .query(Scope::read(repo), "PullsOfHead", &pulls_of_head_query(), variables)
            .await?;
        let of = |raw: Raw| PullFound {
            pull: PullRef {
                number: raw.number,
                node_id: raw.id,
            },
            url: raw.url,
            author: actor(raw.author),
            life: life(&raw.state),
            draft: raw.is_draft,
            head_sha: raw.head_ref_oid,
            base: raw.base_ref_name,
        };
        let mut found: Vec<PullFound> = data
            .node
            .pull_requests
            .all()
            .filter(|raw| !raw.is_cross_repository)
            .map(of)
            .collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.pull.number));
        Ok(found)
    }

    /// Changes title, body or base. Repeating it is harmless.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_pull(&self, repo: &Repo, pull: &PullRef, edit: &PullEdit) -> Result<(), Error> {
        let mut input = json!({ "pullRequestId": pull.node_id });
        if let Some(input) = input.as_object_mut() {
            input.extend(edit.title.as_ref().map(|title| ("title".to_owned(), json!(title))));
            input.extend(edit.body.as_ref().map(|body| ("body".to_owned(), json!(body))));
            input.extend(edit.base.as_ref().map(|base| ("baseRefName".to_owned(), json!(base))));
        }
        let mut document = Mutations::new("UpdatePull");
        document.add("pull", UPDATE_PULL, input);
        self.mutate(repo, document)
            .await?
            .one::<Value>("pull")
            .into_result()
            .map(|_| ())
    }

    /// Closes a pull request, with a note before it. A second attempt does nothing if it is closed already.
    ///
    /// # Errors
    /// See [`Error`]; a note that could not be written does not keep it open.
    pub async fn close_pull(&self, repo: &Repo, pull: &PullRef, note: Option<&Rendered>, attempt: Attempt) -> Result<(), Error> {
        if attempt == Attempt::Again {
            let life = self.read_pull(repo, pull.number).await?.map(|found| found.life);
            if life != Some(PullLife::Open) {
                return Ok(());
            }
        }
        let mut document = Mutations::new("ClosePull");
        if let Some(note) = note {
            document.add("note", ADD_COMMENT, json!({ "subjectId": pull.node_id, "body": note }));
        }
        document.add("pull", CLOSE_PULL, json!({ "pullRequestId": pull.node_id }));
        self.mutate(repo, document)
            .await?
            .one::<Value>("pull")
            .into_result()
            .map(|_| ())
    }

    /// Takes a pull request out of draft. A second attempt does nothing if it is no draft already.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn mark_ready(&self, repo: &Repo, pull: &PullRef, attempt: Attempt) -> Result<(), Error> {
        if attempt == Attempt::Again && self.read_pull(repo, pull.number).await?.is_some_and(|found| !found.draft) {
            return Ok(());
        }
        let mut document = Mutations::new("Ready");
        document.add("ready", READY, json!({ "pullRequestId": pull.node_id }));
        self.mutate(repo, document)
            .await?
            .one::<Value>("ready")
            .into_result()
            .map(|_| ())
    }

    /// The open pull request that our own account opened between two branches.
    pub(super) async fn own_pull(&self, repo: &Repo, head: &str, base: &str) -> Result<Option<PullFound>, Error> {
        let user = self.identity(repo.installation).await?.user_id;
        let ours = |found: &PullFound| {
            let author = found.author.as_ref().is_some_and(|author| author.id == user);
            found.life == PullLife::Open && author && found.base == base
        };
        Ok(self.find_pulls(repo, head).await?.into_iter().find(ours))
    }

    /// Opens a pull request, plain where there are no drafts; a status comment may ride along.
    pub(super) async fn create_pull(
        &self,
        repo: &Repo,
        head: &str,
        new: &NewPull,
        ride: Option<&StatusRide>,
    ) -> Result<PullFound, Error> {
        for draft in [new.draft, false] {
            let mut document = Mutations::new("OpenPull");
            document.add("pull", CREATE_PULL, new.input(repo, head, draft));
            if let Some(ride) = ride {
                ride.join(&mut document);
            }
            match self.mutate(repo, document).await?.one::<CreatedPull>("pull").into_result() {
                Err(error) if draft && error.is_conflict(Conflict::DraftsUnsupported) => {}
                outcome => return outcome.map(|made| made.pull_request.found(&new.base)),
            }
        }
        Err(Error::conflict(
            Conflict::DraftsUnsupported,
            "GitHub opens neither a draft nor a plain pull request here",
        ))
    }
}

/// Asks for the pull requests of a head branch.
pub(super) fn pulls_of_head_query() -> String {
    format!(
        "query PullsOfHead($repository: ID!, $head: String!) {{ node(id: $repository) {{ ... on Repository {{
pullRequests(headRefName: $head, last: 20) {{ nodes {{ id number url state isDraft isCrossRepository headRefOid baseRefName
  author {{ ...Who }} }} }} }} }} }}\n{WHO}"
    )
}
