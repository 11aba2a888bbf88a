//! The states in which interference happens: a workflow that waits in each of them, all in one town.
//!
//! Invariant: each workflow is in its state before anything is done to it, or the town is not made.

use std::sync::Arc;

use axum::http::Method;
use futures_util::future::BoxFuture;
use millhand::llm::profile::{Profile, usual_tokens};
use millhand::llm::{Completion, Model, ModelError, Prompt, Usage};
use millhand::store::{Store as _, WorkflowFilter, WorkflowRow};
use millhand::workflow::command::Command;
use millhand::workflow::model::Workflow;
use millhand::workflow::settings::Settings;
use serde_json::{Value, json};

use crate::story::gestures::reviews_rule;
use crate::story::town::{Setting, Town};

/// Where a workflow waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A question is open.
    Discovery,
    /// No model gave a plan.
    Planning,
    /// The plan waits for its approval.
    HandoffToCoder,
    /// No model gave a change.
    Implementation,
    /// A protected change waits for its approval.
    HandoffToTester,
    /// A check does not end.
    Testing,
    /// The budget is used up before the verdict.
    HandoffToVerifier,
    /// A phase waits for its review.
    Verification,
    /// A phase waits for its review, and the work is paused.
    Paused,
    /// An approved phase is held.
    Held,
    /// The release waits for its approval.
    HandoffToReleaser,
    /// GitHub refuses the release's merge.
    Deployment,
    /// Done.
    Complete,
}

use Place::{
    Complete, Deployment, Discovery, HandoffToCoder, HandoffToReleaser, HandoffToTester, HandoffToVerifier, Held, Implementation,
    Paused, Planning, Testing, Verification,
};

/// All of them: the eleven states, the gate to the releaser once for a phase and once for the release, and a pause.
pub(super) const PLACES: [Place; 13] = [
    Discovery,
    Planning,
    HandoffToCoder,
    Implementation,
    HandoffToTester,
    Testing,
    HandoffToVerifier,
    Verification,
    Paused,
    Held,
    HandoffToReleaser,
    Deployment,
    Complete,
];

impl Place {
    /// What is to be built: the word tells the model and the settings where to stop.
    fn body(self) -> &'static str {
        match self {
            Discovery => "No list yet.",
            Planning => "- greet the planless\n",
            HandoffToCoder => "- greet the planned\n",
            Implementation => "- greet the unwritten\n",
            HandoffToTester => "- greet the guarded\n",
            Testing => "- greet the tested\n",
            HandoffToVerifier => "- greet the unverified\n",
            Verification => "- greet the reviewed\n",
            Paused => "- greet the paused\n",
            Held => "- greet the held\n",
            HandoffToReleaser => "- greet the releasable\n",
            Deployment => "- greet the deployed\n",
            Complete => "- greet the completed\n",
        }
    }

    /// State and headline wait there.
    pub(super) fn stands(self) -> (&'static str, &'static str) {
        match self {
            Discovery => ("discovery", "question"),
            Planning => ("planning", "model"),
            HandoffToCoder => ("handoff_to_coder", "plan_approval"),
            Implementation => ("implementation", "model"),
            HandoffToTester => ("handoff_to_tester", "protected_change"),
            Testing => ("testing", "ci"),
            HandoffToVerifier => ("handoff_to_verifier", "budget"),
            Verification => ("verification", "phase_review"),
            Paused => ("verification", "paused"),
            Held => ("handoff_to_releaser", "held"),
            HandoffToReleaser => ("handoff_to_releaser", "release_approval"),
            Deployment => ("deployment", "merge_refused"),
            Complete => ("complete", ""),
        }
    }

    /// Whether the plan was approved.
    fn begun(self) -> bool {
        self >= Implementation
    }

    /// Whether a pull request of ours is open, and whose merge the state is about.
    pub(super) fn has_pull(self) -> bool {
        (Testing..=Deployment).contains(&self)
    }

    /// Whether that pull request is the release's.
    pub(super) fn is_release(self) -> bool {
        matches!(self, HandoffToReleaser | Deployment)
    }
}

/// The town in which all of them wait, and their issues by place.
pub(super) struct Places {
    pub(super) town: Town,
    pub(super) issues: Vec<u64>,
}

impl Places {
    pub(super) fn issue(&self, place: Place) -> u64 {
        self.issues[place as usize]
    }

