//! The release is told in every order: a merge, its issue's closing and the push arrive as GitHub pleases.
//!
//! Invariant: what a webhook tells first does not change the end.

use axum::http::Method;
use millhand::workflow::model::End;
use millhand::workflow::state::{Baton, State};
use serde_json::{Value, json};

use super::bot::HELD;
use super::releasing::to_the_release;
use super::town::{Setting, Town};

/// All orders of three things.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

async fn released(town: &Town, issue: u64, by: &str) {
    let w = town.known(issue).await;
    assert_eq!((w.ended, w.baton), (Some(End::Complete), Baton::Whole(State::Complete)));
    let merged = w.release.merged.unwrap();
    assert_eq!(merged.by.map_or_else(|| "millhand[bot]".to_owned(), |p| p.login), by);
    let taken = town.transitions(issue).await;
    assert!(taken.ends_with(&[9, 10]), "{taken:?}");
    town.complete(issue).await;
}

#[tokio::test]
async fn a_persons_release_is_told_in_every_order() {
    let town = Town::new(Setting::default()).await;
    for order in ORDERS {
        let issue = town.begun("Greet", &format!("- greet number {order:?}\n")).await;
        town.approve_phases(issue).await;
        let pull = town.release_of(issue).await;
        town.hold_news();
        town.must(
            "reviewer",
            Method::PUT,
            &format!("/repos/acme/todo/pulls/{pull}/merge"),
            json!({}),
        )
        .await;
        while town.sim.run_due().await {}
        let kinds = order.map(|at| HELD[at]);
        let came = town.news_in_order(&kinds).await;
        assert!(kinds.iter().all(|kind| came.iter().any(|c| c == kind)), "{came:?}");
        town.settle().await;
        released(&town, issue, "reviewer").await;
    }
    town.over().await;
}

#[tokio::test]
async fn our_own_release_is_told_in_every_order() {
    let town = Town::new(Setting::default()).await;
    for order in ORDERS {
        let issue = town.begun("Greet", &format!("- greet number {order:?}\n")).await;
        town.approve_phases(issue).await;
        let pull = town.release_of(issue).await;
        town.hold_news();
        town.comment("reviewer", issue, "/approve release").await;
        // The merge is made, and the answer to it is known; its news only comes now.
        while town.pull(pull).await["merged"] == Value::Bool(false) {
            assert!(town.sim.run_due().await | town.tick().await, "{:#?}", town.waits(issue).await);
        }
        while town.sim.run_due().await {}
        town.news_in_order(&order.map(|at| HELD[at])).await;
        town.settle().await;
        released(&town, issue, "millhand[bot]").await;
    }
    town.over().await;
}

#[tokio::test]
async fn a_person_who_merges_the_release_has_approved_it_whatever_is_told_first() {
    let orders = [
        json!({ "delay_ms": 20_000, "events": ["pull_request"] }),
        json!({ "delay_ms": 20_000, "events": ["issues"] }),
        json!({ "reorder": true }),
        json!({ "duplicate": true }),
        json!({ "drop": true, "events": ["pull_request"] }),
        json!({ "drop": true, "events": ["issues"] }),
        json!({ "drop": true }),
    ];
    for order in orders {
        let town = Town::new(Setting::default()).await;
        let issue = to_the_release(&town).await;
        let pull = town.release_of(issue).await;
        town.switch("webhooks", order.clone()).await;
        town.must(
            "reviewer",
            Method::PUT,
            &format!("/repos/acme/todo/pulls/{pull}/merge"),
            json!({}),
        )
        .await;
        town.settle().await;
        let w = town.known(issue).await;
        assert_eq!(
            (w.ended, w.baton),
            (Some(End::Complete), Baton::Whole(State::Complete)),
            "{order}"
        );
        assert_eq!(
            w.release
                .merged
                .as_ref()
                .and_then(|m| m.by.as_ref())
                .map(|p| p.login.as_str()),
            Some("reviewer"),
            "{order}"
        );
        town.complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn our_own_release_is_told_in_any_order() {
    let orders = [
        json!({ "delay_ms": 20_000, "events": ["pull_request"] }),
        json!({ "reorder": true }),
        json!({ "drop": true }),
    ];
    for order in orders {
        let town = Town::new(Setting::default()).await;
        let issue = to_the_release(&town).await;
        town.switch("webhooks", order.clone()).await;
        town.release(issue).await;
        town.complete(issue).await;
        town.over().await;
    }
}
