//! What the state means: where batons lie, which branch and head count, what is being taken back.
//!
//! Invariant: computed each time, never stored.

use super::super::fact::Target;
use super::super::ids::{PhaseNumber, Sha};
use super::super::state::{Baton, State};
use super::super::text::branch;
use super::{DeliveryKind, Fate, Revert, Track, Workflow};

impl Workflow {
    /// The state people see: while forked, that of the least advanced phase that is begun and neither merged nor skipped.
    #[must_use]
    pub fn shown_state(&self) -> State {
        match self.baton {
            Baton::Whole(state) => state,
            Baton::Forked => self
                .phases
                .values()
                .filter(|p| !p.frozen && p.track.from.is_some() && matches!(p.fate, Fate::Open | Fate::Failed))
                .map(|p| p.state)
                .min()
                .unwrap_or(State::HandoffToCoder),
        }
    }

    /// Whether phases go onto the default branch.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.delivery.as_ref().is_some_and(|d| d.kind == DeliveryKind::Direct)
    }

    /// The commit that a release approval is given on: the release pull request's head, or in `direct` the last phase's.
    #[must_use]
    pub fn release_head(&self) -> Option<Sha> {
        if self.is_direct() {
            return self
                .last_phase()
                .and_then(|n| self.phases.get(&n))
                .and_then(|p| p.track.head.clone());
        }
        self.release.head.clone()
    }

    /// The branch that phases merge into.
    #[must_use]
    pub fn work_branch(&self) -> String {
        if self.is_direct() {
            return self.survey.as_ref().map(|s| s.default_branch.clone()).unwrap_or_default();
        }
        branch::integration(self)
    }

    /// Whether somebody deleted the integration branch while it is needed.
    #[must_use]
    pub fn base_gone(&self) -> bool {
        let needed = !self.is_direct() && self.reverts.is_none() && self.release.merged.is_none();
        needed && self.heads.as_ref().is_some_and(|heads| heads.gone)
    }

    /// In `direct`: the only phase neither merged nor left out, if there is just one. One that was taken back is still to come.
    #[must_use]
    pub fn last_phase(&self) -> Option<PhaseNumber> {
        let mut open = self
            .phases
            .iter()
            .filter(|(_, p)| !p.frozen && matches!(p.fate, Fate::Open | Fate::Failed | Fate::RolledBack));
        match (open.next(), open.next()) {
            (Some((number, _)), None) => Some(*number),
            _ => None,
        }
    }

    /// Where a target's baton lies; `None` for the release while the batons are forked.
    #[must_use]
    pub fn state_of(&self, target: Target) -> Option<State> {
        match (target, self.baton) {
            (Target::Phase(number), _) => self.phases.get(&number).map(|p| p.state),
            (Target::Release, Baton::Whole(state)) => Some(state),
            (Target::Release, Baton::Forked) => None,
        }
    }

    /// What is being taken back from the default branch now.
    #[must_use]
    pub fn reverting(&self) -> Option<&Revert> {
        self.reverts.as_ref().filter(|_| self.is_open())?.current()
    }

    /// Whether that happens before the work is complete.
    #[must_use]
    pub fn taking_back_early(&self) -> bool {
        self.reverting().is_some() && self.reverts.as_ref().is_some_and(|reverts| reverts.early.is_some())
    }

    /// The release's own branch and pull request, also while it is being taken back.
    #[must_use]
    pub fn released(&self) -> &Track {
        let under_way = self.reverts.as_ref().filter(|reverts| reverts.current().is_some());
        under_way.map_or(&self.release, |reverts| &reverts.released)
    }

    /// Whether it has not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}
