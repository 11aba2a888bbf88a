//! Validation of a change set before anything is pushed.
//!
//! Invariant: the answer depends on the input alone, costs time in proportion to its size whatever a model wrote, and no
//! message holds a secret that was found.

mod bounds;
mod conformity;
mod content;
mod script;
mod secret_rules;
pub mod secrets;
mod syntax;
mod tree;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::answer::ChangeSet;
use super::plan::PlannedPhase;
use super::settings::Limits;

pub use bounds::{CHANGE_BYTES_MAX, FILE_BYTES_MAX, is_test};
pub use content::LINE_CHARS_MAX;

/// What validation found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Must be mended: the change goes back to the writer with these reasons.
    pub critical: Vec<Remark>,
    /// Worth a look.
    pub warnings: Vec<Remark>,
    /// Might be better.
    pub suggestions: Vec<Remark>,
    /// Protected paths in it: it may be pushed once a person has approved it.
    #[serde(default)]
    pub protected: Vec<Protected>,
    /// 100 for nothing found. Each critical remark takes 30, each warning 5, each suggestion 1, down to 0. It is for
    /// people who compare changes at a glance: whether a change may be pushed is said by `critical` alone.
    pub score: u32,
}

/// A protected path that a change set writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protected {
    /// The path.
    pub path: String,
    /// Why it is protected, to stand behind "because".
    pub because: String,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The file, if it concerns one.
    pub path: Option<String>,
    /// The line, if it concerns one.
    pub line: Option<u32>,
    /// What, one sentence.
    pub message: String,
}

/// A change set and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The change set as the writer gave it.
    pub change: &'a ChangeSet,
    /// The phase it is for; `None` for the release's repairs, which no plan names.
    pub phase: Option<&'a PlannedPhase>,
    /// `limits`.
    pub limits: &'a Limits,
    /// `protected_paths`.
    pub protected: &'a [String],
    /// All files of the tree the change is put on.
    pub base_paths: &'a BTreeSet<String>,
    /// What of the written paths is no file there: a link, or another repository, as a sentence's part ("a symbolic link").
    pub no_files: &'a BTreeMap<String, &'static str>,
    /// Texts of those files, as far as they are known. With them, lines that were there before count as such.
    pub texts: &'a BTreeMap<String, String>,
}

impl Report {
    /// Whether the change may be pushed, as soon as what is protected in it was approved.
    #[must_use]
    pub const fn passes(&self) -> bool {
        self.critical.is_empty()
    }
}

/// Judges a change set: paths, sizes, text, secrets, syntax and whether it does what the plan says.
///
/// A change set that says `cannot` is to be handled before: it has no files, and having none is critical here.
#[must_use]
pub fn validate(input: &Input<'_>) -> Report {
    let mut findings = Findings::default();
    if !bounds::fit_to_be_read(input, &mut findings) {
        return findings.report();
    }
    tree::check(input, &mut findings);
    bounds::check(input, &mut findings);
    conformity::check(input, &mut findings);
    content::check_words(input.change, &mut findings);
    for file in &input.change.files {
        let Some(text) = &file.content else { continue };
        if text.len() > FILE_BYTES_MAX {
            continue;
        }
        let file = File {
            path: &file.path,
            text,
            before: input.texts.get(&file.path).map(String::as_str),
        };
        content::check(&file, &mut findings);
        secrets::check(&file, &mut findings);
        syntax::check(&file, &mut findings);
    }
    findings.report()
}

/// A file that is written.
struct File<'a> {
    path: &'a str,
    text: &'a str,
    /// Its text before, if it was there and is known.
    before: Option<&'a str>,
}

/// How bad a remark is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Critical,
    Warning,
    Suggestion,
}

/// The report while it is being written.
#[derive(Default)]
struct Findings {
    critical: Vec<Remark>,
    warnings: Vec<Remark>,
    suggestions: Vec<Remark>,
    protected: Vec<Protected>,
}

impl Findings {
    /// Adds a remark on the change as a whole.
    fn add(&mut self, level: Level, message: impl Into<String>) {
        self.push(level, None, None, message.into());
    }

    /// Adds a remark on a file.
    fn at(&mut self, level: Level, path: &str, line: Option<usize>, message: impl Into<String>) {
        let line = line.and_then(|line| u32::try_from(line).ok());
        self.push(level, Some(shown(path)), line, message.into());
    }

    fn push(&mut self, level: Level, path: Option<String>, line: Option<u32>, message: String) {
        let remark = Remark { path, line, message };
        match level {
            Level::Critical => self.critical.push(remark),
            Level::Warning => self.warnings.push(remark),
            Level::Suggestion => self.suggestions.push(remark),
        }
    }

    fn report(self) -> Report {
        let lost = 30 * self.critical.len() + 5 * self.warnings.len() + self.suggestions.len();
        Report {
            score: 100_u32.saturating_sub(u32::try_from(lost).unwrap_or(u32::MAX)),
            critical: self.critical,
            warnings: self.warnings,
            suggestions: self.suggestions,
            protected: self.protected,
        }
    }
}

/// Characters of a path or a parser's message that are shown.
const SHOWN_CHARS_MAX: usize = 200;

/// A text from a model or a parser, made fit for a report: no character that cannot be seen, and not endless.
fn shown(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(SHOWN_CHARS_MAX) {
        if super::text_class::is_unseen(c) || c.is_control() {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    if text.chars().count() > SHOWN_CHARS_MAX {
        out.push_str("...");
    }
    out
}
