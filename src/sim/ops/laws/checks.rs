//! Check runs, suites, workflow runs.
//!
//! Invariant: what ends is told once.

use super::{Bench, said};
use crate::sim::ops::actions::{JobEnd, NewJob, NewRun};
use crate::sim::ops::checks::{CheckRunUpdate, NewCheckRun};
use crate::sim::ops::{actions, checks};
use crate::sim::world::{
    Actor, Annotation, AnnotationLevel, CheckAction, CheckOutput, CheckRunId, CheckStatus, CiTrigger, Conclusion, RunId,
};

fn run_of(bench: &mut Bench, jobs: &[&str]) -> (RunId, Vec<CheckRunId>) {
    let head = bench.tip("main");
    let job = |name: &&str| NewJob {
        name: (*name).to_owned(),
        labels: vec!["ubuntu-latest".to_owned()],
        steps: vec!["Run".to_owned()],
    };
    let new = NewRun {
        repo: bench.repo,
        path: ".github/workflows/ci.yml".to_owned(),
        name: "ci".to_owned(),
        event: "push".to_owned(),
        head_branch: "main".to_owned(),
        head,
        checkout: head,
        pull: None,
        actor: bench.person("maintainer").user(),
        jobs: jobs.iter().map(job).collect(),
    };
    let run = actions::start_run(&mut bench.world, new).unwrap();
    let jobs = bench.world.repositories[&bench.repo]
        .jobs
        .values()
        .filter(|job| job.run == run)
        .map(|job| job.id)
        .collect();
    (run, jobs)
}

fn end(bench: &mut Bench, job: CheckRunId, conclusion: Conclusion) {
    let end = JobEnd {
        conclusion,
        log: "log\n".to_owned(),
        steps: Vec::new(),
        annotations: Vec::new(),
        summary: None,
    };
    actions::job_completed(&mut bench.world, bench.repo, job, end).unwrap();
}

fn our_check(bench: &mut Bench, update: CheckRunUpdate) -> Result<CheckRunId, crate::sim::ops::Refusal> {
    let (app, head) = (bench.app(), bench.tip("main"));
    checks::create_run(
        &mut bench.world,
        &app,
        bench.repo,
        NewCheckRun {
            name: "millhand".to_owned(),
            head,
            update,
        },
    )
}

#[test]
fn check_runs_are_made_and_changed_by_their_app_only() {
    let mut bench = Bench::new();
    let (maintainer, app, repo, head) = (bench.person("maintainer"), bench.app(), bench.repo, bench.tip("main"));
    let new = NewCheckRun {
        name: "x".to_owned(),
        head,
        update: CheckRunUpdate::default(),
    };
    let refused = checks::create_run(&mut bench.world, &maintainer, repo, new);
    assert_eq!(said(refused), (403, "You must authenticate via a GitHub App.".to_owned()));
    let (_, jobs) = run_of(&mut bench, &["test"]);
    let foreign = checks::update_run(&mut bench.world, &app, repo, jobs[0], CheckRunUpdate::default());
    assert!(
        said(foreign)
            .1
            .ends_with("check run can only be modified by the GitHub App that created it.")
    );
}

