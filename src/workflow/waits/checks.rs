//! What a head's checks keep it waiting for.
//!
//! Invariant: where a check that is expected has not begun while others have, it is named.

use super::super::ci::{self, CiVerdict};
use super::super::fact::Target;
use super::super::ids::{PhaseNumber, Sha};
use super::super::model::{Track, Workflow};
use super::{Ask, Found, What, ask, name};
use crate::clock::Millis;

/// The checks of a target's head.
pub(super) fn checks(found: &mut Found<'_>, target: Target, track: &Track, now: Millis) {
    let w = found.w;
    let name = name(w, Some(target));
    let phase = target.phase();
    let head = track.head.clone().unwrap_or(Sha(String::new()));
    let (mark, sentence) = match ci::judge(w, target, now) {
        CiVerdict::NotBegun { grace_until } => {
            let until = grace_until.rfc3339();
            let sentence = format!("{name} waits for its checks to begin, until {until} at the latest.");
            return found.machine(What::Ci, phase, &format!("begin-{head}"), ask("CI", None, sentence));
        }
        CiVerdict::Running { until } => {
            let until = until.rfc3339();
            let absent = not_there(w, target).map_or_else(String::new, |names| format!(" {names} not begun."));
            let sentence = format!("{name} waits for its checks to finish, until {until} at the latest.{absent}");
            return found.machine(What::Ci, phase, &format!("run-{head}"), ask("CI", None, sentence));
        }
        CiVerdict::Red(_) | CiVerdict::Rerun(_) | CiVerdict::Green { .. } => {
            let sentence = format!("{name}: the results of its checks are being worked through.");
            return found.machine(What::Clock, phase, "diagnosis", ask("Millhand", None, sentence));
        }
        CiVerdict::Absent => return absent(found, phase, &name, &head),
        CiVerdict::TooLong => ("long", too_long(w, target, &name)),
        CiVerdict::Person(names) => {
            let names = names.join(", ");
            let sentence =
                format!("The checks {names} of {name} need a person: GitHub waits for an approval or could not start them.");
            ("person", sentence)
        }
    };
    found.person(What::Ci, phase, &format!("{mark}-{head}"), ask("a writer", None, sentence));
}

fn too_long(w: &Workflow, target: Target, name: &str) -> String {
    let look = match not_there(w, target) {
        Some(names) => format!(
            "{names} not begun; if that is another name now, a writer lists the checks that count in `ci.required` of `.github/millhand.yml`"
        ),
        None => "Please look at them".to_owned(),
    };
    format!(
        "The checks of {name} take longer than {} minutes. {look}; Millhand goes on when they finish.",
        w.settings.ci.timeout_minutes
    )
}

/// No check ran at all: a person may let it go on without.
fn absent(found: &mut Found<'_>, phase: Option<PhaseNumber>, name: &str, head: &Sha) {
    let id = phase
        .and_then(|n| found.w.phases.get(&n))
        .map_or_else(|| "release".to_owned(), |p| p.plan.id.clone());
    let command = format!("/approve {id}");
    let sentence = format!(
        "No check ran on {name} at {}. `{command}` lets it go on without; the same then holds for the rest of this work.",
        head.short()
    );
    let of = Ask {
        who: "a writer".to_owned(),
        command: Some(command),
        hash: Some(head.0.clone()),
        sentence,
    };
    found.person(What::NoCi, phase, &head.0, of);
}

/// The checks that others run without: "`a` and `b` have".
fn not_there(w: &Workflow, target: Target) -> Option<String> {
    let reported = w.track(target).and_then(|track| track.checks.as_ref());
    let named = |name: &String| {
        let by = reported
            .iter()
            .flat_map(|view| &view.checks)
            .find(|check| check.name == *name);
        let by = by.map_or_else(String::new, |check| format!(" (the one by {} does not count)", check.app));
        format!("`{name}`{by}")
    };
    let absent: Vec<String> = ci::absent(w, target).iter().map(named).collect();
    let have = if absent.len() == 1 { "has" } else { "have" };
    (!absent.is_empty()).then(|| format!("{} {have}", absent.join(" and ")))
}
