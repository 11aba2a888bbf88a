//! The offline model as test auditor, verification overseer and release manager.
//!
//! Invariant: nothing is called met that the given files and checks do not show.

use super::{OFFLINE, WORDS, log, notes, repair};
use crate::llm::task::{CheckResult, FailedCheck, SourceFile};
use crate::workflow::answer::{Cause, CriterionVerdict, Diagnosis, Finding, ReleaseNotes, Severity, Verdict};
use crate::workflow::plan::PlannedPhase;

/// What the network says when it fails by chance.
const CHANCE: [&str; 12] = [
    "connection reset",
    "connection refused",
    "connection timed out",
    "temporary failure in name resolution",
    "could not resolve host",
    "tls handshake timeout",
    "econnreset",
    "etimedout",
    "502 bad gateway",
    "503 service unavailable",
    "429 too many requests",
    "flaky",
];

/// What a runner says when it fails itself.
const SURROUNDINGS: [&str; 6] = [
    "no space left on device",
    "lost communication with the server",
    "the runner has received a shutdown signal",
    "command not found",
    "cannot allocate memory",
    "out of memory",
];

/// What only the code's own failures say.
const OF_CODE: [&str; 4] = ["panicked at", "error[e", "test result: failed", "error: could not compile"];

/// Why checks failed.
pub(super) fn diagnose(failures: &[FailedCheck], files: &[SourceFile]) -> Diagnosis {
    let reason = match repair::derive(failures, files) {
        Ok(repair) => {
            return Diagnosis {
                cause: Cause::Code,
                explanation: format!("{OFFLINE}: {}.", repair.explanation),
                evidence: repair.evidence,
                files: repair.files.into_keys().collect(),
            };
        }
        Err(reason) => reason,
    };
    let lines: Vec<String> = failures.iter().flat_map(log::lines).collect();
    let line_with = |words: &[&str]| {
        lines
            .iter()
            .find(|line| words.iter().any(|word| line.to_lowercase().contains(word)))
    };
    let ended = |conclusions: &[&str]| failures.iter().find(|check| conclusions.contains(&check.conclusion.as_str()));
    let (cause, explanation, evidence) = if let Some(line) = line_with(&OF_CODE) {
        (
            Cause::Unknown,
            format!("it cannot be derived from log, annotations and files: {reason}"),
            line.clone(),
        )
    } else if let Some(line) = line_with(&SURROUNDINGS) {
        (Cause::Environment, "the runner failed, not the code".to_owned(), line.clone())
    } else if let Some(line) = line_with(&CHANCE) {
        (Cause::Flaky, "the network failed by chance".to_owned(), line.clone())
    } else if let Some(check) = ended(&["startup_failure", "action_required"]) {
        (
            Cause::Environment,
            "the check never ran".to_owned(),
            format!("{}: {}", check.name, check.conclusion),
        )
    } else if let Some(check) = ended(&["timed_out", "cancelled", "stale"]) {
        (
            Cause::Flaky,
            "the check did not come to an end".to_owned(),
            format!("{}: {}", check.name, check.conclusion),
        )
    } else {
        (
            Cause::Unknown,
            format!("it cannot be derived from log, annotations and files: {reason}"),
            String::new(),
        )
    };
    Diagnosis {
        cause,
        explanation: format!("{OFFLINE}: {explanation}."),
        evidence,
        files: Vec::new(),
    }
}

