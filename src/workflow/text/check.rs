//! The check run named `millhand`: what validation, CI and the overseer say about a head, and what is waited for.
//!
//! Invariant: it fails only for what stands against the change itself. While something is waited for it is neutral, so that
//! nobody takes a pause for a fault.

mod buttons;
mod sections;

pub use self::buttons::{
    BUTTONS_MAX, Button, DESCRIPTION_CHARS_MAX, IDENTIFIER_CHARS_MAX, LABEL_CHARS_MAX, buttons, command, marks,
};

use sha2::{Digest as _, Sha256};

use super::markdown::plain;
use super::words::{Doc, SENTENCE_CHARS, TITLE_CHARS, count, list, name, provenance, verdict, wait_sentence};
use crate::workflow::answer::{Diagnosis, Severity, Verdict};
use crate::workflow::fact::Target;
use crate::workflow::model::{Track, Workflow};
use crate::workflow::reviews;
use crate::workflow::validate::Report;
use crate::workflow::waits::{WaitKind, Waiting};

/// Its name.
pub const NAME: &str = "millhand";

/// Characters of summary and of text: GitHub takes 65,535 of each
/// (<https://docs.github.com/en/rest/checks/runs#create-a-check-run>).
pub const TEXT_CHARS_MAX: usize = 65_535;
/// Annotations in a request, by the same page.
pub const ANNOTATIONS_MAX: usize = 50;
/// Bytes that a message of an annotation may have at GitHub, by the same page: 64 KiB. Ours are sentences.
const MESSAGE_CHARS: usize = 1_000;
/// Waits that are shown.
const WAITS_MAX: usize = 20;

/// What the check run says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckText {
    /// One line.
    pub title: String,
    /// A few sentences, Markdown.
    pub summary: String,
    /// The whole, Markdown.
    pub text: String,
    /// Its conclusion.
    pub conclusion: Conclusion,
    /// Remarks on lines.
    pub annotations: Vec<Annotation>,
    /// What a person can press.
    pub buttons: Vec<Button>,
    /// What [`marks`] says of it.
    pub marks: Vec<String>,
    /// SHA-256 of all of it.
    pub digest: String,
}

/// How a check run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// The criteria hold.
    Success,
    /// Nothing stands against it, nothing is settled.
    Neutral,
    /// Something stands against it.
    Failure,
}

impl Conclusion {
    /// GitHub's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Neutral => "neutral",
            Self::Failure => "failure",
        }
    }
}

/// A remark on a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file.
    pub path: String,
    /// The line, 1 for the first.
    pub line: u32,
    /// How bad.
    pub level: Level,
    /// Plain text.
    pub message: String,
}

/// How bad an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Worth knowing.
    Notice,
    /// Worth mending.
    Warning,
    /// Must be mended.
    Failure,
}

