//! What holds in a repository, as a part of the plan comment and for whoever asks.

use super::markdown::{code, in_table, sentence};
use crate::workflow::repo_config::{FILE, Note, Refusal, Row};

/// Characters of a value; a long list is cut.
const VALUE_CHARS: usize = 120;
/// Characters of a note: its key and two values.
const NOTE_CHARS: usize = 400;
/// Characters of a refusal, which may list all keys.
const REFUSAL_CHARS: usize = 700;

/// Why the repository's file is not used, in one line: for the status comment and the check run on the head that brought it.
#[must_use]
pub fn refused(refusal: &Refusal) -> String {
    format!("{}: {}", place(refusal), sentence(&refusal.sentence, REFUSAL_CHARS))
}

/// The same for a page of its own: what holds now, and where help is.
#[must_use]
pub fn refused_at_length(refusal: &Refusal) -> String {
    format!(
        "{}\n\nUntil it is mended, what was set before holds for work that has begun; new work waits. `millhand validate FILE` tells the same before a push.",
        refused(refusal)
    )
}

/// Where the file is not understood.
#[must_use]
pub fn place(refusal: &Refusal) -> String {
    format!("`{FILE}`, line {}, column {}", refusal.place.line, refusal.place.column)
}

/// The settings that somebody set, as a table with who did, and what was held back. Empty if nobody set anything: then the
/// built-in ones hold, and there is nothing to say.
#[must_use]
pub fn effective(rows: &[Row], held: &[Note]) -> String {
    let rows: Vec<String> = rows.iter().filter(|row| row.is_told()).map(line).collect();
    let mut out = String::new();
    if !rows.is_empty() {
        out.push_str("| Setting | Value | Set by |\n|---|---|---|\n");
        out.push_str(&rows.join("\n"));
    }
    let notes: Vec<String> = held
        .iter()
        .map(|note| format!("- {}", sentence(&note.sentence, NOTE_CHARS)))
        .collect();
    if !notes.is_empty() {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&notes.join("\n"));
    }
    out
}

fn line(row: &Row) -> String {
    let value = in_table(&code(&row.told(), VALUE_CHARS));
    format!("| `{}` | {value} | {} |", row.key, row.origin.words())
}
