//! Workflow runs and jobs as GitHub writes them.
//!
//! Invariant: a job and its check run have the same number.

use serde_json::{Value, json};

use super::Render;
use super::account::add;
use super::repository::merge;
use crate::sim::world::{Conclusion, Job, NodeRef, Repository, Workflow, WorkflowRun};

impl Render<'_> {
    /// A workflow run; `commit` is its head as a short commit.
    #[must_use]
    pub(crate) fn workflow_run(&self, repo: &Repository, run: &WorkflowRun, commit: &Value) -> Value {
        let url = self.repo_url(repo, format_args!("/actions/runs/{}", run.id));
        let workflow = repo.workflows.get(&run.workflow);
        let title = commit["message"]
            .as_str()
            .and_then(|message| message.lines().next())
            .unwrap_or_default()
            .to_owned();
        let title = run
            .pull
            .and_then(|number| repo.issue(number))
            .map_or(title, |issue| issue.title.clone());
        let previous = (run.run_attempt > 1).then(|| format!("{url}/attempts/{}", run.run_attempt - 1));
        let mut object = json!({
            "id": run.id, "name": workflow.map(|workflow| &workflow.name), "path": workflow.map(|workflow| &workflow.path),
            "node_id": NodeRef::WorkflowRun(repo.id, run.id).encode(), "check_suite_id": run.suite,
            "check_suite_node_id": NodeRef::CheckSuite(repo.id, run.suite).encode(), "head_branch": run.head_branch,
            "head_sha": run.head.to_string(), "display_title": title, "run_number": run.run_number,
            "run_attempt": run.run_attempt, "event": run.event, "status": run.status.name(),
            "conclusion": run.conclusion.map(Conclusion::name), "workflow_id": run.workflow,
            "pull_requests": self.pulls_of(repo, run.head), "created_at": run.created_at.rfc3339(),
            "updated_at": run.updated_at.rfc3339(), "run_started_at": run.run_started_at.rfc3339(),
        });
        let suite = self.repo_url(repo, format_args!("/check-suites/{}", run.suite));
        let rest = json!({
            "actor": self.user(run.actor), "triggering_actor": self.user(run.triggering_actor),
            "referenced_workflows": [], "url": url, "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"),
            "check_suite_url": suite, "artifacts_url": format!("{url}/artifacts"), "cancel_url": format!("{url}/cancel"),
            "rerun_url": format!("{url}/rerun"), "previous_attempt_url": previous,
            "workflow_url": self.repo_url(repo, format_args!("/actions/workflows/{}", run.workflow)),
            "html_url": self.repo_page(repo, format_args!("/actions/runs/{}", run.id)), "head_commit": commit,
            "repository": self.repository_lite(repo), "head_repository": self.repository_lite(repo),
        });
        merge(&mut object, rest);
        object
    }

    /// A job of a workflow run.
    #[must_use]
    pub(crate) fn job(&self, repo: &Repository, job: &Job) -> Value {
        let run = repo.runs.get(&job.run);
        let started = job.started_at.unwrap_or(job.created_at);
        let steps: Vec<Value> = job
            .steps
            .iter()
            .map(|step| {
                json!({
                    "name": step.name, "number": step.number, "status": step.status.name(),
                    "conclusion": step.conclusion.map(Conclusion::name),
                    "started_at": step.started_at.map(|at| at.rfc3339()),
                    "completed_at": step.completed_at.map(|at| at.rfc3339()),
                })
            })
            .collect();
        let mut object = json!({
            "id": job.id, "run_id": job.run, "run_attempt": job.run_attempt, "name": job.name,
            "node_id": NodeRef::CheckRun(repo.id, job.id).encode(), "head_sha": job.head.to_string(),
            "run_url": self.repo_url(repo, format_args!("/actions/runs/{}", job.run)),
            "url": self.repo_url(repo, format_args!("/actions/jobs/{}", job.id)),
            "html_url": self.repo_page(repo, format_args!("/actions/runs/{}/job/{}", job.run, job.id)),
            "check_run_url": self.repo_url(repo, format_args!("/check-runs/{}", job.id)), "status": job.status.name(),
            "conclusion": job.conclusion.map(Conclusion::name), "created_at": job.created_at.rfc3339(),
            "started_at": started.rfc3339(), "completed_at": job.completed_at.map(|at| at.rfc3339()), "steps": steps,
        });
        add(
            &mut object,
            [
                ("labels", json!(job.labels)),
                ("runner_id", Value::Null),
                ("runner_name", Value::Null),
                ("runner_group_id", Value::Null),
                ("runner_group_name", Value::Null),
                (
                    "workflow_name",
                    json!(
                        run.and_then(|run| repo.workflows.get(&run.workflow))
                            .map(|workflow| &workflow.name)
                    ),
                ),
                ("head_branch", json!(run.map(|run| &run.head_branch))),
            ],
        );
        object
    }

    /// A workflow file.
    #[must_use]
    pub(crate) fn workflow(&self, repo: &Repository, workflow: &Workflow) -> Value {
        let file = workflow.path.rsplit('/').next().unwrap_or_default();
        let made = workflow.created_at.rfc3339();
        json!({
            "id": workflow.id, "node_id": format!("W_{}", workflow.id), "name": workflow.name, "path": workflow.path,
            "state": "active", "created_at": made, "updated_at": made,
            "url": self.repo_url(repo, format_args!("/actions/workflows/{}", workflow.id)),
            "html_url": self.repo_page(repo, format_args!("/blob/{}/{}", repo.default_branch, workflow.path)),
            "badge_url": self.repo_page(repo, format_args!("/workflows/{file}/badge.svg")),
        })
    }
}
