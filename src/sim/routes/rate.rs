//! The primary rate limit, as headers and `GET /rate_limit` tell it.
//!
//! Invariant: it is told and never enforced; limits that bite are made by fault switches.

use crate::clock::Millis;
use crate::sim::world::{JournalEntry, World};

/// Requests an hour of somebody with credentials, and of somebody without.
const HOURLY: (u64, u64) = (5_000, 60);

/// The window of the rate limit, milliseconds.
const WINDOW: i64 = 3_600_000;

/// How much of the primary limit somebody has used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Requests an hour.
    pub(crate) limit: u64,
    /// Those left.
    pub(crate) remaining: u64,
    /// Those used.
    pub(crate) used: u64,
    /// End of the window, seconds.
    pub(crate) reset: i64,
}

/// The primary limit of `who`.
#[must_use]
pub(crate) fn rate(world: &World, who: &str) -> Rate {
    let begin = Millis(world.now().0.div_euclid(WINDOW) * WINDOW);
    // 304 and the question for the limit itself are free.
    let counts = |entry: &&JournalEntry| {
        entry.who == who && entry.status != 304 && entry.path.starts_with("/api/v3") && entry.path != "/api/v3/rate_limit"
    };
    let used = world
        .journal
        .iter()
        .rev()
        .take_while(|entry| entry.at >= begin)
        .filter(counts)
        .count();
    let used = u64::try_from(used).unwrap_or(u64::MAX);
    let limit = if who == "anonymous" { HOURLY.1 } else { HOURLY.0 };
    Rate {
        limit,
        remaining: limit.saturating_sub(used),
        used,
        reset: (begin.0 + WINDOW) / 1000,
    }
}
