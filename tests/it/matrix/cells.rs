//! One interference, everywhere: done in a twin that hears webhooks and in one that does not, and what came of it.
//!
//! Invariant: what is compared was asserted to be in its state before, and both ways of hearing lead to the same.

use std::collections::BTreeMap;
use std::time::Duration;

use millhand::engine::record::replay;
use millhand::store::{Store as _, WorkflowFilter};
use serde_json::Value;

use super::acts::{Act, Kept, Scene};
use super::places::{PLACES, Place, Places, row, stands, view};
use crate::story::town::{Town, differing};

/// Long enough for the slowest look, a quiet window and a second look.
const AFTER: Duration = Duration::from_secs(12 * 60);

/// Time in which the requests of a town at rest are counted.
const REST: Duration = Duration::from_secs(5 * 60);

/// Requests of thirteen workflows in that time: one look a minute each, of at most four requests, and the sweeps.
const REQUESTS_MAX: usize = 320;

/// What came of an interference in each place.
pub(super) type Row = BTreeMap<Place, (String, Value)>;

/// Does it in both twins.
pub(super) async fn interfere(all: &Places, act: Act) -> Row {
    let heard = one_way(all, act, true).await;
    let found = one_way(all, act, false).await;
    for (place, (outcome, shown)) in &heard {
        let (other, same) = &found[place];
        // On the way a look may see less than each of the news tells: the end is the same.
        let end = |outcome: &str| outcome.split(" [").next().unwrap_or_default().to_owned();
        assert_eq!(end(outcome), end(other), "{act:?} at {place:?}: by webhook and by looking");
        let differing = differing(shown, same, "");
        assert!(
            differing.is_empty(),
            "{act:?} at {place:?}: by webhook and by looking: {differing:#?}"
        );
    }
    heard
}

async fn one_way(all: &Places, act: Act, webhooks: bool) -> Row {
    let town = all.town.twin(1_000 + act as u64, webhooks).await;
    // What is stuck stays so; what is pushed from now on is checked as the act says.
    town.switch("ci", serde_json::json!({})).await;
    act.prepared(&town).await;
    let (mut places, mut kept) = (Vec::new(), Vec::new());
    for place in PLACES {
        let issue = all.issue(place);
        let row = row(&town, issue).await;
        assert_eq!(stands(&town, &row), place.stands(), "{act:?}: {place:?} is not reached");
        if let Some(more) = act.done(&Scene::new(&town, place, issue).await).await {
            places.push((place, row.version));
            kept.extend(more);
        }
    }
    act.done_to_all(&town).await;
    town.pass(AFTER).await;
    let before = town.asked.lock().unwrap().len();
    town.pass(REST).await;
    let asked = town.asked.lock().unwrap().split_off(before);
    assert!(asked.len() <= REQUESTS_MAX, "{act:?}: a hot loop: {:#?}", tally(&asked));
    let mut outcomes = BTreeMap::new();
    for (place, version) in places {
        outcomes.insert(place, outcome(&town, all.issue(place), version).await);
    }
    still_there(&town, act, &kept).await;
    sound(&town, act).await;
    outcomes
}

fn tally(asked: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for one in asked {
        *counts.entry(one.as_str()).or_default() += 1;
    }
    counts
}

/// State, status, headline wait and the transitions since; and what the API shows, without times and counters.
async fn outcome(town: &Town, issue: u64, since: i64) -> (String, Value) {
    let row = row(town, issue).await;
    let mut shown = view(town, &row);
    let taken: Vec<String> = town
        .store()
        .events(row.id.clone(), since, 1_000)
        .await
        .unwrap()
        .iter()
        .flat_map(|event| {
            let stored: Value = serde_json::from_str(&event.transitions).unwrap();
            stored["taken"].as_array().unwrap().clone()
        })
        .map(|t| t["number"].to_string())
        .collect();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let route = if taken.is_empty() {
        String::new()
    } else {
        format!(" [{}]", taken.join(" "))
    };
    let outcome = format!(
        "{} {} {}{route}",
        word(&shown["state"]),
        word(&shown["status"]),
        word(&shown["waiting_for"]["what"])
    );
    for wait in shown["waits"].as_array().unwrap() {
        let sentence = wait["sentence"].as_str().unwrap();
        assert!(
            sentence.len() > 20 && (sentence.ends_with('.') || sentence.ends_with(".)")),
            "#{issue}: {sentence:?}"
        );
        assert!(!wait["who"].as_str().unwrap().is_empty(), "#{issue}: {wait}");
        assert!(wait["since"].as_str().unwrap() > "2026", "#{issue}: {wait}");
        assert!(wait["next_look"].is_string(), "#{issue}: nobody looks again: {wait}");
    }
    assert!(
        row.open != shown["waits"].as_array().unwrap().is_empty(),
        "#{issue}: an open workflow says why it does not move: {shown:#}"
    );
    plain(&mut shown);
    (outcome, shown)
}

/// Without times, counters, numbers of new pull requests and ids of commits, which differ from twin to twin.
fn plain(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for key in [
                "since",
                "next_look",
                "created_at",
                "updated_at",
                "cost",
                "github_requests",
                "hash",
                "pull_request",
                "head",
                "merged",
            ] {
                if let Some(member) = members.get_mut(key) {
                    *member = Value::from(!member.is_null());
                }
            }
            members.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::String(text) => {
            let digits = |word: &str| word.contains(|c: char| c.is_ascii_digit()) && (word.len() > 6 || word.starts_with('#'));
            let words: Vec<&str> = text.split(' ').map(|word| if digits(word) { "…" } else { word }).collect();
            *text = words.join(" ");
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What people wrote is on its branch, or where that branch was merged to.
async fn still_there(town: &Town, act: Act, kept: &[Kept]) {
    for Kept { branch, file } in kept {
        let there = town.file(branch, file).await.is_some() || town.file("main", file).await.is_some();
        assert!(there, "{act:?}: {file} of {branch} is lost");
    }
}

/// The logs replay, and the wire was as GitHub describes it.
async fn sound(town: &Town, act: Act) {
    let all = WorkflowFilter {
        limit: 100,
        ..WorkflowFilter::default()
    };
    for row in town.store().workflows(all).await.unwrap() {
        let found = replay(town.store().as_ref(), &row.id).await.unwrap();
        assert_eq!(found.differences, vec![], "{act:?}: the log of {} does not replay", row.id);
    }
    let mut faults = town.wire_faults();
    if act == Act::RenameRepository {
        // GitHub's description has no redirects; its documentation has.
        faults.retain(|fault| !fault.ends_with("status 301 is not described") && !fault.ends_with("status 307 is not described"));
    }
    assert!(faults.is_empty(), "{act:?}: {}", faults.join("\n"));
}
