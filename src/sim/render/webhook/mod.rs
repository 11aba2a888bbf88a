//! Webhook payloads: the envelope, and what is said of installations, repositories, refs and labels.
//!
//! Every payload fits both of GitHub's published descriptions, of which the older one (draft-07) forbids members it does not
//! know: where REST says more than it, this module takes the surplus away.
//!
//! Invariant: a payload tells the world at the moment of the event and what the event itself remembers, nothing else.

mod code;
mod talk;

use serde_json::{Value, json};

use super::Render;
use super::account::{add, installation_node_id};
use super::repository::merge;
use crate::sim::ops::installs;
use crate::sim::world::event::{LabelAction, RepositoryAction};
use crate::sim::world::{Event, EventKind, LabelId, RepoId, Repository, World};

/// Number of the App's hook.
const HOOK: u64 = 1;

/// What `pusher_type` says of everybody who has no deploy key.
const PUSHER: &str = "user";

/// The payload of an event.
#[must_use]
pub fn webhook(world: &World, event: &Event) -> Value {
    let render = Render::new(world);
    let repo = event.repository.and_then(|id| world.repositories.get(&id));
    let mut payload = json!({ "sender": render.user(event.sender) });
    if let Some(action) = event.kind.action() {
        add(&mut payload, [("action", json!(action))]);
    }
    if let Some(repo) = repo {
        add(&mut payload, [("repository", render.hook_repository(repo))]);
        let organization = render.organization(repo.owner);
        if !organization.is_null() {
            add(&mut payload, [("organization", organization)]);
        }
        if let Some(id) = event.installation {
            let lite = json!({ "id": id, "node_id": installation_node_id(id) });
            add(&mut payload, [("installation", lite)]);
        }
        merge(&mut payload, render.in_repository(repo, event));
    } else {
        merge(&mut payload, render.of_installation(event));
    }
    payload
}

impl Render<'_> {
    fn of_installation(&self, event: &Event) -> Value {
        let installation = event.installation.and_then(|id| self.world.installations.get(&id));
        let whole = installation.map_or(Value::Null, |installation| self.hook_installation(installation));
        let names = |ids: &[RepoId]| -> Vec<Value> {
            ids.iter()
                .filter_map(|id| self.world.repositories.get(id))
                .map(|repo| self.repository_name(repo))
                .collect()
        };
        if event.kind == EventKind::Ping {
            return self.ping(event);
        }
        if let EventKind::InstallationRepositories { added, removed } = &event.kind {
            return json!({
                "installation": whole, "repository_selection": whole["repository_selection"], "requester": Value::Null,
                "repositories_added": names(added), "repositories_removed": names(removed),
            });
        }
        let reached: Vec<RepoId> = event
            .installation
            .map_or_else(Vec::new, |id| installs::reached(self.world, id).into_iter().collect());
        json!({ "installation": whole, "repositories": names(&reached) })
    }

    fn ping(&self, event: &Event) -> Value {
        let app = self.world.apps.get(&event.app);
        let at = app.map_or_else(String::new, |app| app.created_at.rfc3339());
        let deliveries = self.api("/app/hook/deliveries");
        // The older description does not know the queue's event.
        let events: Vec<&String> = app
            .iter()
            .flat_map(|app| &app.events)
            .filter(|name| *name != "merge_group")
            .collect();
        json!({
            "zen": "Small steps arrive.", "hook_id": HOOK,
            "hook": {
                "type": "App", "id": HOOK, "name": "web", "active": true, "app_id": event.app,
                "events": events, "created_at": at, "updated_at": at,
                "config": { "content_type": "json", "insecure_ssl": "0", "secret": "********", "url": self.html("/webhooks/github") },
                "url": self.api("/app/hook/config"), "ping_url": self.api("/app/hook/pings"), "deliveries_url": deliveries,
            },
        })
    }

    fn in_repository(&self, repo: &Repository, event: &Event) -> Value {
        match &event.kind {
            EventKind::Issues { action, number } => self.issues_event(repo, *number, action),
            EventKind::IssueComment { action, comment } => self.comment_event(repo, *comment, action),
            EventKind::PullRequest { action, number } => self.pull_event(repo, *number, action),
            EventKind::PullRequestReview { action, review } => self.review_event(repo, *review, action),
            EventKind::PullRequestReviewComment { action, comment } => self.inline_event(repo, *comment, action),
            EventKind::PullRequestReviewThread { thread, .. } => self.thread_event(repo, *thread),
            EventKind::CheckRun { action, run } => self.check_run_event(repo, *run, action),
            EventKind::CheckSuite { action, suite } => self.check_suite_event(repo, *suite, *action),
            EventKind::WorkflowRun { run, .. } => self.run_event(repo, *run),
            EventKind::WorkflowJob { job, .. } => self.job_event(repo, *job),
            EventKind::Status { status } => self.status_event(repo, *status),
            EventKind::Push(push) => self.push_event(repo, push, event.sender),
            EventKind::Create { name } => self.ref_event(repo, name, true),
            EventKind::Delete { name } => self.ref_event(repo, name, false),
            EventKind::Label { action, label } => self.label_event(repo, *label, action),
            EventKind::Repository { action } => self.repository_event(action),
            EventKind::Ping | EventKind::Installation { .. } | EventKind::InstallationRepositories { .. } => {
                self.of_installation(event)
            }
        }
    }

    fn ref_event(&self, repo: &Repository, name: &str, made: bool) -> Value {
        let (kind, short) = match name.strip_prefix("refs/tags/") {
            Some(tag) => ("tag", tag),
            None => ("branch", name.trim_start_matches("refs/heads/")),
        };
        let mut payload = json!({ "ref": short, "ref_type": kind, "pusher_type": PUSHER });
        if made {
            let more = [
                ("master_branch", json!(repo.default_branch)),
                ("description", json!(repo.description)),
            ];
            add(&mut payload, more);
        }
        payload
    }

    fn label_event(&self, repo: &Repository, id: LabelId, action: &LabelAction) -> Value {
        let mut payload = json!({ "label": self.label_with(repo, id) });
        if matches!(action, LabelAction::Edited) {
            add(&mut payload, [("changes", json!({}))]);
        }
        payload
    }

    fn repository_event(&self, action: &RepositoryAction) -> Value {
        match action {
            RepositoryAction::Renamed { from } => json!({ "changes": { "repository": { "name": { "from": from } } } }),
            RepositoryAction::Transferred { from } => {
                let organization = self.organization(*from);
                let owner = if organization.is_null() {
                    json!({ "user": self.user(*from) })
                } else {
                    json!({ "organization": organization })
                };
                json!({ "changes": { "owner": { "from": owner } } })
            }
            RepositoryAction::DefaultBranchChanged { from } => json!({ "changes": { "default_branch": { "from": from } } }),
            RepositoryAction::Created
            | RepositoryAction::Deleted
            | RepositoryAction::Archived
            | RepositoryAction::Unarchived
            | RepositoryAction::Privatized
            | RepositoryAction::Publicized => Value::Null,
        }
    }
}
