//! The status comment.

use sha2::{Digest as _, Sha256};

use crate::workflow::model::Workflow;
use crate::workflow::waits::Waiting;

/// The status comment.
#[must_use]
pub fn comment(w: &Workflow, waits: &[Waiting]) -> String {
    let mut text = format!("**{}**\n\n", w.shown_state());
    for wait in waits {
        text.push_str(&format!("- {}\n", wait.sentence));
    }
    for phase in w.phases.values() {
        text.push_str(&format!("- `{}` {} {:?}\n", phase.plan.id, phase.state, phase.fate));
    }
    text
}

/// SHA-256 of a text.
#[must_use]
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
