//! What people see of the bot: comments, reviews, reactions, what is folded away, the status comment.
//!
//! Invariant: the story reads everything the bot says. Whatever it says and no story reads fails that story at its end.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use millhand::engine::Reply;
use millhand::sim::world::{Repository, World};
use millhand::store::Store as _;
use millhand::workflow::command::Command;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::town::Town;

/// Rows of a log that are read at once: stories are shorter.
const ROWS: u32 = 1_000;

/// The bot's account.
pub(crate) const BOT: &str = "millhand[bot]";

/// Something the bot said.
#[derive(Clone, Debug)]
struct Saying {
    /// Tells it from everything else that is said.
    key: (&'static str, u64),
    /// The issue or pull request.
    thread: u64,
    text: String,
    folded: bool,
}

impl Town {
    /// What the bot said on an issue or pull request and the story has not read yet, oldest first, without hidden lines.
    pub(crate) fn said(&self, number: u64) -> Vec<String> {
        let mut read = self.read.lock().unwrap();
        let new = self.sayings().into_iter().filter(|s| s.thread == number);
        new.filter(|s| read.insert(s.key)).map(|s| s.text).collect()
    }

    /// The same, when exactly one thing was said.
    pub(crate) fn said_once(&self, number: u64) -> String {
        let said = self.said(number);
        assert_eq!(said.len(), 1, "one comment on #{number}: {said:#?}");
        said.into_iter().next().unwrap()
    }

    /// Reads everything that was said, on all threads: for stories about something else.
    pub(crate) fn said_anywhere(&self) -> Vec<(u64, String)> {
        let mut read = self.read.lock().unwrap();
        self.sayings()
            .into_iter()
            .filter(|s| read.insert(s.key))
            .map(|s| (s.thread, s.text))
            .collect()
    }

    /// What was said and never read.
    pub(crate) fn unread(&self) -> Vec<(u64, String)> {
        let read = self.read.lock().unwrap();
        self.sayings()
            .into_iter()
            .filter(|s| !read.contains(&s.key))
            .map(|s| (s.thread, s.text))
            .collect()
    }

    /// What the bot said on a thread and is folded away now.
    pub(crate) fn folded(&self, number: u64) -> Vec<String> {
        self.sayings()
            .into_iter()
            .filter(|s| s.thread == number && s.folded)
            .map(|s| s.text)
            .collect()
    }

    /// The text of the status comment; there is exactly one.
    pub(crate) fn status(&self, issue: u64) -> String {
        let found = self.in_todo(|_, repo| {
            let all = repo.comments.values().filter(|c| c.issue == issue && is_status(&c.body));
            all.map(|c| visible(&c.body)).collect::<Vec<_>>()
        });
        assert_eq!(found.len(), 1, "one status comment on #{issue}: {found:#?}");
        found.into_iter().next().unwrap()
    }

    /// What GitHub shows of a workflow: all that must be there once.
    pub(crate) async fn shown(&self, issue: u64) -> Value {
        let mut pulls = Vec::new();
        for pull in self.our_pulls().await {
            let number = pull["number"].as_u64().unwrap();
            let inline = self
                .get(&format!("/repos/acme/todo/pulls/{number}/comments?per_page=100"))
                .await;
            let replies = inline
                .as_array()
                .unwrap()
                .iter()
                .filter(|c| c["user"]["login"] == BOT)
                .count();
            pulls.push(json!({
                "head": pull["head"]["ref"], "base": pull["base"]["ref"], "title": pull["title"], "merged": pull["merged_at"].is_string(),
                "commits": self.commits(number).await, "comments": self.our_comments(number).await.len(),
                "checks": self.our_checks(pull["head"]["sha"].as_str().unwrap()).await.len(),
                "reviews": self.our_reviews(number).await.into_iter().filter(|body| !body.is_empty()).count(), "replies": replies,
            }));
        }
        pulls.sort_by_key(|p| p["head"].to_string());
        let branches = self.get("/repos/acme/todo/branches?per_page=100").await;
        let branches: Vec<&Value> = branches.as_array().unwrap().iter().map(|b| &b["name"]).collect();
        let main = self.get("/repos/acme/todo/commits?sha=main&per_page=100").await;
        let issue_shown = self.get(&format!("/repos/acme/todo/issues/{issue}")).await;
        json!({ "pulls": pulls, "comments": self.our_comments(issue).await.len(), "state": issue_shown["state"],
            "branches": branches, "commits": main.as_array().unwrap().len() })
    }

    /// The bot's reactions to a comment, in the order they were set.
    pub(crate) fn reactions(&self, comment: u64) -> Vec<&'static str> {
        self.in_todo(|world, repo| {
            let all = repo
                .comments
                .values()
                .filter(|c| c.id.0 == comment)
                .flat_map(|c| &c.reactions);
            all.filter(|r| world.accounts[&r.user].login == BOT)
                .map(|r| r.content.name())
                .collect()
        })
    }

