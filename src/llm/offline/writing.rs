//! The offline model as code writer.
//!
//! Invariant: a change set has files or says why it cannot be built; a file that was not shown whole is never written back.

use super::{OFFLINE, naming, notes, repair, rust, todo};
use crate::llm::task::{Conflict, FailedCheck, Reason, Remark, SourceFile};
use crate::llm::text;
use crate::workflow::answer::{ChangeSet, FileChange, Reply};
use crate::workflow::plan::{Plan, PlannedPhase};

/// What is to be written.
pub(super) struct Order<'a> {
    pub(super) title: &'a str,
    pub(super) plan: &'a Plan,
    pub(super) phase: Option<&'a PlannedPhase>,
    pub(super) files: &'a [SourceFile],
    pub(super) hints: &'a [String],
}

/// The change set.
pub(super) fn write(order: &Order<'_>, reason: &Reason) -> ChangeSet {
    let written = match reason {
        Reason::First => order
            .first()
            .map(|files| Draft::new("Add", order).with_files(files).with_hints(order, false)),
        Reason::Hint => order.main().map(|main| {
            Draft::new("Record a hint for", order)
                .with_files(vec![main])
                .with_hints(order, true)
        }),
        Reason::Checks { failures, .. } => mended(order, failures),
        Reason::Verdict { findings } => completed(order, findings),
        Reason::Conflict { files, .. } => settled(order, files),
        Reason::Review { remarks, .. } => answered(order, remarks),
        Reason::Validation { change, .. } => simplified(order, change),
    };
    written.map_or_else(
        |why| ChangeSet {
            summary: format!("Nothing to change ({OFFLINE})"),
            files: Vec::new(),
            replies: Vec::new(),
            cannot: Some(format!("{OFFLINE}: {why}")),
        },
        |draft| draft.change,
    )
}

struct Draft {
    change: ChangeSet,
}

impl Draft {
    fn new(verb: &str, order: &Order<'_>) -> Self {
        let what = order
            .phase
            .map_or_else(|| format!("the release of {}", order.title), |phase| phase.title.clone());
        let summary = text::line(&format!("{verb} {what} (offline model)"), 200);
        Self {
            change: ChangeSet {
                summary,
                files: Vec::new(),
                replies: Vec::new(),
                cannot: None,
            },
        }
    }

    fn with_files(mut self, files: Vec<FileChange>) -> Self {
        self.change.files = files;
        self
    }

    /// Puts the hints that the phase's file does not hold yet into it; the newest in any case if it is what was asked for.
    fn with_hints(mut self, order: &Order<'_>, newest_anyway: bool) -> Self {
        for (place, hint) in (1..).zip(order.hints) {
            let anyway = newest_anyway && place == order.hints.len();
            self.note(order, "A person's hint", hint, anyway);
        }
        self
    }

    fn note(&mut self, order: &Order<'_>, who: &str, words: &str, anyway: bool) -> bool {
        let Ok(main) = order.main() else { return false };
        let at = self.change.files.iter().position(|file| file.path == main.path);
        let file = at.map_or(&main, |at| &self.change.files[at]);
        let content = file.content.clone().unwrap_or_default();
        let lines = notes::paragraph(who, words);
        if !anyway && notes::has(&main.path, &content, &lines) {
            return false;
        }
        let noted = FileChange {
            content: Some(notes::put(&main.path, &content, &lines)),
            path: main.path,
        };
        match at {
            Some(at) => self.change.files[at] = noted,
            None => self.change.files.push(noted),
        }
        true
    }
}

fn mended(order: &Order<'_>, failures: &[FailedCheck]) -> Result<Draft, String> {
    let derived = repair::derive(failures, order.files);
    let files = derived.as_ref().map_or_else(
        |_| Vec::new(),
        |repair| {
            repair
                .files
                .iter()
                .map(|(path, content)| FileChange {
                    path: path.clone(),
                    content: Some(content.clone()),
                })
                .collect()
        },
    );
    let draft = Draft::new("Mend", order).with_files(files).with_hints(order, false);
    match (draft.change.files.is_empty(), derived) {
        (true, Err(why)) => Err(format!("the repair cannot be derived from log, annotations and files: {why}")),
        (true, Ok(_)) => Err("the repair changes no file".to_owned()),
        (false, _) => Ok(draft),
    }
}

fn completed(order: &Order<'_>, findings: &[String]) -> Result<Draft, String> {
    let there = |file: &FileChange| order.files.iter().any(|other| other.path == file.path);
    let absent: Vec<FileChange> = order
        .first()
        .unwrap_or_default()
        .into_iter()
        .filter(|file| !there(file))
        .collect();
    if !absent.is_empty() {
        return Ok(Draft::new("Complete", order).with_files(absent).with_hints(order, false));
    }
    let mut draft = Draft::new("Record findings on", order);
    for finding in findings {
        draft.note(order, "The verification overseer found", finding, true);
    }
    if draft.change.files.is_empty() {
        Err("the findings name nothing that it could write".to_owned())
    } else {
        Ok(draft)
    }
}

fn answered(order: &Order<'_>, remarks: &[Remark]) -> Result<Draft, String> {
    let main = order.main()?;
    let mut draft = Draft::new("Record what a review asks of", order);
    for remark in remarks {
        let line = remark.line.map_or_else(String::new, |line| format!(" line {line}"));
        let place = remark
            .path
            .as_ref()
            .map_or_else(String::new, |path| format!("{path}{line}: "));
        draft.note(
            order,
            &format!("{} asked", remark.author),
            &format!("{place}{}", remark.text),
            true,
        );
        let text = format!("{OFFLINE}: it cannot act on this; your words now stand in `{}`.", main.path);
        draft.change.replies.push(Reply { remark: remark.id, text });
    }
    if draft.change.files.is_empty() {
        Err("the review says nothing that it could record".to_owned())
    } else {
        Ok(draft.with_hints(order, false))
    }
}

