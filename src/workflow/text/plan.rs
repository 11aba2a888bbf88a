//! The comment that shows a version of the plan and asks for its approval.

use super::markdown::{block, code, details, plain, prose};
use super::words::{
    Doc, NAME_CHARS, SENTENCE_CHARS, TITLE_CHARS, count, default_branch, enumerate, graph, list, money, name_of, provenance,
    reviewers, rules_ask_for_reviews, typed,
};
use crate::workflow::ci;
use crate::workflow::fact::{CiWorkflow, StartedBy, Survey, Target};
use crate::workflow::ids::{MicroUsd, PhaseNumber};
use crate::workflow::model::{DeliveryKind, Fate, PlanVersion, Workflow};
use crate::workflow::plan::PlannedPhase;
use crate::workflow::reviews;
use crate::workflow::settings::{AbsentCi, CostReport, DeliveryChoice, PlanApproval, RequiredChecks, RequiredWord, SelfApproval};

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
    doc.add(delivery(w));
    doc.add(checks(w));
    doc.add(people(w));
    doc.add(amount(w, version, estimate));
    doc.add(settings(w));
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
    let facts = [
        format!("Files: {}", names(&phase.files)),
        format!("Tests: {}", tests(phase)),
        format!("After: {}", needs(w, phase)),
    ];
    doc.add(facts.join("\n"));
    doc.finish()
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

/// Which way, why, and what to change to have the other.
fn delivery(w: &Workflow) -> String {
    let Some(delivery) = &w.delivery else { return String::new() };
    let main = default_branch(w);
    let why = plain(&delivery.why, SENTENCE_CHARS);
    match delivery.kind {
        DeliveryKind::Integration => format!(
            "Delivery `integration`, because {why}. Phases are merged into {}; one release pull request brings all of it to {main}. To have each phase as a pull request onto {main} instead, the operator sets `delivery: direct`.",
            code(&super::branch::integration(w), NAME_CHARS),
        ),
        DeliveryKind::Direct => {
            let mut text = format!("Delivery `direct`, because {why}. Each phase is a pull request onto {main}.");
            if w.settings.delivery == DeliveryChoice::Auto {
                text.push_str(&format!(
                    " To have them gathered on one branch with one release pull request instead, let a workflow start for pull requests between Millhand's branches:\n\n{}",
                    block("yaml", &filter(w))
                ));
            } else {
                text.push_str(" To have them gathered on one branch with one release pull request instead, the operator sets `delivery: integration`.");
            }
            text
        }
    }
}

/// The `on:` filter that would start CI for our branches.
fn filter(w: &Workflow) -> String {
    let main = w.survey.as_ref().map_or("main", |s| s.default_branch.as_str());
    format!(
        "on:\n  pull_request:\n    branches: [{main}, '{}**']",
        super::branch::prefix(w)
    )
}

/// Which checks are expected.
fn checks(w: &Workflow) -> String {
    let Some(survey) = &w.survey else { return String::new() };
    if matches!(w.settings.ci.required, RequiredChecks::Word(RequiredWord::None)) {
        return "Checks: the settings wait for none (`ci.required: none`).".to_owned();
    }
    let mut lines = vec![format!(
        "Checks on the phases: {}.",
        expected(w, survey, Target::Phase(PhaseNumber(1)))
    )];
    if !w.is_direct() {
        lines.push(format!("Checks on the release: {}.", expected(w, survey, Target::Release)));
    }
    for file in &survey.workflows {
        if let Some(problem) = &file.problem {
            lines.push(format!(
                "The filters of {} cannot be read: {}",
                code(&file.file, NAME_CHARS),
                plain(problem, SENTENCE_CHARS)
            ));
        }
    }
    lines.join(" ")
}

fn expected(w: &Workflow, survey: &Survey, target: Target) -> String {
    if let RequiredChecks::Names(named) = &w.settings.ci.required {
        return format!("{} (named in the settings)", names(named));
    }
    let starts = |f: &&CiWorkflow| {
        if target == Target::Release || w.is_direct() {
            f.on_default
        } else {
            f.on_integration
        }
    };
    let mut parts: Vec<String> = ci::foreseen(w, target)
        .iter()
        .take(ITEMS_MAX)
        .map(|name| code(name, NAME_CHARS))
        .collect();
    parts.extend(
        survey
            .workflows
            .iter()
            .filter(starts)
            .filter(|f| f.jobs.is_empty())
            .take(ITEMS_MAX)
            .map(|f| format!("the jobs of {}", code(&f.name, NAME_CHARS))),
    );
    if !parts.is_empty() {
        return parts.join(", ");
    }
    match w.settings.ci.absent {
        AbsentCi::Ask => "none are known to start; if none does, a person is asked before the work goes on".to_owned(),
        AbsentCi::Proceed => "none are known to start; the settings let the work go on without".to_owned(),
    }
}

