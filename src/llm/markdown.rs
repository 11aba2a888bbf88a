//! Markdown as people see it: blocks of visible text.
//!
//! HTML, comments, link targets and titles, images and unreferenced definitions are not seen by a reader of the issue, so
//! no model reads them either. The text is parsed and what is visible is written anew; nothing is searched and cut out of
//! the source, because cutting can join what was apart into something new.
//!
//! Invariant: [`visible`] of a visible text is that text (a property test holds it).

use super::text;

mod reader;

/// Each pass takes away one layer of disguise (a comment in an entity, an entity in an entity). Honest text settles after
/// two; what does not settle after this many is written as plain words.
const PASSES_MAX: usize = 24;

/// A block of visible text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph or a table, lines separated by `\n`.
    Text(String),
    /// A heading with its level, one line.
    Heading(usize, String),
    /// Code with the word behind its fence.
    Code(String, String),
    /// A quote.
    Quote(Vec<Block>),
    /// A list; ordered ones with their first number.
    List(Option<u64>, Vec<Vec<Block>>),
}

/// The visible text of a Markdown source, as plain Markdown.
#[must_use]
pub fn visible(source: &str) -> String {
    let mut seen = source.to_owned();
    for _ in 0..PASSES_MAX {
        let next = lines(&blocks(&seen)).join("\n");
        if next == seen {
            return seen;
        }
        seen = next;
    }
    plain(&seen)
}

/// The visible text of a Markdown source, at most `bytes` long, with [`text::CUT`] if something was left out. The source is
/// read up to four times that length: what is not seen may be longer than what is.
#[must_use]
pub fn visible_within(source: &str, bytes: usize) -> String {
    let seen = visible(&text::head(source, bytes.saturating_mul(4)));
    let mut shown = seen.clone();
    let mut room = bytes;
    while shown.len() > bytes && room > 0 {
        // What is cut in the middle of a block is closed again, which takes room, too.
        shown = visible(&text::head(&seen, room));
        room = room.saturating_sub(room / 8 + 1);
    }
    shown
}

/// The visible blocks of a Markdown source. What an entity stands for is decoded and not yet looked at: [`visible`] does,
/// by reading its own result again.
#[must_use]
pub fn blocks(source: &str) -> Vec<Block> {
    reader::read(&text::prose(source))
}

/// The text of blocks as one line of words, without marks.
#[must_use]
pub fn words(blocks: &[Block]) -> String {
    let mut all = Vec::new();
    collect_words(blocks, &mut all);
    all.join(" ")
}

fn collect_words(blocks: &[Block], all: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Text(text) | Block::Heading(_, text) | Block::Code(_, text) => {
                all.extend(text.split_whitespace().map(str::to_owned));
            }
            Block::Quote(inner) => collect_words(inner, all),
            Block::List(_, items) => items.iter().for_each(|item| collect_words(item, all)),
        }
    }
}

fn lines(blocks: &[Block]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (place, block) in blocks.iter().enumerate() {
        // A list right below its item's text reads as part of it.
        let close = matches!((place, block), (1, Block::List(None, _))) && matches!(blocks[0], Block::Text(_));
        if place > 0 && !close {
            out.push(String::new());
        }
        match block {
            Block::Text(text) => out.extend(text.lines().map(guard)),
            Block::Heading(level, text) => out.push(format!("{} {}", "#".repeat(*level), guard_tags(text))),
            Block::Code(language, code) => {
                let fence = "`".repeat(longest_run(code, '`').max(2) + 1);
                out.push(format!("{fence}{language}"));
                out.extend(code.split('\n').map(str::to_owned));
                out.push(fence);
            }
            Block::Quote(inner) => out.extend(lines(inner).into_iter().map(|line| format!("> {line}").trim_end().to_owned())),
            Block::List(first, items) => {
                for (number, item) in (first.unwrap_or(0)..).zip(items) {
                    let mark = if first.is_some() {
                        format!("{number}. ")
                    } else {
                        "- ".to_owned()
                    };
                    let space = " ".repeat(mark.len());
                    for (line_place, line) in lines(item).into_iter().enumerate() {
                        let before = if line_place == 0 { &mark } else { &space };
                        out.push(if line.is_empty() { line } else { format!("{before}{line}") });
                    }
                }
            }
        }
    }
    out
}

/// Keeps a `<` that people see from beginning a tag or comment, which they would not.
fn guard_tags(text: &str) -> String {
    // Code spans show a backslash as it stands, and in them nothing is a tag.
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '`']) {
        out.push_str(&rest[..at]);
        let found = &rest[at..];
        let run = found.bytes().take_while(|b| *b == b'`').count();
        let span = (run > 0).then(|| span_end(found, run)).flatten();
        let taken = span.unwrap_or(run.max(1));
        if run == 0 && found[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
            out.push('\\');
        }
        out.push_str(&found[..taken]);
        rest = &found[taken..];
    }
    out + rest
}

/// The end of the code span that `text` begins with, its fence being `run` backticks long.
fn span_end(text: &str, run: usize) -> Option<usize> {
    let mut at = run;
    while let Some(next) = text[at..].find('`') {
        let start = at + next;
        let length = text[start..].bytes().take_while(|b| *b == b'`').count();
        at = start + length;
        if length == run {
            return Some(at);
        }
    }
    None
}

