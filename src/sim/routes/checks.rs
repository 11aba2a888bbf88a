//! Routes of check runs and check suites.
//!
//! Invariant: a rerun hides the run it repeats, unless `filter=all` is asked for.

use serde_json::{Value, json};

use super::call::{Answer, Call, created, ok};
use super::fields::{inner_integer, inner_text, missing, not_a_member, required_inner_text};
use super::table::{Access, Route, route};
use crate::sim::git::{Oid, Store};
use crate::sim::ops::{Outcome, Refusal, checks};
use crate::sim::world::{
    Annotation, AnnotationLevel, AppId, CheckAction, CheckOutput, CheckRun, CheckRunId, CheckStatus, CheckSuite, Conclusion,
    Repository, SuiteId,
};

/// See the module.
pub(super) static ROUTES: [Route; 8] = [
    route("POST", "/repos/{owner}/{repo}/check-runs", Access::Write, create),
    route(
        "GET",
        "/repos/{owner}/{repo}/check-runs/{check_run_id}",
        Access::Read("checks"),
        show,
    ),
    route(
        "PATCH",
        "/repos/{owner}/{repo}/check-runs/{check_run_id}",
        Access::Write,
        update,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations",
        Access::Read("checks"),
        annotations,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest",
        Access::Write,
        rerequest,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/check-suites/{check_suite_id}",
        Access::Read("checks"),
        suite,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs",
        Access::Read("checks"),
        runs_of_suite,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/check-suites/{check_suite_id}/rerequest",
        Access::Write,
        rerequest_suite,
    ),
];

fn create(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let new = checks::NewCheckRun {
        name: call.required_text("name")?,
        head: call.required_oid("head_sha")?,
        update: change(call)?,
    };
    let id = checks::create_run(call.world, &actor, repo, new)?;
    created(shown(call, id)?)
}

fn update(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = CheckRunId(call.number("check_run_id")?);
    let change = change(call)?;
    checks::update_run(call.world, &actor, repo, id, change)?;
    ok(shown(call, id)?)
}

fn change(call: &Call<'_>) -> Outcome<checks::CheckRunUpdate> {
    Ok(checks::CheckRunUpdate {
        name: call.text("name")?,
        status: call.word("status", CheckStatus::parse)?,
        conclusion: call.word("conclusion", Conclusion::parse)?,
        external_id: call.text("external_id")?,
        details_url: call.text("details_url")?,
        started_at: call.time("started_at")?,
        completed_at: call.time("completed_at")?,
        output: call.member("output").map(output).transpose()?,
        actions: call
            .member("actions")
            .map(|_| call.items("actions")?.iter().map(action).collect())
            .transpose()?,
    })
}

fn output(value: &Value) -> Outcome<CheckOutput> {
    let annotations = match value.get("annotations") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().map(annotation).collect::<Outcome<Vec<_>>>()?,
        Some(_) => return Err(not_a_member("annotations", "something else than an array")),
    };
    Ok(CheckOutput {
        title: inner_text(value, "title")?,
        summary: Some(required_inner_text(value, "summary")?),
        text: inner_text(value, "text")?,
        annotations,
    })
}

fn annotation(value: &Value) -> Outcome<Annotation> {
    let level = required_inner_text(value, "annotation_level")?;
    let line = |name: &str| inner_integer(value, name)?.ok_or_else(|| missing(name));
    Ok(Annotation {
        path: required_inner_text(value, "path")?,
        start_line: line("start_line")?,
        end_line: line("end_line")?,
        start_column: inner_integer(value, "start_column")?,
        end_column: inner_integer(value, "end_column")?,
        level: AnnotationLevel::parse(&level).ok_or_else(|| not_a_member("annotation_level", &level))?,
        message: required_inner_text(value, "message")?,
        title: inner_text(value, "title")?,
        raw_details: inner_text(value, "raw_details")?,
    })
}

fn action(value: &Value) -> Outcome<CheckAction> {
    Ok(CheckAction {
        label: required_inner_text(value, "label")?,
        description: required_inner_text(value, "description")?,
        identifier: required_inner_text(value, "identifier")?,
    })
}

