//! How big a change may be.
//!
//! Invariant: tests are counted apart, so that a well-tested change is not refused for its tests.

use std::collections::BTreeMap;

use super::{Findings, Input, Level};
use crate::workflow::answer::FileChange;
use crate::workflow::repo_path::fold;

/// Bytes of one file: bigger ones are generated, and nobody reviews them.
pub const FILE_BYTES_MAX: usize = 512 * 1024;
/// Bytes of a change set: what one commit through the API carries well.
pub const CHANGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Beyond this multiple of the files allowed, a change is not looked into any more.
const FILES_READ_FACTOR: usize = 4;

/// Whether the change set is small enough to be looked into. Judging must not cost more than the change is worth.
pub(super) fn fit_to_be_read(input: &Input<'_>, findings: &mut Findings) -> bool {
    let files = &input.change.files;
    if files.is_empty() {
        let message = if input.change.cannot.is_some() {
            "The change set has no files and says that it cannot be built."
        } else {
            "The change set has no files: nothing would change."
        };
        findings.add(Level::Critical, message);
        return false;
    }
    if input.change.cannot.is_some() {
        findings.add(
            Level::Critical,
            "The change set has files and says that it cannot be built; say one or the other.",
        );
    }
    let most = FILES_READ_FACTOR * input.limits.files_per_phase.max(1) as usize;
    if files.len() > most {
        findings.add(
            Level::Critical,
            too_many("files", files.len(), input.limits.files_per_phase, "files_per_phase"),
        );
        return false;
    }
    let bytes: usize = files.iter().filter_map(|file| file.content.as_ref()).map(String::len).sum();
    if bytes > CHANGE_BYTES_MAX {
        findings.add(
            Level::Critical,
            format!("The change set has {bytes} bytes, at most {CHANGE_BYTES_MAX} are allowed; leave out what is generated."),
        );
        return false;
    }
    true
}

/// Files, lines and bytes.
pub(super) fn check(input: &Input<'_>, findings: &mut Findings) {
    let mut code = Size::default();
    let mut tests = Size::default();
    for file in &input.change.files {
        let bytes = file.content.as_ref().map_or(0, String::len);
        if bytes > FILE_BYTES_MAX {
            findings.at(
                Level::Critical,
                &file.path,
                None,
                format!("The file has {bytes} bytes, at most {FILE_BYTES_MAX} are allowed."),
            );
        }
        let planned = input.phase.is_some_and(|phase| phase.tests.contains(&file.path));
        let size = if planned || is_test(&file.path) {
            &mut tests
        } else {
            &mut code
        };
        size.files += 1;
        size.lines += changed_lines(input, file);
    }
    for (what, size) in [("outside tests", code), ("in tests", tests)] {
        let (files, lines) = (input.limits.files_per_phase, input.limits.lines_per_phase);
        if size.files > files as usize {
            findings.add(
                Level::Critical,
                too_many(&format!("files {what}"), size.files, files, "files_per_phase"),
            );
        }
        if size.lines > lines as usize {
            findings.add(
                Level::Critical,
                too_many(&format!("changed lines {what}"), size.lines, lines, "lines_per_phase"),
            );
        }
    }
}

#[derive(Default)]
struct Size {
    files: usize,
    lines: usize,
}

fn too_many(what: &str, found: usize, allowed: u32, limit: &str) -> String {
    format!(
        "The change set has {found} {what}, at most {allowed} are allowed (limits.{limit}); do less, or say that it cannot be built as planned."
    )
}

/// Lines put in and taken out. Compared as bags of lines, in linear time: a line that only moved counts as unchanged.
/// Where the text before is not known, all lines of the new text count.
fn changed_lines(input: &Input<'_>, file: &FileChange) -> usize {
    let mut bag: BTreeMap<&str, i64> = BTreeMap::new();
    for line in file.content.iter().flat_map(|text| text.lines()) {
        *bag.entry(line).or_default() += 1;
    }
    for line in input.texts.get(&file.path).iter().flat_map(|text| text.lines()) {
        *bag.entry(line).or_default() -= 1;
    }
    let changed: u64 = bag.values().map(|count| count.unsigned_abs()).sum();
    usize::try_from(changed).unwrap_or(usize::MAX)
}

/// Whether a path is that of a test, by the conventions of common languages.
#[must_use]
pub fn is_test(path: &str) -> bool {
    let folded = fold(path);
    let (folders, name) = folded.rsplit_once('/').unwrap_or(("", &folded));
    let in_folder = folders.split('/').any(|folder| {
        matches!(
            folder,
            "test" | "tests" | "testing" | "spec" | "specs" | "__tests__" | "testdata" | "e2e"
        )
    });
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let original_stem = path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or("");
    in_folder
        || name == "conftest.py"
        || stem == "tests"
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || stem.ends_with("_spec")
        || ending.starts_with("test.")
        || ending.starts_with("spec.")
        || (original_stem.ends_with("Test") || original_stem.ends_with("Tests") || original_stem.ends_with("Spec"))
}
