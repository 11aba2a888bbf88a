//! Orders: what shall be done, in the imperative. The engine carries them out; every one ends as a [`super::fact::Done`].
//!
//! Invariant: an order names everything that makes it *this* order (round, turn, head): two equal orders are one order.
//! Texts and big values are not in it; they follow from the workflow's state and from blobs.

use serde::{Deserialize, Serialize};

use super::fact::Target;
use super::ids::{BlobHash, Sha};
use crate::clock::Millis;

/// What shall be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Read the issue, its comments, its timeline and all our pull requests.
    ReadIssue {
        /// Not before.
        due: Millis,
    },
    /// Read one pull request: head, state, checks, reviews.
    ReadPull {
        /// Which.
        target: Target,
        /// Its number.
        pull: u64,
        /// Not before.
        due: Millis,
    },
    /// Read a pull request that says that it reverts our release.
    ReadRevert {
        /// Its number.
        pull: u64,
    },
    /// Read the repository: tree, workflows, rules, people.
    Survey {
        /// How often it was read before: a new planning reads anew.
        turn: u32,
    },
    /// Read logs and annotations of failed checks, and how the base fares.
    ReadFailures {
        /// Whose.
        target: Target,
        /// The head.
        head: Sha,
        /// The failed checks by name.
        names: Vec<String>,
    },
    /// Tell whether the patch is the same on two heads.
    ComparePatch {
        /// Whose.
        target: Target,
        /// The head approved.
        old: Sha,
        /// The head now.
        new: Sha,
    },
    /// Ask a model.
    Ask(Ask),
    /// Write the status comment as the state is then.
    Status {
        /// Not before: edits are spread, but for urgent ones.
        due: Millis,
    },
    /// Post the plan and minimise older ones.
    PostPlan {
        /// Its version.
        version: u32,
        /// Its hash.
        hash: String,
    },
    /// Post the questions of this round.
    PostQuestions {
        /// The round of questions.
        round: u32,
    },
    /// Write a short comment because a person is needed.
    AskPerson {
        /// The key of what is asked; a wait's key.
        key: String,
    },
    /// Minimise a comment that is answered or overtaken.
    Minimise {
        /// Node id of the comment.
        node_id: String,
    },
    /// React to a comment.
    React {
        /// The comment.
        comment: u64,
        /// Node id of the comment.
        node_id: String,
        /// The reaction.
        with: Reaction,
    },
    /// Answer a comment in one short reply.
    Reply {
        /// The comment.
        comment: u64,
    },
    /// Set the trigger label, as a projection of a start without it.
    SetLabel,
    /// Create the integration branch.
    CreateBase {
        /// From this commit.
        from: Sha,
    },
    /// Open a phase: branch, commit, draft pull request.
    Open {
        /// Which.
        target: Target,
        /// The branch.
        branch: String,
        /// The commit it starts from.
        base: Sha,
        /// The change set.
        change: BlobHash,
    },
    /// Push one more commit.
    Push {
        /// Which.
        target: Target,
        /// The head it goes onto.
        head: Sha,
        /// The change set.
        change: BlobHash,
    },
    /// Write the check run of a head that stops here.
    WriteCheck {
        /// Whose.
        target: Target,
        /// The head.
        head: Sha,
        /// What it says: a digest, so that another text is another order.
        digest: String,
    },
    /// Run checks again.
    Rerun {
        /// Whose.
        target: Target,
        /// The head.
        head: Sha,
        /// Actions runs.
        runs: Vec<u64>,
    },
    /// Take the pull request out of draft.
    MarkReady {
        /// Which.
        target: Target,
    },
    /// Write the verdict as check run, mark ready, ask for review.
    Present {
        /// Whose.
        target: Target,
        /// The head.
        head: Sha,
    },
    /// Answer the reviews that led to this head.
    AnswerReviews {
        /// Whose.
        target: Target,
        /// The commit that answers.
        head: Sha,
        /// The reviews by id.
        reviews: Vec<u64>,
    },
    /// Merge the base into the branch.
    UpdateBranch {
        /// Whose.
        target: Target,
        /// The head before.
        head: Sha,
        /// The base's head.
        base: Sha,
    },
    /// Merge.
    Merge {
        /// What.
        target: Target,
        /// The head that was approved.
        head: Sha,
        /// The base branch's head as known: another merge in between is another order.
        base: Sha,
    },
    /// Open the release pull request as a draft.
    OpenRelease,
    /// Write notes, rollback recipe and cost into the release pull request.
    DescribeRelease {
        /// Digest of the text.
        digest: String,
    },
    /// Close the issue.
    CloseIssue,
    /// Close a pull request of ours with a note.
    ClosePull {
        /// Its number.
        pull: u64,
        /// Node id.
        node_id: String,
        /// Why, one sentence.
        note: String,
    },
    /// Delete our branches.
    DeleteBranches {
        /// Names and known heads.
        branches: Vec<(String, Sha)>,
    },
    /// Wake the workflow.
    WakeAt {
        /// When.
        at: Millis,
    },
}

