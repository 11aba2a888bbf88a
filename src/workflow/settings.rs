//! What a team can set: the keys of `.github/millhand.yml` and of the operator's `[defaults]`, with their defaults.
//!
//! Invariant: every key has a type of its own; unknown keys are refused.

mod approval;
mod bound;

use serde::{Deserialize, Serialize};

pub use self::approval::{Approvals, PhaseReviews, PlanApproval, ReleaseApproval, Reviewers, ReviewersWord, SelfApproval};
pub use self::bound::{AbsentCi, Ci, DeleteBranches, Limits, Merge, MergeMethod, ReleaseMerge, RequiredChecks, RequiredWord};

/// All settings of a workflow. Fixed at its start as part of its state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The labels that start a workflow.
    pub labels: Labels,
    /// How commands are written.
    pub commands: Commands,
    /// Who else may start.
    pub triggers: Triggers,
    /// How the plan is made.
    pub recipe: Recipe,
    /// How the work reaches the default branch.
    pub delivery: DeliveryChoice,
    /// Names of branches.
    pub branches: Branches,
    /// Shape of pull requests.
    pub pull_requests: PullRequests,
    /// What must be approved.
    pub approvals: Approvals,
    /// Who is asked to review.
    pub reviewers: Reviewers,
    /// Bounds.
    pub limits: Limits,
    /// How checks are judged.
    pub ci: Ci,
    /// How merges are made.
    pub merge: Merge,
    /// Paths that nobody but people change, beside the built-in ones.
    pub protected_paths: Vec<String>,
    /// Which profile each role uses.
    pub models: RoleModels,
    /// What is told in public.
    pub report: Report,
    /// What is sent to the operator's notifiers.
    pub notifications: Notifications,
}

impl Settings {
    /// How many phases a plan may have: `limits.phases`, or one where the recipe is one pull request.
    #[must_use]
    pub fn phases_max(&self) -> u32 {
        match self.recipe {
            Recipe::MicroPhase => self.limits.phases,
            Recipe::Single => 1,
        }
    }
}

/// `labels`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Labels {
    /// Starts, pauses when taken off.
    pub trigger: String,
    /// Starts and waives the plan's approval.
    pub auto: String,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            trigger: "millhand".to_owned(),
            auto: "millhand:auto".to_owned(),
        }
    }
}

/// `commands`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Commands {
    /// Whether `/approve` is read beside `/millhand approve`.
    pub bare: bool,
}

impl Default for Commands {
    fn default() -> Self {
        Self { bare: true }
    }
}

/// `triggers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Triggers {
    /// Logins of bots that may start.
    pub bots: Vec<String>,
}

/// `recipe`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// Split into micro-phases.
    #[default]
    MicroPhase,
    /// One pull request.
    Single,
}

/// `delivery` as set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryChoice {
    /// By the workflows' `on:` filters.
    #[default]
    Auto,
    /// An integration branch and a release pull request.
    Integration,
    /// Each phase onto the default branch.
    Direct,
}

/// `branches`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Branches {
    /// What all branch names begin with.
    pub prefix: String,
}

impl Default for Branches {
    fn default() -> Self {
        Self {
            prefix: "millhand/".to_owned(),
        }
    }
}

/// `pull_requests`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PullRequests {
    /// When a pull request leaves draft.
    pub draft: Draft,
    /// Titles as the repository's history has them.
    pub title: Auto,
    /// Commit messages likewise.
    pub commit: Auto,
    /// `Signed-off-by` likewise.
    pub sign_off: Auto,
}

/// `pull_requests.draft`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draft {
    /// A draft until its checks are green and the overseer is content.
    #[default]
    UntilGreen,
    /// Never a draft.
    Never,
}

/// A key that has only `auto` in this version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auto {
    /// As the repository's recent history does.
    #[default]
    Auto,
}

/// `models`: the profile of each role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoleModels {
    /// Q assistant.
    pub q_assistant: String,
    /// Code writer.
    pub code_writer: String,
    /// Test auditor.
    pub test_auditor: String,
    /// Verification overseer.
    pub verification_overseer: String,
    /// Release manager.
    pub release_manager: String,
}

impl Default for RoleModels {
    fn default() -> Self {
        Self {
            q_assistant: "large".to_owned(),
            code_writer: "large".to_owned(),
            test_auditor: "small".to_owned(),
            verification_overseer: "other_family".to_owned(),
            release_manager: "small".to_owned(),
        }
    }
}

/// `report`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// Whether the cost stands in the issue.
    pub cost: CostReport,
}

/// `report.cost`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostReport {
    /// In the issue.
    #[default]
    Public,
    /// Only in the API, the command line and the dashboard.
    Hidden,
}

/// `notifications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notifications {
    /// Which events are sent.
    pub events: Vec<String>,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            events: ["needs_human", "complete", "failed", "budget"].map(str::to_owned).to_vec(),
        }
    }
}