/// Keeps a line of text from beginning a list, heading, quote, rule, fence or definition.
fn guard(line: &str) -> String {
    let line = &guard_tags(line);
    let Some(first) = line.chars().next() else {
        return String::new();
    };
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let behind = &line[digits..];
    if (1..10).contains(&digits) && behind.starts_with(['.', ')']) && ends_word(&behind[1..]) {
        return format!("{}\\{behind}", &line[..digits]);
    }
    let drawn = line.chars().all(|c| "-=*_|: \t".contains(c));
    let begins = match first {
        '>' => true,
        '-' | '+' | '*' => ends_word(&line[1..]),
        '#' => ends_word(line.trim_start_matches('#')),
        '~' | '`' => line.starts_with("~~~") || line.starts_with("```"),
        '[' => line.contains("]:"),
        _ => false,
    };
    if begins || drawn {
        format!("\\{line}")
    } else {
        line.to_owned()
    }
}

fn ends_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t'])
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// Words and the gentlest punctuation, on one line: nothing of it means anything in Markdown.
fn plain(source: &str) -> String {
    let kept = source.replace(|c: char| c.is_ascii_punctuation() && !",;'?".contains(c), " ");
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    #[test]
    fn people_and_models_read_the_same() {
        let cases = [
            ("a <b>bold</b> word", "a bold word"),
            ("a <!-- hidden --> b", "a  b"),
            ("<!-- hidden -->\n\nb", "b"),
            ("<!-- never closed\n\nhidden", ""),
            ("<div>\nhidden\n</div>\n\nseen", "seen"),
            ("[text](https://example.com \"title\")", "text"),
            ("[text][r]\n\n[r]: https://example.com 'hidden'", "text"),
            ("[//]: # (hidden)\n\nseen", "seen"),
            ("a ![hidden](https://example.com/x.png) b", "a  b"),
            ("<picture><source srcset='x'></picture>seen", "seen"),
            ("&lt;!-- people see this --&gt; seen", "\\<!-- people see this --> seen"),
            ("\\<div> people see this", "\\<div> people see this"),
            ("a <!-<!-- x -->- b --> c", "a \\<!-- b --> c"),
            ("`a` \\<b> `<c>`", "`a` \\<b> `<c>`"),
            ("a&#8203;b&#x202E;c&#xE0041;", "abc"),
            ("[^1]: hidden\n\nseen", "seen"),
            ("seen[^1]\n\n[^1]: also", "seen\n\nalso"),
            ("# A\n\nb  \nc\n\n> q\n> r", "# A\n\nb\nc\n\n> q\n> r"),
            ("* a\n* b\n  * c\n\n1) d\n2) e", "- a\n- b\n  - c\n\n1. d\n2. e"),
            ("- [ ] open\n- [x] done", "- [ ] open\n- [x] done"),
            ("- <!-- a template's remark -->\n- real", "- real"),
            ("`<!-- code -->` stays", "`<!-- code -->` stays"),
            ("```rust ignore\nlet a = \"<b>\";\n```", "```rust\nlet a = \"<b>\";\n```"),
            ("1\\. no list\n\\- none", "1\\. no list\n\\- none"),
            ("| a | b |\n|---|---|\n| c | <i>d</i> |", "a | b\nc | d"),
            ("&#10;- no list", "\\- no list"),
        ];
        for (source, seen) in cases {
            assert_eq!(visible(source), seen, "{source:?}");
            assert_eq!(visible(seen), seen);
        }
    }

    #[test]
    fn depth_is_bounded_and_nothing_blows_up() {
        let deep = format!("{}end\n{}", "> ".repeat(5_000), "next\n".repeat(1_000));
        assert!(visible(&deep).len() < 10 * deep.len());
        let lists = format!("{}end\n{}", "- ".repeat(2_000), "next\n".repeat(1_000));
        assert!(visible(&lists).ends_with("next"));
        assert!(visible(&"[".repeat(20_000)).len() <= 20_000);
        assert!(visible(&"*a_".repeat(3_000)).len() <= 9_000);
    }

    fn markup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("<!--"),
            Just("-->"),
            Just("<b>"),
            Just("</b>"),
            Just("<div>"),
            Just("&lt;"),
            Just("&amp;"),
            Just("&#60;"),
            Just("&#10;"),
            Just("\n"),
            Just("\n\n"),
            Just("- "),
            Just("* "),
            Just("1. "),
            Just("2) "),
            Just("> "),
            Just("# "),
            Just("    "),
            Just("```"),
            Just("`"),
            Just("``"),
            Just("~~~"),
            Just("~~"),
            Just("*"),
            Just("**"),
            Just("_"),
            Just("["),
            Just("]"),
            Just("](x)"),
            Just("]: y"),
            Just("[^1]"),
            Just("[^1]: "),
            Just("!["),
            Just("\\"),
            Just("|"),
            Just("|---|"),
            Just("---"),
            Just("==="),
            Just("\u{200B}"),
            Just("a"),
            Just("word"),
            Just(" "),
            Just("\t"),
            Just("<a href='x'>"),
            Just("12"),
            Just("."),
            Just("+ "),
            Just("<"),
            Just(">"),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn visible_text_stays_as_it_is(source in markup()) {
            let once = visible(&source);
            prop_assert_eq!(visible(&once), once.clone(), "{:?}", source);
            for event in Parser::new_ext(&once, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES) {
                let hidden = matches!(event, Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. } | Tag::Link { .. }));
                prop_assert!(!hidden, "{:?} -> {:?}", source, once);
            }
        }

        #[test]
        fn any_text_settles(source in "\\PC{0,200}") {
            let once = visible(&source);
            prop_assert_eq!(visible(&once), once);
        }
    }
}
