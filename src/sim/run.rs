//! What the simulated GitHub does by itself: chores, CI, sending webhooks.
//!
//! Invariant: all waiting is data with a due time, so that a test moves the clock and calls [`Sim::run_due`] until nothing is
//! left; the lock on the world is never held over an await.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderName, HeaderValue, Method, Request};
use tokio::sync::futures::Notified;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::clock::Millis;
use crate::sim::ops::chores;
use crate::sim::world::{Delivery, DeliveryId, DeliveryOutcome, World};
use crate::sim::{Sim, WebhookTarget, ci};

/// How long GitHub waits for an answer to a webhook.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest sleep of the loop: CI may finish without ringing the bell.
const LONGEST_NAP: Duration = Duration::from_millis(50);
/// Shortest sleep of the loop.
const SHORTEST_NAP: Duration = Duration::from_millis(1);
/// Bytes of a webhook's answer that are kept.
const ANSWER_LIMIT: usize = 64 * 1024;

impl Sim {
    /// When there will next be something to do, by the given clock; `None` when nothing waits.
    #[must_use]
    pub fn next_due(&self) -> Option<Millis> {
        self.peek(|world| {
            let ahead = i64::try_from(world.clock_ahead.as_millis()).unwrap_or(i64::MAX);
            next_due(world).map(|due| Millis(due.0.saturating_sub(ahead)))
        })
    }

    /// Does what is due: chores, one step of CI, webhooks. Whether there was anything.
    pub async fn run_due(&self) -> bool {
        let chores = self.do_chores();
        let ci = ci::step(self).await;
        let sent = self.deliver_due().await;
        chores || ci || sent > 0
    }

    /// Runs until told to stop. CI and webhooks go on side by side, so that a long job holds no webhook back.
    pub async fn run(&self, shutdown: CancellationToken) {
        let courier = async {
            loop {
                let bell = self.0.bell.notified();
                tokio::pin!(bell);
                // From here on a ring is not lost, even while there is still work.
                bell.as_mut().enable();
                while self.do_chores() || self.deliver_due().await > 0 {}
                if !self.nap(bell, &shutdown).await {
                    return;
                }
            }
        };
        let ci = async {
            loop {
                let bell = self.0.bell.notified();
                tokio::pin!(bell);
                bell.as_mut().enable();
                while !shutdown.is_cancelled() && ci::step(self).await {}
                if !self.nap(bell, &shutdown).await {
                    return;
                }
            }
        };
        tokio::join!(courier, ci);
    }

    /// Sends the webhooks that are due, in order, each after the answer to the one before. How many.
    pub async fn deliver_due(&self) -> usize {
        let _one_sender = self.0.sending.lock().await;
        let mut sent = 0;
        while let Some(delivery) = self.peek(take_due) {
            let target = self.webhook();
            let at = delivery.1;
            let outcome = match target {
                WebhookTarget::None => DeliveryOutcome::NoTarget,
                WebhookTarget::Url(url) => self.post(&url, &delivery.0, at).await,
                WebhookTarget::Router(router) => self.hand_over(router, &delivery.0, at).await,
            };
            self.peek(|world| {
                if let Some(row) = world.deliveries.get_mut(&delivery.0.id) {
                    row.outcome = outcome;
                }
            });
            sent += 1;
        }
        sent
    }

    /// Sleeps until the bell rings or something is due; false when told to stop.
    async fn nap(&self, bell: Pin<&mut Notified<'_>>, shutdown: &CancellationToken) -> bool {
        let until_due = |due: Millis| due.since(self.peek(|world| world.clock.now()));
        let nap = self.next_due().map_or(LONGEST_NAP, |due| until_due(due).min(LONGEST_NAP));
        tokio::select! {
            () = shutdown.cancelled() => false,
            () = bell => true,
            // Zero would spin where another loop does the work that is due.
            () = tokio::time::sleep(nap.max(SHORTEST_NAP)) => true,
        }
    }

    fn do_chores(&self) -> bool {
        self.peek(|world| {
            let mut any = false;
            while let Some(chore) = chores::take_due(world) {
                chores::run(world, chore);
                any = true;
            }
            any
        })
    }

