//! Models that cannot be trusted: answers that are empty, cut off, of another form, endless; calls that break off; money that
//! runs out while code is written.
//!
//! Invariant: every call is booked, a broken answer is asked for again twice and never acted upon, and a person is told once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use millhand::llm::profile::{Profile, usual_tokens};
use millhand::llm::{Completion, Model, ModelError, Prompt, Usage};
use millhand::store::{CallRow, Store as _};
use millhand::workflow::ids::MicroUsd;
use millhand::workflow::state::State;
use tokio::sync::Notify;

use super::scenes::ONE;
use super::town::{Setting, Town};

/// What a model does instead of answering well.
#[derive(Clone, Debug)]
enum Whim {
    /// Says this.
    Says(String),
    /// Stops in the middle of what would have been a good answer.
    Breaks,
    /// Fails like this.
    Fails(ModelError),
    /// Never ends.
    Hangs,
}

/// The offline model with whims: so many calls of a task go wrong, the others are answered.
#[derive(Debug)]
struct Whimsical {
    good: Arc<dyn Model>,
    whims: Mutex<BTreeMap<&'static str, Vec<Whim>>>,
    hangs: Notify,
}

impl Whimsical {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            good: Profile::offline("large").connect(),
            whims: Mutex::default(),
            hangs: Notify::new(),
        })
    }

    /// The next calls of this task go like this.
    fn whims(&self, task: &'static str, whims: Vec<Whim>) {
        self.whims.lock().unwrap().insert(task, whims);
    }
}

impl Model for Whimsical {
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>> {
        let mut whims = self.whims.lock().unwrap();
        let whim = whims
            .get_mut(prompt.task.name())
            .filter(|left| !left.is_empty())
            .map(|left| left.remove(0));
        let most = u64::from(prompt.max_output_tokens);
        Box::pin(async move {
            let said = |text: String, input_tokens| {
                let output_tokens = usual_tokens(&text).min(most);
                Completion {
                    text,
                    usage: Usage {
                        input_tokens,
                        output_tokens,
                    },
                }
            };
            let read = usual_tokens(&prompt.user);
            match whim {
                None => self.good.complete(prompt).await,
                Some(Whim::Says(text)) => Ok(said(text, read)),
                Some(Whim::Breaks) => {
                    let good = self.good.complete(prompt).await?;
                    Ok(said(good.text[..good.text.len() / 2].to_owned(), read))
                }
                Some(Whim::Fails(error)) => Err(error),
                Some(Whim::Hangs) => {
                    self.hangs.notify_one();
                    std::future::pending().await
                }
            }
        })
    }
}

async fn town(model: &Arc<Whimsical>) -> Town {
    Town::new(Setting {
        model: Some(Arc::clone(model) as Arc<dyn Model>),
        ..Setting::default()
    })
    .await
}

impl Town {
    async fn calls(&self, issue: u64, task: &str) -> Vec<CallRow> {
        let all = self.store().calls(self.known(issue).await.id.clone()).await.unwrap();
        all.into_iter().filter(|call| call.task == task).collect()
    }

    /// What was spent is what the calls cost.
    async fn booked(&self, issue: u64) -> MicroUsd {
        let w = self.known(issue).await;
        let calls = self.store().calls(w.id.clone()).await.unwrap();
        let sum = calls.iter().map(|c| c.cost_microusd).sum();
        assert_eq!(w.cost.spent, MicroUsd(sum));
        assert!(calls.iter().all(|c| c.status != "reserved"), "{calls:#?}");
        MicroUsd(sum)
    }
}

