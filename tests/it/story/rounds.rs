//! What a review sets going and what it does not: guidance, remarks of approvals, open conversations, approvals that are
//! overtaken or carried over.
//!
//! Invariant: nobody's words are lost, and only what asks for a change makes one.

use std::sync::{Arc, Mutex};

use axum::http::Method;
use futures_util::future::BoxFuture;
use millhand::llm::profile::Profile;
use millhand::llm::{Completion, Model, ModelError, Prompt};
use millhand::workflow::settings::{DeliveryChoice, Settings};
use millhand::workflow::state::State;
use serde_json::{Value, json};

use super::gestures::checks_rule;
use super::scenes::ONE;
use super::town::{Setting, Town};

const PATH: &str = "src/greet-by-name.rs";

fn direct() -> Setting {
    Setting {
        settings: Settings {
            delivery: DeliveryChoice::Direct,
            ..Settings::default()
        },
        ..Setting::default()
    }
}

impl Town {
    /// A review with a remark on the first line of the phase's file; its number.
    async fn remarked(&self, login: &str, pull: u64, (event, body, remark): (&str, &str, &str)) -> u64 {
        let head = self.pull(pull).await["head"]["sha"].clone();
        let remark = json!({ "path": PATH, "line": 1, "side": "RIGHT", "body": remark });
        let review = json!({ "event": event, "body": body, "commit_id": head, "comments": [remark] });
        let path = format!("/repos/acme/todo/pulls/{pull}/reviews");
        self.must(login, Method::POST, &path, review).await["id"].as_u64().unwrap()
    }

    /// The bot's reactions to a review.
    fn review_reactions(&self, review: u64) -> Vec<&'static str> {
        self.in_todo(|world, repo| {
            let all = repo.reviews.values().filter(|r| r.id.0 == review).flat_map(|r| &r.reactions);
            all.filter(|r| world.accounts[&r.user].login == "millhand[bot]")
                .map(|r| r.content.name())
                .collect()
        })
    }

    /// The text of the bot's check run on a commit.
    async fn check_text(&self, sha: &str) -> String {
        let list = self
            .get(&format!("/repos/acme/todo/commits/{sha}/check-runs?check_name=millhand"))
            .await;
        list["check_runs"][0]["output"]["summary"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

#[tokio::test]
async fn what_only_comments_is_guidance_for_the_next_attempt() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let issue = town.begun("Greet", ONE).await;
        let pull = town.pull_of(issue, 1).await;
        let path = format!("/repos/acme/todo/pulls/{pull}/reviews");
        let body = json!({ "event": "COMMENT", "body": "Mention the weather when you are at it" });
        let review = town.must("reviewer", Method::POST, &path, body).await["id"].as_u64().unwrap();
        let comment = town.comment("maintainer", pull, "And keep it short, please").await;
        // Neither is guidance from somebody who may not write.
        let reader = json!({ "event": "COMMENT", "body": "Paint it blue" });
        let reader = town.must("reader", Method::POST, &path, reader).await["id"].as_u64().unwrap();
        let aside = town.comment("reader", pull, "I should like it in blue").await;
        town.settle().await;
        assert_eq!(
            (town.review_reactions(review), town.reactions(comment)),
            (vec!["eyes"], vec!["eyes"])
        );
        assert_eq!((town.review_reactions(reader).len(), town.reactions(aside).len()), (0, 0));
        assert_eq!(town.commits(pull).await.len(), 1, "that asks for nothing");
        assert_eq!(town.said(pull), Vec::<String>::new());
        let w = town.known(issue).await;
        let phase = w.phases.values().next().unwrap();
        assert_eq!(phase.state, State::Verification);
        let mut hints = phase.track.hints.clone();
        hints.sort();
        assert_eq!(hints, ["And keep it short, please", "Mention the weather when you are at it"]);
        // The next attempt is given both.
        town.review("reviewer", pull, "REQUEST_CHANGES", "be kinder").await;
        town.settle().await;
        assert_eq!(town.commits(pull).await.len(), 2);
        let written = town.file(&town.branch_of(issue, 1).await, PATH).await.unwrap();
        assert!(!written.contains("blue"), "{written}");
        town.said_anywhere();
        town.until_complete(issue).await;
        town.over().await;
    }
}

/// The offline model, with what it is given to write.
#[derive(Debug)]
struct Listening {
    good: Arc<dyn Model>,
    given: Arc<Mutex<Vec<String>>>,
}

impl Model for Listening {
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>> {
        if prompt.task.name() == "write" {
            self.given.lock().unwrap().push(prompt.user.clone());
        }
        self.good.complete(prompt)
    }
}

