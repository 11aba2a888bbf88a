//! The selection of a pull request in GraphQL, and its answer turned into [`PullState`].
//!
//! Invariant: the selection and the structs that read it stand together here, field by field.

use serde::Deserialize;

use super::super::issue::{COMMENT_FIELDS, Comment, RawComment};
use super::super::types::{Actor, GraphActor, NodeId, PullRef, Sha};
use super::checks::{RawRollup, RawSuite, context_fields};
use super::reviews::{RawReview, RawThread};
use super::{MergeState, Mergeable, PullEvent, PullLife, PullState};
use crate::clock::Millis;

/// The fields of a pull request. The number is part of the text because whether a check is required is asked for one.
pub(in crate::github) fn selection(number: u64) -> String {
    format!(
        "{{ id number url title body isDraft updatedAt state locked isInMergeQueue isCrossRepository
  headRefName headRefOid headRef {{ target {{ ... on Commit {{ tree {{ oid }} }} }} }} baseRefName baseRefOid
  mergeable mergeStateStatus reviewDecision mergeCommit {{ oid }} mergedBy {{ ...Who }} author {{ ...Who }}
  reviewRequests(first: 50) {{ nodes {{ requestedReviewer {{ ... on User {{ __typename login id databaseId }} }} }} }}
  reviews(last: 100) {{ nodes {{ id fullDatabaseId author {{ ...Who }} authorCanPushToRepository state body commit {{ oid }}
    submittedAt lastEditedAt url comments(first: 1) {{ totalCount }} }} }}
  reviewThreads(first: 50) {{ nodes {{ id isResolved isOutdated path line
    comments(first: 20) {{ nodes {{ id fullDatabaseId author {{ ...Who }} body createdAt pullRequestReview {{ id }} }} }} }} }}
  comments(last: 50) {{ nodes {COMMENT_FIELDS} }}
  timelineItems(last: 20, itemTypes: [CLOSED_EVENT, REOPENED_EVENT]) {{ nodes {{ __typename
    ... on ClosedEvent {{ id actor {{ ...Who }} createdAt }} ... on ReopenedEvent {{ id actor {{ ...Who }} createdAt }} }} }}
  commits(last: 1) {{ nodes {{ commit {{ oid
    checkSuites(first: 50) {{ nodes {{ id status conclusion createdAt app {{ databaseId slug }}
      workflowRun {{ databaseId workflow {{ name }} }} checkRuns(first: 1) {{ totalCount }} }} }}
    statusCheckRollup {{ contexts(first: 100) {} }} }} }} }} }}",
        context_fields(number)
    )
}

#[derive(Debug, Deserialize)]
pub(in crate::github) struct Nodes<T> {
    pub(in crate::github) nodes: Vec<Option<T>>,
}

