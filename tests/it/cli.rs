//! The built program as people run it: sentences, exit codes, and the bot beside its simulated GitHub as two processes.
//!
//! Invariant: no test needs a port, a file or a setting of the machine it runs on.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;

use secrecy::ExposeSecret as _;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Running, millhand, run, with_compiler};

/// A key that signs, made by the simulated GitHub.
fn key(folder: &TempDir) -> String {
    let sim = millhand::sim::Sim::new(millhand::sim::SimOptions {
        seed: 1,
        data_dir: folder.path().join("github"),
        clock: std::sync::Arc::new(millhand::clock::SystemClock),
        entropy: std::sync::Arc::new(millhand::clock::SeededEntropy::new(1)),
        ci: millhand::sim::CiMode::Off,
        webhook: millhand::sim::WebhookTarget::None,
        webhook_secret: "x".to_owned().into(),
        base_url: "http://127.0.0.1:1".to_owned(),
    });
    sim.unwrap().with(|world| {
        world
            .app_named("millhand")
            .unwrap()
            .private_key_pem
            .clone()
            .unwrap()
            .expose_secret()
            .to_owned()
    })
}

/// Settings that would serve, were GitHub there.
fn settings(folder: &TempDir) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("GITHUB_API_URL", "http://127.0.0.1:1/api/v3".to_owned()),
        ("GITHUB_APP_ID", "7".to_owned()),
        ("GITHUB_PRIVATE_KEY", key(folder)),
        ("GITHUB_WEBHOOK_SECRET", "canary-webhook-secret".to_owned()),
        ("MILLHAND_API_TOKEN", "canary-api-token".to_owned()),
        ("MILLHAND_LISTEN", "127.0.0.1:0".to_owned()),
        ("MILLHAND_MODEL", "offline".to_owned()),
    ])
}

