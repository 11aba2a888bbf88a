//! GraphQL as it is on the wire: `data` and `errors` together, and one outcome for each mutation of a document.
//!
//! A document's mutations run in order, a failed one does not stop the later ones and nothing is rolled back. So a document
//! is put together from parts, each under an alias, and each alias has its own outcome.
//!
//! Invariant: an outcome is [`Outcome::Done`] only if GitHub gave that mutation's own data.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::Error;
use super::request::{Request, Scope};
use super::types::Repo;
use super::{Github, classify};

/// What became of one mutation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It was carried out; this is what GitHub says of it.
    Done(T),
    /// It was not carried out.
    Refused(Error),
    /// Nobody knows: look before it is tried again.
    Unknown,
}

impl<T> Outcome<T> {
    /// The value if it was carried out.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Refused(_) | Self::Unknown => None,
        }
    }

    /// Whether it was carried out.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Refusals and doubts as errors.
    ///
    /// # Errors
    /// The refusal, or [`Error::Unknown`].
    pub fn into_result(self) -> Result<T, Error> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Refused(error) => Err(error),
            Self::Unknown => Err(Error::Unknown {
                message: "GitHub gave neither data nor an error".to_owned(),
            }),
        }
    }

    /// The same outcome with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(change(value)),
            Self::Refused(error) => Outcome::Refused(error),
            Self::Unknown => Outcome::Unknown,
        }
    }
}

/// One mutation that a document may hold: its field, the type of its input, and what is selected of its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mutation {
    pub(super) field: &'static str,
    pub(super) input: &'static str,
    pub(super) selection: &'static str,
}

/// A document of mutations being put together.
#[derive(Debug)]
pub(super) struct Mutations {
    name: &'static str,
    parts: Vec<(String, Mutation, Value)>,
}

impl Mutations {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, parts: Vec::new() }
    }

    /// Adds a mutation under an alias; aliases are letters, digits and underscores.
    pub(super) fn add(&mut self, alias: impl Into<String>, mutation: Mutation, input: Value) {
        self.parts.push((alias.into(), mutation, input));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The document's text: each input is a variable named like its alias.
    pub(super) fn text(&self) -> String {
        let mut text = format!("mutation {}(", self.name);
        for (alias, mutation, _) in &self.parts {
            // Writing into a String does not fail.
            let _ = write!(text, "${alias}: {}! ", mutation.input);
        }
        text.push_str(") {\n");
        for (alias, mutation, _) in &self.parts {
            let _ = writeln!(text, "  {alias}: {}(input: ${alias}) {}", mutation.field, mutation.selection);
        }
        text.push('}');
        text
    }
}

/// The outcomes of a document by alias.
#[derive(Debug)]
pub(super) struct Outcomes(BTreeMap<String, Outcome<Value>>);

impl Outcomes {
    /// Of a document that was not sent, because nothing was missing.
    pub(super) fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// The outcome under `alias`, read as `T`; `None` if the document had no such alias.
    pub(super) fn take<T: DeserializeOwned>(&mut self, alias: &str) -> Option<Outcome<T>> {
        self.0.remove(alias).map(|outcome| match outcome {
            Outcome::Done(value) => match serde_json::from_value(value) {
                Ok(value) => Outcome::Done(value),
                // It was carried out, but nothing is known of it: as good as an answer that was lost.
                Err(_) => Outcome::Unknown,
            },
            Outcome::Refused(error) => Outcome::Refused(error),
            Outcome::Unknown => Outcome::Unknown,
        })
    }

