//! Webhook payloads.
//!
//! Every payload fits both of GitHub's published descriptions, of which the older one (draft-07) forbids members it does not
//! know: where REST says more than it, this module takes the surplus away.
//!
//! Invariant: a payload tells the world at the moment of the event and what the event itself remembers, nothing else.

use serde_json::{Value, json};

use super::Render;
use super::account::add;
use super::repository::merge;
use crate::sim::git::{Oid, Store};
use crate::sim::ops::{mergeability, pulls};
use crate::sim::world::event::{
    CheckRunAction, CommentAction, IssuesAction, LabelAction, PullAction, Push, RepositoryAction, ReviewAction, TextChanges,
};
use crate::sim::world::{
    CheckRunId, CommentId, Event, EventKind, Issue, LabelId, NodeRef, Repository, ReviewCommentId, ReviewId, RunId, StatusId,
    SuiteId, ThreadId, UserId, World,
};

use super::pull::PullDetails;

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
            let lite = json!({ "id": id, "node_id": super::account::installation_node_id(id) });
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
        let names = |ids: &[crate::sim::world::RepoId]| -> Vec<Value> {
            ids.iter()
                .filter_map(|id| self.world.repositories.get(id))
                .map(|repo| self.repository_name(repo))
                .collect()
        };
        match &event.kind {
            EventKind::Ping => self.ping(event),
            EventKind::InstallationRepositories { added, removed } => json!({
                "installation": whole, "repository_selection": whole["repository_selection"], "requester": Value::Null,
                "repositories_added": names(added), "repositories_removed": names(removed),
            }),
            _installation => {
                let reached: Vec<_> = self
                    .world
                    .repositories
                    .values()
                    .filter(|repo| {
                        installation.is_some_and(|one| {
                            one.account == repo.owner && one.repositories.as_ref().is_none_or(|list| list.contains(&repo.id))
                        })
                    })
                    .map(|repo| repo.id)
                    .collect();
                json!({ "installation": whole, "repositories": names(&reached) })
            }
        }
    }

    fn ping(&self, event: &Event) -> Value {
        let app = self.world.apps.get(&event.app);
        let at = app.map_or_else(String::new, |app| app.created_at.rfc3339());
        let deliveries = self.api("/app/hook/deliveries");
        json!({
            "zen": "Anything added dilutes everything else.", "hook_id": HOOK,
            "hook": {
                "type": "App", "id": HOOK, "name": "web", "active": true, "app_id": event.app,
                "events": app.map(|app| &app.events), "created_at": at, "updated_at": at,
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
            EventKind::CheckSuite { suite, .. } => self.check_suite_event(repo, *suite),
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

    fn issues_event(&self, repo: &Repository, number: u64, action: &IssuesAction) -> Value {
        let Some(issue) = repo.issue(number) else { return Value::Null };
        let mut payload = json!({ "issue": self.issue(repo, issue) });
        let more = match action {
            IssuesAction::Labeled { label } | IssuesAction::Unlabeled { label } => {
                json!({ "label": self.label_with(repo, *label) })
            }
            IssuesAction::Assigned { assignee } | IssuesAction::Unassigned { assignee } => {
                json!({ "assignee": self.user(*assignee) })
            }
            IssuesAction::Edited { changes } => json!({ "changes": text_changes(changes) }),
            IssuesAction::Transferred { repository, number } => {
                let there = self.world.repositories.get(repository);
                let moved = there.and_then(|there| Some((there, there.issue(*number)?)));
                moved.map_or(Value::Null, |(there, issue)| {
                    json!({ "changes": { "new_issue": self.issue(there, issue), "new_repository": self.hook_repository(there) } })
                })
            }
            IssuesAction::Opened
            | IssuesAction::Closed
            | IssuesAction::Reopened
            | IssuesAction::Locked
            | IssuesAction::Unlocked
            | IssuesAction::Deleted => Value::Null,
        };
        merge(&mut payload, more);
        payload
    }

    fn comment_event(&self, repo: &Repository, id: CommentId, action: &CommentAction) -> Value {
        let Some(comment) = repo.comments.get(&id) else {
            return Value::Null;
        };
        let issue = repo.issue(comment.issue).map_or(Value::Null, |issue| self.issue(repo, issue));
        let mut payload = json!({ "issue": issue, "comment": self.comment(repo, comment) });
        merge(&mut payload, comment_changes(action));
        payload
    }

    fn pull_event(&self, repo: &Repository, number: u64, action: &PullAction) -> Value {
        let mut payload = json!({ "number": number, "pull_request": self.hook_pull(repo, number) });
        let more = match action {
            PullAction::Labeled { label } | PullAction::Unlabeled { label } => json!({ "label": self.label_with(repo, *label) }),
            PullAction::Assigned { assignee } | PullAction::Unassigned { assignee } => {
                json!({ "assignee": self.user(*assignee) })
            }
            PullAction::ReviewRequested { reviewer } | PullAction::ReviewRequestRemoved { reviewer } => {
                json!({ "requested_reviewer": self.user(*reviewer) })
            }
            PullAction::Synchronize { before, after } => json!({ "before": before.to_string(), "after": after.to_string() }),
            PullAction::Edited { changes, base } => {
                let mut changes = text_changes(changes);
                if let Some((name, oid)) = base {
                    add(
                        &mut changes,
                        [("base", json!({ "ref": { "from": name }, "sha": { "from": oid.to_string() } }))],
                    );
                }
                json!({ "changes": changes })
            }
            PullAction::AutoMergeDisabled { reason } => json!({ "reason": reason }),
            PullAction::Opened
            | PullAction::Closed
            | PullAction::Reopened
            | PullAction::ReadyForReview
            | PullAction::ConvertedToDraft
            | PullAction::Locked
            | PullAction::Unlocked
            | PullAction::AutoMergeEnabled => Value::Null,
        };
        merge(&mut payload, more);
        payload
    }

    /// A pull request as `pull_request` events carry it. Nobody asked whether it can be merged, so nothing is computed.
    fn hook_pull(&self, repo: &Repository, number: u64) -> Value {
        let files = pulls::files(self.world, repo.id, number).unwrap_or_default();
        let commits = pulls::commits(self.world, repo.id, number).map_or(0, |commits| commits.len());
        let mergeable = repo.pull(number).and_then(|(_, pull)| mergeability::glance(pull));
        let state = mergeability::state(self.world, repo.id, number);
        let mut object = self.full_pull(repo, number, &PullDetails::new(mergeable, state, commits, &files));
        self.with_hook_repositories(repo, &mut object);
        object
    }

    /// A pull request as other events carry it.
    fn short_pull(&self, repo: &Repository, issue: &Issue) -> Value {
        let mut object = issue.pull.as_ref().map_or(Value::Null, |pull| self.pull(repo, issue, pull));
        self.with_hook_repositories(repo, &mut object);
        object
    }

    fn with_hook_repositories(&self, repo: &Repository, pull: &mut Value) {
        for end in ["head", "base"] {
            if let Some(end) = pull.get_mut(end) {
                add(end, [("repo", self.hook_repository(repo))]);
            }
        }
    }

    fn review_event(&self, repo: &Repository, id: ReviewId, action: &ReviewAction) -> Value {
        let Some((review, issue)) = repo
            .reviews
            .get(&id)
            .and_then(|review| Some((review, repo.issue(review.pull)?)))
        else {
            return Value::Null;
        };
        let mut payload =
            json!({ "review": self.hook_review(repo, issue, review), "pull_request": self.short_pull(repo, issue) });
        if let ReviewAction::Edited { body } = action {
            add(&mut payload, [("changes", json!({ "body": { "from": body } }))]);
        }
        payload
    }

    fn inline_event(&self, repo: &Repository, id: ReviewCommentId, action: &CommentAction) -> Value {
        let found = repo
            .review_comments
            .get(&id)
            .and_then(|comment| Some((comment, repo.issue(comment.pull)?)));
        let Some((comment, issue)) = found else { return Value::Null };
        let mut payload =
            json!({ "comment": self.review_comment(repo, issue, comment), "pull_request": self.short_pull(repo, issue) });
        merge(&mut payload, comment_changes(action));
        payload
    }

    fn thread_event(&self, repo: &Repository, id: ThreadId) -> Value {
        let found = repo
            .threads
            .get(&id)
            .and_then(|thread| Some((thread, repo.issue(thread.pull)?)));
        let Some((thread, issue)) = found else { return Value::Null };
        let comments: Vec<Value> = thread
            .comments
            .iter()
            .filter_map(|id| repo.review_comments.get(id))
            .map(|comment| self.review_comment(repo, issue, comment))
            .collect();
        let node_id = NodeRef::Thread(repo.id, thread.id).encode();
        json!({ "thread": { "node_id": node_id, "comments": comments }, "pull_request": self.short_pull(repo, issue) })
    }

    fn check_run_event(&self, repo: &Repository, id: CheckRunId, action: &CheckRunAction) -> Value {
        let Some(run) = repo.check_runs.get(&id) else {
            return Value::Null;
        };
        let mut payload = json!({ "check_run": self.hook_check_run(repo, run) });
        if let CheckRunAction::RequestedAction { identifier } = action {
            add(&mut payload, [("requested_action", json!({ "identifier": identifier }))]);
        }
        payload
    }

    fn check_suite_event(&self, repo: &Repository, id: SuiteId) -> Value {
        let Some(suite) = repo.suites.get(&id) else {
            return Value::Null;
        };
        json!({ "check_suite": self.hook_check_suite(repo, suite, &self.head_commit(repo, suite.head)) })
    }

    fn run_event(&self, repo: &Repository, id: RunId) -> Value {
        let Some(run) = repo.runs.get(&id) else { return Value::Null };
        let workflow = repo
            .workflows
            .get(&run.workflow)
            .map_or(Value::Null, |workflow| self.workflow(repo, workflow));
        json!({ "workflow_run": self.workflow_run(repo, run, &self.head_commit(repo, run.head)), "workflow": workflow })
    }

    fn job_event(&self, repo: &Repository, id: CheckRunId) -> Value {
        repo.jobs
            .get(&id)
            .map_or(Value::Null, |job| json!({ "workflow_job": self.job(repo, job) }))
    }

    fn head_commit(&self, repo: &Repository, head: Oid) -> Value {
        let commit = self.world.store(repo.id).and_then(|store| store.commit(head));
        commit.map_or(Value::Null, |commit| self.simple_commit(&commit))
    }

    fn status_event(&self, repo: &Repository, id: StatusId) -> Value {
        let Some(status) = repo.statuses.get(&id) else {
            return Value::Null;
        };
        let mut payload = self.status(repo, status);
        let store = self.world.store(repo.id);
        let commit = store.as_ref().ok().and_then(|store| store.commit(status.head).ok());
        let mut commit = commit.map_or(Value::Null, |commit| self.commit(repo, &commit));
        if let Some(verification) = commit["commit"]["verification"].as_object_mut() {
            verification.remove("verified_at");
        }
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
        if let Some(object) = payload.as_object_mut() {
            object.retain(|member, _| !["url", "node_id", "creator"].contains(&member.as_str()));
        }
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

    fn push_event(&self, repo: &Repository, push: &Push, sender: UserId) -> Value {
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

    fn label_with(&self, repo: &Repository, id: LabelId) -> Value {
        repo.labels.get(&id).map_or(Value::Null, |label| self.label(repo, label))
    }
}

fn text_changes(changes: &TextChanges) -> Value {
    let mut object = json!({});
    if let Some(title) = &changes.title {
        add(&mut object, [("title", json!({ "from": title }))]);
    }
    if let Some(body) = &changes.body {
        add(&mut object, [("body", json!({ "from": body }))]);
    }
    object
}

fn comment_changes(action: &CommentAction) -> Value {
    match action {
        CommentAction::Edited { body } => json!({ "changes": { "body": { "from": body } } }),
        CommentAction::Created | CommentAction::Deleted => Value::Null,
    }
}
