//! The town where stories happen: a simulated GitHub, the whole bot and the offline model in one process, under a clock
//! that moves only when nothing is left to do.
//!
//! Invariant: people act through GitHub's own API with their own tokens; nothing of the bot is called but its webhook and
//! its clock.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::routing::post;
use millhand::clock::{Clock, Entropy, ManualClock, Millis, SeededEntropy};
use millhand::engine::ingest::Delivery;
use millhand::engine::record::replay;
use millhand::engine::{Engine, EngineConfig, Parts};
use millhand::github::{App, Endpoints, Github, RequestKind, RequestNote, Setup, Wire, webhook};
use millhand::llm::profile::Profiles;
use millhand::llm::prompt::EnvelopeKey;
use millhand::sim::{CiMode, Sim, SimOptions, WebhookTarget};
use millhand::store::sqlite::SqliteStore;
use millhand::store::{Store, WorkflowFilter, WorkflowRow};
use millhand::workflow::fact::Timing;
use millhand::workflow::ids::MicroUsd;
use millhand::workflow::model::Workflow;
use millhand::workflow::settings::Settings;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::contract;

/// Long enough for every grace time and timeout that stories wait for.
const HORIZON: Duration = Duration::from_secs(15 * 60);

/// A story that turns this often without moving the clock goes in circles.
const ROUNDS_MAX: usize = 4_000;

const SECRET: &str = "a secret of stories";

pub(crate) struct Town {
    pub(crate) sim: Sim,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<SqliteStore>,
    faults: Arc<Mutex<Vec<String>>>,
    /// Documents and calls of the bot: what was asked, how many changes.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    /// What the bot said and the story has read.
    pub(crate) read: Mutex<BTreeSet<(&'static str, u64)>>,
    _dir: TempDir,
}

/// What can be different from one story to the next.
pub(crate) struct Setting {
    pub(crate) settings: Settings,
    pub(crate) webhooks: bool,
    pub(crate) seed: u64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            webhooks: true,
            seed: 1,
        }
    }
}

