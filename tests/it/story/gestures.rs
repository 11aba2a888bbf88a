//! More of what people do in stories: they wait, they use GraphQL, they let a story run to its end.
//!
//! Invariant: as in the scenes, people act through GitHub's own API.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use millhand::clock::{Clock as _, Millis};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::bot::kind_of;
use super::town::Town;

impl Town {
    /// A person uses GraphQL, for what REST does not offer.
    pub(crate) async fn graphql(&self, login: &str, body: Value) -> Value {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/graphql")
            .header("authorization", format!("Bearer sim-{login}"))
            .header("user-agent", "a person")
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.sim.router().oneshot(request).await.unwrap();
        let bytes = to_bytes(answer.into_body(), 10_000_000).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(answer["errors"].is_null(), "{answer:#}");
        answer
    }

    /// Webhooks of one event are swallowed from now on.
    pub(crate) async fn swallow(&self, event: &str) {
        self.switch("webhooks", json!({ "drop": true, "events": [event] })).await;
    }

    /// From now on the news of merges is held back.
    pub(crate) fn hold_news(&self) {
        *self.making.held.lock().unwrap() = Some(Vec::new());
    }

    /// The news held back arrives in this order of kinds, the bot doing all it can at once after each; nothing is held back
    /// any more. The kinds that came.
    pub(crate) async fn news_in_order(&self, order: &[&str]) -> Vec<String> {
        let mut news = self.making.held.lock().unwrap().take().unwrap();
        news.sort_by_key(|one| order.iter().position(|kind| *kind == kind_of(one)));
        let mut came = Vec::new();
        for one in news {
            came.push(kind_of(&one));
            self.engine().ingest(one).await.unwrap();
            while self.tick().await {}
        }
        came
    }

    /// Time passes, and what is due in it happens.
    pub(crate) async fn pass(&self, time: Duration) {
        let end = self.clock.now().plus(time);
        loop {
            while self.sim.run_due().await | self.tick().await {}
            let due = [self.sim.next_due(), self.engine().next_due().await.unwrap()]
                .into_iter()
                .flatten()
                .min();
            let Some(due) = due.filter(|due| *due < end) else { break };
            self.clock.advance_to(Millis(due.0.max(self.clock.now().0 + 1)));
        }
        self.clock.advance_to(end);
    }
}

/// A rule as GitHub keeps it: so many approving reviews.
pub(crate) fn reviews_rule(approvals: u32) -> Value {
    json!({ "type": "pull_request", "parameters": {
        "required_approving_review_count": approvals, "dismiss_stale_reviews_on_push": false, "require_code_owner_review": false,
        "require_last_push_approval": false, "required_review_thread_resolution": false } })
}

/// A rule as GitHub keeps it: these checks must pass; on a head that holds the base's, if `strict`.
pub(crate) fn checks_rule(names: &[&str], strict: bool) -> Value {
    let checks: Vec<Value> = names.iter().map(|name| json!({ "context": name })).collect();
    json!({ "type": "required_status_checks", "parameters": {
        "strict_required_status_checks_policy": strict, "required_status_checks": checks } })
}

impl Town {
    /// These rules and no others hold on a branch.
    pub(crate) async fn rules(&self, branch: &str, rules: &[Value]) {
        self.switch(
            "rules",
            json!({ "repository": "acme/todo", "branch": branch, "rules": rules }),
        )
        .await;
    }
}
