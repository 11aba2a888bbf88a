//! Building: phases in order and side by side, red checks, checks that never come, and people who take a phase into their
//! own hands.

use axum::http::Method;
use millhand::clock::Clock as _;
use millhand::workflow::model::Fate;
use millhand::workflow::state::State;
use serde_json::{Value, json};

use super::scenes::{ONE, SLIP, THREE};
use super::town::{Setting, Town};

/// What has no cause that could be derived from it.
const RIDDLE: &str =
    "thread 't' (3) panicked at tests/greet-by-name.rs:9:5:\nno greeting\ntest result: FAILED. 0 passed; 1 failed\n";

#[tokio::test]
async fn two_phases_are_built_at_once_and_the_third_on_top_of_both() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", THREE).await;

    let pulls = town.our_pulls().await;
    assert_eq!(pulls.len(), 2, "two at once, the third waits for both");
    let base = pulls[0]["base"]["ref"].as_str().unwrap().to_owned();
    assert!(base.ends_with("/base"));
    for pull in &pulls {
        assert_eq!(
            (pull["base"]["ref"].as_str(), &pull["draft"], &pull["state"]),
            (Some(base.as_str()), &json!(false), &json!("open"))
        );
        let head = pull["head"]["sha"].as_str().unwrap();
        let checks = town.our_checks(head).await;
        assert_eq!(checks.len(), 1, "one check run a head: {checks:?}");
        assert_eq!(checks[0].0, "success");
    }
    let waits = town.waits(issue).await;
    assert_eq!(waits.len(), 3, "{waits:#?}");
    assert!(
        waits
            .iter()
            .any(|w| w.starts_with("Phase `03-do-both` begins when `01-greet-by-name` and `02-say-goodbye`")),
        "{waits:#?}"
    );

    // The second is approved first, and is merged first: only what depends on it waits for it.
    let second = town.pull_of(issue, 2).await;
    town.review("reviewer", second, "APPROVE", "good").await;
    town.settle().await;
    assert_eq!(town.pull(second).await["merged"], true);
    assert_eq!(
        town.our_pulls().await.len(),
        3,
        "the release pull request is there from the first merge on"
    );
    let release = town.pull(town.release_of(issue).await).await;
    assert_eq!(
        (&release["draft"], &release["base"]["ref"], release["head"]["ref"].as_str()),
        (&json!(true), &json!("main"), Some(base.as_str()))
    );
    let first = town.pull_of(issue, 1).await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.settle().await;

    // The third branches from a base that holds both.
    let third = town.pull_of(issue, 3).await;
    let branch = town.branch_of(issue, 3).await;
    for file in ["src/greet-by-name.rs", "src/say-goodbye.rs", "src/do-both.rs"] {
        assert!(town.file(&branch, file).await.is_some(), "{file} is not on {branch}");
    }
    assert_eq!(town.commits(third).await.len(), 1);
    town.until_complete(issue).await;
    frugal(&town, issue).await;
    town.over().await;
}

/// At most five requests a phase and n + 4 notifications, where approvals come one after the other.
async fn frugal(town: &Town, issue: u64) {
    let w = town.known(issue).await;
    for phase in w.phases.values() {
        assert!(
            phase.track.requests <= 5,
            "phase {} took {} requests",
            phase.plan.id,
            phase.track.requests
        );
    }
    let notified = town.notified().await;
    let most = w.phases.len() as u64 + 4;
    assert!(notified["notifications"].as_u64().unwrap() <= most, "{notified}");
    assert_eq!(
        notified["notifications"].as_u64(),
        Some(u64::from(w.notifications)),
        "what is reported is what people got"
    );
}

