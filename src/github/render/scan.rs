//! Taking apart what would act, character by character, outside code.
//!
//! What may stay is recognised exactly; everything else that begins a mention, a reference, a link, an image, a definition,
//! an entity or HTML is broken by a zero-width space, a backslash or an entity of its own.
//!
//! Invariant: the scanner never adds a backtick, tilde or line, so that code stays code.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use super::Renderer;
use super::close::options;

/// Shows as nothing and ends a word for GitHub.
const BREAK: char = '\u{200b}';

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

/// Words that close an issue when a number follows.
const CLOSERS: &[&str] = &[
    "close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved",
];

/// Words in brackets that keep CI away from a commit.
const CI_SKIPS: &[&str] = &["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];

/// Pages of other repositories that do not notice who links to them.
const UNNOTICING: &[&str] = &["blob", "tree", "releases", "actions", "runs", "wiki"];

/// Whether the text is Markdown or shown as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Bodies.
    Markdown,
    /// Titles and commit messages.
    Plain,
}

/// One run over one text.
pub(super) struct Scanner<'r> {
    renderer: &'r Renderer,
    mode: Mode,
    out: String,
}

impl<'r> Scanner<'r> {
    pub(super) fn new(renderer: &'r Renderer, mode: Mode) -> Self {
        Self {
            renderer,
            mode,
            out: String::new(),
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
            self.text(text.get(at..code.range.start).unwrap_or_default());
            self.code(text.get(code.range.clone()).unwrap_or_default(), &code.drawn);
            at = code.range.end;
        }
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
                Mode::Markdown => self.markup(c, rest).or_else(|| self.reference(c, rest)),
                Mode::Plain => self.skip_word(c, rest).or_else(|| self.reference(c, rest)),
            };
            let taken = taken.unwrap_or_else(|| {
                self.out.push(c);
                c.len_utf8()
            });
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Constructs of Markdown and HTML; how many bytes were dealt with.
    fn markup(&mut self, c: char, rest: &str) -> Option<usize> {
        match c {
            '<' => match TAGS.iter().find(|tag| rest.starts_with(**tag)) {
                Some(tag) => self.put(tag, tag.len()),
                None => self.put_unescaped("&lt;"),
            },
            '&' if ENTITIES.iter().any(|entity| rest.starts_with(entity)) || !is_entity(rest) => None,
            '&' => self.put_unescaped("&amp;"),
            '!' if rest.starts_with("![") => match simple_link(rest.get(1..)?) {
                Some(link) => {
                    self.text(link.text);
                    Some(link.length + 1)
                }
                None => self.put("!\\[", 2),
            },
            '[' if !self.is_escaped() => {
                let link = simple_link(rest)?;
                if self.allows_target(link.target) {
                    return None;
                }
                self.text(link.text);
                self.out.push_str(" (");
                self.text(link.target);
                self.out.push(')');
                Some(link.length)
            }
            ']' if rest.starts_with("](") => match target(rest.get(2..)?) {
                Some(target) if self.allows_target(target) => self.put(rest.get(..target.len() + 3)?, target.len() + 3),
                Some(_) | None => self.put("]\\(", 2),
            },
            ']' if rest.starts_with("]:") => self.put("]\\:", 2),
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
                self.put_broken("@")
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
                if self.out.ends_with(is_word) {
                    None
                } else {
                    self.put_broken(rest.get(..3)?)
                }
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
        let after = rest.get(run.len()..)?.chars().next();
        let free = after.is_none_or(char::is_whitespace);
        // Only behind the host's slash can other characters follow without becoming part of the host.
        let has_path = run.get(3..)?.contains('/');
        let ends = free || has_path && after.is_some_and(|c| ")].,:;|*_?#-<>`".contains(c));
        let before = self.out.len() - scheme.len();
        if ends && self.allows_address(&format!("{scheme}{run}"), self.out.get(..before)?) {
            return self.put(run, run.len());
        }
        self.put_broken(":")
    }

    fn allows_target(&self, target: &str) -> bool {
        let anchor = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if target.strip_prefix('#').is_some_and(anchor) {
            return true;
        }
        target.bytes().all(is_plain_address) && self.allows_address(target, "")
    }

    /// Whether an address leads to this GitHub and leaves no trace elsewhere. `before` is the text in front of it.
    fn allows_address(&self, address: &str, before: &str) -> bool {
        let Some(path) = address.strip_prefix(self.renderer.web.as_str()) else {
            return false;
        };
        let Some(path) = path.strip_prefix('/') else {
            return path.is_empty();
        };
        let numbered = |(_, anchor): (&str, &str)| anchor.starts_with(|c: char| c.is_ascii_digit());
        if path.contains("..") || path.contains("//") || path.split_once('#').is_some_and(numbered) {
            return false;
        }
        let own = path
            .get(..self.renderer.repository.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(&self.renderer.repository));
        let page = if own {
            path.get(self.renderer.repository.len()..).unwrap_or_default()
        } else {
            path
        };
        if own && (page.is_empty() || page.starts_with(['/', '?', '#'])) {
            let number = number_of(page);
            return number.is_none_or(|number| self.renderer.references.contains(&number) && self.may_close(number, before));
        }
        path.split('/').nth(2).is_none_or(|page| UNNOTICING.contains(&page))
    }

    fn allows(&self, number: u64) -> bool {
        self.renderer.references.contains(&number) && self.may_close(number, &self.out)
    }

    /// Whether `number` may follow `before`: a closing word is for one issue only.
    fn may_close(&self, number: u64, before: &str) -> bool {
        self.renderer.closes == Some(number) || !ends_with_closer(before)
    }

    /// Whether the name of a repository stands right before: `owner/name#5`.
    fn names_repository(&self) -> bool {
        self.out.ends_with(|c: char| is_word(c) || matches!(c, '-' | '.' | '/'))
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

    /// Puts an entity instead of one character. A backslash in front would turn the entity into letters.
    fn put_unescaped(&mut self, entity: &str) -> Option<usize> {
        if self.is_escaped() {
            self.out.pop();
        }
        self.put(entity, 1)
    }

    fn is_escaped(&self) -> bool {
        self.out.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
    }
}

/// The text without characters that cannot be seen, with plain line ends.
pub(super) fn visible(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| !is_invisible(*c))
        .collect()
}

/// Whether a line is a trailer of a commit message that names people by their address.
fn is_trailer(line: &str) -> bool {
    let Some((key, person)) = line.split_once(": ") else {
        return false;
    };
    let known = ["Signed-off-by", "Co-authored-by", "Reviewed-by"].contains(&key);
    let Some((name, address)) = person.trim_end().strip_suffix('>').and_then(|person| person.split_once(" <")) else {
        return false;
    };
    let plain = |text: &str| !text.is_empty() && !text.contains(['<', '>', '#', '/', ':']);
    known && plain(name) && !name.contains('@') && plain(address) && address.matches('@').count() == 1 && !address.contains(' ')
}

/// The parts of `text` that are not code.
pub(super) fn outside_code(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut at = 0;
    for code in codes(text) {
        parts.extend(text.get(at..code.range.start));
        at = code.range.end;
    }
    parts.extend(text.get(at..));
    parts
}

struct Code {
    range: Range<usize>,
    /// First word of a fence's information.
    drawn: String,
}

/// Code spans and blocks in order.
fn codes(text: &str) -> Vec<Code> {
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

struct Link<'t> {
    text: &'t str,
    target: &'t str,
    length: usize,
}

/// `[text](target)` at the start, if it is as plain as that.
fn simple_link(rest: &str) -> Option<Link<'_>> {
    let inside = rest.strip_prefix('[')?;
    let text = inside.get(..inside.find(['[', ']', '\n', '`', '\\'])?)?;
    let target = target(inside.get(text.len()..)?.strip_prefix("](")?)?;
    Some(Link {
        text,
        target,
        length: text.len() + target.len() + 4,
    })
}

