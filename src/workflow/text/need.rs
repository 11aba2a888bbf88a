//! The short comment that asks one person, each time one is needed.

use super::words::{Doc, provenance, typed, wait_sentence};
use crate::workflow::model::Workflow;
use crate::workflow::waits::{WaitKind, Waiting, What};

/// Characters of a GitHub login; those of managed users carry a short name behind an underscore.
const LOGIN_CHARS_MAX: usize = 64;

/// The comment. It mentions exactly one person: [`mention`].
#[must_use]
pub fn comment(w: &Workflow, wait: &Waiting) -> String {
    let mut doc = Doc::default();
    let sentence = wait_sentence(w, wait);
    let login = mention(w, wait);
    if login.is_empty() {
        doc.add(sentence);
    } else {
        doc.add(format!("@{login} {sentence}"));
    }
    if wait.what == What::ReleaseApproval
        && let Some(hash) = wait.hash.as_ref().and_then(|h| h.get(..8))
        && let Some(command) = &wait.command
    {
        doc.add(format!(
            "The commit in question is `{hash}`; {} approves that one and no other.",
            typed(w, &format!("{command} {hash}"))
        ));
    }
    doc.add(format!(
        "{} This comment is folded away once the question is settled.",
        provenance(w)
    ));
    doc.finish()
}

/// The login that the comment mentions: whoever is waited for if that is one person, else whoever asked for the work, else
/// the issue's author. Empty only if none of them is a login.
#[must_use]
pub fn mention(w: &Workflow, wait: &Waiting) -> String {
    let personal = wait.kind == WaitKind::Person || wait.what == What::Budget;
    let asked = (personal && wait.who != "operator").then_some(wait.who.as_str());
    [asked, requester(w), Some(w.issue.author.login.as_str())]
        .into_iter()
        .flatten()
        .find(|name| is_login(name))
        .unwrap_or_default()
        .to_owned()
}

/// The login of whoever asked for the work. The operator acts through the API: his name stands for nobody on GitHub.
#[must_use]
pub fn requester(w: &Workflow) -> Option<&str> {
    (w.requester.id != 0).then_some(w.requester.login.as_str())
}

/// Whether a name could be a login: "a writer" and "alice or bob" are none.
fn is_login(name: &str) -> bool {
    let bare = name.strip_suffix("[bot]").unwrap_or(name);
    !bare.is_empty() && bare.len() <= LOGIN_CHARS_MAX && bare.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
