//! The acts: what people and GitHub may do at any moment, and how often they do it.
//!
//! Invariant: an act is chosen from what GitHub shows; whether GitHub or the bot takes it is theirs to say.

use axum::http::Method;
use serde_json::{Value, json};

use super::walk::Walk;
use crate::story::gestures::{checks_rule, reviews_rule};
use crate::story::scenes::SLIP;

#[derive(Clone, Copy)]
enum Act {
    Help,
    Command,
    Talk,
    Comments,
    Review,
    Push,
    PushMain,
    Pull,
    Branch,
    Label,
    Issue,
    Ci,
    Webhooks,
    Time,
    Rules,
    Press,
}

const ACTS: [(usize, Act); 16] = [
    (50, Act::Help),
    (32, Act::Command),
    (5, Act::Talk),
    (4, Act::Comments),
    (16, Act::Review),
    (7, Act::Push),
    (4, Act::PushMain),
    (16, Act::Pull),
    (3, Act::Branch),
    (9, Act::Label),
    (7, Act::Issue),
    (9, Act::Ci),
    (8, Act::Webhooks),
    (8, Act::Time),
    (4, Act::Rules),
    (5, Act::Press),
];

impl Walk {
    pub(super) async fn random_act(&mut self) {
        match self.dice.weighed(&ACTS) {
            Act::Help => {
                let issue = self.issue();
                self.answer(issue).await;
            }
            Act::Command => self.command().await,
            Act::Talk => self.talk().await,
            Act::Comments => self.meddle_with_comments().await,
            Act::Review => self.review().await,
            Act::Push => self.push().await,
            Act::PushMain => self.push_to_main().await,
            Act::Pull => self.pull_request().await,
            Act::Branch => self.branch().await,
            Act::Label => self.label().await,
            Act::Issue => self.change_issue().await,
            Act::Ci => self.script_checks().await,
            Act::Webhooks => self.disturb_webhooks().await,
            Act::Time => {
                let minutes = self.dice.weighed(&[(4, 5), (3, 20), (2, 70), (1, 180)]);
                self.note(&format!("{minutes} minutes pass"));
                self.pass(std::time::Duration::from_secs(60 * minutes)).await;
            }
            Act::Rules => self.rules().await,
            Act::Press => self.press().await,
        }
    }

    async fn script_checks(&mut self) {
        if self.dice.one_in(4) {
            self.switches("ci", json!({})).await;
            return;
        }
        let conclusion = self.dice.weighed(&[
            (6, "failure"),
            (2, "cancelled"),
            (1, "timed_out"),
            (1, "neutral"),
            (1, "skipped"),
            (1, "action_required"),
            (2, "never"),
        ]);
        let chance = "error: connection reset by peer\n";
        let riddle = "thread 't' (3) panicked at tests/t.rs:9:5:\nno\ntest result: FAILED. 0 passed; 1 failed\n";
        let log = *self.dice.of(&[SLIP, chance, riddle]);
        let branch = *self.dice.of(&["**", "**/01-*", "**/02-*", "**/base", "main", "millhand/**"]);
        let count = self.dice.between(1, 3);
        let script = json!({ "branch": branch, "check": "test", "conclusion": conclusion, "log": log, "count": count });
        self.switches("ci", script).await;
    }

    async fn disturb_webhooks(&mut self) {
        let count = self.dice.between(1, 12);
        let switch = match self.dice.below(6) {
            0 | 1 => json!({}),
            2 => json!({ "drop": true, "count": count }),
            3 => json!({ "duplicate": true, "count": count }),
            4 => {
                let delay = self.dice.of(&[1_000, 20_000, 200_000, 4_000_000]);
                json!({ "delay_ms": delay, "count": count })
            }
            _ => json!({ "reorder": true, "count": count }),
        };
        self.switches("webhooks", switch).await;
    }

    async fn rules(&mut self) {
        let branch = if self.dice.one_in(3) {
            self.dice.maybe(&self.sight().our_branches()).cloned()
        } else {
            None
        };
        let branch = branch.unwrap_or_else(|| "main".to_owned());
        let rules: Vec<Value> = match self.dice.below(4) {
            0 => vec![reviews_rule(1)],
            1 => vec![checks_rule(&["test"], self.dice.one_in(2))],
            2 => vec![json!({ "type": "required_linear_history" })],
            _ => vec![],
        };
        let body = json!({ "repository": "acme/todo", "branch": branch, "rules": rules });
        self.switches("rules", body).await;
    }

    async fn press(&mut self) {
        let buttons = self.sight().buttons;
        // The newest are on the heads of now.
        let near = buttons.get(buttons.len().saturating_sub(6)..).unwrap_or_default();
        let Some((run, button)) = self.dice.maybe(near).cloned() else {
            return;
        };
        let login = self.writer();
        self.switches(
            "press",
            json!({ "repository": "acme/todo", "login": login, "check_run": run, "button": button }),
        )
        .await;
    }

    async fn label(&mut self) {
        let (issue, login) = (self.issue(), self.anybody());
        let label = self.dice.weighed(&[(6, "millhand"), (1, "millhand:auto"), (1, "bug")]);
        let on = self.sight().labels.get(&issue).is_some_and(|l| l.iter().any(|l| l == label));
        if on && !self.dice.one_in(3) {
            self.asks(login, Method::DELETE, &format!("/issues/{issue}/labels/{label}"), Value::Null)
                .await;
            if self.dice.one_in(2) {
                return;
            }
        }
        let body = json!({ "labels": [label] });
        self.asks(login, Method::POST, &format!("/issues/{issue}/labels"), body).await;
    }

    async fn change_issue(&mut self) {
        let (issue, login) = (self.issue(), self.anybody());
        let path = format!("/issues/{issue}");
        let number = self.next();
        match self.dice.below(10) {
            0..3 => {
                let body = format!("- greet by name\n- part {number}\n");
                self.asks(login, Method::PATCH, &path, json!({ "body": body })).await;
            }
            3 => {
                self.asks(login, Method::PATCH, &path, json!({ "title": format!("Greet {number}") }))
                    .await;
            }
            4 => {
                self.asks(login, Method::PATCH, &path, json!({ "state": "closed" })).await;
            }
            5..8 => {
                self.asks(login, Method::PATCH, &path, json!({ "state": "open" })).await;
            }
            8 => {
                self.asks(login, Method::PUT, &format!("{path}/lock"), json!({})).await;
            }
            _ => {
                self.asks(login, Method::DELETE, &format!("{path}/lock"), Value::Null).await;
            }
        }
    }
}
