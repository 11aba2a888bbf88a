//! Models: hostile answers become typed errors, the offline model answers every task, and what it writes compiles.

mod hostile;
mod offline;
mod prompts;
mod repair;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use millhand::llm::answer::{self, Answer};
use millhand::llm::profile::Profile;
use millhand::llm::prompt::{EnvelopeKey, render};
use millhand::llm::task::{IssueText, Reason, RepositoryView, SourceFile, Task};
use millhand::llm::{Completion, Prompt};
use millhand::workflow::answer::{ChangeSet, PlanDraft, Requirements};
use millhand::workflow::plan::{Plan, PlanBounds, PlannedPhase};

/// The demo's issue.
const DEMO: &str = "Let todo read, rank and list its items";

/// A repository laid out for the offline model's Rust.
const RUST: [&str; 4] = [".github/workflows/ci.yml", "ci.sh", "src/item.rs", "tests/item.rs"];

/// What the demo's repository has of an item already.
const ITEM: &str = include_str!("models/item.rs.txt");

const BOUNDS: PlanBounds = PlanBounds {
    phases_max: 6,
    files_max: 25,
    last_number: 0,
};

fn prompt(task: &Task) -> Prompt {
    render(
        task,
        &EnvelopeKey::new(b"a secret of the operator"),
        &Profile::offline("large"),
    )
    .unwrap()
}

fn complete(task: &Task) -> Completion {
    let model = Profile::offline("large").connect();
    futures_util::future::FutureExt::now_or_never(model.complete(prompt(task)))
        .unwrap()
        .unwrap()
}

/// Asks the offline model as the engine would, and checks what holds for each of its answers.
fn ask(task: &Task) -> Answer {
    let first = complete(task);
    assert_eq!(complete(task), first, "the same prompt gives the same answer");
    assert!(
        first.text.contains("ffline model"),
        "it says that it is offline: {}",
        first.text
    );
    let profile = Profile::offline("large");
    assert!(
        profile.price(first.usage) <= profile.worst_price(&prompt(task)),
        "the reserve holds"
    );
    answer::read(&prompt(task).task, &first.text).unwrap()
}

fn issue(title: &str, body: &str) -> IssueText {
    IssueText {
        number: 1,
        title: title.to_owned(),
        body: body.to_owned(),
        author: "maintainer".to_owned(),
    }
}

fn repository(paths: &[&str]) -> RepositoryView {
    RepositoryView {
        name: "acme/todo".to_owned(),
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        truncated: false,
    }
}

fn requirements_task(title: &str, body: &str, paths: &[&str]) -> Task {
    Task::Requirements {
        issue: issue(title, body),
        answers: Vec::new(),
        repository: repository(paths),
    }
}

fn requirements(title: &str, body: &str, paths: &[&str]) -> Requirements {
    let Answer::Requirements(answer) = ask(&requirements_task(title, body, paths)) else {
        panic!("requirements")
    };
    answer
}

fn plan_task(title: &str, body: &str, paths: &[&str]) -> Task {
    Task::Plan {
        issue: issue(title, body),
        requirements: Requirements {
            summary: "s".to_owned(),
            criteria: vec!["c".to_owned()],
            questions: Vec::new(),
        },
        answers: Vec::new(),
        repository: repository(paths),
        phases_max: BOUNDS.phases_max,
        revisions: Vec::new(),
        merged: Vec::new(),
    }
}

fn draft(task: &Task) -> PlanDraft {
    let Answer::Plan(answer) = ask(task) else { panic!("a plan") };
    answer
}

fn plan(title: &str, body: &str, paths: &[&str]) -> Plan {
    Plan::check(draft(&plan_task(title, body, paths)), BOUNDS).unwrap()
}

fn write_task(title: &str, plan: &Plan, phase: &PlannedPhase, reason: Reason) -> Task {
    Task::Write {
        title: title.to_owned(),
        plan: plan.clone(),
        phase: Some(phase.clone()),
        repository: repository(&RUST),
        files: Vec::new(),
        reason,
        hints: Vec::new(),
    }
}

fn change(task: &Task) -> ChangeSet {
    let Answer::Change(answer) = ask(task) else {
        panic!("a change set")
    };
    answer
}

/// A repository's files as they grow.
struct Tree(BTreeMap<String, String>);

impl Default for Tree {
    fn default() -> Self {
        Self([("src/item.rs".to_owned(), ITEM.to_owned())].into())
    }
}

impl Tree {
    fn apply(&mut self, change: &ChangeSet) {
        assert_eq!(change.cannot, None);
        for file in &change.files {
            match &file.content {
                Some(content) => self.0.insert(file.path.clone(), content.clone()),
                None => self.0.remove(&file.path),
            };
        }
    }

    fn of(&self, phase: &PlannedPhase) -> Vec<SourceFile> {
        let files = phase.files.iter().filter_map(|path| Some((path, self.0.get(path)?)));
        files
            .map(|(path, content)| SourceFile {
                path: path.clone(),
                content: content.clone(),
            })
            .collect()
    }

    /// Compiles and runs every file of `tests` like the repository's CI, warnings denied: what was printed, if it failed.
    fn check(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in &self.0 {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let tests = self.0.keys().filter(|path| path.starts_with("tests/"));
        let failed: Vec<String> = tests.filter_map(|path| run(folder.path(), path).err()).collect();
        if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
    }
}

fn run(folder: &Path, test: &str) -> Result<(), String> {
    let output = |command: &mut Command| {
        let output = command.current_dir(folder).output().unwrap();
        let text = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .concat();
        if output.status.success() { Ok(()) } else { Err(text) }
    };
    output(Command::new("rustc").args(["--edition", "2021", "-D", "warnings", "--test", test, "-o", "run"]))?;
    output(Command::new(folder.join("run")).env("RUST_BACKTRACE", "0"))
}
