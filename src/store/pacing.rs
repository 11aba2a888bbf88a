//! When an installation may write next: pure arithmetic over what it wrote in the last hour.
//!
//! Invariant: if every caller waits as told, no window of a minute or an hour holds more mutations than GitHub allows.

use crate::clock::Millis;
use crate::store::{Pace, PaceRequest};

/// Content-creating requests a minute that GitHub allows an installation, REST and GraphQL together ("in general, no
/// more than 80 content-generating requests per minute": docs.github.com, Rate limits for the REST API, secondary limits).
pub(crate) const MUTATIONS_PER_MINUTE: u32 = 80;

/// The same source's limit an hour.
pub(crate) const MUTATIONS_PER_HOUR: u32 = 500;

/// A minute in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// An hour in milliseconds: what was written before that is of no interest any more.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// A document that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// When.
    pub(crate) at: Millis,
    /// How many mutations it had.
    pub(crate) mutations: u32,
}

/// Whether `ask` may go now, given what was written in the hour before (oldest first) and a block.
pub(crate) fn room(written: &[Written], blocked_until: Option<Millis>, ask: &PaceRequest) -> Pace {
    let mut earliest = blocked_until.map_or(i64::MIN, |until| until.0);
    if writes_are_paced(ask) {
        earliest = earliest
            .max(after_the_last(written, ask.interval_ms))
            .max(window_has_room(written, ask.mutations, MINUTE_MS, MUTATIONS_PER_MINUTE))
            .max(window_has_room(written, ask.mutations, HOUR_MS, MUTATIONS_PER_HOUR));
    }
    if earliest <= ask.now.0 {
        Pace::Go
    } else {
        Pace::Wait(Millis(earliest))
    }
}

/// Whether this request counts: reads do not, and an interval of zero switches pacing off.
pub(crate) fn writes_are_paced(ask: &PaceRequest) -> bool {
    ask.mutations > 0 && ask.interval_ms > 0
}

/// A document of three mutations keeps the line busy for three intervals.
fn after_the_last(written: &[Written], interval_ms: i64) -> i64 {
    written.last().map_or(i64::MIN, |last| {
        last.at
            .0
            .saturating_add(interval_ms.saturating_mul(i64::from(last.mutations)))
    })
}

/// The time at which so many of the oldest have left the window that `mutations` fit in. More than the limit at once
/// can only ever be sent into an empty window.
fn window_has_room(written: &[Written], mutations: u32, window_ms: i64, limit: u32) -> i64 {
    let room = limit.saturating_sub(mutations);
    let mut inside: u32 = written.iter().fold(0, |sum, one| sum.saturating_add(one.mutations));
    let mut earliest = i64::MIN;
    for one in written {
        if inside <= room {
            break;
        }
        inside -= one.mutations.min(inside);
        earliest = one.at.0.saturating_add(window_ms);
    }
    earliest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(mutations: u32, interval_ms: i64, now: i64) -> PaceRequest {
        PaceRequest {
            installation: 1,
            mutations,
            interval_ms,
            now: Millis(now),
        }
    }

    #[test]
    fn a_block_holds_reads_and_unpaced_writes_too() {
        for (mutations, interval_ms) in [(0, 1000), (3, 0), (3, 1000)] {
            assert_eq!(
                room(&[], Some(Millis(50)), &ask(mutations, interval_ms, 49)),
                Pace::Wait(Millis(50))
            );
            assert_eq!(room(&[], Some(Millis(50)), &ask(mutations, interval_ms, 50)), Pace::Go);
        }
    }

    #[test]
    fn reads_and_unpaced_writes_do_not_wait_for_writes() {
        let written = [Written {
            at: Millis(0),
            mutations: 500,
        }];
        assert_eq!(room(&written, None, &ask(0, 1000, 1)), Pace::Go);
        assert_eq!(room(&written, None, &ask(5, 0, 1)), Pace::Go);
        assert_eq!(room(&written, None, &ask(1, 1000, 1)), Pace::Wait(Millis(HOUR_MS)));
    }

    #[test]
    fn more_than_a_limit_at_once_goes_alone() {
        assert_eq!(room(&[], None, &ask(600, 1000, 0)), Pace::Go);
        let written = [Written {
            at: Millis(0),
            mutations: 1,
        }];
        assert_eq!(room(&written, None, &ask(600, 1000, 1000)), Pace::Wait(Millis(HOUR_MS)));
    }

    proptest! {
        #[test]
        fn whoever_waits_as_told_stays_within_the_limits(
            interval_ms in 1_i64..2_000,
            asks in proptest::collection::vec((1_u32..9, 0_i64..3_000), 1..400),
        ) {
            let mut written: Vec<Written> = Vec::new();
            let mut now = 0;
            for (mutations, pause) in asks {
                now += pause;
                let recent: Vec<Written> = written.iter().copied().filter(|one| one.at.0 > now - HOUR_MS).collect();
                if let Pace::Wait(until) = room(&recent, None, &ask(mutations, interval_ms, now)) {
                    prop_assert!(until.0 > now);
                    now = until.0;
                    let recent: Vec<Written> = written.iter().copied().filter(|one| one.at.0 > now - HOUR_MS).collect();
                    prop_assert_eq!(room(&recent, None, &ask(mutations, interval_ms, now)), Pace::Go);
                }
                written.push(Written { at: Millis(now), mutations });
                for (window_ms, limit) in [(MINUTE_MS, MUTATIONS_PER_MINUTE), (HOUR_MS, MUTATIONS_PER_HOUR)] {
                    let inside: u32 = written.iter().filter(|one| one.at.0 > now - window_ms).map(|one| one.mutations).sum();
                    prop_assert!(inside <= limit, "{} in {} ms", inside, window_ms);
                }
            }
            for pair in written.windows(2) {
                prop_assert!(pair[1].at.0 - pair[0].at.0 >= interval_ms * i64::from(pair[0].mutations));
            }
        }
    }
}
