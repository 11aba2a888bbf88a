//! Acts of people that many stories begin with, and what they look at afterwards.
//!
//! Invariant: people act and look through GitHub's own API; only what GitHub has no API for is a verb of the simulation.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use millhand::clock::Clock as _;
use millhand::workflow::model::Workflow;

use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::town::Town;

/// A body that becomes one phase.
pub(crate) const ONE: &str = "- greet by name\n";
/// Two that depend on nothing and one on both.
pub(crate) const THREE: &str = "- greet by name\n- say goodbye\n- do both (after 1, 2)\n";

/// What the demo's own test prints when it finds the slip of its second phase, as `rustc --test` prints it.
pub(crate) const SLIP: &str = "running 3 tests\n\
    test no_priority_comes_behind_every_priority ... FAILED\n\n\
    ---- no_priority_comes_behind_every_priority stdout ----\n\n\
    thread 'no_priority_comes_behind_every_priority' (71) panicked at tests/priority.rs:22:5:\n\
    assertion `left == right` failed\n  left: 25\n right: 26\n\n\
    test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";

impl Town {
    /// A verb of the simulation.
    pub(crate) async fn switch(&self, verb: &str, body: Value) -> Value {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/_sim/{verb}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.sim.router().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 10_000_000).await.unwrap();
        assert!(status.is_success(), "{verb}: {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    /// An issue labelled by the maintainer, settled.
    pub(crate) async fn labelled(&self, title: &str, body: &str) -> u64 {
        let issue = self.open_issue("maintainer", title, body).await;
        self.label("maintainer", issue, "millhand").await;
        self.settle().await;
        issue
    }

    /// The same with its plan approved, settled.
    pub(crate) async fn begun(&self, title: &str, body: &str) -> u64 {
        let issue = self.labelled(title, body).await;
        self.comment("maintainer", issue, "/approve plan").await;
        self.settle().await;
        issue
    }

    pub(crate) async fn known(&self, issue: u64) -> Workflow {
        self.workflow(issue).await.expect("a workflow")
    }

    /// The number of a phase's pull request.
    pub(crate) async fn pull_of(&self, issue: u64, phase: u32) -> u64 {
        let w = self.known(issue).await;
        let phase = w.phases.values().find(|p| p.plan.number.0 == phase).expect("a phase");
        match &phase.track.pull {
            Some(pull) => pull.number,
            None => panic!(
                "no pull request of {}: {:#?}",
                phase.plan.id,
                millhand::workflow::waits::waits(&w, self.clock.now())
            ),
        }
    }

    /// The number of the release pull request.
    pub(crate) async fn release_of(&self, issue: u64) -> u64 {
        self.known(issue).await.release.pull.expect("a release pull request").number
    }

    pub(crate) async fn pull(&self, number: u64) -> Value {
        self.get(&format!("/repos/acme/todo/pulls/{number}")).await
    }

    /// All pull requests of the bot, oldest first.
    pub(crate) async fn our_pulls(&self) -> Vec<Value> {
        let list = self
            .get("/repos/acme/todo/pulls?state=all&sort=created&direction=asc&per_page=100")
            .await;
        list.as_array()
            .unwrap()
            .iter()
            .filter(|p| p["user"]["login"] == "millhand[bot]")
            .cloned()
            .collect()
    }

    /// Subjects of a pull request's commits, oldest first.
    pub(crate) async fn commits(&self, pull: u64) -> Vec<String> {
        let list = self.get(&format!("/repos/acme/todo/pulls/{pull}/commits?per_page=100")).await;
        let subject = |c: &Value| {
            c["commit"]["message"]
                .as_str()
                .unwrap()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        list.as_array().unwrap().iter().map(subject).collect()
    }

    /// Reviews of a pull request: who, what, text.
    pub(crate) async fn reviews(&self, pull: u64) -> Vec<(String, String, String)> {
        let list = self.get(&format!("/repos/acme/todo/pulls/{pull}/reviews?per_page=100")).await;
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        list.as_array()
            .unwrap()
            .iter()
            .map(|r| (text(&r["user"]["login"]), text(&r["state"]), text(&r["body"])))
            .collect()
    }

    /// Reviews by the bot.
    pub(crate) async fn our_reviews(&self, pull: u64) -> Vec<String> {
        self.reviews(pull)
            .await
            .into_iter()
            .filter(|r| r.0 == "millhand[bot]")
            .map(|r| r.2)
            .collect()
    }

    /// Comments by the bot.
    pub(crate) async fn our_comments(&self, number: u64) -> Vec<String> {
        self.comments(number)
            .await
            .into_iter()
            .filter(|c| c.0 == "millhand[bot]")
            .map(|c| c.1)
            .collect()
    }

    /// Check runs of our name on a commit: conclusion and title.
    pub(crate) async fn our_checks(&self, sha: &str) -> Vec<(String, String)> {
        let list = self
            .get(&format!("/repos/acme/todo/commits/{sha}/check-runs?check_name=millhand"))
            .await;
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let runs = list["check_runs"].as_array().unwrap();
        runs.iter()
            .map(|r| (text(&r["conclusion"]), text(&r["output"]["title"])))
            .collect()
    }

    /// A file's text on a branch.
    pub(crate) async fn file(&self, branch: &str, path: &str) -> Option<String> {
        let (status, found) = self
            .act(
                "maintainer",
                Method::GET,
                &format!("/repos/acme/todo/contents/{path}?ref={branch}"),
                Value::Null,
            )
            .await;
        let text: String = found["content"]
            .as_str()
            .filter(|_| status.is_success())?
            .split_whitespace()
            .collect();
        Some(String::from_utf8(STANDARD.decode(text).unwrap()).unwrap())
    }

    /// Writes a file on a branch as a person; the new commit.
    pub(crate) async fn write(&self, login: &str, branch: &str, path: &str, text: &str) -> String {
        let place = format!("/repos/acme/todo/contents/{path}");
        let (_, old) = self
            .act(login, Method::GET, &format!("{place}?ref={branch}"), Value::Null)
            .await;
        let mut body = json!({ "message": format!("Write {path}"), "content": STANDARD.encode(text), "branch": branch });
        if let Some(sha) = old["sha"].as_str() {
            body["sha"] = json!(sha);
        }
        self.must(login, Method::PUT, &place, body).await["commit"]["sha"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Takes a file off a branch as a person.
    pub(crate) async fn delete(&self, login: &str, branch: &str, path: &str) {
        let place = format!("/repos/acme/todo/contents/{path}");
        let old = self
            .must(login, Method::GET, &format!("{place}?ref={branch}"), Value::Null)
            .await;
        let body = json!({ "message": format!("Drop {path}"), "sha": old["sha"], "branch": branch });
        self.must(login, Method::DELETE, &place, body).await;
    }

    /// The branch of a phase.
    pub(crate) async fn branch_of(&self, issue: u64, phase: u32) -> String {
        let w = self.known(issue).await;
        w.phases
            .values()
            .find(|p| p.plan.number.0 == phase)
            .expect("a phase")
            .track
            .branch
            .clone()
    }

    /// The reviewer approves every phase that is ready, one after the other, until none is left.
    pub(crate) async fn approve_phases(&self, issue: u64) {
        for _ in 0..12 {
            let w = self.known(issue).await;
            let ready = w.phases.values().find(|p| {
                let shown = p.track.presented.is_some() && p.track.presented == p.track.head;
                shown && p.track.merged.is_none() && p.state == millhand::workflow::state::State::Verification
            });
            let Some(pull) = ready.and_then(|p| p.track.pull.as_ref()) else {
                return;
            };
            self.review("reviewer", pull.number, "APPROVE", "good").await;
            self.settle().await;
        }
    }

    /// The reviewer lets the release go.
    pub(crate) async fn release(&self, issue: u64) {
        let waits = self.waits(issue).await;
        assert!(
            waits[0].contains("/approve release"),
            "{waits:#?}\n{:#?}",
            self.asked.lock().unwrap()
        );
        self.comment("reviewer", issue, "/approve release").await;
        self.settle().await;
    }

    /// From a begun workflow to its end.
    pub(crate) async fn until_complete(&self, issue: u64) {
        self.approve_phases(issue).await;
        self.release(issue).await;
        self.complete(issue).await;
    }

    /// It is complete, and GitHub shows it: issue closed, files there, branches gone, nothing said twice.
    pub(crate) async fn complete(&self, issue: u64) {
        let w = self.known(issue).await;
        assert_eq!(
            w.ended,
            Some(millhand::workflow::model::End::Complete),
            "{:#?}\n{:#?}",
            self.waits(issue).await,
            w.troubles
        );
        assert_eq!(self.get(&format!("/repos/acme/todo/issues/{issue}")).await["state"], "closed");
        for phase in w
            .phases
            .values()
            .filter(|p| p.fate == millhand::workflow::model::Fate::Merged)
        {
            for file in &phase.plan.files {
                assert!(self.file("main", file).await.is_some(), "{file} is not on main");
            }
        }
        let branches = self.get("/repos/acme/todo/branches?per_page=100").await;
        let ours: Vec<&str> = branches
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|b| b["name"].as_str())
            .filter(|n| n.starts_with(&format!("millhand/{issue}-")))
            .collect();
        // What holds work that was never merged, or people's commits, stays.
        let kept = |t: &millhand::workflow::model::Track| !t.foreign.is_empty() || t.merged.is_none();
        let kept = w.phases.values().any(|p| p.run > 1 || kept(&p.track)) || (!w.is_direct() && kept(&w.release));
        let told = |name: &&str| {
            let kept = format!("the branch {name} was kept: it has commits of somebody else");
            w.remarks.iter().any(|remark| remark.contains(&kept))
        };
        assert!(kept || ours.iter().all(told), "branches left: {ours:?}");
    }

    /// What the bot made others notice.
    pub(crate) async fn notified(&self) -> Value {
        let request = Request::builder().uri("/_sim/notifications").body(Body::empty()).unwrap();
        let answer = self.sim.router().oneshot(request).await.unwrap();
        let bytes = to_bytes(answer.into_body(), 1_000_000).await.unwrap();
        let all: Value = serde_json::from_slice(&bytes).unwrap();
        all["notifications"]["millhand[bot]"].clone()
    }

    /// The story is over.
    pub(crate) async fn over(&self) {
        // These stories look at pull requests; what is said on the issue is told by the stories of starting and steering.
        let said = self.said_anywhere();
        assert!(!said.is_empty(), "the bot said nothing at all");
        self.finish().await;
    }
}