#[test]
fn a_check_runs_bounds_are_githubs() {
    let mut bench = Bench::new();
    let output = |summary: Option<&str>, annotations| CheckOutput {
        title: None,
        summary: summary.map(ToOwned::to_owned),
        text: None,
        annotations,
    };
    let note = Annotation {
        path: "a".to_owned(),
        start_line: 1,
        end_line: 2,
        start_column: None,
        end_column: None,
        level: AnnotationLevel::Failure,
        message: "m".to_owned(),
        title: None,
        raw_details: None,
    };
    let action = |label: &str| CheckAction {
        label: label.to_owned(),
        description: "d".to_owned(),
        identifier: "i".to_owned(),
    };
    let with = |output| CheckRunUpdate {
        output: Some(output),
        ..CheckRunUpdate::default()
    };
    let long = "x".repeat(65_536);
    let refused = [
        CheckRunUpdate {
            status: Some(CheckStatus::Completed),
            ..CheckRunUpdate::default()
        },
        CheckRunUpdate {
            conclusion: Some(Conclusion::Stale),
            ..CheckRunUpdate::default()
        },
        with(output(None, Vec::new())),
        with(output(Some(&long), Vec::new())),
        with(output(Some("s"), vec![note.clone(); 51])),
        with(output(
            Some("s"),
            vec![Annotation {
                start_column: Some(1),
                ..note.clone()
            }],
        )),
        CheckRunUpdate {
            actions: Some(vec![action("a"), action("b"), action("c"), action("d")]),
            ..CheckRunUpdate::default()
        },
        CheckRunUpdate {
            actions: Some(vec![action("a label of 21 letters")]),
            ..CheckRunUpdate::default()
        },
    ];
    for update in refused {
        assert_eq!(said(our_check(&mut bench, update.clone())).0, 422, "{update:?}");
    }
    let id = our_check(&mut bench, with(output(Some("s"), vec![note.clone(); 50]))).unwrap();
    let (app, repo) = (bench.app(), bench.repo);
    checks::update_run(&mut bench.world, &app, repo, id, with(output(Some("t"), vec![note]))).unwrap();
    let run = &bench.world.repositories[&repo].check_runs[&id];
    assert_eq!((run.output.annotations.len(), run.output.summary.as_deref()), (51, Some("t")));
}

#[test]
fn a_suite_ends_with_its_last_run() {
    let mut bench = Bench::new();
    let (run, jobs) = run_of(&mut bench, &["test", "lint"]);
    assert_eq!(
        bench.webhooks(),
        ["workflow_run.requested", "check_run.created", "check_run.created"]
    );
    actions::job_started(&mut bench.world, bench.repo, jobs[0]).unwrap();
    assert_eq!(bench.webhooks(), ["workflow_run.in_progress"]);
    end(&mut bench, jobs[0], Conclusion::Success);
    assert_eq!(bench.webhooks(), ["check_run.completed"]);
    end(&mut bench, jobs[1], Conclusion::Failure);
    assert_eq!(
        bench.webhooks(),
        ["check_run.completed", "check_suite.completed", "workflow_run.completed"]
    );
    let repo = &bench.world.repositories[&bench.repo];
    let suite = &repo.suites[&repo.runs[&run].suite];
    assert_eq!(
        (suite.conclusion, repo.runs[&run].conclusion),
        (Some(Conclusion::Failure), Some(Conclusion::Failure))
    );
}

#[test]
fn jobs_that_appear_late_keep_the_suite_open() {
    let mut bench = Bench::new();
    let (run, jobs) = run_of(&mut bench, &["build"]);
    let repo = bench.repo;
    actions::expect_more(&mut bench.world, repo, run, true).unwrap();
    bench.webhooks();
    end(&mut bench, jobs[0], Conclusion::Success);
    assert_eq!(bench.webhooks(), ["check_run.completed"], "all green, and not done");
    let late = NewJob {
        name: "deploy".to_owned(),
        labels: Vec::new(),
        steps: Vec::new(),
    };
    let late = actions::add_jobs(&mut bench.world, repo, run, vec![late]).unwrap();
    actions::expect_more(&mut bench.world, repo, run, false).unwrap();
    bench.webhooks();
    end(&mut bench, late[0], Conclusion::Skipped);
    assert_eq!(
        bench.webhooks(),
        ["check_run.completed", "check_suite.completed", "workflow_run.completed"]
    );
    assert_eq!(
        bench.world.repositories[&repo].runs[&run].conclusion,
        Some(Conclusion::Success)
    );
}

