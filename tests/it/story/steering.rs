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
    pub(super) async fn refused(&self, login: &str, number: u64, body: &str, words: &str) {
        let (reactions, replies) = self.says(login, number, body).await;
        assert_eq!(reactions, ["eyes", "confused"], "{login}: {body}");
        assert_eq!(replies.len(), 1, "{login}: {body}: {replies:#?}");
        assert!(replies[0].contains(words), "{login}: {body}: {}", replies[0]);
    }

    /// A command that is obeyed without a word.
    pub(super) async fn obeyed(&self, login: &str, number: u64, body: &str) {
        let (reactions, replies) = self.says(login, number, body).await;
        assert_eq!((reactions, replies), (vec!["eyes", "+1"], vec![]), "{login}: {body}");
    }

    /// A command that is obeyed, upon which one thing is said that begins with these words.
    async fn obeyed_saying(&self, login: &str, number: u64, body: &str, words: &str) {
        let (reactions, replies) = self.says(login, number, body).await;
        assert_eq!(reactions, ["eyes", "+1"], "{login}: {body}");
        assert!(
            replies.len() == 1 && replies[0].starts_with(words),
            "{login}: {body}: {replies:#?}"
        );
    }

    /// From an approved plan to the end: reviews every pull request that is ready, approves the release.
    async fn to_the_end(&self, issue: u64) {
        for _ in 0..8 {
            let open = self.get("/repos/acme/todo/pulls?state=open&per_page=100").await;
            let ready = open
                .as_array()
                .unwrap()
                .iter()
                .filter(|p| p["draft"] == false && p["base"]["ref"] != "main");
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
    town.refused("triager", issue, "/approve", "`/approve` is for people with write permission")
        .await;
    town.refused(
        "reader",
        issue,
        "/approve plan",
        "`/approve` is for people with write permission",
    )
    .await;
    town.refused(
        "outsider",
        issue,
        "/approve",
        "`/approve` is for people with write permission",
    )
    .await;
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
    town.refused("maintainer", issue, "/approve plan 0123456789", "What waits now has the hash")
        .await;
    town.refused(
        "maintainer",
        issue,
        "/approve release",
        "That does not wait for an approval now; this does: `/approve plan`",
    )
    .await;
    town.obeyed("maintainer", issue, &format!("/approve plan {}", &hash[..8]))
        .await;
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    town.finish().await;
}

#[tokio::test]
async fn a_plan_is_revised() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    let old = town.now(issue).await.plan.unwrap();
    town.refused("triager", issue, "/revise - anything", "people with write permission")
        .await;

    let (reactions, replies) = town
        .says("reviewer", issue, "/revise Better these:\n\n- say hello\n- say goodbye\n")
        .await;
    assert_eq!(reactions, ["eyes", "+1"]);
    assert_eq!(replies.len(), 1, "{replies:#?}");
    assert!(replies[0].starts_with("### Plan, version 2"), "{}", replies[0]);
    assert!(
        replies[0].contains("say hello") && !replies[0].contains("greet by name"),
        "{}",
        replies[0]
    );
    assert_eq!(town.transitions(issue).await, [1, 2, 17, 2]);
    let folded = town.folded(issue);
    assert_eq!(folded.len(), 1, "{folded:#?}");
    assert!(folded[0].starts_with("### Plan, version 1"));

    town.refused(
        "maintainer",
        issue,
        &format!("/approve plan {}", &old.hash[..8]),
        "What waits now has the hash",
    )
    .await;
    town.obeyed("maintainer", issue, "/approve").await;
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Forked);
    assert_eq!(
        w.phases.values().map(|p| p.plan.title.as_str()).collect::<Vec<_>>(),
        ["say hello", "say goodbye"]
    );
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
    assert_eq!(
        town.now(issue).await.baton,
        Baton::Whole(State::HandoffToCoder),
        "a triager's label approves nothing"
    );
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
    assert!(
        town.status(issue).contains("Paused: triager took the label"),
        "{}",
        town.status(issue)
    );
    town.obeyed("maintainer", issue, "/approve").await;
    let w = town.now(issue).await;
    assert_eq!(
        w.baton,
        Baton::Whole(State::HandoffToCoder),
        "what people do is seen, nothing is done"
    );
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
    assert!(
        town.status(issue).contains("Paused: reviewer paused it"),
        "{}",
        town.status(issue)
    );
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
    assert!(
        replies.len() == 1 && replies[0].contains("/approve release"),
        "the review given meanwhile counts: {replies:#?}"
    );
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
    let branch = town.get(&format!("/repos/acme/todo/pulls/{pull}")).await["head"]["ref"]
        .as_str()
        .unwrap()
        .to_owned();

    town.obeyed("reviewer", issue, "/cancel").await;
    let w = town.now(issue).await;
    assert_eq!(w.ended, Some(End::Cancelled));
    assert_eq!(town.open_pulls().await, [0; 0], "our open pull requests are closed");
    let note = town.said_once(pull);
    assert!(note.contains("cancelled"), "{note}");
    town.must(
        "reader",
        Method::GET,
        &format!("/repos/acme/todo/git/ref/heads/{branch}"),
        Value::Null,
    )
    .await;
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
    assert!(
        town.status(issue).contains("outsider closed the issue"),
        "{}",
        town.status(issue)
    );
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
    let town = Town::new(Setting {
        settings,
        ..Setting::default()
    })
    .await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    town.label("maintainer", issue, "millhand").await;
    town.settle().await;
    let asked = town.said_once(issue);
    assert!(asked.starts_with("@maintainer The budget is used up"), "{asked}");
    assert!(asked.contains("/budget <amount>"), "{asked}");
    assert_eq!(town.now(issue).await.cost.spent, MicroUsd(0), "the cap holds before the call");
    assert!(
        town.status(issue).contains("**Waiting for maintainer since"),
        "{}",
        town.status(issue)
    );

    town.refused("reader", issue, "/budget 3", "people with write permission")
        .await;
    town.refused("maintainer", issue, "/budget 1000", "The operator allows at most")
        .await;
    town.obeyed_saying("maintainer", issue, "/budget 3", "### Plan, version 1")
        .await;
    assert_eq!(town.folded(issue), [asked], "the question is folded away once it is settled");
    town.refused("maintainer", issue, "/budget 0.0001", "are spent already").await;
    town.finish().await;
}

