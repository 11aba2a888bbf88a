//! REST: each request Millhand sends and each answer the simulated GitHub gives, held against GitHub's description.
//!
//! A request is judged by operation, path and query parameters, media type, required body members, and an allow-list of body
//! keys; an answer by status, media type and body. Answers are held to the allow-list too: a misspelt optional key in the
//! simulated GitHub would otherwise pass as absent.
//!
//! Invariant: what the gate lets through although the description does not list it stands in this file, with its reason.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Draft;
use serde_json::{Value, json};

use super::describe::{self, Content, Operation, Parameter, Place};
use super::schema::{self, Keys, Schemas};
use super::tally::{Judged, TALLY, Tally};

/// The gate all stories share.
pub(crate) static GATE: LazyLock<Gate> = LazyLock::new(|| Gate::load(&super::dir(), &TALLY));

/// Statuses that any operation may answer; where they are not listed, that is an omission of the description.
const TOLERATED: [u16; 4] = [401, 403, 404, 429];

/// Where the description is wrong about what GitHub does: the operation, a part of the judge's sentence, why GitHub is right.
const ERRATA: [(&str, &str, &str); 4] = [
    (
        "git/create-ref",
        "answer 422/status: nobody described",
        "all of GitHub's errors tell their status in their body; here the description forgot it",
    ),
    (
        "apps/list-installations",
        "answer 200/0/account: ",
        "an account is described as a user and an enterprise at once; no account is both",
    ),
    (
        "apps/list-installations",
        "client_id: nobody described",
        "GitHub names the App's client id in every installation",
    ),
    (
        "apps/list-installations",
        "permissions/merge_queues: nobody described",
        "a permission Apps can have and the list forgot",
    ),
];

/// One request with its answer.
#[derive(Clone, Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'a str,
    /// Relative to the root of the API, as sent: `/repos/acme/todo/pulls`.
    pub(crate) path: &'a str,
    /// Without the question mark; empty when there is none.
    pub(crate) query: &'a str,
    pub(crate) request: Message<'a>,
    /// `None` when the answer was lost, or was not GitHub's: a fault that the test ordered.
    pub(crate) answer: Option<Answer<'a>>,
}

/// A body with its media type as the header has it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Message<'a> {
    pub(crate) content_type: Option<&'a str>,
    /// Empty when there is none.
    pub(crate) body: &'a [u8],
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) message: Message<'a>,
}

/// GitHub's name for an operation, for example `pulls/create`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OperationId(pub(crate) String);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// GitHub's REST description, ready to judge.
#[derive(Debug)]
pub(crate) struct Gate {
    operations: Vec<Operation>,
    schemas: Schemas,
    tally: &'static Tally,
}

impl Gate {
    /// Reads `rest.json` in `dir`; a fifth of a second in a debug build.
    pub(crate) fn load(dir: &Path, tally: &'static Tally) -> Self {
        let mut root = super::read_json(dir, "rest.json");
        let operations = describe::operations(&root);
        // Emptied in place: `json!` would copy what is put into it.
        root["paths"].take();
        let schemas = root["components"]["schemas"]
            .as_object_mut()
            .expect("a description has schemas");
        schemas.values_mut().for_each(schema::convert);
        Self {
            operations,
            schemas: Schemas::new("gh:///api", Draft::Draft202012, Keys::Schema, root),
            tally,
        }
    }

    /// How many operations GitHub describes.
    pub(crate) fn operations(&self) -> usize {
        self.operations.len()
    }

    /// Judges and counts: the operation, or what is wrong, a sentence each.
    pub(crate) fn judge(&self, exchange: &Exchange<'_>) -> Result<OperationId, Vec<String>> {
        let Some((operation, values)) = describe::find(&self.operations, exchange.method, exchange.path) else {
            return Err(vec![format!(
                "{} {}: GitHub describes no such operation",
                exchange.method, exchange.path
            )]);
        };
        let mut wrong = self.parameters(operation, &values, exchange.query);
        wrong.extend(self.request(operation, &exchange.request));
        self.tally.count(Judged::Request, &operation.id);
        if let Some(answer) = &exchange.answer {
            wrong.extend(self.answer(operation, exchange.method, answer));
            self.tally.count(Judged::Answer, &operation.id);
        }
        wrong.retain(|sentence| !excused(&operation.id, sentence));
        if wrong.is_empty() {
            return Ok(OperationId(operation.id.clone()));
        }
        Err(wrong
            .into_iter()
            .map(|sentence| format!("{}: {sentence}", operation.id))
            .collect())
    }

