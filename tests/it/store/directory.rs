//! Cases of the directory of installations, and of the small things.

use std::sync::Arc;

use millhand::store::{Blob, InstallationRow, RepositoryRow, Store};

pub(crate) fn repository(id: i64, installation: i64, name: &str) -> RepositoryRow {
    RepositoryRow {
        id,
        installation,
        node_id: format!("R_{id}"),
        owner: "acme".to_owned(),
        name: name.to_owned(),
        cursor: None,
        configuration: None,
    }
}

pub(crate) fn installation(id: i64, repositories: Vec<RepositoryRow>) -> InstallationRow {
    InstallationRow {
        id,
        account: "acme".to_owned(),
        suspended: false,
        repositories,
    }
}

async fn put(store: &Arc<dyn Store>, seen: Vec<InstallationRow>) {
    store.put_installations(seen).await.unwrap();
}

async fn served(store: &Arc<dyn Store>) -> Vec<RepositoryRow> {
    store.repositories().await.unwrap()
}

pub(crate) async fn what_is_not_listed_is_not_served(store: &Arc<dyn Store>) {
    let (a, b, c) = (repository(1, 5, "a"), repository(2, 5, "b"), repository(3, 6, "c"));
    put(
        store,
        vec![installation(6, vec![c.clone()]), installation(5, vec![b.clone(), a.clone()])],
    )
    .await;
    assert_eq!(served(store).await, [a.clone(), b, c.clone()]);
    // Renamed, taken out, and handed to another installation.
    let (a, c) = (
        RepositoryRow {
            name: "renamed".to_owned(),
            ..a
        },
        RepositoryRow { installation: 5, ..c },
    );
    put(store, vec![installation(5, vec![a.clone(), c.clone()])]).await;
    assert_eq!(served(store).await, [a, c]);
    put(store, Vec::new()).await;
    assert_eq!(served(store).await, []);
}

pub(crate) async fn a_suspended_installation_is_not_served(store: &Arc<dyn Store>) {
    let seen = installation(5, vec![repository(1, 5, "a")]);
    put(
        store,
        vec![InstallationRow {
            suspended: true,
            ..seen.clone()
        }],
    )
    .await;
    assert_eq!(served(store).await, []);
    put(store, vec![seen]).await;
    assert_eq!(served(store).await, [repository(1, 5, "a")]);
}

pub(crate) async fn a_repository_keeps_what_is_known_of_it(store: &Arc<dyn Store>) {
    let seen = vec![installation(5, vec![repository(1, 5, "a")])];
    put(store, seen.clone()).await;
    store.set_cursor(1, "page 3".to_owned()).await.unwrap();
    store.set_cursor(99, "nobody's".to_owned()).await.unwrap();
    store.set_configuration(1, "all of it".to_owned()).await.unwrap();
    store.set_configuration(99, "nobody's".to_owned()).await.unwrap();
    put(store, Vec::new()).await;
    put(store, seen).await;
    assert_eq!(
        served(store).await,
        [RepositoryRow {
            cursor: Some("page 3".to_owned()),
            configuration: Some("all of it".to_owned()),
            ..repository(1, 5, "a")
        }]
    );
}

pub(crate) async fn blobs_are_stored_once(store: &Arc<dyn Store>) {
    let (one, empty) = (Blob::new(vec![0, 255, 0]), Blob::new(Vec::new()));
    store.put_blobs(vec![one.clone(), one.clone(), empty.clone()]).await.unwrap();
    store
        .put_blobs(vec![Blob {
            bytes: b"not what it says".to_vec(),
            ..one.clone()
        }])
        .await
        .unwrap();
    assert_eq!(store.blob(one.hash).await.unwrap(), Some(vec![0, 255, 0]));
    assert_eq!(store.blob(empty.hash).await.unwrap(), Some(Vec::new()));
    assert_eq!(store.blob("nobody".to_owned()).await.unwrap(), None);
}

pub(crate) async fn the_store_answers_when_asked_how_it_is(store: &Arc<dyn Store>) {
    store.ping().await.unwrap();
    store.ping().await.unwrap();
}
