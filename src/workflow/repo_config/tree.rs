//! The file as a tree in which everything knows its place.
//!
//! Made from the events of serde-saphyr's own parser, not by serde: serde forgets the places of keys and how a value was
//! written, and a person has to be told both.
//!
//! Invariant: one document, without aliases, anchors, tags and merge keys, no key twice, at most [`DEPTH_MAX`] deep.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag, options};

use super::names::shown;
use super::{Place, Refusal};

/// Lists and mappings within each other. The keys need three; `templates` may hold a little more.
const DEPTH_MAX: usize = 8;

/// The parser's words for a tab that people put where they indent.
const TABS: [ErrorKind; 3] = [
    ErrorKind::TabNotAllowed,
    ErrorKind::TabInBlockIndentation,
    ErrorKind::TabInIndentation,
];

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Written without quotes; it may mean a number, a truth value or nothing.
    Plain(String),
    /// Written as a text.
    Quoted(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Of the key.
    pub(super) place: Place,
    pub(super) value: Node,
}

impl Node {
    /// Whether there is no value: nothing behind the colon, or a word that says so.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Plain(text) if means_nothing(text))
    }
}

/// The parser tells a value that is left out as `~`.
fn means_nothing(plain: &str) -> bool {
    matches!(plain, "" | "~" | "null" | "Null" | "NULL")
}

/// Reads the file's one document; `None` if it holds nothing.
pub(super) fn read(text: &str) -> Result<Option<Node>, Refusal> {
    let mut options = options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    // Whatever features another crate asks of the parser: comments mean nothing here.
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        builder.take(event, &span)?;
    }
    Ok(builder.root.filter(|root| !root.is_null()))
}

fn place(mark: &Marker) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        line: number(mark.line().max(1)),
        column: number(mark.col().saturating_add(1)),
    }
}

fn syntax(error: &ScanError) -> Refusal {
    let kind = error.kind();
    let sentence = if *kind == ErrorKind::RecursionLimitExceeded {
        too_deep()
    } else if *kind == ErrorKind::DirectiveDisallowed {
        "Lines that begin with `%` are directives of YAML; take this one out.".to_owned()
    } else if TABS.contains(kind) {
        "A tab stands where YAML wants spaces; indent by spaces.".to_owned()
    } else {
        format!(
            "This is no valid YAML: {}. Mend it here or in the line before.",
            shown(&kind.to_string())
        )
    };
    Refusal::new(place(error.marker()), sentence)
}

fn too_deep() -> String {
    format!(
        "Lists and mappings lie in each other more than {DEPTH_MAX} deep here; no key needs that, so take the inner ones out."
    )
}

/// A list or mapping whose end has not come yet.
enum Open {
    List(Place, Vec<Node>),
    Map(Place, Mapping),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<Entry>,
    /// The line of each key, so that looking for a second one does not go through all.
    lines: BTreeMap<String, u32>,
    /// A key whose value has not come yet.
    waiting: Option<(String, Place)>,
}

#[derive(Default)]
struct Builder {
    documents: usize,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Refusal> {
        let at = place(&span.start);
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(..) => self.document(at),
            Event::Alias(_) | Event::UnresolvedAlias(_) => Err(Refusal::new(
                at,
                "Aliases (`*name`) are not read here; write the value out, or put it in quotes if it begins with `*`.",
            )),
            Event::Anchor(..) => Err(Refusal::new(
                at,
                "Anchors (`&name`) are not read here; take this one out, or put the value in quotes if it begins with `&`.",
            )),
            Event::Scalar(text, style, _, tag) => {
                untagged(tag.as_deref(), span)?;
                let kind = match style {
                    ScalarStyle::Plain => Kind::Plain(text.into_owned()),
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted | ScalarStyle::Literal | ScalarStyle::Folded => {
                        Kind::Quoted(text.into_owned())
                    }
                };
                self.put(Node { place: at, kind })
            }
            Event::SequenceStart(_, _, tag) => {
                untagged(tag.as_deref(), span)?;
                self.begin(at, Open::List(at, Vec::new()))
            }
            Event::MappingStart(_, _, tag) => {
                untagged(tag.as_deref(), span)?;
                self.begin(at, Open::Map(at, Mapping::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => Err(Refusal::new(
                at,
                "This is YAML of a kind that is not read here; write it more simply.",
            )),
        }
    }

    fn document(&mut self, at: Place) -> Result<(), Refusal> {
        self.documents += 1;
        if self.documents > 1 {
            return Err(Refusal::new(
                at,
                "A second document begins here; leave one and take out the `---` between them.",
            ));
        }
        Ok(())
    }

    fn begin(&mut self, at: Place, open: Open) -> Result<(), Refusal> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Refusal::new(at, too_deep()));
        }
        if matches!(self.open.last(), Some(Open::Map(_, mapping)) if mapping.waiting.is_none()) {
            return Err(Refusal::new(
                at,
                "A key is a word; here a list or a mapping stands in its place.",
            ));
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        match self.open.pop() {
            Some(Open::List(place, items)) => self.put(Node {
                place,
                kind: Kind::List(items),
            }),
            Some(Open::Map(place, mapping)) => self.put(Node {
                place,
                kind: Kind::Map(mapping.entries),
            }),
            None => Ok(()),
        }
    }

    fn put(&mut self, node: Node) -> Result<(), Refusal> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, mapping)) => match mapping.waiting.take() {
                Some((key, place)) => mapping.entries.push(Entry { key, place, value: node }),
                None => {
                    let key = key(node.kind, node.place, &mapping.lines)?;
                    mapping.lines.insert(key.clone(), node.place.line);
                    mapping.waiting = Some((key, node.place));
                }
            },
        }
        Ok(())
    }
}

fn untagged(tag: Option<&Tag>, span: &Span) -> Result<(), Refusal> {
    if tag.is_none() {
        return Ok(());
    }
    let at = span.tag_start().map_or_else(|| place(&span.start), |mark| place(&mark));
    Err(Refusal::new(
        at,
        "Tags (`!name`) are not read here; take this one out, or put the value in quotes if it begins with `!`.",
    ))
}

/// A key that stands for itself and has not stood before.
fn key(kind: Kind, place: Place, before: &BTreeMap<String, u32>) -> Result<String, Refusal> {
    let key = match kind {
        Kind::Plain(text) if text == "<<" => {
            return Err(Refusal::new(
                place,
                "Merge keys (`<<`) are not read here; write the keys out.",
            ));
        }
        Kind::Plain(text) if means_nothing(&text) => String::new(),
        Kind::Plain(text) | Kind::Quoted(text) => text,
        Kind::List(_) | Kind::Map(_) => String::new(),
    };
    if key.is_empty() {
        return Err(Refusal::new(
            place,
            "A key is missing in front of the colon; write one, or take the line out.",
        ));
    }
    if let Some(first) = before.get(&key) {
        return Err(Refusal::new(
            place,
            format!(
                "`{}` stands here a second time, first in line {first}; leave one of them.",
                shown(&key)
            ),
        ));
    }
    Ok(key)
}
