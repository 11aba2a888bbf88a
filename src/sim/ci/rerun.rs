//! Runs that somebody asked for again.
//!
//! Invariant: the file is the one the run followed at first, from the commit it checked out then.

use std::collections::BTreeMap;

use super::expression::Context;
use super::occasion::{Occasion, context};
use super::trigger::begin;
use super::workflow::Workflow;
use crate::sim::ops::{Outcome, actions};
use crate::sim::world::{CheckRunId, Conclusion, RepoId, RunId, World};

/// Runs a workflow's jobs again: the named ones and those that need them, or all.
pub(super) fn again(world: &mut World, repo: RepoId, run: RunId, jobs: Option<Vec<CheckRunId>>) -> Outcome<()> {
    let Some(found) = world.repositories.get(&repo) else {
        return Ok(());
    };
    let Some(record) = found.runs.get(&run).cloned() else {
        return Ok(());
    };
    let Some(path) = found.workflows.get(&record.workflow).map(|workflow| workflow.path.clone()) else {
        return Ok(());
    };
    let names = |jobs: Vec<CheckRunId>| {
        jobs.iter()
            .filter_map(|job| found.jobs.get(job))
            .map(|job| job.name.clone())
            .collect()
    };
    let named: Option<Vec<String>> = jobs.map(names);
    let store = world.store(repo)?;
    let text = store.file(store.commit(record.checkout)?.tree, &path)?.unwrap_or_default();
    let Ok(workflow) = Workflow::read(&path, &String::from_utf8_lossy(&text)) else {
        return actions::finish_run(world, repo, run, Conclusion::StartupFailure);
    };
    let occasion = Occasion::again(&record, repo);
    let context = context(world, &occasion, &workflow, run);
    let kept = match named {
        Some(named) => kept(world, (repo, run), (&workflow, &context), &named),
        None => BTreeMap::new(),
    };
    begin(world, run, repo, (workflow, context), &kept)
}

/// The jobs that are not run again, with how they ended: all but the named ones and what needs them.
fn kept(world: &World, at: (RepoId, RunId), plan: (&Workflow, &Context), named: &[String]) -> BTreeMap<String, Conclusion> {
    let (workflow, context) = plan;
    let name = |id: &String| {
        workflow
            .jobs
            .get(id)
            .map_or_else(|| id.clone(), |job| job.shown_name(id, context))
    };
    let mut repeated: Vec<&String> = workflow.jobs.keys().filter(|id| named.contains(&name(id))).collect();
    loop {
        let more: Vec<&String> = workflow
            .jobs
            .keys()
            .filter(|id| !repeated.contains(id) && workflow.needs(id).iter().any(|need| repeated.contains(&need)))
            .collect();
        if more.is_empty() {
            break;
        }
        repeated.extend(more);
    }
    let Some(found) = world.repositories.get(&at.0) else {
        return BTreeMap::new();
    };
    let ended = |id: &String| {
        let mut jobs = found.jobs.values().filter(|job| job.run == at.1 && job.name == name(id));
        jobs.next_back().and_then(|job| job.conclusion)
    };
    let others = workflow.jobs.keys().filter(|id| !repeated.contains(id));
    others.filter_map(|id| Some((id.clone(), ended(id)?))).collect()
}
