//! The town where stories happen: a simulated GitHub, the whole bot and the offline model in one process, under a clock
//! that moves only when nothing is left to do.
//!
//! Invariant: people act through GitHub's own API with their own tokens; nothing of the bot is called but its webhook and
//! its clock.

mod twin;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use millhand::clock::{Clock, Entropy, ManualClock, Millis, SeededEntropy};
use millhand::engine::Engine;
use millhand::engine::record::replay;
use millhand::llm::Model;
use millhand::sim::{CiMode, Sim, SimOptions, WebhookTarget};
use millhand::store::sqlite::SqliteStore;
use millhand::store::{Store, WorkflowFilter, WorkflowRow};
use millhand::workflow::model::Workflow;
use millhand::workflow::repo_config::OperatorPolicy;
use millhand::workflow::settings::Settings;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::bot::{Bot, Making};
use super::line::Line;

/// Long enough for every grace time and timeout that stories wait for.
const HORIZON: Duration = Duration::from_secs(15 * 60);

/// A story that turns this often without moving the clock goes in circles.
const ROUNDS_MAX: usize = 4_000;

/// What webhooks are signed with.
pub(super) const SECRET: &str = "a secret of stories";

pub(crate) struct Town {
    pub(crate) sim: Sim,
    pub(crate) clock: Arc<ManualClock>,
    /// The way between the bot and GitHub, on which things go wrong when a story says so.
    pub(crate) line: Line,
    pub(super) making: Box<Making>,
    bot: Mutex<Bot>,
    /// What a person says, and where, while the bot's process is dead for the next time.
    pub(crate) meanwhile: Mutex<Option<(&'static str, u64, &'static str)>>,
    walking: bool,
    /// What was not as GitHub describes it.
    pub(crate) faults: Arc<Mutex<Vec<String>>>,
    /// Documents and calls of the bot: what was asked, and how it was answered.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    /// What the bot said and the story has read.
    pub(crate) read: Mutex<BTreeSet<(&'static str, u64)>>,
    _dir: TempDir,
}

/// What can be different from one story to the next.
pub(crate) struct Setting {
    pub(crate) settings: Settings,
    pub(crate) policy: OperatorPolicy,
    pub(crate) webhooks: bool,
    pub(crate) seed: u64,
    /// Answers instead of the offline model.
    pub(crate) model: Option<Arc<dyn Model>>,
    /// One effect at a time, so that the same seed gives the same bytes. Looks are fewer and files in memory, where the machine
    /// has such a folder: a walk is hours long.
    pub(crate) walking: bool,
    /// What goes over the wire is held against GitHub's descriptions.
    pub(crate) judged: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            policy: OperatorPolicy::default(),
            webhooks: true,
            seed: 1,
            model: None,
            walking: false,
            judged: true,
        }
    }
}

