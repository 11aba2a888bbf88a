//! *observe*: facts written into the state, whatever state it is in.

mod pull;

pub(super) use self::pull::onto;

use self::pull::{overtaken, pull, put_aside, settle};
use super::{Deciding, advance, begin, configured, outcome, people, pressing};
use crate::workflow::fact::{Arrival, ChecksView, CommentView, Fact, IssueView, Look, ReviewState, ReviewView, Target, Thread};
use crate::workflow::ids::{Person, Sha};
use crate::workflow::model::{End, IssueText};
use crate::workflow::order::Order;
use crate::workflow::state::{Baton, State};

/// How often a text edited by somebody without write permission is taken in before a writer is waited for.
const FOREIGN_EDITS_MAX: u32 = 3;

/// Set in the number of a review that is heard as a comment: GitHub numbers the two apart.
const REVIEW: u64 = 1 << 62;

/// Writes a fact into the state.
///
/// # Errors
/// The sentence for whoever gave a command that is refused.
pub(super) fn observe(d: &mut Deciding, arrival: &Arrival) -> Result<(), String> {
    let before: Vec<(Target, Option<Sha>)> = put_aside(&d.w);
    let observed = fact(d, arrival);
    for (target, head) in before {
        overtaken(d, target, head.as_ref(), arrival.seq);
    }
    settle(d, arrival.seq);
    observed
}

fn fact(d: &mut Deciding, arrival: &Arrival) -> Result<(), String> {
    match &arrival.fact {
        Fact::Started(_) => {} // a workflow is there: the start was answered by it
        Fact::Look(look) => hint(d, look, arrival.seq),
        Fact::Issue(view) => issue(d, view),
        Fact::Timeline(event) => people::timeline(d, event, arrival.seq),
        Fact::Comment(view) => people::comment(d, view),
        Fact::CommentGone { id } => people::comment_gone(d, *id),
        Fact::Pull(view) => pull(d, view, arrival.seq),
        Fact::Checks(view) => checks(d, view),
        Fact::Review(view) => review(d, view),
        Fact::Heads(heads) => {
            let known = d.w.heads.clone();
            d.w.restoring &= heads.gone;
            if known
                .as_ref()
                .is_some_and(|known| known.default != heads.default || known.gone != heads.gone)
            {
                advance::clear_troubles(d, |t| matches!(t.order, Order::CreateBase { .. }));
            }
            if known.is_some_and(|known| known.integration != heads.integration) {
                let about = |order: &Order| matches!(order, Order::UpdateBranch { target, .. } if *target == Target::Release);
                advance::clear_troubles(d, |t| about(&t.order));
            }
            d.w.heads = Some(heads.clone());
        }
        Fact::Configured(configuration) => configured::read(d, configuration),
        Fact::Pressed(press) => return pressing::pressed(d, press),
        Fact::Commanded(command) => return people::commanded(d, command),
        Fact::Done(done) => outcome::done(d, done, arrival.seq),
        Fact::Broken { why } => advance::pause(
            d,
            None,
            &format!("{why}. Please report it with this workflow's log; `/resume` tries again."),
        ),
        Fact::Delayed(delayed) => {
            if d.w.outstanding.contains_key(&delayed.key) {
                d.w.delays.insert(delayed.key.clone(), delayed.clone());
            }
        }
    }
    Ok(())
}

/// A hint is remembered by its place in the inbox; a read that began later answers it.
fn hint(d: &mut Deciding, look: &Look, seq: i64) {
    let target = match look {
        Look::Issue => None,
        Look::Pull(number) => d.w.target_of_pull(*number),
        Look::Revert(number) => {
            if d.w.ended == Some(End::Complete) {
                d.w.revert = Some(*number);
            }
            return;
        }
        Look::Head(sha) => {
            d.w.targets()
                .into_iter()
                .find(|t| d.w.track(*t).and_then(|t| t.head.as_ref()) == Some(sha))
        }
    };
    match (target, look) {
        (Some(target), _) => {
            if let Some(track) = d.w.track_mut(target) {
                track.look = Some(seq);
            }
        }
        // A head we do not know yet: the read that follows our own push will see its checks.
        (None, Look::Head(_) | Look::Revert(_)) => {}
        (None, Look::Issue | Look::Pull(_)) => d.w.look = Some(seq),
    }
}