#[test]
fn help_names_every_command_and_ends_well() {
    let folder = TempDir::new().unwrap();
    let (code, out, _) = run(millhand(folder.path()).arg("--help"));
    assert_eq!(code, 0);
    for command in [
        "demo",
        "serve",
        "sim",
        "list",
        "status",
        "history",
        "events",
        "handoffs",
        "start",
        "generate",
        "approve",
        "revise",
        "retry",
        "rollback",
        "skip",
        "hold",
        "unhold",
        "budget",
        "pause",
        "resume",
        "cancel",
        "replay",
        "validate",
        "schema",
        "completions",
    ] {
        assert!(out.contains(&format!("\n  {command} ")), "{command} is not in:\n{out}");
        assert_eq!(run(millhand(folder.path()).args([command, "--help"])).0, 0, "{command}");
    }
    let (code, out, _) = run(millhand(folder.path()).arg("--version"));
    assert_eq!(
        (code, out.as_str()),
        (0, concat!("millhand ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn what_is_misspelt_is_a_matter_of_usage() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        &[][..],
        &["statu"],
        &["serve", "--port", "1"],
        &["status"],
        &["demo", "--port", "x"],
        &["demo", "--port", "70000"],
        &["start", "acme/todo#1", "--automatic"],
        &["completions", "cobol"],
        &["rollback", "acme/todo#1"],
    ] {
        let (code, out, err) = run(millhand(folder.path()).args(arguments));
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(!err.is_empty(), "{arguments:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, one row a case")]
fn settings_that_cannot_serve_are_named_in_one_sentence() {
    let folder = TempDir::new().unwrap();
    let good = settings(&folder);
    let rows: [(&str, Option<&str>, i32, &str); 17] = [
        ("GITHUB_APP_ID", None, 2, "GITHUB_APP_ID is not set"),
        ("GITHUB_PRIVATE_KEY", None, 2, "GITHUB_PRIVATE_KEY is not set"),
        ("GITHUB_PRIVATE_KEY", Some("hunter2"), 2, "GITHUB_PRIVATE_KEY cannot be used"),
        (
            "GITHUB_PRIVATE_KEY",
            Some("-----BEGIN PUBLIC KEY-----\nhunter2\n-----END PUBLIC KEY-----"),
            2,
            "GITHUB_PRIVATE_KEY cannot be used",
        ),
        (
            "GITHUB_PRIVATE_KEY_PATH",
            Some("key.pem"),
            2,
            "GITHUB_PRIVATE_KEY and GITHUB_PRIVATE_KEY_PATH are both set",
        ),
        ("GITHUB_WEBHOOK_SECRET", None, 2, "GITHUB_WEBHOOK_SECRET is not set"),
        ("GITHUB_WEBHOOK_SECRET", Some(""), 2, "GITHUB_WEBHOOK_SECRET is not set"),
        (
            "GITHUB_API_URL",
            Some("http://github.example/api/v3"),
            2,
            "GITHUB_API_URL must begin with https://",
        ),
        ("MILLHAND_MODEL", None, 2, "MILLHAND_MODEL is not set"),
        ("MILLHAND_MODEL", Some("clever"), 2, "MILLHAND_MODEL names the profile"),
        ("MILLHAND_LISTEN", Some("here"), 2, "MILLHAND_LISTEN is no address"),
        (
            "MILLHAND_DATABASE_URL",
            Some("postgres://me:hunter2@host/db"),
            2,
            "MILLHAND_DATABASE_URL names a PostgreSQL server",
        ),
        (
            "MILLHAND_DATABASE_URL",
            Some("sqlite://nowhere/at/all.db"),
            1,
            "MILLHAND_DATABASE_URL: ",
        ),
        (
            "MILLHAND_DATABASE_URL",
            Some("sqlite::memory:"),
            2,
            "MILLHAND_DATABASE_URL cannot be used",
        ),
        (
            "MILLHAND__RECONCILE__ACTIVE",
            Some("2"),
            2,
            "MILLHAND__RECONCILE__ACTIVE cannot be used",
        ),
        (
            "MILLHAND__DEFAULTS__LIMITS__BUDGET_USD",
            Some("99"),
            2,
            "defaults.limits.budget_usd is above policy.budget_usd",
        ),
        (
            "MILLHAND__RECONCILE__ACTIVE_SECONDS",
            Some("0"),
            2,
            "reconcile.active_seconds is 0",
        ),
    ];
    for (name, value, exit, begins) in rows {
        let mut command = millhand(folder.path());
        command.envs(&good).env_remove(name);
        if let Some(value) = value {
            command.env(name, value);
        }
        let (code, out, err) = run(command.arg("serve"));
        assert_eq!((code, out.as_str()), (exit, ""), "{name} {value:?}: {err}");
        assert!(
            err.starts_with(&format!("millhand: {begins}")) && err.ends_with(".\n"),
            "{name} {value:?}: {err}"
        );
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(!err.contains("hunter2") && !err.contains("canary"), "{err}");
    }
}

#[test]
fn a_settings_file_is_read_where_it_is_named() {
    let folder = TempDir::new().unwrap();
    let (code, _, err) = run(millhand(folder.path()).args(["list", "--config", "mine.toml"]));
    assert!(code == 2 && err.starts_with("millhand: mine.toml cannot be read"), "{err}");
    std::fs::write(folder.path().join("millhand.toml"), "[reviews]\nquiet = 1\n").unwrap();
    let (code, _, err) = run(millhand(folder.path()).arg("list"));
    assert!(
        code == 2 && err.starts_with("millhand: millhand.toml, line 2: unknown field `quiet`"),
        "{err}"
    );
}

#[test]
fn a_port_that_is_taken_ends_the_start() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let (code, _, err) = run(millhand(folder.path())
        .envs(settings(&folder))
        .env("MILLHAND_LISTEN", &at)
        .arg("serve"));
    assert_eq!(
        (code, err),
        (
            1,
            format!("millhand: Nothing can listen at {at}: the port is in use by another process.\n")
        )
    );
    let port = taken.local_addr().unwrap().port().to_string();
    for arguments in [["sim", "--port"], ["demo", "--sim-port"], ["demo", "--port"]] {
        let (code, _, err) = run(millhand(folder.path()).args(arguments).arg(&port));
        assert!(code == 1 && err.contains("in use by another process"), "{arguments:?}: {err}");
    }
}

#[test]
fn a_database_that_is_none_ends_the_start_and_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let text = "this is no database, and it must not become one, however long it is written on".repeat(20);
    std::fs::write(folder.path().join("notes.db"), &text).unwrap();
    let good = settings(&folder);
    let (code, out, err) = run(millhand(folder.path())
        .envs(&good)
        .env("MILLHAND_DATABASE_URL", "sqlite://notes.db")
        .arg("serve"));
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(
        err.starts_with("millhand: MILLHAND_DATABASE_URL: ") && err.contains("notes.db") && err.lines().count() == 1,
        "{err}"
    );
    assert_eq!(std::fs::read_to_string(folder.path().join("notes.db")).unwrap(), text);
}

#[test]
fn clients_say_what_they_miss() {
    let folder = TempDir::new().unwrap();
    let (code, _, err) = run(millhand(folder.path()).arg("list"));
    assert!(
        code == 2 && err.starts_with("millhand: MILLHAND_API_TOKEN is not set"),
        "{err}"
    );
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let with_token = |arguments: &[&str]| run(millhand(folder.path()).env("MILLHAND_API_TOKEN", "canary").args(arguments));
    let (code, _, err) = with_token(&["status", "acme/todo#1", "--server", &closed.to_string()]);
    assert!(code == 1 && err.starts_with("millhand: There is no server at"), "{err}");
    let (code, _, err) = with_token(&["list", "--server", "ftp://somewhere"]);
    assert!(code == 2 && err.starts_with("millhand: --server"), "{err}");
    let (code, _, err) = with_token(&["start", "acme/todo"]);
    assert!(code == 2 && err.contains("is no issue"), "{err}");
    let (code, _, err) = with_token(&["replay", "acme/todo#1"]);
    assert!(
        code == 1 && err.starts_with("millhand: MILLHAND_DATABASE_URL: ") && !err.contains("canary"),
        "{err}"
    );
}

#[test]
fn completions_are_a_script() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = run(millhand(folder.path()).args(["completions", shell]));
        assert!(code == 0 && out.contains("handoffs"), "{shell}");
    }
}

