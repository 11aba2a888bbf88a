//! A walk: the town, what was drawn, what was done.
//!
//! Invariant: whatever people do stands in the journal, with GitHub's answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use millhand::clock::{Clock as _, Millis};
use millhand::workflow::model::Workflow;
use serde_json::{Value, json};

use super::dice::Dice;
use super::sight::Said;
use super::sight::Sight;
use crate::story::town::{Setting, Town};

/// Rounds without the clock moving, after which somebody goes in circles.
const ROUNDS_MAX: u32 = 1_500;

pub(super) struct Walk {
    pub(super) seed: u64,
    pub(super) town: Town,
    pub(super) dice: Dice,
    /// The two issues that are worked on.
    pub(super) issues: [u64; 2],
    pub(super) journal: Vec<String>,
    /// Tells the journal as it is written.
    told: bool,
    /// Commits that people made.
    pub(super) pushed: BTreeSet<String>,
    /// What people deleted, and when.
    pub(super) unsaid: Vec<(Said, i64)>,
    /// How many transitions each ended workflow had when it was seen first, by id.
    pub(super) ended: BTreeMap<String, usize>,
    /// Workflows that were cancelled because nothing else ended them.
    pub(super) cancelled: BTreeSet<String>,
    /// What is done now is done in the middle of the bot's work instead, after so many of its requests.
    pub(super) later: Option<usize>,
    /// Acts that GitHub took.
    pub(super) accepted: u32,
    /// Numbers what people write, so that no two texts are the same.
    pub(super) count: u32,
}

/// What the two issues ask for; their phases meet in some files.
const BODIES: [&str; 4] = [
    "- greet by name\n- say goodbye\n- do both (after 1, 2)\n",
    "- greet by name\n- shout (after 1)\n",
    "- say goodbye\n",
    "No list yet.",
];

impl Walk {
    /// A town with two labelled issues.
    pub(super) async fn begin(seed: u64, told: bool) -> Self {
        let dice = Dice::new(seed);
        let town = Town::new(Setting {
            seed,
            walking: true,
            // The stories hold every exchange against the descriptions; here the first walks do.
            judged: seed <= 4,
            webhooks: !seed.is_multiple_of(8),
            ..Setting::default()
        })
        .await;
        let mut walk = Self {
            seed,
            town,
            dice,
            issues: [0; 2],
            journal: Vec::new(),
            told,
            pushed: BTreeSet::new(),
            unsaid: Vec::new(),
            ended: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            later: None,
            accepted: 0,
            count: 0,
        };
        for at in 0..2 {
            let author = *walk.dice.of(&["maintainer", "reviewer", "outsider"]);
            let body = *walk.dice.of(&BODIES);
            walk.issues[at] = walk.town.open_issue(author, "Greet people", body).await;
            let label = walk.dice.weighed(&[(4, "millhand"), (1, "millhand:auto")]);
            let starter = walk.dice.weighed(&[(3, "maintainer"), (1, "reviewer")]);
            let path = format!("/issues/{}/labels", walk.issues[at]);
            walk.asks(starter, Method::POST, &path, json!({ "labels": [label] })).await;
        }
        walk
    }

    /// Somebody does something, and the bot and GitHub do some of what they have to do.
    pub(super) async fn act(&mut self) {
        if self.dice.one_in(3) {
            self.later = Some(self.dice.below(6));
        }
        self.random_act().await;
        self.later = None;
        match self.dice.below(10) {
            0..4 => {
                let rounds = self.dice.between(0, 8);
                for _ in 0..rounds {
                    self.round().await;
                }
            }
            4..7 => self.idle().await,
            7..9 => {
                let seconds = self.dice.between(1, 90);
                self.pass(Duration::from_secs(u64::try_from(seconds).unwrap())).await;
            }
            _ => {
                let minutes = self.dice.between(2, 12);
                self.pass(Duration::from_secs(60 * u64::try_from(minutes).unwrap())).await;
            }
        }
        self.hear();
        if self.dice.one_in(20) {
            self.hold().await;
        }
    }

    /// One round of GitHub's and the bot's work.
    pub(super) async fn round(&self) -> bool {
        self.town.sim.run_due().await | self.town.tick().await
    }

