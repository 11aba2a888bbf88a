//! What a change of protected paths waits for.
//!
//! Invariant: whoever is named can move it.

use super::super::fact::Target;
use super::super::guarded::{self, Guard};
use super::{Ask, Found, What, ask, name};

/// A change of protected paths that a person has to approve, or that is being shown to people.
pub(super) fn protected(found: &mut Found<'_>, target: Target) -> bool {
    let w = found.w;
    let Some(change) = w.track(target).and_then(|t| t.change.as_ref()) else {
        return false;
    };
    let (name, phase, hash) = (name(w, Some(target)), target.phase(), change.blob.0.clone());
    let missing = match guarded::guard(w, target) {
        Guard::Open => return false,
        Guard::ToShow => {
            let sentence = format!("{name}: its change of protected paths is being shown.");
            found.machine(What::Clock, phase, "show", ask("Millhand", None, sentence));
            return true;
        }
        Guard::Waits(missing) => missing,
    };
    let id = phase
        .and_then(|n| w.phases.get(&n))
        .map_or_else(|| "release".to_owned(), |p| p.plan.id.clone());
    let command = format!("/approve {id} {}", hash.get(..8).unwrap_or(&hash));
    let groups: Vec<String> = missing.owners.iter().map(|group| group.join(" or ")).collect();
    let who = groups.first().cloned().unwrap_or_else(|| "a writer".to_owned());
    let whose = match (groups.is_empty(), missing.writer) {
        (true, _) => "a writer's approval".to_owned(),
        (false, true) => format!("the approval of a writer and of its code owners: {}", groups.join(", and ")),
        (false, false) => format!("the approval of its code owners: {}", groups.join(", and ")),
    };
    let sentence = format!(
        "{name} would change protected paths and waits for {whose}. `{command}` lets it be pushed, `/revise {id} <text>` has it written anew."
    );
    let mark = format!(
        "{hash}:{}",
        w.shown.get(&change.blob).map_or(0, |shown| shown.approvals.len())
    );
    let of = Ask {
        who,
        command: Some(command),
        hash: Some(hash),
        sentence,
    };
    found.person(What::ProtectedChange, phase, &mark, of);
    true
}
