//! Commands as people mistype them, and by those who may not give them.
//!
//! Invariant: whoever is refused is told why, as far as he may be answered, and the log says who it was; nothing else changes.

use millhand::store::Store as _;
use millhand::workflow::command::TABLE;
use millhand::workflow::state::{Baton, State};
use serde_json::Value;

use super::scenes::THREE;
use super::town::{Setting, Town};

impl Town {
    /// What the log says of refusals: who, which command, why; oldest first.
    pub(super) async fn refusals(&self, issue: u64) -> Vec<(String, Option<String>, String)> {
        let id = self.known(issue).await.id;
        let rows = self.store().events(id, 0, 10_000).await.unwrap();
        let notes = rows.iter().flat_map(|row| {
            let stored: Value = serde_json::from_str(&row.transitions).unwrap();
            stored["notes"].as_array().cloned().unwrap_or_default()
        });
        let word = |note: &Value, key: &str| note[key].as_str().map(str::to_owned);
        notes
            .filter(|note| note["note"] == "refused")
            .map(|note| {
                (
                    word(&note, "who").unwrap(),
                    word(&note, "command"),
                    word(&note, "why").unwrap(),
                )
            })
            .collect()
    }

    /// Comments that are all refused: each with these words, or with a reaction alone where there are none. Who, what, words.
    async fn are_refused(&self, issue: u64, rows: &[(&str, String, &str)]) {
        let plan = self.known(issue).await.plan;
        let mut comments = Vec::new();
        for (login, body, _) in rows {
            comments.push(self.comment(login, issue, body).await);
        }
        self.settle().await;
        let mut replies = self.said(issue).into_iter();
        for (comment, (login, body, words)) in comments.iter().zip(rows) {
            assert_eq!(self.reactions(*comment), ["eyes", "confused"], "{login}: {body}");
            if !words.is_empty() {
                let reply = replies.next().unwrap_or_default();
                assert!(reply.contains(words), "{login}: {body}: {reply}");
            }
        }
        assert_eq!(replies.next(), None, "nobody else is answered");
        let told = self.refusals(issue).await;
        let mut told = told.iter();
        for (login, body, words) in rows {
            let (who, _, why) = told
                .next()
                .unwrap_or_else(|| panic!("the log knows nothing of {login}: {body}"));
            assert!(
                who == login && !why.is_empty() && why.contains(words),
                "{login}: {body}: {who}: {why}"
            );
        }
        assert_eq!(told.next(), None, "one note a refusal");
        let w = self.known(issue).await;
        assert_eq!((w.baton, w.paused, w.plan), (Baton::Whole(State::HandoffToCoder), None, plan));
    }
}

/// What each command is written like.
fn written(word: &str) -> String {
    let arguments = match word {
        "revise" => " smaller",
        "budget" => " 7",
        "skip" => " 1",
        "rollback" => " all",
        _ => "",
    };
    format!("/{word}{arguments}")
}

#[tokio::test]
async fn every_command_by_those_who_may_not() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet people", THREE).await;
    town.said_anywhere();
    let told: Vec<String> = TABLE
        .iter()
        .map(|entry| format!("`/{}` is for people with write permission", entry.word))
        .collect();
    let mut rows = Vec::new();
    for (entry, told) in TABLE
        .iter()
        .zip(&told)
        .filter(|(entry, _)| !matches!(entry.word, "status" | "help"))
    {
        // A start that is refused is answered by the reaction alone, and so is a bot.
        let told = if entry.word == "start" { "" } else { told };
        for (login, told) in [("triager", told), ("reader", told), ("outsider", told), ("helper[bot]", "")] {
            rows.push((login, written(entry.word), told));
        }
    }
    assert_eq!(rows.len(), 48);
    town.are_refused(issue, &rows).await;
    town.finish().await;
}

