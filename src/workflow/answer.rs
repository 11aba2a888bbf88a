//! What models answer: closed types, checked before the core sees them. A model's text is never a signal by itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The Q assistant's reading of the issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    /// What is wanted, in a few sentences.
    pub summary: String,
    /// What must hold when it is done, one testable sentence each.
    pub criteria: Vec<String>,
    /// What only people can answer; empty when the requirements are complete.
    #[serde(default)]
    pub questions: Vec<String>,
}

/// The Q assistant's plan as proposed; [`super::plan::Plan`] is the checked one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDraft {
    /// How the parts fit together, in a few sentences.
    pub architecture: String,
    /// The micro-phases in order; a dependency names an earlier or later one by its place, 1 for the first.
    pub phases: Vec<PhaseDraft>,
    /// What is missing in the requirements; not empty sends the baton back to discovery.
    #[serde(default)]
    pub missing: Vec<String>,
    /// What people should know before they approve.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One micro-phase as proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseDraft {
    /// A short name, `parser`: lower-case letters, digits and dashes.
    pub slug: String,
    /// A line for people.
    pub title: String,
    /// What to build.
    pub goal: String,
    /// The files it will add or change.
    pub files: Vec<String>,
    /// The tests it will add, as paths; a subset of `files`.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Why there is no test, when there is none.
    #[serde(default)]
    pub untested_because: Option<String>,
    /// What must hold when it is done.
    pub criteria: Vec<String>,
    /// Places of the phases that must be merged first, 1 for the first phase.
    #[serde(default)]
    pub depends_on: Vec<u32>,
}

/// The code writer's change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSet {
    /// One line for the commit.
    pub summary: String,
    /// The files.
    pub files: Vec<FileChange>,
    /// Answers to review remarks, by the remark's id.
    #[serde(default)]
    pub replies: Vec<Reply>,
    /// Why it cannot be built as planned; then there are no files and the baton goes back to planning.
    #[serde(default)]
    pub cannot: Option<String>,
}

/// One file of a change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileChange {
    /// Path from the repository's root.
    pub path: String,
    /// The whole new content; null deletes the file.
    pub content: Option<String>,
}

/// An answer to one remark of a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The remark's id as given in the task.
    pub remark: u64,
    /// The answer.
    pub text: String,
}

/// The test auditor's reading of failed checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// Where the failure comes from.
    pub cause: Cause,
    /// What is wrong, for the code writer and for people.
    pub explanation: String,
    /// The line of the log or annotation it follows from.
    #[serde(default)]
    pub evidence: String,
    /// The files to mend, when the cause is the code.
    #[serde(default)]
    pub files: Vec<String>,
}

/// Where a failure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The change is wrong and can be mended.
    Code,
    /// Chance: it may pass when run again.
    Flaky,
    /// The surroundings: runner, network, a service.
    Environment,
    /// It cannot be told from log, annotations and files.
    Unknown,
}

/// The verification overseer's judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Each acceptance criterion with its evidence.
    pub criteria: Vec<CriterionVerdict>,
    /// Other findings.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// One sentence.
    pub summary: String,
}

impl Verdict {
    /// Whether nothing stands against the change.
    #[must_use]
    pub fn good(&self) -> bool {
        self.criteria.iter().all(|c| c.met) && self.findings.iter().all(|f| f.severity != Severity::Blocking)
    }
}

/// One acceptance criterion, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CriterionVerdict {
    /// The criterion as planned.
    pub criterion: String,
    /// Whether it holds.
    pub met: bool,
    /// The test, check or line that shows it, or why it is not shown.
    pub evidence: String,
}

/// A finding of the overseer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What.
    pub message: String,
    /// Where.
    #[serde(default)]
    pub path: Option<String>,
    /// The line there.
    #[serde(default)]
    pub line: Option<u32>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Worth mending.
    Warning,
    /// Must be mended before the merge.
    Blocking,
}

/// The release manager's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseNotes {
    /// One line.
    pub headline: String,
    /// What is new, as Markdown list items without the dash.
    pub changes: Vec<String>,
}
