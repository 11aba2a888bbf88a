//! The composition root: from settings to a running service.
//!
//! The order is: what can be wrong without touching anything, the port, the database with its lock, the engine, the server.
//!
//! Invariant: whatever was begun is ended when a later step fails or the service is stopped, within [`STOP_TIME`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::config::{AppIdentity, Config};
use crate::engine::{Engine, EngineConfig, Parts};
use crate::github::{App, Error, Github, Setup, Wire};
use crate::http;
use crate::llm::profile::Profiles;
use crate::llm::prompt::EnvelopeKey;
use crate::store::sqlite::SqliteStore;
use crate::workflow::repo_config::OperatorPolicy;

/// How long requests and effects that run may take to end. A system that stops services waits ten seconds at least.
const STOP_TIME: Duration = Duration::from_secs(8);

/// How long the database may take to close after that.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// A running service.
pub(super) struct Service {
    /// Where it listens.
    pub(super) address: SocketAddr,
    github: Github,
    store: Arc<SqliteStore>,
    shutdown: CancellationToken,
    engine: JoinHandle<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Service {
    /// Starts to serve.
    pub(super) async fn start(config: &Config) -> Result<Self, Failure> {
        let app = config.app()?;
        let key = App::new(&app.id, &app.key)
            .map_err(|error| Failure::usage(format!("GITHUB_PRIVATE_KEY cannot be used: {error}.")))?;
        let profiles = Profiles::choose(config.model()?, Vec::new()).map_err(|error| Failure::usage(format!("{error}.")))?;
        let names = profiles.iter().map(|profile| profile.name.clone()).collect();
        let wire = Wire::network().map_err(|error| Failure::usage(format!("{error}.")))?;
        let listener = bind(config.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::failed(format!("The port cannot be told: {error}.")))?;
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let store = Arc::new(SqliteStore::open(&config.database, Arc::clone(&entropy)).await?);
        let endpoints = config.endpoints.clone();
        let github = Github::new(Setup {
            endpoints,
            wire,
            app: key,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        });
        let engine = Engine::new(Parts {
            store: Arc::clone(&store) as _,
            github: github.clone(),
            profiles,
            clock,
            entropy: Arc::clone(&entropy),
            heard: AtomicI64::new(0),
            missed: AtomicBool::new(false),
            // The App's key outlives restarts and is secret: so is what is derived from it.
            envelope: EnvelopeKey::new(app.key.expose_secret().as_bytes()),
            config: engine_config(config, names),
        });
        let router = http::app(state(&engine, &github, entropy, (app, config)));
        let shutdown = CancellationToken::new();
        let stopped = shutdown.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            axum::serve(http::Bounded::new(listener), router)
                .with_graceful_shutdown(stopped)
                .await
        });
        let running = engine.clone();
        let engine = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { running.run(shutdown).await }
        });
        Ok(Self {
            address,
            github,
            store,
            shutdown,
            engine,
            server,
        })
    }

    /// Resolves when the service cannot go on: a part of it ended, or GitHub does not know the App.
    pub(super) async fn broken(&mut self) -> Failure {
        let github = self.github.clone();
        let stranger = async {
            match github.installations().await {
                // 401: the key is not this App's; 404: there is no App of that id.
                Err(Error::Unauthorized { message } | Error::NotFound { message }) => message,
                // Anything else passes, or shows in the wait of a workflow.
                Ok(_) | Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            message = stranger => Failure::usage(format!(
                "GITHUB_PRIVATE_KEY and GITHUB_APP_ID do not belong together, or this machine's clock is wrong: GitHub says \"{message}\"."
            )),
            _ = &mut self.engine => Failure::failed("The engine ended; see the log."),
            _ = &mut self.server => Failure::failed("The server ended; see the log."),
        }
    }

    /// Ends what runs, at most after [`STOP_TIME`], and closes the database. What is not done is taken up at the next start.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        // One that ended by itself was awaited then.
        let ended = async {
            if !self.engine.is_finished() {
                let _ = self.engine.await;
            }
            if !self.server.is_finished() {
                let _ = self.server.await;
            }
        };
        if tokio::time::timeout(STOP_TIME, ended).await.is_err() {
            tracing::warn!("Some requests did not end in time; what they were about is taken up at the next start");
        }
        if tokio::time::timeout(CLOSE_TIME, self.store.close()).await.is_err() {
            tracing::warn!("The database did not close in time; nothing that was stored is lost");
        }
    }
}

/// A port that is free, or the sentence that says why it is not.
pub(super) async fn bind(at: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(at).await.map_err(|error| {
        let reason = if error.kind() == std::io::ErrorKind::AddrInUse {
            "the port is in use by another process".to_owned()
        } else if error.kind() == std::io::ErrorKind::PermissionDenied {
            "this user may not take that port".to_owned()
        } else {
            error.to_string()
        };
        Failure::failed(format!("Nothing can listen at {at}: {reason}."))
    })
}

fn state(engine: &Engine, github: &Github, entropy: Arc<dyn Entropy>, (app, config): (AppIdentity, &Config)) -> http::AppState {
    http::AppState::new(http::Parts {
        engine: engine.clone(),
        github: github.clone(),
        entropy,
        webhook_secrets: app.webhook_secrets,
        api_token: config.api_token.clone(),
    })
}

fn engine_config(config: &Config, profiles: Vec<String>) -> EngineConfig {
    EngineConfig {
        settings: config.defaults.clone(),
        timing: config.timing,
        policy: OperatorPolicy {
            profiles,
            ..config.policy.clone()
        },
        mutation_interval_ms: config.mutation_interval_ms,
    }
}
