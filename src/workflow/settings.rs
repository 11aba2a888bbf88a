//! What a team can set: the keys of `.github/millhand.yml` and of the operator's `[defaults]`, with their defaults.
//!
//! Invariant: every key has a type of its own; unknown keys are refused.

use serde::{Deserialize, Serialize};

use super::ids::MicroUsd;

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

/// `approvals`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Approvals {
    /// Of the plan.
    pub plan: PlanApproval,
    /// Of the release.
    pub release: ReleaseApproval,
    /// How many reviews a phase needs.
    pub phase_reviews: PhaseReviews,
    /// Whether who started may approve code.
    pub self_approval: SelfApproval,
}

/// `approvals.plan`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanApproval {
    /// Unless started by the auto label.
    #[default]
    Required,
    /// Never.
    None,
    /// Also under the auto label.
    Always,
}

/// `approvals.release`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseApproval {
    /// A writer approves.
    #[default]
    Required,
    /// Nobody is asked.
    None,
}

/// `approvals.phase_reviews`: a number, or `auto`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrAuto", into = "NumberOrAuto")]
pub enum PhaseReviews {
    /// 0 in `integration` when the default branch's rules require a review, else 1.
    #[default]
    Auto,
    /// This many.
    Number(u32),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum NumberOrAuto {
    Number(u32),
    Word(String),
}

impl TryFrom<NumberOrAuto> for PhaseReviews {
    type Error = &'static str;
    fn try_from(value: NumberOrAuto) -> Result<Self, Self::Error> {
        match value {
            NumberOrAuto::Number(n) => Ok(Self::Number(n)),
            NumberOrAuto::Word(word) if word == "auto" => Ok(Self::Auto),
            NumberOrAuto::Word(_) => Err("phase_reviews takes a number or auto"),
        }
    }
}

impl From<PhaseReviews> for NumberOrAuto {
    fn from(value: PhaseReviews) -> Self {
        match value {
            PhaseReviews::Auto => Self::Word("auto".to_owned()),
            PhaseReviews::Number(n) => Self::Number(n),
        }
    }
}

/// `approvals.self_approval`: `auto`, `true` or `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BoolOrAuto", into = "BoolOrAuto")]
pub enum SelfApproval {
    /// Not as long as a second person with write has been active in 90 days.
    #[default]
    Auto,
    /// Allowed.
    Yes,
    /// Not allowed.
    No,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum BoolOrAuto {
    Bool(bool),
    Word(String),
}

impl TryFrom<BoolOrAuto> for SelfApproval {
    type Error = &'static str;
    fn try_from(value: BoolOrAuto) -> Result<Self, Self::Error> {
        match value {
            BoolOrAuto::Bool(true) => Ok(Self::Yes),
            BoolOrAuto::Bool(false) => Ok(Self::No),
            BoolOrAuto::Word(word) if word == "auto" => Ok(Self::Auto),
            BoolOrAuto::Word(_) => Err("self_approval takes true, false or auto"),
        }
    }
}

impl From<SelfApproval> for BoolOrAuto {
    fn from(value: SelfApproval) -> Self {
        match value {
            SelfApproval::Auto => Self::Word("auto".to_owned()),
            SelfApproval::Yes => Self::Bool(true),
            SelfApproval::No => Self::Bool(false),
        }
    }
}

/// `reviewers`: a word or a list of logins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reviewers {
    /// `auto`, `codeowners`, `requester` or `none`.
    Word(ReviewersWord),
    /// These people.
    Logins(Vec<String>),
}

impl Default for Reviewers {
    fn default() -> Self {
        Self::Word(ReviewersWord::Auto)
    }
}

/// The words `reviewers` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewersWord {
    /// Code owners by GitHub, else the requester, else who changed the files last.
    Auto,
    /// Only those GitHub asks by itself.
    Codeowners,
    /// The requester.
    Requester,
    /// Nobody.
    None,
}

