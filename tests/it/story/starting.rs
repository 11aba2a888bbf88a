//! Who starts work, who does not, and how it begins: labels, forms, bots, `/start`, questions.

use std::time::Duration;

use axum::http::Method;
use millhand::clock::Clock as _;
use millhand::workflow::settings::Settings;
use millhand::workflow::state::{Baton, State};
use serde_json::{Value, json};

use super::town::{Setting, Town};

/// An issue that makes a plan of one phase.
pub(super) const ONE: &str = "- greet by name\n";

impl Town {
    /// Nothing was started, and nothing is said.
    async fn untouched(&self, issue: u64) {
        assert!(self.workflow(issue).await.is_none(), "#{issue} was started");
        assert_eq!(self.said(issue), Vec::<String>::new());
        assert!(self.comments_of(issue).await.is_empty());
    }

    /// Everybody's comments on an issue.
    async fn comments_of(&self, issue: u64) -> Vec<Value> {
        self.get(&format!("/repos/acme/todo/issues/{issue}/comments?per_page=100"))
            .await
            .as_array()
            .unwrap()
            .clone()
    }
}

#[tokio::test]
async fn a_label_by_a_writer_starts() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("outsider", "Greet people", ONE).await;
    town.label("reviewer", issue, "millhand").await;
    town.settle().await;
    let w = town.workflow(issue).await.unwrap();
    assert_eq!(
        (w.requester.login.as_str(), w.issue.author.login.as_str()),
        ("reviewer", "outsider")
    );
    assert_eq!(w.baton, Baton::Whole(State::HandoffToCoder));
    assert_eq!(town.transitions(issue).await, [1, 2]);
    assert!(town.said_once(issue).starts_with("### Plan, version 1"));
    let status = town.status(issue);
    assert!(status.contains("**Waiting for reviewer since"), "{status}");
    assert!(status.contains("/approve plan "), "{status}");
    assert_eq!(town.issue_reactions(issue), [""; 0]);
    town.assert_labels(issue, &["millhand"]).await;
    town.finish().await;
}

#[tokio::test]
async fn a_label_by_a_triager_starts_nothing_and_a_writer_after_him_does() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    town.label("triager", issue, "millhand").await;
    town.settle().await;
    town.untouched(issue).await;
    assert_eq!(town.issue_reactions(issue), ["confused"]);

    town.unlabel("triager", issue, "millhand").await;
    town.label("maintainer", issue, "millhand").await;
    town.settle().await;
    assert_eq!(town.workflow(issue).await.unwrap().requester.login, "maintainer");
    assert!(town.said_once(issue).starts_with("### Plan, version 1"));
    town.finish().await;
}

#[tokio::test]
async fn readers_and_outsiders_may_not_label_and_their_forms_start_nothing() {
    let town = Town::new(Setting::default()).await;
    for login in ["reader", "outsider"] {
        let plain = town.open_issue(login, "Greet people", ONE).await;
        let path = format!("/repos/acme/todo/issues/{plain}/labels");
        let (status, _) = town.act(login, Method::POST, &path, json!({ "labels": ["millhand"] })).await;
        assert_eq!(status.as_u16(), 403, "GitHub refuses {login}'s label");

        let form = town.form(login, "Greet people", ONE, &["millhand"]).await;
        town.settle().await;
        town.untouched(plain).await;
        town.untouched(form).await;
        town.assert_labels(form, &["millhand"]).await;
        assert_eq!(town.issue_reactions(plain), [""; 0]);
        assert_eq!(town.issue_reactions(form), ["confused"], "by {login}'s form");
    }
    town.finish().await;
}

#[tokio::test]
async fn a_writers_form_starts() {
    let town = Town::new(Setting::default()).await;
    let issue = town
        .form("reviewer", "Greet people", ONE, &["millhand", "millhand:auto"])
        .await;
    town.settle().await;
    let w = town.workflow(issue).await.unwrap();
    assert_eq!(w.requester.login, "reviewer");
    assert_eq!(w.baton, Baton::Forked, "`millhand:auto` waives the plan's approval");
    let plan = town.said_once(issue);
    assert!(plan.contains("`millhand:auto` waives it"), "{plan}");
    town.finish().await;
}

#[tokio::test]
async fn a_bot_starts_only_when_it_is_listed() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    town.label("helper[bot]", issue, "millhand").await;
    town.settle().await;
    town.untouched(issue).await;
    assert_eq!(town.issue_reactions(issue), ["confused"]);
    town.finish().await;

    let mut settings = Settings::default();
    settings.triggers.bots = vec!["helper".to_owned()];
    let town = Town::new(Setting {
        settings,
        ..Setting::default()
    })
    .await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    town.label("helper[bot]", issue, "millhand").await;
    town.settle().await;
    assert_eq!(town.workflow(issue).await.unwrap().requester.login, "helper[bot]");
    assert!(town.said_once(issue).starts_with("### Plan, version 1"));

    let cancel = town.comment("helper[bot]", issue, "/cancel").await;
    town.settle().await;
    assert!(
        town.workflow(issue).await.unwrap().is_open(),
        "a listed bot starts and does nothing else"
    );
    assert_eq!(town.reactions(cancel), ["eyes", "confused"]);
    town.finish().await;
}

