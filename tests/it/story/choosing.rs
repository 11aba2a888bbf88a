//! People choose among phases: one is left out, one is held, one begins anew.
//!
//! Invariant: what is left out or begun anew keeps its old branch, and nothing that is held is merged.

use axum::http::Method;
use millhand::workflow::model::Fate;
use millhand::workflow::settings::Settings;
use serde_json::json;

use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

impl Town {
    pub(super) async fn branches(&self) -> Vec<String> {
        let all = self.get("/repos/acme/todo/branches?per_page=100").await;
        let names = all.as_array().unwrap().iter();
        names.filter_map(|b| Some(b["name"].as_str()?.to_owned())).collect()
    }

    async fn is_merged(&self, pull: u64) -> bool {
        self.pull(pull).await["merged"] == true
    }
}

#[tokio::test]
async fn a_phase_is_left_out() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", THREE).await;
    town.said_anywhere();
    town.refused("maintainer", issue, "/skip 1", "depends on it").await;
    town.refused("maintainer", issue, "/skip 7", "There is no phase 7").await;
    let second = town.pull_of(issue, 2).await;
    let branch = town.branch_of(issue, 2).await;
    town.obeyed("maintainer", issue, "/skip 3").await;
    town.obeyed("maintainer", issue, "/skip 2").await;
    town.refused("maintainer", issue, "/skip 2", "left out already").await;
    town.refused("maintainer", issue, "/skip 1", "the last phase left").await;
    town.refused("maintainer", issue, "/retry 2", "`/revise` brings it back")
        .await;
    assert_eq!(town.pull(second).await["state"], "closed");
    let said = town.our_comments(second).await;
    assert!(said.iter().any(|c| c.contains("It is left out of the plan.")), "{said:#?}");
    let w = town.known(issue).await;
    let left_out = w
        .phases
        .values()
        .filter(|p| p.fate == Fate::Skipped("maintainer left it out".to_owned()));
    assert_eq!(left_out.count(), 2, "{:#?}", w.phases);
    town.until_complete(issue).await;
    assert!(
        town.branches().await.contains(&branch),
        "the branch of what was left out stays"
    );
    assert!(town.file("main", "src/say-goodbye.rs").await.is_none());
    town.over().await;
}

#[tokio::test]
async fn the_last_that_is_not_merged_is_left_out_and_the_release_goes_on() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", THREE).await;
    town.said_anywhere();
    for phase in [1, 2] {
        town.review("reviewer", town.pull_of(issue, phase).await, "APPROVE", "good")
            .await;
    }
    town.settle().await;
    let third = town.pull_of(issue, 3).await;
    town.comment("maintainer", issue, "/skip 3").await;
    town.settle().await;
    assert_eq!(town.pull(third).await["state"], "closed");
    town.release(issue).await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn what_was_begun_afresh_and_cancelled_at_once_is_closed() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let old = town.pull_of(issue, 1).await;
    town.comment("maintainer", issue, "/retry 1 fresh\n/cancel").await;
    town.settle().await;
    assert_eq!(town.pull(old).await["state"], "closed");
    let open = town.get("/repos/acme/todo/pulls?state=open&per_page=100").await;
    assert!(
        open.as_array().unwrap().iter().all(|p| p["user"]["login"] != "millhand[bot]"),
        "{open:#}"
    );
    town.over().await;
}

#[tokio::test]
async fn what_was_begun_afresh_and_planned_anew_at_once_is_closed() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let old = town.pull_of(issue, 1).await;
    town.comment("maintainer", issue, "/retry 1 fresh\n/revise be brief").await;
    town.settle().await;
    assert_eq!(town.pull(old).await["state"], "closed");
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn nobody_leaves_out_what_is_not_at_work() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet people", THREE).await;
    town.said_anywhere();
    town.refused("maintainer", issue, "/skip 3", "`/revise` changes a plan").await;
    town.refused("maintainer", issue, "/hold", "no plan was approved").await;
    town.refused("maintainer", issue, "/retry fresh", "Nothing has failed; name a phase")
        .await;
    town.finish().await;
}

