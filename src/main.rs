//! The `millhand` program.
fn main() {}
