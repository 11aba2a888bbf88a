//! The end of a walk: people stop, open questions are answered, everything settles.
//!
//! Invariant: nothing is left open but by a sentence that names a person; what is ended stays ended and costs nothing.

use std::time::Duration;

use axum::http::Method;
use millhand::clock::Clock as _;
use millhand::workflow::waits::{WaitKind, waits};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::walk::Walk;

/// Rounds of answers before people give up and cancel.
const ANSWERS: u32 = 24;

/// Longer than any time that checks are waited for.
const PATIENCE: Duration = Duration::from_secs(70 * 60);

/// Requests of one look at the repository, a token included.
const SWEEP: usize = 6;

/// Requests of one look at a workflow: the issue, the default branch, the permission of everybody who said something.
const LOOK: usize = 7;

/// In an hour in which nothing happens there is a look every four minutes at most.
const IDLE_REQUESTS: usize = 15 * (SWEEP + 2 * LOOK) + LISTS;

/// The lists of installations and failed deliveries, every ten and five minutes, have one or two requests each.
const LISTS: usize = 36;

/// When nothing is left to work on, the sweep alone.
const ENDED_REQUESTS: usize = 15 * SWEEP + LISTS;

impl Walk {
    /// Brings everything to its end; the digest of all that happened.
    pub(super) async fn end(&mut self) -> String {
        self.catch_up().await;
        self.calm().await;
        self.settled().await;
        self.quiet_hour().await;
        self.hold().await;
        let answers = if self.seed.is_multiple_of(3) { 0 } else { ANSWERS };
        let mut stalled = [0; 2];
        for _ in 0..answers {
            let mut open = false;
            for (at, issue) in self.issues.into_iter().enumerate() {
                let Some(w) = self.town.workflow(issue).await.filter(|w| w.is_open()) else {
                    continue;
                };
                open = true;
                let answered = self.answer(issue).await;
                stalled[at] = if answered { 0 } else { stalled[at] + 1 };
                let waits = waits(&w, self.town.clock.now());
                assert!(
                    stalled[at] < 4,
                    "#{issue} stands still for hours and waits for nobody: {waits:#?}\n{:#?}\n{:?}, {:?}, {:?}, release: {:#?}",
                    w.outstanding,
                    w.baton,
                    w.heads,
                    w.phases
                        .values()
                        .map(|p| (&p.plan.id, p.state, &p.fate, p.frozen))
                        .collect::<Vec<_>>(),
                    w.release
                );
            }
            if !open {
                break;
            }
            self.settled().await;
        }
        self.cancel_all().await;
        self.hold().await;
        self.hold_at_the_end().await;
        self.digest().await
    }

    /// What disturbs is taken away.
    async fn calm(&mut self) {
        self.switches("webhooks", json!({})).await;
        self.switches("ci", json!({})).await;
        let mut branches = self.sight().our_branches();
        branches.push("main".to_owned());
        for branch in branches {
            let none = json!({ "repository": "acme/todo", "branch": branch, "rules": [] });
            self.switches("rules", none).await;
        }
        let mut locked = self.issues.to_vec();
        locked.extend(self.sight().pulls.iter().map(|p| p.number));
        for number in locked {
            let path = format!("/issues/{number}/lock");
            self.asks("maintainer", Method::DELETE, &path, Value::Null).await;
        }
    }

    /// All that happens by itself has happened, what takes long included.
    async fn settled(&mut self) {
        self.town.settle().await;
        for issue in self.issues {
            let Some(w) = self.town.workflow(issue).await.filter(|w| w.is_open()) else {
                continue;
            };
            let all = waits(&w, self.town.clock.now());
            assert!(!all.is_empty(), "#{issue} waits for nothing");
            if all.first().is_some_and(|wait| wait.kind == WaitKind::Machine) {
                self.pass(PATIENCE).await;
                self.town.settle().await;
            }
        }
    }

    /// An hour in which nobody does anything costs little.
    async fn quiet_hour(&mut self) {
        let before = self.requests();
        self.pass(Duration::from_secs(3_600)).await;
        let asked = self.requests() - before;
        assert!(
            asked <= IDLE_REQUESTS,
            "{asked} requests in an hour in which nothing happened: {:#?}",
            self.last_asked()
        );
    }

    fn requests(&self) -> usize {
        self.town.asked.lock().unwrap().len()
    }

    async fn cancel_all(&mut self) {
        for issue in self.issues {
            if let Some(w) = self.town.workflow(issue).await.filter(|w| w.is_open()) {
                self.says("maintainer", issue, "/cancel").await;
                self.cancelled.insert(w.id);
            }
        }
        self.town.settle().await;
        for w in self.workflows().await {
            let issue = w.issue.number;
            assert!(!w.is_open(), "#{issue} does not end: {:#?}", waits(&w, self.town.clock.now()));
            assert!(w.troubles.is_empty() || w.ended.is_some());
        }
        let before = self.requests();
        self.pass(Duration::from_secs(3_600)).await;
        let asked = self.requests() - before;
        assert!(
            asked <= ENDED_REQUESTS,
            "{asked} requests in an hour after everything has ended: {:#?}",
            self.last_asked()
        );
    }

    /// What happened, in numbers.
    pub(super) async fn told(&self) -> String {
        let (mut transitions, mut rounds, mut kinds) = (0, 0, std::collections::BTreeSet::new());
        for row in self.rows().await {
            let taken = self.taken(&row.id).await;
            transitions += taken.len();
            kinds.extend(taken);
            rounds += 1;
        }
        let merged = self.sight().pulls.into_iter().filter(|p| p.ours).filter_map(|p| p.merged);
        let (bot, people): (Vec<_>, Vec<_>) = merged.partition(|m| m.bot);
        format!(
            "{} acts taken, {rounds} workflows, {transitions} transitions of {} kinds, {} merges by the bot, {} by people, {} commits of people, {} requests",
            self.accepted,
            kinds.len(),
            bot.len(),
            people.len(),
            self.pushed.len(),
            self.requests()
        )
    }

    /// SHA-256 over the acts, every request and every row of every log.
    async fn digest(&self) -> String {
        let mut all = Sha256::new();
        for line in &self.journal {
            all.update(line);
            all.update("\n");
        }
        let asked = self.town.sim.with(|world| serde_json::to_vec(&world.journal).unwrap());
        all.update(asked);
        for row in self.rows().await {
            for event in self.events(&row.id).await {
                all.update(event.hash);
            }
        }
        hex::encode(all.finalize())
    }
}