/// The simulated GitHub and the bot as two processes; the bot learns of everything by looking.
struct Pair {
    folder: TempDir,
    server: String,
    bot: Running,
    github: Running,
}

impl Pair {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut github = Running::start(millhand(folder.path()).args(["sim", "--port", "0", "--no-ci", "--env-file", "sim.env"]));
        github.line("Settings for `millhand serve`");
        let mut bot = Running::start(&mut Self::serve(&folder));
        let server = bot.line("Millhand listens at").split([' ', ';']).nth(3).unwrap().to_owned();
        Self {
            folder,
            server,
            bot,
            github,
        }
    }

    fn serve(folder: &TempDir) -> Command {
        let file = std::fs::read_to_string(folder.path().join("sim.env")).unwrap();
        let mut command = millhand(folder.path());
        command.envs(file.lines().filter_map(|line| line.split_once('=')));
        command
            .env("MILLHAND_LISTEN", "127.0.0.1:0")
            .env("MILLHAND_API_TOKEN", "t0ken")
            .arg("serve");
        command
    }

    fn client(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = millhand(self.folder.path());
        if arguments[0] != "replay" {
            command.args(arguments).args(["--server", &self.server]);
        } else {
            command.args(arguments);
        }
        run(command.env("MILLHAND_API_TOKEN", "t0ken"))
    }
}