#[tokio::test]
async fn approved_at_the_same_moment_they_merge_one_after_the_other() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", "- greet by name\n- say goodbye\n").await;
    let (first, second) = (town.pull_of(issue, 1).await, town.pull_of(issue, 2).await);
    town.review("reviewer", second, "APPROVE", "good").await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.settle().await;
    let at = |pull: &Value| pull["merged_at"].as_str().unwrap().to_owned();
    assert!(at(&town.pull(first).await) <= at(&town.pull(second).await), "by number");
    for phase in town.known(issue).await.phases.values() {
        assert!(phase.track.requests <= 6, "{} took {}", phase.plan.id, phase.track.requests);
    }
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_red_check_is_repaired_from_its_log() {
    let town = Town::new(Setting::default()).await;
    town.switch(
        "ci",
        json!({ "branch": "**/02-priority", "check": "test", "conclusion": "failure", "log": SLIP, "count": 1 }),
    )
    .await;
    town.label("maintainer", 1, "millhand").await;
    town.settle().await;
    town.comment("maintainer", 1, "/approve").await;
    town.settle().await;

    let pull = town.pull_of(1, 2).await;
    let commits = town.commits(pull).await;
    assert_eq!(commits.len(), 2, "{commits:?}\n{:#?}", town.waits(1).await);
    let branch = town.branch_of(1, 2).await;
    let mended = town.file(&branch, "src/priority.rs").await.unwrap();
    assert!(mended.contains("None => 26"), "{mended}");
    let w = town.known(1).await;
    let phase = w.phases.values().find(|p| p.plan.number.0 == 2).unwrap();
    assert_eq!((phase.track.attempts.ci, phase.state), (1, State::Verification));
    assert_eq!(town.pull(pull).await["draft"], false);
    assert_eq!(
        town.our_comments(pull).await,
        Vec::<String>::new(),
        "a repair is no reason to write to people"
    );
    town.until_complete(1).await;
    town.over().await;
}

#[tokio::test]
async fn what_failed_by_chance_is_run_again_once() {
    let town = Town::new(Setting::default()).await;
    let log = "error: connection reset by peer";
    town.switch(
        "ci",
        json!({ "branch": "**/01-greet-by-name", "conclusion": "failure", "log": log, "count": 1 }),
    )
    .await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    assert_eq!(town.commits(pull).await.len(), 1, "nothing was written");
    assert_eq!(town.pull(pull).await["draft"], false, "{:#?}", town.waits(issue).await);
    let reruns = town
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|a| a.contains("rerun-failed-jobs"))
        .count();
    assert_eq!(reruns, 1);
    assert_eq!(town.known(issue).await.phases.values().next().unwrap().track.attempts.ci, 0);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn what_fails_by_chance_again_and_again_is_told_to_a_person() {
    let town = Town::new(Setting::default()).await;
    let log = "error: connection reset by peer";
    town.switch(
        "ci",
        json!({ "branch": "**/01-greet-by-name", "conclusion": "failure", "log": log }),
    )
    .await;
    let issue = town.begun("Greet", ONE).await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].starts_with("Phase `01-greet-by-name` is stuck: its checks keep failing by what looks like chance"),
        "{waits:#?}"
    );
    assert!(waits[0].contains("`/retry 01-greet-by-name -- <hint>`"), "{waits:#?}");
    town.switch("ci", json!({})).await;
    town.comment("maintainer", issue, "/retry 1").await;
    town.settle().await;
    assert_eq!(town.commits(town.pull_of(issue, 1).await).await.len(), 1);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn what_is_red_on_the_base_as_well_is_reported_and_not_repaired() {
    let town = Town::new(Setting::default()).await;
    town.switch("ci", json!({ "check": "test", "conclusion": "failure", "log": RIDDLE }))
        .await;
    // Somebody broke the default branch before.
    town.write("maintainer", "main", "NOTES.md", "notes\n").await;
    town.settle().await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    assert_eq!(town.commits(pull).await.len(), 1, "nothing was repaired");
    assert_eq!(town.pull(pull).await["draft"], false, "{:#?}", town.waits(issue).await);
    let w = town.known(issue).await;
    assert!(
        w.remarks
            .iter()
            .any(|r| r.contains("on its base as well; that was reported, not repaired")),
        "{:?}",
        w.remarks
    );
    assert_eq!(w.phases.values().next().unwrap().track.attempts.ci, 0);
    let head = town.pull(pull).await["head"]["sha"].as_str().unwrap().to_owned();
    let list = town
        .get(&format!("/repos/acme/todo/commits/{head}/check-runs?check_name=millhand"))
        .await;
    assert!(
        list["check_runs"][0]["output"]["summary"].as_str().unwrap().contains("base"),
        "{list:#}"
    );
    town.over().await;
}