#[tokio::test]
async fn broken_answers_are_asked_for_again_twice_and_then_a_person_is_told() {
    let model = Whimsical::new();
    let town = town(&model).await;
    let kinds = [
        ("empty", Whim::Says(String::new())),
        ("cut off", Whim::Breaks),
        (
            "of another form",
            Whim::Says("{\"tool_calls\":[{\"name\":\"merge\"}]}".to_owned()),
        ),
        ("endless", Whim::Says("x".repeat(10_000_000))),
    ];
    for (kind, whim) in kinds {
        model.whims("write", vec![whim; 3]);
        // Asked in the same words, the answer of the issue before would do.
        let issue = town.begun("Greet", &format!("- greet when it is {kind}\n")).await;
        let waits = town.waits(issue).await;
        assert_eq!(waits.len(), 1, "{kind}: {waits:#?}");
        let phase = town.known(issue).await.phases.values().next().unwrap().plan.id.clone();
        let because = format!("hase `{phase}`: the large model's answer does not hold (the answer");
        assert!(
            waits[0].starts_with("No model gave a usable answer for ") && waits[0].contains(&because),
            "{kind}: {}",
            waits[0]
        );
        assert!(waits[0].len() < 400, "{kind}: {}", waits[0]);
        assert!(
            waits[0].ends_with(&format!("`/retry {phase}` asks again.")),
            "{kind}: {}",
            waits[0]
        );
        let calls = town.calls(issue, "write").await;
        assert_eq!(calls.len(), 3, "{kind}");
        for call in &calls {
            assert!(
                call.cost_microusd > 0 && call.cost_microusd <= call.reserved_microusd,
                "{kind}: {call:?}"
            );
        }
        let spent = town.booked(issue).await;
        let said = town.said_anywhere();
        let told = said.iter().filter(|(_, text)| text.contains("No model gave")).count();
        assert_eq!(told, 1, "{kind}: {said:#?}");

        town.comment("maintainer", issue, "/retry 1").await;
        town.settle().await;
        assert_eq!(town.commits(town.pull_of(issue, 1).await).await.len(), 1, "{kind}");
        assert!(town.booked(issue).await > spent);
        if kind == "endless" {
            town.until_complete(issue).await;
        }
    }
    town.over().await;
}

#[tokio::test]
async fn one_broken_answer_to_everything_changes_nothing_but_the_cost() {
    let model = Whimsical::new();
    let town = town(&model).await;
    for task in ["requirements", "plan", "write", "verify", "release_notes"] {
        model.whims(task, vec![Whim::Breaks]);
    }
    let issue = town.begun("Greet", ONE).await;
    town.until_complete(issue).await;
    for task in ["requirements", "plan", "write", "verify"] {
        assert!(town.calls(issue, task).await.len() >= 2, "{task}");
    }
    assert!(model.whims.lock().unwrap().values().all(Vec::is_empty), "{model:?}");
    town.booked(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_model_that_is_away_is_asked_again_by_itself() {
    let model = Whimsical::new();
    let town = town(&model).await;
    let issue = town.labelled("Greet", ONE).await;
    model.whims(
        "write",
        vec![Whim::Fails(ModelError::Overloaded), Whim::Fails(ModelError::Timeout)],
    );
    town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    let calls = town.calls(issue, "write").await;
    assert_eq!(calls.len(), 3);
    // Nothing came of either; but a call that broke off may have been billed.
    assert_eq!(calls[0].cost_microusd, 0);
    assert_eq!(calls[1].cost_microusd, calls[1].reserved_microusd);
    town.booked(issue).await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_model_that_refuses_is_told_to_a_person() {
    let model = Whimsical::new();
    let town = town(&model).await;
    model.whims("plan", vec![Whim::Fails(ModelError::Refused("not this".to_owned()))]);
    let issue = town.labelled("Greet", ONE).await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("the model refused to answer: not this") && waits[0].ends_with("`/retry` asks again."),
        "{waits:#?}"
    );
    town.comment("maintainer", issue, "/retry").await;
    town.settle().await;
    town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.booked(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_call_whose_process_died_is_booked_at_its_worst() {
    let model = Whimsical::new();
    let town = town(&model).await;
    let issue = town.labelled("Greet", ONE).await;
    model.whims("write", vec![Whim::Hangs]);
    town.comment("maintainer", issue, "/approve").await;
    let dies = async {
        model.hangs.notified().await;
        town.line.kill();
    };
    tokio::join!(town.settle(), dies);
    let calls = town.calls(issue, "write").await;
    assert_eq!(calls.len(), 2, "{calls:#?}");
    assert_eq!(
        (calls[0].status.as_str(), calls[0].cost_microusd),
        ("lost", calls[0].reserved_microusd)
    );
    assert_eq!(calls[1].status, "settled");
    town.booked(issue).await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn the_budget_is_reached_while_code_is_written() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", ONE).await;
    let spent = town.booked(issue).await;
    // Enough for what was done, not for the worst that the next call may cost.
    let cap = MicroUsd(spent.0 + 2_000);
    town.comment("maintainer", issue, &format!("/budget 0.{:06}", cap.0)).await;
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(waits[0].starts_with("The budget is used up:"), "{waits:#?}");
    assert!(town.calls(issue, "write").await.is_empty(), "the cap holds before the call");
    assert!(town.booked(issue).await <= cap);
    let w = town.known(issue).await;
    assert!(matches!(
        w.phases.values().next().unwrap().state,
        State::HandoffToCoder | State::Implementation
    ));
    assert!(town.our_pulls().await.is_empty());

    town.comment("maintainer", issue, "/budget 5").await;
    town.settle().await;
    town.until_complete(issue).await;
    town.over().await;
}
