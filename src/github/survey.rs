//! One picture of a repository at one commit: its files, workflows, rules, merge settings and habits.
//!
//! Invariant: everything about files is read at the commit named in the picture, so that a plan made from it can be checked
//! later.

use std::time::Duration;

use serde_json::json;

use super::Github;
use super::branch::encoded;
use super::error::{Error, optional};
use super::request::{Request, Scope, below};
use super::rules::Rules;
use super::types::{Actor, Repo, Sha, WHO};
use crate::clock::Millis;

mod raw;
mod tree;

use raw::Data;

pub use tree::{Entry, EntryKind, Tree};

/// Largest workflow file that is read, in bytes.
const WORKFLOW_BYTES: usize = 256 * 1024;

/// Most workflow files that are read; each is a request.
const MOST_WORKFLOWS: usize = 50;

/// Room for GitHub's sentence where a file is refused, in bytes.
const REFUSAL_BYTES: usize = 64 * 1024;

/// How far back people count as active.
const ACTIVE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Where code owners may be named, in GitHub's order.
const CODE_OWNERS: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// A repository as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The default branch.
    pub default_branch: String,
    /// Its commit: everything about files is of this one.
    pub head: Sha,
    /// That commit's tree.
    pub head_tree: Sha,
    /// All files.
    pub tree: Tree,
    /// The workflow files by path.
    pub workflows: Vec<(String, FileText)>,
    /// The rules of the default branch.
    pub rules: Rules,
    /// How pull requests may be merged.
    pub merge: MergeSettings,
    /// Whether the repository is read-only.
    pub archived: bool,
    /// Whether it is private.
    pub private: bool,
    /// The file that names code owners.
    pub code_owners: Option<String>,
    /// Messages of the default branch's last thirty commits, newest first.
    pub messages: Vec<String>,
    /// The last thirty merged pull requests, oldest first.
    pub recent: Vec<RecentPull>,
    /// People who reviewed, merged or had work merged in the last 90 days, each once.
    pub active: Vec<Actor>,
}

/// How pull requests may be merged here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeSettings {
    /// By a merge commit.
    pub merge: bool,
    /// As one commit.
    pub squash: bool,
    /// Commit by commit.
    pub rebase: bool,
    /// Whether merged branches are deleted by GitHub.
    pub deletes_branches: bool,
    /// Whether GitHub may merge by itself once the rules hold.
    pub auto_merge: bool,
}

/// A merged pull request: how this house titles, and who is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentPull {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// When it was merged.
    pub merged_at: Option<Millis>,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Who merged it.
    pub merged_by: Option<Actor>,
    /// Who reviewed it, each once.
    pub reviewers: Vec<Actor>,
    /// Message of its last commit: whether work is signed off here.
    pub last_message: String,
    /// Names of the checks on its last commit, with the App that reported each, sorted.
    pub checks: Vec<(String, Option<u64>)>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileText {
    /// Text.
    Text(String),
    /// No UTF-8.
    Binary,
    /// More bytes than were asked for.
    TooLarge,
}

impl FileText {
    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary | Self::TooLarge => None,
        }
    }
}

impl Github {
    /// Surveys a repository: a query, its tree, its rules (three requests) and its workflow files.
    ///
    /// # Errors
    /// [`Conflict::EmptyRepository`](super::Conflict::EmptyRepository) if it has no commit yet.
    pub async fn survey(&self, repo: &Repo) -> Result<Survey, Error> {
        let variables = json!({ "repository": repo.node_id });
        let data: Data = self.query(Scope::read(repo), "Survey", &survey_query(), variables).await?;
        let raw = data.node;
        let (Some(branch), Some(target)) = raw.default_branch_ref.map(|branch| (branch.name, branch.target)).unzip() else {
            return Err(Error::conflict(
                super::Conflict::EmptyRepository,
                "the repository has no commit yet",
            ));
        };
        let target = target.ok_or_else(|| Error::malformed("a default branch without a commit"))?;
        let tree = self.tree(repo, &target.tree.oid).await?;
        let rules = self.rules(repo, &branch).await?;
        let workflows = self.workflow_files(repo, &tree).await?;
        let recent: Vec<RecentPull> = raw.merged.all().map(raw::RawPull::recent).collect();
        let active = active(&recent, self.now());
        let code_owners = CODE_OWNERS.iter().find(|path| tree.has(path)).map(|path| (*path).to_owned());
        Ok(Survey {
            code_owners,
            messages: target.history.all().map(|commit| commit.message).collect(),
            default_branch: branch,
            head: target.oid,
            head_tree: target.tree.oid,
            tree,
            workflows,
            rules,
            merge: MergeSettings {
                merge: raw.merge_commit_allowed,
                squash: raw.squash_merge_allowed,
                rebase: raw.rebase_merge_allowed,
                deletes_branches: raw.delete_branch_on_merge,
                auto_merge: raw.auto_merge_allowed,
            },
            archived: raw.is_archived,
            private: raw.is_private,
            recent,
            active,
        })
    }

