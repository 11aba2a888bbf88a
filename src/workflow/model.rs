//! The workflow: everything that is known and decided about one labelled issue.
//!
//! Invariant: the state is a value. Only `decide` makes a new one, and the same value is stored, hashed
//! and replayed.

mod record;
mod sight;
mod track;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::record::{
    Ack, Approval, Cleanup, Configured, Issue, IssueText, Need, Pause, PlanVersion, Questions, Revert, Reverts, Rollback, Scope,
    ShownChange, StatusComment, Trouble, TroubleKind,
};
pub use self::track::{Attempts, Merged, Track, Unsettled, WriteReason};

use super::answer::{ReleaseNotes, Requirements};
use super::fact::{App, CiWorkflow, CostSeen, Delayed, Heads, Repository, StartedBy, Survey, Target, Timing};
use super::ids::{BlobHash, MicroUsd, Person, PhaseNumber};
use super::order::Order;
use super::plan::PlannedPhase;
use super::settings::Settings;
use super::state::{Baton, State};
use crate::clock::Millis;

/// One labelled issue being built: (repository, issue, round).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// UUID v7.
    pub id: String,
    /// The repository.
    pub repository: Repository,
    /// The issue.
    pub issue: Issue,
    /// 1 for the first round.
    pub round: u32,
    /// The workflow of the round before.
    pub previous: Option<String>,
    /// The issue's part of branch names, fixed at the start.
    pub slug: String,
    /// Who started it.
    pub requester: Person,
    /// How.
    pub how: StartedBy,
    /// Hash of the issue's text for which the plan's approval is waived.
    pub auto_for: Option<String>,
    /// Our App.
    pub app: App,
    /// The settings in force.
    pub settings: Settings,
    /// Where they come from.
    #[serde(default)]
    pub configured: Configured,
    /// The operator's times.
    pub timing: Timing,
    /// The cap.
    pub budget: MicroUsd,
    /// The highest cap the operator allows.
    pub budget_max: MicroUsd,
    /// When it was started.
    pub started_at: Millis,
    /// Seq of the last row of its log.
    pub version: i64,

    /// Where the baton lies.
    pub baton: Baton,
    /// Not doing anything until resumed.
    pub paused: Option<Pause>,
    /// How it ended.
    pub ended: Option<End>,

    /// The repository as surveyed.
    pub survey: Option<Survey>,
    /// How often a survey was ordered.
    pub survey_turn: u32,
    /// When workflow files were found to have changed since it was surveyed.
    #[serde(default)]
    pub survey_stale: Option<Millis>,
    /// The workflow files before each such change, oldest first: what heads from before it are checked by.
    #[serde(default)]
    pub checked_before: Vec<(Millis, Vec<CiWorkflow>)>,
    /// The integration branch, which somebody deleted, is to be made again at its last commit.
    #[serde(default)]
    pub restoring: bool,
    /// How the work reaches the default branch, and why.
    pub delivery: Option<Delivery>,
    /// What is wanted.
    pub requirements: Option<Requirements>,
    /// How often requirements were asked for.
    pub requirements_turn: u32,
    /// Questions and answers.
    pub questions: Vec<Questions>,
    /// The plan, newest version.
    pub plan: Option<PlanVersion>,
    /// How often a plan was asked for.
    pub plan_turn: u32,
    /// How many plan versions there were.
    pub plan_versions: u32,
    /// Comments of plan versions overtaken, not yet minimised.
    pub stale_comments: BTreeSet<String>,
    /// What people want changed, oldest first.
    pub revisions: Vec<String>,
    /// The micro-phases by number; also those frozen or given up.
    pub phases: BTreeMap<PhaseNumber, Phase>,
    /// The highest number ever used.
    pub last_number: u32,
    /// The release pull request.
    pub release: Track,
    /// Its notes.
    pub notes: Option<ReleaseNotes>,
    /// Digest of the text in the release pull request.
    pub described: Option<String>,
    /// Who approved the release, when it was by command.
    pub release_approved: Option<Approval>,
    /// Heads of the branches we build on.
    pub heads: Option<Heads>,

    /// Orders given and not yet done, by key.
    pub outstanding: BTreeMap<String, Order>,
    /// Orders that wait for capacity, by key.
    pub delays: BTreeMap<String, Delayed>,
    /// Orders that could not be done, by what they were for.
    pub troubles: BTreeMap<String, Trouble>,
    /// Why the issue cannot be read: nobody is heard, so nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deaf: Option<String>,
    /// Hint not yet answered: look at the issue. The inbox seq of the newest hint.
    pub look: Option<i64>,
    /// When the issue was read last.
    pub read_at: Option<Millis>,
    /// The status comment.
    pub status: StatusComment,
    /// Comments to react and reply to.
    pub acks: BTreeMap<u64, Ack>,
    /// Comments whose commands were read; none is read twice.
    pub heard: BTreeSet<u64>,
    /// Timeline events observed.
    pub timeline: BTreeSet<String>,
    /// Changes of protected paths that were shown, by the hash of their change set.
    #[serde(default)]
    pub shown: BTreeMap<BlobHash, ShownChange>,
    /// People asked, by what for.
    pub needs: BTreeMap<String, Need>,
    /// Since when each wait lasts.
    pub waiting_since: BTreeMap<String, Millis>,
    /// Money as last read.
    pub cost: CostSeen,
    /// Requests to GitHub that belong to no phase.
    pub requests: u32,
    /// Notifications caused so far: pull requests opened, comments and reviews written.
    pub notifications: u32,
    /// Things the final report should say.
    pub remarks: Vec<String>,
    /// Clean-up after the end: what has been done.
    pub cleanup: Cleanup,
    /// Who let heads pass on which no check runs; once a workflow is enough.
    pub no_ci_accepted: Option<Approval>,
    /// A writer closed the issue; the release pull request is read before it counts as a cancel.
    pub closing: Option<Person>,
    /// Who holds everything: nothing is merged.
    #[serde(default)]
    pub held: Option<String>,
    /// What is to be taken back.
    #[serde(default)]
    pub rollback: Option<Rollback>,
    /// What is being taken back from the default branch, or was.
    #[serde(default)]
    pub reverts: Option<Box<Reverts>>,
    /// A pull request that says that it reverts the release.
    pub revert: Option<u64>,
}

