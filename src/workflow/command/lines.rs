//! Where command lines stand in a comment, by the structure that GitHub renders.
//!
//! Invariant: offsets are byte offsets into the source that was given, on character borders.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// CommonMark lets a paragraph's line be indented by three spaces; the fourth makes it code.
const INDENT_MAX: usize = 3;

/// A line under a quote, list or table that is not indented like the container's own lines was meant to stand alone.
const STRAY_INDENT_MAX: usize = 1;

/// What was found in a comment.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Lines that begin with a slash, in order.
    pub(super) lines: Vec<Line>,
    /// What people do not see as text: HTML and link reference definitions, sorted.
    pub(super) unseen: Vec<Range<usize>>,
}

/// A line that begins with a slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Offset of the slash.
    pub(super) start: usize,
    /// Offset of the line's end, the line break (also one written as a backslash) left out.
    pub(super) end: usize,
    /// Whether it belongs to a quote, list, table or footnote above it, so that it is no command.
    pub(super) swallowed: bool,
}

/// Finds the lines of `source` that begin with a slash and are visible text of their own. Line breaks must be `\n`.
pub(super) fn scan(source: &str) -> Scan {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let events = Parser::new_ext(source, options).into_offset_iter();
    let mut scan = Scan::default();
    scan.unseen.extend(
        events
            .reference_definitions()
            .iter()
            .map(|(_, definition)| definition.span.clone()),
    );
    let mut place = Place::default();
    for (event, range) in events {
        match event {
            Event::Start(tag) => place.open(&tag),
            Event::End(_) => place.close(),
            Event::SoftBreak | Event::HardBreak => {
                place.fresh = true;
                place.under = true;
            }
            Event::Text(_) => {
                if place.fresh
                    && let Some(line) = place.line_at(source, range.start)
                {
                    scan.lines.push(line);
                }
                place.fresh = false;
            }
            Event::Html(_) => scan.unseen.push(range),
            Event::InlineHtml(html) => {
                place.html_tag(&html);
                scan.unseen.push(range);
            }
            Event::Code(_) | Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => place.fresh = false,
            Event::Rule | Event::TaskListMarker(_) => {}
        }
    }
    scan.unseen.sort_by_key(|range| (range.start, range.end));
    scan
}

/// Where in the document the parser is.
#[derive(Default)]
struct Place {
    /// The open elements, outermost first.
    stack: Vec<Kind>,
    /// Whether the next text begins a line.
    fresh: bool,
    /// Whether it stands under another line of the same block.
    under: bool,
    /// Inline HTML elements opened and not closed in this block.
    html_open: usize,
}

/// What kind of element is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A paragraph or heading.
    Leaf,
    /// A cell of a table: a line of its own even without a break before it.
    Cell,
    /// Quote, list, item, table, footnote.
    Container,
    /// Emphasis, link and their like.
    Inline,
    /// Code, HTML, metadata, a table's head: never a line of its own.
    Opaque,
}

impl Place {
    fn open(&mut self, tag: &Tag<'_>) {
        let kind = kind(tag);
        self.stack.push(kind);
        match kind {
            Kind::Leaf | Kind::Cell | Kind::Container => {
                self.fresh = true;
                self.under = kind == Kind::Cell;
                self.html_open = 0;
            }
            Kind::Inline | Kind::Opaque => self.fresh = false,
        }
    }

    fn close(&mut self) {
        self.stack.pop();
        self.fresh = false;
    }

    /// Text between inline tags, `<s>` and `</s>` say, is not plainly said.
    fn html_tag(&mut self, html: &str) {
        const VOID: [&str; 6] = ["<br", "<hr", "<img", "<wbr", "<input", "<source"];
        let lower = html.to_ascii_lowercase();
        if lower.starts_with("</") {
            self.html_open = self.html_open.saturating_sub(1);
        } else if !(lower.starts_with("<!")
            || lower.starts_with("<?")
            || lower.ends_with("/>")
            || VOID.iter().any(|v| lower.starts_with(v)))
        {
            self.html_open += 1;
        }
        self.fresh = false;
    }

    /// The line in which a text event begins, if it begins with a slash and is a command or a swallowed one.
    fn line_at(&self, source: &str, offset: usize) -> Option<Line> {
        let begin = source.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
        let rest = source.get(begin..)?;
        let indent = rest.bytes().take_while(|b| *b == b' ').count();
        let start = begin + indent;
        if indent > INDENT_MAX || !rest.get(indent..)?.starts_with('/') || offset > start || self.html_open > 0 {
            return None;
        }
        let text = rest.split('\n').next()?;
        // A backslash at the end of a line is a line break in Markdown and no word.
        let end = begin + text.strip_suffix('\\').unwrap_or(text).len();
        let swallowed = match self.stack.as_slice() {
            [Kind::Leaf] => false,
            deeper if deeper.contains(&Kind::Inline) || deeper.contains(&Kind::Opaque) => return None,
            deeper if deeper.contains(&Kind::Container) && self.under && indent <= STRAY_INDENT_MAX => true,
            _ => return None,
        };
        Some(Line { start, end, swallowed })
    }
}

fn kind(tag: &Tag<'_>) -> Kind {
    match tag {
        Tag::Paragraph | Tag::Heading { .. } => Kind::Leaf,
        Tag::TableCell => Kind::Cell,
        Tag::BlockQuote(_)
        | Tag::List(_)
        | Tag::Item
        | Tag::FootnoteDefinition(_)
        | Tag::DefinitionList
        | Tag::DefinitionListTitle
        | Tag::DefinitionListDefinition
        | Tag::Table(_)
        | Tag::TableRow => Kind::Container,
        Tag::Emphasis
        | Tag::Strong
        | Tag::Strikethrough
        | Tag::Superscript
        | Tag::Subscript
        | Tag::Link { .. }
        | Tag::Image { .. } => Kind::Inline,
        // A table's head stands under nothing.
        Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::MetadataBlock(_) | Tag::TableHead => Kind::Opaque,
    }
}
