//! Where a change writes: paths, protected ones, and what stands there already.
//!
//! Invariant: what is judged is the tree after the change, so that a file may take the place of a folder that goes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Input, Level, Protected};
use crate::workflow::protected::{Class, Extra, classify};
use crate::workflow::repo_path::{RepoPath, fold};

/// Paths, duplicates, clashes, deletions of nothing, changes of nothing.
pub(super) fn check(input: &Input<'_>, findings: &mut Findings) {
    let extra = Extra::new(input.protected);
    for pattern in &extra.malformed {
        findings.add(
            Level::Warning,
            format!("The entry {pattern:?} of protected_paths is no valid pattern; it protects only a path spelled like it."),
        );
    }
    let mut seen = BTreeSet::new();
    let mut good = BTreeSet::new();
    for file in &input.change.files {
        if !seen.insert(file.path.as_str()) {
            findings.at(
                Level::Critical,
                &file.path,
                None,
                "The file stands twice in the change set; give it once.",
            );
            continue;
        }
        match RepoPath::parse(&file.path) {
            Ok(path) => {
                check_class(&path, &extra, findings);
                good.insert(file.path.as_str());
            }
            Err(error) => findings.at(
                Level::Critical,
                &file.path,
                None,
                format!("This path cannot be written: {error}."),
            ),
        }
        if let (Some(_), Some(what)) = (&file.content, input.no_files.get(&file.path)) {
            findings.at(
                Level::Critical,
                &file.path,
                None,
                format!("There is {what}, which is never written through or over; choose another place."),
            );
        }
        if file.content.is_none() && !input.base_paths.contains(&file.path) {
            findings.at(
                Level::Critical,
                &file.path,
                None,
                "The file is to be deleted and does not exist; leave it out.",
            );
        }
    }
    check_clashes(input, &good, findings);
    check_idle(input, findings);
}

fn check_class(path: &RepoPath, extra: &Extra, findings: &mut Findings) {
    let judgement = classify(path, extra);
    let because = judgement.because;
    let (level, what_follows) = match judgement.class {
        Class::Free => return,
        Class::Ask => (Level::Warning, "a person approves it before it is pushed"),
        Class::Never => (
            Level::Critical,
            "only people change it: build it without this file, or say that it cannot be built as planned",
        ),
    };
    let message = format!("This path is protected because {because}; {what_follows}.");
    findings.at(level, path.as_str(), None, message);
    if judgement.class == Class::Ask {
        let path = path.as_str().to_owned();
        findings.protected.push(Protected { path, because });
    }
}

/// Files against folders, and names that are one on some file system.
fn check_clashes(input: &Input<'_>, good: &BTreeSet<&str>, findings: &mut Findings) {
    let mut after: BTreeSet<&str> = input.base_paths.iter().map(String::as_str).collect();
    let mut written = Vec::new();
    for file in &input.change.files {
        if file.content.is_none() {
            after.remove(file.path.as_str());
        } else if good.contains(file.path.as_str()) {
            written.push(file.path.as_str());
        }
    }
    let mut spelled: BTreeMap<String, &str> = BTreeMap::new();
    for name in after.iter().flat_map(|path| names(path)) {
        spelled.entry(fold(name)).or_insert(name);
    }
    after.extend(&written);
    for path in written {
        if let Some(folder) = names(path)
            .filter(|name| name.len() < path.len())
            .find(|name| after.contains(name))
        {
            let message = format!("{folder:?} is a file, so nothing can lie in it; delete that file or choose another place.");
            findings.at(Level::Critical, path, None, message);
        }
        if is_folder(&after, path) {
            findings.at(
                Level::Critical,
                path,
                None,
                "There is a folder of this name; choose another one.",
            );
        }
        for name in names(path) {
            let there = input.base_paths.contains(name) || is_folder_in(input.base_paths, name);
            let other = spelled.entry(fold(name)).or_insert(name);
            if !there && *other != name {
                let message =
                    format!("{name:?} and {other:?} are one name where letter case does not count; choose another one.");
                findings.at(Level::Critical, path, None, message);
                break;
            }
        }
    }
}

/// A path and the folders above it, outermost first.
fn names(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(move |end| path.get(..end))
}

fn is_folder(paths: &BTreeSet<&str>, name: &str) -> bool {
    let begin = format!("{name}/");
    paths
        .range(begin.as_str()..)
        .next()
        .is_some_and(|path| path.starts_with(&begin))
}

fn is_folder_in(paths: &BTreeSet<String>, name: &str) -> bool {
    let begin = format!("{name}/");
    paths
        .range(begin.clone()..)
        .next()
        .is_some_and(|path| path.starts_with(&begin))
}

/// Files that are written as they were.
fn check_idle(input: &Input<'_>, findings: &mut Findings) {
    let same: Vec<&str> = input
        .change
        .files
        .iter()
        .filter(|file| file.content.is_some() && file.content.as_ref() == input.texts.get(&file.path))
        .map(|file| file.path.as_str())
        .collect();
    if same.len() == input.change.files.len() {
        findings.add(
            Level::Critical,
            "Every file of the change set is as it was: nothing would change.",
        );
        return;
    }
    for path in same {
        findings.at(Level::Suggestion, path, None, "The file is as it was; leave it out.");
    }
}
