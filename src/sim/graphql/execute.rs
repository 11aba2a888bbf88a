//! A document from its text to its answer.
//!
//! Invariant: an answer has `data` exactly when something was executed; every error of GitHub's own has a `type`.

use std::cell::RefCell;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{GraphQLError, JsonMap, JsonValue};
use apollo_compiler::validation::Valid;
use serde_json::{Map, Value, json};

use super::bounds;
use super::object::{Cx, Object, Resolver, SEPARATOR};
use super::schema::{document, implementers, schema};
use crate::sim::ops::Actor;
use crate::sim::world::World;

/// What the engine writes in front of our messages.
const PREFIX: &str = "resolver error: ";

/// A request as clients send it.
#[derive(Clone, Debug, serde::Deserialize)]
pub(super) struct Request {
    /// The document.
    pub(super) query: String,
    /// Its variables.
    #[serde(default)]
    pub(super) variables: Option<Map<String, Value>>,
    /// The operation, if there are several.
    #[serde(default, rename = "operationName")]
    pub(super) operation_name: Option<String>,
}

/// What a request came to.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    /// The answer.
    pub(super) body: Value,
    /// Mutations tried, in order.
    pub(super) mutations: Vec<String>,
    /// Points it cost.
    pub(super) points: i64,
    /// Whether it was a query, which changes nothing.
    pub(super) query: bool,
}

/// Answers a request for `actor`.
pub(super) fn execute(world: &mut World, actor: &Actor, request: &Request) -> Answered {
    match prepare(request) {
        Ok(prepared) => run(world, actor, &prepared),
        Err(errors) => Answered {
            body: json!({ "errors": errors }),
            mutations: Vec::new(),
            points: 1,
            query: true,
        },
    }
}

/// A document that may be executed.
struct Prepared {
    document: Valid<ExecutableDocument>,
    operation: Option<String>,
    variables: Valid<JsonMap>,
    price: bounds::Price,
}

impl Prepared {
    fn operation(&self) -> Option<&Operation> {
        self.document
            .operations
            .get(self.operation.as_deref())
            .ok()
            .map(AsRef::as_ref)
    }
}

/// Everything that can refuse a document as a whole: then nothing of it was done.
fn prepare(request: &Request) -> Result<Prepared, Vec<Value>> {
    let document = document(&request.query)?;
    let operation = document
        .operations
        .get(request.operation_name.as_deref())
        .map_err(|error| vec![json!({ "message": error.message().to_string() })])?;
    let variables = request.variables.clone().unwrap_or_default();
    let given: JsonMap = variables
        .into_iter()
        .map(|(name, value)| (name.into(), JsonValue::from(value)))
        .collect();
    refuse_unknown(operation, &given)?;
    let variables = coerce_variable_values(schema(), operation, &given).map_err(|error| {
        let message = format!("Variable of the request is not valid: {}", error.message());
        vec![json!({ "message": message, "extensions": { "problems": [] } })]
    })?;
    let price = bounds::judge(&document, operation, &variables)?;
    Ok(Prepared {
        operation: request.operation_name.clone(),
        price,
        variables,
        document,
    })
}

/// A variable that the operation does not declare is a mistake of the client; GitHub passes it over, a test bench must not.
fn refuse_unknown(operation: &Operation, given: &JsonMap) -> Result<(), Vec<Value>> {
    let declared = |name: &str| operation.variables.iter().any(|variable| variable.name == name);
    match given.keys().find(|name| !declared(name.as_str())) {
        Some(name) => Err(vec![
            json!({ "message": format!("The variable ${} is not declared by the operation.", name.as_str()) }),
        ]),
        None => Ok(()),
    }
}

fn run(world: &mut World, actor: &Actor, prepared: &Prepared) -> Answered {
    let query = prepared.operation().is_none_or(Operation::is_query);
    let cx = Cx {
        world: RefCell::new(world),
        actor,
        price: prepared.price,
        mutations: RefCell::default(),
    };
    let execution = Execution::new(schema(), &prepared.document)
        .implementers_map(implementers())
        .coerced_variable_values(&prepared.variables);
    let root = Resolver::new(&cx, if query { Object::Query } else { Object::Mutation });
    let outcome = execution
        .operation_name(prepared.operation.as_deref())
        .and_then(|execution| execution.execute_sync(&root))
        .map(|response| (response.data, response.errors));
    drop(root);
    let body = match outcome {
        Ok((data, errors)) => {
            let data = serde_json::to_value(data).unwrap_or_default();
            let errors: Vec<Value> = errors.iter().map(written).collect();
            if errors.is_empty() {
                json!({ "data": data })
            } else {
                json!({ "data": data, "errors": errors })
            }
        }
        Err(refused) => json!({ "errors": [{ "message": refused.message().to_string() }] }),
    };
    Answered {
        body,
        mutations: cx.mutations.into_inner(),
        points: prepared.price.points,
        query,
    }
}

/// An error as GitHub writes it: `type`, `path`, `locations`, `message`.
fn written(error: &GraphQLError) -> Value {
    let message = error.message.strip_prefix(PREFIX).unwrap_or(&error.message);
    let mut out = json!({ "path": error.path, "locations": error.locations });
    match message.split_once(SEPARATOR) {
        Some((kind, sentence)) => {
            out["type"] = json!(kind);
            out["message"] = json!(sentence);
        }
        None => out["message"] = json!(message),
    }
    out
}
