//! What a file may be made of: text that shows what it is.
//!
//! Invariant: a line that stood in the file before is never critical, because the change did not bring it.

use std::collections::BTreeSet;

use super::script::{self, joins};
use super::secrets;
use super::{File, Findings, Level, shown};
use crate::workflow::answer::ChangeSet;
use crate::workflow::text_class::{Class, class, is_unseen};

/// Characters of a line: longer ones are minified or data, and no review tool shows them.
pub const LINE_CHARS_MAX: usize = 10_000;
/// Bytes of the words around a change: its line and its answers.
const WORDS_BYTES_MAX: usize = 64 * 1024;

/// The line for the commit and the answers to remarks.
pub(super) fn check_words(change: &ChangeSet, findings: &mut Findings) {
    if change.summary.trim().is_empty() {
        findings.add(Level::Warning, "The change set has no summary for its commit.");
    }
    let answers = change.replies.iter().map(|reply| ("An answer to a remark", &reply.text));
    for (what, text) in [("The summary", &change.summary)].into_iter().chain(answers) {
        if text.len() > WORDS_BYTES_MAX {
            findings.add(Level::Critical, format!("{what} has {} bytes; shorten it.", text.len()));
            continue;
        }
        let chars: Vec<char> = text.chars().collect();
        if (0..chars.len()).any(|at| is_unseen(chars[at]) && !joins(&chars, at)) {
            findings.add(
                Level::Critical,
                format!("{what} holds characters that nobody sees; write plain text."),
            );
        }
        for name in secrets::find(text, None).iter().map(|found| found.what) {
            findings.add(Level::Critical, format!("{what} holds what looks like {name}; leave it out."));
        }
    }
}

/// The kinds of findings on lines, each reported once per file at its first line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Unseen(Class),
    Long,
    Conflict,
    Mixed,
    Damaged,
    LineEnd,
}

/// One finding, gathered over the file.
struct Hit {
    kind: Kind,
    /// Counted from 1.
    line: usize,
    more: usize,
    old: bool,
    /// Shown behind the message.
    detail: String,
}

/// Control characters, text direction, invisible characters, long lines, conflict markers, mixed scripts.
pub(super) fn check(file: &File<'_>, findings: &mut Findings) {
    let before: BTreeSet<&str> = file.before.iter().flat_map(|text| text.split('\n')).collect();
    let mut hits: Vec<Hit> = Vec::new();
    let mut in_conflict = false;
    for (place, line) in file.text.split('\n').enumerate() {
        let old = before.contains(line);
        let mut add = |kind: Kind, detail: String| match hits.iter_mut().find(|hit| hit.kind == kind && hit.old == old) {
            Some(hit) => hit.more += usize::from(hit.line != place + 1),
            None => hits.push(Hit {
                kind,
                line: place + 1,
                more: 0,
                old,
                detail,
            }),
        };
        // A byte order mark may begin a file; some programs need it.
        let text = if place == 0 {
            line.strip_prefix('\u{feff}').unwrap_or(line)
        } else {
            line
        };
        let text = text.strip_suffix('\r').unwrap_or(text);
        if let Some(marker) = conflict_marker(text, &mut in_conflict) {
            add(Kind::Conflict, marker.to_owned());
        }
        if text.len() > LINE_CHARS_MAX && text.chars().count() > LINE_CHARS_MAX {
            add(Kind::Long, String::new());
        }
        if text.contains('\r') {
            add(Kind::LineEnd, String::new());
        }
        if text.bytes().all(|b| (b' '..0x7f).contains(&b) || b == b'\t') {
            continue;
        }
        let chars: Vec<char> = text.chars().collect();
        for (at, c) in chars.iter().enumerate() {
            let class = class(*c);
            if *c == '\u{fffd}' {
                add(Kind::Damaged, String::new());
            } else if class != Class::Plain && !joins(&chars, at) && *c != '\u{c}' {
                add(Kind::Unseen(class), format!("U+{:04X}", u32::from(*c)));
            }
        }
        if let Some(word) = script::mixed(text) {
            add(Kind::Mixed, shown(word));
        }
    }
    hits.sort_by_key(|hit| (hit.line, hit.kind));
    for hit in hits {
        let (level, message) = told(&hit);
        findings.at(level, file.path, Some(hit.line), message);
    }
    check_ends(file, findings);
}

/// How bad a finding is, and the sentence.
fn told(hit: &Hit) -> (Level, String) {
    let (level, what) = match hit.kind {
        Kind::Unseen(class) => (
            Level::Critical,
            format!(
                "The line holds {} character ({}); write it as an escape or leave it out",
                class.words(),
                hit.detail
            ),
        ),
        Kind::Long => (
            Level::Critical,
            format!("The line has more than {LINE_CHARS_MAX} characters; break it, or leave out what is generated"),
        ),
        Kind::Conflict => (
            Level::Critical,
            format!("The line is a conflict marker ({}); settle the conflict", hit.detail),
        ),
        Kind::Mixed => (
            Level::Warning,
            format!("The word {:?} mixes letters of different scripts that look alike", hit.detail),
        ),
        Kind::Damaged => (
            Level::Warning,
            "The line holds the character that stands for a damaged one (U+FFFD)".to_owned(),
        ),
        Kind::LineEnd => (Level::Warning, "The line holds a carriage return inside".to_owned()),
    };
    let more = match hit.more {
        0 => String::new(),
        1 => " (and one line more)".to_owned(),
        more => format!(" (and {more} lines more)"),
    };
    if hit.old {
        (Level::Suggestion, format!("{what}{more}; it was there before."))
    } else {
        (level, format!("{what}{more}."))
    }
}

/// Line ends of the whole file.
fn check_ends(file: &File<'_>, findings: &mut Findings) {
    let crlf = file.text.matches("\r\n").count();
    let lf = file.text.matches('\n').count();
    if crlf > 0 && crlf < lf {
        findings.at(
            Level::Suggestion,
            file.path,
            None,
            "Some lines end in CRLF and some in LF; end them alike.",
        );
    }
    if file
        .before
        .is_some_and(|before| before.contains("\r\n") != (crlf > 0) && before.contains('\n'))
    {
        findings.at(
            Level::Warning,
            file.path,
            None,
            "The line ends are not those the file had, so that every line changes.",
        );
    }
}

/// A line that git writes when a merge fails. Seven equals signs alone underline a heading and count only after `<<<<<<<`.
fn conflict_marker(line: &str, in_conflict: &mut bool) -> Option<&'static str> {
    let is = |marker: &str| {
        line.strip_prefix(marker)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    if is("<<<<<<<") {
        *in_conflict = true;
        return Some("<<<<<<<");
    }
    if is(">>>>>>>") {
        *in_conflict = false;
        return Some(">>>>>>>");
    }
    if is("|||||||") {
        return Some("|||||||");
    }
    (*in_conflict && line == "=======").then_some("=======")
}
