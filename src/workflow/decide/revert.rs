//! Taking back what stands on the default branch: a pull request for each commit, newest first, one at a time. After the
//! release the work ends with it; in a direct delivery that is not complete it goes on as was asked for.
//!
//! Invariant: Millhand merges none of them; a person does.

use super::{Deciding, Note, advance, configured, track};
use crate::workflow::answer::{CriterionVerdict, Verdict};
use crate::workflow::fact::Target;
use crate::workflow::ids::{Person, Sha};
use crate::workflow::model::{End, Fate, Phase, Revert, Reverts, Rollback, Scope, Track, Workflow};
use crate::workflow::reviews;
use crate::workflow::state::{self, Baton, State};
use crate::workflow::text::branch;

/// What a confirmed rollback takes back from the default branch, newest first.
pub(super) fn list(w: &Workflow, rollback: &Rollback) -> Vec<Revert> {
    let revert = |of, track: &Track| {
        Some(Revert {
            of,
            commit: track.merged.as_ref()?.sha.clone(),
            done: false,
        })
    };
    if rollback.scope == Scope::All && !w.is_direct() {
        return revert(Target::Release, &w.release).into_iter().collect();
    }
    let phases = rollback.phases.iter().filter_map(|n| w.phases.get(n));
    let mut merged: Vec<&Phase> = phases.filter(|p| p.fate == Fate::Merged).collect();
    merged.sort_by_key(|p| std::cmp::Reverse((p.track.merged.as_ref().map(|m| m.at), p.plan.number)));
    merged
        .into_iter()
        .filter_map(|p| revert(Target::Phase(p.plan.number), &p.track))
        .collect()
}

/// It was confirmed: 28, or before the end of a direct delivery the join and 9; and the first is begun. The default branch may
/// have moved since, so it is read first.
pub(super) fn begin(d: &mut Deciding, by: &Person) {
    let Some(rollback) = d.w.rollback.take() else { return };
    let list = list(&d.w, &rollback);
    let early = d.w.ended.is_none();
    if list.is_empty() || !to_deployment(d, early, by) {
        return;
    }
    d.w.ended = None;
    d.w.cleanup.branches = false;
    d.w.look = Some(d.seq);
    let released = std::mem::take(&mut d.w.release);
    // What an earlier rollback took back stays in the list: it counts for the names of branches.
    let reverts = d.w.reverts.get_or_insert_with(|| {
        Box::new(Reverts {
            by: by.clone(),
            list: Vec::new(),
            run: 1,
            released: Track::default(),
            merged: Vec::new(),
            early: None,
        })
    });
    reverts.by = by.clone();
    reverts.list.extend(list);
    reverts.released = released;
    reverts.early = early.then_some(rollback);
    d.w.release = fresh(&d.w);
}

/// The workflow's own baton works on the reverts. The phases' wait meanwhile where they lie.
fn to_deployment(d: &mut Deciding, early: bool, by: &Person) -> bool {
    if !early {
        return d.move_workflow(&[State::Deployment], "rollback after the release", Some(by));
    }
    if !matches!(d.w.baton, Baton::Whole(State::HandoffToReleaser | State::Deployment)) {
        d.w.baton = Baton::Whole(State::HandoffToReleaser);
        d.notes.push(Note::Joined);
    }
    d.w.baton == Baton::Whole(State::Deployment) || d.move_workflow(&[State::Deployment], "rollback of what is merged", Some(by))
}

/// One step of a rollback after the release.
pub(super) fn once(d: &mut Deciding) -> bool {
    if d.w.release.merged.is_some() {
        return taken_back(d);
    }
    if let Some(by) = d.w.closing.take() {
        d.w.ended = Some(End::Cancelled);
        d.w.paused = None;
        d.w.remarks.push(format!("cancelled: {} closed the issue", by.login));
        return true;
    }
    if d.w.paused.is_some() {
        return false;
    }
    if configured::take_in(d) {
        return true;
    }
    if d.w.release.from.is_none() {
        return based(d);
    }
    let Some(head) = d.w.release.head.clone().filter(|_| d.w.release.pull.is_some()) else {
        return false;
    };
    let to_be_checked = d.w.release.green.as_ref() != Some(&head);
    match d.w.baton {
        Baton::Whole(from @ (State::Verification | State::HandoffToReleaser | State::Deployment)) if to_be_checked => {
            let route = state::route_to_testing(from).unwrap_or(&[]);
            d.move_workflow(route, "the revert's checks", None)
        }
        Baton::Whole(State::Verification) => proven(d) || track::once(d, Target::Release),
        Baton::Whole(State::HandoffToReleaser) => track::once(d, Target::Release) || gate(d),
        Baton::Whole(_) => track::once(d, Target::Release),
        Baton::Forked => false,
    }
}

/// The pull request was closed by a person and is wanted all the same: another branch.
pub(super) fn afresh(d: &mut Deciding) {
    if let Some(reverts) = &mut d.w.reverts {
        reverts.run += 1;
    }
    let left_open = d.w.release.to_be_left();
    d.w.release = Track {
        left_open,
        ..fresh(&d.w)
    };
    if d.w.baton == Baton::Whole(State::Implementation) {
        // What was being mended is not there any more.
        d.move_workflow(&[State::HandoffToTester], "the revert is begun afresh", None);
    }
    d.w.look = Some(d.seq);
}

/// It could not be made and is tried again, on the default branch as it is then.
pub(super) fn again(d: &mut Deciding) {
    d.w.release.from = None;
    d.w.look = Some(d.seq);
}

