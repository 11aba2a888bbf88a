//! Webhooks: who gets them, how they are signed, in which order they leave.
//!
//! Invariant: a payload is written at the moment of the change and never again; nothing is repeated unless asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, Key, sign};
use secrecy::ExposeSecret;
use uuid::Builder;

use crate::clock::Millis;
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::event::{CheckRunAction, CheckSuiteAction};
use crate::sim::world::{
    App, AppId, Delivery, DeliveryId, DeliveryOutcome, Event, EventKind, Installation, InstallationId, Level, RepoId, UserId,
    World,
};

/// How long a reordered webhook waits for another one to go first.
const REORDER_PATIENCE: Duration = Duration::from_secs(2);
/// How far back webhooks can be asked for again: GitHub's three days.
const REDELIVERY_WINDOW: Duration = Duration::from_secs(3 * 24 * 3600);
/// Number of the one hook.
const HOOK_ID: u64 = 1;

/// Queues the webhooks of something that happened in a repository, one for each App that listens.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an event is handed over; its callers have no further use for it"
)]
pub(in crate::sim) fn emit(world: &mut World, repo: RepoId, sender: UserId, kind: EventKind) {
    let Some(account) = world.repositories.get(&repo).map(|repo| repo.owner) else {
        return;
    };
    let receivers: Vec<(AppId, InstallationId)> = world
        .installations
        .values()
        .filter(|i| {
            i.account == account && i.suspended.is_none() && i.repositories.as_ref().is_none_or(|list| list.contains(&repo))
        })
        .filter_map(|i| Some((world.apps.get(&i.app)?, i)))
        .filter(|(app, installation)| app.hooked && listens(app, installation, &kind) && concerns(world, app.id, repo, &kind))
        .map(|(app, installation)| (app.id, installation.id))
        .collect();
    for (app, installation) in receivers {
        let event = Event {
            app,
            installation: Some(installation),
            repository: Some(repo),
            sender,
            kind: kind.clone(),
        };
        queue(world, &event);
    }
}

/// Queues a webhook about an installation itself; always sent, also when it is suspended.
pub(in crate::sim) fn emit_installation(world: &mut World, installation: InstallationId, sender: UserId, kind: EventKind) {
    let Some(app) = world.installations.get(&installation).map(|i| i.app) else {
        return;
    };
    if world.apps.get(&app).is_some_and(|app| app.hooked) {
        queue(
            world,
            &Event {
                app,
                installation: Some(installation),
                repository: None,
                sender,
                kind,
            },
        );
    }
}

/// Asks for a delivery again: a new attempt with the same GUID and the same bytes.
///
/// # Errors
/// 404 when there is none, 422 when it is older than three days or was never sent.
pub fn redeliver(world: &mut World, id: DeliveryId) -> Outcome<DeliveryId> {
    let old = world.deliveries.get(&id).ok_or_else(Refusal::not_found)?;
    if world.now().since(old.created_at) > REDELIVERY_WINDOW {
        return Err(Refusal::new(422, "The delivery is too old to be redelivered."));
    }
    let mut again = old.clone();
    again.id = world.fresh();
    again.due = world.now();
    again.order = order_of(again.id);
    again.held = false;
    again.redelivery = true;
    again.outcome = DeliveryOutcome::Pending;
    Ok(push(world, again))
}

/// The newest attempt with this GUID.
#[must_use]
pub fn by_guid<'a>(world: &'a World, guid: &str) -> Option<&'a Delivery> {
    world.deliveries.values().rev().find(|delivery| delivery.guid == guid)
}

/// `sha256=` and the HMAC-SHA256 of the body.
#[must_use]
pub fn signature_256(secret: &str, body: &[u8]) -> String {
    format!(
        "sha256={}",
        hex::encode(sign(&Key::new(HMAC_SHA256, secret.as_bytes()), body))
    )
}

/// What a switch makes of a webhook.
#[derive(Default)]
struct Disturbance {
    drop: bool,
    duplicate: bool,
    hold: bool,
    delay: Duration,
}

fn queue(world: &mut World, event: &Event) {
    let (name, action) = (event.kind.name(), event.kind.action());
    let payload = (world.renderer)(world, event);
    // A JSON value has string keys only, so writing it cannot fail; an empty body would show in every test.
    let body = serde_json::to_vec(&payload).unwrap_or_default();
    let disturbance = disturb(world, name, action);
    let mut random = [0; 16];
    world.entropy().fill(&mut random);
    let guid = Builder::from_random_bytes(random).into_uuid().to_string();
    let id: DeliveryId = world.fresh();
    let now = world.now();
    let delivery = Delivery {
        id,
        headers: headers(world, event, &guid, &body),
        guid,
        event: name.to_owned(),
        action: action.map(ToOwned::to_owned),
        app: event.app,
        installation: event.installation,
        repository: event.repository,
        body,
        created_at: now,
        due: now.plus(disturbance.delay),
        order: order_of(id),
        held: false,
        redelivery: false,
        outcome: if disturbance.drop {
            DeliveryOutcome::Dropped
        } else {
            DeliveryOutcome::Pending
        },
    };
    if disturbance.drop {
        world.deliveries.insert(id, delivery);
        return;
    }
    if disturbance.hold {
        push(
            world,
            Delivery {
                held: true,
                due: now.plus(REORDER_PATIENCE),
                ..delivery
            },
        );
        return;
    }
    let twin = disturbance.duplicate.then(|| delivery.clone());
    let (due, order) = (delivery.due, delivery.order);
    push(world, delivery);
    if let Some(mut twin) = twin {
        twin.id = world.fresh();
        twin.order = order_of(twin.id);
        push(world, twin);
    }
    release_held(world, due, order);
}

