//! Closing what a text leaves open: a fence or a folded section that would swallow what follows it.
//!
//! Invariant: closing what was closed changes nothing.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::scan;

/// The Markdown GitHub reads.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
}

/// Closes an open fence at the end and open folded sections.
pub(super) fn close(text: &str) -> String {
    let mut out = text.to_owned();
    if let Some(fence) = open_fence(&out) {
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&fence);
        out.push('\n');
    }
    let (details, summaries) = (unclosed(&out, "details"), unclosed(&out, "summary"));
    if details + summaries > 0 {
        out.truncate(out.trim_end().len());
        out.push_str("\n\n");
        out.push_str(&"</summary>".repeat(summaries));
        out.push_str(&"</details>".repeat(details));
        out.push('\n');
    }
    out
}

/// The text as it stands, in a fence that nothing in it closes.
pub(super) fn as_code(text: &str) -> String {
    let text = scan::bare(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// The fence that would close the code block that is open at the end. One inside a list or quotation ends with it.
fn open_fence(text: &str) -> Option<String> {
    let (mut depth, mut last) = (0_usize, None);
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        if let Event::Start(tag) = &event {
            if matches!(tag, Tag::CodeBlock(CodeBlockKind::Fenced(_))) {
                last = (depth == 0).then_some(range);
            } else if matches!(tag, Tag::BlockQuote(_) | Tag::List(_) | Tag::FootnoteDefinition(_)) {
                depth += 1;
            }
        } else if matches!(
            event,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::FootnoteDefinition)
        ) {
            depth = depth.saturating_sub(1);
        }
    }
    let range = last?;
    if !text.get(range.end..)?.trim().is_empty() {
        return None;
    }
    let block = text.get(range.start..)?.trim();
    let mark = block.chars().next()?;
    let length = block.chars().take_while(|c| *c == mark).count();
    let end = block.lines().skip(1).last().unwrap_or_default().trim();
    let closed = end.chars().count() >= length && end.chars().all(|c| c == mark);
    (!closed).then(|| mark.to_string().repeat(length))
}

fn unclosed(text: &str, tag: &str) -> usize {
    let mut open = 0_usize;
    let (start, end) = (format!("<{tag}>"), format!("</{tag}>"));
    for part in scan::outside_code(text) {
        let mut rest = part;
        while let Some(at) = rest.find('<') {
            rest = rest.get(at..).unwrap_or_default();
            if rest.starts_with(&start) {
                open += 1;
            } else if rest.starts_with(&end) {
                open = open.saturating_sub(1);
            }
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    open
}
