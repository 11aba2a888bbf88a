//! The table of keys: what each takes, how far a repository may go, and whether it has an effect in this version.
//!
//! Invariant: every leaf of `Settings` has a row, and every row but `templates` is a leaf of `Settings`; a test walks both.

use super::names::Name;
use super::shape::{Item, Shape};

/// Phases in a plan: more is no issue but a project.
const PHASES: (u32, u32) = (1, 50);
/// Phases at once; each holds a branch, a pull request and model calls.
const PARALLEL: (u32, u32) = (1, 16);
/// Attempts for one cause.
const ATTEMPTS: (u32, u32) = (1, 20);
/// Files of a phase; a commit of more is refused by GitHub's own limits on one mutation.
const FILES: (u32, u32) = (1, 300);
/// Changed lines of a phase.
const LINES: (u32, u32) = (1, 20_000);
/// US dollars; above it an amount is a slip of the finger.
const BUDGET_USD: (f64, f64) = (0.0, 1_000_000.0);
/// Minutes that checks may take: GitHub cancels a workflow run after 35 days.
const TIMEOUT_MINUTES: (f64, f64) = (0.01, 50_400.0);
/// Minutes for the first check to appear.
const GRACE_MINUTES: (f64, f64) = (0.0, 1_440.0);
/// Reruns of a check that looks flaky.
const RERUNS: (u32, u32) = (0, 10);
/// Approving reviews; GitHub's rules ask for six at most.
const REVIEWS: (u32, u32) = (0, 6);

/// A key of the file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its sections and itself, such as `limits.phases`.
    pub path: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// How far a repository may go.
    pub bound: Bound,
    /// What it has no effect with in this version.
    pub idle: Idle,
    /// What it is, for the JSON Schema.
    pub about: &'static str,
}

/// How far a repository may go from what the operator set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// As it likes.
    Free,
    /// A number up to the policy's.
    AtMost,
    /// One of these or a word behind it, the loosest first; the policy names the loosest that is allowed.
    AsStrict(&'static [&'static str]),
    /// A number of reviews from the policy's on. `auto` may be 0.
    AtLeast,
    /// The operator's list and more.
    Adds,
    /// What the operator lists or less; anything where he lists nothing.
    Within,
    /// A profile that the operator has.
    Profile,
}

/// What of a key has no effect in this version. To be shortened whenever something is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Nothing: all of it works.
    Never,
    /// All of it.
    Always,
    /// These words, and any word that is not in `Settings`.
    Words(&'static [&'static str]),
}

const ROWS: usize = 40;

