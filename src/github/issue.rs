//! A whole workflow in one reading: the issue with its history and comments, our branches, our pull requests.
//!
//! Who labelled, closed or reopened is read here, from the issue's own timeline, so that a webhook and a sweep come to the
//! same facts.
//!
//! Invariant: reading changes nothing, and what is not there is `None`, not an error, unless it is the repository.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Github;
use super::api::Scope;
use super::error::Error;
use super::pull_state::{
    CHECKS_PAGE, Nodes, PageInfo, PullLife, PullState, RawPull, RawRollup, actor, checks_page, life, selection, time,
};
use super::types::{Actor, GraphActor, NodeId, PullRef, Repo, Sha, WHO, big_number};
use crate::clock::Millis;

mod raw;

pub(super) use raw::{COMMENT_FIELDS, RawComment};
use raw::{RawIssue, RawRef};

/// Pull requests in one query: each asks for up to about 1,400 nodes, and GitHub cuts a query at 10 s.
const PULLS_AT_ONCE: usize = 8;

/// Pages of a hundred that are followed for comments or checks. An issue holds at most 2,500 comments.
const MOST_PAGES: usize = 30;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowQuestion {
    /// The issue's number.
    pub issue: u64,
    /// Comments after this place; `None`: all of them. It is [`WorkflowState::cursor`] of an earlier reading.
    pub after: Option<String>,
    /// Comments to be read again by id: edited or deleted ones are found this way.
    pub watched: Vec<NodeId>,
    /// Our branches' common beginning, with its last slash: `millhand/7-parser/`. `None`: none are looked for.
    pub branches: Option<String>,
    /// Numbers of our pull requests.
    pub pulls: Vec<u64>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowState {
    /// The issue; `None` if it was deleted or transferred.
    pub issue: Option<Issue>,
    /// The comments asked for, oldest first.
    pub comments: Vec<Comment>,
    /// Where the next reading of comments begins.
    pub cursor: Option<String>,
    /// The watched comments, in the order asked; `None` for a deleted one.
    pub watched: Vec<Option<Comment>>,
    /// Our branches, in order of name.
    pub branches: Vec<BranchState>,
    /// Our pull requests by number; one that is not there is missing.
    pub pulls: BTreeMap<u64, PullState>,
}

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Whether it is open.
    pub open: bool,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Whom it is assigned to.
    pub assignees: Vec<Actor>,
    /// Whether its conversation is locked.
    pub locked: bool,
    /// When it was opened.
    pub created_at: Millis,
    /// When its body was last edited, if it was.
    pub edited_at: Option<Millis>,
    /// Who edited it last.
    pub editor: Option<Actor>,
    /// Open pull requests that would close it, or did.
    pub closing: Vec<ClosingPull>,
    /// The last hundred events of the kinds of [`IssueEventKind`], oldest first.
    pub events: Vec<IssueEvent>,
}

/// A pull request that says it closes the issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingPull {
    /// Its number, in its own repository.
    pub number: u64,
    /// `owner/name` of its repository.
    pub repository: String,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Open, closed or merged.
    pub life: PullLife,
}

/// Something that happened to an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueEvent {
    /// Its GraphQL id: the same whichever way it is learnt.
    pub node_id: NodeId,
    /// Who did it.
    pub actor: Option<Actor>,
    /// When.
    pub at: Millis,
    /// What.
    pub kind: IssueEventKind,
}

/// What happened to an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssueEventKind {
    /// A label was set.
    Labeled(String),
    /// A label was removed.
    Unlabeled(String),
    /// It was closed, perhaps by merging a pull request of this number in this repository.
    Closed {
        /// Number of the pull request that closed it.
        pull: Option<u64>,
        /// `owner/name` of that pull request's repository.
        repository: Option<String>,
    },
    /// It was opened again.
    Reopened,
    /// Its title was changed.
    Renamed {
        /// The title before.
        from: String,
        /// The title after.
        to: String,
    },
}

/// A comment on an issue or a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number among comments.
    pub id: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// Who wrote it.
    pub author: Option<Actor>,
    /// Its text.
    pub body: String,
    /// When it was written.
    pub created_at: Millis,
    /// When it was last edited, if it was: an edited comment is no command.
    pub edited_at: Option<Millis>,
    /// Whether it is hidden.
    pub minimised: bool,
    /// Its place on the page.
    pub url: String,
}

/// One of our branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchState {
    /// Its name without `refs/heads/`.
    pub name: String,
    /// Its commit.
    pub sha: Sha,
    /// That commit's tree.
    pub tree: Option<Sha>,
    /// The open pull requests it is the head of, with their bases.
    pub pulls: Vec<(PullRef, String)>,
}

#[derive(Deserialize)]
struct Data {
    node: RepositoryData,
    #[serde(default)]
    watched: Vec<Option<RawComment>>,
}

#[derive(Deserialize)]
struct RepositoryData {
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
    pub(super) async fn read_pulls(&self, repo: &Repo, numbers: &[u64]) -> Result<BTreeMap<u64, PullState>, Error> {
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
pub(super) fn workflow_query(branches: bool, pulls: &[u64]) -> String {
    let prefix = if branches { ", $prefix: String!" } else { "" };
    let refs = if branches { raw::REF_FIELDS } else { "" };
    format!(
        "query Workflow($repository: ID!, $issue: Int!, $after: String, $watched: [ID!]!{prefix}) {{
node(id: $repository) {{ ... on Repository {{
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
pub(super) fn pulls_query(numbers: &[u64]) -> String {
    format!(
        "query Pulls($repository: ID!) {{ node(id: $repository) {{ ... on Repository {{ {} }} }} }}\n{WHO}",
        pull_parts(numbers)
    )
}

/// The query for further comments.
pub(super) fn comments_query() -> String {
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

/// Values that GraphQL leaves empty where a type does not fit.
pub(super) fn filled<T: serde::de::DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}
