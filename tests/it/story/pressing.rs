//! People press the buttons of our check runs.
//!
//! Invariant: what was seen is what is done; a press is no comment, so its answer is what the pull request and its check run
//! show.

use axum::http::{Method, StatusCode};
use millhand::engine::ingest::{Delivery, Ingested};
use millhand::sim::world::CheckRun;
use millhand::store::Store as _;
use millhand::workflow::model::{End, Fate};
use serde_json::{Value, json};

use super::gestures::checks_rule;
use super::scenes::ONE;
use super::town::{Setting, Town};

/// What has no cause that could be derived from it.
pub(super) const RIDDLE: &str =
    "thread 't' (3) panicked at tests/greet-by-name.rs:9:5:\nno greeting\ntest result: FAILED. 0 passed; 1 failed\n";

impl Town {
    /// Our check runs of a commit.
    fn check_runs(&self, head: &str) -> Vec<CheckRun> {
        self.sim.with(|world| {
            let repo = world.repository_named("acme", "todo").unwrap();
            let all = repo.check_runs.values();
            let ours = |run: &&CheckRun| {
                let of = run.head.to_string();
                run.name == "millhand" && of == head
            };
            all.filter(ours).cloned().collect()
        })
    }

    /// The one check run of ours on a commit.
    fn check_run(&self, head: &str) -> CheckRun {
        let found = self.check_runs(head);
        assert_eq!(found.len(), 1, "one check run of {head}: {found:#?}");
        found.into_iter().next().unwrap()
    }

    async fn head_of(&self, pull: u64) -> String {
        self.pull(pull).await["head"]["sha"].as_str().unwrap().to_owned()
    }

    /// What stands on the buttons of a pull request's head.
    async fn labels_on(&self, pull: u64) -> Vec<String> {
        let run = self.check_run(&self.head_of(pull).await);
        run.actions.into_iter().map(|action| action.label).collect()
    }

    /// Somebody presses the button with this label on a commit's check run; what GitHub answers.
    async fn presses_on(&self, login: &str, head: &str, label: &str) -> StatusCode {
        let run = self.check_run(head);
        let action = run.actions.iter().find(|action| action.label == label);
        let identifier = action
            .unwrap_or_else(|| panic!("{label}: {:?}", run.actions))
            .identifier
            .clone();
        let body = json!({ "repository": "acme/todo", "login": login, "check_run": run.id, "button": identifier });
        self.presses_by(body).await
    }

    async fn presses_by(&self, body: Value) -> StatusCode {
        use axum::body::Body;
        use tower::ServiceExt as _;
        let request = axum::http::Request::post("/_sim/press")
            .body(Body::from(body.to_string()))
            .unwrap();
        self.sim.router().oneshot(request).await.unwrap().status()
    }

    /// The same on a pull request's head, and GitHub lets it.
    async fn presses(&self, login: &str, pull: u64, label: &str) {
        let head = self.head_of(pull).await;
        assert_eq!(self.presses_on(login, &head, label).await, StatusCode::OK, "{login}: {label}");
    }

    /// The one refusal that the log tells.
    async fn refused_once(&self, issue: u64, who: &str, command: &str, why: &str) {
        let found = self.refusals(issue).await;
        assert!(
            found.len() == 1 && (found[0].0.as_str(), found[0].1.as_deref()) == (who, Some(command)) && found[0].2.contains(why),
            "{who} {command}: {found:#?}"
        );
    }

    /// The signed body of the last press that GitHub told of.
    fn last_press(&self) -> Delivery {
        self.sim.with(|world| {
            let pressed = |d: &&millhand::sim::world::Delivery| d.action.as_deref() == Some("requested_action");
            let row = world.deliveries.values().rfind(pressed).expect("a press");
            Delivery {
                event: row.event.clone(),
                guid: row.guid.clone(),
                body: row.body.clone(),
            }
        })
    }

    /// How many presses the log knows.
    async fn presses_known(&self, issue: u64) -> usize {
        let w = self.known(issue).await;
        let rows = self.store().events(w.id, 0, 1_000).await.unwrap();
        rows.iter().filter(|row| row.fact_id.starts_with("button:")).count()
    }

    async fn first_is_merged(&self, issue: u64) -> bool {
        self.known(issue).await.phases.values().next().unwrap().fate == Fate::Merged
    }
}

