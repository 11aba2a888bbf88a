//! GitHub's schemas as JSON Schema: conversion, compilation, errors that can be read, and keys nobody described.
//!
//! OpenAPI 3.0 says `nullable` where JSON Schema says null, and its request schemas leave additional properties open, so a
//! misspelt optional key would pass. [`convert`] mends the first, [`unknown_keys`] the second.
//!
//! Invariant: conversion only ever widens a schema by null, and only where `nullable: true` stands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::{Map, Value, json};

/// An instance in an error message is cut to this many characters: whole payloads help nobody.
const MESSAGE_CHARACTERS: usize = 300;

/// Schemas under one base address, compiled when first asked for.
#[derive(Debug)]
pub(crate) struct Schemas {
    base: &'static str,
    /// The document that references point into; `#/components/...` is found from here.
    root: &'static Value,
    registry: Registry<'static>,
    draft: Draft,
    keys: Keys,
    compiled: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// Who says that a key is too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// The schema itself, by `additionalProperties: false`.
    Schema,
    /// The caller, by [`Schemas::unknown_keys`]: it has more than one description to ask.
    Caller,
}

impl Schemas {
    /// `root` holds what references point to. It lives as long as the process: each description is loaded once.
    pub(crate) fn new(base: &'static str, draft: Draft, keys: Keys, root: Value) -> Self {
        let root: &'static Value = Box::leak(Box::new(root));
        let registry = Registry::new().draft(draft).add(base, root).and_then(|it| it.prepare());
        let registry = registry.unwrap_or_else(|error| panic!("{base}: {error}"));
        Self {
            base,
            root,
            registry,
            draft,
            keys,
            compiled: Mutex::default(),
        }
    }

    /// What is wrong with `value` by `schema`, in sentences that begin with `at`. `key` names the schema in the cache.
    pub(crate) fn errors(&self, key: &str, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let validator = self.compile(key, schema);
        let mut out = Vec::new();
        for error in validator.iter_errors(value) {
            self.explain(&error, at, &mut out);
        }
        out
    }

    fn compile(&self, key: &str, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().expect("no validator panics while it holds the lock");
        if let Some(validator) = compiled.get(key) {
            return Arc::clone(validator);
        }
        let mut schema = schema.clone();
        rewrite_references(&mut schema, self.base);
        let validator = jsonschema::options()
            .with_draft(self.draft)
            .with_registry(&self.registry)
            .offline()
            .should_validate_formats(true)
            // GitHub gives its bots addresses like `1+name[bot]@users.noreply.github.com`, which no mail standard allows.
            .with_format("email", |text: &str| text.contains('@'))
            .build(&schema)
            .unwrap_or_else(|error| panic!("{key}: the schema does not compile: {error}"));
        let validator = Arc::new(validator);
        compiled.insert(key.to_owned(), Arc::clone(&validator));
        validator
    }

