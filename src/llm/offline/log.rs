//! Reads a check's log: failed assertions of Rust's test harness and the compiler's suggestions.
//!
//! Sources: what `rustc` 1.95 and its test harness print; both keep this form for years at a time.
//!
//! Invariant: nothing is guessed. What is not of these forms is not returned.

use std::sync::LazyLock;

use regex::Regex;

use crate::llm::task::FailedCheck;

/// How far behind "panicked at" the two values are looked for: between them stands the assertion's own message.
const VALUES_LINES: usize = 12;

/// How far behind `error:` a suggestion is looked for.
const SUGGESTION_LINES: usize = 60;

static STAMP: LazyLock<Regex> = LazyLock::new(|| fixed(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?"));
static PANIC: LazyLock<Regex> = LazyLock::new(|| fixed(r"^(?:thread '(.*?)'.* )?panicked at ([^\s:][^:]*):(\d+):\d+:?\s*$"));
static ANNOTATION: LazyLock<Regex> = LazyLock::new(|| fixed(r"^([^\s:]+\.rs):(\d+): (.*)$"));
static LEFT: LazyLock<Regex> = LazyLock::new(|| fixed(r"^\s*left: (.*?),?$"));
static RIGHT: LazyLock<Regex> = LazyLock::new(|| fixed(r"^\s*right: (.*)$"));
static ERROR: LazyLock<Regex> = LazyLock::new(|| fixed(r"^error(?:\[E\d+\])?: (.*)$"));
static PLACE: LazyLock<Regex> = LazyLock::new(|| fixed(r"^\s*--> ([^\s:]+):(\d+):\d+\s*$"));
static SHOWN: LazyLock<Regex> = LazyLock::new(|| fixed(r"^\s*(\d+) ([|+-])(?: (.*))?$"));
static MARKED: LazyLock<Regex> = LazyLock::new(|| fixed(r"^\s*\| (\s*[+~][+~\s]*)$"));

/// A failed comparison of two values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assertion {
    /// The test's name, where the log tells it.
    pub(super) test: Option<String>,
    /// The file it stands in, from the repository's root.
    pub(super) path: String,
    /// Its line there.
    pub(super) line: usize,
    /// The first value, as Rust's `Debug` writes it.
    pub(super) left: String,
    /// The second value.
    pub(super) right: String,
}

/// A suggestion of the compiler's: a line as it is and as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suggestion {
    /// The error it belongs to.
    pub(super) error: String,
    /// The file.
    pub(super) path: String,
    /// The line's number.
    pub(super) line: usize,
    /// The line as it is; `None`: a line is put in before it.
    pub(super) old: Option<String>,
    /// The line as it should be.
    pub(super) new: String,
}

/// All lines that a failed check shows: log and annotations, without GitHub's time stamps.
pub(super) fn lines(check: &FailedCheck) -> Vec<String> {
    let log = check.readable.then(|| check.log.lines()).into_iter().flatten();
    let mut lines: Vec<String> = log.map(|line| STAMP.replace(line, "").into_owned()).collect();
    for annotation in &check.annotations {
        // As the harness would have written it: where, then what.
        if let Some(found) = ANNOTATION.captures(annotation.lines().next().unwrap_or_default()) {
            lines.push(format!("panicked at {}:{}:1:", &found[1], &found[2]));
            lines.push(found[3].to_owned());
        }
        lines.extend(annotation.lines().skip(1).map(str::to_owned));
    }
    lines
}

/// The failed comparisons, each once, in the order of the log.
pub(super) fn assertions(lines: &[String]) -> Vec<Assertion> {
    let mut out: Vec<Assertion> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(place) = PANIC.captures(line) else { continue };
        let behind = &lines[at + 1..lines.len().min(at + 1 + VALUES_LINES)];
        let behind = &behind[..behind.iter().position(|line| PANIC.is_match(line)).unwrap_or(behind.len())];
        let Some((left_at, left)) = first(behind, &LEFT) else {
            continue;
        };
        let Some((_, right)) = first(&behind[left_at + 1..], &RIGHT) else {
            continue;
        };
        let assertion = Assertion {
            test: place.get(1).map(|name| name.as_str().to_owned()),
            path: normal(&place[2]),
            line: place[3].parse().unwrap_or(0),
            left,
            right,
        };
        if !out
            .iter()
            .any(|other| other.path == assertion.path && other.line == assertion.line)
        {
            out.push(assertion);
        }
    }
    out
}

/// The compiler's first suggestion for each error.
pub(super) fn suggestions(lines: &[String]) -> Vec<Suggestion> {
    let mut out: Vec<Suggestion> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(error) = ERROR.captures(line) else { continue };
        let behind = &lines[at + 1..lines.len().min(at + 1 + SUGGESTION_LINES)];
        let next = behind
            .iter()
            .position(|line| line.starts_with("error") || line.starts_with("warning"));
        let behind = &behind[..next.unwrap_or(behind.len())];
        if let Some(found) = suggestion(&error[1], behind) {
            let same = |other: &Suggestion| (&other.path, other.line, &other.new) == (&found.path, found.line, &found.new);
            if !out.iter().any(same) {
                out.push(found);
            }
        }
    }
    out
}

