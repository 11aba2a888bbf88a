//! Who has to approve what, and who is asked.
//!
//! Invariant: a word that is none of a key's is refused, whichever type the key has beside it.

use serde::{Deserialize, Serialize};

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
pub(super) enum BoolOrAuto {
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
