//! What operations demand of people and of Apps.
//!
//! Invariant: one row per kind of operation; operations name their row and decide nothing themselves.

use crate::sim::world::{Level, Role};

/// What an operation demands: a role of people, any one of these permissions of Apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Lowest role. [`Role::None`]: anybody who can see the repository.
    pub role: Role,
    /// Any one of these permissions.
    pub permissions: &'static [(&'static str, Level)],
}

/// Push, write git objects, merge.
pub const PUSH: Need = Need {
    role: Role::Write,
    permissions: &[("contents", Level::Write)],
};

/// Open and change pull requests.
pub const PULL: Need = Need {
    role: Role::Write,
    permissions: &[("pull_requests", Level::Write)],
};

/// Label, assign, close and lock issues.
pub const TRIAGE_ISSUE: Need = Need {
    role: Role::Triage,
    permissions: &[("issues", Level::Write)],
};

/// Label, assign and close pull requests, ask for reviews.
pub const TRIAGE_PULL: Need = Need {
    role: Role::Triage,
    permissions: &[("pull_requests", Level::Write), ("issues", Level::Write)],
};

/// Open issues, comment and react on issues.
pub const TALK_ISSUE: Need = Need {
    role: Role::None,
    permissions: &[("issues", Level::Write)],
};

/// Comment and react on pull requests.
pub const TALK_PULL: Need = Need {
    role: Role::None,
    permissions: &[("pull_requests", Level::Write), ("issues", Level::Write)],
};

/// Review.
pub const REVIEW: Need = Need {
    role: Role::None,
    permissions: &[("pull_requests", Level::Write)],
};

/// Change labels of the repository.
pub const LABELS: Need = Need {
    role: Role::Triage,
    permissions: &[("issues", Level::Write), ("pull_requests", Level::Write)],
};

/// Ask for checks again, press their buttons.
pub const CHECKS: Need = Need {
    role: Role::Write,
    permissions: &[("checks", Level::Write)],
};

/// Set commit statuses.
pub const STATUSES: Need = Need {
    role: Role::Write,
    permissions: &[("statuses", Level::Write)],
};

/// Start, repeat and stop workflows.
pub const ACTIONS: Need = Need {
    role: Role::Write,
    permissions: &[("actions", Level::Write)],
};

/// Administer.
pub const ADMIN: Need = Need {
    role: Role::Admin,
    permissions: &[("administration", Level::Write)],
};