#[test]
fn a_workflow_is_started_read_and_steered_from_the_command_line() {
    let pair = Pair::start();
    let (code, out, err) = pair.client(&["list"]);
    assert_eq!((code, out.as_str()), (0, "No workflows.\n"), "{err}");
    let (code, _, err) = pair.client(&["status", "acme/todo#1"]);
    assert!(code == 3 && err.starts_with("millhand: There is no such workflow"), "{err}");
    // Until the bot has listed what it serves, the repository is unknown to it.
    let mut started = pair.client(&["start", "acme/todo#1", "--json"]);
    while started.0 == 3 {
        started = pair.client(&["start", "acme/todo#1", "--json"]);
    }
    let (code, out, err) = started;
    assert_eq!(code, 0, "{err}");
    let workflow: Value = serde_json::from_str(&out).unwrap();
    let id = workflow["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&workflow["repository"], &workflow["issue"]),
        (&"acme/todo".into(), &1.into())
    );
    let (code, out, _) = pair.client(&["list"]);
    assert!(code == 0 && out.contains("acme/todo#1"), "{out}");
    let (code, out, _) = pair.client(&["status", &id]);
    assert!(code == 0 && out.contains(&id) && out.contains("state"), "{out}");
    assert_eq!(pair.client(&["pause", "acme/todo#1"]).0, 0);
    let (code, _, err) = pair.client(&["pause", "acme/todo#1"]);
    assert_eq!(code, 4, "{err}");
    let (code, out, _) = pair.client(&["status", "acme/todo#1", "--json"]);
    let status: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &status["status"], &status["id"]),
        (0, &"paused".into(), &id.clone().into())
    );
    assert_eq!(pair.client(&["resume", &id]).0, 0);
    assert_eq!(pair.client(&["budget", &id, "7.50"]).0, 0);
    let (code, _, err) = pair.client(&["budget", &id, "lots"]);
    assert!(code == 2 && err.contains("amount"), "{err}");
    assert_eq!(pair.client(&["approve", &id, "everything"]).0, 2);
    assert_eq!(pair.client(&["cancel", &id]).0, 0);
    for (command, member) in [("history", "transitions"), ("events", "events"), ("handoffs", "handoffs")] {
        let (code, out, _) = pair.client(&[command, &id, "--json"]);
        let list: Value = serde_json::from_str(&out).unwrap();
        assert!(code == 0 && list[member].is_array(), "{command}");
        assert_eq!(pair.client(&[command, &id]).0, 0, "{command}");
    }
    let (code, out, err) = pair.client(&["generate", "acme/todo", "Greet people\n\n- Greet by name", "--json"]);
    let generated: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &generated["title"]), (0, &"Greet people".into()), "{err}");
    // The log is read beside the running bot.
    let (code, out, err) = pair.client(&["replay", "acme/todo#1", "--json"]);
    let replayed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &replayed["differences"]), (0, &Value::Array(Vec::new())), "{err}");
    assert!(replayed["compared"].as_u64().is_some_and(|count| count > 0), "{out}");
    assert_eq!(pair.client(&["replay", "acme/todo#2"]).0, 3);
    assert_eq!(pair.bot.stop(), 0, "a bot that is told to stop ends well");
    assert_eq!(pair.github.stop(), 0);
}

#[test]
fn two_bots_do_not_share_a_database() {
    let pair = Pair::start();
    let (code, out, err) = run(&mut Pair::serve(&pair.folder));
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(
        err.starts_with("millhand: MILLHAND_DATABASE_URL: the database is in use by another process: millhand.db"),
        "{err}"
    );
}

#[test]
fn a_key_of_another_app_ends_the_start() {
    let pair = Pair::start();
    let mut stranger = Pair::serve(&pair.folder);
    stranger
        .env("GITHUB_APP_ID", "999")
        .env("MILLHAND_DATABASE_URL", "sqlite://other.db");
    let (code, _, err) = run(&mut stranger);
    assert_eq!(code, 2, "{err}");
    let told = err.lines().find(|line| line.starts_with("millhand: ")).unwrap_or_default();
    assert!(
        told.starts_with("millhand: GITHUB_PRIVATE_KEY and GITHUB_APP_ID do not belong together"),
        "{err}"
    );
}

#[test]
fn settings_of_the_simulated_github_are_for_their_owner_only() {
    let pair = Pair::start();
    let text = std::fs::read_to_string(pair.folder.path().join("sim.env")).unwrap();
    let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let wanted = [
        "GITHUB_API_URL",
        "GITHUB_APP_ID",
        "GITHUB_PRIVATE_KEY_PATH",
        "GITHUB_WEBHOOK_SECRET",
        "MILLHAND_MODEL",
        "MILLHAND__GITHUB__MUTATION_INTERVAL_MS",
    ];
    assert_eq!(names, wanted);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let key = text
            .lines()
            .find_map(|line| line.strip_prefix("GITHUB_PRIVATE_KEY_PATH="))
            .unwrap();
        assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn the_demo_ends_with_merged_pull_requests() {
    let folder = TempDir::new().unwrap();
    let (code, out, err) = run(with_compiler(&mut millhand(folder.path())).args(["demo", "--exit"]));
    assert_eq!(code, 0, "{err}\n{out}");
    for words in [
        "offline",
        "discovery -> planning",
        "checks failed",
        "requests changes",
        "deployment -> complete",
        "Merged, in this order: #",
    ] {
        assert!(out.contains(words), "{words} is not in:\n{out}");
    }
}