#[tokio::test]
async fn without_any_webhook() {
    let town = Town::new(Setting {
        webhooks: false,
        ..Setting::default()
    })
    .await;
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
    let release = Command::Approve {
        what: Some(ApproveWhat::Release),
        hash: None,
    };
    let refused = town.command(issue, release.clone(), "one").await;
    let Reply::Refused(sentence) = refused else {
        panic!("{refused:?}")
    };
    assert!(sentence.contains("That does not wait for an approval now"), "{sentence}");
    let plan = Command::Approve {
        what: Some(ApproveWhat::Plan),
        hash: Some(town.now(issue).await.plan.unwrap().hash),
    };
    let done = town.command(issue, plan, "two").await;
    let Reply::Done(row) = done else { panic!("{done:?}") };
    assert!(row.open);
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Forked);
    assert_eq!(w.plan.unwrap().approved.unwrap().by.unwrap().login, "operator");
    assert_eq!(
        town.engine()
            .command("acme/todo#99", release, "three", std::time::Duration::ZERO)
            .await
            .unwrap(),
        Reply::NotFound
    );
    town.finish().await;
}

#[tokio::test]
async fn an_approval_whose_comment_is_deleted_before_its_use_is_revoked() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    town.obeyed("maintainer", issue, "/pause").await;
    let approval = town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    assert!(town.now(issue).await.plan.unwrap().approved.is_some());
    town.must(
        "maintainer",
        Method::DELETE,
        &format!("/repos/acme/todo/issues/comments/{approval}"),
        Value::Null,
    )
    .await;
    town.settle().await;
    town.obeyed("maintainer", issue, "/resume").await;
    let w = town.now(issue).await;
    assert_eq!(
        w.baton,
        Baton::Whole(State::HandoffToCoder),
        "what was revoked starts nothing"
    );
    assert!(w.plan.unwrap().approved.is_none());

    // Once used, deleting it changes nothing.
    let approval = town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    town.must(
        "maintainer",
        Method::DELETE,
        &format!("/repos/acme/todo/issues/comments/{approval}"),
        Value::Null,
    )
    .await;
    town.settle().await;
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    assert_eq!(town.open_pulls().await.len(), 1);
    town.finish().await;
}

