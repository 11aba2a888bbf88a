//! What a team sets in `.github/millhand.yml`, from the start and while the work goes on.
//!
//! Invariant: the default branch's file counts and no other, whichever way its change came to be known.

use axum::http::Method;
use millhand::store::Store as _;
use millhand::workflow::decide::Note;
use millhand::workflow::ids::MicroUsd;
use millhand::workflow::repo_config::OperatorPolicy;
use serde_json::{Value, json};

use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

const FILE: &str = ".github/millhand.yml";

impl Town {
    /// The maintainer sets what the repository wants.
    async fn set(&self, text: &str) {
        self.write("maintainer", "main", FILE, text).await;
    }

    /// The maintainer commits entries of any mode onto the default branch.
    pub(crate) async fn commit_entry(&self, path: &str, mode: &str, content: &str) {
        let main = self.get("/repos/acme/todo/git/ref/heads/main").await["object"]["sha"]
            .as_str()
            .unwrap()
            .to_owned();
        let entry = json!({ "path": path, "mode": mode, "type": "blob", "content": content });
        let tree = self
            .must(
                "maintainer",
                Method::POST,
                "/repos/acme/todo/git/trees",
                json!({ "base_tree": main, "tree": [entry] }),
            )
            .await;
        let commit = json!({ "message": "Link it", "tree": tree["sha"], "parents": [main] });
        let commit = self
            .must("maintainer", Method::POST, "/repos/acme/todo/git/commits", commit)
            .await;
        let body = json!({ "sha": commit["sha"] });
        self.must("maintainer", Method::PATCH, "/repos/acme/todo/git/refs/heads/main", body)
            .await;
    }

    /// The checks of the bot on the default branch's head: title, summary, annotations.
    async fn checks_on_main(&self) -> Vec<(String, Value)> {
        let all = self.get("/repos/acme/todo/commits/main/check-runs?check_name=millhand").await;
        let mut found = Vec::new();
        for run in all["check_runs"].as_array().unwrap() {
            let notes = self
                .get(&format!("/repos/acme/todo/check-runs/{}/annotations", run["id"]))
                .await;
            found.push((run["output"]["title"].as_str().unwrap_or_default().to_owned(), notes));
        }
        found
    }

    /// How often a workflow was told what the repository sets.
    async fn told_of_settings(&self, issue: u64) -> usize {
        let w = self.known(issue).await;
        let rows = self.store().events(w.id, 0, 1_000).await.unwrap();
        rows.iter().filter(|row| row.fact.contains("\"fact\":\"configured\"")).count()
    }
}

#[tokio::test]
async fn a_repository_has_its_own_labels_branches_and_commands() {
    let town = Town::new(Setting::default()).await;
    town.set("labels: { trigger: bot, auto: 'bot:auto' }\ncommands: { bare: false }\nbranches: { prefix: bots/ }\nlimits: { phases: 2 }\n")
        .await;
    let issue = town.open_issue("maintainer", "Greet people", THREE).await;
    town.label("maintainer", issue, "millhand").await;
    town.settle().await;
    assert!(town.workflow(issue).await.is_none(), "that is not the label here");
    town.label("maintainer", issue, "bot").await;
    town.settle().await;
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    let w = town.known(issue).await;
    assert!(w.phases.is_empty(), "bare commands are not read here");
    assert_eq!(w.plan.unwrap().plan.phases.len(), 2, "no more phases than the team wants");
    let plan = town.said_once(issue);
    assert!(plan.contains("| `limits.phases` | `2` | repository |"), "{plan}");
    assert!(plan.contains("`/millhand approve plan"), "{plan}");
    town.comment("maintainer", issue, "/millhand approve plan").await;
    town.settle().await;
    for name in [town.branch_of(issue, 1).await, town.known(issue).await.release.branch] {
        assert!(name.starts_with(&format!("bots/{issue}-greet-people/")), "{name}");
    }
    town.finish().await;
}

