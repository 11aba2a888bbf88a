//! The root of queries: repositories by name, nodes by id, the viewer, the rate limit.
//!
//! Invariant: what the caller may not see is not there for him.

use serde_json::Value;

use super::super::object::{Cx, Field, Item, leaf, node, null, record};
use super::{may_read, unresolved};
use crate::sim::ops::auth::{self, Caller};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{AccountKind, NodeRef};

/// GitHub's hourly limit of points for an installation.
const POINTS: i64 = 5_000;
/// The window of the limit, milliseconds.
const WINDOW: i64 = 3_600_000;

pub(super) fn field(cx: &Cx<'_>, field: &Field) -> Outcome<Option<Item>> {
    let arguments = &field.arguments;
    Ok(Some(match field.name.as_str() {
        "repository" => repository(cx, arguments.demanded("owner")?, arguments.demanded("name")?)?,
        "node" => node(resolve_node(cx, arguments.demanded("id")?)?),
        "nodes" => Item::List(
            arguments
                .texts("ids")
                .unwrap_or_default()
                .iter()
                .map(|id| found(cx, id))
                .collect(),
        ),
        "viewer" => viewer(cx),
        "rateLimit" => rate_limit(cx),
        "user" => by_login(cx, arguments.demanded("login")?, AccountKind::User, "a User")?,
        "organization" => by_login(cx, arguments.demanded("login")?, AccountKind::Organization, "an Organization")?,
        _ => return Ok(None),
    }))
}

fn repository(cx: &Cx<'_>, owner: &str, name: &str) -> Outcome<Item> {
    let missing = || unresolved("a Repository", &format!("name '{owner}/{name}'"));
    let repo = cx
        .read(|world| world.repository_named(owner, name).map(|repo| repo.id))
        .ok_or_else(missing)?;
    may_read(cx, repo, "metadata").map_err(|refusal| if refusal.status == 404 { missing() } else { refusal })?;
    Ok(node(NodeRef::Repository(repo)))
}

/// What a node id points at, if the caller may see it.
///
/// # Errors
/// GitHub's `NOT_FOUND`, or `FORBIDDEN` for an App without the permission.
pub(in crate::sim::graphql) fn resolve_node(cx: &Cx<'_>, id: &str) -> Outcome<NodeRef> {
    let missing = || unresolved("a node", &format!("global id of '{id}'"));
    let target = NodeRef::decode(id)
        .filter(|target| cx.read(|world| super::node::exists(world, target)))
        .ok_or_else(missing)?;
    if let Some((repo, permission)) = super::node::guard(&target) {
        may_read(cx, repo, permission).map_err(|refusal| if refusal.status == 404 { missing() } else { refusal })?;
    }
    Ok(target)
}

/// `nodes` gives null where there is nothing, beside an error of the whole; the error is left out here.
fn found(cx: &Cx<'_>, id: &str) -> Item {
    resolve_node(cx, id).map_or_else(|_| null(), node)
}

/// The schema makes the viewer a person, whoever it is; for an App it has its bot's login with `[bot]`.
fn viewer(cx: &Cx<'_>) -> Item {
    cx.read(|world| {
        let user = cx.actor.user();
        let login = auth::who(world, &Caller::Actor(cx.actor.clone()));
        let id = world.accounts.get(&user).map(|account| account.node_id());
        record(
            "User",
            [
                ("id", leaf(id)),
                ("login", leaf(login)),
                ("databaseId", leaf(user.0)),
                ("isViewer", leaf(true)),
            ],
        )
    })
}

fn by_login(cx: &Cx<'_>, login: &str, kind: AccountKind, shown: &str) -> Outcome<Item> {
    let found = cx.read(|world| {
        world
            .account_named(login)
            .filter(|account| account.kind == kind)
            .map(|account| account.node())
    });
    found
        .map(node)
        .ok_or_else(|| unresolved(shown, &format!("login of '{login}'")))
}

/// The limit is told, not enforced: what the document itself costs is all that is taken off.
fn rate_limit(cx: &Cx<'_>) -> Item {
    let now = cx.read(|world| world.now());
    let reset = crate::clock::Millis((now.0 / WINDOW + 1) * WINDOW);
    record(
        "RateLimit",
        [
            ("cost", leaf(cx.price.points)),
            ("limit", leaf(POINTS)),
            ("nodeCount", leaf(cx.price.nodes)),
            ("remaining", leaf(POINTS - cx.price.points)),
            ("resetAt", leaf(reset.rfc3339())),
            ("used", leaf(cx.price.points)),
        ],
    )
}

/// Refuses arguments that are set and would change the answer, but are not built.
pub(super) fn refuse_arguments(field: &Field, names: &[&str]) -> Outcome<()> {
    let set = |name: &&&str| field.arguments.get(name).is_some_and(|value| *value != Value::Bool(false));
    match names.iter().find(set) {
        Some(name) => Err(Refusal {
            graphql_type: "NOT_BUILT",
            ..Refusal::new(
                501,
                format!("The simulated GitHub has not built the argument '{name}' of {}.", field.name),
            )
        }),
        None => Ok(()),
    }
}
