//! *advance*: the workflow's own baton, fork, freeze and join.

use std::collections::BTreeMap;

use super::people::{all_merged, drop_plan};
use super::{Deciding, Note, begin, track};
use crate::workflow::fact::{PullState, Target};
use crate::workflow::ids::{Person, PhaseNumber, Sha};
use crate::workflow::model::{Delivery, DeliveryKind, End, Fate, Pause, Phase, Track, Trouble, TroubleKind, Workflow};
use crate::workflow::order::Order;
use crate::workflow::reviews;
use crate::workflow::settings::{DeliveryChoice, PlanApproval};
use crate::workflow::state::{self, Baton, State};
use crate::workflow::text::branch;

/// Takes one enabled transition, or one other step forward. `false`: nothing is enabled.
pub(super) fn once(d: &mut Deciding) -> bool {
    if d.w.ended.is_some() {
        return false;
    }
    if merged_by_a_person(d) || closing(d) || (d.w.paused.is_some() && d.w.release.merged.is_some() && released(d)) {
        return true;
    }
    if d.w.paused.is_some() {
        return false;
    }
    if d.w.delivery.is_none() && d.w.survey.is_some() {
        d.w.delivery = delivery(&d.w);
        return d.w.delivery.is_some();
    }
    match d.w.baton {
        Baton::Whole(State::Discovery) => discovered(d),
        Baton::Whole(State::Planning) => planned(d),
        Baton::Whole(State::HandoffToCoder) => fork(d),
        Baton::Forked => forked(d),
        Baton::Whole(State::HandoffToReleaser) => release_gate(d),
        Baton::Whole(State::Deployment) => released(d) || deployment(d),
        Baton::Whole(State::Complete) => false,
        Baton::Whole(
            State::Implementation | State::HandoffToTester | State::Testing | State::HandoffToVerifier | State::Verification,
        ) => track::once(d, Target::Release),
    }
}

/// Does nothing until resumed; what happens is still observed.
pub(super) fn pause(d: &mut Deciding, by: Option<Person>, why: &str) {
    if d.w.ended.is_none() {
        d.w.paused = Some(Pause {
            by,
            why: why.to_owned(),
            at: d.now,
        });
    }
}

/// Goes on. What may have changed meanwhile is read first.
pub(super) fn resume(d: &mut Deciding) {
    d.w.paused = None;
    d.w.look = Some(d.w.look.unwrap_or(0));
}

/// Forgets troubles that no longer stand in the way.
pub(super) fn clear_troubles(d: &mut Deciding, which: impl Fn(&Trouble) -> bool) {
    d.w.troubles.retain(|_, trouble| !which(trouble));
}

/// A phase, or the release, that nothing moves but a person.
pub(super) fn give_up(d: &mut Deciding, target: Target) {
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
pub(super) fn back_to_planning(d: &mut Deciding, target: Option<Target>, cause: &str, by: Option<&Person>) {
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
pub(super) fn afresh(d: &mut Deciding, number: PhaseNumber, cause: &str, by: Option<&Person>) {
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
    let old = std::mem::take(&mut phase.track);
    let open = old.seen.as_ref().is_none_or(|s| s.state == PullState::Open);
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
        requests: old.requests,
        left_open: old.pull.filter(|_| open),
        ..Track::default()
    };
}

/// Phases were merged into the integration branch: it is the release pull request's head now.
pub(super) fn integrated(d: &mut Deciding, sha: &Sha) {
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
        .filter(|(_, p)| !p.frozen && matches!(p.fate, Fate::Open | Fate::Failed))
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
            phase.state = State::HandoffToCoder;
            phase.run += 1;
            let pull = phase.track.pull.take();
            phase.track = Track {
                base: phase.track.base.clone(),
                requests: phase.track.requests,
                ..Track::default()
            };
            phase.track.left_open = pull;
        }
        frozen.push(*number);
    }
    d.notes.extend(frozen.into_iter().map(|phase| Note::Frozen { phase }));
}

/// How the work reaches the default branch.
fn delivery(w: &Workflow) -> Option<Delivery> {
    let survey = w.survey.as_ref()?;
    let any = |on: fn(&crate::workflow::fact::CiWorkflow) -> bool| survey.workflows.iter().any(on);
    let (kind, why) = match w.settings.delivery {
        DeliveryChoice::Integration => (DeliveryKind::Integration, "the settings say so"),
        DeliveryChoice::Direct => (DeliveryKind::Direct, "the settings say so"),
        DeliveryChoice::Auto if any(|f| f.on_integration) => (
            DeliveryKind::Integration,
            "the repository's workflows start for pull requests between Millhand's branches",
        ),
        DeliveryChoice::Auto => (
            DeliveryKind::Direct,
            "no workflow of the repository starts for pull requests between Millhand's branches, so each phase is a pull request onto the default branch",
        ),
    };
    Some(Delivery {
        kind,
        why: why.to_owned(),
    })
}

