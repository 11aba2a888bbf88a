//! How an effect ends: its outcome is stored as a fact, or it is given back with a time to come again.
//!
//! Invariant: one end for each effect, under its lease; waiting is no attempt, and a sweep is never given up.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Ended, Performing, Trouble};
use crate::clock::Millis;
use crate::engine::job::Job;
use crate::engine::{LEASE, record, subject};
use crate::github::{Conflict, Denial, Error};
use crate::store::{Finish, NewDelivery, Postpone, StoreError};
use crate::workflow::fact::{Delayed, DelayedBy, Done, Fact, Outcome, RefusalKind, Refused};

/// After so many attempts that GitHub did not answer, the core is told and decides.
const ATTEMPTS_MAX: i64 = 8;

/// The first wait after a failed attempt; doubled each time.
const BACKOFF: Duration = Duration::from_secs(1);

/// The longest wait between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// How long the names of all repositories take to be read again.
const RENAMED: Duration = Duration::from_secs(10);

/// People are told of a wait that is longer than this.
const TOLD_AFTER: Duration = Duration::from_secs(30);

impl Performing<'_> {
    /// Renews the lease for as long as it can; returns when it is lost.
    pub(super) async fn keep_lease(&self) {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            let until = self.engine.now().plus(LEASE);
            let renewed = self
                .engine
                .0
                .store
                .renew(self.effect.key.clone(), self.effect.token.clone(), until)
                .await;
            if matches!(renewed, Ok(false)) {
                return;
            }
        }
    }

    /// Records how it ended, or gives it back.
    pub(super) async fn end(&self, job: &Job, ended: Result<Ended, Trouble>) -> Result<(), StoreError> {
        let trouble = match self.still_wanted(ended) {
            Ok(ended) => return self.finish(job, ended).await,
            Err(trouble) => trouble,
        };
        let now = self.engine.now();
        let chain = job.is_link();
        match &trouble {
            Trouble::Later { until, on, sentence } => self.postpone(job, *until, false, (*on, sentence)).await,
            Trouble::Github(Error::RateLimited { until, .. }) => {
                let installation = self.installation(job).await?;
                self.engine.0.store.block_installation(installation, *until).await?;
                self.postpone(job, *until, false, (DelayedBy::RateLimit, "GitHub's rate limit is reached."))
                    .await
            }
            Trouble::Github(error) if error.passes() && (chain || self.effect.attempts < ATTEMPTS_MAX) => {
                self.postpone(
                    job,
                    now.plus(self.backoff()),
                    true,
                    (DelayedBy::Github, "GitHub does not answer."),
                )
                .await
            }
            Trouble::Github(error @ Error::Moved { .. }) if chain || self.effect.attempts < ATTEMPTS_MAX => {
                tracing::info!(job = job.name(), %error, "A repository has another name; the names are read again");
                let list = Job::ListInstallations { due: now };
                self.engine
                    .deliver(list.wanted_by(subject::SERVICE, &format!("list:moved:{}", now.0), now))
                    .await?;
                self.postpone(job, now.plus(RENAMED), true, (DelayedBy::Github, "")).await
            }
            Trouble::Store(_) => {
                self.postpone(job, now.plus(self.backoff()), true, (DelayedBy::Github, ""))
                    .await
            }
            Trouble::Github(error) if chain => {
                tracing::warn!(job = job.name(), %error, "A sweep was refused; it is tried again");
                self.postpone(job, now.plus(BACKOFF_MAX), true, (DelayedBy::Github, "")).await
            }
            Trouble::Github(error) => {
                tracing::warn!(effect = self.effect.key, job = job.name(), %error, "GitHub refused");
                self.finish(
                    job,
                    Ended {
                        note: error.to_string(),
                        ..Ended::with(Outcome::Refused(refused(error)))
                    },
                )
                .await
            }
            Trouble::Never(why) => {
                tracing::error!(effect = self.effect.key, job = job.name(), why, "It cannot be done");
                let refused = Refused {
                    kind: RefusalKind::Other,
                    sentence: why.clone(),
                };
                self.finish(
                    job,
                    Ended {
                        note: why.clone(),
                        ..Ended::with(Outcome::Refused(refused))
                    },
                )
                .await
            }
        }
    }

    /// What comes of an order that was withdrawn after it had been begun: only that it was done, if it was.
    fn still_wanted(&self, ended: Result<Ended, Trouble>) -> Result<Ended, Trouble> {
        if !self.effect.withdrawn {
            return ended;
        }
        match ended {
            Ok(ended) => Ok(Ended {
                outcome: ended.outcome.filter(|outcome| !matches!(outcome, Outcome::Refused(_))),
                ..ended
            }),
            Err(Trouble::Github(error)) if error.passes() && self.effect.attempts < ATTEMPTS_MAX => Err(Trouble::Github(error)),
            Err(Trouble::Github(_) | Trouble::Never(_)) => Ok(Ended::saying("it was not done, and nobody wants it any more")),
            Err(trouble @ (Trouble::Store(_) | Trouble::Later { .. })) => Err(trouble),
        }
    }

    async fn finish(&self, job: &Job, ended: Ended) -> Result<(), StoreError> {
        let now = self.engine.now();
        let outcome = ended.outcome.as_ref().map(Outcome::name).unwrap_or_default();
        tracing::debug!(
            effect = self.effect.key,
            job = job.name(),
            outcome,
            note = ended.note,
            "Performed {}",
            job.name()
        );
        let fact = |(id, fact): &(String, Fact)| record::fact_delivery(&self.effect.subject, id, fact, now);
        let mut deliveries: Vec<NewDelivery> = ended.facts.iter().map(fact).collect();
        deliveries.extend(ended.deliveries);
        if let (Job::Order { order }, Some(outcome)) = (job, ended.outcome) {
            let done = Done {
                key: self.effect.key.clone(),
                order: order.clone(),
                requests: self.requests.load(Ordering::Relaxed),
                cost: ended.cost,
                outcome,
            };
            deliveries.push(fact(&(format!("effect:{}", self.effect.key), Fact::Done(done))));
        }
        let finish = Finish {
            key: self.effect.key.clone(),
            token: self.effect.token.clone(),
            deliveries,
            blobs: ended.blobs,
            outcome: ended.note,
            now,
        };
        self.engine.0.store.finish(finish).await.map(|_| ())
    }

    async fn postpone(&self, job: &Job, until: Millis, attempt: bool, why: (DelayedBy, &str)) -> Result<(), StoreError> {
        let now = self.engine.now();
        let (on, sentence) = why;
        tracing::debug!(
            effect = self.effect.key,
            job = job.name(),
            until = until.0,
            sentence,
            "Put off {}",
            job.name()
        );
        let tell = matches!(job, Job::Order { .. }) && until.since(now) > TOLD_AFTER;
        let told = tell.then(|| {
            let fact = Fact::Delayed(Delayed {
                key: self.effect.key.clone(),
                until,
                on,
                sentence: sentence.to_owned(),
            });
            record::fact_delivery(
                &self.effect.subject,
                &format!("delayed:{}:{}", self.effect.key, until.0),
                &fact,
                now,
            )
        });
        let later = Postpone {
            key: self.effect.key.clone(),
            token: self.effect.token.clone(),
            run_at: until,
            attempt,
            reason: sentence.to_owned(),
            deliveries: told.into_iter().collect(),
        };
        self.engine.0.store.postpone(later).await.map(|_| ())
    }

    /// Doubled with every attempt, spread by up to a half, so that what failed together does not come back together.
    fn backoff(&self) -> Duration {
        let doublings = u32::try_from(self.effect.attempts.clamp(1, 7) - 1).unwrap_or(0);
        let wait = (BACKOFF * 2_u32.pow(doublings)).min(BACKOFF_MAX);
        let spread = u64::try_from(wait.as_millis() / 2).unwrap_or(0).max(1);
        wait + Duration::from_millis(self.engine.0.entropy.number() % spread)
    }
}

/// GitHub's refusal in the core's words.
fn refused(error: &Error) -> Refused {
    let kind = match error {
        Error::Conflict {
            kind: Conflict::StaleHead | Conflict::NotFastForward,
            ..
        } => RefusalKind::HeadMoved,
        Error::Conflict {
            kind: Conflict::MergeConflict,
            ..
        } => RefusalKind::Conflict,
        Error::Conflict { .. } | Error::Refused { .. } => RefusalKind::Rules,
        Error::Denied { why: Denial::Rule, .. } => RefusalKind::Rules,
        Error::WorkflowRefused { .. } => RefusalKind::Workflows,
        Error::NotFound { .. } | Error::Gone { .. } | Error::Moved { .. } => RefusalKind::Gone,
        Error::Denied { .. } | Error::Unauthorized { .. } | Error::Suspended => RefusalKind::Permission,
        Error::Unavailable { .. } | Error::Unknown { .. } | Error::RateLimited { .. } => RefusalKind::Unreachable,
        Error::Malformed { .. } | Error::Superseded => RefusalKind::Other,
    };
    Refused {
        kind,
        sentence: error.to_string(),
    }
}
