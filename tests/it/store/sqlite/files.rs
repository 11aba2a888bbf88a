//! The file: made, found, refused, full, damaged, shared.

use std::sync::Arc;

use millhand::clock::{Millis, SeededEntropy};
use millhand::store::sqlite::SqliteStore;
use millhand::store::{Blob, NewDelivery, Pace, PaceRequest, StepOutput, Store, StoreError};
use sqlx::{Connection as _, Row as _};

use super::Place;
use crate::store::bench::{
    INSTALLATION, claim, delivery, effect, finish_of, follow, ingest, look, order, postpone_of, step_with, subject,
};

#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    let place = Place::new();
    let file = place.open().await;
    let store: Arc<dyn Store> = file.clone();
    ingest(&store, &subject(2), "decided", 0).await;
    step_with(&store, 1, follow).await.1.unwrap();
    order(&store, vec![effect("one", 0), effect("timer", 500)]).await;
    let one = claim(&store, 0, 100, 10).await.remove(0);
    ingest(&store, &subject(1), "undecided", 2).await;
    let ask = PaceRequest {
        installation: INSTALLATION,
        mutations: 1,
        interval_ms: 1_000,
        now: Millis(0),
    };
    assert_eq!(store.pace(ask).await.unwrap(), Pace::Go);
    store.block_installation(INSTALLATION + 1, Millis(70)).await.unwrap();
    let before = store.workflow("workflow-2".to_owned()).await.unwrap();
    file.close().await.unwrap();
    assert!(
        matches!(store.ping().await, Err(StoreError::Unavailable(_))),
        "closed is closed"
    );
    assert!(matches!(store.workflow(String::new()).await, Err(StoreError::Unavailable(_))));
    store.woken().await;

    let store: Arc<dyn Store> = place.open().await;
    assert_eq!(store.workflow("workflow-2".to_owned()).await.unwrap(), before);
    assert_eq!(
        store.pace(PaceRequest { now: Millis(1), ..ask }).await.unwrap(),
        Pace::Wait(Millis(1_000))
    );
    let other = PaceRequest {
        installation: INSTALLATION + 1,
        ..ask
    };
    assert_eq!(store.pace(other).await.unwrap(), Pace::Wait(Millis(70)));
    assert_eq!(look(&store, 3).await, Some((subject(1), vec!["undecided".to_owned()])));
    assert!(claim(&store, 99, 200, 10).await.is_empty(), "the lease outlives the process");
    assert!(
        store.postpone(postpone_of(&one, 300, true)).await.unwrap(),
        "and so does its token"
    );
    let again = claim(&store, 500, 600, 10).await;
    assert_eq!(
        again
            .iter()
            .map(|effect| (effect.key.as_str(), effect.attempts))
            .collect::<Vec<_>>(),
        [("one", 2), ("timer", 1)]
    );
}

#[tokio::test]
async fn a_second_opener_is_told_who_has_it() {
    let place = Place::new();
    let first = place.open().await;
    let error = place.try_open().await.unwrap_err();
    let StoreError::InUse(text) = &error else { panic!("{error}") };
    assert!(
        text.contains(place.path.to_str().unwrap()) && text.contains(&std::process::id().to_string()),
        "{text}"
    );
    first.close().await.unwrap();
    place.open().await;
}

#[tokio::test]
async fn dropping_the_store_gives_up_the_lock() {
    let place = Place::new();
    let store = place.open().await;
    let mut woken = store.woken();
    crate::store::bench::begin(&mut woken).await;
    drop(woken);
    drop(store);
    // The writer's task ends by itself; each turn lets it go on.
    let again = loop {
        match place.try_open().await {
            Err(StoreError::InUse(_)) => tokio::task::yield_now().await,
            other => break other,
        }
    };
    again.unwrap();
}

