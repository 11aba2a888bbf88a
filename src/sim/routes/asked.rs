//! A request as it came.
//!
//! Invariant: it is read whole before anything is decided.

use std::collections::BTreeMap;

use http::request::Parts;
use serde_json::{Map, Value};

use crate::sim::ops::{Outcome, Refusal};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method.
    pub(crate) method: String,
    /// Path, percent-encoded as it came.
    pub(crate) path: String,
    /// Query, without question mark.
    pub(crate) query: String,
    /// Headers by lower-case name; of repeated ones the first.
    pub(crate) headers: BTreeMap<String, String>,
    /// Body.
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// Keeps what matters of a request.
    #[must_use]
    pub(crate) fn new(parts: &Parts, body: Vec<u8>) -> Self {
        let mut headers = BTreeMap::new();
        for (name, value) in &parts.headers {
            headers
                .entry(name.as_str().to_owned())
                .or_insert_with(|| String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers,
            body,
        }
    }

    /// A header.
    #[must_use]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The address with its query.
    #[must_use]
    pub(crate) fn address(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// What an answer to a read depends on: caller, form, address.
    #[must_use]
    pub(crate) fn key(&self) -> String {
        let part = |name: &str| self.header(name).unwrap_or_default();
        format!("{}\n{}\n{}", part("authorization"), part("accept"), self.address())
    }

    /// Parameters of the query; of repeated ones the last.
    #[must_use]
    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    /// The body as an object; an absent one is empty.
    pub(crate) fn object(&self) -> Outcome<Map<String, Value>> {
        if self.body.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(Value::Null) => Ok(Map::new()),
            // `POST .../labels` takes a bare list as well.
            Ok(Value::Array(items)) if self.path.ends_with("/labels") => {
                Ok(Map::from_iter([("labels".to_owned(), Value::Array(items))]))
            }
            Ok(Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                Err(Refusal::new(400, "Body should be a JSON object"))
            }
            Err(_) => Err(Refusal::new(400, "Problems parsing JSON")),
        }
    }
}
