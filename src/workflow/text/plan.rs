//! The comment that shows a version of the plan and asks for its approval.

mod expect;

use std::collections::BTreeSet;

use super::markdown::{code, plain, prose};
use super::words::{Doc, NAME_CHARS, SENTENCE_CHARS, TITLE_CHARS, enumerate, graph, list, name_of, provenance, typed};
use crate::workflow::fact::StartedBy;
use crate::workflow::ids::{MicroUsd, PhaseNumber};
use crate::workflow::model::{PlanVersion, Workflow};
use crate::workflow::plan::PlannedPhase;
use crate::workflow::protected::{Class, Extra, classify};
use crate::workflow::repo_path::RepoPath;
use crate::workflow::settings::PlanApproval;

/// Characters of the architecture and of a phase's goal.
const TEXT_CHARS: usize = 1_500;
/// Phases, files and criteria that are shown.
const ITEMS_MAX: usize = 40;

/// The comment. `estimate` is what the work may cost, in micro-dollars.
#[must_use]
pub fn comment(w: &Workflow, estimate: MicroUsd) -> String {
    let Some(version) = &w.plan else {
        return "There is no plan yet.".to_owned();
    };
    let mut doc = Doc::default();
    let short = version.hash.get(..8).unwrap_or(&version.hash);
    doc.add(format!("### Plan, version {} (`{short}`)", version.version));
    doc.add(how_to_approve(w, version, short));
    doc.add(prose(&version.plan.architecture, TEXT_CHARS));
    for phase in version.plan.phases.iter().take(ITEMS_MAX) {
        doc.add(one_phase(w, phase));
    }
    let notes = version.plan.notes.iter().map(|n| plain(n, SENTENCE_CHARS));
    let notes = list(notes, ITEMS_MAX / 2, "notes");
    if !notes.is_empty() {
        doc.add(format!("Worth knowing:\n\n{notes}"));
    }
    doc.add("#### How it reaches the default branch");
    doc.add(expect::delivery(w));
    doc.add(expect::checks(w));
    doc.add(expect::people(w));
    doc.add(expect::amount(w, version, estimate));
    doc.add(expect::settings_in_force(w));
    doc.add(graph(version.plan.phases.iter().take(ITEMS_MAX).map(|p| {
        let needs = p.depends_on.iter().map(|n| n.0).collect();
        (p.number.0, p.id.as_str(), needs, "")
    })));
    doc.add(provenance(w));
    doc.finish()
}

/// Whether somebody has to approve, and how.
fn how_to_approve(w: &Workflow, version: &PlanVersion, short: &str) -> String {
    let revise = typed(w, "/revise <text>");
    let waived = match w.settings.approvals.plan {
        PlanApproval::None => Some("the settings ask for none".to_owned()),
        PlanApproval::Required if w.auto_for.as_ref() == Some(&version.issue_hash) && version.issue_hash == w.issue.hash => {
            Some(match w.how {
                StartedBy::AutoLabel | StartedBy::Label | StartedBy::Command => {
                    format!("the label {} waives it", code(&w.settings.labels.auto, NAME_CHARS))
                }
                StartedBy::Operator => "whoever started the work waived it".to_owned(),
            })
        }
        PlanApproval::Required | PlanApproval::Always => None,
    };
    match waived {
        Some(why) => format!("No approval is waited for: {why}. {revise} sends the work back to planning."),
        None => format!(
            "{} or anybody else with write access can approve it with {}, or say what to change with {revise}. Nothing is built before that.",
            name_of(&w.requester),
            typed(w, &format!("/approve plan {short}"))
        ),
    }
}

fn one_phase(w: &Workflow, phase: &PlannedPhase) -> String {
    let mut doc = Doc::default();
    doc.add(format!(
        "#### {}. {} ({})",
        phase.number,
        plain(&phase.title, TITLE_CHARS),
        code(&phase.id, NAME_CHARS)
    ));
    doc.add(prose(&phase.goal, TEXT_CHARS));
    doc.add(criteria(phase));
    // Lines, not items: a list right behind another would be read as its end.
    let mut facts = vec![
        format!("Files: {}", names(&phase.files)),
        format!("Tests: {}", tests(phase)),
        format!("After: {}", needs(w, phase)),
    ];
    let guarded = guarded(w, phase);
    if !guarded.is_empty() {
        facts.push(format!(
            "Protected, so shown for approval before they are pushed: {}",
            names(&guarded)
        ));
    }
    doc.add(facts.join("\n"));
    doc.finish()
}

/// Files of a phase that a person approves before they are pushed.
fn guarded(w: &Workflow, phase: &PlannedPhase) -> Vec<String> {
    let extra = Extra::new(&w.settings.protected_paths);
    let ask = |path: &&String| RepoPath::parse(path).is_ok_and(|path| classify(&path, &extra).class == Class::Ask);
    let all: BTreeSet<&String> = phase.files.iter().chain(&phase.tests).filter(ask).collect();
    all.into_iter().cloned().collect()
}

/// The acceptance criteria of a phase.
pub(super) fn criteria(phase: &PlannedPhase) -> String {
    let items = phase.criteria.iter().map(|c| plain(c, SENTENCE_CHARS));
    format!("Done when:\n\n{}", list(items, ITEMS_MAX, "criteria"))
}

/// Names of files in a line.
pub(super) fn names(files: &[String]) -> String {
    let mut shown: Vec<String> = files.iter().take(ITEMS_MAX).map(|f| code(f, NAME_CHARS)).collect();
    if files.len() > ITEMS_MAX {
        shown.push(format!("{} more", files.len() - ITEMS_MAX));
    }
    shown.join(", ")
}

/// The tests of a phase, or why there are none.
pub(super) fn tests(phase: &PlannedPhase) -> String {
    match &phase.untested_because {
        _ if !phase.tests.is_empty() => names(&phase.tests),
        Some(why) => format!("none, because: {}", plain(why, SENTENCE_CHARS)),
        None => "none planned, and no reason given".to_owned(),
    }
}

/// What must be merged before.
fn needs(w: &Workflow, phase: &PlannedPhase) -> String {
    if phase.depends_on.is_empty() {
        return "nothing, it can begin at once".to_owned();
    }
    let of = |number: &PhaseNumber| {
        w.plan
            .iter()
            .flat_map(|v| &v.plan.phases)
            .chain(w.phases.values().map(|p| &p.plan))
            .find(|p| p.number == *number)
            .map_or_else(|| format!("phase {number}"), |p| code(&p.id, NAME_CHARS))
    };
    enumerate(&phase.depends_on.iter().map(of).collect::<Vec<_>>(), "and")
}