#[tokio::test]
async fn a_phase_and_the_release_are_approved_by_a_button() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let head = town.head_of(pull).await;
    assert_eq!(town.labels_on(pull).await, ["Approve", "Hold"]);
    town.presses("reviewer", pull, "Approve").await;
    town.settle().await;
    assert!(town.first_is_merged(issue).await, "{:#?}", town.waits(issue).await);
    let w = town.known(issue).await;
    let approval = w.phases.values().next().unwrap().track.approved.clone().unwrap();
    assert_eq!(
        (approval.on, approval.by.unwrap().login),
        (head.clone(), "reviewer".to_owned())
    );
    assert_eq!(town.check_runs(&head).len(), 1);

    let release = town.release_of(issue).await;
    assert_eq!(town.labels_on(release).await, ["Approve", "Hold"]);
    town.presses("reviewer", release, "Approve").await;
    town.settle().await;
    town.complete(issue).await;
    assert_eq!(town.refusals(issue).await, []);
    assert_eq!(town.presses_known(issue).await, 2);

    // After the end nothing is left to press for.
    assert_eq!(town.presses_on("reviewer", &head, "Hold").await, StatusCode::OK);
    town.settle().await;
    town.refused_once(issue, "reviewer", "hold", "This work has ended.").await;
    assert_eq!(town.known(issue).await.ended, Some(End::Complete));
    town.over().await;
}

#[tokio::test]
async fn what_is_stuck_is_tried_again_by_a_button() {
    let town = Town::new(Setting::default()).await;
    town.switch(
        "ci",
        json!({ "branch": "**/01-greet-by-name", "conclusion": "failure", "log": RIDDLE }),
    )
    .await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let stuck = |w: &[String]| w.iter().any(|w| w.contains("`01-greet-by-name` is stuck"));
    assert!(stuck(&town.waits(issue).await));
    assert_eq!(town.labels_on(pull).await, ["Retry", "Hold"]);
    // It fails again, and can be pressed again.
    for presses in 1..=2 {
        town.presses("maintainer", pull, "Retry").await;
        town.settle().await;
        assert!(stuck(&town.waits(issue).await), "{:#?}", town.waits(issue).await);
        let w = town.known(issue).await;
        assert_eq!(w.phases.values().next().unwrap().track.presses, presses);
    }
    town.switch("ci", json!({})).await;
    let runs = town.get("/repos/acme/todo/actions/runs?per_page=100").await;
    let failed = runs["workflow_runs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["conclusion"] == "failure")
        .unwrap()["id"]
        .clone();
    let again = format!("/repos/acme/todo/actions/runs/{failed}/rerun-failed-jobs");
    town.must("maintainer", Method::POST, &again, Value::Null).await;
    town.settle().await;
    assert!(stuck(&town.waits(issue).await), "{:#?}", town.waits(issue).await);
    town.presses("maintainer", pull, "Retry").await;
    town.settle().await;
    assert_eq!(
        town.labels_on(pull).await,
        ["Approve", "Hold"],
        "{:#?}",
        town.waits(issue).await
    );
    assert_eq!(town.refusals(issue).await, []);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_phase_is_held_and_let_go_by_buttons() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    for _ in 0..2 {
        town.presses("maintainer", pull, "Hold").await;
        town.settle().await;
        assert_eq!(town.labels_on(pull).await, ["Approve", "Unhold"]);
        town.review("reviewer", pull, "COMMENT", "let me see").await;
        town.presses("reviewer", pull, "Unhold").await;
        town.settle().await;
        assert_eq!(town.labels_on(pull).await, ["Approve", "Hold"]);
    }
    town.presses("maintainer", pull, "Hold").await;
    town.presses("reviewer", pull, "Approve").await;
    town.settle().await;
    assert!(!town.first_is_merged(issue).await, "it is held");
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("is held by maintainer; `/unhold`"), "{waits:#?}");
    town.presses("maintainer", pull, "Unhold").await;
    town.settle().await;
    assert!(town.first_is_merged(issue).await);
    assert_eq!((town.refusals(issue).await, town.presses_known(issue).await), (vec![], 7));
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn the_permission_counts_that_holds_when_the_press_is_heard() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let head = town.head_of(pull).await;
    for login in ["triager", "reader", "outsider"] {
        let answer = town.presses_on(login, &head, "Approve").await;
        assert!(answer.is_client_error(), "GitHub lets only writers press: {login}: {answer}");
    }
    let before = town.check_run(&head).output;
    // Before the bot hears of it the reviewer is a reader.
    town.presses("reviewer", pull, "Approve").await;
    town.must(
        "maintainer",
        Method::PUT,
        "/repos/acme/todo/collaborators/reviewer",
        json!({ "permission": "pull" }),
    )
    .await;
    town.settle().await;
    town.refused_once(issue, "reviewer", "approve", "people with write permission")
        .await;
    assert!(!town.first_is_merged(issue).await);
    assert_eq!(town.check_run(&head).output, before, "a reader does not make us write");
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("to review pull request"), "{waits:#?}");
    town.over().await;
}