#[tokio::test]
async fn an_edit_by_a_writer_makes_a_new_plan() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    town.edit_issue("reviewer", issue, json!({ "body": "- wave\n" })).await;
    town.settle().await;
    let plan = town.said_once(issue);
    assert!(
        plan.starts_with("### Plan, version 2") && plan.contains("wave") && !plan.contains("greet by name"),
        "{plan}"
    );
    assert_eq!(town.folded(issue).len(), 1, "the old plan is folded away");
    assert_eq!(town.transitions(issue).await, [1, 2, 18, 1, 2]);

    // A new title is an edit, too.
    town.edit_issue("maintainer", issue, json!({ "title": "Wave at people" }))
        .await;
    town.settle().await;
    assert!(town.said_once(issue).starts_with("### Plan, version 3"));
    town.obeyed("maintainer", issue, "/approve").await;
    assert_eq!(
        town.now(issue)
            .await
            .phases
            .values()
            .map(|p| p.plan.title.as_str())
            .collect::<Vec<_>>(),
        ["wave"]
    );

    // Once coding has begun it is only noted.
    town.edit_issue("maintainer", issue, json!({ "body": "- shout\n" })).await;
    town.settle().await;
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Forked);
    assert!(town.status(issue).contains("edited"), "{}", town.status(issue));
    town.finish().await;
}

#[tokio::test]
async fn an_edit_by_a_writer_under_the_auto_label_is_built() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("maintainer", "Greet people", "No list yet.").await;
    town.label("maintainer", issue, "millhand:auto").await;
    town.settle().await;
    assert!(town.said_once(issue).starts_with("1 question"));
    town.edit_issue("maintainer", issue, json!({ "body": ONE })).await;
    town.settle().await;
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    assert!(town.said_once(issue).contains("waives it"));
    assert!(
        town.folded(issue)[0].starts_with("1 question"),
        "what the edit has answered is folded away"
    );
    town.finish().await;
}

#[tokio::test]
async fn an_edit_by_somebody_else_must_be_seen_and_counts() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("outsider", ONE).await;
    town.obeyed("maintainer", issue, "/pause").await;
    town.obeyed("maintainer", issue, "/approve").await;
    town.edit_issue("outsider", issue, json!({ "body": "- steal the cookies\n" }))
        .await;
    town.settle().await;
    town.obeyed_saying("maintainer", issue, "/resume", "### Plan, version 2")
        .await;
    let w = town.now(issue).await;
    assert_eq!(
        w.baton,
        Baton::Whole(State::HandoffToCoder),
        "the approval was for another text"
    );
    assert!(w.plan.unwrap().approved.is_none());

    for version in 3..=4 {
        town.edit_issue("outsider", issue, json!({ "body": format!("- part {version}\n") }))
            .await;
        town.settle().await;
        assert!(town.said_once(issue).starts_with(&format!("### Plan, version {version}")));
    }
    town.edit_issue("outsider", issue, json!({ "body": "- once too often\n" }))
        .await;
    town.settle().await;
    assert_eq!(town.said(issue), [""; 0], "a fourth edit is not taken in by itself");
    let status = town.status(issue);
    assert!(status.contains("edited"), "{status}");
    let (reactions, replies) = town.says("maintainer", issue, "/revise as the issue says now").await;
    assert_eq!(reactions, ["eyes", "+1"]);
    assert!(
        replies.len() == 1 && replies[0].contains("once too often"),
        "a writer takes it in: {replies:#?}"
    );
    town.finish().await;
}

#[tokio::test]
async fn an_edit_by_somebody_else_takes_the_waiver_away() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("outsider", "Greet people", "No list yet.").await;
    town.label("maintainer", issue, "millhand:auto").await;
    town.settle().await;
    town.said_once(issue);
    town.edit_issue("outsider", issue, json!({ "body": "- steal the cookies\n" }))
        .await;
    town.settle().await;
    assert_eq!(
        town.now(issue).await.baton,
        Baton::Whole(State::HandoffToCoder),
        "nobody with write has seen that text"
    );
    let plan = town.said_once(issue);
    assert!(plan.contains("/approve plan"), "{plan}");
    town.finish().await;
}

