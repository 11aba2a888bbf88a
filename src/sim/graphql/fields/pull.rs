//! Pull requests.
//!
//! Invariant: whether it can be merged is asked of the law that merges, so the two never disagree.

use super::super::object::{Cx, Field, Item, account, leaf, node, null, optional, record};
use super::issue::shared;
use super::{big, may_read, pull_lists, refs, time, timeline, word};
use crate::sim::git::Oid;
use crate::sim::ops::{Outcome, Refusal, auth, mergeability, pulls, rules};
use crate::sim::world::{AutoMerge, Issue, Mergeability, NodeRef, PullRequest, RepoId, World};

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, number: u64, field: &Field) -> Outcome<Option<Item>> {
    if let Some(item) = shared(cx, repo, number, field)? {
        return Ok(Some(item));
    }
    if let Some(item) = plain(cx, repo, number, field)? {
        return Ok(Some(item));
    }
    if let Some(item) = pull_lists::field(cx, repo, number, field)? {
        return Ok(Some(item));
    }
    Ok(Some(match field.name.as_str() {
        "mergeable" => leaf(match cx.change(|world, _| mergeability::look(world, repo, number)) {
            Some(true) => "MERGEABLE",
            Some(false) => "CONFLICTING",
            None => "UNKNOWN",
        }),
        "mergeStateStatus" => word(cx.read(|world| mergeability::state(world, repo, number)).name()),
        "reviewDecision" => cx
            .read(|w| mergeability::review_decision(w, repo, number))
            .map_or_else(null, |decision| leaf(decision.name())),
        "additions" | "deletions" | "changedFiles" => {
            let files = cx.read(|w| pulls::files(w, repo, number))?;
            match field.name.as_str() {
                "additions" => leaf(files.iter().map(|file| file.additions).sum::<u64>()),
                "deletions" => leaf(files.iter().map(|file| file.deletions).sum::<u64>()),
                _ => leaf(files.len()),
            }
        }
        "headRef" => by_branch(cx, repo, number, |pull| pull.head_ref.clone())?,
        "baseRef" => by_branch(cx, repo, number, |pull| pull.base_ref.clone())?,
        "statusCheckRollup" => {
            may_read(cx, repo, "checks")?;
            let head = cx.read(|w| self::record_of(w, repo, number).map(|(_, pull)| pull.head))?;
            super::checks::rollup_item(cx, repo, head)?
        }
        "viewerCanUpdateBranch" => {
            let pull = cx.read(|w| record_of(w, repo, number).map(|(_, pull)| (pull.base, pull.head)))?;
            let behind = !cx.store(repo)?.is_ancestor(pull.0, pull.1)?;
            leaf(behind && cx.read(|w| auth::may(w, cx.actor, repo, auth::PUSH)))
        }
        "timelineItems" => timeline::list(cx, repo, number, field, "PullRequestTimelineItemsConnection")?,
        _ => return Ok(None),
    }))
}

/// The pull request, which was there when the object was found.
pub(super) fn record_of(world: &World, repo: RepoId, number: u64) -> Outcome<(&Issue, &PullRequest)> {
    super::repository(world, repo)?.pull(number).ok_or_else(Refusal::not_found)
}

/// GraphQL's three states.
pub(super) fn state(issue: &Issue) -> &'static str {
    match &issue.pull {
        Some(pull) if pull.merged.is_some() => "MERGED",
        _ if issue.is_open() => "OPEN",
        _ => "CLOSED",
    }
}

fn plain(cx: &Cx<'_>, repo: RepoId, number: u64, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let (issue, pull) = record_of(world, repo, number)?;
        let merged = pull.merged.as_ref();
        let commit = |oid: Option<Oid>| optional(oid.map(|oid| NodeRef::Commit(repo, oid)));
        Ok(Some(match field.name.as_str() {
            "databaseId" => leaf(pull.id.0),
            "fullDatabaseId" => big(pull.id.0),
            "state" => leaf(state(issue)),
            "isDraft" => leaf(pull.draft),
            "merged" => leaf(merged.is_some()),
            "mergedAt" => time(merged.map(|merged| merged.at)),
            "mergedBy" => merged.map_or_else(null, |merged| account(world, merged.by)),
            "mergeCommit" => commit(merged.map(|merged| merged.commit)),
            "potentialMergeCommit" => commit(match pull.mergeable {
                Mergeability::Known { merge, .. } if merged.is_none() => merge,
                Mergeability::Known { .. } | Mergeability::Unknown | Mergeability::Computing(_) => None,
            }),
            "headRefName" => leaf(pull.head_ref.as_str()),
            "headRefOid" => leaf(pull.head.to_string()),
            "baseRefName" => leaf(pull.base_ref.as_str()),
            "baseRefOid" => leaf(pull.base.to_string()),
            "headRepository" | "baseRepository" => node(NodeRef::Repository(repo)),
            "headRepositoryOwner" => account(world, super::repository(world, repo)?.owner),
            "isCrossRepository" => leaf(false),
            "maintainerCanModify" => leaf(pull.maintainer_can_modify),
            // Queues are not simulated, so nothing is ever in one; whether a rule demands one is known all the same.
            "isInMergeQueue" => leaf(false),
            "mergeQueueEntry" => null(),
            "isMergeQueueEnabled" => leaf(rules::rules_for(super::repository(world, repo)?, &pull.base_ref).merge_queue),
            "autoMergeRequest" => pull
                .auto_merge
                .as_ref()
                .map_or_else(null, |auto| auto_merge(world, repo, number, auto)),
            "permalink" => leaf(format!("{}/{}/pull/{number}", world.base_url, world.full_name(repo))),
            _ => return Ok(None),
        }))
    })
}

fn auto_merge(world: &World, repo: RepoId, number: u64, auto: &AutoMerge) -> Item {
    record(
        "AutoMergeRequest",
        [
            ("commitBody", leaf(auto.message.clone())),
            ("commitHeadline", leaf(auto.title.clone())),
            ("enabledBy", account(world, auto.by)),
            ("mergeMethod", word(auto.method.name())),
            ("pullRequest", node(NodeRef::PullRequest(repo, number))),
        ],
    )
}

/// The ref of its head or base; null once the branch is gone.
fn by_branch(cx: &Cx<'_>, repo: RepoId, number: u64, branch: impl Fn(&PullRequest) -> String) -> Outcome<Item> {
    let branch = cx.read(|w| record_of(w, repo, number).map(|(_, pull)| branch(pull)))?;
    refs::by_name(cx, repo, &format!("refs/heads/{branch}"))
}
