//! What numbers and names of the settings may be.
//!
//! Invariant: whatever passes here cannot overflow, spin or make a name that GitHub refuses.

use std::ops::RangeInclusive;

use super::file::Shape;
use super::{ConfigError, refused};
use crate::workflow::repo_config::{Name, OperatorPolicy, keys};
use crate::workflow::settings::{PhaseReviews, Settings};

/// Milliseconds between two changes; a minute is slower than any limit of GitHub's asks for.
const MUTATION_INTERVAL_MS: RangeInclusive<f64> = 0.0..=60_000.0;
/// Seconds for comments and reviews; beyond an hour people take the bot for dead.
const PEOPLE_SECONDS: RangeInclusive<f64> = 0.0..=3_600.0;
/// Seconds between two looks; below a second GitHub's rate limit is spent on looking.
const LOOK_SECONDS: RangeInclusive<f64> = 1.0..=86_400.0;
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
    if shape.reconcile.idle_seconds < shape.reconcile.active_seconds {
        let reason = "is below reconcile.active_seconds: waiting for people needs no closer look than working";
        return Err(refused("reconcile.idle_seconds", reason));
    }
    policy(&shape.policy)?;
    limits(&shape.defaults)?;
    names(&shape.defaults)
}

/// The bounds stand in the table of keys: what a repository may write, the operator may write.
fn limits(of: &Settings) -> Result<(), ConfigError> {
    let limits = &of.limits;
    let whole = [
        ("defaults.limits.phases", limits.phases),
        ("defaults.limits.parallel_phases", limits.parallel_phases),
        ("defaults.limits.attempts", limits.attempts),
        ("defaults.limits.files_per_phase", limits.files_per_phase),
        ("defaults.limits.lines_per_phase", limits.lines_per_phase),
        ("defaults.ci.rerun_flaky", of.ci.rerun_flaky),
    ];
    for (setting, value) in whole {
        key(setting, "defaults", f64::from(value))?;
    }
    key("defaults.limits.budget_usd", "defaults", limits.budget_usd)?;
    key("defaults.ci.timeout_minutes", "defaults", of.ci.timeout_minutes)?;
    key("defaults.ci.grace_minutes", "defaults", of.ci.grace_minutes)?;
    reviews("defaults.approvals.phase_reviews", "defaults", of.approvals.phase_reviews)
}

fn policy(of: &OperatorPolicy) -> Result<(), ConfigError> {
    let limits = &of.limits;
    let whole = [
        ("policy.limits.phases", limits.phases),
        ("policy.limits.parallel_phases", limits.parallel_phases),
        ("policy.limits.attempts", limits.attempts),
        ("policy.limits.files_per_phase", limits.files_per_phase),
        ("policy.limits.lines_per_phase", limits.lines_per_phase),
    ];
    for (setting, value) in whole {
        key(setting, "policy", f64::from(value))?;
    }
    number("policy.budget_usd", of.budget_usd, numbers("limits.budget_usd"))?;
    reviews("policy.approvals.phase_reviews", "policy", of.approvals.phase_reviews)
}

fn reviews(setting: &str, section: &str, of: PhaseReviews) -> Result<(), ConfigError> {
    match of {
        PhaseReviews::Auto => Ok(()),
        PhaseReviews::Number(asked) => key(setting, section, f64::from(asked)),
    }
}

fn key(setting: &str, section: &str, value: f64) -> Result<(), ConfigError> {
    let path = setting.strip_prefix(section).and_then(|path| path.strip_prefix('.'));
    number(setting, value, numbers(path.unwrap_or(setting)))
}

/// The numbers that a key takes. One that takes none refuses all of them, and a test sets each.
fn numbers(path: &str) -> RangeInclusive<f64> {
    let taken = keys::find(path).and_then(keys::Key::numbers);
    let (least, most) = taken.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
    least..=most
}

fn names(of: &Settings) -> Result<(), ConfigError> {
    name("defaults.labels.trigger", Name::Label, &of.labels.trigger)?;
    name("defaults.labels.auto", Name::Label, &of.labels.auto)?;
    if of.labels.trigger.eq_ignore_ascii_case(&of.labels.auto) {
        return Err(refused(
            "defaults.labels.auto",
            "is the same label as defaults.labels.trigger",
        ));
    }
    name("defaults.branches.prefix", Name::Prefix, &of.branches.prefix)?;
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

fn name(setting: &str, kind: Name, text: &str) -> Result<(), ConfigError> {
    kind.check(text).map_err(|hint| {
        refused(
            setting,
            format!("must be {}. {hint}", kind.words()).trim_end_matches(['.', ' ']),
        )
    })
}
