//! Taking apart what would act, character by character, outside code.
//!
//! What may stay is recognised exactly; everything else that begins a mention, a reference, a link, an image, a definition,
//! an entity or HTML is broken by a zero-width space, which shows as nothing wherever it stands.
//!
//! Invariant: the scanner never adds a backtick, tilde or line, so that code stays code.

mod allow;
mod code;
mod words;

use super::Renderer;
use code::codes;
use words::{BREAK, is_entity, is_plain_address, is_trailer, is_word, simple_link, starts_with_word, target};

pub(super) use code::outside_code;
pub(super) use words::{bare, visible};

/// HTML that may stay: it folds and breaks lines, and has no attributes.
const TAGS: &[&str] = &[
    "<details>",
    "</details>",
    "<summary>",
    "</summary>",
    "<br>",
    "<sub>",
    "</sub>",
    "<sup>",
    "</sup>",
    "<kbd>",
    "</kbd>",
];

/// Entities that may stay: they stand for characters that do nothing.
const ENTITIES: &[&str] = &["&lt;", "&gt;", "&amp;", "&quot;", "&nbsp;"];

/// Fences that GitHub draws instead of showing, and that can hold addresses.
const DRAWN: &[&str] = &["geojson", "topojson", "stl"];

/// What in a drawn graph makes links or changes how it is drawn.
const GRAPH_ACTS: &[&str] = &["click", "href", "://", "%%{", "javascript:"];

/// Words in brackets that keep CI away from a commit.
const CI_SKIPS: &[&str] = &["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Bodies.
    Markdown,
    /// What may be code in a body: words are broken, nothing is put in another's place.
    Doubtful,
    /// Titles and commit messages.
    Plain,
}

/// One run over one text.
pub(super) struct Scanner<'r> {
    renderer: &'r Renderer,
    mode: Mode,
    out: String,
    /// Whether the text being scanned is followed by nothing.
    free_end: bool,
}

impl<'r> Scanner<'r> {
    pub(super) fn new(renderer: &'r Renderer, mode: Mode) -> Self {
        Self {
            renderer,
            mode,
            out: String::new(),
            free_end: true,
        }
    }

    pub(super) fn scan(mut self, text: &str) -> String {
        let mut at = 0;
        let codes = if self.mode == Mode::Markdown {
            codes(text)
        } else {
            Vec::new()
        };
        for code in codes {
            self.free_end = false;
            self.text(text.get(at..code.range.start).unwrap_or_default());
            let block = text.get(code.range.clone()).unwrap_or_default();
            if code.sure {
                self.code(block, &code.drawn);
            } else {
                self.mode = Mode::Doubtful;
                self.text(block);
                self.mode = Mode::Markdown;
            }
            at = code.range.end;
        }
        self.free_end = true;
        self.text(text.get(at..).unwrap_or_default());
        self.out
    }

    /// A commit message: line by line, but for trailers, which name people as git wants them.
    pub(super) fn message(mut self, text: &str) -> String {
        for line in text.lines() {
            if is_trailer(line) {
                self.out.push_str(line);
            } else {
                self.text(line);
            }
            self.out.push('\n');
        }
        self.out
    }

