//! A maintainer's afternoon: a plan is revised, phases are left out, held, begun afresh and taken back, the budget is raised,
//! the work is released, and then all of it is taken back.
//!
//! Invariant: at the end the default branch's tree is the one from before the workflow, and the log tells the story.

use serde_json::{Value, json};

use super::run;
use super::town::{Plan, Town};

const BODY: &str = "- greet by name\n- say goodbye\n- do both (after 1, 2)\n- wave\n";

fn phase(workflow: &Value, number: usize) -> &Value {
    &workflow["phases"][number - 1]
}

fn headline(workflow: &Value) -> &str {
    workflow["waiting_for"]["what"].as_str().unwrap_or_default()
}

/// Whether this phase waits for this.
fn waits(workflow: &Value, what: &str, number: u64) -> bool {
    let list = workflow["waits"].as_array().unwrap();
    list.iter().any(|wait| wait["what"] == what && wait["phase"] == number)
}

impl Town {
    fn tree(&self) -> String {
        self.read("commits/main")["commit"]["tree"]["sha"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The maintainer writes in the issue.
    fn says(&self, text: &str) {
        self.says_in(self.issue, text);
    }

    fn says_in(&self, number: u64, text: &str) {
        let path = format!("issues/{number}/comments");
        self.act("maintainer", "POST", &path, &json!({ "body": text }));
    }

    /// The reviewer approves this phase once it is asked for.
    fn approves(&mut self, number: usize) -> Value {
        let asked = self.watch(|w| waits(w, "phase_review", number as u64));
        let pull = &phase(&asked, number)["pull_request"];
        self.act(
            "reviewer",
            "POST",
            &format!("pulls/{pull}/reviews"),
            &json!({ "event": "APPROVE" }),
        );
        asked
    }

    fn merged(&mut self, number: usize) {
        self.approves(number);
        self.watch(|w| phase(w, number)["merged"].is_string());
    }
}

#[test]
fn a_maintainers_afternoon() {
    let mut town = Town::found(Plan {
        webhooks: true,
        ..Plan::default()
    });
    town.serve();
    let before = town.tree();
    town.open_issue("Greet people", BODY);
    town.label();

    town.watch(|w| headline(w) == "plan_approval");
    town.says("/revise Please greet them twice.");
    let shown = town.watch(|w| w["plan"]["version"] == 2 && headline(w) == "plan_approval");
    town.says(shown["waiting_for"]["command"].as_str().unwrap());
    town.watch(|w| w["forked"] == true);
    town.says("/skip 4\n/budget 6");
    town.watch(|w| phase(w, 4)["status"] == "skipped" && w["cost"]["cap_microusd"] == 6_000_000);

    let asked = town.watch(|w| waits(w, "phase_review", 1) && waits(w, "phase_review", 2));
    let first = phase(&asked, 1)["pull_request"].as_u64().unwrap();
    town.says_in(first, "/hold");
    town.approves(1);
    town.watch(|w| waits(w, "held", 1));
    town.says("/retry 2 fresh -- more warmly");
    town.watch(|w| phase(w, 2)["branch"].as_str().unwrap().ends_with(".2"));
    town.says_in(first, "/unhold");
    town.watch(|w| phase(w, 1)["merged"].is_string());
    town.merged(2);

    town.merged(3);
    town.says("/rollback 3");
    town.watch(|w| headline(w) == "question");
    town.says("/approve rollback");
    town.watch(|w| phase(w, 3)["status"] == "rolled_back");
    town.says("/retry 3");
    town.merged(3);

    let asked = town.watch(|w| headline(w) == "release_approval");
    let release = asked["release"]["pull_request"].as_u64().unwrap();
    town.act(
        "reviewer",
        "POST",
        &format!("pulls/{release}/reviews"),
        &json!({ "event": "APPROVE" }),
    );
    town.watch(|w| w["status"] == "complete");
    assert_ne!(town.tree(), before);

    town.says("/rollback all");
    town.watch(|w| headline(w) == "question");
    town.says("/approve rollback");
    let asked = town.watch(|w| headline(w) == "phase_review");
    let sentence = asked["waiting_for"]["sentence"].as_str().unwrap();
    let revert: u64 = sentence.split(['#', ' ']).find_map(|word| word.parse().ok()).unwrap();
    assert_ne!(town.tree(), before, "Millhand merges no revert");
    town.act("reviewer", "PUT", &format!("pulls/{revert}/merge"), &json!({}));
    town.watch(|w| w["status"] == "rolled_back");

    assert_eq!(town.tree(), before);
    town.assert_replays();
    let id = format!("acme/todo#{}", town.issue);
    let (code, log, err) = run(town.bot().args(["history", &id]));
    assert_eq!(code, 0, "{err}");
    eprintln!("{log}");
    for told in [
        "rollback after the release",
        "the revert's checks",
        "for a person to merge",
        "rolled back",
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
    assert_eq!(town.take_bot().stop(), 0);
}
