//! GitHub's REST description, read: which operation a path belongs to, and what it takes and gives.
//!
//! Invariant: an operation is found by the most literal template that fits, so `/pulls/comments` is never a pull request
//! named "comments".

use std::collections::BTreeMap;

use serde_json::Value;

/// Parameters that may hold slashes: a path in the repository, a Git reference, two references with dots between.
const SLASHES: [&str; 4] = ["path", "ref", "basehead", "branch"];

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// One operation, as described.
#[derive(Debug)]
pub(crate) struct Operation {
    /// GitHub's name, for example `pulls/create`.
    pub(crate) id: String,
    method: String,
    template: Vec<Piece>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    /// By status, as text.
    pub(crate) answers: BTreeMap<String, Answer>,
}

/// A parameter in the path or the query.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Other,
}

/// A request body.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) required: bool,
    pub(crate) content: Content,
}

/// An answer of one status. No content means that nothing is said about the body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) content: Content,
}

/// Schemas by media type.
pub(crate) type Content = BTreeMap<String, Value>;

/// One segment of a path template.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// One segment, not empty.
    Segment(String),
    /// Any number of segments, at least one, but a `{path}` may be empty: it is then the root.
    Rest(String),
}

impl Operation {
    fn read(path: &str, method: &str, raw: &Value, root: &Value) -> Self {
        let parameters = list(raw, "parameters").map(|it| Parameter::read(resolve(it, root))).collect();
        let body = raw.get("requestBody").map(|it| Body {
            required: it.get("required").and_then(Value::as_bool).unwrap_or(false),
            content: content(it),
        });
        let answers = raw.get("responses").and_then(Value::as_object).into_iter().flatten();
        let answers = answers
            .map(|(status, it)| {
                (
                    status.clone(),
                    Answer {
                        content: content(resolve(it, root)),
                    },
                )
            })
            .collect();
        let id = raw.get("operationId").and_then(Value::as_str);
        Self {
            id: id.unwrap_or_else(|| panic!("{method} {path} has no operation id")).to_owned(),
            method: method.to_owned(),
            template: template(path),
            parameters,
            body,
            answers,
        }
    }

    fn literals(&self) -> usize {
        self.template
            .iter()
            .filter(|piece| matches!(piece, Piece::Literal(_)))
            .count()
    }
}

impl Parameter {
    fn read(raw: &Value) -> Self {
        let place = match raw.get("in").and_then(Value::as_str) {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some(_) | None => Place::Other,
        };
        let mut schema = raw.get("schema").cloned().unwrap_or(Value::Bool(true));
        super::schema::convert(&mut schema);
        Self {
            name: raw
                .get("name")
                .and_then(Value::as_str)
                .expect("a described parameter has a name")
                .to_owned(),
            place,
            required: raw.get("required").and_then(Value::as_bool).unwrap_or(false),
            schema,
        }
    }
}

/// All operations of a description; of several that fit a path the first wins.
pub(crate) fn operations(root: &Value) -> Vec<Operation> {
    let mut out = Vec::new();
    for (path, item) in root.get("paths").and_then(Value::as_object).expect("a description has paths") {
        for method in METHODS {
            if let Some(raw) = item.get(method) {
                out.push(Operation::read(path, method, raw, root));
            }
        }
    }
    out.sort_by_key(|operation| std::cmp::Reverse(operation.literals()));
    out
}

/// The operation a request belongs to, with the values of its path parameters, decoded.
pub(crate) fn find<'a>(
    operations: &'a [Operation],
    method: &str,
    path: &str,
) -> Option<(&'a Operation, BTreeMap<String, String>)> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    operations
        .iter()
        .filter(|operation| operation.method.eq_ignore_ascii_case(method))
        .find_map(|operation| {
            let mut values = BTreeMap::new();
            fits(&operation.template, &segments, &mut values).then_some((operation, values))
        })
}

