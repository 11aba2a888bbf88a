//! Workflow files change on the default branch, and GitHub refuses an App without `workflows` every branch that still has the
//! old ones: the default branch is brought in, and nobody has to do it.
//!
//! Invariant: what is built afterwards runs under the new workflow files.

use std::time::Duration;

use axum::http::Method;
use millhand::workflow::settings::{DeliveryChoice, Settings};
use serde_json::{Value, json};

use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

const CI: &str = ".github/workflows/ci.yml";

impl Town {
    /// A person changes how the default branch is tested.
    async fn other_checks(&self, note: &str) {
        let text = self.file("main", CI).await.unwrap();
        self.write("maintainer", "main", CI, &format!("{text}# {note}\n")).await;
        self.settle().await;
    }

    async fn delete_branch(&self, name: &str) {
        let path = format!("/repos/acme/todo/git/refs/heads/{name}");
        let (status, _) = self.act("maintainer", Method::DELETE, &path, Value::Null).await;
        assert!(status.is_success(), "{status}");
        self.settle().await;
    }

    /// Nobody had to do anything about it.
    async fn nobody_was_asked(&self, issue: u64) {
        let said = self.our_comments(issue).await.concat();
        assert!(!said.contains("Update branch") && !said.contains("workflow files"), "{said}");
        assert!(self.file("main", CI).await.unwrap().contains("# "), "the change stands");
    }
}

fn direct() -> Setting {
    Setting {
        settings: Settings {
            delivery: DeliveryChoice::Direct,
            ..Settings::default()
        },
        ..Setting::default()
    }
}

