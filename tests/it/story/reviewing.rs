//! Reviewing: change requests, approvals that hold and approvals that do not, and who may give them.
//!
//! Invariant: nothing is merged that somebody who may did not approve as it is.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use millhand::workflow::settings::Settings;
use millhand::workflow::state::State;
use serde_json::json;

use super::gestures::{checks_rule, reviews_rule};
use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

#[tokio::test]
async fn a_change_request_is_answered_by_one_commit_and_one_review() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let head = town.pull(pull).await["head"]["sha"].as_str().unwrap().to_owned();
    let remark = json!({ "path": "src/greet-by-name.rs", "line": 1, "side": "RIGHT", "body": "say whom" });
    let review = json!({ "event": "REQUEST_CHANGES", "body": "please be kinder", "commit_id": head, "comments": [remark] });
    town.must(
        "reviewer",
        Method::POST,
        &format!("/repos/acme/todo/pulls/{pull}/reviews"),
        review,
    )
    .await;
    town.settle().await;

    let commits = town.commits(pull).await;
    assert_eq!(commits.len(), 2, "{commits:?} {:#?}", town.waits(issue).await);
    let answers: Vec<String> = town
        .our_reviews(pull)
        .await
        .into_iter()
        .filter(|body| !body.is_empty())
        .collect();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(
        answers[0].contains("What reviewer asked for is taken up in"),
        "{}",
        answers[0]
    );
    let threads = town.get(&format!("/repos/acme/todo/pulls/{pull}/comments")).await;
    let replies: Vec<_> = threads
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["user"]["login"] == "millhand[bot]")
        .collect();
    assert_eq!(replies.len(), 1, "{threads:#}");
    assert!(replies[0]["in_reply_to_id"].is_u64());
    let text = town
        .file(&town.branch_of(issue, 1).await, "src/greet-by-name.rs")
        .await
        .unwrap();
    assert!(text.contains("please be kinder") && text.contains("say whom"), "{text}");

    // The reviewer has not said yes yet.
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("waits for reviewer to look again at pull request"),
        "{waits:#?}"
    );
    assert_eq!(town.pull(pull).await["state"], "open");
    let w = town.known(issue).await;
    let track = &w.phases.values().next().unwrap().track;
    assert_eq!(
        (track.attempts.ci, track.attempts.verdict, track.attempts.validation),
        (0, 0, 0),
        "people's wishes are no attempts"
    );
    town.review("reviewer", pull, "APPROVE", "thank you").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn two_reviewers_rounds_become_one_commit() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "REQUEST_CHANGES", "be kinder").await;
    // Half a minute later, within the quiet minute.
    town.pass(Duration::from_secs(30)).await;
    assert_eq!(
        town.commits(pull).await.len(),
        1,
        "nothing is written while people still speak"
    );
    town.review("maintainer", pull, "REQUEST_CHANGES", "be shorter").await;
    town.pass(Duration::from_secs(40)).await;
    assert_eq!(town.commits(pull).await.len(), 1, "the quiet minute begins anew");
    town.settle().await;

    assert_eq!(town.commits(pull).await.len(), 2);
    let answers: Vec<String> = town
        .our_reviews(pull)
        .await
        .into_iter()
        .filter(|body| !body.is_empty())
        .collect();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(
        answers[0].contains("What maintainer and reviewer asked for"),
        "{}",
        answers[0]
    );
    let text = town
        .file(&town.branch_of(issue, 1).await, "src/greet-by-name.rs")
        .await
        .unwrap();
    assert!(text.contains("be kinder") && text.contains("be shorter"), "{text}");
    for login in ["reviewer", "maintainer"] {
        town.review(login, pull, "APPROVE", "good").await;
    }
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn changes_requested_after_the_approval_of_another_are_made_first() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.review("maintainer", pull, "REQUEST_CHANGES", "be kinder").await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    assert_eq!(town.commits(pull).await.len(), 2);
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("waits for maintainer to look again"), "{waits:#?}");
    assert_eq!(town.pull(pull).await["merged"], false);
    town.review("maintainer", pull, "APPROVE", "good").await;
    town.settle().await;
    // The reviewer saw the head before; his approval does not cover the new one, the maintainer may not approve his own.
    assert_eq!(town.pull(pull).await["merged"], false, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn an_approval_dies_with_new_content() {
    let town = Town::new(Setting::default()).await;
    // The first waits for the second, so that its approval has time to age.
    let issue = town.begun("Greet", "- greet by name\n- say goodbye\n").await;
    let pull = town.pull_of(issue, 1).await;
    let branch = town.branch_of(issue, 1).await;
    town.swallow("pull_request_review").await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.write(
        "maintainer",
        &branch,
        "src/greet-by-name.rs",
        "/// Greets.\npub fn greet() -> &'static str {\n    \"hi\"\n}\n",
    )
    .await;
    town.switch("webhooks", json!({})).await;
    town.settle().await;
    assert_eq!(
        town.pull(pull).await["merged"],
        false,
        "what was approved is not what is there now"
    );
    let waits = town.waits(issue).await;
    assert!(
        waits.iter().any(|w| w.contains("Phase `01-greet-by-name` waits for")),
        "{waits:#?}"
    );
    assert!(
        town.file(&branch, "src/greet-by-name.rs").await.unwrap().contains("\"hi\""),
        "a person's commit is built upon"
    );
    town.until_complete(issue).await;
    assert!(town.file("main", "src/greet-by-name.rs").await.unwrap().contains("\"hi\""));
    town.over().await;
}

#[tokio::test]
async fn an_approval_survives_our_own_update_of_the_branch() {
    let mut settings = Settings::default();
    settings.delivery = millhand::workflow::settings::DeliveryChoice::Direct;
    let town = Town::new(Setting {
        settings,
        ..Setting::default()
    })
    .await;
    // Heads must hold the base's head before they are merged.
    town.rules("main", &[checks_rule(&["test"], true)]).await;
    let issue = town.begun("Greet", "- greet by name\n- say goodbye\n").await;
    let (first, second) = (town.pull_of(issue, 1).await, town.pull_of(issue, 2).await);
    // Both are approved; the first one's merge leaves the second behind.
    town.review("reviewer", second, "APPROVE", "good").await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.settle().await;
    town.comment("reviewer", issue, "/approve release").await;
    town.settle().await;
    for pull in [first, second] {
        assert_eq!(
            town.pull(pull).await["merged"],
            true,
            "{pull}: {:#?}",
            town.waits(issue).await
        );
        let approvals = town.reviews(pull).await.into_iter().filter(|r| r.1 == "APPROVED").count();
        assert_eq!(approvals, 1, "nobody had to look twice");
    }
    let w = town.known(issue).await;
    assert!(
        w.phases.values().any(|p| !p.track.same_patch.is_empty()),
        "one was brought up to date, and compared"
    );
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn who_started_may_not_approve_the_code_while_another_writer_is_there() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.review("maintainer", pull, "APPROVE", "fine").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], false);
    town.comment("maintainer", issue, "/approve 01-greet-by-name").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], false);
    let said = town.our_comments(issue).await;
    assert!(said.iter().any(|c| c.contains("reviewer")), "{said:#?}");
    // Nobody without write access may, either.
    let body = json!({ "event": "APPROVE", "body": "nice" });
    let (status, _) = town
        .act(
            "reader",
            Method::POST,
            &format!("/repos/acme/todo/pulls/{pull}/reviews"),
            body,
        )
        .await;
    assert_eq!(status, StatusCode::OK, "GitHub takes a reader's review");
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], false, "and it counts for nothing");
    town.comment("reviewer", issue, "/approve 01-greet-by-name").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_dismissed_approval_is_none() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", THREE).await;
    let pull = town.pull_of(issue, 1).await;
    // Merging is not allowed yet: the rules of the integration branch ask for two.
    let base = town.pull(pull).await["base"]["ref"].as_str().unwrap().to_owned();
    town.rules(&base, &[reviews_rule(2)]).await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], false);
    let list = town.get(&format!("/repos/acme/todo/pulls/{pull}/reviews")).await;
    let review = list.as_array().unwrap().iter().find(|r| r["state"] == "APPROVED").unwrap()["id"]
        .as_u64()
        .unwrap();
    let path = format!("/repos/acme/todo/pulls/{pull}/reviews/{review}/dismissals");
    town.must("maintainer", Method::PUT, &path, json!({ "message": "not yet" }))
        .await;
    town.rules(&base, &[]).await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], false, "{:#?}", town.waits(issue).await);
    let w = town.known(issue).await;
    assert_eq!(w.phases.values().next().unwrap().state, State::Verification);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn who_may_not_write_asks_for_nothing_and_approves_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    for login in ["reader", "outsider", "triager"] {
        town.review(login, pull, "REQUEST_CHANGES", "paint it blue").await;
        town.review(login, pull, "APPROVE", "or not").await;
        town.review(login, pull, "REQUEST_CHANGES", "no, blue").await;
        town.settle().await;
    }
    assert_eq!(town.commits(pull).await.len(), 1, "nothing was written for them");
    assert_eq!(town.pull(pull).await["merged"], false, "and nothing merged");
    assert_eq!(town.said(pull), Vec::<String>::new());
    // Nor do they hold up those who may.
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_review_that_only_comments_is_taken_up_where_it_says_something_about_a_line() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "COMMENT", "I shall look at it tomorrow").await;
    town.settle().await;
    assert_eq!(town.commits(pull).await.len(), 1, "that asks for nothing");

    let head = town.pull(pull).await["head"]["sha"].clone();
    let remark = json!({ "path": "src/greet-by-name.rs", "line": 1, "side": "RIGHT", "body": "say whom" });
    let review = json!({ "event": "COMMENT", "body": "a detail", "commit_id": head, "comments": [remark] });
    town.must(
        "reviewer",
        Method::POST,
        &format!("/repos/acme/todo/pulls/{pull}/reviews"),
        review,
    )
    .await;
    town.settle().await;
    assert_eq!(town.commits(pull).await.len(), 2, "{:#?}", town.waits(issue).await);
    assert_eq!(town.said(pull).len(), 1, "one answer");
    // A comment blocks nothing: the approval that follows merges.
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    town.over().await;
}
