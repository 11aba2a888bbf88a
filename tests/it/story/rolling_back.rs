//! Taking back before the release: phases, the plan, everything.
//!
//! Invariant: nothing merged is taken back that was not listed and confirmed, and what other people committed stays.

use axum::http::StatusCode;
use millhand::engine::Reply;
use millhand::workflow::command::{Command, PhaseRef, RollbackWhat};
use millhand::workflow::model::{End, Fate, Workflow};
use millhand::workflow::state::{Baton, State};
use serde_json::Value;

use super::line::Mishap;
use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

const GREET: &str = "src/greet-by-name.rs";
const BYE: &str = "src/say-goodbye.rs";

pub(super) fn fates(w: &Workflow) -> Vec<(u32, &Fate)> {
    w.phases.iter().map(|(n, p)| (n.0, &p.fate)).collect()
}

impl Town {
    /// A workflow of three phases whose first `merged` are merged, everything read.
    pub(super) async fn merged(&self, merged: u32) -> u64 {
        let issue = self.begun("Greet people", THREE).await;
        for phase in 1..=merged {
            self.review("reviewer", self.pull_of(issue, phase).await, "APPROVE", "good")
                .await;
            self.settle().await;
        }
        self.said_anywhere();
        issue
    }

    async fn integration(&self, issue: u64) -> String {
        self.known(issue).await.work_branch()
    }

    async fn has(&self, issue: u64, path: &str) -> bool {
        let branch = self.integration(issue).await;
        self.file(&branch, path).await.is_some()
    }

    /// `/rollback`, whose list is shown; the list.
    pub(super) async fn listed(&self, issue: u64, command: &str) -> String {
        self.comment("maintainer", issue, command).await;
        self.settle().await;
        let list = self.said_once(issue);
        assert!(list.contains("`/approve rollback` does it"), "{list}");
        list
    }

    pub(super) async fn confirmed(&self, issue: u64) {
        self.comment("maintainer", issue, "/approve rollback").await;
        self.settle().await;
    }

    pub(super) async fn exists(&self, branch: &str) -> bool {
        let path = format!("/repos/acme/todo/branches/{}", branch.replace('/', "%2F"));
        self.act("maintainer", axum::http::Method::GET, &path, Value::Null).await.0 == StatusCode::OK
    }
}

#[tokio::test]
async fn a_phase_that_is_not_merged_is_taken_back_at_once() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let issue = town.merged(1).await;
        let (pull, branch) = (town.pull_of(issue, 2).await, town.branch_of(issue, 2).await);
        town.refused("reader", issue, "/rollback 2", "for people with write").await;
        town.refused("maintainer", issue, "/rollback 7", "There is no phase 7").await;
        town.refused("maintainer", issue, "/rollback", "Say what to take back").await;
        town.comment("maintainer", issue, "/rollback 2").await;
        town.settle().await;
        let w = town.known(issue).await;
        assert_eq!(
            fates(&w),
            [(1, &Fate::Merged), (2, &Fate::RolledBack), (3, &Fate::RolledBack)]
        );
        assert_eq!(town.pull(pull).await["state"], "closed");
        assert!(town.exists(&branch).await, "its branch stays");
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains("`02-say-goodbye` is taken back. `/retry 02-say-goodbye` builds it again"),
            "{waits:#?}"
        );
        town.comment("maintainer", issue, "/retry 2\n/skip 3").await;
        town.settle().await;
        let again = town.branch_of(issue, 2).await;
        assert!(again.ends_with(".2"), "{again}");
        town.until_complete(issue).await;
        assert!(town.file("main", BYE).await.is_some());
        town.over().await;
    }
}

