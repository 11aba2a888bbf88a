//! Bad input that reaches the bot: configuration that is refused, paths that a model may not write, and every command by those
//! who may give it and by the App itself.
//!
//! Invariant: each is answered, the log says what was refused and why, and the work goes on as soon as it is mended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use futures_util::future::BoxFuture;
use millhand::llm::profile::Profile;
use millhand::llm::{Completion, Model, ModelError, Prompt};
use millhand::sim::ops::comments;
use millhand::sim::world::{Actor, AppActor};
use millhand::store::{EventRow, Store as _};
use millhand::workflow::command::TABLE;
use millhand::workflow::model::{End, Fate};
use millhand::workflow::settings::Settings;
use millhand::workflow::state::{Baton, State};
use serde_json::{Value, json};

use super::scenes::{ONE, THREE};
use super::town::{Setting, Town};

const FILE: &str = ".github/millhand.yml";

/// What a team writes, where it is refused, and words of the answer.
const CONFIGURATIONS: &[(&str, (u32, u32), &str)] = &[
    ("limit: { phases: 2 }\n", (1, 1), "did you mean `limits`?"),
    ("limits:\n  phasez: 3\n", (2, 3), "did you mean `phases`?"),
    ("phases: 3\n", (1, 1), "write `phases` below `limits`"),
    ("recipe: single\nrecipe: single\n", (2, 1), "stands here a second time"),
    ("limits: { phases: 1, \"phases\": 1 }\n", (1, 22), "stands here a second time"),
    ("limits: { phases: six }\n", (1, 19), "a whole number from 1 to 50"),
    ("limits: { phases: 0 }\n", (1, 19), "from 1 to 50"),
    ("limits: { phases: -1 }\n", (1, 19), "here stands `-1`"),
    ("limits: { phases: 99999999999999999999999999 }\n", (1, 19), "from 1 to 50"),
    ("limits: { phases: 0x10 }\n", (1, 19), "decimal digits"),
    ("limits: { budget_usd: .nan }\n", (1, 23), "decimal digits"),
    ("limits: { budget_usd: 1e999 }\n", (1, 23), "decimal digits"),
    ("limits: { budget_usd: -5 }\n", (1, 23), "here stands `-5`"),
    ("limits: 3\n", (1, 9), "`limits` is a section"),
    ("limits:\n", (1, 1), "`limits` has no keys below it"),
    ("just words\n", (1, 1), "a mapping of keys"),
    ("delivery: [auto]\n", (1, 11), "here stands a list"),
    ("commands: { bare: yes }\n", (1, 19), "Write `true` or `false`."),
    ("approvals: { plan: requird }\n", (1, 20), "Did you mean `required`?"),
    ("approvals: { phase_reviews: 7 }\n", (1, 29), "from 0 to 6"),
    ("merge: { phases: fast-forward }\n", (1, 18), "`squash`, `merge` or `rebase`"),
    ("branches: { prefix: a..b/ }\n", (1, 21), "by git's rules"),
    ("branches: { prefix: refs/heads/x }\n", (1, 21), "by git's rules"),
    ("labels: { trigger: '' }\n", (1, 20), "a label's name of 1 to 50"),
    ("labels: { trigger: Build, auto: build }\n", (1, 33), "are the same label"),
    ("triggers: { bots: ['@renovate'] }\n", (1, 20), "Leave the `@` out."),
    ("reviewers: [acme/team]\n", (1, 13), "Teams cannot be named here"),
    ("protected_paths: ['!LICENSE']\n", (1, 19), "Nothing can be taken out"),
    ("protected_paths: ['../x']\n", (1, 19), "a path or a glob"),
    (
        "models: { code_writer: 'https://evil.example/v1' }\n",
        (1, 24),
        "the operator's model profiles",
    ),
    ("api_key: sk-1\n", (1, 1), "`api_key` is no key"),
    ("recipe: &x single\ndelivery: *x\n", (1, 9), "Anchors"),
    ("recipe: *x\n", (1, 9), "Aliases"),
    ("limits:\n  <<: { phases: 3 }\n", (2, 3), "Merge keys"),
    ("recipe: !!python/object/apply:os.system [ls]\n", (1, 9), "Tags"),
    ("- recipe: single\n", (1, 1), "a mapping of keys"),
    ("%YAML 1.2\n---\nrecipe: single\n", (1, 1), "directives"),
    (
        "recipe: single\n---\ndelivery: auto\n",
        (2, 1),
        "A second document begins here",
    ),
    ("[[[[[[[[[[[[[[[[[[[[[[[[\n", (1, 9), "more than 8 deep"),
    ("reviewers: [mona\n", (1, 12), "no valid YAML"),
    ("recipe: 'single\n", (2, 1), "no valid YAML"),
    ("limits:\n\tphases: 3\n", (2, 2), "indent by spaces"),
    ("recipe: single # \u{1b}[31m\n", (1, 18), "a control character"),
    ("labels: { trigger: a\u{200b}b }\n", (1, 21), "an invisible character"),
    ("recipe: single\n# x\u{202e}y\n", (2, 4), "a text direction character"),
];

