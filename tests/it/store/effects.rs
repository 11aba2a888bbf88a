//! Cases of the outbox: who may run what, when, and who may write about it.

use std::collections::BTreeSet;
use std::sync::Arc;

use millhand::clock::Millis;
use millhand::store::{Blob, Finish, NewEffect, Postpone, StepOutput, Store};

use super::bench::{
    begin, claim, claim_keys, delivery, effect, finish_of, in_lane, ingest, look, order, postpone_of, say, settle, subject,
    withdraw,
};

pub(crate) async fn what_is_due_is_claimed_oldest_first(store: &Arc<dyn Store>) {
    order(
        store,
        vec![
            effect("c", 30),
            effect("a", 10),
            effect("later", 41),
            effect("d", 40),
            effect("b", 10),
        ],
    )
    .await;
    assert_eq!(claim_keys(store, 9, 100).await, [""; 0]);
    let first = claim(store, 40, 100, 2).await;
    assert_eq!(first.iter().map(|effect| effect.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(first.iter().map(|effect| effect.attempts).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(first[0].order, "{\"do\":\"a\"}");
    assert_ne!(first[0].token, first[1].token);
    assert_eq!(claim_keys(store, 40, 100).await, ["c", "d"]);
    assert_eq!(claim_keys(store, 40, 100).await, [""; 0]);
    assert!(claim(store, 41, 100, 0).await.is_empty());
    assert_eq!(claim_keys(store, 41, 100).await, ["later"]);
}

pub(crate) async fn each_effect_is_claimed_once(store: &Arc<dyn Store>) {
    order(store, (0..100).map(|number| effect(&format!("effect-{number}"), 0)).collect()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut got = Vec::new();
            loop {
                let claimed = claim(&store, 0, 100, 3).await;
                if claimed.is_empty() {
                    return got;
                }
                got.extend(claimed.into_iter().map(|effect| (effect.key, effect.token)));
            }
        });
    }
    let got: Vec<(String, String)> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(got.len(), 100);
    assert_eq!(got.iter().map(|(key, _)| key).collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(got.iter().map(|(_, token)| token).collect::<BTreeSet<_>>().len(), 100);
}

pub(crate) async fn a_lane_runs_one_at_a_time(store: &Arc<dyn Store>) {
    let lane = |key, at| in_lane("7#1", effect(key, at));
    let other = in_lane("merge main", effect("other", 4));
    order(
        store,
        vec![
            lane("second", 2),
            lane("first", 1),
            lane("third", 3),
            other,
            effect("free", 5),
        ],
    )
    .await;
    let claimed = claim(store, 10, 20, 10).await;
    let keys: Vec<&str> = claimed.iter().map(|effect| effect.key.as_str()).collect();
    assert_eq!(keys, ["first", "other", "free"]);
    assert_eq!(claim_keys(store, 10, 20).await, [""; 0]);

    assert!(store.finish(finish_of(&claimed[0], Vec::new())).await.unwrap());
    let second = claim(store, 10, 20, 10).await;
    assert_eq!(second[0].key, "second");
    // Given back, it leaves the lane to the next.
    assert!(store.postpone(postpone_of(&second[0], 50, true)).await.unwrap());
    assert_eq!(claim_keys(store, 10, 20).await, ["third"]);
    // A lease that ran out frees the lane too: of "third" and "second" the older one is taken.
    assert_eq!(claim_keys(store, 60, 70).await, ["third", "other", "free"]);
}

pub(crate) async fn an_undecided_subject_has_to_be_decided_first(store: &Arc<dyn Store>) {
    let elsewhere = NewEffect {
        subject: subject(2),
        ..effect("elsewhere", 0)
    };
    order(store, vec![effect("here", 0), elsewhere]).await;
    ingest(store, &subject(1), "news", 1).await;
    assert_eq!(claim_keys(store, 5, 10).await, ["elsewhere"]);
    settle(store, 5).await;
    assert_eq!(claim_keys(store, 5, 10).await, ["here"]);
}

pub(crate) async fn a_lost_lease_is_taken_by_another(store: &Arc<dyn Store>) {
    order(store, vec![effect("one", 0)]).await;
    let zombie = claim(store, 0, 30, 10).await.remove(0);
    assert_eq!(claim_keys(store, 29, 59).await, [""; 0]);
    let heir = claim(store, 30, 60, 10).await.remove(0);
    assert_eq!((heir.key.as_str(), heir.attempts), ("one", 2));
    assert_ne!(heir.token, zombie.token);

    let late = Finish {
        blobs: vec![Blob::new(b"late".to_vec())],
        ..finish_of(&zombie, vec![delivery(&subject(1), "of the zombie", 31)])
    };
    assert!(!store.finish(late).await.unwrap());
    let postponed = Postpone {
        deliveries: vec![delivery(&subject(1), "of the zombie", 31)],
        ..postpone_of(&zombie, 99, true)
    };
    assert!(!store.postpone(postponed).await.unwrap());
    assert!(!store.renew(zombie.key.clone(), zombie.token, Millis(99)).await.unwrap());
    assert_eq!(store.decided(subject(1), "of the zombie".to_owned()).await.unwrap(), None);
    assert_eq!(store.blob(Blob::new(b"late".to_vec()).hash).await.unwrap(), None);
    assert_eq!(look(store, 31).await, None);

    assert!(
        store
            .finish(finish_of(&heir, vec![delivery(&subject(1), "of the heir", 32)]))
            .await
            .unwrap()
    );
    assert_eq!(look(store, 33).await.unwrap().1, ["of the heir"]);
}

pub(crate) async fn whoever_lost_the_lane_cannot_renew(store: &Arc<dyn Store>) {
    let there = NewEffect {
        subject: subject(2),
        ..effect("there", 1)
    };
    order(store, vec![in_lane("lane", effect("here", 0)), in_lane("lane", there)]).await;
    let here = claim(store, 5, 10, 10).await.remove(0);
    assert_eq!(here.key, "here");
    ingest(store, &subject(1), "news", 6).await;
    // "here" may not be retaken, its subject is undecided; so the lane goes to "there".
    let there = claim(store, 12, 20, 10).await.remove(0);
    assert_eq!(there.key, "there");
    assert!(!store.renew(here.key.clone(), here.token.clone(), Millis(25)).await.unwrap());
    assert!(store.renew(there.key.clone(), there.token, Millis(25)).await.unwrap());
    // What it did is a fact all the same: nobody else has begun it.
    assert!(store.finish(finish_of(&here, Vec::new())).await.unwrap());
}

pub(crate) async fn a_renewed_lease_is_kept(store: &Arc<dyn Store>) {
    order(store, vec![in_lane("lane", effect("one", 0))]).await;
    let one = claim(store, 0, 30, 10).await.remove(0);
    assert!(store.renew(one.key.clone(), one.token.clone(), Millis(60)).await.unwrap());
    assert_eq!(claim_keys(store, 59, 90).await, [""; 0]);
    assert!(
        !store
            .renew(one.key.clone(), "not the token".to_owned(), Millis(90))
            .await
            .unwrap()
    );
    assert!(!store.renew("nobody".to_owned(), one.token.clone(), Millis(90)).await.unwrap());
    // Run out but not taken by anybody: it is still its own.
    assert!(store.renew(one.key.clone(), one.token.clone(), Millis(90)).await.unwrap());
    assert_eq!(claim_keys(store, 89, 120).await, [""; 0]);
    assert_eq!(claim_keys(store, 90, 120).await, ["one"]);
}

pub(crate) async fn an_effect_is_finished_once(store: &Arc<dyn Store>) {
    order(store, vec![effect("one", 0)]).await;
    let one = claim(store, 0, 30, 10).await.remove(0);
    let blob = Blob::new(b"answer".to_vec());
    let done = Finish {
        blobs: vec![blob.clone()],
        ..finish_of(&one, vec![delivery("7#2", "result", 1)])
    };
    assert!(store.finish(done.clone()).await.unwrap());
    assert!(!store.finish(done).await.unwrap());
    assert_eq!(store.blob(blob.hash).await.unwrap(), Some(b"answer".to_vec()));
    assert_eq!(look(store, 1).await, Some(("7#2".to_owned(), vec!["result".to_owned()])));
    assert_eq!(claim_keys(store, 1_000, 2_000).await, [""; 0]);
    assert_eq!(store.next_due().await.unwrap(), None);
}

pub(crate) async fn a_withdrawn_effect_is_never_begun(store: &Arc<dyn Store>) {
    order(store, vec![effect("one", 0), effect("two", 0)]).await;
    withdraw(store, "one").await;
    let two = claim(store, 5, 10, 10).await.remove(0);
    assert_eq!(two.key, "two");
    assert!(store.finish(finish_of(&two, vec![])).await.unwrap());
    assert_eq!(store.next_due().await.unwrap(), None);
    order(store, vec![effect("one", 0)]).await;
    assert_eq!(claim_keys(store, 5, 10).await, [""; 0], "its key is known and withdrawn");
}

pub(crate) async fn what_was_withdrawn_while_it_ran_is_finished(store: &Arc<dyn Store>) {
    order(
        store,
        vec![in_lane("lane", effect("one", 0)), in_lane("lane", effect("two", 0))],
    )
    .await;
    let one = claim(store, 0, 30, 10).await.remove(0);
    withdraw(store, "one").await;
    assert_eq!(claim_keys(store, 1, 31).await, [""; 0], "it still runs, and holds its lane");
    assert_eq!(store.next_due().await.unwrap(), Some(Millis(30)));
    assert!(store.renew(one.key.clone(), one.token.clone(), Millis(40)).await.unwrap());
    assert!(
        store
            .finish(finish_of(&one, vec![delivery(&subject(1), "it happened", 2)]))
            .await
            .unwrap()
    );
    assert_eq!(look(store, 3).await.unwrap().1, ["it happened"]);
    assert_eq!(claim_keys(store, 3, 33).await, ["two"]);
}

pub(crate) async fn what_was_withdrawn_while_it_ran_comes_back_to_be_looked_at(store: &Arc<dyn Store>) {
    order(store, vec![effect("given back", 0), effect("lost", 0), effect("put off", 0)]).await;
    let all = claim(store, 0, 30, 10).await;
    assert!(all.iter().all(|effect| !effect.withdrawn));
    withdraw(store, "given back").await;
    withdraw(store, "lost").await;
    withdraw(store, "put off").await;
    let later = Postpone {
        deliveries: vec![delivery(&subject(1), "waits", 1)],
        ..postpone_of(&all[0], 5, true)
    };
    assert!(store.postpone(later).await.unwrap());
    assert_eq!(look(store, 2).await.unwrap().1, ["waits"]);
    assert!(
        store.postpone(postpone_of(&all[2], 5, false)).await.unwrap(),
        "it waited, and nothing was sent"
    );
    assert_eq!(store.next_due().await.unwrap(), Some(Millis(5)));
    let first = claim(store, 6, 106, 10).await;
    assert_eq!(
        first.iter().map(|effect| effect.key.as_str()).collect::<Vec<_>>(),
        ["given back"]
    );
    let second = claim(store, 31, 131, 10).await;
    assert_eq!(second.iter().map(|effect| effect.key.as_str()).collect::<Vec<_>>(), ["lost"]);
    for effect in first.iter().chain(&second) {
        assert!(effect.withdrawn, "{effect:?}");
        assert!(store.finish(finish_of(effect, vec![])).await.unwrap());
    }
    assert_eq!(store.next_due().await.unwrap(), None, "nothing that anybody could do");
}

pub(crate) async fn only_real_attempts_count(store: &Arc<dyn Store>) {
    order(store, vec![effect("one", 0)]).await;
    let mut attempts = Vec::new();
    for (now, counts) in [(0, true), (10, false), (20, false), (30, true), (40, true)] {
        let one = claim(store, now, now + 5, 10).await.remove(0);
        attempts.push(one.attempts);
        let told = vec![delivery(&subject(1), &format!("waits at {now}"), now)];
        let later = Postpone {
            deliveries: told,
            ..postpone_of(&one, now + 10, counts)
        };
        assert!(store.postpone(later.clone()).await.unwrap());
        assert!(!store.postpone(later).await.unwrap(), "it was given back already");
        assert_eq!(look(store, now).await.unwrap().1.len(), 1);
        assert_eq!(claim_keys(store, now + 9, now + 20).await, [""; 0], "not before its time");
    }
    assert_eq!(attempts, [1, 2, 2, 2, 3]);
}

pub(crate) async fn a_known_key_is_left_alone(store: &Arc<dyn Store>) {
    order(
        store,
        vec![
            effect("one", 0),
            effect("one", 9),
            NewEffect {
                order: "other".to_owned(),
                ..effect("one", 9)
            },
        ],
    )
    .await;
    let one = claim(store, 0, 30, 10).await.remove(0);
    assert_eq!(one.order, "{\"do\":\"one\"}");
    order(store, vec![effect("one", 0)]).await;
    assert!(store.finish(finish_of(&one, Vec::new())).await.unwrap());
    say(
        store,
        &subject(1),
        50,
        StepOutput {
            effects: vec![effect("one", 0)],
            ..StepOutput::default()
        },
    )
    .await;
    assert_eq!(claim_keys(store, 100, 200).await, [""; 0]);
}

pub(crate) async fn one_installation_does_not_crowd_out_the_others(store: &Arc<dyn Store>) {
    let of = |installation: i64, number: i64, at| NewEffect {
        installation,
        ..effect(&format!("{installation}/{number}"), at)
    };
    let mut effects: Vec<NewEffect> = (0..20).map(|number| of(1, number, 0)).collect();
    effects.extend((0..6).map(|number| of(2, number, 10)));
    effects.extend((0..1).map(|number| of(3, number, 20)));
    order(store, effects).await;
    let mut shares = Vec::new();
    for _ in 0..4 {
        let claimed = claim(store, 30, 100, 8).await;
        let share = |installation| claimed.iter().filter(|effect| effect.installation == installation).count();
        shares.push([share(1), share(2), share(3)]);
    }
    // Half for the first as long as others wait; everything once they do not.
    assert_eq!(shares, [[4, 4, 0], [5, 2, 1], [8, 0, 0], [3, 0, 0]]);
    // Alone it waits for nobody, and the oldest comes first.
    order(store, (0..3).map(|number| of(4, number, 5 - number)).collect()).await;
    assert_eq!(claim_keys(store, 30, 100).await, ["4/2", "4/1", "4/0"]);
}

pub(crate) async fn a_claim_names_the_newest_row_it_has_seen(store: &Arc<dyn Store>) {
    order(store, vec![effect("one", 0), effect("two", 10)]).await;
    let before = claim(store, 0, 100, 10).await.remove(0).as_of;
    assert!(before > 0);
    ingest(store, "7#2", "news", 1).await;
    ingest(store, "7#2", "news", 1).await;
    let (input, _) = super::bench::step_with(store, 2, |_| StepOutput::default()).await;
    let news = input.unwrap().rows[0].seq;
    assert!(news > before);
    assert_eq!(claim(store, 10, 100, 10).await.remove(0).as_of, news);
}

pub(crate) async fn next_due_counts_what_can_be_done(store: &Arc<dyn Store>) {
    let due = || async { store.next_due().await.unwrap().map(|due| due.0) };
    assert_eq!(due().await, None);
    ingest(store, "7#9", "news", 77).await;
    assert_eq!(
        due().await,
        Some(0),
        "an undecided subject is due now, whatever the clock says"
    );
    settle(store, 78).await;
    assert_eq!(due().await, None);

    order(
        store,
        vec![
            in_lane("lane", effect("a", 100)),
            in_lane("lane", effect("b", 110)),
            effect("c", 500),
        ],
    )
    .await;
    assert_eq!(due().await, Some(100));
    let a = claim(store, 100, 130, 10).await.remove(0);
    assert_eq!(due().await, Some(130), "the lease ends, and until then the lane is taken");
    assert!(store.renew(a.key.clone(), a.token.clone(), Millis(160)).await.unwrap());
    assert_eq!(due().await, Some(160));
    assert!(store.postpone(postpone_of(&a, 700, false)).await.unwrap());
    assert_eq!(due().await, Some(110));
    let b = claim(store, 110, 120, 10).await.remove(0);
    assert!(store.finish(finish_of(&b, Vec::new())).await.unwrap());
    assert_eq!(due().await, Some(500));
    withdraw(store, "c").await;
    assert_eq!(due().await, Some(700));
    withdraw(store, "a").await;

    // Whose lease ran out waits for the one that has the lane now.
    order(store, vec![in_lane("other", effect("x", 800))]).await;
    assert_eq!(claim_keys(store, 800, 830).await, ["x"]);
    order(store, vec![in_lane("other", effect("y", 750))]).await;
    assert_eq!(claim_keys(store, 840, 870).await, ["y"]);
    assert_eq!(claim_keys(store, 869, 900).await, [""; 0]);
    assert_eq!(due().await, Some(870));
}

pub(crate) async fn finishing_wakes_those_who_wait_but_idling_does_not(store: &Arc<dyn Store>) {
    order(store, vec![effect("one", 0), effect("two", 0)]).await;
    let mut idle = store.woken();
    assert!(!store.step(Millis(1), super::bench::nothing()).await.unwrap());
    let both = claim(store, 0, 30, 10).await;
    assert!(claim(store, 0, 30, 10).await.is_empty());
    assert!(!begin(&mut idle).await, "who looks and finds nothing must not wake itself");

    assert!(store.finish(finish_of(&both[0], Vec::new())).await.unwrap());
    idle.await;
    let mut woken = store.woken();
    assert!(!store.finish(finish_of(&both[0], Vec::new())).await.unwrap());
    assert!(!begin(&mut woken).await);
    assert!(store.postpone(postpone_of(&both[1], 9, true)).await.unwrap());
    woken.await;
}
