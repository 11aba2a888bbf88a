//! *perform*: an effect is carried out under its lease, and its outcome goes into the inbox.
//!
//! Any attempt after the first looks at what is there before it acts; what was withdrawn after an attempt only looks. What cannot be done is an outcome like any other;
//! what only takes time is given back with a time to come again.
//!
//! Invariant: an effect ends in exactly one finish, and whoever lost its lease writes nothing.

mod check;
mod conflict;
mod end;
mod facts;
mod issue;
mod log;
mod model;
mod phase;
mod press;
mod reads;
mod release;
mod revert;
mod show;
mod start;
mod survey;
mod take_out;
mod task;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;

use super::job::Job;
use super::{Engine, configuration, reconcile, redelivery};
use crate::clock::Millis;
use crate::github::{Attempt, Error, Github, NodeId, Repo, RepositoryId, RequestKind, RequestNote};
use crate::store::{Blob, LeasedEffect, NewDelivery, Pace, PaceRequest, RepositoryRow, StoreError};
use crate::workflow::fact::{CostSeen, DelayedBy, Fact, Outcome};
use crate::workflow::ids::MicroUsd;
use crate::workflow::model::Workflow;
use crate::workflow::order::Order;

/// Everything an effect needs while it is carried out.
pub(super) struct Performing<'a> {
    pub(super) engine: &'a Engine,
    pub(super) effect: &'a LeasedEffect,
    /// GitHub, counting this effect's requests.
    pub(super) github: Github,
    requests: Arc<AtomicU32>,
}

/// How an effect ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// What came of the order, when it was one.
    pub(super) outcome: Option<Outcome>,
    /// The ledger, when a model was asked.
    pub(super) cost: Option<CostSeen>,
    /// Facts that were read beside it.
    pub(super) facts: Vec<(String, Fact)>,
    /// Other rows for the inbox.
    pub(super) deliveries: Vec<NewDelivery>,
    /// Big values.
    pub(super) blobs: Vec<Blob>,
    /// One line for the audit.
    pub(super) note: String,
}

impl Ended {
    pub(super) fn saying(note: &str) -> Self {
        Self {
            note: note.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn with(outcome: Outcome) -> Self {
        Self {
            outcome: Some(outcome),
            ..Self::default()
        }
    }
}

/// Why an effect did not end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// GitHub said no, or nothing.
    #[error(transparent)]
    Github(#[from] Error),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not its time yet.
    #[error("{sentence}")]
    Later {
        /// When to come again.
        until: Millis,
        /// What is waited for.
        on: DelayedBy,
        /// Why.
        sentence: String,
    },
    /// It can never be done like this.
    #[error("{0}")]
    Never(String),
}

impl From<crate::github::render::Blocked> for Trouble {
    fn from(blocked: crate::github::render::Blocked) -> Self {
        Self::Never(format!("a text was held back: {blocked}"))
    }
}

/// Carries an effect out and records how it ended.
pub(super) async fn perform(engine: &Engine, effect: LeasedEffect) {
    let requests = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&requests);
    let observer = engine.0.github.observer();
    let github = engine.0.github.observed_by(Arc::new(move |note: &RequestNote<'_>| {
        if note.kind != RequestKind::Token {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        observer(note);
    }));
    let Ok(job) = serde_json::from_str::<Job>(&effect.order) else {
        tracing::error!(effect = effect.key, "An effect cannot be read; it is not one of this version");
        return;
    };
    let performing = Performing {
        engine,
        effect: &effect,
        github: if effect.withdrawn { github.looking() } else { github },
        requests,
    };
    let work = AssertUnwindSafe(performing.carry_out(&job)).catch_unwind();
    let ended = tokio::select! {
        ended = work => ended,
        () = performing.keep_lease() => return, // somebody else has it now
    };
    let ended = ended.unwrap_or_else(|_| Err(Trouble::Never("carrying it out panicked: a bug of Millhand".to_owned())));
    if let Err(error) = performing.end(&job, ended).await {
        // The lease runs out and the effect is taken up again, looking first.
        tracing::error!(effect = effect.key, %error, "How an effect ended could not be stored");
    }
}

/// A stored repository as the adaptor wants it.
pub(super) fn repo(row: &RepositoryRow) -> Repo {
    Repo {
        id: RepositoryId(u64::try_from(row.id).unwrap_or(0)),
        node_id: NodeId(row.node_id.clone()),
        owner: row.owner.clone(),
        name: row.name.clone(),
        installation: reconcile::installation(row),
    }
}

impl Performing<'_> {
    /// The first attempt acts at once, every later one looks first.
    pub(super) fn attempt(&self) -> Attempt {
        if self.effect.attempts <= 1 {
            Attempt::First
        } else {
            Attempt::Again
        }
    }

