//! What shares a transaction: one failing operation spares the others, one failing transaction spares nobody.

use std::sync::{Arc, mpsc};

use millhand::clock::Millis;
use millhand::store::{Blob, SettledCall, StepOutput, Store, StoreError};

use super::Place;
use crate::store::bench::{begin, delivery, ingest, look};

/// Holds the writer inside a step until the returned sender is dropped, so that what is begun in the meantime becomes
/// one group.
async fn hold(store: &Arc<dyn Store>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
    ingest(store, "7#99", "hold", 0).await;
    let (release, released) = mpsc::channel::<()>();
    let (arrive, arrived) = tokio::sync::oneshot::channel();
    let holding = Arc::clone(store);
    let step = tokio::spawn(async move {
        let decide = Box::new(move |_| {
            arrive.send(()).unwrap();
            // An error is the sender being dropped: that is the sign.
            released.recv().unwrap_err();
            StepOutput::default()
        });
        assert!(holding.step(Millis(0), decide).await.unwrap());
    });
    arrived.await.unwrap();
    (release, step)
}

/// Makes SQLite end the whole transaction when a certain blob is stored, as it does for some failures of the disk.
async fn plant_a_mine(place: &Place) {
    let mut stranger = place.stranger().await;
    let mine = "create trigger mine before insert on blobs when new.hash = 'mine'
        begin select raise(rollback, 'the transaction is gone'); end";
    sqlx::query(mine).execute(&mut stranger).await.unwrap();
}

fn mine() -> Blob {
    Blob {
        hash: "mine".to_owned(),
        bytes: Vec::new(),
    }
}

fn never_reserved() -> SettledCall {
    SettledCall {
        id: "nobody".to_owned(),
        cost_microusd: 1,
        input_tokens: 0,
        output_tokens: 0,
        outcome: "ok".to_owned(),
        answer: Some(Blob::new(b"of nobody".to_vec())),
        cache_key: None,
        now: Millis(0),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_spares_the_others() {
    let place = Place::new();
    let store: Arc<dyn Store> = place.open().await;
    let (release, step) = hold(&store).await;
    let mut before = store.put_blobs(vec![Blob::new(b"before".to_vec())]);
    let mut failing = store.settle_call(never_reserved());
    let mut after = store.put_blobs(vec![Blob::new(b"after".to_vec())]);
    let mut bad_row = store.ingest(vec![delivery("7#1", "fine", 0), delivery("7#1", "\0", 0)]);
    let mut good_row = store.ingest(vec![delivery("7#1", "good", 0)]);
    for future in [&mut before, &mut failing, &mut after] {
        assert!(!begin(future).await);
    }
    for future in [&mut bad_row, &mut good_row] {
        assert!(!begin(future).await);
    }
    drop(release);
    step.await.unwrap();

    before.await.unwrap();
    after.await.unwrap();
    assert!(matches!(failing.await, Err(StoreError::Refused(_))));
    assert!(matches!(bad_row.await, Err(StoreError::Refused(_))));
    assert_eq!(good_row.await.unwrap(), [true]);
    for (bytes, there) in [("before", true), ("after", true), ("of nobody", false)] {
        let blob = store.blob(Blob::new(bytes.into()).hash).await.unwrap();
        assert_eq!(blob.is_some(), there, "{bytes}");
    }
    assert_eq!(look(&store, 1).await.unwrap().1, ["good"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_gone_is_told_to_all_and_the_next_one_works() {
    let place = Place::new();
    let store: Arc<dyn Store> = place.open().await;
    plant_a_mine(&place).await;
    let (release, step) = hold(&store).await;
    let mut row = store.ingest(vec![delivery("7#1", "one", 0)]);
    let mut blob = store.put_blobs(vec![Blob::new(b"one".to_vec())]);
    let mut failing = store.put_blobs(vec![mine()]);
    let mut after = store.put_blobs(vec![Blob::new(b"two".to_vec())]);
    assert!(!begin(&mut row).await);
    for future in [&mut blob, &mut failing, &mut after] {
        assert!(!begin(future).await);
    }
    drop(release);
    step.await.unwrap();

    for answer in [row.await.map(|_| ()), blob.await, failing.await, after.await] {
        assert!(
            matches!(&answer, Err(StoreError::Refused(why)) if why == "the transaction is gone"),
            "{answer:?}"
        );
    }
    for bytes in ["one", "two"] {
        assert_eq!(store.blob(Blob::new(bytes.into()).hash).await.unwrap(), None);
    }
    assert_eq!(look(&store, 1).await, None);
    assert!(ingest(&store, "7#1", "one", 2).await);
    assert_eq!(look(&store, 3).await.unwrap().1, ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_told_to_all_and_the_next_one_works() {
    let place = Place::new();
    let store: Arc<dyn Store> = place.open().await;
    // References that are checked only at the commit, which then leaves its transaction open.
    let mut stranger = place.stranger().await;
    for statement in [
        "create table parents (id integer primary key)",
        "create table children (parent integer references parents (id) deferrable initially deferred)",
        "create trigger mine after insert on blobs when new.hash = 'mine' begin insert into children values (1); end",
    ] {
        sqlx::query(statement).execute(&mut stranger).await.unwrap();
    }
    let (release, step) = hold(&store).await;
    let mut row = store.ingest(vec![delivery("7#1", "one", 0)]);
    let mut failing = store.put_blobs(vec![mine()]);
    assert!(!begin(&mut row).await);
    assert!(!begin(&mut failing).await);
    drop(release);
    step.await.unwrap();

    for answer in [row.await.map(|_| ()), failing.await] {
        assert!(
            matches!(&answer, Err(StoreError::Refused(why)) if why.contains("FOREIGN KEY")),
            "{answer:?}"
        );
    }
    assert_eq!(look(&store, 1).await, None);
    assert!(ingest(&store, "7#1", "one", 2).await);
    assert_eq!(look(&store, 3).await.unwrap().1, ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_in_a_transaction_that_is_gone_is_taken_again() {
    let place = Place::new();
    let store: Arc<dyn Store> = place.open().await;
    plant_a_mine(&place).await;
    ingest(&store, "7#1", "one", 0).await;
    let said = StepOutput {
        blobs: vec![Blob::new(b"one".to_vec()), mine()],
        ..StepOutput::default()
    };
    let answer = store.step(Millis(1), Box::new(|_| said)).await;
    assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    assert_eq!(store.blob(Blob::new(b"one".to_vec()).hash).await.unwrap(), None);
    assert_eq!(look(&store, 2).await.unwrap().1, ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_does_not_stop_its_write() {
    let place = Place::new();
    let store: Arc<dyn Store> = place.open().await;
    let (release, step) = hold(&store).await;
    let mut abandoned = store.put_blobs(vec![Blob::new(b"abandoned".to_vec())]);
    assert!(!begin(&mut abandoned).await);
    drop(abandoned);
    drop(release);
    step.await.unwrap();
    // The queue is in order: when this is answered, what came before has been written.
    store.ping().await.unwrap();
    assert!(store.blob(Blob::new(b"abandoned".to_vec()).hash).await.unwrap().is_some());
}
