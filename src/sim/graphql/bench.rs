//! A simulated GitHub for the tests of this folder and its neighbours, spoken to through its router.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::clock::{ManualClock, Millis, SeededEntropy};
use crate::sim::ops::contents::{self, CommitOnBranch};
use crate::sim::ops::tokens::{self, MintRequest};
use crate::sim::ops::{pulls, refs};
use crate::sim::seed::{self, person};
use crate::sim::world::{CheckRun, RepoId, World};
use crate::sim::{CiMode, Sim, SimOptions, WebhookTarget};

/// A simulator with its clock and folder.
pub(in crate::sim) struct Bench {
    pub(in crate::sim) sim: Sim,
    pub(in crate::sim) clock: Arc<ManualClock>,
    pub(in crate::sim) repo: RepoId,
    /// One for all requests: it remembers answers for stale reads.
    router: axum::Router,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(in crate::sim) fn new(ci: CiMode) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(Millis(1_795_246_931_000)));
        let options = SimOptions {
            seed: 1,
            data_dir: folder.path().to_owned(),
            clock: Arc::clone(&clock) as Arc<_>,
            entropy: Arc::new(SeededEntropy::new(1)),
            ci,
            webhook: WebhookTarget::None,
            webhook_secret: SecretString::from("secret"),
            base_url: "http://127.0.0.1:3000".to_owned(),
        };
        let sim = Sim::new(options).unwrap();
        let router = sim.router();
        let repo = sim.with(|world| world.repository_named("acme", "todo").unwrap().id);
        Self {
            sim,
            clock,
            repo,
            router,
            _folder: folder,
        }
    }

    /// An installation token of the seeded App.
    pub(in crate::sim) fn app_token(&self) -> String {
        self.sim.with(|world| {
            let app = world.app_named(seed::APP_SLUG).unwrap().id;
            let installation = world.installation_for(app, self.repo).unwrap().id;
            let (token, _) = tokens::mint(world, app, installation, &MintRequest::default()).unwrap();
            token.expose_secret().to_owned()
        })
    }

    /// Sends a document; status and answer.
    pub(in crate::sim) async fn post(&self, token: &str, body: &Value) -> (u16, Value) {
        let request = Request::post("/api/graphql")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::USER_AGENT, "tests")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Sends a document that must be answered with 200; the whole answer.
    pub(in crate::sim) async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let (status, answer) = self.post(token, &json!({ "query": query, "variables": variables })).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The same, without errors; its data.
    pub(in crate::sim) async fn data(&self, token: &str, query: &str, variables: Value) -> Value {
        let answer = self.ask(token, query, variables).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].clone()
    }

    /// Lets everything happen that is due, moving the clock, until nothing waits.
    pub(in crate::sim) async fn idle(&self) {
        loop {
            while self.sim.run_due().await {}
            match self.sim.next_due() {
                Some(due) => self.clock.advance_to(due),
                None => return,
            }
        }
    }

    pub(in crate::sim) fn world<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        self.sim.with(act)
    }

    /// Commits files to `branch` as `maintainer`, making it from `main` if need be.
    pub(in crate::sim) fn commit(&self, branch: &str, files: &[(&str, &str)]) {
        self.world(|world| {
            let maintainer = person(world, "maintainer");
            let store = world.store(self.repo).unwrap();
            let main = store.branch("main").unwrap().unwrap();
            if store.branch(branch).unwrap().is_none() {
                refs::create(world, &maintainer, self.repo, &format!("refs/heads/{branch}"), main).unwrap();
            }
            let commit = CommitOnBranch {
                branch: branch.to_owned(),
                expected_head: store.branch(branch).unwrap().unwrap(),
                headline: format!("Change {branch}"),
                body: None,
                additions: files
                    .iter()
                    .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
                    .collect(),
                deletions: Vec::new(),
            };
            contents::commit_on_branch(world, &maintainer, self.repo, &commit).unwrap();
        });
    }

    /// Opens a pull request of `branch` onto `base` as `maintainer`.
    pub(in crate::sim) fn open(&self, branch: &str, base: &str) -> u64 {
        self.world(|world| {
            let maintainer = person(world, "maintainer");
            let new = pulls::NewPull {
                title: format!("Merge {branch}"),
                head: branch.to_owned(),
                base: base.to_owned(),
                ..pulls::NewPull::default()
            };
            pulls::create(world, &maintainer, self.repo, new).unwrap()
        })
    }

    /// Check runs on the head of a branch by their number: name and conclusion or status.
    pub(in crate::sim) fn checks(&self, branch: &str) -> Vec<(String, String)> {
        self.world(|world| {
            let head = world.store(self.repo).unwrap().branch(branch).unwrap().unwrap();
            let shown = |run: &CheckRun| {
                let word = run.conclusion.map_or(run.status.name(), |conclusion| conclusion.name());
                (run.name.clone(), word.to_owned())
            };
            world.repositories[&self.repo].check_runs_of(head).map(shown).collect()
        })
    }

    /// Logs of the jobs on the head of a branch by name, the newest of each.
    pub(in crate::sim) fn logs(&self, branch: &str) -> BTreeMap<String, String> {
        self.world(|world| {
            let head = world.store(self.repo).unwrap().branch(branch).unwrap().unwrap();
            let jobs = world.repositories[&self.repo].jobs.values().filter(|job| job.head == head);
            jobs.map(|job| (job.name.clone(), job.log.clone().unwrap_or_default()))
                .collect()
        })
    }
}
