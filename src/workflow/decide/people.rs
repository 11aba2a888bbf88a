//! What people do on the issue: labels, closing, comments.

use std::collections::BTreeSet;

use super::{Deciding, Note, advance, command};
use crate::workflow::command::{self as grammar, Command, Manner, Refusal};
use crate::workflow::fact::{ApiCommand, CommentView, Thread, TimelineEvent, TimelineKind};
use crate::workflow::guarded;
use crate::workflow::ids::{BlobHash, Person};
use crate::workflow::model::{Ack, Approval, Fate, Workflow};
use crate::workflow::order::Reaction;
use crate::workflow::policy;
use crate::workflow::state::{Baton, State};

/// A label, a closing, a reopening.
pub(super) fn timeline(d: &mut Deciding, event: &TimelineEvent, seq: i64) {
    if event.at < d.w.started_at || !d.w.timeline.insert(event.id.clone()) || d.w.ended.is_some() {
        return;
    }
    let ours = event.by.login == d.w.app.login;
    let labels = d.w.settings.labels.clone();
    match &event.what {
        TimelineKind::Labeled(name) if name.eq_ignore_ascii_case(&labels.trigger) => {
            d.w.issue.labelled = true;
            if event.by.writes() && !ours && d.w.paused.is_some() {
                advance::resume(d);
            }
        }
        TimelineKind::Labeled(name) if name.eq_ignore_ascii_case(&labels.auto) => {
            if event.by.writes() {
                auto_label(d, event);
            }
        }
        TimelineKind::Unlabeled(name) if name.eq_ignore_ascii_case(&labels.trigger) => {
            d.w.issue.labelled = false;
            if !ours {
                let why = format!(
                    "{} took the label `{}` off; setting it again or `/resume` goes on.",
                    event.by.login, labels.trigger
                );
                advance::pause(d, Some(event.by.clone()), &why);
            }
        }
        TimelineKind::Labeled(_) | TimelineKind::Unlabeled(_) => {}
        TimelineKind::Closed { by_pull } => closed(d, event, *by_pull, seq),
        TimelineKind::Reopened => {
            d.w.issue.open = true;
            d.w.closing = None;
            if event.by.writes() && d.w.paused.as_ref().is_some_and(|pause| pause.closed) {
                advance::resume(d);
            }
        }
    }
}

/// The auto label: before the plan is shown it waives the approval for this text, afterwards it approves what was shown.
fn auto_label(d: &mut Deciding, event: &TimelineEvent) {
    d.w.auto_for = Some(d.w.issue.hash.clone());
    if let Some(plan) = &mut d.w.plan
        && plan.approved.is_none()
        && plan.posted_at.is_some_and(|posted| posted <= event.at)
    {
        let on = plan.hash.clone();
        plan.approved = Some(Approval {
            by: Some(event.by.clone()),
            comment: None,
            on,
            at: event.at,
        });
    }
}

/// The issue was closed. Our own release closes it too, and its event may come before the merge is told: so the release
/// pull request is read before a closing counts as a cancel.
fn closed(d: &mut Deciding, event: &TimelineEvent, by_pull: Option<u64>, seq: i64) {
    d.w.issue.open = false;
    if event.by.login == d.w.app.login && by_pull.is_none() {
        return;
    }
    match by_pull {
        Some(pull) => {
            if let Some(target) = d.w.target_of_pull(pull) {
                if let Some(track) = d.w.track_mut(target) {
                    track.look = Some(seq);
                }
            } else {
                let why = format!("pull request #{pull} closed the issue; reopen it or `/resume` to go on, `/cancel` to end.");
                pause_until_reopened(d, event, &why);
            }
        }
        None if event.by.writes() => {
            d.w.closing = Some(event.by.clone());
            let target = crate::workflow::fact::Target::Release;
            if let Some(track) = d.w.track_mut(target)
                && track.pull.is_some()
                && track.merged.is_none()
            {
                track.look = Some(seq);
            }
        }
        None => {
            let why = format!(
                "{} closed the issue; a writer can reopen it or `/resume` to go on, `/cancel` to end.",
                event.by.login
            );
            pause_until_reopened(d, event, &why);
        }
    }
}

