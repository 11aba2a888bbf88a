//! How fast one installation may be used: a pure pacer whose state the engine keeps in the database.
//!
//! GitHub asks for serial changes about a second apart, at most 80 new contents a minute and 500 an hour, and 900 points a
//! minute over REST (a read is 1, a change 5) and answers those who ignore it with secondary limits, in the end with a
//! ban. Mutations are counted, not documents.
//!
//! Invariant: nothing is admitted before a time that GitHub told; waiting for capacity is not an attempt.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// New contents (comments, reviews, pull requests) in any minute, from GitHub's documentation.
pub const CONTENT_PER_MINUTE: u32 = 80;

/// New contents in any hour, from GitHub's documentation.
pub const CONTENT_PER_HOUR: u32 = 500;

/// Points in any minute over REST, from GitHub's documentation; GraphQL has more, so the smaller is kept for both.
pub const POINTS_PER_MINUTE: u32 = 900;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Windows are kept in slices of this length, so that the state stays small: 60 numbers for an hour.
const SLICE: Duration = MINUTE;

/// What something costs, before it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Requests that only read.
    pub reads: u32,
    /// Changes, each alias of a document counted.
    pub mutations: u32,
    /// Those of them that make something people are notified of.
    pub contents: u32,
}

impl Load {
    /// A load of so many changes, of which so many are new contents.
    #[must_use]
    pub const fn changes(mutations: u32, contents: u32) -> Self {
        Self {
            reads: 0,
            mutations,
            contents,
        }
    }

    /// A load of so many reads.
    #[must_use]
    pub const fn reads(reads: u32) -> Self {
        Self {
            reads,
            mutations: 0,
            contents: 0,
        }
    }

    fn points(self) -> u32 {
        self.reads.saturating_add(self.mutations.saturating_mul(5))
    }
}

/// Whether something may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Yes; it is booked.
    Now,
    /// Not before this time; nothing is booked.
    At(Millis),
}

/// The pace of one installation. Serialised, it is the row the engine keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pacer {
    /// No change before this.
    next_change: Millis,
    /// Nothing at all before this: GitHub said so.
    closed_until: Millis,
    /// What was admitted, by slice, oldest first.
    slices: Vec<Slice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Slice {
    start: Millis,
    contents: u32,
    points: u32,
}

impl Pacer {
    /// Books `load` if it may be sent now; `interval` is the time between two changes.
    pub fn admit(&mut self, load: Load, interval: Duration, now: Millis) -> Admission {
        self.slices.retain(|slice| now.since(slice.start) < HOUR + SLICE);
        let earliest = self.earliest(load, now);
        if earliest > now {
            return Admission::At(earliest);
        }
        if load.mutations > 0 {
            self.next_change = now.plus(interval.saturating_mul(load.mutations));
        }
        let start = Millis(now.0 - now.0.rem_euclid(i64::try_from(SLICE.as_millis()).unwrap_or(1)));
        match self.slices.last_mut() {
            Some(slice) if slice.start == start => slice.book(load),
            _ => {
                let mut slice = Slice {
                    start,
                    contents: 0,
                    points: 0,
                };
                slice.book(load);
                self.slices.push(slice);
            }
        }
        Admission::Now
    }

    /// Obeys a limit that GitHub told: nothing before `until`.
    pub fn close_until(&mut self, until: Millis) {
        self.closed_until = self.closed_until.max(until);
    }

    fn earliest(&self, load: Load, now: Millis) -> Millis {
        let mut earliest = self.closed_until;
        if load.mutations > 0 {
            earliest = earliest.max(self.next_change);
        }
        // A load above a whole window can never fit beside others: it is let through alone, when the window is empty.
        if load.contents > 0 {
            let contents = |slice: &Slice| slice.contents;
            earliest = earliest.max(self.room(contents, CONTENT_PER_MINUTE.saturating_sub(load.contents), MINUTE, now));
            earliest = earliest.max(self.room(contents, CONTENT_PER_HOUR.saturating_sub(load.contents), HOUR, now));
        }
        earliest.max(self.room(
            |slice| slice.points,
            POINTS_PER_MINUTE.saturating_sub(load.points()),
            MINUTE,
            now,
        ))
    }

    /// When the sum over `window` is at most `most`. A slice counts until all of it has left the window.
    fn room(&self, of: fn(&Slice) -> u32, most: u32, window: Duration, now: Millis) -> Millis {
        let leaves = |slice: &Slice| slice.start.plus(SLICE).plus(window);
        let mut sum: u32 = self.slices.iter().filter(|slice| leaves(slice) > now).map(of).sum();
        for slice in self.slices.iter().filter(|slice| leaves(slice) > now) {
            if sum <= most {
                break;
            }
            sum -= of(slice);
            if sum <= most {
                return leaves(slice);
            }
        }
        now
    }
}

impl Slice {
    fn book(&mut self, load: Load) {
        self.contents = self.contents.saturating_add(load.contents);
        self.points = self.points.saturating_add(load.points());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Millis = Millis(1_700_000_040_000);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn changes_go_one_second_apart_and_a_document_counts_each_of_its_changes() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.admit(Load::changes(3, 1), SECOND, START), Admission::Now);
        let free = START.plus(SECOND * 3);
        assert_eq!(
            pacer.admit(Load::changes(1, 0), SECOND, START.plus(SECOND)),
            Admission::At(free)
        );
        assert_eq!(
            pacer.admit(Load::reads(1), SECOND, START.plus(SECOND)),
            Admission::Now,
            "reads need not wait"
        );
        assert_eq!(pacer.admit(Load::changes(1, 0), SECOND, free), Admission::Now);
    }

    #[test]
    fn nothing_goes_before_the_time_that_github_told() {
        let mut pacer = Pacer::default();
        let until = START.plus(SECOND * 90);
        pacer.close_until(until);
        pacer.close_until(START.plus(SECOND));
        assert_eq!(pacer.admit(Load::reads(1), SECOND, START), Admission::At(until));
        assert_eq!(pacer.admit(Load::reads(1), SECOND, until), Admission::Now);
    }

    #[test]
    fn contents_stay_under_the_minute_and_the_hour() {
        let mut pacer = Pacer::default();
        let (mut now, mut sent) = (START, Vec::new());
        while sent.len() < 600 {
            match pacer.admit(Load::changes(1, 1), Duration::ZERO, now) {
                Admission::Now => sent.push(now),
                Admission::At(later) => {
                    assert!(later > now, "a wait that does not move is a hot loop");
                    now = later;
                }
            }
        }
        for (index, at) in sent.iter().enumerate() {
            let within = |window| sent[..=index].iter().filter(|earlier| at.since(**earlier) < window).count();
            assert!(within(MINUTE) <= 80 && within(HOUR) <= 500, "number {index}");
        }
        let copy: Pacer = serde_json::from_str(&serde_json::to_string(&pacer).unwrap()).unwrap();
        assert_eq!(copy, pacer);
    }

    #[test]
    fn a_load_larger_than_its_window_goes_alone() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.admit(Load::changes(200, 100), Duration::ZERO, START), Admission::Now);
        assert!(matches!(
            pacer.admit(Load::changes(1, 1), Duration::ZERO, START),
            Admission::At(_)
        ));
    }
}