impl Town {
    async fn rows(&self, issue: u64) -> Vec<EventRow> {
        let id = self.known(issue).await.id;
        self.store().events(id, 0, 10_000).await.unwrap()
    }

    /// The App itself comments, as if somebody had made it say this.
    fn app_says(&self, issue: u64, text: &str) -> u64 {
        self.sim.with(|world| {
            let repo = world.repository_named("acme", "todo").unwrap().id;
            let app = world.app_named("millhand").unwrap();
            let installation = world.installation_for(app.id, repo).unwrap();
            let actor = Actor::App(AppActor {
                app: app.id,
                installation: installation.id,
                bot: app.bot,
                permissions: installation.permissions.clone(),
                repositories: None,
            });
            comments::create(world, &actor, repo, issue, text).unwrap().0
        })
    }
}

#[tokio::test]
async fn a_configuration_that_is_refused_is_told_and_changes_nothing() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet", ONE).await;
    let before = town.known(issue).await.settings;
    let told = |rows: &[EventRow]| -> Vec<Value> {
        let facts = rows.iter().map(|row| serde_json::from_str::<Value>(&row.fact).unwrap());
        facts.filter(|fact| fact["fact"] == "configured").collect()
    };
    for (number, (text, (line, column), words)) in CONFIGURATIONS.iter().enumerate() {
        let head = town.write("maintainer", "main", FILE, text).await;
        // Long enough for the status comment, which is edited once in half a minute.
        town.pass(Duration::from_secs(40)).await;
        let place = format!("line {line}, column {column}");
        let w = town.known(issue).await;
        assert_eq!(w.settings, before, "{text}");
        let status = town.status(issue);
        assert!(status.contains(&place), "{text}: {place}\n{status}");
        let checks = town.our_checks(&head).await;
        let refused = ("failure".to_owned(), "The settings are not understood".to_owned());
        assert_eq!(checks, [refused], "{text}");
        let rows = told(&town.rows(issue).await);
        assert_eq!(rows.len(), number + 1, "{text}: one row a refusal");
        let row = rows.last().unwrap().to_string();
        assert!(
            row.contains(&head) && row.contains(&json!(words).to_string()[1..words.len() + 1]),
            "{text}: {words}\n{row}"
        );
    }
    assert_eq!(CONFIGURATIONS.len(), 45);
    assert_eq!(town.known(issue).await.baton, Baton::Whole(State::HandoffToCoder));
    // Mended, it goes on.
    town.write("maintainer", "main", FILE, "limits: { attempts: 2 }\n").await;
    town.settle().await;
    town.comment("maintainer", issue, "/approve plan").await;
    town.settle().await;
    assert_eq!(town.known(issue).await.settings.limits.attempts, 2);
    town.until_complete(issue).await;
    town.over().await;
}

/// The offline model whose change sets write these paths as well.
#[derive(Debug)]
struct Stray {
    good: Arc<dyn Model>,
    paths: Vec<String>,
}

impl Model for Stray {
    fn complete(&self, prompt: Prompt) -> BoxFuture<'_, Result<Completion, ModelError>> {
        Box::pin(async move {
            let writes = prompt.task.name() == "write";
            let mut done = self.good.complete(prompt).await?;
            if writes {
                let mut set: Value = serde_json::from_str(&done.text).unwrap();
                let files = set["files"].as_array_mut().unwrap();
                files.extend(self.paths.iter().map(|path| json!({ "path": path, "content": "x\n" })));
                done.text = set.to_string();
            }
            Ok(done)
        })
    }
}

const DOTS: &str = "paths do not walk up or stand still";
const WINDOWS: &str = "Windows has no such names";
const DEVICE: &str = "is the name of a device on Windows";
const GIT: &str = "is git's own, or reads like it";
const EDGE: &str = "begins with a space, or ends with a space or a dot";
const UNSEEN: &str = "nobody sees it";
const PEOPLE: &str = "only people change it";

