//! Pull requests as read: whose head it is, and what was merged.
//!
//! Invariant: a head is taken for a person's only when no write of ours could have made it.

use std::time::Duration;

use super::super::outcome::clash_overtaken;
use super::super::{Deciding, advance};
use super::checks;
use crate::workflow::fact::{PullState, PullView, Target};
use crate::workflow::ids::{Person, Sha};
use crate::workflow::model::{Fate, Merged, Phase, Track, Unsettled, Workflow};
use crate::workflow::state::{self, Baton};

/// How long a read may lag behind what is known: replicas of GitHub's follow within seconds.
const LAG: Duration = Duration::from_secs(30);

/// Targets of which a read was put aside, with their heads.
pub(super) fn put_aside(w: &Workflow) -> Vec<(Target, Option<Sha>)> {
    let aside = |target: &Target| {
        w.track(*target)
            .filter(|track| track.unsettled.is_some())
            .map(|t| t.head.clone())
    };
    w.targets().into_iter().filter_map(|t| Some((t, aside(&t)?))).collect()
}

/// A write of ours told another head than the one a read was put aside with: the read may show what people pushed before it or
/// after it, so it is read again, now that nothing is under way.
pub(super) fn overtaken(d: &mut Deciding, target: Target, head: Option<&Sha>, seq: i64) {
    let Some(track) = d.w.track_mut(target) else { return };
    let other = |read: &mut Unsettled| track.head.as_ref() != head && track.head.as_ref() != Some(&read.pull.head);
    if track.unsettled.take_if(other).is_some() {
        track.look = Some(seq);
    }
}

/// A pull request as read.
pub(super) fn pull(d: &mut Deciding, view: &PullView, seq: i64) {
    let now = d.now;
    let Some(target) = target_of(&d.w, view) else { return };
    let Some(track) = d.w.track_mut(target) else { return };
    let older = track.seen.as_ref().is_some_and(|seen| seen.updated_at > view.updated_at);
    let former = track.former.contains(&view.head) && view.state == PullState::Open;
    let since = *track.lagging.get_or_insert(now);
    // A replica lags behind for a moment; what stays so is true: people have put the branch back.
    if (older || former) && now < since.plus(LAG) {
        track.look = Some(seq);
        return;
    }
    track.lagging = None;
    if former {
        track.former.remove(&view.head);
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
    // One that is not open keeps the head it had then, whatever its branch has got since.
    let kept = view.state != PullState::Open && track.former.contains(&view.head);
    if track.head.as_ref() != Some(&view.head) && !kept {
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
            clash_overtaken(track);
            advance::clear_troubles(d, |trouble| advance::is_about_writing(trouble, target));
        }
    }
    let Some(track) = d.w.track_mut(target) else { return };
    let changed = track.seen.as_ref().map(what_refuses) != Some(what_refuses(view));
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

/// What GitHub's rules look at before they let a pull request be merged.
fn what_refuses(view: &PullView) -> (&PullState, &str, &str, &Sha, &[String]) {
    (&view.state, &view.merge_state, &view.base, &view.head, &view.open_threads)
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
pub(super) fn settle(d: &mut Deciding, seq: i64) {
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
    let left = |track: &Track| track.left_open.iter().any(|left| left.number == view.number);
    let is_its = |track: &Track| {
        let same = !track.branch.is_empty() && track.branch == view.branch && track.base == view.base;
        same && track.pull.is_none() && !left(track)
    };
    w.target_of_pull(view.number)
        .or_else(|| w.targets().into_iter().find(|t| w.track(*t).is_some_and(is_its)))
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
        // Behind the end it is noted, and no baton moves.
        let open = d.w.ended.is_none();
        if let Some(route) = state::route_merged(phase.state).filter(|_| open) {
            d.move_phase(number, route, cause, person.as_ref());
        }
    }
}

/// The branch a target was merged into has a new head.
pub(in crate::workflow::decide) fn onto(d: &mut Deciding, target: Target, sha: &Sha) {
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
