//! Taking back in a direct delivery that is not complete: what is merged stands on the default branch already.
//!
//! Invariant: Millhand writes nothing onto the default branch, and what is not taken back goes on where it was.

use std::time::Duration;

use millhand::engine::Reply;
use millhand::workflow::command::{ApproveWhat, Command};
use millhand::workflow::model::{End, Fate};
use millhand::workflow::state::{Baton, State};

use super::rolling_back::fates;
use super::scenes::ONE;
use super::taking_back::direct;
use super::town::{Setting, Town};

const GREET: &str = "src/greet-by-name.rs";
const BYE: &str = "src/say-goodbye.rs";

impl Town {
    async fn of_a_direct_delivery(webhooks: bool) -> Self {
        Self::new(Setting {
            settings: direct(),
            webhooks,
            ..Setting::default()
        })
        .await
    }

    async fn is_on_main(&self, file: &str) -> bool {
        self.file("main", file).await.is_some()
    }

    async fn phase_approved(&self, issue: u64, phase: u32) {
        self.review("reviewer", self.pull_of(issue, phase).await, "APPROVE", "good")
            .await;
        self.settle().await;
    }

    async fn told(&self, issue: u64, text: &str) {
        self.comment("maintainer", issue, text).await;
        self.settle().await;
    }
}

#[tokio::test]
async fn a_merged_phase_is_taken_back_and_the_others_go_on() {
    for webhooks in [true, false] {
        let town = Town::of_a_direct_delivery(webhooks).await;
        let issue = town.merged(1).await;
        let (first, second) = (town.pull_of(issue, 1).await, town.pull_of(issue, 2).await);
        let list = town.listed(issue, "/rollback 1").await;
        assert!(
            list.contains(&format!(
                "by a pull request each, which people merge: `01-greet-by-name` (#{first}). And it closes what is not merged: `03-do-both`."
            )),
            "{list}"
        );
        town.confirmed(issue).await;
        let revert = town.revert_pull(issue).await;
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains(&format!("Pull request #{revert} takes back `01-greet-by-name` (#{first})")),
            "{waits:#?}"
        );
        assert!(waits[0].ends_with("`/cancel` ends all of the work."), "{waits:#?}");
        // The other phase stands still: its approval is kept, and used when it goes on.
        town.phase_approved(issue, 2).await;
        assert!(
            town.is_on_main(GREET).await && !town.is_on_main(BYE).await,
            "a person merges the revert"
        );
        town.refused("maintainer", issue, "/rollback all", "A rollback is under way")
            .await;
        town.refused(
            "maintainer",
            issue,
            "/revise something else",
            "the plan can be revised when that is done",
        )
        .await;
        town.merged_by("reviewer", revert).await;
        assert!(
            !town.is_on_main(GREET).await && town.is_on_main(BYE).await,
            "#{second} is merged"
        );
        let w = town.known(issue).await;
        assert_eq!(w.baton, Baton::Forked);
        assert_eq!(
            fates(&w),
            [(1, &Fate::RolledBack), (2, &Fate::Merged), (3, &Fate::RolledBack)]
        );
        assert!(w.is_open() && w.issue.open, "it was not the last");
        let waits = town.waits(issue).await;
        assert!(
            waits.iter().any(|w| w.contains("`/retry 01-greet-by-name` builds it again")),
            "{waits:#?}"
        );
        town.told(issue, "/retry 1").await;
        town.phase_approved(issue, 1).await;
        assert!(town.is_on_main(GREET).await);
        town.told(issue, "/retry 3").await;
        town.phase_approved(issue, 3).await;
        town.complete(issue).await;
        assert_eq!(town.branches().await, ["main"]);
        town.said_anywhere();
        town.finish().await;
    }
}

#[tokio::test]
async fn everything_is_taken_back_and_the_work_ends() {
    for webhooks in [true, false] {
        let town = Town::of_a_direct_delivery(webhooks).await;
        let before = town.tree().await;
        let issue = town.merged(2).await;
        assert!(town.is_on_main(GREET).await && town.is_on_main(BYE).await);
        town.listed(issue, "/rollback all").await;
        town.confirmed(issue).await;
        let third = town.pull_of(issue, 3).await;
        assert_eq!(town.pull(third).await["state"], "closed");
        town.said_anywhere();
        town.refused("maintainer", third, "/retry", "The rollback is under way").await;
        for _ in 0..2 {
            town.merged_by("reviewer", town.revert_pull(issue).await).await;
        }
        assert_eq!(town.tree().await, before);
        let w = town.known(issue).await;
        assert_eq!(w.ended, Some(End::RolledBack), "{:#?}", town.waits(issue).await);
        assert!(w.phases.values().all(|p| p.fate == Fate::RolledBack), "{:?}", fates(&w));
        assert_eq!(town.branches().await, ["main"]);
        let status = town.status(issue);
        assert!(
            status.contains("What was merged has been taken back by a revert."),
            "{status}"
        );
        town.said_anywhere();
        town.finish().await;
    }
}

