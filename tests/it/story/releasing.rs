//! Releasing: by a release pull request or phase by phase, approved by command or by review, told in any order.
//!
//! Invariant: the default branch moves only by merges that somebody who may let go.

use axum::http::Method;
use millhand::workflow::ids::PhaseNumber;
use millhand::workflow::model::End;
use millhand::workflow::state::State;
use serde_json::{Value, json};

use super::gestures::{checks_rule, reviews_rule};
use super::scenes::{ONE, SLIP, THREE};
use super::town::{Setting, Town};

/// CI that looks only at pull requests onto main.
const ONLY_MAIN: &str = "name: CI\non:\n  pull_request: { branches: [main] }\njobs:\n  test:\n    runs-on: ubuntu-latest\n    \
                         steps:\n      - uses: actions/checkout@v4\n      - run: ./ci.sh\n";

pub(super) async fn to_the_release(town: &Town) -> u64 {
    let issue = town.begun("Greet", ONE).await;
    town.approve_phases(issue).await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("`/approve release`"), "{waits:#?}");
    issue
}

#[tokio::test]
async fn a_review_of_the_release_pull_request_approves_it() {
    let town = Town::new(Setting::default()).await;
    let issue = to_the_release(&town).await;
    let pull = town.release_of(issue).await;
    let shown = town.pull(pull).await;
    assert_eq!(shown["draft"], false);
    let body = shown["body"].as_str().unwrap();
    assert!(body.contains(&format!("Fixes #{issue}")) && body.contains("revert"), "{body}");
    town.review("reviewer", pull, "APPROVE", "ship it").await;
    town.settle().await;
    town.complete(issue).await;
    let merged = town.pull(pull).await;
    assert_eq!(
        (&merged["merged"], &merged["merged_by"]["login"]),
        (&json!(true), &json!("millhand[bot]"))
    );
    town.over().await;
}

