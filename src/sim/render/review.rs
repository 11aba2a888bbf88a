//! Reviews and inline comments as GitHub writes them.
//!
//! Invariant: REST writes a review's state in capitals, webhooks in lower case.

use serde_json::{Value, json};

use super::Render;
use super::account::add;
use super::issue::reactions;
use crate::sim::world::{Issue, NodeRef, Repository, Review, ReviewComment, ReviewState, Side, Thread};

impl Render<'_> {
    /// A review.
    #[must_use]
    pub(crate) fn review(&self, repo: &Repository, issue: &Issue, review: &Review) -> Value {
        let page = format!("{}#pullrequestreview-{}", self.issue_page(repo, issue), review.id);
        let pull = self.repo_url(repo, format_args!("/pulls/{}", review.pull));
        let mut object = json!({
            "id": review.id, "node_id": NodeRef::Review(repo.id, review.id).encode(), "user": self.user(review.author),
            "body": review.body, "state": review.state.name(), "html_url": page, "pull_request_url": pull,
            "_links": { "html": { "href": page }, "pull_request": { "href": pull } },
            "commit_id": review.commit.to_string(), "author_association": self.association(repo, review.author),
        });
        if let Some(at) = review.submitted_at.filter(|_| review.state != ReviewState::Pending) {
            add(&mut object, [("submitted_at", json!(at.rfc3339()))]);
        }
        object
    }

    /// A review as webhooks carry it.
    #[must_use]
    pub(crate) fn hook_review(&self, repo: &Repository, issue: &Issue, review: &Review) -> Value {
        let mut object = self.review(repo, issue, review);
        let body = if review.body.is_empty() {
            Value::Null
        } else {
            json!(review.body)
        };
        let submitted = review.submitted_at.map(|at| at.rfc3339());
        let state = review.state.name().to_lowercase();
        add(
            &mut object,
            [("body", body), ("state", json!(state)), ("submitted_at", json!(submitted))],
        );
        object
    }

    /// An inline comment. Its lines are its thread's; an outdated one has no line of today.
    #[must_use]
    pub(crate) fn review_comment(&self, repo: &Repository, issue: &Issue, comment: &ReviewComment) -> Value {
        let url = self.repo_url(repo, format_args!("/pulls/comments/{}", comment.id));
        let pull = self.repo_url(repo, format_args!("/pulls/{}", comment.pull));
        let page = format!("{}#discussion_r{}", self.issue_page(repo, issue), comment.id);
        let thread = repo.threads.get(&comment.thread);
        let line = thread.and_then(|thread| thread.line);
        let now = |line: Option<u64>| {
            if thread.is_some_and(|thread| thread.outdated) {
                None
            } else {
                line
            }
        };
        let position = position(&comment.diff_hunk);
        let start = thread.and_then(|thread| thread.start_line);
        let mut object = json!({
            "url": url, "pull_request_review_id": comment.review, "id": comment.id,
            "node_id": NodeRef::ReviewComment(repo.id, comment.id).encode(), "diff_hunk": comment.diff_hunk,
            "path": thread.map_or("", |thread| thread.path.as_str()), "position": now(Some(position)),
            "original_position": position, "commit_id": comment.commit.to_string(),
            "original_commit_id": comment.commit.to_string(), "user": self.user(comment.author), "body": comment.body,
            "created_at": comment.created_at.rfc3339(), "updated_at": comment.updated_at.rfc3339(), "html_url": page,
            "pull_request_url": pull, "author_association": self.association(repo, comment.author),
            "_links": { "self": { "href": url }, "html": { "href": page }, "pull_request": { "href": pull } },
            "start_line": now(start), "original_start_line": start, "start_side": thread.and_then(start_side),
            "line": now(line), "original_line": line, "side": thread.map_or(Side::Right, |thread| thread.side).name(),
            "subject_type": if line.is_some() { "line" } else { "file" }, "reactions": reactions(&url, &comment.reactions),
        });
        if let Some(first) = comment.in_reply_to {
            add(&mut object, [("in_reply_to_id", json!(first))]);
        }
        object
    }
}

fn start_side(thread: &Thread) -> Option<&'static str> {
    thread.start_line.map(|_| thread.start_side.unwrap_or(thread.side).name())
}

/// Lines of the hunk below its header: where the comment stands in the diff. A comment on a whole file stands at 1.
fn position(hunk: &str) -> u64 {
    u64::try_from(hunk.lines().count().saturating_sub(1).max(1)).unwrap_or(1)
}
