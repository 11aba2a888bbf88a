//! The comment that shows a change of protected paths before it is pushed.
//!
//! Invariant: what cannot be shown whole says so, so that nobody approves unseen lines without knowing it.

use similar::TextDiff;

use super::markdown::{block, code, one_line, plain};
use super::words::{Doc, NAME_CHARS, SENTENCE_CHARS, count, enumerate, name, provenance, typed};
use crate::workflow::code_owners::Owners;
use crate::workflow::fact::Target;
use crate::workflow::ids::BlobHash;
use crate::workflow::model::Workflow;
use crate::workflow::text_class::is_unseen;

/// Characters of all diffs together: GitHub takes 65,536 characters in a comment.
const DIFF_CHARS_MAX: usize = 48_000;

/// Lines around a change.
const CONTEXT: usize = 3;

/// Paths that are named.
const PATHS_MAX: usize = 40;

/// A protected file in a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownFile {
    /// Its path.
    pub path: String,
    /// Why it is protected, to stand behind "because".
    pub because: String,
    /// What stands there now.
    pub before: Before,
    /// What will stand there; `None`: nothing.
    pub after: Option<String>,
    /// Who owns it.
    pub owners: Owners,
}

/// What stands at a path now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Absent,
    /// This text.
    Text(String),
    /// No text, or too much of it.
    Unreadable,
}

/// The comment; `others` are the paths of the change that are not protected.
#[must_use]
pub fn comment(w: &Workflow, target: Target, change: &BlobHash, (files, others): (&[ShownFile], &[String])) -> String {
    let mut doc = Doc::default();
    let short = change.0.get(..8).unwrap_or(&change.0);
    let id = target
        .phase()
        .and_then(|n| w.phase(n))
        .map_or_else(|| "release".to_owned(), |p| p.plan.id.clone());
    doc.add(format!(
        "{} would change {}. Nothing of it is pushed before it is approved.",
        name(w, target),
        count(files.len(), "protected path")
    ));
    doc.add(format!(
        "{} lets this change be pushed, and no other; {} has it written anew.",
        typed(w, &format!("/approve {id} {short}")),
        typed(w, &format!("/revise {id} <text>"))
    ));
    let mut room = DIFF_CHARS_MAX;
    for file in files {
        doc.add(one(file, &mut room));
    }
    if !others.is_empty() {
        let mut names: Vec<String> = others.iter().take(PATHS_MAX).map(|path| code(path, NAME_CHARS)).collect();
        if others.len() > PATHS_MAX {
            names.push(format!("{} more", others.len() - PATHS_MAX));
        }
        doc.add(format!("Beside that it changes {}.", enumerate(&names, "and")));
    }
    doc.add(format!("Hash of the change: `{}`. {}", one_line(&change.0), provenance(w)));
    doc.finish()
}

fn one(file: &ShownFile, room: &mut usize) -> String {
    let mut doc = Doc::default();
    doc.add(format!(
        "{} is protected because {}. {}",
        code(&file.path, NAME_CHARS),
        plain(&file.because, SENTENCE_CHARS),
        owned(&file.owners)
    ));
    let before = match &file.before {
        Before::Unreadable => {
            doc.add("What stands there now is no text, or too large to be compared; here is what will stand there.");
            ""
        }
        Before::Absent => "",
        Before::Text(text) => text,
    };
    let diff = TextDiff::from_lines(before, file.after.as_deref().unwrap_or_default())
        .unified_diff()
        .context_radius(CONTEXT)
        .to_string();
    let seen = visible(&diff);
    let shown: String = seen.chars().take(*room).collect();
    let (cut, whole) = (seen.len() > shown.len(), seen.lines().count());
    *room = room.saturating_sub(shown.chars().count());
    if file.after.is_none() {
        doc.add("It is deleted.");
    }
    doc.add(block("diff", &shown));
    if cut {
        let lines = whole.saturating_sub(shown.lines().count()).max(1);
        doc.add(format!(
            "**{} of this diff are not shown**: a comment holds no more.",
            count(lines, "line")
        ));
    }
    doc.finish()
}

fn owned(owners: &Owners) -> String {
    let people: Vec<String> = owners
        .people
        .iter()
        .take(PATHS_MAX)
        .map(|login| code(login, NAME_CHARS))
        .collect();
    let others: Vec<String> = owners
        .others
        .iter()
        .take(PATHS_MAX)
        .map(|name| code(name, NAME_CHARS))
        .collect();
    match (people.is_empty(), others.is_empty()) {
        (true, true) => String::new(),
        (false, _) => format!("Its code owners: {}; one of them approves it.", enumerate(&people, "or")),
        (true, false) => format!(
            "Its code owners are {}, and Millhand cannot see who that is: anybody with write access approves it.",
            enumerate(&others, "and")
        ),
    }
}

/// A diff in which every character can be seen.
fn visible(diff: &str) -> String {
    let mut out = String::new();
    for c in diff.chars() {
        if is_unseen(c) || (c.is_control() && !matches!(c, '\n' | '\t')) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
