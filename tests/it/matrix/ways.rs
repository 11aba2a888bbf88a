//! The ways on: what a wait's sentence names is done, and the work completes or ends.
//!
//! Invariant: only one workflow was interfered with, and only what its sentence names is done to it.

use std::time::Duration;

use axum::http::Method;
use millhand::workflow::model::End;
use serde_json::{Value, json};

use super::acts::{Act, Scene};
use super::places::{Place, Places, row, state};
use crate::story::town::Town;

/// How long it is left alone before somebody does something about it.
const AFTER: Duration = Duration::from_secs(20 * 60);

/// What somebody does about a wait.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Reopens the pull request.
    Reopen,
    /// Gives the pull request its base back.
    BaseBack,
    /// Writes this on the issue.
    Says(&'static str),
    /// Reopens the issue.
    ReopenIssue,
    /// Sets the label again.
    Label,
    /// Marks the pull request ready for review.
    Ready,
    /// Takes the repository out of the archive.
    Unarchive,
    /// Lets the App work there again.
    Unsuspend,
    /// Gives the App its permissions back.
    Permit,
    /// Goes on as if nothing had been.
    AsBefore,
}

/// An interference, where, and the way on from it.
const WAYS: &[(Act, Place, Way)] = &[
    (Act::Push, Place::Held, Way::Says("/unhold")),
    (Act::Push, Place::Paused, Way::Says("/resume")),
    (Act::RequestChanges, Place::Paused, Way::Says("/resume")),
    (Act::BaseMoves, Place::Paused, Way::Says("/resume")),
    (Act::InlineChanges, Place::Verification, Way::AsBefore),
    (Act::Close, Place::Verification, Way::Reopen),
    (Act::Close, Place::Testing, Way::Says("/retry 1")),
    (Act::Retarget, Place::Verification, Way::BaseBack),
    (Act::DeleteBranch, Place::Verification, Way::Says("/retry 1")),
    (Act::Dismiss, Place::Held, Way::Says("/unhold")),
    (Act::DeleteStatus, Place::Verification, Way::AsBefore),
    (Act::TriagerCloses, Place::Verification, Way::ReopenIssue),
    (Act::LabelOff, Place::Verification, Way::Label),
    (Act::LockPull, Place::Verification, Way::AsBefore),
    (Act::ToDraft, Place::Verification, Way::Ready),
    (Act::DeleteBase, Place::Verification, Way::Says("/retry")),
    (Act::Close, Place::HandoffToReleaser, Way::Says("/retry")),
    (Act::RequestChanges, Place::Verification, Way::AsBefore),
    (Act::Conflict, Place::Deployment, Way::AsBefore),
    (Act::WorkflowFile, Place::Verification, Way::AsBefore),
    (Act::ChecksCancelled, Place::Verification, Way::Says("/retry 1")),
    (Act::LockIssue, Place::Verification, Way::AsBefore),
    (Act::DeletePlan, Place::HandoffToCoder, Way::Says("/approve plan")),
    (Act::Archive, Place::Verification, Way::Unarchive),
    (Act::Suspend, Place::Verification, Way::Unsuspend),
    (Act::ReducePermissions, Place::Verification, Way::Permit),
    (Act::MakePrivate, Place::Verification, Way::AsBefore),
];

impl Way {
    async fn go(self, town: &Town, issue: u64, pull: Option<u64>) {
        let edit = |change: Value| async move {
            let path = format!("/repos/acme/todo/pulls/{}", pull.unwrap());
            town.must("maintainer", Method::PATCH, &path, change).await;
        };
        match self {
            Self::Reopen => edit(json!({ "state": "open" })).await,
            Self::BaseBack => {
                let w = state(&row(town, issue).await);
                edit(json!({ "base": w.phases.values().next().unwrap().track.base })).await;
            }
            Self::Says(text) => drop(town.comment("maintainer", issue, text).await),
            Self::ReopenIssue => town.edit_issue("reviewer", issue, json!({ "state": "open" })).await,
            Self::Label => town.label("maintainer", issue, "millhand").await,
            Self::Ready => {
                let id = town.pull(pull.unwrap()).await["node_id"].clone();
                let query =
                    "mutation M($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { clientMutationId } }";
                let body = json!({ "query": query, "variables": { "id": id } });
                drop(town.graphql("maintainer", body).await);
            }
            Self::Unarchive => {
                let open = json!({ "archived": false });
                town.must("maintainer", Method::PATCH, "/repos/acme/todo", open).await;
            }
            Self::Unsuspend => drop(town.switch("installation", json!({ "action": "unsuspend" })).await),
            Self::Permit => {
                let all = json!({ "metadata": "read", "contents": "write", "issues": "write", "pull_requests": "write",
                    "checks": "write", "statuses": "read", "actions": "write", "merge_queues": "read" });
                let body = json!({ "action": "new_permissions_accepted", "permissions": all });
                drop(town.switch("installation", body).await);
            }
            Self::AsBefore => {}
        }
    }
}

/// Interferes in one place, takes the way, and goes on to the end.
async fn goes_on(all: &Places, seed: u64, (act, place, way): (Act, Place, Way)) {
    let town = all.town.twin(seed, true).await;
    let issue = all.issue(place);
    town.switch("ci", json!({})).await;
    act.prepared(&town).await;
    let scene = Scene::new(&town, place, issue).await;
    let pull = scene.number();
    act.done(&scene).await.expect("it can happen there");
    act.done_to_all(&town).await;
    town.pass(AFTER).await;
    town.switch("ci", json!({})).await;
    Box::pin(way.go(&town, issue, pull)).await;
    town.settle().await;
    town.rules("main", &[]).await;
    Box::pin(to_the_end(&town, issue)).await;
    let w = state(&row(&town, issue).await);
    assert_eq!(
        w.ended,
        Some(End::Complete),
        "{act:?} at {place:?}, {way:?}: {:#?}\n{:#?}",
        town.waits(issue).await,
        w.troubles
    );
    let open = town.open_pulls().await;
    let ours = w
        .targets()
        .into_iter()
        .filter_map(|t| w.track(t)?.pull.as_ref())
        .map(|p| p.number);
    for number in ours {
        assert!(
            !open.contains(&number),
            "{act:?} at {place:?}, {way:?}: #{number} is left open"
        );
    }
}

/// People approve what waits, until nothing does.
async fn to_the_end(town: &Town, issue: u64) {
    for _ in 0..4 {
        let w = town.known(issue).await;
        if !w.is_open() {
            return;
        }
        town.approve_phases(issue).await;
        if town
            .waits(issue)
            .await
            .first()
            .is_some_and(|wait| wait.contains("/approve release"))
        {
            town.comment("reviewer", issue, "/approve release").await;
        }
        town.settle().await;
    }
}

async fn all_go_on(part: usize) {
    let all = Places::new().await;
    for (number, way) in WAYS.iter().enumerate().filter(|(number, _)| number % 2 == part) {
        Box::pin(goes_on(&all, 5_000 + number as u64, *way)).await;
    }
}

#[tokio::test]
async fn what_the_sentences_name_goes_on() {
    all_go_on(0).await;
}

#[tokio::test]
async fn what_the_other_sentences_name_goes_on() {
    all_go_on(1).await;
}
