//! The provider `offline`: scripted, in process, for the demo and for tests.
//!
//! It understands no language. It takes an issue's bullets for phases, writes modules that record what was asked for,
//! mends what a compiler's suggestion or the two values of a failed assertion tell it to mend, and says everywhere that it
//! is offline. For the demo's issue it has a script with real code.
//!
//! Invariant: the answer follows from the prompt's task alone; the same task gives the same bytes.

use std::future::ready;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::profile::usual_tokens;
use super::task::Task;
use super::{Completion, Model, ModelError, Prompt, Usage};

mod bullets;
mod judging;
mod lexer;
mod log;
mod naming;
mod notes;
mod places;
mod planning;
mod repair;
mod rust;
mod todo;
mod writing;

/// What stands wherever its work shows.
pub const OFFLINE: &str = "Offline model";

/// In a criterion: what follows must stand in a file of the change, word for word.
const WORDS: &str = " the words: ";

/// The offline model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offline;

impl Model for Offline {
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>> {
        ready(complete(&prompt)).boxed()
    }
}

fn complete(prompt: &Prompt) -> Result<Completion, ModelError> {
    let text = answer(&prompt.task);
    let usage = Usage {
        input_tokens: usual_tokens(&prompt.system) + usual_tokens(&prompt.user) + usual_tokens(&prompt.schema.to_string()),
        output_tokens: usual_tokens(&text),
    };
    if usage.output_tokens > u64::from(prompt.max_output_tokens) {
        return Err(ModelError::TooLong);
    }
    Ok(Completion { text, usage })
}

fn answer(task: &Task) -> String {
    match task {
        Task::Requirements {
            issue,
            answers,
            repository,
        } => json(&planning::requirements(issue, answers, repository)),
        Task::Plan {
            issue,
            answers,
            repository,
            phases_max,
            revisions,
            merged,
            requirements: _,
        } => {
            let wanted = planning::Wanted {
                issue,
                answers,
                repository,
                revisions,
                merged,
            };
            json(&planning::plan(&wanted, *phases_max))
        }
        Task::Write {
            title,
            plan,
            phase,
            files,
            reason,
            hints,
            repository: _,
        } => {
            let order = writing::Order {
                title,
                plan,
                phase: phase.as_ref(),
                files,
                hints,
            };
            json(&writing::write(&order, reason))
        }
        Task::Diagnose {
            failures,
            files,
            phase: _,
        } => json(&judging::diagnose(failures, files)),
        Task::Verify {
            criteria,
            files,
            checks,
            phase: _,
        } => json(&judging::verify(criteria, files, checks)),
        Task::ReleaseNotes {
            title,
            phases,
            summary: _,
        } => json(&judging::release_notes(title, phases)),
    }
}

fn json(answer: &impl Serialize) -> String {
    // The answer types hold text, numbers and lists: serialising them cannot fail.
    serde_json::to_string_pretty(answer).unwrap_or_default()
}
