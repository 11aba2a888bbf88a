//! What numbers and names of the settings may be.
//!
//! Invariant: whatever passes here cannot overflow, spin or make a name that GitHub refuses.

use std::ops::RangeInclusive;

use super::file::Shape;
use super::{ConfigError, refused};
use crate::workflow::settings::{PhaseReviews, Settings};

/// Milliseconds between two changes; a minute is slower than any limit of GitHub's asks for.
const MUTATION_INTERVAL_MS: RangeInclusive<f64> = 0.0..=60_000.0;
/// Seconds for comments and reviews; beyond an hour people take the bot for dead.
const PEOPLE_SECONDS: RangeInclusive<f64> = 0.0..=3_600.0;
/// Seconds between two looks; below a second GitHub's rate limit is spent on looking.
const LOOK_SECONDS: RangeInclusive<f64> = 1.0..=86_400.0;
/// US dollars.
const BUDGET_USD: RangeInclusive<f64> = 0.0..=1_000_000.0;
/// Phases in a plan: more is no issue but a project.
const PHASES: RangeInclusive<f64> = 1.0..=50.0;
/// Phases at once; each holds a branch, a pull request and model calls.
const PARALLEL: RangeInclusive<f64> = 1.0..=16.0;
/// Attempts for one cause.
const ATTEMPTS: RangeInclusive<f64> = 1.0..=20.0;
/// Files of a phase; a commit of more is refused by GitHub's own limits on one mutation.
const FILES: RangeInclusive<f64> = 1.0..=300.0;
/// Changed lines of a phase.
const LINES: RangeInclusive<f64> = 1.0..=20_000.0;
/// Minutes that checks may take: GitHub cancels a workflow run after 35 days.
const TIMEOUT_MINUTES: RangeInclusive<f64> = 0.01..=50_400.0;
/// Minutes for the first check to appear.
const GRACE_MINUTES: RangeInclusive<f64> = 0.0..=1_440.0;
/// Reruns of a check that looks flaky.
const RERUNS: RangeInclusive<f64> = 0.0..=10.0;
/// Approving reviews; GitHub's rules ask for six at most.
const REVIEWS: RangeInclusive<f64> = 0.0..=6.0;
/// Characters of a label, by GitHub.
const LABEL_CHARS_MAX: usize = 50;
/// Characters of the branch prefix: the whole name has a hundred.
const PREFIX_CHARS_MAX: usize = 30;

pub(super) fn check(shape: &Shape) -> Result<(), ConfigError> {
    number(
        "github.mutation_interval_ms",
        f64::from(shape.github.mutation_interval_ms),
        MUTATION_INTERVAL_MS,
    )?;
    number("comments.edit_seconds", shape.comments.edit_seconds, PEOPLE_SECONDS)?;
    number("reviews.quiet_seconds", shape.reviews.quiet_seconds, PEOPLE_SECONDS)?;
    number("reconcile.active_seconds", shape.reconcile.active_seconds, LOOK_SECONDS)?;
    number("reconcile.idle_seconds", shape.reconcile.idle_seconds, LOOK_SECONDS)?;
    number("policy.budget_usd", shape.policy.budget_usd, BUDGET_USD)?;
    if shape.reconcile.idle_seconds < shape.reconcile.active_seconds {
        let reason = "is below reconcile.active_seconds: waiting for people needs no closer look than working";
        return Err(refused("reconcile.idle_seconds", reason));
    }
    limits(&shape.defaults)?;
    names(&shape.defaults)
}

fn limits(of: &Settings) -> Result<(), ConfigError> {
    let limits = &of.limits;
    number("defaults.limits.phases", f64::from(limits.phases), PHASES)?;
    number("defaults.limits.parallel_phases", f64::from(limits.parallel_phases), PARALLEL)?;
    number("defaults.limits.attempts", f64::from(limits.attempts), ATTEMPTS)?;
    number("defaults.limits.files_per_phase", f64::from(limits.files_per_phase), FILES)?;
    number("defaults.limits.lines_per_phase", f64::from(limits.lines_per_phase), LINES)?;
    number("defaults.limits.budget_usd", limits.budget_usd, BUDGET_USD)?;
    number("defaults.ci.timeout_minutes", of.ci.timeout_minutes, TIMEOUT_MINUTES)?;
    number("defaults.ci.grace_minutes", of.ci.grace_minutes, GRACE_MINUTES)?;
    number("defaults.ci.rerun_flaky", f64::from(of.ci.rerun_flaky), RERUNS)?;
    match of.approvals.phase_reviews {
        PhaseReviews::Auto => Ok(()),
        PhaseReviews::Number(asked) => number("defaults.approvals.phase_reviews", f64::from(asked), REVIEWS),
    }
}

fn names(of: &Settings) -> Result<(), ConfigError> {
    label("defaults.labels.trigger", &of.labels.trigger)?;
    label("defaults.labels.auto", &of.labels.auto)?;
    if of.labels.trigger.eq_ignore_ascii_case(&of.labels.auto) {
        return Err(refused(
            "defaults.labels.auto",
            "is the same label as defaults.labels.trigger",
        ));
    }
    prefix(&of.branches.prefix)?;
    for pattern in &of.protected_paths {
        globset::Glob::new(pattern)
            .map_err(|error| refused("defaults.protected_paths", format!("holds a pattern that is none: {error}")))?;
    }
    let roles = [
        ("defaults.models.q_assistant", &of.models.q_assistant),
        ("defaults.models.code_writer", &of.models.code_writer),
        ("defaults.models.test_auditor", &of.models.test_auditor),
        ("defaults.models.verification_overseer", &of.models.verification_overseer),
        ("defaults.models.release_manager", &of.models.release_manager),
    ];
    match roles.into_iter().find(|(_, profile)| profile.trim().is_empty()) {
        Some((setting, _)) => Err(refused(setting, "is empty; it takes the name of a model profile")),
        None => Ok(()),
    }
}

fn number(setting: &str, value: f64, bounds: RangeInclusive<f64>) -> Result<(), ConfigError> {
    if bounds.contains(&value) {
        return Ok(());
    }
    Err(refused(
        setting,
        format!("is {value}; it must be between {} and {}", bounds.start(), bounds.end()),
    ))
}

fn label(setting: &str, name: &str) -> Result<(), ConfigError> {
    let fits = (1..=LABEL_CHARS_MAX).contains(&name.chars().count());
    if fits && name.trim() == name && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(refused(
        setting,
        format!("must be a label's name of 1 to {LABEL_CHARS_MAX} characters, without spaces around it"),
    ))
}

/// Any text that begins a branch's name by git's rules and stays one when more follows.
fn prefix(name: &str) -> Result<(), ConfigError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.');
    let parts = || name.split('/');
    let fits = (1..=PREFIX_CHARS_MAX).contains(&name.len())
        && name.bytes().all(plain)
        && !name.starts_with(['/', '-'])
        && !name.contains("//")
        && !name.contains("..")
        && !parts().any(|part| part.starts_with('.') || part.ends_with(".lock"));
    if fits {
        return Ok(());
    }
    let reason = format!("must begin a branch's name: 1 to {PREFIX_CHARS_MAX} letters, digits, `-`, `_`, `.` and `/`");
    Err(refused("defaults.branches.prefix", reason))
}
