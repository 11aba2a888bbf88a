//! What people take away and give back: a draft again, a release closed, the branch that everything is merged into.
//!
//! Invariant: what a person undid is not done again by itself.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use millhand::workflow::fact::PullState;
use millhand::workflow::model::Fate;
use serde_json::{Value, json};

use super::gestures::checks_rule;
use super::pressing::RIDDLE;
use super::releasing::to_the_release;
use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

fn deaf(webhooks: bool) -> Setting {
    Setting {
        webhooks,
        ..Setting::default()
    }
}

impl Town {
    async fn draft(&self, pull: u64, again: bool) {
        let id = self.pull(pull).await["node_id"].clone();
        let name = if again {
            "convertPullRequestToDraft"
        } else {
            "markPullRequestReadyForReview"
        };
        let query = format!("mutation($id: ID!) {{ {name}(input: {{ pullRequestId: $id }}) {{ clientMutationId }} }}");
        let done = self
            .graphql("maintainer", json!({ "query": query, "variables": { "id": id } }))
            .await;
        assert!(done["errors"].is_null(), "{done}");
        self.settle().await;
    }

    async fn pull_state(&self, pull: u64, state: &str) {
        let path = format!("/repos/acme/todo/pulls/{pull}");
        self.must("maintainer", Method::PATCH, &path, json!({ "state": state })).await;
        self.settle().await;
    }

    async fn has_branch(&self, name: &str) -> bool {
        let path = format!("/repos/acme/todo/branches/{name}");
        self.act("maintainer", Method::GET, &path, Value::Null).await.0.is_success()
    }

    async fn without_base(&self, issue: u64) -> String {
        let base = self.known(issue).await.work_branch();
        let path = format!("/repos/acme/todo/git/refs/heads/{base}");
        let (status, _) = self.act("maintainer", Method::DELETE, &path, Value::Null).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        self.settle().await;
        base
    }
}