fn one<'c>(call: &'c Call<'_>) -> Outcome<&'c CheckRun> {
    let id = CheckRunId(call.number("check_run_id")?);
    call.repository()?.check_runs.get(&id).ok_or_else(Refusal::not_found)
}

fn shown(call: &Call<'_>, id: CheckRunId) -> Outcome<Value> {
    let repo = call.repository()?;
    Ok(call
        .render()
        .check_run(repo, repo.check_runs.get(&id).ok_or_else(Refusal::not_found)?))
}

fn show(call: &mut Call<'_>) -> Outcome<Answer> {
    let id = one(call)?.id;
    ok(shown(call, id)?)
}

fn annotations(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, run) = (call.repository()?, one(call)?);
    call.list(&run.output.annotations, |annotation| {
        call.render().annotation(repo, run.head, annotation)
    })
}

fn rerequest(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = one(call)?.id;
    checks::rerequest_run(call.world, &actor, repo, id)?;
    created(json!({}))
}

fn one_suite<'c>(call: &'c Call<'_>) -> Outcome<&'c CheckSuite> {
    let id = SuiteId(call.number("check_suite_id")?);
    call.repository()?.suites.get(&id).ok_or_else(Refusal::not_found)
}

fn suite(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    ok(rendered_suite(call, repo, (&store, one_suite(call)?))?)
}

fn rendered_suite(call: &Call<'_>, repo: &Repository, suite: (&Store, &CheckSuite)) -> Outcome<Value> {
    let (store, suite) = suite;
    let commit = call.render().simple_commit(&store.commit(suite.head)?);
    Ok(call.render().check_suite(repo, suite, &commit))
}

fn rerequest_suite(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = one_suite(call)?.id;
    checks::rerequest_suite(call.world, &actor, repo, id)?;
    created(json!({}))
}

fn runs_of_suite(call: &mut Call<'_>) -> Outcome<Answer> {
    let suite = one_suite(call)?;
    let (head, id) = (suite.head, suite.id);
    listed(call, head, |run| run.suite == id)
}

/// The check runs on a commit.
pub(super) fn check_runs_of(call: &Call<'_>, head: Oid) -> Outcome<Answer> {
    listed(call, head, |_| true)
}

fn listed(call: &Call<'_>, head: Oid, wanted: impl Fn(&CheckRun) -> bool) -> Outcome<Answer> {
    let repo = call.repository()?;
    let all = match call.asked("filter") {
        Some("all") => true,
        None | Some("latest") => false,
        Some(other) => return Err(not_a_member("filter", other)),
    };
    let status = call
        .asked("status")
        .map(|text| CheckStatus::parse(text).ok_or_else(|| not_a_member("status", text)))
        .transpose()?;
    let app = asked_app(call);
    let newest = checks::latest_runs(call.world, repo.id, head);
    let runs: Vec<&CheckRun> = repo
        .check_runs_of(head)
        .filter(|run| wanted(run))
        .filter(|run| all || newest.contains(&run.id))
        .filter(|run| call.asked("check_name").is_none_or(|name| run.name == name))
        .filter(|run| status.is_none_or(|status| run.status == status))
        .filter(|run| app.is_none_or(|app| run.app == app))
        .collect();
    call.counted("check_runs", &runs, |run| call.render().check_run(repo, run))
}

fn asked_app(call: &Call<'_>) -> Option<AppId> {
    call.asked("app_id").and_then(|text| text.parse().ok()).map(AppId)
}

/// The check suites on a commit.
pub(super) fn check_suites_of(call: &Call<'_>, head: Oid) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let app = asked_app(call);
    let suites: Vec<&CheckSuite> = repo
        .suites_of(head)
        .filter(|suite| app.is_none_or(|app| suite.app == app))
        .collect();
    let commit = call.render().simple_commit(&store.commit(head)?);
    call.counted("check_suites", &suites, |suite| {
        call.render().check_suite(repo, suite, &commit)
    })
}
