//! Endings: one pull request instead of many, and a release that people take back.

use axum::http::Method;
use millhand::workflow::model::End;
use millhand::workflow::settings::{Recipe, Settings};
use serde_json::json;

use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

#[tokio::test]
async fn the_recipe_single_makes_one_pull_request_of_everything() {
    let settings = Settings {
        recipe: Recipe::Single,
        ..Settings::default()
    };
    let town = Town::new(Setting {
        settings,
        ..Setting::default()
    })
    .await;
    let issue = town.begun("Greet people", THREE).await;
    let w = town.known(issue).await;
    assert_eq!(w.phases.len(), 1);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_revert_that_people_merge_is_a_rollback() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", ONE).await;
    town.until_complete(issue).await;
    let release = town.release_of(issue).await;
    let pull = reverting(&town, &format!("Reverts acme/todo#{release}")).await;
    let w = town.known(issue).await;
    assert_eq!(w.ended, Some(End::RolledBack), "{:#?}", town.asked.lock().unwrap());
    assert_eq!(town.transitions(issue).await.last(), Some(&10));
    assert!(
        w.remarks.iter().any(|it| it == "maintainer merged a revert of the release"),
        "{:?} {pull}",
        w.remarks
    );
    town.over().await;
}

#[tokio::test]
async fn a_revert_of_something_else_rolls_nothing_back() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", ONE).await;
    town.until_complete(issue).await;
    let release = town.release_of(issue).await;
    reverting(&town, "Reverts acme/todo#1").await;
    reverting(&town, &format!("Reverts acme/elsewhere#{release}")).await;
    assert_eq!(town.known(issue).await.ended, Some(End::Complete));
    town.over().await;
}

#[tokio::test]
async fn a_branch_stays_that_has_a_persons_commit_somewhere_below_its_head() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", ONE).await;
    let branch = town.known(issue).await.work_branch();
    // Both before anything is read: Millhand merges on top, and never sees the commit as a head.
    town.write("reviewer", &branch, "NOTES.md", "Mine.\n").await;
    town.review("reviewer", town.pull_of(issue, 1).await, "APPROVE", "good").await;
    town.settle().await;
    assert!(town.known(issue).await.release.foreign.is_empty());
    let release = town.release_of(issue).await;
    let path = format!("/repos/acme/todo/pulls/{release}/merge");
    town.must("maintainer", Method::PUT, &path, json!({ "merge_method": "squash" }))
        .await;
    town.settle().await;
    assert_eq!(town.known(issue).await.ended, Some(End::Complete));
    assert!(town.file("main", "NOTES.md").await.is_some());
    assert_eq!(
        town.branches().await,
        ["main", branch.as_str()],
        "the commit itself is on no other branch"
    );
    let status = town.status(issue);
    assert!(
        status.contains(&format!("the branch {branch} was kept: it has commits of somebody else")),
        "{status}"
    );
    town.over().await;
}

/// A maintainer takes something out by a pull request of this text and merges it.
async fn reverting(town: &Town, text: &str) -> u64 {
    let main = town.get("/repos/acme/todo/git/ref/heads/main").await;
    let branch = format!("revert-{}", text.len());
    let at = json!({ "ref": format!("refs/heads/{branch}"), "sha": main["object"]["sha"] });
    town.must("maintainer", Method::POST, "/repos/acme/todo/git/refs", at).await;
    town.write("maintainer", &branch, &format!("notes/{branch}.md"), "taken back\n")
        .await;
    let new = json!({ "title": "Revert it", "head": branch, "base": "main", "body": text });
    let pull = town.must("maintainer", Method::POST, "/repos/acme/todo/pulls", new).await;
    let number = pull["number"].as_u64().unwrap();
    town.settle().await;
    let path = format!("/repos/acme/todo/pulls/{number}/merge");
    town.must("maintainer", Method::PUT, &path, json!({})).await;
    town.settle().await;
    number
}
