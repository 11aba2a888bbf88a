//! Real git against the simulator, over the loopback address.

use std::path::Path;
use std::process::Output;

use crate::sim::CiMode;
use crate::sim::graphql::bench::Bench;
use crate::sim::world::{Delivery, Rule, Ruleset, RulesetId};

/// Serves the simulator and gives its address; it ends with the test's runtime.
async fn serve(bench: &Bench) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = bench.sim.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("127.0.0.1:{}", address.port())
}

/// Runs git in a folder, without the settings of whoever runs the tests.
async fn git(folder: &Path, arguments: &[&str]) -> Output {
    tokio::process::Command::new("git")
        .args([
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@example.com",
            "-c",
            "credential.helper=",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("NO_PROXY", "*")
        .output()
        .await
        .unwrap()
}

async fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = git(folder, arguments).await;
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Whether this machine has git; without it there is nothing to talk to, and a test of the sentence takes over.
async fn present() -> bool {
    tokio::process::Command::new("git").arg("--version").output().await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clone_push_and_delete() {
    if !present().await {
        return;
    }
    let bench = Bench::new(CiMode::Off);
    let address = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    ok(
        folder.path(),
        &["clone", "-q", &format!("http://{address}/acme/todo.git"), "copy"],
    )
    .await;
    let copy = folder.path().join("copy");
    let main = bench.world(|world| world.store(bench.repo).unwrap().branch("main").unwrap().unwrap());
    assert_eq!(ok(&copy, &["rev-parse", "HEAD"]).await, main.to_string());
    ok(&copy, &["fsck", "--strict"]).await;

    std::fs::write(copy.join("pushed.txt"), "pushed\n".repeat(5000)).unwrap();
    ok(&copy, &["checkout", "-q", "-b", "topic"]).await;
    ok(&copy, &["add", "."]).await;
    ok(&copy, &["commit", "-q", "-m", "Push something"]).await;
    let url = |who: &str| format!("http://{who}@{address}/acme/todo.git");
    for (who, code) in [("reader:sim-reader", "403"), ("x:wrong", "Authentication failed")] {
        let refused = git(&copy, &["push", "-q", &url(who), "topic"]).await;
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && text.contains(code), "{who}: {text}");
    }
    let app = bench.app_token();
    ok(&copy, &["push", "-q", &url(&format!("x-access-token:{app}")), "topic"]).await;
    let head = ok(&copy, &["rev-parse", "HEAD"]).await;
    let there = bench.world(|world| world.store(bench.repo).unwrap().branch("topic").unwrap().unwrap());
    assert_eq!(there.to_string(), head);
    let events: Vec<String> = bench.world(|world| {
        let name = |delivery: &Delivery| delivery.event.clone();
        world
            .deliveries
            .values()
            .map(name)
            .filter(|name| ["push", "create", "delete"].contains(&name.as_str()))
            .collect()
    });
    assert!(events.contains(&"push".to_owned()), "{events:?}");
    ok(&copy, &["push", "-q", &url("maintainer:sim-maintainer"), ":topic"]).await;
    assert_eq!(
        bench.world(|world| world.store(bench.repo).unwrap().branch("topic").unwrap()),
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_and_hidden_repositories_hold_for_git_too() {
    if !present().await {
        return;
    }
    let bench = Bench::new(CiMode::Off);
    bench.world(|world| {
        let rule = |kind: &str| Rule {
            kind: kind.to_owned(),
            parameters: None,
        };
        let ruleset = Ruleset {
            id: RulesetId(1),
            name: "r".to_owned(),
            include: vec!["~DEFAULT_BRANCH".to_owned()],
            exclude: Vec::new(),
            rules: vec![rule("pull_request"), rule("deletion")],
            bypass: Vec::new(),
            active: true,
        };
        world.repositories.get_mut(&bench.repo).unwrap().rulesets.push(ruleset);
    });
    let address = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://maintainer:sim-maintainer@{address}/acme/todo.git");
    ok(folder.path(), &["clone", "-q", &url, "copy"]).await;
    let copy = folder.path().join("copy");
    ok(&copy, &["commit", "-q", "--allow-empty", "-m", "Straight to main"]).await;
    for target in ["HEAD:main", "HEAD:refs/pull/1/head"] {
        let refused = git(&copy, &["push", &url, target]).await;
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && text.contains("remote rejected"),
            "{target}: {text}"
        );
        assert!(
            target != "HEAD:main" || text.contains("Changes must be made through a pull request"),
            "{text}"
        );
    }

    bench.world(|world| world.repositories.get_mut(&bench.repo).unwrap().private = true);
    let anonymous = git(
        folder.path(),
        &["clone", "-q", &format!("http://{address}/acme/todo.git"), "no"],
    )
    .await;
    assert!(!anonymous.status.success());
    let outsider = git(
        folder.path(),
        &["clone", "-q", &format!("http://o:sim-outsider@{address}/acme/todo.git"), "no"],
    )
    .await;
    assert!(String::from_utf8_lossy(&outsider.stderr).contains("not found"));
    ok(
        folder.path(),
        &["clone", "-q", &format!("http://r:sim-reader@{address}/acme/todo.git"), "yes"],
    )
    .await;
}
