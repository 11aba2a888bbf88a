//! From a comment to commands.
//!
//! Invariant: words are read from the source of a line, never from Markdown events, so that `_`, `&` and `[` in an
//! argument mean themselves.

use super::arguments::{Given, quoted, slashed};
use super::lines::{Line, scan};
use super::near::{self, PREFIX};
use super::table::Name;
use super::{Parsed, Refusal};

/// Commands run from one comment: more is a script, not a person.
pub const COMMANDS_MAX: usize = 5;

/// Whether a comment may hold a command; false means that [`parse`] finds nothing. Reads no Markdown.
#[must_use]
pub fn looks_like(body: &str) -> bool {
    body.split(['\n', '\r'])
        .any(|line| line.trim_start_matches(' ').starts_with('/'))
}

/// Reads the commands of a comment's Markdown. `bare` is the setting `commands.bare`: whether `/approve` is read beside
/// `/millhand approve`. Whether the comment was edited and who wrote it is the caller's to heed.
#[must_use]
pub fn parse(body: &str, bare: bool) -> Parsed {
    if !looks_like(body) {
        return Parsed::default();
    }
    let source = body.replace("\r\n", "\n").replace('\r', "\n");
    let scan = scan(&source);
    let ours: Vec<(Line, Said)> = scan
        .lines
        .iter()
        .filter_map(|line| Some((*line, said(&source, *line, bare)?)))
        .collect();
    let mut parsed = Parsed::default();
    let mut read = 0_usize;
    for (place, (line, said)) in ours.iter().enumerate() {
        let Said::Command(name, rest) = said else {
            refuse(&mut parsed, said.sentence(bare));
            continue;
        };
        if line.swallowed {
            refuse(&mut parsed, Some(under_another_line(*name, bare)));
            continue;
        }
        read += 1;
        if read > COMMANDS_MAX {
            continue;
        }
        let next = ours.get(place + 1..).unwrap_or_default().iter();
        let until = next
            .filter(|(line, said)| !line.swallowed && matches!(said, Said::Command(..)))
            .map(|(line, _)| line.start)
            .next()
            .unwrap_or(source.len());
        let given = Given {
            source: &source,
            scan: &scan,
            line: *rest..line.end,
            until,
            bare,
        };
        match given.command(*name) {
            Ok(command) => parsed.commands.push(command),
            Err(sentence) => refuse(&mut parsed, Some(sentence)),
        }
    }
    if read > COMMANDS_MAX {
        parsed.refused.push(Refusal::reply(format!(
            "Only the first {COMMANDS_MAX} commands of a comment are read; write the other {} in a new comment.",
            read - COMMANDS_MAX
        )));
    }
    parsed
}

/// What a line says to us.
enum Said {
    /// A command; the offset behind its word.
    Command(Name, usize),
    /// Nearly a command: the word as written, and what was probably meant.
    Near { written: String, meant: &'static str },
    /// `/millhand` and no command of ours behind it.
    Unknown { written: String },
}

impl Said {
    /// What is answered when it is no command.
    fn sentence(&self, bare: bool) -> Option<String> {
        let slash = if bare { "/" } else { "/millhand " };
        match self {
            Self::Command(..) => None,
            Self::Near { written, meant } => {
                let name = Name::of(meant)?;
                let usage = name.entry().usage(bare);
                Some(format!("There is no command `{}`; did you mean `{usage}`?", quoted(written)))
            }
            Self::Unknown { written } if written.is_empty() => Some(format!(
                "`/millhand` wants a command behind it; `{slash}help` lists what you may do."
            )),
            Self::Unknown { written } => Some(format!(
                "There is no command `{}`; `{slash}help` lists what you may do.",
                quoted(written)
            )),
        }
    }
}

/// Reads the word of a line; `None` for what is said to others.
fn said(source: &str, line: Line, bare: bool) -> Option<Said> {
    let text = source
        .get(line.start + 1..line.end)
        .filter(|text| !text.starts_with([' ', '\t']))?;
    let (word, behind) = first_word(text);
    let prefixed = word.eq_ignore_ascii_case(PREFIX);
    if prefixed || near::is_nearly_prefix(word) {
        let (second, rest) = first_word(behind);
        return match Name::of(second) {
            Some(name) if prefixed => Some(Said::Command(name, line.end - rest.len())),
            Some(name) if !line.swallowed => Some(Said::Near {
                written: format!("/{word} {second}"),
                meant: name.word(),
            }),
            None if prefixed && !line.swallowed => Some(unknown(second)),
            // A word that only looks like the prefix is ours if what follows is.
            Some(_) | None => None,
        };
    }
    if !bare {
        return None;
    }
    if let Some(name) = Name::of(word) {
        return Some(Said::Command(name, line.end - behind.len()));
    }
    let plain = without_punctuation(word);
    let one_word = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_alphabetic());
    let meant = near::command(plain).filter(|_| one_word && !line.swallowed)?;
    Some(Said::Near {
        written: format!("/{word}"),
        meant,
    })
}

/// What `/millhand` with a word that is no command says.
fn unknown(second: &str) -> Said {
    let written = if second.is_empty() {
        String::new()
    } else {
        format!("/{PREFIX} {second}")
    };
    match near::command(without_punctuation(second.trim_start_matches('/'))) {
        Some(meant) => Said::Near { written, meant },
        None => Said::Unknown { written },
    }
}

fn without_punctuation(word: &str) -> &str {
    word.trim_end_matches(['.', ',', ':', ';', '!', '?'])
}

/// The first word and what stands behind it.
pub(super) fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    text.split_at(text.find([' ', '\t']).unwrap_or(text.len()))
}

/// Adds a refusal, unless it was said before or enough was said.
fn refuse(parsed: &mut Parsed, sentence: Option<String>) {
    let Some(sentence) = sentence else { return };
    if parsed.refused.len() < COMMANDS_MAX && parsed.refused.iter().all(|r| r.sentence != sentence) {
        parsed.refused.push(Refusal::reply(sentence));
    }
}

fn under_another_line(name: Name, bare: bool) -> String {
    format!(
        "`{}` stands directly under a quote, a list or a table and belongs to it; write it again with an empty line above it.",
        slashed(name, bare)
    )
}
