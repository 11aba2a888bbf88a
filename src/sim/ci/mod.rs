//! Continuous integration of the simulated GitHub: workflow files are read, their jobs run for real or by script.
//!
//! Pushes and pull-request events wait in the world's queue. [`step`] starts the workflows whose `on:` fits, moves their jobs
//! on (queued, in progress, completed) and tells the world, which sends the webhooks. In [`CiMode::Real`] a job's `run:` steps
//! are executed on this machine in a temporary checkout.
//!
//! Invariant: everything that waits has a due time by the given clock, but for processes, whose end is waited for.

mod checkout;
mod ending;
mod expression;
mod filter;
mod job;
mod log;
mod occasion;
mod on;
mod process;
mod progress;
mod rerun;
mod state;
mod trigger;
mod workflow;

pub use state::State;

use std::sync::Arc;
use std::time::Duration;

use process::Host;

use crate::clock::Millis;
use crate::sim::world::World;
use crate::sim::{CiMode, Sim};

/// How long a step waits for a process before the caller may look at other things: a job that is due by the clock, or the
/// wish to stop.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Does what CI has to do now. Whether there was anything; when only processes are left, waits a little for one of them to
/// end.
pub async fn step(sim: &Sim) -> bool {
    let bell = sim.0.bell.notified();
    tokio::pin!(bell);
    // From here on a ring is not lost, even while we still look around.
    bell.as_mut().enable();
    let mode = sim.ci();
    if mode == CiMode::Real {
        look_at_host(sim).await;
    }
    let (did, orders) = sim.peek(|world| {
        let started = trigger::take(world, mode);
        let (moved, orders) = progress::advance(world, mode);
        (started || moved, orders)
    });
    for order in orders {
        tokio::spawn(job::work(sim.clone(), order));
    }
    if did {
        return true;
    }
    let Some(ended) = sim.peek(|world| (world.ci.working > 0).then(|| Arc::clone(&world.ci.ended))) else {
        return false;
    };
    tokio::select! {
        () = ended.notified() => {}
        () = bell => {}
        () = tokio::time::sleep(LONGEST_WAIT) => {}
    }
    true
}

/// When CI will next have something to do by the clock; `None` when it only waits for processes, or for nothing.
#[must_use]
pub fn next_due(world: &World) -> Option<Millis> {
    if world.ci_queue.is_empty() {
        world.ci.next_due()
    } else {
        Some(world.now())
    }
}

/// Finds out once per simulator what this machine offers to scripts.
async fn look_at_host(sim: &Sim) {
    let needed = sim.peek(|world| world.ci.host.is_none() && !world.ci_queue.is_empty());
    if needed {
        let host = Arc::new(Host::look().await);
        sim.peek(|world| world.ci.host = Some(host));
    }
}

#[cfg(test)]
mod tests;
