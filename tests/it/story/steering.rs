//! People steer: plans approved and revised, pause, cancel, budget, commands of every kind.

use axum::http::Method;
use millhand::engine::Reply;
use millhand::workflow::command::{ApproveWhat, Command};
use millhand::workflow::ids::MicroUsd;
use millhand::workflow::model::{End, Workflow};
use millhand::workflow::settings::Settings;
use millhand::workflow::state::{Baton, State};
use serde_json::{Value, json};

use super::starting::ONE;
use super::town::{Setting, Town};

impl Town {
    /// The workflow, which is there.
    async fn now(&self, issue: u64) -> Workflow {
        self.workflow(issue).await.expect("a workflow")
    }

    /// An issue of `author`, labelled by the maintainer; the plan is shown and read.
    async fn planned(&self, author: &str, body: &str) -> u64 {
        let issue = self.open_issue(author, "Greet people", body).await;
        self.label("maintainer", issue, "millhand").await;
        self.settle().await;
        assert!(self.said_once(issue).starts_with("### Plan, version 1"));
        assert_eq!(self.now(issue).await.baton, Baton::Whole(State::HandoffToCoder));
        issue
    }

    /// A comment, and what the bot made of it: its reactions, and what it replied on that thread.
    async fn says(&self, login: &str, number: u64, body: &str) -> (Vec<&'static str>, Vec<String>) {
        let comment = self.comment(login, number, body).await;
        self.settle().await;
        (self.reactions(comment), self.said(number))
    }

    /// A command that is refused with one reply that holds these words.
    async fn refused(&self, login: &str, number: u64, body: &str, words: &str) {
        let (reactions, replies) = self.says(login, number, body).await;
        assert_eq!(reactions, ["eyes", "confused"], "{login}: {body}");
        assert_eq!(replies.len(), 1, "{login}: {body}: {replies:#?}");
        assert!(replies[0].contains(words), "{login}: {body}: {}", replies[0]);
    }

    /// A command that is obeyed without a word.
    async fn obeyed(&self, login: &str, number: u64, body: &str) {
        let (reactions, replies) = self.says(login, number, body).await;
        assert_eq!((reactions, replies), (vec!["eyes", "+1"], vec![]), "{login}: {body}");
    }

    /// From an approved plan to the end: reviews every pull request that is ready, approves the release.
    async fn to_the_end(&self, issue: u64) {
        for _ in 0..8 {
            let open = self.get("/repos/acme/todo/pulls?state=open&per_page=100").await;
            let ready = open.as_array().unwrap().iter().filter(|p| p["draft"] == false && p["base"]["ref"] != "main");
            for pull in ready.map(|p| p["number"].as_u64().unwrap()).collect::<Vec<_>>() {
                self.review("reviewer", pull, "APPROVE", "good").await;
            }
            self.settle().await;
            let waits = self.waits(issue).await;
            if waits.first().is_some_and(|w| w.contains("/approve release")) {
                self.said_anywhere();
                self.comment("reviewer", issue, "/approve release").await;
                self.settle().await;
            }
            if !self.now(issue).await.is_open() {
                break;
            }
        }
        let w = self.now(issue).await;
        assert_eq!(w.ended, Some(End::Complete), "{:#?}", self.waits(issue).await);
        assert_eq!(self.get(&format!("/repos/acme/todo/issues/{issue}")).await["state"], "closed");
    }
}

#[tokio::test]
async fn a_plan_is_approved_by_those_who_may() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    town.refused("triager", issue, "/approve", "`/approve` is for people with write permission").await;
    town.refused("reader", issue, "/approve plan", "`/approve` is for people with write permission").await;
    town.refused("outsider", issue, "/approve", "`/approve` is for people with write permission").await;
    assert_eq!(town.now(issue).await.baton, Baton::Whole(State::HandoffToCoder));

    town.obeyed("maintainer", issue, "/approve").await;
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Forked, "the requester decides about his plan");
    assert_eq!(w.plan.unwrap().approved.unwrap().by.unwrap().login, "maintainer");
    town.to_the_end(issue).await;
    assert_eq!(town.transitions(issue).await, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    town.finish().await;
}

#[tokio::test]
async fn a_plan_is_approved_by_its_hash() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    let hash = town.now(issue).await.plan.unwrap().hash;
    town.refused("maintainer", issue, "/approve plan 0123456789", "What waits now has the hash").await;
    town.refused("maintainer", issue, "/approve release", "That does not wait for an approval now; this does: `/approve plan`").await;
    town.obeyed("maintainer", issue, &format!("/approve plan {}", &hash[..8])).await;
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    town.finish().await;
}