/// The default branch was read: the commit that the revert is made on is recorded, and stays.
fn based(d: &mut Deciding) -> bool {
    let read = d.w.look.is_none();
    d.w.release.from = d.w.heads.as_ref().filter(|_| read).map(|heads| heads.default.clone());
    d.w.release.from.is_some()
}

/// There was nothing left of it on the default branch: somebody was faster.
pub(super) fn nothing_left(d: &mut Deciding) {
    d.w.remarks
        .push("nothing was left to take back of one of the commits".to_owned());
    on(d, None);
}

/// The change is the exact reverse of a commit, made without a model: that is its verdict. What people or the writer put on
/// top is for whoever merges it.
fn proven(d: &mut Deciding) -> bool {
    let Some(revert) = d.w.reverting().cloned() else {
        return false;
    };
    let track = &mut d.w.release;
    let known = track.verdict.as_ref().map(|(of, _)| of) == track.head.as_ref();
    let Some(head) = track.head.clone().filter(|_| !known) else {
        return false;
    };
    let more = if track.turn == 0 && track.foreign.is_empty() {
        ""
    } else {
        " Other commits were put on top of it since; whoever merges it judges them."
    };
    let verdict = Verdict {
        criteria: vec![CriterionVerdict {
            criterion: format!(
                "It takes back what commit {} brought, and nothing else.",
                revert.commit.short()
            ),
            met: true,
            evidence: format!("Made by a three-way merge of each file the commit touched.{more}"),
        }],
        findings: Vec::new(),
        summary: "It is the reverse of the commit.".to_owned(),
    };
    track.verdict = Some((head, verdict));
    true
}

/// 9: from here on only a person moves it.
fn gate(d: &mut Deciding) -> bool {
    let free = d.w.held_by(Target::Release).is_none() && reviews::blocking(&d.w, Target::Release).is_empty();
    free && track::green(d, Target::Release) && d.move_workflow(&[State::Deployment], "for a person to merge", None)
}

/// A person merged it.
fn taken_back(d: &mut Deciding) -> bool {
    let by = d.w.release.merged.as_ref().and_then(|merged| merged.by.clone());
    on(d, by.as_ref());
    true
}

/// On to the next; after the last, 10, or where the work goes on.
fn on(d: &mut Deciding, by: Option<&Person>) {
    if let Baton::Whole(from) = d.w.baton
        && let Some(route) = state::route_merged(from)
    {
        let cause = if by.is_some() { "merged by a person" } else { "taken back" };
        d.move_workflow(route, cause, by);
        d.move_workflow(&[State::Deployment], cause, by);
    }
    let done = std::mem::take(&mut d.w.release);
    let Some(reverts) = &mut d.w.reverts else { return };
    reverts.run = 1;
    reverts.merged.push(done);
    let Some(current) = reverts.list.iter_mut().find(|revert| !revert.done) else {
        return;
    };
    current.done = true;
    let of = current.of;
    for (number, phase) in &mut d.w.phases {
        let concerned = of == Target::Release || of == Target::Phase(*number);
        if concerned && phase.fate == Fate::Merged {
            phase.fate = Fate::RolledBack;
        }
    }
    advance::clear_troubles(d, |t| t.target == Some(Target::Release));
    merged_meanwhile(d);
    if d.w.reverting().is_some() {
        d.w.release = fresh(&d.w);
        d.w.look = Some(d.seq);
        return;
    }
    finished(d, by);
}

/// What people merged while it was being given up is taken back, too.
fn merged_meanwhile(d: &mut Deciding) {
    let Some(early) = d.w.reverts.as_ref().and_then(|reverts| reverts.early.clone()) else {
        return;
    };
    let more: Vec<Revert> = list(&d.w, &early);
    if let Some(reverts) = &mut d.w.reverts {
        let known: Vec<Sha> = reverts.list.iter().map(|revert| revert.commit.clone()).collect();
        reverts
            .list
            .extend(more.into_iter().filter(|revert| !known.contains(&revert.commit)));
    }
}

/// All is taken back: the end, or on to what was asked for.
fn finished(d: &mut Deciding, by: Option<&Person>) {
    let Some(reverts) = &mut d.w.reverts else { return };
    d.w.release = std::mem::take(&mut reverts.released);
    let who = reverts.by.login.clone();
    let early = reverts.early.as_ref().map(|rollback| rollback.scope);
    let what = if early.is_some() { "what was merged" } else { "the release" };
    d.w.remarks.push(format!("{who} had {what} taken back"));
    let Some(scope) = early.filter(|scope| *scope != Scope::All) else {
        d.move_workflow(&[State::Complete], "rolled back", by);
        d.w.paused = None;
        d.w.ended = Some(End::RolledBack);
        return;
    };
    d.w.baton = Baton::Forked;
    d.w.look = Some(d.seq);
    d.notes.push(Note::Forked);
    if scope == Scope::Plan {
        advance::back_to_planning(d, None, "rolled back to the plan", by);
    }
}

/// The branch of the one under way.
fn fresh(w: &Workflow) -> Track {
    let Some(reverts) = &w.reverts else { return Track::default() };
    let nth = reverts.list.iter().filter(|revert| revert.done).count() + 1;
    let commit = reverts.current().map(|revert| revert.commit.short().to_owned());
    Track {
        branch: branch::revert(w, nth, reverts.run),
        base: w.survey.as_ref().map(|s| s.default_branch.clone()).unwrap_or_default(),
        hints: commit
            .map(|commit| format!("This pull request takes back commit {commit}. Bring nothing of it back."))
            .into_iter()
            .collect(),
        ..Track::default()
    }
}
