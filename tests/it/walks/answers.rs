//! The plainest answer to what a workflow waits for.
//!
//! Invariant: whoever answers does what the wait's sentence says, no more.

use axum::http::Method;
use millhand::clock::Clock as _;
use millhand::workflow::model::Workflow;
use millhand::workflow::waits::{WaitKind, Waiting, What, waits};
use serde_json::json;

use super::walk::Walk;

impl Walk {
    /// Somebody answers the headline of an issue's workflow. `false`: it waits for nobody.
    pub(super) async fn answer(&mut self, issue: u64) -> bool {
        let Some(w) = self.town.workflow(issue).await.filter(Workflow::is_open) else {
            return false;
        };
        let all = waits(&w, self.town.clock.now());
        let Some(wait) = all.first().filter(|wait| wait.kind != WaitKind::Machine) else {
            return false;
        };
        self.note(&format!("#{issue}: {}", wait.sentence));
        match wait.what {
            What::Question => self.says("maintainer", issue, "- greet by name\n- say goodbye\n").await,
            What::PhaseReview => self.approve(&w, wait).await,
            What::ReleaseApproval => {
                self.says("reviewer", issue, "/approve release").await;
                self.says("maintainer", issue, "/approve release").await;
            }
            What::Paused => self.unpause(issue).await,
            What::PullRequestClosed => self.undo(&w, wait).await,
            What::Budget => self.says("maintainer", issue, "/budget 20").await,
            What::PlanApproval
            | What::ProtectedChange
            | What::NoCi
            | What::Conflict
            | What::Attempts
            | What::Held
            | What::MergeRefused
            | What::OtherWork
            | What::RateLimit
            | What::Slot
            | What::Dependency
            | What::Ci
            | What::Model
            | What::Github
            | What::Clock => self.obey(issue, wait).await,
        }
        true
    }

    /// Types the command of the sentence; where there is none, an end is made.
    async fn obey(&mut self, issue: u64, wait: &Waiting) {
        let command = wait.command.clone().unwrap_or_else(|| "/retry".to_owned());
        let command = command.replace("<hint>", "try once more").replace("<text>", "be kinder");
        self.says("maintainer", issue, &command).await;
    }

    async fn approve(&mut self, w: &Workflow, wait: &Waiting) {
        let track = wait.phase.and_then(|n| w.phases.get(&n)).map_or(&w.release, |p| &p.track);
        let Some(pull) = track.pull.as_ref().map(|p| p.number) else {
            return;
        };
        for login in ["reviewer", "maintainer"] {
            let body = json!({ "event": "APPROVE", "body": "good" });
            self.asks(login, Method::POST, &format!("/pulls/{pull}/reviews"), body).await;
        }
    }

    async fn unpause(&mut self, issue: u64) {
        self.asks(
            "maintainer",
            Method::PATCH,
            &format!("/issues/{issue}"),
            json!({ "state": "open" }),
        )
        .await;
        self.asks(
            "maintainer",
            Method::POST,
            &format!("/issues/{issue}/labels"),
            json!({ "labels": ["millhand"] }),
        )
        .await;
        self.says("maintainer", issue, "/resume").await;
    }

    /// Undoes what a person did to a pull request; where GitHub does not let it, the phase is started afresh.
    async fn undo(&mut self, w: &Workflow, wait: &Waiting) {
        let track = wait.phase.and_then(|n| w.phases.get(&n)).map_or(&w.release, |p| &p.track);
        let Some(pull) = track.pull.as_ref().map(|p| p.number) else {
            return;
        };
        let path = format!("/pulls/{pull}");
        let base = track.base.clone();
        let (opened, _) = self
            .asks("maintainer", Method::PATCH, &path, json!({ "state": "open" }))
            .await;
        let (based, _) = self.asks("maintainer", Method::PATCH, &path, json!({ "base": base })).await;
        if !opened.is_success() || !based.is_success() {
            let issue = w.issue.number;
            let phase = wait.phase.and_then(|n| w.phases.get(&n)).map(|p| p.plan.id.to_string());
            let command = phase.map_or_else(|| "/cancel".to_owned(), |id| format!("/retry {id} fresh"));
            self.says("maintainer", issue, &command).await;
        }
    }
}