#[tokio::test]
async fn a_plan_is_revised() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    let old = town.now(issue).await.plan.unwrap();
    town.refused("triager", issue, "/revise - anything", "people with write permission").await;

    let (reactions, replies) = town.says("reviewer", issue, "/revise Better these:\n\n- say hello\n- say goodbye\n").await;
    assert_eq!(reactions, ["eyes", "+1"]);
    assert_eq!(replies.len(), 1, "{replies:#?}");
    assert!(replies[0].starts_with("### Plan, version 2"), "{}", replies[0]);
    assert!(replies[0].contains("say hello") && !replies[0].contains("greet by name"), "{}", replies[0]);
    assert_eq!(town.transitions(issue).await, [1, 2, 17, 2]);
    let folded = town.folded(issue);
    assert_eq!(folded.len(), 1, "{folded:#?}");
    assert!(folded[0].starts_with("### Plan, version 1"));

    town.refused("maintainer", issue, &format!("/approve plan {}", &old.hash[..8]), "What waits now has the hash").await;
    town.obeyed("maintainer", issue, "/approve").await;
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Forked);
    assert_eq!(w.phases.values().map(|p| p.plan.title.as_str()).collect::<Vec<_>>(), ["say hello", "say goodbye"]);
    town.finish().await;
}

#[tokio::test]
async fn the_auto_label_waives_the_plans_approval() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    town.label("maintainer", issue, "millhand:auto").await;
    town.settle().await;
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    assert!(town.said_once(issue).contains("waives it"));
    town.assert_labels(issue, &["millhand", "millhand:auto"]).await;
    town.to_the_end(issue).await;
    town.finish().await;
}

#[tokio::test]
async fn the_auto_label_after_the_plan_approves_that_version() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    town.label("triager", issue, "millhand:auto").await;
    town.settle().await;
    assert_eq!(town.now(issue).await.baton, Baton::Whole(State::HandoffToCoder), "a triager's label approves nothing");
    town.unlabel("triager", issue, "millhand:auto").await;
    town.label("reviewer", issue, "millhand:auto").await;
    town.settle().await;
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Forked);
    assert_eq!(w.plan.unwrap().approved.unwrap().by.unwrap().login, "reviewer");
    town.finish().await;
}

#[tokio::test]
async fn pausing_and_resuming_by_the_label() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    town.unlabel("triager", issue, "millhand").await;
    town.settle().await;
    let w = town.now(issue).await;
    assert!(w.paused.is_some(), "whoever takes the label off pauses");
    assert!(town.status(issue).contains("Paused: triager took the label"), "{}", town.status(issue));
    town.obeyed("maintainer", issue, "/approve").await;
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Whole(State::HandoffToCoder), "what people do is seen, nothing is done");
    assert!(w.plan.unwrap().approved.is_some());

    town.label("triager", issue, "millhand").await;
    town.settle().await;
    assert!(town.now(issue).await.paused.is_some(), "only a writer's label resumes");
    town.unlabel("triager", issue, "millhand").await;
    town.label("reviewer", issue, "millhand").await;
    town.settle().await;
    let w = town.now(issue).await;
    assert!(w.paused.is_none());
    assert_eq!(w.baton, Baton::Forked, "the approval given meanwhile counts");
    town.to_the_end(issue).await;
    town.finish().await;
}

#[tokio::test]
async fn pausing_and_resuming_by_command() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    town.refused("triager", issue, "/pause", "people with write permission").await;
    town.refused("maintainer", issue, "/resume", "It is not paused").await;
    town.obeyed("reviewer", issue, "/pause").await;
    assert!(town.status(issue).contains("Paused: reviewer paused it"), "{}", town.status(issue));
    town.assert_labels(issue, &["millhand"]).await;
    town.refused("reviewer", issue, "/pause", "paused already").await;
    town.obeyed("maintainer", issue, "/approve").await;
    assert_eq!(town.open_pulls().await, [0; 0]);
    town.obeyed("maintainer", issue, "/resume").await;
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    assert_eq!(town.open_pulls().await.len(), 1);

    // In the middle of the work as well.
    town.obeyed("maintainer", issue, "/pause").await;
    let pull = town.open_pulls().await[0];
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    assert_eq!(town.open_pulls().await, [pull], "nothing is merged while it is paused");
    let (reactions, replies) = town.says("maintainer", issue, "/resume").await;
    assert_eq!(reactions, ["eyes", "+1"]);
    assert!(replies.len() == 1 && replies[0].contains("/approve release"), "the review given meanwhile counts: {replies:#?}");
    assert!(!town.open_pulls().await.contains(&pull));
    town.to_the_end(issue).await;
    town.finish().await;
}

