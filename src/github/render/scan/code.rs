//! Where a text's code is.
//!
//! Invariant: what GitHub shows as code and what is taken for code here follow the same specification; in doubt a text is
//! not code.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use super::super::close::options;

/// The parts of `text` that are not code.
pub(in crate::github::render) fn outside_code(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut at = 0;
    for code in codes(text) {
        parts.extend(text.get(at..code.range.start));
        at = code.range.end;
    }
    parts.extend(text.get(at..));
    parts
}

pub(super) struct Code {
    pub(super) range: Range<usize>,
    /// First word of a fence's information.
    pub(super) drawn: String,
}

/// Code spans and blocks in order.
pub(super) fn codes(text: &str) -> Vec<Code> {
    let mut found: Vec<Code> = Vec::new();
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        let drawn = if let Event::Start(Tag::CodeBlock(kind)) = &event {
            if let CodeBlockKind::Fenced(info) = kind {
                info.split(|c: char| c.is_whitespace() || c == ',')
                    .next()
                    .unwrap_or_default()
                    .to_lowercase()
            } else {
                String::new()
            }
        } else if matches!(event, Event::Code(_)) {
            String::new()
        } else {
            continue;
        };
        if found.last().is_none_or(|last| last.range.end <= range.start) {
            found.push(Code { range, drawn });
        }
    }
    found
}