#[tokio::test]
async fn a_merged_phase_is_taken_out_with_what_is_built_on_it() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let issue = town.merged(2).await;
        let branch = town.integration(issue).await;
        town.write("reviewer", &branch, "NOTES.md", "Mine.\n").await;
        town.settle().await;
        let (first, third) = (town.pull_of(issue, 1).await, town.pull_of(issue, 3).await);
        let list = town.listed(issue, "/rollback 1").await;
        assert!(list.contains(&format!("`01-greet-by-name` (#{first}).")), "{list}");
        assert!(list.contains(&format!("`03-do-both` (#{third}).")), "{list}");
        assert!(town.has(issue, GREET).await, "nothing is done before it is confirmed");
        let waits = town.waits(issue).await;
        assert!(
            waits
                .iter()
                .any(|w| w.starts_with("Taking back `01-greet-by-name`, `03-do-both` waits")),
            "{waits:#?}"
        );
        town.confirmed(issue).await;
        let w = town.known(issue).await;
        assert_eq!(
            fates(&w),
            [(1, &Fate::RolledBack), (2, &Fate::Merged), (3, &Fate::RolledBack)]
        );
        assert!(!town.has(issue, GREET).await);
        assert!(town.has(issue, BYE).await, "what is not built on it stays");
        assert!(town.has(issue, "NOTES.md").await, "and what people committed");
        assert_eq!(town.pull(third).await["state"], "closed");
        assert!(w.rollback.is_none() && w.baton == Baton::Forked);
        // It rests until somebody builds it again.
        town.comment("maintainer", issue, "/retry 1\n/retry 3").await;
        town.settle().await;
        town.until_complete(issue).await;
        for file in [GREET, BYE, "NOTES.md"] {
            assert!(town.file("main", file).await.is_some(), "{file}");
        }
        town.over().await;
    }
}

#[tokio::test]
async fn a_list_that_nobody_confirms_does_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.merged(1).await;
    town.listed(issue, "/rollback 1").await;
    town.refused("reader", issue, "/approve rollback", "for people with write")
        .await;
    town.obeyed("maintainer", issue, "/resume").await;
    town.refused("maintainer", issue, "/approve rollback", "does not wait for an approval")
        .await;
    // A list whose comment is deleted is forgotten too.
    let asked = town.comment("maintainer", issue, "/rollback all").await;
    town.settle().await;
    let path = format!("/repos/acme/todo/issues/comments/{asked}");
    town.must("maintainer", axum::http::Method::DELETE, &path, Value::Null).await;
    town.settle().await;
    assert!(town.known(issue).await.rollback.is_none());
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn what_was_merged_behind_the_list_is_listed_first() {
    let town = Town::new(Setting::default()).await;
    let issue = town.merged(1).await;
    let list = town.listed(issue, "/rollback all").await;
    assert!(list.contains("it closes what is not merged: `02-say-goodbye`"), "{list}");
    town.review("reviewer", town.pull_of(issue, 2).await, "APPROVE", "good").await;
    town.settle().await;
    town.refused(
        "maintainer",
        issue,
        "/approve rollback",
        "More was merged since that was listed.",
    )
    .await;
    assert!(
        town.has(issue, GREET).await && town.has(issue, BYE).await,
        "both are there still"
    );
    town.confirmed(issue).await;
    assert_eq!(town.known(issue).await.ended, Some(End::RolledBack));
    town.over().await;
}

#[tokio::test]
async fn a_list_from_before_the_release_does_not_take_the_release_back() {
    let town = Town::new(Setting::default()).await;
    let issue = town.merged(3).await;
    town.listed(issue, "/rollback all").await;
    town.comment("reviewer", issue, "/approve release").await;
    town.settle().await;
    town.complete(issue).await;
    let main = town.get("/repos/acme/todo/commits/main").await["sha"].clone();
    town.refused(
        "maintainer",
        issue,
        "/approve rollback",
        "by a pull request each, which people merge: ",
    )
    .await;
    assert_eq!(town.known(issue).await.ended, Some(End::Complete));
    town.confirmed(issue).await;
    let w = town.known(issue).await;
    assert!(w.reverting().is_some(), "the pull request that takes the release back");
    assert_eq!(town.get("/repos/acme/todo/commits/main").await["sha"], main);
    town.said_anywhere();
    town.finish().await;
}