#[tokio::test]
async fn cancelling_by_command() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    town.obeyed("maintainer", issue, "/approve").await;
    let pull = town.open_pulls().await[0];
    town.refused("reader", issue, "/cancel", "people with write permission").await;
    let branch = town.get(&format!("/repos/acme/todo/pulls/{pull}")).await["head"]["ref"].as_str().unwrap().to_owned();

    town.obeyed("reviewer", issue, "/cancel").await;
    let w = town.now(issue).await;
    assert_eq!(w.ended, Some(End::Cancelled));
    assert_eq!(town.open_pulls().await, [0; 0], "our open pull requests are closed");
    let note = town.said_once(pull);
    assert!(note.contains("cancelled"), "{note}");
    town.must("reader", Method::GET, &format!("/repos/acme/todo/git/ref/heads/{branch}"), Value::Null).await;
    assert_eq!(town.get(&format!("/repos/acme/todo/issues/{issue}")).await["state"], "open");
    let status = town.status(issue);
    assert!(status.contains("ancelled"), "{status}");

    let (reactions, replies) = town.says("maintainer", issue, "/resume").await;
    assert_eq!((reactions, replies), (vec![], vec![]), "an ended round says nothing more");
    town.finish().await;
}

#[tokio::test]
async fn closing_the_issue_cancels_or_pauses() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("outsider", ONE).await;
    town.edit_issue("outsider", issue, json!({ "state": "closed" })).await;
    town.settle().await;
    let w = town.now(issue).await;
    assert!(w.is_open() && w.paused.is_some(), "an author without write only pauses");
    assert!(town.status(issue).contains("outsider closed the issue"), "{}", town.status(issue));
    town.edit_issue("maintainer", issue, json!({ "state": "open" })).await;
    town.settle().await;
    assert!(town.now(issue).await.paused.is_none(), "a writer's reopening resumes");

    town.obeyed("maintainer", issue, "/approve").await;
    town.edit_issue("reviewer", issue, json!({ "state": "closed" })).await;
    town.settle().await;
    assert_eq!(town.now(issue).await.ended, Some(End::Cancelled));
    assert_eq!(town.open_pulls().await, [0; 0]);
    assert!(!town.said_anywhere().is_empty());
    town.finish().await;
}

#[tokio::test]
async fn the_budget_is_reached_and_raised() {
    let mut settings = Settings::default();
    settings.limits.budget_usd = 0.001;
    let town = Town::new(Setting { settings, ..Setting::default() }).await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    town.label("maintainer", issue, "millhand").await;
    town.settle().await;
    let asked = town.said_once(issue);
    assert!(asked.starts_with("@maintainer The budget is used up"), "{asked}");
    assert!(asked.contains("/budget <amount>"), "{asked}");
    assert_eq!(town.now(issue).await.cost.spent, MicroUsd(0), "the cap holds before the call");
    assert!(town.status(issue).contains("**Waiting for maintainer since"), "{}", town.status(issue));

    town.refused("reader", issue, "/budget 3", "people with write permission").await;
    town.refused("maintainer", issue, "/budget 1000", "The operator allows at most").await;
    let (reactions, replies) = town.says("maintainer", issue, "/budget 3").await;
    assert_eq!(reactions, ["eyes", "+1"]);
    assert!(replies.len() == 1 && replies[0].starts_with("### Plan, version 1"), "{replies:#?}");
    assert_eq!(town.folded(issue), [asked], "the question is folded away once it is settled");
    town.refused("maintainer", issue, "/budget 0.0001", "are spent already").await;
    town.finish().await;
}

#[tokio::test]
async fn without_any_webhook() {
    let town = Town::new(Setting { webhooks: false, ..Setting::default() }).await;
    let issue = town.planned("maintainer", "- greet by name\n- say goodbye (after 1)\n").await;
    town.obeyed("maintainer", issue, "/approve").await;
    town.to_the_end(issue).await;
    assert_eq!(town.transitions(issue).await.iter().filter(|n| **n == 3).count(), 2);
    town.finish().await;
}

#[tokio::test]
async fn a_program_steers_through_the_api() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    let release = Command::Approve { what: Some(ApproveWhat::Release), hash: None };
    let refused = town.command(issue, release.clone(), "one").await;
    let Reply::Refused(sentence) = refused else { panic!("{refused:?}") };
    assert!(sentence.contains("That does not wait for an approval now"), "{sentence}");
    let plan = Command::Approve { what: Some(ApproveWhat::Plan), hash: Some(town.now(issue).await.plan.unwrap().hash) };
    let done = town.command(issue, plan, "two").await;
    let Reply::Done(row) = done else { panic!("{done:?}") };
    assert!(row.open);
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Forked);
    assert_eq!(w.plan.unwrap().approved.unwrap().by.unwrap().login, "operator");
    assert_eq!(town.engine.command("acme/todo#99", release, "three", std::time::Duration::ZERO).await.unwrap(), Reply::NotFound);
    town.finish().await;
}