#[tokio::test]
async fn a_reader_sees_what_is_committed_and_writes_nothing() {
    let place = Place::new();
    assert!(
        matches!(place.read().await, Err(StoreError::Unavailable(_))),
        "there is nothing to read"
    );
    assert!(!place.path.exists());

    let file = place.open().await;
    let store: Arc<dyn Store> = file.clone();
    ingest(&store, &subject(1), "one", 0).await;
    step_with(&store, 1, follow).await.1.unwrap();
    let reader = place.read().await.unwrap();
    assert_eq!(reader.events("workflow-1".to_owned(), 0, 10).await.unwrap().len(), 1);
    ingest(&store, &subject(1), "two", 2).await;
    step_with(&store, 3, follow).await.1.unwrap();
    assert_eq!(reader.events("workflow-1".to_owned(), 0, 10).await.unwrap().len(), 2);
    assert!(matches!(reader.ping().await, Err(StoreError::Refused(_))));
    assert!(matches!(
        reader.ingest(vec![delivery("7#1", "x", 0)]).await,
        Err(StoreError::Refused(_))
    ));
    assert!(matches!(
        reader.claim(Millis(0), Millis(1), 1).await,
        Err(StoreError::Refused(_))
    ));
    reader.close().await.unwrap();

    file.close().await.unwrap();
    let reader = place.read().await.unwrap();
    assert_eq!(reader.events("workflow-1".to_owned(), 0, 10).await.unwrap().len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let store = place.open().await;
    store.ping().await.unwrap();
    for file in std::fs::read_dir(place.path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if !name.ends_with(".lock.pid") {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
}

#[tokio::test]
async fn a_redelivery_heals_a_subject_that_was_forgotten() {
    let place = Place::new();
    let store: Arc<dyn Store> = place.open().await;
    ingest(&store, "7#1", "one", 0).await;
    let forget = sqlx::query("update subjects set dirty_at = null");
    forget.execute(&mut place.stranger().await).await.unwrap();
    assert_eq!(look(&store, 1).await, None);
    assert!(!ingest(&store, "7#1", "one", 2).await, "it is a repeat");
    assert_eq!(look(&store, 3).await, Some(("7#1".to_owned(), vec!["one".to_owned()])));
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_is_over_when_there_is_room() {
    let place = Place::new();
    let file = place.open().await;
    let store: Arc<dyn Store> = file.clone();
    order(&store, vec![effect("one", 0)]).await;
    let one = claim(&store, 0, 100, 10).await.remove(0);
    let limit = file.limit_size(1_000_000).await.unwrap();
    assert!(limit <= 1_000_000);

    let mut stored = 0;
    let full = loop {
        match store.ingest(vec![big(stored)]).await {
            Ok(new) => assert_eq!(new, [true]),
            Err(error) => break error,
        }
        stored += 1;
        assert!(stored < 1_000, "the limit holds");
    };
    assert!(matches!(full, StoreError::Full(_)), "{full}");
    assert!(stored > 10, "{stored}");
    let told = vec![NewDelivery {
        subject: subject(2),
        ..big(0)
    }];
    assert!(matches!(
        store.finish(finish_of(&one, told.clone())).await,
        Err(StoreError::Full(_))
    ));
    let said = StepOutput {
        blobs: vec![Blob::new(vec![7; 100_000])],
        ..StepOutput::default()
    };
    assert!(matches!(
        store.step(Millis(1), Box::new(|_| said)).await,
        Err(StoreError::Full(_))
    ));
    let answers = concurrently_too_much(&store).await;
    assert!(answers.iter().any(Result::is_err));

    // Reading goes on, and what was refused is not there.
    for number in 0..=stored {
        let fate = store.decided(subject(1), format!("big-{number}")).await.unwrap();
        assert_eq!(fate.is_some(), number < stored, "{number}");
    }
    file.limit_size(1 << 40).await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.ingest(vec![big(stored)]).await.unwrap(), [true]);
    assert!(store.finish(finish_of(&one, told)).await.unwrap());
    let mut seen = Vec::new();
    while let Some((subject, facts)) = look(&store, 2).await {
        seen.extend(facts.into_iter().map(|fact| (subject.clone(), fact)));
    }
    let mut expected: Vec<(String, String)> = (0..=stored).map(|number| (subject(1), format!("big-{number}"))).collect();
    expected.push((subject(2), "big-0".to_owned()));
    for (number, answer) in answers.into_iter().enumerate() {
        if answer.is_ok() {
            expected.push((subject(3), format!("more-{number}")));
        }
    }
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    assert_sound(&place).await;
}

fn big(number: i64) -> NewDelivery {
    NewDelivery {
        body: vec![b'x'; 20_000],
        ..delivery(&subject(1), &format!("big-{number}"), 0)
    }
}

/// Many writers at once, each with more or less than there is room for.
async fn concurrently_too_much(store: &Arc<dyn Store>) -> Vec<Result<Vec<bool>, StoreError>> {
    let more = |number: usize| NewDelivery {
        body: vec![b'y'; number % 4 * 10_000],
        ..delivery(&subject(3), &format!("more-{number}"), 0)
    };
    let all: Vec<_> = (0..40).map(|number| store.ingest(vec![more(number)])).collect();
    futures_util::future::join_all(all).await
}

async fn assert_sound(place: &Place) {
    let mut stranger = place.stranger().await;
    let found: String = sqlx::query_scalar("pragma integrity_check")
        .fetch_one(&mut stranger)
        .await
        .unwrap();
    assert_eq!(found, "ok");
    assert!(
        sqlx::query("pragma foreign_key_check")
            .fetch_all(&mut stranger)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_file_of_somebody_else_is_refused_unchanged() {
    let place = Place::new();
    for bytes in [
        b"this is a text, not a database, and long enough to be read as one".repeat(20),
        vec![0xff; 8_192],
    ] {
        std::fs::write(&place.path, &bytes).unwrap();
        let error = place.try_open().await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Damaged(text) if text.contains("millhand.db")),
            "{error}"
        );
        assert!(matches!(place.read().await, Err(StoreError::Damaged(_))));
        assert_eq!(std::fs::read(&place.path).unwrap(), bytes);
    }
    std::fs::remove_file(&place.path).unwrap();
    let mut stranger = place.stranger().await;
    sqlx::query("create table notes (text text)")
        .execute(&mut stranger)
        .await
        .unwrap();
    stranger.close().await.unwrap();
    let before = std::fs::read(&place.path).unwrap();
    assert!(matches!(place.try_open().await, Err(StoreError::Damaged(_))));
    assert!(matches!(place.read().await, Err(StoreError::Damaged(_))));
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_table_is_told_and_the_others_go_on() {
    let place = Place::new();
    let file = place.open().await;
    let big = Blob::new(vec![1; 50_000]);
    file.put_blobs(vec![big.clone()]).await.unwrap();
    file.close().await.unwrap();
    let mut stranger = place.stranger().await;
    let root = sqlx::query("select rootpage, page_size from sqlite_schema, pragma_page_size where name = 'blobs'");
    let root = root.fetch_one(&mut stranger).await.unwrap();
    let (page, size): (i64, i64) = (root.get(0), root.get(1));
    stranger.close().await.unwrap();
    let mut bytes = std::fs::read(&place.path).unwrap();
    let start = usize::try_from((page - 1) * size).unwrap();
    bytes[start..start + usize::try_from(size).unwrap()].fill(0xff);
    std::fs::write(&place.path, bytes).unwrap();

    let store: Arc<dyn Store> = place.open().await;
    assert!(matches!(store.blob(big.hash.clone()).await, Err(StoreError::Damaged(_))));
    assert!(matches!(
        store.put_blobs(vec![Blob::new(vec![2])]).await,
        Err(StoreError::Damaged(_))
    ));
    assert!(ingest(&store, "7#1", "one", 0).await);
    let said = StepOutput {
        blobs: vec![Blob::new(vec![3])],
        ..StepOutput::default()
    };
    assert!(matches!(
        store.step(Millis(1), Box::new(|_| said)).await,
        Err(StoreError::Damaged(_))
    ));
    assert_eq!(look(&store, 2).await.unwrap().1, ["one"]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let place = Place::new();
    let nowhere = place.path.join("no").join("millhand.db");
    let error = SqliteStore::open(nowhere.to_str().unwrap(), Arc::new(SeededEntropy::new(1)))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, StoreError::Unavailable(text) if text.contains("no")),
        "{error}"
    );
}

#[tokio::test]
async fn migrations_run_once_and_another_version_is_refused() {
    let place = Place::new();
    place.open().await.close().await.unwrap();
    let applied = "select version, checksum from _sqlx_migrations order by version";
    let before = sqlx::query(applied).fetch_all(&mut place.stranger().await).await.unwrap();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap();
    assert_eq!(before.len(), files.count());
    place.open().await.close().await.unwrap();
    let mut stranger = place.stranger().await;
    let after = sqlx::query(applied).fetch_all(&mut stranger).await.unwrap();
    let checksums = |rows: &[sqlx::sqlite::SqliteRow]| rows.iter().map(|row| row.get::<Vec<u8>, _>(1)).collect::<Vec<_>>();
    assert_eq!(checksums(&after), checksums(&before));

    // A file that a later version has been at.
    let later = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values (9999, 'later', true, x'00', 0)";
    sqlx::query(later).execute(&mut stranger).await.unwrap();
    stranger.close().await.unwrap();
    let error = place.try_open().await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged(text) if text.contains("newer")),
        "{error}"
    );
    let error = place.read().await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged(text) if text.contains("version 9999")),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_whose_making_was_cut_short_is_finished() {
    let place = Place::new();
    // Empty; then with nothing but the table that is made before the first migration.
    std::fs::write(&place.path, b"").unwrap();
    place.open().await.close().await.unwrap();
    std::fs::remove_file(&place.path).unwrap();
    let mut stranger = place.stranger().await;
    let table = "create table _sqlx_migrations (version bigint primary key, description text not null,
        installed_on timestamp not null default current_timestamp, success boolean not null, checksum blob not null,
        execution_time bigint not null)";
    sqlx::query(table).execute(&mut stranger).await.unwrap();
    stranger.close().await.unwrap();
    let error = place.read().await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged(text) if text.contains("version 0")),
        "{error}"
    );
    place.open().await.ping().await.unwrap();
}

