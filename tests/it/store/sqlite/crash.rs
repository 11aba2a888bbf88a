//! A process that is killed: what it was told to be stored is stored.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use millhand::clock::Millis;
use millhand::store::Store;

use super::{Place, open};
use crate::store::bench::{claim, delivery, effect, finish_of, follow, ingest, subject};

/// Names the database to the process that is to be killed.
const VICTIM: &str = "MILLHAND_TEST_VICTIM";
const ISSUES: i64 = 3;
/// How many promises are heard before the process is killed.
const PROMISES: usize = 300;

#[test]
fn a_killed_process_keeps_its_promises() {
    if let Some(path) = std::env::var_os(VICTIM) {
        return promise_for_ever(Path::new(&path));
    }
    let place = Place::new();
    // Three deaths in a row, each on what the one before left behind.
    for round in 0..3 {
        let promised = promises_until_killed(&place);
        assert!(promised.len() >= PROMISES, "{} in round {round}", promised.len());
        tokio::runtime::Runtime::new().unwrap().block_on(check(&place, &promised));
    }
}

/// Starts this test again as a process of its own, and kills it in the middle.
fn promises_until_killed(place: &Place) -> Vec<String> {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::sqlite::crash::a_killed_process_keeps_its_promises",
            "--nocapture",
        ])
        .env(VICTIM, &place.path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut promised = Vec::new();
    for line in lines {
        // What the test runner says of itself is not a promise; a last line cut short by death is none either.
        if let Some(promise) = line.strip_prefix("promise ").and_then(|rest| rest.strip_suffix('.')) {
            promised.push(promise.to_owned());
        }
        if promised.len() == PROMISES {
            victim.kill().unwrap();
        }
    }
    assert!(!victim.wait().unwrap().success(), "it was killed");
    promised
}

fn promise_for_ever(path: &Path) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store: Arc<dyn Store> = open(path).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            tasks.spawn(work(Arc::clone(&store), task));
        }
        tasks.join_all().await;
    });
}

async fn work(store: Arc<dyn Store>, task: i64) {
    for turn in 0.. {
        let fact = format!("{}-{task}-{turn}", std::process::id());
        if ingest(&store, &subject(turn % ISSUES), &fact, 0).await {
            promise(&format!("fact {} {fact}", subject(turn % ISSUES)));
        }
        let ordered = fact.clone();
        let decide = move |input| {
            let mut said = follow(&input);
            said.effects.push(effect(&ordered, 0));
            said
        };
        store.step(Millis(0), Box::new(decide)).await.unwrap();
        for effect in claim(&store, 0, 1_000, 3).await {
            let told = vec![delivery(&subject(0), &format!("fx:{}", effect.key), 0)];
            if store.finish(finish_of(&effect, told)).await.unwrap() {
                promise(&format!("fact {} fx:{}", subject(0), effect.key));
            }
        }
    }
}

/// Past the test runner's capture, in one write, so that it is out before the process dies or not at all.
fn promise(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("promise {text}.\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

async fn check(place: &Place, promised: &[String]) {
    let file = place.open().await;
    let store: Arc<dyn Store> = file.clone();
    for promise in promised {
        let (subject, fact) = promise.strip_prefix("fact ").unwrap().split_once(' ').unwrap();
        let fate = store.decided(subject.to_owned(), fact.to_owned()).await.unwrap();
        assert!(fate.is_some(), "{promise} was broken");
    }
    for issue in 0..ISSUES {
        let id = format!("workflow-{issue}");
        let Some(workflow) = store.workflow(id.clone()).await.unwrap() else {
            continue;
        };
        let events = store.events(id, 0, u32::MAX).await.unwrap();
        assert_eq!(i64::try_from(events.len()).unwrap(), workflow.version);
        assert_eq!(
            events.last().unwrap().hash,
            workflow.state,
            "the state is of the last row of the log"
        );
        for event in &events {
            assert!(
                store
                    .decided(workflow.subject.clone(), event.fact_id.clone())
                    .await
                    .unwrap()
                    .unwrap()
                    .done
            );
        }
    }
    file.close().await.unwrap();
}
