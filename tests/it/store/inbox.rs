//! Cases of the inbox: what is stored, in which order, for whom.

use std::collections::BTreeSet;
use std::sync::Arc;

use millhand::clock::Millis;
use millhand::store::{Decided, NewDelivery, RouteRow, StepOutput, Store, StoreError, UNROUTED};

use super::bench::{begin, delivery, ingest, look, say, settle, step_with, subject};

pub(crate) async fn a_repeat_is_told_and_stored_once(store: &Arc<dyn Store>) {
    let (one, two) = (delivery("7#1", "one", 1), delivery("7#1", "two", 2));
    assert_eq!(
        store.ingest(vec![one.clone(), two.clone(), one.clone()]).await.unwrap(),
        [true, true, false]
    );
    assert_eq!(
        store.ingest(vec![two.clone(), delivery("7#1", "three", 3)]).await.unwrap(),
        [false, true]
    );
    assert_eq!(look(store, 9).await.unwrap().1, ["one", "two", "three"]);

    assert_eq!(store.ingest(vec![one, two]).await.unwrap(), [false, false]);
    assert_eq!(look(store, 9).await, None, "what was decided is not decided again");
    assert!(store.ingest(Vec::new()).await.unwrap().is_empty());
}

pub(crate) async fn the_same_fact_of_two_subjects_is_two_rows(store: &Arc<dyn Store>) {
    assert_eq!(
        store
            .ingest(vec![delivery("7#1", "one", 1), delivery("7#2", "one", 1)])
            .await
            .unwrap(),
        [true, true]
    );
    let seen = [look(store, 9).await.unwrap(), look(store, 9).await.unwrap()];
    assert_eq!(
        seen,
        [
            ("7#1".to_owned(), vec!["one".to_owned()]),
            ("7#2".to_owned(), vec!["one".to_owned()])
        ]
    );
}

pub(crate) async fn bodies_and_order_are_kept(store: &Arc<dyn Store>) {
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0],
        (0..=255).collect(),
        "grüße \"quoted\" \\ \u{1f600}\n".into(),
        vec![b'x'; 300_000],
        Vec::new(),
    ];
    let row = |(index, body): (usize, &Vec<u8>)| NewDelivery {
        subject: "7#1".to_owned(),
        // Neither the name nor the time gives the order, only the place in the batch.
        fact_id: format!("'{}' \"ü\" \u{1f600}", 9 - index),
        kind: format!("webhook:{index}"),
        body: body.clone(),
        received_at: Millis(100 - i64::try_from(index).unwrap()),
    };
    let sent: Vec<NewDelivery> = bodies.iter().enumerate().map(row).collect();
    assert_eq!(store.ingest(sent.clone()).await.unwrap(), [true; 6]);

    let (input, answer) = step_with(store, 200, |_| StepOutput::default()).await;
    assert!(answer.unwrap());
    let rows = input.unwrap().rows;
    assert!(rows.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    let received: Vec<NewDelivery> = rows
        .into_iter()
        .map(|row| NewDelivery {
            subject: "7#1".to_owned(),
            fact_id: row.fact_id,
            kind: row.kind,
            body: row.body,
            received_at: row.received_at,
        })
        .collect();
    assert_eq!(received, sent);
}

pub(crate) async fn concurrent_ingests_agree_who_was_first(store: &Arc<dyn Store>) {
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut first = Vec::new();
            for fact in 0..20 {
                // Every task brings every fact, in its own order.
                let fact_id = format!("fact-{}", (fact * 7 + task) % 20);
                if ingest(&store, &subject(fact % 3), &fact_id, 0).await {
                    first.push((fact % 3, fact_id));
                }
            }
            first
        });
    }
    let first: Vec<(i64, String)> = tasks.join_all().await.into_iter().flatten().collect();
    let each: BTreeSet<&(i64, String)> = first.iter().collect();
    assert_eq!(first.len(), each.len(), "one of them was first, no more");

    let mut stored = BTreeSet::new();
    while let Some((subject, facts)) = look(store, 1).await {
        stored.extend(facts.into_iter().map(|fact| (subject.clone(), fact)));
    }
    let told: BTreeSet<(String, String)> = first.into_iter().map(|(issue, fact)| (subject(issue), fact)).collect();
    assert_eq!(stored, told);
}

pub(crate) async fn a_refused_batch_leaves_nothing_and_the_others_go_on(store: &Arc<dyn Store>) {
    let bad = vec![delivery("7#1", "fine", 0), delivery("7#1", "not\0fine", 0)];
    // Together, so that the store may put them into one transaction.
    let (refused, good) = tokio::join!(store.ingest(bad), store.ingest(vec![delivery("7#1", "good", 0)]));
    assert_eq!(good.unwrap(), [true]);
    assert!(matches!(refused, Err(StoreError::Refused(_))));
    assert_eq!(look(store, 1).await.unwrap().1, ["good"]);
    assert_eq!(look(store, 1).await, None);
}

