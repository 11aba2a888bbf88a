//! The checks of a commit in GraphQL, page by page, and its check suites.
//!
//! Invariant: a check keeps its App's id, because a name alone can be another App's.

use serde::Deserialize;

use super::super::types::NodeId;
use super::raw::{Count, PageInfo, time};
use super::{Check, CheckSource, Suite};

/// Name of the query for further checks of a commit.
pub(in crate::github) const CHECKS_PAGE: &str = "Checks";

/// Asks for a hundred checks after `$after`.
pub(in crate::github) fn checks_page(number: u64) -> String {
    format!(
        "query Checks($repository: ID!, $commit: GitObjectID!, $after: String!) {{ node(id: $repository) {{ ... on Repository {{
  object(oid: $commit) {{ ... on Commit {{ statusCheckRollup {{ contexts(first: 100, after: $after) {} }} }} }} }} }} }}",
        context_fields(number)
    )
}

pub(super) fn context_fields(number: u64) -> String {
    format!(
        "{{ pageInfo {{ hasNextPage endCursor }} nodes {{ __typename
      ... on CheckRun {{ id databaseId name status conclusion externalId detailsUrl url title completedAt
        isRequired(pullRequestNumber: {number})
        checkSuite {{ app {{ databaseId slug }} workflowRun {{ databaseId event workflow {{ name }} }} }} }}
      ... on StatusContext {{ id context state description targetUrl createdAt isRequired(pullRequestNumber: {number}) }} }} }}"
    )
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawSuite {
    id: NodeId,
    status: String,
    conclusion: Option<String>,
    created_at: Option<String>,
    app: Option<RawApp>,
    workflow_run: Option<RawRun>,
    check_runs: Option<Count>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawApp {
    database_id: Option<u64>,
    #[serde(default)]
    slug: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRun {
    database_id: Option<u64>,
    #[serde(default)]
    event: Option<String>,
    workflow: Option<WorkflowName>,
}

#[derive(Debug, Deserialize)]
struct WorkflowName {
    name: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::github) struct RawRollup {
    pub(in crate::github) contexts: Contexts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::github) struct Contexts {
    page_info: PageInfo,
    nodes: Vec<Option<RawContext>>,
}

impl Contexts {
    /// The checks of this page, and where the next one begins.
    pub(in crate::github) fn checks(self) -> (Vec<Check>, Option<String>) {
        let more = self.page_info.end_cursor.filter(|_| self.page_info.has_next_page);
        (self.nodes.into_iter().flatten().map(RawContext::check).collect(), more)
    }
}

/// A check run or a status; which one `kind` says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContext {
    #[serde(rename = "__typename")]
    kind: String,
    id: NodeId,
    database_id: Option<u64>,
    #[serde(alias = "context", default)]
    name: String,
    status: Option<String>,
    state: Option<String>,
    conclusion: Option<String>,
    external_id: Option<String>,
    #[serde(alias = "targetUrl")]
    details_url: Option<String>,
    url: Option<String>,
    #[serde(alias = "description")]
    title: Option<String>,
    completed_at: Option<String>,
    created_at: Option<String>,
    #[serde(default)]
    is_required: bool,
    check_suite: Option<RawCheckSuite>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCheckSuite {
    app: Option<RawApp>,
    workflow_run: Option<RawRun>,
}

impl RawContext {
    fn check(self) -> Check {
        if self.kind == "StatusContext" {
            return self.status_check();
        }
        let (app, run) = self.check_suite.map_or((None, None), |suite| (suite.app, suite.workflow_run));
        let app = app.unwrap_or_default();
        // The number does not fit GraphQL's integers for ever; the page's address ends with it.
        let from_url = || self.url.as_deref()?.rsplit('/').next()?.parse().ok();
        Check {
            node_id: self.id,
            id: self.database_id.or_else(from_url),
            name: self.name,
            source: CheckSource::App {
                app: app.database_id,
                slug: app.slug,
            },
            done: self.status.as_deref() == Some("COMPLETED"),
            conclusion: self.conclusion.map(|conclusion| conclusion.to_lowercase()),
            required: self.is_required,
            external_id: self.external_id.filter(|id| !id.is_empty()),
            url: self.details_url.or(self.url),
            summary: self.title,
            workflow_run: run.as_ref().and_then(|run| run.database_id),
            event: run.as_ref().and_then(|run| run.event.clone()),
            workflow: run.and_then(|run| run.workflow).map(|workflow| workflow.name),
            completed_at: time(self.completed_at.as_deref()),
        }
    }

    fn status_check(self) -> Check {
        let state = self.state.unwrap_or_default().to_lowercase();
        let done = !matches!(state.as_str(), "pending" | "expected" | "");
        Check {
            node_id: self.id,
            id: None,
            name: self.name,
            source: CheckSource::Status,
            done,
            conclusion: done.then_some(state),
            required: self.is_required,
            external_id: None,
            url: self.details_url,
            summary: self.title,
            workflow_run: None,
            workflow: None,
            event: None,
            completed_at: if done { time(self.created_at.as_deref()) } else { None },
        }
    }
}

impl RawSuite {
    pub(super) fn suite(self) -> Suite {
        let app = self.app.unwrap_or_default();
        Suite {
            node_id: self.id,
            app: app.database_id,
            slug: app.slug,
            done: self.status == "COMPLETED",
            conclusion: self.conclusion.map(|conclusion| conclusion.to_lowercase()),
            runs: self.check_runs.map_or(0, |runs| runs.total_count),
            workflow_run: self.workflow_run.as_ref().and_then(|run| run.database_id),
            workflow: self.workflow_run.and_then(|run| run.workflow).map(|workflow| workflow.name),
            created_at: time(self.created_at.as_deref()),
        }
    }
}
