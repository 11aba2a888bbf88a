//! What an effect carries out: an order of a workflow, or something that no workflow orders yet.

use serde::{Deserialize, Serialize};

use super::subject;
use crate::clock::Millis;
use crate::github::Actor;
use crate::store::NewDelivery;
use crate::workflow::order::Order;

/// Kind of inbox rows that ask for a job on a subject without a workflow.
pub(super) const WANTED: &str = "wanted";

/// What an effect carries out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub(super) enum Job {
    /// An order of a workflow.
    Order {
        /// The order.
        order: Order,
    },
    /// Read whether somebody who may has started work on an issue.
    ReadStart {
        /// The repository.
        repository: i64,
        /// The issue.
        issue: u64,
        /// What made us look.
        hint: StartHint,
    },
    /// Read whether somebody who pressed a button of our check run may.
    ReadPress {
        /// The repository.
        repository: i64,
        /// The issue.
        issue: u64,
        /// What was pressed.
        pressed: Pressed,
    },
    /// Open an issue out of a text and start work on it, for the operator.
    Generate {
        /// The repository.
        repository: i64,
        /// The text.
        text: String,
        /// The request's key.
        key: String,
    },
    /// React to what was refused: a start by somebody who may not.
    Refuse {
        /// The repository.
        repository: i64,
        /// Node id of the issue or comment.
        node_id: String,
    },
    /// List installations and their repositories, and see that each is swept.
    ListInstallations {
        /// Not before.
        due: Millis,
    },
    /// Look at a repository for starts and comments that no webhook told.
    Discover {
        /// The repository.
        repository: i64,
        /// Not before.
        due: Millis,
    },
    /// Read what a repository sets.
    ReadConfiguration {
        /// The repository.
        repository: i64,
    },
    /// Say on the default branch's head why what the repository sets is refused.
    ReportConfiguration {
        /// The repository.
        repository: i64,
        /// The head.
        head: String,
    },
    /// Ask GitHub to send deliveries again that failed.
    Redeliver {
        /// Not before.
        due: Millis,
        /// How far to look back.
        since: Millis,
    },
}

/// What made us look for a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StartHint {
    /// A reopening, a comment, or whatever the sweep saw: the issue tells which.
    Seen,
    /// A label of this name was set.
    Label(String),
    /// The operator asked for it.
    Operator {
        /// Whether the plan's approval is waived.
        auto: bool,
        /// The request's key.
        key: String,
    },
}

/// A button that was pressed, as the webhook's signed body tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pressed {
    /// Who.
    pub(super) by: Actor,
    /// The App that the check run belongs to.
    pub(super) app: Option<u64>,
    /// The check run's id.
    pub(super) run: u64,
    /// The commit it is about.
    pub(super) head: String,
    /// The button's identifier.
    pub(super) button: String,
    /// SHA-256 of the body: nothing else of a delivery is signed.
    pub(super) digest: String,
    /// When it was heard.
    pub(super) at: Millis,
}

impl Job {
    /// A row for the inbox that asks for this job.
    pub(super) fn wanted_by(&self, subject: &str, fact_id: &str, now: Millis) -> NewDelivery {
        NewDelivery {
            subject: subject.to_owned(),
            fact_id: fact_id.to_owned(),
            kind: WANTED.to_owned(),
            // A job has only strings and numbers: serialising it cannot fail.
            body: serde_json::to_vec(self).unwrap_or_default(),
            received_at: now,
        }
    }

