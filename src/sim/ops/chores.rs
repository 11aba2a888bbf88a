//! What GitHub does a little later by itself.
//!
//! Invariant: a chore that finds nothing to do any more does nothing.

use std::time::Duration;

use crate::sim::ops::{mergeability, merges};
use crate::sim::world::{Chore, World};

/// Plans a chore.
pub(super) fn plan(world: &mut World, later: Duration, chore: Chore) {
    let due = world.now().plus(later);
    let order: u64 = world.fresh();
    world.agenda.insert((due, order), chore);
}

/// Takes the first chore that is due.
pub(in crate::sim) fn take_due(world: &mut World) -> Option<Chore> {
    let now = world.now();
    let first = world.agenda.first_entry().filter(|entry| entry.key().0 <= now)?;
    Some(first.remove())
}

/// Does it. What fails is as good as not asked for: GitHub, too, answers such requests before it does them.
pub(in crate::sim) fn run(world: &mut World, chore: Chore) {
    match chore {
        Chore::Mergeability { repo, number } => mergeability::compute(world, repo, number),
        Chore::UpdateBranch {
            repo,
            number,
            head,
            actor,
        } => {
            let done = merges::update_now(world, &actor, (repo, number), head);
            if let Err(refusal) = done {
                tracing::debug!(%refusal, number, "the pull request's branch was not updated");
            }
        }
    }
}
