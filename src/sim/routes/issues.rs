//! Routes of issues: list, read, write, lock, timeline, assignees.
//!
//! Invariant: lists hold pull requests as well, as GitHub's do.

use std::cmp::Reverse;

use serde_json::Value;

use super::call::{Answer, Call, created, nothing, ok};
use super::fields::not_a_member;
use super::pulls::open;
use super::table::{Access, Route, route};
use crate::clock::Millis;
use crate::sim::ops::{Outcome, Refusal, issues, pulls};
use crate::sim::world::{Issue, IssueState, StateReason};

/// See the module.
pub(super) static ROUTES: [Route; 9] = [
    route("GET", "/repos/{owner}/{repo}/issues", Access::Read("issues"), list),
    route("POST", "/repos/{owner}/{repo}/issues", Access::Write, create),
    route(
        "GET",
        "/repos/{owner}/{repo}/issues/{issue_number}",
        Access::Read("issues"),
        show,
    ),
    route("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", Access::Write, edit),
    route(
        "GET",
        "/repos/{owner}/{repo}/issues/{issue_number}/timeline",
        Access::Read("issues"),
        timeline,
    ),
    route("PUT", "/repos/{owner}/{repo}/issues/{issue_number}/lock", Access::Write, lock),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/issues/{issue_number}/lock",
        Access::Write,
        unlock,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/issues/{issue_number}/assignees",
        Access::Write,
        assign,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/issues/{issue_number}/assignees",
        Access::Write,
        unassign,
    ),
];

fn list(call: &mut Call<'_>) -> Outcome<Answer> {
    let repo = call.repository()?;
    let state = match call.asked("state").unwrap_or("open") {
        "open" => Some(IssueState::Open),
        "closed" => Some(IssueState::Closed),
        "all" => None,
        other => return Err(not_a_member("state", other)),
    };
    let since = call.since()?;
    let labels: Vec<&str> = call
        .asked("labels")
        .map(|names| names.split(',').map(str::trim).collect())
        .unwrap_or_default();
    let labelled = |issue: &Issue, name: &str| repo.label_named(name).is_some_and(|label| issue.labels.contains(&label.id));
    let account = |name: &str| {
        call.asked(name)
            .map(|login| call.world.account_named(login).map(|account| account.id))
    };
    let (creator, assignee) = (account("creator"), account("assignee"));
    let assigned = |issue: &Issue| match (call.asked("assignee"), assignee) {
        (Some("*"), _) => !issue.assignees.is_empty(),
        (Some("none"), _) => issue.assignees.is_empty(),
        (_, wanted) => wanted.is_none_or(|user| user.is_some_and(|user| issue.assignees.contains(&user))),
    };
    let mut found: Vec<&Issue> = repo
        .issues
        .values()
        .filter(|issue| state.is_none_or(|state| issue.state == state))
        .filter(|issue| since.is_none_or(|since| issue.updated_at >= since))
        .filter(|issue| labels.iter().all(|name| labelled(issue, name)))
        .filter(|issue| creator.is_none_or(|creator| creator == Some(issue.author)))
        .filter(|issue| assigned(issue))
        .collect();
    sort(call, &mut found)?;
    call.list(&found, |issue| call.render().issue(repo, issue))
}

fn sort(call: &Call<'_>, found: &mut [&Issue]) -> Outcome<()> {
    let repo = call.repository()?;
    let count = |issue: &Issue| Millis(i64::try_from(repo.comments_on(issue.number).count()).unwrap_or(i64::MAX));
    let key = |issue: &Issue| match call.asked("sort") {
        Some("updated") => (issue.updated_at, issue.number),
        Some("comments") => (count(issue), issue.number),
        Some(_) | None => (issue.created_at, issue.number),
    };
    if call.asked("direction") == Some("asc") {
        found.sort_by_key(|issue| key(issue));
    } else {
        found.sort_by_key(|issue| Reverse(key(issue)));
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let new = issues::NewIssue {
        title: title(call)?.ok_or_else(|| super::fields::missing("title"))?,
        body: call.text("body")?,
        labels: labels(call)?.unwrap_or_default(),
        assignees: assignees(call)?.unwrap_or_default(),
        form_labels: Vec::new(),
    };
    let number = issues::create(call.world, &actor, repo, new)?;
    created(full(call, number)?)
}

/// Titles may be numbers.
fn title(call: &Call<'_>) -> Outcome<Option<String>> {
    match call.member("title") {
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) | None => call.text("title"),
    }
}

/// Labels by name, or as objects with a name.
pub(super) fn labels(call: &Call<'_>) -> Outcome<Option<Vec<String>>> {
    if call.member("labels").is_none() {
        return Ok(None);
    }
    let items = call.items("labels")?;
    let name = |item: &Value| {
        let name = item.as_str().or_else(|| item.get("name").and_then(Value::as_str));
        name.map(ToOwned::to_owned)
            .ok_or_else(|| Refusal::invalid("Label", "name", "invalid"))
    };
    items.iter().map(name).collect::<Outcome<Vec<_>>>().map(Some)
}

/// Assignees by the list, or by the single old member.
fn assignees(call: &Call<'_>) -> Outcome<Option<Vec<String>>> {
    Ok(call.texts("assignees")?.or(call.text("assignee")?.map(|login| vec![login])))
}

fn full(call: &Call<'_>, number: u64) -> Outcome<Value> {
    let repo = call.repository()?;
    Ok(call
        .render()
        .full_issue(repo, repo.issue(number).ok_or_else(Refusal::not_found)?))
}

fn show(call: &mut Call<'_>) -> Outcome<Answer> {
    let number = call.issue()?.number;
    ok(full(call, number)?)
}

fn edit(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.issue()?.number;
    let change = issues::IssueEdit {
        title: title(call)?,
        body: call.text("body")?,
        open: open(call)?,
        reason: call.word("state_reason", StateReason::parse)?,
        labels: labels(call)?,
        assignees: assignees(call)?,
    };
    issues::edit(call.world, &actor, repo, number, change)?;
    ok(full(call, number)?)
}

/// The timeline; of a pull request with its commits, which come at the time they were made.
fn timeline(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, issue) = (call.repository()?, call.issue()?);
    let mut entries = call.render().timeline(repo, issue);
    if issue.pull.is_some() {
        for commit in pulls::commits(call.world, repo.id, issue.number).unwrap_or_default() {
            let mut object = call.render().git_commit(repo, &commit);
            object["event"] = Value::from("committed");
            entries.push((commit.committer.at, object));
        }
    }
    entries.sort_by_key(|(at, _)| *at);
    call.list(&entries, |(_, entry)| entry.clone())
}

fn lock(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (number, reason) = (call.issue()?.number, call.text("lock_reason")?);
    if let Some(other) = reason
        .as_deref()
        .filter(|text| !["off-topic", "too heated", "resolved", "spam"].contains(text))
    {
        return Err(not_a_member("lock_reason", other));
    }
    issues::lock(call.world, &actor, repo, number, reason)?;
    nothing()
}

fn unlock(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.issue()?.number;
    issues::unlock(call.world, &actor, repo, number)?;
    nothing()
}

fn assign(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (number, logins) = (call.issue()?.number, call.texts("assignees")?.unwrap_or_default());
    issues::add_assignees(call.world, &actor, repo, number, &logins)?;
    created(full(call, number)?)
}

fn unassign(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (number, logins) = (call.issue()?.number, call.texts("assignees")?.unwrap_or_default());
    issues::remove_assignees(call.world, &actor, repo, number, &logins)?;
    ok(full(call, number)?)
}
