//! Models: one trait, profiles, prompts, checked answers.
//!
//! Invariant: a model has no token, no store and no tool that acts. It is given text and returns data.

pub mod task;