/// What stands before `)`, if it has no spaces, brackets or quotes.
fn target(rest: &str) -> Option<&str> {
    let end = rest.find(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | '\\' | '`' | '"' | '\'')
    })?;
    rest.get(end..)?.starts_with(')').then(|| rest.get(..end)).flatten()
}

/// The issue or pull request that a page of a repository is about: `/issues/5`, `/pull/5/files`.
fn number_of(page: &str) -> Option<u64> {
    let mut parts = page.trim_start_matches('/').split(['/', '?', '#']);
    matches!(parts.next()?, "issues" | "pull" | "pulls" | "discussions")
        .then(|| parts.next()?.parse().ok())
        .flatten()
}

fn ends_with_closer(before: &str) -> bool {
    let before =
        before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '*' | '_' | '~' | '\\' | '(' | '[' | BREAK));
    let word: String = before
        .chars()
        .rev()
        .take_while(|c| is_word(*c))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    CLOSERS.contains(&word.trim_matches('_').to_lowercase().as_str())
}

fn is_entity(rest: &str) -> bool {
    let Some(name) = rest.strip_prefix('&') else { return false };
    let Some(end) = name.find(';') else { return false };
    let name = name.get(..end).unwrap_or_default();
    !name.is_empty() && name.len() <= 40 && name.trim_start_matches('#').bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_plain_address(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'.' | b'-' | b'_' | b'~' | b'/' | b':' | b'%' | b'?' | b'=' | b'#' | b'+' | b','
        )
}

fn starts_with_word(rest: &str, word: &str) -> bool {
    rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Characters that show as nothing, change the direction of writing, or are controls. Emoji keep their selectors.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0x00..=0x08 | 0x0b..=0x1f | 0x7f..=0x9f | 0xad | 0x034f | 0x061c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0d | 0xfeff | 0xffa0 | 0xfff9..=0xfffb
        | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}
