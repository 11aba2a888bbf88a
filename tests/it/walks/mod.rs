//! Random walks: two workflows at once in one repository, and two hundred random acts of people and GitHub around them, under
//! virtual time. The acts are drawn from a seed; the same seed walks the same way, byte for byte.
//!
//! By default some seeds are walked, as many as a change may wait for. All 2,000, in an optimised build, take a while:
//!
//! ```text
//! CARGO_PROFILE_TEST_OPT_LEVEL=1 MILLHAND_WALKS=2000 cargo nextest run --test it walks
//! MILLHAND_WALKS=500 MILLHAND_WALK_FROM=1501 cargo nextest run --test it walks   # seeds 1501 to 2000
//! MILLHAND_WALK_SEED=77 cargo nextest run --no-capture --test it walks            # one seed, with its journal
//! ```
//!
//! Invariant: a walk draws from its seed alone, and people act as in the stories: through GitHub's own API, with the verbs of
//! the simulation only for what GitHub has no API for.

mod acts;
mod answers;
mod code;
mod commands;
mod dice;
mod ending;
mod holds;
mod log;
mod sight;
mod talk;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::walk::Walk;

/// Acts of a walk.
const ACTS: u32 = 200;

/// Seeds that are walked when nothing else is said: about three minutes on two cores.
const SEEDS: u64 = 16;

/// Tests that share the seeds; each is a process of its own, and machines have two cores at least.
const PARTS: u64 = 2;

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// The seeds of a part.
fn seeds(part: u64) -> Vec<u64> {
    if let Some(seed) = number("MILLHAND_WALK_SEED") {
        return [seed].into_iter().filter(|_| part == 0).collect();
    }
    let first = number("MILLHAND_WALK_FROM").unwrap_or(1);
    let count = number("MILLHAND_WALKS").unwrap_or(SEEDS);
    (first..first + count).filter(|seed| seed % PARTS == part).collect()
}

/// Walks one seed to its end; the digest of all that happened.
fn walk(seed: u64) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = number("MILLHAND_WALK_SEED").is_some();
    runtime.block_on(async {
        let mut walk = Walk::begin(seed, told).await;
        for _ in 0..ACTS {
            walk.act().await;
        }
        let digest = walk.end().await;
        eprintln!("seed {seed}: {}", walk.told().await);
        digest
    })
}

/// Walks all seeds of a part, and tells of every one that failed.
fn part(part: u64) {
    let mut failed = Vec::new();
    for seed in seeds(part) {
        match catch_unwind(AssertUnwindSafe(|| walk(seed))) {
            Ok(digest) => eprintln!("seed {seed}: {digest}"),
            Err(_) => {
                eprintln!("seed {seed} FAILED; again: MILLHAND_WALK_SEED={seed} cargo nextest run --no-capture --test it walks");
                failed.push(seed);
            }
        }
    }
    assert!(failed.is_empty(), "these seeds failed: {failed:?}");
}

#[test]
fn even_seeds_settle_and_hold() {
    part(0);
}

#[test]
fn odd_seeds_settle_and_hold() {
    part(1);
}

#[test]
fn the_same_seed_walks_the_same_way() {
    if number("MILLHAND_WALK_SEED").is_some() {
        return;
    }
    let seed = number("MILLHAND_WALK_FROM").unwrap_or(1);
    assert_eq!(walk(seed), walk(seed), "seed {seed} walked two ways");
}
