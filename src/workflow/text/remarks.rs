//! What approving reviews remarked: nobody has to take it up, and nobody should lose it.

use super::markdown::{code, plain};
use super::words::{NAME_CHARS, SENTENCE_CHARS, TITLE_CHARS};
use crate::workflow::fact::{ReviewState, ReviewView};
use crate::workflow::model::{Fate, Track, Workflow};

/// A review's own text of no more words than this is a courtesy ("Looks good to me, thanks"), not a remark.
const COURTESY_WORDS: usize = 5;

/// The remarks of reviews that approved what was merged, one line each, in the order of the phases; the release's last.
pub(super) fn open(w: &Workflow) -> Vec<String> {
    let mut found = Vec::new();
    for phase in w.phases.values().filter(|p| matches!(p.fate, Fate::Open | Fate::Merged)) {
        found.extend(of_track(&phase.track, &code(&phase.plan.id, NAME_CHARS)));
    }
    found
}

/// Those of the release's own reviews.
pub(super) fn of_release(w: &Workflow) -> Vec<String> {
    of_track(&w.release, "the release")
}

fn of_track(track: &Track, name: &str) -> Vec<String> {
    let approving = |r: &&ReviewView| r.state == ReviewState::Approved && r.by.writes() && !r.by.bot;
    let mut found = Vec::new();
    for review in track.reviews.values().filter(approving) {
        let by = plain(&review.by.login, TITLE_CHARS);
        if review.body.split_whitespace().count() > COURTESY_WORDS {
            found.push(format!("{by} on {name}: {}", plain(&review.body, SENTENCE_CHARS)));
        }
        for remark in &review.remarks {
            let line = remark.line.map(|line| format!(", line {line}")).unwrap_or_default();
            let place = code(&remark.path, NAME_CHARS);
            found.push(format!(
                "{by} on {name}, {place}{line}: {}",
                plain(&remark.body, SENTENCE_CHARS)
            ));
        }
    }
    found
}
