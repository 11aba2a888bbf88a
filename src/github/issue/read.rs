//! The queries of a workflow, with the further pages of comments, checks and pull requests.
//!
//! Invariant: the first query asks for everything; further ones only for what did not fit.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::super::Github;
use super::super::error::Error;
use super::super::pull_state::{CHECKS_PAGE, Nodes, PageInfo, PullState, RawPull, RawRollup, checks_page, selection};
use super::super::request::Scope;
use super::super::types::{Repo, WHO};
use super::raw::{self, COMMENT_FIELDS, RawComment, RawIssue, RawRef};
use super::{Comment, WorkflowQuestion, WorkflowState};

/// Pull requests in one query: each asks for up to about 1,400 nodes, and GitHub cuts a query at 10 s.
const PULLS_AT_ONCE: usize = 8;

/// Pages of a hundred that are followed for comments or checks. An issue holds at most 2,500 comments.
const MOST_PAGES: usize = 30;

#[derive(Deserialize)]
struct Data {
    node: RepositoryData,
    #[serde(default)]
    watched: Vec<Option<RawComment>>,
}

#[derive(Deserialize)]
struct RepositoryData {
    #[serde(default, rename = "isArchived")]
    archived: bool,
    #[serde(default)]
    issue: Option<RawIssue>,
    #[serde(default)]
    refs: Option<Nodes<RawRef>>,
    #[serde(flatten)]
    pulls: BTreeMap<String, Option<RawPull>>,
}

impl Github {
    /// Reads a workflow: one query, and one more for each eight further pull requests, hundred further comments or hundred
    /// further checks of a commit.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the repository is gone.
    pub async fn read_workflow(&self, repo: &Repo, question: &WorkflowQuestion) -> Result<WorkflowState, Error> {
        let (first, later) = question.pulls.split_at(question.pulls.len().min(PULLS_AT_ONCE));
        let text = workflow_query(question.branches.is_some(), first);
        let mut variables = json!({
            "repository": repo.node_id, "issue": question.issue, "after": question.after, "watched": question.watched,
        });
        if let (Some(prefix), Some(variables)) = (&question.branches, variables.as_object_mut()) {
            variables.insert("prefix".to_owned(), json!(format!("refs/heads/{prefix}")));
        }
        let data: Data = self.query(Scope::read(repo), "Workflow", &text, variables).await?;
        let mut state = WorkflowState {
            archived: data.node.archived,
            cursor: question.after.clone(),
            ..WorkflowState::default()
        };
        if let Some(raw) = data.node.issue {
            let (issue, comments, page) = raw.issue();
            state.issue = Some(issue);
            state.comments = comments;
            self.further_comments(repo, question.issue, page, &mut state).await?;
        }
        state.watched = data.watched.into_iter().map(|raw| raw.and_then(Comment::of)).collect();
        let branches = data.node.refs.into_iter().flat_map(Nodes::all);
        state.branches = branches
            .filter_map(|raw| raw.branch(question.branches.as_deref().unwrap_or_default()))
            .collect();
        state.branches.sort_by(|a, b| a.name.cmp(&b.name));
        self.take_pulls(repo, data.node.pulls, &mut state.pulls).await?;
        for some in later.chunks(PULLS_AT_ONCE) {
            let found = self.read_pulls(repo, some).await?;
            state.pulls.extend(found);
        }
        Ok(state)
    }

    /// Reads an issue alone, with its history and all its comments.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the repository is gone.
    pub async fn read_issue(&self, repo: &Repo, issue: u64) -> Result<WorkflowState, Error> {
        let question = WorkflowQuestion {
            issue,
            after: None,
            watched: Vec::new(),
            branches: None,
            pulls: Vec::new(),
        };
        self.read_workflow(repo, &question).await
    }