    /// A file at a commit, at most `limit` bytes; `None` if it is not there.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn file(&self, repo: &Repo, path: &str, commit: &Sha, limit: usize) -> Result<Option<FileText>, Error> {
        let path = below(repo, &format!("/contents/{}?ref={commit}", encoded(path)));
        optional(self.raw(repo, path, limit).await)
    }

    /// A blob by its id, at most `limit` bytes. The same id is the same content for ever.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn blob(&self, repo: &Repo, blob: &Sha, limit: usize) -> Result<FileText, Error> {
        self.raw(repo, below(repo, &format!("/git/blobs/{blob}")), limit).await
    }

    /// A blob's bytes; `None` if there are more than `limit`.
    pub(super) async fn blob_bytes(&self, repo: &Repo, blob: &Sha, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        self.raw_bytes(repo, below(repo, &format!("/git/blobs/{blob}")), limit).await
    }

    async fn raw(&self, repo: &Repo, path: String, limit: usize) -> Result<FileText, Error> {
        let Some(bytes) = self.raw_bytes(repo, path, limit).await? else {
            return Ok(FileText::TooLarge);
        };
        let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
        Ok(text.map_or(FileText::Binary, FileText::Text))
    }

    async fn raw_bytes(&self, repo: &Repo, path: String, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        let request = Request::get(path)
            .accept("application/vnd.github.raw+json")
            .at_most(limit.saturating_add(1).max(REFUSAL_BYTES));
        let reply = match self.call(Scope::read(repo), request).await {
            Err(Error::Malformed { .. }) => return Ok(None),
            reply => reply?,
        };
        Ok((reply.body.len() <= limit).then(|| reply.body.to_vec()))
    }

    async fn workflow_files(&self, repo: &Repo, tree: &Tree) -> Result<Vec<(String, FileText)>, Error> {
        let is_workflow = |entry: &&Entry| {
            let name = entry.path.strip_prefix(".github/workflows/").unwrap_or("/");
            entry.kind == EntryKind::File && !name.contains('/') && (name.ends_with(".yml") || name.ends_with(".yaml"))
        };
        let mut files = Vec::new();
        for entry in tree.entries.iter().filter(is_workflow).take(MOST_WORKFLOWS) {
            files.push((entry.path.clone(), self.blob(repo, &entry.sha, WORKFLOW_BYTES).await?));
        }
        Ok(files)
    }
}

/// The query for what is no file.
pub(super) fn survey_query() -> String {
    format!(
        "query Survey($repository: ID!) {{ node(id: $repository) {{ ... on Repository {{
isArchived isPrivate mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed deleteBranchOnMerge autoMergeAllowed
defaultBranchRef {{ name target {{ oid ... on Commit {{ tree {{ oid }} history(first: 30) {{ nodes {{ message }} }} }} }} }}
merged: pullRequests(states: MERGED, last: 30) {{ nodes {{ number title mergedAt author {{ ...Who }} mergedBy {{ ...Who }}
  reviews(first: 20) {{ nodes {{ author {{ ...Who }} }} }}
  commits(last: 1) {{ nodes {{ commit {{ message statusCheckRollup {{ contexts(first: 50) {{ nodes {{ __typename
    ... on CheckRun {{ name checkSuite {{ app {{ databaseId }} }} }} ... on StatusContext {{ id context }} }} }} }} }} }} }} }} }} }} }} }}\n{WHO}"
    )
}

/// Who was active in the last 90 days. Bots do not count: a second pair of eyes is a person's.
fn active(recent: &[RecentPull], now: Millis) -> Vec<Actor> {
    let mut people: Vec<Actor> = Vec::new();
    for pull in recent
        .iter()
        .filter(|pull| pull.merged_at.is_some_and(|at| now.since(at) <= ACTIVE))
    {
        for person in pull.author.iter().chain(&pull.merged_by).chain(&pull.reviewers) {
            if !person.is_bot() && !people.iter().any(|known| known.id == person.id) {
                people.push(person.clone());
            }
        }
    }
    people
}
