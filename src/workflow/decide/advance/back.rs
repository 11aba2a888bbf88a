//! Ways back: giving up, planning again, starting a phase afresh.
//!
//! Invariant: what was merged stays merged.

use super::super::people::drop_plan;
use super::super::{Deciding, Note, track};
use crate::workflow::fact::Target;
use crate::workflow::ids::{Person, PhaseNumber, Sha};
use crate::workflow::model::{Fate, Track, Workflow};
use crate::workflow::state::{self, Baton, State};
use crate::workflow::text::branch;

/// A phase, or the release, that nothing moves but a person.
pub(in crate::workflow::decide) fn give_up(d: &mut Deciding, target: Target) {
    if let Some(track) = d.w.track_mut(target) {
        track.gave_up = true;
    }
    if let Target::Phase(number) = target
        && let Some(phase) = d.w.phases.get_mut(&number)
    {
        phase.fate = Fate::Failed;
    }
}

/// Back to planning: from the release's baton, or out of a phase, whose baton becomes the workflow's; the other phases that
/// are not merged freeze. Without a target it is the least advanced phase that is not merged, of equals the lowest number.
pub(in crate::workflow::decide) fn back_to_planning(d: &mut Deciding, target: Option<Target>, cause: &str, by: Option<&Person>) {
    match d.w.baton {
        Baton::Whole(from) => {
            if let Some(route) = state::route_to_planning(from)
                && d.move_workflow(route, cause, by)
            {
                drop_plan(d);
            }
        }
        Baton::Forked => {
            let chosen = target.and_then(Target::phase).or_else(|| least_advanced(&d.w));
            let Some(number) = chosen else { return };
            let Some(route) = d.w.phases.get(&number).and_then(|p| state::route_to_planning(p.state)) else {
                return;
            };
            if !d.move_phase(number, route, cause, by) {
                return;
            }
            d.w.baton = Baton::Whole(State::Planning);
            d.notes.push(Note::Joined);
            freeze(d, number);
            drop_plan(d);
        }
    }
}

/// A phase begins anew, on a new branch; its pull request is left as it is, or closed if it is open.
pub(in crate::workflow::decide) fn afresh(d: &mut Deciding, number: PhaseNumber, cause: &str, by: Option<&Person>) {
    let Some(phase) = d.w.phases.get(&number) else { return };
    if let Some(route) = state::route_afresh(phase.state) {
        d.move_phase(number, route, cause, by);
    }
    let base = track::base_head(&d.w);
    let (now, name) = (
        d.now,
        d.w.phases.get(&number).map(|p| branch::phase(&d.w, &p.plan.id, p.run + 1)),
    );
    let Some(phase) = d.w.phases.get_mut(&number) else { return };
    let begun = phase.state == State::Implementation;
    let left_open = phase.track.to_be_left();
    let old = std::mem::take(&mut phase.track);
    if old.merged.is_some() {
        d.w.cleanup.former.extend(old.of_ours_only());
    }
    phase.run += 1;
    phase.fate = Fate::Open;
    phase.track = Track {
        branch: name.unwrap_or_default(),
        base: old.base,
        from: base.filter(|_| begun),
        started_at: begun.then_some(now),
        turn: old.turn + 1,
        draft: true,
        hints: old.hints,
        held: old.held,
        requests: old.requests,
        left_open,
        ..Track::default()
    };
}

/// Phases were merged into the integration branch: it is the release pull request's head now.
pub(in crate::workflow::decide) fn integrated(d: &mut Deciding, sha: &Sha) {
    let now = d.now;
    if d.w.is_direct() {
        return;
    }
    let release = &mut d.w.release;
    if let Some(old) = release.head.replace(sha.clone())
        && old != *sha
    {
        release.former.insert(old);
    }
    release.head_at = Some(now);
}

fn least_advanced(w: &Workflow) -> Option<PhaseNumber> {
    w.phases
        .iter()
        .filter(|(_, p)| !p.frozen && matches!(p.fate, Fate::Open | Fate::Failed | Fate::RolledBack))
        .min_by_key(|(n, p)| (p.state, **n))
        .map(|(n, _)| *n)
}

/// The phases that are not merged stay where they are until there is a new plan. The one that joined early begins anew.
fn freeze(d: &mut Deciding, joined: PhaseNumber) {
    let mut frozen = Vec::new();
    for (number, phase) in &mut d.w.phases {
        if phase.frozen || phase.fate == Fate::Merged {
            continue;
        }
        phase.frozen = true;
        if *number == joined {
            if phase.track.merged.is_some() {
                d.w.cleanup.former.extend(phase.track.of_ours_only());
            }
            phase.state = State::HandoffToCoder;
            phase.run += 1;
            if phase.fate == Fate::Failed {
                phase.fate = Fate::Open;
            }
            phase.track = Track {
                base: phase.track.base.clone(),
                requests: phase.track.requests,
                left_open: phase.track.to_be_left(),
                ..Track::default()
            };
        }
        frozen.push(*number);
    }
    d.notes.extend(frozen.into_iter().map(|phase| Note::Frozen { phase }));
}