#[tokio::test]
async fn status_and_help_answer_whoever_can_read() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    let (reactions, replies) = town.says("outsider", issue, "/status").await;
    assert_eq!(reactions, ["eyes", "+1"]);
    assert!(
        replies.len() == 1 && replies[0].contains(&format!("/acme/todo/issues/{issue}#issuecomment-")),
        "{replies:#?}"
    );

    let (reactions, replies) = town.says("reader", issue, "/help").await;
    assert_eq!(reactions, ["eyes", "+1"]);
    assert!(
        replies[0].contains("`/status`") && !replies[0].contains("`/approve"),
        "a reader's help: {}",
        replies[0]
    );
    let (_, replies) = town.says("reviewer", issue, "/millhand help").await;
    assert!(
        replies[0].contains("`/approve [plan|release|rollback|<phase>] [hash]`"),
        "a writer's help: {}",
        replies[0]
    );
    town.finish().await;
}

#[tokio::test]
async fn what_only_looks_like_a_command_does_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    town.refused(
        "maintainer",
        issue,
        "/aprove",
        "There is no command `/aprove`; did you mean `/approve",
    )
    .await;
    for quiet in [
        "```\n/approve\n```",
        "    /approve",
        "> /approve",
        "<!--\n/approve\n-->",
        "I would say /approve here.",
        "`/approve`",
        "/lgtm\n/assign @reviewer",
        "/usr/bin/approve",
    ] {
        let (reactions, replies) = town.says("maintainer", issue, quiet).await;
        assert_eq!((reactions, replies), (vec![], vec![]), "{quiet}");
    }
    town.refused("maintainer", issue, "> as said\n/approve", "directly under a quote")
        .await;
    let w = town.now(issue).await;
    assert_eq!(w.baton, Baton::Whole(State::HandoffToCoder));
    assert!(w.plan.unwrap().approved.is_none());
    town.finish().await;
}

#[tokio::test]
async fn a_command_is_read_once_as_it_was_sent() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    // Written and changed before anybody looked: nobody knows what was meant.
    let changed = town.comment("maintainer", issue, "fine").await;
    town.must(
        "maintainer",
        Method::PATCH,
        &format!("/repos/acme/todo/issues/comments/{changed}"),
        json!({ "body": "/approve" }),
    )
    .await;
    town.settle().await;
    assert_eq!(town.reactions(changed), ["confused"]);
    assert!(town.said_once(issue).contains("was edited, so its commands were not run"));

    // Read, and changed afterwards: it stays what it was.
    let remark = town.comment("maintainer", issue, "looks fine").await;
    town.settle().await;
    town.must(
        "maintainer",
        Method::PATCH,
        &format!("/repos/acme/todo/issues/comments/{remark}"),
        json!({ "body": "/approve" }),
    )
    .await;
    town.settle().await;
    assert_eq!(town.reactions(remark), [""; 0]);
    assert_eq!(town.now(issue).await.baton, Baton::Whole(State::HandoffToCoder));

    let pause = town.comment("maintainer", issue, "/pause").await;
    town.settle().await;
    town.obeyed("maintainer", issue, "/resume").await;
    town.must(
        "maintainer",
        Method::PATCH,
        &format!("/repos/acme/todo/issues/comments/{pause}"),
        json!({ "body": "/pause\n\nas I said" }),
    )
    .await;
    town.settle().await;
    assert!(town.now(issue).await.paused.is_none(), "it was obeyed once");
    town.finish().await;
}

#[tokio::test]
async fn five_commands_of_a_comment_are_run() {
    let town = Town::new(Setting::default()).await;
    let issue = town.planned("maintainer", ONE).await;
    let six = "/pause\n/resume\n/budget 3\n/pause\n/resume\n/approve\n";
    town.refused("maintainer", issue, six, "Only the first 5 commands").await;
    let w = town.now(issue).await;
    assert_eq!(w.budget, MicroUsd(3_000_000));
    assert!(w.paused.is_none());
    assert_eq!(w.baton, Baton::Whole(State::HandoffToCoder), "the sixth was not run");
    town.finish().await;
}

