//! The house's habits: how files lie there, how people title their work, whether they sign it off.
//!
//! Invariant: what a repository does is read from it; no story tells the bot.

use std::sync::Arc;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use millhand::llm::profile::Profile;
use millhand::llm::{Completion, Model, ModelError, Prompt};
use serde_json::{Value, json};

use super::scenes::ONE;
use super::town::{Setting, Town};

/// The offline model, whose first change sets write further files too.
#[derive(Debug)]
struct Also {
    good: Arc<dyn Model>,
    files: Vec<(&'static str, &'static str)>,
}

impl Model for Also {
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>> {
        Box::pin(async move {
            let writes = prompt.task.name() == "write";
            let mut done = self.good.complete(prompt).await?;
            if writes {
                let mut set: Value = serde_json::from_str(&done.text).unwrap();
                let files = set["files"].as_array_mut().unwrap();
                files.extend(self.files.iter().map(|(path, text)| json!({ "path": path, "content": text })));
                done.text = set.to_string();
            }
            Ok(done)
        })
    }
}

fn also(files: &[(&'static str, &'static str)]) -> Setting {
    Setting {
        model: Some(Arc::new(Also {
            good: Profile::offline("large").connect(),
            files: files.to_vec(),
        })),
        ..Setting::default()
    }
}