#[tokio::test]
async fn back_to_the_plan() {
    let town = Town::of_a_direct_delivery(true).await;
    let before = town.tree().await;
    let issue = town.merged(1).await;
    town.listed(issue, "/rollback plan").await;
    town.confirmed(issue).await;
    town.merged_by("reviewer", town.revert_pull(issue).await).await;
    assert_eq!(town.tree().await, before);
    let w = town.known(issue).await;
    assert_eq!(w.baton, Baton::Whole(State::HandoffToCoder), "a new plan waits");
    town.said_anywhere();
    town.told(issue, "/approve plan").await;
    for phase in 1..=3 {
        town.phase_approved(issue, phase).await;
    }
    town.complete(issue).await;
    assert!(town.is_on_main(GREET).await && town.is_on_main(BYE).await);
    // A second rollback, after the end: no branch is used twice.
    town.listed(issue, "/rollback 1").await;
    town.confirmed(issue).await;
    for _ in 0..2 {
        town.merged_by("reviewer", town.revert_pull(issue).await).await;
    }
    assert!(!town.is_on_main(GREET).await && town.is_on_main(BYE).await);
    assert_eq!(town.known(issue).await.ended, Some(End::RolledBack));
    town.said_anywhere();
    town.finish().await;
}

#[tokio::test]
async fn what_people_merge_while_it_is_given_up_is_taken_back_too() {
    for known_before in [true, false] {
        let town = Town::of_a_direct_delivery(true).await;
        let before = town.tree().await;
        let issue = town.merged(1).await;
        let second = town.pull_of(issue, 2).await;
        town.listed(issue, "/rollback all").await;
        // Both in the same moment. A comment makes Millhand look, and whoever confirmed it has not seen the second listed; what
        // the API orders is done at once.
        if known_before {
            town.comment("maintainer", issue, "/approve rollback").await;
            town.merged_by("reviewer", second).await;
            assert!(town.said_once(issue).contains("More was merged since that was listed. "));
            town.confirmed(issue).await;
        } else {
            let what = Some(ApproveWhat::Rollback);
            let confirm = Command::Approve { what, hash: None };
            let id = format!("acme/todo#{issue}");
            let reply = town.engine().command(&id, confirm, "k1", Duration::ZERO).await.unwrap();
            assert_eq!(reply, Reply::Pending);
            town.merged_by("reviewer", second).await;
        }
        for _ in 0..2 {
            town.merged_by("reviewer", town.revert_pull(issue).await).await;
        }
        assert_eq!(town.tree().await, before);
        assert_eq!(town.known(issue).await.ended, Some(End::RolledBack));
        town.said_anywhere();
        town.finish().await;
    }
}

#[tokio::test]
async fn it_is_held_paused_and_cancelled_like_all_work() {
    let town = Town::of_a_direct_delivery(true).await;
    let issue = town.begun("Greet people", ONE).await;
    // One phase only: its merge is the end, so another is needed that is not merged.
    town.told(issue, "/rollback 1").await;
    town.said_anywhere();
    assert_eq!(fates(&town.known(issue).await), [(1, &Fate::RolledBack)]);
    town.told(issue, "/cancel").await;
    let other = town.merged(1).await;
    town.listed(other, "/rollback plan").await;
    town.confirmed(other).await;
    let revert = town.revert_pull(other).await;
    town.told(other, "/pause").await;
    town.merged_by("reviewer", revert).await;
    assert!(!town.is_on_main(GREET).await);
    town.told(other, "/resume").await;
    let w = town.known(other).await;
    assert_eq!(w.baton, Baton::Whole(State::HandoffToCoder), "{:#?}", town.waits(other).await);
    town.told(other, "/cancel").await;
    assert_eq!(town.known(other).await.ended, Some(End::Cancelled));
    town.said_anywhere();
    town.finish().await;
}
