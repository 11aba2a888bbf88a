//! Numeric ids and the node ids made from them.
//!
//! Invariant: a node id says its kind and its number, so it is the same for the same object in every run and needs no table.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::sim::git::{Oid, parse_oid};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }
    )*};
}

ids! {
    /// An account: a person, a bot or an organisation. GitHub numbers them in one sequence.
    UserId,
    /// A GitHub App.
    AppId,
    /// An App's installation on one account.
    InstallationId,
    /// A repository.
    RepoId,
    /// The id of an issue, or of a pull request seen as an issue; not its number.
    IssueId,
    /// The id of a pull request seen as a pull request; not its number.
    PullId,
    /// A label.
    LabelId,
    /// A comment on an issue or pull request.
    CommentId,
    /// A reaction.
    ReactionId,
    /// An event in an issue's timeline.
    TimelineId,
    /// A review of a pull request.
    ReviewId,
    /// An inline comment of a review.
    ReviewCommentId,
    /// A thread of inline comments.
    ThreadId,
    /// A check suite: one App's checks on one commit.
    SuiteId,
    /// A check run. An Actions job has the same number as its check run, as on GitHub.
    CheckRunId,
    /// A commit status.
    StatusId,
    /// A workflow file of a repository.
    WorkflowId,
    /// A run of a workflow.
    RunId,
    /// A ruleset.
    RulesetId,
    /// One attempt to deliver a webhook.
    DeliveryId,
}

/// What a GraphQL node id points at. [`NodeRef::encode`] and [`NodeRef::decode`] are inverse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeRef {
    /// A person.
    User(UserId),
    /// An organisation.
    Organization(UserId),
    /// A bot account.
    Bot(UserId),
    /// A GitHub App.
    App(AppId),
    /// A repository.
    Repository(RepoId),
    /// An issue by repository and number.
    Issue(RepoId, u64),
    /// A pull request by repository and number.
    PullRequest(RepoId, u64),
    /// A comment.
    IssueComment(RepoId, CommentId),
    /// A label.
    Label(RepoId, LabelId),
    /// A reaction.
    Reaction(RepoId, ReactionId),
    /// A timeline event.
    TimelineEvent(RepoId, TimelineId),
    /// A review.
    Review(RepoId, ReviewId),
    /// An inline review comment.
    ReviewComment(RepoId, ReviewCommentId),
    /// A review thread.
    Thread(RepoId, ThreadId),
    /// A check suite.
    CheckSuite(RepoId, SuiteId),
    /// A check run.
    CheckRun(RepoId, CheckRunId),
    /// A commit status.
    Status(RepoId, StatusId),
    /// A workflow run.
    WorkflowRun(RepoId, RunId),
    /// A ref by its full name, `refs/heads/main`.
    Ref(RepoId, String),
    /// A commit.
    Commit(RepoId, Oid),
    /// A tree.
    Tree(RepoId, Oid),
    /// A blob.
    Blob(RepoId, Oid),
}

