//! `[policy]` of the operator's settings: what no repository passes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workflow::ids::MicroUsd;
use crate::workflow::settings::{PhaseReviews, PlanApproval, ReleaseApproval, SelfApproval};

/// The bounds that no repository and no command passes. The default is the loosest that a key allows, but for the budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperatorPolicy {
    /// The highest cap of one workflow, in US dollars.
    pub budget_usd: f64,
    /// The highest limits.
    pub limits: MostLimits,
    /// The loosest approvals.
    pub approvals: LeastApprovals,
    /// The names of the profiles that there are; empty where nobody knows them, and then any name may be given.
    #[serde(skip)]
    pub profiles: Vec<String>,
}

impl Default for OperatorPolicy {
    fn default() -> Self {
        Self {
            budget_usd: 50.0,
            limits: MostLimits::default(),
            approvals: LeastApprovals::default(),
            profiles: Vec::new(),
        }
    }
}

/// `[policy.limits]`: a repository may have less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MostLimits {
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
}

impl Default for MostLimits {
    fn default() -> Self {
        Self {
            phases: 50,
            parallel_phases: 16,
            attempts: 20,
            files_per_phase: 300,
            lines_per_phase: 20_000,
        }
    }
}

/// `[policy.approvals]`: a repository may ask for more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeastApprovals {
    /// Of the plan; `none` is the loosest, then `required`, then `always`.
    pub plan: PlanApproval,
    /// Of the release; `none` is the loosest.
    pub release: ReleaseApproval,
    /// How many reviews a phase needs at least.
    pub phase_reviews: PhaseReviews,
    /// Whether who started may approve code; `true` is the loosest, then `auto`, then `false`.
    pub self_approval: SelfApproval,
}

impl Default for LeastApprovals {
    fn default() -> Self {
        Self {
            plan: PlanApproval::None,
            release: ReleaseApproval::None,
            phase_reviews: PhaseReviews::Number(0),
            self_approval: SelfApproval::Yes,
        }
    }
}

impl OperatorPolicy {
    /// The highest cap of one workflow.
    #[must_use]
    pub fn budget_max(&self) -> MicroUsd {
        MicroUsd((self.budget_usd * 1e6).round() as i64)
    }

    /// Every bound by the key that it bounds.
    pub(super) fn bounds(&self) -> Value {
        let mut all = serde_json::to_value(self).unwrap_or_default();
        if let Some(limits) = all.get_mut("limits") {
            limits["budget_usd"] = Value::from(self.budget_usd);
        }
        all
    }
}
