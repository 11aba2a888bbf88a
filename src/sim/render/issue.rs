//! Issues, labels, comments and reactions as GitHub writes them.
//!
//! Invariant: a pull request in a list of issues carries the member `pull_request`, an issue never does.

use serde_json::{Value, json};

use super::Render;
use super::account::{add, segment};
use super::repository::merge;
use crate::sim::world::{AppId, Comment, Issue, IssueState, Label, NodeRef, Reaction, ReactionContent, Repository};

impl Render<'_> {
    /// A label.
    #[must_use]
    pub(crate) fn label(&self, repo: &Repository, label: &Label) -> Value {
        json!({
            "id": label.id, "node_id": NodeRef::Label(repo.id, label.id).encode(), "name": label.name,
            "url": self.repo_url(repo, format_args!("/labels/{}", segment(&label.name))),
            "description": label.description, "color": label.color, "default": label.default,
        })
    }

    /// The labels of an issue, by name.
    #[must_use]
    pub(crate) fn labels(&self, repo: &Repository, issue: &Issue) -> Vec<Value> {
        issue
            .labels
            .iter()
            .filter_map(|id| repo.labels.get(id))
            .map(|label| self.label(repo, label))
            .collect()
    }

    /// An issue, or a pull request seen as one, as lists and webhooks carry it.
    #[must_use]
    pub(crate) fn issue(&self, repo: &Repository, issue: &Issue) -> Value {
        let number = issue.number;
        let at = |below: &str| self.repo_url(repo, format_args!("/issues/{number}{below}"));
        let assignees: Vec<Value> = issue.assignees.iter().map(|id| self.user(*id)).collect();
        let mut object = json!({
            "url": at(""), "repository_url": self.repo_url(repo, ""), "labels_url": at("/labels{/name}"),
            "comments_url": at("/comments"), "events_url": at("/events"), "timeline_url": at("/timeline"),
            "html_url": self.issue_page(repo, issue), "id": issue.id, "node_id": issue.node_id(repo.id),
            "number": number, "title": issue.title, "user": self.user(issue.author), "labels": self.labels(repo, issue),
            "state": state_name(issue.state), "state_reason": issue.state_reason.map(|reason| reason.name()),
            "locked": issue.locked, "active_lock_reason": issue.lock_reason,
            "assignee": assignees.first().cloned(), "assignees": assignees, "milestone": Value::Null,
            "comments": repo.comments_on(number).count(), "created_at": issue.created_at.rfc3339(),
            "updated_at": issue.updated_at.rfc3339(), "closed_at": issue.closed_at.map(|at| at.rfc3339()),
            "author_association": self.association(repo, issue.author), "body": issue.body,
            "reactions": reactions(&at(""), &issue.reactions),
            "performed_via_github_app": self.via_app(issue.via_app),
        });
        if let Some(pull) = &issue.pull {
            let page = self.issue_page(repo, issue);
            let links = json!({
                "url": self.repo_url(repo, format_args!("/pulls/{number}")), "html_url": page,
                "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
                "merged_at": pull.merged.as_ref().map(|merged| merged.at.rfc3339()),
            });
            add(&mut object, [("draft", json!(pull.draft)), ("pull_request", links)]);
        }
        object
    }

    /// An issue asked for by itself.
    #[must_use]
    pub(crate) fn full_issue(&self, repo: &Repository, issue: &Issue) -> Value {
        let mut object = self.issue(repo, issue);
        merge(&mut object, json!({ "closed_by": issue.closed_by.map(|by| self.user(by)) }));
        object
    }

    /// A comment on an issue or pull request.
    #[must_use]
    pub(crate) fn comment(&self, repo: &Repository, comment: &Comment) -> Value {
        let url = self.repo_url(repo, format_args!("/issues/comments/{}", comment.id));
        let page = repo
            .issue(comment.issue)
            .map_or_else(String::new, |issue| self.issue_page(repo, issue));
        json!({
            "url": url, "html_url": format!("{page}#issuecomment-{}", comment.id),
            "issue_url": self.repo_url(repo, format_args!("/issues/{}", comment.issue)), "id": comment.id,
            "node_id": NodeRef::IssueComment(repo.id, comment.id).encode(), "user": self.user(comment.author),
            "created_at": comment.created_at.rfc3339(), "updated_at": comment.updated_at.rfc3339(),
            "author_association": self.association(repo, comment.author), "body": comment.body,
            "reactions": reactions(&url, &comment.reactions), "performed_via_github_app": self.via_app(comment.via_app),
        })
    }

    /// A reaction.
    #[must_use]
    pub(crate) fn reaction(&self, repo: &Repository, reaction: &Reaction) -> Value {
        json!({
            "id": reaction.id, "node_id": NodeRef::Reaction(repo.id, reaction.id).encode(),
            "user": self.user(reaction.user), "content": reaction.content.name(),
            "created_at": reaction.created_at.rfc3339(),
        })
    }

    /// The App through which something was done, null if none.
    #[must_use]
    pub(crate) fn via_app(&self, id: Option<AppId>) -> Value {
        id.and_then(|id| self.world.apps.get(&id))
            .map_or(Value::Null, |app| self.app(app))
    }

    /// The page of an issue or pull request.
    #[must_use]
    pub(crate) fn issue_page(&self, repo: &Repository, issue: &Issue) -> String {
        let kind = if issue.pull.is_some() { "pull" } else { "issues" };
        self.repo_page(repo, format_args!("/{kind}/{}", issue.number))
    }
}

/// `open` or `closed`.
#[must_use]
pub(crate) fn state_name(state: IssueState) -> &'static str {
    match state {
        IssueState::Open => "open",
        IssueState::Closed => "closed",
    }
}

/// How often each of the eight reactions was given to the object at `url`.
#[must_use]
pub(crate) fn reactions(url: &str, given: &[Reaction]) -> Value {
    let mut rollup = json!({ "url": format!("{url}/reactions"), "total_count": given.len() });
    for content in ReactionContent::ALL {
        let count = given.iter().filter(|reaction| reaction.content == content).count();
        add(&mut rollup, [(content.name(), json!(count))]);
    }
    rollup
}
