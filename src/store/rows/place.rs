//! Where the App is installed, and how fast it may write there.
//!
//! Invariant: a repository belongs to one installation.

use crate::clock::Millis;

/// A request for room to write.
#[derive(Clone, Copy, Debug)]
pub struct PaceRequest {
    /// The installation.
    pub installation: i64,
    /// How many mutations.
    pub mutations: u32,
    /// Least time between two mutations, in milliseconds; 0 switches pacing of writes off.
    pub interval_ms: i64,
    /// The time.
    pub now: Millis,
}

/// The pacer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Go.
    Go,
    /// Not before.
    Wait(Millis),
}

/// An installation as GitHub listed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallationRow {
    /// GitHub's id.
    pub id: i64,
    /// The account's login.
    pub account: String,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Its repositories.
    pub repositories: Vec<RepositoryRow>,
}

/// A repository the App is installed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRow {
    /// GitHub's id.
    pub id: i64,
    /// The installation.
    pub installation: i64,
    /// Node id for GraphQL.
    pub node_id: String,
    /// Owner's login.
    pub owner: String,
    /// Name.
    pub name: String,
    /// The discovery sweep's cursor.
    pub cursor: Option<String>,
    /// What is known of its configuration file.
    pub configuration: Option<String>,
}