#[tokio::test]
async fn tables_that_do_not_fit_are_found_at_the_start() {
    let place = Place::new();
    place.open().await.close().await.unwrap();
    let mut stranger = place.stranger().await;
    sqlx::query("alter table effects rename column payload to load")
        .execute(&mut stranger)
        .await
        .unwrap();
    stranger.close().await.unwrap();
    let error = place.try_open().await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged(text) if text.contains("payload")),
        "{error}"
    );
}

#[tokio::test]
async fn the_log_cannot_be_changed_by_anybody() {
    let place = Place::new();
    let store: Arc<dyn Store> = place.open().await;
    store
        .ingest((0..3).map(|number| delivery("7#1", &format!("{number}"), 0)).collect())
        .await
        .unwrap();
    step_with(&store, 1, follow).await.1.unwrap();
    let before = store.events("workflow-1".to_owned(), 0, 10).await.unwrap();
    let mut stranger = place.stranger().await;
    for (attempt, why) in [
        (
            "update workflow_events set actor = 'somebody else' where seq = 2",
            "append-only",
        ),
        ("delete from workflow_events where seq = 3", "append-only"),
        (
            "insert or replace into workflow_events select * from workflow_events where seq = 3",
            "gaps",
        ),
        (
            "insert into workflow_events select workflow, seq + 2, fact_id, fact, transitions, phase, actor, at, decided,
                core_version, state_hash, previous, hash from workflow_events where seq = 3",
            "gaps",
        ),
        ("delete from build_workflows", "FOREIGN KEY"),
    ] {
        let error = sqlx::query(attempt).execute(&mut stranger).await.unwrap_err().to_string();
        assert!(error.contains(why), "{attempt}: {error}");
    }
    assert_eq!(store.events("workflow-1".to_owned(), 0, 10).await.unwrap(), before);
}
