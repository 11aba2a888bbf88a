//! The whole bot in this process, made as often as a story needs it: its process may die and be started again.
//!
//! Invariant: of a bot that died nothing is left but its database.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use millhand::clock::{Entropy, ManualClock};
use millhand::engine::ingest::Delivery;
use millhand::engine::{Engine, EngineConfig, Parts};
use millhand::github::{App, Endpoints, Github, RequestKind, RequestNote, Setup, Wire, webhook};
use millhand::llm::Model;
use millhand::llm::profile::Profiles;
use millhand::llm::prompt::EnvelopeKey;
use millhand::sim::Sim;
use millhand::store::sqlite::SqliteStore;
use millhand::workflow::fact::Timing;
use millhand::workflow::repo_config::OperatorPolicy;
use millhand::workflow::settings::Settings;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::line::Line;
use super::town::SECRET;
use crate::contract;

/// What a bot is made of, again and again.
pub(super) struct Making {
    pub(super) database: PathBuf,
    pub(super) clock: Arc<ManualClock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) settings: Settings,
    pub(super) policy: OperatorPolicy,
    pub(super) webhooks: bool,
    pub(super) model: Option<Arc<dyn Model>>,
    pub(super) judged: bool,
    /// Between two looks while something is being done, and while nothing is, in milliseconds.
    pub(super) looks: (u64, u64),
    pub(super) faults: Arc<Mutex<Vec<String>>>,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    pub(super) held: Held,
}

/// Deliveries that are held back, as a story says; `None` while none are.
pub(super) type Held = Arc<Mutex<Option<Vec<Delivery>>>>;

pub(super) struct Bot {
    pub(super) engine: Engine,
    pub(super) store: Arc<SqliteStore>,
}

impl Making {
    pub(super) async fn bot(&self, sim: &Sim, line: &Line) -> Bot {
        let (app, key) = sim.with(|world| {
            let app = world.apps.values().find(|a| a.slug == "millhand").unwrap();
            (app.id.0, app.private_key_pem.clone().unwrap())
        });
        let (judge, list) = (self.judged.then(|| Arc::clone(&self.faults)), Arc::clone(&self.asked));
        let github = Github::new(Setup {
            endpoints: Endpoints::derive("http://127.0.0.1:3000/api/v3", None, None).unwrap(),
            wire: Wire::router(line.before(sim.router())),
            app: App::new(&app.to_string(), &SecretString::from(key.expose_secret().to_owned())).unwrap(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        })
        .observed_by(Arc::new(move |note: &RequestNote<'_>| judged(note, judge.as_deref(), &list)));
        let path = self.database.to_str().unwrap();
        let store = Arc::new(SqliteStore::open(path, self.entropy.clone()).await.unwrap());
        let profiles = Profiles::offline();
        let engine = Engine::new(Parts {
            store: store.clone(),
            github,
            profiles: match &self.model {
                Some(model) => profiles.answered_by(Arc::clone(model)),
                None => profiles,
            },
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            envelope: EnvelopeKey::new(SECRET.as_bytes()),
            config: EngineConfig {
                settings: self.settings.clone(),
                timing: Timing {
                    edit_ms: 30_000,
                    quiet_ms: 60_000,
                    active_ms: self.looks.0,
                    idle_ms: self.looks.1,
                },
                policy: self.policy.clone(),
                mutation_interval_ms: 0,
            },
            heard: AtomicI64::new(0),
            missed: AtomicBool::new(false),
        });
        Bot { engine, store }
    }
}

impl Bot {
    /// Where it hears webhooks.
    pub(super) fn door(&self, making: &Making) -> Router {
        let door = Door {
            engine: self.engine.clone(),
            faults: making.judged.then(|| Arc::clone(&making.faults)),
            held: Arc::clone(&making.held),
        };
        Router::new().route("/webhooks/github", post(receive)).with_state(door)
    }
}

#[derive(Clone)]
struct Door {
    engine: Engine,
    held: Held,
    faults: Option<Arc<Mutex<Vec<String>>>>,
}

async fn receive(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let signature = text("x-hub-signature-256");
    assert!(
        webhook::signature::verify(&[SecretString::from(SECRET)], &body, Some(&signature)),
        "every webhook is signed"
    );
    let event = text("x-github-event");
    if let Some(faults) = &door.faults
        && contract::available()
        && let Err(wrong) = contract::webhooks::GATE.judge(&event, &body)
    {
        faults.lock().unwrap().extend(wrong);
    }
    let delivery = Delivery {
        event,
        guid: text("x-github-delivery"),
        body: body.to_vec(),
    };
    if let Some(held) = door.held.lock().unwrap().as_mut()
        && HELD.contains(&kind_of(&delivery).as_str())
    {
        held.push(delivery);
        return StatusCode::ACCEPTED;
    }
    door.engine
        .ingest(delivery)
        .await
        .map_or(StatusCode::SERVICE_UNAVAILABLE, |_| StatusCode::ACCEPTED)
}

/// What can be held back: the news of a merge.
pub(super) const HELD: [&str; 3] = ["issues.closed", "pull_request.closed", "push"];

/// A delivery's event with its action.
pub(super) fn kind_of(delivery: &Delivery) -> String {
    let body: Value = serde_json::from_slice(&delivery.body).unwrap();
    match body["action"].as_str() {
        Some(action) => format!("{}.{action}", delivery.event),
        None => delivery.event.clone(),
    }
}

/// Holds an exchange of the bot's against GitHub's descriptions, and lists it.
fn judged(note: &RequestNote<'_>, faults: Option<&Mutex<Vec<String>>>, list: &Mutex<Vec<String>>) {
    let name = match note.kind {
        RequestKind::Document(name) => name.to_owned(),
        RequestKind::Token | RequestKind::Rest | RequestKind::Log => format!("{} {}", note.method, note.path),
    };
    list.lock().unwrap().push(format!(
        "{name} ({})",
        note.status.map_or_else(|| "lost".to_owned(), |s| s.to_string())
    ));
    let Some(faults) = faults.filter(|_| contract::available()) else {
        return;
    };
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
            // A token's answer is not shown to anybody, and no description tells what GitHub's own failures look like. Files
            // are asked for raw.
            let shown = note.status.filter(|status| note.kind != RequestKind::Token && *status < 500);
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
