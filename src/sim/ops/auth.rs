//! Who is calling, and what they may do.
//!
//! Invariant: every operation that changes something asks here first.

use crate::sim::ops::{Actor, Outcome};
use crate::sim::world::{AppId, Level, RepoId, Role, World};

/// Whoever sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// No credentials.
    Anonymous,
    /// An App by JWT.
    Jwt(AppId),
    /// A person, or an App's installation.
    Actor(Actor),
}

/// What an operation demands: a role of people, one of these permissions of Apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Lowest role.
    pub role: Role,
    /// Any one of these permissions.
    pub permissions: &'static [(&'static str, Level)],
}
