//! Verbs that look: requests, webhooks, notifications. And one that sends a webhook again.
//!
//! Invariant: nothing secret is shown.

use serde_json::{Value, json};

use super::super::pattern::Params;
use crate::sim::deliver;
use crate::sim::ops::{Outcome, Refusal, notices_by_login};
use crate::sim::world::{Delivery, DeliveryOutcome, World};

pub(super) fn requests(world: &mut World, _: &Params, _: &[u8]) -> Outcome<Value> {
    Ok(json!({ "requests": world.journal }))
}

pub(super) fn deliveries(world: &mut World, _: &Params, _: &[u8]) -> Outcome<Value> {
    let rows: Vec<Value> = world.deliveries.values().map(|row| delivery(world, row)).collect();
    Ok(json!({ "deliveries": rows }))
}

fn delivery(world: &World, row: &Delivery) -> Value {
    let (outcome, status, reason) = match &row.outcome {
        DeliveryOutcome::Pending => ("pending", None, None),
        DeliveryOutcome::Sending => ("sending", None, None),
        DeliveryOutcome::Dropped => ("dropped", None, None),
        DeliveryOutcome::NoTarget => ("no_target", None, None),
        DeliveryOutcome::Answered { status, .. } => ("answered", Some(*status), None),
        DeliveryOutcome::Failed { reason, .. } => ("failed", None, Some(reason.as_str())),
    };
    json!({
        "id": row.id, "guid": row.guid, "event": row.event, "action": row.action, "redelivery": row.redelivery,
        "repository": row.repository.map(|id| world.full_name(id)), "installation_id": row.installation,
        "created_at": row.created_at.rfc3339(), "due": row.due.rfc3339(), "outcome": outcome, "status": status,
        "reason": reason,
    })
}

pub(super) fn redeliver(world: &mut World, params: &Params, _: &[u8]) -> Outcome<Value> {
    let newest = deliver::by_guid(world, &params["guid"]).ok_or_else(Refusal::not_found)?.id;
    let id = deliver::redeliver(world, newest)?;
    Ok(json!({ "id": id }))
}

pub(super) fn notifications(world: &mut World, _: &Params, _: &[u8]) -> Outcome<Value> {
    Ok(json!({ "notifications": notices_by_login(world) }))
}
