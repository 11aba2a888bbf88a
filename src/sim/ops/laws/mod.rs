//! The laws, shown: each test acts as people and Apps do and reads what GitHub would say.
//!
//! Invariant: nothing here reaches behind the operations, but to read.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tempfile::TempDir;

use crate::clock::{ManualClock, Millis, SeededEntropy};
use crate::sim::git::Oid;
use crate::sim::ops::contents::CommitOnBranch;
use crate::sim::ops::pulls::NewPull;
use crate::sim::ops::{Outcome, Refusal, chores, contents, pulls, refs};
use crate::sim::seed;
use crate::sim::world::{Actor, AppActor, PullRequest, RepoId, Rule, World};
use crate::sim::{CiMode, SimOptions, WebhookTarget};

mod apps;
mod checks;
mod issues;
mod merging;
mod pulls_and_bases;
mod refs_and_files;
mod reviewing;
mod world_over_time;

/// 2026-11-21.
const TODAY: Millis = Millis(1_795_246_000_000);

/// The seeded world with a clock to move.
struct Bench {
    world: World,
    repo: RepoId,
    clock: Arc<ManualClock>,
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(TODAY));
        let world = seed::world(SimOptions {
            seed: 1,
            data_dir: dir.path().to_owned(),
            clock: Arc::clone(&clock) as Arc<_>,
            entropy: Arc::new(SeededEntropy::new(1)),
            ci: CiMode::Off,
            webhook: WebhookTarget::None,
            webhook_secret: SecretString::from("swordfish-secret"),
            base_url: "http://github.test".to_owned(),
        })
        .unwrap();
        let repo = world.repository_named("acme", "todo").unwrap().id;
        Self { world, repo, clock, dir }
    }

    fn person(&self, login: &str) -> Actor {
        assert!(self.world.account_named(login).is_some(), "{login}");
        seed::person(&self.world, login)
    }

    fn app(&self) -> Actor {
        let app = self.world.app_named(seed::APP_SLUG).unwrap();
        let installation = self.world.installation_for(app.id, self.repo).unwrap();
        let permissions = installation.permissions.clone();
        Actor::App(AppActor {
            app: app.id,
            installation: installation.id,
            bot: app.bot,
            permissions,
            repositories: None,
        })
    }

    fn tip(&self, branch: &str) -> Oid {
        self.world.store(self.repo).unwrap().branch(branch).unwrap().unwrap()
    }

    fn has(&self, branch: &str) -> bool {
        self.world.store(self.repo).unwrap().branch(branch).unwrap().is_some()
    }

    /// Writes a file on a branch, which is made from `main` if it is not there.
    fn write(&mut self, actor: &Actor, branch: &str, (path, text): (&str, &str)) -> Outcome<Oid> {
        if !self.has(branch) {
            let main = self.tip("main");
            refs::create(&mut self.world, actor, self.repo, &format!("refs/heads/{branch}"), main)?;
        }
        let commit = CommitOnBranch {
            branch: branch.to_owned(),
            expected_head: self.tip(branch),
            headline: format!("Write {path}"),
            body: None,
            additions: vec![(path.to_owned(), text.as_bytes().to_vec())],
            deletions: Vec::new(),
        };
        contents::commit_on_branch(&mut self.world, actor, self.repo, &commit)
    }

    fn open(&mut self, actor: &Actor, head: &str, base: &str) -> Outcome<u64> {
        let new = NewPull {
            title: format!("Bring {head}"),
            head: head.to_owned(),
            base: base.to_owned(),
            ..NewPull::default()
        };
        pulls::create(&mut self.world, actor, self.repo, new)
    }

    /// A pull request of the App that adds one file.
    fn proposal(&mut self, branch: &str) -> u64 {
        let app = self.app();
        self.write(&app, branch, (&format!("docs/{branch}.md"), "text\n")).unwrap();
        self.open(&app, branch, "main").unwrap()
    }

    fn pull(&self, number: u64) -> &PullRequest {
        self.world.repositories[&self.repo].pull(number).unwrap().1
    }

    fn is_open(&self, number: u64) -> bool {
        self.world.repositories[&self.repo].issue(number).unwrap().is_open()
    }

    fn rules(&mut self, branch: &str, rules: serde_json::Value) {
        let rules: Vec<Rule> = serde_json::from_value(rules).unwrap();
        crate::sim::ops::repos::set_rules(&mut self.world, self.repo, branch, rules).unwrap();
    }

    /// Lets GitHub do what it does by itself in the next seconds.
    fn wait(&mut self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        while let Some(chore) = chores::take_due(&mut self.world) {
            chores::run(&mut self.world, chore);
        }
    }

    /// Names of the webhooks queued since the last time this was asked, with their actions.
    fn webhooks(&mut self) -> Vec<String> {
        let queued = std::mem::take(&mut self.world.outbox);
        let name = |id| {
            let delivery = &self.world.deliveries[&id];
            delivery
                .action
                .as_ref()
                .map_or_else(|| delivery.event.clone(), |action| format!("{}.{action}", delivery.event))
        };
        queued.into_iter().map(|(_, _, id)| name(id)).collect()
    }

    /// The timeline of an issue by GitHub's words.
    fn timeline(&self, number: u64) -> Vec<&'static str> {
        self.world.repositories[&self.repo]
            .issue(number)
            .unwrap()
            .timeline
            .iter()
            .map(|event| event.kind.name())
            .collect()
    }

    /// `git fsck --strict` finds nothing; true also where there is no git, which is said.
    fn fsck(&self) {
        let path = self.world.git.path("acme/todo");
        match std::process::Command::new("git")
            .arg("-C")
            .arg(path)
            .args(["fsck", "--strict", "--no-dangling"])
            .output()
        {
            Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "git could not be run"),
        }
        assert!(self.dir.path().exists());
    }
}

/// Status and sentence of a refusal.
fn said<T: std::fmt::Debug>(outcome: Outcome<T>) -> (u16, String) {
    let Refusal { status, .. } = *outcome.as_ref().unwrap_err();
    (status, outcome.unwrap_err().sentence().to_owned())
}
