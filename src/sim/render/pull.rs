//! Pull requests as GitHub writes them.
//!
//! Invariant: only a pull request asked for by itself tells whether it can be merged; lists never compute it.

use serde_json::{Value, json};

use super::Render;
use super::issue::state_name;
use super::repository::merge;
use crate::sim::git::{FileChange, Oid};
use crate::sim::world::{AutoMerge, Issue, MergeState, Mergeability, PullRequest, Repository};

/// What a pull request asked for by itself tells beyond its record.
#[derive(Clone, Debug)]
pub(crate) struct PullDetails {
    /// Whether it can be merged: `None` while that is computed.
    pub(crate) mergeable: Option<bool>,
    /// GitHub's merge state.
    pub(crate) state: MergeState,
    /// Commits of the head that the base has not.
    pub(crate) commits: usize,
    /// Lines added.
    pub(crate) additions: u64,
    /// Lines deleted.
    pub(crate) deletions: u64,
    /// Files changed.
    pub(crate) changed_files: usize,
}

impl PullDetails {
    /// Details of a pull request that changes `files`.
    #[must_use]
    pub(crate) fn new(mergeable: Option<bool>, state: MergeState, commits: usize, files: &[FileChange]) -> Self {
        Self {
            mergeable,
            state,
            commits,
            additions: files.iter().map(|file| file.additions).sum(),
            deletions: files.iter().map(|file| file.deletions).sum(),
            changed_files: files.len(),
        }
    }
}

impl Render<'_> {
    /// A pull request in a list.
    #[must_use]
    pub(crate) fn pull(&self, repo: &Repository, issue: &Issue, pull: &PullRequest) -> Value {
        let number = issue.number;
        let page = self.issue_page(repo, issue);
        let at = |below: &str| self.repo_url(repo, format_args!("/pulls/{number}{below}"));
        let as_issue = |below: &str| self.repo_url(repo, format_args!("/issues/{number}{below}"));
        let statuses = self.repo_url(repo, format_args!("/statuses/{}", pull.head));
        let review_comment = self.repo_url(repo, "/pulls/comments{/number}");
        let assignees: Vec<Value> = issue.assignees.iter().map(|id| self.user(*id)).collect();
        let reviewers: Vec<Value> = pull.requested_reviewers.iter().map(|id| self.user(*id)).collect();
        let href = |url: String| json!({ "href": url });
        let mut object = json!({
            "url": at(""), "id": pull.id, "node_id": issue.node_id(repo.id), "html_url": page,
            "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"), "issue_url": as_issue(""),
            "commits_url": at("/commits"), "review_comments_url": at("/comments"), "review_comment_url": review_comment,
            "comments_url": as_issue("/comments"), "statuses_url": statuses, "number": number,
            "state": state_name(issue.state), "locked": issue.locked, "title": issue.title,
            "user": self.user(issue.author), "body": issue.body, "labels": self.labels(repo, issue),
            "milestone": Value::Null, "active_lock_reason": issue.lock_reason,
            "assignee": assignees.first().cloned(), "assignees": assignees, "requested_reviewers": reviewers,
            "requested_teams": [], "draft": pull.draft,
        });
        let links = json!({
            "self": href(at("")), "html": href(page), "issue": href(as_issue("")), "comments": href(as_issue("/comments")),
            "review_comments": href(at("/comments")), "review_comment": href(review_comment.clone()),
            "commits": href(at("/commits")), "statuses": href(statuses.clone()),
        });
        let rest = json!({
            "created_at": issue.created_at.rfc3339(), "updated_at": issue.updated_at.rfc3339(),
            "closed_at": issue.closed_at.map(|at| at.rfc3339()),
            "merged_at": pull.merged.as_ref().map(|merged| merged.at.rfc3339()),
            "merge_commit_sha": merge_commit(pull).map(|oid| oid.to_string()),
            "head": self.branch_end(repo, &pull.head_ref, pull.head), "base": self.branch_end(repo, &pull.base_ref, pull.base),
            "_links": links, "author_association": self.association(repo, issue.author),
            "auto_merge": pull.auto_merge.as_ref().map(|auto| self.auto_merge(issue, auto)),
        });
        merge(&mut object, rest);
        object
    }

    /// A pull request asked for by itself.
    #[must_use]
    pub(crate) fn full_pull(&self, repo: &Repository, number: u64, details: &PullDetails) -> Value {
        let Some((issue, pull)) = repo.pull(number) else {
            return Value::Null;
        };
        let mut object = self.pull(repo, issue, pull);
        let review_comments = repo.review_comments.values().filter(|comment| comment.pull == number).count();
        let more = json!({
            "merged": pull.merged.is_some(), "mergeable": details.mergeable, "rebaseable": details.mergeable,
            "mergeable_state": details.state.name(), "merged_by": pull.merged.as_ref().map(|merged| self.user(merged.by)),
            "comments": repo.comments_on(number).count(), "review_comments": review_comments,
            "maintainer_can_modify": pull.maintainer_can_modify, "commits": details.commits,
            "additions": details.additions, "deletions": details.deletions, "changed_files": details.changed_files,
        });
        merge(&mut object, more);
        object
    }

    /// A pull request inside a check: numbers, branches, heads.
    #[must_use]
    pub(crate) fn minimal_pull(&self, repo: &Repository, issue: &Issue, pull: &PullRequest) -> Value {
        let end = |name: &str, sha: Oid| json!({ "ref": name, "sha": sha.to_string(), "repo": self.repository_ref(repo) });
        json!({
            "url": self.repo_url(repo, format_args!("/pulls/{}", issue.number)), "id": pull.id, "number": issue.number,
            "head": end(&pull.head_ref, pull.head), "base": end(&pull.base_ref, pull.base),
        })
    }

    /// The open pull requests whose head is `branch` at `head`, as checks list them.
    #[must_use]
    pub(crate) fn pulls_of(&self, repo: &Repository, head: Oid) -> Vec<Value> {
        repo.open_pulls()
            .filter(|(_, pull)| pull.head == head)
            .map(|(issue, pull)| self.minimal_pull(repo, issue, pull))
            .collect()
    }

    fn branch_end(&self, repo: &Repository, branch: &str, sha: Oid) -> Value {
        let owner = self
            .world
            .accounts
            .get(&repo.owner)
            .map_or("", |account| account.login.as_str());
        json!({
            "label": format!("{owner}:{branch}"), "ref": branch, "sha": sha.to_string(), "user": self.user(repo.owner),
            "repo": self.repository(repo),
        })
    }

    fn auto_merge(&self, issue: &Issue, auto: &AutoMerge) -> Value {
        let title = auto
            .title
            .clone()
            .unwrap_or_else(|| format!("{} (#{})", issue.title, issue.number));
        json!({
            "enabled_by": self.user(auto.by), "merge_method": auto.method.name(), "commit_title": title,
            "commit_message": auto.message.clone().unwrap_or_default(),
        })
    }
}

/// The commit on the base after the merge; before it the test merge, if one is known.
fn merge_commit(pull: &PullRequest) -> Option<Oid> {
    match (&pull.merged, pull.mergeable) {
        (Some(merged), _) => Some(merged.commit),
        (None, Mergeability::Known { base, head, merge }) if base == pull.base && head == pull.head => merge,
        (None, Mergeability::Known { .. } | Mergeability::Unknown | Mergeability::Computing(_)) => None,
    }
}