#[tokio::test]
async fn when_attempts_are_used_up_a_persons_hint_goes_on() {
    let town = Town::new(Setting::default()).await;
    town.switch(
        "ci",
        json!({ "branch": "**/01-greet-by-name", "conclusion": "failure", "log": RIDDLE }),
    )
    .await;
    let issue = town.begun("Greet", ONE).await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].starts_with("Phase `01-greet-by-name` is stuck: its checks fail"),
        "{waits:#?}"
    );
    let said = town.our_comments(issue).await;
    let asking = said
        .iter()
        .filter(|c| c.contains("is stuck") && !c.contains("<!-- millhand:status"))
        .count();
    assert!(asking >= 1, "{said:#?}");

    town.switch("ci", json!({})).await;
    town.comment("maintainer", issue, "/retry 01-greet-by-name -- say the name twice")
        .await;
    town.settle().await;
    let pull = town.pull_of(issue, 1).await;
    assert_eq!(town.commits(pull).await.len(), 2, "{:#?}", town.waits(issue).await);
    let text = town
        .file(&town.branch_of(issue, 1).await, "src/greet-by-name.rs")
        .await
        .unwrap();
    assert!(text.contains("say the name twice"), "{text}");
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_person_merges_a_phase() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", THREE).await;
    let first = town.pull_of(issue, 1).await;
    town.must(
        "maintainer",
        Method::PUT,
        &format!("/repos/acme/todo/pulls/{first}/merge"),
        json!({ "merge_method": "squash" }),
    )
    .await;
    town.settle().await;
    let w = town.known(issue).await;
    let phase = w.phases.values().next().unwrap();
    assert_eq!((&phase.fate, phase.state), (&Fate::Merged, State::HandoffToReleaser));
    assert_eq!(
        phase
            .track
            .merged
            .as_ref()
            .and_then(|m| m.by.as_ref())
            .map(|p| p.login.as_str()),
        Some("maintainer")
    );
    town.until_complete(issue).await;
    town.over().await;
}

/// The release's pull request shows a person's merge of a phase before the phase's own is read: nobody pushed to it.
async fn the_last_phase_is_merged_by_a_person(webhooks: bool) {
    let town = Town::new(Setting {
        webhooks,
        ..Setting::default()
    })
    .await;
    let issue = town
        .begun("Greet people", "- Greet by name\n- Part by name (after 1)\n")
        .await;
    let first = town.pull_of(issue, 1).await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.settle().await;
    let second = town.pull_of(issue, 2).await;
    town.must(
        "maintainer",
        Method::PUT,
        &format!("/repos/acme/todo/pulls/{second}/merge"),
        json!({ "merge_method": "squash" }),
    )
    .await;
    town.settle().await;
    let release = town.known(issue).await.release;
    assert!(release.pull.is_some() && release.foreign.is_empty(), "{release:#?}");
    town.release(issue).await;
    town.complete(issue).await;
    let branches = town.get("/repos/acme/todo/branches?per_page=100").await;
    assert_eq!(branches.as_array().map(Vec::len), Some(1), "{branches:#}");
    town.over().await;
}

#[tokio::test]
async fn a_person_merges_the_last_phase() {
    the_last_phase_is_merged_by_a_person(true).await;
}

#[tokio::test]
async fn a_person_merges_the_last_phase_and_no_webhook_tells() {
    the_last_phase_is_merged_by_a_person(false).await;
}

