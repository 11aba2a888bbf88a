//! The last document: the merge, at the head that was approved and no other.
//!
//! Invariant: a merge that somebody else made, or that an earlier attempt made, is the same outcome; a refusal keeps
//! GitHub's sentence, because only it names the rule.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Github;
use super::super::error::Error;
use super::super::graphql::{Mutations, Outcome};
use super::super::pull_state::{PullLife, PullState};
use super::super::render::Rendered;
use super::super::request::stale;
use super::super::types::{Actor, Attempt, PullRef, Repo, Sha};
use super::{MERGE, StatusRide};

/// How the commits of a pull request reach its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// All of them, below a merge commit.
    Merge,
    /// As one commit.
    Squash,
    /// One by one on top of the base.
    Rebase,
}

/// A merge to be made.
#[derive(Clone, Debug)]
pub struct Merge {
    /// The pull request.
    pub pull: PullRef,
    /// The head that was approved.
    pub head: Sha,
    /// How.
    pub method: MergeMethod,
    /// First line of the commit on the base.
    pub headline: Rendered,
    /// The rest of its message; always given, or GitHub puts all commits' messages together.
    pub body: Rendered,
    /// The status comment, if it rides along.
    pub ride: Option<StatusRide>,
}

/// A merge that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merging {
    /// The commit on the base; `None` if GitHub did not name it yet.
    pub commit: Option<Sha>,
    /// Who merged, if it was found merged.
    pub found: Option<Actor>,
    /// What became of the status comment; `None` if it did not ride in this document.
    pub status: Option<Outcome<()>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    pull_request: RawMerged,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMerged {
    merged: bool,
    merge_commit: Option<Oid>,
}

#[derive(Deserialize)]
struct Oid {
    oid: Sha,
}

impl Merge {
    fn input(&self) -> Value {
        let method = match self.method {
            MergeMethod::Merge => "MERGE",
            MergeMethod::Squash => "SQUASH",
            MergeMethod::Rebase => "REBASE",
        };
        json!({
            "pullRequestId": self.pull.node_id, "expectedHeadOid": self.head, "mergeMethod": method,
            "commitHeadline": self.headline, "commitBody": self.body,
        })
    }
}

impl Github {
    /// Merges a pull request at a head.
    ///
    /// # Errors
    /// [`Conflict::StaleHead`](super::super::Conflict::StaleHead) if the head is another; `BaseModified`: try again;
    /// `NotMergeable`: conflict, or not computed yet; [`Error::Refused`] and [`Error::Denied`] with the rule's sentence;
    /// [`Error::Gone`] if it was closed.
    pub async fn merge_phase(&self, repo: &Repo, merge: &Merge, attempt: Attempt) -> Result<Merging, Error> {
        if attempt == Attempt::Again {
            match self.read_pull(repo, merge.pull.number).await? {
                Some(pull) => {
                    if let Some(merged) = merged_before(pull, &merge.head)? {
                        return Ok(merged);
                    }
                }
                None => {
                    return Err(Error::NotFound {
                        message: format!("no pull request {}", merge.pull.number),
                    });
                }
            }
        }
        let mut document = Mutations::new("MergePhase");
        document.add("merge", MERGE, merge.input());
        if let Some(ride) = &merge.ride {
            ride.join(&mut document);
        }
        let mut outcomes = self.mutate(repo, document).await?;
        let answered: Answered = outcomes.one("merge").into_result()?;
        if !answered.pull_request.merged {
            return Err(Error::Unknown {
                message: "GitHub answered the merge with a pull request that is not merged".to_owned(),
            });
        }
        let status = outcomes.take::<Value>(StatusRide::ALIAS).map(|outcome| outcome.map(|_| ()));
        Ok(Merging {
            commit: answered.pull_request.merge_commit.map(|commit| commit.oid),
            found: None,
            status,
        })
    }
}

/// What an earlier attempt, or somebody, did.
fn merged_before(pull: PullState, head: &Sha) -> Result<Option<Merging>, Error> {
    match pull.life {
        PullLife::Merged => Ok(Some(Merging {
            commit: pull.merge_commit,
            found: pull.merged_by,
            status: None,
        })),
        PullLife::Closed => Err(Error::Gone {
            message: format!("pull request {} is closed", pull.pull.number),
        }),
        PullLife::Open if pull.head_sha != *head => Err(stale(format!("the head is {} now", pull.head_sha))),
        PullLife::Open => Ok(None),
    }
}