#[tokio::test]
async fn what_others_review_is_context_only() {
    let given: Arc<Mutex<Vec<String>>> = Arc::default();
    let town = Town::new(Setting {
        model: Some(Arc::new(Listening {
            good: Profile::offline("large").connect(),
            given: Arc::clone(&given),
        })),
        ..Setting::default()
    })
    .await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.remarked("reader", pull, ("REQUEST_CHANGES", "paint it blue", "and this line purple"))
        .await;
    town.settle().await;
    assert_eq!(
        (town.commits(pull).await.len(), given.lock().unwrap().len()),
        (1, 1),
        "it starts nothing"
    );
    town.review("reviewer", pull, "REQUEST_CHANGES", "be kinder").await;
    town.settle().await;
    let asked = given.lock().unwrap().last().cloned().unwrap();
    let of = |words: &str| {
        let before = asked.split(words).next().unwrap();
        assert!(before.len() < asked.len(), "{words}\n{asked}");
        before.trim_end().lines().last().unwrap().to_owned()
    };
    assert!(of("be kinder").contains("remark "), "{asked}");
    for words in ["paint it blue", "and this line purple"] {
        assert!(of(words).contains("context") && !of(words).contains("remark "), "{asked}");
    }
    let written = town.file(&town.branch_of(issue, 1).await, PATH).await.unwrap();
    assert!(
        written.contains("be kinder") && !written.contains("blue") && !written.contains("purple"),
        "{written}"
    );
    // What was changed was not for them: nobody waits for them, and their threads get no answer.
    assert!(
        town.waits(issue).await[0].contains("waits for reviewer"),
        "{:#?}",
        town.waits(issue).await
    );
    let threads = town.get(&format!("/repos/acme/todo/pulls/{pull}/comments")).await;
    assert!(
        threads
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c["user"]["login"] != "millhand[bot]"),
        "{threads:#}"
    );
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_command_in_a_review_that_only_comments_is_obeyed_once() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let path = format!("/repos/acme/todo/pulls/{pull}/reviews");
    let hold = json!({ "event": "COMMENT", "body": "/hold" });
    let hold = town.must("reviewer", Method::POST, &path, hold).await["id"].as_u64().unwrap();
    town.settle().await;
    assert_eq!(town.review_reactions(hold), ["eyes", "+1"]);
    let w = town.known(issue).await;
    assert!(
        w.held_by(millhand::workflow::fact::Target::Phase(
            w.phases.values().next().unwrap().plan.number
        ))
        .is_some()
    );
    // Edited, it says something else and does nothing.
    let place = format!("{path}/{hold}");
    town.must("reviewer", Method::PUT, &place, json!({ "body": "/cancel" })).await;
    town.settle().await;
    assert!(town.known(issue).await.ended.is_none());
    town.obeyed("reviewer", pull, "/unhold").await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn an_approval_with_remarks_is_an_approval_and_they_go_to_the_release_notes() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let nit = (
        "APPROVE",
        "Fine, but one day the greeting should be translated",
        "This line is a bit long",
    );
    town.remarked("reviewer", pull, nit).await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
    assert_eq!(town.commits(pull).await.len(), 1, "an approval asks for nothing");
    assert_eq!(town.our_reviews(pull).await, Vec::<String>::new());
    let release = town.release_of(issue).await;
    let body = town.pull(release).await["body"].as_str().unwrap().to_owned();
    for words in [
        "Open remarks of approving reviews:",
        "- reviewer on `01-greet-by-name`: Fine, but one day the greeting should be translated",
        "- reviewer on `01-greet-by-name`, `src/greet-by-name.rs`, line 1: This line is a bit long",
    ] {
        assert!(body.contains(words), "{words}\n{body}");
    }
    town.release(issue).await;
    town.complete(issue).await;
    let status = town.status(issue);
    assert!(status.contains("This line is a bit long"), "{status}");
    town.over().await;
}

