//! Reviews and threads in GraphQL.
//!
//! Invariant: a review counts only with the right to push that stands beside it.

use serde::Deserialize;

use super::super::types::{GraphActor, NodeId, big_number};
use super::raw::{Count, Nodes, Oid, actor, time};
use super::{Review, ReviewState, Thread, ThreadComment};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawReview {
    id: NodeId,
    #[serde(default, deserialize_with = "big_number")]
    full_database_id: Option<u64>,
    author: Option<GraphActor>,
    author_can_push_to_repository: bool,
    state: String,
    body: String,
    commit: Option<Oid>,
    submitted_at: Option<String>,
    last_edited_at: Option<String>,
    url: String,
    comments: Count,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawThread {
    id: NodeId,
    is_resolved: bool,
    is_outdated: bool,
    path: String,
    line: Option<u64>,
    comments: Nodes<RawThreadComment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawThreadComment {
    id: NodeId,
    #[serde(default, deserialize_with = "big_number")]
    full_database_id: Option<u64>,
    author: Option<GraphActor>,
    body: String,
    created_at: Option<String>,
    pull_request_review: Option<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: NodeId,
}

impl RawReview {
    pub(super) fn review(self) -> Review {
        Review {
            id: self.full_database_id.unwrap_or_default(),
            node_id: self.id,
            author: actor(self.author),
            can_push: self.author_can_push_to_repository,
            state: match self.state.as_str() {
                "PENDING" => ReviewState::Pending,
                "APPROVED" => ReviewState::Approved,
                "CHANGES_REQUESTED" => ReviewState::ChangesRequested,
                "DISMISSED" => ReviewState::Dismissed,
                _ => ReviewState::Commented,
            },
            body: self.body,
            commit: self.commit.map(|commit| commit.oid),
            submitted_at: time(self.submitted_at.as_deref()),
            edited_at: time(self.last_edited_at.as_deref()),
            line_comments: self.comments.total_count,
            url: self.url,
        }
    }
}

impl RawThread {
    pub(super) fn thread(self) -> Thread {
        let comment = |raw: RawThreadComment| ThreadComment {
            id: raw.full_database_id.unwrap_or_default(),
            node_id: raw.id,
            review: raw.pull_request_review.map(|review| review.id),
            author: actor(raw.author),
            body: raw.body,
            created_at: time(raw.created_at.as_deref()),
        };
        Thread {
            node_id: self.id,
            resolved: self.is_resolved,
            outdated: self.is_outdated,
            path: self.path,
            line: self.line,
            comments: self.comments.all().map(comment).collect(),
        }
    }
}