/// Whether the change holds what was promised.
pub(super) fn verify(criteria: &[String], files: &[SourceFile], checks: &[CheckResult]) -> Verdict {
    let red: Vec<&str> = checks
        .iter()
        .filter(|check| !green(check) && !check.fails_on_base)
        .map(|check| check.name.as_str())
        .collect();
    let judged: Vec<CriterionVerdict> = criteria
        .iter()
        .map(|criterion| judge(criterion, files, checks, &red))
        .collect();
    let mut findings = Vec::new();
    if checks.is_empty() {
        let message = format!("{OFFLINE}: no check ran on this head; the criteria are judged from the files alone.");
        findings.push(Finding {
            severity: Severity::Warning,
            message,
            path: None,
            line: None,
        });
    }
    if !red.is_empty() {
        let message = format!("{OFFLINE}: these checks are not green: {}.", red.join(", "));
        findings.push(Finding {
            severity: Severity::Blocking,
            message,
            path: None,
            line: None,
        });
    }
    let met = judged.iter().filter(|judged| judged.met).count();
    let summary = format!(
        "{OFFLINE}: {met} of {} criteria are shown by files and checks. It compares names and text; it does not understand code.",
        judged.len()
    );
    Verdict {
        criteria: judged,
        findings,
        summary,
    }
}

/// A criterion is judged by what it names in backticks: files must be there, other names must stand in one of the files; so
/// must what follows [`super::WORDS`].
fn judge(criterion: &str, files: &[SourceFile], checks: &[CheckResult], red: &[&str]) -> CriterionVerdict {
    let verdict = |met, evidence: String| CriterionVerdict {
        criterion: criterion.to_owned(),
        met,
        evidence,
    };
    let (head, words) = criterion
        .split_once(WORDS)
        .map_or((criterion, None), |(head, words)| (head, Some(words)));
    let words = words.filter(|words| !words.trim().is_empty());
    let named: Vec<&str> = head
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| !name.trim().is_empty())
        .collect();
    if named.is_empty() && words.is_none() {
        return verdict(
            false,
            "It names no file, test or word in backticks that could be looked for.".to_owned(),
        );
    }
    let mut shown = Vec::new();
    for (name, file) in named
        .iter()
        .map(|name| (*name, is_path(name)))
        .chain(words.map(|words| (words, false)))
    {
        if file {
            if !files.iter().any(|file| file.path == name) {
                return verdict(false, format!("The change has no file {name}."));
            }
            shown.push(format!("{name} is there"));
        } else {
            let quoted = format!("{name:?}");
            let forms = [name.to_owned(), quoted[1..quoted.len() - 1].to_owned(), notes::escaped(name)];
            let Some(file) = files.iter().find(|file| forms.iter().any(|form| file.content.contains(form))) else {
                return verdict(false, format!("No file of the change holds `{name}`."));
            };
            shown.push(format!("`{name}` stands in {}", file.path));
        }
    }
    if !red.is_empty() {
        return verdict(false, format!("Not green: {}.", red.join(", ")));
    }
    let names = |of_base: bool| -> Vec<&str> {
        let those = checks.iter().filter(|check| of_base != green(check));
        those.map(|check| check.name.as_str()).collect()
    };
    if checks.is_empty() {
        shown.push("no check ran".to_owned());
    }
    for (what, names) in [("green", names(false)), ("red on the base as well", names(true))] {
        if !names.is_empty() {
            shown.push(format!("{what}: {}", names.join(", ")));
        }
    }
    verdict(true, format!("{}.", shown.join("; ")))
}

fn green(check: &CheckResult) -> bool {
    matches!(check.conclusion.as_str(), "success" | "neutral" | "skipped")
}

fn is_path(name: &str) -> bool {
    !name.contains(char::is_whitespace) && name.contains('/') && name.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

/// What is new.
pub(super) fn release_notes(title: &str, phases: &[PlannedPhase]) -> ReleaseNotes {
    let change = |phase: &PlannedPhase| {
        let files = phase
            .files
            .iter()
            .map(|path| format!("`{path}`"))
            .collect::<Vec<_>>()
            .join(", ");
        format!("{} ({files})", phase.title)
    };
    let mut changes: Vec<String> = phases.iter().map(change).collect();
    changes.push(format!("{OFFLINE}: these notes list the merged phases, nobody weighed them."));
    ReleaseNotes {
        headline: title.to_owned(),
        changes,
    }
}