#[tokio::test]
async fn everything_is_taken_back_before_the_release() {
    let town = Town::new(Setting::default()).await;
    let before = town.get("/repos/acme/todo/commits/main").await["sha"].clone();
    let issue = town.merged(2).await;
    let branches = [
        town.branch_of(issue, 1).await,
        town.branch_of(issue, 3).await,
        town.integration(issue).await,
    ];
    let (third, release) = (town.pull_of(issue, 3).await, town.release_of(issue).await);
    // Somebody works on the third branch.
    town.write("reviewer", &branches[1], "NOTES.md", "Mine.\n").await;
    town.settle().await;
    let list = town.listed(issue, "/rollback all").await;
    let (newer, older) = (list.find("`02-say-goodbye`"), list.find("`01-greet-by-name`"));
    assert!(newer < older, "newest first: {list}");
    town.confirmed(issue).await;
    let w = town.known(issue).await;
    assert_eq!(w.ended, Some(End::RolledBack));
    assert_eq!(town.get("/repos/acme/todo/commits/main").await["sha"], before);
    for pull in [third, release] {
        assert_eq!(town.pull(pull).await["state"], "closed");
    }
    assert!(
        !town.exists(&branches[0]).await && !town.exists(&branches[2]).await,
        "nothing of others is on them"
    );
    assert!(town.exists(&branches[1]).await, "somebody's commit is on it");
    let status = town.status(issue);
    assert!(
        status.contains("**Rolled back.** Everything that was built is taken back"),
        "{status}"
    );
    assert_eq!(town.get(&format!("/repos/acme/todo/issues/{issue}")).await["state"], "open");
    // Only a new start begins another round.
    town.comment("maintainer", issue, "/start").await;
    town.settle().await;
    assert_eq!(town.known(issue).await.round, 2);
    town.over().await;
}

#[tokio::test]
async fn back_to_the_plan() {
    let town = Town::new(Setting::default()).await;
    let issue = town.merged(1).await;
    town.listed(issue, "/rollback plan").await;
    town.confirmed(issue).await;
    assert!(!town.has(issue, GREET).await);
    let w = town.known(issue).await;
    assert_eq!(w.baton, Baton::Whole(State::HandoffToCoder), "a new plan waits");
    let plan = town.said(issue).pop().unwrap();
    assert!(plan.starts_with("### Plan, version 2"), "{plan}");
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    town.until_complete(issue).await;
    assert!(town.file("main", GREET).await.is_some() && town.file("main", BYE).await.is_some());
    town.over().await;
}

#[tokio::test]
async fn back_to_the_plan_while_the_release_waits() {
    let town = Town::new(Setting::default()).await;
    let issue = town.merged(3).await;
    assert_eq!(town.known(issue).await.baton, Baton::Whole(State::HandoffToReleaser));
    town.listed(issue, "/rollback plan").await;
    town.confirmed(issue).await;
    assert!(!town.has(issue, GREET).await && !town.has(issue, BYE).await);
    assert_eq!(town.known(issue).await.baton, Baton::Whole(State::HandoffToCoder));
    town.said_anywhere();
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    town.until_complete(issue).await;
    assert!(town.file("main", GREET).await.is_some() && town.file("main", BYE).await.is_some());
    town.over().await;
}

#[tokio::test]
async fn a_phase_is_taken_out_while_the_release_waits() {
    let town = Town::new(Setting::default()).await;
    let issue = town.merged(3).await;
    assert_eq!(town.known(issue).await.baton, Baton::Whole(State::HandoffToReleaser));
    town.listed(issue, "/rollback 3").await;
    town.confirmed(issue).await;
    let w = town.known(issue).await;
    assert_eq!((w.baton, fates(&w)[2].1), (Baton::Forked, &Fate::RolledBack));
    assert!(!town.has(issue, "src/do-both.rs").await);
    town.comment("maintainer", issue, "/skip 3").await;
    town.settle().await;
    town.release(issue).await;
    town.complete(issue).await;
    assert!(town.file("main", "src/do-both.rs").await.is_none());
    assert!(town.file("main", GREET).await.is_some());
    town.over().await;
}