fn suggestion(error: &str, lines: &[String]) -> Option<Suggestion> {
    let (place_at, mut path) = first(lines, &PLACE)?;
    let help_at = place_at + lines[place_at..].iter().position(|line| line.starts_with("help: "))?;
    let mut shown = lines[help_at + 1..]
        .iter()
        .take_while(|line| !line.starts_with("help: ") && !line.trim().is_empty())
        .peekable();
    let mut old = None;
    while let Some(line) = shown.next() {
        if let Some(other) = PLACE.captures(line) {
            path = other[1].to_owned();
            continue;
        }
        let Some(found) = SHOWN.captures(line) else { continue };
        let text = found.get(3).map_or("", |text| text.as_str()).to_owned();
        let suggestion = |old, new| Suggestion {
            error: error.to_owned(),
            path: normal(&path),
            line: found[1].parse().unwrap_or(0),
            old,
            new,
        };
        match &found[2] {
            "-" => old = Some(text),
            "+" => return Some(suggestion(old, text)),
            _ => {
                let marks = shown.peek().and_then(|next| MARKED.captures(next))?;
                return Some(suggestion(Some(without(&text, &marks[1])?), text));
            }
        }
    }
    None
}

/// The line without what is put into it: the columns under a `+`. A `~` replaces something that is not shown.
fn without(text: &str, marks: &str) -> Option<String> {
    if marks.contains('~') {
        return None;
    }
    let marks: Vec<char> = marks.chars().collect();
    Some(
        text.chars()
            .enumerate()
            .filter(|(column, _)| marks.get(*column) != Some(&'+'))
            .map(|(_, c)| c)
            .collect(),
    )
}

fn first(lines: &[String], pattern: &Regex) -> Option<(usize, String)> {
    lines
        .iter()
        .enumerate()
        .find_map(|(at, line)| pattern.captures(line).map(|found| (at, found[1].to_owned())))
}

/// `tests/../src/a.rs` is `src/a.rs`.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn fixed(source: &str) -> Regex {
    Regex::new(source).expect("the expressions of this file are fixed, and its tests use each of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(log: &str, annotations: &[&str]) -> FailedCheck {
        FailedCheck {
            name: "test".to_owned(),
            conclusion: "failure".to_owned(),
            log: log.to_owned(),
            annotations: annotations.iter().map(|a| (*a).to_owned()).collect(),
            readable: true,
        }
    }

    const FAILED: &str = "2026-11-21T07:42:11.0420000Z thread 'last' (30515) panicked at tests/priority.rs:4:13:\n\
        2026-11-21T07:42:11.0420000Z assertion `left == right` failed: msg\n\
        2026-11-21T07:42:11.0420000Z   left: 26\n\
        2026-11-21T07:42:11.0420000Z  right: 27\n\
        thread 'cond' (1) panicked at tests/priority.rs:8:13:\n\
        assertion failed: priority::rank(None) > 100\n\
        thread 'last' (30515) panicked at tests/priority.rs:4:13:\n\
        assertion `left == right` failed\n  left: 26\n right: 27\n";

    #[test]
    fn failed_comparisons_are_read_once() {
        let expected = Assertion {
            test: Some("last".to_owned()),
            path: "tests/priority.rs".to_owned(),
            line: 4,
            left: "26".to_owned(),
            right: "27".to_owned(),
        };
        assert_eq!(assertions(&lines(&check(FAILED, &[]))), std::slice::from_ref(&expected));
        let unreadable = FailedCheck {
            readable: false,
            ..check(
                FAILED,
                &["tests/priority.rs:4: assertion `left == right` failed\n  left: 26\n right: 27"],
            )
        };
        assert_eq!(assertions(&lines(&unreadable)), [Assertion { test: None, ..expected }]);
    }

    #[test]
    fn suggestions_are_read_in_each_form() {
        let log = "error[E0425]: cannot find value `cont` in this scope\n --> tests/../src/bad.rs:4:5\n  |\n4 |     cont as u32\n  |     ^^^^\n  |\n\
            help: a local variable with a similar name exists\n  |\n4 |     count as u32\n  |       +\n\n\
            error[E0599]: no method named `lenght` found\n --> src/bad.rs:3:22\n  |\n3 |     let count = mark.lenght();\n  |                      ^^^^^^\n  |\n\
            help: there is a method `len` with a similar name\n  |\n3 -     let count = mark.lenght();\n3 +     let count = mark.len();\n  |\n\n\
            error[E0425]: cannot find type `HashMap` in this scope\n  --> src/bad.rs:10:18\n   |\n\
            help: consider importing this struct\n   |\n 2 + use std::collections::HashMap;\n   |\n\n\
            error: no help\n --> src/bad.rs:1:1\n\nwarning: unused\n --> src/bad.rs:1:1\n  |\nhelp: other\n  |\n1 - a\n1 + b\n\nerror: aborting due to 4 previous errors\n";
        let found: Vec<_> = suggestions(&lines(&check(log, &[])))
            .into_iter()
            .map(|s| format!("{}:{} {:?} -> {}", s.path, s.line, s.old, s.new))
            .collect();
        assert_eq!(
            found,
            [
                "src/bad.rs:4 Some(\"    cont as u32\") ->     count as u32",
                "src/bad.rs:3 Some(\"    let count = mark.lenght();\") ->     let count = mark.len();",
                "src/bad.rs:10 None -> use std::collections::HashMap;"
                    .replace("10", "2")
                    .as_str(),
            ]
        );
    }
}
