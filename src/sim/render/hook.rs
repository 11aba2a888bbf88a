//! Deliveries of webhooks as `GET /app/hook/deliveries` lists them.
//!
//! Invariant: a delivery that a switch swallowed is not listed, like a webhook that GitHub never sent.

use serde_json::{Value, json};

use super::Render;
use super::account::add;
use crate::sim::world::{Delivery, DeliveryOutcome};

impl Render<'_> {
    /// One attempt in the list; `None` for one that GitHub would not know of.
    #[must_use]
    pub(crate) fn delivery(&self, delivery: &Delivery) -> Option<Value> {
        let (at, code, status, seconds) = match &delivery.outcome {
            DeliveryOutcome::Pending | DeliveryOutcome::Sending | DeliveryOutcome::Dropped | DeliveryOutcome::NoTarget => {
                return None;
            }
            DeliveryOutcome::Answered {
                at, status, duration_ms, ..
            } => (*at, *status, answer_text(*status), millis_as_seconds(*duration_ms)),
            DeliveryOutcome::Failed { at, reason } => (*at, 0, reason.clone(), 0.0),
        };
        Some(json!({
            "id": delivery.id, "guid": delivery.guid, "delivered_at": at.rfc3339(), "redelivery": delivery.redelivery,
            "duration": seconds, "status": status, "status_code": code, "event": delivery.event, "action": delivery.action,
            "installation_id": delivery.installation, "repository_id": delivery.repository, "throttled_at": Value::Null,
        }))
    }

    /// One attempt with request and answer.
    #[must_use]
    pub(crate) fn full_delivery(&self, delivery: &Delivery) -> Option<Value> {
        let mut object = self.delivery(delivery)?;
        let payload: Value = serde_json::from_slice(&delivery.body).unwrap_or(Value::Null);
        let answer = match &delivery.outcome {
            DeliveryOutcome::Answered { headers, body, .. } => json!({ "headers": headers, "payload": body }),
            DeliveryOutcome::Pending
            | DeliveryOutcome::Sending
            | DeliveryOutcome::Dropped
            | DeliveryOutcome::NoTarget
            | DeliveryOutcome::Failed { .. } => json!({ "headers": Value::Null, "payload": Value::Null }),
        };
        add(
            &mut object,
            [
                ("request", json!({ "headers": delivery.headers, "payload": payload })),
                ("response", answer),
                ("url", json!("")),
            ],
        );
        Some(object)
    }
}

/// Whether GitHub counts the attempt as delivered: an answer from 200 to 399.
#[must_use]
pub(crate) fn succeeded(delivery: &Delivery) -> bool {
    matches!(&delivery.outcome, DeliveryOutcome::Answered { status, .. } if (200..400).contains(status))
}

fn answer_text(status: u16) -> String {
    if (200..400).contains(&status) {
        "OK".to_owned()
    } else {
        format!("Invalid HTTP Response: {status}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration in milliseconds is far below 2^52")]
fn millis_as_seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}
