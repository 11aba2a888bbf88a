//! What an order is called, whom it concerns, and what it must not run beside.
//!
//! Invariant: two equal orders have one name, one slot and one lane.

use super::super::fact::Target;
use super::super::state::Role;
use super::{Ask, Order};
use crate::clock::Millis;

impl Ask {
    /// The role that is asked.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::Requirements { .. } | Self::Plan { .. } => Role::QAssistant,
            Self::Write { .. } => Role::CodeWriter,
            Self::Diagnose { .. } => Role::TestAuditor,
            Self::Verify { .. } => Role::VerificationOverseer,
            Self::Notes { .. } => Role::ReleaseManager,
        }
    }
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
            | Self::ShowChange { target, .. }
            | Self::WriteCheck { target, .. }
            | Self::Rerun { target, .. }
            | Self::MarkReady { target }
            | Self::Present { target, .. }
            | Self::AnswerReviews { target, .. }
            | Self::UpdateBranch { target, .. }
            | Self::TakeOut { target, .. }
            | Self::Merge { target, .. } => Some(*target),
            Self::OpenRelease | Self::OpenRevert { .. } | Self::DescribeRelease { .. } => Some(Target::Release),
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
                    | Self::OpenRevert { .. }
                    | Self::Push {
                        target: Target::Release,
                        ..
                    }
                    | Self::UpdateBranch {
                        target: Target::Release,
                        ..
                    }
                    | Self::TakeOut { .. }
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
            Self::ShowChange { .. } => "show_change",
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
            Self::TakeOut { .. } => "take_out",
            Self::OpenRelease => "open_release",
            Self::OpenRevert { .. } => "open_revert",
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
        let merges = matches!(self, Self::Merge { .. } | Self::UpdateBranch { .. } | Self::TakeOut { .. });
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
