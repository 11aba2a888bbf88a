//! Whether a pull request can be merged, and what stands in its way.
//!
//! Invariant: the first look after a change says "unknown" and starts the computing, as on GitHub; what was computed counts
//! only for the commits it was computed for.

use std::time::Duration;

use crate::sim::git::{Ident, MergeOutcome, NewCommit, Oid};
use crate::sim::ops::{Actor, Outcome, auth, chores, owners, pull, pull_mut, pushes, repository, rules, verdicts};
use crate::sim::world::{
    BranchRules, Chore, MergeState, Mergeability, PullRequest, RepoId, Repository, RequiredCheck, ReviewState, UserId, World,
};

/// How long GitHub takes.
const COMPUTING_TIME: Duration = Duration::from_millis(200);

/// GraphQL's `reviewDecision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewDecision {
    /// Enough approvals.
    Approved,
    /// Somebody with write asks for changes.
    ChangesRequested,
    /// Approvals are missing.
    ReviewRequired,
}

impl ReviewDecision {
    /// GraphQL's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::ChangesRequested => "CHANGES_REQUESTED",
            Self::ReviewRequired => "REVIEW_REQUIRED",
        }
    }
}

/// Why a merge is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// Approvals are missing.
    Approvals(u32),
    /// Somebody with write asks for changes.
    ChangesRequested,
    /// A code owner's approval is missing.
    CodeOwner,
    /// The last push was not approved by somebody else.
    LastPush,
    /// A required check is missing, runs or failed.
    Check(RequiredCheck),
    /// A thread is not resolved.
    Threads,
    /// Merges go through the queue.
    Queue,
    /// The base may not be moved at all.
    Locked,
}

impl Blocker {
    /// GitHub's sentence. The one about threads does not say so, as on GitHub.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Approvals(1) => "At least 1 approving review is required by reviewers with write access.".to_owned(),
            Self::Approvals(count) => format!("At least {count} approving reviews are required by reviewers with write access."),
            Self::ChangesRequested => "Changes have been requested by a reviewer with write access.".to_owned(),
            Self::CodeOwner => "Waiting on code owner review.".to_owned(),
            Self::LastPush => "New changes require approval from someone other than the last pusher.".to_owned(),
            Self::Check(check) => format!("Required status check \"{}\" is expected.", check.context),
            Self::Threads => "Pull Request is not mergeable".to_owned(),
            Self::Queue => "Changes must be made through the merge queue".to_owned(),
            Self::Locked => "Cannot update this protected ref.".to_owned(),
        }
    }
}

/// Whether it can be merged, as `GET pulls/N` tells: `None` is not known yet, and looking starts the computing.
pub fn look(world: &mut World, repo: RepoId, number: u64) -> Option<bool> {
    let (issue, found) = pull(world, repo, number).ok()?;
    if !issue.is_open() {
        return None;
    }
    match known(found) {
        Some(merge) => Some(merge.is_some()),
        None => {
            if !matches!(found.mergeable, Mergeability::Computing(_)) {
                plan(world, repo, number);
            }
            None
        }
    }
}

/// What is known without starting anything, as lists and webhooks tell.
#[must_use]
pub fn glance(found: &PullRequest) -> Option<bool> {
    known(found).map(|merge| merge.is_some())
}

/// The test merge, computed now if need be: what `pull_request` workflows check out. `None` is a conflict.
pub fn test_merge(world: &mut World, repo: RepoId, number: u64) -> Option<Oid> {
    if known(pull(world, repo, number).ok()?.1).is_none() {
        compute(world, repo, number);
    }
    known(pull(world, repo, number).ok()?.1).flatten()
}

/// The merge state, from what is known.
#[must_use]
pub fn state(world: &World, repo: RepoId, number: u64) -> MergeState {
    let Ok((issue, found)) = pull(world, repo, number) else {
        return MergeState::Unknown;
    };
    if !issue.is_open() {
        return MergeState::Unknown;
    }
    match known(found) {
        None => return MergeState::Unknown,
        Some(None) => return MergeState::Dirty,
        Some(Some(_)) => {}
    }
    let Some(repository) = world.repositories.get(&repo) else {
        return MergeState::Unknown;
    };
    let rules = rules::rules_for(repository, &found.base_ref);
    if found.draft {
        return MergeState::Draft;
    }
    if !blockers(world, repository, number, &rules).is_empty() {
        return MergeState::Blocked;
    }
    if rules.strict && is_behind(world, repo, found).unwrap_or(false) {
        return MergeState::Behind;
    }
    if verdicts::all_pass(repository, found.head) {
        MergeState::Clean
    } else {
        MergeState::Unstable
    }
}

/// Everything in the rules that forbids the merge now.
#[must_use]
pub fn blockers(world: &World, repo: &Repository, number: u64, rules: &BranchRules) -> Vec<Blocker> {
    let Some((issue, found)) = repo.pull(number) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    if rules.merge_queue {
        all.push(Blocker::Queue);
    }
    if rules.no_update {
        all.push(Blocker::Locked);
    }
    if rules.pull_request && rules.approvals > 0 {
        let opinions = opinions(world, repo, number);
        let approvers: Vec<UserId> = opinions
            .iter()
            .filter(|(_, state)| *state == ReviewState::Approved)
            .map(|(user, _)| *user)
            .collect();
        if opinions.iter().any(|(_, state)| *state == ReviewState::ChangesRequested) {
            all.push(Blocker::ChangesRequested);
        } else if u32::try_from(approvers.len()).unwrap_or(u32::MAX) < rules.approvals {
            all.push(Blocker::Approvals(rules.approvals));
        }
        if rules.last_push_approval && !approvers.iter().any(|user| *user != found.last_pusher) {
            all.push(Blocker::LastPush);
        }
    }
    if rules.code_owner_reviews && !owners::satisfied(world, repo, number) {
        all.push(Blocker::CodeOwner);
    }
    let missing = rules
        .checks
        .iter()
        .filter(|check| !verdicts::required_passes(repo, found.head, check));
    all.extend(missing.cloned().map(Blocker::Check));
    if rules.conversation_resolution && repo.threads_on(issue.number).any(|thread| !thread.resolved()) {
        all.push(Blocker::Threads);
    }
    all
}

