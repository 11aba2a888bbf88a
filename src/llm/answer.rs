//! From a model's text to a checked value.
//!
//! Invariant: an answer that is returned fits its schema and its task; everything else is an error whose text can be told
//! to the model.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schema::{Answered, Schema};
use super::strict;
use super::task::{Reason, Task};
use crate::workflow::answer::{ChangeSet, Diagnosis, PlanDraft, ReleaseNotes, Requirements, Verdict};

/// The most an answer may have, in bytes: four times the largest change set that validation lets through would still fit.
pub const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How many faults a model is told at once: the first ones usually explain the rest.
const FAULTS_MAX: usize = 5;

/// The longest fault told, in bytes.
const FAULT_BYTES_MAX: usize = 300;

/// A checked answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Answer {
    /// To [`Task::Requirements`].
    Requirements(Requirements),
    /// To [`Task::Plan`]; [`crate::workflow::plan::Plan::check`] is still to come.
    Plan(PlanDraft),
    /// To [`Task::Write`]; validation is still to come.
    Change(ChangeSet),
    /// To [`Task::Diagnose`].
    Diagnosis(Diagnosis),
    /// To [`Task::Verify`].
    Verdict(Verdict),
    /// To [`Task::ReleaseNotes`].
    Notes(ReleaseNotes),
}

/// What is wrong with an answer. The text is what the model is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Nothing.
    #[error("the answer was empty")]
    Empty,
    /// Too much.
    #[error("the answer had {0} bytes, at most {ANSWER_BYTES_MAX} are read")]
    TooLong(usize),
    /// It ends in the middle.
    #[error("the answer ended before its JSON was complete")]
    Cut,
    /// No JSON.
    #[error("the answer was not one JSON object: {0}")]
    NotJson(String),
    /// A key twice.
    #[error("the answer has the key {key:?} twice in one object, at {pointer}")]
    DuplicateKey {
        /// JSON pointer of the second one.
        pointer: String,
        /// The key.
        key: String,
    },
    /// A character that no file and no comment can hold.
    #[error("the answer has the character U+0000, at {0}")]
    Nul(String),
    /// It does not fit its schema: JSON pointers with what is wrong there.
    #[error("the answer does not fit its schema: {}", list(.0))]
    Schema(Vec<(String, String)>),
    /// It fits its schema and not its task.
    #[error("the answer does not fit its task: {0}")]
    Unfit(String),
}

impl AnswerError {
    /// One word for the ledger and for metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong(_) => "too_long",
            Self::Cut => "cut",
            Self::NotJson(_) => "not_json",
            Self::DuplicateKey { .. } => "duplicate_key",
            Self::Nul(_) => "nul",
            Self::Schema(_) => "schema",
            Self::Unfit(_) => "unfit",
        }
    }
}

/// Reads the answer to `task`.
///
/// # Errors
/// What is wrong with it, to be told to the model.
pub fn read(task: &Task, text: &str) -> Result<Answer, AnswerError> {
    Ok(match task {
        Task::Requirements { .. } => Answer::Requirements(checked_requirements(parse(text)?)?),
        Task::Plan { .. } => Answer::Plan(checked_plan(parse(text)?)?),
        Task::Write { reason, .. } => Answer::Change(checked_change(parse(text)?, reason)?),
        Task::Diagnose { .. } => Answer::Diagnosis(parse(text)?),
        Task::Verify { criteria, .. } => Answer::Verdict(checked_verdict(parse(text)?, criteria)?),
        Task::ReleaseNotes { .. } => Answer::Notes(parse(text)?),
    })
}

/// Reads one value: JSON only (a code fence around it is taken off), no key twice, fitting the type's schema.
///
/// # Errors
/// What is wrong with it, to be told to the model.
pub fn parse<T: Answered>(text: &str) -> Result<T, AnswerError> {
    let value = strict::read(text)?;
    fits(T::schema(), &value)?;
    value_of(value)
}

fn value_of<T: Answered>(value: Value) -> Result<T, AnswerError> {
    // Only numbers out of range come this far, see the schema's invariant.
    serde_json::from_value(value).map_err(|error| AnswerError::Unfit(short(&error.to_string())))
}

fn fits(schema: &Schema, value: &Value) -> Result<(), AnswerError> {
    let faults: Vec<(String, String)> = schema
        .faults(value)
        .into_iter()
        .take(FAULTS_MAX)
        .map(|(pointer, fault)| (short(&pointer), short(&fault)))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(AnswerError::Schema(faults))
    }
}

fn list(faults: &[(String, String)]) -> String {
    let place = |pointer: &str| {
        if pointer.is_empty() {
            "the answer itself".to_owned()
        } else {
            pointer.to_owned()
        }
    };
    faults
        .iter()
        .map(|(pointer, fault)| format!("at {}: {fault}", place(pointer)))
        .collect::<Vec<_>>()
        .join("; ")
}

pub(super) fn short(text: &str) -> String {
    super::text::line(text, FAULT_BYTES_MAX)
}

fn checked_requirements(requirements: Requirements) -> Result<Requirements, AnswerError> {
    let blank = |texts: &[String]| texts.iter().any(|text| text.trim().is_empty());
    if blank(&requirements.questions) || blank(&requirements.criteria) {
        return unfit("an entry of questions or criteria is blank");
    }
    if requirements.questions.is_empty() && (requirements.criteria.is_empty() || requirements.summary.trim().is_empty()) {
        return unfit("without questions there must be a summary and at least one criterion");
    }
    Ok(requirements)
}

