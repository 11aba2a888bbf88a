//! Stories: people act on GitHub, and what they see is what is checked.
//!
//! Invariant: no story calls the bot; people act on GitHub, and the bot hears of it.

mod building;
mod ear;
mod ending;
mod happy;
mod scenes;
mod starting;
mod steering;
mod town;
