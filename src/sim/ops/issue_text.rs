//! What issues and pull requests share: a title, a body, references, and whom to tell.
//!
//! Invariant: an edit that changes nothing is no edit.

use std::collections::BTreeSet;

use crate::clock::Millis;
use crate::sim::deliver::emit;
use crate::sim::ops::{Actor, Outcome, Refusal, issue, issue_mut, pulls, record, text};
use crate::sim::world::event::{IssuesAction, PullAction, TextChanges};
use crate::sim::world::{Edit, EventKind, Issue, IssueId, IssueState, RepoId, TimelineKind, World};

/// An issue without anything yet.
pub(super) fn blank(id: IssueId, number: u64, title: String, body: Option<String>, (actor, now): (&Actor, Millis)) -> Issue {
    Issue {
        id,
        number,
        title,
        body,
        author: actor.user(),
        via_app: actor.app(),
        state: IssueState::Open,
        state_reason: None,
        closed_by: None,
        closed_at: None,
        labels: BTreeSet::new(),
        assignees: BTreeSet::new(),
        locked: false,
        lock_reason: None,
        reactions: Vec::new(),
        timeline: Vec::new(),
        last_edited_at: None,
        editor: None,
        edits: Vec::new(),
        created_at: now,
        updated_at: now,
        pull: None,
    }
}

/// Changes title and body, as far as they are others than before.
pub(super) fn edit_text(
    world: &mut World,
    actor: &Actor,
    at: (RepoId, u64),
    title: Option<String>,
    body: Option<String>,
) -> Outcome<()> {
    refuse_long(body.as_deref(), "Issue")?;
    let now = world.now();
    let found = issue_mut(world, at.0, at.1)?;
    let mut changes = TextChanges::default();
    if let Some(title) = title.filter(|title| *title != found.title) {
        changes.title = Some(std::mem::replace(&mut found.title, title));
    }
    let body = body.map(|body| Some(body).filter(|body| !body.is_empty()));
    if let Some(body) = body.filter(|body| *body != found.body) {
        let before = std::mem::replace(&mut found.body, body);
        found.last_edited_at = Some(now);
        found.editor = Some(actor.user());
        found.edits.push(Edit {
            at: now,
            editor: actor.user(),
            before: before.clone(),
        });
        changes.body = Some(before.unwrap_or_default());
    }
    if changes == TextChanges::default() {
        return Ok(());
    }
    found.updated_at = now;
    let to = found.title.clone();
    if let Some(from) = changes.title.clone() {
        record(world, actor, at, TimelineKind::Renamed { from, to });
    }
    if changes.body.is_some() {
        cross_reference(world, actor, at);
    }
    let edited = IssuesAction::Edited {
        changes: changes.clone(),
    };
    tell(world, actor, at, edited, PullAction::Edited { changes, base: None });
    Ok(())
}

/// Notes in the timelines of others that this one's body names them.
pub(super) fn cross_reference(world: &mut World, actor: &Actor, at: (RepoId, u64)) {
    let Ok(found) = issue(world, at.0, at.1) else { return };
    let (body, is_pull) = (found.body.clone().unwrap_or_default(), found.pull.is_some());
    let closing = if is_pull {
        text::closes(&body, &world.full_name(at.0))
    } else {
        Vec::new()
    };
    refer(world, actor, at, &body, &closing);
}

/// Notes in the timelines of those that a text names that it does, once for each source.
pub(super) fn refer(world: &mut World, actor: &Actor, (repo, number): (RepoId, u64), words: &str, closing: &[u64]) {
    for other in text::mentions(words, &world.full_name(repo)) {
        let closes = closing.contains(&other);
        let named =
            |kind: &TimelineKind| matches!(kind, TimelineKind::CrossReferenced { number: source, .. } if *source == number);
        let fresh = issue(world, repo, other).is_ok_and(|other| !other.timeline.iter().any(|event| named(&event.kind)));
        if fresh && other != number {
            record(
                world,
                actor,
                (repo, other),
                TimelineKind::CrossReferenced {
                    source: repo,
                    number,
                    closes,
                },
            );
        }
    }
}

/// Sends `issues` or `pull_request`, whichever it is.
pub(super) fn tell(world: &mut World, actor: &Actor, (repo, number): (RepoId, u64), as_issue: IssuesAction, as_pull: PullAction) {
    let Ok(found) = issue(world, repo, number) else { return };
    let kind = if found.pull.is_some() {
        pulls::start_ci(world, actor, (repo, number), as_pull.name());
        EventKind::PullRequest { action: as_pull, number }
    } else {
        EventKind::Issues {
            action: as_issue,
            number,
        }
    };
    emit(world, repo, actor.user(), kind);
}

/// Refuses a body beyond GitHub's limit.
pub(super) fn refuse_long(body: Option<&str>, resource: &'static str) -> Outcome<()> {
    if text::fits(body.unwrap_or_default()) {
        Ok(())
    } else {
        Err(Refusal::custom(resource, "body is too long (maximum is 65536 characters)"))
    }
}
