//! Taking back after the release: revert pull requests, newest first, one at a time, which people merge.
//!
//! Invariant: Millhand writes nothing onto the default branch, and what others changed since stays.

use axum::http::Method;
use millhand::workflow::model::{End, Fate, Workflow};
use millhand::workflow::settings::{DeliveryChoice, Settings};
use serde_json::json;

use super::line::Mishap;
use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

const GREET: &str = "src/greet-by-name.rs";
const BYE: &str = "src/say-goodbye.rs";

pub(super) fn direct() -> Settings {
    Settings {
        delivery: DeliveryChoice::Direct,
        ..Settings::default()
    }
}

impl Town {
    /// A workflow that is complete, everything read.
    async fn released(&self, wish: &str) -> u64 {
        let issue = self.begun("Greet people", wish).await;
        self.approve_phases(issue).await;
        if !self.known(issue).await.is_direct() {
            self.release(issue).await; // there the last approving review is the release's
        }
        self.complete(issue).await;
        self.said_anywhere();
        issue
    }

    /// The tree of the default branch.
    pub(super) async fn tree(&self) -> String {
        let head = self.get("/repos/acme/todo/commits/main").await;
        head["commit"]["tree"]["sha"].as_str().unwrap().to_owned()
    }

    /// `/rollback`, listed and confirmed; the list.
    async fn taken_back(&self, issue: u64, command: &str) -> String {
        self.comment("maintainer", issue, command).await;
        self.settle().await;
        let list = self.said_once(issue);
        assert_eq!(self.known(issue).await.ended, Some(End::Complete), "nothing is done yet");
        self.comment("maintainer", issue, "/approve rollback").await;
        self.settle().await;
        list
    }

    /// The revert that is open now.
    pub(super) async fn revert_pull(&self, issue: u64) -> u64 {
        let w = self.known(issue).await;
        assert!(w.reverting().is_some(), "{:?}", self.waits(issue).await);
        let why = || format!("{:?} {:#?}", w.troubles, w.outstanding);
        w.release.pull.as_ref().unwrap_or_else(|| panic!("{}", why())).number
    }

    pub(super) async fn merged_by(&self, login: &str, pull: u64) {
        let path = format!("/repos/acme/todo/pulls/{pull}/merge");
        self.must(login, Method::PUT, &path, json!({})).await;
        self.settle().await;
    }

    /// The transitions since the release.
    async fn since_release(&self, issue: u64) -> Vec<u8> {
        let all = self.transitions(issue).await;
        let from = all.iter().position(|n| *n == 28).expect("28 was taken");
        all[from..].to_vec()
    }
}

fn rolled_back(w: &Workflow) -> bool {
    w.ended == Some(End::RolledBack) && w.phases.values().all(|p| p.fate == Fate::RolledBack)
}

#[tokio::test]
async fn everything_is_taken_back_by_one_pull_request() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let before = town.tree().await;
        let issue = town.released(THREE).await;
        let release = town.release_of(issue).await;
        assert_ne!(town.tree().await, before);
        town.refused("reader", issue, "/rollback all", "for people with write").await;
        town.refused("maintainer", issue, "/rollback plan", "The work is released")
            .await;
        let list = town.taken_back(issue, "/rollback all").await;
        assert!(
            list.contains(&format!("which people merge: the release (#{release})")),
            "{list}"
        );
        let pull = town.revert_pull(issue).await;
        let shown = town.pull(pull).await;
        assert_eq!(shown["title"], "Revert \"Release: Greet people\"");
        assert_eq!(shown["base"]["ref"], "main");
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains(&format!("Pull request #{pull} takes back the release (#{release})")),
            "{waits:?}"
        );
        assert_ne!(town.tree().await, before, "Millhand merges no revert");
        town.refused("maintainer", issue, "/rollback all", "A rollback is under way")
            .await;
        town.merged_by("reviewer", pull).await;
        assert_eq!(town.tree().await, before);
        assert!(rolled_back(&town.known(issue).await));
        assert_eq!(town.since_release(issue).await, [28, 14, 22, 6, 7, 8, 9, 10]);
        assert_eq!(town.branches().await, ["main"]);
        let status = town.status(issue);
        assert!(status.contains("**Rolled back.**"), "{status}");
        assert!(
            status.contains(&format!("Revert of the release (#{release}): #{pull}")),
            "{status}"
        );
        town.finish().await;
    }
}

