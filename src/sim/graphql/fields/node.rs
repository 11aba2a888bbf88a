//! Objects by node id: which type each is, and where its fields are.
//!
//! Invariant: the type's name depends on the node id's kind alone, but for timeline events.

use super::super::object::{Cx, Field, Item};
use super::{account, checks, comment, commit, issue, pull, refs, repository, review, suites, timeline};
use crate::sim::ops::Outcome;
use crate::sim::world::{NodeRef, RepoId, World};

/// The type in the schema. Timeline events have many; this is one of them.
pub(in crate::sim::graphql) fn type_name(node: &NodeRef) -> &'static str {
    match node {
        NodeRef::User(_) => "User",
        NodeRef::Organization(_) => "Organization",
        NodeRef::Bot(_) => "Bot",
        NodeRef::App(_) => "App",
        NodeRef::Repository(_) => "Repository",
        NodeRef::Issue(..) => "Issue",
        NodeRef::PullRequest(..) => "PullRequest",
        NodeRef::IssueComment(..) => "IssueComment",
        NodeRef::Label(..) => "Label",
        NodeRef::Reaction(..) => "Reaction",
        NodeRef::TimelineEvent(..) => "LabeledEvent",
        NodeRef::Review(..) => "PullRequestReview",
        NodeRef::ReviewComment(..) => "PullRequestReviewComment",
        NodeRef::Thread(..) => "PullRequestReviewThread",
        NodeRef::CheckSuite(..) => "CheckSuite",
        NodeRef::CheckRun(..) => "CheckRun",
        NodeRef::Status(..) => "StatusContext",
        NodeRef::WorkflowRun(..) => "WorkflowRun",
        NodeRef::Ref(..) => "Ref",
        NodeRef::Commit(..) => "Commit",
        NodeRef::Tree(..) => "Tree",
        NodeRef::Blob(..) => "Blob",
    }
}

/// A field of the object.
pub(super) fn field(cx: &Cx<'_>, node: &NodeRef, field: &Field) -> Outcome<Option<Item>> {
    match node {
        NodeRef::User(id) | NodeRef::Organization(id) | NodeRef::Bot(id) => account::field(cx, *id, field),
        NodeRef::App(id) => account::app(cx, *id, field),
        NodeRef::Repository(repo) => repository::field(cx, *repo, field),
        NodeRef::Issue(repo, number) => issue::field(cx, *repo, *number, field),
        NodeRef::PullRequest(repo, number) => pull::field(cx, *repo, *number, field),
        NodeRef::IssueComment(repo, id) => comment::field(cx, *repo, *id, field),
        NodeRef::Label(repo, id) => comment::label(cx, *repo, *id, field),
        NodeRef::Reaction(repo, id) => comment::reaction(cx, *repo, *id, field),
        NodeRef::TimelineEvent(repo, id) => timeline::field(cx, *repo, *id, field),
        NodeRef::Review(repo, id) => review::field(cx, *repo, *id, field),
        NodeRef::ReviewComment(repo, id) => review::comment(cx, *repo, *id, field),
        NodeRef::Thread(repo, id) => review::thread(cx, *repo, *id, field),
        NodeRef::CheckSuite(repo, id) => suites::suite(cx, *repo, *id, field),
        NodeRef::CheckRun(repo, id) => checks::run(cx, *repo, *id, field),
        NodeRef::Status(repo, id) => checks::status(cx, *repo, *id, field),
        NodeRef::WorkflowRun(repo, id) => suites::workflow_run(cx, *repo, *id, field),
        NodeRef::Ref(repo, name) => refs::field(cx, *repo, name, field),
        NodeRef::Commit(repo, oid) => commit::field(cx, *repo, *oid, field),
        NodeRef::Tree(repo, oid) => commit::tree(cx, *repo, *oid, field),
        NodeRef::Blob(repo, oid) => commit::blob(cx, *repo, *oid, field),
    }
}