impl Town {
    pub(crate) async fn new(setting: Setting) -> Self {
        // `RUST_LOG=millhand=debug` tells what a story did.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let dir = folder(setting.walking);
        let clock = Arc::new(ManualClock::new(Millis(1_790_000_000_000)));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(setting.seed));
        let sim = Sim::new(SimOptions {
            seed: setting.seed,
            data_dir: dir.path().join("github"),
            clock: clock.clone(),
            entropy: entropy.clone(),
            ci: CiMode::Scripted,
            webhook: WebhookTarget::None,
            webhook_secret: SecretString::from(SECRET),
            base_url: "http://127.0.0.1:3000".to_owned(),
        })
        .unwrap();
        let (faults, asked) = (Arc::default(), Arc::default());
        let line = Line::default();
        let making = Making {
            database: dir.path().join("millhand.db"),
            clock: clock.clone(),
            entropy,
            settings: setting.settings,
            policy: setting.policy,
            webhooks: setting.webhooks,
            model: setting.model,
            judged: setting.judged,
            looks: if setting.walking {
                (240_000, 600_000)
            } else {
                (60_000, 300_000)
            },
            faults: Arc::clone(&faults),
            asked: Arc::clone(&asked),
            held: Arc::default(),
        };
        let bot = making.bot(&sim, &line).await;
        if making.webhooks {
            sim.set_webhook(WebhookTarget::Router(bot.door(&making)));
        }
        let town = Self {
            sim,
            clock,
            line,
            making: Box::new(making),
            bot: Mutex::new(bot),
            meanwhile: Mutex::default(),
            walking: setting.walking,
            faults,
            asked,
            read: Mutex::default(),
            _dir: dir,
        };
        town.engine().sweep().await.unwrap();
        town.settle().await;
        town
    }

    pub(crate) fn engine(&self) -> Engine {
        self.bot.lock().unwrap().engine.clone()
    }

    pub(crate) fn store(&self) -> Arc<SqliteStore> {
        self.bot.lock().unwrap().store.clone()
    }

    /// One round of the bot's. If its process dies on the way, whatever it was about is dropped there, and it is started
    /// again.
    pub(crate) async fn tick(&self) -> bool {
        let engine = self.engine();
        let round = async {
            if self.walking {
                engine.tick_one().await
            } else {
                engine.tick().await
            }
        };
        let lived = tokio::select! {
            worked = round => Some(worked.unwrap()),
            () = self.line.death() => None,
        };
        match lived {
            Some(worked) => worked,
            None => {
                let said = self.meanwhile.lock().unwrap().take();
                if let Some((login, number, text)) = said {
                    self.comment(login, number, text).await;
                }
                self.restart().await;
                true
            }
        }
    }

    /// The process is gone and another one starts on the same database.
    pub(crate) async fn restart(&self) {
        self.store().close().await.unwrap();
        let bot = self.making.bot(&self.sim, &self.line).await;
        if self.making.webhooks {
            self.sim.set_webhook(WebhookTarget::Router(bot.door(&self.making)));
        }
        bot.engine.sweep().await.unwrap();
        *self.bot.lock().unwrap() = bot;
    }

    /// Lets everything happen that happens by itself, until only looks from time to time are left.
    pub(crate) async fn settle(&self) {
        let mut quiet_since = self.clock.now();
        let mut picture = self.picture().await;
        let mut moved = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let worked = self.sim.run_due().await | self.tick().await;
            let now = self.picture().await;
            if now != picture {
                moved = differing(&Value::from(picture), &Value::from(now.clone()), "");
                picture = now;
                quiet_since = self.clock.now();
            }
            if worked {
                continue;
            }
            let due = [self.sim.next_due(), self.engine().next_due().await.unwrap()]
                .into_iter()
                .flatten()
                .min();
            let Some(due) = due.filter(|due| due.since(quiet_since) < HORIZON) else {
                return;
            };
            self.clock.advance_to(Millis(due.0.max(self.clock.now().0 + 1)));
        }
        panic!(
            "the story goes in circles, by {moved:#?}: {:?}, of which met with a mishap {:?}",
            self.asked.lock().unwrap().iter().rev().take(30).collect::<Vec<_>>(),
            self.line.befallen().iter().rev().take(30).collect::<Vec<_>>(),
        );
    }

    /// What is true of all workflows, apart from when somebody looked last.
    async fn picture(&self) -> Vec<Value> {
        let all = self
            .store()
            .workflows(WorkflowFilter {
                limit: 100,
                ..WorkflowFilter::default()
            })
            .await
            .unwrap();
        let without_looks = |row: WorkflowRow| {
            let mut state: Value = serde_json::from_str(&row.state).unwrap();
            let members = state.as_object_mut().unwrap();
            for key in ["version", "outstanding", "read_at", "look", "requests"] {
                members.remove(key);
            }
            for track in members["phases"]
                .as_object_mut()
                .unwrap()
                .values_mut()
                .map(|p| &mut p["track"])
            {
                track["read_at"] = Value::Null;
            }
            members["release"]["read_at"] = Value::Null;
            state
        };
        all.into_iter().map(without_looks).collect()
    }

    /// A person acts through GitHub's REST API; the answer's status and body.
    pub(crate) async fn act(&self, login: &str, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Self::request_of(login, method, path, &body);
        let answer = self.sim.router().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 10_000_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// A person's request to GitHub.
    pub(crate) fn request_of(login: &str, method: Method, path: &str, body: &Value) -> Request<Body> {
        let token = if login == "helper[bot]" {
            "sim-bot".to_owned()
        } else {
            format!("sim-{login}")
        };
        Request::builder()
            .method(method)
            .uri(format!("/api/v3{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("user-agent", "a person")
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap()
    }

    /// The same, and it must go well.
    pub(crate) async fn must(&self, login: &str, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.act(login, method, path, body).await;
        assert!(status.is_success(), "{login} {path}: {status} {answer}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.must("maintainer", Method::GET, path, Value::Null).await
    }

    pub(crate) async fn open_issue(&self, login: &str, title: &str, body: &str) -> u64 {
        let made = self
            .must(
                login,
                Method::POST,
                "/repos/acme/todo/issues",
                json!({ "title": title, "body": body }),
            )
            .await;
        made["number"].as_u64().unwrap()
    }

    pub(crate) async fn label(&self, login: &str, issue: u64, label: &str) {
        self.must(
            login,
            Method::POST,
            &format!("/repos/acme/todo/issues/{issue}/labels"),
            json!({ "labels": [label] }),
        )
        .await;
    }

    pub(crate) async fn comment(&self, login: &str, number: u64, body: &str) -> u64 {
        let path = format!("/repos/acme/todo/issues/{number}/comments");
        self.must(login, Method::POST, &path, json!({ "body": body })).await["id"]
            .as_u64()
            .unwrap()
    }

    pub(crate) async fn review(&self, login: &str, pull: u64, event: &str, body: &str) {
        let path = format!("/repos/acme/todo/pulls/{pull}/reviews");
        self.must(login, Method::POST, &path, json!({ "event": event, "body": body }))
            .await;
    }

    /// The newest workflow of an issue.
    pub(crate) async fn workflow(&self, issue: u64) -> Option<Workflow> {
        let row = self.engine().find(&format!("acme/todo#{issue}")).await.unwrap()?;
        Some(serde_json::from_str(&row.state).unwrap())
    }

    pub(crate) async fn waits(&self, issue: u64) -> Vec<String> {
        let w = self.workflow(issue).await.expect("a workflow");
        millhand::workflow::waits::waits(&w, self.clock.now())
            .into_iter()
            .map(|wait| wait.sentence)
            .collect()
    }

    /// The comments on an issue or pull request: author and text.
    pub(crate) async fn comments(&self, number: u64) -> Vec<(String, String)> {
        let list = self
            .get(&format!("/repos/acme/todo/issues/{number}/comments?per_page=100"))
            .await;
        let text = |c: &Value| {
            (
                c["user"]["login"].as_str().unwrap().to_owned(),
                c["body"].as_str().unwrap().to_owned(),
            )
        };
        list.as_array().unwrap().iter().map(text).collect()
    }

    /// The story is over: everything the bot said was read, the log replays, and everything that was said on the wire is what
    /// GitHub's descriptions allow.
    pub(crate) async fn finish(&self) {
        self.settle().await;
        let unread = self.unread();
        assert!(unread.is_empty(), "the bot said what nobody expected: {unread:#?}");
        for row in self
            .store()
            .workflows(WorkflowFilter {
                limit: 100,
                ..WorkflowFilter::default()
            })
            .await
            .unwrap()
        {
            let found = replay(self.store().as_ref(), &row.id).await.unwrap();
            assert_eq!(found.differences, vec![], "the log of {} does not replay", row.id);
            assert!(found.compared > 0);
        }
        let faults = self.faults.lock().unwrap().clone();
        assert!(
            faults.is_empty(),
            "the wire was not as GitHub describes it:\n{}",
            faults.join("\n")
        );
    }
}

/// Where a town keeps its files.
fn folder(walking: bool) -> TempDir {
    let memory = Path::new("/dev/shm");
    if walking && memory.is_dir() {
        return TempDir::new_in(memory).unwrap();
    }
    TempDir::new().unwrap()
}

/// Where two values differ, and how.
pub(crate) fn differing(old: &Value, new: &Value, place: &str) -> Vec<String> {
    let members = |value: &Value| -> Vec<(String, Value)> {
        match value {
            Value::Object(members) => members.clone().into_iter().collect(),
            Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v.clone())).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    };
    let (was, is) = (members(old), members(new));
    if was.len() != is.len() || was.is_empty() {
        return if old == new {
            Vec::new()
        } else {
            vec![format!("{place}: {old} -> {new}")]
        };
    }
    let pairs = was.iter().zip(&is);
    pairs
        .flat_map(|((key, a), (_, b))| differing(a, b, &format!("{place}/{key}")))
        .collect()
}
