//! Changes of protected paths: shown with their hash, approved by those who may, written anew if they are refused.
//!
//! Invariant: nothing of such a change is on any branch before it is approved.

use axum::http::Method;
use millhand::engine::Reply;
use millhand::workflow::command::{ApproveWhat, Command, PhaseRef};
use millhand::workflow::settings::Settings;
use millhand::workflow::state::State;
use serde_json::Value;

use super::scenes::ONE;
use super::town::{Setting, Town};

/// What the phase of [`ONE`] writes.
const PATH: &str = "src/greet-by-name.rs";

fn guarded() -> Setting {
    Setting {
        settings: Settings {
            protected_paths: vec![PATH.to_owned()],
            ..Settings::default()
        },
        ..Setting::default()
    }
}

impl Town {
    /// The first digits of the hash of the change that the only phase waits with.
    async fn waiting_change(&self, issue: u64) -> String {
        let w = self.known(issue).await;
        let phase = w.phases.values().next().unwrap();
        assert_eq!(phase.state, State::HandoffToTester);
        assert!(phase.track.pull.is_none(), "nothing is pushed");
        phase.track.change.as_ref().unwrap().blob.0[..8].to_owned()
    }

    /// The branches that there are.
    async fn branch_names(&self) -> Vec<String> {
        let all = self.get("/repos/acme/todo/branches?per_page=100").await;
        let names = all.as_array().unwrap().iter();
        names.map(|b| b["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_protected_change_is_shown_and_pushed_only_when_it_is_approved() {
    for webhooks in [true, false] {
        let town = Town::new(Setting { webhooks, ..guarded() }).await;
        let issue = town.labelled("Greet", ONE).await;
        let plan = town.said_once(issue);
        assert!(
            plan.contains(&format!("Protected, so shown for approval before they are pushed: `{PATH}`")),
            "{plan}"
        );
        town.comment("maintainer", issue, "/approve plan").await;
        town.settle().await;
        let hash = town.waiting_change(issue).await;
        let shown = town.said_once(issue);
        for words in [
            "Phase `01-greet-by-name` would change 1 protected path.",
            &format!("`/approve 01-greet-by-name {hash}` lets this change be pushed"),
            "is protected because the setting protected_paths names it",
            "```diff\n@@ ",
            "\n+pub fn ",
            "Beside that it changes `tests/greet-by-name.rs`.",
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let waits = town.waits(issue).await;
        assert!(waits[0].contains("waits for a writer's approval"), "{waits:#?}");
        let branch = town.branch_of(issue, 1).await;
        assert!(!town.branch_names().await.contains(&branch));
        town.refused("maintainer", issue, "/approve 1", "Whoever started the work may not approve")
            .await;
        town.refused("reviewer", issue, "/approve 1 0000000", "has the hash").await;
        town.refused("reader", issue, &format!("/approve 1 {hash}"), "for people with write")
            .await;
        town.obeyed("reviewer", issue, &format!("/approve 1 {hash}")).await;
        assert!(town.branch_names().await.contains(&branch));
        assert_eq!(town.folded(issue).iter().filter(|text| **text == shown).count(), 1);
        town.until_complete(issue).await;
        let status = town.status(issue);
        assert!(status.contains("reviewer approved a change of protected paths"), "{status}");
        town.over().await;
    }
}

#[tokio::test]
async fn a_protected_change_that_is_refused_is_written_anew() {
    let town = Town::new(guarded()).await;
    let issue = town.begun("Greet", ONE).await;
    let first = town.waiting_change(issue).await;
    town.said_anywhere();
    town.refused("reader", issue, "/revise 1 smaller", "for people with write")
        .await;
    town.refused("maintainer", issue, "/revise 1", "Please say what to change")
        .await;
    town.comment("maintainer", issue, "/revise 1 say it in one line").await;
    town.settle().await;
    let second = town.waiting_change(issue).await;
    assert_ne!(first, second);
    let said = town.said(issue);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("say it in one line"), "{said:#?}");
    assert!(town.transitions(issue).await.ends_with(&[3, 4, 19, 4]));
    town.refused("reviewer", issue, &format!("/approve 1 {first}"), "has the hash")
        .await;
    // The operator gives both commands by the API.
    let revise = |text: &str| Command::Revise {
        phase: Some(PhaseRef::Number(1)),
        text: text.to_owned(),
    };
    assert!(matches!(town.command(issue, revise("shorter"), "k1").await, Reply::Done(_)));
    let third = town.waiting_change(issue).await;
    let approve = Command::Approve {
        what: Some(ApproveWhat::Phase(PhaseRef::Number(1))),
        hash: Some(third),
    };
    assert!(matches!(town.command(issue, approve, "k2").await, Reply::Done(_)));
    let nothing = town.command(issue, revise("again"), "k3").await;
    assert!(
        matches!(&nothing, Reply::Refused(why) if why.contains("no change that waits")),
        "{nothing:?}"
    );
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn code_owners_approve_what_they_own() {
    let town = Town::new(guarded()).await;
    let owners = format!(
        "* @acme/everybody
/{PATH} @reader @Maintainer @outsider
"
    );
    town.write("maintainer", "main", "CODEOWNERS", &owners).await;
    let issue = town.begun("Greet", ONE).await;
    let hash = town.waiting_change(issue).await;
    let said = town.said(issue);
    let shown = said.last().unwrap();
    assert!(
        shown.contains("Its code owners: `Maintainer`; one of them approves it."),
        "{shown}"
    );
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("a writer and of its code owners: Maintainer"), "{waits:#?}");
    // A writer alone is not enough, and an approval that is deleted before it was used is none.
    let first = town.comment("reviewer", issue, &format!("/approve 1 {hash}")).await;
    town.settle().await;
    let waits = town.waits(issue).await;
    assert!(
        waits[0].contains("waits for the approval of its code owners: Maintainer"),
        "{waits:#?}"
    );
    town.refused(
        "reviewer",
        issue,
        "/approve 1",
        "What is missing is the approval of its code owners: Maintainer",
    )
    .await;
    let path = format!("/repos/acme/todo/issues/comments/{first}");
    town.must("reviewer", Method::DELETE, &path, Value::Null).await;
    town.settle().await;
    town.obeyed("maintainer", issue, &format!("/approve 1 {hash}")).await;
    let waits = town.waits(issue).await;
    assert!(waits[0].contains("waits for a writer's approval"), "{waits:#?}");
    town.obeyed("reviewer", issue, &format!("/approve 1 {hash}")).await;
    town.until_complete(issue).await;
    town.over().await;
}

#[tokio::test]
async fn what_is_shown_is_folded_when_nobody_waits_for_it_any_more() {
    for (word, done) in [
        ("/cancel", true),
        ("/retry 1 fresh -- otherwise", false),
        ("/revise start over", false),
    ] {
        let town = Town::new(guarded()).await;
        let issue = town.begun("Greet", ONE).await;
        let shown = town.said(issue).pop().unwrap();
        assert!(shown.contains("would change 1 protected path"), "{shown}");
        town.comment("maintainer", issue, word).await;
        town.settle().await;
        assert!(town.folded(issue).contains(&shown), "{word}");
        assert_eq!(town.known(issue).await.ended.is_some(), done);
        town.said_anywhere();
        town.finish().await;
    }
}

#[tokio::test]
async fn a_repair_of_what_is_protected_is_shown_in_the_pull_request() {
    let town = Town::new(guarded()).await;
    let issue = town.begun("Greet", ONE).await;
    let hash = town.waiting_change(issue).await;
    town.comment("reviewer", issue, &format!("/approve 1 {hash}")).await;
    town.settle().await;
    town.said_anywhere();
    let pull = town.pull_of(issue, 1).await;
    town.review("reviewer", pull, "REQUEST_CHANGES", "Say hello twice.").await;
    town.settle().await;
    let before = town.commits(pull).await.len();
    let said = town.said(pull);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("Say hello twice."), "{said:#?}");
    // In the pull request it need not be named.
    town.comment("reviewer", pull, "/approve").await;
    town.settle().await;
    assert_eq!(town.commits(pull).await.len(), before + 1);
    assert!(town.folded(pull).iter().any(|text| text.contains("protected path")));
    town.until_complete(issue).await;
    town.over().await;
}