    fn parameters(&self, operation: &Operation, values: &BTreeMap<String, String>, query: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            sent.entry(name.trim_end_matches("[]").to_owned())
                .or_default()
                .push(value.into_owned());
        }
        for parameter in &operation.parameters {
            let given = match parameter.place {
                Place::Path => values.get(&parameter.name).map(|value| vec![value.clone()]),
                Place::Query => sent.remove(&parameter.name),
                Place::Other => continue,
            };
            match given {
                Some(given) => wrong.extend(self.parameter(operation, parameter, &given)),
                None if parameter.required && parameter.place == Place::Query => {
                    wrong.push(format!("query parameter {} is missing", parameter.name));
                }
                None => {}
            }
        }
        wrong.extend(sent.keys().map(|name| format!("query parameter {name}: nobody described it")));
        wrong
    }

    /// Text on the wire may be a text, a number, a truth or a list: one reading has to fit.
    fn parameter(&self, operation: &Operation, parameter: &Parameter, given: &[String]) -> Vec<String> {
        let mut readings = vec![json!(given)];
        if let [one] = given {
            readings.push(json!(one));
            readings.push(json!(one.split(',').collect::<Vec<_>>()));
            readings.extend(one.parse::<i64>().ok().map(|number| json!(number)));
            readings.extend(one.parse::<bool>().ok().map(|truth| json!(truth)));
        }
        let key = format!("{} parameter {}", operation.id, parameter.name);
        let fits = readings
            .iter()
            .any(|value| self.schemas.errors(&key, &parameter.schema, value, "").is_empty());
        if fits {
            Vec::new()
        } else {
            vec![format!("parameter {}: {} does not fit", parameter.name, given.join(", "))]
        }
    }

    fn request(&self, operation: &Operation, request: &Message<'_>) -> Vec<String> {
        match (&operation.body, request.body.is_empty()) {
            (None, true) => Vec::new(),
            (None, false) => vec!["a body was sent, and none is described".to_owned()],
            (Some(body), true) if body.required => vec!["the request body is missing".to_owned()],
            (Some(_), true) => Vec::new(),
            (Some(body), false) => self.body(&format!("{} request", operation.id), &body.content, request, "request body"),
        }
    }

    fn answer(&self, operation: &Operation, method: &str, answer: &Answer<'_>) -> Vec<String> {
        let status = answer.status;
        // Any read may be conditional (GitHub's best practices for the REST API); the description lists 304 for few.
        let unchanged = status == 304 && method.eq_ignore_ascii_case("get");
        let Some(described) = operation.answers.get(&status.to_string()) else {
            return match (TOLERATED.contains(&status), unchanged) {
                (true, _) => refusal(answer),
                (false, true) => empty(answer),
                (false, false) => vec![format!("status {status} is not described")],
            };
        };
        if matches!(status, 204 | 205 | 304) {
            return empty(answer);
        }
        if !described.content.is_empty() {
            let key = format!("{} {status}", operation.id);
            return self.body(&key, &described.content, &answer.message, &format!("answer {status}"));
        }
        if status >= 400 { refusal(answer) } else { Vec::new() }
    }

    fn body(&self, key: &str, content: &Content, message: &Message<'_>, at: &str) -> Vec<String> {
        let media_type = message.content_type.map(|it| it.split(';').next().unwrap_or(it).trim());
        let Some(schema) = media_type.and_then(|it| content.get(it)) else {
            // GitHub gives diffs, patches and raw files when asked to by Accept; their texts have no schema.
            if media_type.is_some_and(|it| it.starts_with("application/vnd.github.")) {
                return Vec::new();
            }
            return vec![format!(
                "{at}: media type {} is not described",
                media_type.unwrap_or("(none)")
            )];
        };
        if !media_type.is_some_and(|it| it.ends_with("json")) {
            return Vec::new();
        }
        let value: Value = match serde_json::from_slice(message.body) {
            Ok(value) => value,
            Err(error) => return vec![format!("{at}: not JSON: {error}")],
        };
        let mut wrong = self
            .schemas
            .errors(&format!("{key} {}", media_type.unwrap_or_default()), schema, &value, at);
        self.schemas.unknown_keys(&[schema], &value, at, &mut wrong);
        wrong
    }
}

fn excused(operation: &str, sentence: &str) -> bool {
    ERRATA.iter().any(|(id, part, _)| *id == operation && sentence.contains(part))
}

fn empty(answer: &Answer<'_>) -> Vec<String> {
    if answer.message.body.is_empty() {
        Vec::new()
    } else {
        vec![format!("answer {}: has a body", answer.status)]
    }
}

/// An error whose body nobody described still says what is wrong, as all of GitHub's errors do.
fn refusal(answer: &Answer<'_>) -> Vec<String> {
    let value: Option<Value> = serde_json::from_slice(answer.message.body).ok();
    match value.as_ref().and_then(|it| it.get("message")).and_then(Value::as_str) {
        Some(_) => Vec::new(),
        None => vec![format!("answer {}: no JSON with a message", answer.status)],
    }
}

mod tests;
