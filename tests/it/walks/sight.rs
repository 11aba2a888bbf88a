//! What people see of the repository when they choose what to do.
//!
//! Invariant: looking changes nothing and asks the bot nothing.

use std::collections::BTreeMap;

use millhand::sim::git::{Oid, Store};
use millhand::sim::world::{IssueState, Repository, ReviewState, World};

use crate::story::ear::BOT;
use crate::story::town::Town;

/// A pull request.
#[derive(Clone, Debug)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) ours: bool,
    pub(super) open: bool,
    pub(super) draft: bool,
    pub(super) head_ref: String,
    pub(super) base_ref: String,
    pub(super) head: Oid,
    pub(super) merged: Option<MergedBy>,
}

#[derive(Clone, Debug)]
pub(super) struct MergedBy {
    pub(super) bot: bool,
    pub(super) commit: Oid,
    pub(super) at: i64,
}

/// A review that was submitted.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) id: u64,
    pub(super) pull: u64,
    pub(super) author: String,
    pub(super) state: ReviewState,
    pub(super) commit: Oid,
    pub(super) at: i64,
}

/// A comment on an issue or pull request.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) id: u64,
    pub(super) on: u64,
    pub(super) author: String,
    pub(super) body: String,
    pub(super) at: i64,
    pub(super) folded: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) pulls: Vec<Pull>,
    pub(super) reviews: Vec<Seen>,
    pub(super) comments: Vec<Said>,
    /// Check run and identifier of every button.
    pub(super) buttons: Vec<(u64, String)>,
    /// Branch and head.
    pub(super) branches: BTreeMap<String, Oid>,
    /// Number of each open issue.
    pub(super) open_issues: Vec<u64>,
    /// Names of labels by issue.
    pub(super) labels: BTreeMap<u64, Vec<String>>,
}

impl Sight {
    pub(super) fn of(town: &Town) -> Self {
        town.sim.with(|world| {
            let repo = world.repository_named("acme", "todo").unwrap();
            let git = world.git.open("acme/todo").unwrap();
            let heads = git.refs("refs/heads/").unwrap();
            let short = |(name, oid): (String, Oid)| (name.trim_start_matches("refs/heads/").to_owned(), oid);
            let label = |id| repo.labels.get(id).map(|l| l.name.clone());
            let issues = || repo.issues.values().filter(|i| repo.pull(i.number).is_none());
            Self {
                pulls: pulls(world, repo),
                reviews: reviews(world, repo),
                comments: comments(world, repo),
                buttons: repo
                    .check_runs
                    .values()
                    .flat_map(|run| run.actions.iter().map(|a| (run.id.0, a.identifier.clone())))
                    .collect(),
                branches: heads.into_iter().map(short).collect(),
                open_issues: issues().filter(|i| i.state == IssueState::Open).map(|i| i.number).collect(),
                labels: issues()
                    .map(|i| (i.number, i.labels.iter().filter_map(label).collect()))
                    .collect(),
            }
        })
    }

    /// Open pull requests of the bot.
    pub(super) fn ours(&self) -> Vec<&Pull> {
        self.pulls.iter().filter(|p| p.ours && p.open).collect()
    }

    /// Branches below our prefix.
    pub(super) fn our_branches(&self) -> Vec<String> {
        self.branches.keys().filter(|b| b.starts_with("millhand/")).cloned().collect()
    }
}

/// Looks into the repository's git.
pub(super) fn git<T>(town: &Town, look: impl FnOnce(&Store) -> T) -> T {
    town.sim.with(|world| look(&world.git.open("acme/todo").unwrap()))
}

fn pulls(world: &World, repo: &Repository) -> Vec<Pull> {
    let pull = |number: &u64| {
        let (issue, pull) = repo.pull(*number)?;
        Some(Pull {
            number: *number,
            ours: world.login(issue.author) == BOT,
            open: issue.state == IssueState::Open,
            draft: pull.draft,
            head_ref: pull.head_ref.clone(),
            base_ref: pull.base_ref.clone(),
            head: pull.head,
            merged: pull.merged.as_ref().map(|m| MergedBy {
                bot: world.login(m.by) == BOT,
                commit: m.commit,
                at: m.at.0,
            }),
        })
    };
    repo.issues.keys().filter_map(pull).collect()
}

fn reviews(world: &World, repo: &Repository) -> Vec<Seen> {
    let all = repo.reviews.values().filter(|r| r.submitted_at.is_some());
    all.map(|r| Seen {
        id: r.id.0,
        pull: r.pull,
        author: world.login(r.author).to_owned(),
        state: r.state,
        commit: r.commit,
        at: r.submitted_at.map_or(0, |at| at.0),
    })
    .collect()
}

fn comments(world: &World, repo: &Repository) -> Vec<Said> {
    repo.comments
        .values()
        .map(|c| Said {
            id: c.id.0,
            on: c.issue,
            author: world.login(c.author).to_owned(),
            body: c.body.clone(),
            at: c.created_at.0,
            folded: c.minimized.is_some(),
        })
        .collect()
}
