//! Cases of the pacer: what an installation may write, and when.

use std::sync::Arc;

use millhand::clock::Millis;
use millhand::store::{Pace, PaceRequest, Store};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn ask(mutations: u32, interval_ms: i64, now: i64) -> PaceRequest {
    PaceRequest {
        installation: 5,
        mutations,
        interval_ms,
        now: Millis(now),
    }
}

async fn pace(store: &Arc<dyn Store>, ask: PaceRequest) -> Pace {
    store.pace(ask).await.unwrap()
}

pub(crate) async fn mutations_are_spaced(store: &Arc<dyn Store>) {
    assert_eq!(pace(store, ask(3, 1_000, 100)).await, Pace::Go);
    assert_eq!(
        pace(store, ask(1, 1_000, 101)).await,
        Pace::Wait(Millis(3_100)),
        "three mutations, three intervals"
    );
    assert_eq!(pace(store, ask(1, 1_000, 3_099)).await, Pace::Wait(Millis(3_100)));
    assert_eq!(pace(store, ask(0, 1_000, 101)).await, Pace::Go, "reading is not writing");
    assert_eq!(pace(store, ask(9, 0, 101)).await, Pace::Go, "switched off");
    assert_eq!(pace(store, ask(1, 1_000, 3_100)).await, Pace::Go);
    assert_eq!(pace(store, ask(1, 1_000, 3_101)).await, Pace::Wait(Millis(4_100)));
}

pub(crate) async fn a_minute_and_an_hour_have_their_limits(store: &Arc<dyn Store>) {
    let mut now = 0;
    let mut times = Vec::new();
    while times.len() < 501 {
        match pace(store, ask(1, 1, now)).await {
            Pace::Go => times.push(now),
            Pace::Wait(until) => now = until.0,
        }
    }
    assert_eq!(times[79], 79, "eighty at once");
    assert_eq!(times[80], MINUTE, "and the next when the first is a minute old");
    assert_eq!(times[499], 6 * MINUTE + 19);
    assert_eq!(times[500], HOUR, "five hundred, then when the first is an hour old");
}

pub(crate) async fn a_block_holds_and_is_never_shortened(store: &Arc<dyn Store>) {
    store.block_installation(5, Millis(1_000)).await.unwrap();
    store.block_installation(5, Millis(500)).await.unwrap();
    for request in [ask(1, 1_000, 999), ask(0, 1_000, 999), ask(1, 0, 999)] {
        assert_eq!(pace(store, request).await, Pace::Wait(Millis(1_000)));
    }
    assert_eq!(pace(store, ask(1, 1_000, 1_000)).await, Pace::Go);
    store.block_installation(5, Millis(9_000)).await.unwrap();
    assert_eq!(pace(store, ask(0, 1_000, 2_000)).await, Pace::Wait(Millis(9_000)));
}

pub(crate) async fn installations_do_not_wait_for_each_other(store: &Arc<dyn Store>) {
    let other = |now| PaceRequest {
        installation: 6,
        ..ask(1, 1_000, now)
    };
    store.block_installation(6, Millis(500)).await.unwrap();
    assert_eq!(pace(store, ask(1, 1_000, 0)).await, Pace::Go);
    assert_eq!(pace(store, other(0)).await, Pace::Wait(Millis(500)));
    assert_eq!(pace(store, other(500)).await, Pace::Go);
    assert_eq!(pace(store, ask(1, 1_000, 999)).await, Pace::Wait(Millis(1_000)));
}

pub(crate) async fn a_clock_that_is_set_back_does_not_hold_the_line(store: &Arc<dyn Store>) {
    assert_eq!(pace(store, ask(1, 1_000, 10 * HOUR)).await, Pace::Go);
    assert_eq!(pace(store, ask(1, 1_000, HOUR)).await, Pace::Go);
    assert_eq!(pace(store, ask(1, 1_000, HOUR + 1)).await, Pace::Wait(Millis(HOUR + 1_000)));
}

pub(crate) async fn concurrent_callers_share_one_line(store: &Arc<dyn Store>) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut now = 0;
            while let Pace::Wait(until) = pace(&store, ask(1, 1_000, now)).await {
                now = until.0;
            }
            now
        });
    }
    let mut times = tasks.join_all().await;
    times.sort_unstable();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 1_000), "{times:?}");
}
