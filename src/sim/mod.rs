//! The simulated GitHub: REST, GraphQL, webhooks, git over HTTP and CI, in one process.
//!
//! A product feature (`demo`, `sim`) and the test bench. Invariant: it knows GitHub and nothing of Millhand; whoever speaks to
//! it speaks GitHub's protocol.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::clock::{Clock, Entropy, Millis};

pub mod ci;
pub mod deliver;
mod env_file;
pub mod faults;
pub mod git;
pub mod git_http;
pub mod graphql;
mod keys;
pub mod ops;
pub mod pages;
pub mod render;
pub mod routes;
mod run;
pub mod seed;
pub mod world;

pub use env_file::env_file;
use world::World;

/// How CI behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CiMode {
    /// Runs the repository's own commands on this machine.
    Real,
    /// Ends as scripts say; without a script, with success.
    Scripted,
    /// Nothing starts.
    Off,
}

/// Where webhooks go.
#[derive(Clone, Debug)]
pub enum WebhookTarget {
    /// Nowhere; deliveries are still listed.
    None,
    /// To a URL.
    Url(String),
    /// To a router in this process, without sockets, at `POST /webhooks/github`.
    Router(Router),
}

/// What a simulated GitHub is made of.
#[derive(Debug)]
pub struct SimOptions {
    /// Seed of what is made up, such as log details.
    pub seed: u64,
    /// Folder for the git repositories; must be writable and empty.
    pub data_dir: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for GUIDs and tokens.
    pub entropy: Arc<dyn Entropy>,
    /// How CI behaves.
    pub ci: CiMode,
    /// Where webhooks go.
    pub webhook: WebhookTarget,
    /// Signs webhooks.
    pub webhook_secret: SecretString,
    /// Where it is reached, as in `http://127.0.0.1:3000`, without a slash at the end.
    pub base_url: String,
}

/// Why a simulated GitHub cannot be made or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A git repository could not be made or read.
    #[error("the simulated GitHub's repositories: {0}")]
    Git(#[from] git::GitError),
    /// A file could not be written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The seed broke a law of the simulated GitHub.
    #[error("the seeded repository: {0}")]
    Seed(String),
    /// The App's key could not be made.
    #[error("the App's key could not be made: {0}")]
    Key(String),
    /// The client for webhooks could not be made.
    #[error("the client for webhooks could not be made: {0}")]
    Client(String),
}

/// A simulated GitHub. Clones share it.
#[derive(Clone, Debug)]
pub struct Sim(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: Mutex<World>,
    /// Rung whenever there may be something to do.
    bell: Notify,
    ci: CiMode,
    seed: u64,
    webhook: Mutex<WebhookTarget>,
    client: reqwest::Client,
    /// One sender at a time, so that webhooks leave in order.
    sending: tokio::sync::Mutex<()>,
}

impl Sim {
    /// A simulated GitHub with the seeded organisation, people, App and repository.
    ///
    /// # Errors
    /// When the folder cannot be written, or no key or client can be made.
    pub fn new(options: SimOptions) -> Result<Self, SimError> {
        // Webhooks go to this machine; a proxy of the environment would take them elsewhere.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| SimError::Client(error.to_string()))?;
        let (ci, seed, webhook) = (options.ci, options.seed, options.webhook.clone());
        let world = seed::world(options)?;
        Ok(Self(Arc::new(Inner {
            world: Mutex::new(world),
            bell: Notify::new(),
            ci,
            seed,
            webhook: Mutex::new(webhook),
            client,
            sending: tokio::sync::Mutex::new(()),
        })))
    }

    /// A second GitHub that is what this one is now, under a clock and randomness of its own, and from then on lives for itself:
    /// so that one beginning can be followed in many ways. Its webhooks go nowhere. Jobs that run on this machine stay with
    /// the first: a twin is for CI by script.
    ///
    /// # Errors
    /// When `data_dir` cannot be written, or no client can be made.
    pub fn twin(&self, data_dir: PathBuf, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, SimError> {
        let mut world = self.peek(|world| world.clone());
        world.git = world.git.copy_to(data_dir)?;
        world.clock = clock;
        world.entropy = entropy;
        Ok(Self(Arc::new(Inner {
            world: Mutex::new(world),
            bell: Notify::new(),
            ci: self.0.ci,
            seed: self.0.seed,
            webhook: Mutex::new(WebhookTarget::None),
            client: self.0.client.clone(),
            sending: tokio::sync::Mutex::new(()),
        })))
    }

    /// Reads or changes the world. Blocks others; never await inside.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let (result, ring) = self.peek(|world| {
            let waiting = |world: &World| {
                (
                    run::next_due(world),
                    world.outbox.len(),
                    world.agenda.len(),
                    world.ci_queue.len(),
                )
            };
            let before = waiting(world);
            let result = act(world);
            (result, before != waiting(world))
        });
        if ring {
            self.0.bell.notify_waiters();
        }
        result
    }

    /// All that it serves: REST below `/api/v3`, GraphQL at `/api/graphql`, git and pages at the root, verbs below `/_sim`.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
            .merge(graphql::router(self.clone()))
            .merge(git_http::router(self.clone()))
            .merge(pages::router(self.clone()))
    }

    /// The time here.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.peek(|world| world.now())
    }

    /// How CI behaves.
    #[must_use]
    pub fn ci(&self) -> CiMode {
        self.0.ci
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Says where it is reached, once the port is known; without a slash at the end.
    pub fn set_base_url(&self, url: &str) {
        self.with(|world| url.trim_end_matches('/').clone_into(&mut world.base_url));
    }

    /// Says where webhooks go.
    pub fn set_webhook(&self, target: WebhookTarget) {
        *self.0.webhook.lock().unwrap_or_else(PoisonError::into_inner) = target;
        self.0.bell.notify_waiters();
    }

    fn webhook(&self) -> WebhookTarget {
        self.0.webhook.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As [`Sim::with`], without waking the loops: for the loops themselves.
    fn peek<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        // A panic of one request leaves the world as it was between two operations' steps; serving on beats dying.
        act(&mut self.0.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock::{ManualClock, SeededEntropy};

    fn options(data_dir: &Path, webhook: WebhookTarget) -> SimOptions {
        SimOptions {
            seed: 1,
            data_dir: data_dir.join("repositories"),
            clock: Arc::new(ManualClock::new(Millis(1_795_246_000_000))),
            entropy: Arc::new(SeededEntropy::new(1)),
            ci: CiMode::Off,
            webhook,
            webhook_secret: SecretString::from("swordfish-secret"),
            base_url: "http://github.test".to_owned(),
        }
    }

    /// A seeded simulated GitHub under a clock that stands still.
    pub(super) fn sim(data_dir: &Path, webhook: WebhookTarget) -> Sim {
        Sim::new(options(data_dir, webhook)).unwrap()
    }

    /// The seeded world alone.
    pub(super) fn world(data_dir: &Path) -> World {
        seed::world(options(data_dir, WebhookTarget::None)).unwrap()
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("repositories"), "a file").unwrap();
        let error = Sim::new(options(dir.path(), WebhookTarget::None)).unwrap_err();
        assert!(error.to_string().starts_with("the seeded repository: 500 git: "), "{error}");
    }
}
