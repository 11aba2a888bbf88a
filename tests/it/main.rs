//! All integration tests, in one binary: it links once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on must say so at once"
)]

mod cli;
mod contract;
mod documents;
mod http;
mod matrix;
mod models;
mod process;
mod repo_config;
mod repo_path;
mod shipped;
mod store;
mod story;
mod tidy;
mod walks;
mod workflow;
