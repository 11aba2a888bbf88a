//! Payloads about pushes and about what is checked on commits.
//!
//! Invariant: a commit that cannot be read is null, never made up.

use serde_json::{Value, json};

use super::super::Render;
use super::super::account::add;
use crate::sim::git::{Oid, Store};
use crate::sim::world::event::{CheckRunAction, CheckSuiteAction, Push};
use crate::sim::world::{CheckRunId, Repository, RunId, StatusId, SuiteId, UserId};

impl Render<'_> {
    pub(super) fn check_run_event(&self, repo: &Repository, id: CheckRunId, action: &CheckRunAction) -> Value {
        let Some(run) = repo.check_runs.get(&id) else {
            return Value::Null;
        };
        let mut payload = json!({ "check_run": self.hook_check_run(repo, run) });
        if let CheckRunAction::RequestedAction { identifier } = action {
            add(&mut payload, [("requested_action", json!({ "identifier": identifier }))]);
        }
        payload
    }

    pub(super) fn check_suite_event(&self, repo: &Repository, id: SuiteId, action: CheckSuiteAction) -> Value {
        let Some(suite) = repo.suites.get(&id) else {
            return Value::Null;
        };
        let mut object = self.hook_check_suite(repo, suite, &self.head_commit(repo, suite.head));
        if action == CheckSuiteAction::Rerequested {
            // The description of this payload has neither these members nor the newer names of events.
            without(&mut object, &["rerequestable", "runs_rerequestable"]);
            without(&mut object["app"], &["events"]);
        }
        json!({ "check_suite": object })
    }

    pub(super) fn run_event(&self, repo: &Repository, id: RunId) -> Value {
        let Some(run) = repo.runs.get(&id) else { return Value::Null };
        let workflow = repo
            .workflows
            .get(&run.workflow)
            .map_or(Value::Null, |workflow| self.workflow(repo, workflow));
        json!({ "workflow_run": self.workflow_run(repo, run, &self.head_commit(repo, run.head)), "workflow": workflow })
    }

    pub(super) fn job_event(&self, repo: &Repository, id: CheckRunId) -> Value {
        repo.jobs
            .get(&id)
            .map_or(Value::Null, |job| json!({ "workflow_job": self.job(repo, job) }))
    }

    fn head_commit(&self, repo: &Repository, head: Oid) -> Value {
        let commit = self.world.store(repo.id).and_then(|store| store.commit(head));
        commit.map_or(Value::Null, |commit| self.simple_commit(&commit))
    }

    pub(super) fn status_event(&self, repo: &Repository, id: StatusId) -> Value {
        let Some(status) = repo.statuses.get(&id) else {
            return Value::Null;
        };
        let mut payload = self.status(repo, status);
        let store = self.world.store(repo.id);
        let commit = store.as_ref().ok().and_then(|store| store.commit(status.head).ok());
        let commit = commit.map_or(Value::Null, |commit| self.commit(repo, &commit));
        let branches: Vec<Value> = store
            .and_then(|store| store.refs("refs/heads/"))
            .unwrap_or_default()
            .into_iter()
            .filter(|(_, head)| *head == status.head)
            .map(|(name, head)| {
                let url = self.repo_url(repo, format_args!("/commits/{head}"));
                let name = name.trim_start_matches("refs/heads/").to_owned();
                json!({ "name": name, "commit": { "sha": head.to_string(), "url": url }, "protected": false })
            })
            .collect();
        without(&mut payload, &["url", "node_id", "creator"]);
        let name = self.world.full_name(repo.id);
        add(
            &mut payload,
            [
                ("sha", json!(status.head.to_string())),
                ("name", json!(name)),
                ("commit", commit),
                ("branches", json!(branches)),
            ],
        );
        payload
    }

    pub(super) fn push_event(&self, repo: &Repository, push: &Push, sender: UserId) -> Value {
        let zero = "0".repeat(40);
        let sha = |oid: Option<Oid>| oid.map_or_else(|| zero.clone(), |oid| oid.to_string());
        let store = self.world.store(repo.id).ok();
        let commits: Vec<Value> = push
            .commits
            .iter()
            .filter_map(|oid| self.pushed(repo, store.as_ref()?, *oid))
            .collect();
        let head = push.after.and_then(|oid| self.pushed(repo, store.as_ref()?, oid));
        let pusher = self.world.accounts.get(&sender);
        let (before, after) = (sha(push.before), sha(push.after));
        let compare = self.repo_page(repo, format_args!("/compare/{}...{}", &before[..12], &after[..12]));
        json!({
            "ref": push.name, "before": before, "after": after, "created": push.before.is_none(),
            "deleted": push.after.is_none(), "forced": push.forced, "base_ref": Value::Null, "compare": compare,
            "commits": commits, "head_commit": head,
            "pusher": { "name": pusher.map(|account| &account.login), "email": pusher.map(|account| account.noreply()) },
        })
    }

    fn pushed(&self, repo: &Repository, store: &Store, oid: Oid) -> Option<Value> {
        Some(self.push_commit(repo, &store.commit(oid).ok()?, &store.diff_of_commit(oid).unwrap_or_default()))
    }
}

/// Takes members away.
fn without(object: &mut Value, members: &[&str]) {
    if let Value::Object(map) = object {
        map.retain(|name, _| !members.contains(&name.as_str()));
    }
}
