//! GitHub's no, as JSON.
//!
//! Invariant: every error says message, documentation and status, and names the fields that are to blame.

use serde_json::{Value, json};

use super::account::add;
use crate::sim::ops::{FieldError, Refusal};

/// Where errors point to when nothing better is known.
const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// The body of a refusal.
#[must_use]
pub(crate) fn error_body(refusal: &Refusal) -> Value {
    let mut body = json!({
        "message": refusal.message, "documentation_url": DOCUMENTATION, "status": refusal.status.to_string(),
    });
    if !refusal.errors.is_empty() {
        let errors: Vec<Value> = refusal.errors.iter().map(field_error).collect();
        add(&mut body, [("errors", json!(errors))]);
    }
    body
}

fn field_error(error: &FieldError) -> Value {
    let mut object = json!({ "resource": error.resource, "code": error.code });
    if let Some(field) = error.field {
        add(&mut object, [("field", json!(field))]);
    }
    if let Some(message) = &error.message {
        add(&mut object, [("message", json!(message))]);
    }
    object
}
