//! Workflows of the seeded repository, from the push to the check.

use super::progress;
use crate::sim::CiMode;
use crate::sim::graphql::bench::Bench;
use crate::sim::ops::actions;
use crate::sim::seed::person;
use crate::sim::world::{CheckStatus, CiScript, Conclusion, Delivery, RunId};

const WORKFLOW: &str = ".github/workflows/ci.yml";

fn script(check: &str, conclusion: &str, count: Option<u32>) -> CiScript {
    CiScript {
        repository: None,
        branch: None,
        check: Some(check.to_owned()),
        conclusion: conclusion.to_owned(),
        log: None,
        count,
    }
}

fn pairs(checks: &[(String, String)]) -> Vec<(&str, &str)> {
    checks.iter().map(|(name, word)| (name.as_str(), word.as_str())).collect()
}

#[tokio::test]
async fn the_seeded_tests_really_run() {
    let bench = Bench::new(CiMode::Real);
    bench.commit("good", &[("README.md", "changed\n")]);
    bench.open("good", "main");
    bench.idle().await;
    assert_eq!(
        pairs(&bench.checks("good")),
        [("test", "success")],
        "{:?}",
        bench.logs("good")
    );
    let log = &bench.logs("good")["test"];
    assert!(log.contains("test result: ok"), "{log}");
    assert!(log.lines().all(|line| line.as_bytes()[..28].ends_with(b"Z")), "{log}");

    bench.commit(
        "bad",
        &[("tests/bad.rs", "#[test]\nfn fails() {\n    assert_eq!(1 + 1, 3);\n}\n")],
    );
    bench.open("bad", "main");
    bench.idle().await;
    assert_eq!(pairs(&bench.checks("bad")), [("test", "failure")]);
    let log = &bench.logs("bad")["test"];
    assert!(
        log.contains("tests/bad.rs failed") && log.contains("##[error]Process completed with exit code 1."),
        "{log}"
    );
}

#[tokio::test]
async fn a_job_is_queued_then_begins_then_ends_by_the_clock() {
    let bench = Bench::new(CiMode::Scripted);
    bench.commit("a", &[("a.txt", "a\n")]);
    bench.open("a", "main");
    let begun = bench.sim.now();
    while bench.sim.run_due().await {}
    assert_eq!(pairs(&bench.checks("a")), [("test", "queued")]);
    bench.clock.advance(std::time::Duration::from_secs(1));
    while bench.sim.run_due().await {}
    assert_eq!(pairs(&bench.checks("a")), [("test", "in_progress")]);
    bench.idle().await;
    assert_eq!(pairs(&bench.checks("a")), [("test", "success")]);
    let took = bench.sim.now().since(begun).as_secs();
    assert_eq!(took, 5);
    let told: Vec<String> = bench.world(|world| {
        let name = |delivery: &Delivery| format!("{}.{}", delivery.event, delivery.action.clone().unwrap_or_default());
        world
            .deliveries
            .values()
            .map(name)
            .filter(|name| name.starts_with("check_run") || name.starts_with("workflow_run"))
            .collect()
    });
    assert_eq!(
        told,
        [
            "workflow_run.requested",
            "check_run.created",
            "workflow_run.in_progress",
            "check_run.completed",
            "workflow_run.completed"
        ]
    );
}

#[tokio::test]
async fn filters_decide_what_starts() {
    let bench = Bench::new(CiMode::Scripted);
    bench.commit("base", &[("a.txt", "a\n")]);
    bench.idle().await;
    assert_eq!(bench.checks("base"), [], "pushes run on main only");
    let only_main = "on:\n  pull_request:\n    branches: [main]\n    paths: ['src/**']\njobs:\n  narrow:\n    runs-on: x\n    steps:\n      - run: 'true'\n";
    bench.commit("main", &[(WORKFLOW, only_main)]);
    bench.idle().await;
    assert_eq!(bench.checks("main"), []);
    bench.commit("docs", &[("docs.md", "a\n")]);
    bench.open("docs", "main");
    bench.commit("code", &[("src/x.rs", "a\n")]);
    bench.open("code", "main");
    bench.commit("onto-base", &[("src/y.rs", "a\n")]);
    bench.open("onto-base", "base");
    bench.idle().await;
    assert_eq!(bench.checks("docs"), []);
    assert_eq!(pairs(&bench.checks("code")), [("narrow", "success")]);
    assert_eq!(bench.checks("onto-base"), []);
}

