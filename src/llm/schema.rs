//! The JSON Schema of each answer, made from the answer's type.
//!
//! Invariant: what the schema lets pass and what the type can be made from differ only in the ranges of numbers.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::task::Task;
use crate::workflow::answer::{ChangeSet, Diagnosis, PlanDraft, ReleaseNotes, Requirements, Verdict};

/// An answer's schema, as a value for the provider and ready to check with.
#[derive(Debug)]
pub struct Schema {
    /// JSON Schema, draft 2020-12, without references.
    pub value: Value,
    validator: Validator,
}

impl Schema {
    /// What in `answer` does not fit: JSON pointers with a sentence each, without the answer's own words.
    #[must_use]
    pub fn faults(&self, answer: &Value) -> Vec<(String, String)> {
        self.validator
            .iter_errors(answer)
            .map(|error| (error.instance_path().to_string(), error.masked().to_string()))
            .collect()
    }

    fn of<T: JsonSchema>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        let mut value = settings.into_generator().into_root_schema_for::<T>().to_value();
        require_all(&mut value);
        let validator = jsonschema::validator_for(&value).expect("schemars writes valid schemas, and a test makes each of them");
        Self { value, validator }
    }
}

/// A type that a model answers with.
pub trait Answered: JsonSchema + serde::de::DeserializeOwned {
    /// Its schema.
    fn schema() -> &'static Schema;
}

/// Each type with a schema of its own, made once.
macro_rules! answered {
    ($($type:ty),*) => { $(
        impl Answered for $type {
            fn schema() -> &'static Schema {
                static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::of::<$type>);
                &SCHEMA
            }
        }
    )* };
}

answered!(Requirements, PlanDraft, ChangeSet, Diagnosis, Verdict, ReleaseNotes);

/// The schema of the answer to a task.
#[must_use]
pub fn for_task(task: &Task) -> &'static Schema {
    match task {
        Task::Requirements { .. } => Requirements::schema(),
        Task::Plan { .. } => PlanDraft::schema(),
        Task::Write { .. } => ChangeSet::schema(),
        Task::Diagnose { .. } => Diagnosis::schema(),
        Task::Verify { .. } => Verdict::schema(),
        Task::ReleaseNotes { .. } => ReleaseNotes::schema(),
    }
}

/// Requires every property that has no default. An `Option` without one is otherwise optional, and a forgotten `content`
/// would read as "delete this file".
fn require_all(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                let needed = properties.iter().filter(|(_, property)| property.get("default").is_none());
                let needed: Vec<Value> = needed.map(|(name, _)| Value::String(name.clone())).collect();
                object.insert("required".to_owned(), Value::Array(needed));
            }
            object.values_mut().for_each(require_all);
        }
        Value::Array(items) => items.iter_mut().for_each(require_all),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_schema_is_closed_and_stands_alone() {
        for schema in [
            Requirements::schema(),
            PlanDraft::schema(),
            ChangeSet::schema(),
            Diagnosis::schema(),
            Verdict::schema(),
            ReleaseNotes::schema(),
        ] {
            let text = schema.value.to_string();
            assert!(!text.contains("$ref"), "{text}");
            assert_eq!(schema.value["additionalProperties"], json!(false), "{text}");
            assert_ne!(schema.faults(&json!({})), Vec::new());
            assert_ne!(schema.faults(&json!({ "extra": 1 })), Vec::new());
        }
    }

    #[test]
    fn a_forgotten_content_deletes_no_file() {
        let faults = ChangeSet::schema().faults(&json!({ "summary": "s", "files": [{ "path": "a" }] }));
        assert_eq!(
            faults,
            [("/files/0".to_owned(), "\"content\" is a required property".to_owned())]
        );
        assert_eq!(
            ChangeSet::schema().faults(&json!({ "summary": "s", "files": [{ "path": "a", "content": null }] })),
            []
        );
    }

    #[test]
    fn faults_do_not_repeat_the_answer() {
        let faults = ReleaseNotes::schema().faults(&json!({ "headline": { "canary": 1 }, "changes": "canary" }));
        assert_eq!(faults.len(), 2);
        assert!(!format!("{faults:?}").contains("canary"), "{faults:?}");
        assert_eq!(faults[0].0, "/changes");
    }
}
