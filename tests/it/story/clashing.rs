//! A branch that clashes with its base: the writer settles it, and people look at it again; what it cannot settle is for them.
//!
//! Invariant: what people wrote stands in what is merged.

use axum::http::Method;
use futures_util::future::BoxFuture;
use millhand::llm::profile::Profile;
use millhand::llm::task::{Reason, Task};
use millhand::llm::{Completion, Model, ModelError, Prompt};
use millhand::workflow::model::{Workflow, WriteReason};
use millhand::workflow::settings::Settings;
use millhand::workflow::state::State;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use super::line::Mishap;
use super::scenes::ONE;
use super::town::{Setting, Town};

const GREET: &str = "src/greet-by-name.rs";
const THEIRS: &str = "// A person's own version.\n";

/// The offline model, which remembers what it was shown of conflicts, and says what it is told to say about them.
#[derive(Debug)]
struct Shown {
    good: Arc<dyn Model>,
    conflicts: Mutex<Vec<Vec<String>>>,
    answers: Mutex<Vec<String>>,
    /// A file that every phase writes besides its own.
    shared: Option<&'static str>,
}

impl Shown {
    fn new(answers: &[Value]) -> Arc<Self> {
        Arc::new(Self {
            good: Profile::offline("large").connect(),
            conflicts: Mutex::default(),
            answers: Mutex::new(answers.iter().map(Value::to_string).collect()),
            shared: None,
        })
    }
}

impl Shown {
    /// Three answers of no use, which is as often as it is asked.
    fn speechless() -> Arc<Self> {
        Self::new(&[json!("?"), json!("?"), json!("?")])
    }
}

impl Model for Shown {
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>> {
        let (mut said, mut also) = (None, None);
        if let Task::Write {
            phase: Some(phase),
            reason: Reason::First,
            ..
        } = &prompt.task
        {
            also = self
                .shared
                .map(|path| json!({ "path": path, "content": format!("{}\n", phase.title) }));
        }
        if let Task::Write {
            reason: Reason::Conflict { files, .. },
            ..
        } = &prompt.task
        {
            let texts = files.iter().map(|file| file.text.clone()).collect();
            self.conflicts.lock().unwrap().push(texts);
            let mut answers = self.answers.lock().unwrap();
            said = (!answers.is_empty()).then(|| answers.remove(0));
        }
        Box::pin(async move {
            let mut done = self.good.complete(prompt).await?;
            if let Some(said) = said {
                done.text = said;
            }
            if let Some(file) = also {
                let mut set: Value = serde_json::from_str(&done.text).unwrap();
                set["files"].as_array_mut().unwrap().push(file);
                done.text = set.to_string();
            }
            Ok(done)
        })
    }
}

async fn town_with(model: &Arc<Shown>, settings: Settings) -> Town {
    Town::new(Setting {
        model: Some(Arc::clone(model) as Arc<dyn Model>),
        settings,
        ..Setting::default()
    })
    .await
}

impl Town {
    /// One phase that waits for its review, while its base has a file of it in a person's version.
    async fn clashing(&self) -> u64 {
        let issue = self.begun("Greet", ONE).await;
        let base = self.integration_of(issue).await;
        self.write("maintainer", &base, GREET, THEIRS).await;
        self.settle().await;
        issue
    }

    async fn integration_of(&self, issue: u64) -> String {
        self.known(issue).await.work_branch()
    }

    async fn approved(&self, issue: u64) {
        let pull = self.pull_of(issue, 1).await;
        self.review("reviewer", pull, "APPROVE", "good").await;
        self.settle().await;
    }

    /// The reviewer approves, and the writer says nothing of use about the conflict.
    async fn stuck(&self, issue: u64) {
        self.approved(issue).await;
        assert!(settling(&self.known(issue).await), "{:#?}", self.waits(issue).await);
        let waits = self.waits(issue).await;
        assert!(waits[0].contains("No model gave a usable answer"), "{waits:#?}");
    }

    /// Parents of a branch's head.
    async fn parents(&self, branch: &str) -> Vec<String> {
        let found = self.get(&format!("/repos/acme/todo/commits/{branch}")).await;
        let parents = found["parents"].as_array().unwrap();
        parents.iter().map(|p| p["sha"].as_str().unwrap().to_owned()).collect()
    }

    async fn tip(&self, branch: &str) -> String {
        let found = self.get(&format!("/repos/acme/todo/branches/{branch}")).await;
        found["commit"]["sha"].as_str().unwrap().to_owned()
    }

    /// Whether a person is told of a conflict.
    async fn conflict_told(&self, issue: u64) -> bool {
        self.waits(issue)
            .await
            .iter()
            .any(|wait| wait.contains("conflicts with its base"))
    }
}

fn settling(w: &Workflow) -> bool {
    w.phases
        .values()
        .any(|p| p.state == State::Implementation && p.track.reason == WriteReason::Conflict)
}