const CHAIN: &str = "on: pull_request\nconcurrency: {group: 'ci-${{ github.ref }}', cancel-in-progress: true}\njobs:\n  build: {runs-on: x, steps: [{run: 'true'}]}\n  \
                     test: {needs: build, runs-on: x, steps: [{run: 'true'}]}\n  report: {needs: [build, test], if: always(), name: 'report ${{ github.event_name }}', runs-on: x, \
                     steps: [{run: 'true'}]}\n  nightly: {if: \"github.event_name == 'schedule'\", runs-on: x, steps: [{run: 'true'}]}\n";

#[tokio::test]
async fn jobs_wait_for_each_other_and_failures_skip_what_needs_them() {
    let bench = Bench::new(CiMode::Scripted);
    bench.commit("chain", &[(WORKFLOW, CHAIN)]);
    bench.world(|world| world.ci_scripts.push(script("build", "failure", Some(1))));
    bench.open("chain", "main");
    while bench.sim.run_due().await {}
    assert_eq!(pairs(&bench.checks("chain")), [("build", "queued"), ("nightly", "skipped")]);
    bench.idle().await;
    let checks = bench.checks("chain");
    assert_eq!(
        pairs(&checks),
        [
            ("build", "failure"),
            ("nightly", "skipped"),
            ("test", "skipped"),
            ("report pull_request", "success")
        ]
    );

    // The failed one again, and what needs it; what passed or was skipped for another reason stays.
    let (run, attempt) = newest_run(&bench);
    assert_eq!(attempt, 1);
    bench.world(|world| {
        let maintainer = person(world, "maintainer");
        actions::rerun(world, &maintainer, bench.repo, run, true).unwrap();
    });
    bench.idle().await;
    let checks = bench.checks("chain");
    assert_eq!(
        pairs(&checks[4..]),
        [("build", "success"), ("test", "success"), ("report pull_request", "success")]
    );
    assert_eq!(newest_run(&bench), (run, 2));
    let conclusion = bench.world(|world| world.repositories[&bench.repo].runs[&run].conclusion);
    assert_eq!(conclusion, Some(Conclusion::Success));
}

fn newest_run(bench: &Bench) -> (RunId, u64) {
    bench.world(|world| {
        let run = world.repositories[&bench.repo].runs.values().next_back().unwrap();
        (run.id, run.run_attempt)
    })
}

#[tokio::test]
async fn a_new_push_cancels_the_run_before_it() {
    let bench = Bench::new(CiMode::Scripted);
    bench.commit("chain", &[(WORKFLOW, CHAIN)]);
    bench.world(|world| world.ci_scripts.push(script("build", "never", Some(1))));
    bench.open("chain", "main");
    bench.idle().await;
    assert_eq!(
        pairs(&bench.checks("chain")),
        [("build", "in_progress"), ("nightly", "skipped")]
    );
    let old = bench.world(|world| world.store(bench.repo).unwrap().branch("chain").unwrap().unwrap());
    bench.commit("chain", &[("b.txt", "b\n")]);
    bench.idle().await;
    let first: Vec<_> = bench.world(|world| {
        world.repositories[&bench.repo]
            .check_runs_of(old)
            .map(|run| run.conclusion)
            .collect()
    });
    assert_eq!(first, [Some(Conclusion::Cancelled), Some(Conclusion::Skipped)]);
    assert_eq!(bench.checks("chain").len(), 4);
    assert!(bench.world(|world| world.ci.active.is_empty()));
}

#[tokio::test]
async fn a_workflow_that_cannot_be_read_fails_at_its_start() {
    let bench = Bench::new(CiMode::Scripted);
    bench.commit(
        "main",
        &[(
            WORKFLOW,
            "on: push\njobs: {a: {strategy: {matrix: {x: [1]}}, runs-on: x, steps: [{run: 'true'}]}}\n",
        )],
    );
    bench.idle().await;
    let (run, _) = newest_run(&bench);
    let run = bench.world(|world| world.repositories[&bench.repo].runs[&run].clone());
    assert_eq!(
        (run.status, run.conclusion),
        (CheckStatus::Completed, Some(Conclusion::StartupFailure))
    );
}