impl Level {
    /// GitHub's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// The check run of a target's present head.
#[must_use]
pub fn run(w: &Workflow, target: Target, waits: &[Waiting]) -> CheckText {
    let none = Track::default();
    let track = w.track(target).unwrap_or(&none);
    let verdict = verdict(track);
    let conclusion = conclude(track, verdict);
    let title = title(w, target, track, verdict);
    let summary = summary(w, target, track, waits);
    let text = sections::text(w, target, track, verdict);
    let annotations = annotations(track, verdict);
    let buttons = buttons::buttons(w, target, waits);
    let mut digest = Sha256::new();
    for part in [&title, &summary, &text] {
        digest.update(part);
        digest.update("\0");
    }
    digest.update(format!("{conclusion:?}{annotations:?}{buttons:?}"));
    CheckText {
        title,
        summary: cut(summary),
        text: cut(text),
        conclusion,
        annotations,
        buttons,
        marks: marks(w, target, waits),
        digest: hex::encode(digest.finalize()),
    }
}

/// The validation that is worth showing: of the change that was refused last, else of the one that was pushed.
fn report(track: &Track) -> Option<&Report> {
    track.refused.as_ref().map(|c| &c.report).or(track.report.as_ref())
}

/// What CI's failures on the present head come from.
fn diagnosis(track: &Track) -> Option<&Diagnosis> {
    let current = track.failures.as_ref().is_some_and(|f| Some(&f.head) == track.head.as_ref());
    track.diagnosis.as_ref().filter(|_| current)
}

fn conclude(track: &Track, verdict: Option<&Verdict>) -> Conclusion {
    let refused = report(track).is_some_and(|r| !r.passes());
    match verdict {
        _ if refused => Conclusion::Failure,
        Some(verdict) if verdict.good() => Conclusion::Success,
        Some(_) => Conclusion::Failure,
        None => Conclusion::Neutral,
    }
}

fn title(w: &Workflow, target: Target, track: &Track, verdict: Option<&Verdict>) -> String {
    if let Some(report) = report(track).filter(|r| !r.passes()) {
        return format!("Validation found {}", count(report.critical.len(), "thing to mend"));
    }
    if let Some(verdict) = verdict {
        let met = verdict.criteria.iter().filter(|c| c.met).count();
        let all = verdict.criteria.len();
        let blocking = verdict.findings.iter().filter(|f| f.severity == Severity::Blocking).count();
        let beside = if blocking > 0 {
            format!(", {}", count(blocking, "blocking finding"))
        } else {
            String::new()
        };
        return format!("{met} of {all} acceptance criteria hold{beside}");
    }
    if diagnosis(track).is_some() {
        return "Checks failed; the reason is below".to_owned();
    }
    match target.phase().and_then(|n| w.phase(n)) {
        Some(phase) => format!("Phase {} is under way", phase.plan.id),
        None => "The release is under way".to_owned(),
    }
}

/// What is waited for, and who.
fn summary(w: &Workflow, target: Target, track: &Track, waits: &[Waiting]) -> String {
    let mut doc = Doc::default();
    if let Some(verdict) = verdict(track) {
        doc.add(plain(&verdict.summary, SENTENCE_CHARS));
        if !verdict.good() && !track.gave_up {
            doc.add("The change goes back to be mended; the next commit is judged anew.");
        }
    }
    let of_target = |wait: &&Waiting| match target {
        Target::Phase(number) => wait.phase == Some(number) || (wait.phase.is_none() && wait.kind != WaitKind::Machine),
        Target::Release => wait.phase.is_none(),
    };
    // "It is being verified" would be out of date in the very moment it is shown.
    let told = waits
        .iter()
        .filter(of_target)
        .filter(|wait| wait.kind != WaitKind::Machine || wait.who != "Millhand");
    let told: Vec<String> = told.map(|wait| wait_sentence(w, wait)).collect();
    if told.is_empty() && verdict(track).is_some_and(Verdict::good) {
        doc.add(missing(w, target));
    }
    doc.add(list(told, WAITS_MAX, "waits"));
    if let Some(refused) = buttons::told(w, target) {
        doc.add(refused.clone());
    }
    doc.add(provenance(w));
    doc.finish()
}

/// What a head with a good verdict still needs.
fn missing(w: &Workflow, target: Target) -> String {
    let what = name(w, target);
    if reviews::approved(w, target) {
        return format!("{what} has the approvals it needs.");
    }
    match target {
        Target::Phase(_) => {
            let open = (reviews::needed(w) as usize).saturating_sub(reviews::approvals(w, target).len());
            match (open, reviews::blocking(w, target).first()) {
                (_, Some(review)) => format!(
                    "{what} waits for {} to look at it again.",
                    plain(&review.by.login, TITLE_CHARS)
                ),
                (open, None) => format!(
                    "{what} waits for {} by people with write access.",
                    count(open, "approving review")
                ),
            }
        }
        Target::Release => format!("{what} waits for the approval of somebody with write access."),
    }
}

fn annotations(track: &Track, verdict: Option<&Verdict>) -> Vec<Annotation> {
    let mut found = Vec::new();
    let mut add = |path: Option<&String>, line: Option<u32>, level, message: &str| {
        if let Some(path) = path {
            found.push(Annotation {
                path: path.clone(),
                line: line.unwrap_or(1).max(1),
                level,
                message: message.chars().take(MESSAGE_CHARS).collect(),
            });
        }
    };
    for finding in verdict.iter().flat_map(|v| &v.findings) {
        let level = match finding.severity {
            Severity::Blocking => Level::Failure,
            Severity::Warning => Level::Warning,
            Severity::Note => Level::Notice,
        };
        add(finding.path.as_ref(), finding.line, level, &finding.message);
    }
    // Remarks on a change that was not pushed have no lines in this head.
    if let Some(report) = track.report.as_ref().filter(|_| track.refused.is_none()) {
        for (remarks, level) in [
            (&report.critical, Level::Failure),
            (&report.warnings, Level::Warning),
            (&report.suggestions, Level::Notice),
        ] {
            for remark in remarks {
                add(remark.path.as_ref(), remark.line, level, &remark.message);
            }
        }
    }
    found.sort_by_key(|a| match a.level {
        Level::Failure => 0,
        Level::Warning => 1,
        Level::Notice => 2,
    });
    found.truncate(ANNOTATIONS_MAX);
    found
}

/// Keeps GitHub's limit whatever was in the text.
fn cut(text: String) -> String {
    const REST: &str = "\n\nThe rest does not fit here.";
    if text.chars().count() <= TEXT_CHARS_MAX {
        return text;
    }
    let room = TEXT_CHARS_MAX - REST.len();
    let mut out = String::new();
    let mut used = 0;
    for line in text.split_inclusive('\n') {
        used += line.chars().count();
        if used > room {
            break;
        }
        out.push_str(line);
    }
    out.trim_end().to_owned() + REST
}
