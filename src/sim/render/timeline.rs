//! The timeline of an issue or pull request as GitHub writes it.
//!
//! Invariant: comments, submitted reviews and commits appear among the events by their time; a pending review does not.

use serde_json::{Value, json};

use super::Render;
use super::account::add;
use super::repository::merge;
use crate::clock::Millis;
use crate::sim::git::Oid;
use crate::sim::world::{Closer, Comment, Issue, NodeRef, Repository, Review, ReviewState, TimelineEvent, TimelineKind, UserId};

impl Render<'_> {
    /// The whole timeline, oldest first, without a pull request's commits.
    #[must_use]
    pub(crate) fn timeline(&self, repo: &Repository, issue: &Issue) -> Vec<(Millis, Value)> {
        let mut entries: Vec<(Millis, Value)> = Vec::new();
        entries.extend(
            issue
                .timeline
                .iter()
                .map(|event| (event.at, self.timeline_event(repo, issue, event))),
        );
        entries.extend(
            repo.comments_on(issue.number)
                .map(|comment| (comment.created_at, self.commented(repo, comment))),
        );
        for review in repo
            .reviews_on(issue.number)
            .filter(|review| review.state != ReviewState::Pending)
        {
            entries.push((
                review.submitted_at.unwrap_or(review.created_at),
                self.reviewed(repo, issue, review),
            ));
        }
        // A stable sort: what happened in the same moment keeps the order above.
        entries.sort_by_key(|(at, _)| *at);
        entries
    }

    fn commented(&self, repo: &Repository, comment: &Comment) -> Value {
        let mut object = self.comment(repo, comment);
        add(
            &mut object,
            [("event", json!("commented")), ("actor", self.user(comment.author))],
        );
        object
    }

    fn reviewed(&self, repo: &Repository, issue: &Issue, review: &Review) -> Value {
        let mut object = self.review(repo, issue, review);
        add(
            &mut object,
            [
                ("event", json!("reviewed")),
                ("state", json!(review.state.name().to_lowercase())),
            ],
        );
        object
    }

    fn timeline_event(&self, repo: &Repository, issue: &Issue, event: &TimelineEvent) -> Value {
        if let TimelineKind::CrossReferenced { source, number, .. } = &event.kind {
            return self.cross_reference(*source, *number, event);
        }
        let commit = commit_of(&event.kind).map(|oid| oid.to_string());
        let mut object = json!({
            "id": event.id, "node_id": NodeRef::TimelineEvent(repo.id, event.id).encode(),
            "url": self.repo_url(repo, format_args!("/issues/events/{}", event.id)), "actor": self.user(event.actor),
            "event": event.kind.name(), "commit_id": commit,
            "commit_url": commit.as_ref().map(|sha| self.repo_url(repo, format_args!("/commits/{sha}"))),
            "created_at": event.at.rfc3339(), "performed_via_github_app": self.via_app(event.via_app),
        });
        merge(&mut object, self.details(issue, event.actor, &event.kind));
        object
    }

    fn details(&self, issue: &Issue, actor: UserId, kind: &TimelineKind) -> Value {
        match kind {
            TimelineKind::Labeled { label, color } | TimelineKind::Unlabeled { label, color } => {
                json!({ "label": { "name": label, "color": color } })
            }
            TimelineKind::Closed { reason, .. } => json!({ "state_reason": reason.map(|reason| reason.name()) }),
            TimelineKind::Reopened if issue.pull.is_none() => json!({ "state_reason": "reopened" }),
            TimelineKind::Renamed { from, to } => json!({ "rename": { "from": from, "to": to } }),
            TimelineKind::Assigned { assignee } | TimelineKind::Unassigned { assignee } => {
                json!({ "assignee": self.user(*assignee) })
            }
            TimelineKind::Locked { reason } => json!({ "lock_reason": reason }),
            TimelineKind::ReviewRequested { reviewer } | TimelineKind::ReviewRequestRemoved { reviewer } => {
                json!({ "review_requester": self.user(actor), "requested_reviewer": self.user(*reviewer) })
            }
            TimelineKind::ReviewDismissed { review, state, message } => {
                json!({ "dismissed_review": { "state": state, "review_id": review, "dismissal_message": message } })
            }
            TimelineKind::Reopened
            | TimelineKind::Unlocked
            | TimelineKind::Merged { .. }
            | TimelineKind::ReadyForReview
            | TimelineKind::ConvertedToDraft
            | TimelineKind::HeadRefDeleted
            | TimelineKind::HeadRefRestored
            | TimelineKind::HeadRefForcePushed { .. }
            | TimelineKind::BaseRefChanged { .. }
            | TimelineKind::BaseRefDeleted
            | TimelineKind::AutomaticBaseChangeSucceeded { .. }
            | TimelineKind::CrossReferenced { .. }
            | TimelineKind::AutoMergeEnabled
            | TimelineKind::AutoMergeDisabled => Value::Null,
        }
    }

    fn cross_reference(&self, source: crate::sim::world::RepoId, number: u64, event: &TimelineEvent) -> Value {
        let at = event.at.rfc3339();
        let issue = self
            .world
            .repositories
            .get(&source)
            .and_then(|repo| Some((repo, repo.issue(number)?)));
        let mut from = json!({ "type": "issue" });
        if let Some((repo, issue)) = issue {
            let mut object = self.issue(repo, issue);
            add(&mut object, [("repository", self.repository(repo))]);
            add(&mut from, [("issue", object)]);
        }
        json!({
            "event": "cross-referenced", "actor": self.user(event.actor), "created_at": at, "updated_at": at, "source": from,
        })
    }
}

/// The commit an event is about.
fn commit_of(kind: &TimelineKind) -> Option<Oid> {
    if let TimelineKind::Merged { commit: oid }
    | TimelineKind::Closed {
        closer: Some(Closer::Commit(oid)),
        ..
    }
    | TimelineKind::HeadRefForcePushed { after: oid, .. } = kind
    {
        return Some(*oid);
    }
    None
}
