//! Results under a check's name by others than the one who must report it.
//!
//! Invariant: what a writer or another App reports under the name of a job neither lets a change go nor stops it.

use axum::http::Method;
use millhand::sim::seed::HELPER_APP;
use serde_json::json;

use super::scenes::ONE;
use super::town::{Setting, Town};

const CI: &str = ".github/workflows/ci.yml";

impl Town {
    /// A check run by another App, on the head of a pull request.
    async fn other_app_reports(&self, pull: u64, (name, conclusion): (&str, &str)) {
        let head = self.pull(pull).await["head"]["sha"].clone();
        let run = json!({ "name": name, "head_sha": head, "status": "completed", "conclusion": conclusion });
        let path = "/repos/acme/todo/check-runs";
        let made = self.must("helper[bot]", Method::POST, path, run).await;
        assert_eq!(made["app"]["slug"], "helper");
        self.settle().await;
    }

    /// A commit status by a person, on the head of a pull request.
    async fn reports(&self, login: &str, pull: u64, (name, state): (&str, &str)) {
        let head = self.pull(pull).await["head"]["sha"].as_str().unwrap().to_owned();
        let path = format!("/repos/acme/todo/statuses/{head}");
        self.must(login, Method::POST, &path, json!({ "context": name, "state": state }))
            .await;
        self.settle().await;
    }
}

#[tokio::test]
async fn a_status_with_a_jobs_name_does_not_stand_for_the_job() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let issue = town.begun("Greet", ONE).await;
        let (pull, branch) = (town.pull_of(issue, 1).await, town.branch_of(issue, 1).await);
        let text = town.file(&branch, CI).await.unwrap();
        // The job is gone under its name, and a status takes its place.
        town.write("reviewer", &branch, CI, &text.replace("  test:", "  proof:"))
            .await;
        town.settle().await;
        town.reports("reviewer", pull, ("test", "success")).await;
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains("`test` (the one by status does not count) has not begun"),
            "{waits:#?}"
        );
        town.other_app_reports(pull, ("test", "success")).await;
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains("`test` (the one by helper does not count) has not begun"),
            "{waits:#?}"
        );
        town.review("reviewer", pull, "APPROVE", "good").await;
        town.settle().await;
        assert_eq!(town.pull(pull).await["merged"], false);
        town.write("reviewer", &branch, CI, &text).await;
        town.settle().await;
        town.until_complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn what_is_red_under_a_jobs_name_by_others_repairs_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.reports("reviewer", pull, ("test", "failure")).await;
    town.other_app_reports(pull, ("test", "failure")).await;
    assert_eq!(town.commits(pull).await.len(), 1, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_check_that_the_rules_bind_to_an_app_counts_from_that_app_only() {
    let town = Town::new(Setting::default()).await;
    let bound = json!({ "type": "required_status_checks", "parameters": {
        "strict_required_status_checks_policy": false,
        "required_status_checks": [{ "context": "lint", "integration_id": HELPER_APP.0 }],
    } });
    town.rules("main", &[bound]).await;
    let issue = town.begun("Greet", ONE).await;
    town.approve_phases(issue).await;
    let pull = town.release_of(issue).await;
    town.reports("reviewer", pull, ("lint", "success")).await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("`lint` (the one by status does not count) has not begun"),
        "{waits:#?}"
    );
    assert_eq!(town.pull(pull).await["merged"], false);
    town.other_app_reports(pull, ("lint", "success")).await;
    town.until_complete(issue).await;
    town.over().await;
}
