//! JSON read strictly: one object, no key twice, no U+0000.
//!
//! `serde_json` by itself takes the last of two equal keys, so that what a check saw and what is used may differ.
//!
//! Invariant: every fault names its place as a JSON pointer.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::answer::{ANSWER_BYTES_MAX, AnswerError, short};

/// Reads one JSON object; a code fence around it is taken off.
///
/// # Errors
/// What is wrong with it, short of its schema.
pub(super) fn read(text: &str) -> Result<Value, AnswerError> {
    if text.len() > ANSWER_BYTES_MAX {
        return Err(AnswerError::TooLong(text.len()));
    }
    let text = unfenced(text.trim_start_matches('\u{FEFF}').trim());
    if text.is_empty() {
        return Err(AnswerError::Empty);
    }
    let mut faults = Faults::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict {
        pointer: String::new(),
        faults: &mut faults,
    }
    .deserialize(&mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    match (read, faults.found) {
        (_, Some(fault)) => Err(fault),
        (Ok(value @ Value::Object(_)), None) => Ok(value),
        (Ok(_), None) => Err(AnswerError::NotJson("it must be an object".to_owned())),
        (Err(error), None) if error.is_eof() => Err(AnswerError::Cut),
        (Err(error), None) => Err(AnswerError::NotJson(short(&error.to_string()))),
    }
}

fn unfenced(text: &str) -> &str {
    let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else {
        return text;
    };
    match inner.split_once('\n') {
        Some((word, body)) if word.trim().chars().all(|c| c.is_ascii_alphanumeric()) => body.trim(),
        Some(_) | None => text,
    }
}

#[derive(Default)]
struct Faults {
    found: Option<AnswerError>,
}

/// Reads any JSON value; `serde_json` by itself takes the last of two equal keys.
struct Strict<'a> {
    pointer: String,
    faults: &'a mut Faults,
}

impl Strict<'_> {
    fn below(&mut self, step: &str) -> Strict<'_> {
        let step = step.replace('~', "~0").replace('/', "~1");
        Strict {
            pointer: format!("{}/{step}", self.pointer),
            faults: self.faults,
        }
    }

    fn refuse<E: serde::de::Error>(&mut self, fault: AnswerError) -> E {
        let error = E::custom(&fault);
        self.faults.found.get_or_insert(fault);
        error
    }

    fn string<E: serde::de::Error>(&mut self, text: &str) -> Result<String, E> {
        if text.contains('\0') {
            let pointer = short(&self.pointer);
            return Err(self.refuse(AnswerError::Nul(pointer)));
        }
        Ok(text.to_owned())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E: serde::de::Error>(mut self, value: &str) -> Result<Value, E> {
        self.string(value).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self.below(&all.len().to_string()))? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut all = serde_json::Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let key = self.below(&key).string::<A::Error>(&key)?;
            if all.contains_key(&key) {
                let pointer = short(&self.below(&key).pointer);
                return Err(self.refuse(AnswerError::DuplicateKey {
                    pointer,
                    key: short(&key),
                }));
            }
            let value = entries.next_value_seed(self.below(&key))?;
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}
