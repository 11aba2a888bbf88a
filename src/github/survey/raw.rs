//! The survey's answer in GraphQL.
//!
//! Invariant: fields are those of [`super::survey_query`], no others.

use serde::Deserialize;

use super::super::pull_state::{Nodes, actor, time};
use super::super::types::{Actor, GraphActor, Sha};
use super::RecentPull;

#[derive(Deserialize)]
pub(super) struct Data {
    pub(super) node: RawRepository,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRepository {
    pub(super) is_archived: bool,
    pub(super) is_private: bool,
    pub(super) merge_commit_allowed: bool,
    pub(super) squash_merge_allowed: bool,
    pub(super) rebase_merge_allowed: bool,
    pub(super) delete_branch_on_merge: bool,
    pub(super) auto_merge_allowed: bool,
    pub(super) default_branch_ref: Option<RawBranch>,
    pub(super) merged: Nodes<RawPull>,
}

#[derive(Deserialize)]
pub(super) struct RawBranch {
    pub(super) name: String,
    pub(super) target: Option<RawTarget>,
}

#[derive(Deserialize)]
pub(super) struct RawTarget {
    pub(super) oid: Sha,
    pub(super) tree: Oid,
    pub(super) history: Nodes<RawMessage>,
}

#[derive(Deserialize)]
pub(super) struct RawMessage {
    pub(super) message: String,
}

#[derive(Deserialize)]
pub(super) struct Oid {
    pub(super) oid: Sha,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawPull {
    number: u64,
    title: String,
    merged_at: Option<String>,
    author: Option<GraphActor>,
    merged_by: Option<GraphActor>,
    reviews: Option<Nodes<RawReview>>,
    commits: Nodes<RawPullCommit>,
}

#[derive(Deserialize)]
struct RawReview {
    author: Option<GraphActor>,
}

#[derive(Deserialize)]
struct RawPullCommit {
    commit: RawCommit,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCommit {
    message: String,
    status_check_rollup: Option<RawRollup>,
}

#[derive(Deserialize)]
struct RawRollup {
    contexts: Nodes<RawContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContext {
    #[serde(alias = "context")]
    name: String,
    check_suite: Option<RawSuite>,
}

#[derive(Deserialize)]
struct RawSuite {
    app: Option<RawApp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawApp {
    database_id: Option<u64>,
}

impl RawPull {
    pub(super) fn recent(self) -> RecentPull {
        let mut reviewers: Vec<Actor> = Vec::new();
        for person in self
            .reviews
            .into_iter()
            .flat_map(Nodes::all)
            .filter_map(|review| actor(review.author))
        {
            if !reviewers.iter().any(|known| known.id == person.id) {
                reviewers.push(person);
            }
        }
        let commit = self.commits.all().last().map(|last| last.commit);
        let (last_message, rollup) = commit
            .map(|commit| (commit.message, commit.status_check_rollup))
            .unwrap_or_default();
        let app = |context: RawContext| (context.name, context.check_suite.and_then(|suite| suite.app?.database_id));
        let mut checks: Vec<_> = rollup.into_iter().flat_map(|rollup| rollup.contexts.all()).map(app).collect();
        checks.sort();
        checks.dedup();
        RecentPull {
            number: self.number,
            title: self.title,
            merged_at: time(self.merged_at.as_deref()),
            author: actor(self.author),
            merged_by: actor(self.merged_by),
            reviewers,
            last_message,
            checks,
        }
    }
}
