//! Every document that Millhand writes on GitHub, as pure functions of the state.
//!
//! Invariant: the same state gives the same bytes, so that a text that has not changed is not written again.

pub mod branch;
pub mod release;
pub mod status;