/// The issue as read: labels, assignees, and the text if it was edited.
fn issue(d: &mut Deciding, view: &IssueView) {
    let trigger = d.w.settings.labels.trigger.clone();
    d.w.issue.open = view.open;
    d.w.issue.labelled = view.labels.iter().any(|l| l.eq_ignore_ascii_case(&trigger));
    d.w.issue.assignees.clone_from(&view.assignees);
    d.w.issue.closing_pulls.clone_from(&view.closing_pulls);
    let hash = begin::text_hash(&view.title, &view.body);
    if hash == d.w.issue.seen_hash {
        return;
    }
    d.w.issue.seen_hash.clone_from(&hash);
    d.w.issue.newer = None;
    if hash == d.w.issue.hash {
        return; // an edit that was not taken in was undone
    }
    let before_fork = matches!(
        d.w.baton,
        Baton::Whole(State::Discovery | State::Planning | State::HandoffToCoder)
    );
    if before_fork && d.w.ended.is_none() && may_edit(d, view) {
        take_in(d, view.title.clone(), view.body.clone(), view.editor.as_ref());
    } else {
        d.w.issue.newer = Some(IssueText {
            title: view.title.clone(),
            body: view.body.clone(),
        });
    }
}

/// Whether an edit before coding began is taken in by itself; a writer's carries the waiver of the plan's approval over.
fn may_edit(d: &mut Deciding, view: &IssueView) -> bool {
    let by_writer = view.editor.as_ref().is_some_and(|p| p.writes() || p.id == d.w.requester.id);
    if by_writer {
        d.w.auto_for = d.w.auto_for.take().map(|_| begin::text_hash(&view.title, &view.body));
        return true;
    }
    // Beyond that the snapshot stays; the status comment says so, and how a writer takes the text in.
    let few = d.w.issue.edits < FOREIGN_EDITS_MAX;
    d.w.issue.edits += u32::from(few);
    few
}

/// A new snapshot of the text: requirements and plan are made anew, and what was asked about the old one is settled.
pub(super) fn take_in(d: &mut Deciding, title: String, body: String, editor: Option<&Person>) {
    d.w.issue.hash = begin::text_hash(&title, &body);
    d.w.issue.title = title;
    d.w.issue.body = body;
    d.w.issue.newer = None;
    d.w.requirements = None;
    d.w.requirements_turn += 1;
    people::settle_question(d, String::new(), editor);
    people::drop_plan(d);
    if let Baton::Whole(from @ (State::Planning | State::HandoffToCoder)) = d.w.baton {
        let cause = if from == State::Planning {
            "the issue was edited"
        } else {
            "the issue was edited before coding began"
        };
        d.move_workflow(&[State::Discovery], cause, editor);
    }
}

/// The checks of a commit as read.
fn checks(d: &mut Deciding, view: &ChecksView) {
    for target in d.w.targets() {
        let Some(track) = d.w.track_mut(target) else { continue };
        if let Some(read) = track.unsettled.as_mut().filter(|read| read.pull.head == view.head) {
            read.checks = Some(view.clone());
        }
        if track.head.as_ref() == Some(&view.head) {
            track.checks = Some(view.clone());
        }
    }
}

/// A review as read.
fn review(d: &mut Deciding, view: &ReviewView) {
    let Some(target) = d.w.target_of_pull(view.pull) else { return };
    if view.by.login == d.w.app.login {
        return;
    }
    if let Some(track) = d.w.track_mut(target) {
        track.reviews.insert(view.id, view.clone());
    }
    // A review that says nothing but a text is a comment by another name.
    if view.state == ReviewState::Commented && view.remarks.is_empty() && !view.body.trim().is_empty() {
        let comment = CommentView {
            id: view.id | REVIEW,
            node_id: view.node_id.clone(),
            on: Thread::Pull(view.pull),
            by: view.by.clone(),
            body: view.body.clone(),
            at: view.at,
            edited: view.edited,
        };
        people::comment(d, &comment);
    }
}
