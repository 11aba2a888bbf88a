//! The plan: micro-phases as a graph without cycles.
//!
//! Invariant: a [`Plan`] can only be made by [`Plan::check`], so what the core works with is always a valid one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::answer::PlanDraft;
use super::ids::PhaseNumber;

/// A phase's id is part of a branch name: `02-parser` must leave room for the prefix and the slug.
pub const SLUG_CHARS_MAX: usize = 30;

/// A checked plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How the parts fit together.
    pub architecture: String,
    /// The phases by number.
    pub phases: Vec<PlannedPhase>,
    /// What people should know before they approve.
    pub notes: Vec<String>,
}

/// A phase of a checked plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPhase {
    /// Its number.
    pub number: PhaseNumber,
    /// Its id, `02-parser`.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// What to build.
    pub goal: String,
    /// The files it adds or changes, sorted.
    pub files: Vec<String>,
    /// The tests among them.
    pub tests: Vec<String>,
    /// Why there is no test.
    pub untested_because: Option<String>,
    /// What must hold.
    pub criteria: Vec<String>,
    /// The phases that must be merged first.
    pub depends_on: BTreeSet<PhaseNumber>,
}

/// What is wrong with a plan; told to the model word by word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No phase.
    #[error("the plan has no phases")]
    Empty,
    /// Too many phases.
    #[error("the plan has {0} phases, at most {1} are allowed")]
    TooMany(usize, u32),
    /// Two phases of one name.
    #[error("two phases are called {0:?}")]
    Duplicate(String),
    /// A name that cannot be part of a branch.
    #[error("the phase name {0:?} must be 1 to 30 lower-case letters, digits and single dashes, beginning with a letter")]
    BadSlug(String),
    /// A dependency that is not there.
    #[error("phase {0} depends on phase {1}, which is not in the plan")]
    Unknown(u32, u32),
    /// A circle.
    #[error("the phases depend on each other in a circle: {0}")]
    Cycle(String),
    /// A phase without files.
    #[error("phase {0} names no files")]
    NoFiles(u32),
    /// A phase without acceptance criteria.
    #[error("phase {0} has no acceptance criteria")]
    NoCriteria(u32),
    /// More files than a phase may touch.
    #[error("phase {0} names {1} files, at most {2} are allowed")]
    TooManyFiles(u32, usize, u32),
    /// An empty title or goal.
    #[error("phase {0} has no title or no goal")]
    NoTitle(u32),
}

/// The bounds a plan must keep.
#[derive(Clone, Copy, Debug)]
pub struct PlanBounds {
    /// `limits.phases`.
    pub phases_max: u32,
    /// `limits.files_per_phase`.
    pub files_max: u32,
    /// The highest phase number ever used in this workflow: numbers are never used twice.
    pub last_number: u32,
}

impl Plan {
    /// Checks a draft: at least one phase, unique names, known dependencies, no cycle, files and criteria named. Phases
    /// are numbered from `bounds.last_number + 1` in the order given.
    ///
    /// # Errors
    /// The first thing that is wrong, as a [`PlanError`].
    pub fn check(draft: PlanDraft, bounds: PlanBounds) -> Result<Self, PlanError> {
        if draft.phases.is_empty() {
            return Err(PlanError::Empty);
        }
        if draft.phases.len() > bounds.phases_max as usize {
            return Err(PlanError::TooMany(draft.phases.len(), bounds.phases_max));
        }
        let count = u32::try_from(draft.phases.len()).unwrap_or(u32::MAX);
        let mut names = BTreeSet::new();
        let mut phases = Vec::new();
        for (place, phase) in (1_u32..).zip(draft.phases) {
            if !is_slug(&phase.slug) {
                return Err(PlanError::BadSlug(phase.slug));
            }
            if !names.insert(phase.slug.clone()) {
                return Err(PlanError::Duplicate(phase.slug));
            }
            if phase.title.trim().is_empty() || phase.goal.trim().is_empty() {
                return Err(PlanError::NoTitle(place));
            }
            let files: BTreeSet<String> = phase.files.into_iter().chain(phase.tests.iter().cloned()).collect();
            if files.is_empty() {
                return Err(PlanError::NoFiles(place));
            }
            if files.len() > bounds.files_max as usize {
                return Err(PlanError::TooManyFiles(place, files.len(), bounds.files_max));
            }
            if phase.criteria.is_empty() {
                return Err(PlanError::NoCriteria(place));
            }
            if let Some(unknown) = phase.depends_on.iter().find(|d| **d == 0 || **d > count) {
                return Err(PlanError::Unknown(place, *unknown));
            }
            let number = PhaseNumber(bounds.last_number + place);
            phases.push(PlannedPhase {
                number,
                id: format!("{:02}-{}", number.0, phase.slug),
                title: phase.title,
                goal: phase.goal,
                files: files.into_iter().collect(),
                tests: phase.tests,
                untested_because: phase.untested_because,
                criteria: phase.criteria,
                depends_on: phase.depends_on.iter().map(|d| PhaseNumber(bounds.last_number + d)).collect(),
            });
        }
        if let Some(circle) = circle(&phases) {
            return Err(PlanError::Cycle(
                circle.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            ));
        }
        Ok(Self {
            architecture: draft.architecture,
            phases,
            notes: draft.notes,
        })
    }

