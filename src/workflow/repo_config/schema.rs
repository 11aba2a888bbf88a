//! The JSON Schema of the file, for editors: made from the table of keys.
//!
//! Invariant: what [`super::parse`] lets pass, the schema lets pass. The parser refuses a little more, such as globs that are
//! none.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, Key};
use super::names::Name;
use super::shape::{Item, LIST_MAX, Shape};
use crate::workflow::settings::Settings;

/// The schema, JSON Schema 2020-12.
#[must_use]
pub fn schema() -> Value {
    let defaults = serde_json::to_value(Settings::default()).unwrap_or_default();
    let mut top = Map::new();
    for key in &KEYS {
        let default = key.path.split('.').try_fold(&defaults, |value, part| value.get(part));
        let own = property(key, default);
        match key.section() {
            None => drop(top.insert(key.name().to_owned(), own)),
            Some(section) => {
                let section = top.entry(section).or_insert_with(|| closed("", json!({})));
                section["properties"][key.name()] = own;
            }
        }
    }
    let mut schema = closed(
        "What a repository sets for Millhand, in `.github/millhand.yml`.",
        Value::Object(top),
    );
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("millhand.yml");
    schema
}

fn closed(about: &str, properties: Value) -> Value {
    let mut object = json!({ "type": "object", "additionalProperties": false });
    object["properties"] = properties;
    if !about.is_empty() {
        object["description"] = json!(about);
    }
    object
}

fn property(key: &Key, default: Option<&Value>) -> Value {
    let mut kinds = kinds(&key.shape);
    let mut own = match (kinds.pop(), kinds.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            kinds.extend(last);
            json!({ "anyOf": kinds })
        }
    };
    own["description"] = json!(key.about);
    if let Some(default) = default {
        own["default"] = default.clone();
    }
    own
}

/// The alternatives of a shape.
fn kinds(shape: &Shape) -> Vec<Value> {
    let mut kinds = Vec::new();
    if !shape.words.is_empty() {
        kinds.push(json!({ "enum": shape.words }));
    }
    if shape.flag {
        kinds.push(json!({ "type": "boolean" }));
    }
    if let Some((least, most)) = shape.whole {
        kinds.push(json!({ "type": "integer", "minimum": least, "maximum": most }));
    }
    if let Some((least, most)) = shape.amount {
        kinds.push(json!({ "type": "number", "minimum": least, "maximum": most }));
    }
    kinds.extend(shape.name.map(text));
    kinds.extend(shape.list.map(|item| {
        let items = match item {
            Item::Name(name) => text(name),
            Item::Word(words) => json!({ "enum": words }),
        };
        json!({ "type": "array", "items": items, "uniqueItems": true, "maxItems": LIST_MAX })
    }));
    if shape.open {
        kinds.push(json!({ "type": ["object", "null"] }));
    }
    kinds
}

fn text(name: Name) -> Value {
    let (pattern, most) = name.pattern();
    let mut text = json!({ "type": "string", "minLength": 1, "maxLength": most });
    if let Some(pattern) = pattern {
        text["pattern"] = json!(pattern);
    }
    text
}
