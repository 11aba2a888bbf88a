//! Makes a task fit to be shown: visible text only, no secrets, every part capped.
//!
//! The prompt is rendered from the cleaned task and carries it, so that a model that reads the text and one that reads the
//! value work from the same words.
//!
//! Invariant: cleaning a clean task changes nothing.

use super::markdown;
use super::task::{CheckResult, Conflict, Exchange, FailedCheck, IssueText, Reason, Remark, RepositoryView, SourceFile, Task};
use super::text;
use crate::workflow::answer::{ChangeSet, Diagnosis, FileChange, Reply, Requirements};
use crate::workflow::plan::{Plan, PlannedPhase};

/// A title, a name, a criterion: one line. GitHub's titles have at most 256 characters.
pub const LINE_BYTES_MAX: usize = 1_024;
/// An issue's body. GitHub keeps at most 65,536 characters.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// An answer, a remark, a hint, a revision, a goal: what a person writes in one sitting.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// A file. Validation lets no larger one be written.
pub const FILE_BYTES_MAX: usize = 512 * 1024;
/// All files of one task together, about 300,000 tokens: more than most models read at once.
pub const FILES_BYTES_MAX: usize = 1024 * 1024;
/// The log of a failed check, condensed by who read it; its end tells most.
pub const LOG_BYTES_MAX: usize = 48 * 1024;
/// The paths of a repository together.
pub const PATHS_BYTES_MAX: usize = 64 * 1024;
/// Answers, remarks, hints, revisions, checks, errors: so many entries of a kind, the newest ones.
pub const ENTRIES_MAX: usize = 100;

/// The task as a model may see it.
#[must_use]
pub fn task(task: &Task) -> Task {
    match task {
        Task::Requirements {
            issue: text,
            answers,
            repository: view,
        } => Task::Requirements {
            issue: issue(text),
            answers: each(answers, exchange),
            repository: repository(view),
        },
        Task::Plan {
            issue: text,
            requirements: wanted,
            answers,
            repository: view,
            phases_max,
            revisions,
            merged,
        } => Task::Plan {
            issue: issue(text),
            requirements: requirements(wanted),
            answers: each(answers, exchange),
            repository: repository(view),
            phases_max: *phases_max,
            revisions: each(revisions, |text| markdown_text(text)),
            merged: each(merged, phase),
        },
        Task::Write {
            title,
            plan: all,
            phase: one,
            repository: view,
            files: sources,
            reason: why,
            hints,
        } => Task::Write {
            title: line(title),
            plan: plan(all),
            phase: one.as_ref().map(phase),
            repository: repository(view),
            files: files(sources),
            reason: reason(why),
            hints: each(hints, |text| markdown_text(text)),
        },
        Task::Diagnose {
            phase: one,
            failures,
            files: sources,
        } => Task::Diagnose {
            phase: one.as_ref().map(phase),
            failures: each(failures, failure),
            files: files(sources),
        },
        Task::Verify {
            phase: one,
            criteria,
            files: sources,
            checks,
        } => Task::Verify {
            phase: one.as_ref().map(phase),
            criteria: lines(criteria),
            files: files(sources),
            checks: each(checks, result),
        },
        Task::ReleaseNotes { title, summary, phases } => Task::ReleaseNotes {
            title: line(title),
            summary: prose(summary),
            phases: each(phases, phase),
        },
    }
}

fn issue(issue: &IssueText) -> IssueText {
    IssueText {
        number: issue.number,
        title: line(&issue.title),
        body: markdown::visible_within(&issue.body, BODY_BYTES_MAX),
        author: line(&issue.author),
    }
}

fn exchange(exchange: &Exchange) -> Exchange {
    Exchange {
        questions: lines(&exchange.questions),
        answer: markdown_text(&exchange.answer),
        author: line(&exchange.author),
    }
}

fn repository(view: &RepositoryView) -> RepositoryView {
    let mut room = PATHS_BYTES_MAX;
    let paths: Vec<String> = view
        .paths
        .iter()
        .map(|path| line(path))
        .take_while(|path| {
            let fits = path.len() < room;
            room = room.saturating_sub(path.len() + 1);
            fits
        })
        .collect();
    RepositoryView {
        name: line(&view.name),
        truncated: view.truncated || paths.len() < view.paths.len(),
        paths,
    }
}

fn requirements(wanted: &Requirements) -> Requirements {
    Requirements {
        summary: prose(&wanted.summary),
        criteria: lines(&wanted.criteria),
        questions: lines(&wanted.questions),
    }
}

