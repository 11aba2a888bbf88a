//! The first document of a phase: branch, commit and draft pull request at once.
//!
//! The three need only what is known beforehand, so they go in one document. They are not one transaction: the branch may
//! exist, the commit may be refused, and the pull request then be opened on something else. Hence the answer's heads are
//! compared, and a second attempt goes step by step through what is there.
//!
//! Invariant: returns a pull request only if its head is our commit or has it below.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Github;
use super::super::branch::BranchAt;
use super::super::commit::{Changes, Message};
use super::super::error::{Conflict, Error};
use super::super::graphql::{Mutations, Outcome};
use super::super::pulls::{CREATE_PULL, CreatedPull, PullFound};
use super::super::render::Rendered;
use super::super::types::{Attempt, PullRef, Repo, Sha};
use super::push::{Committed, Draft};
use super::{CREATE_COMMIT, CREATE_REF, Route, StatusRide};

/// A pull request to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPull {
    /// The branch it goes to.
    pub base: String,
    /// Its title.
    pub title: Rendered,
    /// Its body.
    pub body: Rendered,
    /// Whether it begins as a draft; where there are none it is opened plain.
    pub draft: bool,
}

/// A phase to be opened.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The branch to be made.
    pub branch: String,
    /// The commit it begins at.
    pub start: Sha,
    /// What the commit does.
    pub changes: Changes,
    /// What it says; a second attempt knows the commit by it, so that it should hold the effect's key.
    pub message: Message,
    /// How the commit gets there.
    pub route: Route,
    /// The pull request.
    pub pull: NewPull,
    /// The status comment, if it rides along.
    pub ride: Option<StatusRide>,
}

/// A phase that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The pull request.
    pub pull: PullRef,
    /// Its page.
    pub url: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// Our commit.
    pub commit: Sha,
    /// The pull request's head; another than the commit if somebody has pushed since.
    pub head: Sha,
    /// What became of the status comment; `None` if it did not ride in the document that did the rest.
    pub status: Option<Outcome<()>>,
}

impl NewPull {
    pub(in crate::github) fn input(&self, repo: &Repo, head: &str, draft: bool) -> Value {
        json!({
            "repositoryId": repo.node_id, "baseRefName": self.base, "headRefName": head,
            "title": self.title, "body": self.body, "draft": draft,
        })
    }
}

impl Opening {
    fn first(&self) -> Draft<'_> {
        Draft {
            branch: &self.branch,
            parent: &self.start,
            changes: &self.changes,
            message: &self.message,
            route: &self.route,
        }
    }
}

/// What the document's answer held.
struct Answer {
    branch: Outcome<Value>,
    commit: Outcome<Sha>,
    pull: Outcome<PullFound>,
    status: Option<Outcome<()>>,
}

#[derive(Deserialize)]
struct Ignored {}

impl Github {
    /// Makes branch, commit and pull request.
    ///
    /// # Errors
    /// [`Conflict::Exists`] if the branch exists with something else on it; [`Error::WorkflowRefused`];
    /// [`Error::Denied`] if a rule or push protection forbids it.
    pub async fn open_phase(&self, repo: &Repo, opening: &Opening, attempt: Attempt) -> Result<Opened, Error> {
        if attempt == Attempt::Again {
            return self.resume(repo, opening).await;
        }
        let answer = if opening.first().by_tree() {
            let commit = self.commit_on(repo, opening.first()).await?;
            self.open_at(repo, opening, &commit).await?
        } else {
            self.open_document(repo, opening).await?
        };
        self.settle(repo, opening, answer).await
    }

    async fn open_document(&self, repo: &Repo, opening: &Opening) -> Result<Answer, Error> {
        let mut document = Mutations::new("OpenPhase");
        document.add("branch", CREATE_REF, ref_input(repo, &opening.branch, &opening.start));
        document.add("commit", CREATE_COMMIT, opening.first().input(repo));
        self.with_pull(repo, opening, document, None).await
    }

    /// The tree route's last document: the commit exists, the branch appears with it.
    async fn open_at(&self, repo: &Repo, opening: &Opening, commit: &Sha) -> Result<Answer, Error> {
        let mut document = Mutations::new("OpenPhaseAt");
        document.add("branch", CREATE_REF, ref_input(repo, &opening.branch, commit));
        self.with_pull(repo, opening, document, Some(commit)).await
    }

    async fn with_pull(&self, repo: &Repo, opening: &Opening, document: Mutations, at: Option<&Sha>) -> Result<Answer, Error> {
        let mut document = document;
        document.add(
            "pull",
            CREATE_PULL,
            opening.pull.input(repo, &opening.branch, opening.pull.draft),
        );
        if let Some(ride) = &opening.ride {
            ride.join(&mut document);
        }
        let mut outcomes = self.mutate(repo, document).await?;
        let branch = outcomes.one::<Value>("branch");
        let commit = match at {
            None => outcomes.one::<Committed>("commit").map(|made| made.commit.oid),
            // The commit was made before; it is on the branch if the branch was made at it.
            Some(commit) => branch.clone().map(|_| commit.clone()),
        };
        let pull = outcomes
            .one::<CreatedPull>("pull")
            .map(|made| made.pull_request.found(&opening.pull.base));
        let status = outcomes.take::<Ignored>(StatusRide::ALIAS).map(|outcome| outcome.map(|_| ()));
        Ok(Answer {
            branch,
            commit,
            pull,
            status,
        })
    }

