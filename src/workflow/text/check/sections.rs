//! What stands in the text of the check run.

use super::{diagnosis, report};
use crate::workflow::answer::{Cause, CriterionVerdict, Diagnosis, Finding, Severity, Verdict};
use crate::workflow::fact::Target;
use crate::workflow::ids::Sha;
use crate::workflow::model::{Track, Workflow};
use crate::workflow::reviews;
use crate::workflow::text::markdown::{code, plain, prose, quote};
use crate::workflow::text::words::{Doc, NAME_CHARS, SENTENCE_CHARS, TITLE_CHARS, list};
use crate::workflow::validate::{Remark, Report};

/// Items of a list.
const ITEMS_MAX: usize = 40;

/// Verdict, diagnosis, validation and approvals, the most important first.
pub(super) fn text(w: &Workflow, target: Target, track: &Track, verdict: Option<&Verdict>) -> String {
    let mut doc = Doc::default();
    if let Some(verdict) = verdict {
        doc.add(verdict_text(verdict));
    }
    if let Some(diagnosis) = diagnosis(track) {
        doc.add(diagnosis_text(track, diagnosis));
    }
    if let Some(report) = report(track) {
        doc.add(validation_text(track, report));
    }
    doc.add(approvals_text(w, target, track));
    doc.finish()
}

fn verdict_text(verdict: &Verdict) -> String {
    let mut doc = Doc::default();
    doc.add("### Acceptance criteria");
    let criteria = verdict.criteria.iter().map(|c: &CriterionVerdict| {
        let (word, show) = if c.met {
            ("Holds", "shown by")
        } else {
            ("Does not hold", "because")
        };
        format!(
            "**{word}**: {} ({show}: {})",
            plain(&c.criterion, SENTENCE_CHARS),
            plain(&c.evidence, SENTENCE_CHARS)
        )
    });
    doc.add(list(criteria, ITEMS_MAX, "criteria"));
    let findings = verdict.findings.iter().map(|f: &Finding| {
        let level = match f.severity {
            Severity::Blocking => "blocking",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        format!(
            "{level}: {}{}",
            plain(&f.message, SENTENCE_CHARS),
            place(f.path.as_deref(), f.line)
        )
    });
    let findings = list(findings, ITEMS_MAX, "findings");
    if !findings.is_empty() {
        doc.add("### Findings");
        doc.add(findings);
    }
    doc.finish()
}

fn diagnosis_text(track: &Track, diagnosis: &Diagnosis) -> String {
    let mut doc = Doc::default();
    doc.add("### Why the checks failed");
    doc.add(prose(&diagnosis.explanation, 4_000));
    if !diagnosis.evidence.trim().is_empty() {
        doc.add(quote(&diagnosis.evidence, 2_000));
    }
    doc.add(match (diagnosis.cause, track.gave_up) {
        (Cause::Code, false) => "The cause is in the change: it is mended in the next commit.",
        (Cause::Code, true) => "The cause is in the change.",
        (Cause::Flaky, _) => "It looks like chance.",
        (Cause::Environment, _) => "It looks like the surroundings (runner, network, a service), not the change.",
        (Cause::Unknown, _) => "The cause could not be told from logs, annotations and files.",
    });
    if let Some(failures) = &track.failures {
        let same: Vec<String> = failures
            .red_on_base
            .iter()
            .take(ITEMS_MAX)
            .map(|n| code(n, NAME_CHARS))
            .collect();
        if !same.is_empty() {
            doc.add(format!(
                "Failing on the base branch as well: {}. That is reported, not repaired.",
                same.join(", ")
            ));
        }
        if !failures.readable {
            doc.add("No log could be read.");
        }
    }
    doc.finish()
}

fn validation_text(track: &Track, report: &Report) -> String {
    let mut doc = Doc::default();
    doc.add("### Validation");
    doc.add(if track.refused.is_some() {
        format!(
            "Score {} of 100 for the newest change set, which was not pushed.",
            report.score
        )
    } else {
        format!("Score {} of 100 for the change set that was pushed.", report.score)
    });
    for (heading, remarks) in [
        ("To mend", &report.critical),
        ("Warnings", &report.warnings),
        ("Suggestions", &report.suggestions),
    ] {
        let items = remarks
            .iter()
            .map(|r: &Remark| format!("{}{}", plain(&r.message, SENTENCE_CHARS), place(r.path.as_deref(), r.line)));
        let items = list(items, ITEMS_MAX, "of them");
        if !items.is_empty() {
            doc.add(format!("{heading}:\n\n{items}"));
        }
    }
    doc.finish()
}

fn place(path: Option<&str>, line: Option<u32>) -> String {
    match (path, line) {
        (Some(path), Some(line)) => format!(" ({}, line {line})", code(path, NAME_CHARS)),
        (Some(path), None) => format!(" ({})", code(path, NAME_CHARS)),
        (None, _) => String::new(),
    }
}

/// Who approved what, and why an approval of an older head still counts or does not.
fn approvals_text(w: &Workflow, target: Target, track: &Track) -> String {
    let Some(head) = &track.head else { return String::new() };
    let counting = reviews::approvals(w, target);
    let mut items: Vec<String> = counting
        .iter()
        .map(|(by, on)| {
            let by = plain(&by.login, TITLE_CHARS);
            if on == head {
                format!("{by} approved this head.")
            } else {
                format!(
                    "{by} approved `{}`. The head is `{}` now; the diff against the merge base is the same ({}), so the approval counts.",
                    on.short(),
                    head.short(),
                    compare(w, on, head)
                )
            }
        })
        .collect();
    for review in reviews::voided(w, target) {
        items.push(format!(
            "{} approved `{}`. The diff against the merge base has changed since ({}), so the approval does not count any more.",
            plain(&review.by.login, TITLE_CHARS),
            review.commit.short(),
            compare(w, &review.commit, head)
        ));
    }
    if items.is_empty() {
        return String::new();
    }
    format!("### Approvals\n\n{}", list(items, ITEMS_MAX, "approvals"))
}

fn compare(w: &Workflow, old: &Sha, new: &Sha) -> String {
    format!("[compare]({}/compare/{old}...{new})", w.repository.url)
}