#[tokio::test]
async fn nothing_starts_in_conflict_when_switched_off_or_told_to_skip() {
    let off = Bench::new(CiMode::Off);
    off.commit("a", &[("a.txt", "a\n")]);
    off.open("a", "main");
    off.idle().await;
    assert_eq!(off.checks("a"), []);

    let bench = Bench::new(CiMode::Scripted);
    bench.commit("mine", &[("README.md", "mine\n")]);
    bench.commit("main", &[("README.md", "theirs\n")]);
    bench.open("mine", "main");
    bench.idle().await;
    assert_eq!(bench.checks("mine"), []);
    assert!(!progress_left(&bench));
}

fn progress_left(bench: &Bench) -> bool {
    bench.world(|world| {
        let (moved, orders) = progress::advance(world, CiMode::Scripted);
        moved || !orders.is_empty()
    })
}

#[tokio::test]
async fn real_scripts_see_only_what_the_workflow_gives_them() {
    let bench = Bench::new(CiMode::Real);
    let workflow = "on: pull_request\nenv: {ONE: '1'}\njobs:\n  env:\n    runs-on: x\n    env: {TWO: 'two ${{ env.ONE }}'}\n    steps:\n      - run: ls -A | wc -l\n      - uses: actions/checkout@v5\n      \
                    - run: env | grep -E '^(ONE|TWO)=' | sort; pwd | grep -q work; ls src\n        working-directory: .\n      - uses: actions/setup-node@v4\n      - run: 'exit 3'\n        continue-on-error: true\n      \
                    - run: echo never\n        if: failure()\n      - uses: someone/action@v1\n";
    bench.commit("env", &[(WORKFLOW, workflow)]);
    bench.open("env", "main");
    bench.idle().await;
    assert_eq!(pairs(&bench.checks("env")), [("env", "failure")]);
    let log = bench.logs("env")["env"].clone();
    let lines: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, text)| text)
        .collect();
    for expected in [
        "0",
        "ONE=1",
        "TWO=two 1",
        "item.rs",
        "##[error]the simulated CI cannot run the action 'someone/action@v1'",
    ] {
        assert!(lines.contains(&expected), "{expected} in {log}");
    }
    assert!(!lines.contains(&"never"));
}

#[tokio::test]
async fn without_cancelling_a_newer_run_waits_for_the_older() {
    let bench = Bench::new(CiMode::Scripted);
    let patient = CHAIN.replace("cancel-in-progress: true", "cancel-in-progress: false");
    bench.commit("chain", &[(WORKFLOW, &patient)]);
    bench.world(|world| world.ci_scripts.push(script("build", "never", Some(1))));
    bench.open("chain", "main");
    bench.idle().await;
    let (first, _) = newest_run(&bench);
    for text in ["one\n", "two\n"] {
        bench.commit("chain", &[("b.txt", text)]);
        bench.idle().await;
    }
    let ends = |bench: &Bench| -> Vec<Option<Conclusion>> {
        bench.world(|world| {
            world.repositories[&bench.repo]
                .runs
                .range(first..)
                .map(|(_, run)| run.conclusion)
                .collect()
        })
    };
    assert_eq!(
        ends(&bench),
        [None, Some(Conclusion::Cancelled), None],
        "one runs, one waits, the one between is dropped"
    );
    bench.world(|world| {
        let maintainer = person(world, "maintainer");
        actions::cancel(world, &maintainer, bench.repo, first).unwrap();
    });
    bench.idle().await;
    assert_eq!(
        ends(&bench),
        [
            Some(Conclusion::Cancelled),
            Some(Conclusion::Cancelled),
            Some(Conclusion::Success)
        ]
    );
}

#[tokio::test]
async fn a_real_script_is_ended_when_its_run_is_cancelled() {
    let bench = Bench::new(CiMode::Real);
    let slow = "on: pull_request\njobs:\n  slow:\n    runs-on: x\n    steps:\n      - run: sleep 1000\n";
    bench.commit("slow", &[(WORKFLOW, slow)]);
    bench.open("slow", "main");
    while bench.world(|world| world.ci.working == 0) {
        bench.sim.run_due().await;
    }
    let (run, _) = newest_run(&bench);
    bench.world(|world| {
        let maintainer = person(world, "maintainer");
        actions::cancel(world, &maintainer, bench.repo, run).unwrap();
    });
    bench.idle().await;
    assert_eq!(pairs(&bench.checks("slow")), [("slow", "cancelled")]);
    assert_eq!(bench.world(|world| world.ci.working), 0);
}