pub(crate) async fn a_fact_is_followed_to_its_end(store: &Arc<dyn Store>) {
    let fate = |fact: &'static str| store.decided("7#1".to_owned(), fact.to_owned());
    assert_eq!(fate("one").await.unwrap(), None);
    ingest(store, "7#1", "one", 0).await;
    ingest(store, "7#1", "two", 0).await;
    assert_eq!(
        fate("one").await.unwrap(),
        Some(Decided {
            done: false,
            result: None
        })
    );
    let (_, answer) = step_with(store, 1, |input| StepOutput {
        results: vec![(input.rows[1].seq, "refused: not yours".to_owned())],
        ..StepOutput::default()
    })
    .await;
    assert!(answer.unwrap());
    assert_eq!(
        fate("one").await.unwrap(),
        Some(Decided {
            done: true,
            result: None
        })
    );
    assert_eq!(
        fate("two").await.unwrap(),
        Some(Decided {
            done: true,
            result: Some("refused: not yours".to_owned())
        })
    );
    assert_eq!(store.decided("7#2".to_owned(), "one".to_owned()).await.unwrap(), None);
}

fn to(key: &str) -> RouteRow {
    RouteRow {
        repository: 7,
        key: key.to_owned(),
    }
}

fn leads(keys: &[&str]) -> StepOutput {
    StepOutput {
        routes: keys.iter().map(|key| to(key)).collect(),
        ..StepOutput::default()
    }
}

pub(crate) async fn unrouted_rows_wait_for_their_route(store: &Arc<dyn Store>) {
    assert_eq!(to("sha:abc").unrouted_subject(), format!("{UNROUTED}7:abc"));
    ingest(store, "unrouted:7:abc", "checks", 0).await;
    ingest(store, "unrouted:7:abc", "known", 0).await;
    ingest(store, "unrouted:8:abc", "of another repository", 0).await;
    assert_eq!(look(store, 1).await, None, "nobody can decide it yet");
    assert_eq!(store.next_due().await.unwrap(), None);

    ingest(store, "7#1", "known", 0).await;
    say(store, "7#1", 2, leads(&["branch:x", "sha:abc"])).await;
    assert_eq!(
        look(store, 3).await,
        Some(("7#1".to_owned(), vec!["checks".to_owned()])),
        "what it knows is not repeated"
    );
    assert_eq!(look(store, 3).await, None);
    let repeated = store
        .decided("unrouted:7:abc".to_owned(), "known".to_owned())
        .await
        .unwrap()
        .unwrap();
    assert!(repeated.done && repeated.result.is_some(), "it does not wait for ever");

    assert_eq!(store.route(7, "sha:abc".to_owned()).await.unwrap(), Some("7#1".to_owned()));
    assert_eq!(store.route(7, "branch:x".to_owned()).await.unwrap(), Some("7#1".to_owned()));
    assert_eq!(store.route(8, "sha:abc".to_owned()).await.unwrap(), None);
    assert_eq!(store.route(7, "sha:abcd".to_owned()).await.unwrap(), None);
}

pub(crate) async fn an_unrouted_row_older_than_the_step_is_decided_later(store: &Arc<dyn Store>) {
    ingest(store, "unrouted:7:abc", "older", 0).await;
    ingest(store, "7#1", "newer", 0).await;
    let (input, answer) = step_with(store, 1, |_| leads(&["sha:abc"])).await;
    assert!(answer.unwrap());
    assert_eq!(input.unwrap().rows.len(), 1);
    let older = store.decided("7#1".to_owned(), "older".to_owned()).await.unwrap();
    assert_eq!(
        older,
        Some(Decided {
            done: false,
            result: None
        })
    );
    assert_eq!(look(store, 2).await, Some(("7#1".to_owned(), vec!["older".to_owned()])));
}

pub(crate) async fn a_row_that_comes_after_its_route_needs_no_second_step(store: &Arc<dyn Store>) {
    say(store, "7#1", 0, leads(&["sha:abc"])).await;
    // Whoever brings it looked before the route was there.
    assert!(ingest(store, "unrouted:7:abc", "late", 1).await);
    assert!(!ingest(store, "unrouted:7:abc", "late", 1).await);
    assert!(!ingest(store, "7#1", "late", 1).await);
    assert_eq!(look(store, 2).await, Some(("7#1".to_owned(), vec!["late".to_owned()])));
}

pub(crate) async fn a_route_may_change_its_subject(store: &Arc<dyn Store>) {
    say(store, "7#1", 0, leads(&["pull:3"])).await;
    say(store, "7#2", 1, leads(&["pull:3"])).await;
    assert_eq!(store.route(7, "pull:3".to_owned()).await.unwrap(), Some("7#2".to_owned()));
}

pub(crate) async fn deliveries_wake_those_who_wait(store: &Arc<dyn Store>) {
    let mut woken = store.woken();
    assert!(!begin(&mut woken).await);
    ingest(store, "7#1", "one", 0).await;
    woken.await;

    // What is committed between the call and the first poll counts.
    let woken = store.woken();
    settle(store, 1).await;
    woken.await;

    let mut woken = store.woken();
    ingest(store, "7#1", "one", 0).await;
    assert!(!begin(&mut woken).await, "a repeat is no news");
}
