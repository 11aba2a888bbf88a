//! Bounds of the work, and how checks and merges are dealt with.
//!
//! Invariant: every bound has a default that holds where nothing is set.

use serde::{Deserialize, Serialize};

use super::super::ids::MicroUsd;
use super::approval::BoolOrAuto;

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
