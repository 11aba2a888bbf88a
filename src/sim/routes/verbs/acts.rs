//! Verbs that act: time, installation, repositories, rules, issue forms, buttons.
//!
//! Invariant: what a verb does passes through the same operations as what the API does.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::pattern::Params;
use super::given;
use crate::sim::ops::{Actor, Outcome, Refusal, checks, installs, issues, repos};
use crate::sim::seed::{APP_SLUG, ORGANISATION};
use crate::sim::world::{CheckRunId, Installation, Permissions, RepoId, Rule, UserId, World};

/// Longest jump of the clock, seconds: ten years. Beyond it times could no longer be written.
const LONGEST_ADVANCE: u64 = 10 * 365 * 24 * 3600;

/// Who makes repositories by verb.
const MAKER: &str = "maintainer";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

pub(super) fn clock(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let advance: Advance = given(body)?;
    if advance.advance_seconds > LONGEST_ADVANCE {
        return Err(Refusal::new(422, "advance_seconds is more than ten years"));
    }
    world.clock_ahead += Duration::from_secs(advance.advance_seconds);
    Ok(json!({ "now": world.now().rfc3339(), "now_ms": world.now() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstallationChange {
    action: String,
    #[serde(default)]
    permissions: Option<Permissions>,
}

pub(super) fn installation(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let change: InstallationChange = given(body)?;
    let app = world.app_named(APP_SLUG).ok_or_else(Refusal::not_found)?.id;
    let found: &Installation = world
        .installations
        .values()
        .find(|one| one.app == app)
        .ok_or_else(Refusal::not_found)?;
    let id = found.id;
    match change.action.as_str() {
        "suspend" => installs::suspend(world, id)?,
        "unsuspend" => installs::unsuspend(world, id)?,
        "deleted" => installs::remove(world, id)?,
        "new_permissions_accepted" => {
            let permissions = change
                .permissions
                .ok_or_else(|| Refusal::new(422, "missing field `permissions`"))?;
            installs::set_permissions(world, id, permissions)?;
        }
        other => return Err(Refusal::new(422, format!("unknown action {other}"))),
    }
    let now = world.installations.get(&id);
    Ok(
        json!({ "id": id, "permissions": now.map(|one| &one.permissions), "suspended": now.is_some_and(|one| one.suspended.is_some()) }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRepository {
    name: String,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    files: BTreeMap<String, String>,
}

pub(super) fn repositories(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let new: NewRepository = given(body)?;
    let (owner, name) = new.name.split_once('/').unwrap_or((ORGANISATION, &new.name));
    let request = repos::NewRepository {
        owner: login(world, owner)?,
        name: name.to_owned(),
        private: new.private,
        files: new.files.clone(),
        creator: login(world, MAKER)?,
    };
    let id = repos::create(world, request)?;
    Ok(json!({ "id": id, "full_name": world.full_name(id) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BranchRules {
    repository: String,
    branch: String,
    rules: Vec<Rule>,
}

pub(super) fn rules(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let wanted: BranchRules = given(body)?;
    let repo = repository(world, &wanted.repository)?;
    let count = wanted.rules.len();
    repos::set_rules(world, repo, &wanted.branch, wanted.rules)?;
    Ok(json!({ "repository": world.full_name(repo), "branch": wanted.branch, "rules": count }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueForm {
    repository: String,
    login: String,
    title: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
}

pub(super) fn issue_form(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let form: IssueForm = given(body)?;
    let repo = repository(world, &form.repository)?;
    let actor = Actor::User(login(world, &form.login)?);
    let new = issues::NewIssue {
        title: form.title,
        body: form.body,
        labels: Vec::new(),
        assignees: Vec::new(),
        form_labels: form.labels,
    };
    let number = issues::create(world, &actor, repo, new)?;
    Ok(json!({ "repository": world.full_name(repo), "number": number }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PressedButton {
    repository: String,
    login: String,
    check_run: CheckRunId,
    button: String,
}

/// GitHub has buttons on its pages only; the verb does what they do, for whoever GitHub would let.
pub(super) fn press(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let pressed: PressedButton = given(body)?;
    let repo = repository(world, &pressed.repository)?;
    let actor = Actor::User(login(world, &pressed.login)?);
    checks::request_action(world, &actor, repo, pressed.check_run, &pressed.button)?;
    Ok(json!({ "repository": world.full_name(repo), "check_run": pressed.check_run }))
}

fn login(world: &World, login: &str) -> Outcome<UserId> {
    world
        .account_named(login)
        .map(|account| account.id)
        .ok_or_else(|| Refusal::new(422, format!("nobody is called {login}")))
}

fn repository(world: &World, full_name: &str) -> Outcome<RepoId> {
    let unknown = || Refusal::new(422, format!("there is no repository {full_name}"));
    let (owner, name) = full_name.split_once('/').ok_or_else(unknown)?;
    world.repository_named(owner, name).map(|repo| repo.id).ok_or_else(unknown)
}
