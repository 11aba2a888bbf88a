//! The workflow: everything that is known and decided about one labelled issue.
//!
//! Invariant: the state is a value. Only `decide` makes a new one, and the same value is stored, hashed
//! and replayed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::answer::{Diagnosis, ReleaseNotes, Requirements, Verdict};
use super::fact::{
    App, Change, ChecksView, CommentRef, CostSeen, Delayed, Failures, Heads, PullRef, PullView, Repository, ReviewView,
    StartedBy, Survey, Target, Thread, Timing,
};
use super::ids::{BlobHash, MicroUsd, Person, PhaseNumber, Sha};
use super::order::Order;
use super::plan::{Plan, PlannedPhase};
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
    /// A pull request that says that it reverts the release.
    pub revert: Option<u64>,
}

/// The issue as it was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Node id.
    pub node_id: String,
    /// Title, as snapshot.
    pub title: String,
    /// Body, as snapshot.
    pub body: String,
    /// Who wrote it.
    pub author: Person,
    /// Hash of title and body as snapshot.
    pub hash: String,
    /// Hash of title and body as last read.
    pub seen_hash: String,
    /// The text as last read, as long as it is not taken in: `/revise` does that.
    pub newer: Option<IssueText>,
    /// How often a non-writer's edit was taken in.
    pub edits: u32,
    /// Whether it is open, as last read.
    pub open: bool,
    /// Whether the trigger label is on, as last read.
    pub labelled: bool,
    /// Logins it is assigned to.
    pub assignees: Vec<String>,
    /// Somebody else's open pull requests that close it.
    pub closing_pulls: Vec<u64>,
    /// Whether a writer said to go on beside other work.
    pub other_work_accepted: bool,
}

/// Title and body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueText {
    /// Title.
    pub title: String,
    /// Body.
    pub body: String,
}

/// Why it is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who paused.
    pub by: Option<Person>,
    /// Why, one sentence.
    pub why: String,
    /// When.
    pub at: Millis,
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

/// A round of questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Questions {
    /// What is asked.
    pub questions: Vec<String>,
    /// The comment that asks.
    pub comment: Option<CommentRef>,
    /// When it was posted, by GitHub's clock.
    pub posted_at: Option<Millis>,
    /// The answer; empty if an edit of the issue's text settled the question.
    pub answer: Option<String>,
    /// Who answered.
    pub by: Option<Person>,
}

/// A version of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanVersion {
    /// 1, 2, 3 ...
    pub version: u32,
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: String,
    /// Hash of the issue's text it was made from.
    pub issue_hash: String,
    /// The comment that shows it.
    pub comment: Option<CommentRef>,
    /// When it was shown, by GitHub's clock.
    pub posted_at: Option<Millis>,
    /// Who approved it.
    pub approved: Option<Approval>,
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who; `None`: waived by settings or the auto label.
    pub by: Option<Person>,
    /// The comment it stands in: deleting it before its use revokes it.
    pub comment: Option<u64>,
    /// The head or hash it was given on.
    pub on: String,
    /// When.
    pub at: Millis,
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
}

/// A read of a pull request that is taken in later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsettled {
    /// The pull request.
    pub pull: PullView,
    /// The checks of its head, if they were read too.
    pub checks: Option<ChecksView>,
}