#[tokio::test]
async fn commands_stand_behind_the_name_where_others_listen() {
    let mut settings = Settings::default();
    settings.commands.bare = false;
    let town = Town::new(Setting {
        settings,
        ..Setting::default()
    })
    .await;
    let issue = town.planned("maintainer", ONE).await;
    assert!(
        town.status(issue).contains("/millhand approve plan "),
        "{}",
        town.status(issue)
    );
    let (reactions, replies) = town.says("maintainer", issue, "/approve").await;
    assert_eq!((reactions, replies), (vec![], vec![]));
    town.obeyed("maintainer", issue, "/millhand approve").await;
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    town.finish().await;
}

#[tokio::test]
async fn somebody_elses_work_is_asked_about_first() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    let main = town.get("/repos/acme/todo/git/ref/heads/main").await["object"]["sha"]
        .as_str()
        .unwrap()
        .to_owned();
    town.must(
        "reviewer",
        Method::POST,
        "/repos/acme/todo/git/refs",
        json!({ "ref": "refs/heads/mine", "sha": main }),
    )
    .await;
    let file = json!({ "message": "Greet", "content": "aGVsbG8K", "branch": "mine" });
    town.must("reviewer", Method::PUT, "/repos/acme/todo/contents/hello.txt", file)
        .await;
    let pull = json!({ "title": "Greet", "head": "mine", "base": "main", "body": format!("Fixes #{issue}") });
    let pull = town.must("reviewer", Method::POST, "/repos/acme/todo/pulls", pull).await["number"]
        .as_u64()
        .unwrap();

    town.label("maintainer", issue, "millhand:auto").await;
    town.settle().await;
    let asked = town.said_once(issue);
    assert!(
        asked.starts_with(&format!(
            "@maintainer Somebody else may be working on this issue: pull request #{pull}"
        )),
        "{asked}"
    );
    assert_eq!(
        town.now(issue).await.baton,
        Baton::Whole(State::Discovery),
        "asked before it plans"
    );
    assert_eq!(town.now(issue).await.cost.calls, 0);

    town.obeyed_saying("maintainer", issue, "/approve", "### Plan, version 1")
        .await;
    assert_eq!(town.folded(issue), [asked]);
    assert_eq!(town.now(issue).await.baton, Baton::Forked);
    town.finish().await;
}

#[tokio::test]
async fn work_goes_on_when_somebody_else_gives_it_up() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    let path = format!("/repos/acme/todo/issues/{issue}/assignees");
    town.must("maintainer", Method::POST, &path, json!({ "assignees": ["reviewer"] }))
        .await;
    town.label("maintainer", issue, "millhand").await;
    town.settle().await;
    let asked = town.said_once(issue);
    assert!(asked.contains("it is assigned to reviewer"), "{asked}");
    town.must("maintainer", Method::DELETE, &path, json!({ "assignees": ["reviewer"] }))
        .await;
    town.settle().await;
    assert!(town.said_once(issue).starts_with("### Plan, version 1"));
    assert_eq!(town.folded(issue), [asked]);
    town.finish().await;
}

#[tokio::test]
async fn webhooks_doubled_and_reordered() {
    let town = Town::new(Setting::default()).await;
    town.verb("webhooks", json!({ "duplicate": true, "reorder": true })).await;
    let issue = town.planned("maintainer", "- greet by name\n- say goodbye\n").await;
    town.obeyed("maintainer", issue, "/approve").await;
    town.to_the_end(issue).await;
    assert_eq!(town.workflow(issue).await.unwrap().round, 1);
    town.finish().await;
}

#[tokio::test]
async fn webhooks_late() {
    let town = Town::new(Setting::default()).await;
    town.verb("webhooks", json!({ "delay_ms": 90_000 })).await;
    let issue = town.planned("maintainer", ONE).await;
    town.obeyed("maintainer", issue, "/approve").await;
    town.to_the_end(issue).await;
    town.finish().await;
}
