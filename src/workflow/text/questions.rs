//! The questions that must be answered before a plan is made.

use super::markdown::{plain, prose};
use super::words::{Doc, count, name_of, provenance};
use crate::workflow::model::Workflow;

/// Questions of a round that are shown.
const QUESTIONS_MAX: usize = 20;
/// Characters of a question.
const QUESTION_CHARS: usize = 1_000;

/// The comment with the questions of a round, 1 for the first.
#[must_use]
pub fn comment(w: &Workflow, round: u32) -> String {
    let asked = usize::try_from(round)
        .ok()
        .and_then(|r| r.checked_sub(1))
        .and_then(|at| w.questions.get(at))
        .map(|q| q.questions.as_slice())
        .unwrap_or_default();
    let mut doc = Doc::default();
    doc.add(format!("{} before a plan is made:", count(asked.len(), "question")));
    let lines: Vec<String> = (1..)
        .zip(asked.iter().take(QUESTIONS_MAX))
        .map(|(n, question)| format!("{n}. {}", plain(question, QUESTION_CHARS)))
        .collect();
    doc.add(lines.join("\n"));
    if let Some(understood) = w.requirements.as_ref().map(|r| prose(&r.summary, QUESTION_CHARS))
        && !understood.is_empty()
    {
        doc.add(format!("Understood so far:\n\n{understood}"));
    }
    doc.add(format!(
        "Please answer in one comment on this issue. An answer by {} or by anybody with write access counts; the work goes on by itself then.",
        name_of(&w.issue.author)
    ));
    doc.add(provenance(w));
    doc.finish()
}
