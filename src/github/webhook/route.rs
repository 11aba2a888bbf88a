//! What a delivery concerns: where the engine has to look.
//!
//! Invariant: only numeric ids, branch names and commits; names of repositories and people route nothing.

use super::payload::{Event, Payload};
use crate::github::types::{Actor, InstallationId, RepositoryId};

/// One thing a delivery concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// An issue, by number.
    Issue(u64),
    /// A pull request, by number.
    Pull(u64),
    /// A branch, by its name without `refs/heads/`.
    Branch(String),
    /// A commit.
    Sha(String),
    /// The repository as a whole.
    Repository,
    /// The installation as a whole.
    Installation,
}

/// Where a delivery points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The installation it is for.
    pub installation: Option<InstallationId>,
    /// The repository it is about.
    pub repository: Option<RepositoryId>,
    /// What it concerns there; empty for a delivery that is not used.
    pub concerns: Vec<Concern>,
}

/// Branches that a merge queue makes for itself. Pushes there concern nobody.
const QUEUE_BRANCHES: &str = "gh-readonly-queue/";

impl Payload {
    /// What the delivery concerns. A check event of an unknown commit is routed by its branch.
    #[must_use]
    pub fn route(&self) -> Route {
        match self {
            Self::Issue(event) => event.route(vec![Concern::Issue(event.about.number)]),
            Self::Comment(event) if event.about.on_pull => event.route(vec![Concern::Pull(event.about.number)]),
            Self::Comment(event) => event.route(vec![Concern::Issue(event.about.number)]),
            Self::Pull(event) => {
                let about = &event.about;
                let own = [Concern::Pull(about.number), Concern::Branch(about.head.clone())];
                let reverted = about.reverts.iter().copied().filter(|_| about.merged).map(Concern::Pull);
                event.route(own.into_iter().chain(reverted).collect())
            }
            Self::Review(event) => event.route(vec![Concern::Pull(event.about.number)]),
            Self::ReviewComment(event) => event.route(vec![Concern::Pull(event.about.number)]),
            Self::CheckRun(event) => event.route(commit(&event.about.head_sha, event.about.head_branch.as_deref())),
            Self::CheckSuite(event) => event.route(commit(&event.about.head_sha, event.about.head_branch.as_deref())),
            Self::WorkflowRun(event) => event.route(commit(&event.about.head_sha, event.about.head_branch.as_deref())),
            Self::Status(event) => {
                let branches = event.about.branches.iter().cloned().map(Concern::Branch);
                event.route(branches.chain([Concern::Sha(event.about.sha.clone())]).collect())
            }
            Self::Push(event) => match event.about.name.strip_prefix("refs/heads/") {
                Some(name) if !name.starts_with(QUEUE_BRANCHES) => event.route(commit(&event.about.after, Some(name))),
                Some(_) | None => event.route(Vec::new()),
            },
            Self::MergeGroup(event) => {
                let base = event.about.base_ref.trim_start_matches("refs/heads/");
                event.route(commit(&event.about.head_sha, Some(base)))
            }
            Self::Repository(event) => event.route(vec![Concern::Repository]),
            Self::Installation(event) => event.route(vec![Concern::Installation]),
            Self::Repositories(event) => event.route(vec![Concern::Installation]),
            Self::Ping | Self::Unused => Route::default(),
        }
    }

    /// Who caused it.
    #[must_use]
    pub fn sender(&self) -> Option<&Actor> {
        match self {
            Self::Issue(event) => event.sender.as_ref(),
            Self::Comment(event) => event.sender.as_ref(),
            Self::Pull(event) => event.sender.as_ref(),
            Self::Review(event) => event.sender.as_ref(),
            Self::ReviewComment(event) => event.sender.as_ref(),
            Self::CheckRun(event) => event.sender.as_ref(),
            Self::CheckSuite(event) => event.sender.as_ref(),
            Self::WorkflowRun(event) => event.sender.as_ref(),
            Self::Status(event) => event.sender.as_ref(),
            Self::Push(event) => event.sender.as_ref(),
            Self::MergeGroup(event) => event.sender.as_ref(),
            Self::Repository(event) => event.sender.as_ref(),
            Self::Installation(event) => event.sender.as_ref(),
            Self::Repositories(event) => event.sender.as_ref(),
            Self::Ping | Self::Unused => None,
        }
    }
}

impl<T> Event<T> {
    fn route(&self, concerns: Vec<Concern>) -> Route {
        Route {
            installation: self.installation,
            repository: self.repository.as_ref().map(|repository| repository.id),
            concerns,
        }
    }
}

fn commit(sha: &str, branch: Option<&str>) -> Vec<Concern> {
    let branch = branch
        .filter(|name| !name.is_empty())
        .map(|name| Concern::Branch(name.to_owned()));
    branch.into_iter().chain([Concern::Sha(sha.to_owned())]).collect()
}
