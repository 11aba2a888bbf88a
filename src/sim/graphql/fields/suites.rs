//! Check suites, workflow runs and workflow files.
//!
//! Invariant: a suite shows the newest run of each name unless all are asked for.

use super::super::connection::connection;
use super::super::object::{Arguments, Cx, Field, Item, Object, leaf, node, null, optional};
use super::checks::conclusion;
use super::query::refuse_arguments;
use super::{refs, repository, time, word};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{AppId, CheckRun, NodeRef, RepoId, Repository, RunId, SuiteId, WorkflowId};

pub(super) fn suite(cx: &Cx<'_>, repo: RepoId, id: SuiteId, field: &Field) -> Outcome<Option<Item>> {
    let branch = cx.read(|world| -> Outcome<Option<String>> {
        Ok(repository(world, repo)?
            .suites
            .get(&id)
            .ok_or_else(Refusal::not_found)?
            .head_branch
            .clone())
    })?;
    if field.name == "branch" {
        return match branch {
            Some(branch) => refs::by_name(cx, repo, &format!("refs/heads/{branch}")).map(Some),
            None => Ok(Some(null())),
        };
    }
    cx.read(|world| {
        let repository = repository(world, repo)?;
        let suite = repository.suites.get(&id).ok_or_else(Refusal::not_found)?;
        let path = || format!("/{}/commit/{}/checks?check_suite_id={id}", world.full_name(repo), suite.head);
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::CheckSuite(repo, id).encode()),
            "databaseId" => leaf(id.0),
            "app" => node(NodeRef::App(suite.app)),
            "commit" => node(NodeRef::Commit(repo, suite.head)),
            "status" => word(suite.status.name()),
            "conclusion" => conclusion(suite.conclusion),
            "createdAt" => time(Some(suite.created_at)),
            "updatedAt" => time(Some(suite.updated_at)),
            "workflowRun" => optional(suite.run.map(|run| NodeRef::WorkflowRun(repo, run))),
            "repository" => node(NodeRef::Repository(repo)),
            "resourcePath" => leaf(path()),
            "url" => leaf(world.base_url.clone() + &path()),
            "checkRuns" => connection("CheckRunConnection", field, suite_runs(repository, id, field)?)?,
            _ => return Ok(None),
        }))
    })
}

/// The check runs of a suite: the newest of each name, or all of them.
fn suite_runs(repo: &Repository, suite: SuiteId, field: &Field) -> Outcome<Vec<Item>> {
    let filter = nested(field, "filterBy");
    let asked = Field {
        name: "filterBy".to_owned(),
        arguments: filter.clone(),
    };
    refuse_arguments(&asked, &["status", "statuses", "conclusions"])?;
    let (app, name) = (filter.number("appId"), filter.text("checkName"));
    let all: Vec<&CheckRun> = repo.check_runs.values().filter(|run| run.suite == suite).collect();
    let every = filter.text("checkType") == Some("ALL");
    let newest = |run: &&&CheckRun| every || !all.iter().any(|other| other.name == run.name && other.id > run.id);
    let found = all.iter().filter(newest);
    let found = found.filter(|run| app.is_none_or(|app| run.app == AppId(app)) && name.is_none_or(|name| run.name == name));
    Ok(found.map(|run| node(NodeRef::CheckRun(repo.id, run.id))).collect())
}

pub(super) fn workflow_run(cx: &Cx<'_>, repo: RepoId, id: RunId, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let run = repository(world, repo)?.runs.get(&id).ok_or_else(Refusal::not_found)?;
        let path = || format!("/{}/actions/runs/{id}", world.full_name(repo));
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::WorkflowRun(repo, id).encode()),
            "databaseId" => leaf(id.0),
            "event" => leaf(run.event.as_str()),
            "runNumber" => leaf(run.run_number),
            "checkSuite" => node(NodeRef::CheckSuite(repo, run.suite)),
            "workflow" => Item::Object(Object::Workflow(repo, run.workflow)),
            "createdAt" => time(Some(run.created_at)),
            "updatedAt" => time(Some(run.updated_at)),
            "resourcePath" => leaf(path()),
            "url" => leaf(world.base_url.clone() + &path()),
            _ => return Ok(None),
        }))
    })
}

pub(super) fn workflow(cx: &Cx<'_>, repo: RepoId, id: WorkflowId, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let workflow = repository(world, repo)?.workflows.get(&id).ok_or_else(Refusal::not_found)?;
        let file = workflow.path.rsplit('/').next().unwrap_or_default();
        let path = || format!("/{}/actions/workflows/{file}", world.full_name(repo));
        Ok(Some(match field.name.as_str() {
            "id" => leaf(format!("W_{id}")),
            "databaseId" => leaf(id.0),
            "name" => leaf(workflow.name.as_str()),
            "state" => leaf("ACTIVE"),
            "createdAt" | "updatedAt" => time(Some(workflow.created_at)),
            "resourcePath" => leaf(path()),
            "url" => leaf(world.base_url.clone() + &path()),
            _ => return Ok(None),
        }))
    })
}

/// An argument that is an object.
pub(super) fn nested(field: &Field, name: &str) -> Arguments {
    Arguments(field.arguments.get(name).cloned().unwrap_or_default())
}
