//! What the checks of a head mean.
//!
//! Invariant: a head is green only by checks that GitHub shows on that head. No checks is an answer of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::{CheckView, Target};
use super::model::{DeliveryKind, Track, Workflow};
use super::settings::{AbsentCi, RequiredChecks, RequiredWord};
use crate::clock::Millis;
use std::time::Duration;

/// What the checks of a head mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CiVerdict {
    /// Nothing has begun yet; after this time that means that nothing will.
    NotBegun {
        /// End of the grace time.
        grace_until: Millis,
    },
    /// No check runs on this head, and the grace time is over.
    Absent,
    /// Some are not finished.
    Running {
        /// When a person is told that they take too long.
        until: Millis,
    },
    /// They take too long.
    TooLong,
    /// All expected checks have passed.
    Green {
        /// Those that failed but fail on the base as well.
        red_on_base: Vec<String>,
    },
    /// These failed.
    Red(Vec<String>),
    /// These ended without a result and may be run again.
    Rerun(Vec<String>),
    /// These need a person: the runner could not start, or somebody must allow it.
    Person(Vec<String>),
}

/// Slug of the App whose checks are the jobs of the repository's own workflow files.
const ACTIONS: &str = "github-actions";

/// Judges the checks of a target's head.
#[must_use]
pub fn judge(w: &Workflow, target: Target, now: Millis) -> CiVerdict {
    let Some(track) = w.track(target) else {
        return CiVerdict::Absent;
    };
    if matches!(w.settings.ci.required, RequiredChecks::Word(RequiredWord::None)) {
        return CiVerdict::Green { red_on_base: Vec::new() };
    }
    let since = track.head_at.unwrap_or(now);
    let checks = relevant(w, track);
    let expected = expected(w, target, &checks);
    let reporters = Reporters::of(w, target);
    if checks.is_empty() {
        return not_begun(w, track, &expected, since, now);
    }
    let mut failed = Vec::new();
    let mut rerun = Vec::new();
    let mut person = Vec::new();
    let mut running = track.checks.as_ref().is_some_and(|c| c.unfinished_suites > 0);
    for name in &expected {
        let named: Vec<&&CheckView> = checks.iter().filter(|c| c.name == *name && reporters.may(c)).collect();
        running |= named.is_empty();
        for check in named {
            let superseded = check.id.is_some_and(|id| track.superseded.contains(&id));
            match check.conclusion.as_deref() {
                _ if superseded => running = true,
                None => running = true,
                Some("success" | "neutral" | "skipped") => {}
                Some("cancelled" | "stale") => rerun.push(name.clone()),
                Some("timed_out") if track.reruns.get(name).copied().unwrap_or(0) == 0 => rerun.push(name.clone()),
                Some("startup_failure" | "action_required") => person.push(name.clone()),
                Some(_) => failed.push(name.clone()),
            }
        }
    }
    for names in [&mut failed, &mut rerun, &mut person] {
        names.dedup();
    }
    if !person.is_empty() {
        return CiVerdict::Person(person);
    }
    if running {
        let until = since.plus(minutes(w.settings.ci.timeout_minutes));
        return if now >= until {
            CiVerdict::TooLong
        } else {
            CiVerdict::Running { until }
        };
    }
    if !failed.is_empty() {
        let red_on_base = track
            .failures
            .as_ref()
            .filter(|f| Some(&f.head) == track.head.as_ref())
            .map(|f| f.red_on_base.clone());
        return match red_on_base {
            Some(base) if rerun.is_empty() && failed.iter().all(|name| base.contains(name)) => {
                CiVerdict::Green { red_on_base: failed }
            }
            _ => CiVerdict::Red(failed),
        };
    }
    if !rerun.is_empty() {
        return CiVerdict::Rerun(rerun);
    }
    CiVerdict::Green { red_on_base: Vec::new() }
}

/// Expected checks that have not begun on the head while others have: they may have another name by now.
#[must_use]
pub fn absent(w: &Workflow, target: Target) -> Vec<String> {
    let Some(track) = w.track(target) else { return Vec::new() };
    let checks = relevant(w, track);
    let reporters = Reporters::of(w, target);
    let mut names = expected(w, target, &checks);
    names.retain(|name| !checks.iter().any(|check| check.name == *name && reporters.may(check)));
    names
}