#[tokio::test]
async fn bots_press_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.presses("helper[bot]", pull, "Approve").await;
    town.settle().await;
    town.refused_once(issue, "helper[bot]", "approve", "Bots may not `/approve`")
        .await;
    assert!(!town.first_is_merged(issue).await);

    // Nobody lets our own App's bot press; a body that says so, signed as it is, is refused all the same.
    town.presses("reviewer", pull, "Hold").await;
    town.settle().await;
    let press = town.last_press();
    let mut body: Value = serde_json::from_slice(&press.body).unwrap();
    let bot = town.get("/users/millhand%5Bbot%5D").await;
    body["sender"] = bot;
    body["requested_action"]["identifier"] = json!("unhold:1");
    let forged = Delivery {
        guid: "another".to_owned(),
        body: body.to_string().into_bytes(),
        ..press
    };
    // Another App's button is nothing to us.
    body["check_run"]["app"]["id"] = json!(1);
    let foreign = Delivery {
        guid: "a third".to_owned(),
        body: body.to_string().into_bytes(),
        ..forged.clone()
    };
    assert_eq!(town.engine().ingest(foreign).await.unwrap(), Ingested::Unused);
    assert_eq!(town.engine().ingest(forged).await.unwrap(), Ingested::Stored);
    town.settle().await;
    let found = town.refusals(issue).await;
    assert_eq!(
        (found.len(), found[1].0.as_str(), found[1].1.as_deref()),
        (2, "millhand[bot]", Some("unhold")),
        "{found:#?}"
    );
    assert!(town.known(issue).await.phases.values().next().unwrap().track.held.is_some());
    town.over().await;
}

#[tokio::test]
async fn a_press_told_twice_is_one() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.presses("maintainer", pull, "Hold").await;
    town.settle().await;
    let press = town.last_press();
    // GitHub sends it again.
    town.verb(&format!("deliveries/{}/redeliver", press.guid), json!({})).await;
    town.settle().await;
    assert_eq!(town.presses_known(issue).await, 1);
    town.presses("maintainer", pull, "Unhold").await;
    town.settle().await;
    // Somebody who kept the body sends it under another name, long after.
    let replayed = Delivery {
        guid: "another".to_owned(),
        ..press
    };
    assert_eq!(town.engine().ingest(replayed).await.unwrap(), Ingested::Stored);
    town.settle().await;
    assert_eq!((town.presses_known(issue).await, town.refusals(issue).await), (2, vec![]));
    assert!(town.known(issue).await.phases.values().next().unwrap().track.held.is_none());
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_press_on_an_old_head_does_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let old = town.head_of(pull).await;
    let branch = town.branch_of(issue, 1).await;
    town.write("maintainer", &branch, "notes/greeting.md", "hello\n").await;
    town.settle().await;
    let new = town.head_of(pull).await;
    assert_ne!(old, new);
    assert_eq!(town.presses_on("reviewer", &old, "Approve").await, StatusCode::OK);
    town.settle().await;
    town.refused_once(issue, "reviewer", "approve", "not the newest any more")
        .await;
    assert!(!town.first_is_merged(issue).await);
    assert_eq!(town.labels_on(pull).await, ["Approve", "Hold"], "the new head has its own");
    town.presses("reviewer", pull, "Approve").await;
    town.settle().await;
    assert!(town.first_is_merged(issue).await, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn whoever_may_press_reads_why_nothing_came_of_it() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let head = town.head_of(pull).await;
    // The requester's own work, and somebody else with write is active.
    town.presses("maintainer", pull, "Approve").await;
    town.settle().await;
    town.refused_once(issue, "maintainer", "approve", "may not approve its code")
        .await;
    let run = town.check_run(&head);
    let summary = run.output.summary.clone().unwrap_or_default();
    assert!(
        summary.contains("maintainer pressed a button here. Whoever started the work may not approve its code"),
        "{summary}"
    );
    town.presses("reviewer", pull, "Approve").await;
    town.settle().await;
    assert!(town.first_is_merged(issue).await);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_refused_merge_is_tried_again_by_a_button() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    town.approve_phases(issue).await;
    let release = town.release_of(issue).await;
    town.rules("main", &[checks_rule(&["audit"], false)]).await;
    town.presses("reviewer", release, "Approve").await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("GitHub refuses the merge of the release"), "{waits:#?}");
    assert_eq!(town.labels_on(release).await, ["Retry", "Hold"]);
    town.rules("main", &[]).await;
    town.presses("maintainer", release, "Retry").await;
    town.settle().await;
    town.complete(issue).await;
    assert_eq!(town.refusals(issue).await, []);
    town.over().await;
}

#[tokio::test]
async fn where_no_check_runs_a_button_lets_it_go_on() {
    let town = Town::new(Setting::default()).await;
    town.delete("maintainer", "main", ".github/workflows/ci.yml").await;
    town.settle().await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    assert_eq!(town.labels_on(pull).await, ["Approve", "Hold"]);
    town.presses("maintainer", pull, "Approve").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["draft"], false, "{:#?}", town.waits(issue).await);
    // The same check run tells the verdict now; in a direct delivery its review by command is not the release's approval.
    assert_eq!(town.labels_on(pull).await, ["Approve", "Hold"]);
    town.presses("reviewer", pull, "Approve").await;
    town.settle().await;
    town.complete(issue).await;
    assert_eq!(town.refusals(issue).await, []);
    town.over().await;
}
