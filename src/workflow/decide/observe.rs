//! *observe*: facts written into the state, whatever state it is in.

use super::{Deciding, advance, begin, configured, outcome, people, pressing};
use crate::workflow::fact::{Arrival, ChecksView, Fact, IssueView, Look, PullState, PullView, ReviewView, Target};
use crate::workflow::ids::{Person, Sha};
use crate::workflow::model::{End, Fate, IssueText, Merged, Phase, Unsettled, Workflow};
use crate::workflow::state::{self, Baton, State};

/// How often a text edited by somebody without write permission is taken in before a writer is waited for.
const FOREIGN_EDITS_MAX: u32 = 3;

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

/// Targets of which a read was put aside, with their heads.
fn put_aside(w: &Workflow) -> Vec<(Target, Option<Sha>)> {
    let aside = |target: &Target| {
        w.track(*target)
            .filter(|track| track.unsettled.is_some())
            .map(|t| t.head.clone())
    };
    w.targets().into_iter().filter_map(|t| Some((t, aside(&t)?))).collect()
}

/// A write of ours told another head than the one a read was put aside with: the read may show what people pushed before it or
/// after it, so it is read again, now that nothing is under way.
fn overtaken(d: &mut Deciding, target: Target, head: Option<&Sha>, seq: i64) {
    let Some(track) = d.w.track_mut(target) else { return };
    let other = |read: &mut Unsettled| track.head.as_ref() != head && track.head.as_ref() != Some(&read.pull.head);
    if track.unsettled.take_if(other).is_some() {
        track.look = Some(seq);
    }
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
        Fact::Heads(heads) => d.w.heads = Some(heads.clone()),
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

/// A pull request as read.
fn pull(d: &mut Deciding, view: &PullView, seq: i64) {
    let Some(target) = target_of(&d.w, view) else { return };
    let Some(track) = d.w.track_mut(target) else { return };
    let older = track.seen.as_ref().is_some_and(|seen| seen.updated_at > view.updated_at);
    let former = track.former.contains(&view.head) && view.state == PullState::Open;
    if older || former {
        // A replica that lags behind; what it will show later is still to be read.
        track.look = Some(seq);
        return;
    }
    track.unsettled = None;
    let unknown = view.state == PullState::Open && track.head.as_ref() != Some(&view.head);
    if unknown {
        look_for_merges(d, target, seq);
    }
    let under_way = unknown && moving(&d.w, target);
    let Some(track) = d.w.track_mut(target) else { return };
    if under_way {
        track.unsettled = Some(Unsettled {
            pull: view.clone(),
            checks: None,
        });
        return;
    }
    known(d, target, view, seq);
}

/// A pull request as read, while nothing of ours is under way: a head that we do not know is a person's.
fn known(d: &mut Deciding, target: Target, view: &PullView, seq: i64) {
    let now = d.now;
    let Some(track) = d.w.track_mut(target) else { return };
    if track.pull.is_none() {
        track.pull = Some(crate::workflow::fact::PullRef {
            number: view.number,
            node_id: view.node_id.clone(),
        });
    }
    track.draft = view.draft;
    if track.head.as_ref() != Some(&view.head) {
        if let Some(old) = track.head.replace(view.head.clone()) {
            track.former.insert(old);
        }
        track.head_at = Some(now);
        track.foreign.insert(view.head.clone());
        track.look = Some(seq);
        if track.turn > 0 && track.merged.is_none() {
            // What is being written was made for another head: it is written anew, on top of what the person did.
            track.change = None;
            track.turn += 1;
        }
    }
    let changed =
        track.seen.as_ref().map(|s| (&s.state, &s.merge_state, &s.base)) != Some((&view.state, &view.merge_state, &view.base));
    track.seen = Some(view.clone());
    if changed {
        // Something about it is different: what GitHub refused before may go now.
        advance::clear_troubles(d, |t| {
            t.target == Some(target) && t.until.is_none() && t.kind.clears_on_change()
        });
    }
    if let PullState::Merged { sha, by } = &view.state {
        merged(d, target, sha, by.clone());
    }
}

/// Whether something is under way that gives the target a head we cannot know yet: a write of ours, or the merge of a phase
/// that is still to be read.
fn moving(w: &Workflow, target: Target) -> bool {
    let unread = |p: &Phase| may_be_merged(p) && p.track.look.is_some();
    w.outstanding.values().any(|order| order.moves(target))
        || (target == Target::Release && w.baton == Baton::Forked && w.phases.values().any(unread))
}

/// The release's head may be the merge of a phase, made by a person or by an order that died and was withdrawn.
fn look_for_merges(d: &mut Deciding, target: Target, seq: i64) {
    if target == Target::Release && d.w.baton == Baton::Forked && !moving(&d.w, target) {
        for phase in d.w.phases.values_mut().filter(|p| may_be_merged(p)) {
            phase.track.look = Some(seq);
        }
    }
}

fn may_be_merged(phase: &Phase) -> bool {
    let open = !phase.frozen && matches!(phase.fate, Fate::Open | Fate::Failed);
    open && phase.track.pull.is_some() && phase.track.merged.is_none()
}

/// Takes in what was read while our own writes were under way: now it shows whose head it was.
fn settle(d: &mut Deciding, seq: i64) {
    for target in d.w.targets() {
        if moving(&d.w, target) {
            continue;
        }
        if let Some(read) = d.w.track_mut(target).and_then(|track| track.unsettled.take()) {
            known(d, target, &read.pull, seq);
            read.checks.iter().for_each(|view| checks(d, view));
        }
    }
}

/// The target of a pull request: by its number, else by its branch (our reply may have been lost).
fn target_of(w: &Workflow, view: &PullView) -> Option<Target> {
    w.target_of_pull(view.number).or_else(|| {
        w.targets().into_iter().find(|t| {
            w.track(*t)
                .is_some_and(|t| t.pull.is_none() && !t.branch.is_empty() && t.branch == view.branch && t.base == view.base)
        })
    })
}

/// A pull request turned out to be merged.
fn merged(d: &mut Deciding, target: Target, sha: &crate::workflow::ids::Sha, by: Option<Person>) {
    let ours = by.as_ref().is_none_or(|p| p.login == d.w.app.login);
    let now = d.now;
    let Some(track) = d.w.track_mut(target) else { return };
    if track.merged.is_some() {
        return;
    }
    let person = by.filter(|_| !ours);
    track.merged = Some(Merged {
        sha: sha.clone(),
        by: person.clone(),
        at: now,
    });
    track.change = None;
    onto(d, target, sha);
    if let Target::Phase(number) = target {
        let Some(phase) = d.w.phases.get_mut(&number) else { return };
        phase.fate = Fate::Merged;
        phase.frozen = false;
        let cause = if person.is_some() { "merged by a person" } else { "merged" };
        if let Some(route) = state::route_merged(phase.state) {
            d.move_phase(number, route, cause, person.as_ref());
        }
    }
}

/// The branch a target was merged into has a new head.
pub(super) fn onto(d: &mut Deciding, target: Target, sha: &crate::workflow::ids::Sha) {
    let onto_default = target == Target::Release || d.w.is_direct();
    if let Some(heads) = &mut d.w.heads {
        if onto_default {
            heads.default = sha.clone()
        } else {
            heads.integration = Some(sha.clone())
        }
    }
    if !onto_default {
        advance::integrated(d, sha);
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
}
