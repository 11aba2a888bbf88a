//! *ingest*: a verified delivery becomes a row of the inbox.
//!
//! Invariant: a delivery is stored before it is understood any further than to know whom it concerns; the answer to GitHub
//! goes out only after the commit.

use std::sync::atomic::Ordering;

use super::{Engine, subject};
use crate::github::webhook::{Action, Concern, Payload};
use crate::store::rows::UNROUTED;
use crate::store::{NewDelivery, StoreError};

/// Kind of inbox rows that hold a webhook; the event's name follows.
pub(super) const WEBHOOK: &str = "webhook:";

/// A delivery whose signature was checked.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// `X-GitHub-Event`.
    pub event: String,
    /// `X-GitHub-Delivery`: the same for a redelivery.
    pub guid: String,
    /// The body as received.
    pub body: Vec<u8>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingested {
    /// Stored.
    Stored,
    /// Stored before.
    Seen,
    /// Nothing in it concerns us.
    Unused,
}

/// Why a delivery was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The body does not fit its event.
    #[error("{0}")]
    Malformed(String),
    /// It cannot be stored now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Stores a delivery for every subject it concerns.
    ///
    /// # Errors
    /// [`IngestError`].
    pub async fn ingest(&self, delivery: Delivery) -> Result<Ingested, IngestError> {
        let ingested = self.take_in(delivery).await;
        if matches!(ingested, Err(IngestError::Store(_))) {
            // GitHub does not send it again by itself.
            self.0.missed.store(true, Ordering::Relaxed);
        }
        ingested
    }

    async fn take_in(&self, delivery: Delivery) -> Result<Ingested, IngestError> {
        let payload = Payload::parse(&delivery.event, &delivery.body).map_err(|e| IngestError::Malformed(e.to_string()))?;
        self.0.heard.store(self.now().0, Ordering::Relaxed);
        if self.is_echo(&payload) {
            return Ok(Ingested::Unused);
        }
        let subjects = self.subjects(&payload).await?;
        if subjects.is_empty() {
            return Ok(Ingested::Unused);
        }
        let row = |subject| NewDelivery {
            subject,
            fact_id: format!("delivery:{}", delivery.guid),
            kind: format!("{WEBHOOK}{}", delivery.event),
            body: delivery.body.clone(),
            received_at: self.now(),
        };
        let new = self.0.store.ingest(subjects.into_iter().map(row).collect()).await?;
        Ok(if new.contains(&true) {
            Ingested::Stored
        } else {
            Ingested::Seen
        })
    }

    /// Whether the delivery only tells what we did ourselves. Checks of other Apps on our commits name us as their sender,
    /// since we pushed: there only the App that owns the check counts. GitHub is not asked who we are, it waits for an
    /// answer; not knowing yet costs one look too many, nothing else.
    fn is_echo(&self, payload: &Payload) -> bool {
        let Some(identity) = self.0.github.known_identity() else {
            return false;
        };
        if let Payload::CheckSuite(event) = payload {
            return event.about.app == Some(identity.app_id);
        }
        if let Payload::CheckRun(event) = payload {
            if event.action == Action::RequestedAction {
                return event.about.app != Some(identity.app_id); // of another App's check run it would tell us nothing
            }
            return event.about.app == Some(identity.app_id);
        }
        let of_others = matches!(payload, Payload::Status(_) | Payload::WorkflowRun(_));
        !of_others && payload.is_own(identity)
    }

    /// The subjects that a delivery concerns: by number, by branch, by what was recorded; or, for a commit that nothing
    /// leads from yet, the place where it waits for that.
    async fn subjects(&self, payload: &Payload) -> Result<Vec<String>, StoreError> {
        if matches!(
            payload,
            Payload::Installation(_) | Payload::Repositories(_) | Payload::Repository(_)
        ) {
            return Ok(vec![subject::SERVICE.to_owned()]);
        }
        let route = payload.route();
        let Some(repository) = route.repository.and_then(|id| i64::try_from(id.0).ok()) else {
            return Ok(Vec::new());
        };
        if moves_the_default_branch(payload) {
            return Ok(vec![subject::repository(repository)]);
        }
        let mut branches = false;
        let mut waits_for = None;
        for concern in &route.concerns {
            let key = match concern {
                Concern::Issue(number) => return Ok(vec![subject::issue(repository, *number)]),
                Concern::Branch(name) => {
                    branches = true;
                    match self.0.store.route(repository, format!("branch:{name}")).await? {
                        Some(subject) => return Ok(vec![subject]),
                        None => continue,
                    }
                }
                Concern::Pull(number) => format!("pull:{number}"),
                Concern::Sha(sha) => format!("sha:{sha}"),
                Concern::Repository | Concern::Installation => continue,
            };
            if let Some(subject) = self.0.store.route(repository, key.clone()).await? {
                return Ok(vec![subject]);
            }
            waits_for.get_or_insert(key);
        }
        // On a branch that is not ours nothing of ours will ever appear.
        Ok(waits_for
            .filter(|_| !branches)
            .map(|key| format!("{UNROUTED}{repository}:{key}"))
            .into_iter()
            .collect())
    }
}

/// Whether a push may have changed what the repository sets.
fn moves_the_default_branch(payload: &Payload) -> bool {
    let Payload::Push(event) = payload else { return false };
    let default = event.repository.as_ref().and_then(|r| r.default_branch.as_deref());
    default.is_some() && event.about.name.strip_prefix("refs/heads/") == default
}
