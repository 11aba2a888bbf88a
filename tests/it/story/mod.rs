//! Stories: people act on GitHub, and what they see is what is checked.
//!
//! Invariant: no story calls the bot; people act on GitHub, and the bot hears of it.

mod bot;
mod building;
mod choosing;
mod clashing;
mod commanding;
mod configuring;
mod doubting;
pub(crate) mod ear;
mod ending;
pub(crate) mod gestures;
mod guarding;
mod happy;
mod house;
mod line;
mod losses;
mod objecting;
mod outdated;
mod pressing;
mod refusals;
mod refusing;
mod releasing;
mod reviewing;
mod rolling_back;
mod rounds;
pub(crate) mod scenes;
mod spoofing;
mod starting;
mod steering;
mod taking_back;
mod taking_back_early;
mod telling;
pub(crate) mod town;
mod withdrawn;
