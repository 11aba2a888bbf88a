//! Millhand turns a labelled GitHub issue into reviewed, merged pull requests.
//!
//! The way of one webhook, top to bottom; nothing flows back up:
//!
//! ```text
//! http/webhook -> engine/ingest -> deliveries (inbox)
//!              -> engine/step: translate, workflow/decide -> one transaction
//!              -> effects (outbox) -> engine/perform: GitHub or a model
//!              -> outcome as a fact -> deliveries
//! ```
//!
//! `ARCHITECTURE.md` has the map of the modules and what each must never do.

pub mod cli;
pub mod clock;
pub mod config;
pub mod engine;
pub mod github;
pub mod http;
pub mod llm;
pub mod sim;
pub mod store;
pub mod telemetry;
pub mod workflow;