    /// The canonical hash that approvals bind to: SHA-256 over the plan as JSON with its fixed field order.
    #[must_use]
    pub fn hash(&self) -> String {
        hash_of(self)
    }
}

impl PlannedPhase {
    /// The canonical hash of this entry, dependencies included.
    #[must_use]
    pub fn hash(&self) -> String {
        hash_of(self)
    }
}

fn hash_of(value: &impl Serialize) -> String {
    // The plan's types have only strings, numbers and sorted sets: serialising them cannot fail.
    hex::encode(Sha256::digest(serde_json::to_vec(value).unwrap_or_default()))
}

fn is_slug(text: &str) -> bool {
    text.len() <= SLUG_CHARS_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !text.contains("--")
        && !text.ends_with('-')
}

/// The phases that lie on or behind a circle, if there is one: what is left after taking away, again and again, the
/// phases that depend on nothing left.
fn circle(phases: &[PlannedPhase]) -> Option<Vec<PhaseNumber>> {
    let mut left: BTreeMap<PhaseNumber, BTreeSet<PhaseNumber>> =
        phases.iter().map(|p| (p.number, p.depends_on.clone())).collect();
    loop {
        let free: Vec<PhaseNumber> = left.iter().filter(|(_, needs)| needs.is_empty()).map(|(n, _)| *n).collect();
        if free.is_empty() {
            return if left.is_empty() {
                None
            } else {
                Some(left.into_keys().collect())
            };
        }
        for number in free {
            left.remove(&number);
            left.values_mut().for_each(|needs| {
                needs.remove(&number);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::answer::PhaseDraft;

    fn draft(needs: &[&[u32]]) -> PlanDraft {
        let phases = (1_u32..)
            .zip(needs)
            .map(|(n, needs)| PhaseDraft {
                slug: format!("p{n}"),
                title: format!("Phase {n}"),
                goal: "build it".to_owned(),
                files: vec![format!("src/p{n}.rs")],
                tests: vec![],
                untested_because: None,
                criteria: vec!["it works".to_owned()],
                depends_on: needs.to_vec(),
            })
            .collect();
        PlanDraft {
            architecture: String::new(),
            phases,
            missing: vec![],
            notes: vec![],
        }
    }

    const BOUNDS: PlanBounds = PlanBounds {
        phases_max: 6,
        files_max: 25,
        last_number: 0,
    };

    #[test]
    fn a_diamond_is_a_plan() {
        let plan = Plan::check(draft(&[&[], &[1], &[1], &[2, 3]]), BOUNDS).unwrap();
        assert_eq!(plan.phases[3].id, "04-p4");
        assert_eq!(plan.phases[3].depends_on, BTreeSet::from([PhaseNumber(2), PhaseNumber(3)]));
    }

    #[test]
    fn numbers_go_on_after_those_used() {
        let plan = Plan::check(
            draft(&[&[], &[1]]),
            PlanBounds {
                last_number: 4,
                ..BOUNDS
            },
        )
        .unwrap();
        assert_eq!(plan.phases[1].id, "06-p2");
        assert_eq!(plan.phases[1].depends_on, BTreeSet::from([PhaseNumber(5)]));
    }

    #[test]
    fn bad_plans_are_refused_by_name() {
        assert_eq!(Plan::check(draft(&[]), BOUNDS), Err(PlanError::Empty));
        assert_eq!(Plan::check(draft(&[&[1]]), BOUNDS), Err(PlanError::Cycle("1".to_owned())));
        assert_eq!(
            Plan::check(draft(&[&[3], &[1], &[2]]), BOUNDS),
            Err(PlanError::Cycle("1, 2, 3".to_owned()))
        );
        assert_eq!(Plan::check(draft(&[&[2]]), BOUNDS), Err(PlanError::Unknown(1, 2)));
        assert_eq!(Plan::check(draft(&[&[0]]), BOUNDS), Err(PlanError::Unknown(1, 0)));
        assert_eq!(Plan::check(draft(&[&[] as &[u32]; 7]), BOUNDS), Err(PlanError::TooMany(7, 6)));
        let mut twice = draft(&[&[], &[]]);
        twice.phases[1].slug = "p1".to_owned();
        assert_eq!(Plan::check(twice, BOUNDS), Err(PlanError::Duplicate("p1".to_owned())));
        for slug in ["", "A", "a b", "a/b", "-a", "a-", "a--b", "1a", "é", &"a".repeat(31)] {
            let mut bad = draft(&[&[]]);
            bad.phases[0].slug = slug.to_owned();
            assert_eq!(Plan::check(bad, BOUNDS), Err(PlanError::BadSlug(slug.to_owned())), "{slug:?}");
        }
        let mut bare = draft(&[&[]]);
        bare.phases[0].files.clear();
        assert_eq!(Plan::check(bare, BOUNDS), Err(PlanError::NoFiles(1)));
        let mut vague = draft(&[&[]]);
        vague.phases[0].criteria.clear();
        assert_eq!(Plan::check(vague, BOUNDS), Err(PlanError::NoCriteria(1)));
    }

    #[test]
    fn the_hash_changes_with_any_entry() {
        let one = Plan::check(draft(&[&[], &[1]]), BOUNDS).unwrap();
        let other = Plan::check(draft(&[&[], &[]]), BOUNDS).unwrap();
        assert_ne!(one.hash(), other.hash());
        assert_eq!(one.hash(), one.clone().hash());
    }
}
