//! What GitHub tells by webhook: proof of origin, the fields that are read, and what a delivery concerns.
//!
//! The signature covers the body only, not the event's name or the delivery's id, and deliveries come late, twice, out of
//! order or never. So a delivery is a hint where to look, and nothing is decided on its word.
//!
//! Invariant: nothing here acts or remembers; a body of any shape gives a value or one error, never a panic.

pub mod signature;

mod payload;
mod route;

pub use payload::{
    Action, CheckRunEvent, CheckSuiteEvent, CommentEvent, Event, InstallationEvent, IssueEvent, Malformed, MergeGroupEvent,
    Payload, PullEvent, PushEvent, RepositoriesEvent, RepositoryEvent, RepositoryName, ReviewCommentEvent, ReviewEvent,
    StatusEvent, WorkflowRunEvent,
};
pub use route::{Concern, Route};
