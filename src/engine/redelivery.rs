//! Deliveries that failed are asked for again: GitHub never sends one twice by itself.
//!
//! Invariant: nothing depends on it. What no redelivery brings, the sweeps find by looking; this only makes it quicker.

use std::time::Duration;

use super::job::Job;
use super::perform::{Ended, Performing, Trouble};
use super::reconcile;
use crate::clock::Millis;
use crate::github::FailedDelivery;

/// How often it is looked for failed deliveries.
const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);

/// How far back a look goes: an attempt is listed some time after it was made.
const LOOK_BACK: Duration = Duration::from_secs(60 * 60);

/// How far back the first look after a start goes. GitHub keeps deliveries for three days ("Redelivering webhooks").
const KEPT: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How often a delivery is tried in all: the first time and three more.
const ATTEMPTS_MAX: u32 = 4;

/// The first look after a start.
pub(super) fn first(now: Millis) -> Job {
    Job::Redeliver {
        due: now,
        since: back(now, KEPT),
    }
}

/// Asks for what failed since, and orders the next look.
pub(super) async fn redeliver(p: &Performing<'_>, since: Millis) -> Result<Ended, Trouble> {
    let now = p.engine.now();
    let mut asked = 0_u32;
    for delivery in p.github.failed_deliveries(since).await? {
        if !is_worth_it(&delivery) {
            continue;
        }
        match p.github.redeliver(&delivery).await {
            Ok(()) => asked += 1,
            // It may be too old by now; what GitHub refuses to send again, the sweeps find.
            Err(error) if !error.passes() => tracing::debug!(guid = delivery.guid, %error, "Not delivered again"),
            Err(error) => return Err(error.into()),
        }
    }
    if asked > 0 {
        tracing::info!(asked, "Asked GitHub to deliver again what had failed");
    }
    let next = |due| Job::Redeliver {
        due,
        since: back(now, LOOK_BACK),
    };
    Ok(Ended {
        deliveries: vec![reconcile::chained(&next, "redeliver", LOOK_EVERY, now)],
        ..Ended::saying("looked for failed deliveries")
    })
}

/// What we refused will be refused again; what did not reach us, or what we could not store, may pass now.
fn is_worth_it(delivery: &FailedDelivery) -> bool {
    let passing = delivery.status == 0 || delivery.status >= 500;
    passing && delivery.attempts < ATTEMPTS_MAX
}

fn back(now: Millis, by: Duration) -> Millis {
    Millis(now.0 - i64::try_from(by.as_millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_asked_for_and_not_for_ever() {
        let rows = [
            (0, 1, true),
            (500, 3, true),
            (503, 4, false),
            (401, 1, false),
            (413, 1, false),
            (301, 1, false),
        ];
        for (status, attempts, wanted) in rows {
            let delivery = FailedDelivery {
                guid: "g".to_owned(),
                attempt: 7,
                attempts,
                status,
                event: "issues".to_owned(),
                at: Millis(0),
            };
            assert_eq!(is_worth_it(&delivery), wanted, "{status} after {attempts}");
        }
    }
}
