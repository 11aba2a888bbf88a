//! *advance*: the workflow's own baton, fork, freeze and join.

mod back;
mod release;

use std::collections::BTreeMap;

pub(super) use self::back::{afresh, back_to_planning, give_up, integrated};

use self::release::{closing, deployment, merged_by_a_person, release_gate, released};
use super::people::all_merged;
use super::{Deciding, Note, begin, configured, revert, rollback, track};
use crate::workflow::fact::Target;
use crate::workflow::ids::{Person, PhaseNumber};
use crate::workflow::model::{Delivery, DeliveryKind, Fate, Pause, Phase, Track, Trouble, TroubleKind, Workflow};
use crate::workflow::order::{Ask, Order};
use crate::workflow::settings::{DeliveryChoice, PlanApproval};
use crate::workflow::state::{Baton, State};
use crate::workflow::text::branch;

/// Takes one enabled transition, or one other step forward. `false`: nothing is enabled.
pub(super) fn once(d: &mut Deciding) -> bool {
    if d.w.ended.is_some() {
        return false;
    }
    if d.w.reverting().is_some() {
        return revert::once(d);
    }
    if merged_by_a_person(d) || closing(d) || (d.w.paused.is_some() && d.w.release.merged.is_some() && released(d)) {
        return true;
    }
    if d.w.paused.is_some() {
        return false;
    }
    if configured::take_in(d) || rollback::finished(d) {
        return true;
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
            closed: false,
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
            if d.w.phases.get(&old).is_some_and(|p| p.fate == Fate::RolledBack) {
                afresh(d, old, "planned again after a rollback", None);
            }
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
    if nothing_merged || !all_merged(&d.w) || rollback::is_begun(&d.w) {
        return false;
    }
    d.w.baton = Baton::Whole(State::HandoffToReleaser);
    d.notes.push(Note::Joined);
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

/// Whether the writer had trouble there: what it is asked after a push by people is another question.
pub(super) fn is_about_writing(trouble: &Trouble, target: Target) -> bool {
    matches!(&trouble.order, Order::Ask(Ask::Write { target: on, .. }) if *on == target)
}

/// Orders that are held by a trouble.
pub(super) fn held(w: &Workflow, order: &Order) -> bool {
    w.troubles.contains_key(&order.slot())
}