    /// The place a reference of this document points to.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema.get("$ref").and_then(Value::as_str) {
            None => schema,
            Some(target) => {
                let pointer = target.trim_start_matches(self.base).trim_start_matches('#');
                let found = self
                    .root
                    .pointer(pointer)
                    .unwrap_or_else(|| panic!("{target} points nowhere"));
                self.resolve(found)
            }
        }
    }

    /// The keys of `value`, at any depth, that none of `schemas` describes.
    ///
    /// An object is left open where no alternative names properties, or where its extra keys have a schema of their own.
    pub(crate) fn unknown_keys(&self, schemas: &[&Value], value: &Value, at: &str, out: &mut Vec<String>) {
        let mut alternatives = Vec::new();
        for schema in schemas {
            self.alternatives(schema, &mut alternatives);
        }
        if let Some(items) = value.as_array() {
            let inner: Vec<&Value> = alternatives.iter().filter_map(|schema| schema.get("items")).collect();
            for (index, item) in items.iter().enumerate() {
                self.unknown_keys(&inner, item, &format!("{at}/{index}"), out);
            }
        }
        let Some(object) = value.as_object() else { return };
        let described: Vec<&Map<String, Value>> = alternatives
            .iter()
            .filter_map(|schema| schema.get("properties")?.as_object())
            .collect();
        let extra: Vec<&Value> = alternatives
            .iter()
            .filter_map(|schema| schema.get("additionalProperties"))
            .filter(|it| it.is_object())
            .collect();
        let open = described.is_empty() || !extra.is_empty();
        for (key, inner) in object {
            let mut schemas: Vec<&Value> = described.iter().filter_map(|properties| properties.get(key)).collect();
            if schemas.is_empty() && !open {
                out.push(format!("{at}/{key}: nobody described this key"));
                continue;
            }
            if schemas.is_empty() {
                schemas.clone_from(&extra);
            }
            self.unknown_keys(&schemas, inner, &format!("{at}/{key}"), out);
        }
    }

    /// "None of the alternatives fits" helps nobody: the alternative that came nearest is explained instead.
    fn explain(&self, error: &ValidationError<'_>, at: &str, out: &mut Vec<String>) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "another crate's errors; three kinds matter here")]
        let nearest = match error.kind() {
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context
                .iter()
                .filter(|errors| !errors.is_empty())
                .min_by_key(|errors| distance(errors, depth(error))),
            ValidationErrorKind::AdditionalProperties { .. } if self.keys == Keys::Caller => return,
            _ => None,
        };
        if let Some(errors) = nearest {
            return errors.iter().for_each(|inner| self.explain(inner, at, out));
        }
        let whole = error.instance().is_object() || error.instance().is_array();
        let text = if whole {
            error.masked().to_string()
        } else {
            error.to_string()
        };
        let text: String = text.chars().take(MESSAGE_CHARACTERS).collect();
        out.push(format!("{at}{}: {text}", error.instance_path()));
    }

    fn alternatives<'a>(&'a self, schema: &'a Value, out: &mut Vec<&'a Value>) {
        let schema = self.resolve(schema);
        out.push(schema);
        for word in ["allOf", "anyOf", "oneOf"] {
            for inner in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
                self.alternatives(inner, out);
            }
        }
    }
}

/// Turns an OpenAPI 3.0 schema into JSON Schema, in place.
pub(crate) fn convert(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("example");
    object.remove("discriminator");
    let nullable = object.remove("nullable") == Some(Value::Bool(true));
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(convert);
    }
    for word in ["items", "additionalProperties", "not"] {
        if let Some(inner) = object.get_mut(word) {
            convert(inner);
        }
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        object
            .get_mut(word)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .for_each(convert);
    }
    if nullable {
        let taken = std::mem::take(object);
        *schema = with_null(taken);
    }
}

/// The same schema, or null.
fn with_null(mut schema: Map<String, Value>) -> Value {
    let combined = ["$ref", "allOf", "anyOf", "oneOf"]
        .iter()
        .any(|word| schema.contains_key(*word));
    match schema.get("type").and_then(Value::as_str).map(str::to_owned) {
        Some(name) if !combined => {
            schema.insert("type".to_owned(), json!([name, "null"]));
            if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
                && !values.contains(&Value::Null)
            {
                values.push(Value::Null);
            }
            Value::Object(schema)
        }
        Some(_) | None => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

fn rewrite_references(value: &mut Value, base: &str) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(target)) = object.get_mut("$ref")
                && target.starts_with('#')
            {
                target.insert_str(0, base);
            }
            object.values_mut().for_each(|inner| rewrite_references(inner, base));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| rewrite_references(inner, base)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An alternative that is of another type, or says so by a constant in its first level, is further away than one that has
/// faults deep inside.
fn distance(errors: &[ValidationError<'static>], top: usize) -> (bool, usize) {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "another crate's errors; three kinds tell alternatives apart"
    )]
    let other = errors.iter().any(|error| match error.kind() {
        ValidationErrorKind::Type { .. } => depth(error) == top,
        ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => depth(error) <= top + 1,
        _ => false,
    });
    (other, errors.len())
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}

