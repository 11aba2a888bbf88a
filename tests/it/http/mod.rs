//! The HTTP surface over a real store and a simulated GitHub; the engine runs only while somebody waits for it.
//!
//! Invariant: requests go through the router as it is served, so that every guard is in their way.

mod api;
mod auth;
mod health;
mod webhook;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use millhand::clock::{Entropy, ManualClock, Millis, SeededEntropy};
use millhand::engine::{Engine, EngineConfig, Parts};
use millhand::github::{App, Endpoints, Github, Setup, Wire};
use millhand::http::{self, AppState};
use millhand::llm::profile::Profiles;
use millhand::llm::prompt::EnvelopeKey;
use millhand::sim::{CiMode, Sim, SimOptions, WebhookTarget};
use millhand::store::Store as _;
use millhand::store::sqlite::SqliteStore;
use millhand::workflow::fact::Timing;
use millhand::workflow::repo_config::OperatorPolicy;
use millhand::workflow::settings::Settings;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// The webhook's secret now.
const SECRET: &str = "the secret of today";
/// The one before.
const PREVIOUS: &str = "the secret of yesterday";
/// The API's token.
const TOKEN: &str = "t0ken";

/// A bot that is served, and its GitHub.
struct Surface {
    sim: Sim,
    engine: Engine,
    store: Arc<SqliteStore>,
    clock: Arc<ManualClock>,
    router: Router,
    _folder: TempDir,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Surface {
    async fn new() -> Self {
        Self::with_token(Some(TOKEN)).await
    }

    async fn with_token(token: Option<&str>) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::new(Millis(1_790_000_000_000)));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
        let sim = Sim::new(SimOptions {
            seed: 7,
            data_dir: folder.path().join("github"),
            clock: clock.clone(),
            entropy: entropy.clone(),
            ci: CiMode::Scripted,
            webhook: WebhookTarget::None,
            webhook_secret: SecretString::from(SECRET),
            base_url: "http://127.0.0.1:3000".to_owned(),
        })
        .unwrap();
        let (id, key) = sim.with(|world| {
            let app = world.app_named("millhand").unwrap();
            (app.id.to_string(), app.private_key_pem.clone().unwrap())
        });
        let github = Github::new(Setup {
            endpoints: Endpoints::derive("http://127.0.0.1:3000/api/v3", None, None).unwrap(),
            wire: Wire::router(sim.router()),
            app: App::new(&id, &key).unwrap(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        let path = folder.path().join("millhand.db");
        let store = Arc::new(SqliteStore::open(path.to_str().unwrap(), entropy.clone()).await.unwrap());
        let engine = Engine::new(Parts {
            store: store.clone(),
            github: github.clone(),
            profiles: Profiles::offline(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            heard: AtomicI64::new(0),
            missed: AtomicBool::new(false),
            envelope: EnvelopeKey::new(b"a key"),
            config: EngineConfig {
                settings: Settings::default(),
                timing: Timing {
                    edit_ms: 0,
                    quiet_ms: 0,
                    active_ms: 60_000,
                    idle_ms: 300_000,
                },
                policy: OperatorPolicy::default(),
                mutation_interval_ms: 0,
            },
        });
        let router = http::app(AppState::new(http::Parts {
            engine: engine.clone(),
            github,
            entropy,
            webhook_secrets: vec![SecretString::from(SECRET), SecretString::from(PREVIOUS)],
            api_token: token.map(SecretString::from),
        }));
        sim.set_webhook(WebhookTarget::Router(router.clone()));
        Self {
            sim,
            engine,
            store,
            clock,
            router,
            _folder: folder,
        }
    }

    /// Sends a request; nothing else moves.
    async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, 1 << 22).await.unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    /// Sends a request while GitHub and the engine go on.
    async fn send_live(&self, request: Request<Body>) -> Answer {
        let alive = async {
            loop {
                self.turn().await;
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            answer = self.send(request) => answer,
            () = alive => unreachable!("the loop does not end"),
        }
    }

    /// One turn of GitHub and the engine; whether there was anything to do.
    async fn turn(&self) -> bool {
        self.sim.run_due().await | self.engine.tick().await.unwrap()
    }

    /// A person of GitHub's does something by its REST API.
    async fn person(&self, login: &str, path: &str, body: &Value) {
        let request = Request::post(format!("/api/v3/repos/acme/todo/{path}"))
            .header("authorization", format!("Bearer sim-{login}"))
            .header("user-agent", "tests")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.sim.router().oneshot(request).await.unwrap();
        assert!(answer.status().is_success(), "{login} {path}: {}", answer.status());
    }

    /// Lets happen what happens at this very moment.
    async fn settle(&self) {
        while self.turn().await {}
    }

    /// A workflow on issue 1 whose plan waits for approval.
    async fn planned(&self) -> Value {
        self.engine.sweep().await.unwrap();
        self.settle().await;
        self.person(
            "maintainer",
            "issues/1/labels",
            &serde_json::json!({ "labels": ["millhand"] }),
        )
        .await;
        self.settle().await;
        let workflow = self.send(get("/api/v1/workflows/acme%2Ftodo%231")).await;
        assert_eq!(workflow.status, 200, "{}", workflow.body);
        assert_eq!(workflow.body["waiting_for"]["what"], "plan_approval", "{}", workflow.body);
        workflow.body
    }

    /// Whether the inbox holds anything that was not decided.
    async fn is_dirty(&self) -> bool {
        self.store.next_due().await.unwrap() == Some(Millis(0))
    }
}

/// A read with the token.
fn get(path: &str) -> Request<Body> {
    Request::get(path)
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::empty())
        .unwrap()
}

/// A write with the token.
fn post(path: &str, body: &str) -> Request<Body> {
    let request = Request::post(path).header("authorization", format!("Bearer {TOKEN}"));
    request
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

impl Answer {
    /// Every error is problem details with the request's id and without internals.
    fn assert_problem(&self, about: &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{about}");
        assert_eq!(self.body["status"], self.status.as_u16(), "{about}");
        assert_eq!(
            self.body["request_id"].as_str().unwrap(),
            self.headers["x-request-id"],
            "{about}"
        );
        assert!(
            self.body["title"].is_string() && self.body["type"].is_string(),
            "{about}: {}",
            self.body
        );
        let text = self.body.to_string();
        for word in ["src/", "panicked", "sqlx", "select ", SECRET, PREVIOUS, TOKEN] {
            assert!(!text.contains(word), "{about}: {text}");
        }
    }
}
