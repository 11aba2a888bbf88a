//! Reading members of a request's body, with GitHub's sentences when they are missing or of the wrong type.
//!
//! Invariant: null is the same as absent.

use serde_json::Value;

use super::call::Call;
use crate::clock::Millis;
use crate::sim::git::{Oid, parse_oid};
use crate::sim::ops::{Outcome, Refusal};

impl Call<'_> {
    /// A member, if it is there and not null.
    #[must_use]
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// A text, if it is there.
    pub(crate) fn text(&self, name: &str) -> Outcome<Option<String>> {
        self.read(name, "a string", |value| value.as_str().map(ToOwned::to_owned))
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &str) -> Outcome<String> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A truth value, if it is there.
    pub(crate) fn flag(&self, name: &str) -> Outcome<Option<bool>> {
        self.read(name, "a boolean", Value::as_bool)
    }

    /// A number, if it is there.
    pub(crate) fn integer(&self, name: &str) -> Outcome<Option<u64>> {
        self.read(name, "an integer", Value::as_u64)
    }

    /// A list of texts, if it is there.
    pub(crate) fn texts(&self, name: &str) -> Outcome<Option<Vec<String>>> {
        self.read(name, "an array", texts_of)
    }

    /// A list of anything, if it is there.
    pub(crate) fn items(&self, name: &str) -> Outcome<Vec<Value>> {
        Ok(self
            .read(name, "an array", |value| value.as_array().cloned())?
            .unwrap_or_default())
    }

    /// An object id that must be there.
    pub(crate) fn required_oid(&self, name: &str) -> Outcome<Oid> {
        let text = self.required_text(name)?;
        parse_oid(&text).ok_or_else(|| bad_sha(name, &text))
    }

    /// An object id, if it is there.
    pub(crate) fn oid(&self, name: &str) -> Outcome<Option<Oid>> {
        self.text(name)?
            .map(|text| parse_oid(&text).ok_or_else(|| bad_sha(name, &text)))
            .transpose()
    }

    /// A time, if it is there.
    pub(crate) fn time(&self, name: &str) -> Outcome<Option<Millis>> {
        self.read(name, "a date-time", |value| value.as_str().and_then(Millis::parse_rfc3339))
    }

    /// One of several words, if it is there.
    pub(crate) fn word<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Outcome<Option<T>> {
        self.text(name)?
            .map(|text| parse(&text).ok_or_else(|| not_a_member(name, &text)))
            .transpose()
    }

    /// `since` of the query; nonsense is 422.
    pub(crate) fn since(&self) -> Outcome<Option<Millis>> {
        self.moment("since")
    }

    /// A time in the query; nonsense is 422.
    pub(crate) fn moment(&self, name: &'static str) -> Outcome<Option<Millis>> {
        let Some(text) = self.asked(name) else { return Ok(None) };
        Millis::parse_rfc3339(text)
            .map(Some)
            .ok_or_else(|| Refusal::invalid("Query", name, "invalid"))
    }

    fn read<T>(&self, name: &str, kind: &str, read: impl FnOnce(&Value) -> Option<T>) -> Outcome<Option<T>> {
        let Some(value) = self.member(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| wrong(name, value, kind))
    }
}

/// A member of an object inside the body.
pub(crate) fn inner_text(object: &Value, name: &str) -> Outcome<Option<String>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong(name, other, "a string")),
    }
}

/// A text that must be in an object inside the body.
pub(crate) fn required_inner_text(object: &Value, name: &str) -> Outcome<String> {
    inner_text(object, name)?.ok_or_else(|| missing(name))
}

/// A number inside an object of the body.
pub(crate) fn inner_integer(object: &Value, name: &str) -> Outcome<Option<u64>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or_else(|| wrong(name, value, "an integer")),
    }
}

/// 422: a member is missing.
#[must_use]
pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::new(422, format!("Invalid request.\n\n\"{name}\" wasn't supplied."))
}

/// 422: a word is none of those that are allowed.
#[must_use]
pub(crate) fn not_a_member(name: &str, text: &str) -> Refusal {
    Refusal::new(
        422,
        format!("Invalid request.\n\nFor 'properties/{name}', {text} is not a possible value."),
    )
}

fn wrong(name: &str, value: &Value, kind: &str) -> Refusal {
    Refusal::new(
        422,
        format!("Invalid request.\n\nFor 'properties/{name}', {value} is not {kind}."),
    )
}

fn bad_sha(name: &str, text: &str) -> Refusal {
    Refusal::new(
        422,
        format!("The {name} parameter must be exactly 40 characters and contain only [0-9a-f]. {text} is not."),
    )
}

fn texts_of(value: &Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|item| item.as_str().map(ToOwned::to_owned))
        .collect()
}
