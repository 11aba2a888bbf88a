//! Stories: people act on GitHub, and what they see is what is checked.

mod ear;
mod happy;
mod starting;
mod steering;
mod town;
