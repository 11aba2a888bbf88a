//! Cases of the ledger: the cap holds before the call, and every price is booked.

use std::sync::Arc;

use millhand::clock::Millis;
use millhand::store::{Blob, CallRow, Cost, NewCall, Reservation, SettledCall, StepInput, Store, StoreError};

use super::bench::{follow, ingest, step_with, subject};

/// Makes `workflow-<issue>`.
async fn workflow(store: &Arc<dyn Store>, issue: i64) {
    ingest(store, &subject(issue), "start", 0).await;
    let (_, answer) = step_with(store, 0, |input: &StepInput| follow(input)).await;
    assert!(answer.unwrap());
}

fn call(id: &str, effect: &str, worst: i64, cap: i64) -> NewCall {
    NewCall {
        id: id.to_owned(),
        workflow: "workflow-1".to_owned(),
        phase: Some(2),
        role: "code_writer".to_owned(),
        task: "change set".to_owned(),
        effect: effect.to_owned(),
        profile: "large".to_owned(),
        provider: "offline".to_owned(),
        model: "scripted".to_owned(),
        prompt: Blob::new(b"prompt".to_vec()).hash,
        worst_microusd: worst,
        cap_microusd: cap,
        nominal: false,
        now: Millis(10),
    }
}

fn settled(id: &str, cost: i64) -> SettledCall {
    SettledCall {
        id: id.to_owned(),
        cost_microusd: cost,
        input_tokens: 100,
        output_tokens: 20,
        outcome: "ok".to_owned(),
        answer: None,
        cache_key: None,
        now: Millis(20),
    }
}

fn cost(spent: i64, reserved: i64, calls: i64) -> Cost {
    Cost {
        spent_microusd: spent,
        reserved_microusd: reserved,
        calls,
        nominal: false,
    }
}

async fn cost_now(store: &Arc<dyn Store>) -> Cost {
    store.cost("workflow-1".to_owned()).await.unwrap()
}

async fn reserve(store: &Arc<dyn Store>, call: NewCall) -> Reservation {
    store.reserve_call(call).await.unwrap()
}

pub(crate) async fn a_call_is_reserved_at_its_worst_and_booked_at_its_price(store: &Arc<dyn Store>) {
    workflow(store, 1).await;
    assert_eq!(cost_now(store).await, Cost::default());
    assert_eq!(
        reserve(
            store,
            NewCall {
                nominal: true,
                ..call("a", "effect-1", 70, 1_000)
            }
        )
        .await,
        Reservation::Reserved
    );
    assert_eq!(
        cost_now(store).await,
        Cost {
            nominal: true,
            ..cost(0, 70, 1)
        }
    );

    let answer = Blob::new(b"answer".to_vec());
    store
        .settle_call(SettledCall {
            answer: Some(answer.clone()),
            ..settled("a", 42)
        })
        .await
        .unwrap();
    assert_eq!(
        cost_now(store).await,
        Cost {
            nominal: true,
            ..cost(42, 0, 1)
        }
    );
    assert_eq!(store.blob(answer.hash.clone()).await.unwrap(), Some(b"answer".to_vec()));
    let expected = CallRow {
        id: "a".to_owned(),
        phase: Some(2),
        role: "code_writer".to_owned(),
        task: "change set".to_owned(),
        provider: "offline".to_owned(),
        model: "scripted".to_owned(),
        prompt: Blob::new(b"prompt".to_vec()).hash,
        answer: Some(answer.hash),
        status: "settled".to_owned(),
        outcome: Some("ok".to_owned()),
        reserved_microusd: 70,
        cost_microusd: 42,
        input_tokens: 100,
        output_tokens: 20,
        started_at: Millis(10),
    };
    assert_eq!(store.calls("workflow-1".to_owned()).await.unwrap(), [expected]);
    assert!(store.calls("workflow-2".to_owned()).await.unwrap().is_empty());
}

pub(crate) async fn the_cap_holds_before_the_call(store: &Arc<dyn Store>) {
    workflow(store, 1).await;
    workflow(store, 2).await;
    assert_eq!(reserve(store, call("a", "effect-1", 60, 100)).await, Reservation::Reserved);
    store.settle_call(settled("a", 50)).await.unwrap();
    assert_eq!(reserve(store, call("b", "effect-2", 30, 100)).await, Reservation::Reserved);
    assert_eq!(
        reserve(store, call("c", "effect-3", 21, 100)).await,
        Reservation::OverCap(cost(50, 30, 2))
    );
    assert_eq!(cost_now(store).await, cost(50, 30, 2), "what is refused leaves nothing");
    assert_eq!(
        reserve(store, call("c", "effect-3", 20, 100)).await,
        Reservation::Reserved,
        "up to the cap, not beyond"
    );
    assert_eq!(reserve(store, call("d", "effect-4", 0, 100)).await, Reservation::Reserved);
    assert_eq!(
        reserve(store, call("e", "effect-5", i64::MAX, i64::MAX - 1)).await,
        Reservation::OverCap(cost(50, 50, 4))
    );
    let other = NewCall {
        workflow: "workflow-2".to_owned(),
        ..call("f", "effect-6", 100, 100)
    };
    assert_eq!(
        reserve(store, other).await,
        Reservation::Reserved,
        "another workflow has its own money"
    );
}