/// All keys, in the order in which they are documented.
pub static KEYS: [Key; ROWS] = [
    key("labels.trigger", Shape::name(Name::Label), "Set by a writer, it starts a workflow; taken off, it pauses."),
    key("labels.auto", Shape::name(Name::Label), "Starts, and waives the approval of the plan."),
    key("commands.bare", Shape::flag(), "Whether `/approve` is read beside `/millhand approve`."),
    key("triggers.bots", Shape::list(Item::Name(Name::Bot)), "Logins of bots that may start a workflow.").bound(Bound::Within),
    key(
        "recipe",
        Shape::words(&["micro_phase", "single", "consensus"]).or_name(Name::Recipe),
        "How the plan is made: split into small pull requests, or one pull request.",
    )
    .idle(Idle::Words(&["consensus"])),
    key(
        "delivery",
        Shape::words(&["auto", "integration", "direct", "stacked"]),
        "How the work reaches the default branch; auto reads the workflows' `on:` filters.",
    )
    .idle(Idle::Words(&["stacked"])),
    key("branches.prefix", Shape::name(Name::Prefix), "What the names of all of Millhand's branches begin with."),
    key(
        "pull_requests.draft",
        Shape::words(&["until_green", "never"]),
        "When a pull request stops being a draft.",
    ),
    key("pull_requests.title", Shape::words(&["auto"]), "Titles, as the repository's recent history has them."),
    key(
        "pull_requests.commit",
        Shape::words(&["auto"]),
        "Commit messages, as the repository's recent history has them.",
    ),
    key(
        "pull_requests.sign_off",
        Shape::words(&["auto"]),
        "`Signed-off-by` lines, as the repository's recent history has them.",
    ),
    key(
        "approvals.plan",
        Shape::words(&["required", "none", "always"]),
        "Approval of the plan: required (unless started by the auto label), none, or always (also then).",
    )
    .bound(Bound::AsStrict(&["none", "required", "always"])),
    key("approvals.release", Shape::words(&["required", "none"]), "Approval of the release.")
        .bound(Bound::AsStrict(&["none", "required"])),
    key(
        "approvals.phase_reviews",
        Shape::words(&["auto"]).or_whole(REVIEWS),
        "Approving reviews that a phase needs; auto is 0 in `integration` when the default branch's rules require a review, else 1.",
    )
    .bound(Bound::AtLeast),
    key(
        "approvals.self_approval",
        Shape::words(&["auto"]).or_flag(),
        "Whether who started the work may approve its code; auto: not as long as a second person with write has been active in 90 days.",
    )
    .bound(Bound::AsStrict(&["true", "auto", "false"])),
    key(
        "reviewers",
        Shape::words(&["auto", "codeowners", "requester", "none"]).or_list(Item::Name(Name::Login)),
        "Who is asked to review.",
    ),
    key("limits.phases", Shape::whole(PHASES), "Phases in a plan.").bound(Bound::AtMost),
    key("limits.parallel_phases", Shape::whole(PARALLEL), "Phases worked on at once.").bound(Bound::AtMost),
    key("limits.attempts", Shape::whole(ATTEMPTS), "Attempts for each phase and each cause.").bound(Bound::AtMost),
    key("limits.files_per_phase", Shape::whole(FILES), "Files changed by a phase.").bound(Bound::AtMost),
    key("limits.lines_per_phase", Shape::whole(LINES), "Lines changed by a phase.").bound(Bound::AtMost),
    key("limits.budget_usd", Shape::amount(BUDGET_USD), "The cap of a workflow, in US dollars.").bound(Bound::AtMost),
    key(
        "ci.required",
        Shape::words(&["auto", "none"]).or_list(Item::Name(Name::Check)),
        "Which checks have to pass: the branch's rules and what usually runs, none, or a list of names.",
    ),
    key("ci.ignore", Shape::list(Item::Name(Name::Check)), "Checks that never count."),
    key(
        "ci.absent",
        Shape::words(&["ask", "proceed"]),
        "What happens when no check runs: a person lets the head pass, or it passes by itself.",
    ),
    key("ci.timeout_minutes", Shape::amount(TIMEOUT_MINUTES), "How long checks may take, in minutes."),
    key("ci.grace_minutes", Shape::amount(GRACE_MINUTES), "How long the first check may take to appear, in minutes."),
    key("ci.rerun_flaky", Shape::whole(RERUNS), "How often a failure that looks flaky is run again."),
    key("merge.phases", Shape::words(&["squash", "merge", "rebase"]), "How a phase is merged."),
    key(
        "merge.release",
        Shape::words(&["auto", "squash", "merge"]),
        "How the release is merged; auto is merge where that is allowed and no linear history is required, else squash.",
    ),
    key(
        "merge.delete_branches",
        Shape::words(&["auto"]).or_flag(),
        "Whether merged branches are deleted; auto: unless the repository does it itself.",
    ),
    key(
        "protected_paths",
        Shape::list(Item::Name(Name::Glob)),
        "Paths that are changed only with a person's approval, beside the built-in ones.",
    )
    .bound(Bound::Adds),
    key("models.q_assistant", Shape::name(Name::Profile), "The profile that asks and plans.").bound(Bound::Profile),
    key("models.code_writer", Shape::name(Name::Profile), "The profile that writes the code.").bound(Bound::Profile),
    key("models.test_auditor", Shape::name(Name::Profile), "The profile that reads CI logs.").bound(Bound::Profile),
    key("models.verification_overseer", Shape::name(Name::Profile), "The profile that judges what was built.").bound(Bound::Profile),
    key("models.release_manager", Shape::name(Name::Profile), "The profile that writes the release notes.").bound(Bound::Profile),
    key(
        "report.cost",
        Shape::words(&["public", "hidden"]),
        "Where the cost is shown: in the issue, or only in the API, the command line and the dashboard.",
    ),
    key("templates", Shape::open(), "Templates of texts.").idle(Idle::Always),
    key(
        "notifications.events",
        Shape::list(Item::Word(&["needs_human", "complete", "failed", "budget"])),
        "What is sent to the operator's notifiers.",
    )
    .idle(Idle::Always),
];

/// The key of this path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// Whether keys lie below this path.
pub(super) fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| key.section() == Some(path))
}

/// The words that may stand in a section (the empty path: at the file's top), each once.
pub(super) fn inside(section: &str) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for key in &KEYS {
        let name = match key.section() {
            Some(own) if own == section => key.name(),
            Some(own) if section.is_empty() => own,
            None if section.is_empty() => key.path,
            Some(_) | None => continue,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Key {
    /// The section it stands in, if any.
    #[must_use]
    pub fn section(&self) -> Option<&'static str> {
        self.path.split_once('.').map(|(section, _)| section)
    }

    /// Its own word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// The least and the greatest number that it takes, if it takes any.
    #[must_use]
    pub fn numbers(&self) -> Option<(f64, f64)> {
        let whole = self.shape.whole.map(|(least, most)| (f64::from(least), f64::from(most)));
        whole.or(self.shape.amount)
    }

    const fn bound(self, bound: Bound) -> Self {
        Self { bound, ..self }
    }

    const fn idle(self, idle: Idle) -> Self {
        Self { idle, ..self }
    }
}

const fn key(path: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        path,
        shape,
        bound: Bound::Free,
        idle: Idle::Never,
        about,
    }
}
