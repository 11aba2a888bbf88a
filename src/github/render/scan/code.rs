//! Where a text's code is.
//!
//! Invariant: what is called sure is code for every reader of Markdown; the rest is shown as it stands, but breaks words.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::super::close::options;
use super::TAGS;

/// The parts of `text` that are not surely code.
pub(in crate::github::render) fn outside_code(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut at = 0;
    for code in codes(text).into_iter().filter(|code| code.sure) {
        parts.extend(text.get(at..code.range.start));
        at = code.range.end;
    }
    parts.extend(text.get(at..));
    parts
}

/// A span or block of code.
pub(super) struct Code {
    pub(super) range: Range<usize>,
    /// First word of a fence's information.
    pub(super) drawn: String,
    /// Whether all readers of Markdown agree that it is code.
    pub(super) sure: bool,
    inline: bool,
}

/// Code spans and blocks in order.
pub(super) fn codes(text: &str) -> Vec<Code> {
    let mut found: Vec<Code> = Vec::new();
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        let mut drawn = String::new();
        let (inline, sure) = if let Event::Start(Tag::CodeBlock(kind)) = &event {
            if let CodeBlockKind::Fenced(info) = kind {
                let word = info.split(|c: char| c.is_whitespace() || c == ',').next();
                drawn = word.unwrap_or_default().to_lowercase();
            }
            // Inside lists and quotations, or indented, a fence may be the rest of a paragraph.
            let begins_line = text.get(..range.start).is_none_or(|it| it.is_empty() || it.ends_with('\n'));
            (false, matches!(kind, CodeBlockKind::Fenced(_)) && depth == 0 && begins_line)
        } else if matches!(event, Event::Code(_)) {
            (true, true)
        } else {
            if let Event::Start(tag) = &event {
                depth += usize::from(is_container(tag));
            } else if matches!(
                event,
                Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::FootnoteDefinition)
            ) {
                depth = depth.saturating_sub(1);
            }
            continue;
        };
        if found.last().is_none_or(|last| last.range.end <= range.start) {
            found.push(Code {
                range,
                drawn,
                sure,
                inline,
            });
        }
    }
    let doubts = Doubts::new(text, &found);
    for code in &mut found {
        code.sure &= !doubts.concern(code);
    }
    found
}

fn is_container(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::BlockQuote(_) | Tag::List(_) | Tag::FootnoteDefinition(_))
}

/// What makes readers disagree on code nearby: "nearby" ends at lines that hold nothing.
struct Doubts<'t> {
    text: &'t str,
    /// Where lines begin that hold nothing.
    blank: Vec<usize>,
    /// Backticks that are part of no code: where one is left over, GitHub's own reader pairs the others in ways that its
    /// specification does not say.
    left_over: Vec<usize>,
    /// Lines that begin with a tag: what follows may be HTML, in which there is no code.
    tags: Vec<usize>,
}

impl<'t> Doubts<'t> {
    fn new(text: &'t str, codes: &[Code]) -> Self {
        let (mut blank, mut tags) = (Vec::new(), Vec::new());
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let inside = line.trim_start_matches(|c: char| c.is_whitespace() || c.is_ascii_digit() || ">-*+.)".contains(c));
            if line.trim().is_empty() {
                blank.push(at);
            } else if TAGS.iter().any(|tag| inside.starts_with(tag)) {
                tags.push(at);
            }
            at += line.len();
        }
        Self {
            text,
            blank,
            left_over: left_over(text, codes),
            tags,
        }
    }

    fn concern(&self, code: &Code) -> bool {
        let Range { start, end } = code.range;
        let before = self.blank.partition_point(|at| *at <= start);
        let from = before
            .checked_sub(1)
            .and_then(|index| self.blank.get(index))
            .copied()
            .unwrap_or(0);
        let to = self
            .blank
            .get(self.blank.partition_point(|at| *at < end))
            .copied()
            .unwrap_or(self.text.len());
        let within = |places: &[usize], to: usize| places.get(places.partition_point(|at| *at < from)).is_some_and(|at| *at < to);
        if !code.inline {
            return within(&self.tags, start);
        }
        // A bracket before it and one in it may be the name of a link, which is read before code is.
        let inside = self.text.get(start..end).unwrap_or_default();
        let names = inside.contains("]:") && self.text.get(from..start).is_some_and(|before| before.contains('['));
        inside.contains(['\n', '|']) || names || within(&self.tags, to) || within(&self.left_over, to)
    }
}

/// Where backticks stand that are part of no code.
fn left_over(text: &str, codes: &[Code]) -> Vec<usize> {
    let mut codes = codes.iter().peekable();
    let mut left = Vec::new();
    for (at, _) in text.match_indices('`') {
        while codes.next_if(|code| code.range.end <= at).is_some() {}
        if codes.peek().is_none_or(|code| !code.range.contains(&at)) {
            left.push(at);
        }
    }
    left
}
