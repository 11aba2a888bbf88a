//! The line: a labelled issue becomes merged pull requests.

use axum::http::Method;
use millhand::workflow::model::End;
use serde_json::Value;

use super::town::{Setting, Town};

#[tokio::test]
async fn a_labelled_issue_becomes_merged_pull_requests() {
    let town = Town::new(Setting::default()).await;
    let issue = town
        .open_issue(
            "maintainer",
            "Greet people",
            "- greet by name\n- say goodbye\n- do both (after 1, 2)\n",
        )
        .await;
    town.settle().await;
    assert!(town.workflow(issue).await.is_none(), "opening starts nothing");

    town.label("maintainer", issue, "millhand").await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].starts_with("Plan version 1 waits"),
        "{waits:#?}\n{:#?}",
        town.asked.lock().unwrap()
    );

    assert!(town.said_once(issue).starts_with("### Plan, version 1"));

    town.comment("maintainer", issue, "/approve").await;
    town.settle().await;
    for _ in 0..3 {
        let open = town.get("/repos/acme/todo/pulls?state=open").await;
        let ready: Vec<u64> = open
            .as_array()
            .unwrap()
            .iter()
            .filter(|p| p["draft"] == false && p["base"]["ref"] != "main")
            .map(|p| p["number"].as_u64().unwrap())
            .collect();
        for pull in ready {
            town.review("reviewer", pull, "APPROVE", "good").await;
        }
        town.settle().await;
    }
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("/approve release"),
        "{waits:#?}\n{:#?}",
        town.asked.lock().unwrap()
    );
    let asked = town.said_once(issue);
    assert!(asked.contains("/approve release"), "{asked}");
    town.comment("reviewer", issue, "/approve release").await;
    town.settle().await;

    let w = town.workflow(issue).await.unwrap();
    assert_eq!(w.ended, Some(End::Complete), "{:#?}", town.waits(issue).await);
    let closed = town.get(&format!("/repos/acme/todo/issues/{issue}")).await;
    assert_eq!(closed["state"], "closed");
    for phase in w.phases.values() {
        for file in &phase.plan.files {
            town.must(
                "reader",
                Method::GET,
                &format!("/repos/acme/todo/contents/{file}"),
                Value::Null,
            )
            .await;
        }
        // The second waited for the first one's merge, and was read once more before its own.
        let most = if phase.plan.number.0 == 2 { 6 } else { 5 };
        assert!(
            phase.track.requests <= most,
            "phase {} took {} requests",
            phase.plan.id,
            phase.track.requests
        );
    }
    town.finish().await;
}