#[tokio::test]
async fn a_conflict_is_settled_by_the_writer_and_reviewed_again() {
    let model = Shown::new(&[]);
    let town = town_with(&model, Settings::default()).await;
    let issue = town.clashing().await;
    let (branch, base) = (town.branch_of(issue, 1).await, town.integration_of(issue).await);
    let before = [town.tip(&branch).await, town.tip(&base).await];
    town.approved(issue).await;
    assert_eq!(town.parents(&branch).await, before, "one merge of ours, and nothing forced");
    let text = town.file(&branch, GREET).await.unwrap();
    assert!(
        text.contains("A person's own version") && text.contains("greet by name"),
        "{text}"
    );
    assert!(!text.contains("<<<<<<<"), "{text}");
    let shown = model.conflicts.lock().unwrap().clone();
    assert_eq!(shown.len(), 1);
    assert!(
        shown[0][0].contains(&format!("<<<<<<< {branch}")) && shown[0][0].contains(&format!(">>>>>>> {base}")),
        "{shown:?}"
    );
    let w = town.known(issue).await;
    let phase = w.phases.values().next().unwrap();
    assert_eq!((phase.state, phase.track.attempts.conflict), (State::Verification, 1));
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("to review pull request"),
        "what was approved was another patch: {waits:#?}"
    );
    town.until_complete(issue).await;
    assert!(town.file("main", GREET).await.unwrap().contains("A person's own version"));
    town.over().await;
}

#[tokio::test]
async fn a_release_that_clashes_with_the_default_branch_is_settled() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    town.approve_phases(issue).await;
    town.write("maintainer", "main", GREET, THEIRS).await;
    town.settle().await;
    town.release(issue).await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("/approve release"), "it is another release now: {waits:#?}");
    town.release(issue).await;
    town.complete(issue).await;
    let text = town.file("main", GREET).await.unwrap();
    assert!(
        text.contains("A person's own version") && text.contains("greet by name"),
        "{text}"
    );
    town.over().await;
}

#[tokio::test]
async fn a_push_by_a_person_while_it_is_settled_is_never_written_over() {
    let model = Shown::speechless();
    let town = town_with(&model, Settings::default()).await;
    let issue = town.clashing().await;
    town.stuck(issue).await;
    let branch = town.branch_of(issue, 1).await;
    let text = town.file(&branch, GREET).await.unwrap();
    let pushed = town.write("reviewer", &branch, GREET, &format!("// Mine.\n{text}")).await;
    town.settle().await;
    let parents = town.parents(&branch).await;
    assert_eq!(parents[0], pushed, "it is settled on top of what the person did");
    let text = town.file(&branch, GREET).await.unwrap();
    assert!(text.contains("// Mine.") && text.contains("A person's own version"), "{text}");
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn a_person_who_settles_it_first_is_not_in_the_writers_way() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            model: Some(Shown::speechless()),
            ..Setting::default()
        })
        .await;
        let issue = town.clashing().await;
        town.stuck(issue).await;
        let (branch, base) = (town.branch_of(issue, 1).await, town.integration_of(issue).await);
        settle_by_hand(&town, &branch, &base).await;
        town.settle().await;
        assert!(!settling(&town.known(issue).await), "{:#?}", town.waits(issue).await);
        assert_eq!(town.file(&branch, GREET).await.unwrap(), "// Settled by hand.\n");
        town.until_complete(issue).await;
        assert_eq!(town.file("main", GREET).await.unwrap(), "// Settled by hand.\n");
        town.over().await;
    }
}

/// A merge by a person, with both heads as parents.
async fn settle_by_hand(town: &Town, branch: &str, base: &str) {
    let (ours, theirs) = (town.tip(branch).await, town.tip(base).await);
    let tree = town.get(&format!("/repos/acme/todo/git/commits/{ours}")).await["tree"]["sha"].clone();
    let entry = json!([{ "path": GREET, "mode": "100644", "type": "blob", "content": "// Settled by hand.\n" }]);
    let tree = town
        .must(
            "reviewer",
            Method::POST,
            "/repos/acme/todo/git/trees",
            json!({ "base_tree": tree, "tree": entry }),
        )
        .await["sha"]
        .clone();
    let commit = json!({ "message": "Settle it by hand", "tree": tree, "parents": [ours, theirs] });
    let made = town
        .must("reviewer", Method::POST, "/repos/acme/todo/git/commits", commit)
        .await["sha"]
        .clone();
    let place = format!("/repos/acme/todo/git/refs/heads/{branch}");
    town.must("reviewer", Method::PATCH, &place, json!({ "sha": made })).await;
}

