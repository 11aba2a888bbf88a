//! What the repository sets, from the start and while the work goes on.
//!
//! Invariant: settings change only at a gate, and what names branches and labels does not change while a workflow lives.

use super::Deciding;
use crate::workflow::fact::{Configuration, FileSeen};
use crate::workflow::ids::MicroUsd;
use crate::workflow::model::{Configured, Workflow};
use crate::workflow::settings::Settings;
use crate::workflow::state::Baton;

/// What a workflow begins with. Under a file that is not understood nothing is done: what the team wanted is not known.
pub(super) fn first(configuration: &Configuration) -> Configured {
    Configured {
        unknown: configuration.file.refusal().is_some(),
        next: None,
        ..known(configuration)
    }
}

/// The file changed. One that is refused changes nothing but what is said about it.
pub(super) fn read(d: &mut Deciding, configuration: &Configuration) {
    let same = d.w.configured == known(configuration) && d.w.settings == changed(&d.w, configuration.settings());
    if d.w.ended.is_some() || same {
        return;
    }
    if configuration.file.refusal().is_some() {
        d.w.configured.file = configuration.file.clone();
        d.w.configured.next = None;
    } else {
        // It is no longer what people have to mend, whatever gate it waits for.
        if d.w.configured.file.refusal().is_some() {
            d.w.configured.file = FileSeen::Absent;
        }
        d.w.configured.next = Some(Box::new(configuration.clone()));
    }
}

/// At a gate, or where nothing is known yet, what was read last holds from now on.
pub(super) fn take_in(d: &mut Deciding) -> bool {
    if !d.w.configured.unknown && !at_a_gate(&d.w) {
        return false;
    }
    let Some(next) = d.w.configured.next.take() else {
        return false;
    };
    let set = d.w.settings.limits.budget();
    let settings = changed(&d.w, next.settings());
    // A cap that a person set stays.
    if d.w.budget == MicroUsd(set.0.min(d.w.budget_max.0)) {
        d.w.budget = MicroUsd(settings.limits.budget().0.min(d.w.budget_max.0));
    }
    d.w.settings = settings;
    d.w.configured = known(&next);
    true
}

fn known(configuration: &Configuration) -> Configured {
    Configured {
        file: configuration.file.clone(),
        rows: configuration
            .effective
            .rows
            .iter()
            .filter(|row| row.is_told())
            .cloned()
            .collect(),
        held: configuration.effective.notes.clone(),
        next: None,
        unknown: false,
    }
}

fn at_a_gate(w: &Workflow) -> bool {
    match w.baton {
        Baton::Whole(state) => state.is_gate(),
        Baton::Forked => w.phases.values().any(|p| !p.frozen && p.state.is_gate()),
    }
}

/// The new settings, but for what the work already stands on: its labels and branches, and from the fork on how it is split
/// and delivered.
fn changed(w: &Workflow, new: &Settings) -> Settings {
    let old = &w.settings;
    let mut settings = new.clone();
    if w.configured.unknown {
        return settings;
    }
    settings.branches.clone_from(&old.branches);
    settings.labels.clone_from(&old.labels);
    if w.delivery.is_some() {
        settings.delivery = old.delivery;
    }
    if !w.phases.is_empty() {
        settings.recipe = old.recipe;
    }
    settings
}
