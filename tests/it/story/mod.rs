//! Stories: people act on GitHub, and what they see is what is checked.

mod happy;
mod town;
