//! What people do to branches and pull requests.
//!
//! Invariant: what people commit is written down, and struck out only when people delete the branch that held it.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::sight::{Pull, git};
use super::walk::Walk;
use crate::story::scenes::ONE;

impl Walk {
    /// A person commits to one of our branches.
    pub(super) async fn push(&mut self) {
        let Some(branch) = self.dice.maybe(&self.sight().our_branches()).cloned() else {
            return;
        };
        let files = self.phase_files().await;
        let path = match self.dice.maybe(&files) {
            Some(path) if self.dice.one_in(2) => path.clone(),
            _ => "notes/people.txt".to_owned(),
        };
        self.commit(&branch, &path).await;
    }

    /// A person commits to the default branch.
    pub(super) async fn push_to_main(&mut self) {
        let files = self.phase_files().await;
        let number = self.next();
        let (path, text) = match self.dice.below(8) {
            0 => (".github/workflows/ci.yml", None),
            1 => (".github/millhand.yml", Some("limits: { attempts: 2 }\n")),
            2 => (".github/millhand.yml", Some("approvals: { phase_reviews: 0 }\n")),
            3 => (".github/millhand.yml", Some("nonsense: true\n")),
            4 => ("src/lib.rs", None),
            _ => (self.dice.maybe(&files).map_or("notes/main.txt", String::as_str), None),
        };
        let path = path.to_owned();
        let old = self.town.file("main", &path).await.unwrap_or_default();
        let text = text.map_or_else(|| format!("{old}# changed {number}\n"), str::to_owned);
        self.write("main", &path, &text).await;
    }

    async fn commit(&mut self, branch: &str, path: &str) {
        let number = self.next();
        let old = self.town.file(branch, path).await.unwrap_or_default();
        self.write(branch, path, &format!("{old}// a person's line {number}\n")).await;
    }

    async fn write(&mut self, branch: &str, path: &str, text: &str) {
        let login = self.writer();
        let place = format!("/contents/{path}");
        let full = format!("/repos/acme/todo{place}?ref={branch}");
        let (_, old) = self.town.act(login, Method::GET, &full, Value::Null).await;
        let mut body = json!({ "message": format!("Write {path}"), "content": STANDARD.encode(text), "branch": branch });
        if let Some(sha) = old["sha"].as_str() {
            body["sha"] = json!(sha);
        }
        let (_, answer) = self.asks(login, Method::PUT, &place, body).await;
        self.pushed.extend(answer["commit"]["sha"].as_str().map(str::to_owned));
    }

    /// Files that phases of the two workflows write.
    async fn phase_files(&self) -> Vec<String> {
        let all = self.workflows().await;
        all.iter()
            .flat_map(|w| w.phases.values().flat_map(|p| p.plan.files.clone()))
            .collect()
    }

    /// Somebody does something to a pull request of ours.
    pub(super) async fn pull_request(&mut self) {
        let sight = self.sight();
        let ours: Vec<Pull> = sight.pulls.iter().filter(|p| p.ours && p.merged.is_none()).cloned().collect();
        let Some(pull) = self.dice.maybe(&ours).cloned() else { return };
        let path = format!("/pulls/{}", pull.number);
        let login = self.anybody();
        match self.dice.below(14) {
            0..2 => {
                self.asks(login, Method::PATCH, &path, json!({ "state": "closed" })).await;
            }
            2..5 => {
                self.asks(login, Method::PATCH, &path, json!({ "state": "open" })).await;
            }
            5..7 => {
                let method = *self.dice.of(&["merge", "squash", "rebase"]);
                let (_, answer) = self
                    .asks(
                        login,
                        Method::PUT,
                        &format!("{path}/merge"),
                        json!({ "merge_method": method }),
                    )
                    .await;
                self.pushed.extend(answer["sha"].as_str().map(str::to_owned));
            }
            7..9 => {
                let bases: Vec<String> = sight.branches.keys().filter(|b| **b != pull.head_ref).cloned().collect();
                let base = self.dice.maybe(&bases).cloned().unwrap_or_default();
                self.asks(login, Method::PATCH, &path, json!({ "base": base })).await;
            }
            9 => {
                let number = self.next();
                self.asks(login, Method::PATCH, &path, json!({ "title": format!("Mine {number}") }))
                    .await;
            }
            10 => self.draft(&pull).await,
            11 => {
                self.asks(login, Method::PUT, &format!("{path}/update-branch"), json!({}))
                    .await;
            }
            12 => {
                let lock = format!("/issues/{}/lock", pull.number);
                let method = if self.dice.one_in(2) { Method::PUT } else { Method::DELETE };
                self.asks(login, method, &lock, json!({})).await;
            }
            _ => self.rival(&sight.open_issues).await,
        }
    }

    /// A writer converts a pull request to a draft, or back.
    async fn draft(&mut self, pull: &Pull) {
        let shown = self.town.pull(pull.number).await;
        let (id, login) = (shown["node_id"].as_str().unwrap().to_owned(), self.writer());
        let word = if pull.draft {
            "markPullRequestReadyForReview"
        } else {
            "convertPullRequestToDraft"
        };
        let query = format!("mutation($id: ID!) {{ {word}(input: {{ pullRequestId: $id }}) {{ clientMutationId }} }}");
        if !pull.open {
            return;
        }
        self.note(&format!("{login} {word} #{}", pull.number));
        self.town
            .graphql(login, json!({ "query": query, "variables": { "id": id } }))
            .await;
    }

    /// Somebody else's pull request that closes an issue.
    async fn rival(&mut self, issues: &[u64]) {
        let Some(issue) = self.dice.maybe(issues).copied() else {
            return;
        };
        let number = self.next();
        let main = self.sight().branches["main"].to_string();
        let branch = format!("mine-{number}");
        let made = json!({ "ref": format!("refs/heads/{branch}"), "sha": main });
        self.asks("reviewer", Method::POST, "/git/refs", made).await;
        self.commit(&branch, "notes/rival.txt").await;
        let body = json!({ "title": ONE, "head": branch, "base": "main", "body": format!("Fixes #{issue}") });
        self.asks("reviewer", Method::POST, "/pulls", body).await;
    }

    /// A person deletes one of our branches.
    pub(super) async fn branch(&mut self) {
        let sight = self.sight();
        let Some(branch) = self.dice.maybe(&sight.our_branches()).cloned() else {
            return;
        };
        let head = sight.branches[&branch];
        let gone: Vec<String> = git(&self.town, |git| git.log(head, None).unwrap())
            .iter()
            .map(ToString::to_string)
            .collect();
        // At once: what goes with the branch must be what is seen here.
        self.later = None;
        let (status, _) = self
            .asks(
                self.writer(),
                Method::DELETE,
                &format!("/git/refs/heads/{branch}"),
                Value::Null,
            )
            .await;
        if status.is_success() {
            for commit in gone {
                self.pushed.remove(&commit);
            }
        }
    }
}