    async fn carry_out(&self, job: &Job) -> Result<Ended, Trouble> {
        if self.effect.withdrawn && job.mutations() == 0 {
            return Ok(Ended::saying("nobody wants it any more"));
        }
        self.pace(job).await?;
        match job {
            Job::Order { order } => Box::pin(self.order(order)).await,
            Job::ReadStart { repository, issue, hint } => start::read_start(self, *repository, *issue, hint).await,
            Job::Generate { repository, text, key } => start::generate(self, *repository, text, key).await,
            Job::Refuse { repository, node_id } => start::refuse(self, *repository, node_id).await,
            Job::ListInstallations { .. } => reconcile::list_installations(self).await,
            Job::Discover { repository, .. } => reconcile::discover(self, *repository).await,
            Job::ReadConfiguration { repository } => reconcile::read_configuration(self, *repository).await,
            Job::ReportConfiguration { repository, head } => match reconcile::served(self, *repository).await? {
                Some(row) => configuration::report(self, &row, head).await,
                None => Ok(Ended::saying("not served")),
            },
            Job::ReadPress { repository, pressed, .. } => press::read_press(self, *repository, pressed).await,
            Job::Redeliver { since, .. } => redelivery::redeliver(self, *since).await,
        }
    }

    async fn order(&self, order: &Order) -> Result<Ended, Trouble> {
        let id = self.effect.workflow.clone().unwrap_or_default();
        let row = self.engine.0.store.workflow(id).await?;
        let Some(w) = row.and_then(|row| serde_json::from_str::<Workflow>(&row.state).ok()) else {
            return Err(Trouble::Never("its workflow cannot be read".to_owned()));
        };
        let mut repo = repo_of(&w)?;
        // It may have been renamed since the work was begun.
        if let Some(row) = reconcile::served(self, number(w.repository.id)).await? {
            (repo.owner, repo.name) = (row.owner, row.name);
        }
        let at = At { p: self, w: &w, repo };
        match order {
            Order::ReadIssue { .. }
            | Order::ReadPull { .. }
            | Order::ReadRevert { .. }
            | Order::Survey { .. }
            | Order::ReadFailures { .. }
            | Order::ComparePatch { .. } => at.read(order).await,
            Order::Ask(ask) => at.ask(ask).await,
            Order::Status { .. }
            | Order::PostPlan { .. }
            | Order::PostQuestions { .. }
            | Order::ShowChange { .. }
            | Order::AskPerson { .. }
            | Order::Minimise { .. }
            | Order::React { .. }
            | Order::Reply { .. }
            | Order::SetLabel
            | Order::CloseIssue => at.on_issue(order).await,
            Order::Open { .. }
            | Order::Push { .. }
            | Order::WriteCheck { .. }
            | Order::Rerun { .. }
            | Order::MarkReady { .. }
            | Order::Present { .. }
            | Order::AnswerReviews { .. }
            | Order::UpdateBranch { .. } => at.on_phase(order).await,
            Order::CreateBase { .. }
            | Order::Merge { .. }
            | Order::TakeOut { .. }
            | Order::OpenRevert { .. }
            | Order::OpenRelease
            | Order::DescribeRelease { .. }
            | Order::ClosePull { .. }
            | Order::DeleteBranches { .. } => at.on_release(order).await,
            Order::WakeAt { .. } => Ok(Ended::with(Outcome::Woke)),
        }
    }

    /// Waits its turn among the installation's writes, and reads too wait while GitHub holds the installation off. Waiting
    /// for capacity is no attempt.
    async fn pace(&self, job: &Job) -> Result<(), Trouble> {
        if !job.asks_github() {
            return Ok(());
        }
        let ask = PaceRequest {
            installation: self.installation(job).await?,
            mutations: job.mutations(),
            interval_ms: self.engine.0.config.mutation_interval_ms,
            now: self.engine.now(),
        };
        match self.engine.0.store.pace(ask).await? {
            Pace::Go => Ok(()),
            Pace::Wait(until) => Err(Trouble::Later {
                until,
                on: DelayedBy::RateLimit,
                sentence: "GitHub limits how fast Millhand may write.".to_owned(),
            }),
        }
    }

    /// Whose limits count. What no workflow ordered is about a repository, or about the App itself: 0.
    async fn installation(&self, job: &Job) -> Result<i64, StoreError> {
        let Some(repository) = job.repository().filter(|_| self.effect.installation == 0) else {
            return Ok(self.effect.installation);
        };
        let all = self.engine.0.store.repositories().await?;
        Ok(all.iter().find(|r| r.id == repository).map_or(0, |r| r.installation))
    }
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// A workflow's order being carried out.
pub(super) struct At<'a> {
    pub(super) p: &'a Performing<'a>,
    pub(super) w: &'a Workflow,
    pub(super) repo: Repo,
}

/// A workflow's repository as the adaptor wants it.
fn repo_of(w: &Workflow) -> Result<Repo, Trouble> {
    let Some((owner, name)) = w.repository.name.split_once('/') else {
        return Err(Trouble::Never(format!("{:?} is no repository's name", w.repository.name)));
    };
    Ok(Repo {
        id: RepositoryId(w.repository.id),
        node_id: NodeId(w.repository.node_id.clone()),
        owner: owner.to_owned(),
        name: name.to_owned(),
        installation: crate::github::InstallationId(w.repository.installation),
    })
}

/// The ledger in the core's words.
pub(super) fn cost_seen(cost: crate::store::Cost) -> CostSeen {
    CostSeen {
        spent: MicroUsd(cost.spent_microusd),
        reserved: MicroUsd(cost.reserved_microusd),
        calls: u32::try_from(cost.calls).unwrap_or(u32::MAX),
        nominal: cost.nominal,
    }
}