#[test]
fn a_rerun_is_a_new_attempt_with_new_checks() {
    let mut bench = Bench::new();
    let (app, repo, head) = (bench.app(), bench.repo, bench.tip("main"));
    let (run, jobs) = run_of(&mut bench, &["test", "lint"]);
    let running = actions::rerun(&mut bench.world, &app, repo, run, true);
    assert_eq!(said(running), (403, "This workflow is already running".to_owned()));
    end(&mut bench, jobs[0], Conclusion::Failure);
    end(&mut bench, jobs[1], Conclusion::Success);
    let reader = bench.person("reader");
    assert_eq!(said(actions::rerun(&mut bench.world, &reader, repo, run, true)).0, 403);
    bench.world.ci_queue.clear();
    actions::rerun(&mut bench.world, &app, repo, run, true).unwrap();
    assert_eq!(
        bench.world.ci_queue.pop_back(),
        Some(CiTrigger::Rerun {
            repo,
            run,
            jobs: Some(vec![jobs[0]])
        })
    );
    let again = NewJob {
        name: "test".to_owned(),
        labels: Vec::new(),
        steps: Vec::new(),
    };
    let again = actions::add_jobs(&mut bench.world, repo, run, vec![again]).unwrap();
    end(&mut bench, again[0], Conclusion::Success);
    let found = &bench.world.repositories[&repo];
    assert_eq!(
        (found.runs[&run].run_attempt, found.runs[&run].conclusion),
        (2, Some(Conclusion::Success))
    );
    let latest = checks::latest_runs(&bench.world, repo, head);
    assert!(latest.contains(&again[0]) && latest.contains(&jobs[1]) && !latest.contains(&jobs[0]));
}

#[test]
fn a_stopped_run_is_cancelled() {
    let mut bench = Bench::new();
    let (maintainer, repo) = (bench.person("maintainer"), bench.repo);
    let (run, jobs) = run_of(&mut bench, &["test", "lint"]);
    end(&mut bench, jobs[0], Conclusion::Success);
    actions::cancel(&mut bench.world, &maintainer, repo, run).unwrap();
    let found = &bench.world.repositories[&repo];
    assert_eq!(
        (found.runs[&run].conclusion, found.jobs[&jobs[0]].conclusion),
        (Some(Conclusion::Cancelled), Some(Conclusion::Success))
    );
    assert_eq!(said(actions::cancel(&mut bench.world, &maintainer, repo, run)).0, 409);
}

#[test]
fn buttons_are_pressed_by_writers_and_heard_by_their_app() {
    let mut bench = Bench::new();
    let repo = bench.repo;
    let action = CheckAction {
        label: "Retry".to_owned(),
        description: "Try again".to_owned(),
        identifier: "retry".to_owned(),
    };
    let id = our_check(
        &mut bench,
        CheckRunUpdate {
            actions: Some(vec![action]),
            ..CheckRunUpdate::default()
        },
    )
    .unwrap();
    let reviewer = bench.person("reviewer");
    assert_eq!(
        said(checks::request_action(&mut bench.world, &reviewer, repo, id, "retry")).0,
        404,
        "not completed"
    );
    let (app, done) = (
        bench.app(),
        CheckRunUpdate {
            conclusion: Some(Conclusion::Neutral),
            ..CheckRunUpdate::default()
        },
    );
    checks::update_run(&mut bench.world, &app, repo, id, done).unwrap();
    bench.webhooks();
    let triager = bench.person("triager");
    assert_eq!(
        said(checks::request_action(&mut bench.world, &triager, repo, id, "retry")).0,
        403
    );
    checks::request_action(&mut bench.world, &reviewer, repo, id, "retry").unwrap();
    assert_eq!(bench.webhooks(), ["check_run.requested_action"]);
    // Another App's checks asked for again are nobody else's business.
    let (_, jobs) = run_of(&mut bench, &["test"]);
    bench.webhooks();
    checks::rerequest_run(&mut bench.world, &reviewer, repo, jobs[0]).unwrap();
    assert!(bench.webhooks().is_empty());
    assert!(matches!(reviewer, Actor::User(_)));
}