impl<T> Nodes<T> {
    pub(in crate::github) fn all(self) -> impl Iterator<Item = T> {
        self.nodes.into_iter().flatten()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::github) struct PageInfo {
    pub(in crate::github) has_next_page: bool,
    #[serde(default)]
    pub(in crate::github) end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::github) struct RawPull {
    id: NodeId,
    number: u64,
    url: String,
    title: String,
    body: String,
    is_draft: bool,
    updated_at: Option<String>,
    state: String,
    locked: bool,
    #[serde(default)]
    is_in_merge_queue: Option<bool>,
    is_cross_repository: bool,
    head_ref_name: String,
    head_ref_oid: Sha,
    head_ref: Option<RawHead>,
    base_ref_name: String,
    base_ref_oid: Sha,
    mergeable: String,
    merge_state_status: String,
    review_decision: Option<String>,
    merge_commit: Option<Oid>,
    merged_by: Option<GraphActor>,
    author: Option<GraphActor>,
    review_requests: Option<Nodes<RawRequest>>,
    reviews: Option<Nodes<RawReview>>,
    review_threads: Nodes<RawThread>,
    comments: Nodes<RawComment>,
    timeline_items: Nodes<RawEvent>,
    commits: Nodes<RawPullCommit>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Oid {
    pub(super) oid: Sha,
}

#[derive(Debug, Deserialize)]
struct RawHead {
    target: Option<RawTarget>,
}

#[derive(Debug, Deserialize)]
struct RawTarget {
    tree: Option<Oid>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRequest {
    requested_reviewer: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Count {
    pub(super) total_count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEvent {
    #[serde(rename = "__typename")]
    kind: String,
    id: NodeId,
    actor: Option<GraphActor>,
    created_at: String,
}

#[derive(Debug, Deserialize)]
struct RawPullCommit {
    commit: RawCommit,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCommit {
    oid: Sha,
    check_suites: Option<Nodes<RawSuite>>,
    status_check_rollup: Option<RawRollup>,
}

impl RawPull {
    /// The state, and where its further checks begin.
    pub(in crate::github) fn state(self) -> (PullState, Option<String>) {
        let commit = self.commits.all().last().map(|last| last.commit);
        let checks_head = commit.as_ref().map(|commit| commit.oid.clone());
        let (suites, rollup) = commit.map_or((None, None), |commit| (commit.check_suites, commit.status_check_rollup));
        let (checks, more) = rollup.map_or((Vec::new(), None), |rollup| rollup.contexts.checks());
        let asked = |request: RawRequest| {
            serde_json::from_value::<GraphActor>(request.requested_reviewer?)
                .ok()?
                .actor()
        };
        let state = PullState {
            pull: PullRef {
                number: self.number,
                node_id: self.id,
            },
            url: self.url,
            title: self.title,
            body: self.body,
            author: actor(self.author),
            life: life(&self.state),
            draft: self.is_draft,
            updated_at: time(self.updated_at.as_deref()).unwrap_or_default(),
            head: self.head_ref_name,
            head_sha: self.head_ref_oid,
            head_tree: self.head_ref.and_then(|head| head.target?.tree).map(|tree| tree.oid),
            base: self.base_ref_name,
            base_sha: self.base_ref_oid,
            from_fork: self.is_cross_repository,
            merge_commit: self.merge_commit.map(|commit| commit.oid),
            merged_by: actor(self.merged_by),
            mergeable: mergeable(&self.mergeable),
            merge_state: merge_state(&self.merge_state_status),
            review_decision: self.review_decision,
            queued: self.is_in_merge_queue.unwrap_or(false),
            locked: self.locked,
            asked: self
                .review_requests
                .into_iter()
                .flat_map(Nodes::all)
                .filter_map(asked)
                .collect(),
            reviews: self.reviews.into_iter().flat_map(Nodes::all).map(RawReview::review).collect(),
            threads: self.review_threads.all().map(RawThread::thread).collect(),
            comments: self.comments.all().filter_map(Comment::of).collect(),
            events: self.timeline_items.all().map(RawEvent::event).collect(),
            checks_head,
            checks,
            suites: suites.into_iter().flat_map(Nodes::all).map(RawSuite::suite).collect(),
        };
        (state, more)
    }
}

impl RawEvent {
    fn event(self) -> PullEvent {
        let at = time(Some(&self.created_at)).unwrap_or_default();
        PullEvent {
            node_id: self.id,
            closed: self.kind == "ClosedEvent",
            actor: actor(self.actor),
            at,
        }
    }
}

pub(in crate::github) fn actor(raw: Option<GraphActor>) -> Option<Actor> {
    raw.and_then(GraphActor::actor)
}

pub(in crate::github) fn time(text: Option<&str>) -> Option<Millis> {
    text.and_then(Millis::parse_rfc3339)
}

pub(in crate::github) fn life(state: &str) -> PullLife {
    match state {
        "OPEN" => PullLife::Open,
        "MERGED" => PullLife::Merged,
        _ => PullLife::Closed,
    }
}

fn mergeable(word: &str) -> Mergeable {
    match word {
        "MERGEABLE" => Mergeable::Yes,
        "CONFLICTING" => Mergeable::No,
        _ => Mergeable::Unknown,
    }
}

fn merge_state(word: &str) -> MergeState {
    match word {
        "CLEAN" | "HAS_HOOKS" => MergeState::Clean,
        "UNSTABLE" => MergeState::Unstable,
        "BLOCKED" => MergeState::Blocked,
        "BEHIND" => MergeState::Behind,
        "DIRTY" => MergeState::Dirty,
        "DRAFT" => MergeState::Draft,
        _ => MergeState::Unknown,
    }
}
