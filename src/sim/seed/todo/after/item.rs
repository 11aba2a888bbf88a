//! One thing to do.

/// A thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is to be done.
    pub text: String,
    /// Whether it is done.
    pub done: bool,
}

impl Item {
    /// Something that is still to be done.
    pub fn new(text: &str) -> Self {
        Self { text: text.trim().to_string(), done: false }
    }

    /// Marks it as done.
    pub fn finish(&mut self) {
        self.done = true;
    }
}