#[tokio::test]
async fn after_as_many_conflicts_as_attempts_a_person_is_asked() {
    let mut settings = Settings::default();
    settings.limits.attempts = 1;
    let town = Town::new(Setting {
        settings,
        ..Setting::default()
    })
    .await;
    let issue = town.clashing().await;
    town.approved(issue).await;
    let (branch, base) = (town.branch_of(issue, 1).await, town.integration_of(issue).await);
    town.write("maintainer", &base, GREET, "// Another version.\n").await;
    town.settle().await;
    town.approved(issue).await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("conflicts with its base") && waits[0].contains(GREET),
        "{waits:#?}"
    );
    assert!(waits[0].contains("merge the base into the branch"), "{waits:#?}");
    assert!(!town.file(&branch, GREET).await.unwrap().contains("Another version"));
    town.comment("reviewer", issue, "/retry 1").await;
    town.settle().await;
    assert!(
        town.file(&branch, GREET).await.unwrap().contains("Another version"),
        "a person's word begins the count anew"
    );
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn an_answer_that_does_not_settle_it_is_asked_for_again() {
    let (missing, stray) = (
        json!({ "summary": "s", "replies": [], "files": [{ "path": "src/other.rs", "content": "// x\n" }] }),
        json!({ "summary": "s", "replies": [], "files": [
            { "path": GREET, "content": "// both\n" }, { "path": "docs/base.md", "content": "mine\n" },
        ] }),
    );
    let model = Shown::new(&[missing, stray]);
    let town = town_with(&model, Settings::default()).await;
    let issue = town.clashing().await;
    let base = town.integration_of(issue).await;
    town.write("maintainer", &base, "docs/base.md", "theirs\n").await;
    town.settle().await;
    town.approved(issue).await;
    assert_eq!(model.conflicts.lock().unwrap().len(), 3);
    let branch = town.branch_of(issue, 1).await;
    assert_eq!(town.file(&branch, "docs/base.md").await.unwrap(), "theirs\n");
    assert!(town.file(&branch, "src/other.rs").await.is_none());
    assert!(town.file(&branch, GREET).await.unwrap().contains("A person's own version"));
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn what_the_writer_cannot_settle_is_for_a_person_and_no_reason_to_plan_anew() {
    let cannot = json!({ "summary": "s", "replies": [], "files": [], "cannot": "the two contradict each other" });
    let model = Shown::new(&[cannot]);
    let town = town_with(&model, Settings::default()).await;
    let issue = town.clashing().await;
    town.approved(issue).await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("the two contradict each other") && waits[0].contains("merge the base"),
        "{waits:#?}"
    );
    let (branch, base) = (town.branch_of(issue, 1).await, town.integration_of(issue).await);
    settle_by_hand(&town, &branch, &base).await;
    town.settle().await;
    assert!(!town.conflict_told(issue).await, "{:#?}", town.waits(issue).await);
    town.until_complete(issue).await;
    assert_eq!(town.file("main", GREET).await.unwrap(), "// Settled by hand.\n");
    assert_eq!(town.known(issue).await.plan_versions, 1);
    town.over().await;
}

#[tokio::test]
async fn a_file_that_the_base_deleted_is_shown_as_the_branch_has_it() {
    let model = Shown::new(&[]);
    let town = town_with(&model, Settings::default()).await;
    // The plan changes a page that stands on main already.
    let issue = town.begun("Greet", ONE).await;
    let (branch, base) = (town.branch_of(issue, 1).await, town.integration_of(issue).await);
    let readme = town.file(&branch, "README.md").await.unwrap();
    town.write("reviewer", &branch, "README.md", &format!("{readme}\nMore.\n"))
        .await;
    town.settle().await;
    town.delete("maintainer", &base, "README.md").await;
    town.settle().await;
    town.approved(issue).await;
    let shown = model.conflicts.lock().unwrap().clone();
    assert_eq!(shown.len(), 1, "{:#?}", town.waits(issue).await);
    assert!(shown[0][0].ends_with("More.\n") && !shown[0][0].contains("<<<<"), "{shown:?}");
    assert!(town.file(&branch, "README.md").await.unwrap().ends_with("More.\n"));
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn no_conflict_is_settled_twice_whatever_is_lost() {
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
        let town = Town::new(Setting::default()).await;
        let issue = town.clashing().await;
        let (branch, base) = (town.branch_of(issue, 1).await, town.integration_of(issue).await);
        let before = [town.tip(&branch).await, town.tip(&base).await];
        town.line.befall(mishap, changes);
        town.approved(issue).await;
        assert_eq!(town.parents(&branch).await, before, "{mishap:?}");
        assert!(!town.line.befallen().is_empty(), "something was lost");
        town.line.calm();
        town.until_complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn siblings_that_write_the_same_file_are_put_together() {
    let model = Arc::new(Shown {
        shared: Some("docs/shared.md"),
        good: Profile::offline("large").connect(),
        conflicts: Mutex::default(),
        answers: Mutex::default(),
    });
    let town = town_with(&model, Settings::default()).await;
    let issue = town.begun("Greet", "- greet by name\n- say goodbye\n").await;
    town.approve_phases(issue).await;
    let shown = model.conflicts.lock().unwrap().len();
    assert_eq!(shown, 1, "{:#?}", town.waits(issue).await);
    town.release(issue).await;
    town.complete(issue).await;
    let text = town.file("main", "docs/shared.md").await.unwrap();
    assert!(text.contains("greet by name") && text.contains("say goodbye"), "{text}");
    town.over().await;
}