/// Its repository and the permission that reading it asks of an App; `None` for what is nobody's.
pub(in crate::sim::graphql) fn guard(node: &NodeRef) -> Option<(RepoId, &'static str)> {
    Some(match node {
        NodeRef::User(_) | NodeRef::Organization(_) | NodeRef::Bot(_) | NodeRef::App(_) => return None,
        NodeRef::Repository(repo) => (*repo, "metadata"),
        NodeRef::Issue(repo, _) | NodeRef::Label(repo, _) => (*repo, "issues"),
        NodeRef::PullRequest(repo, _) | NodeRef::Review(repo, _) | NodeRef::ReviewComment(repo, _) | NodeRef::Thread(repo, _) => {
            (*repo, "pull_requests")
        }
        // These hang on issues and pull requests alike; either permission opens them.
        NodeRef::IssueComment(repo, _) | NodeRef::Reaction(repo, _) | NodeRef::TimelineEvent(repo, _) => (*repo, "metadata"),
        NodeRef::CheckSuite(repo, _) | NodeRef::CheckRun(repo, _) => (*repo, "checks"),
        NodeRef::Status(repo, _) => (*repo, "statuses"),
        NodeRef::WorkflowRun(repo, _) => (*repo, "actions"),
        NodeRef::Ref(repo, _) | NodeRef::Commit(repo, _) | NodeRef::Tree(repo, _) | NodeRef::Blob(repo, _) => (*repo, "contents"),
    })
}

/// Whether what the node id points at is there.
pub(in crate::sim::graphql) fn exists(world: &World, node: &NodeRef) -> bool {
    let repo = |repo: &RepoId| world.repositories.get(repo);
    match node {
        NodeRef::User(id) | NodeRef::Organization(id) | NodeRef::Bot(id) => {
            world.accounts.get(id).is_some_and(|a| a.node() == *node)
        }
        NodeRef::App(id) => world.apps.contains_key(id),
        NodeRef::Repository(id) => repo(id).is_some(),
        NodeRef::Issue(id, number) => repo(id)
            .and_then(|r| r.issue(*number))
            .is_some_and(|issue| issue.pull.is_none()),
        NodeRef::PullRequest(id, number) => repo(id).is_some_and(|r| r.pull(*number).is_some()),
        NodeRef::IssueComment(id, comment) => repo(id).is_some_and(|r| r.comments.contains_key(comment)),
        NodeRef::Label(id, label) => repo(id).is_some_and(|r| r.labels.contains_key(label)),
        NodeRef::Reaction(id, reaction) => comment::find_reaction(world, *id, *reaction).is_some(),
        NodeRef::TimelineEvent(id, event) => timeline::type_name(world, *id, *event).is_some(),
        NodeRef::Review(id, review) => repo(id).is_some_and(|r| r.reviews.contains_key(review)),
        NodeRef::ReviewComment(id, comment) => repo(id).is_some_and(|r| r.review_comments.contains_key(comment)),
        NodeRef::Thread(id, thread) => repo(id).is_some_and(|r| r.threads.contains_key(thread)),
        NodeRef::CheckSuite(id, suite) => repo(id).is_some_and(|r| r.suites.contains_key(suite)),
        NodeRef::CheckRun(id, run) => repo(id).is_some_and(|r| r.check_runs.contains_key(run)),
        NodeRef::Status(id, status) => repo(id).is_some_and(|r| r.statuses.contains_key(status)),
        NodeRef::WorkflowRun(id, run) => repo(id).is_some_and(|r| r.runs.contains_key(run)),
        NodeRef::Ref(id, name) => world
            .store(*id)
            .and_then(|store| store.target(name))
            .is_ok_and(|target| target.is_some()),
        NodeRef::Commit(id, oid) | NodeRef::Tree(id, oid) | NodeRef::Blob(id, oid) => world
            .store(*id)
            .and_then(|store| store.kind(*oid))
            .is_ok_and(|kind| kind.is_some()),
    }
}
