//! Names of branches: `<prefix><issue>-<slug>/base` and `<prefix><issue>-<slug>/<nn>-<phase>`.
//!
//! The integration branch is `/base`, not the folder's own name: a ref cannot be both a file and a folder.

use crate::workflow::model::Workflow;

/// GitHub takes about 255 bytes; people read far fewer.
const BRANCH_CHARS_MAX: usize = 100;

/// A slug longer than this tells nobody more.
const SLUG_CHARS_MAX: usize = 40;

/// What is left of a prefix: the rest of a name needs the other characters.
const PREFIX_CHARS_MAX: usize = 40;

/// The issue's part of branch names: lower-case ASCII letters, digits and dashes; `issue` if the title has none.
#[must_use]
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG_CHARS_MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.chars().any(|c| c.is_ascii_alphabetic()) {
        slug.to_owned()
    } else {
        "issue".to_owned()
    }
}

/// The integration branch.
#[must_use]
pub fn integration(w: &Workflow) -> String {
    within(w, "base")
}

/// The branch of a phase's `run`-th start.
#[must_use]
pub fn phase(w: &Workflow, id: &str, run: u32) -> String {
    if run <= 1 {
        within(w, id)
    } else {
        within(w, &format!("{id}.{run}"))
    }
}

/// The branch of the `nth` commit that is taken back after the release, begun for the `run`-th time.
#[must_use]
pub fn revert(w: &Workflow, nth: usize, run: u32) -> String {
    phase(w, &format!("revert-{nth}"), run)
}

/// What all names begin with.
#[must_use]
pub fn prefix(w: &Workflow) -> String {
    cleaned(&w.settings.branches.prefix)
}

/// `branches.prefix` without what git refuses in a branch's name (git-check-ref-format(1)), what is not ASCII and what a
/// shell reads as something else. An ordinary prefix stays as it is.
#[must_use]
pub fn cleaned(prefix: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "/._-+@=".contains(*c);
    let mut kept: String = prefix.chars().filter(allowed).take(PREFIX_CHARS_MAX).collect();
    while kept.contains("..") {
        kept = kept.replace("..", ".");
    }
    let mut parts: Vec<&str> = kept.split('/').map(|part| part.trim_start_matches(['.', '-'])).collect();
    // The last part goes on with the issue's number, so that only those before it are names of folders.
    let last = parts.pop().unwrap_or_default();
    let mut prefix = String::new();
    for part in parts {
        let mut part = part.trim_end_matches('.');
        while let Some(bare) = part.strip_suffix(".lock") {
            part = bare.trim_end_matches('.');
        }
        if !part.is_empty() {
            prefix.push_str(part);
            prefix.push('/');
        }
    }
    prefix + last
}

/// The folder is cut, never the part behind it, so that two phases never share a name.
fn within(w: &Workflow, last: &str) -> String {
    let round = if w.round > 1 {
        format!("-r{}", w.round)
    } else {
        String::new()
    };
    let head = format!("{}{}-", prefix(w), w.issue.number);
    let room = BRANCH_CHARS_MAX.saturating_sub(head.len() + round.len() + 1 + last.len());
    let slug = w.slug.get(..room.min(w.slug.len())).unwrap_or_default().trim_end_matches('-');
    let slug = if slug.is_empty() { "i" } else { slug };
    format!("{head}{slug}{round}/{last}")
}
