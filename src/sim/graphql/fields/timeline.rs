//! What happened to an issue or pull request, in order.
//!
//! Invariant: `itemTypes` is GitHub's word for the type's name, so that the two can never disagree.

use super::super::connection::connection_with;
use super::super::object::{Cx, Field, Item, account, leaf, node, null, optional, record};
use super::issue::record as issue_record;
use super::repository::state_reason;
use super::{repository, time, word};
use crate::clock::Millis;
use crate::sim::ops::{Outcome, Refusal, pulls};
use crate::sim::world::{
    Closer, Issue, NodeRef, RepoId, Repository, ReviewState, TimelineEvent, TimelineId, TimelineKind, World,
};

/// The type in the schema of the event with this id.
pub(in crate::sim::graphql) fn type_name(world: &World, repo: RepoId, id: TimelineId) -> Option<&'static str> {
    find(world, repo, id).map(|(_, event)| kind_name(&event.kind))
}

fn find(world: &World, repo: RepoId, id: TimelineId) -> Option<(&Issue, &TimelineEvent)> {
    let issues = world.repositories.get(&repo)?.issues.values();
    issues
        .flat_map(|issue| issue.timeline.iter().map(move |event| (issue, event)))
        .find(|(_, event)| event.id == id)
}

fn kind_name(kind: &TimelineKind) -> &'static str {
    match kind {
        TimelineKind::Labeled { .. } => "LabeledEvent",
        TimelineKind::Unlabeled { .. } => "UnlabeledEvent",
        TimelineKind::Closed { .. } => "ClosedEvent",
        TimelineKind::Reopened => "ReopenedEvent",
        TimelineKind::Renamed { .. } => "RenamedTitleEvent",
        TimelineKind::Assigned { .. } => "AssignedEvent",
        TimelineKind::Unassigned { .. } => "UnassignedEvent",
        TimelineKind::Locked { .. } => "LockedEvent",
        TimelineKind::Unlocked => "UnlockedEvent",
        TimelineKind::Merged { .. } => "MergedEvent",
        TimelineKind::ReviewRequested { .. } => "ReviewRequestedEvent",
        TimelineKind::ReviewRequestRemoved { .. } => "ReviewRequestRemovedEvent",
        TimelineKind::ReviewDismissed { .. } => "ReviewDismissedEvent",
        TimelineKind::ReadyForReview => "ReadyForReviewEvent",
        TimelineKind::ConvertedToDraft => "ConvertToDraftEvent",
        TimelineKind::HeadRefDeleted => "HeadRefDeletedEvent",
        TimelineKind::HeadRefRestored => "HeadRefRestoredEvent",
        TimelineKind::HeadRefForcePushed { .. } => "HeadRefForcePushedEvent",
        TimelineKind::BaseRefChanged { .. } => "BaseRefChangedEvent",
        TimelineKind::BaseRefDeleted => "BaseRefDeletedEvent",
        TimelineKind::AutomaticBaseChangeSucceeded { .. } => "AutomaticBaseChangeSucceededEvent",
        TimelineKind::CrossReferenced { .. } => "CrossReferencedEvent",
        TimelineKind::AutoMergeEnabled => "AutoMergeEnabledEvent",
        TimelineKind::AutoMergeDisabled => "AutoMergeDisabledEvent",
    }
}

/// `LabeledEvent` -> `LABELED_EVENT`.
fn item_type(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

/// `timelineItems` of an issue or pull request.
pub(super) fn list(cx: &Cx<'_>, repo: RepoId, number: u64, field: &Field, type_name: &'static str) -> Outcome<Item> {
    let wanted = field.arguments.texts("itemTypes");
    let since = field.arguments.text("since").and_then(Millis::parse_rfc3339);
    let mut items: Vec<(Millis, &'static str, Item)> = Vec::new();
    let updated = cx.read(|world| -> Outcome<Millis> {
        let (repository, issue) = issue_record(world, repo, number)?;
        for event in &issue.timeline {
            items.push((event.at, kind_name(&event.kind), node(NodeRef::TimelineEvent(repo, event.id))));
        }
        for comment in repository.comments_on(number) {
            items.push((
                comment.created_at,
                "IssueComment",
                node(NodeRef::IssueComment(repo, comment.id)),
            ));
        }
        for review in repository
            .reviews_on(number)
            .filter(|review| review.state != ReviewState::Pending)
        {
            let at = review.submitted_at.unwrap_or(review.created_at);
            items.push((at, "PullRequestReview", node(NodeRef::Review(repo, review.id))));
        }
        if issue.pull.is_some() {
            for commit in pulls::commits(world, repo, number)? {
                items.push((
                    commit.committer.at,
                    "PullRequestCommit",
                    super::pull_lists::pull_commit(world, repo, number, commit.oid),
                ));
            }
        }
        Ok(issue.updated_at)
    })?;
    items.retain(|(at, kind, _)| {
        wanted.as_ref().is_none_or(|types| types.contains(&item_type(kind))) && since.is_none_or(|since| *at >= since)
    });
    // A stable sort: events of one moment stay in the order they happened.
    items.sort_by_key(|(at, ..)| *at);
    let count = items.len();
    let items = items.into_iter().map(|(_, _, item)| item).collect();
    let more = [
        ("filteredCount", leaf(count)),
        ("pageCount", leaf(count)),
        ("updatedAt", time(Some(updated))),
    ];
    connection_with(type_name, field, items, more)
}

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, id: TimelineId, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let (issue, event) = find(world, repo, id).ok_or_else(Refusal::not_found)?;
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::TimelineEvent(repo, id).encode()),
            "createdAt" | "referencedAt" => time(Some(event.at)),
            "actor" => account(world, event.actor),
            "closable" | "labelable" | "subject" | "lockable" | "assignable" | "target" => node(issue.node(repo)),
            "pullRequest" if issue.pull.is_some() => node(issue.node(repo)),
            name => return of_kind(world, repository(world, repo)?, &event.kind, name),
        }))
    })
}