mod tests {
    use jsonschema::Draft;
    use serde_json::{Value, json};

    use super::{Keys, Schemas, convert};

    fn converted(mut schema: Value) -> Value {
        convert(&mut schema);
        schema
    }

    #[test]
    fn nullable_becomes_null_beside_types_enums_references_and_alternatives() {
        let cases = [
            (
                json!({"type": "string", "nullable": true, "example": 1}),
                json!({"type": ["string", "null"]}),
            ),
            (
                json!({"type": "string", "nullable": true, "enum": ["a"]}),
                json!({"type": ["string", "null"], "enum": ["a", null]}),
            ),
            (
                json!({"nullable": true, "allOf": [{"$ref": "#/x"}]}),
                json!({"anyOf": [{"allOf": [{"$ref": "#/x"}]}, {"type": "null"}]}),
            ),
            (
                json!({"nullable": true, "$ref": "#/x"}),
                json!({"anyOf": [{"$ref": "#/x"}, {"type": "null"}]}),
            ),
            (json!({"type": "string", "nullable": false}), json!({"type": "string"})),
            (
                json!({"type": "object", "properties": {"nullable": {"type": "string"}, "example": {"type": "string"}}}),
                json!({"type": "object", "properties": {"nullable": {"type": "string"}, "example": {"type": "string"}}}),
            ),
            (
                json!({"type": "array", "items": {"type": "integer", "nullable": true}}),
                json!({"type": "array", "items": {"type": ["integer", "null"]}}),
            ),
        ];
        for (before, after) in cases {
            assert_eq!(converted(before.clone()), after, "{before}");
        }
    }

    #[test]
    fn keys_are_known_across_references_lists_and_alternatives() {
        let root = json!({"components": {"schemas": {
            "label": {"type": "object", "properties": {"name": {"type": "string"}}},
        }}});
        let schemas = Schemas::new("test:///keys", Draft::Draft202012, Keys::Schema, root);
        let schema = json!({
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "labels": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/label"}]}},
                "open": {"type": "object"},
                "levels": {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}},
            },
            "anyOf": [{"properties": {"body": {"type": "string"}}, "additionalProperties": true}],
        });
        let known = json!({"title": "", "body": "", "labels": ["x", {"name": ""}], "open": {"z": 1}, "levels": {"b": ""}});
        let mut out = Vec::new();
        schemas.unknown_keys(&[&schema], &known, "", &mut out);
        assert_eq!(out, Vec::<String>::new());
        let misspelt = json!({"titel": "", "labels": [{"nmae": ""}]});
        schemas.unknown_keys(&[&schema], &misspelt, "", &mut out);
        assert_eq!(
            out,
            [
                "/labels/0/nmae: nobody described this key",
                "/titel: nobody described this key"
            ]
        );
    }

    #[test]
    fn the_nearest_alternative_is_explained() {
        let schemas = Schemas::new("test:///nearest", Draft::Draft202012, Keys::Schema, json!({}));
        let schema = json!({"oneOf": [
            {"type": "object", "required": ["kind", "a"], "properties": {"kind": {"const": "one"}}},
            {"type": "object", "required": ["kind", "b"], "properties": {"kind": {"const": "two"}}},
        ]});
        let errors = schemas.errors("nearest", &schema, &json!({"kind": "two"}), "body");
        assert_eq!(errors, ["body: \"b\" is a required property"]);
        let schema = json!({"properties": {"deep": {"properties": {"repo": {"anyOf": [{"type": "null"}, schema]}}}}});
        let errors = schemas.errors("deep", &schema, &json!({"deep": {"repo": {"kind": "one"}}}), "body");
        assert_eq!(errors, ["body/deep/repo: \"a\" is a required property"]);
    }
}