#[tokio::test]
async fn what_fails_by_chance_on_the_release_runs_again() {
    for conclusion in ["timed_out", "cancelled"] {
        let town = Town::new(Setting::default()).await;
        let by_chance = json!({ "branch": "**/base", "conclusion": conclusion, "count": 1 });
        town.switch("ci", by_chance).await;
        let issue = to_the_release(&town).await;
        let w = town.known(issue).await;
        assert_eq!(
            w.release.reruns.values().sum::<u32>(),
            1,
            "{conclusion}: {:?}",
            w.release.reruns
        );
        town.release(issue).await;
        town.complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn who_started_may_not_approve_the_release_alone() {
    let town = Town::new(Setting::default()).await;
    let issue = to_the_release(&town).await;
    let pull = town.release_of(issue).await;
    town.comment("maintainer", issue, "/approve release").await;
    town.review("maintainer", pull, "APPROVE", "mine").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], false);
    town.release(issue).await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn red_release_checks_are_repaired_before_anybody_is_asked() {
    let town = Town::new(Setting::default()).await;
    town.label("maintainer", 1, "millhand").await;
    town.settle().await;
    town.comment("maintainer", 1, "/approve").await;
    town.settle().await;
    for phase in [1, 2] {
        town.review("reviewer", town.pull_of(1, phase).await, "APPROVE", "good").await;
        town.settle().await;
    }
    // The last merge brings what fails.
    town.switch(
        "ci",
        json!({ "branch": "**/base", "conclusion": "failure", "log": SLIP, "count": 1 }),
    )
    .await;
    town.approve_phases(1).await;
    let pull = town.release_of(1).await;
    let branch = town.pull(pull).await["head"]["ref"].as_str().unwrap().to_owned();
    let mended = town.file(&branch, "src/priority.rs").await.unwrap();
    assert!(mended.contains("None => 26"), "{mended}\n{:#?}", town.waits(1).await);
    assert_eq!(town.known(1).await.release.attempts.ci, 1);
    let asked = town
        .our_comments(1)
        .await
        .into_iter()
        .filter(|c| c.contains("/approve release") && !c.contains("kind=status"))
        .count();
    assert_eq!(asked, 1, "nobody is asked to approve a red head");
    town.release(1).await;
    town.complete(1).await;
    assert!(town.file("main", "src/priority.rs").await.unwrap().contains("None => 26"));
    town.over().await;
}

#[tokio::test]
async fn changes_requested_on_the_release_are_made_there() {
    let town = Town::new(Setting::default()).await;
    let issue = to_the_release(&town).await;
    let pull = town.release_of(issue).await;
    town.review("reviewer", pull, "REQUEST_CHANGES", "say please").await;
    town.settle().await;
    let branch = town.pull(pull).await["head"]["ref"].as_str().unwrap().to_owned();
    let text = town.file(&branch, "src/greet-by-name.rs").await.unwrap();
    assert!(text.contains("say please"), "{text}\n{:#?}", town.waits(issue).await);
    assert_eq!(town.our_reviews(pull).await.len(), 1);
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn where_ci_looks_only_at_the_default_branch_each_phase_goes_there() {
    let town = Town::new(Setting::default()).await;
    town.write("maintainer", "main", ".github/workflows/ci.yml", ONLY_MAIN).await;
    town.settle().await;
    let issue = town.labelled("Greet people", THREE).await;
    let plan = town.our_comments(issue).await.join("\n");
    assert!(plan.contains("default branch"), "the plan names the choice: {plan}");
    town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    assert!(town.known(issue).await.is_direct());
    for phase in [1, 2] {
        let pull = town.pull(town.pull_of(issue, phase).await).await;
        assert_eq!((&pull["base"]["ref"], &pull["draft"]), (&json!("main"), &json!(false)));
        let body = pull["body"].as_str().unwrap();
        assert!(
            body.contains(&format!("Part of #{issue}")) && !body.contains("Fixes"),
            "{body}"
        );
    }
    // The first two need a review each; the last one's review is the release's approval.
    for phase in [1, 2] {
        let pull = town.pull_of(issue, phase).await;
        town.review("reviewer", pull, "APPROVE", "good").await;
        town.settle().await;
        assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
        assert_eq!(town.get(&format!("/repos/acme/todo/issues/{issue}")).await["state"], "open");
    }
    let last = town.pull_of(issue, 3).await;
    town.review("reviewer", last, "APPROVE", "ship it").await;
    town.settle().await;
    let body = town.pull(last).await["body"].as_str().unwrap().to_owned();
    assert!(body.contains(&format!("Fixes #{issue}")), "{body}");
    assert_eq!(town.our_pulls().await.len(), 3, "no release pull request");
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn in_direct_the_last_phase_approved_by_command_is_released() {
    let town = Town::new(Setting::default()).await;
    town.write("maintainer", "main", ".github/workflows/ci.yml", ONLY_MAIN).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    // Where the rules ask for no review the command counts as one, and a review of the last phase is the release's approval.
    town.comment("reviewer", issue, "/approve 01-greet-by-name").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true);
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn in_direct_without_reviews_the_last_pull_request_is_where_the_release_is_approved() {
    let mut settings = millhand::workflow::settings::Settings {
        delivery: millhand::workflow::settings::DeliveryChoice::Direct,
        ..millhand::workflow::settings::Settings::default()
    };
    settings.approvals.phase_reviews = millhand::workflow::settings::PhaseReviews::Number(0);
    let town = Town::new(Setting {
        settings,
        ..Setting::default()
    })
    .await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    assert_eq!(
        town.known(issue).await.phase(PhaseNumber(1)).unwrap().state,
        State::HandoffToReleaser
    );
    assert!(town.waits(issue).await[0].contains("`/approve release`"));
    // In its pull request it need not be named.
    town.comment("reviewer", pull, "/approve").await;
    town.settle().await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn where_the_rules_ask_for_a_review_of_main_only_the_release_is_reviewed() {
    let town = Town::new(Setting::default()).await;
    town.rules("main", &[reviews_rule(1)]).await;
    let issue = town.begun("Greet people", THREE).await;
    // Phases are merged by themselves: people review the whole.
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("/approve release"), "{waits:#?}");
    let pull = town.release_of(issue).await;
    // The command says that it may go; it does not replace the review that GitHub's rules ask for.
    town.comment("reviewer", issue, "/approve release").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], false);
    let waits = town.waits(issue).await;
    assert!(
        waits[0].starts_with("GitHub refuses the merge of the release:") && waits[0].contains("review"),
        "{waits:#?}"
    );
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_refused_merge_is_told_with_githubs_words_and_goes_on_when_it_may() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let base = town.pull(pull).await["base"]["ref"].as_str().unwrap().to_owned();
    town.rules(&base, &[reviews_rule(2)]).await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].starts_with("GitHub refuses the merge of phase `01-greet-by-name`:"),
        "{waits:#?}"
    );
    assert!(waits[0].contains("2 approving reviews"), "{waits:#?}");
    let attempts = town
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|a| a.starts_with("MergePhase"))
        .count();
    assert!(attempts <= 2, "GitHub is not asked over and over: {attempts}");
    town.review("maintainer", pull, "APPROVE", "good, too").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_required_check_that_only_some_heads_have_is_waited_for() {
    let town = Town::new(Setting::default()).await;
    town.rules("main", &[checks_rule(&["test", "security"], false)]).await;
    let issue = town.begun("Greet", ONE).await;
    town.approve_phases(issue).await;
    let waits = town.waits(issue).await;
    assert!(
        waits
            .iter()
            .any(|w| w.starts_with("The release waits for its checks to finish")),
        "{waits:#?}"
    );
    let release = town.pull(town.release_of(issue).await).await;
    let head = release["head"]["sha"].as_str().unwrap();
    let status = json!({ "state": "success", "context": "security", "description": "nothing found" });
    town.must(
        "maintainer",
        Method::POST,
        &format!("/repos/acme/todo/statuses/{head}"),
        status,
    )
    .await;
    town.settle().await;
    town.release(issue).await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_person_merges_the_release_before_the_phases_are_done() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet people", THREE).await;
    let first = town.pull_of(issue, 1).await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.settle().await;
    let pull = town.release_of(issue).await;
    town.must(
        "maintainer",
        Method::PATCH,
        &format!("/repos/acme/todo/pulls/{first}"),
        json!({ "title": "Greet" }),
    )
    .await;
    let node = town.pull(pull).await["node_id"].clone();
    let ready = json!({ "query": "mutation($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { clientMutationId } }",
        "variables": { "id": node } });
    town.graphql("maintainer", ready).await;
    town.must(
        "maintainer",
        Method::PUT,
        &format!("/repos/acme/todo/pulls/{pull}/merge"),
        json!({}),
    )
    .await;
    town.settle().await;
    let w = town.known(issue).await;
    assert_eq!(w.ended, Some(End::Complete), "{:#?}", town.waits(issue).await);
    let second = town.pull(town.pull_of(issue, 2).await).await;
    assert_eq!((&second["state"], &second["merged"]), (&json!("closed"), &json!(false)));
    assert_eq!(
        town.get(&format!("/repos/acme/todo/issues/{issue}")).await["state"],
        Value::from("closed")
    );
    town.over().await;
}