pub(crate) async fn concurrent_reservations_never_pass_the_cap(store: &Arc<dyn Store>) {
    workflow(store, 1).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..20 {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut made = 0;
            for turn in 0..5 {
                let id = format!("{task}-{turn}");
                if reserve(&store, call(&id, &id, 30, 1_000)).await == Reservation::Reserved {
                    let cost = cost_now(&store).await;
                    assert!(cost.spent_microusd + cost.reserved_microusd <= 1_000, "{cost:?}");
                    store.settle_call(settled(&id, 10)).await.unwrap();
                    made += 1;
                }
            }
            made
        });
    }
    let made: i64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(cost_now(store).await, cost(made * 10, 0, made));
    assert!(made * 10 <= 1_000 && made >= 33, "{made}");
}

pub(crate) async fn a_lost_reservation_is_spent_at_its_worst(store: &Arc<dyn Store>) {
    workflow(store, 1).await;
    reserve(store, call("first try", "effect-1", 60, 200)).await;
    reserve(store, call("of another effect", "effect-2", 20, 200)).await;
    assert_eq!(
        reserve(store, call("second try", "effect-1", 60, 200)).await,
        Reservation::Reserved
    );
    assert_eq!(cost_now(store).await, cost(60, 80, 3));
    // The third is over the cap only because the second is lost money by now, and stays so.
    assert_eq!(
        reserve(store, call("third try", "effect-1", 70, 200)).await,
        Reservation::OverCap(cost(120, 20, 3))
    );
    assert_eq!(cost_now(store).await, cost(120, 20, 3));
    let statuses: Vec<(String, String)> = store
        .calls("workflow-1".to_owned())
        .await
        .unwrap()
        .into_iter()
        .map(|call| (call.id, call.status))
        .collect();
    let expected = [
        ("first try", "lost"),
        ("of another effect", "reserved"),
        ("second try", "lost"),
    ];
    assert_eq!(statuses, expected.map(|(id, status)| (id.to_owned(), status.to_owned())));
}

pub(crate) async fn a_lost_call_that_answers_after_all_is_booked_at_its_price(store: &Arc<dyn Store>) {
    workflow(store, 1).await;
    reserve(store, call("slow", "effect-1", 60, 200)).await;
    reserve(store, call("again", "effect-1", 60, 200)).await;
    store.settle_call(settled("slow", 15)).await.unwrap();
    assert_eq!(cost_now(store).await, cost(15, 60, 2));
}

pub(crate) async fn reserving_and_settling_can_be_repeated(store: &Arc<dyn Store>) {
    workflow(store, 1).await;
    assert_eq!(reserve(store, call("a", "effect-1", 60, 100)).await, Reservation::Reserved);
    assert_eq!(reserve(store, call("a", "effect-1", 60, 100)).await, Reservation::Reserved);
    assert_eq!(cost_now(store).await, cost(0, 60, 1));
    store.settle_call(settled("a", 40)).await.unwrap();
    store.settle_call(settled("a", 99)).await.unwrap();
    assert_eq!(cost_now(store).await, cost(40, 0, 1), "the first price stands");
}

pub(crate) async fn an_unknown_call_cannot_be_settled(store: &Arc<dyn Store>) {
    let answer = Blob::new(b"answer".to_vec());
    let answer_of_none = store
        .settle_call(SettledCall {
            answer: Some(answer.clone()),
            ..settled("nobody", 1)
        })
        .await;
    assert!(matches!(answer_of_none, Err(StoreError::Refused(_))));
    assert_eq!(store.blob(answer.hash).await.unwrap(), None);
}

pub(crate) async fn an_answer_is_kept_under_its_key(store: &Arc<dyn Store>) {
    workflow(store, 1).await;
    let cached = |key: &'static str| store.cached(key.to_owned());
    let keep = |id, key: &str, answer: Option<Blob>| SettledCall {
        answer,
        cache_key: Some(key.to_owned()),
        ..settled(id, 1)
    };
    for id in ["a", "b", "c"] {
        reserve(store, call(id, id, 1, 100)).await;
    }
    let (first, second) = (Blob::new(b"first".to_vec()), Blob::new(b"second".to_vec()));
    store.settle_call(keep("a", "key", Some(first.clone()))).await.unwrap();
    assert_eq!(cached("key").await.unwrap(), Some(first.hash.clone()));
    store.settle_call(keep("b", "key", Some(second))).await.unwrap();
    assert_eq!(
        cached("key").await.unwrap(),
        Some(first.hash),
        "what others have built on stays"
    );
    store.settle_call(keep("c", "other key", None)).await.unwrap();
    assert_eq!(cached("other key").await.unwrap(), None);
}