/// The fields of one kind of event.
fn of_kind(world: &World, repo: &Repository, kind: &TimelineKind, name: &str) -> Outcome<Option<Item>> {
    Ok(Some(match (kind, name) {
        (TimelineKind::Labeled { label, color } | TimelineKind::Unlabeled { label, color }, "label") => {
            label_item(repo, label, color)
        }
        (TimelineKind::Closed { reason, .. }, "stateReason") => state_reason(*reason),
        (TimelineKind::Reopened, "stateReason") => leaf("REOPENED"),
        (TimelineKind::Closed { closer, .. }, "closer") => optional(closer.map(|closer| match closer {
            Closer::Pull { number } => NodeRef::PullRequest(repo.id, number),
            Closer::Commit(oid) => NodeRef::Commit(repo.id, oid),
        })),
        (TimelineKind::Renamed { from, .. }, "previousTitle") => leaf(from.as_str()),
        (TimelineKind::Renamed { to, .. }, "currentTitle") => leaf(to.as_str()),
        (TimelineKind::Assigned { assignee } | TimelineKind::Unassigned { assignee }, "assignee") => account(world, *assignee),
        (TimelineKind::Locked { reason }, "lockReason") => reason.as_deref().map_or_else(null, word),
        (TimelineKind::Merged { commit }, "commit") => node(NodeRef::Commit(repo.id, *commit)),
        (TimelineKind::ReviewRequested { reviewer } | TimelineKind::ReviewRequestRemoved { reviewer }, "requestedReviewer") => {
            account(world, *reviewer)
        }
        (TimelineKind::ReviewDismissed { review, .. }, "review") => node(NodeRef::Review(repo.id, *review)),
        (TimelineKind::ReviewDismissed { state, .. }, "previousReviewState") => word(state),
        (TimelineKind::ReviewDismissed { message, .. }, "dismissalMessage") => leaf(message.clone()),
        (TimelineKind::HeadRefForcePushed { before, .. }, "beforeCommit") => node(NodeRef::Commit(repo.id, *before)),
        (TimelineKind::HeadRefForcePushed { after, .. }, "afterCommit") => node(NodeRef::Commit(repo.id, *after)),
        (TimelineKind::BaseRefChanged { from, .. }, "previousRefName") => leaf(from.as_str()),
        (TimelineKind::BaseRefChanged { to, .. }, "currentRefName") => leaf(to.as_str()),
        (TimelineKind::AutomaticBaseChangeSucceeded { from, .. }, "oldBase") => leaf(from.as_str()),
        (TimelineKind::AutomaticBaseChangeSucceeded { to, .. }, "newBase") => leaf(to.as_str()),
        (TimelineKind::CrossReferenced { closes, .. }, "willCloseTarget") => leaf(*closes),
        (TimelineKind::CrossReferenced { source, .. }, "isCrossRepository") => leaf(*source != repo.id),
        (TimelineKind::CrossReferenced { source, number, .. }, "source") => {
            let found = world.repositories.get(source).and_then(|other| other.issue(*number));
            optional(found.map(|issue| issue.node(*source)))
        }
        _ => return Ok(None),
    }))
}

/// A label by name; one that was deleted shows what the event kept.
fn label_item(repo: &Repository, name: &str, color: &str) -> Item {
    match repo.label_named(name) {
        Some(label) => node(NodeRef::Label(repo.id, label.id)),
        None => record(
            "Label",
            [("name", leaf(name)), ("color", leaf(color)), ("isDefault", leaf(false))],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::item_type;

    #[test]
    fn item_types_are_the_words_of_the_types() {
        assert_eq!(item_type("LabeledEvent"), "LABELED_EVENT");
        assert_eq!(item_type("HeadRefForcePushedEvent"), "HEAD_REF_FORCE_PUSHED_EVENT");
        assert_eq!(item_type("IssueComment"), "ISSUE_COMMENT");
    }
}