impl NodeRef {
    /// The node id, as in `PR_MTA6Mw`.
    #[must_use]
    pub fn encode(&self) -> String {
        let (prefix, text) = self.parts();
        format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(text))
    }

    /// Reads a node id; `None` if it was not made by [`NodeRef::encode`].
    #[must_use]
    pub fn decode(node_id: &str) -> Option<Self> {
        let (prefix, encoded) = node_id.split_once('_')?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
        let account = || text.parse().ok().map(UserId);
        match prefix {
            "U" => return account().map(Self::User),
            "O" => return account().map(Self::Organization),
            "BOT" => return account().map(Self::Bot),
            "A" => return text.parse().ok().map(|id| Self::App(AppId(id))),
            "R" => return text.parse().ok().map(|id| Self::Repository(RepoId(id))),
            _ => {}
        }
        let (repo, rest) = text.split_once(':')?;
        let repo = RepoId(repo.parse().ok()?);
        match prefix {
            "REF" => return Some(Self::Ref(repo, rest.to_owned())),
            "C" => return parse_oid(rest).map(|oid| Self::Commit(repo, oid)),
            "T" => return parse_oid(rest).map(|oid| Self::Tree(repo, oid)),
            "B" => return parse_oid(rest).map(|oid| Self::Blob(repo, oid)),
            _ => {}
        }
        let id: u64 = rest.parse().ok()?;
        Some(match prefix {
            "I" => Self::Issue(repo, id),
            "PR" => Self::PullRequest(repo, id),
            "IC" => Self::IssueComment(repo, CommentId(id)),
            "LA" => Self::Label(repo, LabelId(id)),
            "REA" => Self::Reaction(repo, ReactionId(id)),
            "EV" => Self::TimelineEvent(repo, TimelineId(id)),
            "PRR" => Self::Review(repo, ReviewId(id)),
            "PRRC" => Self::ReviewComment(repo, ReviewCommentId(id)),
            "PRRT" => Self::Thread(repo, ThreadId(id)),
            "CS" => Self::CheckSuite(repo, SuiteId(id)),
            "CR" => Self::CheckRun(repo, CheckRunId(id)),
            "SC" => Self::Status(repo, StatusId(id)),
            "WFR" => Self::WorkflowRun(repo, RunId(id)),
            _ => return None,
        })
    }

    fn parts(&self) -> (&'static str, String) {
        match self {
            Self::User(id) => ("U", id.to_string()),
            Self::Organization(id) => ("O", id.to_string()),
            Self::Bot(id) => ("BOT", id.to_string()),
            Self::App(id) => ("A", id.to_string()),
            Self::Repository(id) => ("R", id.to_string()),
            Self::Issue(repo, number) => ("I", format!("{repo}:{number}")),
            Self::PullRequest(repo, number) => ("PR", format!("{repo}:{number}")),
            Self::IssueComment(repo, id) => ("IC", format!("{repo}:{id}")),
            Self::Label(repo, id) => ("LA", format!("{repo}:{id}")),
            Self::Reaction(repo, id) => ("REA", format!("{repo}:{id}")),
            Self::TimelineEvent(repo, id) => ("EV", format!("{repo}:{id}")),
            Self::Review(repo, id) => ("PRR", format!("{repo}:{id}")),
            Self::ReviewComment(repo, id) => ("PRRC", format!("{repo}:{id}")),
            Self::Thread(repo, id) => ("PRRT", format!("{repo}:{id}")),
            Self::CheckSuite(repo, id) => ("CS", format!("{repo}:{id}")),
            Self::CheckRun(repo, id) => ("CR", format!("{repo}:{id}")),
            Self::Status(repo, id) => ("SC", format!("{repo}:{id}")),
            Self::WorkflowRun(repo, id) => ("WFR", format!("{repo}:{id}")),
            Self::Ref(repo, name) => ("REF", format!("{repo}:{name}")),
            Self::Commit(repo, oid) => ("C", format!("{repo}:{oid}")),
            Self::Tree(repo, oid) => ("T", format!("{repo}:{oid}")),
            Self::Blob(repo, oid) => ("B", format!("{repo}:{oid}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_ids_survive_the_round_trip() {
        let oid = parse_oid("e83c5163316f89bfbde7d9ab23ca2e25604af290").unwrap();
        let repo = RepoId(7);
        let nodes = [
            NodeRef::User(UserId(1)),
            NodeRef::Organization(UserId(2)),
            NodeRef::Bot(UserId(3)),
            NodeRef::App(AppId(4)),
            NodeRef::Repository(repo),
            NodeRef::Issue(repo, 1),
            NodeRef::PullRequest(repo, 2),
            NodeRef::IssueComment(repo, CommentId(3)),
            NodeRef::Label(repo, LabelId(4)),
            NodeRef::Reaction(repo, ReactionId(5)),
            NodeRef::TimelineEvent(repo, TimelineId(6)),
            NodeRef::Review(repo, ReviewId(7)),
            NodeRef::ReviewComment(repo, ReviewCommentId(8)),
            NodeRef::Thread(repo, ThreadId(9)),
            NodeRef::CheckSuite(repo, SuiteId(10)),
            NodeRef::CheckRun(repo, CheckRunId(11)),
            NodeRef::Status(repo, StatusId(12)),
            NodeRef::WorkflowRun(repo, RunId(13)),
            NodeRef::Ref(repo, "refs/heads/a:b".to_owned()),
            NodeRef::Commit(repo, oid),
            NodeRef::Tree(repo, oid),
            NodeRef::Blob(repo, oid),
        ];
        for node in nodes {
            assert_eq!(NodeRef::decode(&node.encode()).as_ref(), Some(&node));
        }
        for bad in ["", "PR", "PR_", "PR_!", "XX_MTA6Mw", "PR_MTA"] {
            assert_eq!(NodeRef::decode(bad), None, "{bad}");
        }
    }
}