/// A branch with a pull request: a phase's, or the release's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its branch.
    pub branch: String,
    /// Name of the branch it merges into.
    pub base: String,
    /// The base's head it branches from, recorded when work began.
    pub from: Option<Sha>,
    /// When work began.
    pub started_at: Option<Millis>,
    /// How often the writer was asked.
    pub turn: u32,
    /// Why the writer writes.
    pub reason: WriteReason,
    /// The refused change before, when validation is the reason.
    pub refused: Option<Change>,
    /// Validated, not yet pushed.
    pub change: Option<Change>,
    /// Pushed change sets, oldest first.
    pub pushed: Vec<BlobHash>,
    /// The validation of the newest pushed change.
    pub report: Option<super::validate::Report>,
    /// The pull request.
    pub pull: Option<PullRef>,
    /// The head as we know it.
    pub head: Option<Sha>,
    /// When the head was pushed or first seen.
    pub head_at: Option<Millis>,
    /// Heads that people pushed.
    pub foreign: BTreeSet<Sha>,
    /// Read with a head that we do not know while a write of ours is under way: whose it is, its outcome tells.
    #[serde(default)]
    pub unsettled: Option<Unsettled>,
    /// The pull request as last read.
    pub seen: Option<PullView>,
    /// The checks of the head as last read.
    pub checks: Option<ChecksView>,
    /// Hint not yet answered: inbox seq.
    pub look: Option<i64>,
    /// Heads it had before: a read that still shows one of them is an old one.
    pub former: BTreeSet<Sha>,
    /// Checks that were run again: their old results count no more.
    pub superseded: BTreeSet<u64>,
    /// When it was read last.
    pub read_at: Option<Millis>,
    /// The head whose expected checks were green last.
    pub green: Option<Sha>,
    /// What is known about failed checks.
    pub failures: Option<Failures>,
    /// Why they failed.
    pub diagnosis: Option<Diagnosis>,
    /// How often each check was run again on this head.
    pub reruns: BTreeMap<String, u32>,
    /// A person let this head pass on which no check ran.
    pub passed_without_ci: Option<Sha>,
    /// How often the overseer was asked.
    pub verify_turn: u32,
    /// What the overseer found, and on which head.
    pub verdict: Option<(Sha, Verdict)>,
    /// The head that was presented for review.
    pub presented: Option<Sha>,
    /// Logins asked for review.
    pub asked: Vec<String>,
    /// Whether the pull request is a draft, as far as we know.
    pub draft: bool,
    /// Reviews by id.
    pub reviews: BTreeMap<u64, ReviewView>,
    /// Reviews whose remarks the writer was given.
    pub taken: BTreeSet<u64>,
    /// Reviews to be answered once the commit is there.
    pub to_answer: BTreeSet<u64>,
    /// Heads that are merges of the base, made by us: the patch may be unchanged.
    pub updates: BTreeSet<Sha>,
    /// Heads shown to carry the same patch: new -> old.
    pub same_patch: BTreeMap<Sha, Sha>,
    /// Pairs of heads whose patches were compared: (old, new).
    pub compared: BTreeSet<(Sha, Sha)>,
    /// Approvals by command, where the rules ask for no review.
    pub approved: Option<Approval>,
    /// Attempts per cause.
    pub attempts: Attempts,
    /// People's hints, oldest first.
    pub hints: Vec<String>,
    /// Nothing moves it but a person (the release's counterpart of a phase's fate).
    pub gave_up: bool,
    /// Names of checks to be run again.
    pub rerunning: BTreeSet<String>,
    /// When the base was merged in last.
    pub updated_at: Option<Millis>,
    /// A pull request of an earlier start of this phase, still to be closed.
    pub left_open: Option<PullRef>,
    /// Digest of the check run written on a head that stops here.
    pub check_written: Option<String>,
    /// Millhand closed the pull request.
    pub closed_by_us: bool,
    /// How the merge came about.
    pub merged: Option<Merged>,
    /// Requests to GitHub for it.
    pub requests: u32,
}

/// Why the writer writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteReason {
    /// For the first time.
    #[default]
    First,
    /// Validation refused the change before.
    Validation,
    /// Checks failed.
    Checks,
    /// The overseer was not content.
    Verdict,
    /// People asked for changes.
    Review,
    /// A person's `/retry` with a hint, nothing else being wrong.
    Hint,
}

/// Attempts used, per cause; people's requests and waits never count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Change sets refused by validation.
    pub validation: u32,
    /// Repairs of failed checks.
    pub ci: u32,
    /// Repairs of bad verdicts.
    pub verdict: u32,
    /// Conflicts.
    pub conflict: u32,
}

