//! The house's habits: how files lie there, how people title their work, whether they sign it off.
//!
//! Invariant: what a repository does is read from it; no story tells the bot.

use std::sync::Arc;

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
