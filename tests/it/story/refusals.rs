//! Refusals: GitHub says no, or not now. Its limits are kept, a person is told in one sentence what stands in the way, and the
//! work goes on when it is out of the way.
//!
//! Invariant: what GitHub refused is not asked for over and over, and nothing is done twice after it.

use std::time::Duration;

use axum::http::Method;
use millhand::clock::Clock as _;
use serde_json::{Value, json};

use super::gestures::{checks_rule, reviews_rule};
use super::scenes::ONE;
use super::town::{Setting, Town};

impl Town {
    /// Every phase's and the release's pull request are there once, with one commit a phase.
    async fn once(&self, phases: usize) {
        let pulls = self.our_pulls().await;
        assert_eq!(pulls.len(), phases + 1, "{pulls:#?}");
        for pull in pulls.iter().filter(|p| p["base"]["ref"] != "main") {
            assert_eq!(self.commits(pull["number"].as_u64().unwrap()).await.len(), 1);
        }
    }

    /// How many requests were made so far.
    fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// A branch that somebody made.
    async fn branch_by(&self, login: &str, name: &str) {
        let main = self.get("/repos/acme/todo/git/ref/heads/main").await;
        let made = json!({ "ref": format!("refs/heads/{name}"), "sha": main["object"]["sha"] });
        self.must(login, Method::POST, "/repos/acme/todo/git/refs", made).await;
    }
}

/// The one wait that says this; it is the headline.
async fn headline(town: &Town, issue: u64, words: &str) -> String {
    let waits = town.waits(issue).await;
    assert!(waits.first().is_some_and(|w| w.contains(words)), "{words}: {waits:#?}");
    waits[0].clone()
}

#[tokio::test]
async fn the_secondary_limit_is_waited_out() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", ONE).await;
    let limit =
        json!({ "method": "POST", "path": "/api/graphql", "fault": "status", "status": 403, "retry_after": 300, "count": 1 });
    town.comment("maintainer", issue, "/approve").await;
    // The read that hears of the approval is let through.
    while town.known(issue).await.phases.is_empty() {
        town.tick().await;
        town.sim.run_due().await;
    }
    town.switch("faults", limit).await;
    let since = town.clock.now();
    town.pass(Duration::from_secs(120)).await;
    headline(&town, issue, "limit").await;
    assert!(
        town.our_pulls().await.is_empty(),
        "nothing is written while GitHub says to wait"
    );
    town.settle().await;
    let opened = town.our_pulls().await;
    assert_eq!(opened.len(), 1);
    assert!(town.clock.now().since(since) >= Duration::from_secs(300));
    town.until_complete(issue).await;
    town.once(1).await;
    town.over().await;
}

#[tokio::test]
async fn the_hours_requests_are_used_up_in_the_middle() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", ONE).await;
    town.comment("maintainer", issue, "/approve").await;
    let reset = town.clock.now().plus(Duration::from_secs(600));
    town.line.use_up(reset);
    let before = town.requests();
    town.pass(Duration::from_secs(590)).await;
    // What is asked as the App itself has limits of its own; what was on its way may have come through.
    let asked = town.asked.lock().unwrap()[before..].to_vec();
    let asked: Vec<_> = asked.iter().filter(|a| !a.starts_with("GET /app/")).collect();
    assert!(asked.len() <= 3, "{asked:#?}");
    assert!(town.our_pulls().await.is_empty());
    town.settle().await;
    town.until_complete(issue).await;
    town.once(1).await;
    town.over().await;
}

#[tokio::test]
async fn github_is_down_for_ten_minutes() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    for fault in ["status", "reset"] {
        town.switch("faults", json!({ "path": "/api/", "fault": fault, "status": 503 }))
            .await;
        town.pass(Duration::from_secs(300)).await;
        town.switch("faults", json!({})).await;
    }
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    town.once(1).await;
    town.over().await;
}

#[tokio::test]
async fn the_installation_is_suspended_and_comes_back() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.switch("installation", json!({ "action": "suspend" })).await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.pass(Duration::from_secs(1_800)).await;
    let waits = town.waits(issue).await;
    assert!(waits.iter().all(|w| !w.contains("/retry")), "{waits:#?}");
    let told = waits.iter().filter(|w| w.contains("the installation is suspended")).count();
    assert_eq!(told, 1, "{waits:#?}");
    town.switch("installation", json!({ "action": "unsuspend" })).await;
    town.settle().await;
    // Nobody can be heard before it is looked again, so that happens by itself.
    town.pass(Duration::from_secs(600)).await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    town.once(1).await;
    town.over().await;
}

#[tokio::test]
async fn a_permission_is_taken_away_and_given_back() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", ONE).await;
    let all = town.switch("installation", json!({ "action": "unsuspend" })).await["permissions"].clone();
    let mut fewer = all.clone();
    fewer["contents"] = json!("read");
    town.switch(
        "installation",
        json!({ "action": "new_permissions_accepted", "permissions": fewer }),
    )
    .await;
    town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    headline(&town, issue, "Resource not accessible by integration (needs contents=write)").await;
    assert!(town.our_pulls().await.is_empty());
    town.switch(
        "installation",
        json!({ "action": "new_permissions_accepted", "permissions": all }),
    )
    .await;
    town.settle().await;
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.once(1).await;
    town.over().await;
}

#[tokio::test]
async fn a_rule_refuses_the_release_until_it_is_mended() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    town.approve_phases(issue).await;
    town.rules("main", &[reviews_rule(2), checks_rule(&["audit"], false)]).await;
    town.comment("reviewer", issue, "/approve release").await;
    town.settle().await;
    headline(&town, issue, "GitHub refuses the merge of the release").await;
    let merges = town
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|a| a.starts_with("MergePhase"))
        .count();
    assert!(merges <= 3, "GitHub is not asked over and over: {merges}");
    town.rules("main", &[]).await;
    town.settle().await;
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    town.complete(issue).await;
    town.once(1).await;
    town.over().await;
}

#[tokio::test]
async fn somebodys_branch_has_the_phases_name() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", ONE).await;
    let name = format!("millhand/{issue}-greet/01-greet-by-name");
    town.branch_by("maintainer", &name).await;
    town.write("maintainer", &name, "mine.txt", "mine\n").await;
    town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    headline(&town, issue, &format!("the branch {name} exists with other commits")).await;
    let open = town.open_pulls().await;
    assert!(open.is_empty(), "their work is not shown as ours: {open:?}");
    assert_eq!(
        town.file(&name, "mine.txt").await.as_deref(),
        Some("mine\n"),
        "their work is left alone"
    );
    town.must(
        "maintainer",
        Method::DELETE,
        &format!("/repos/acme/todo/git/refs/heads/{name}"),
        Value::Null,
    )
    .await;
    town.comment("maintainer", issue, "/retry 1").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn somebodys_branch_is_in_the_way_of_all_names() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", ONE).await;
    town.branch_by("maintainer", "millhand").await;
    town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    headline(&town, issue, "This work cannot go on: GitHub refused").await;
    town.must(
        "maintainer",
        Method::DELETE,
        "/repos/acme/todo/git/refs/heads/millhand",
        Value::Null,
    )
    .await;
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.once(1).await;
    town.over().await;
}