#[tokio::test]
async fn a_person_closes_a_phases_pull_request_and_it_starts_afresh() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let old = town.pull_of(issue, 1).await;
    town.must(
        "maintainer",
        Method::PATCH,
        &format!("/repos/acme/todo/pulls/{old}"),
        json!({ "state": "closed" }),
    )
    .await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].starts_with(&format!(
            "Pull request #{old} of phase `01-greet-by-name` was closed by a person."
        )),
        "{waits:#?}"
    );
    assert_eq!(town.our_pulls().await.len(), 1, "nothing is undone by itself");

    town.comment("maintainer", issue, "/retry 1").await;
    town.settle().await;
    let new = town.pull_of(issue, 1).await;
    assert_ne!(old, new);
    assert!(
        town.pull(new).await["head"]["ref"]
            .as_str()
            .unwrap()
            .ends_with("/01-greet-by-name.2")
    );
    assert_eq!(town.pull(old).await["state"], "closed");
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_person_closes_a_pull_request_and_reopens_it() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    for state in ["closed", "open"] {
        town.must(
            "maintainer",
            Method::PATCH,
            &format!("/repos/acme/todo/pulls/{pull}"),
            json!({ "state": state }),
        )
        .await;
        town.settle().await;
    }
    assert_eq!(town.our_pulls().await.len(), 1);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn where_no_check_runs_a_person_is_asked() {
    let town = Town::new(Setting::default()).await;
    town.delete("maintainer", "main", ".github/workflows/ci.yml").await;
    town.settle().await;
    let issue = town.begun("Greet people", "- greet by name\n- say goodbye\n").await;
    let waits = town.waits(issue).await;
    assert!(waits[0].starts_with("No check ran on phase `01-greet-by-name`"), "{waits:#?}");
    assert_eq!(town.pull(town.pull_of(issue, 1).await).await["draft"], true);
    town.comment("maintainer", issue, "/approve 01-greet-by-name").await;
    town.settle().await;
    let open = town.our_pulls().await;
    assert!(
        open.iter().all(|p| p["draft"] == false),
        "once is enough: {:#?}",
        town.waits(issue).await
    );
    // Nothing starts for branches between ours, so each phase goes onto main; the last one's review releases.
    assert!(town.known(issue).await.is_direct());
    town.approve_phases(issue).await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn checks_that_never_finish_are_told_to_a_person() {
    let town = Town::new(Setting::default()).await;
    town.switch("ci", json!({ "branch": "**/01-greet-by-name", "conclusion": "never" }))
        .await;
    let issue = town.begun("Greet", ONE).await;
    // An hour passes.
    for _ in 0..6 {
        town.settle().await;
        if town.waits(issue).await[0].contains("take longer than 60 minutes") {
            break;
        }
        town.clock
            .advance_to(millhand::clock::Millis(town.clock.now().0 + 20 * 60_000));
    }
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].starts_with("The checks of phase `01-greet-by-name` take longer than 60 minutes."),
        "{waits:#?}"
    );
    // A person stops the run and starts it anew; Millhand goes on by itself.
    town.switch("ci", json!({})).await;
    let runs = town.get("/repos/acme/todo/actions/runs?per_page=100").await;
    let stuck = runs["workflow_runs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["status"] != "completed")
        .unwrap()["id"]
        .as_u64()
        .unwrap();
    town.must(
        "maintainer",
        Method::POST,
        &format!("/repos/acme/todo/actions/runs/{stuck}/cancel"),
        Value::Null,
    )
    .await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn the_same_is_shown_when_webhooks_never_come() {
    let mut shows = Vec::new();
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let issue = town.begun("Greet people", THREE).await;
        town.until_complete(issue).await;
        shows.push(town.shown(issue).await);
        town.over().await;
    }
    assert_eq!(shows[0], shows[1]);
}

#[tokio::test]
async fn a_stuck_phase_that_is_planned_again_begins_anew() {
    let town = Town::new(Setting::default()).await;
    town.switch(
        "ci",
        json!({ "branch": "**/01-greet-by-name", "conclusion": "failure", "log": RIDDLE }),
    )
    .await;
    let issue = town.begun("Greet", ONE).await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("is stuck"), "{waits:#?}");
    town.switch("ci", json!({})).await;
    town.comment("maintainer", issue, "/revise Please look at it once more.")
        .await;
    town.settle().await;
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}
