//! A repository and everything that belongs to it.
//!
//! Invariant: issues and pull requests share one number sequence; git objects and refs live on disk, never here.

use std::collections::BTreeMap;

use super::account::Role;
use super::actions::{Job, Workflow, WorkflowRun};
use super::checks::{CheckRun, CheckSuite, CommitStatus};
use super::ids::{
    CheckRunId, CommentId, LabelId, NodeRef, RepoId, ReviewCommentId, ReviewId, RunId, StatusId, SuiteId, ThreadId, UserId,
    WorkflowId,
};
use super::issue::Issue;
use super::pull::PullRequest;
use super::review::{Review, ReviewComment, Thread};
use super::rules::{Protection, Ruleset};
use super::talk::Comment;
use crate::clock::Millis;
use crate::sim::git::Oid;

/// A repository.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Numeric id; stays over renames.
    pub id: RepoId,
    /// Owning account.
    pub owner: UserId,
    /// Name without owner.
    pub name: String,
    /// One line about it.
    pub description: Option<String>,
    /// Seen by collaborators only.
    pub private: bool,
    /// Read-only for everybody.
    pub archived: bool,
    /// Default branch, `main`.
    pub default_branch: String,
    /// Switches.
    pub settings: RepoSettings,
    /// People with a role of their own.
    pub collaborators: BTreeMap<UserId, Role>,
    /// Labels.
    pub labels: BTreeMap<LabelId, Label>,
    /// Rulesets.
    pub rulesets: Vec<Ruleset>,
    /// Classic protection by branch name.
    pub protections: BTreeMap<String, Protection>,
    /// Issues and pull requests by number.
    pub issues: BTreeMap<u64, Issue>,
    /// The next free number.
    pub next_number: u64,
    /// Comments on issues and pull requests.
    pub comments: BTreeMap<CommentId, Comment>,
    /// Reviews.
    pub reviews: BTreeMap<ReviewId, Review>,
    /// Inline review comments.
    pub review_comments: BTreeMap<ReviewCommentId, ReviewComment>,
    /// Threads of inline comments.
    pub threads: BTreeMap<ThreadId, Thread>,
    /// Check suites.
    pub suites: BTreeMap<SuiteId, CheckSuite>,
    /// Check runs.
    pub check_runs: BTreeMap<CheckRunId, CheckRun>,
    /// Commit statuses, all of them; the newest per context counts.
    pub statuses: BTreeMap<StatusId, CommitStatus>,
    /// Workflow files that ever ran.
    pub workflows: BTreeMap<WorkflowId, Workflow>,
    /// Workflow runs.
    pub runs: BTreeMap<RunId, WorkflowRun>,
    /// Jobs of workflow runs, all attempts.
    pub jobs: BTreeMap<CheckRunId, Job>,
    /// What GitHub knows of commits beside their bytes.
    pub commits: BTreeMap<Oid, CommitNote>,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// Last push.
    pub pushed_at: Millis,
}

impl Repository {
    /// GraphQL node id.
    #[must_use]
    pub fn node_id(&self) -> String {
        NodeRef::Repository(self.id).encode()
    }

    /// Whether draft pull requests and rulesets exist here: all owners are on the free plan, which has them in public
    /// repositories only.
    #[must_use]
    pub fn has_paid_features(&self) -> bool {
        !self.private
    }

    /// The issue or pull request `number`.
    #[must_use]
    pub fn issue(&self, number: u64) -> Option<&Issue> {
        self.issues.get(&number)
    }

    /// The pull request `number`, with the issue it is.
    #[must_use]
    pub fn pull(&self, number: u64) -> Option<(&Issue, &PullRequest)> {
        let issue = self.issues.get(&number)?;
        Some((issue, issue.pull.as_ref()?))
    }

    /// The label called `name`; case does not matter.
    #[must_use]
    pub fn label_named(&self, name: &str) -> Option<&Label> {
        self.labels.values().find(|label| label.name.eq_ignore_ascii_case(name))
    }

    /// Comments on `number`, oldest first.
    pub fn comments_on(&self, number: u64) -> impl Iterator<Item = &Comment> {
        self.comments.values().filter(move |comment| comment.issue == number)
    }

    /// Reviews of pull request `number`, oldest first, pending ones included.
    pub fn reviews_on(&self, number: u64) -> impl Iterator<Item = &Review> {
        self.reviews.values().filter(move |review| review.pull == number)
    }

    /// Threads of pull request `number`, oldest first.
    pub fn threads_on(&self, number: u64) -> impl Iterator<Item = &Thread> {
        self.threads.values().filter(move |thread| thread.pull == number)
    }

    /// Open pull requests with their numbers.
    pub fn open_pulls(&self) -> impl Iterator<Item = (&Issue, &PullRequest)> {
        self.issues
            .values()
            .filter(|issue| issue.is_open())
            .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
    }

    /// Check suites on a commit.
    pub fn suites_of(&self, head: Oid) -> impl Iterator<Item = &CheckSuite> {
        self.suites.values().filter(move |suite| suite.head == head)
    }

    /// Check runs on a commit, reruns included.
    pub fn check_runs_of(&self, head: Oid) -> impl Iterator<Item = &CheckRun> {
        self.check_runs.values().filter(move |run| run.head == head)
    }
}

/// A repository's switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoSettings {
    /// Issues are switched on.
    pub has_issues: bool,
    /// Merge commits allowed.
    pub allow_merge_commit: bool,
    /// Squash merges allowed.
    pub allow_squash_merge: bool,
    /// Rebase merges allowed.
    pub allow_rebase_merge: bool,
    /// Auto-merge allowed.
    pub allow_auto_merge: bool,
    /// Head branches are deleted after a merge.
    pub delete_branch_on_merge: bool,
    /// Merged pull requests close the issues they name.
    pub auto_close_issues: bool,
}

impl Default for RepoSettings {
    fn default() -> Self {
        Self {
            has_issues: true,
            allow_merge_commit: true,
            allow_squash_merge: true,
            allow_rebase_merge: true,
            allow_auto_merge: false,
            delete_branch_on_merge: false,
            auto_close_issues: true,
        }
    }
}

/// A label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Numeric id.
    pub id: LabelId,
    /// Name; unique without regard to case.
    pub name: String,
    /// Six hexadecimal digits.
    pub color: String,
    /// One line about it.
    pub description: Option<String>,
    /// Made with the repository.
    pub default: bool,
}

/// What GitHub knows of a commit beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitNote {
    /// Account of the author.
    pub author: Option<UserId>,
    /// Account of the committer; none when GitHub itself committed.
    pub committer: Option<UserId>,
    /// Signed by GitHub.
    pub verified: bool,
}
