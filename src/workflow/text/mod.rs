//! Every document that Millhand writes on GitHub, as pure functions of the state.
//!
//! Invariant: the same state gives the same bytes, so that a text that has not changed is not written again. Words that
//! people or models wrote come in through `markdown` and `titles` alone, which takes every meaning but that of words from them.

pub mod branch;
pub mod check;
pub mod commit;
mod markdown;
pub mod need;
pub mod plan;
pub mod protected;
pub mod pull;
pub mod questions;
pub mod release;
mod remarks;
mod report;
pub mod revert;
pub mod review;
pub mod settings;
pub mod status;
mod titles;
mod words;

pub(in crate::workflow) use self::words::{release_is_merge_commit, revert_of};

#[cfg(test)]
mod tests;
