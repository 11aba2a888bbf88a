//! What starts workflows, and what their expressions see of it.
//!
//! Invariant: an expression sees the run's own values only; there are no secrets and no tokens here.

use super::expression::Context;
use super::workflow::Workflow;
use crate::sim::git::Oid;
use crate::sim::world::{RepoId, RunId, UserId, WorkflowRun, World};

/// What happened, as far as all workflows of a repository share it.
#[derive(Clone, Debug)]
pub(super) struct Occasion {
    pub(super) repo: RepoId,
    pub(super) event: &'static str,
    pub(super) action: Option<String>,
    /// What branch filters look at.
    pub(super) reference: String,
    /// What path filters look at.
    pub(super) paths: Option<Vec<String>>,
    /// What the run shows as its branch.
    pub(super) head_branch: String,
    pub(super) head: Oid,
    pub(super) checkout: Oid,
    pub(super) pull: Option<u64>,
    pub(super) actor: UserId,
    /// Only this file, for a start by hand.
    pub(super) only: Option<String>,
}

impl Occasion {
    /// The occasion of a run that is repeated. Its filters were passed when it was first started.
    pub(super) fn again(run: &WorkflowRun, repo: RepoId) -> Self {
        Self {
            repo,
            event: match run.event.as_str() {
                "push" => "push",
                "workflow_dispatch" => "workflow_dispatch",
                _ => "pull_request",
            },
            action: None,
            reference: format!("refs/heads/{}", run.head_branch),
            paths: None,
            head_branch: run.head_branch.clone(),
            head: run.head,
            checkout: run.checkout,
            pull: run.pull,
            actor: run.triggering_actor,
            only: None,
        }
    }
}

/// What expressions of a run see.
pub(super) fn context(world: &World, occasion: &Occasion, workflow: &Workflow, run: RunId) -> Context {
    let record = world.repositories.get(&occasion.repo);
    let full_name = world.full_name(occasion.repo);
    let (number, attempt) = record
        .and_then(|r| r.runs.get(&run))
        .map_or((1, 1), |run| (run.run_number, run.run_attempt));
    let (reference, base, head) = match occasion.pull {
        Some(pull) => {
            let base = record
                .and_then(|r| r.pull(pull))
                .map_or("", |(_, pull)| pull.base_ref.as_str());
            (format!("refs/pull/{pull}/merge"), base, occasion.head_branch.as_str())
        }
        None => (occasion.reference.clone(), "", ""),
    };
    let short = reference
        .trim_start_matches("refs/heads/")
        .trim_start_matches("refs/tags/")
        .trim_start_matches("refs/pull/");
    let mut all: Vec<(&str, String)> = vec![
        ("github.actor", world.login(occasion.actor).to_owned()),
        ("github.base_ref", base.to_owned()),
        ("github.event.action", occasion.action.clone().unwrap_or_default()),
        ("github.event_name", occasion.event.to_owned()),
        ("github.head_ref", head.to_owned()),
        ("github.ref_name", short.to_owned()),
        ("github.repository", full_name.clone()),
        (
            "github.repository_owner",
            full_name.split('/').next().unwrap_or_default().to_owned(),
        ),
        ("github.run_attempt", attempt.to_string()),
        ("github.run_id", run.to_string()),
        ("github.run_number", number.to_string()),
        ("github.sha", occasion.checkout.to_string()),
        ("github.workflow", workflow.name.clone()),
        ("runner.os", "Linux".to_owned()),
    ];
    if let Some((issue, pull)) = occasion.pull.and_then(|number| record?.pull(number)) {
        all.extend([
            ("github.event.number", issue.number.to_string()),
            ("github.event.pull_request.base.ref", pull.base_ref.clone()),
            ("github.event.pull_request.draft", pull.draft.to_string()),
            ("github.event.pull_request.head.ref", pull.head_ref.clone()),
            ("github.event.pull_request.head.sha", pull.head.to_string()),
            ("github.event.pull_request.number", issue.number.to_string()),
            ("github.event.pull_request.title", issue.title.clone()),
        ]);
    }
    all.push(("github.ref", reference));
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