    fn code(&mut self, block: &str, drawn: &str) {
        let (first, lines) = block.split_at(block.find('\n').map_or(block.len(), |end| end + 1));
        let named = if DRAWN.contains(&drawn) {
            first.to_ascii_lowercase().find(drawn)
        } else {
            None
        };
        match named {
            Some(at) => {
                let (fence, info) = first.split_at(at);
                self.out.extend([fence, "text", info.get(drawn.len()..).unwrap_or_default()]);
            }
            None => self.out.push_str(first),
        }
        if drawn == "mermaid" {
            let acts = |line: &&str| GRAPH_ACTS.iter().any(|word| line.to_lowercase().contains(word));
            self.out.extend(lines.split_inclusive('\n').filter(|line| !acts(line)));
        } else {
            self.out.push_str(lines);
        }
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let taken = match self.mode {
                Mode::Markdown => self
                    .link(c, rest)
                    .or_else(|| self.markup(c, rest))
                    .or_else(|| self.reference(c, rest)),
                Mode::Doubtful => self.markup(c, rest).or_else(|| self.reference(c, rest)),
                Mode::Plain => self.skip_word(c, rest).or_else(|| self.reference(c, rest)),
            };
            let taken = taken.unwrap_or_else(|| {
                self.out.push(c);
                c.len_utf8()
            });
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// A part of a construct that is taken apart: something follows it.
    fn part(&mut self, text: &str) {
        let free_end = std::mem::replace(&mut self.free_end, false);
        self.text(text);
        self.free_end = free_end;
    }

    /// Links and images that are as plain as that; how many bytes were dealt with.
    fn link(&mut self, c: char, rest: &str) -> Option<usize> {
        match c {
            '!' if rest.starts_with("![") => {
                let image = simple_link(rest.get(1..)?)?;
                self.part(image.text);
                Some(image.length + 1)
            }
            '[' if !self.is_escaped() => {
                let link = simple_link(rest)?;
                if self.allows_target(link.target) {
                    self.out.push('[');
                    self.part(link.text);
                    self.out.extend(["](", link.target, ")"]);
                    return Some(link.length);
                }
                self.part(link.text);
                self.out.push_str(" (");
                self.part(link.target);
                self.out.push(')');
                Some(link.length)
            }
            _ => None,
        }
    }

    /// Other constructs of Markdown and HTML; how many bytes were dealt with.
    fn markup(&mut self, c: char, rest: &str) -> Option<usize> {
        match c {
            '<' => match TAGS.iter().find(|tag| rest.starts_with(**tag)) {
                Some(tag) => self.put(tag, tag.len()),
                None if rest.get(1..)?.starts_with(|c: char| c != BREAK && !c.is_whitespace()) => self.put_broken("<"),
                None => None,
            },
            '&' if !ENTITIES.iter().any(|entity| rest.starts_with(entity)) && is_entity(rest) => self.put_broken("&"),
            '!' if rest.starts_with("![") => self.put_broken("!"),
            ']' if rest.starts_with("](") => match target(rest.get(2..)?) {
                Some(target) if self.allows_target(target) && self.tail(rest.get(target.len() + 3..)?).is_some() => {
                    self.put(rest.get(..target.len() + 3)?, target.len() + 3)
                }
                Some(_) | None => self.put_broken("]"),
            },
            ']' if rest.starts_with("]:") => self.put_broken("]"),
            _ => None,
        }
    }

    /// Mentions, numbers and addresses; how many bytes were dealt with.
    fn reference(&mut self, c: char, rest: &str) -> Option<usize> {
        match c {
            '@' => {
                let login = self.renderer.login.as_deref().unwrap_or_default();
                let after = rest.get(1..)?;
                let is_login = !login.is_empty() && after.get(..login.len()).is_some_and(|name| name.eq_ignore_ascii_case(login));
                let ends = !after
                    .get(login.len()..)
                    .is_some_and(|more| more.starts_with(|c: char| is_word(c) || c == '-' || c == '/'));
                if is_login && ends && !self.out.ends_with(is_word) {
                    return self.put(rest.get(..=login.len())?, login.len() + 1);
                }
                // A break of an earlier pass is enough.
                if after.starts_with(BREAK) {
                    self.put("@", 1)
                } else {
                    self.put_broken("@")
                }
            }
            '#' => {
                let digits = rest.get(1..)?;
                let digits = digits.get(..digits.bytes().take_while(u8::is_ascii_digit).count())?;
                let number = digits.parse().ok();
                if digits.is_empty() || (number.is_some_and(|number| self.allows(number)) && !self.names_repository()) {
                    return None;
                }
                self.put_broken("#")
            }
            ':' if rest.starts_with("://") => self.address(rest),
            'g' | 'G' if starts_with_word(rest, "gh-") && rest.as_bytes().get(3).is_some_and(u8::is_ascii_digit) => {
                self.put_broken(rest.get(..3)?)
            }
            'w' | 'W' if starts_with_word(rest, "www.") => {
                self.put_broken(rest.get(..3)?);
                self.put(".", 4)
            }
            _ => None,
        }
    }

    /// An address whose scheme was written already.
    fn address(&mut self, rest: &str) -> Option<usize> {
        let scheme: String = {
            let letters: Vec<char> = self.out.chars().rev().take_while(char::is_ascii_alphabetic).collect();
            letters.into_iter().rev().collect()
        };
        let run = rest.get(..rest.bytes().take_while(|byte| is_plain_address(*byte)).count())?;
        let run = run.trim_end_matches(['.', ',', ':', ';', '?', '#', '-', '_']);
        let tail = self.tail(rest.get(run.len()..)?);
        // Only behind the host's slash can other characters follow without becoming part of the host.
        let has_path = run.get(3..)?.contains('/');
        let ends = tail.is_some_and(|tail| has_path || tail.is_empty());
        let before = self.out.len() - scheme.len();
        if ends && self.allows_address(&format!("{scheme}{run}"), self.out.get(..before)?) {
            return self.put(run, run.len());
        }
        self.put_broken(":")
    }

    /// What follows an address up to white space, if it is harmless. GitHub takes all of it for the address, backticks and
    /// brackets too, before it looks for code.
    fn tail<'t>(&self, rest: &'t str) -> Option<&'t str> {
        let end = rest.find(char::is_whitespace);
        let tail = rest.get(..end.unwrap_or(rest.len()))?;
        let ends = end.is_some() || self.free_end;
        (ends && tail.chars().all(|c| ")].,:;|*_?!\"'".contains(c))).then_some(tail)
    }

    fn skip_word(&mut self, c: char, rest: &str) -> Option<usize> {
        let skips = c == '[' && CI_SKIPS.iter().any(|word| starts_with_word(rest, word));
        let trailer = matches!(c, 's' | 'S') && starts_with_word(rest, "skip-checks:");
        if skips {
            self.put_broken("[")
        } else if trailer {
            self.put_broken(rest.get(..4)?)
        } else {
            None
        }
    }

    fn put(&mut self, text: &str, taken: usize) -> Option<usize> {
        self.out.push_str(text);
        Some(taken)
    }

    fn put_broken(&mut self, text: &str) -> Option<usize> {
        self.out.push_str(text);
        self.out.push(BREAK);
        Some(text.len())
    }

    fn is_escaped(&self) -> bool {
        self.out.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
    }
}
