//! Answering a review as one review: replies in its threads hang on a pending review of ours, which is then submitted. So
//! people get one mail.
//!
//! Invariant: what stands in a pending review is nobody's business until it is submitted; a second attempt finds it and
//! adds only the replies that are missing.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Github;
use super::error::{Conflict, Error};
use super::graphql::{Mutation, Mutations};
use super::pull_state::{PullState, Review, ReviewState};
use super::render::{Marked, Marker, Rendered};
use super::types::{Attempt, NodeId, PullRef, Repo, Sha};

pub(super) const ADD_REVIEW: Mutation = Mutation {
    field: "addPullRequestReview",
    input: "AddPullRequestReviewInput",
    selection: "{ pullRequestReview { id } }",
};

pub(super) const REPLY: Mutation = Mutation {
    field: "addPullRequestReviewThreadReply",
    input: "AddPullRequestReviewThreadReplyInput",
    selection: "{ comment { id } }",
};

pub(super) const SUBMIT: Mutation = Mutation {
    field: "submitPullRequestReview",
    input: "SubmitPullRequestReviewInput",
    selection: "{ pullRequestReview { id state } }",
};

/// An answer to a review.
#[derive(Clone, Debug)]
pub struct ReviewAnswer {
    /// The pull request.
    pub pull: PullRef,
    /// The commit that answers.
    pub commit: Sha,
    /// The review's own text.
    pub text: Marked,
    /// Replies by thread; a thread that is gone by now is left out.
    pub replies: Vec<(NodeId, Rendered)>,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The review's GraphQL id.
    pub review: NodeId,
    /// Threads that GitHub did not let us reply in, with its reason.
    pub unanswered: Vec<(NodeId, Error)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Added {
    pull_request_review: Named,
}

#[derive(Deserialize)]
struct Named {
    id: NodeId,
}

impl Github {
    /// Answers a review, as one review of ours that neither approves nor refuses.
    ///
    /// # Errors
    /// See [`Error`]; a single thread that could not be answered is in the outcome.
    pub async fn answer_review(&self, repo: &Repo, answer: &ReviewAnswer, attempt: Attempt) -> Result<Answered, Error> {
        let before = match attempt {
            Attempt::First => Before::Nothing,
            Attempt::Again => self.answered_before(repo, answer).await?,
        };
        let (pending, done) = match before {
            Before::Submitted(review) => {
                return Ok(Answered {
                    review,
                    unanswered: Vec::new(),
                });
            }
            Before::Pending { review, replied } => (Some(review), replied),
            Before::Nothing => (None, BTreeSet::new()),
        };
        let pending = match pending {
            Some(review) => review,
            None if answer.replies.is_empty() => return self.plain_review(repo, answer).await,
            None => match self.begin_review(repo, answer).await {
                Err(error) if error.is_conflict(Conflict::PendingReview) && attempt == Attempt::First => {
                    return Box::pin(self.answer_review(repo, answer, Attempt::Again)).await;
                }
                begun => begun?,
            },
        };
        let mut document = Mutations::new("AnswerReview");
        let missing: Vec<_> = answer.replies.iter().filter(|(thread, _)| !done.contains(thread)).collect();
        for (index, (thread, body)) in missing.iter().enumerate() {
            let input = json!({ "pullRequestReviewThreadId": thread, "pullRequestReviewId": pending, "body": body });
            document.add(format!("reply{index}"), REPLY, input);
        }
        let submit = json!({ "pullRequestReviewId": pending, "event": "COMMENT", "body": answer.text.body() });
        document.add("review", SUBMIT, submit);
        let mut outcomes = self.mutate(repo, document).await?;
        outcomes.one::<Value>("review").into_result()?;
        let unanswered = missing.into_iter().enumerate().filter_map(|(index, (thread, _))| {
            let refused = outcomes.one::<Value>(&format!("reply{index}")).into_result().err()?;
            Some((thread.clone(), refused))
        });
        Ok(Answered {
            review: pending,
            unanswered: unanswered.collect(),
        })
    }

    /// A review in one document: there is no thread to answer.
    async fn plain_review(&self, repo: &Repo, answer: &ReviewAnswer) -> Result<Answered, Error> {
        let mut document = Mutations::new("Review");
        let input = json!({
            "pullRequestId": answer.pull.node_id, "commitOID": answer.commit, "event": "COMMENT", "body": answer.text.body(),
        });
        document.add("review", ADD_REVIEW, input);
        let added: Added = self.mutate(repo, document).await?.one("review").into_result()?;
        Ok(Answered {
            review: added.pull_request_review.id,
            unanswered: Vec::new(),
        })
    }

    async fn begin_review(&self, repo: &Repo, answer: &ReviewAnswer) -> Result<NodeId, Error> {
        let mut document = Mutations::new("BeginReview");
        let input = json!({ "pullRequestId": answer.pull.node_id, "commitOID": answer.commit, "body": answer.text.body() });
        document.add("review", ADD_REVIEW, input);
        let added: Added = self.mutate(repo, document).await?.one("review").into_result()?;
        Ok(added.pull_request_review.id)
    }

    async fn answered_before(&self, repo: &Repo, answer: &ReviewAnswer) -> Result<Before, Error> {
        let user = self.identity(repo.installation).await?.user_id;
        let Some(pull) = self.read_pull(repo, answer.pull.number).await? else {
            return Err(Error::NotFound {
                message: format!("no pull request {}", answer.pull.number),
            });
        };
        Ok(Before::of(&pull, user, answer.text.marker()))
    }
}

/// How far an earlier attempt came.
#[derive(Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Pending { review: NodeId, replied: BTreeSet<NodeId> },
    Submitted(NodeId),
}

impl Before {
    fn of(pull: &PullState, user: u64, marker: &Marker) -> Self {
        let ours =
            |review: &&Review| review.author.as_ref().is_some_and(|author| author.id == user) && marker.is_on(&review.body);
        let submitted = pull
            .reviews
            .iter()
            .filter(ours)
            .find(|review| review.state != ReviewState::Pending);
        if let Some(review) = submitted {
            return Self::Submitted(review.node_id.clone());
        }
        // There is at most one pending review of ours, whatever it says: only we see it.
        let pending = |review: &&Review| {
            review.state == ReviewState::Pending && review.author.as_ref().is_some_and(|author| author.id == user)
        };
        match pull.reviews.iter().find(pending) {
            Some(review) => {
                let hangs = |thread: &&super::Thread| {
                    thread
                        .comments
                        .iter()
                        .any(|comment| comment.review.as_ref() == Some(&review.node_id))
                };
                let replied = pull
                    .threads
                    .iter()
                    .filter(hangs)
                    .map(|thread| thread.node_id.clone())
                    .collect();
                Self::Pending {
                    review: review.node_id.clone(),
                    replied,
                }
            }
            None => Self::Nothing,
        }
    }
}
