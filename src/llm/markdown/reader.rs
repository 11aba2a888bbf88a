//! From Markdown's events to blocks of visible text.
//!
//! Invariant: what is in HTML, in an image or in a definition that nothing refers to reaches no block.

use std::collections::BTreeSet;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::{Block, longest_run};

/// How deep quotes and lists may lie in each other; deeper ones are shown at this depth. Lines are written with the marks
/// of all that they lie in, so that depth times lines bounds the size of the result.
const DEPTH_MAX: usize = 6;

/// The visible blocks of a source.
pub(super) fn read(source: &str) -> Vec<Block> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let events: Vec<Event<'_>> = Parser::new_ext(source, options).collect();
    let referenced = events
        .iter()
        .filter_map(|event| {
            if let Event::FootnoteReference(label) = event {
                Some(label.to_string())
            } else {
                None
            }
        })
        .collect();
    let mut reader = Reader {
        referenced,
        ..Reader::default()
    };
    for event in events {
        reader.read(event);
    }
    reader.finish()
}

/// What a block lies in while it is read.
#[derive(Debug)]
enum Holder {
    Quote,
    List(Option<u64>, Vec<Vec<Block>>),
    Item,
    /// Adds its blocks to what it lies in: footnotes, and quotes and lists that lie too deep.
    Flat,
    /// Is not seen.
    Hidden,
}

#[derive(Debug, Default)]
struct Reader {
    referenced: BTreeSet<String>,
    done: Vec<Block>,
    open: Vec<(Holder, Vec<Block>)>,
    inline: String,
    heading: Option<usize>,
    code: Option<(String, String)>,
    images: usize,
}

impl Reader {
    fn read(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) | Event::InlineMath(code) | Event::DisplayMath(code) => self.span(&code),
            Event::SoftBreak | Event::HardBreak => self.push("\n"),
            Event::Rule => self.flush(),
            Event::TaskListMarker(done) => self.push(if done { "[x] " } else { "[ ] " }),
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(level as usize);
            }
            Tag::BlockQuote(_) => self.enter(Holder::Quote),
            Tag::List(first) => self.enter(Holder::List(first, Vec::new())),
            Tag::Item => self.enter(Holder::Item),
            Tag::FootnoteDefinition(label) => {
                let seen = self.referenced.contains(label.as_ref());
                self.enter(if seen { Holder::Flat } else { Holder::Hidden });
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.chars().take_while(|c| c.is_ascii_alphanumeric()).take(20).collect(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::Image { .. } => self.images += 1,
            Tag::Paragraph | Tag::HtmlBlock | Tag::Table(_) | Tag::MetadataBlock(_) => self.flush(),
            Tag::TableHead
            | Tag::TableRow
            | Tag::TableCell
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Link { .. }
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item | TagEnd::FootnoteDefinition => self.leave(),
            TagEnd::CodeBlock => {
                if let Some((language, code)) = self.code.take() {
                    let code = code.trim_end_matches([' ', '\t', '\n']);
                    if !code.trim().is_empty() {
                        self.add(Block::Code(language, code.to_owned()));
                    }
                }
            }
            TagEnd::Image => self.images = self.images.saturating_sub(1),
            TagEnd::TableCell => self.push(" | "),
            TagEnd::TableHead | TagEnd::TableRow => {
                let row = self.inline.trim_end().trim_end_matches('|').trim_end().len();
                self.inline.truncate(row);
                self.push("\n");
            }
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::HtmlBlock | TagEnd::Table | TagEnd::MetadataBlock(_) => self.flush(),
            TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition => {}
        }
    }

    fn finish(mut self) -> Vec<Block> {
        self.flush();
        while !self.open.is_empty() {
            self.leave();
        }
        self.done
    }

    fn enter(&mut self, holder: Holder) {
        self.flush();
        let depth = self
            .open
            .iter()
            .filter(|(holder, _)| matches!(holder, Holder::Quote | Holder::List(..)))
            .count();
        let too_deep = depth >= DEPTH_MAX && matches!(holder, Holder::Quote | Holder::List(..));
        let in_flat_list = matches!(holder, Holder::Item) && matches!(self.open.last(), Some((Holder::Flat, _)));
        self.open
            .push((if too_deep || in_flat_list { Holder::Flat } else { holder }, Vec::new()));
    }

    fn leave(&mut self) {
        self.flush();
        let Some((holder, inner)) = self.open.pop() else { return };
        match holder {
            Holder::Quote if inner.is_empty() => {}
            Holder::Quote => self.add(Block::Quote(inner)),
            Holder::List(_, items) if items.is_empty() => {}
            Holder::List(first, items) => self.add(Block::List(first, items)),
            Holder::Item => match self.open.last_mut() {
                Some((Holder::List(_, items), _)) if !inner.is_empty() => items.push(inner),
                Some(_) | None => {}
            },
            Holder::Flat => inner.into_iter().for_each(|block| self.add(block)),
            Holder::Hidden => {}
        }
    }

    fn add(&mut self, block: Block) {
        match self.open.last_mut() {
            Some((_, blocks)) => blocks.push(block),
            None => self.done.push(block),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(text);
        } else {
            // A line end in here came from an entity: it must not begin a new block.
            self.push(&text.replace(['\n', '\r'], " "));
        }
    }

    fn span(&mut self, code: &str) {
        let code = code.replace('\n', " ");
        if code.trim().is_empty() {
            return;
        }
        let fence = "`".repeat(longest_run(&code, '`') + 1);
        let pad = if code.starts_with(['`', ' ']) || code.ends_with(['`', ' ']) {
            " "
        } else {
            ""
        };
        self.push(&format!("{fence}{pad}{code}{pad}{fence}"));
    }

    fn push(&mut self, text: &str) {
        if self.images == 0 {
            self.inline.push_str(text);
        }
    }

    fn flush(&mut self) {
        let lines: Vec<&str> = self.inline.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let block = match (lines.is_empty(), self.heading.take()) {
            (true, _) => None,
            (false, Some(level)) => Some(Block::Heading(level, lines.join(" "))),
            (false, None) => Some(Block::Text(lines.join("\n"))),
        };
        self.inline.clear();
        if let Some(block) = block {
            self.add(block);
        }
    }
}