fn discovered(d: &mut Deciding) -> bool {
    let open_question = d.w.questions.last().is_some_and(|q| q.answer.is_none());
    let complete = d.w.requirements.as_ref().is_some_and(|r| r.questions.is_empty()) && !open_question;
    if complete {
        return d.move_workflow(&[State::Planning], "requirements complete", None);
    }
    // An answer came: what was understood before is asked for anew, with the answer.
    let outdated = d.w.requirements.as_ref().is_some_and(|r| !r.questions.is_empty()) && !open_question;
    if outdated {
        d.w.requirements = None;
    }
    outdated
}

fn planned(d: &mut Deciding) -> bool {
    d.w.plan.is_some() && d.move_workflow(&[State::HandoffToCoder], "plan valid", None)
}

/// Whether the plan may be built: approved by a person, or waived for the very text it was made from.
pub(super) fn plan_approved(w: &Workflow) -> bool {
    let Some(plan) = &w.plan else { return false };
    let waived = match w.settings.approvals.plan {
        PlanApproval::None => true,
        PlanApproval::Required => w.auto_for.as_ref() == Some(&plan.issue_hash) && plan.issue_hash == w.issue.hash,
        PlanApproval::Always => false,
    };
    plan.approved.is_some() || waived
}

/// The fork: every phase of the approved plan gets its baton. Phases frozen by a replanning go on when their entry is
/// unchanged; the others are given up.
fn fork(d: &mut Deciding) -> bool {
    // An edit that a person without write made too often is waited out by the waits; the snapshot is still the approved one.
    if !plan_approved(&d.w)
        || d.w.plan.as_ref().is_none_or(|p| p.comment.is_none())
        || begin::other_work(&d.w.issue, &d.w.requester)
    {
        return false;
    }
    let Some(plan) = d.w.plan.clone() else { return false };
    let kept: BTreeMap<String, PhaseNumber> =
        d.w.phases
            .iter()
            .filter(|(_, p)| p.frozen)
            .map(|(n, p)| (slug_of(&p.plan.id).to_owned(), *n))
            .collect();
    let base = d.w.work_branch();
    let mut renumbered: BTreeMap<PhaseNumber, PhaseNumber> = BTreeMap::new();
    for planned in plan.plan.phases {
        let same = kept
            .get(slug_of(&planned.id))
            .copied()
            .filter(|old| same_entry(&d.w, *old, &planned, &renumbered));
        if let Some(old) = same {
            renumbered.insert(planned.number, old);
            if let Some(phase) = d.w.phases.get_mut(&old) {
                phase.frozen = false;
            }
            d.notes.push(Note::Thawed { phase: old });
            continue;
        }
        d.w.last_number = d.w.last_number.max(planned.number.0);
        let mut planned = planned;
        planned.depends_on = planned
            .depends_on
            .iter()
            .map(|n| renumbered.get(n).copied().unwrap_or(*n))
            .collect();
        let name = branch::phase(&d.w, &planned.id, 1);
        let track = Track {
            branch: name,
            base: base.clone(),
            draft: true,
            ..Track::default()
        };
        d.w.phases.insert(
            planned.number,
            Phase {
                plan: planned,
                state: State::HandoffToCoder,
                fate: Fate::Open,
                frozen: false,
                run: 1,
                track,
            },
        );
    }
    for phase in d.w.phases.values_mut().filter(|p| p.frozen) {
        phase.frozen = false;
        phase.fate = Fate::Skipped("it is not in the new plan".to_owned());
    }
    name_fresh_branches(d);
    if !d.w.is_direct() {
        d.w.release.branch = branch::integration(&d.w);
        d.w.release.base = d.w.survey.as_ref().map(|s| s.default_branch.clone()).unwrap_or_default();
    }
    d.w.baton = Baton::Forked;
    d.notes.push(Note::Forked);
    true
}

/// A phase that begins anew after a replanning has no branch yet.
fn name_fresh_branches(d: &mut Deciding) {
    let names: Vec<(PhaseNumber, String)> =
        d.w.phases
            .iter()
            .filter(|(_, p)| p.track.branch.is_empty() && p.fate == Fate::Open)
            .map(|(n, p)| (*n, branch::phase(&d.w, &p.plan.id, p.run)))
            .collect();
    for (number, name) in names {
        if let Some(phase) = d.w.phases.get_mut(&number) {
            phase.track.branch = name;
            phase.track.draft = true;
        }
    }
}

fn slug_of(id: &str) -> &str {
    id.split_once('-').map_or(id, |(_, slug)| slug)
}

/// Whether a frozen phase stands in the new plan unchanged, its number apart.
fn same_entry(
    w: &Workflow,
    old: PhaseNumber,
    new: &crate::workflow::plan::PlannedPhase,
    renumbered: &BTreeMap<PhaseNumber, PhaseNumber>,
) -> bool {
    let Some(phase) = w.phases.get(&old) else { return false };
    let mut entry = new.clone();
    entry.number = phase.plan.number;
    entry.id.clone_from(&phase.plan.id);
    entry.depends_on = entry
        .depends_on
        .iter()
        .map(|n| renumbered.get(n).copied().unwrap_or(*n))
        .collect();
    entry.hash() == phase.plan.hash()
}