#[tokio::test]
async fn a_start_by_comment_sets_the_label() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("maintainer", "Greet people", ONE).await;
    let triager = town.comment("triager", issue, "/start").await;
    let stranger = town.comment("outsider", issue, "/start").await;
    town.settle().await;
    assert!(town.workflow(issue).await.is_none());
    assert_eq!(town.said(issue), [""; 0], "a start refused gets no comment");
    town.assert_labels(issue, &[]).await;
    assert_eq!(town.reactions(triager), ["confused"]);
    assert_eq!(town.reactions(stranger), ["confused"]);

    let start = town.comment("reviewer", issue, "Let us do this.\n\n/start\n").await;
    town.settle().await;
    assert_eq!(town.workflow(issue).await.unwrap().requester.login, "reviewer");
    town.assert_labels(issue, &["millhand"]).await;
    assert_eq!(town.reactions(start), ["eyes", "+1"]);
    assert!(town.said_once(issue).starts_with("### Plan, version 1"));

    let again = town.comment("reviewer", issue, "/start").await;
    town.settle().await;
    assert_eq!(town.reactions(again), ["eyes", "confused"]);
    let reply = town.said_once(issue);
    assert!(reply.contains("under way already"), "{reply}");

    // The label set by the start is the one that pauses.
    town.unlabel("triager", issue, "millhand").await;
    town.settle().await;
    assert!(town.workflow(issue).await.unwrap().paused.is_some());
    town.finish().await;
}

#[tokio::test]
async fn a_question_is_answered_by_the_author() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("outsider", "Greet people", "Please greet everybody.").await;
    town.label("maintainer", issue, "millhand").await;
    town.settle().await;
    let question = town.said_once(issue);
    assert!(question.starts_with("1 question before a plan is made:"), "{question}");
    assert!(question.contains("one bullet for each part"), "{question}");
    assert!(
        town.status(issue).contains("**Waiting for outsider since"),
        "{}",
        town.status(issue)
    );
    let w = town.workflow(issue).await.unwrap();
    assert_eq!(w.baton, Baton::Whole(State::Discovery));

    let chatter = town.comment("reader", issue, "- greet everybody twice\n").await;
    town.settle().await;
    let w = town.workflow(issue).await.unwrap();
    assert_eq!(w.baton, Baton::Whole(State::Discovery), "a stranger's comment is no answer");
    assert_eq!(town.reactions(chatter), [""; 0]);

    let answer = town
        .comment("outsider", issue, "These:\n\n- greet by name\n- say goodbye\n")
        .await;
    town.settle().await;
    assert_eq!(town.reactions(answer), ["eyes"]);
    let w = town.workflow(issue).await.unwrap();
    assert_eq!(w.baton, Baton::Whole(State::HandoffToCoder));
    assert_eq!(
        town.folded(issue),
        [question],
        "the question is folded away once it is answered"
    );
    let plan = town.said_once(issue);
    assert!(plan.contains("greet by name") && plan.contains("say goodbye"), "{plan}");
    assert!(!plan.contains("twice"), "{plan}");
    town.finish().await;
}

#[tokio::test]
async fn a_question_is_answered_by_a_writer_and_an_answer_without_a_list_is_asked_again() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("reader", "Greet people", "Please greet everybody.").await;
    town.label("maintainer", issue, "millhand").await;
    town.settle().await;
    town.said_once(issue);
    town.comment("reviewer", issue, "I do not know, just do it.").await;
    town.settle().await;
    let again = town.said_once(issue);
    assert!(again.contains("there is still no list"), "{again}");
    town.comment("reviewer", issue, "- greet by name").await;
    town.settle().await;
    assert!(town.said_once(issue).starts_with("### Plan, version 1"));
    assert_eq!(town.transitions(issue).await, [1, 2]);
    town.finish().await;
}

#[tokio::test]
async fn an_answer_that_no_writer_gave_takes_the_waiver_away() {
    let town = Town::new(Setting::default()).await;
    let issue = town.open_issue("outsider", "Greet people", "Please greet everybody.").await;
    town.label("maintainer", issue, "millhand:auto").await;
    town.settle().await;
    town.assert_labels(issue, &["millhand", "millhand:auto"]).await;
    town.said_once(issue);
    town.comment("outsider", issue, "- greet by name").await;
    town.settle().await;
    assert_eq!(town.workflow(issue).await.unwrap().baton, Baton::Whole(State::HandoffToCoder));
    let plan = town.said_once(issue);
    assert!(plan.contains("/approve plan"), "{plan}");
    town.finish().await;
}

#[tokio::test]
async fn a_repository_that_is_added_is_served_at_once() {
    let town = Town::new(Setting::default()).await;
    let before = town.clock.now();
    let files = json!({ "name": "new", "files": { "README.md": "# New\n" } });
    town.verb("repositories", files).await;
    town.pass(Duration::from_secs(5)).await;
    let served = town.engine().repository("acme/new").await.unwrap();
    assert!(served.is_some(), "{:#?}", town.asked.lock().unwrap());
    assert!(town.clock.now().since(before).as_secs() < 60, "no sweep was waited for");
    assert!(town.said_anywhere().is_empty());
    town.finish().await;
}
