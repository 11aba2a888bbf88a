//! Stories: people act on GitHub, and what they see is what is checked.

mod building;
mod happy;
mod scenes;
mod town;