/// `limits`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Micro-phases in a plan.
    pub phases: u32,
    /// Phases worked on at once.
    pub parallel_phases: u32,
    /// Attempts per phase and cause.
    pub attempts: u32,
    /// Files in a phase.
    pub files_per_phase: u32,
    /// Changed lines in a phase.
    pub lines_per_phase: u32,
    /// The cap of a workflow in US dollars.
    pub budget_usd: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            phases: 6,
            parallel_phases: 2,
            attempts: 3,
            files_per_phase: 25,
            lines_per_phase: 400,
            budget_usd: 5.0,
        }
    }
}

impl Limits {
    /// The cap in micro-dollars.
    #[must_use]
    pub fn budget(&self) -> MicroUsd {
        // Amounts are checked to be finite and below a million dollars when settings are read.
        MicroUsd((self.budget_usd * 1e6).round() as i64)
    }
}

/// `ci`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ci {
    /// Which checks must pass.
    pub required: RequiredChecks,
    /// Checks that never count.
    pub ignore: Vec<String>,
    /// What happens when no check runs.
    pub absent: AbsentCi,
    /// How long checks may take, in minutes.
    pub timeout_minutes: f64,
    /// How long to wait for the first check, in minutes.
    pub grace_minutes: f64,
    /// How often a check that looks flaky is run again.
    pub rerun_flaky: u32,
}

impl Default for Ci {
    fn default() -> Self {
        Self {
            required: RequiredChecks::default(),
            ignore: Vec::new(),
            absent: AbsentCi::Ask,
            timeout_minutes: 60.0,
            grace_minutes: 5.0,
            rerun_flaky: 1,
        }
    }
}

/// `ci.required`: a word or a list of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequiredChecks {
    /// `auto` or `none`.
    Word(RequiredWord),
    /// These.
    Names(Vec<String>),
}

impl Default for RequiredChecks {
    fn default() -> Self {
        Self::Word(RequiredWord::Auto)
    }
}

/// The words `ci.required` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredWord {
    /// Rules, and what is usually seen.
    Auto,
    /// None.
    None,
}

/// `ci.absent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentCi {
    /// A person lets the head pass.
    #[default]
    Ask,
    /// It passes by itself.
    Proceed,
}

/// `merge`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Merge {
    /// Of phases.
    pub phases: MergeMethod,
    /// Of the release.
    pub release: ReleaseMerge,
    /// Whether merged branches are deleted.
    pub delete_branches: DeleteBranches,
}

/// How a phase is merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeMethod {
    /// One commit.
    #[default]
    Squash,
    /// A merge commit.
    Merge,
    /// Its commits, rebased.
    Rebase,
}

/// How the release is merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseMerge {
    /// `merge` where allowed and no linear history is required, else `squash`.
    #[default]
    Auto,
    /// One commit.
    Squash,
    /// A merge commit.
    Merge,
}

/// `merge.delete_branches`: `auto`, `true` or `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BoolOrAuto", into = "BoolOrAuto")]
pub enum DeleteBranches {
    /// Unless the repository does it itself.
    #[default]
    Auto,
    /// Yes.
    Yes,
    /// No.
    No,
}

impl TryFrom<BoolOrAuto> for DeleteBranches {
    type Error = &'static str;
    fn try_from(value: BoolOrAuto) -> Result<Self, Self::Error> {
        match value {
            BoolOrAuto::Bool(true) => Ok(Self::Yes),
            BoolOrAuto::Bool(false) => Ok(Self::No),
            BoolOrAuto::Word(word) if word == "auto" => Ok(Self::Auto),
            BoolOrAuto::Word(_) => Err("delete_branches takes true, false or auto"),
        }
    }
}

impl From<DeleteBranches> for BoolOrAuto {
    fn from(value: DeleteBranches) -> Self {
        match value {
            DeleteBranches::Auto => Self::Word("auto".to_owned()),
            DeleteBranches::Yes => Self::Bool(true),
            DeleteBranches::No => Self::Bool(false),
        }
    }
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
