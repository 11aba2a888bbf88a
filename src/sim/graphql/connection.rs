//! Pages of lists: `nodes`, `edges`, `totalCount`, `pageInfo`.
//!
//! Invariant: a cursor is the place behind an item in its list; lists here grow at the end, so places stay.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::object::{Answer, Field, Item, leaf, null, record};
use super::schema::schema;
use crate::sim::ops::Refusal;

/// A connection of type `type_name` over `items`, cut as the field's arguments say. `first` and `last` were judged before.
pub(super) fn connection(type_name: &'static str, field: &Field, items: Vec<Item>) -> Answer {
    connection_with(type_name, field, items, [])
}

/// The same with further fields of the connection.
pub(super) fn connection_with<const N: usize>(
    type_name: &'static str,
    field: &Field,
    items: Vec<Item>,
    more: [(&'static str, Item); N],
) -> Answer {
    let total = items.len();
    let arguments = &field.arguments;
    let place = |name: &str| arguments.text(name).map(|cursor| place(cursor, name)).transpose();
    let mut start = place("after")?.unwrap_or(0).min(total);
    let mut end = place("before")?
        .map_or(total, |behind| behind.saturating_sub(1))
        .clamp(start, total);
    let size = |name: &str| arguments.number(name).and_then(|number| usize::try_from(number).ok());
    if let Some(first) = size("first") {
        end = end.min(start + first);
    } else if let Some(last) = size("last") {
        start = start.max(end.saturating_sub(last));
    }
    let page: Vec<Item> = items.into_iter().skip(start).take(end - start).collect();
    let cursor_at = |place: usize| if page.is_empty() { null() } else { leaf(cursor(place)) };
    let info = record(
        "PageInfo",
        [
            ("hasNextPage", leaf(end < total)),
            ("hasPreviousPage", leaf(start > 0)),
            ("startCursor", cursor_at(start + 1)),
            ("endCursor", cursor_at(end)),
        ],
    );
    let edges = page.iter().enumerate().map(|(offset, item)| {
        record(
            edge_type(type_name),
            [("cursor", leaf(cursor(start + offset + 1))), ("node", item.clone())],
        )
    });
    let edges = Item::List(edges.collect());
    let fields = [
        ("pageInfo", info),
        ("totalCount", leaf(total)),
        ("edges", edges),
        ("nodes", Item::List(page)),
    ];
    Ok(record(type_name, fields.into_iter().chain(more)))
}

fn cursor(place: usize) -> String {
    STANDARD.encode(format!("cursor:{place}"))
}

fn place(cursor: &str, name: &str) -> Result<usize, Refusal> {
    let bytes = STANDARD.decode(cursor).ok();
    let text = bytes.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.and_then(|text| text.strip_prefix("cursor:")?.parse().ok())
        .ok_or_else(|| Refusal {
            graphql_type: "INVALID_CURSOR_ARGUMENTS",
            ..Refusal::new(422, format!("`{cursor}` does not appear to be a valid cursor for `{name}`."))
        })
}

/// The type of a connection's edges, as the schema has it.
fn edge_type(connection: &str) -> &'static str {
    schema()
        .get_object(connection)
        .and_then(|object| object.fields.get("edges"))
        .map_or("PageInfo", |field| field.ty.inner_named_type().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::connection;
    use crate::sim::graphql::object::{Arguments, Field, Item, Object, leaf};

    /// Numbers of the page, then whether there is more before and behind, then the cursors.
    fn page(arguments: Value) -> (Vec<u64>, bool, bool, Value, Value) {
        let field = Field {
            name: "labels".to_owned(),
            arguments: Arguments(arguments),
        };
        let items = (1..=5).map(leaf).collect();
        let Ok(Item::Object(Object::Record("LabelConnection", fields))) = connection("LabelConnection", &field, items) else {
            panic!("no connection")
        };
        let Item::List(nodes) = &fields["nodes"] else {
            panic!("no nodes")
        };
        let value = |item: &Item| {
            if let Item::Leaf(value) = item {
                value.clone()
            } else {
                panic!("no leaf")
            }
        };
        let Item::Object(Object::Record(_, info)) = &fields["pageInfo"] else {
            panic!("no page")
        };
        let numbers = nodes.iter().map(|item| value(item).as_u64().unwrap()).collect();
        let flag = |name| value(&info[name]).as_bool().unwrap();
        (
            numbers,
            flag("hasPreviousPage"),
            flag("hasNextPage"),
            value(&info["startCursor"]),
            value(&info["endCursor"]),
        )
    }

    #[test]
    fn pages_forwards_and_backwards() {
        let (numbers, before, behind, _, end) = page(json!({ "first": 2 }));
        assert_eq!((numbers, before, behind), (vec![1, 2], false, true));
        let (numbers, before, behind, start, end) = page(json!({ "first": 2, "after": end }));
        assert_eq!((numbers, before, behind), (vec![3, 4], true, true));
        assert_eq!(page(json!({ "first": 2, "after": end })).0, [5]);
        assert_eq!(page(json!({ "last": 2, "before": start })).0, [1, 2]);
        let (numbers, before, behind, ..) = page(json!({ "last": 2 }));
        assert_eq!((numbers, before, behind), (vec![4, 5], true, false));
        assert_eq!(page(json!({ "first": 100 })).0.len(), 5);
    }

    #[test]
    fn a_cursor_that_is_none_is_refused() {
        let field = Field {
            name: "labels".to_owned(),
            arguments: Arguments(json!({ "first": 1, "after": "x" })),
        };
        assert_eq!(
            connection("LabelConnection", &field, Vec::new()).unwrap_err().graphql_type,
            "INVALID_CURSOR_ARGUMENTS"
        );
    }
}