#[tokio::test]
async fn what_others_changed_in_the_same_lines_is_for_a_person() {
    let town = Town::new(Setting::default()).await;
    let issue = town.merged(1).await;
    let branch = town.integration(issue).await;
    let text = town.file(&branch, GREET).await.unwrap();
    town.write(
        "reviewer",
        &branch,
        GREET,
        &text.replace("greet by name", "greet by nickname"),
    )
    .await;
    town.settle().await;
    town.said_anywhere();
    town.listed(issue, "/rollback 1").await;
    town.confirmed(issue).await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains(&format!("cannot be taken out of `{branch}`")), "{waits:#?}");
    assert!(waits[0].contains(GREET), "{waits:#?}");
    assert!(town.file(&branch, GREET).await.unwrap().contains("nickname"));
    town.comment("reviewer", issue, "/retry 1").await;
    town.settle().await;
    assert_eq!(town.waits(issue).await[0], waits[0], "it is tried again, and conflicts again");
    // The person does it.
    town.delete("reviewer", &branch, GREET).await;
    town.delete("reviewer", &branch, "tests/greet-by-name.rs").await;
    town.comment("reviewer", issue, "/skip 1").await;
    town.settle().await;
    let w = town.known(issue).await;
    assert!(w.rollback.is_none(), "{:#?}", town.waits(issue).await);
    assert!(matches!(fates(&w)[0].1, Fate::Skipped(_)), "{:?}", fates(&w));
    town.said_anywhere();
    town.finish().await;
}

#[tokio::test]
async fn by_the_api_and_before_anything_is_built() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", ONE).await;
    let phase = Command::Rollback {
        what: RollbackWhat::Phase(PhaseRef::Number(1)),
    };
    let refused = town.command(issue, phase, "k1").await;
    assert!(
        matches!(&refused, Reply::Refused(why) if why.contains("No phase is at work yet")),
        "{refused:?}"
    );
    let plan = Command::Rollback {
        what: RollbackWhat::Plan,
    };
    let refused = town.command(issue, plan, "k2").await;
    assert!(
        matches!(&refused, Reply::Refused(why) if why.contains("Nothing is built yet")),
        "{refused:?}"
    );
    let all = Command::Rollback { what: RollbackWhat::All };
    assert!(matches!(town.command(issue, all, "k3").await, Reply::Done(_)));
    assert_eq!(town.known(issue).await.ended, Some(End::RolledBack));
    town.over().await;
}

/// A merged phase is taken back and built again, while every change meets with this mishap once.
async fn befallen(mishap: Option<(Mishap, &[&'static str])>) -> Value {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    town.approve_phases(issue).await;
    town.said_anywhere();
    if let Some((mishap, changes)) = mishap {
        town.line.befall(mishap, changes);
    }
    town.listed(issue, "/rollback 1").await;
    town.confirmed(issue).await;
    let (w, met) = (town.known(issue).await, town.line.befallen());
    assert!(
        !town.has(issue, GREET).await,
        "{mishap:?} {met:#?} {:#?} {:#?}",
        town.waits(issue).await,
        w.troubles
    );
    assert_eq!(fates(&w), [(1, &Fate::RolledBack)]);
    town.comment("maintainer", issue, "/retry 1").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.line.calm();
    let shown = town.shown(issue).await;
    town.over().await;
    shown
}

#[tokio::test]
async fn nothing_is_taken_out_twice_whatever_is_lost() {
    let calm = befallen(None).await;
    // Where the process dies before its commit is on the branch, another is made: each is a change of its own.
    let made = [
        "POST /api/v3/repos/acme/todo/git/trees",
        "POST /api/v3/repos/acme/todo/git/commits",
    ];
    for (mishap, changes) in [
        (Mishap::ReplyLost, &[][..]),
        (Mishap::DiesAfter, &[]),
        (Mishap::DiesBefore, &made),
    ] {
        assert_eq!(befallen(Some((mishap, changes))).await, calm);
    }
}
