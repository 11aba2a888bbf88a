//! Routes of GitHub Actions: workflow runs, jobs, logs, reruns.
//!
//! Invariant: a log is never in an answer; the answer says where it lies for one minute.

use serde_json::{Value, json};

use super::call::{Answer, Call, created, nothing, ok};
use super::storage;
use super::table::{Access, Route, route};
use crate::sim::git::{Store, parse_oid};
use crate::sim::ops::{Outcome, Refusal, actions};
use crate::sim::world::{CheckRunId, Conclusion, Job, Repository, RunId, Workflow, WorkflowRun};

/// See the module.
pub(super) static ROUTES: [Route; 14] = [
    route("GET", "/repos/{owner}/{repo}/actions/runs", Access::Read("actions"), runs),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/runs/{run_id}",
        Access::Read("actions"),
        run,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}",
        Access::Read("actions"),
        attempt,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs",
        Access::Read("actions"),
        jobs,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs",
        Access::Read("actions"),
        jobs,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/rerun",
        Access::Write,
        rerun,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs",
        Access::Write,
        rerun_failed,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel",
        Access::Write,
        cancel,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/jobs/{job_id}",
        Access::Read("actions"),
        job,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/jobs/{job_id}/logs",
        Access::Read("actions"),
        logs,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/actions/jobs/{job_id}/rerun",
        Access::Write,
        rerun_job,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/workflows",
        Access::Read("actions"),
        workflows,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/workflows/{workflow_id}",
        Access::Read("actions"),
        workflow,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
        Access::Write,
        dispatch,
    ),
];

fn one<'c>(call: &'c Call<'_>) -> Outcome<&'c WorkflowRun> {
    call.repository()?
        .runs
        .get(&RunId(call.number("run_id")?))
        .ok_or_else(Refusal::not_found)
}

fn rendered(call: &Call<'_>, repo: &Repository, run: (&Store, &WorkflowRun)) -> Outcome<Value> {
    let (store, run) = run;
    Ok(call
        .render()
        .workflow_run(repo, run, &call.render().simple_commit(&store.commit(run.head)?)))
}

fn runs(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let head = call.asked("head_sha").map(parse_oid);
    let fits = |run: &&WorkflowRun| {
        head.is_none_or(|head| head == Some(run.head))
            && call.asked("branch").is_none_or(|branch| run.head_branch == branch)
            && call.asked("event").is_none_or(|event| run.event == event)
            && call
                .asked("status")
                .is_none_or(|word| run.status.name() == word || run.conclusion.is_some_and(|end| end.name() == word))
    };
    let mut found = Vec::new();
    for run in repo.runs.values().rev().filter(fits) {
        found.push(rendered(call, repo, (&store, run))?);
    }
    call.counted("workflow_runs", &found, Value::clone)
}

fn run(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    ok(rendered(call, repo, (&store, one(call)?))?)
}

/// Only the newest attempt is remembered whole; older ones answer with its run and their own number.
fn attempt(call: &mut Call<'_>) -> Outcome<Answer> {
    let (number, latest) = (call.number("attempt_number")?, one(call)?.run_attempt);
    if number == 0 || number > latest {
        return Err(Refusal::not_found());
    }
    let (repo, store) = (call.repository()?, call.store()?);
    let mut object = rendered(call, repo, (&store, one(call)?))?;
    object["run_attempt"] = json!(number);
    ok(object)
}

fn jobs(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, run) = (call.repository()?, one(call)?);
    let attempt = match call.params.get("attempt_number") {
        Some(text) => Some(text.parse::<u64>().map_err(|_| Refusal::not_found())?),
        None if call.asked("filter") == Some("all") => None,
        None => Some(run.run_attempt),
    };
    let jobs: Vec<&Job> = repo
        .jobs
        .values()
        .filter(|job| job.run == run.id && attempt.is_none_or(|attempt| job.run_attempt == attempt))
        .collect();
    call.counted("jobs", &jobs, |job| call.render().job(repo, job))
}

fn rerun(call: &mut Call<'_>) -> Outcome<Answer> {
    again(call, false)
}

fn rerun_failed(call: &mut Call<'_>) -> Outcome<Answer> {
    again(call, true)
}

fn again(call: &mut Call<'_>, failed_only: bool) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = one(call)?.id;
    actions::rerun(call.world, &actor, repo, id, failed_only)?;
    created(json!({}))
}

fn cancel(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = one(call)?.id;
    actions::cancel(call.world, &actor, repo, id)?;
    Ok(Answer::Json(202, json!({})))
}

fn one_job<'c>(call: &'c Call<'_>) -> Outcome<&'c Job> {
    call.repository()?
        .jobs
        .get(&CheckRunId(call.number("job_id")?))
        .ok_or_else(Refusal::not_found)
}

fn job(call: &mut Call<'_>) -> Outcome<Answer> {
    ok(call.render().job(call.repository()?, one_job(call)?))
}

/// Where the log lies. There is none before the job has ended.
fn logs(call: &mut Call<'_>) -> Outcome<Answer> {
    let job = one_job(call)?;
    if job.log.is_none() {
        return Err(Refusal::not_found());
    }
    Ok(Answer::Found(storage::link(call.world, call.repository()?, job.id)))
}

/// Repeats one job. A job that failed is repeated with the failed ones, another with all of them.
fn rerun_job(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let job = one_job(call)?;
    let (run, failed) = (job.run, !job.conclusion.is_some_and(Conclusion::passes));
    actions::rerun(call.world, &actor, repo, run, failed)?;
    created(json!({}))
}

fn workflows(call: &mut Call<'_>) -> Outcome<Answer> {
    let repo = call.repository()?;
    let all: Vec<&Workflow> = repo.workflows.values().collect();
    call.counted("workflows", &all, |workflow| call.render().workflow(repo, workflow))
}

/// By number, or by the file's name.
fn one_workflow<'c>(call: &'c Call<'_>) -> Outcome<&'c Workflow> {
    let name = call.param("workflow_id");
    let fits = |workflow: &&Workflow| workflow.id.to_string() == name || workflow.path.rsplit('/').next() == Some(name);
    call.repository()?
        .workflows
        .values()
        .find(fits)
        .ok_or_else(Refusal::not_found)
}

fn workflow(call: &mut Call<'_>) -> Outcome<Answer> {
    ok(call.render().workflow(call.repository()?, one_workflow(call)?))
}

fn dispatch(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let name = call.param("workflow_id").to_owned();
    // A workflow that never ran is known by its file only.
    let path = one_workflow(call).map_or_else(|_| format!(".github/workflows/{name}"), |workflow| workflow.path.clone());
    let reference = call.required_text("ref")?;
    actions::dispatch(call.world, &actor, repo, &path, &reference)?;
    nothing()
}
