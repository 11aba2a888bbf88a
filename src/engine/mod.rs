//! The imperative shell: takes deliveries in, lets the core decide, carries its orders out.
//!
//! ```text
//! ingest -> deliveries -> step (translate, decide) -> effects -> perform -> outcome as a fact -> deliveries
//! ```
//!
//! Invariant: nothing is done that is not an effect in the store first, and nothing is known that is not a row of the
//! inbox first. All waiting is rows with a time; a process that dies loses nothing but time.

mod configuration;
pub mod ingest;
mod job;
mod perform;
mod reconcile;
pub mod record;
mod redelivery;
mod step;
mod subject;
mod translate;
pub mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Entropy, Millis};
use crate::github::Github;
use crate::llm::profile::Profiles;
use crate::store::{NewDelivery, Store, StoreError, WorkflowFilter, WorkflowRow};
use crate::workflow::command::Command;
use crate::workflow::fact::Timing;
use crate::workflow::repo_config::OperatorPolicy;
use crate::workflow::settings::Settings;

/// How long an effect is leased; renewed while it runs. A dead process's effects are taken up after this.
const LEASE: Duration = Duration::from_secs(30);

/// Effects performed at once: GitHub allows 100 concurrent requests, models far fewer.
const PARALLEL_EFFECTS: u32 = 16;

/// The longest sleep between two looks at the store, in case a wake-up was missed.
const IDLE_LOOK: Duration = Duration::from_millis(200);

/// How long a store that fails is left alone: asking more often gives no room on a disk, and each time leaves a line in the log.
const STORE_AWAY: Duration = Duration::from_secs(1);

/// What the operator decides about the engine.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// `[defaults]`.
    pub settings: Settings,
    /// Times.
    pub timing: Timing,
    /// `[policy]`.
    pub policy: OperatorPolicy,
    /// Least time between two mutations of an installation, in milliseconds.
    pub mutation_interval_ms: i64,
}

/// What the engine is made of.
#[derive(Debug)]
pub struct Parts {
    /// The memory.
    pub store: Arc<dyn Store>,
    /// GitHub.
    pub github: Github,
    /// The models.
    pub profiles: Profiles,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Makes the delimiter around untrusted text unguessable.
    pub envelope: crate::llm::prompt::EnvelopeKey,
    /// What the operator decides.
    pub config: EngineConfig,
    /// When a webhook came last, in epoch milliseconds; 0 for never. Without webhooks sweeps are the only way in.
    pub heard: AtomicI64,
    /// Whether a delivery could not be stored: what it told has to be found by looking.
    pub missed: AtomicBool,
}

/// The engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine(pub(crate) Arc<Parts>);

/// What became of a command or a start that came through the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Decided: the workflow as it is now.
    Done(Box<WorkflowRow>),
    /// Refused, with the sentence a person would get.
    Refused(String),
    /// Stored, not decided yet.
    Pending,
    /// There is no such workflow or repository.
    NotFound,
}