#[tokio::test]
async fn the_next_phase_begins_when_the_integration_branch_is_brought_up() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let issue = town.begun("Greet", THREE).await;
        town.other_checks("stricter").await;
        town.approve_phases(issue).await;
        let base = town.known(issue).await.work_branch();
        assert!(
            town.file(&base, CI).await.unwrap().contains("# stricter"),
            "{:#?}",
            town.waits(issue).await
        );
        town.release(issue).await;
        town.complete(issue).await;
        town.nobody_was_asked(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn what_is_expected_afterwards_is_what_the_new_workflow_files_start() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", THREE).await;
    let text = town.file("main", CI).await.unwrap();
    let renamed = text.replace("  test:", "  proof:");
    assert_ne!(text, renamed);
    town.write("maintainer", "main", CI, &renamed).await;
    town.settle().await;
    town.approve_phases(issue).await;
    let w = town.known(issue).await;
    assert_eq!(w.survey.as_ref().unwrap().workflows[0].jobs, ["proof"], "it was read again");
    town.release(issue).await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_check_that_a_person_renamed_is_named_while_it_is_waited_for() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let branch = town.branch_of(issue, 1).await;
    let text = town.file(&branch, CI).await.unwrap();
    town.write("reviewer", &branch, CI, &text.replace("  test:", "  proof:"))
        .await;
    town.settle().await;
    assert!(
        town.waits(issue).await[0].contains("`test` has not begun."),
        "{:#?}",
        town.waits(issue).await
    );
    town.pass(Duration::from_secs(3_600)).await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("`test` has not begun") && waits[0].contains("`ci.required`"),
        "{waits:#?}"
    );
    town.write("reviewer", &branch, CI, &text).await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_review_is_answered_on_a_branch_that_was_brought_up() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    town.other_checks("stricter").await;
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "REQUEST_CHANGES", "- greet louder").await;
    town.settle().await;
    let branch = town.branch_of(issue, 1).await;
    assert!(
        town.file(&branch, CI).await.unwrap().contains("# stricter"),
        "{:#?}",
        town.waits(issue).await
    );
    assert!(
        town.file(&branch, "src/greet-by-name.rs")
            .await
            .unwrap()
            .contains("greet louder")
    );
    town.until_complete(issue).await;
    town.nobody_was_asked(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_direct_phase_that_is_not_pushed_yet_begins_at_the_new_head() {
    for webhooks in [true, false] {
        let town = Town::new(Setting { webhooks, ..direct() }).await;
        let issue = town.labelled("Greet", ONE).await;
        // It is seen by nobody until the branch is refused.
        let text = town.file("main", CI).await.unwrap();
        town.comment("maintainer", issue, "/approve plan").await;
        town.write("maintainer", "main", CI, &format!("{text}# stricter\n")).await;
        town.settle().await;
        let branch = town.branch_of(issue, 1).await;
        assert!(
            town.file(&branch, CI).await.unwrap().contains("# stricter"),
            "{:#?}",
            town.waits(issue).await
        );
        town.approve_phases(issue).await;
        town.complete(issue).await;
        town.nobody_was_asked(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn a_direct_phase_is_brought_up_before_a_review_is_answered() {
    let town = Town::new(direct()).await;
    let issue = town.begun("Greet", ONE).await;
    town.other_checks("stricter").await;
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "REQUEST_CHANGES", "- greet louder").await;
    town.settle().await;
    let branch = town.branch_of(issue, 1).await;
    assert!(
        town.file(&branch, CI).await.unwrap().contains("# stricter"),
        "{:#?}",
        town.waits(issue).await
    );
    town.approve_phases(issue).await;
    town.complete(issue).await;
    town.nobody_was_asked(issue).await;
    town.over().await;
}

#[tokio::test]
async fn the_integration_branch_begins_at_the_new_head() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let issue = town.labelled("Greet", ONE).await;
        let text = town.file("main", CI).await.unwrap();
        town.comment("maintainer", issue, "/approve plan").await;
        town.write("maintainer", "main", CI, &format!("{text}# stricter\n")).await;
        town.settle().await;
        town.until_complete(issue).await;
        town.nobody_was_asked(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn a_merged_phase_is_taken_out_of_a_branch_that_was_brought_up() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", THREE).await;
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    town.other_checks("stricter").await;
    town.comment("maintainer", issue, "/rollback 1").await;
    town.settle().await;
    town.comment("maintainer", issue, "/approve rollback").await;
    town.settle().await;
    let base = town.known(issue).await.work_branch();
    assert!(
        town.file(&base, CI).await.unwrap().contains("# stricter"),
        "{:#?}",
        town.waits(issue).await
    );
    assert!(town.file(&base, "src/greet-by-name.rs").await.is_none());
    town.comment("maintainer", issue, "/retry 1\n/retry 3").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.nobody_was_asked(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_branch_whose_own_workflow_files_differ_is_for_a_person() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let branch = town.branch_of(issue, 1).await;
    let text = town.file("main", CI).await.unwrap();
    town.write("maintainer", &branch, CI, &format!("{text}# mine\n")).await;
    town.settle().await;
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "REQUEST_CHANGES", "- greet louder").await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("workflow files on the default branch have changed") && waits[0].contains("`/retry 01-greet-by-name`"),
        "{waits:#?}"
    );
    assert!(
        town.file(&branch, CI).await.unwrap().contains("# mine"),
        "what the person did stays"
    );
    town.over().await;
}

#[tokio::test]
async fn a_deleted_integration_branch_that_holds_nothing_is_begun_at_the_new_head() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    town.other_checks("stricter").await;
    let base = town.known(issue).await.work_branch();
    town.delete_branch(&base).await;
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    assert!(
        town.file(&base, CI).await.unwrap().contains("# stricter"),
        "{:#?}",
        town.waits(issue).await
    );
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_deleted_integration_branch_that_holds_phases_and_old_workflow_files_is_for_a_person() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", THREE).await;
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    let head = town.known(issue).await.heads.unwrap().integration.unwrap();
    town.other_checks("stricter").await;
    let base = town.known(issue).await.work_branch();
    town.delete_branch(&base).await;
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(
        waits
            .iter()
            .any(|wait| wait.contains(&format!("push it again yourself at {}", head.short()))),
        "{waits:#?}"
    );
    let made = json!({ "ref": format!("refs/heads/{base}"), "sha": head });
    town.must("maintainer", Method::POST, "/repos/acme/todo/git/refs", made).await;
    town.pass(Duration::from_secs(900)).await;
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    town.approve_phases(issue).await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("/approve release"), "{waits:#?}");
    town.release(issue).await;
    town.complete(issue).await;
    town.over().await;
}
