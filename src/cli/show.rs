//! What a server told, for people: tables, and a workflow on one screen.

use serde_json::Value;

use super::out;

/// `list`
pub(super) fn workflows(list: &Value) {
    let rows = rows(&list["workflows"], |w| {
        vec![
            name(w),
            text(&w["state"]),
            text(&w["status"]),
            merged(w),
            dollars(&w["cost"]),
            waiting(w),
        ]
    });
    if rows.is_empty() {
        return out::line("No workflows.");
    }
    out::table(&["workflow", "state", "status", "merged", "spent", "waits for"], &rows);
}

/// `status`, and every command's answer
pub(super) fn workflow(w: &Value) {
    out::line(&format!("{} {}", name(w), text(&w["title"])));
    let forked = if w["forked"] == true { ", phases side by side" } else { "" };
    let mut facts = vec![
        ("id", text(&w["id"])),
        ("state", format!("{}{forked}", text(&w["state"]))),
        ("status", text(&w["status"])),
        ("reason", text(&w["reason"])),
        ("waits for", waiting(w)),
        ("delivery", text(&w["delivery"])),
        ("plan", plan(&w["plan"])),
        ("release", release(&w["release"])),
        ("cost", cost(&w["cost"])),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    for (label, value) in facts {
        out::line(&format!("  {label:<10} {value}"));
    }
    phases(&w["phases"]);
}

/// `history`
pub(super) fn history(list: &Value) {
    let rows = rows(&list["transitions"], |t| {
        let number = format!("{}", t["number"]);
        vec![
            text(&t["at"]),
            number,
            text(&t["phase"]),
            text(&t["from"]),
            text(&t["to"]),
            text(&t["cause"]),
            text(&t["actor"]),
        ]
    });
    out::table(&["at", "no", "phase", "from", "to", "because", "by"], &rows);
}

/// `events`
pub(super) fn events(list: &Value) {
    let rows = rows(&list["events"], |e| {
        let of = |key: &str| e[key].as_array().into_iter().flatten();
        let mut taken: Vec<String> = of("transitions").map(Value::to_string).collect();
        taken.extend(of("notes").map(|note| text(&note["note"])));
        vec![
            text(&e["seq"]),
            text(&e["at"]),
            kind(&e["fact"]),
            text(&e["phase"]),
            taken.join(" "),
            text(&e["actor"]),
            short(&e["hash"]),
        ]
    });
    out::table(&["seq", "at", "fact", "phase", "transitions", "by", "hash"], &rows);
}

/// `handoffs`
pub(super) fn handoffs(list: &Value) {
    let rows = rows(&list["handoffs"], |h| {
        let roles = format!("{} -> {}", text(&h["from_role"]), text(&h["to_role"]));
        let states = format!("{} -> {}", text(&h["from_state"]), text(&h["to_state"]));
        vec![text(&h["seq"]), text(&h["at"]), text(&h["phase"]), roles, states]
    });
    out::table(&["seq", "at", "phase", "roles", "states"], &rows);
}

/// The phases of a workflow.
pub(super) fn phases(list: &Value) {
    let rows = rows(list, |p| {
        let pull = p["pull_request"]
            .as_u64()
            .map_or_else(String::new, |number| format!("#{number}"));
        let after: Vec<String> = p["depends_on"].as_array().into_iter().flatten().map(text).collect();
        vec![
            text(&p["id"]),
            text(&p["state"]),
            text(&p["status"]),
            pull,
            after.join(" "),
            text(&p["github_requests"]),
        ]
    });
    if !rows.is_empty() {
        out::table(&["phase", "state", "status", "pull", "after", "requests"], &rows);
    }
}

/// `$0.12`
pub(super) fn usd(micro: &Value) -> String {
    format!("${:.4}", micro.as_i64().unwrap_or(0) as f64 / 1e6)
}

fn rows(list: &Value, row: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    list.as_array().into_iter().flatten().map(row).collect()
}

/// A value as a person reads it; nothing for null.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn name(w: &Value) -> String {
    let round = w["round"]
        .as_u64()
        .filter(|round| *round > 1)
        .map_or_else(String::new, |round| format!(" (round {round})"));
    format!("{}#{}{round}", text(&w["repository"]), w["issue"])
}

fn waiting(w: &Value) -> String {
    text(&w["waiting_for"]["sentence"])
}

fn merged(w: &Value) -> String {
    let phases = w["phases"].as_array().map_or(&[][..], Vec::as_slice);
    let merged = phases.iter().filter(|phase| !phase["merged"].is_null()).count();
    if phases.is_empty() {
        String::new()
    } else {
        format!("{merged} of {}", phases.len())
    }
}

fn plan(plan: &Value) -> String {
    if plan["version"].is_null() {
        String::new()
    } else {
        format!("version {}, {}", plan["version"], short(&plan["hash"]))
    }
}

fn release(release: &Value) -> String {
    match (release["pull_request"].as_u64(), release["merged"].as_str()) {
        (Some(number), Some(sha)) => format!("#{number}, merged as {sha}"),
        (Some(number), None) => format!("#{number}, not merged"),
        (None, _) => String::new(),
    }
}

fn cost(cost: &Value) -> String {
    let nominal = if cost["nominal"] == true { ", nominal prices" } else { "" };
    let (calls, requests, told) = (&cost["model_calls"], &cost["github_requests"], &cost["notifications"]);
    let (spent, cap) = (usd(&cost["spent_microusd"]), usd(&cost["cap_microusd"]));
    format!("{spent} of {cap}{nominal}; {calls} model calls, {requests} GitHub requests, {told} notifications")
}

fn dollars(cost: &Value) -> String {
    usd(&cost["spent_microusd"])
}

/// Enough of a hash to tell it from others.
fn short(hash: &Value) -> String {
    text(hash).chars().take(12).collect()
}

/// The kind of a fact: what its JSON calls itself.
fn kind(fact: &Value) -> String {
    let named = ["fact", "kind", "type"].iter().find_map(|key| fact[*key].as_str());
    let first = || fact.as_object().and_then(|members| members.keys().next()).cloned();
    named.map(str::to_owned).or_else(first).unwrap_or_else(|| text(fact))
}