    /// Reads pull requests in one query, at most eight.
    pub(in crate::github) async fn read_pulls(&self, repo: &Repo, numbers: &[u64]) -> Result<BTreeMap<u64, PullState>, Error> {
        let variables = json!({ "repository": repo.node_id });
        let data: Data = self
            .query(Scope::read(repo), "Pulls", &pulls_query(numbers), variables)
            .await?;
        let mut pulls = BTreeMap::new();
        self.take_pulls(repo, data.node.pulls, &mut pulls).await?;
        Ok(pulls)
    }

    async fn take_pulls(
        &self,
        repo: &Repo,
        found: BTreeMap<String, Option<RawPull>>,
        into: &mut BTreeMap<u64, PullState>,
    ) -> Result<(), Error> {
        for raw in found.into_values().flatten() {
            let (mut state, more) = raw.state();
            if let Some(after) = more {
                self.further_checks(repo, &mut state, after).await?;
            }
            into.insert(state.pull.number, state);
        }
        Ok(())
    }

    async fn further_checks(&self, repo: &Repo, state: &mut PullState, mut after: String) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Data {
            node: Object,
        }
        #[derive(Deserialize)]
        struct Object {
            object: Option<Commit>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Commit {
            status_check_rollup: Option<RawRollup>,
        }
        for _ in 0..MOST_PAGES {
            let variables = json!({ "repository": repo.node_id, "commit": state.checks_head, "after": after });
            let data: Data = self
                .query(Scope::read(repo), CHECKS_PAGE, &checks_page(state.pull.number), variables)
                .await?;
            let Some(rollup) = data.node.object.and_then(|commit| commit.status_check_rollup) else {
                break;
            };
            let (page, more) = rollup.contexts.checks();
            state.checks.extend(page);
            match more {
                Some(next) => after = next,
                None => break,
            }
        }
        Ok(())
    }

    async fn further_comments(&self, repo: &Repo, issue: u64, page: PageInfo, state: &mut WorkflowState) -> Result<(), Error> {
        let mut page = page;
        for _ in 0..MOST_PAGES {
            state.cursor = page.end_cursor.or_else(|| state.cursor.take());
            if !page.has_next_page {
                break;
            }
            let variables = json!({ "repository": repo.node_id, "issue": issue, "after": state.cursor });
            let data: Data = self
                .query(Scope::read(repo), "Comments", &comments_query(), variables)
                .await?;
            let Some(raw) = data.node.issue else { break };
            let (comments, next) = raw.comments();
            state.comments.extend(comments);
            page = next;
        }
        Ok(())
    }
}

/// The query for a whole workflow.
pub(in crate::github) fn workflow_query(branches: bool, pulls: &[u64]) -> String {
    let prefix = if branches { ", $prefix: String!" } else { "" };
    let refs = if branches { raw::REF_FIELDS } else { "" };
    format!(
        "query Workflow($repository: ID!, $issue: Int!, $after: String, $watched: [ID!]!{prefix}) {{
node(id: $repository) {{ ... on Repository {{ isArchived
issue(number: $issue) {}
{refs}
{} }} }}
watched: nodes(ids: $watched) {{ ... on IssueComment {COMMENT_FIELDS} }} }}
{WHO}",
        raw::issue_fields(),
        pull_parts(pulls),
    )
}

/// The query for pull requests alone.
pub(in crate::github) fn pulls_query(numbers: &[u64]) -> String {
    format!(
        "query Pulls($repository: ID!) {{ node(id: $repository) {{ ... on Repository {{ {} }} }} }}\n{WHO}",
        pull_parts(numbers)
    )
}

/// The query for further comments.
pub(in crate::github) fn comments_query() -> String {
    format!(
        "query Comments($repository: ID!, $issue: Int!, $after: String) {{ node(id: $repository) {{ ... on Repository {{
issue(number: $issue) {} }} }} }}\n{WHO}",
        raw::issue_fields()
    )
}

fn pull_parts(numbers: &[u64]) -> String {
    let part = |number: &u64| format!("pull{number}: pullRequest(number: {number}) {}\n", selection(*number));
    numbers.iter().map(part).collect()
}
