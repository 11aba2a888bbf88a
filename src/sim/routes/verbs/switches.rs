//! Verbs that disturb webhooks and requests and script CI.
//!
//! Invariant: an empty object takes all switches of its kind away.

use serde_json::{Value, json};

use super::super::pattern::Params;
use super::{given, is_empty};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{CiScript, Conclusion, FaultSwitch, WebhookSwitch, World};

pub(super) fn webhooks(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    if is_empty(body) {
        world.webhook_switches.clear();
    } else {
        world.webhook_switches.push(given::<WebhookSwitch>(body)?);
    }
    Ok(json!({ "webhooks": world.webhook_switches }))
}

pub(super) fn faults(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    if is_empty(body) {
        world.fault_switches.clear();
    } else {
        let mut switch: FaultSwitch = given(body)?;
        if switch.status.is_some_and(|status| !(100..600).contains(&status)) {
            return Err(Refusal::new(422, "status must be an HTTP status"));
        }
        // Paths may be given as GitHub's documentation writes them.
        if switch.path.starts_with('/') && !switch.path.starts_with("/api/") {
            switch.path = format!("/api/v3{}", switch.path);
        }
        world.fault_switches.push(switch);
    }
    Ok(json!({ "faults": world.fault_switches }))
}

pub(super) fn ci(world: &mut World, _: &Params, body: &[u8]) -> Outcome<Value> {
    if is_empty(body) {
        world.ci_scripts.clear();
    } else {
        let script: CiScript = given(body)?;
        if script.conclusion != "never" && Conclusion::parse(&script.conclusion).is_none() {
            return Err(Refusal::new(
                422,
                format!("{} is no conclusion; never is one, too", script.conclusion),
            ));
        }
        world.ci_scripts.push(script);
    }
    Ok(json!({ "ci": world.ci_scripts }))
}
