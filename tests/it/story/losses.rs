//! What gets lost between the bot and GitHub: answers to changes, and the process that waited for them.
//!
//! Invariant: however often something is lost, GitHub shows in the end what it shows when nothing is.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::line::Mishap;
use super::scenes::SLIP;
use super::town::{Setting, Town};

/// Documents and calls that a whole workflow with a repair and a round of review cannot do without.
const CHANGES: [&str; 9] = [
    "OpenPhase",
    "Push",
    "PresentPhase",
    "AnswerReview",
    "MergePhase",
    "OpenPull",
    "UpdatePull",
    "DeleteBranches",
    "POST /api/v3/repos/acme/todo/issues/1/comments",
];

/// The demo's issue with all that happens on the way: a repair, a change request, an update of the status comment, the
/// release.
async fn whole(town: &Town) -> Value {
    let slip = json!({ "branch": "**/02-priority", "check": "test", "conclusion": "failure", "log": SLIP, "count": 1 });
    town.switch("ci", slip).await;
    town.label("maintainer", 1, "millhand").await;
    town.settle().await;
    town.comment("maintainer", 1, "/approve").await;
    town.settle().await;
    let first = town.pull_of(1, 1).await;
    let head = town.pull(first).await["head"]["sha"].clone();
    let file = town.known(1).await.phases.values().next().unwrap().plan.files[0].clone();
    let remark = json!({ "path": file, "line": 1, "side": "RIGHT", "body": "say whom" });
    let review = json!({ "event": "REQUEST_CHANGES", "body": "be kinder", "commit_id": head, "comments": [remark] });
    town.must(
        "reviewer",
        Method::POST,
        &format!("/repos/acme/todo/pulls/{first}/reviews"),
        review,
    )
    .await;
    town.settle().await;
    assert_eq!(town.commits(first).await.len(), 2, "{:#?}", town.waits(1).await);
    town.until_complete(1).await;
    town.line.calm();
    let shown = town.shown(1).await;
    town.over().await;
    shown
}

/// The same while every change meets with this mishap once.
async fn befallen(mishap: Mishap, webhooks: bool) {
    let calm = Town::new(Setting::default()).await;
    let wanted = whole(&calm).await;
    let town = Town::new(Setting {
        webhooks,
        ..Setting::default()
    })
    .await;
    town.line.befall(mishap, &[]);
    let found = whole(&town).await;
    assert_eq!(
        format!("{found:#}").lines().collect::<Vec<_>>(),
        format!("{wanted:#}").lines().collect::<Vec<_>>(),
        "{:#?}",
        town.line.befallen()
    );
    let met: BTreeSet<String> = town.line.befallen().into_iter().collect();
    for change in CHANGES {
        assert!(met.contains(change), "{change} was never lost: {met:#?}");
    }
}

#[tokio::test]
async fn every_answer_to_a_change_is_lost_once() {
    befallen(Mishap::ReplyLost, true).await;
}

#[tokio::test]
async fn every_answer_to_a_change_is_lost_once_and_no_webhook_tells() {
    befallen(Mishap::ReplyLost, false).await;
}

#[tokio::test]
async fn the_process_dies_before_each_of_its_changes() {
    befallen(Mishap::DiesBefore, true).await;
}

#[tokio::test]
async fn the_process_dies_after_each_of_its_changes() {
    befallen(Mishap::DiesAfter, true).await;
}

#[tokio::test]
async fn the_process_dies_after_each_of_its_changes_and_no_webhook_tells() {
    befallen(Mishap::DiesAfter, false).await;
}

/// The same while the process dies at ten moments, as chance has it.
async fn by_chance(seed: u64) {
    let calm = Town::new(Setting::default()).await;
    let wanted = whole(&calm).await;
    let town = Town::new(Setting::default()).await;
    town.line.dies_by_chance(seed, 9, 10);
    let found = whole(&town).await;
    assert_eq!(town.line.deaths_left(), 0, "it died ten times");
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn the_process_dies_at_ten_moments_by_chance() {
    by_chance(1).await;
}

#[tokio::test]
async fn the_process_dies_at_ten_other_moments_by_chance() {
    by_chance(2).await;
}

/// The process dies right after one change, and before it is back a person says something that makes the order pointless.
async fn overtaken_by(change: &'static str, text: &'static str) -> (Town, u64) {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", "- Greet by name\n").await;
    *town.meanwhile.lock().unwrap() = Some(("maintainer", issue, text));
    town.line.befall(Mishap::DiesAfter, &[change]);
    town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    if change != "OpenPhase" {
        let pull = town.pull_of(issue, 1).await;
        let event = if change == "Push" { "REQUEST_CHANGES" } else { "APPROVE" };
        town.review("reviewer", pull, event, "say the name twice").await;
        town.settle().await;
    }
    assert_eq!(town.line.befallen(), [change]);
    assert!(town.meanwhile.lock().unwrap().is_none(), "it was said");
    (town, issue)
}

#[tokio::test]
async fn what_was_opened_when_the_process_died_is_closed_by_a_cancel() {
    let (town, issue) = overtaken_by("OpenPhase", "/cancel").await;
    let pulls = town.our_pulls().await;
    assert_eq!(pulls.len(), 1, "{pulls:#?}");
    assert_eq!(pulls[0]["state"], "closed", "{:#?}", town.waits(issue).await);
    town.over().await;
}

#[tokio::test]
async fn what_was_pushed_when_the_process_died_is_no_persons_after_a_pause() {
    let (town, issue) = overtaken_by("Push", "/pause").await;
    let pull = town.pull_of(issue, 1).await;
    assert_eq!(town.commits(pull).await.len(), 2);
    let track = town.known(issue).await.phases.into_values().next().unwrap().track;
    assert!(track.foreign.is_empty() && track.pushed.len() == 2, "{track:#?}");
    town.comment("maintainer", issue, "/resume").await;
    town.settle().await;
    town.until_complete(issue).await;
    assert_eq!(town.commits(pull).await.len(), 2);
    town.over().await;
}

#[tokio::test]
async fn what_was_merged_when_the_process_died_is_merged_after_a_pause() {
    let (town, issue) = overtaken_by("MergePhase", "/pause").await;
    let phase = town.known(issue).await.phases.into_values().next().unwrap();
    assert!(phase.track.merged.is_some_and(|merged| merged.by.is_none()));
    town.comment("maintainer", issue, "/resume").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}
