//! What a role is asked to do, with everything it is given. The prompt is rendered from this value and nothing else.

use serde::{Deserialize, Serialize};

use crate::workflow::answer::{Diagnosis, Requirements};
use crate::workflow::plan::{Plan, PlannedPhase};
use crate::workflow::settings::RoleModels;
pub use crate::workflow::state::Role;

/// A task for a model. All text in it that people or programs wrote is untrusted.
#[expect(
    clippy::large_enum_variant,
    reason = "one is made for a call that takes seconds; boxes would only be in the way"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Q assistant: say what is wanted, or ask.
    Requirements {
        /// The issue as it was at the start.
        issue: IssueText,
        /// What was asked and answered so far.
        answers: Vec<Exchange>,
        /// The repository.
        repository: RepositoryView,
    },
    /// Q assistant: split it into micro-phases.
    Plan {
        /// The issue as it was at the start.
        issue: IssueText,
        /// What is wanted.
        requirements: Requirements,
        /// What was asked and answered.
        answers: Vec<Exchange>,
        /// The repository.
        repository: RepositoryView,
        /// At most this many phases.
        phases_max: u32,
        /// What people want changed in the plan before, oldest first.
        revisions: Vec<String>,
        /// Phases that are merged already: facts.
        merged: Vec<PlannedPhase>,
    },
    /// Code writer: write or mend a micro-phase.
    Write {
        /// The issue's title.
        title: String,
        /// The whole plan.
        plan: Plan,
        /// The phase to write; `None`: the release as a whole is mended.
        phase: Option<PlannedPhase>,
        /// The repository's paths at the base.
        repository: RepositoryView,
        /// The phase's files as they are on its branch now.
        files: Vec<SourceFile>,
        /// Why it is written.
        reason: Reason,
        /// A person's hints, oldest first.
        hints: Vec<String>,
    },
    /// Test auditor: why did the checks fail?
    Diagnose {
        /// The phase; `None` for the release.
        phase: Option<PlannedPhase>,
        /// What failed.
        failures: Vec<FailedCheck>,
        /// The files of the change.
        files: Vec<SourceFile>,
    },
    /// Verification overseer: does it hold?
    Verify {
        /// The phase; `None` for the release.
        phase: Option<PlannedPhase>,
        /// The acceptance criteria.
        criteria: Vec<String>,
        /// The files of the change.
        files: Vec<SourceFile>,
        /// The checks of the head, as GitHub shows them.
        checks: Vec<CheckResult>,
    },
    /// Release manager: what is new?
    ReleaseNotes {
        /// The issue's title.
        title: String,
        /// The requirements.
        summary: String,
        /// The merged phases.
        phases: Vec<PlannedPhase>,
    },
}

impl Task {
    /// Its name, as in reports and in the cache's key; also the name of its prompt in `prompts/`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requirements { .. } => "requirements",
            Self::Plan { .. } => "plan",
            Self::Write { .. } => "write",
            Self::Diagnose { .. } => "diagnose",
            Self::Verify { .. } => "verify",
            Self::ReleaseNotes { .. } => "release_notes",
        }
    }

    /// Whose task it is.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::Requirements { .. } | Self::Plan { .. } => Role::QAssistant,
            Self::Write { .. } => Role::CodeWriter,
            Self::Diagnose { .. } => Role::TestAuditor,
            Self::Verify { .. } => Role::VerificationOverseer,
            Self::ReleaseNotes { .. } => Role::ReleaseManager,
        }
    }
}

/// The profile that a team's settings give a role.
#[must_use]
pub fn profile_of(role: Role, models: &RoleModels) -> &str {
    match role {
        Role::QAssistant => &models.q_assistant,
        Role::CodeWriter => &models.code_writer,
        Role::TestAuditor => &models.test_auditor,
        Role::VerificationOverseer => &models.verification_overseer,
        Role::ReleaseManager => &models.release_manager,
    }
}

/// The issue's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueText {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Who wrote it.
    pub author: String,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// What Millhand asked.
    pub questions: Vec<String>,
    /// What was answered.
    pub answer: String,
    /// Who answered.
    pub author: String,
}

/// A repository as a model sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryView {
    /// `owner/name`.
    pub name: String,
    /// Paths at the pinned commit, sorted; capped.
    pub paths: Vec<String>,
    /// Whether the list was cut.
    pub truncated: bool,
}

/// A file's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Path from the root.
    pub path: String,
    /// Its text.
    pub content: String,
}

/// Why a phase is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Reason {
    /// For the first time.
    First,
    /// The change before did not pass validation.
    Validation {
        /// What was wrong.
        errors: Vec<String>,
        /// The change that was refused.
        change: Box<crate::workflow::answer::ChangeSet>,
    },
    /// Checks failed.
    Checks {
        /// What the test auditor found.
        diagnosis: Diagnosis,
        /// The failed checks with their logs.
        failures: Vec<FailedCheck>,
    },
    /// The overseer was not content.
    Verdict {
        /// What stands against it.
        findings: Vec<String>,
    },
    /// People asked for changes.
    Review {
        /// Their remarks.
        remarks: Vec<Remark>,
        /// What others said who may not ask for changes: context, and nothing to be done for it.
        #[serde(default)]
        others: Vec<Remark>,
    },
    /// The branch and its base changed the same lines.
    Conflict {
        /// The base's name.
        base: String,
        /// What clashes.
        files: Vec<Conflict>,
    },
    /// A person gave a hint, nothing else being wrong; it is the last of the task's hints.
    Hint,
}

/// A file that clashes with the base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Its path.
    pub path: String,
    /// Its text: both sides between markers where they clash; or the one that is left.
    pub text: String,
    /// The branch that has deleted it, while the other changed it.
    pub deleted_on: Option<String>,
}

/// A remark of a reviewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Its id, for the reply.
    pub id: u64,
    /// Who.
    pub author: String,
    /// The file it stands at, if at one.
    pub path: Option<String>,
    /// The line there.
    pub line: Option<u32>,
    /// The text.
    pub text: String,
}

/// A failed check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCheck {
    /// Its name.
    pub name: String,
    /// GitHub's conclusion.
    pub conclusion: String,
    /// The condensed log, or what else the check says.
    pub log: String,
    /// Annotations as `path:line: message`.
    pub annotations: Vec<String>,
    /// Whether a log could be read.
    pub readable: bool,
}

/// A check's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Its name.
    pub name: String,
    /// GitHub's conclusion.
    pub conclusion: String,
    /// Whether it fails on the base as well: no fault of the change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fails_on_base: bool,
}