/// GraphQL's `reviewDecision`: none where the rules ask for no review.
#[must_use]
pub fn review_decision(world: &World, repo: RepoId, number: u64) -> Option<ReviewDecision> {
    let (_, found) = pull(world, repo, number).ok()?;
    let repository = world.repositories.get(&repo)?;
    let rules = rules::rules_for(repository, &found.base_ref);
    if !rules.pull_request || (rules.approvals == 0 && !rules.code_owner_reviews) {
        return None;
    }
    let review = |blocker: &Blocker| matches!(blocker, Blocker::Approvals(_) | Blocker::CodeOwner | Blocker::LastPush);
    let blockers = blockers(world, repository, number, &rules);
    Some(if blockers.contains(&Blocker::ChangesRequested) {
        ReviewDecision::ChangesRequested
    } else if blockers.iter().any(review) {
        ReviewDecision::ReviewRequired
    } else {
        ReviewDecision::Approved
    })
}

/// The last opinion of everybody with write: approved, changes requested, or dismissed (which is none).
#[must_use]
pub fn opinions(world: &World, repo: &Repository, number: u64) -> Vec<(UserId, ReviewState)> {
    let mut latest: Vec<(UserId, ReviewState)> = Vec::new();
    for review in repo.reviews_on(number) {
        if matches!(review.state, ReviewState::Pending | ReviewState::Commented) || !auth::writes(world, repo.id, review.author) {
            continue;
        }
        latest.retain(|(user, _)| *user != review.author);
        latest.push((review.author, review.state));
    }
    latest.retain(|(_, state)| *state != ReviewState::Dismissed);
    latest
}

/// Whether the base has commits that the head has not.
pub(super) fn is_behind(world: &World, repo: RepoId, found: &PullRequest) -> Outcome<bool> {
    Ok(!world.store(repo)?.is_ancestor(found.base, found.head)?)
}

/// Starts the computing.
pub(super) fn plan(world: &mut World, repo: RepoId, number: u64) {
    let due = world.now().plus(COMPUTING_TIME);
    if let Ok(found) = pull_mut(world, repo, number) {
        found.mergeable = Mergeability::Computing(due);
        chores::plan(world, COMPUTING_TIME, Chore::Mergeability { repo, number });
    }
}

/// What was computed no longer counts; the next look starts again.
pub(super) fn forget(world: &mut World, repo: RepoId, number: u64) {
    if let Ok(found) = pull_mut(world, repo, number) {
        found.mergeable = Mergeability::Unknown;
    }
}

/// Computes it.
pub(super) fn compute(world: &mut World, repo: RepoId, number: u64) {
    let Ok((issue, found)) = pull(world, repo, number) else {
        return;
    };
    if !issue.is_open() || known(found).is_some() {
        return;
    }
    let (base, head) = (found.base, found.head);
    match merge(world, repo, number, (base, head)) {
        Ok(merge) => {
            if let Ok(found) = pull_mut(world, repo, number) {
                found.mergeable = Mergeability::Known { base, head, merge };
            }
        }
        // A repository that cannot be read stays "unknown", as on GitHub.
        Err(refusal) => tracing::warn!(%refusal, number, "mergeability could not be computed"),
    }
}

fn merge(world: &World, repo: RepoId, number: u64, (base, head): (Oid, Oid)) -> Outcome<Option<Oid>> {
    let store = world.store(repo)?;
    let MergeOutcome::Clean(tree) = store.merge_commits(base, head)? else {
        return Ok(None);
    };
    let github = Ident {
        name: "GitHub".to_owned(),
        email: "noreply@github.com".to_owned(),
        at: world.now(),
    };
    let message = format!("Merge {head} into {base}");
    let commit = NewCommit {
        tree,
        parents: vec![base, head],
        author: github.clone(),
        committer: github,
        message,
    };
    let oid = store.write_commit(&commit)?;
    pushes::set_hidden(&store, &format!("refs/pull/{number}/merge"), oid)?;
    Ok(Some(oid))
}

/// What is known for the commits it has now.
fn known(found: &PullRequest) -> Option<Option<Oid>> {
    match found.mergeable {
        Mergeability::Known { base, head, merge } if base == found.base && head == found.head => Some(merge),
        Mergeability::Known { .. } | Mergeability::Unknown | Mergeability::Computing(_) => None,
    }
}

/// Whether this actor passes the rules of the pull request's base; the first blocker otherwise.
pub(super) fn first_blocker(world: &World, actor: &Actor, repo: RepoId, number: u64) -> Outcome<Option<Blocker>> {
    let repository = repository(world, repo)?;
    let (_, found) = pull(world, repo, number)?;
    let rules = rules::rules_for_actor(world, repository, &found.base_ref, actor);
    Ok(blockers(world, repository, number, &rules).into_iter().next())
}