    async fn post(&self, url: &str, delivery: &Delivery, at: Millis) -> DeliveryOutcome {
        let mut request = self.0.client.post(url).timeout(WEBHOOK_TIMEOUT).body(delivery.body.clone());
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(answer) => {
                let (status, headers) = (answer.status().as_u16(), header_map(answer.headers()));
                let body = answer.bytes().await.unwrap_or_default();
                self.answered(at, status, headers, &body)
            }
            Err(error) if error.is_timeout() => failed(at, "timed out"),
            Err(_) => failed(at, "failed to connect to host"),
        }
    }

    async fn hand_over(&self, router: Router, delivery: &Delivery, at: Millis) -> DeliveryOutcome {
        let mut request = Request::new(Body::from(delivery.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = http::Uri::from_static("/webhooks/github");
        for (name, value) in &delivery.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                request.headers_mut().insert(name, value);
            }
        }
        // Spawned, because a server finishes what it began even when the sender no longer waits.
        let handler = tokio::spawn(router.oneshot(request));
        match timeout(WEBHOOK_TIMEOUT, handler).await {
            Ok(Ok(Ok(answer))) => {
                let (status, headers) = (answer.status().as_u16(), header_map(answer.headers()));
                let body = to_bytes(answer.into_body(), ANSWER_LIMIT).await.unwrap_or_default();
                self.answered(at, status, headers, &body)
            }
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(_)) => failed(at, "failed to connect to host"),
            Err(_) => failed(at, "timed out"),
        }
    }

    fn answered(&self, at: Millis, status: u16, headers: BTreeMap<String, String>, body: &[u8]) -> DeliveryOutcome {
        let now = self.peek(|world| world.now());
        let duration_ms = u64::try_from(now.since(at).as_millis()).unwrap_or(u64::MAX);
        let body = String::from_utf8_lossy(&body[..body.len().min(ANSWER_LIMIT)]).into_owned();
        DeliveryOutcome::Answered {
            at,
            status,
            duration_ms,
            headers,
            body,
        }
    }
}

/// The earliest of everything that waits, by the world's own time.
pub(in crate::sim) fn next_due(world: &World) -> Option<Millis> {
    let webhook = world.outbox.first().map(|(due, _, _)| *due);
    let chore = world.agenda.first_key_value().map(|((due, _), _)| *due);
    [webhook, chore, ci::next_due(world)].into_iter().flatten().min()
}

/// Takes the first webhook that is due, and the time.
fn take_due(world: &mut World) -> Option<(Delivery, Millis)> {
    let now = world.now();
    let first: (Millis, u64, DeliveryId) = *world.outbox.first()?;
    if first.0 > now {
        return None;
    }
    world.outbox.remove(&first);
    let delivery = world.deliveries.get_mut(&first.2)?;
    delivery.outcome = DeliveryOutcome::Sending;
    Some((delivery.clone(), now))
}

