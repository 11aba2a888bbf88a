//! What of reviews is told beside a wait.
//!
//! Invariant: an approval that counts no more is named, so that nobody believes it does.

use super::super::fact::{ReviewView, Target};
use super::super::model::Workflow;
use super::super::reviews;

/// Whose approval commits have overtaken, as a sentence to stand behind another.
pub(super) fn void(w: &Workflow, target: Target) -> String {
    let void = reviews::voided(w, target);
    let of = |r: &&ReviewView| format!("{} approved {}", r.by.login, r.commit.short());
    let names: Vec<String> = void.iter().map(of).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" ({}, which has changed since.)", names.join("; "))
}