/// A pause that was there before stays: opening the issue again does not end what somebody else asked for.
fn pause_until_reopened(d: &mut Deciding, event: &TimelineEvent, why: &str) {
    if d.w.paused.is_some() {
        return;
    }
    advance::pause(d, Some(event.by.clone()), why);
    if let Some(pause) = &mut d.w.paused {
        pause.closed = true;
    }
}

/// A comment, as first seen.
pub(super) fn comment(d: &mut Deciding, view: &CommentView) {
    if view.at < d.w.started_at || view.by.login == d.w.app.login || !d.w.heard.insert(view.id) {
        return;
    }
    let parsed = grammar::parse(&view.body, d.w.settings.commands.bare);
    if d.w.ended.is_some() && parsed.commands.contains(&Command::Start) {
        return; // it begins another round, which answers it
    }
    if parsed.commands.is_empty() && parsed.refused.is_empty() {
        said(d, view);
        return;
    }
    let mut ack = Ack {
        node_id: view.node_id.clone(),
        on: view.on,
        reactions: vec![Reaction::Eyes],
        reply: None,
    };
    if view.edited {
        // What stands there now need not be what its author sent.
        ack.reactions = vec![Reaction::Confused];
        ack.reply = Some("This comment was edited, so its commands were not run. Please write them in a new comment.".to_owned());
        d.w.acks.insert(view.id, ack);
        return;
    }
    let mut replies: Vec<String> = Vec::new();
    let mut refused = false;
    let mut manner = Manner::Silence;
    let from = command::From {
        by: view.by.clone(),
        on: Some(view.on),
        comment: Some(view.id),
        at: view.at,
    };
    for command in &parsed.commands {
        match obey(d, command, &from) {
            Ok(reply) => replies.extend(reply),
            Err(refusal) => {
                refused = true;
                note_refusal(d, &view.by, Some(command), &refusal.sentence);
                manner = manner.max(refusal.manner);
                replies.extend((refusal.manner == Manner::Reply).then_some(refusal.sentence));
            }
        }
    }
    if !parsed.refused.is_empty() {
        refused = true;
        let told = policy::manner(&view.by, &context(&d.w));
        manner = manner.max(told);
        for refusal in &parsed.refused {
            note_refusal(d, &view.by, None, &refusal.sentence);
        }
        replies.extend(
            parsed
                .refused
                .into_iter()
                .filter(|_| told == Manner::Reply)
                .map(|r| r.sentence),
        );
    }
    if refused && manner == Manner::Silence {
        return;
    }
    ack.reactions.push(if refused { Reaction::Confused } else { Reaction::Up });
    ack.reply = (!replies.is_empty()).then(|| replies.join("\n\n"));
    d.w.acks.insert(view.id, ack);
}

/// A comment without a command: an answer to an open question, guidance for the next attempt, or nothing to us.
fn said(d: &mut Deciding, view: &CommentView) {
    let answers = policy::may_answer(&view.by, &d.w.issue.author, &context(&d.w)).is_ok();
    if view.on == Thread::Issue
        && !view.edited
        && answers
        && let Some(open) = d.w.questions.last()
        && open.answer.is_none()
        && open.posted_at.is_some_and(|posted| posted <= view.at)
    {
        settle_question(d, view.body.clone(), Some(&view.by));
        if !view.by.writes() {
            d.w.auto_for = None; // an answer that nobody with write gave must be seen in the plan
        }
        d.w.requirements_turn += 1;
        let ack = Ack {
            node_id: view.node_id.clone(),
            on: view.on,
            reactions: vec![Reaction::Eyes],
            reply: None,
        };
        d.w.acks.insert(view.id, ack);
        return;
    }
    if let Thread::Pull(number) = view.on
        && view.by.writes()
        && !view.by.bot
        && let Some(target) = d.w.target_of_pull(number)
        && let Some(track) = d.w.track_mut(target)
        && track.merged.is_none()
    {
        track.hints.push(view.body.clone());
        let ack = Ack {
            node_id: view.node_id.clone(),
            on: view.on,
            reactions: vec![Reaction::Eyes],
            reply: None,
        };
        d.w.acks.insert(view.id, ack);
    }
}