#[tokio::test]
async fn a_phase_is_taken_back_where_its_commit_stands_alone() {
    let town = Town::new(Setting::default()).await;
    let issue = town.released(THREE).await;
    let (second, third) = (town.pull_of(issue, 2).await, town.pull_of(issue, 3).await);
    let list = town.taken_back(issue, "/rollback 2").await;
    let newest_first = format!("`03-do-both` (#{third}), `02-say-goodbye` (#{second})");
    assert!(list.contains(&newest_first), "{list}");
    // Somebody works on meanwhile.
    town.write("reviewer", "main", "NOTES.md", "Mine.\n").await;
    let first = town.revert_pull(issue).await;
    town.merged_by("reviewer", first).await;
    let next = town.revert_pull(issue).await;
    assert_ne!(first, next);
    assert!(town.file("main", BYE).await.is_some(), "one at a time");
    town.merged_by("reviewer", next).await;
    let w = town.known(issue).await;
    assert_eq!(w.ended, Some(End::RolledBack));
    assert_eq!(w.phases.values().next().map(|p| &p.fate), Some(&Fate::Merged));
    assert!(town.file("main", BYE).await.is_none());
    assert!(town.file("main", GREET).await.is_some());
    assert_eq!(town.file("main", "NOTES.md").await.as_deref(), Some("Mine.\n"));
    let round = [14, 22, 6, 7, 8, 9];
    let all = town.since_release(issue).await;
    assert_eq!(all, [&[28][..], &round, &round, &[10]].concat());
    town.finish().await;
}

#[tokio::test]
async fn in_a_direct_delivery_each_phase_is_taken_back_by_itself() {
    let town = Town::new(Setting {
        settings: direct(),
        ..Setting::default()
    })
    .await;
    let before = town.tree().await;
    let issue = town.released(THREE).await;
    town.taken_back(issue, "/rollback all").await;
    for _ in 0..3 {
        let pull = town.revert_pull(issue).await;
        town.merged_by("reviewer", pull).await;
    }
    assert_eq!(town.tree().await, before);
    assert!(rolled_back(&town.known(issue).await));
    town.finish().await;
}

#[tokio::test]
async fn what_others_changed_in_the_same_lines_is_for_a_person_after_the_release_too() {
    let town = Town::new(Setting::default()).await;
    let issue = town.released(ONE).await;
    town.write("reviewer", "main", GREET, "// All mine.\n").await;
    town.taken_back(issue, "/rollback all").await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("other work since changed the same lines of src/greet-by-name.rs"),
        "{waits:?}"
    );
    assert!(
        waits[0].contains("Please take it back yourself by a pull request and then `/retry`"),
        "{waits:?}"
    );
    town.said_anywhere();
    for path in [GREET, "tests/greet-by-name.rs"] {
        if town.file("main", path).await.is_some() {
            town.delete("reviewer", "main", path).await;
        }
    }
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    let w = town.known(issue).await;
    assert_eq!(w.ended, Some(End::RolledBack), "{:?}", town.waits(issue).await);
    assert!(w.remarks.iter().any(|r| r.contains("nothing was left")), "{:?}", w.remarks);
    town.finish().await;
}

#[tokio::test]
async fn a_revert_that_is_closed_is_begun_afresh_or_left() {
    let town = Town::new(Setting::default()).await;
    let before = town.tree().await;
    let issue = town.released(ONE).await;
    town.taken_back(issue, "/rollback all").await;
    let pull = town.revert_pull(issue).await;
    let path = format!("/repos/acme/todo/pulls/{pull}");
    town.must("maintainer", Method::PATCH, &path, json!({ "state": "closed" }))
        .await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains(&format!("Pull request #{pull} of the revert was closed by a person")),
        "{waits:?}"
    );
    assert!(
        waits[0].contains("Undo that to go on, `/retry` to start it afresh, or `/cancel` to end."),
        "{waits:?}"
    );
    town.said_anywhere();
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    let again = town.revert_pull(issue).await;
    assert_ne!(again, pull);
    assert!(town.known(issue).await.release.branch.ends_with("/revert-1.2"));
    town.comment("maintainer", issue, "/cancel").await;
    town.settle().await;
    let w = town.known(issue).await;
    assert_eq!(w.ended, Some(End::Cancelled));
    assert_eq!(town.pull(again).await["state"], "closed");
    assert_ne!(town.tree().await, before, "what is released stays");
    town.said_anywhere();
    town.finish().await;
}

#[tokio::test]
async fn a_list_after_the_release_that_nobody_confirms_does_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.released(ONE).await;
    town.comment("maintainer", issue, "/rollback all").await;
    town.settle().await;
    assert!(town.said_once(issue).contains("`/resume` leaves everything as it is"));
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("Taking back"), "{waits:?}");
    town.comment("maintainer", issue, "/resume").await;
    town.settle().await;
    let w = town.known(issue).await;
    assert_eq!((w.ended, w.rollback), (Some(End::Complete), None));
    assert!(town.open_pulls().await.is_empty());
    town.finish().await;
}

#[tokio::test]
async fn no_revert_is_opened_twice_whatever_is_lost() {
    for mishap in [Mishap::ReplyLost, Mishap::DiesAfter] {
        let town = Town::new(Setting::default()).await;
        let before = town.tree().await;
        let issue = town.released(ONE).await;
        town.line.befall(mishap, &["OpenPhase", "createPullRequest"]);
        town.taken_back(issue, "/rollback all").await;
        let pull = town.revert_pull(issue).await;
        assert_eq!(town.open_pulls().await, [pull]);
        town.merged_by("reviewer", pull).await;
        assert_eq!(town.tree().await, before);
        assert!(rolled_back(&town.known(issue).await));
        assert!(!town.line.befallen().is_empty(), "something was lost");
        town.said_anywhere();
        town.finish().await;
    }
}
