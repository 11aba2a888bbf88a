//! The pure core: what a workflow is and what it does next.
//!
//! Invariant: nothing here waits, asks the time, draws a random number, logs or does IO. The same workflow and the same
//! facts give the same decision, on every machine, for ever.

pub mod answer;
pub mod ci;
pub mod code_owners;
pub mod command;
pub mod decide;
pub mod fact;
pub mod guarded;
pub mod habits;
pub mod ids;
pub mod model;
pub mod order;
pub mod plan;
pub mod policy;
pub mod protected;
pub mod repo_config;
pub mod repo_path;
pub mod reviews;
pub mod settings;
pub mod state;
pub mod text;
pub mod text_class;
pub mod validate;
pub mod waits;
