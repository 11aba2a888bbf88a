//! Routes of labels: of a repository, and on an issue.
//!
//! Invariant: names of labels are compared without regard to case.

use serde_json::Value;

use super::call::{Answer, Call, created, nothing, ok};
use super::fields::missing;
use super::issues;
use super::table::{Access, Route, route};
use crate::sim::ops::{Outcome, Refusal, labels};
use crate::sim::world::{Label, LabelId};

/// See the module.
pub(super) static ROUTES: [Route; 10] = [
    route("GET", "/repos/{owner}/{repo}/labels", Access::Read("issues"), list),
    route("POST", "/repos/{owner}/{repo}/labels", Access::Write, create),
    route("GET", "/repos/{owner}/{repo}/labels/{name}", Access::Read("issues"), show),
    route("PATCH", "/repos/{owner}/{repo}/labels/{name}", Access::Write, edit),
    route("DELETE", "/repos/{owner}/{repo}/labels/{name}", Access::Write, delete),
    route(
        "GET",
        "/repos/{owner}/{repo}/issues/{issue_number}/labels",
        Access::Read("issues"),
        on_issue,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/issues/{issue_number}/labels",
        Access::Write,
        add,
    ),
    route(
        "PUT",
        "/repos/{owner}/{repo}/issues/{issue_number}/labels",
        Access::Write,
        set,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/issues/{issue_number}/labels",
        Access::Write,
        clear,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}",
        Access::Write,
        remove,
    ),
];

fn list(call: &mut Call<'_>) -> Outcome<Answer> {
    let repo = call.repository()?;
    let all: Vec<&Label> = repo.labels.values().collect();
    call.list(&all, |label| call.render().label(repo, label))
}

fn named(call: &Call<'_>) -> Outcome<LabelId> {
    call.repository()?
        .label_named(call.param("name"))
        .map(|label| label.id)
        .ok_or_else(Refusal::not_found)
}

fn shown(call: &Call<'_>, id: LabelId) -> Outcome<Value> {
    let repo = call.repository()?;
    Ok(call
        .render()
        .label(repo, repo.labels.get(&id).ok_or_else(Refusal::not_found)?))
}

fn show(call: &mut Call<'_>) -> Outcome<Answer> {
    ok(shown(call, named(call)?)?)
}

fn create(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let new = labels::NewLabel {
        name: call.required_text("name")?,
        color: call.text("color")?,
        description: call.text("description")?,
    };
    let id = labels::create(call.world, &actor, repo, new)?;
    created(shown(call, id)?)
}

fn edit(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = named(call)?;
    let change = labels::LabelEdit {
        name: call.text("new_name")?,
        color: call.text("color")?,
        description: call.text("description")?,
    };
    labels::edit(call.world, &actor, repo, id, change)?;
    ok(shown(call, id)?)
}

fn delete(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let id = named(call)?;
    labels::delete(call.world, &actor, repo, id)?;
    nothing()
}

fn on_issue(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, issue) = (call.repository()?, call.issue()?);
    let labels = call.render().labels(repo, issue);
    call.list(&labels, Value::clone)
}

/// All labels of the issue, as every change of them answers.
fn left(call: &Call<'_>) -> Outcome<Answer> {
    let (repo, issue) = (call.repository()?, call.issue()?);
    ok(Value::Array(call.render().labels(repo, issue)))
}

fn add(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (number, names) = (call.issue()?.number, issues::labels(call)?.ok_or_else(|| missing("labels"))?);
    labels::add(call.world, &actor, repo, number, &names)?;
    left(call)
}

fn set(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (number, names) = (call.issue()?.number, issues::labels(call)?.unwrap_or_default());
    labels::set(call.world, &actor, repo, number, &names)?;
    left(call)
}

fn clear(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.issue()?.number;
    labels::set(call.world, &actor, repo, number, &[])?;
    nothing()
}

fn remove(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (number, name) = (call.issue()?.number, call.param("name").to_owned());
    labels::remove(call.world, &actor, repo, number, &name)?;
    left(call)
}
