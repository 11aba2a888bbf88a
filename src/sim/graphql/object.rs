//! What a field gives, and how the execution engine walks it.
//!
//! The engine of apollo-compiler does aliases, fragments, type conditions and null propagation; it asks for one field of
//! one object at a time. An object here is no more than what names it (a node id, a commit in a repository), so a field is
//! computed when it is asked for and never before.
//!
//! Invariant: a field that nobody built is an error with its name, never null and never made up.

use std::cell::RefCell;
use std::collections::BTreeMap;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::bounds::Price;
use super::fields;
use crate::sim::git::{Oid, Store};
use crate::sim::ops::{Actor, Outcome, Refusal};
use crate::sim::world::{NodeRef, RepoId, UserId, WorkflowId, World};

/// Stands between GitHub's `type` and the sentence inside the engine's one text. It occurs in no sentence.
pub(super) const SEPARATOR: char = '\u{1f}';

/// One document being executed. The world's lock is held all the time, so that a query sees one moment.
pub(super) struct Cx<'w> {
    /// The world.
    pub(super) world: RefCell<&'w mut World>,
    /// Who asks.
    pub(super) actor: &'w Actor,
    /// What the document costs.
    pub(super) price: Price,
    /// Mutations carried out so far, for the journal.
    pub(super) mutations: RefCell<Vec<String>>,
}

/// What a field gives.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A scalar, an enum's word or null.
    Leaf(Value),
    /// A list.
    List(Vec<Item>),
    /// An object.
    Object(Object),
}

/// An object by what names it.
#[derive(Clone, Debug)]
pub(super) enum Object {
    /// The root of queries.
    Query,
    /// The root of mutations.
    Mutation,
    /// What a node id points at.
    Node(NodeRef),
    /// All checks and statuses of a commit.
    Rollup(RepoId, Oid),
    /// What the second commit has that the first has not, and the other way round.
    Comparison(RepoId, Oid, Oid),
    /// A workflow file.
    Workflow(RepoId, WorkflowId),
    /// A small object whose fields are at hand; the others are not built.
    Record(&'static str, BTreeMap<&'static str, Item>),
}

/// What resolving a field comes to.
pub(super) type Answer = Outcome<Item>;

/// A field as it is asked for.
pub(super) struct Field {
    /// Name in the schema.
    pub(super) name: String,
    /// Arguments by name, coerced by the engine.
    pub(super) arguments: Arguments,
}

/// Arguments, or a mutation's `input`.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments(pub(super) Value);

impl Arguments {
    /// A value; null and absent are the same.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A text that the schema demands; the engine has refused its absence before.
    pub(super) fn demanded(&self, name: &str) -> Outcome<&str> {
        self.text(name)
            .ok_or_else(|| Refusal::new(422, format!("Argument '{name}' is required.")))
    }

    /// A boolean, false when absent.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    /// A list of texts; `None` when absent.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.get(name)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// An object, or a list's objects.
    pub(super) fn objects(&self, name: &str) -> Vec<Arguments> {
        match self.get(name) {
            Some(Value::Array(list)) => list.iter().cloned().map(Arguments).collect(),
            Some(one) => vec![Arguments(one.clone())],
            None => Vec::new(),
        }
    }
}

impl Cx<'_> {
    /// Reads the world. Not to be nested with [`Cx::change`].
    pub(super) fn read<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.world.borrow())
    }

    /// Changes the world by an operation.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut World, &Actor) -> T) -> T {
        change(&mut self.world.borrow_mut(), self.actor)
    }

    /// A repository's git store.
    pub(super) fn store(&self, repo: RepoId) -> Outcome<Store> {
        self.read(|world| world.store(repo)).map_err(Refusal::from)
    }
}

impl Object {
    /// The name of its type in the schema.
    fn type_name(&self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Mutation => "Mutation",
            Self::Node(node) => fields::node::type_name(node),
            Self::Rollup(..) => "StatusCheckRollup",
            Self::Comparison(..) => "Comparison",
            Self::Workflow(..) => "Workflow",
            Self::Record(name, _) => name,
        }
    }
}

/// An object of the answer, with the document it belongs to.
pub(super) struct Resolver<'c, 'w> {
    cx: &'c Cx<'w>,
    object: Object,
    type_name: &'static str,
}

impl<'c, 'w> Resolver<'c, 'w> {
    /// A resolver for `object`.
    pub(super) fn new(cx: &'c Cx<'w>, object: Object) -> Self {
        // Timeline events have one kind of node id and a type each.
        let type_name = if let Object::Node(NodeRef::TimelineEvent(repo, id)) = &object {
            cx.read(|world| fields::timeline::type_name(world, *repo, *id))
                .unwrap_or("LabeledEvent")
        } else {
            object.type_name()
        };
        Self { cx, object, type_name }
    }

    fn resolved(&self, item: Item) -> ResolvedValue<'c> {
        match item {
            Item::Leaf(value) => ResolvedValue::Leaf(value.into()),
            Item::List(items) => {
                let cx = self.cx;
                ResolvedValue::list(
                    items
                        .into_iter()
                        .map(move |item| Resolver::new(cx, Object::Query).resolved(item)),
                )
            }
            Item::Object(object) => ResolvedValue::object(Resolver::new(self.cx, object)),
        }
    }
}

impl ObjectValue for Resolver<'_, '_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).unwrap_or_default();
        let field = Field {
            name: info.field_name().to_owned(),
            arguments: Arguments(arguments),
        };
        fields::resolve(self.cx, &self.object, &field)
            .and_then(|item| item.ok_or_else(|| not_built(self.type_name, &field.name)))
            .map(|item| self.resolved(item))
            .map_err(|refusal| FieldError {
                message: format!("{}{SEPARATOR}{}", refusal.graphql_type, refusal.sentence()),
            })
    }
}

fn not_built(type_name: &str, field: &str) -> Refusal {
    let message = format!("The simulated GitHub has not built the field {type_name}.{field}.");
    Refusal {
        graphql_type: "NOT_BUILT",
        ..Refusal::new(501, message)
    }
}

/// A scalar.
pub(super) fn leaf(value: impl Into<Value>) -> Item {
    Item::Leaf(value.into())
}

/// Null.
pub(super) fn null() -> Item {
    Item::Leaf(Value::Null)
}

/// An object by node id.
pub(super) fn node(node: NodeRef) -> Item {
    Item::Object(Object::Node(node))
}

/// An object by node id, or null.
pub(super) fn optional(node: Option<NodeRef>) -> Item {
    node.map_or_else(null, self::node)
}

/// The account with this id as an actor of its own type; null when it is gone.
pub(super) fn account(world: &World, id: UserId) -> Item {
    optional(world.accounts.get(&id).map(crate::sim::world::Account::node))
}

/// A small object.
pub(super) fn record(type_name: &'static str, fields: impl IntoIterator<Item = (&'static str, Item)>) -> Item {
    Item::Object(Object::Record(type_name, fields.into_iter().collect()))
}