/// While forked: one step of one phase, or the join.
fn forked(d: &mut Deciding) -> bool {
    let numbers: Vec<PhaseNumber> = d.w.phases.keys().copied().collect();
    if numbers.into_iter().any(|number| track::once(d, Target::Phase(number))) {
        return true;
    }
    let nothing_merged = !d.w.phases.values().any(|p| p.fate == Fate::Merged);
    if nothing_merged || !all_merged(&d.w) {
        return false;
    }
    d.w.baton = Baton::Whole(State::HandoffToReleaser);
    d.notes.push(Note::Joined);
    true
}

/// The gate before the release: joined, green, approved.
fn release_gate(d: &mut Deciding) -> bool {
    if d.w.is_direct() {
        // Every phase is on the default branch already, the last of them with the release's approval.
        return d.move_workflow(&[State::Deployment], "all merged, release approved", None);
    }
    if track::once(d, Target::Release) {
        return true;
    }
    let green = track::green(d, Target::Release);
    if green && reviews::approved(&d.w, Target::Release) {
        let by = d.w.release_approved.as_ref().and_then(|a| a.by.clone());
        return d.move_workflow(&[State::Deployment], "all merged, release approved", by.as_ref());
    }
    false
}

/// Released: the release pull request is merged, or in `direct` all phases are.
fn released(d: &mut Deciding) -> bool {
    let direct = d.w.is_direct() && all_merged(&d.w);
    if !direct && d.w.release.merged.is_none() {
        return false;
    }
    let by = d.w.release.merged.as_ref().and_then(|m| m.by.clone());
    let cause = if by.is_some() { "merged by a person" } else { "released" };
    let moved = match d.w.baton {
        Baton::Whole(State::Deployment) => d.move_workflow(&[State::Complete], cause, by.as_ref()),
        Baton::Whole(from) => match state::route_merged(from) {
            Some(route) => {
                d.move_workflow(route, cause, by.as_ref())
                    && d.move_workflow(&[State::Deployment, State::Complete], cause, by.as_ref())
            }
            None => false,
        },
        Baton::Forked => false,
    };
    if moved {
        d.w.paused = None;
        d.w.ended = Some(End::Complete);
        // Whether GitHub closed the issue by itself is seen by looking once more.
        d.w.look = Some(d.seq);
    }
    moved
}

/// In `deployment`: red checks are repaired, a moved head or a change request goes back.
fn deployment(d: &mut Deciding) -> bool {
    track::once(d, Target::Release)
}

/// A person merged the release pull request early: before the join, or while the workflow was back in discovery, planning
/// or its gate. What is not merged is left out, then join, 9, 10.
fn merged_by_a_person(d: &mut Deciding) -> bool {
    let Some(merged) = &d.w.release.merged else { return false };
    let by = merged.by.clone();
    let early = matches!(
        d.w.baton,
        Baton::Forked | Baton::Whole(State::Discovery | State::Planning | State::HandoffToCoder)
    );
    if early {
        for phase in
            d.w.phases
                .values_mut()
                .filter(|p| p.fate != Fate::Merged && !matches!(p.fate, Fate::Skipped(_)))
        {
            phase.frozen = false;
            phase.fate = Fate::Skipped("the release was merged by a person before".to_owned());
        }
        d.w.baton = Baton::Whole(State::HandoffToReleaser);
        d.notes.push(Note::Joined);
        return true;
    }
    by.is_some() && !matches!(d.w.baton, Baton::Whole(State::Complete)) && released(d)
}

/// A writer closed the issue: a cancel, once it is known that it was not our own release that closed it.
fn closing(d: &mut Deciding) -> bool {
    let Some(by) = d.w.closing.clone() else { return false };
    let release = &d.w.release;
    let still_to_read = release.pull.is_some() && release.merged.is_none() && release.look.is_some();
    if still_to_read {
        return false;
    }
    d.w.closing = None;
    let merged = release.merged.is_some()
        || release
            .seen
            .as_ref()
            .is_some_and(|s| matches!(s.state, PullState::Merged { .. }));
    if merged || (d.w.is_direct() && all_merged(&d.w)) {
        return true;
    }
    d.w.ended = Some(End::Cancelled);
    d.w.paused = None;
    d.w.remarks.push(format!("cancelled: {} closed the issue", by.login));
    true
}

impl TroubleKind {
    /// Whether it may be gone as soon as the pull request looks different.
    pub(super) const fn clears_on_change(self) -> bool {
        matches!(self, Self::MergeRefused | Self::Conflict | Self::Workflows)
    }
}

impl Deciding {
    /// Where a target's baton lies.
    pub(super) fn state_of(&self, target: Target) -> Option<State> {
        self.w.state_of(target)
    }

    /// Moves a target's baton.
    pub(super) fn move_target(&mut self, target: Target, hops: &[State], cause: &str, by: Option<&Person>) -> bool {
        match target {
            Target::Phase(number) => self.move_phase(number, hops, cause, by),
            Target::Release => self.move_workflow(hops, cause, by),
        }
    }
}

/// Orders that are held by a trouble.
pub(super) fn held(w: &Workflow, order: &Order) -> bool {
    w.troubles.contains_key(&order.slot())
}