fn checked_plan(plan: PlanDraft) -> Result<PlanDraft, AnswerError> {
    if plan.missing.is_empty() && plan.phases.is_empty() {
        return unfit("there are no phases and nothing is missing");
    }
    let stray = plan
        .phases
        .iter()
        .flat_map(|phase| phase.tests.iter().map(move |test| (phase, test)));
    for (phase, test) in stray {
        if !phase.files.contains(test) {
            return unfit(&format!("the test {test:?} of phase {:?} is not among its files", phase.slug));
        }
    }
    Ok(plan)
}

fn checked_change(change: ChangeSet, reason: &Reason) -> Result<ChangeSet, AnswerError> {
    match (&change.cannot, change.files.is_empty()) {
        (None, true) => return unfit("there are no files, and cannot does not say why"),
        (Some(_), false) => return unfit("cannot says that it cannot be built, and yet there are files"),
        (Some(why), true) if why.trim().is_empty() => return unfit("cannot does not say why"),
        (None, false) | (Some(_), true) => {}
    }
    let mut paths = BTreeSet::new();
    if let Some(twice) = change.files.iter().find(|file| !paths.insert(&file.path)) {
        return unfit(&format!("the file {:?} is there twice", twice.path));
    }
    let known: BTreeSet<u64> = match reason {
        Reason::Review { remarks, .. } => remarks.iter().map(|remark| remark.id).collect(),
        Reason::Validation { change, .. } => change.replies.iter().map(|reply| reply.remark).collect(),
        Reason::First | Reason::Checks { .. } | Reason::Verdict { .. } | Reason::Conflict { .. } | Reason::Hint => {
            BTreeSet::new()
        }
    };
    let mut answered = BTreeSet::new();
    for reply in &change.replies {
        if !known.contains(&reply.remark) || !answered.insert(reply.remark) {
            return unfit(&format!("there is no remark {}, or it is answered twice", reply.remark));
        }
    }
    Ok(change)
}

/// A verdict that leaves a criterion out would read as good.
fn checked_verdict(verdict: Verdict, criteria: &[String]) -> Result<Verdict, AnswerError> {
    let count = |texts: &mut dyn Iterator<Item = &String>| {
        texts.fold(BTreeMap::new(), |mut counts: BTreeMap<String, usize>, text| {
            *counts.entry(text.trim().to_owned()).or_default() += 1;
            counts
        })
    };
    let asked = count(&mut criteria.iter());
    let judged = count(&mut verdict.criteria.iter().map(|judged| &judged.criterion));
    if asked != judged {
        return unfit(&format!(
            "each of the {} criteria must be judged once, in its own words; {} were",
            criteria.len(),
            asked.keys().filter(|text| judged.contains_key(*text)).count()
        ));
    }
    Ok(verdict)
}

fn unfit<T>(because: &str) -> Result<T, AnswerError> {
    Err(AnswerError::Unfit(super::text::line(because, FAULT_BYTES_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTES: &str = r#"{"headline":"h","changes":["a"]}"#;

    fn notes(text: &str) -> Result<ReleaseNotes, AnswerError> {
        parse(text)
    }

    #[test]
    fn one_fence_is_tolerated_and_nothing_else_around() {
        let good = notes(NOTES).unwrap();
        for text in [
            format!("```json\n{NOTES}\n```"),
            format!("```\n{NOTES}```"),
            format!("\u{FEFF}  {NOTES}\n"),
        ] {
            assert_eq!(notes(&text), Ok(good.clone()), "{text:?}");
        }
        for text in [
            format!("Here it is: {NOTES}"),
            format!("{NOTES} done"),
            format!("```json\n{NOTES}\n```\nbye"),
            format!("{NOTES}{NOTES}"),
        ] {
            assert_eq!(notes(&text).unwrap_err().kind(), "not_json", "{text:?}");
        }
    }

    #[test]
    fn errors_point_to_the_place() {
        let errors = [
            ("", "the answer was empty"),
            ("``` \n```", "the answer was empty"),
            (
                r#"{"headline":"h","changes":["a""#,
                "the answer ended before its JSON was complete",
            ),
            ("[]", "the answer was not one JSON object: it must be an object"),
            (
                r#"{"headline":"h","changes":[],"headline":"i"}"#,
                "the answer has the key \"headline\" twice in one object, at /headline",
            ),
            (
                r#"{"headline":"h","changes":["a\u0000b"]}"#,
                "the answer has the character U+0000, at /changes/0",
            ),
            (
                r#"{"headline":"h"}"#,
                "the answer does not fit its schema: at the answer itself: \"changes\" is a required property",
            ),
            (
                r#"{"headline":"h","changes":[1]}"#,
                "the answer does not fit its schema: at /changes/0: value is not of type \"string\"",
            ),
        ];
        for (text, sentence) in errors {
            assert_eq!(notes(text).unwrap_err().to_string(), sentence, "{text:?}");
        }
        let deep = format!("{{\"headline\":{}", "[".repeat(5_000));
        assert_eq!(notes(&deep).unwrap_err().kind(), "not_json");
        let nested = r#"{"headline":"h","changes":[{"a/b":{"c":1,"c":2}}]}"#;
        assert!(notes(nested).unwrap_err().to_string().ends_with("at /changes/0/a~1b/c"));
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let text = r#"{"summary":"s","files":[],"replies":[{"remark":-1,"text":"t"}]}"#;
        assert!(matches!(parse::<ChangeSet>(text), Err(AnswerError::Schema(_))));
        let text = r#"{"summary":"s","files":[],"replies":[{"remark":1e30,"text":"t"}]}"#;
        assert!(matches!(
            parse::<ChangeSet>(text),
            Err(AnswerError::Unfit(_) | AnswerError::Schema(_))
        ));
    }
}
