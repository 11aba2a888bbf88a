//! What a rollback waits for, and what it leaves behind.
//!
//! Invariant: whatever rests says which two commands go on.

use super::super::decide::seen::{next_to_take_out, rolling_back};
use super::super::fact::Target;
use super::super::ids::PhaseNumber;
use super::super::model::Phase;
use super::{Found, What, ask};

/// A rollback that is to be confirmed, or goes on.
pub(super) fn rollback(found: &mut Found<'_>) {
    let w = found.w;
    let Some(asked) = &w.rollback else { return };
    if asked.confirmed.is_none() {
        let names: Vec<String> = asked
            .phases
            .iter()
            .filter_map(|n| w.phases.get(n))
            .map(|p| format!("`{}`", p.plan.id))
            .collect();
        let sentence = format!(
            "Taking back {} waits to be confirmed: `/approve rollback` does it, `/resume` leaves everything as it is.",
            names.join(", ")
        );
        let command = Some("/approve rollback".to_owned());
        found.person(
            What::Question,
            None,
            &format!("rollback-{}", asked.at.0),
            ask(&asked.by.login, command, sentence),
        );
    } else if let Some(phase) = next_to_take_out(w) {
        let name = super::name(w, Some(Target::Phase(phase)));
        let sentence = format!("{name} is being taken out of the integration branch.");
        found.machine(What::Github, Some(phase), "take-out", ask("GitHub", None, sentence));
    }
}

/// It rests, and holds the join.
pub(super) fn taken_back(found: &mut Found<'_>, number: PhaseNumber, phase: &Phase) {
    if rolling_back(found.w) {
        return;
    }
    let id = &phase.plan.id;
    let sentence = format!("Phase `{id}` is taken back. `/retry {id}` builds it again, `/skip {id}` leaves it out.");
    let command = Some(format!("/retry {id}"));
    found.person(What::Attempts, Some(number), "taken-back", ask("a writer", command, sentence));
}
