//! What the demo came to, as GitHub and the API tell it.

use serde_json::Value;

use super::narrator::Narrator;
use super::{ORGANISATION, REPOSITORY, Stage};
use crate::cli::{out, show};
use crate::clock::{Clock as _, Millis, SystemClock};
use crate::sim::ops::notices_by_login;
use crate::sim::seed::APP_SLUG;

pub(super) fn tell(stage: &Stage, workflow: &Value, to: &Narrator) {
    let issue = &workflow["issue"];
    to.say("");
    to.say(&format!(
        "Complete: {ORGANISATION}/{REPOSITORY}#{issue} in {}",
        elapsed(stage)
    ));
    let merged = merged(stage);
    to.say(&format!(
        "Merged, in this order: {}",
        merged
            .iter()
            .map(|number| named(*number, workflow))
            .collect::<Vec<_>>()
            .join(", ")
    ));
    let phases = workflow["phases"].as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = phases.iter().map(row).collect();
    out::table(&["phase", "pull", "GitHub requests", "repairs after CI"], &rows);
    let cost = &workflow["cost"];
    to.say(&format!(
        "GitHub requests: {} in all; each phase's are above, the rest are tokens, reads of the issue, plan and release",
        cost["github_requests"]
    ));
    to.say(&format!(
        "Model calls: {}, at {} of {} (nominal: the offline model costs nothing)",
        cost["model_calls"],
        show::usd(&cost["spent_microusd"]),
        show::usd(&cost["cap_microusd"])
    ));
    let told = notifications(stage);
    to.say(&format!(
        "Notifications caused: {told} ({} phases: a run without change requests has at most {}; each answer to a review is one more)",
        phases.len(),
        phases.len() + 4
    ));
}

fn row(phase: &Value) -> Vec<String> {
    let pull = phase["pull_request"]
        .as_u64()
        .map_or_else(String::new, |number| format!("#{number}"));
    let id = phase["id"].as_str().unwrap_or_default().to_owned();
    vec![
        id,
        pull,
        phase["github_requests"].to_string(),
        phase["attempts"]["ci"].to_string(),
    ]
}

fn elapsed(stage: &Stage) -> String {
    format!("{:.1} s", SystemClock.now().since(stage.began).as_secs_f64())
}

/// The pull requests that were merged since the demo began, as GitHub merged them.
fn merged(stage: &Stage) -> Vec<u64> {
    stage.github.sim.with(|world| {
        let issues = world
            .repository_named(ORGANISATION, REPOSITORY)
            .into_iter()
            .flat_map(|it| it.issues.values());
        let merged = issues.filter_map(|issue| Some((issue.pull.as_ref()?.merged.as_ref()?.at, issue.number)));
        let mut list: Vec<(Millis, u64)> = merged.filter(|(at, _)| *at >= stage.began).collect();
        list.sort();
        list.into_iter().map(|(_, number)| number).collect()
    })
}

fn named(number: u64, workflow: &Value) -> String {
    let phases = workflow["phases"].as_array();
    let phase = phases.and_then(|all| all.iter().find(|phase| phase["pull_request"].as_u64() == Some(number)));
    match phase.and_then(|phase| phase["id"].as_str()) {
        Some(id) => format!("#{number} {id}"),
        None if workflow["release"]["pull_request"].as_u64() == Some(number) => format!("#{number} release"),
        None => format!("#{number}"),
    }
}

/// What GitHub told people because of the App.
fn notifications(stage: &Stage) -> u64 {
    let login = format!("{APP_SLUG}[bot]");
    stage
        .github
        .sim
        .with(|world| notices_by_login(world).get(&login).map_or(0, |count| count.notifications))
}