/// What a model writes, and words of why it may not.
const PATHS: &[(&str, &str)] = &[
    ("", "the path is empty"),
    ("/", "begins with a slash"),
    ("/etc/passwd", "begins with a slash"),
    ("//a", "begins with a slash"),
    ("a/", "ends with a slash"),
    ("a//b", "has an empty part"),
    (".", DOTS),
    ("..", DOTS),
    ("./a", DOTS),
    ("../a", DOTS),
    ("a/../b", DOTS),
    ("a/./b", DOTS),
    ("a/..", DOTS),
    ("..a", DOTS),
    ("...", DOTS),
    ("a\\b", "Windows reads it as a slash"),
    ("..\\..\\a", "Windows reads it as a slash"),
    ("C:/a", "a drive or a stream"),
    ("a.txt:stream", "a drive or a stream"),
    ("a.txt::$DATA", "a drive or a stream"),
    ("a<b", WINDOWS),
    ("a>b", WINDOWS),
    ("a\"b", WINDOWS),
    ("a|b", WINDOWS),
    ("a?b", WINDOWS),
    ("a*b", WINDOWS),
    ("a\nb", "it breaks lists of paths"),
    ("a\rb", "it breaks lists of paths"),
    ("a\tb", "it breaks lists of paths"),
    ("a\u{1b}b", "a control character"),
    ("a\u{7f}b", "a control character"),
    ("a\u{85}b", ""),
    ("a\u{a0}b", "looks like a space and is none"),
    ("a\u{3000}b", "looks like a space and is none"),
    ("a\u{200b}b", UNSEEN),
    ("a\u{feff}b", UNSEEN),
    ("a\u{ad}b", UNSEEN),
    ("a\u{e0041}b", UNSEEN),
    ("a\u{202e}b", "turns the direction of text"),
    ("a\u{2066}b", "turns the direction of text"),
    ("a\u{e000}b", "what some font makes of it"),
    ("a\u{fffd}b", "stands for a damaged one"),
    ("\u{ff41}b", "looks like an ASCII character"),
    ("\u{ff0e}github/x", "looks like an ASCII character"),
    ("cafe\u{301}.md", "composed form (NFC)"),
    ("\u{212b}.md", "composed form (NFC)"),
    (" a", EDGE),
    ("a ", EDGE),
    ("a.", EDGE),
    ("a /b", EDGE),
    ("a./b", EDGE),
    ("CON", DEVICE),
    ("con.txt", DEVICE),
    ("a/PRN", DEVICE),
    ("aux.c", DEVICE),
    ("nul.tar.gz", DEVICE),
    ("COM9.log", DEVICE),
    ("lpt0", DEVICE),
    ("conin$", DEVICE),
    (".git", GIT),
    (".git/config", GIT),
    ("a/.git/hooks/pre-commit", GIT),
    (".GIT/config", GIT),
    (".gitmodules/x", GIT),
    ("progra~1/x", "a short name on Windows"),
    ("git~1", ""),
    (".git /config", ""),
    (".git./config", ""),
    (".g\u{200c}it/config", UNSEEN),
    (".gitmodules", PEOPLE),
    (".github/workflows/ci.yml", PEOPLE),
    (".GitHub/Workflows/CI.yml", PEOPLE),
    (".github/workflows/deep/new.yaml", PEOPLE),
    (".github/actions/x/action.yml", PEOPLE),
    (".github/millhand.yml", PEOPLE),
    (".GITHUB/millhand.YML", PEOPLE),
    ("readme.md", "are one name where letter case does not count"),
    ("SRC/other.rs", "are one name where letter case does not count"),
    ("README.md/x", "is a file, so nothing can lie in it"),
    ("src", "There is a folder of this name"),
    ("tools/current", "There is a symbolic link"),
    ("tools/current/x", "is a file, so nothing can lie in it"),
];

#[tokio::test]
async fn a_path_that_does_harm_somewhere_is_never_written() {
    let mut wanted: Vec<(String, &str)> = PATHS.iter().map(|(path, words)| ((*path).to_owned(), *words)).collect();
    wanted.push(("a".repeat(256), "a part of the path has 256 bytes"));
    wanted.push((vec!["a"; 33].join("/"), "the path has 33 parts"));
    wanted.push((vec!["a".repeat(128); 8].join("/"), "the path has 1031 bytes"));
    assert_eq!(wanted.len(), 85);
    let mut settings = Settings::default();
    settings.limits.files_per_phase = 200;
    let town = Town::new(Setting {
        settings,
        model: Some(Arc::new(Stray {
            good: Profile::offline("large").connect(),
            paths: wanted.iter().map(|(path, _)| path.clone()).collect(),
        })),
        ..Setting::default()
    })
    .await;
    town.commit_entry("tools/current", "120000", "../ci.sh").await;
    let tree = town.get("/repos/acme/todo/git/trees/main?recursive=1").await["tree"].clone();
    let issue = town.begun("Greet", ONE).await;
    let w = town.known(issue).await;
    let phase = w.phases.values().next().unwrap();
    assert_eq!((phase.state, &phase.fate), (State::Implementation, &Fate::Failed));
    assert_eq!(phase.track.attempts.validation, 3);
    assert!(phase.track.pull.is_none(), "nothing is pushed");
    let branches = town.get("/repos/acme/todo/branches?per_page=100").await;
    let names: Vec<&str> = branches
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|b| b["name"].as_str())
        .collect();
    assert!(!names.contains(&phase.track.branch.as_str()), "{names:?}");
    // Whoever reads the log finds each of them, with why it was refused.
    let mut refused: BTreeMap<String, String> = BTreeMap::new();
    for row in town.rows(issue).await {
        let fact: Value = serde_json::from_str(&row.fact).unwrap();
        remarks(&fact, &mut refused);
    }
    let told = |path: &str, words: &str| {
        let begin: String = as_shown(path).chars().take(LONG).collect();
        let mut of_path = refused.iter().filter(|(shown, _)| match begin.chars().count() {
            LONG => shown.starts_with(&begin),
            _ => **shown == begin,
        });
        of_path.any(|(_, why)| !why.is_empty() && why.contains(words))
    };
    let missing: Vec<&(String, &str)> = wanted.iter().filter(|(path, words)| !told(path, words)).collect();
    assert!(missing.is_empty(), "{missing:#?}\n{:#?}", refused.keys());
    assert!(
        town.waits(issue).await[0].contains("/retry"),
        "{:#?}",
        town.waits(issue).await
    );
    assert_eq!(town.get("/repos/acme/todo/git/trees/main?recursive=1").await["tree"], tree);
    // The process lives, and people end the work.
    town.comment("maintainer", issue, "/cancel").await;
    town.settle().await;
    assert_eq!(town.known(issue).await.ended, Some(End::Cancelled));
    town.said_anywhere();
    town.finish().await;
}