fn plan(plan: &Plan) -> Plan {
    Plan {
        architecture: prose(&plan.architecture),
        phases: plan.phases.iter().map(phase).collect(),
        notes: lines(&plan.notes),
    }
}

fn phase(phase: &PlannedPhase) -> PlannedPhase {
    PlannedPhase {
        number: phase.number,
        id: line(&phase.id),
        title: line(&phase.title),
        goal: prose(&phase.goal),
        files: lines(&phase.files),
        tests: lines(&phase.tests),
        untested_because: phase.untested_because.as_deref().map(line),
        criteria: lines(&phase.criteria),
        depends_on: phase.depends_on.clone(),
    }
}

fn files(files: &[SourceFile]) -> Vec<SourceFile> {
    let mut room = FILES_BYTES_MAX;
    files
        .iter()
        .map(|file| {
            let content = text::head(&text::code(&file.content), FILE_BYTES_MAX.min(room));
            room = room.saturating_sub(content.len());
            SourceFile {
                path: line(&file.path),
                content,
            }
        })
        .collect()
}

fn reason(reason: &Reason) -> Reason {
    match reason {
        Reason::First => Reason::First,
        Reason::Hint => Reason::Hint,
        Reason::Validation { errors, change: refused } => Reason::Validation {
            errors: each(errors, |text| line(text)),
            change: Box::new(change(refused)),
        },
        Reason::Checks {
            diagnosis: found,
            failures,
        } => Reason::Checks {
            diagnosis: diagnosis(found),
            failures: each(failures, failure),
        },
        Reason::Verdict { findings } => Reason::Verdict {
            findings: each(findings, |text| line(text)),
        },
        Reason::Conflict { base, files } => Reason::Conflict {
            base: line(base),
            files: each(files, conflict),
        },
        Reason::Review { remarks, others } => Reason::Review {
            remarks: each(remarks, remark),
            others: each(others, remark),
        },
    }
}

fn conflict(conflict: &Conflict) -> Conflict {
    Conflict {
        path: line(&conflict.path),
        text: text::head(&text::code(&conflict.text), FILE_BYTES_MAX),
        deleted_on: conflict.deleted_on.as_deref().map(line),
    }
}

fn change(change: &ChangeSet) -> ChangeSet {
    ChangeSet {
        summary: line(&change.summary),
        files: change
            .files
            .iter()
            .map(|file| FileChange {
                path: line(&file.path),
                content: file
                    .content
                    .as_ref()
                    .map(|content| text::head(&text::code(content), FILE_BYTES_MAX)),
            })
            .collect(),
        replies: change
            .replies
            .iter()
            .map(|reply| Reply {
                remark: reply.remark,
                text: prose(&reply.text),
            })
            .collect(),
        cannot: change.cannot.as_deref().map(prose),
    }
}

fn diagnosis(diagnosis: &Diagnosis) -> Diagnosis {
    Diagnosis {
        cause: diagnosis.cause,
        explanation: prose(&diagnosis.explanation),
        evidence: prose(&diagnosis.evidence),
        files: lines(&diagnosis.files),
    }
}

fn failure(check: &FailedCheck) -> FailedCheck {
    FailedCheck {
        name: line(&check.name),
        conclusion: line(&check.conclusion),
        log: text::tail(&text::log(&check.log), LOG_BYTES_MAX),
        annotations: each(&check.annotations, |text| text::head(&text::log(text), LINE_BYTES_MAX * 2)),
        readable: check.readable,
    }
}

fn result(check: &CheckResult) -> CheckResult {
    CheckResult {
        name: line(&check.name),
        conclusion: line(&check.conclusion),
        fails_on_base: check.fails_on_base,
    }
}

fn remark(remark: &Remark) -> Remark {
    Remark {
        id: remark.id,
        author: line(&remark.author),
        path: remark.path.as_deref().map(line),
        line: remark.line,
        text: markdown_text(&remark.text),
    }
}

fn line(text: &str) -> String {
    text::line(text, LINE_BYTES_MAX)
}

/// All of them: a criterion left out would never be judged.
fn lines(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| line(text)).collect()
}

fn prose(source: &str) -> String {
    text::head(&text::prose(source), TEXT_BYTES_MAX)
}

fn markdown_text(source: &str) -> String {
    markdown::visible_within(source, TEXT_BYTES_MAX)
}

/// The newest [`ENTRIES_MAX`] entries, each cleaned.
fn each<T>(entries: &[T], clean: impl Fn(&T) -> T) -> Vec<T> {
    entries[entries.len().saturating_sub(ENTRIES_MAX)..]
        .iter()
        .map(clean)
        .collect()
}