impl Engine {
    /// An engine of these parts; nothing runs yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn now(&self) -> Millis {
        self.0.clock.now()
    }

    /// Runs until `shutdown`: steps what is dirty, performs what is due, sweeps for what no webhook told.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut running = JoinSet::new();
        if let Err(error) = self.sweep().await {
            tracing::warn!(%error, "The first sweep did not come through; it is tried again");
        }
        while !shutdown.is_cancelled() {
            let woken = self.0.store.woken();
            match self.round(&mut running, PARALLEL_EFFECTS).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "The store does not answer; trying again");
                    let _ = tokio::time::timeout(STORE_AWAY, shutdown.cancelled()).await;
                    continue;
                }
            }
            let sleep = self.until_due().await;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = woken => {}
                _ = running.join_next(), if !running.is_empty() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
        // What runs is given a moment; whatever is not done then is taken up again after its lease.
        let _ = tokio::time::timeout(Duration::from_secs(5), async { while running.join_next().await.is_some() {} }).await;
    }

    /// Steps every dirty subject and performs every due effect once, all at once. `false`: there was nothing to do.
    /// For tests and simulations under a given clock.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn tick(&self) -> Result<bool, StoreError> {
        let mut running = JoinSet::new();
        let worked = self.round(&mut running, PARALLEL_EFFECTS).await?;
        while running.join_next().await.is_some() {}
        Ok(worked)
    }

    /// As [`Engine::tick`], but performs a single effect: effects at once end in the order the machine likes, so that a
    /// simulation whose bytes must repeat takes them one after the other.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn tick_one(&self) -> Result<bool, StoreError> {
        let mut running = JoinSet::new();
        let worked = self.round(&mut running, 1).await?;
        while running.join_next().await.is_some() {}
        Ok(worked)
    }

    /// When something becomes due, if anything ever does.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        self.0.store.next_due().await
    }

    /// Looks at every served repository and open workflow for what no webhook told: done at start-up and after a delivery
    /// could not be stored, and from then on by itself.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        reconcile::order_discovery(self).await
    }

    /// Starts work on an issue as the operator. `key` makes a repetition harmless.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn start(&self, repository: &str, issue: u64, auto: bool, key: &str) -> Result<Reply, StoreError> {
        let Some(repo) = self.repository(repository).await? else {
            return Ok(Reply::NotFound);
        };
        let subject = subject::issue(repo.id, issue);
        let job = job::Job::ReadStart {
            repository: repo.id,
            issue,
            hint: job::StartHint::Operator {
                auto,
                key: key.to_owned(),
            },
        };
        self.deliver(job.wanted_by(&subject, &format!("api:{key}"), self.now()))
            .await?;
        Ok(Reply::Pending)
    }

    /// Opens an issue out of a text (its first line is the title) and starts work on it, as the operator.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn generate(&self, repository: &str, text: &str, key: &str) -> Result<Reply, StoreError> {
        let Some(repo) = self.repository(repository).await? else {
            return Ok(Reply::NotFound);
        };
        let job = job::Job::Generate {
            repository: repo.id,
            text: text.to_owned(),
            key: key.to_owned(),
        };
        self.deliver(job.wanted_by(&job.subject(), &format!("generate:{key}"), self.now()))
            .await?;
        Ok(Reply::Pending)
    }

    /// Gives a command as the operator. `key` makes a repetition harmless. Waits up to `patience` for the decision.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn command(&self, id: &str, command: Command, key: &str, patience: Duration) -> Result<Reply, StoreError> {
        let Some(row) = self.find(id).await? else {
            return Ok(Reply::NotFound);
        };
        let fact = crate::workflow::fact::Fact::Commanded(crate::workflow::fact::ApiCommand { command, at: self.now() });
        let fact_id = format!("api:{key}");
        self.deliver(record::fact_delivery(&row.subject, &fact_id, &fact, self.now()))
            .await?;
        let mut waited = Duration::ZERO;
        loop {
            let woken = self.0.store.woken();
            if let Some(decided) = self.0.store.decided(row.subject.clone(), fact_id.clone()).await?
                && decided.done
            {
                if let Some(sentence) = decided.result {
                    return Ok(Reply::Refused(sentence));
                }
                let now = self.0.store.workflow(row.id.clone()).await?;
                return Ok(now.map_or(Reply::NotFound, |w| Reply::Done(Box::new(w))));
            }
            if waited >= patience {
                return Ok(Reply::Pending);
            }
            waited += IDLE_LOOK;
            let _ = tokio::time::timeout(IDLE_LOOK, woken).await;
        }
    }

    /// A workflow by UUID, or by `OWNER/REPO#N` (its newest round).
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn find(&self, id: &str) -> Result<Option<WorkflowRow>, StoreError> {
        let Some((repository, issue)) = id.split_once('#') else {
            return self.0.store.workflow(id.to_owned()).await;
        };
        let Ok(issue) = issue.parse() else { return Ok(None) };
        let filter = WorkflowFilter {
            repository: Some(repository.to_owned()),
            issue: Some(issue),
            limit: 1,
            ..WorkflowFilter::default()
        };
        Ok(self.0.store.workflows(filter).await?.into_iter().next())
    }

    /// A served repository by `owner/name`.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn repository(&self, name: &str) -> Result<Option<crate::store::RepositoryRow>, StoreError> {
        let all = self.0.store.repositories().await?;
        Ok(all
            .into_iter()
            .find(|r| format!("{}/{}", r.owner, r.name).eq_ignore_ascii_case(name)))
    }

    async fn deliver(&self, delivery: NewDelivery) -> Result<(), StoreError> {
        self.0.store.ingest(vec![delivery]).await.map(|_| ())
    }

    /// One round: all dirty subjects, then due effects as tasks, so many at once at most.
    async fn round(&self, running: &mut JoinSet<()>, most: u32) -> Result<bool, StoreError> {
        let mut worked = false;
        if self.0.missed.swap(false, Ordering::Relaxed)
            && let Err(error) = self.sweep().await
        {
            self.0.missed.store(true, Ordering::Relaxed);
            return Err(error);
        }
        while step::step(self).await? {
            worked = true;
        }
        let room = most.saturating_sub(u32::try_from(running.len()).unwrap_or(u32::MAX));
        if room > 0 {
            let now = self.now();
            for effect in self.0.store.claim(now, now.plus(LEASE), room).await? {
                worked = true;
                let engine = self.clone();
                running.spawn(async move { Box::pin(perform::perform(&engine, effect)).await });
            }
        }
        Ok(worked)
    }

    async fn until_due(&self) -> Duration {
        match self.0.store.next_due().await {
            Ok(Some(due)) => due.since(self.now()).clamp(Duration::from_millis(1), IDLE_LOOK),
            _ => IDLE_LOOK,
        }
    }
}
