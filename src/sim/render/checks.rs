//! Check suites, check runs, annotations and commit statuses as GitHub writes them.
//!
//! Invariant: what is sent to an App about a check carries the whole suite and the App; what REST answers carries the suite's id.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Render;
use super::account::add;
use super::repository::merge;
use crate::sim::git::Oid;
use crate::sim::world::{Annotation, CheckRun, CheckSuite, CommitStatus, Conclusion, NodeRef, Repository, StatusState};

impl Render<'_> {
    /// A check run.
    #[must_use]
    pub(crate) fn check_run(&self, repo: &Repository, run: &CheckRun) -> Value {
        let mut object = self.bare_check_run(repo, run);
        add(
            &mut object,
            [
                ("check_suite", json!({ "id": run.suite })),
                ("pull_requests", json!(self.pulls_of(repo, run.head))),
            ],
        );
        object
    }

    /// A check run as webhooks carry it.
    #[must_use]
    pub(crate) fn hook_check_run(&self, repo: &Repository, run: &CheckRun) -> Value {
        let mut object = self.bare_check_run(repo, run);
        let pulls = json!(self.pulls_of(repo, run.head));
        let suite = repo.suites.get(&run.suite).map_or(Value::Null, |suite| {
            json!({
                "id": suite.id, "node_id": NodeRef::CheckSuite(repo.id, suite.id).encode(),
                "head_branch": suite.head_branch, "head_sha": suite.head.to_string(), "status": suite.status.name(),
                "conclusion": suite.conclusion.map(suite_word), "url": self.suite_url(repo, suite),
                "before": suite.before.map(|oid| oid.to_string()), "after": suite.head.to_string(),
                "pull_requests": pulls, "app": self.via_app(Some(suite.app)),
                "created_at": suite.created_at.rfc3339(), "updated_at": suite.updated_at.rfc3339(),
            })
        });
        add(&mut object, [("check_suite", suite), ("pull_requests", pulls)]);
        // The payload schemas want texts where REST allows null.
        let started = run.started_at.unwrap_or(run.created_at).rfc3339();
        add(
            &mut object,
            [
                ("external_id", json!(run.external_id.as_deref().unwrap_or_default())),
                ("started_at", json!(started)),
            ],
        );
        object
    }

    /// A check suite as REST answers it; `commit` is its head as a short commit.
    #[must_use]
    pub(crate) fn check_suite(&self, repo: &Repository, suite: &CheckSuite, commit: &Value) -> Value {
        let mut object = self.hook_check_suite(repo, suite, commit);
        let conclusion = suite.conclusion.map(Conclusion::name);
        add(
            &mut object,
            [("repository", self.repository_lite(repo)), ("conclusion", json!(conclusion))],
        );
        object
    }

    /// A check suite as webhooks carry it.
    #[must_use]
    pub(crate) fn hook_check_suite(&self, repo: &Repository, suite: &CheckSuite, commit: &Value) -> Value {
        let url = self.suite_url(repo, suite);
        let runs = repo.check_runs.values().filter(|run| run.suite == suite.id).count();
        json!({
            "id": suite.id, "node_id": NodeRef::CheckSuite(repo.id, suite.id).encode(), "head_branch": suite.head_branch,
            "head_sha": suite.head.to_string(), "status": suite.status.name(),
            "conclusion": suite.conclusion.map(suite_word), "url": url,
            "before": suite.before.map(|oid| oid.to_string()), "after": suite.head.to_string(),
            "pull_requests": self.pulls_of(repo, suite.head), "app": self.via_app(Some(suite.app)),
            "created_at": suite.created_at.rfc3339(), "updated_at": suite.updated_at.rfc3339(),
            "rerequestable": true, "runs_rerequestable": true, "latest_check_runs_count": runs,
            "check_runs_url": format!("{url}/check-runs"), "head_commit": commit,
        })
    }

    /// An annotation of a check run.
    #[must_use]
    pub(crate) fn annotation(&self, repo: &Repository, head: Oid, annotation: &Annotation) -> Value {
        json!({
            "path": annotation.path, "start_line": annotation.start_line, "end_line": annotation.end_line,
            "start_column": annotation.start_column, "end_column": annotation.end_column,
            "annotation_level": annotation.level.name(), "title": annotation.title, "message": annotation.message,
            "raw_details": annotation.raw_details,
            "blob_href": self.repo_page(repo, format_args!("/blob/{head}/{}", annotation.path)),
        })
    }

    /// A commit status.
    #[must_use]
    pub(crate) fn status(&self, repo: &Repository, status: &CommitStatus) -> Value {
        let mut object = self.short_status(repo, status);
        add(&mut object, [("creator", self.user(status.creator))]);
        object
    }

    /// The combined status of a commit: the newest of each context counts, and none at all is `pending`.
    #[must_use]
    pub(crate) fn combined_status(&self, repo: &Repository, head: Oid) -> Value {
        let newest = newest_statuses(repo, head);
        let state = if newest
            .iter()
            .any(|status| matches!(status.state, StatusState::Error | StatusState::Failure))
        {
            StatusState::Failure
        } else if newest.is_empty() || newest.iter().any(|status| status.state == StatusState::Pending) {
            StatusState::Pending
        } else {
            StatusState::Success
        };
        let statuses: Vec<Value> = newest.iter().map(|status| self.short_status(repo, status)).collect();
        let commit_url = self.repo_url(repo, format_args!("/commits/{head}"));
        json!({
            "state": state.name(), "sha": head.to_string(), "total_count": statuses.len(), "statuses": statuses,
            "repository": self.repository_lite(repo), "url": format!("{commit_url}/status"), "commit_url": commit_url,
        })
    }

    fn short_status(&self, repo: &Repository, status: &CommitStatus) -> Value {
        let at = status.created_at.rfc3339();
        json!({
            "url": self.repo_url(repo, format_args!("/statuses/{}", status.head)), "id": status.id,
            "avatar_url": self.html(format_args!("/avatars/u/{}", status.creator)),
            "node_id": NodeRef::Status(repo.id, status.id).encode(), "state": status.state.name(),
            "description": status.description, "target_url": status.target_url, "context": status.context,
            "created_at": at, "updated_at": at,
        })
    }

    fn bare_check_run(&self, repo: &Repository, run: &CheckRun) -> Value {
        let url = self.repo_url(repo, format_args!("/check-runs/{}", run.id));
        let page = self.check_page(repo, run);
        let mut object = json!({
            "id": run.id, "node_id": NodeRef::CheckRun(repo.id, run.id).encode(), "name": run.name,
            "head_sha": run.head.to_string(), "external_id": run.external_id, "url": url, "html_url": page,
            "details_url": run.details_url.clone().unwrap_or(page), "status": run.status.name(),
            "conclusion": run.conclusion.map(Conclusion::name), "app": self.via_app(Some(run.app)),
        });
        let rest = json!({
            "started_at": run.started_at.map(|at| at.rfc3339()), "completed_at": run.completed_at.map(|at| at.rfc3339()),
            "output": {
                "title": run.output.title, "summary": run.output.summary, "text": run.output.text,
                "annotations_count": run.output.annotations.len(), "annotations_url": format!("{url}/annotations"),
            },
        });
        merge(&mut object, rest);
        object
    }

    fn check_page(&self, repo: &Repository, run: &CheckRun) -> String {
        match repo.jobs.get(&run.id) {
            Some(job) => self.repo_page(repo, format_args!("/actions/runs/{}/job/{}", job.run, job.id)),
            None => self.repo_page(repo, format_args!("/runs/{}", run.id)),
        }
    }

    fn suite_url(&self, repo: &Repository, suite: &CheckSuite) -> String {
        self.repo_url(repo, format_args!("/check-suites/{}", suite.id))
    }
}

/// The newest status of each context on a commit, by context.
#[must_use]
pub(crate) fn newest_statuses(repo: &Repository, head: Oid) -> Vec<&CommitStatus> {
    let mut newest: BTreeMap<&str, &CommitStatus> = BTreeMap::new();
    for status in repo.statuses.values().filter(|status| status.head == head) {
        newest.insert(&status.context, status);
    }
    newest.into_values().collect()
}

/// The conclusion of a suite in a payload, which knows neither `skipped` nor `startup_failure`.
fn suite_word(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Skipped => "neutral",
        Conclusion::StartupFailure => "failure",
        Conclusion::Success
        | Conclusion::Failure
        | Conclusion::Neutral
        | Conclusion::Cancelled
        | Conclusion::TimedOut
        | Conclusion::ActionRequired
        | Conclusion::Stale => conclusion.name(),
    }
}
