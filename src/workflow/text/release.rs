//! The release pull request.

use crate::workflow::model::Workflow;

/// Its body.
#[must_use]
pub fn body(w: &Workflow) -> String {
    format!("Fixes #{}", w.issue.number)
}
