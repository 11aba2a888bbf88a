//! The bot killed where it stands, again and again: nothing is lost and nothing is done twice.
//!
//! Invariant: the end is compared with that of a run that was left alone, never with a number.

use std::collections::BTreeMap;

use millhand::clock::{Entropy, SeededEntropy, SystemEntropy};
use serde_json::Value;

use super::end::End;
use super::town::{Plan, Town};

/// How often it is killed.
const KILLS: usize = 10;

/// How much it may say at most between the change that was waited for and its death.
const THINGS: usize = 12;

/// Gives the seed of an earlier run again.
const SEED: &str = "MILLHAND_TEST_SEED";

/// Three phases, two of them side by side, a check that fails and is repaired, a review that asks for changes: the issue
/// that the simulated GitHub is seeded with.
const PLAN: Plan = Plan {
    webhooks: true,
    estranged: false,
    no_ci: false,
    objects_to: Some(1),
    settings: &[("MILLHAND__RECONCILE__ACTIVE_SECONDS", "1")],
};

/// Changes that the App asked GitHub for so far.
fn changes(town: &Town) -> usize {
    let journal = town.verb("requests");
    let ours = journal.as_array().unwrap().iter().filter(|row| row["who"] == "millhand[bot]");
    ours.map(|row| match row["mutations"].as_array().unwrap().len() {
        0 => usize::from(row["method"] != "GET" && row["path"] != "/api/graphql"),
        several => several,
    })
    .sum()
}

/// A run that nobody disturbs: what it leaves, and how many changes that took.
fn undisturbed() -> (End, usize) {
    let mut town = Town::found(PLAN);
    town.serve();
    town.label();
    town.until_complete();
    town.assert_replays();
    (End::of(&town), changes(&town))
}

/// When it is killed: after how many changes, and after how many things that it says then.
fn moments(seed: u64, changes: usize) -> BTreeMap<usize, usize> {
    let entropy = SeededEntropy::new(seed);
    let below = |bound: usize| usize::try_from(entropy.number()).unwrap() % bound;
    let mut moments = BTreeMap::new();
    while moments.len() < KILLS {
        moments.insert(below(changes * 9 / 10), below(THINGS));
    }
    moments
}

#[test]
fn killed_ten_times_it_ends_as_if_it_had_been_left_alone() {
    let given = std::env::var(SEED).ok().map(|seed| seed.parse().unwrap());
    let seed: u64 = given.unwrap_or_else(|| SystemEntropy.number());
    eprintln!("{SEED}={seed}");
    let (alone, needed) = undisturbed();
    let (pulls, commits) = alone.size();
    assert!(pulls == 4 && commits > 6, "{alone:#?}");

    let mut town = Town::found(PLAN);
    town.serve();
    town.label();
    let moments = moments(seed, needed);
    eprintln!("{needed} changes; killed after {moments:?}");
    for (kill, (done, things)) in moments.into_iter().enumerate() {
        // A run that is disturbed may do with fewer changes: edits of the status comment fall together.
        town.until(|town, workflow| changes(town) >= done || workflow["status"] == "complete");
        town.overhear(things);
        town.take_bot().kill();
        // The last time it waits as it would in earnest.
        if kill + 1 < KILLS {
            town.end_leases();
        }
        town.serve();
    }
    town.until_complete();
    let lost = town.verb("deliveries");
    let lost = lost
        .as_array()
        .unwrap()
        .iter()
        .filter(|row: &&Value| row["outcome"] == "failed")
        .count();
    eprintln!("{lost} webhooks were lost");
    assert_same(&End::of(&town), &alone);
    town.assert_replays();
    super::walk::sound_clone(&town);
}

/// Compares line by line, so that a difference is seen.
fn assert_same(found: &End, expected: &End) {
    let (found, expected) = (format!("{found:#?}"), format!("{expected:#?}"));
    let difference = similar::TextDiff::from_lines(&expected, &found);
    assert!(found == expected, "-alone +killed\n{}", difference.unified_diff());
}
