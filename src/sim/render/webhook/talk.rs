//! Payloads about issues, pull requests, reviews and what people write on them.
//!
//! Invariant: nobody asked whether a pull request can be merged, so a payload computes nothing and tells what is known.

use serde_json::{Value, json};

use super::super::Render;
use super::super::account::add;
use super::super::pull::PullDetails;
use super::super::repository::merge;
use crate::sim::ops::{mergeability, pulls};
use crate::sim::world::event::{CommentAction, IssuesAction, PullAction, ReviewAction, TextChanges};
use crate::sim::world::{CommentId, Issue, LabelId, NodeRef, Repository, ReviewCommentId, ReviewId, ThreadId};

impl Render<'_> {
    pub(super) fn issues_event(&self, repo: &Repository, number: u64, action: &IssuesAction) -> Value {
        let Some(issue) = repo.issue(number) else { return Value::Null };
        let mut payload = json!({ "issue": self.issue(repo, issue) });
        let more = match action {
            IssuesAction::Labeled { label } | IssuesAction::Unlabeled { label } => {
                json!({ "label": self.label_with(repo, *label) })
            }
            IssuesAction::Assigned { assignee } | IssuesAction::Unassigned { assignee } => {
                json!({ "assignee": self.user(*assignee) })
            }
            IssuesAction::Edited { changes } => json!({ "changes": text_changes(changes) }),
            IssuesAction::Transferred { repository, number } => {
                let there = self.world.repositories.get(repository);
                let moved = there.and_then(|there| Some((there, there.issue(*number)?)));
                moved.map_or(Value::Null, |(there, issue)| {
                    json!({ "changes": { "new_issue": self.issue(there, issue), "new_repository": self.hook_repository(there) } })
                })
            }
            IssuesAction::Opened
            | IssuesAction::Closed
            | IssuesAction::Reopened
            | IssuesAction::Locked
            | IssuesAction::Unlocked
            | IssuesAction::Deleted => Value::Null,
        };
        merge(&mut payload, more);
        payload
    }

    pub(super) fn comment_event(&self, repo: &Repository, id: CommentId, action: &CommentAction) -> Value {
        let Some(comment) = repo.comments.get(&id) else {
            return Value::Null;
        };
        let issue = repo.issue(comment.issue).map_or(Value::Null, |issue| self.issue(repo, issue));
        let mut payload = json!({ "issue": issue, "comment": self.comment(repo, comment) });
        merge(&mut payload, comment_changes(action));
        payload
    }

    pub(super) fn pull_event(&self, repo: &Repository, number: u64, action: &PullAction) -> Value {
        let mut payload = json!({ "number": number, "pull_request": self.hook_pull(repo, number) });
        let more = match action {
            PullAction::Labeled { label } | PullAction::Unlabeled { label } => json!({ "label": self.label_with(repo, *label) }),
            PullAction::Assigned { assignee } | PullAction::Unassigned { assignee } => {
                json!({ "assignee": self.user(*assignee) })
            }
            PullAction::ReviewRequested { reviewer } | PullAction::ReviewRequestRemoved { reviewer } => {
                json!({ "requested_reviewer": self.user(*reviewer) })
            }
            PullAction::Synchronize { before, after } => json!({ "before": before.to_string(), "after": after.to_string() }),
            PullAction::Edited { changes, base } => {
                let mut changes = text_changes(changes);
                if let Some((name, oid)) = base {
                    add(
                        &mut changes,
                        [("base", json!({ "ref": { "from": name }, "sha": { "from": oid.to_string() } }))],
                    );
                }
                json!({ "changes": changes })
            }
            PullAction::AutoMergeDisabled { reason } => json!({ "reason": reason }),
            PullAction::AutoMergeEnabled => json!({ "reason": "" }),
            PullAction::Opened
            | PullAction::Closed
            | PullAction::Reopened
            | PullAction::ReadyForReview
            | PullAction::ConvertedToDraft
            | PullAction::Locked
            | PullAction::Unlocked => Value::Null,
        };
        merge(&mut payload, more);
        payload
    }

    fn hook_pull(&self, repo: &Repository, number: u64) -> Value {
        let files = pulls::files(self.world, repo.id, number).unwrap_or_default();
        let commits = pulls::commits(self.world, repo.id, number).map_or(0, |commits| commits.len());
        let mergeable = repo.pull(number).and_then(|(_, pull)| mergeability::glance(pull));
        let state = mergeability::state(self.world, repo.id, number);
        let mut object = self.full_pull(repo, number, &PullDetails::new(mergeable, state, commits, &files));
        self.with_hook_repositories(repo, &mut object);
        object
    }

    fn short_pull(&self, repo: &Repository, issue: &Issue) -> Value {
        let mut object = issue.pull.as_ref().map_or(Value::Null, |pull| self.pull(repo, issue, pull));
        self.with_hook_repositories(repo, &mut object);
        object
    }

    fn with_hook_repositories(&self, repo: &Repository, pull: &mut Value) {
        for end in ["head", "base"] {
            if let Some(end) = pull.get_mut(end) {
                add(end, [("repo", self.hook_repository(repo))]);
            }
        }
    }

    pub(super) fn review_event(&self, repo: &Repository, id: ReviewId, action: &ReviewAction) -> Value {
        let Some((review, issue)) = repo
            .reviews
            .get(&id)
            .and_then(|review| Some((review, repo.issue(review.pull)?)))
        else {
            return Value::Null;
        };
        let mut payload =
            json!({ "review": self.hook_review(repo, issue, review), "pull_request": self.short_pull(repo, issue) });
        if let ReviewAction::Edited { body } = action {
            add(&mut payload, [("changes", json!({ "body": { "from": body } }))]);
        }
        payload
    }

    pub(super) fn inline_event(&self, repo: &Repository, id: ReviewCommentId, action: &CommentAction) -> Value {
        let found = repo
            .review_comments
            .get(&id)
            .and_then(|comment| Some((comment, repo.issue(comment.pull)?)));
        let Some((comment, issue)) = found else { return Value::Null };
        let mut payload =
            json!({ "comment": self.review_comment(repo, issue, comment), "pull_request": self.short_pull(repo, issue) });
        merge(&mut payload, comment_changes(action));
        payload
    }

    pub(super) fn thread_event(&self, repo: &Repository, id: ThreadId) -> Value {
        let found = repo
            .threads
            .get(&id)
            .and_then(|thread| Some((thread, repo.issue(thread.pull)?)));
        let Some((thread, issue)) = found else { return Value::Null };
        let comments: Vec<Value> = thread
            .comments
            .iter()
            .filter_map(|id| repo.review_comments.get(id))
            .map(|comment| self.review_comment(repo, issue, comment))
            .collect();
        let node_id = NodeRef::Thread(repo.id, thread.id).encode();
        json!({ "thread": { "node_id": node_id, "comments": comments }, "pull_request": self.short_pull(repo, issue) })
    }

    pub(super) fn label_with(&self, repo: &Repository, id: LabelId) -> Value {
        repo.labels.get(&id).map_or(Value::Null, |label| self.label(repo, label))
    }
}

fn text_changes(changes: &TextChanges) -> Value {
    let mut object = json!({});
    if let Some(title) = &changes.title {
        add(&mut object, [("title", json!({ "from": title }))]);
    }
    if let Some(body) = &changes.body {
        add(&mut object, [("body", json!({ "from": body }))]);
    }
    object
}

fn comment_changes(action: &CommentAction) -> Value {
    match action {
        CommentAction::Edited { body } => json!({ "changes": { "body": { "from": body } } }),
        CommentAction::Created | CommentAction::Deleted => Value::Null,
    }
}