/// Lets what was held back follow the webhook that leaves at `due`.
fn release_held(world: &mut World, due: Millis, order: u64) {
    let held: Vec<DeliveryId> = world
        .outbox
        .iter()
        .map(|(_, _, id)| *id)
        .filter(|id| world.deliveries.get(id).is_some_and(|d| d.held))
        .collect();
    for id in held {
        if let Some(delivery) = world.deliveries.get_mut(&id) {
            world.outbox.remove(&(delivery.due, delivery.order, id));
            delivery.held = false;
            delivery.due = due;
            delivery.order = order + 1;
            world.outbox.insert((delivery.due, delivery.order, id));
        }
    }
}

fn push(world: &mut World, delivery: Delivery) -> DeliveryId {
    let id = delivery.id;
    world.outbox.insert((delivery.due, delivery.order, id));
    world.deliveries.insert(id, delivery);
    id
}

/// Places are even, so that a held webhook fits behind another.
fn order_of(id: DeliveryId) -> u64 {
    id.0 * 2
}

fn disturb(world: &mut World, name: &str, action: Option<&str>) -> Disturbance {
    let mut result = Disturbance::default();
    let full = action.map(|action| format!("{name}.{action}"));
    for switch in &mut world.webhook_switches {
        let meant = switch.events.is_empty()
            || switch
                .events
                .iter()
                .any(|event| event == name || Some(event) == full.as_ref());
        if !meant || switch.count == Some(0) {
            continue;
        }
        if let Some(count) = &mut switch.count {
            *count -= 1;
        }
        result.drop |= switch.drop;
        result.duplicate |= switch.duplicate;
        result.hold |= switch.reorder;
        result.delay += Duration::from_millis(switch.delay_ms.unwrap_or(0));
    }
    world.webhook_switches.retain(|switch| switch.count != Some(0));
    result
}

fn headers(world: &World, event: &Event, guid: &str, body: &[u8]) -> BTreeMap<String, String> {
    let secret = world.webhook_secret.expose_secret();
    let mut headers = BTreeMap::from([
        ("accept".to_owned(), "*/*".to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("user-agent".to_owned(), "GitHub-Hookshot/51a1a1c".to_owned()),
        ("x-github-delivery".to_owned(), guid.to_owned()),
        ("x-github-event".to_owned(), event.kind.name().to_owned()),
        ("x-github-hook-id".to_owned(), HOOK_ID.to_string()),
        ("x-github-hook-installation-target-id".to_owned(), event.app.to_string()),
        ("x-github-hook-installation-target-type".to_owned(), "integration".to_owned()),
    ]);
    if !secret.is_empty() {
        let sha1 = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes()), body);
        headers.insert("x-hub-signature".to_owned(), format!("sha1={}", hex::encode(sha1)));
        headers.insert("x-hub-signature-256".to_owned(), signature_256(secret, body));
    }
    headers
}

/// Whether the App subscribes to the event and its installation holds the permission for it.
fn listens(app: &App, installation: &Installation, kind: &EventKind) -> bool {
    let name = kind.name();
    let holds = |permission| installation.permissions.allows(permission, Level::Read);
    let checks_write = installation.permissions.allows("checks", Level::Write);
    match kind {
        EventKind::Ping | EventKind::Installation { .. } | EventKind::InstallationRepositories { .. } => true,
        EventKind::CheckRun { .. } | EventKind::CheckSuite { .. } => {
            checks_write || (app.events.contains(name) && holds("checks"))
        }
        EventKind::Repository { .. } => app.events.contains(name),
        EventKind::Issues { .. } | EventKind::Label { .. } => app.events.contains(name) && holds("issues"),
        EventKind::IssueComment { .. } => app.events.contains(name) && (holds("issues") || holds("pull_requests")),
        EventKind::PullRequest { .. }
        | EventKind::PullRequestReview { .. }
        | EventKind::PullRequestReviewComment { .. }
        | EventKind::PullRequestReviewThread { .. } => app.events.contains(name) && holds("pull_requests"),
        EventKind::WorkflowRun { .. } | EventKind::WorkflowJob { .. } => app.events.contains(name) && holds("actions"),
        EventKind::Status { .. } => app.events.contains(name) && holds("statuses"),
        EventKind::Push(_) | EventKind::Create { .. } | EventKind::Delete { .. } => {
            app.events.contains(name) && holds("contents")
        }
    }
}

/// Requests about checks go only to the App they belong to.
fn concerns(world: &World, app: AppId, repo: RepoId, kind: &EventKind) -> bool {
    let Some(repo) = world.repositories.get(&repo) else {
        return false;
    };
    match kind {
        EventKind::CheckRun {
            action: CheckRunAction::Rerequested | CheckRunAction::RequestedAction { .. },
            run,
        } => repo.check_runs.get(run).is_some_and(|run| run.app == app),
        EventKind::CheckSuite {
            action: CheckSuiteAction::Requested | CheckSuiteAction::Rerequested,
            suite,
        } => repo.suites.get(suite).is_some_and(|suite| suite.app == app),
        EventKind::CheckRun { .. }
        | EventKind::CheckSuite { .. }
        | EventKind::Ping
        | EventKind::Installation { .. }
        | EventKind::InstallationRepositories { .. }
        | EventKind::Repository { .. }
        | EventKind::Issues { .. }
        | EventKind::IssueComment { .. }
        | EventKind::PullRequest { .. }
        | EventKind::PullRequestReview { .. }
        | EventKind::PullRequestReviewComment { .. }
        | EventKind::PullRequestReviewThread { .. }
        | EventKind::WorkflowRun { .. }
        | EventKind::WorkflowJob { .. }
        | EventKind::Status { .. }
        | EventKind::Push(_)
        | EventKind::Create { .. }
        | EventKind::Delete { .. }
        | EventKind::Label { .. } => true,
    }
}