#[tokio::test]
async fn an_open_conversation_that_the_rules_want_resolved_is_named_and_left_to_people() {
    for webhooks in [true, false] {
        let town = Town::new(Setting { webhooks, ..direct() }).await;
        let rule = json!({ "type": "pull_request", "parameters": {
            "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": false, "require_code_owner_review": false,
            "require_last_push_approval": false, "required_review_thread_resolution": true } });
        town.rules("main", &[rule]).await;
        let issue = town.begun("Greet", ONE).await;
        let pull = town.pull_of(issue, 1).await;
        town.remarked("reviewer", pull, ("COMMENT", "", "say whom")).await;
        town.settle().await;
        assert_eq!(town.commits(pull).await.len(), 2);
        town.review("reviewer", pull, "APPROVE", "good").await;
        town.settle().await;
        let (thread, node) = town.in_todo(|_, repo| {
            let thread = repo.threads_on(pull).next().unwrap();
            assert!(!thread.resolved(), "nobody's threads are resolved for them");
            let first = repo.review_comments.values().find(|c| c.thread == thread.id).unwrap().id.0;
            (first, millhand::sim::world::NodeRef::Thread(repo.id, thread.id).encode())
        });
        assert_eq!(town.pull(pull).await["merged"], false);
        let waits = town.waits(issue).await;
        assert!(waits[0].contains("GitHub refuses the merge"), "{waits:#?}");
        assert!(
            waits[0].contains(&format!("/acme/todo/pull/{pull}#discussion_r{thread}")),
            "{waits:#?}"
        );
        assert!(waits[0].contains("a writer resolves them, and Millhand merges"), "{waits:#?}");
        let status = town.status(issue);
        assert!(
            status.contains(&format!("http://127.0.0.1:3000/acme/todo/pull/{pull}#discussion_r{thread}")),
            "{status}"
        );
        let text = "mutation($thread: ID!) { resolveReviewThread(input: { threadId: $thread }) { thread { isResolved } } }";
        town.graphql("reviewer", json!({ "query": text, "variables": { "thread": node } }))
            .await;
        town.settle().await;
        assert_eq!(town.pull(pull).await["merged"], true, "{:#?}", town.waits(issue).await);
        town.complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn an_approval_that_commits_have_overtaken_is_void_and_that_is_shown() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    let branch = town.branch_of(issue, 1).await;
    town.obeyed("maintainer", pull, "/hold").await;
    town.review("reviewer", pull, "APPROVE", "good").await;
    town.settle().await;
    let old = town.pull(pull).await["head"]["sha"].as_str().unwrap()[..8].to_owned();
    let head = town
        .write(
            "maintainer",
            &branch,
            PATH,
            "/// Greets.\npub fn greet() -> &'static str {\n    \"hi\"\n}\n",
        )
        .await;
    town.settle().await;
    town.obeyed("maintainer", pull, "/unhold").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], false);
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains(&format!("(reviewer approved {old}, which has changed since.)")),
        "{waits:#?}"
    );
    let text = town.check_text(&head).await;
    assert!(
        text.contains(&format!(
            "reviewer approved `{old}`. The diff against the merge base has changed since"
        )),
        "{text}"
    );
    town.review("reviewer", pull, "APPROVE", "again").await;
    town.settle().await;
    assert_eq!(town.pull(pull).await["merged"], true);
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn an_approval_that_is_carried_over_our_own_update_shows_its_proof() {
    let town = Town::new(direct()).await;
    town.rules("main", &[checks_rule(&["test"], true)]).await;
    let issue = town.begun("Greet", "- greet by name\n- say goodbye\n").await;
    let (first, second) = (town.pull_of(issue, 1).await, town.pull_of(issue, 2).await);
    let old = town.pull(second).await["head"]["sha"].as_str().unwrap().to_owned();
    town.review("reviewer", second, "APPROVE", "good").await;
    town.review("reviewer", first, "APPROVE", "good").await;
    town.settle().await;
    let head = town.pull(second).await["head"]["sha"].as_str().unwrap().to_owned();
    assert_ne!(old, head, "it was brought up to date");
    let text = town.check_text(&head).await;
    let proof = format!(
        "reviewer approved `{}`. The head is `{}` now; the diff against the merge base is the same",
        &old[..8],
        &head[..8]
    );
    assert!(text.contains(&proof), "{proof}\n{text}");
    let link = format!("[compare](http://127.0.0.1:3000/acme/todo/compare/{old}...{head})");
    assert!(text.contains(&link), "{text}");
    town.comment("reviewer", issue, "/approve release").await;
    town.settle().await;
    town.complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn two_reviews_of_one_minute_get_one_commit_and_one_review_with_an_answer_in_each_thread() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let pull = town.pull_of(issue, 1).await;
    town.remarked("reviewer", pull, ("COMMENT", "two details", "say whom")).await;
    town.remarked("maintainer", pull, ("REQUEST_CHANGES", "one more", "say when"))
        .await;
    let before = town.notified().await;
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
        answers[0].contains("What maintainer and reviewer asked for is taken up in"),
        "{answers:#?}"
    );
    let threads = town.get(&format!("/repos/acme/todo/pulls/{pull}/comments")).await;
    let replies = threads
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["user"]["login"] == "millhand[bot]");
    assert_eq!(replies.count(), 2, "{threads:#}");
    let after = town.notified().await;
    assert_ne!(before, Value::Null);
    assert_eq!(
        after["reviews"].as_u64().map(|n| n - before["reviews"].as_u64().unwrap_or(0)),
        Some(1),
        "{before} {after}"
    );
    town.review("maintainer", pull, "APPROVE", "good").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}