#[tokio::test]
async fn a_file_that_is_not_understood_stops_new_work_until_it_is_mended() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        town.set("limits:\n  phases: 2\n  phasez: 3\n").await;
        let issue = town.labelled("Greet", ONE).await;
        let w = town.known(issue).await;
        assert!(w.survey.is_none() && w.requirements.is_none(), "nothing is done");
        let waits = town.waits(issue).await;
        assert_eq!(waits.len(), 1, "{waits:#?}");
        assert!(
            waits[0].starts_with("`.github/millhand.yml`, line 3, column 3: `phasez` is no key of `limits`"),
            "{waits:#?}"
        );
        assert!(town.status(issue).contains("line 3, column 3"), "{}", town.status(issue));
        let checks = town.checks_on_main().await;
        assert_eq!(checks.len(), 1, "{checks:#?}");
        assert_eq!(checks[0].0, "The settings are not understood");
        assert_eq!(checks[0].1[0]["start_line"], 3, "{checks:#?}");
        assert_eq!(checks[0].1[0]["path"], FILE);
        // The same again, on the next head: said there too, and still nothing is done.
        town.write("maintainer", "main", "README.md", "Other words.\n").await;
        town.settle().await;
        assert!(town.known(issue).await.survey.is_none());
        let checks = town.checks_on_main().await;
        assert_eq!(checks.len(), 1, "{checks:#?}");
        town.set("limits:\n  phases: 2\n").await;
        town.settle().await;
        assert_eq!(town.known(issue).await.settings.limits.phases, 2);
        town.comment("maintainer", issue, "/approve plan").await;
        town.settle().await;
        assert_eq!(town.told_of_settings(issue).await, 1);
        town.until_complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn a_change_while_work_goes_on_holds_from_the_next_gate_on() {
    for webhooks in [true, false] {
        let town = Town::new(Setting {
            webhooks,
            ..Setting::default()
        })
        .await;
        let issue = town.begun("Greet", ONE).await;
        assert_eq!(town.known(issue).await.budget, MicroUsd(5_000_000));
        let pull = town.pull_of(issue, 1).await;
        town.set("branches: { prefix: other/ }\nlimits: { budget_usd: 3, attempts: 7 }\n")
            .await;
        town.settle().await;
        let w = town.known(issue).await;
        assert_eq!(town.told_of_settings(issue).await, 1);
        assert!(w.configured.next.is_some(), "the phase is in review, not at a gate");
        assert_eq!(w.settings.limits.attempts, 3);
        town.review("reviewer", pull, "APPROVE", "good").await;
        town.settle().await;
        let w = town.known(issue).await;
        assert_eq!((w.settings.limits.attempts, w.budget), (7, MicroUsd(3_000_000)));
        assert_eq!(w.settings.branches.prefix, "millhand/", "the branches are there already");
        // One that is not understood leaves everything as it was, and is told.
        town.set("limits: { attempts: many }\n").await;
        town.settle().await;
        let status = town.status(issue);
        assert!(
            status.contains("those from before hold. `.github/millhand.yml`, line 1"),
            "{status}"
        );
        assert_eq!(town.known(issue).await.settings.limits.attempts, 7);
        town.comment("maintainer", issue, "/budget 4").await;
        town.set("limits: { attempts: 5, budget_usd: 2 }\n").await;
        town.settle().await;
        let w = town.known(issue).await;
        assert_eq!(w.budget, MicroUsd(4_000_000), "a person's cap stays");
        assert_eq!(w.settings.limits.attempts, 5);
        assert!(!town.status(issue).contains("those from before hold"));
        town.release(issue).await;
        town.complete(issue).await;
        town.over().await;
    }
}

#[tokio::test]
async fn only_the_default_branch_counts() {
    let town = Town::new(Setting::default()).await;
    let issue = town.begun("Greet", ONE).await;
    let branch = town.branch_of(issue, 1).await;
    town.write(
        "maintainer",
        &branch,
        FILE,
        "approvals: { release: none }\nlimits: { attempts: 9 }\n",
    )
    .await;
    town.settle().await;
    let w = town.known(issue).await;
    assert_eq!(w.settings.limits.attempts, 3);
    assert_eq!(town.told_of_settings(issue).await, 0);
    town.over().await;
}

