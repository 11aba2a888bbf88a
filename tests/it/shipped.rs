//! The files at the top of the package that are read by people and machines, not by the compiler: the documented settings,
//! the App's manifest, the workflow that GitHub runs.
//!
//! Invariant: what these files name exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::contract;

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("reading {file}: {error}"))
}

/// `#key = value` is a setting at its default; `# text` is prose.
fn uncommented(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|it: char| it.is_ascii_lowercase()) => setting,
        Some(_) | None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn leaves(table: &toml::Table, at: &str, out: &mut BTreeMap<String, toml::Value>) {
    for (key, value) in table {
        let key = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        match value.as_table() {
            Some(inner) => leaves(inner, &key, out),
            None => drop(out.insert(key, value.clone())),
        }
    }
}

fn settings(text: &str) -> BTreeMap<String, toml::Value> {
    let mut out = BTreeMap::new();
    leaves(&text.parse().expect("the file is TOML"), "", &mut out);
    out
}

#[test]
fn the_documented_settings_are_all_commented_out_and_all_explained() {
    let text = read("config.default.toml");
    assert!(settings(&text).is_empty(), "a default that is set is no default");
    let lines: Vec<&str> = text.lines().collect();
    let is_setting = |line: &str| {
        line.strip_prefix('#')
            .is_some_and(|it| it.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_setting(line)) {
        assert!(at > 0 && lines[at - 1].starts_with("# "), "nothing explains {line}");
    }
}

#[test]
fn the_documented_settings_are_those_of_the_interface() {
    let all = settings(&uncommented(&read("config.default.toml")));
    for (key, value) in [
        ("github.mutation_interval_ms", toml::Value::from(1000)),
        ("comments.edit_seconds", toml::Value::from(30)),
        ("reviews.quiet_seconds", toml::Value::from(60)),
        ("reconcile.active_seconds", toml::Value::from(60)),
        ("reconcile.idle_seconds", toml::Value::from(300)),
        ("defaults.labels.trigger", toml::Value::from("millhand")),
        ("defaults.branches.prefix", toml::Value::from("millhand/")),
        ("defaults.limits.budget_usd", toml::Value::from(5.0)),
        ("defaults.ci.grace_minutes", toml::Value::from(5)),
        ("defaults.merge.delete_branches", toml::Value::from("auto")),
    ] {
        assert_eq!(all.get(key), Some(&value), "{key}");
    }
    let sections: BTreeSet<&str> = all.keys().filter_map(|key| key.split('.').next()).collect();
    assert_eq!(
        sections,
        BTreeSet::from(["comments", "defaults", "github", "policy", "reconcile", "reviews"])
    );
}

/// What of the manifest GitHub describes.
#[derive(Deserialize)]
struct Manifest {
    default_permissions: BTreeMap<String, String>,
    default_events: Vec<String>,
}

#[test]
fn the_app_asks_for_permissions_and_events_that_exist() {
    let manifest: Manifest = serde_saphyr::from_str(&read("app-manifest.yml")).expect("the manifest is YAML");
    let asked: Vec<String> = manifest
        .default_permissions
        .iter()
        .map(|(name, level)| format!("{name}: {level}"))
        .collect();
    let expected = [
        "actions: write",
        "checks: write",
        "contents: write",
        "issues: write",
        "merge_queues: read",
        "metadata: read",
        "pull_requests: write",
        "statuses: read",
    ];
    assert_eq!(asked, expected, "each further permission is a decision of its own");
    if !contract::available() {
        return;
    }
    let description = contract::read_json(&contract::dir(), "rest.json");
    let known = description
        .pointer("/components/schemas/app-permissions/properties")
        .expect("permissions are described");
    for (name, level) in &manifest.default_permissions {
        let levels = known
            .pointer(&format!("/{name}/enum"))
            .and_then(Value::as_array)
            .unwrap_or_else(|| panic!("no permission {name}"));
        assert!(levels.iter().any(|it| it == level), "{name} has no level {level}");
    }
    let webhooks = contract::read_json(&contract::dir(), "webhooks-openapi.json");
    let webhooks = webhooks
        .get("webhooks")
        .and_then(Value::as_object)
        .expect("webhooks are described");
    for event in &manifest.default_events {
        let name = event.replace('_', "-");
        assert!(
            webhooks.keys().any(|it| *it == name || it.starts_with(&format!("{name}-"))),
            "no event {event}"
        );
    }
}

#[test]
fn actions_are_pinned_by_commit_with_their_release() {
    let workflow = read(".github/workflows/ci.yml");
    let uses: Vec<&str> = workflow
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        .collect();
    assert!(!uses.is_empty());
    let pinned = regex::Regex::new(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").expect("a valid pattern");
    for action in uses {
        assert!(pinned.is_match(action), "{action} is not pinned");
    }
    assert!(workflow.contains("\npermissions: {}\n"), "jobs get permissions one by one");
}
