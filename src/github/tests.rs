//! Calls against a few lines that speak GitHub's protocol: what is sent, how often, and what an answer is taken for.

mod branches;
mod phases;
mod reading;
mod transport;
mod writing;