    /// All that can be done without waiting.
    pub(super) async fn idle(&self) {
        let mut rounds = 0;
        while self.round().await {
            rounds += 1;
            if rounds >= ROUNDS_MAX {
                let mut wanted = Vec::new();
                for issue in self.issues {
                    wanted.extend(self.town.workflow(issue).await.map(|w| w.outstanding));
                }
                panic!("a hot loop: {:#?} for {wanted:#?}", self.last_asked());
            }
        }
    }

    /// Time passes, and what is due in it happens.
    pub(super) async fn pass(&self, time: Duration) {
        let end = self.town.clock.now().plus(time);
        loop {
            self.idle().await;
            let engine = self.town.engine().next_due().await.unwrap();
            let due = [self.town.sim.next_due(), engine].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due < end) else { break };
            self.town.clock.advance_to(Millis(due.0.max(self.town.clock.now().0 + 1)));
        }
        self.town.clock.advance_to(end);
    }

    /// What the bot asked GitHub last.
    pub(super) fn last_asked(&self) -> Vec<String> {
        self.town.asked.lock().unwrap().iter().rev().take(40).cloned().collect()
    }

    /// A line for the journal.
    pub(super) fn note(&mut self, line: &str) {
        if self.told {
            eprintln!("{} {line}", self.town.clock.now().0);
        }
        self.journal.push(format!("{} {line}", self.town.clock.now().0));
    }

    /// A person asks GitHub for something in the repository; GitHub may refuse.
    pub(super) async fn asks(&mut self, login: &str, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let full = format!("/repos/acme/todo{path}");
        if let Some(others) = self.later {
            self.note(&format!("{login} {method} {path} {body} after {others} requests"));
            let request = Town::request_of(login, method, &full, &body);
            self.town.line.meanwhile(others, request);
            return (StatusCode::ACCEPTED, Value::Null);
        }
        let (status, answer) = self.town.act(login, method.clone(), &full, body.clone()).await;
        self.note(&format!("{login} {method} {path} {body} -> {}", status.as_u16()));
        self.accepted += u32::from(status.is_success());
        assert!(
            !status.is_server_error(),
            "GitHub broke: {login} {method} {path} {body}: {answer}"
        );
        (status, answer)
    }

    /// Takes note of what people were answered in the middle of the bot's work.
    fn hear(&mut self) {
        for answer in self.town.line.answered() {
            self.accepted += 1;
            self.pushed.extend(answer["commit"]["sha"].as_str().map(str::to_owned));
        }
    }

    /// Does what was to be done in the middle of the bot's work and was not, because it had none.
    pub(super) async fn catch_up(&mut self) {
        for request in self.town.line.left() {
            self.note(&format!("now {} {}", request.method(), request.uri()));
            self.town.line.meanwhile(0, request);
        }
        self.idle().await;
        self.pass(Duration::from_secs(600)).await;
        self.hear();
    }

    /// A verb of the simulation.
    pub(super) async fn switches(&mut self, verb: &str, body: Value) {
        self.note(&format!("switch {verb} {body}"));
        self.town.switch(verb, body).await;
    }

    pub(super) async fn says(&mut self, login: &str, number: u64, body: &str) {
        let path = format!("/issues/{number}/comments");
        self.asks(login, Method::POST, &path, json!({ "body": body })).await;
    }

    pub(super) fn sight(&self) -> Sight {
        Sight::of(&self.town)
    }

    /// The newest workflow of each issue that has one.
    pub(super) async fn workflows(&self) -> Vec<Workflow> {
        let mut all = Vec::new();
        for issue in self.issues {
            all.extend(self.town.workflow(issue).await);
        }
        all
    }

    /// Somebody, seldom one who may not.
    pub(super) fn anybody(&self) -> &'static str {
        self.dice.weighed(&[
            (8, "maintainer"),
            (6, "reviewer"),
            (1, "triager"),
            (1, "reader"),
            (1, "outsider"),
            (1, "helper[bot]"),
        ])
    }

    pub(super) fn writer(&self) -> &'static str {
        self.dice.weighed(&[(1, "maintainer"), (1, "reviewer")])
    }

    pub(super) fn issue(&self) -> u64 {
        *self.dice.of(&self.issues)
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u32 {
        self.count += 1;
        self.count
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last = self.journal.iter().rev().take(25).rev();
            eprintln!("seed {}, {} acts; the last were:", self.seed, self.journal.len());
            for line in last {
                eprintln!("  {line}");
            }
        }
    }
}