    /// The subject a job belongs to when no workflow orders it.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::ReadStart { repository, issue, .. } | Self::ReadPress { repository, issue, .. } => {
                subject::issue(*repository, *issue)
            }
            Self::Refuse { repository, .. }
            | Self::Discover { repository, .. }
            | Self::ReadConfiguration { repository }
            | Self::ReportConfiguration { repository, .. }
            | Self::Generate { repository, .. } => subject::repository(*repository),
            Self::Order { .. } | Self::ListInstallations { .. } | Self::Redeliver { .. } => subject::SERVICE.to_owned(),
        }
    }

    /// Not before this time.
    pub(super) fn due(&self) -> Option<Millis> {
        match self {
            Self::Order { order } => order.due(),
            Self::ListInstallations { due } | Self::Discover { due, .. } | Self::Redeliver { due, .. } => Some(*due),
            Self::ReadStart { .. }
            | Self::ReadPress { .. }
            | Self::Refuse { .. }
            | Self::Generate { .. }
            | Self::ReadConfiguration { .. }
            | Self::ReportConfiguration { .. } => None,
        }
    }

    /// Where it queues up: what a repository sets is read by one at a time, so that the newest answer is the last one kept.
    pub(super) fn lane(&self) -> Option<String> {
        match self {
            Self::Discover { repository, .. } | Self::ReadConfiguration { repository } => {
                Some(format!("configuration:{repository}"))
            }
            Self::Order { .. }
            | Self::ReadStart { .. }
            | Self::ReadPress { .. }
            | Self::Generate { .. }
            | Self::Refuse { .. }
            | Self::ListInstallations { .. }
            | Self::ReportConfiguration { .. }
            | Self::Redeliver { .. } => None,
        }
    }

    /// Its name in logs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Order { order } => order.name(),
            Self::ReadStart { .. } => "read_start",
            Self::ReadPress { .. } => "read_press",
            Self::Generate { .. } => "generate",
            Self::Refuse { .. } => "refuse",
            Self::ListInstallations { .. } => "list_installations",
            Self::Discover { .. } => "discover",
            Self::ReadConfiguration { .. } => "read_configuration",
            Self::ReportConfiguration { .. } => "report_configuration",
            Self::Redeliver { .. } => "redeliver",
        }
    }

    /// Whether it is a link of a chain: given up, nobody would order the next one.
    pub(super) fn is_link(&self) -> bool {
        matches!(
            self,
            Self::ListInstallations { .. } | Self::Discover { .. } | Self::Redeliver { .. }
        )
    }

    /// The repository it is about, when no workflow orders it.
    pub(super) fn repository(&self) -> Option<i64> {
        match self {
            Self::ReadStart { repository, .. }
            | Self::ReadPress { repository, .. }
            | Self::Generate { repository, .. }
            | Self::Refuse { repository, .. }
            | Self::ReadConfiguration { repository }
            | Self::ReportConfiguration { repository, .. }
            | Self::Discover { repository, .. } => Some(*repository),
            Self::Order { .. } | Self::ListInstallations { .. } | Self::Redeliver { .. } => None,
        }
    }

    /// Whether something was seen on an issue that a person may have written.
    pub(super) const fn is_seen(&self) -> bool {
        matches!(
            self,
            Self::ReadStart {
                hint: StartHint::Seen,
                ..
            }
        )
    }

    /// How many changes it makes at most: what the pacer counts.
    pub(super) fn mutations(&self) -> u32 {
        match self {
            Self::Order { order } => mutations(order),
            Self::Generate { .. } | Self::Refuse { .. } | Self::ReportConfiguration { .. } => 1,
            Self::ReadConfiguration { .. }
            | Self::ReadStart { .. }
            | Self::ReadPress { .. }
            | Self::ListInstallations { .. }
            | Self::Discover { .. }
            | Self::Redeliver { .. } => 0,
        }
    }

    /// Whether GitHub is asked at all.
    pub(super) fn asks_github(&self) -> bool {
        !matches!(
            self,
            Self::Order {
                order: Order::Ask(_) | Order::WakeAt { .. }
            }
        )
    }
}

/// How many changes an order makes at most: what the pacer counts.
fn mutations(order: &Order) -> u32 {
    match order {
        Order::Open { .. } | Order::OpenRevert { .. } => 5,
        Order::Present { .. } => 4,
        Order::AnswerReviews { .. } => 3,
        Order::Merge { .. } | Order::TakeOut { .. } | Order::ClosePull { .. } | Order::Push { .. } => 2,
        Order::Status { .. }
        | Order::PostPlan { .. }
        | Order::PostQuestions { .. }
        | Order::ShowChange { .. }
        | Order::AskPerson { .. }
        | Order::Minimise { .. }
        | Order::React { .. }
        | Order::Reply { .. }
        | Order::SetLabel
        | Order::CreateBase { .. }
        | Order::WriteCheck { .. }
        | Order::Rerun { .. }
        | Order::MarkReady { .. }
        | Order::UpdateBranch { .. }
        | Order::OpenRelease
        | Order::DescribeRelease { .. }
        | Order::CloseIssue
        | Order::DeleteBranches { .. } => 1,
        Order::ReadIssue { .. }
        | Order::ReadPull { .. }
        | Order::ReadRevert { .. }
        | Order::Survey { .. }
        | Order::ReadFailures { .. }
        | Order::ComparePatch { .. }
        | Order::Ask(_)
        | Order::WakeAt { .. } => 0,
    }
}
