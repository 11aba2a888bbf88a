//! What Millhand writes on the issue: status, plan, questions, requests, reactions.

use super::{At, Ended, Trouble};
use crate::github::render::{Marker, Rendered, Renderer};
use crate::github::{Error, Minimise, NodeId, Posted, Reaction as With, StatusRide};
use crate::workflow::fact::{CommentRef, Outcome, Thread};
use crate::workflow::ids::MicroUsd;
use crate::workflow::order::{Order, Reaction};
use crate::workflow::text::{need, plan, questions, status};
use crate::workflow::waits::waits;

impl At<'_> {
    /// Carries out an order that writes on the issue.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the dispatcher sends only these orders here")]
    pub(super) async fn on_issue(&self, order: &Order) -> Result<Ended, Trouble> {
        let w = self.w;
        match order {
            Order::Status { .. } => self.status().await,
            Order::PostPlan { version, .. } => {
                let text = plan::comment(w, self.estimate());
                self.post(w.issue.number, &self.marker("plan", &version.to_string()), &text, None)
                    .await
            }
            Order::PostQuestions { round } => {
                let text = questions::comment(w, *round);
                self.post(
                    w.issue.number,
                    &self.marker("question", &round.to_string()),
                    &text,
                    Some(&w.issue.author.login),
                )
                .await
            }
            Order::ShowChange { target, change } => self.show(*target, change).await,
            Order::AskPerson { key } => {
                let Some(wait) = waits(w, self.p.engine.now()).into_iter().find(|wait| wait.key == *key) else {
                    return Ok(settled()); // nobody is waited for any more
                };
                let text = need::comment(w, &wait);
                self.post(
                    w.issue.number,
                    &self.marker("need", key),
                    &text,
                    Some(&need::mention(w, &wait)),
                )
                .await
            }
            Order::Minimise { node_id } => {
                self.p
                    .github
                    .minimise(&self.repo, &NodeId(node_id.clone()), Minimise::Outdated)
                    .await?;
                Ok(settled())
            }
            Order::React { node_id, with, .. } => self.react(node_id, *with).await,
            Order::Reply { comment } => self.reply(*comment).await,
            Order::SetLabel => {
                self.p
                    .github
                    .add_label(&self.repo, w.issue.number, &w.settings.labels.trigger)
                    .await?;
                Ok(settled())
            }
            Order::CloseIssue => {
                self.p.github.close_issue(&self.repo, w.issue.number).await?;
                Ok(settled())
            }
            _ => Err(Trouble::Never("not an order for the issue".to_owned())),
        }
    }

    async fn react(&self, node_id: &str, with: Reaction) -> Result<Ended, Trouble> {
        let with = match with {
            Reaction::Eyes => With::Eyes,
            Reaction::Up => With::ThumbsUp,
            Reaction::Confused => With::Confused,
        };
        self.p.github.react(&self.repo, &NodeId(node_id.to_owned()), with).await?;
        Ok(settled())
    }

    /// One short reply under the comment's own issue or pull request.
    async fn reply(&self, comment: u64) -> Result<Ended, Trouble> {
        let Some(ack) = self.w.acks.get(&comment) else {
            return Ok(settled()); // it is answered already
        };
        let number = match ack.on {
            Thread::Issue => self.w.issue.number,
            Thread::Pull(number) => number,
        };
        let text = ack.reply.clone().unwrap_or_default();
        self.post(number, &self.marker("reply", &comment.to_string()), &text, None)
            .await
    }

    /// The status comment: edited where it is, written anew if a person deleted it.
    async fn status(&self) -> Result<Ended, Trouble> {
        let text = self.status_text();
        let marker = self.marker("status", "1");
        let body = self.renderer().marked(&marker, &text)?;
        let digest = status::digest(&text);
        if let Some(comment) = &self.w.status.comment {
            match self.p.github.edit_comment(&self.repo, comment.id, body.body()).await {
                Ok(()) => {
                    return Ok(Ended::with(Outcome::StatusWritten {
                        comment: comment.clone(),
                        digest,
                    }));
                }
                Err(Error::NotFound { .. } | Error::Gone { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // Looked for in any case: an earlier effect may have written it and died.
        let posted = self
            .p
            .github
            .comment(&self.repo, self.w.issue.number, &body, self.p.attempt())
            .await?;
        Ok(Ended::with(Outcome::StatusWritten {
            comment: reference(posted),
            digest,
        }))
    }

    /// Writes a comment that is found again by its marker.
    async fn post(&self, number: u64, marker: &Marker, text: &str, mention: Option<&str>) -> Result<Ended, Trouble> {
        let renderer = match mention {
            Some(login) => self.renderer().mentioning(login),
            None => self.renderer(),
        };
        let body = renderer.marked(marker, text)?;
        let posted = self.p.github.comment(&self.repo, number, &body, self.p.attempt()).await?;
        Ok(Ended::with(Outcome::Posted {
            comment: reference(posted),
            at: self.p.engine.now(),
        }))
    }

    /// The status comment as it would be now.
    fn status_text(&self) -> String {
        status::comment(self.w, &waits(self.w, self.p.engine.now()))
    }

    /// The status comment as a rider on another document, if it is there, has something new to say, and may be edited.
    pub(super) fn ride(&self) -> Result<Option<(StatusRide, String)>, Trouble> {
        let Some(comment) = &self.w.status.comment else {
            return Ok(None);
        };
        let text = self.status_text();
        let digest = status::digest(&text);
        let spread = std::time::Duration::from_millis(self.w.timing.edit_ms);
        let early = self.w.status.at.is_some_and(|at| self.p.engine.now() < at.plus(spread));
        if early || self.w.status.digest.as_ref() == Some(&digest) {
            return Ok(None);
        }
        let body = self.renderer().marked(&self.marker("status", "1"), &text)?.body().clone();
        Ok(Some((
            StatusRide {
                comment: NodeId(comment.node_id.clone()),
                body,
            },
            digest,
        )))
    }

    /// A marker of this workflow.
    pub(super) fn marker(&self, kind: &str, key: &str) -> Marker {
        Marker::new(kind, &self.w.id, key)
    }

    /// The renderer of everything posted here: our own issue and pull requests may be referred to.
    pub(super) fn renderer(&self) -> Renderer {
        let ours = self
            .w
            .targets()
            .into_iter()
            .filter_map(|t| self.w.track(t))
            .filter_map(|t| t.pull.as_ref())
            .map(|p| p.number);
        Renderer::new(self.p.github.endpoints(), &self.repo).referring(ours.chain([self.w.issue.number]))
    }

    /// One line.
    pub(super) fn line(&self, text: &str) -> Result<Rendered, Trouble> {
        Ok(self.renderer().line(text)?)
    }

    /// What the work may cost: a write and a verdict for each phase, and as much again for repairs.
    fn estimate(&self) -> MicroUsd {
        let phases = i64::try_from(self.w.plan.as_ref().map_or(0, |p| p.plan.phases.len())).unwrap_or(0);
        let calls = i64::from(self.w.cost.calls.max(1));
        MicroUsd(self.w.cost.spent.0 + self.w.cost.spent.0 / calls * phases * 4)
    }
}

pub(super) fn settled() -> Ended {
    Ended::with(Outcome::Settled { note: None })
}

pub(super) fn reference(posted: Posted) -> CommentRef {
    CommentRef {
        id: posted.id,
        node_id: posted.node_id.0,
    }
}
