//! Verbs below `/_sim`: what people and GitHub do that the API does not offer, and switches that disturb.
//!
//! Invariant: verbs exist in the simulated GitHub only, ask for no credentials, and stand in no journal.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::pattern::{Params, matches};
use super::reply::Reply;
use super::serve::Asked;
use crate::sim::ops::{Actor, Outcome, Refusal, installs, issues, notices_by_login, repos};
use crate::sim::world::{
    CiScript, Conclusion, Delivery, DeliveryOutcome, FaultSwitch, Installation, Permissions, RepoId, Rule, UserId, WebhookSwitch,
    World,
};
use crate::sim::{Sim, deliver};

/// Slug of the seeded App, the one that verbs about installations are about.
const APP: &str = "millhand";

/// Owner of repositories whose name comes without one.
const OWNER: &str = "acme";

/// Who makes repositories by verb.
const MAKER: &str = "maintainer";

/// One verb.
struct Verb {
    method: &'static str,
    path: &'static str,
    parameters: &'static str,
    what: &'static str,
    run: fn(&mut World, &Params, &[u8]) -> Outcome<Value>,
}

const VERBS: [Verb; 12] = [
    Verb {
        method: "GET",
        path: "/_sim/requests",
        parameters: "",
        what: "every API request: at, who, method, path, mutations, status",
        run: requests,
    },
    Verb {
        method: "GET",
        path: "/_sim/deliveries",
        parameters: "",
        what: "every webhook, one row an attempt",
        run: deliveries,
    },
    Verb {
        method: "POST",
        path: "/_sim/deliveries/{guid}/redeliver",
        parameters: "",
        what: "send a webhook again",
        run: redeliver,
    },
    Verb {
        method: "GET",
        path: "/_sim/notifications",
        parameters: "",
        what: "what each account made others notice",
        run: notifications,
    },
    Verb {
        method: "POST",
        path: "/_sim/webhooks",
        parameters: "drop, duplicate, delay_ms, reorder, events, count",
        what: "disturb webhooks from now on; {} ends it",
        run: webhooks,
    },
    Verb {
        method: "POST",
        path: "/_sim/faults",
        parameters: "method, path, fault (status|hang|reset|reply_lost|stale), status, retry_after, count",
        what: "disturb requests from now on; {} ends it",
        run: faults,
    },
    Verb {
        method: "POST",
        path: "/_sim/ci",
        parameters: "repository, branch, check, conclusion (or never), log, count",
        what: "script CI from now on; {} ends it",
        run: ci,
    },
    Verb {
        method: "POST",
        path: "/_sim/clock",
        parameters: "advance_seconds",
        what: "let time pass",
        run: clock,
    },
    Verb {
        method: "POST",
        path: "/_sim/installation",
        parameters: "action (suspend|unsuspend|deleted|new_permissions_accepted), permissions",
        what: "change the App's installation",
        run: installation,
    },
    Verb {
        method: "POST",
        path: "/_sim/repositories",
        parameters: "name, private, files",
        what: "make a repository",
        run: repositories,
    },
    Verb {
        method: "POST",
        path: "/_sim/rules",
        parameters: "repository, branch, rules",
        what: "set a branch's ruleset",
        run: rules,
    },
    Verb {
        method: "POST",
        path: "/_sim/issues",
        parameters: "repository, login, title, body, labels",
        what: "open an issue by a form that sets labels",
        run: issue_form,
    },
];

/// Answers a verb.
pub(super) fn answer(sim: &Sim, asked: &Asked) -> Reply {
    if asked.method == "GET" && asked.path.trim_end_matches('/') == "/_sim" {
        return Reply::json(200, &list());
    }
    let found = VERBS
        .iter()
        .filter(|verb| verb.method == asked.method)
        .find_map(|verb| Some((verb, matches(verb.path, &asked.path)?)));
    let Some((verb, params)) = found else {
        return Reply::refused(&Refusal::new(404, "There is no such verb. GET /_sim lists them."));
    };
    match sim.with(|world| (verb.run)(world, &params, &asked.body)) {
        Ok(value) => Reply::json(200, &value),
        Err(refusal) => Reply::refused(&refusal),
    }
}

fn list() -> Value {
    let verbs: Vec<Value> = VERBS
        .iter()
        .map(|verb| {
            let parameters: Vec<&str> = verb.parameters.split(", ").filter(|name| !name.is_empty()).collect();
            json!({ "method": verb.method, "path": verb.path, "parameters": parameters, "what": verb.what })
        })
        .collect();
    json!({ "verbs": verbs })
}

