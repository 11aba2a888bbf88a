//! The simulated GitHub: REST, GraphQL, webhooks, git over HTTP and CI, in one process.
//!
//! A product feature (`demo`, `sim`) and the test bench. Invariant: it knows GitHub and nothing of Millhand; whoever speaks to
//! it speaks GitHub's protocol.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Entropy, Millis};

pub mod git;
pub mod ops;
pub mod world;

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
    /// Rung whenever the world may have changed.
    bell: Notify,
    ci: CiMode,
    seed: u64,
    webhook: Mutex<WebhookTarget>,
    /// One sender at a time, so that webhooks leave in order.
    sending: tokio::sync::Mutex<()>,
}