#[tokio::test]
async fn a_phase_that_was_made_a_draft_again_is_not_merged_and_stays_a_draft() {
    for webhooks in [true, false] {
        let town = Town::new(deaf(webhooks)).await;
        let issue = town.begun("Greet", ONE).await;
        let pull = town.pull_of(issue, 1).await;
        town.draft(pull, true).await;
        let waits = town.waits(issue).await;
        assert!(waits[0].contains("it is merged once it is marked ready"), "{waits:#?}");
        town.review("reviewer", pull, "APPROVE", "good").await;
        town.settle().await;
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains(&format!("Pull request #{pull}")) && waits[0].contains("Mark it ready for review"),
            "{waits:#?}"
        );
        assert_eq!(
            (&town.pull(pull).await["draft"], &town.pull(pull).await["merged"]),
            (&json!(true), &json!(false))
        );
        town.draft(pull, false).await;
        assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
        town.until_complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn a_review_of_a_draft_is_answered_and_it_stays_a_draft() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.draft(pull, true).await;
    town.review("reviewer", pull, "REQUEST_CHANGES", "- greet louder").await;
    town.settle().await;
    assert_eq!(town.commits(pull).await.len(), 2);
    assert_eq!(town.pull(pull).await["draft"], true, "a person wanted it");
    town.draft(pull, false).await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_release_that_was_made_a_draft_again_is_not_merged() {
    let town = Town::new(Setting::default()).await;
    let issue = to_the_release(&town).await;
    let pull = town.release_of(issue).await;
    town.draft(pull, true).await;
    town.release(issue).await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("Mark it ready for review"), "{waits:#?}");
    assert_eq!(town.pull(pull).await["draft"], true);
    town.draft(pull, false).await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_release_that_was_made_a_draft_again_is_shown_for_approval_after_a_push() {
    for webhooks in [true, false] {
        let town = Town::new(deaf(webhooks)).await;
        let issue = to_the_release(&town).await;
        let pull = town.release_of(issue).await;
        town.draft(pull, true).await;
        let base = town.known(issue).await.work_branch();
        town.write("reviewer", &base, "NOTES.md", "Mine.\n").await;
        town.settle().await;
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains("`/approve release`") && waits[0].contains("merged once it is marked ready"),
            "{waits:#?}"
        );
        town.draft(pull, false).await;
        town.until_complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn checks_of_the_release_that_fail_after_its_approval_are_mended_with_a_hint() {
    let town = Town::new(Setting::default()).await;
    let issue = to_the_release(&town).await;
    let pull = town.release_of(issue).await;
    town.draft(pull, true).await;
    town.release(issue).await;
    town.switch(
        "ci",
        json!({ "branch": "**/base", "conclusion": "failure", "log": RIDDLE, "count": 1 }),
    )
    .await;
    let head = town.pull(pull).await["head"]["sha"].clone();
    let runs = town.get("/repos/acme/todo/actions/runs?per_page=100").await;
    let of_it = |run: &&Value| run["head_sha"] == head && run["event"] == "pull_request";
    let run = runs["workflow_runs"].as_array().unwrap().iter().find(of_it).unwrap()["id"].clone();
    let again = format!("/repos/acme/todo/actions/runs/{run}/rerun");
    town.must("maintainer", Method::POST, &again, Value::Null).await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("The release is stuck: its checks fail"), "{waits:#?}");
    town.comment("maintainer", issue, "/retry -- be brief").await;
    town.settle().await;
    assert!(town.transitions(issue).await.contains(&13));
    assert_ne!(town.pull(pull).await["head"]["sha"], head, "{:#?}", town.waits(issue).await);
    town.draft(pull, false).await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_release_that_was_closed_while_a_phase_was_merged_goes_on_when_it_is_opened() {
    for webhooks in [true, false] {
        let town = Town::new(deaf(webhooks)).await;
        let issue = town.begun("Greet", THREE).await;
        town.review("reviewer", town.pull_of(issue, 1).await, "APPROVE", "good").await;
        town.settle().await;
        let pull = town.release_of(issue).await;
        town.pull_state(pull, "closed").await;
        town.approve_phases(issue).await;
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains("was closed by a person") && waits[0].contains("`/retry`"),
            "{waits:#?}"
        );
        town.pull_state(pull, "open").await;
        let w = town.known(issue).await;
        assert_eq!(w.release.seen.as_ref().map(|seen| &seen.state), Some(&PullState::Open));
        assert!(w.release.foreign.is_empty(), "every commit on it is ours");
        town.release(issue).await;
        town.complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn what_people_merge_while_the_work_is_cancelled_is_noted_and_moves_nothing() {
    // Both are found by one look.
    let town = Town::new(deaf(false)).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let taken = town.transitions(issue).await;
    town.comment("maintainer", issue, "/cancel").await;
    let path = format!("/repos/acme/todo/pulls/{pull}/merge");
    town.must("maintainer", Method::PUT, &path, json!({})).await;
    town.settle().await;
    let w = town.known(issue).await;
    assert_eq!(w.phases.values().next().map(|p| &p.fate), Some(&Fate::Merged));
    assert_eq!(town.transitions(issue).await, taken);
    town.over().await;
}

#[tokio::test]
async fn another_release_is_opened_where_one_was_closed() {
    let town = Town::new(Setting::default()).await;
    let issue = to_the_release(&town).await;
    let pull = town.release_of(issue).await;
    town.pull_state(pull, "closed").await;
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    let again = town.release_of(issue).await;
    assert_ne!(again, pull);
    assert_eq!(town.pull(again).await["draft"], false);
    town.release(issue).await;
    town.complete(issue).await;
    assert_eq!(town.pull(again).await["merged"], true);
    town.over().await;
}

#[tokio::test]
async fn another_release_is_opened_where_one_was_given_another_base() {
    let town = Town::new(Setting::default()).await;
    let issue = to_the_release(&town).await;
    let pull = town.release_of(issue).await;
    let tip = town.get("/repos/acme/todo/branches/main").await["commit"]["sha"].clone();
    let branch = json!({ "ref": "refs/heads/elsewhere", "sha": tip });
    town.must("maintainer", Method::POST, "/repos/acme/todo/git/refs", branch)
        .await;
    let path = format!("/repos/acme/todo/pulls/{pull}");
    town.must("maintainer", Method::PATCH, &path, json!({ "base": "elsewhere" }))
        .await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("was given another base branch by a person"), "{waits:#?}");
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    let again = town.release_of(issue).await;
    assert_ne!(again, pull);
    assert_eq!(town.open_pulls().await, [again]);
    let left = town.said_once(pull);
    assert!(
        left.contains("Another pull request is opened in place of this one."),
        "{left}"
    );
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn an_approval_of_the_release_holds_for_our_own_update_behind_it() {
    for by_command in [true, false] {
        let town = Town::new(Setting::default()).await;
        let issue = to_the_release(&town).await;
        let pull = town.release_of(issue).await;
        town.draft(pull, true).await;
        if by_command {
            town.comment("reviewer", issue, "/approve release").await;
        } else {
            town.review("reviewer", pull, "APPROVE", "ship it").await;
        }
        town.settle().await;
        let approved = town.pull(pull).await["head"]["sha"].clone();
        town.write("maintainer", "main", "NOTES.md", "Mine.\n").await;
        town.rules("main", &[checks_rule(&["test"], true)]).await;
        town.draft(pull, false).await;
        town.complete(issue).await;
        assert_ne!(town.pull(pull).await["head"]["sha"], approved, "its base was merged in");
        assert_eq!(town.file("main", "NOTES.md").await.as_deref(), Some("Mine.\n"));
        town.over().await;
    }
}

#[tokio::test]
async fn a_deleted_integration_branch_is_made_again_at_a_persons_word() {
    for webhooks in [true, false] {
        let town = Town::new(deaf(webhooks)).await;
        let issue = town.begun("Greet", THREE).await;
        town.review("reviewer", town.pull_of(issue, 1).await, "APPROVE", "good").await;
        town.settle().await;
        let base = town.without_base(issue).await;
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains(&format!("The branch `{base}`")) && waits[0].contains("`/retry` makes it again"),
            "{waits:#?}"
        );
        let said = town.our_comments(issue).await.concat();
        assert_eq!(
            said.matches("`/retry` makes it again").count(),
            2,
            "in the status and once as a question: {said}"
        );
        assert!(!town.has_branch(&base).await, "nobody asked for it yet");
        town.comment("maintainer", issue, "/retry").await;
        town.settle().await;
        assert!(
            town.file(&base, "src/greet-by-name.rs").await.is_some(),
            "{:#?}",
            town.waits(issue).await
        );
        town.until_complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn a_deleted_integration_branch_is_made_again_for_the_release() {
    let town = Town::new(Setting::default()).await;
    let issue = to_the_release(&town).await;
    town.without_base(issue).await;
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    town.release(issue).await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_deleted_integration_branch_that_a_person_gives_back_is_gone_on_with() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let head = town.known(issue).await.heads.unwrap().integration.unwrap();
    let base = town.without_base(issue).await;
    assert_eq!(town.pull(pull).await["state"], "closed");
    let made = json!({ "ref": format!("refs/heads/{base}"), "sha": head });
    town.must("maintainer", Method::POST, "/repos/acme/todo/git/refs", made).await;
    town.pull_state(pull, "open").await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("to review pull request"), "{waits:#?}");
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_branch_that_is_put_back_is_followed() {
    for webhooks in [true, false] {
        let town = Town::new(deaf(webhooks)).await;
        let issue = town.begun("Greet", ONE).await;
        let (pull, branch) = (town.pull_of(issue, 1).await, town.branch_of(issue, 1).await);
        let first = town.pull(pull).await["head"]["sha"].as_str().unwrap().to_owned();
        town.review("reviewer", pull, "REQUEST_CHANGES", "- greet louder").await;
        town.settle().await;
        assert_eq!(town.commits(pull).await.len(), 2);
        let back = json!({ "sha": first, "force": true });
        let path = format!("/repos/acme/todo/git/refs/heads/{branch}");
        town.must("maintainer", Method::PATCH, &path, back).await;
        town.settle().await;
        let w = town.known(issue).await;
        let track = &w.phases.values().next().unwrap().track;
        assert_eq!(track.head.as_ref().unwrap().0, first, "{:#?}", town.waits(issue).await);
        assert_eq!(town.pull(pull).await["head"]["sha"], first, "nothing is pushed over it");
        town.until_complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn a_renamed_repository_is_shown_and_found_by_its_new_name() {
    for webhooks in [true, false] {
        let town = Town::new(deaf(webhooks)).await;
        let issue = town.begun("Greet", ONE).await;
        town.must("maintainer", Method::PATCH, "/repos/acme/todo", json!({ "name": "tasks" }))
            .await;
        town.settle().await;
        town.pass(Duration::from_secs(15 * 60)).await;
        for name in ["acme/tasks", "ACME/Tasks", "acme/todo"] {
            let found = town.engine().find(&format!("{name}#{issue}")).await.unwrap();
            let found = found.unwrap_or_else(|| panic!("nothing is found by {name}"));
            assert_eq!(found.repository_name, "acme/tasks");
        }
    }
}