/// The body as a value of a known shape; the sentence names the member that does not fit.
fn given<T: DeserializeOwned>(body: &[u8]) -> Outcome<T> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Refusal::new(422, error.to_string()))
}

fn is_empty(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| value == json!({}))
}

fn requests(world: &mut World, _: &Params, _: &[u8]) -> Outcome<Value> {
    Ok(json!({ "requests": world.journal }))
}

fn deliveries(world: &mut World, _: &Params, _: &[u8]) -> Outcome<Value> {
    let rows: Vec<Value> = world.deliveries.values().map(|row| delivery(world, row)).collect();
    Ok(json!({ "deliveries": rows }))
}

fn delivery(world: &World, row: &Delivery) -> Value {
    let (outcome, status, reason) = match &row.outcome {
        DeliveryOutcome::Pending => ("pending", None, None),
        DeliveryOutcome::Sending => ("sending", None, None),
        DeliveryOutcome::Dropped => ("dropped", None, None),
        DeliveryOutcome::NoTarget => ("no_target", None, None),
        DeliveryOutcome::Answered { status, .. } => ("answered", Some(*status), None),
        DeliveryOutcome::Failed { reason, .. } => ("failed", None, Some(reason.as_str())),
    };
    json!({
        "id": row.id, "guid": row.guid, "event": row.event, "action": row.action, "redelivery": row.redelivery,
        "repository": row.repository.map(|id| world.full_name(id)), "installation_id": row.installation,
        "created_at": row.created_at.rfc3339(), "due": row.due.rfc3339(), "outcome": outcome, "status": status,
        "reason": reason,
    })
}

fn redeliver(world: &mut World, params: &Params, _: &[u8]) -> Outcome<Value> {
    let newest = deliver::by_guid(world, &params["guid"]).ok_or_else(Refusal::not_found)?.id;
    let id = deliver::redeliver(world, newest)?;
    Ok(json!({ "id": id }))
}

fn notifications(world: &mut World, _: &Params, _: &[u8]) -> Outcome<Value> {
    Ok(json!({ "notifications": notices_by_login(world) }))
}

fn webhooks(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    if is_empty(body) {
        world.webhook_switches.clear();
    } else {
        world.webhook_switches.push(given::<WebhookSwitch>(body)?);
    }
    Ok(json!({ "webhooks": world.webhook_switches }))
}

fn faults(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    if is_empty(body) {
        world.fault_switches.clear();
    } else {
        let mut switch: FaultSwitch = given(body)?;
        if switch.status.is_some_and(|status| !(100..600).contains(&status)) {
            return Err(Refusal::new(422, "status must be an HTTP status"));
        }
        // Paths may be given as GitHub's documentation writes them.
        if switch.path.starts_with("/repos/") || switch.path.starts_with("/app") || switch.path.starts_with("/installation") {
            switch.path = format!("/api/v3{}", switch.path);
        }
        world.fault_switches.push(switch);
    }
    Ok(json!({ "faults": world.fault_switches }))
}

fn ci(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    if is_empty(body) {
        world.ci_scripts.clear();
    } else {
        let script: CiScript = given(body)?;
        if script.conclusion != "never" && Conclusion::parse(&script.conclusion).is_none() {
            return Err(Refusal::new(
                422,
                format!("{} is no conclusion; never is one, too", script.conclusion),
            ));
        }
        world.ci_scripts.push(script);
    }
    Ok(json!({ "ci": world.ci_scripts }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

fn clock(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let advance: Advance = given(body)?;
    let ahead = world.clock_ahead.checked_add(Duration::from_secs(advance.advance_seconds));
    world.clock_ahead = ahead.ok_or_else(|| Refusal::new(422, "advance_seconds is too large"))?;
    Ok(json!({ "now": world.now().rfc3339(), "now_ms": world.now() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstallationChange {
    action: String,
    #[serde(default)]
    permissions: Option<Permissions>,
}

fn installation(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let change: InstallationChange = given(body)?;
    let app = world.app_named(APP).ok_or_else(Refusal::not_found)?.id;
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

fn repositories(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    let new: NewRepository = given(body)?;
    let (owner, name) = new.name.split_once('/').unwrap_or((OWNER, &new.name));
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

fn rules(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
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

fn issue_form(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
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
