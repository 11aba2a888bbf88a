//! Whether a change does what its plan says.
//!
//! Invariant: only files are compared here. Whether the criteria are met is the overseer's to say.

use std::collections::BTreeSet;

use super::{Findings, Input, Level};

/// Promised tests, promised files, files nobody planned.
pub(super) fn check(input: &Input<'_>, findings: &mut Findings) {
    let Some(phase) = input.phase else { return };
    let written: BTreeSet<&str> = with_content(input, true);
    let deleted: BTreeSet<&str> = with_content(input, false);
    for path in &phase.tests {
        if deleted.contains(path.as_str()) {
            findings.at(
                Level::Critical,
                path,
                None,
                "The plan promises this test and the change deletes it; keep it.",
            );
        } else if !written.contains(path.as_str()) && !input.base_paths.contains(path) {
            findings.at(
                Level::Critical,
                path,
                None,
                "The plan promises this test and it is missing; write it.",
            );
        }
    }
    let files = phase.files.iter().filter(|path| !phase.tests.contains(path));
    for path in files {
        if !written.contains(path.as_str()) && !deleted.contains(path.as_str()) && !input.base_paths.contains(path) {
            findings.at(
                Level::Warning,
                path,
                None,
                "The plan names this file and the change does not write it.",
            );
        }
    }
    for path in written.iter().chain(&deleted) {
        let planned = phase.files.iter().chain(&phase.tests).any(|planned| planned == path);
        if !planned {
            findings.at(Level::Warning, path, None, "The plan does not name this file.");
        }
    }
    if phase.tests.is_empty() && phase.untested_because.as_ref().is_none_or(|why| why.trim().is_empty()) {
        findings.add(Level::Suggestion, "The plan promises no test and does not say why.");
    }
}

fn with_content<'a>(input: &Input<'a>, content: bool) -> BTreeSet<&'a str> {
    let files = input.change.files.iter().filter(|file| file.content.is_some() == content);
    files.map(|file| file.path.as_str()).collect()
}
