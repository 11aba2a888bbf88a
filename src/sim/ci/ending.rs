//! How jobs end that are not executed, and what steps are called.
//!
//! Invariant: a log that was made up says so.

use super::log::Log;
use super::state::End;
use super::workflow::Step;
use crate::clock::Millis;
use crate::sim::world::{self, CheckStatus, Conclusion};

/// A finished step.
pub(super) fn step_record(name: &str, number: u64, conclusion: Conclusion, (begun, ended): (Millis, Millis)) -> world::Step {
    world::Step {
        name: name.to_owned(),
        number,
        status: CheckStatus::Completed,
        conclusion: Some(conclusion),
        started_at: Some(begun),
        completed_at: Some(ended),
    }
}

/// What the log and the list of steps call a step.
pub(super) fn step_name(step: &Step) -> String {
    match (&step.name, &step.run, &step.uses) {
        (Some(name), _, _) => name.clone(),
        (None, Some(run), _) => format!("Run {}", run.trim().lines().next().unwrap_or_default()),
        (None, None, Some(action)) => format!("Run {action}"),
        (None, None, None) => "Run".to_owned(),
    }
}

/// The end of a job that was told how to end: by the given log, or a line that says so.
pub(super) fn scripted(at: Millis, steps: &[Step], conclusion: Conclusion, log: Option<&str>) -> End {
    let mut written = Log::default();
    written.output(
        at,
        log.unwrap_or("This job was not run: the simulated CI was told how it ends."),
    );
    let fails = !conclusion.passes();
    if fails && conclusion == Conclusion::Failure {
        written.failed(at, "Process completed with exit code 1.");
    }
    // The last step is the one that failed.
    let last = steps.len();
    let of_step = |place: usize| {
        if fails && place + 1 == last {
            conclusion
        } else {
            Conclusion::Success
        }
    };
    let records = steps
        .iter()
        .enumerate()
        .map(|(place, step)| step_record(&step_name(step), place as u64 + 1, of_step(place), (at, at)));
    let steps = records.collect();
    let (log, findings) = written.finish();
    End {
        conclusion,
        log,
        findings,
        steps,
    }
}

/// The end of a job that never got to its steps.
pub(super) fn without_steps(at: Millis, conclusion: Conclusion, reason: Option<&str>) -> End {
    let mut log = Log::default();
    if let Some(reason) = reason {
        log.failed(at, reason);
    }
    let (log, findings) = log.finish();
    End {
        conclusion,
        log,
        findings,
        steps: Vec::new(),
    }
}
