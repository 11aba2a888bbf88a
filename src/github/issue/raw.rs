//! The selections of issues, comments and branches in GraphQL, and their answers turned into our values.
//!
//! Invariant: the selections and the structs that read them stand together here.

use serde::Deserialize;
use serde_json::Value;

use super::super::pull_state::{Nodes, PageInfo, actor, life, time};
use super::super::types::{GraphActor, NodeId, PullRef, Sha, big_number};
use super::{BranchState, ClosingPull, Comment, Issue, IssueEvent, IssueEventKind};

/// The fields of a comment.
pub(in crate::github) const COMMENT_FIELDS: &str =
    "{ id fullDatabaseId author { ...Who } body createdAt lastEditedAt isMinimized url }";

/// Our branches.
pub(super) const REF_FIELDS: &str = "refs(refPrefix: $prefix, first: 100) { nodes { name prefix \
    target { oid ... on Commit { tree { oid } } } \
    associatedPullRequests(states: OPEN, first: 5) { nodes { id number baseRefName } } } }";

/// The fields of an issue with a page of its comments.
pub(super) fn issue_fields() -> String {
    format!(
        "{{ id number url title body state locked createdAt lastEditedAt editor {{ ...Who }} author {{ ...Who }}
  labels(first: 100) {{ nodes {{ name }} }} assignees(first: 20) {{ nodes {{ ...Who }} }}
  closedByPullRequestsReferences(first: 20, includeClosedPrs: true) {{ nodes {{ number state author {{ ...Who }}
    repository {{ nameWithOwner }} }} }}
  timelineItems(last: 100, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, CLOSED_EVENT, REOPENED_EVENT, RENAMED_TITLE_EVENT]) {{
    nodes {{ __typename
      ... on LabeledEvent {{ id actor {{ ...Who }} createdAt label {{ name }} }}
      ... on UnlabeledEvent {{ id actor {{ ...Who }} createdAt label {{ name }} }}
      ... on ClosedEvent {{ id actor {{ ...Who }} createdAt
        closer {{ ... on PullRequest {{ number repository {{ nameWithOwner }} }} }} }}
      ... on ReopenedEvent {{ id actor {{ ...Who }} createdAt }}
      ... on RenamedTitleEvent {{ id actor {{ ...Who }} createdAt previousTitle currentTitle }} }} }}
  comments(first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {COMMENT_FIELDS} }} }}"
    )
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawIssue {
    id: NodeId,
    number: u64,
    url: String,
    title: String,
    body: String,
    state: String,
    locked: bool,
    created_at: String,
    last_edited_at: Option<String>,
    editor: Option<GraphActor>,
    author: Option<GraphActor>,
    labels: Option<Nodes<Named>>,
    assignees: Nodes<GraphActor>,
    closed_by_pull_requests_references: Option<Nodes<RawClosing>>,
    timeline_items: Nodes<RawEvent>,
    comments: Comments,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comments {
    page_info: PageInfo,
    nodes: Vec<Option<RawComment>>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Deserialize)]
