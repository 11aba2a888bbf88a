//! What people may expect: the way to the default branch, checks, reviews, notifications, cost, and the settings behind it.

use super::{ITEMS_MAX, names};
use crate::workflow::ci;
use crate::workflow::fact::{CiWorkflow, FileSeen, Survey, Target};
use crate::workflow::habits::SignOff;
use crate::workflow::ids::{MicroUsd, PhaseNumber};
use crate::workflow::model::{DeliveryKind, Fate, PlanVersion, Workflow};
use crate::workflow::repo_config::{FILE, Note, Origin, Row, untold};
use crate::workflow::reviews;
use crate::workflow::settings::{AbsentCi, CostReport, DeliveryChoice, RequiredChecks, RequiredWord, SelfApproval};
use crate::workflow::text::branch;
use crate::workflow::text::markdown::{block, code, details, plain};
use crate::workflow::text::settings;
use crate::workflow::text::words::{
    Doc, NAME_CHARS, SENTENCE_CHARS, count, default_branch, habits_of, list, money, name_of, reviewers, rules_ask_for_reviews,
    typed,
};

/// Which way, why, and what to change to have the other.
pub(super) fn delivery(w: &Workflow) -> String {
    let Some(delivery) = &w.delivery else { return String::new() };
    let main = default_branch(w);
    let why = plain(&delivery.why, SENTENCE_CHARS);
    match delivery.kind {
        DeliveryKind::Integration => format!(
            "Delivery `integration`, because {why}. Phases are merged into {}; one release pull request brings all of it to {main}. To have each phase as a pull request onto {main} instead, set `delivery: direct` in `{FILE}`.",
            code(&branch::integration(w), NAME_CHARS),
        ),
        DeliveryKind::Direct => {
            let mut text = format!("Delivery `direct`, because {why}. Each phase is a pull request onto {main}.");
            if w.settings.delivery == DeliveryChoice::Auto {
                text.push_str(&format!(
                    " To have them gathered on one branch with one release pull request instead, let a workflow start for pull requests between Millhand's branches:\n\n{}",
                    block("yaml", &filter(w))
                ));
            } else {
                text.push_str(&format!(
                    " To have them gathered on one branch with one release pull request instead, set `delivery: integration` in `{FILE}`."
                ));
            }
            text
        }
    }
}

/// The `on:` filter that would start CI for our branches.
fn filter(w: &Workflow) -> String {
    let main = w.survey.as_ref().map_or("main", |s| s.default_branch.as_str());
    format!("on:\n  pull_request:\n    branches: [{main}, '{}**']", branch::prefix(w))
}

/// Which checks are expected.
pub(super) fn checks(w: &Workflow) -> String {
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
pub(super) fn people(w: &Workflow) -> String {
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
pub(super) fn amount(w: &Workflow, version: &PlanVersion, estimate: MicroUsd) -> String {
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

/// What `auto` means here, where the house has a habit, and what shows it.
fn by_habit(w: &Workflow) -> Vec<Row> {
    let habits = habits_of(w);
    let conventional = |why: String| format!("auto: Conventional Commits ({why})");
    let signed = |by: SignOff| format!("auto: signed off ({})", by.because);
    let all = [
        ("pull_requests.title", habits.titles.map(conventional)),
        ("pull_requests.commit", habits.commits.map(conventional)),
        ("pull_requests.sign_off", habits.sign_off.map(signed)),
    ];
    let row = |(key, value): (&str, Option<String>)| {
        Some(Row {
            key: key.to_owned(),
            value: value?.replace('`', "").into(),
            origin: Origin::Chosen,
            default: false,
        })
    };
    all.into_iter().filter_map(row).collect()
}

/// The settings in force that somebody set, with who did, folded.
pub(super) fn settings_in_force(w: &Workflow) -> String {
    let configured = &w.configured;
    let hidden = w.settings.report.cost == CostReport::Hidden;
    let mut rows: Vec<Row> = configured
        .rows
        .iter()
        .filter(|row| !(hidden && row.key == "limits.budget_usd"))
        .cloned()
        .collect();
    let found = by_habit(w);
    rows.retain(|row| !found.iter().any(|habit| habit.key == row.key));
    rows.extend(found);
    let held: Vec<Note> = configured
        .held
        .iter()
        .filter(|note| !(hidden && note.key == "limits.budget_usd"))
        .cloned()
        .collect();
    let mut folded = Doc::default();
    folded.add(settings::effective(&rows, &held));
    let others: Vec<String> = untold(&w.settings, &rows)
        .iter()
        .filter(|row| !(hidden && row.key == "limits.budget_usd"))
        .map(|row| format!("{}: {}", row.key, row.told()))
        .collect();
    folded.add(format!(
        "{}\n\n{}",
        if rows.is_empty() {
            "As they are built in:"
        } else {
            "The others, as they are built in:"
        },
        block("yaml", &others.join("\n"))
    ));
    match &configured.file {
        FileSeen::Absent | FileSeen::Refused(_) => folded.add(format!("A team sets its own in `{FILE}`.")),
        FileSeen::Used { .. } => {}
    }
    if let FileSeen::Used { warnings } = &configured.file {
        let warnings = warnings
            .iter()
            .map(|it| format!("line {}: {}", it.place.line, plain(&it.sentence, SENTENCE_CHARS)));
        folded.add(list(warnings, ITEMS_MAX, "warnings"));
    }
    details("Settings in force", &folded.finish())
}
