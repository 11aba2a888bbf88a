//! Deliveries that failed, and asking GitHub to send them again: it never does by itself.
//!
//! Invariant: a delivery that any attempt brought through is not asked for again.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Github;
use super::error::Error;
use super::request::{Request, Scope};
use crate::clock::Millis;

/// Pages of a hundred attempts that one sweep reads. GitHub keeps three days; a sweep comes every few minutes.
const MOST_PAGES: usize = 50;

/// A delivery of which no attempt went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedDelivery {
    /// The delivery's GUID, shared by its attempts.
    pub guid: String,
    /// Id of its newest attempt, by which it is asked for again.
    pub attempt: u64,
    /// How often it was tried within the time looked at.
    pub attempts: u32,
    /// Status of our last answer; 0 if there was none.
    pub status: u16,
    /// The event's name.
    pub event: String,
    /// When it was last tried.
    pub at: Millis,
}

#[derive(Deserialize)]
struct RawDelivery {
    id: u64,
    guid: String,
    delivered_at: String,
    #[serde(default)]
    status_code: u16,
    #[serde(default)]
    event: String,
}

impl Github {
    /// The deliveries since `since` of which no attempt was answered with 2xx, oldest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn failed_deliveries(&self, since: Millis) -> Result<Vec<FailedDelivery>, Error> {
        let mut path = "/app/hook/deliveries?per_page=100".to_owned();
        let mut attempts = Vec::new();
        for _ in 0..MOST_PAGES {
            let reply = self.call(Scope::App, Request::get(path)).await?;
            let page: Vec<RawDelivery> = reply.json()?;
            let reached = page.iter().any(|attempt| time(attempt) < since);
            attempts.extend(page.into_iter().filter(|attempt| time(attempt) >= since));
            match reply.next_query() {
                Some(query) if !reached => path = format!("/app/hook/deliveries?{query}"),
                Some(_) | None => break,
            }
        }
        Ok(failed(attempts))
    }

    /// Asks for a delivery again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn redeliver(&self, delivery: &FailedDelivery) -> Result<(), Error> {
        let path = format!("/app/hook/deliveries/{}/attempts", delivery.attempt);
        self.call(Scope::App, Request::bare_post(path)).await.map(|_| ())
    }
}

fn time(attempt: &RawDelivery) -> Millis {
    Millis::parse_rfc3339(&attempt.delivered_at).unwrap_or_default()
}

fn failed(attempts: Vec<RawDelivery>) -> Vec<FailedDelivery> {
    let mut by_guid: BTreeMap<String, Option<FailedDelivery>> = BTreeMap::new();
    for attempt in attempts {
        let at = time(&attempt);
        if (200..300).contains(&attempt.status_code) {
            by_guid.insert(attempt.guid, None);
            continue;
        }
        let seen = by_guid.entry(attempt.guid.clone()).or_insert_with(|| {
            Some(FailedDelivery {
                guid: attempt.guid,
                attempt: attempt.id,
                attempts: 0,
                status: attempt.status_code,
                event: attempt.event,
                at,
            })
        });
        if let Some(seen) = seen {
            seen.attempts += 1;
            if at > seen.at {
                (seen.attempt, seen.status, seen.at) = (attempt.id, attempt.status_code, at);
            }
        }
    }
    let mut failed: Vec<FailedDelivery> = by_guid.into_values().flatten().collect();
    failed.sort_by(|a, b| (a.at, &a.guid).cmp(&(b.at, &b.guid)));
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_gathered_by_delivery_and_one_success_is_enough() {
        let attempt = |id: u64, guid: &str, minute: u32, status_code: u16| RawDelivery {
            id,
            guid: guid.to_owned(),
            delivered_at: format!("2026-11-21T07:{minute:02}:00Z"),
            status_code,
            event: "issues".to_owned(),
        };
        let found = failed(vec![
            attempt(5, "b", 5, 502),
            attempt(4, "a", 4, 202),
            attempt(3, "b", 3, 0),
            attempt(2, "a", 2, 503),
            attempt(1, "c", 1, 401),
        ]);
        let short: Vec<_> = found
            .iter()
            .map(|d| (d.guid.as_str(), d.attempt, d.attempts, d.status))
            .collect();
        assert_eq!(short, [("c", 1, 1, 401), ("b", 5, 2, 502)]);
    }
}