/// How a workflow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Cancelled by a person.
    Cancelled,
    /// Rolled back.
    RolledBack,
    /// Released.
    Complete,
}

/// How the work reaches the default branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which way.
    pub kind: DeliveryKind,
    /// Why, one sentence for the plan.
    pub why: String,
}

/// The ways to the default branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryKind {
    /// Phases merge into an integration branch; one release pull request.
    Integration,
    /// Each phase onto the default branch.
    Direct,
}

/// A micro-phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// As planned.
    pub plan: PlannedPhase,
    /// Where its baton lies.
    pub state: State,
    /// Its status, as far as it is not computed.
    pub fate: Fate,
    /// Left where it is while the plan is made anew.
    pub frozen: bool,
    /// 1, or more after fresh starts.
    pub run: u32,
    /// Its branch and pull request.
    pub track: Track,
}

/// What became of a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Under way or not begun.
    Open,
    /// Nothing moves it but a person.
    Failed,
    /// Left out, and why.
    Skipped(String),
    /// Merged.
    Merged,
    /// Taken back; it rests until `/retry` or `/skip`.
    RolledBack,
}

impl Workflow {
    /// Who holds this target's merge, if anybody does.
    #[must_use]
    pub fn held_by(&self, target: Target) -> Option<&String> {
        self.held.as_ref().or_else(|| self.track(target)?.held.as_ref())
    }

    /// A phase.
    #[must_use]
    pub fn phase(&self, number: PhaseNumber) -> Option<&Phase> {
        self.phases.get(&number)
    }

    /// The track of a target.
    #[must_use]
    pub fn track(&self, target: Target) -> Option<&Track> {
        match target {
            Target::Phase(number) => self.phases.get(&number).map(|p| &p.track),
            Target::Release => Some(&self.release),
        }
    }

    /// The track of a target, to be changed.
    pub(crate) fn track_mut(&mut self, target: Target) -> Option<&mut Track> {
        match target {
            Target::Phase(number) => self.phases.get_mut(&number).map(|p| &mut p.track),
            Target::Release => Some(&mut self.release),
        }
    }

    /// All targets with a pull request: phases by number, then the release.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        self.phases
            .keys()
            .copied()
            .map(Target::Phase)
            .chain([Target::Release])
            .collect()
    }

    /// The target whose pull request this is.
    #[must_use]
    pub fn target_of_pull(&self, number: u64) -> Option<Target> {
        self.targets().into_iter().find(|t| {
            self.track(*t)
                .and_then(|t| t.pull.as_ref())
                .is_some_and(|p| p.number == number)
        })
    }
}