fn fits(template: &[Piece], segments: &[&str], values: &mut BTreeMap<String, String>) -> bool {
    let Some((piece, later)) = template.split_first() else {
        return segments.is_empty();
    };
    let Some((segment, rest)) = segments.split_first() else {
        return false;
    };
    match piece {
        Piece::Literal(word) => word == segment && fits(later, rest, values),
        Piece::Segment(name) => {
            values.insert(name.clone(), decode(segment));
            !segment.is_empty() && fits(later, rest, values)
        }
        Piece::Rest(name) => (1..=segments.len()).any(|taken| {
            let value = segments[..taken].join("/");
            let filled = !value.is_empty() || name == "path";
            values.insert(name.clone(), decode(&value));
            filled && fits(later, &segments[taken..], values)
        }),
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn template(path: &str) -> Vec<Piece> {
    path.trim_start_matches('/')
        .split('/')
        .map(
            |segment| match segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                Some(name) if SLASHES.contains(&name) || name.contains('{') => Piece::Rest(name.to_owned()),
                Some(name) => Piece::Segment(name.to_owned()),
                None => Piece::Literal(segment.to_owned()),
            },
        )
        .collect()
}

fn content(raw: &Value) -> Content {
    let content = raw.get("content").and_then(Value::as_object).into_iter().flatten();
    content
        .map(|(media_type, it)| {
            let mut schema = it.get("schema").cloned().unwrap_or(Value::Bool(true));
            super::schema::convert(&mut schema);
            (media_type.clone(), schema)
        })
        .collect()
}

fn resolve<'a>(raw: &'a Value, root: &'a Value) -> &'a Value {
    match raw.get("$ref").and_then(Value::as_str) {
        Some(target) => root
            .pointer(target.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{target} points nowhere")),
        None => raw,
    }
}

fn list<'a>(raw: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    raw.get(key).and_then(Value::as_array).into_iter().flatten()
}

mod tests {
    use serde_json::json;

    use super::{find, operations};

    #[test]
    fn the_most_literal_template_wins_and_some_parameters_hold_slashes() {
        let get = |id: &str| json!({ "get": { "operationId": id, "responses": {} } });
        let root = json!({ "paths": {
            "/repos/{owner}/{repo}/pulls/{pull_number}": get("pull"),
            "/repos/{owner}/{repo}/pulls/comments": get("comments"),
            "/repos/{owner}/{repo}/pulls/{pull_number}/files": get("files"),
            "/repos/{owner}/{repo}/contents/{path}": get("contents"),
            "/repos/{owner}/{repo}/git/ref/{ref}": get("ref"),
            "/repos/{owner}/{repo}/commits/{ref}": get("commit"),
            "/repos/{owner}/{repo}/commits/{ref}/check-runs": get("checks"),
            "/repos/{owner}/{repo}/compare/{basehead}": get("compare"),
            "/repos/{owner}/{repo}/branches/{branch}/protection": get("protection"),
            "/repos/{owner}/{repo}/labels/{name}": get("label"),
        }});
        let operations = operations(&root);
        let cases = [
            ("/repos/a/b/pulls/7", Some(("pull", "pull_number", "7"))),
            ("/repos/a/b/pulls/comments", Some(("comments", "repo", "b"))),
            ("/repos/a/b/pulls/7/files", Some(("files", "pull_number", "7"))),
            ("/repos/a/b/contents/src/lib.rs", Some(("contents", "path", "src/lib.rs"))),
            ("/repos/a/b/contents/", Some(("contents", "path", ""))),
            ("/repos/a/b/git/ref/heads/x/y", Some(("ref", "ref", "heads/x/y"))),
            ("/repos/a/b/commits/x/y", Some(("commit", "ref", "x/y"))),
            ("/repos/a/b/commits/x/y/check-runs", Some(("checks", "ref", "x/y"))),
            ("/repos/a/b/compare/main...x/y", Some(("compare", "basehead", "main...x/y"))),
            ("/repos/a/b/branches/x/y/protection", Some(("protection", "branch", "x/y"))),
            ("/repos/a/b/labels/good%20first", Some(("label", "name", "good first"))),
            ("/repos/a/b/labels/a/b", None),
            ("/repos/a/b/labels/", None),
            ("/repos//b/labels/x", None),
            ("/repos/a/b/git/ref/", None),
            ("/repos/a/b", None),
        ];
        for (path, expected) in cases {
            let found = find(&operations, "GET", path);
            let found = found.as_ref().map(|(operation, values)| (operation.id.as_str(), values));
            match expected {
                None => assert_eq!(found, None, "{path}"),
                Some((id, name, value)) => {
                    let (found, values) = found.unwrap_or_else(|| panic!("{path}"));
                    assert_eq!((found, values.get(name).map(String::as_str)), (id, Some(value)), "{path}");
                }
            }
        }
        assert!(find(&operations, "POST", "/repos/a/b/pulls/7").is_none());
    }
}