/// Characters of a path that are compared: longer ones are cut where they are shown.
const LONG: usize = 60;

/// A path as remarks name it: what nobody could read is written out.
fn as_shown(path: &str) -> String {
    let unseen = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{202e}' | '\u{2066}' | '\u{feff}' | '\u{e000}' | '\u{e0041}'
            )
    };
    path.chars()
        .map(|c| {
            if unseen(c) {
                c.escape_unicode().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// Critical remarks by path, wherever they stand in a fact.
fn remarks(fact: &Value, found: &mut BTreeMap<String, String>) {
    match fact {
        Value::Object(members) => {
            for remark in members.get("critical").and_then(Value::as_array).into_iter().flatten() {
                if let (Some(path), Some(message)) = (remark["path"].as_str(), remark["message"].as_str()) {
                    let all = found.entry(path.to_owned()).or_default();
                    all.push_str(message);
                }
            }
            members.values().for_each(|member| remarks(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| remarks(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn every_command_by_those_who_may() {
    let town = Town::new(Setting::default()).await;
    // One with each permission that is enough: admin, maintain, write.
    town.must(
        "maintainer",
        Method::PUT,
        "/repos/acme/todo/collaborators/triager",
        json!({ "permission": "maintain" }),
    )
    .await;
    for login in ["maintainer", "triager", "reviewer"] {
        let issue = town.open_issue("maintainer", "Greet people", THREE).await;
        let mut given = Vec::new();
        for line in [
            "/start",
            "/status",
            "/help",
            "/revise Use two phases",
            "/approve plan",
            "/pause",
            "/resume",
            "/hold",
            "/unhold",
            "/budget 4",
            "/retry 1 fresh -- otherwise",
            "/skip 3",
            "/rollback 1",
            "/cancel",
        ] {
            let comment = town.comment(login, issue, line).await;
            town.settle().await;
            assert_eq!(
                town.reactions(comment),
                ["eyes", "+1"],
                "{login}: {line} {:#?}",
                town.said(issue)
            );
            given.push(line[1..].split(' ').next().unwrap());
        }
        for entry in TABLE {
            assert!(given.contains(&entry.word), "{}", entry.word);
        }
        assert_eq!(town.refusals(issue).await, []);
        assert_eq!(town.known(issue).await.ended, Some(End::Cancelled));
        town.said_anywhere();
    }
    town.finish().await;
}

#[tokio::test]
async fn what_the_app_itself_writes_is_never_a_command() {
    let town = Town::new(Setting::default()).await;
    let issue = town.labelled("Greet people", THREE).await;
    let before = town.known(issue).await;
    let mut comments = Vec::new();
    for entry in TABLE {
        let arguments = match entry.word {
            "revise" => " smaller",
            "budget" => " 7",
            "skip" | "rollback" => " 1",
            _ => "",
        };
        comments.push(town.app_says(issue, &format!("/{}{arguments}", entry.word)));
        comments.push(town.app_says(issue, &format!("/millhand {}{arguments}", entry.word)));
    }
    town.settle().await;
    for comment in comments {
        assert!(town.reactions(comment).is_empty());
    }
    let w = town.known(issue).await;
    assert_eq!(
        (w.baton, w.paused, w.ended, w.plan),
        (before.baton, before.paused, before.ended, before.plan)
    );
    assert_eq!(w.budget, before.budget);
    town.said_anywhere();
    town.finish().await;
}