impl Town {
    #[expect(clippy::too_many_lines, reason = "one thing after the other, each once")]
    pub(crate) async fn new(setting: Setting) -> Self {
        // `RUST_LOG=millhand=debug` tells what a story did.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let dir = TempDir::new().unwrap();
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
        let (app, key) = sim.with(|world| {
            let app = world.apps.values().find(|a| a.slug == "millhand").unwrap();
            (app.id.0, app.private_key_pem.clone().unwrap())
        });
        let faults = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (judge, list) = (faults.clone(), asked.clone());
        let github = Github::new(Setup {
            endpoints: Endpoints::derive("http://127.0.0.1:3000/api/v3", None, None).unwrap(),
            wire: Wire::router(sim.router()),
            app: App::new(&app.to_string(), &SecretString::from(key.expose_secret().to_owned())).unwrap(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        })
        .observed_by(Arc::new(move |note: &RequestNote<'_>| judged(note, &judge, &list)));
        let path = dir.path().join("millhand.db");
        let store = Arc::new(SqliteStore::open(path.to_str().unwrap(), entropy.clone()).await.unwrap());
        let engine = Engine::new(Parts {
            store: store.clone(),
            github,
            profiles: Profiles::offline(),
            clock: clock.clone(),
            entropy,
            envelope: EnvelopeKey::new(SECRET.as_bytes()),
            config: EngineConfig {
                settings: setting.settings,
                timing: Timing {
                    edit_ms: 30_000,
                    quiet_ms: 60_000,
                    active_ms: 60_000,
                    idle_ms: 300_000,
                },
                budget_max: MicroUsd(50_000_000),
                mutation_interval_ms: 0,
            },
            heard: AtomicI64::new(0),
        });
        if setting.webhooks {
            let door = Door {
                engine: engine.clone(),
                faults: faults.clone(),
            };
            sim.set_webhook(WebhookTarget::Router(
                Router::new().route("/webhooks/github", post(receive)).with_state(door),
            ));
        }
        engine.sweep().await.unwrap();
        let town = Self {
            sim,
            engine,
            clock,
            store,
            faults,
            asked,
            read: Mutex::default(),
            _dir: dir,
        };
        town.settle().await;
        town
    }

    /// Lets everything happen that happens by itself, until only looks from time to time are left.
    pub(crate) async fn settle(&self) {
        let mut quiet_since = self.clock.now();
        let mut picture = self.picture().await;
        for _ in 0..ROUNDS_MAX {
            let worked = self.sim.run_due().await | self.engine.tick().await.unwrap();
            let now = self.picture().await;
            if now != picture {
                picture = now;
                quiet_since = self.clock.now();
            }
            if worked {
                continue;
            }
            let due = [self.sim.next_due(), self.engine.next_due().await.unwrap()]
                .into_iter()
                .flatten()
                .min();
            let Some(due) = due.filter(|due| due.since(quiet_since) < HORIZON) else {
                return;
            };
            self.clock.advance_to(Millis(due.0.max(self.clock.now().0 + 1)));
        }
        panic!(
            "the story goes in circles: {:?}",
            self.asked.lock().unwrap().iter().rev().take(30).collect::<Vec<_>>()
        );
    }

    /// What is true of all workflows, apart from when somebody looked last.
    async fn picture(&self) -> Vec<Value> {
        let all = self
            .store
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
        let token = if login == "helper[bot]" {
            "sim-bot".to_owned()
        } else {
            format!("sim-{login}")
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v3{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("user-agent", "a person")
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.sim.router().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 10_000_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
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
        let row = self.engine.find(&format!("acme/todo#{issue}")).await.unwrap()?;
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
            .store
            .workflows(WorkflowFilter {
                limit: 100,
                ..WorkflowFilter::default()
            })
            .await
            .unwrap()
        {
            let found = replay(self.store.as_ref(), &row.id).await.unwrap();
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

#[derive(Clone)]
struct Door {
    engine: Engine,
    faults: Arc<Mutex<Vec<String>>>,
}

async fn receive(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let signature = text("x-hub-signature-256");
    assert!(
        webhook::signature::verify(&[SecretString::from(SECRET)], &body, Some(&signature)),
        "every webhook is signed"
    );
    let event = text("x-github-event");
    if contract::available()
        && let Err(wrong) = contract::webhooks::GATE.judge(&event, &body)
    {
        door.faults.lock().unwrap().extend(wrong);
    }
    let delivery = Delivery {
        event,
        guid: text("x-github-delivery"),
        body: body.to_vec(),
    };
    door.engine
        .ingest(delivery)
        .await
        .map_or(StatusCode::SERVICE_UNAVAILABLE, |_| StatusCode::ACCEPTED)
}

/// Holds an exchange of the bot's against GitHub's descriptions, and lists it.
fn judged(note: &RequestNote<'_>, faults: &Mutex<Vec<String>>, list: &Mutex<Vec<String>>) {
    let name = match note.kind {
        RequestKind::Document(name) => name.to_owned(),
        RequestKind::Token | RequestKind::Rest | RequestKind::Log => format!("{} {}", note.method, note.path),
    };
    list.lock().unwrap().push(format!(
        "{name} ({})",
        note.status.map_or_else(|| "lost".to_owned(), |s| s.to_string())
    ));
    if !contract::available() {
        return;
    }
    let judged = match note.kind {
        RequestKind::Document(_) => {
            let body = note.body.cloned().unwrap_or_default();
            contract::graphql::GATE.judge(body["query"].as_str().unwrap_or_default(), &body["variables"])
        }
        RequestKind::Log => Ok(()),
        RequestKind::Token | RequestKind::Rest => {
            let (path, query) = note.path.split_once('?').unwrap_or((note.path, ""));
            let body = note.body.map(ToString::to_string).unwrap_or_default();
            let content_type = (!body.is_empty()).then_some("application/json");
            // A token's answer is not shown to anybody; files are asked for raw.
            let shown = note.status.filter(|_| note.kind != RequestKind::Token);
            let json = serde_json::from_slice::<Value>(note.answer).is_ok();
            let kind = if json {
                "application/json"
            } else {
                "application/vnd.github.raw+json"
            };
            let answer = shown.map(|status| contract::rest::Answer {
                status,
                message: contract::rest::Message {
                    content_type: (!note.answer.is_empty()).then_some(kind),
                    body: note.answer,
                },
            });
            let request = contract::rest::Message {
                content_type,
                body: body.as_bytes(),
            };
            let exchange = contract::rest::Exchange {
                method: note.method.as_str(),
                path,
                query,
                request,
                answer,
            };
            contract::rest::GATE.judge(&exchange).map(|_| ())
        }
    };
    if let Err(wrong) = judged {
        faults
            .lock()
            .unwrap()
            .extend(wrong.into_iter().map(|w| format!("{name}: {w}")));
    }
}