    /// Brings everybody to their place.
    pub(super) async fn new() -> Self {
        let town = Town::new(Setting {
            settings: Settings {
                protected_paths: vec!["src/greet-the-guarded.rs".to_owned()],
                ..Settings::default()
            },
            model: Some(Arc::new(Refusing(Profile::offline("large").connect()))),
            ..Setting::default()
        })
        .await;
        let mut issues = Vec::new();
        for place in PLACES {
            let issue = town.open_issue("maintainer", &format!("Be in {place:?}"), place.body()).await;
            town.label("maintainer", issue, "millhand").await;
            issues.push(issue);
        }
        let all = Self { town, issues };
        all.town.settle().await;
        all.build().await;
        all.town.settle().await;
        for place in PLACES {
            let row = row(&all.town, all.issue(place)).await;
            assert_eq!(
                stands(&all.town, &row),
                place.stands(),
                "{place:?}: {:#?}",
                view(&all.town, &row)["waits"]
            );
        }
        all.town.rest().await;
        all
    }

    async fn build(&self) {
        let town = &self.town;
        self.never_ending(&[Testing, HandoffToVerifier]).await;
        for place in PLACES.into_iter().filter(|place| place.begun()) {
            town.comment("maintainer", self.issue(place), "/approve plan").await;
        }
        town.settle().await;
        town.comment("maintainer", self.issue(Held), "/hold").await;
        town.comment("maintainer", self.issue(Paused), "/pause").await;
        self.spend(HandoffToVerifier).await;
        for place in [Held, HandoffToReleaser, Deployment, Complete] {
            let pull = town.pull_of(self.issue(place), 1).await;
            town.review("reviewer", pull, "APPROVE", "good").await;
        }
        town.settle().await;
        town.comment("reviewer", self.issue(Complete), "/approve release").await;
        town.settle().await;
        town.rules("main", &[reviews_rule(1)]).await;
        town.comment("reviewer", self.issue(Deployment), "/approve release").await;
        town.settle().await;
    }

    /// Checks of these do not end; all others succeed.
    async fn never_ending(&self, places: &[Place]) {
        self.town.switch("ci", json!({})).await;
        for place in places {
            let branch = format!("millhand/{}-*/*", self.issue(*place));
            self.town
                .switch("ci", json!({ "branch": branch, "conclusion": "never" }))
                .await;
        }
    }

    /// The budget ends while the checks run; then they succeed.
    async fn spend(&self, place: Place) {
        let (town, issue) = (&self.town, self.issue(place));
        let w = town.known(issue).await;
        let amount = w.cost.spent;
        town.command(issue, Command::Budget { amount }, "spent").await;
        self.never_ending(&[Testing]).await;
        let branch = town.branch_of(issue, 1).await;
        let runs = town.get(&format!("/repos/acme/todo/actions/runs?branch={branch}")).await;
        let run = runs["workflow_runs"][0]["id"].as_u64().expect("a run");
        town.must(
            "maintainer",
            Method::POST,
            &format!("/repos/acme/todo/actions/runs/{run}/cancel"),
            Value::Null,
        )
        .await;
        town.settle().await;
    }
}

/// The newest workflow of an issue, whatever its repository is called now.
pub(super) async fn row(town: &Town, issue: u64) -> WorkflowRow {
    let all = town
        .store()
        .workflows(WorkflowFilter {
            limit: 100,
            ..WorkflowFilter::default()
        })
        .await
        .unwrap();
    let of_issue = all.into_iter().filter(|row| row.issue == i64::try_from(issue).unwrap());
    of_issue.max_by_key(|row| row.round).expect("a workflow")
}

/// As the API shows it.
pub(super) fn view(town: &Town, row: &WorkflowRow) -> Value {
    use millhand::clock::Clock as _;
    millhand::engine::view::workflow(row, town.clock.now()).expect("it can be shown")
}

/// The state as the core has it.
pub(super) fn state(row: &WorkflowRow) -> Workflow {
    serde_json::from_str(&row.state).unwrap()
}

/// State and headline wait.
pub(super) fn stands(town: &Town, row: &WorkflowRow) -> (&'static str, &'static str) {
    let view = view(town, row);
    let known = |word: &str| -> &'static str {
        let all = PLACES.iter().flat_map(|p| [p.stands().0, p.stands().1]);
        all.into_iter().find(|known| *known == word).unwrap_or("something else")
    };
    (
        known(view["state"].as_str().unwrap_or_default()),
        known(view["waiting_for"]["what"].as_str().unwrap_or_default()),
    )
}

/// The offline model, but for a plan and a change that it does not give.
#[derive(Debug)]
struct Refusing(Arc<dyn Model>);

impl Model for Refusing {
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>> {
        let task = prompt.task.name();
        let stops = (task == "plan" && prompt.user.contains("greet the planless"))
            || (task == "write" && prompt.user.contains("greet the unwritten"));
        if !stops {
            return self.0.complete(prompt);
        }
        let usage = Usage {
            input_tokens: usual_tokens(&prompt.user),
            output_tokens: 0,
        };
        Box::pin(async move {
            Ok(Completion {
                text: String::new(),
                usage,
            })
        })
    }
}
