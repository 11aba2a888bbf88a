//! The fields, one file a family of types.
//!
//! Invariant: `Ok(None)` means that nobody built the field; the caller turns it into an error with the field's name.

mod account;
mod checks;
mod comment;
mod commit;
mod issue;
pub(super) mod node;
mod pull;
mod pull_lists;
mod query;
mod refs;
mod repository;
mod review;
mod suites;
pub(super) mod timeline;

use serde_json::Value;

use super::mutations;
use super::object::{Arguments, Cx, Field, Item, Object, leaf, null};
use crate::clock::Millis;
use crate::sim::ops::auth::{self, Caller};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{RepoId, Repository, World};

pub(super) use query::resolve_node;

/// What a field of any object gives.
pub(super) fn resolve(cx: &Cx<'_>, object: &Object, field: &Field) -> Outcome<Option<Item>> {
    match object {
        Object::Query => query::field(cx, field),
        Object::Mutation => mutations::field(cx, field),
        Object::Node(node) => node::field(cx, node, field),
        Object::Rollup(repo, head) => checks::rollup(cx, *repo, *head, field),
        Object::Comparison(repo, base, head) => refs::comparison(cx, *repo, (*base, *head), field),
        Object::Workflow(repo, id) => suites::workflow(cx, *repo, *id, field),
        Object::Record(_, fields) => Ok(fields.get(field.name.as_str()).cloned()),
    }
}

/// A time, or null.
fn time(at: Option<Millis>) -> Item {
    at.map_or_else(null, |at| leaf(at.rfc3339()))
}

/// GitHub's big numbers are texts in JSON.
fn big(id: u64) -> Item {
    leaf(id.to_string())
}

/// A word in GraphQL's capitals.
fn word(name: &str) -> Item {
    leaf(name.to_uppercase().replace(['-', ' '], "_"))
}

/// The repository, which was there when the object was found.
fn repository(world: &World, repo: RepoId) -> Outcome<&Repository> {
    crate::sim::ops::repository(world, repo)
}

/// Refuses an App without the permission, and anybody a private repository he is not in.
fn may_read(cx: &Cx<'_>, repo: RepoId, permission: &'static str) -> Outcome<()> {
    cx.read(|world| auth::can_read(world, &Caller::Actor(cx.actor.clone()), repo, permission))
}

/// GitHub's sentence for what is not there.
fn unresolved(kind: &str, by: &str) -> Refusal {
    Refusal::new(404, format!("Could not resolve to {kind} with the {by}."))
}

/// `orderBy` of issues and pull requests.
fn sort_by(order: Option<&Value>, found: &mut [(u64, Millis, Millis, usize)]) -> Outcome<()> {
    let Some(order) = order else { return Ok(()) };
    let order = Arguments(order.clone());
    match order.demanded("field")? {
        "CREATED_AT" => found.sort_by_key(|(number, created, ..)| (*created, *number)),
        "UPDATED_AT" => found.sort_by_key(|(number, _, updated, _)| (*updated, *number)),
        "COMMENTS" => found.sort_by_key(|(number, _, _, comments)| (*comments, *number)),
        other => return Err(Refusal::new(501, format!("The simulated GitHub does not sort by {other}."))),
    }
    if order.text("direction") == Some("DESC") {
        found.reverse();
    }
    Ok(())
}
