//! What GitHub demands of a query beyond its schema: page sizes and the number of nodes.
//!
//! Source: GitHub's documentation, "Rate limits and query limits for the GraphQL API": every connection takes `first` or
//! `last` from 1 to 100, one document asks for at most 500,000 nodes, and its price is the number of requests it would
//! take, divided by 100, at least 1.
//!
//! Invariant: the document is judged before anything of it is executed, so a mutation is never done for an answer that
//! cannot be given.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use serde_json::{Value, json};

/// GitHub's largest page, in nodes.
const PAGE: i64 = 100;
/// GitHub's limit of nodes a document may ask for.
const NODES: i64 = 500_000;
/// How many requests GitHub counts as one point.
const REQUESTS_PER_POINT: i64 = 100;

/// What a document will cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Price {
    /// Points of the hourly limit.
    pub(super) points: i64,
    /// Nodes it may return at most.
    pub(super) nodes: i64,
}

/// Judges an operation; its price, or GitHub's errors.
///
/// # Errors
/// One JSON object per connection that is not bounded as GitHub demands.
pub(super) fn judge(document: &ExecutableDocument, operation: &Operation, variables: &JsonMap) -> Result<Price, Vec<Value>> {
    let mut walk = Walk {
        document,
        variables,
        errors: Vec::new(),
        nodes: 0,
        requests: 0,
        path: Vec::new(),
    };
    walk.path.push(operation.operation_type.name().to_owned());
    walk.selections(&operation.selection_set, 1);
    if walk.errors.is_empty() && walk.nodes > NODES {
        walk.errors.push(json!({
            "type": "MAX_NODE_LIMIT_EXCEEDED",
            "message": format!(
                "This query requests up to {} possible nodes which exceeds the maximum limit of {NODES}.",
                walk.nodes
            ),
        }));
    }
    if walk.errors.is_empty() {
        Ok(Price {
            points: (walk.requests / REQUESTS_PER_POINT).max(1),
            nodes: walk.nodes,
        })
    } else {
        Err(walk.errors)
    }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
    errors: Vec<Value>,
    nodes: i64,
    requests: i64,
    path: Vec<String>,
}

impl Walk<'_> {
    /// `times` is how often this place may occur in the answer. Fragments cannot form a circle: validation refuses it.
    fn selections(&mut self, set: &SelectionSet, times: i64) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.path.push(field.response_key().to_string());
                    self.field(field, times);
                    self.path.pop();
                }
                Selection::InlineFragment(fragment) => self.selections(&fragment.selection_set, times),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.selections(&fragment.selection_set, times);
                    }
                }
            }
        }
    }

    fn field(&mut self, field: &Field, times: i64) {
        if !is_connection(field) {
            return self.selections(&field.selection_set, times);
        }
        match self.page(field) {
            Ok(page) => {
                let inside = times.saturating_mul(page);
                self.requests = self.requests.saturating_add(times);
                self.nodes = self.nodes.saturating_add(inside);
                self.selections(&field.selection_set, inside);
            }
            Err((kind, message)) => {
                self.errors
                    .push(json!({ "type": kind, "path": self.path, "message": message }));
            }
        }
    }

    fn page(&self, field: &Field) -> Result<i64, (&'static str, String)> {
        let name = field.name.as_str();
        match (self.number(field, "first"), self.number(field, "last")) {
            (Some(_), Some(_)) => Err((
                "INVALID_PAGINATION_BOUNDARIES",
                format!("Passing both `first` and `last` to paginate the `{name}` connection is not supported."),
            )),
            (None, None) => Err((
                "MISSING_PAGINATION_BOUNDARIES",
                format!("You must provide a `first` or `last` value to properly paginate the `{name}` connection."),
            )),
            (Some(first), None) => bounded(name, "first", first),
            (None, Some(last)) => bounded(name, "last", last),
        }
    }

    /// The number behind an argument; null and absent are the same.
    fn number(&self, field: &Field, argument: &str) -> Option<i64> {
        let value = field.specified_argument_by_name(argument)?;
        match value.as_variable() {
            Some(variable) => self.variables.get(variable.as_str())?.as_i64(),
            None => value.to_i32().map(i64::from),
        }
    }
}

fn bounded(name: &str, argument: &str, value: i64) -> Result<i64, (&'static str, String)> {
    if value < 1 {
        return Err((
            "INVALID_PAGINATION_BOUNDARIES",
            format!("`{argument}` on the `{name}` connection cannot be less than 1."),
        ));
    }
    if value > PAGE {
        return Err((
            "EXCESSIVE_PAGINATION",
            format!("Requesting {value} records on the `{name}` connection exceeds the `{argument}` limit of {PAGE} records."),
        ));
    }
    Ok(value)
}

fn is_connection(field: &Field) -> bool {
    let takes = |name: &str| field.definition.argument_by_name(name).is_some();
    field.definition.ty.inner_named_type().ends_with("Connection") && takes("first") && takes("last")
}

#[cfg(test)]
mod tests {
    use apollo_compiler::response::JsonMap;

    use super::{Price, judge};
    use crate::sim::graphql::schema;

    fn price(text: &str, variables: &JsonMap) -> Result<Price, Vec<String>> {
        let document = schema::document(text).unwrap();
        let operation = document.operations.get(None).unwrap();
        judge(&document, operation, variables).map_err(|errors| {
            errors
                .iter()
                .map(|error| format!("{} {}", error["type"], error["path"]))
                .collect()
        })
    }

    fn issues(arguments: &str) -> String {
        format!(r#"{{ repository(owner: "a", name: "b") {{ issues({arguments}) {{ nodes {{ number }} }} }} }}"#)
    }

    #[test]
    fn connections_are_bounded() {
        let none = JsonMap::new();
        assert_eq!(price(&issues("first: 100"), &none), Ok(Price { points: 1, nodes: 100 }));
        assert_eq!(price(&issues("last: 1"), &none), Ok(Price { points: 1, nodes: 1 }));
        let path = r#"["query","repository","issues"]"#;
        for (arguments, kind) in [
            ("states: OPEN", "MISSING_PAGINATION_BOUNDARIES"),
            ("first: 1, last: 1", "INVALID_PAGINATION_BOUNDARIES"),
            ("first: 0", "INVALID_PAGINATION_BOUNDARIES"),
            ("last: -1", "INVALID_PAGINATION_BOUNDARIES"),
            ("first: 101", "EXCESSIVE_PAGINATION"),
        ] {
            assert_eq!(
                price(&issues(arguments), &none),
                Err(vec![format!("\"{kind}\" {path}")]),
                "{arguments}"
            );
        }
    }

    #[test]
    fn bounds_in_variables_and_fragments_count() {
        let text = "query($n: Int!) { viewer { ...f } } fragment f on User { issues(first: $n) { nodes { comments(first: 100) \
                    { nodes { reactions(first: 100) { totalCount } } } } } }";
        let variables = |n: i64| JsonMap::from_iter([("n".into(), n.into())]);
        // 10 issues, 1,000 comments, 100,000 reactions; 1 + 10 + 1,000 requests.
        assert_eq!(
            price(text, &variables(10)),
            Ok(Price {
                points: 10,
                nodes: 101_010
            })
        );
        assert_eq!(price(text, &variables(100)).unwrap_err().len(), 1);
        assert!(price(text, &variables(101)).unwrap_err()[0].contains("EXCESSIVE"));
    }
}
