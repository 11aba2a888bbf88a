//! Rulesets and classic branch protection, and the one reading of both.
//!
//! Invariant: an unknown rule type is kept as it came, so that nothing is lost on the way back out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::{AppId, RulesetId};

/// A ruleset on branches.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruleset {
    /// Numeric id.
    pub id: RulesetId,
    /// Name.
    pub name: String,
    /// Branch patterns: `~DEFAULT_BRANCH`, `~ALL`, `refs/heads/release/*`.
    pub include: Vec<String>,
    /// Patterns taken away.
    pub exclude: Vec<String>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Apps that pass by.
    pub bypass: Vec<AppId>,
    /// Whether it is in force.
    pub active: bool,
}

/// One rule, as GitHub writes it: `{ "type": .., "parameters": {..} }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// GitHub's type, `pull_request`, `required_status_checks`, `deletion`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// Its parameters, `None` where the type has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
}

/// Classic protection of one branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Required checks.
    pub checks: Vec<RequiredCheck>,
    /// Heads must hold the base's head.
    pub strict: bool,
    /// Required approvals; `None` when reviews are not required.
    pub approvals: Option<u32>,
    /// New commits dismiss approvals.
    pub dismiss_stale_reviews: bool,
    /// Code owners must approve.
    pub code_owner_reviews: bool,
    /// The last push must be approved by somebody else.
    pub last_push_approval: bool,
    /// Threads must be resolved.
    pub conversation_resolution: bool,
    /// No merge commits.
    pub linear_history: bool,
    /// Commits must be signed.
    pub signatures: bool,
    /// The rules hold for administrators too.
    pub enforce_admins: bool,
    /// Forced pushes are allowed.
    pub allow_force_pushes: bool,
    /// Deletion is allowed.
    pub allow_deletions: bool,
    /// Nobody may push.
    pub lock_branch: bool,
}

/// A check that must pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequiredCheck {
    /// Name of the check run or context of the status.
    pub context: String,
    /// Only from this App.
    pub app: Option<AppId>,
}

/// What holds for one branch, rulesets and classic protection taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// Changes need a pull request.
    pub pull_request: bool,
    /// Required approvals.
    pub approvals: u32,
    /// New commits dismiss approvals.
    pub dismiss_stale_reviews: bool,
    /// Code owners must approve.
    pub code_owner_reviews: bool,
    /// The last push must be approved by somebody else.
    pub last_push_approval: bool,
    /// Threads must be resolved.
    pub conversation_resolution: bool,
    /// Merge methods a `pull_request` rule allows; empty is all.
    pub merge_methods: Vec<String>,
    /// Required checks.
    pub checks: Vec<RequiredCheck>,
    /// Heads must hold the base's head.
    pub strict: bool,
    /// No merge commits.
    pub linear_history: bool,
    /// Commits must be signed.
    pub signatures: bool,
    /// The branch cannot be deleted.
    pub no_deletion: bool,
    /// No forced pushes.
    pub no_force: bool,
    /// The branch cannot be made.
    pub no_creation: bool,
    /// The branch cannot be moved.
    pub no_update: bool,
    /// Merges go through the queue.
    pub merge_queue: bool,
    /// A name pattern branches must match, with its operator: `starts_with`, `ends_with`, `contains`, `regex`.
    pub name_patterns: Vec<(String, String)>,
    /// Whether anything is protected at all.
    pub protected: bool,
}