impl Town {
    /// The mode of a path on a branch, as git writes it.
    async fn mode(&self, branch: &str, path: &str) -> String {
        let tree = self.get(&format!("/repos/acme/todo/git/trees/{branch}?recursive=1")).await;
        let entries = tree["tree"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["path"] == path).unwrap();
        entry["mode"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_executable_file_that_is_rewritten_stays_executable() {
    const OLD: &str = "#!/bin/sh\nexit 1\n";
    const NEW: &str = "#!/bin/sh\nexit 0\n";
    let town = Town::new(also(&[("tools/run", NEW), ("tools/notes.md", "Notes\n")])).await;
    town.commit_entry("tools/run", "100755", OLD).await;
    town.write("maintainer", "main", "tools/notes.md", "Old notes\n").await;
    let issue = town.begun("Greet", ONE).await;
    town.until_complete(issue).await;
    assert_eq!(town.file("main", "tools/run").await.as_deref(), Some(NEW));
    assert_eq!(town.mode("main", "tools/run").await, "100755");
    assert_eq!(town.mode("main", "tools/notes.md").await, "100644");
    assert_eq!(town.mode("main", "src/greet-by-name.rs").await, "100644");
    town.over().await;
}

#[tokio::test]
async fn the_mode_is_that_of_the_commit_the_phase_is_put_on() {
    const NEW: &str = "#!/bin/sh\nexit 0\n";
    let town = Town::new(also(&[("tools/run", NEW)])).await;
    town.write("maintainer", "main", "tools/run", "#!/bin/sh\nexit 1\n").await;
    let issue = town.labelled("Greet", ONE).await;
    // After the survey, before the phase begins.
    town.commit_entry("tools/run", "100755", "#!/bin/sh\nexit 2\n").await;
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    town.until_complete(issue).await;
    assert_eq!(town.file("main", "tools/run").await.as_deref(), Some(NEW));
    assert_eq!(town.mode("main", "tools/run").await, "100755");
    town.over().await;
}

#[tokio::test]
async fn a_link_is_never_written_over() {
    let town = Town::new(also(&[("tools/current", "text\n")])).await;
    town.commit_entry("tools/current", "120000", "../ci.sh").await;
    let issue = town.begun("Greet", ONE).await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("There is a symbolic link"), "{waits:#?}");
    assert_eq!(town.mode("main", "tools/current").await, "120000");
    town.over().await;
}

impl Town {
    /// The maintainer commits on the default branch, with messages like these.
    async fn history(&self, messages: &[&str]) {
        for (number, message) in messages.iter().enumerate() {
            let path = format!("/repos/acme/todo/contents/notes/{number}.md");
            let body = json!({ "message": message, "content": STANDARD.encode(format!("{message}\n")), "branch": "main" });
            self.must("maintainer", Method::PUT, &path, body).await;
        }
    }

    /// Whole messages of the commits that a branch has and the default branch had not when the story began.
    async fn messages(&self, branch: &str, before: usize) -> Vec<String> {
        let list = self.get(&format!("/repos/acme/todo/commits?sha={branch}&per_page=100")).await;
        let all = list.as_array().unwrap();
        let message = |c: &Value| c["commit"]["message"].as_str().unwrap().to_owned();
        all.iter().take(all.len() - before).map(message).collect()
    }
}

#[tokio::test]
async fn titles_and_messages_follow_a_conventional_history() {
    let town = Town::new(Setting::default()).await;
    let history = [
        "feat: read items",
        "fix(parser): keep tabs",
        "docs: say how",
        "chore(deps): bump all",
        "ci: run",
    ];
    town.history(&history).await;
    let before = town.messages("main", 0).await.len();
    let issue = town.labelled("Greet", ONE).await;
    let plan = town.said_once(issue);
    for key in ["title", "commit"] {
        let row =
            format!("| `pull_requests.{key}` | `auto: Conventional Commits (5 of the last 7 commits of the default branch)` |");
        assert!(plan.contains(&row), "{row}\n{plan}");
    }
    assert!(plan.contains("pull_requests.sign_off: auto"), "{plan}");
    assert!(!plan.contains("pull_requests.title: auto"), "{plan}");
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    let pull = town.pull_of(issue, 1).await;
    assert_eq!(town.pull(pull).await["title"], "feat: greet by name");
    assert!(
        town.commits(pull).await.iter().all(|subject| subject.starts_with("feat: ")),
        "{:?}",
        town.commits(pull).await
    );
    // What is pushed later mends what was pushed before.
    town.review("reviewer", pull, "REQUEST_CHANGES", "Say hello twice.").await;
    town.settle().await;
    let subjects = town.commits(pull).await;
    assert!(subjects.last().unwrap().starts_with("fix: "), "{subjects:?}");
    town.approve_phases(issue).await;
    let release = town.release_of(issue).await;
    assert_eq!(town.pull(release).await["title"], "feat: greet");
    town.release(issue).await;
    town.complete(issue).await;
    let made = town.messages("main", before).await;
    let subjects: Vec<&str> = made.iter().map(|message| message.lines().next().unwrap()).collect();
    assert_eq!(
        subjects,
        [format!("feat: greet (#{release})"), format!("feat: greet by name (#{pull})")]
    );
    assert!(made.iter().all(|message| !message.contains("Signed-off-by")), "{made:#?}");
    town.over().await;
}

#[tokio::test]
async fn commits_are_signed_off_where_the_house_signs_them_off() {
    let town = Town::new(Setting::default()).await;
    let signed = "Say more\n\nBecause.\n\nSigned-off-by: Maintainer <maintainer@example.com>";
    town.history(&[signed; 4]).await;
    let before = town.messages("main", 0).await.len();
    let issue = town.labelled("Greet", ONE).await;
    let plan = town.said_once(issue);
    let row = "| `pull_requests.sign_off` | `auto: signed off (4 of the last 6 commits of the default branch)` |";
    assert!(plan.contains(row), "{plan}");
    assert!(plan.contains("pull_requests.title: auto"), "{plan}");
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    let pull = town.pull_of(issue, 1).await;
    assert_eq!(town.pull(pull).await["title"], "greet by name");
    let head = town.pull(pull).await["head"]["ref"].as_str().unwrap().to_owned();
    for message in town.messages(&head, before).await {
        signed_by_its_author(&town, &message).await;
    }
    town.until_complete(issue).await;
    let made = town.messages("main", before).await;
    assert_eq!(made.len(), 2, "{made:#?}");
    for message in made {
        signed_by_its_author(&town, &message).await;
    }
    town.over().await;
}

/// One line signs it, in the last paragraph, with the name and the address that GitHub gives the App's commits.
async fn signed_by_its_author(town: &Town, message: &str) {
    let ours = town.sim.with(|world| {
        let account = world
            .accounts
            .values()
            .find(|account| account.login == "millhand[bot]")
            .unwrap();
        format!("Signed-off-by: {} <{}>", account.login, account.noreply())
    });
    let last: Vec<&str> = message.trim_end().rsplit("\n\n").next().unwrap().lines().collect();
    assert!(last.contains(&ours.as_str()), "{ours}\n{message}");
    assert_eq!(message.matches("Signed-off-by").count(), 1, "{message}");
    assert!(last.iter().all(|line| line.contains(": ")), "{message}");
}