/// Both sides are kept where they clash, ours first; what one side deleted and the other changed stays.
fn settled(order: &Order<'_>, conflicts: &[Conflict]) -> Result<Draft, String> {
    if let Some(cut) = conflicts.iter().find(|conflict| !text::whole(&conflict.text)) {
        return Err(format!("`{}` was not shown whole and cannot be written back", cut.path));
    }
    let files = conflicts.iter().map(|conflict| FileChange {
        path: conflict.path.clone(),
        content: Some(without_markers(&conflict.text)),
    });
    Ok(Draft::new("Keep both sides of", order).with_files(files.collect()))
}

fn without_markers(text: &str) -> String {
    let mut clashing = false;
    let mut marker = |line: &str| {
        let (begins, ends) = (line.starts_with("<<<<<<< "), line.starts_with(">>>>>>> "));
        let between = clashing && line.trim_end() == "=======";
        clashing = (clashing || begins) && !ends;
        begins || ends || between
    };
    text.split_inclusive('\n').filter(|line| !marker(line)).collect()
}

/// What was refused is written without people's words as far as that goes: they are what differs from one phase to another.
fn simplified(order: &Order<'_>, refused: &ChangeSet) -> Result<Draft, String> {
    let main = order.main()?;
    let mut draft = Draft::new("Simplify", order);
    draft.change.replies.clone_from(&refused.replies);
    if order.files.iter().any(|file| file.path == main.path) {
        draft.note(
            order,
            "A person's words",
            "were left out here: validation refused them.",
            true,
        );
        return Ok(draft);
    }
    let plain = |phase: &PlannedPhase| PlannedPhase {
        title: plain_words(&phase.title),
        goal: phase.goal.lines().map(plain_words).collect::<Vec<_>>().join("\n"),
        ..phase.clone()
    };
    let files = match order.phase {
        Some(phase) if todo::files(order.title, phase).is_none() => first_version(order.title, &plain(phase))?,
        Some(_) | None => order.first()?,
    };
    Ok(draft.with_files(files))
}

impl Order<'_> {
    /// The phase's files in their first version.
    fn first(&self) -> Result<Vec<FileChange>, String> {
        let phase = self.phase.ok_or("a release has no first version of its own")?;
        first_version(self.title, phase)
    }

    /// The file that people's words are put into: as it is on the branch, else in its first version.
    fn main(&self) -> Result<FileChange, String> {
        let phases: Vec<&PlannedPhase> = self
            .phase
            .map_or_else(|| self.plan.phases.iter().rev().collect(), |phase| vec![phase]);
        let there = phases
            .iter()
            .filter_map(|phase| main_path(phase))
            .find_map(|path| self.files.iter().find(|file| file.path == path));
        if let Some(file) = there {
            if !text::whole(&file.content) {
                return Err(format!("`{}` was not shown whole and cannot be written back", file.path));
            }
            return Ok(FileChange {
                path: file.path.clone(),
                content: Some(file.content.clone()),
            });
        }
        let path = self
            .phase
            .and_then(main_path)
            .ok_or("there is no source or page that it could write into")?;
        self.first()?
            .into_iter()
            .find(|file| file.path == path)
            .ok_or_else(|| format!("`{path}` has no first version"))
    }
}

fn main_path(phase: &PlannedPhase) -> Option<&str> {
    let main = |path: &&String| !phase.tests.contains(path) && (path.ends_with(".rs") || path.ends_with(".md"));
    phase.files.iter().find(main).map(String::as_str)
}

fn first_version(title: &str, phase: &PlannedPhase) -> Result<Vec<FileChange>, String> {
    if let Some(files) = todo::files(title, phase) {
        return Ok(files);
    }
    let asked: Vec<String> = phase
        .goal
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect();
    let slug = phase.id.split_once('-').map_or(phase.id.as_str(), |(_, slug)| slug);
    let files = phase.files.iter().map(|path| {
        let content = if *path == naming::source(slug) {
            rust::module(&phase.title, &asked)
        } else if *path == naming::test(slug) && phase.files.contains(&naming::source(slug)) {
            rust::test(slug, &asked)
        } else if path.ends_with(".md") {
            page(phase, &asked)
        } else {
            return Err(format!(
                "it writes `{}` with its test or a page of Markdown, not `{path}`",
                naming::source(slug)
            ));
        };
        Ok(FileChange {
            path: path.clone(),
            content: Some(content),
        })
    });
    files.collect()
}

fn page(phase: &PlannedPhase, asked: &[String]) -> String {
    let bullets: String = asked.iter().map(|text| format!("- {}\n", notes::escaped(text))).collect();
    let untested = phase
        .untested_because
        .as_ref()
        .map_or_else(String::new, |why| format!("\nThere is no test. {}\n", notes::escaped(why)));
    format!(
        "# {}\n\n{bullets}\n{}\n{untested}",
        notes::escaped(&phase.title),
        notes::WRITER
    )
}

/// The first plain words of a text: no punctuation, nothing that could be a secret.
fn plain_words(text: &str) -> String {
    let words = text
        .split_whitespace()
        .filter(|word| word.len() <= 20 && word.chars().all(|c| c.is_ascii_alphanumeric()));
    let kept = words.take(8).collect::<Vec<_>>().join(" ");
    if kept.is_empty() {
        "a part of the issue".to_owned()
    } else {
        kept
    }
}