struct RawClosing {
    number: u64,
    state: String,
    author: Option<GraphActor>,
    repository: RawRepository,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRepository {
    name_with_owner: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEvent {
    #[serde(rename = "__typename")]
    kind: String,
    id: NodeId,
    actor: Option<GraphActor>,
    created_at: String,
    label: Option<Named>,
    closer: Option<Value>,
    previous_title: Option<String>,
    current_title: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RawCloser {
    number: u64,
    repository: RawRepository,
}

/// A comment; all its fields are missing where a watched id is something else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::github) struct RawComment {
    id: Option<NodeId>,
    #[serde(default, deserialize_with = "big_number")]
    full_database_id: Option<u64>,
    author: Option<GraphActor>,
    body: Option<String>,
    created_at: Option<String>,
    last_edited_at: Option<String>,
    is_minimized: Option<bool>,
    url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRef {
    name: String,
    prefix: String,
    target: Option<RawTarget>,
    associated_pull_requests: Nodes<RawAssociated>,
}

#[derive(Debug, Deserialize)]
struct RawTarget {
    oid: Sha,
    tree: Option<Oid>,
}

#[derive(Debug, Deserialize)]
struct Oid {
    oid: Sha,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAssociated {
    id: NodeId,
    number: u64,
    base_ref_name: String,
}

impl Comment {
    /// The comment, if the answer holds one.
    pub(in crate::github) fn of(raw: RawComment) -> Option<Self> {
        Some(Self {
            id: raw.full_database_id?,
            node_id: raw.id?,
            author: actor(raw.author),
            body: raw.body.unwrap_or_default(),
            created_at: time(raw.created_at.as_deref())?,
            edited_at: time(raw.last_edited_at.as_deref()),
            minimised: raw.is_minimized.unwrap_or(false),
            url: raw.url.unwrap_or_default(),
        })
    }
}

impl Comments {
    fn comments(self) -> (Vec<Comment>, PageInfo) {
        (
            self.nodes.into_iter().flatten().filter_map(Comment::of).collect(),
            self.page_info,
        )
    }
}

impl RawIssue {
    pub(super) fn comments(self) -> (Vec<Comment>, PageInfo) {
        self.comments.comments()
    }

    pub(super) fn issue(self) -> (Issue, Vec<Comment>, PageInfo) {
        let (comments, page) = self.comments.comments();
        let closing = |raw: RawClosing| ClosingPull {
            number: raw.number,
            repository: raw.repository.name_with_owner,
            author: actor(raw.author),
            life: life(&raw.state),
        };
        let issue = Issue {
            number: self.number,
            node_id: self.id,
            url: self.url,
            title: self.title,
            body: self.body,
            author: actor(self.author),
            open: self.state == "OPEN",
            labels: self.labels.into_iter().flat_map(Nodes::all).map(|label| label.name).collect(),
            assignees: self.assignees.all().filter_map(GraphActor::actor).collect(),
            locked: self.locked,
            created_at: time(Some(&self.created_at)).unwrap_or_default(),
            edited_at: time(self.last_edited_at.as_deref()),
            editor: actor(self.editor),
            closing: self
                .closed_by_pull_requests_references
                .into_iter()
                .flat_map(Nodes::all)
                .map(closing)
                .collect(),
            events: self.timeline_items.all().filter_map(RawEvent::event).collect(),
        };
        (issue, comments, page)
    }
}

impl RawEvent {
    fn event(self) -> Option<IssueEvent> {
        let kind = match self.kind.as_str() {
            "LabeledEvent" => IssueEventKind::Labeled(self.label?.name),
            "UnlabeledEvent" => IssueEventKind::Unlabeled(self.label?.name),
            "ClosedEvent" => {
                let closer: Option<RawCloser> = self.closer.and_then(|closer| serde_json::from_value(closer).ok());
                let (pull, repository) = closer.map_or((None, None), |c| (Some(c.number), Some(c.repository.name_with_owner)));
                IssueEventKind::Closed { pull, repository }
            }
            "ReopenedEvent" => IssueEventKind::Reopened,
            "RenamedTitleEvent" => IssueEventKind::Renamed {
                from: self.previous_title?,
                to: self.current_title?,
            },
            _ => return None,
        };
        Some(IssueEvent {
            node_id: self.id,
            actor: actor(self.actor),
            at: time(Some(&self.created_at))?,
            kind,
        })
    }
}

impl RawRef {
    /// The branch. GitHub gives the name without the prefix that was asked for.
    pub(super) fn branch(self, prefix: &str) -> Option<BranchState> {
        let whole = format!("{}{}", self.prefix, self.name);
        let name = match whole.strip_prefix("refs/heads/") {
            Some(name) => name.to_owned(),
            None => format!("{prefix}{}", self.name),
        };
        let target = self.target?;
        let pull = |raw: RawAssociated| {
            (
                PullRef {
                    number: raw.number,
                    node_id: raw.id,
                },
                raw.base_ref_name,
            )
        };
        let pulls = self.associated_pull_requests.all().map(pull).collect();
        Some(BranchState {
            name,
            sha: target.oid,
            tree: target.tree.map(|tree| tree.oid),
            pulls,
        })
    }
}
