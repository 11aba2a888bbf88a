//! Why nothing moves: every wait, computed from the state by one function and shown everywhere the same.

use serde::{Deserialize, Serialize};

use super::ids::PhaseNumber;
use crate::clock::Millis;

/// Something that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Identity of this wait: the same wait keeps its key, a new question gets a new one.
    pub key: String,
    /// Who or what can move it.
    pub kind: WaitKind,
    /// What it is.
    pub what: What,
    /// The phase, if one.
    pub phase: Option<PhaseNumber>,
    /// Since when.
    pub since: Millis,
    /// When Millhand looks again by itself.
    pub next_look: Option<Millis>,
    /// Who can move it: a login, "a writer", "GitHub" ...
    pub who: String,
    /// The command that moves it, as it would be typed.
    pub command: Option<String>,
    /// The hash an approval would bind to.
    pub hash: Option<String>,
    /// One sentence that says all this.
    pub sentence: String,
}

/// Who or what can move a wait; the headline is the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// A person on GitHub.
    Person,
    /// The operator.
    Operator,
    /// A limit.
    Limit,
    /// A machine, or the clock.
    Machine,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An answer to a question.
    Question,
    /// The plan's approval.
    PlanApproval,
    /// A person lets a head pass on which no check ran.
    NoCi,
    /// A review of a phase.
    PhaseReview,
    /// The release's approval.
    ReleaseApproval,
    /// A conflict that a person must resolve.
    Conflict,
    /// Attempts are used up.
    Attempts,
    /// Paused.
    Paused,
    /// A person closed or retargeted a pull request.
    PullRequestClosed,
    /// GitHub refuses the merge.
    MergeRefused,
    /// Somebody else works on the issue.
    OtherWork,
    /// The cap.
    Budget,
    /// A rate limit.
    RateLimit,
    /// A slot.
    Slot,
    /// A phase before it.
    Dependency,
    /// Checks.
    Ci,
    /// A model.
    Model,
    /// GitHub.
    Github,
    /// The clock.
    Clock,
}