/// Who will be asked for what.
fn people(w: &Workflow) -> String {
    let needed = reviews::needed(w);
    let mut lines = Vec::new();
    if needed == 0 {
        lines.push("Reviews: none per phase, the release is reviewed as a whole.".to_owned());
    } else {
        let each = if needed == 1 { "one".to_owned() } else { needed.to_string() };
        let instead = if rules_ask_for_reviews(w) {
            "the branch's rules ask for it on GitHub".to_owned()
        } else {
            format!("an approving review on GitHub, or {}", typed(w, "/approve"))
        };
        lines.push(format!("Reviews: {each} per phase ({instead}), asked of {}.", reviewers(w)));
    }
    if reviews::release_needs_approval(w) {
        lines.push("The release waits for the approval of somebody with write access.".to_owned());
    } else {
        lines.push("The release waits for nobody's approval.".to_owned());
    }
    let own = reviews::may_approve_code(w, &w.requester).is_ok();
    let requester = name_of(&w.requester);
    match (own, w.settings.approvals.self_approval) {
        (true, SelfApproval::Auto) => lines.push(format!(
            "{requester} may approve the code as well: nobody else with write access was active in the last 90 days."
        )),
        (true, SelfApproval::Yes | SelfApproval::No) => {}
        (false, _) => lines.push(format!(
            "{requester} asked for the work, so the code is for somebody else to approve."
        )),
    }
    lines.join(" ")
}

/// Pull requests, notifications and money to expect.
fn amount(w: &Workflow, version: &PlanVersion, estimate: MicroUsd) -> String {
    let phases = version
        .plan
        .phases
        .iter()
        .filter(|p| w.phases.get(&p.number).is_none_or(|known| known.fate == Fate::Open))
        .count();
    let release = usize::from(!w.is_direct());
    let asked = usize::from(reviews::release_needs_approval(w));
    // Beside the pull requests: the status comment, this one, and the question for the release.
    let notifications = phases + release + asked + 2;
    let mut text = format!(
        "To expect: {} and, if nothing goes wrong, {} (each pull request opened and each comment of Millhand is one).",
        count(phases + release, "pull request"),
        count(notifications, "notification"),
    );
    if w.settings.report.cost == CostReport::Public {
        text.push_str(&format!(" Cost: about {} of at most {}.", money(w, estimate), w.budget));
    }
    text
}

/// The settings in force and where they come from, folded.
fn settings(w: &Workflow) -> String {
    let mut doc = Doc::default();
    if w.survey.as_ref().is_some_and(|s| s.has_config) {
        doc.add("This repository has a `.github/millhand.yml`. This version of Millhand does not read it: the operator's settings below hold.");
    }
    let mut folded = Doc::default();
    folded.add("All of them come from the operator's configuration.");
    folded.add(block("yaml", &effective(w)));
    doc.add(details("Settings in force", &folded.finish()));
    doc.finish()
}

/// The settings, a key a line.
fn effective(w: &Workflow) -> String {
    let s = &w.settings;
    let mut lines = Vec::new();
    let mut line = |key: &str, value: serde_json::Result<serde_json::Value>| {
        // A key that cannot be shown is not worth an error in a comment.
        if let Ok(value) = value {
            lines.push(format!("{key}: {value}"));
        }
    };
    let to = serde_json::to_value::<&str>;
    line("labels", serde_json::to_value(&s.labels));
    line("commands", serde_json::to_value(&s.commands));
    line("triggers", serde_json::to_value(&s.triggers));
    line("recipe", serde_json::to_value(s.recipe));
    line("delivery", serde_json::to_value(s.delivery));
    line("branches", serde_json::to_value(&s.branches));
    line("pull_requests", serde_json::to_value(&s.pull_requests));
    line("approvals", serde_json::to_value(&s.approvals));
    line("reviewers", serde_json::to_value(&s.reviewers).or_else(|_| to("auto")));
    let mut limits = serde_json::to_value(&s.limits);
    if s.report.cost == CostReport::Hidden
        && let Ok(serde_json::Value::Object(map)) = &mut limits
    {
        map.remove("budget_usd");
    }
    line("limits", limits);
    line("ci", serde_json::to_value(&s.ci));
    line("merge", serde_json::to_value(&s.merge));
    line("protected_paths", serde_json::to_value(&s.protected_paths));
    line("models", serde_json::to_value(&s.models));
    line("report", serde_json::to_value(&s.report));
    line("notifications", serde_json::to_value(&s.notifications));
    lines.join("\n")
}