/// A question for a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Requirements.
    Requirements {
        /// Counts up with every answer and edit.
        turn: u32,
    },
    /// The plan.
    Plan {
        /// Counts up with every revision.
        turn: u32,
    },
    /// A change set.
    Write {
        /// For what.
        target: Target,
        /// Counts up with every write.
        turn: u32,
    },
    /// A diagnosis of failed checks.
    Diagnose {
        /// Of what.
        target: Target,
        /// On this head.
        head: Sha,
        /// Blob of the failures.
        failures: BlobHash,
    },
    /// A verdict.
    Verify {
        /// On what.
        target: Target,
        /// On this head.
        head: Sha,
        /// Counts up when a person asks again.
        turn: u32,
    },
    /// Release notes.
    Notes {
        /// Digest of the merged phases.
        digest: String,
    },
}

impl Ask {
    /// The role that is asked.
    #[must_use]
    pub const fn role(&self) -> super::state::Role {
        use super::state::Role;
        match self {
            Self::Requirements { .. } | Self::Plan { .. } => Role::QAssistant,
            Self::Write { .. } => Role::CodeWriter,
            Self::Diagnose { .. } => Role::TestAuditor,
            Self::Verify { .. } => Role::VerificationOverseer,
            Self::Notes { .. } => Role::ReleaseManager,
        }
    }
}

/// A reaction to a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Seen.
    Eyes,
    /// Done.
    Up,
    /// Refused.
    Confused,
}

