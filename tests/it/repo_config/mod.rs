//! `.github/millhand.yml`: what is read, what is refused, what holds, and what tells people about it.
//!
//! Invariant: no file makes it panic, and none makes it slow.

mod bad;
mod command;
mod good;
mod holding;
mod told;