#[tokio::test]
async fn one_phase_is_held_and_the_other_merged() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", THREE).await;
    town.said_anywhere();
    let (first, second) = (town.pull_of(issue, 1).await, town.pull_of(issue, 2).await);
    town.obeyed("maintainer", first, "/hold").await;
    town.refused("maintainer", first, "/hold", "held already").await;
    town.refused("maintainer", second, "/unhold", "Nothing is held here").await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.review("reviewer", second, "APPROVE", "good").await;
    town.settle().await;
    assert!(!town.is_merged(first).await && town.is_merged(second).await);
    let waits = town.waits(issue).await;
    assert!(
        waits
            .iter()
            .any(|w| w.contains("The merge of phase `01-greet-by-name` is held by maintainer; `/unhold`")),
        "{waits:#?}"
    );
    town.obeyed("maintainer", first, "/unhold").await;
    assert!(town.is_merged(first).await);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn all_of_it_is_held_the_release_too() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    town.said_anywhere();
    let first = town.pull_of(issue, 1).await;
    town.obeyed("maintainer", issue, "/hold").await;
    town.refused("maintainer", first, "/unhold", "write `/unhold` in the issue")
        .await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.settle().await;
    assert!(!town.is_merged(first).await);
    town.comment("maintainer", issue, "/unhold").await;
    town.settle().await;
    assert!(town.is_merged(first).await);
    town.said_anywhere();
    town.obeyed("maintainer", issue, "/hold").await;
    let release = town.release_of(issue).await;
    town.said_anywhere();
    town.comment("reviewer", issue, "/approve release").await;
    town.settle().await;
    assert!(!town.is_merged(release).await);
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("The merge of the release is held by maintainer; `/unhold`"),
        "{waits:#?}"
    );
    town.comment("maintainer", issue, "/unhold").await;
    town.settle().await;
    town.complete(issue).await;
    town.finish().await;
}

#[tokio::test]
async fn the_last_of_a_direct_delivery_is_held() {
    let town = Town::new(Setting {
        settings: Settings {
            delivery: millhand::workflow::settings::DeliveryChoice::Direct,
            ..Settings::default()
        },
        ..Setting::default()
    })
    .await;
    let issue = town.begun("Greet", ONE).await;
    town.said_anywhere();
    let first = town.pull_of(issue, 1).await;
    town.obeyed("maintainer", first, "/hold").await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.settle().await;
    assert!(!town.is_merged(first).await, "{:#?}", town.waits(issue).await);
    town.comment("maintainer", first, "/unhold").await;
    town.settle().await;
    town.complete(issue).await;
    town.finish().await;
}

/// Begins a phase afresh once it has come this far.
async fn afresh_after(approved: bool, command: &str) {
    let town = Town::new(Setting::default()).await;
    let issue = town
        .begun("Greet people", "- Greet by name\n- Part by name (after 1)\n")
        .await;
    town.said_anywhere();
    let (old, branch) = (town.pull_of(issue, 1).await, town.branch_of(issue, 1).await);
    if approved {
        town.obeyed("maintainer", old, "/hold").await;
        town.review("reviewer", old, "APPROVE", "good").await;
        town.settle().await;
    }
    town.obeyed("maintainer", issue, command).await;
    let new = town.pull_of(issue, 1).await;
    assert_ne!(new, old);
    assert_eq!(town.branch_of(issue, 1).await, format!("{branch}.2"));
    assert_eq!(town.pull(old).await["state"], "closed");
    let said = town.our_comments(old).await;
    assert!(
        said.iter().any(|c| c.contains("This is started afresh on another branch.")),
        "{said:#?}"
    );
    assert_eq!(town.commits(new).await.len(), 1);
    let text = town.file(&format!("{branch}.2"), "src/greet-by-name.rs").await.unwrap();
    assert_eq!(text.contains("say it twice"), command.contains("say it twice"), "{text}");
    if approved {
        assert!(
            town.known(issue).await.phases.values().next().unwrap().track.held.is_some(),
            "it stays held"
        );
        town.comment("maintainer", new, "/unhold").await;
        town.settle().await;
    }
    assert!(!town.is_merged(new).await, "nobody approved the new one");
    town.until_complete(issue).await;
    assert!(town.branches().await.contains(&branch), "the old branch stays");
    town.over().await;
}

#[tokio::test]
async fn a_phase_begins_afresh_with_a_hint() {
    afresh_after(false, "/retry 1 fresh -- say it twice").await;
}

#[tokio::test]
async fn an_approved_phase_begins_afresh() {
    afresh_after(true, "/retry 01-greet-by-name fresh").await;
}

#[tokio::test]
async fn what_begins_afresh_has_begun_and_is_not_merged() {
    let town = Town::new(Setting::default()).await;
    let issue = town
        .begun("Greet people", "- Greet by name\n- Part by name (after 1)\n")
        .await;
    town.said_anywhere();
    town.refused("maintainer", issue, "/retry 2 fresh", "has not begun").await;
    let first = town.pull_of(issue, 1).await;
    let merge = json!({ "merge_method": "squash" });
    town.must(
        "maintainer",
        Method::PUT,
        &format!("/repos/acme/todo/pulls/{first}/merge"),
        merge,
    )
    .await;
    town.settle().await;
    town.refused("maintainer", issue, "/retry 1 fresh", "merged already").await;
    town.refused("maintainer", issue, "/skip 1", "merged already").await;
    town.refused("maintainer", first, "/hold", "merged already").await;
    town.until_complete(issue).await;
    town.over().await;
}