/// An approval whose comment was deleted before it was used is revoked.
pub(super) fn comment_gone(d: &mut Deciding, id: u64) {
    let gone = |approval: &Option<Approval>| approval.as_ref().is_some_and(|a| a.comment == Some(id));
    if matches!(d.w.baton, Baton::Whole(State::HandoffToCoder))
        && let Some(plan) = d.w.plan.as_mut().filter(|p| gone(&p.approved))
    {
        plan.approved = None;
    }
    if gone(&d.w.release_approved) && matches!(d.w.baton, Baton::Forked | Baton::Whole(State::HandoffToReleaser)) {
        d.w.release_approved = None;
    }
    d.w.rollback
        .take_if(|rollback| rollback.confirmed.is_none() && rollback.comment == Some(id));
    // One that was used stays: its change is pushed.
    let used: BTreeSet<BlobHash> = guarded::settled(&d.w).map(|(blob, _)| blob.clone()).collect();
    for (_, shown) in d.w.shown.iter_mut().filter(|(blob, _)| !used.contains(*blob)) {
        shown.approvals.retain(|approval| approval.comment != Some(id));
    }
    for target in d.w.targets() {
        if let Some(track) = d.w.track_mut(target)
            && track.merged.is_none()
            && gone(&track.approved)
        {
            track.approved = None;
        }
    }
}

/// A command through the API, by the operator.
pub(super) fn commanded(d: &mut Deciding, api: &ApiCommand) -> Result<(), String> {
    let from = command::From {
        by: Person::operator(),
        on: None,
        comment: None,
        at: api.at,
    };
    obey(d, &api.command, &from).map(|_| ()).map_err(|refusal| {
        note_refusal(d, &from.by, Some(&api.command), &refusal.sentence);
        refusal.sentence
    })
}

/// The log tells who was refused and why, whether or not that is answered.
pub(super) fn note_refusal(d: &mut Deciding, by: &Person, command: Option<&Command>, why: &str) {
    d.notes.push(Note::Refused {
        who: by.login.clone(),
        command: command.map(|command| command.name().word().to_owned()),
        why: why.to_owned(),
    });
}

/// Checks who may, then does it. `Ok` is what is to be replied, if anything.
pub(super) fn obey(d: &mut Deciding, command: &Command, from: &command::From) -> Result<Option<String>, Refusal> {
    policy::may(&from.by, command, &context(&d.w))?;
    command::apply(d, command, from).map_err(Refusal::reply)
}

/// What a judgement about a person needs to know.
pub(super) fn context(w: &Workflow) -> policy::Context<'_> {
    policy::Context {
        app: &w.app,
        bots: &w.settings.triggers.bots,
    }
}

/// The plan is overtaken: its comment will be minimised, and nothing of its approval stays.
pub(super) fn drop_plan(d: &mut Deciding) {
    if let Some(plan) = d.w.plan.take()
        && let Some(comment) = plan.comment
    {
        d.w.stale_comments.insert(comment.node_id);
    }
    d.w.plan_turn += 1;
}

/// The open question, if there is one, has its answer: its comment will be minimised.
pub(super) fn settle_question(d: &mut Deciding, answer: String, by: Option<&Person>) {
    let Some(open) = d.w.questions.last_mut().filter(|q| q.answer.is_none()) else {
        return;
    };
    open.answer = Some(answer);
    open.by = by.cloned();
    d.w.stale_comments.extend(open.comment.iter().map(|c| c.node_id.clone()));
}

/// A comment that asked somebody is gone.
pub(super) fn forget_need(d: &mut Deciding, node_id: &str) {
    d.w.needs
        .retain(|_, need| need.comment.as_ref().is_none_or(|c| c.node_id != node_id));
}

/// Whether everything that was planned is merged or left out, and something is merged.
pub(super) fn all_merged(w: &Workflow) -> bool {
    let mut merged = false;
    for phase in w.phases.values().filter(|p| !p.frozen) {
        match phase.fate {
            Fate::Merged => merged = true,
            Fate::Skipped(_) => {}
            Fate::Open | Fate::Failed | Fate::RolledBack => return false,
        }
    }
    merged
}
