//! The mutations: reading their input, one operation of the world each, and what they answer.
//!
//! Invariant: a mutation is one operation of `ops`; a failed one has changed nothing, leaves the ones before it done and
//! does not stop the ones after it.

mod branches;
mod checks;
mod issues;
mod pulls;
mod reviews;

use super::fields::resolve_node;
use super::object::{Arguments, Cx, Field, Item, leaf, record};
use super::schema::schema;
use crate::sim::git::{Oid, parse_oid};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{NodeRef, RepoId};

/// The fields of a payload beside `clientMutationId`.
type Payload = Vec<(&'static str, Item)>;

/// What carries a mutation out.
type Mutation = fn(&Cx<'_>, &Arguments) -> Outcome<Payload>;

/// All that are built, by name.
const MUTATIONS: &[(&str, Mutation)] = &[
    ("addComment", issues::add_comment),
    ("addLabelsToLabelable", issues::add_labels),
    ("addPullRequestReview", reviews::add),
    ("addPullRequestReviewThreadReply", reviews::reply),
    ("addReaction", issues::add_reaction),
    ("closeIssue", issues::close),
    ("closePullRequest", pulls::close),
    ("convertPullRequestToDraft", pulls::draft),
    ("createCheckRun", checks::create),
    ("createCommitOnBranch", branches::commit),
    ("createLinkedBranch", branches::create_linked),
    ("createPullRequest", pulls::create),
    ("createRef", branches::create),
    ("deleteIssue", issues::delete),
    ("deleteRef", branches::delete),
    ("markPullRequestReadyForReview", pulls::ready),
    ("mergeBranch", branches::merge),
    ("mergePullRequest", pulls::merge),
    ("minimizeComment", issues::minimize),
    ("removeLabelsFromLabelable", issues::remove_labels),
    ("reopenIssue", issues::reopen),
    ("reopenPullRequest", pulls::reopen),
    ("requestReviews", pulls::request_reviews),
    ("resolveReviewThread", reviews::resolve),
    ("submitPullRequestReview", reviews::submit),
    ("transferIssue", issues::transfer),
    ("updateCheckRun", checks::update),
    ("updateIssueComment", issues::update_comment),
    ("updatePullRequest", pulls::update),
    ("updateRef", branches::update),
    ("updateRefs", branches::update_many),
];

/// Carries out the mutation of this name; it is counted whether it succeeds or not.
pub(super) fn field(cx: &Cx<'_>, field: &Field) -> Outcome<Option<Item>> {
    let Some((name, run)) = MUTATIONS.iter().find(|(name, _)| *name == field.name) else {
        return Ok(None);
    };
    cx.mutations.borrow_mut().push((*name).to_owned());
    let input = Arguments(field.arguments.get("input").cloned().unwrap_or_default());
    let mut payload = run(cx, &input)?;
    payload.push(("clientMutationId", leaf(input.text("clientMutationId"))));
    Ok(Some(record(payload_type(name), payload)))
}

/// The type of a mutation's answer, as the schema has it.
fn payload_type(name: &str) -> &'static str {
    schema()
        .get_object("Mutation")
        .and_then(|mutations| mutations.fields.get(name))
        .map_or("Mutation", |field| field.ty.inner_named_type().as_str())
}

/// What a node id in the input points at, if it is of the kind that `pick` takes.
fn target<T>(cx: &Cx<'_>, input: &Arguments, name: &str, kind: &str, pick: impl FnOnce(NodeRef) -> Option<T>) -> Outcome<T> {
    find(cx, input.demanded(name)?, kind, pick)
}

/// The same for a node id at hand.
fn find<T>(cx: &Cx<'_>, id: &str, kind: &str, pick: impl FnOnce(NodeRef) -> Option<T>) -> Outcome<T> {
    let wrong_kind = || Refusal::new(404, format!("Could not resolve to {kind} node with the global id of '{id}'."));
    pick(resolve_node(cx, id)?).ok_or_else(wrong_kind)
}

fn repository(cx: &Cx<'_>, input: &Arguments) -> Outcome<RepoId> {
    target(cx, input, "repositoryId", "Repository", |node| {
        if let NodeRef::Repository(repo) = node {
            Some(repo)
        } else {
            None
        }
    })
}

fn pull_request(cx: &Cx<'_>, input: &Arguments) -> Outcome<(RepoId, u64)> {
    target(cx, input, "pullRequestId", "PullRequest", |node| {
        if let NodeRef::PullRequest(repo, number) = node {
            Some((repo, number))
        } else {
            None
        }
    })
}

fn issue(cx: &Cx<'_>, input: &Arguments) -> Outcome<(RepoId, u64)> {
    target(cx, input, "issueId", "Issue", |node| {
        if let NodeRef::Issue(repo, number) = node {
            Some((repo, number))
        } else {
            None
        }
    })
}

/// A commit's id in the input.
fn oid(input: &Arguments, name: &str) -> Outcome<Oid> {
    let text = input.demanded(name)?;
    parse_oid(text).ok_or_else(|| Refusal::new(422, format!("'{text}' is not a valid object id.")))
}

/// A commit's id that may be left out.
fn optional_oid(input: &Arguments, name: &str) -> Outcome<Option<Oid>> {
    input.text(name).map(|_| oid(input, name)).transpose()
}

/// The answer that is one object.
fn one(name: &'static str, node: NodeRef) -> Payload {
    vec![(name, super::object::node(node))]
}

#[cfg(test)]
mod tests {
    use super::{MUTATIONS, payload_type};

    #[test]
    fn every_mutation_is_one_of_the_schema() {
        for (name, _) in MUTATIONS {
            assert!(payload_type(name).ends_with("Payload"), "{name}");
        }
        assert!(MUTATIONS.is_sorted_by_key(|(name, _)| *name));
    }
}