/// What is written by a writer while the plan waits for its approval, and words of the answer.
const MISTYPED: &[(&str, &str)] = &[
    ("/approve everything", "`everything` cannot be approved"),
    ("/approve plan zzz", "`zzz` is no hash"),
    ("/approve plan 0000000", "not `0000000`; please look at it again"),
    ("/approve plan 12345678 now", "`/approve` takes one thing and its hash"),
    ("/approve release", "this does: `/approve plan`"),
    ("/approve 2", "No phase is at work yet"),
    ("/approve 9", "No phase is at work yet"),
    ("/approve 99-nothing", "No phase is at work yet"),
    ("/revise", "Say what is to change"),
    ("/revise   ", "Say what is to change"),
    ("/retry", "Nothing has failed"),
    ("/retry 0", "`0` is no phase"),
    ("/retry 9", "No phase is at work yet"),
    ("/retry -1", "`-1` is no phase"),
    ("/retry 2 3", "`/retry` takes one phase"),
    ("/retry 99-nothing", "No phase is at work yet"),
    ("/retry release", "`release` is no phase"),
    ("/retry 1 fresh", "No phase is at work yet"),
    ("/retry fresh fresh", "`fresh` is no phase"),
    ("/budget", "Name the amount"),
    ("/budget -1", "`-1` is no amount"),
    ("/budget 0", "are spent already"),
    ("/budget 1e9", "`1e9` is no amount"),
    ("/budget NaN", "`NaN` is no amount"),
    ("/budget 7 8", "`7 8` is no amount"),
    ("/budget 0x10", "`0x10` is no amount"),
    ("/budget 1,5", "`1,5` is no amount"),
    ("/budget ٧", "`٧` is no amount"),
    ("/budget 999999", "The operator allows at most $50.00"),
    ("/budget 99999999999999999999", "`99999999999999999999` is no amount"),
    ("/pause 1", "`/pause` takes nothing behind it"),
    ("/pause please", "`/pause` takes nothing behind it"),
    ("/resume", "It is not paused"),
    ("/resume now", "`/resume` takes nothing behind it"),
    ("/cancel all", "`/cancel` takes nothing behind it"),
    ("/rollback", "Say what to take back"),
    ("/rollback everything", "Say what to take back"),
    ("/rollback 1 2", "Say what to take back"),
    ("/rollback 1", "No phase is at work yet"),
    ("/rollback plan", "Nothing is built yet"),
    ("/skip", "Name one phase"),
    ("/skip 1", "`/revise` changes a plan"),
    ("/skip 1 2", "Name one phase"),
    ("/skip everything", "Name one phase"),
    ("/hold", "no plan was approved"),
    ("/hold 2", "`/hold` takes nothing behind it"),
    ("/unhold", "Nothing is held here"),
    ("/unhold 2", "`/unhold` takes nothing behind it"),
    ("/start", "under way already"),
    ("/start now", "`/start` takes nothing behind it"),
    ("/help me", "`/help` takes nothing behind it"),
    ("/status 1", "`/status` takes nothing behind it"),
    ("/aprove", "did you mean `/approve"),
    ("/aproove plan", "did you mean `/approve"),
    ("/millhand", "wants a command behind it"),
    ("/millhand frobnicate", "`/help` lists"),
    ("/millhand aprove", "did you mean `/approve"),
    ("/millhand /approve", "did you mean `/approve"),
    ("> as said\n/approve", "directly under a quote"),
    ("- a list\n/approve", "directly under a quote"),
];

#[tokio::test]
async fn what_is_mistyped_is_answered_and_changes_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet people", THREE).await;
    town.said_anywhere();
    let rows: Vec<_> = MISTYPED
        .iter()
        .map(|(body, words)| ("maintainer", (*body).to_owned(), *words))
        .collect();
    town.are_refused(issue, &rows).await;
    town.finish().await;
}

/// What a reader of the rendered comment does not see as a command.
const QUIET: &[&str] = &[
    "I would say /approve here.",
    "`/approve`",
    "```\n/approve\n```",
    "    /approve",
    "> /approve",
    "<!--\n/approve\n-->",
    "<details>\n/approve\n</details>",
    "| a |\n|---|\n| /approve |",
    "- /approve",
    "1. /cancel",
    "\u{ff0f}approve",
    "\u{200b}/approve",
    "/\u{202e}evorppa",
    "/usr/bin/approve",
    "//approve",
    "/lgtm",
    "/assign @reviewer",
    "/test all",
    "[/approve](https://example.org)",
    "\\/approve",
];

#[tokio::test]
async fn what_is_no_command_to_a_reader_is_none() {
    let mut comments = Vec::new();
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet people", THREE).await;
    town.said_anywhere();
    for body in QUIET {
        comments.push((town.comment("maintainer", issue, body).await, body));
    }
    town.settle().await;
    for (comment, body) in comments {
        assert!(town.reactions(comment).is_empty(), "{body:?}");
    }
    assert_eq!(town.said(issue), [""; 0]);
    assert_eq!(town.refusals(issue).await, []);
    let w = town.known(issue).await;
    assert_eq!(
        (w.baton, w.paused, w.ended),
        (Baton::Whole(State::HandoffToCoder), None, None)
    );
    town.finish().await;
}