impl Order {
    /// Whom it concerns, if a phase or the release.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::ReadPull { target, .. }
            | Self::ReadFailures { target, .. }
            | Self::ComparePatch { target, .. }
            | Self::Ask(Ask::Write { target, .. } | Ask::Diagnose { target, .. } | Ask::Verify { target, .. })
            | Self::Open { target, .. }
            | Self::Push { target, .. }
            | Self::WriteCheck { target, .. }
            | Self::Rerun { target, .. }
            | Self::MarkReady { target }
            | Self::Present { target, .. }
            | Self::AnswerReviews { target, .. }
            | Self::UpdateBranch { target, .. }
            | Self::Merge { target, .. } => Some(*target),
            Self::OpenRelease | Self::DescribeRelease { .. } => Some(Target::Release),
            Self::ReadIssue { .. }
            | Self::ReadRevert { .. }
            | Self::Survey { .. }
            | Self::Ask(Ask::Requirements { .. } | Ask::Plan { .. } | Ask::Notes { .. })
            | Self::Status { .. }
            | Self::PostPlan { .. }
            | Self::PostQuestions { .. }
            | Self::AskPerson { .. }
            | Self::Minimise { .. }
            | Self::React { .. }
            | Self::Reply { .. }
            | Self::SetLabel
            | Self::CreateBase { .. }
            | Self::CloseIssue
            | Self::ClosePull { .. }
            | Self::DeleteBranches { .. }
            | Self::WakeAt { .. } => None,
        }
    }

    /// Whether carrying it out gives the target's branch a new head. The release's branch is what phases are merged into.
    #[must_use]
    pub fn moves(&self, target: Target) -> bool {
        match target {
            Target::Phase(_) => matches!(
                self,
                Self::Open { target: on, .. } | Self::Push { target: on, .. } | Self::UpdateBranch { target: on, .. } if *on == target
            ),
            Target::Release => matches!(
                self,
                Self::OpenRelease
                    | Self::Push {
                        target: Target::Release,
                        ..
                    }
                    | Self::UpdateBranch {
                        target: Target::Release,
                        ..
                    }
                    | Self::Merge {
                        target: Target::Phase(_),
                        ..
                    }
            ),
        }
    }

    /// The order's name, as the log and the metrics show it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ReadIssue { .. } => "read_issue",
            Self::ReadPull { .. } => "read_pull",
            Self::ReadRevert { .. } => "read_revert",
            Self::Survey { .. } => "survey",
            Self::ReadFailures { .. } => "read_failures",
            Self::ComparePatch { .. } => "compare_patch",
            Self::Ask(Ask::Requirements { .. }) => "ask_requirements",
            Self::Ask(Ask::Plan { .. }) => "ask_plan",
            Self::Ask(Ask::Write { .. }) => "ask_write",
            Self::Ask(Ask::Diagnose { .. }) => "ask_diagnose",
            Self::Ask(Ask::Verify { .. }) => "ask_verify",
            Self::Ask(Ask::Notes { .. }) => "ask_notes",
            Self::Status { .. } => "status",
            Self::PostPlan { .. } => "post_plan",
            Self::PostQuestions { .. } => "post_questions",
            Self::AskPerson { .. } => "ask_person",
            Self::Minimise { .. } => "minimise",
            Self::React { .. } => "react",
            Self::Reply { .. } => "reply",
            Self::SetLabel => "set_label",
            Self::CreateBase { .. } => "create_base",
            Self::Open { .. } => "open",
            Self::Push { .. } => "push",
            Self::WriteCheck { .. } => "write_check",
            Self::Rerun { .. } => "rerun",
            Self::MarkReady { .. } => "mark_ready",
            Self::Present { .. } => "present",
            Self::AnswerReviews { .. } => "answer_reviews",
            Self::UpdateBranch { .. } => "update_branch",
            Self::Merge { .. } => "merge",
            Self::OpenRelease => "open_release",
            Self::DescribeRelease { .. } => "describe_release",
            Self::CloseIssue => "close_issue",
            Self::ClosePull { .. } => "close_pull",
            Self::DeleteBranches { .. } => "delete_branches",
            Self::WakeAt { .. } => "wake_at",
        }
    }

    /// What the order is for: orders of one slot replace each other, and trouble with one holds the next of that slot.
    #[must_use]
    pub fn slot(&self) -> String {
        match self.target() {
            Some(Target::Phase(number)) => format!("{}:{number}", self.name()),
            Some(Target::Release) => format!("{}:release", self.name()),
            None => self.name().to_owned(),
        }
    }

    /// The lane: orders of one lane run one after the other. Reads and models run beside everything; writes of a workflow
    /// queue up; merges queue up per base branch.
    #[must_use]
    pub fn lane(&self, workflow: &str, base: &str) -> Option<String> {
        let beside_everything = matches!(
            self,
            Self::ReadIssue { .. }
                | Self::ReadPull { .. }
                | Self::ReadRevert { .. }
                | Self::Survey { .. }
                | Self::ReadFailures { .. }
                | Self::ComparePatch { .. }
                | Self::Ask(_)
                | Self::WakeAt { .. }
        );
        let merges = matches!(self, Self::Merge { .. } | Self::UpdateBranch { .. });
        if beside_everything {
            None
        } else if merges {
            Some(format!("merge:{base}"))
        } else {
            Some(format!("write:{workflow}"))
        }
    }

    /// Not before this time, if it has one.
    #[must_use]
    pub fn due(&self) -> Option<Millis> {
        if let Self::ReadIssue { due } | Self::ReadPull { due, .. } | Self::Status { due } | Self::WakeAt { at: due } = self {
            Some(*due)
        } else {
            None
        }
    }
}
