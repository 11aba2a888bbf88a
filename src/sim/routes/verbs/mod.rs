//! Verbs below `/_sim`: what people and GitHub do that the API does not offer, and switches that disturb.
//!
//! Invariant: verbs exist in the simulated GitHub only, ask for no credentials, and stand in no journal.

mod acts;
mod looks;
mod switches;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::asked::Asked;
use super::pattern::{Params, matches};
use super::reply::Reply;
use crate::sim::Sim;
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::World;

/// One verb.
struct Verb {
    method: &'static str,
    path: &'static str,
    parameters: &'static str,
    what: &'static str,
    run: fn(&mut World, &Params, &[u8]) -> Outcome<Value>,
}

const VERBS: [Verb; 13] = [
    Verb {
        method: "GET",
        path: "/_sim/requests",
        parameters: "",
        what: "every API request: at, who, method, path, mutations, status",
        run: looks::requests,
    },
    Verb {
        method: "GET",
        path: "/_sim/deliveries",
        parameters: "",
        what: "every webhook, one row an attempt",
        run: looks::deliveries,
    },
    Verb {
        method: "POST",
        path: "/_sim/deliveries/{guid}/redeliver",
        parameters: "",
        what: "send a webhook again",
        run: looks::redeliver,
    },
    Verb {
        method: "GET",
        path: "/_sim/notifications",
        parameters: "",
        what: "what each account made others notice",
        run: looks::notifications,
    },
    Verb {
        method: "POST",
        path: "/_sim/webhooks",
        parameters: "drop, duplicate, delay_ms, reorder, events, count",
        what: "disturb webhooks from now on; {} ends it",
        run: switches::webhooks,
    },
    Verb {
        method: "POST",
        path: "/_sim/faults",
        parameters: "method, path, fault (status|hang|reset|reply_lost|stale), status, retry_after, count",
        what: "disturb requests from now on; {} ends it",
        run: switches::faults,
    },
    Verb {
        method: "POST",
        path: "/_sim/ci",
        parameters: "repository, branch, check, conclusion (or never), log, count",
        what: "script CI from now on; {} ends it",
        run: switches::ci,
    },
    Verb {
        method: "POST",
        path: "/_sim/clock",
        parameters: "advance_seconds",
        what: "let time pass",
        run: acts::clock,
    },
    Verb {
        method: "POST",
        path: "/_sim/installation",
        parameters: "action (suspend|unsuspend|deleted|new_permissions_accepted), permissions",
        what: "change the App's installation",
        run: acts::installation,
    },
    Verb {
        method: "POST",
        path: "/_sim/repositories",
        parameters: "name, private, files",
        what: "make a repository",
        run: acts::repositories,
    },
    Verb {
        method: "POST",
        path: "/_sim/rules",
        parameters: "repository, branch, rules",
        what: "set a branch's ruleset",
        run: acts::rules,
    },
    Verb {
        method: "POST",
        path: "/_sim/issues",
        parameters: "repository, login, title, body, labels",
        what: "open an issue by a form that sets labels",
        run: acts::issue_form,
    },
    Verb {
        method: "POST",
        path: "/_sim/press",
        parameters: "repository, login, check_run, button",
        what: "press a button of a check run, by its identifier",
        run: acts::press,
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
