//! The ledger's rows: calls of models and what they cost.
//!
//! Invariant: money is whole micro-dollars.

use super::Blob;
use crate::clock::Millis;

/// A model call about to be made.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// UUID v7.
    pub id: String,
    /// The workflow that pays.
    pub workflow: String,
    /// The phase it is for.
    pub phase: Option<i64>,
    /// Role and task, for reports.
    pub role: String,
    /// The task.
    pub task: String,
    /// The effect on whose behalf.
    pub effect: String,
    /// Profile, provider and model.
    pub profile: String,
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Blob of the prompt.
    pub prompt: String,
    /// The most it can cost.
    pub worst_microusd: i64,
    /// The workflow's cap.
    pub cap_microusd: i64,
    /// Whether the price is nominal (the offline model costs nothing).
    pub nominal: bool,
    /// The time.
    pub now: Millis,
}

/// The ledger's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// The call may be made.
    Reserved,
    /// It would pass the cap.
    OverCap(Cost),
}

/// What a call came to.
#[derive(Clone, Debug)]
pub struct SettledCall {
    /// The call.
    pub id: String,
    /// What it cost.
    pub cost_microusd: i64,
    /// Tokens in and out.
    pub input_tokens: i64,
    /// Tokens out.
    pub output_tokens: i64,
    /// `ok`, or what was wrong with the answer.
    pub outcome: String,
    /// The answer, if there was one.
    pub answer: Option<Blob>,
    /// Keep the answer under this cache key.
    pub cache_key: Option<String>,
    /// The time.
    pub now: Millis,
}

/// Money of one workflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Settled.
    pub spent_microusd: i64,
    /// Reserved and not settled.
    pub reserved_microusd: i64,
    /// How many calls were made.
    pub calls: i64,
    /// Whether any price was nominal.
    pub nominal: bool,
}

/// A model call as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// UUID v7.
    pub id: String,
    /// The phase.
    pub phase: Option<i64>,
    /// The role.
    pub role: String,
    /// The task.
    pub task: String,
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Blob of the prompt.
    pub prompt: String,
    /// Blob of the answer.
    pub answer: Option<String>,
    /// `reserved`, `settled` or `lost`.
    pub status: String,
    /// `ok`, or what was wrong.
    pub outcome: Option<String>,
    /// What was reserved.
    pub reserved_microusd: i64,
    /// What it cost.
    pub cost_microusd: i64,
    /// Tokens in.
    pub input_tokens: i64,
    /// Tokens out.
    pub output_tokens: i64,
    /// When it began.
    pub started_at: Millis,
}