/// A merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The commit on the base branch.
    pub sha: Sha,
    /// The person who merged; `None`: Millhand.
    pub by: Option<Person>,
    /// When it was observed.
    pub at: Millis,
}

/// An order that could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What kind of wait it makes.
    pub kind: TroubleKind,
    /// Whom it concerns.
    pub target: Option<Target>,
    /// One sentence.
    pub sentence: String,
    /// When it is tried again by itself; `None`: only by a person.
    pub until: Option<Millis>,
    /// The order.
    pub order: Order,
}

/// Kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// No model gave a good answer.
    Model,
    /// No model has capacity.
    ModelAway,
    /// The cap would be passed.
    Budget,
    /// GitHub refuses the merge.
    MergeRefused,
    /// Both sides changed the same lines.
    Conflict,
    /// Workflow files differ and the App may not touch them.
    Workflows,
    /// The App may not, or something is gone: the operator or an owner must act.
    Permission,
    /// GitHub does not answer.
    Github,
    /// The same order was needed too often.
    Loop,
}

/// The status comment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusComment {
    /// The comment.
    pub comment: Option<CommentRef>,
    /// Digest of what it shows.
    pub digest: Option<String>,
    /// When it was last written.
    pub at: Option<Millis>,
}

/// What a comment is to be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Node id of the comment.
    pub node_id: String,
    /// Where it stands.
    pub on: Thread,
    /// Reactions still to be set, in order.
    pub reactions: Vec<super::order::Reaction>,
    /// Reply still to be written.
    pub reply: Option<String>,
}

/// A person who was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The comment that asks; `None` while it is being written.
    pub comment: Option<CommentRef>,
}

/// What has been done after the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleanup {
    /// Branches deleted, or left with a remark.
    pub branches: bool,
    /// The issue closed, or found closed.
    pub issue: bool,
}

impl Workflow {
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

    /// The state people see: while forked, that of the least advanced phase that is begun and neither merged nor skipped.
    #[must_use]
    pub fn shown_state(&self) -> State {
        match self.baton {
            Baton::Whole(state) => state,
            Baton::Forked => self
                .phases
                .values()
                .filter(|p| !p.frozen && p.track.from.is_some() && matches!(p.fate, Fate::Open | Fate::Failed))
                .map(|p| p.state)
                .min()
                .unwrap_or(State::HandoffToCoder),
        }
    }

    /// Whether phases go onto the default branch.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.delivery.as_ref().is_some_and(|d| d.kind == DeliveryKind::Direct)
    }

    /// The commit that a release approval is given on: the release pull request's head, or in `direct` the last phase's.
    #[must_use]
    pub fn release_head(&self) -> Option<Sha> {
        if self.is_direct() {
            return self
                .last_phase()
                .and_then(|n| self.phases.get(&n))
                .and_then(|p| p.track.head.clone());
        }
        self.release.head.clone()
    }

    /// The branch that phases merge into.
    #[must_use]
    pub fn work_branch(&self) -> String {
        if self.is_direct() {
            return self.survey.as_ref().map(|s| s.default_branch.clone()).unwrap_or_default();
        }
        super::text::branch::integration(self)
    }

    /// In `direct`: the only phase neither merged nor left out, if there is just one.
    #[must_use]
    pub fn last_phase(&self) -> Option<PhaseNumber> {
        let mut open = self
            .phases
            .iter()
            .filter(|(_, p)| !p.frozen && matches!(p.fate, Fate::Open | Fate::Failed));
        match (open.next(), open.next()) {
            (Some((number, _)), None) => Some(*number),
            _ => None,
        }
    }

    /// Where a target's baton lies; `None` for the release while the batons are forked.
    #[must_use]
    pub fn state_of(&self, target: Target) -> Option<State> {
        match (target, self.baton) {
            (Target::Phase(number), _) => self.phases.get(&number).map(|p| p.state),
            (Target::Release, Baton::Whole(state)) => Some(state),
            (Target::Release, Baton::Forked) => None,
        }
    }

    /// Whether it has not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}
