//! The interference matrix: whatever people and GitHub do in between, in every state, told by webhook or found by looking.
//!
//! One town is brought up in which a workflow waits in each state; every interference happens to a twin of it.
//!
//! Invariant: a cell is counted only if its workflow was in that state and the act was done there.

mod acts;
mod cells;
mod places;
mod table;
mod tests;
mod ways;