#[tokio::test]
async fn what_is_no_readable_file_is_refused() {
    let large = format!("{}\n", "# nothing\n".repeat(1_000_000));
    for (mode, content, why) in [
        ("120000", "../other.yml", "a symbolic link"),
        ("100644", large.as_str(), "more than 64 KiB"),
        ("100644", "labels: {}\nlabels: {}\n", "`labels` stands"),
        ("100644", "a: &b [1]\nlimits: *b\n", "line 1"),
        ("100644", "limits: {}\n---\nlimits: {}\n", "line 2"),
    ] {
        let town = Town::new(Setting::default()).await;
        town.commit_entry(FILE, mode, content).await;
        let issue = town.labelled("Greet", ONE).await;
        let waits = town.waits(issue).await;
        assert!(waits.len() == 1 && waits[0].contains(why), "{why}: {waits:#?}");
        assert!(town.known(issue).await.survey.is_none());
        town.finish().await;
    }
    let town = Town::new(Setting::default()).await;
    town.commit_entry(".github/millhand.yml/x", "100644", "x").await;
    let issue = town.labelled("Greet", ONE).await;
    assert!(town.waits(issue).await[0].contains("This is no file"));
    town.finish().await;
}

#[tokio::test]
async fn where_prow_listens_bare_commands_are_its_own() {
    let town = Town::new(Setting::default()).await;
    town.write("maintainer", "main", "OWNERS", "approvers: [maintainer]\n").await;
    let issue = town.labelled("Greet", ONE).await;
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    assert!(town.known(issue).await.phases.is_empty());
    let plan = town.said_once(issue);
    assert!(
        plan.contains("| `commands.bare` | `false` | Millhand, by what stands in the repository |"),
        "{plan}"
    );
    // The team says otherwise: from now on they are read.
    town.set("commands: { bare: true }\n").await;
    town.settle().await;
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    assert!(!town.known(issue).await.phases.is_empty());
    town.finish().await;
}

#[tokio::test]
async fn a_repository_tightens_the_policy_and_never_loosens_it() {
    let mut policy = OperatorPolicy {
        budget_usd: 4.0,
        ..OperatorPolicy::default()
    };
    policy.limits.phases = 2;
    policy.approvals.plan = millhand::workflow::settings::PlanApproval::Required;
    let town = Town::new(Setting {
        policy,
        ..Setting::default()
    })
    .await;
    town.set("approvals: { plan: none }\nlimits: { phases: 9, budget_usd: 40, attempts: 2 }\n")
        .await;
    let issue = town.labelled("Greet people", THREE).await;
    let w = town.known(issue).await;
    assert_eq!(
        (w.settings.limits.phases, w.settings.limits.attempts, w.budget),
        (2, 2, MicroUsd(4_000_000))
    );
    assert!(w.phases.is_empty(), "the plan waits for its approval");
    let plan = town.said_once(issue);
    for line in [
        "| `limits.phases` | `2` | repository, held at the operator's policy |",
        "| `limits.attempts` | `2` | repository |",
        "the operator's policy allows less",
        "the operator's policy asks for more",
    ] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    town.refused("maintainer", issue, "/budget 5", "allows at most").await;
    town.finish().await;
}

/// The log tells who was refused, also in a repository that reads only `/millhand` commands.
#[tokio::test]
async fn commands_of_others_are_left_alone_where_bare_ones_are_not_read() {
    let town = Town::new(Setting::default()).await;
    town.set("commands: { bare: false }\n").await;
    let issue = town.labelled("Greet", ONE).await;
    town.said_anywhere();
    let quiet = town.comment("reader", issue, "/approve plan\n/hold\n/lgtm").await;
    let loud = town.comment("reader", issue, "/millhand approve plan").await;
    town.settle().await;
    assert!(town.reactions(quiet).is_empty());
    assert_eq!(town.reactions(loud), ["eyes", "confused"]);
    let w = town.known(issue).await;
    let rows = town.store().events(w.id, 0, 1_000).await.unwrap();
    let refused: Vec<Note> = rows
        .iter()
        .filter_map(|row| serde_json::from_str::<Value>(&row.transitions).ok())
        .filter_map(|stored| serde_json::from_value::<Vec<Note>>(stored["notes"].clone()).ok())
        .flatten()
        .filter(|note| matches!(note, Note::Refused { .. }))
        .collect();
    assert_eq!(refused.len(), 1, "{refused:#?}");
    town.over().await;
}