fn header_map(headers: &http::HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn failed(at: Millis, reason: &str) -> DeliveryOutcome {
    DeliveryOutcome::Failed {
        at,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::State;
    use axum::http::StatusCode;
    use axum::routing::post;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::*;
    use crate::sim::deliver::{by_guid, redeliver, signature_256};
    use crate::sim::ops::labels;
    use crate::sim::seed::person;
    use crate::sim::tests::sim;

    type Seen = (String, String, bool);

    async fn take(State(seen): State<UnboundedSender<Seen>>, headers: http::HeaderMap, body: axum::body::Bytes) -> StatusCode {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        let signed = header("x-hub-signature-256") == signature_256("swordfish-secret", &body);
        seen.send((header("x-github-event"), header("x-github-delivery"), signed))
            .unwrap();
        StatusCode::ACCEPTED
    }

    async fn breaks() -> StatusCode {
        panic!("on purpose")
    }

    fn bot() -> (Router, UnboundedReceiver<Seen>) {
        let (sender, receiver) = unbounded_channel();
        (
            Router::new().route("/webhooks/github", post(take)).with_state(sender),
            receiver,
        )
    }

    fn label(sim: &Sim, name: &str) {
        sim.with(|world| {
            let (actor, repo) = (
                person(world, "maintainer"),
                world.repository_named("acme", "todo").unwrap().id,
            );
            labels::add(world, &actor, repo, 1, &[name.to_owned()]).unwrap();
        });
    }

    fn outcomes(sim: &Sim) -> Vec<DeliveryOutcome> {
        sim.with(|world| world.deliveries.values().map(|delivery| delivery.outcome.clone()).collect())
    }

    #[tokio::test]
    async fn webhooks_reach_a_router_in_order_and_signed() {
        let dir = tempfile::tempdir().unwrap();
        let (router, mut seen) = bot();
        let sim = sim(dir.path(), WebhookTarget::Router(router));
        assert_eq!(sim.next_due(), None);
        label(&sim, "one");
        label(&sim, "two");
        assert_eq!(sim.next_due(), Some(sim.now()));
        assert!(sim.run_due().await);
        assert!(!sim.run_due().await);
        let (first, second) = (seen.recv().await.unwrap(), seen.recv().await.unwrap());
        assert_eq!((first.0.as_str(), first.2, second.2), ("issues", true, true));
        assert_ne!(first.1, second.1);
        assert!(
            outcomes(&sim)
                .iter()
                .all(|outcome| matches!(outcome, DeliveryOutcome::Answered { status: 202, .. }))
        );
        let again = sim.with(|world| {
            let id = by_guid(world, &first.1).unwrap().id;
            redeliver(world, id).unwrap()
        });
        assert_eq!(sim.deliver_due().await, 1);
        assert_eq!(seen.recv().await.unwrap().1, first.1);
        assert!(sim.with(|world| world.deliveries[&again].redelivery));
    }

    #[tokio::test]
    async fn a_webhook_that_fails_is_not_sent_again() {
        let dir = tempfile::tempdir().unwrap();
        // Nobody listens on the port of a listener that is gone.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let sim = sim(
            dir.path(),
            WebhookTarget::Url(format!("http://127.0.0.1:{port}/webhooks/github")),
        );
        label(&sim, "one");
        assert_eq!(sim.deliver_due().await, 1);
        assert_eq!(sim.deliver_due().await, 0);
        assert!(matches!(&outcomes(&sim)[..], [DeliveryOutcome::Failed { reason, .. }] if reason == "failed to connect to host"));
        let panics = Router::new().route("/webhooks/github", post(breaks));
        sim.set_webhook(WebhookTarget::Router(panics));
        label(&sim, "two");
        sim.deliver_due().await;
        assert!(matches!(outcomes(&sim).last(), Some(DeliveryOutcome::Failed { .. })));
        sim.set_webhook(WebhookTarget::None);
        label(&sim, "three");
        sim.deliver_due().await;
        assert_eq!(outcomes(&sim).last(), Some(&DeliveryOutcome::NoTarget));
    }

    #[tokio::test]
    async fn the_loop_sends_over_sockets_until_it_is_told_to_stop() {
        let dir = tempfile::tempdir().unwrap();
        let (router, mut seen) = bot();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/github", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let sim = sim(dir.path(), WebhookTarget::Url(url));
        let shutdown = CancellationToken::new();
        let looped = tokio::spawn({
            let (sim, shutdown) = (sim.clone(), shutdown.clone());
            async move { sim.run(shutdown).await }
        });
        for name in ["one", "two", "three"] {
            label(&sim, name);
            let (event, _, signed) = seen.recv().await.unwrap();
            assert_eq!((event.as_str(), signed), ("issues", true));
        }
        shutdown.cancel();
        looped.await.unwrap();
        server.abort();
    }

    #[tokio::test]
    async fn waiting_is_data_under_a_clock_that_stands_still() {
        let dir = tempfile::tempdir().unwrap();
        let (router, mut seen) = bot();
        let sim = sim(dir.path(), WebhookTarget::Router(router));
        sim.with(|world| {
            let late = crate::sim::world::WebhookSwitch {
                delay_ms: Some(5000),
                ..Default::default()
            };
            world.webhook_switches.push(late);
        });
        label(&sim, "one");
        assert!(!sim.run_due().await);
        let due = sim.next_due().unwrap();
        assert_eq!(due.since(sim.now()), Duration::from_secs(5));
        // As `POST /_sim/clock` does.
        sim.with(|world| world.clock_ahead += Duration::from_secs(5));
        assert_eq!(sim.next_due().unwrap().0 + 5000, due.0, "by the given clock it is due now");
        assert!(sim.run_due().await);
        assert_eq!(seen.recv().await.unwrap().0, "issues");
    }
}