    /// As [`take`](Self::take), where the document certainly had the alias.
    pub(super) fn one<T: DeserializeOwned>(&mut self, alias: &str) -> Outcome<T> {
        self.take(alias).unwrap_or(Outcome::Unknown)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    data: Option<Map<String, Value>>,
    #[serde(default)]
    errors: Vec<GraphError>,
    #[serde(skip)]
    headers: HeaderMap,
}

#[derive(Clone, Debug, Deserialize)]
struct GraphError {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    path: Vec<Value>,
    #[serde(default)]
    message: String,
}

impl GraphError {
    fn is_below(&self, alias: &str) -> bool {
        self.path.first().and_then(Value::as_str) == Some(alias)
    }
}

impl Github {
    /// Asks a query. Parts that GitHub could not give are `null` in the data; only a query without data is an error.
    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        scope: Scope,
        name: &'static str,
        text: &str,
        variables: Value,
    ) -> Result<T, Error> {
        let answer = self.post(scope, Request::document(name, text, &variables, 0)).await?;
        for error in &answer.errors {
            tracing::debug!(
                document = name,
                kind = error.kind.as_deref(),
                "GitHub left out a part: {}",
                error.message
            );
        }
        let first = answer.errors.first().map(|error| self.graph_error(error, &answer.headers));
        match answer.data {
            // A root that is null has its reason among the errors.
            Some(data) if data.values().any(|value| !value.is_null()) => {
                serde_json::from_value(Value::Object(data)).map_err(|error| first.unwrap_or_else(|| Error::malformed(error)))
            }
            Some(_) | None => Err(match first {
                // Reading changes nothing: what GitHub could not finish is simply not available.
                Some(Error::Unknown { message }) => Error::Unavailable { message },
                Some(error) => error,
                None => Error::NotFound {
                    message: format!("{name}: no such object"),
                },
            }),
        }
    }

    /// Sends a document of mutations. An error means that none of them was carried out, or, as [`Error::Unknown`], that
    /// nothing is known of any.
    pub(super) async fn mutate(&self, repo: &Repo, mutations: Mutations) -> Result<Outcomes, Error> {
        let count = u32::try_from(mutations.parts.len()).unwrap_or(u32::MAX);
        let text = mutations.text();
        let variables: Map<String, Value> = mutations
            .parts
            .iter()
            .map(|(alias, _, input)| (alias.clone(), input.clone()))
            .collect();
        let request = Request::document(mutations.name, &text, &Value::Object(variables), count);
        let mut answer = self.post(Scope::write(repo), request).await?;
        let mut data = answer.data.take();
        if data.is_none() && answer.errors.iter().all(|error| error.path.is_empty()) {
            let error = answer.errors.first().map(|error| self.graph_error(error, &answer.headers));
            return Err(error.unwrap_or_else(|| Error::Unknown {
                message: format!("{}: an empty answer", mutations.name),
            }));
        }
        let outcomes = mutations.parts.into_iter().map(|(alias, _, _)| {
            let value = data
                .as_mut()
                .and_then(|data| data.remove(&alias))
                .filter(|value| !value.is_null());
            let error = answer.errors.iter().find(|error| error.is_below(&alias));
            let outcome = match (value, error) {
                (Some(value), _) => Outcome::Done(value),
                (None, Some(error)) => {
                    let error = self.graph_error(error, &answer.headers);
                    if matches!(error, Error::Unknown { .. }) {
                        Outcome::Unknown
                    } else {
                        Outcome::Refused(error)
                    }
                }
                (None, None) => Outcome::Unknown,
            };
            (alias, outcome)
        });
        Ok(Outcomes(outcomes.collect()))
    }

    async fn post(&self, scope: Scope, request: Request) -> Result<Answer, Error> {
        let changes = request.mutations > 0;
        let reply = self.call(scope, request).await?;
        let answer: Result<Answer, Error> = reply.json();
        match answer {
            Ok(answer) => Ok(Answer {
                headers: reply.headers,
                ..answer
            }),
            Err(Error::Malformed { message }) if changes => Err(Error::Unknown { message }),
            Err(error) => Err(error),
        }
    }

    fn graph_error(&self, error: &GraphError, headers: &HeaderMap) -> Error {
        classify::graphql(error.kind.as_deref(), &error.message, headers, self.now(), self.jitter())
    }
}
