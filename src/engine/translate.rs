//! *translate*: rows of the inbox become facts and hints of ours. The only place where GitHub's words become ours.
//!
//! Invariant: a webhook never becomes more than a hint where to look: its delivery id, event name and time are not signed. The
//! one exception is a pressed button, which GitHub shows nowhere: only what the signed body says counts of it, and the
//! permission is read.

use sha2::{Digest as _, Sha256};

use super::ingest::WEBHOOK;
use super::job::{Job, Pressed, StartHint, WANTED};
use super::record::FACT;
use super::subject;
use crate::github::webhook::{Action, CheckRunEvent, Event, Payload};
use crate::store::InboxRow;
use crate::workflow::command;
use crate::workflow::fact::{Arrival, Fact, Look};
use crate::workflow::ids::Sha;

/// What a row says.
#[derive(Debug)]
pub(super) enum Said {
    /// A fact for the workflow.
    Fact(Box<Arrival>),
    /// A job to be done.
    Job(Job),
    /// Nothing for us, and why.
    Nothing(&'static str),
}

/// Reads a row. `open`: whether the subject has an open workflow.
pub(super) fn translate(subject: &str, row: &InboxRow, open: bool) -> Said {
    if row.kind == FACT {
        return match serde_json::from_slice::<Fact>(&row.body) {
            Ok(fact) => Said::Fact(Box::new(arrival(row, fact))),
            Err(_) => Said::Nothing("not a fact of this version"),
        };
    }
    if row.kind == WANTED {
        return match serde_json::from_slice(&row.body) {
            // The sweep saw that something about the issue changed: whoever works on it looks.
            Ok(Job::ReadStart {
                hint: StartHint::Seen, ..
            }) if open => Said::Fact(Box::new(arrival(row, Fact::Look(Look::Issue)))),
            Ok(job) => Said::Job(job),
            Err(_) => Said::Nothing("not a job of this version"),
        };
    }
    let Some(event) = row.kind.strip_prefix(WEBHOOK) else {
        return Said::Nothing("unknown kind");
    };
    let Ok(payload) = Payload::parse(event, &row.body) else {
        return Said::Nothing("malformed");
    };
    if matches!(
        payload,
        Payload::Installation(_) | Payload::Repositories(_) | Payload::Repository(_)
    ) {
        // Somebody installed the App or gave it another repository, where a label counts from now on; or one has another name.
        return Said::Job(Job::ListInstallations { due: row.received_at });
    }
    if let (Payload::Push(_), Some(repository)) = (&payload, subject::repository_of(subject)) {
        return Said::Job(Job::ReadConfiguration { repository });
    }
    if let Payload::CheckRun(event) = &payload
        && event.action == Action::RequestedAction
    {
        // Also after the end: the log tells that nothing came of it.
        return press(subject, row, event);
    }
    if open {
        return look(&payload).map_or(Said::Nothing("no change"), |look| {
            Said::Fact(Box::new(arrival(row, Fact::Look(look))))
        });
    }
    let Some((repository, issue)) = subject::parts(subject) else {
        return Said::Nothing("no issue");
    };
    if let Payload::Pull(event) = &payload
        && event.action == Action::Closed
        && event.about.merged
        && !event.about.reverts.is_empty()
    {
        return Said::Fact(Box::new(arrival(row, Fact::Look(Look::Revert(event.about.number)))));
    }
    match may_start(&payload, row) {
        Some(hint) => Said::Job(Job::ReadStart { repository, issue, hint }),
        None => Said::Nothing("no open workflow"),
    }
}

fn arrival(row: &InboxRow, fact: Fact) -> Arrival {
    Arrival {
        id: row.fact_id.clone(),
        seq: row.seq,
        fact,
    }
}

/// Somebody pressed a button. Nothing at GitHub keeps that, so the body itself has to be believed: it is signed. What whoever
/// pressed may do is read.
fn press(subject: &str, row: &InboxRow, event: &Event<CheckRunEvent>) -> Said {
    let Some((repository, issue)) = subject::parts(subject) else {
        return Said::Nothing("no issue");
    };
    let (Some(by), Some(button)) = (&event.sender, &event.about.button) else {
        return Said::Nothing("nobody, or no button");
    };
    let pressed = Pressed {
        by: by.clone(),
        app: event.about.app,
        run: event.about.run,
        head: event.about.head_sha.clone(),
        button: button.clone(),
        digest: hex::encode(Sha256::digest(&row.body)),
        at: row.received_at,
    };
    Said::Job(Job::ReadPress {
        repository,
        issue,
        pressed,
    })
}

/// Where a delivery tells to look.
fn look(payload: &Payload) -> Option<Look> {
    match payload {
        Payload::Issue(_) => Some(Look::Issue),
        Payload::Comment(_) => Some(Look::Issue),
        Payload::Pull(event) => changes_a_pull(event.action).then_some(Look::Pull(event.about.number)),
        Payload::Review(event) => Some(Look::Pull(event.about.number)),
        // One look when an App has finished all its checks, not one for each of them.
        Payload::CheckSuite(event) if event.action == Action::Completed => Some(Look::Head(Sha(event.about.head_sha.clone()))),
        Payload::Status(event) => Some(Look::Head(Sha(event.about.sha.clone()))),
        Payload::ReviewComment(_)
        | Payload::CheckSuite(_)
        | Payload::CheckRun(_)
        | Payload::WorkflowRun(_)
        | Payload::Push(_)
        | Payload::MergeGroup(_)
        | Payload::Repository(_)
        | Payload::Installation(_)
        | Payload::Repositories(_)
        | Payload::Ping
        | Payload::Unused => None,
    }
}

/// What a person does to a pull request; that one was opened, labelled or assigned changes nothing for us.
fn changes_a_pull(action: Action) -> bool {
    matches!(
        action,
        Action::Closed
            | Action::Reopened
            | Action::Synchronize
            | Action::Edited
            | Action::ConvertedToDraft
            | Action::ReadyForReview
    )
}

/// Why a delivery may mean that somebody starts work. Which labels do is the repository's to say: that is read later.
fn may_start(payload: &Payload, row: &InboxRow) -> Option<StartHint> {
    if let Payload::Issue(event) = payload {
        let labelled = event.about.label.clone().filter(|_| event.action == Action::Labeled);
        let reopened = (event.action == Action::Reopened).then_some(StartHint::Seen);
        return labelled.map(StartHint::Label).or(reopened);
    }
    if let Payload::Comment(event) = payload {
        let written = event.action == Action::Created && !event.about.on_pull && command::looks_like(&body_of(row));
        return written.then_some(StartHint::Seen);
    }
    None
}

/// The comment's text, only to tell whether it is worth a read.
fn body_of(row: &InboxRow) -> String {
    #[derive(serde::Deserialize)]
    struct Body {
        comment: Text,
    }
    #[derive(serde::Deserialize)]
    struct Text {
        #[serde(default)]
        body: String,
    }
    serde_json::from_slice::<Body>(&row.body)
        .map(|b| b.comment.body)
        .unwrap_or_default()
}