    /// The bot's reactions to an issue itself.
    pub(crate) fn issue_reactions(&self, issue: u64) -> Vec<&'static str> {
        self.in_todo(|world, repo| {
            let all = repo.issues[&issue].reactions.iter();
            all.filter(|r| world.accounts[&r.user].login == BOT)
                .map(|r| r.content.name())
                .collect()
        })
    }

    /// Names of an issue's labels, by the alphabet.
    pub(crate) async fn labels(&self, issue: u64) -> BTreeSet<String> {
        let issue = self.get(&format!("/repos/acme/todo/issues/{issue}")).await;
        issue["labels"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Whether an issue has exactly these labels.
    pub(crate) async fn assert_labels(&self, issue: u64, names: &[&str]) {
        assert_eq!(
            self.labels(issue).await,
            names.iter().map(|n| (*n).to_owned()).collect(),
            "labels of #{issue}"
        );
    }

    /// Numbers of the open pull requests of the bot.
    pub(crate) async fn open_pulls(&self) -> Vec<u64> {
        let open = self.get("/repos/acme/todo/pulls?state=open&per_page=100").await;
        let ours = open.as_array().unwrap().iter().filter(|p| p["user"]["login"] == BOT);
        ours.map(|p| p["number"].as_u64().unwrap()).collect()
    }

    /// The transitions in the order they were taken.
    pub(crate) async fn transitions(&self, issue: u64) -> Vec<u8> {
        let w = self.workflow(issue).await.expect("a workflow");
        let rows = self.store().events(w.id, 0, ROWS).await.unwrap();
        let numbers = rows.iter().flat_map(|row| {
            let stored: Value = serde_json::from_str(&row.transitions).unwrap();
            let taken = stored["taken"].as_array().unwrap().clone();
            taken
                .into_iter()
                .map(|t| u8::try_from(t["number"].as_u64().unwrap()).unwrap())
        });
        numbers.collect()
    }

    /// What a program gets that gives a command through the API.
    pub(crate) async fn command(&self, issue: u64, command: Command, key: &str) -> Reply {
        let id = format!("acme/todo#{issue}");
        let stored = self
            .engine()
            .command(&id, command.clone(), key, Duration::ZERO)
            .await
            .unwrap();
        assert_eq!(stored, Reply::Pending, "it is decided by the next step");
        self.settle().await;
        self.engine().command(&id, command, key, Duration::ZERO).await.unwrap()
    }

    /// A verb of the simulated GitHub.
    pub(crate) async fn verb(&self, path: &str, body: Value) -> Value {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/_sim/{path}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.sim.router().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1_000_000).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// Somebody opens an issue by a form that sets labels.
    pub(crate) async fn form(&self, login: &str, title: &str, body: &str, labels: &[&str]) -> u64 {
        let form = json!({ "repository": "acme/todo", "login": login, "title": title, "body": body, "labels": labels });
        self.verb("issues", form).await["number"].as_u64().unwrap()
    }

    pub(crate) async fn unlabel(&self, login: &str, issue: u64, label: &str) {
        let path = format!("/repos/acme/todo/issues/{issue}/labels/{label}");
        self.must(login, Method::DELETE, &path, Value::Null).await;
    }

    /// Changes an issue: title, body, state.
    pub(crate) async fn edit_issue(&self, login: &str, issue: u64, change: Value) {
        self.must(login, Method::PATCH, &format!("/repos/acme/todo/issues/{issue}"), change)
            .await;
    }

    fn sayings(&self) -> Vec<Saying> {
        self.in_todo(|world, repo| {
            let ours = |author| world.accounts.get(author).is_some_and(|a| a.login == BOT);
            let comments = repo.comments.values().filter(|c| ours(&c.author) && !is_status(&c.body));
            let comments = comments.map(|c| Saying {
                key: ("comment", c.id.0),
                thread: c.issue,
                text: visible(&c.body),
                folded: c.minimized.is_some(),
            });
            let reviews = repo.reviews.values().filter(|r| ours(&r.author) && !r.body.is_empty());
            let reviews = reviews.map(|r| Saying {
                key: ("review", r.id.0),
                thread: r.pull,
                text: visible(&r.body),
                folded: r.minimized.is_some(),
            });
            comments.chain(reviews).collect()
        })
    }

    pub(crate) fn in_todo<T>(&self, look: impl FnOnce(&World, &Repository) -> T) -> T {
        self.sim
            .with(|world| look(world, world.repository_named("acme", "todo").unwrap()))
    }
}

fn is_status(body: &str) -> bool {
    body.starts_with("<!-- millhand:v1 kind=status ")
}

/// A text as people read it: without the hidden first line.
fn visible(body: &str) -> String {
    let shown = body
        .strip_prefix("<!-- millhand")
        .and_then(|rest| rest.split_once("-->"))
        .map_or(body, |(_, shown)| shown);
    // Numbers of what is not ours carry a mark that nobody sees, so that they are no references.
    shown.trim().replace('\u{200b}', "")
}
