//! Reviewers who want a revert changed: the writer does it or says why not, and who objected looks again before a person
//! merges.
//!
//! Invariant: nothing that takes a release back is planned anew.

use axum::http::Method;
use futures_util::future::BoxFuture;
use millhand::llm::profile::Profile;
use millhand::llm::task::Task;
use millhand::llm::{Completion, Model, ModelError, Prompt};
use millhand::workflow::model::{End, Workflow};
use millhand::workflow::state::{Baton, State};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use super::scenes::ONE;
use super::town::{Setting, Town};

/// The offline model, which answers as it is told where it is to write what concerns no phase.
#[derive(Debug)]
struct Told {
    good: Arc<dyn Model>,
    answers: Mutex<Vec<Value>>,
}

impl Model for Told {
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>> {
        let whole = matches!(prompt.task, Task::Write { phase: None, .. });
        let mut answers = self.answers.lock().unwrap();
        let told = (whole && !answers.is_empty()).then(|| answers.remove(0));
        drop(answers);
        Box::pin(async move {
            let mut done = self.good.complete(prompt).await?;
            if let Some(told) = told {
                done.text = told.to_string();
            }
            Ok(done)
        })
    }
}

fn cannot() -> Value {
    json!({ "summary": "s", "replies": [], "files": [], "cannot": "it is all gone" })
}

fn reasons() -> Value {
    let file = json!({ "path": "WHY.md", "content": "It was too loud.\n" });
    json!({ "summary": "Say why", "replies": [], "files": [file], "cannot": null })
}

async fn town(answers: &[Value], webhooks: bool) -> Town {
    let model = Told {
        good: Profile::offline("large").connect(),
        answers: Mutex::new(answers.to_vec()),
    };
    Town::new(Setting {
        model: Some(Arc::new(model)),
        webhooks,
        ..Setting::default()
    })
    .await
}

impl Town {
    /// What was released is being taken back, and a reviewer wants the revert changed.
    async fn objected(&self) -> (u64, u64) {
        let issue = self.begun("Greet people", ONE).await;
        self.approve_phases(issue).await;
        self.release(issue).await;
        self.complete(issue).await;
        self.comment("maintainer", issue, "/rollback all").await;
        self.settle().await;
        self.comment("maintainer", issue, "/approve rollback").await;
        self.settle().await;
        self.said_anywhere();
        let pull = self.known(issue).await.release.pull.expect("a revert is open").number;
        self.review("reviewer", pull, "REQUEST_CHANGES", "say why in a file").await;
        self.settle().await;
        (issue, pull)
    }

    async fn revert_is_merged(&self, issue: u64, pull: u64) {
        assert!(self.said_once(pull).contains("What reviewer asked for is taken up in"));
        let path = format!("/repos/acme/todo/pulls/{pull}/merge");
        self.must("maintainer", Method::PUT, &path, json!({})).await;
        self.settle().await;
        let w = self.known(issue).await;
        assert_eq!(w.ended, Some(End::RolledBack), "{:?}", self.waits(issue).await);
    }
}

fn lies_in(w: &Workflow, state: State) -> bool {
    w.baton == Baton::Whole(state)
}

#[tokio::test]
async fn who_wanted_a_revert_changed_looks_again_before_it_is_merged() {
    for webhooks in [true, false] {
        let town = town(&[reasons()], webhooks).await;
        let (issue, pull) = town.objected().await;
        let w = town.known(issue).await;
        assert!(
            lies_in(&w, State::HandoffToReleaser),
            "{:?} {:#?}",
            w.baton,
            town.waits(issue).await
        );
        let waits = town.waits(issue).await;
        assert!(
            waits[0].contains(&format!("Pull request #{pull} takes back the release"))
                && waits[0].contains("It waits for reviewer to look at it again"),
            "{waits:#?}"
        );
        town.review("reviewer", pull, "APPROVE", "thank you").await;
        town.settle().await;
        assert!(lies_in(&town.known(issue).await, State::Deployment));
        let waits = town.waits(issue).await;
        assert!(waits[0].contains("Somebody with write access merges it"), "{waits:#?}");
        town.revert_is_merged(issue, pull).await;
        town.finish().await;
    }
}

#[tokio::test]
async fn what_the_writer_cannot_change_in_a_revert_is_for_a_person() {
    let town = town(&[cannot(), reasons()], true).await;
    let (issue, pull) = town.objected().await;
    let w = town.known(issue).await;
    assert!(lies_in(&w, State::Implementation), "{:?}", w.baton);
    assert_eq!(w.plan_versions, 1);
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("the code writer says that it cannot be done: it is all gone")
            && waits[0].contains("`/retry` asks again"),
        "{waits:#?}"
    );
    town.said_anywhere();
    town.comment("maintainer", issue, "/retry -- a file WHY.md is enough").await;
    town.settle().await;
    assert!(
        lies_in(&town.known(issue).await, State::HandoffToReleaser),
        "{:?}",
        town.waits(issue).await
    );
    town.revert_is_merged(issue, pull).await;
    town.finish().await;
}