/// Who may report an expected check: every App, and everybody who may push, can report a result under any name.
struct Reporters<'a> {
    /// Jobs of workflow files, which only Actions reports.
    jobs: Vec<String>,
    /// Checks that the rules bind to an App, by its id.
    bound: Option<&'a BTreeMap<String, u64>>,
}

impl<'a> Reporters<'a> {
    fn of(w: &'a Workflow, target: Target) -> Self {
        let bound = w.survey.as_ref().filter(|_| onto_default(w, target));
        Self {
            jobs: foreseen(w, target),
            bound: bound.map(|survey| &survey.required_of),
        }
    }

    fn may(&self, check: &CheckView) -> bool {
        match self.bound.and_then(|bound| bound.get(&check.name)) {
            Some(app) => check.app_id == Some(*app),
            None => check.app == ACTIONS || !self.jobs.contains(&check.name),
        }
    }
}

/// Whether any check has begun on the head.
#[must_use]
pub fn begun(w: &Workflow, target: Target) -> bool {
    w.track(target).is_some_and(|track| !relevant(w, track).is_empty())
}

/// When the grace time of the head is over.
#[must_use]
pub fn grace_until(w: &Workflow, track: &Track) -> Millis {
    track
        .head_at
        .unwrap_or(w.started_at)
        .plus(minutes(w.settings.ci.grace_minutes))
}

/// The names of the checks that are expected on a target's head before any is seen.
#[must_use]
pub fn foreseen(w: &Workflow, target: Target) -> Vec<String> {
    let Some(survey) = &w.survey else { return Vec::new() };
    let on_default = onto_default(w, target);
    let since = w.track(target).and_then(|track| track.head_at);
    let before = w
        .checked_before
        .iter()
        .find(|(changed, _)| since.is_some_and(|since| since < *changed));
    let workflows = before.map_or(&survey.workflows, |(_, workflows)| workflows);
    workflows
        .iter()
        .filter(|f| if on_default { f.on_default } else { f.on_integration })
        .flat_map(|f| f.jobs.iter().cloned())
        .filter(|name| !w.settings.ci.ignore.contains(name))
        .collect()
}

/// Whether a target's pull request is onto the default branch.
fn onto_default(w: &Workflow, target: Target) -> bool {
    target == Target::Release || w.delivery.as_ref().is_some_and(|d| d.kind == DeliveryKind::Direct)
}

/// Checks of the head that count at all.
fn relevant<'a>(w: &Workflow, track: &'a Track) -> Vec<&'a CheckView> {
    match &track.checks {
        Some(view) if Some(&view.head) == track.head.as_ref() => view
            .checks
            .iter()
            .filter(|c| !w.settings.ci.ignore.contains(&c.name))
            .collect(),
        _ => Vec::new(),
    }
}

/// The names that must pass: those the settings name; else what rules require and what our branches start; else whatever
/// reported.
fn expected(w: &Workflow, target: Target, checks: &[&CheckView]) -> Vec<String> {
    if let RequiredChecks::Names(names) = &w.settings.ci.required {
        return names.clone();
    }
    let foreseen = foreseen(w, target);
    let mut names: BTreeSet<String> = foreseen.into_iter().collect();
    names.extend(checks.iter().filter(|c| c.required).map(|c| c.name.clone()));
    // GitHub refuses the merge until these have passed, also while none of them has reported yet.
    if let Some(survey) = w.survey.as_ref().filter(|_| onto_default(w, target)) {
        let ignored = &w.settings.ci.ignore;
        names.extend(survey.required_checks.iter().filter(|n| !ignored.contains(n)).cloned());
    }
    if names.is_empty() {
        names.extend(checks.iter().map(|c| c.name.clone()));
    }
    names.into_iter().collect()
}

/// What it means that nothing reported.
fn not_begun(w: &Workflow, track: &Track, expected: &[String], since: Millis, now: Millis) -> CiVerdict {
    let grace = grace_until(w, track);
    if now < grace {
        return CiVerdict::NotBegun { grace_until: grace };
    }
    let let_pass = w.no_ci_accepted.is_some() || w.settings.ci.absent == AbsentCi::Proceed;
    if let_pass && (expected.is_empty() || now >= since.plus(minutes(w.settings.ci.grace_minutes))) {
        return CiVerdict::Green { red_on_base: Vec::new() };
    }
    CiVerdict::Absent
}

fn minutes(amount: f64) -> Duration {
    Duration::from_millis((amount.max(0.0) * 60_000.0).round() as u64)
}
