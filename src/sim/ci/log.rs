//! A job's log as GitHub writes it, and the annotations that lines of it ask for.
//!
//! Each line begins with its time; a step is a folded group with its script; `::error file=..,line=..::text` in the
//! output becomes an annotation and a line `##[error]text`.
//! Source: GitHub's documentation, "Workflow commands for GitHub Actions".
//!
//! Invariant: every line has a time in front, so that a reader can strip them all alike.

use crate::clock::Millis;

/// GitHub keeps at most this many annotations of a kind for a step; a job shows 50 in all.
const ANNOTATIONS: usize = 50;

/// A remark on a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// `notice`, `warning` or `failure`, as the REST API writes them.
    pub(super) level: &'static str,
    /// The file, or `.github` for the job itself.
    pub(super) path: String,
    /// First line, from 1.
    pub(super) start_line: u64,
    /// Last line.
    pub(super) end_line: u64,
    /// First column, where the command names one.
    pub(super) start_column: Option<u64>,
    /// `title=`.
    pub(super) title: Option<String>,
    /// The text.
    pub(super) message: String,
}

/// A log in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    text: String,
    lines: u64,
    findings: Vec<Finding>,
}

impl Log {
    /// Adds one line.
    pub(super) fn line(&mut self, at: Millis, text: &str) {
        self.text.push_str(&stamp(at));
        self.text.push(' ');
        self.text.push_str(text);
        self.text.push('\n');
        self.lines += 1;
    }

    /// The head of a step: its script and shell, folded.
    pub(super) fn head(&mut self, at: Millis, title: &str, script: &str, shell: &str) {
        self.line(at, &format!("##[group]{title}"));
        for line in script.trim_end().lines() {
            self.line(at, &format!("\u{1b}[36;1m{line}\u{1b}[0m"));
        }
        self.line(at, &format!("shell: {shell} {{0}}"));
        self.line(at, "##[endgroup]");
    }

    /// What a step printed; its workflow commands are obeyed.
    pub(super) fn output(&mut self, at: Millis, text: &str) {
        for line in text.lines() {
            let line = line.trim_end_matches('\r');
            match Order::read(line) {
                Some(Order::Annotate(finding)) => {
                    let word = if finding.level == "failure" { "error" } else { finding.level };
                    self.line(at, &format!("##[{word}]{}", finding.message.replace('\n', " ")));
                    self.find(finding);
                }
                Some(Order::Group(title)) => self.line(at, &format!("##[group]{title}")),
                Some(Order::EndGroup) => self.line(at, "##[endgroup]"),
                None => self.line(at, line),
            }
        }
    }

    /// A step failed: the line GitHub writes, and its annotation on the job.
    pub(super) fn failed(&mut self, at: Millis, message: &str) {
        self.line(at, &format!("##[error]{message}"));
        let line = self.lines;
        self.find(Finding {
            level: "failure",
            path: ".github".to_owned(),
            start_line: line,
            end_line: line,
            start_column: None,
            title: None,
            message: message.to_owned(),
        });
    }

    /// Adds an annotation without a line of the log.
    pub(super) fn find(&mut self, finding: Finding) {
        if self.findings.len() < ANNOTATIONS {
            self.findings.push(finding);
        }
    }

    /// The log and its annotations.
    pub(super) fn finish(self) -> (String, Vec<Finding>) {
        (self.text, self.findings)
    }
}

/// GitHub's log lines have seven digits behind the second.
fn stamp(at: Millis) -> String {
    let whole = at.rfc3339();
    format!("{}.{:03}0000Z", whole.trim_end_matches('Z'), at.0.rem_euclid(1000))
}

/// What a line of output asks for.
enum Order {
    Annotate(Finding),
    Group(String),
    EndGroup,
}

impl Order {
    fn read(line: &str) -> Option<Self> {
        let (head, message) = line.trim_start().strip_prefix("::")?.split_once("::")?;
        let (word, properties) = head.split_once(' ').unwrap_or((head, ""));
        let level = match word {
            "error" => "failure",
            "warning" => "warning",
            "notice" => "notice",
            "group" => return Some(Self::Group(message.to_owned())),
            "endgroup" => return Some(Self::EndGroup),
            _ => return None,
        };
        let property = |name: &str| {
            properties.split(',').find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                (key == name && !value.is_empty()).then(|| unescape(value, true))
            })
        };
        let number = |name: &str| property(name).and_then(|value| value.parse::<u64>().ok());
        let start_line = number("line").unwrap_or(1);
        Some(Self::Annotate(Finding {
            level,
            path: property("file").unwrap_or_else(|| ".github".to_owned()),
            start_line,
            end_line: number("endLine").unwrap_or(start_line).max(start_line),
            start_column: number("col"),
            title: property("title"),
            message: unescape(message, false),
        }))
    }
}

/// The escapes of workflow commands; properties also escape `:` and `,`.
fn unescape(text: &str, property: bool) -> String {
    let text = text.replace("%0D", "\r").replace("%0A", "\n");
    let text = if property {
        text.replace("%3A", ":").replace("%2C", ",")
    } else {
        text
    };
    text.replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::{Finding, Log};
    use crate::clock::Millis;

    #[test]
    fn commands_become_annotations_and_marked_lines() {
        let at = Millis(1_795_246_931_042);
        let mut log = Log::default();
        log.output(at, "plain\n::error file=src/a.rs,line=3,endLine=4,col=7,title=a%3Ab::one%0Atwo 100%25\n::group::g\n::endgroup::\n::set-output name=x::y\n::warning::w");
        log.failed(at, "Process completed with exit code 1.");
        let (text, findings) = log.finish();
        let expected = "plain|##[error]one two 100%|##[group]g|##[endgroup]|::set-output name=x::y|##[warning]w|##[error]Process completed with exit code 1.";
        let lines: Vec<&str> = text.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(lines.join("|"), expected);
        assert!(text.starts_with("2026-11-21T07:42:11.0420000Z plain\n"), "{text}");
        assert_eq!(findings.len(), 3);
        assert_eq!(
            findings[0],
            Finding {
                level: "failure",
                path: "src/a.rs".to_owned(),
                start_line: 3,
                end_line: 4,
                start_column: Some(7),
                title: Some("a:b".to_owned()),
                message: "one\ntwo 100%".to_owned(),
            }
        );
        assert_eq!(
            (findings[1].path.as_str(), findings[1].level, findings[1].start_line),
            (".github", "warning", 1)
        );
        assert_eq!(findings[2].start_line, 7);
    }
}