    /// Compares what the answer says and mends what is half done.
    async fn settle(&self, repo: &Repo, opening: &Opening, answer: Answer) -> Result<Opened, Error> {
        let Answer {
            branch,
            commit,
            pull,
            status,
        } = answer;
        match (commit, pull) {
            (Outcome::Done(commit), Outcome::Done(pull)) if pull.head_sha == commit => Ok(Opened::of(pull, commit, status)),
            (Outcome::Done(commit), Outcome::Refused(error)) if error.is_conflict(Conflict::DraftsUnsupported) => {
                let pull = self
                    .create_pull(
                        repo,
                        &opening.branch,
                        &NewPull {
                            draft: false,
                            ..opening.pull.clone()
                        },
                        None,
                    )
                    .await?;
                Ok(Opened::of(pull, commit, status))
            }
            // A lost part, or a name that was taken: what is there decides.
            (Outcome::Unknown, _) | (_, Outcome::Unknown) => self.resume(repo, opening).await,
            (_, Outcome::Done(pull)) => {
                self.close_pull(repo, &pull.pull, None, Attempt::First).await?;
                Err(taken(opening, &pull.head_sha))
            }
            (Outcome::Refused(error), Outcome::Refused(_)) => match branch {
                Outcome::Refused(first) if first.is_conflict(Conflict::Exists) => self.resume(repo, opening).await,
                Outcome::Refused(first) => Err(first),
                Outcome::Done(_) | Outcome::Unknown => Err(error),
            },
            (Outcome::Done(_), Outcome::Refused(error)) if error.is_conflict(Conflict::Exists) => {
                self.resume(repo, opening).await
            }
            (Outcome::Done(_), Outcome::Refused(error)) => Err(error),
        }
    }

    /// Goes through branch, commit and pull request, and does what is missing.
    async fn resume(&self, repo: &Repo, opening: &Opening) -> Result<Opened, Error> {
        let head = self.branch_head(repo, &opening.branch).await?;
        let (commit, head) = match head {
            Some(head) if head != opening.start => {
                let commit = self.found_commit(repo, &opening.start, &head, &opening.message).await?;
                match commit {
                    Some(commit) => (commit, head),
                    None => return self.give_up(repo, opening, &head).await,
                }
            }
            head => {
                let commit = self.commit_again(repo, opening, head.is_some()).await?;
                (commit.clone(), commit)
            }
        };
        let pull = self.open_pull(repo, &opening.branch, &opening.pull, Attempt::Again).await?;
        Ok(Opened {
            head,
            ..Opened::of(pull, commit, None)
        })
    }

    /// Makes the commit where the branch is missing, or stands at its beginning.
    async fn commit_again(&self, repo: &Repo, opening: &Opening, exists: bool) -> Result<Sha, Error> {
        if opening.first().by_tree() {
            let commit = self.commit_on(repo, opening.first()).await?;
            let branch = BranchAt {
                name: opening.branch.clone(),
                sha: commit.clone(),
            };
            if exists {
                self.move_branch(repo, &branch, Attempt::First).await?;
            } else {
                self.create_branch(repo, &branch, Attempt::First).await?;
            }
            return Ok(commit);
        }
        let mut document = Mutations::new("CommitPhase");
        if !exists {
            document.add("branch", CREATE_REF, ref_input(repo, &opening.branch, &opening.start));
        }
        document.add("commit", CREATE_COMMIT, opening.first().input(repo));
        let mut outcomes = self.mutate(repo, document).await?;
        if let Some(branch) = outcomes.take::<Value>("branch") {
            branch.into_result()?;
        }
        outcomes.one::<Committed>("commit").into_result().map(|made| made.commit.oid)
    }

    /// The name is somebody else's: a pull request that we opened on it goes.
    async fn give_up(&self, repo: &Repo, opening: &Opening, head: &Sha) -> Result<Opened, Error> {
        if let Some(pull) = self.own_pull(repo, &opening.branch, &opening.pull.base).await? {
            self.close_pull(repo, &pull.pull, None, Attempt::First).await?;
        }
        Err(taken(opening, head))
    }
}

impl Opened {
    fn of(pull: PullFound, commit: Sha, status: Option<Outcome<()>>) -> Self {
        Self {
            pull: pull.pull,
            url: pull.url,
            draft: pull.draft,
            commit,
            head: pull.head_sha,
            status,
        }
    }
}

fn ref_input(repo: &Repo, branch: &str, at: &Sha) -> Value {
    json!({ "repositoryId": repo.node_id, "name": format!("refs/heads/{branch}"), "oid": at })
}

fn taken(opening: &Opening, head: &Sha) -> Error {
    Error::conflict(
        Conflict::Exists,
        format!("the branch {} exists with other commits ({head})", opening.branch),
    )
}
