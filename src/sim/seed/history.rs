//! What happened in the seeded repository before the start: a pull request of `reviewer`, checked, reviewed and merged last
//! week.
//!
//! Invariant: its check is the one that CI gives every pull request, so that whoever looks at past checks sees the usual name.

use std::time::Duration;

use crate::clock::ManualClock;
use crate::sim::git::Oid;
use crate::sim::ops::actions::{self, JobEnd, NewJob, NewRun};
use crate::sim::ops::{Outcome, Refusal, contents, mergeability, merges, pulls, refs, reviews};
use crate::sim::seed::person;
use crate::sim::world::{Conclusion, MergeMethod, RepoId, ReviewEvent, World};

/// The first commit.
pub(super) const FIRST_FILES: [(&str, &str); 5] = [
    ("README.md", include_str!("todo/README.md")),
    ("ci.sh", include_str!("todo/ci.sh")),
    (WORKFLOW, include_str!("todo/ci.yml")),
    ("src/item.rs", include_str!("todo/before/item.rs")),
    ("tests/item.rs", include_str!("todo/before/item_test.rs")),
];

const WORKFLOW: &str = ".github/workflows/ci.yml";
const BRANCH: &str = "finish-items";
const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Writes it, moving the clock on.
pub(super) fn write(world: &mut World, repo: RepoId, clock: &ManualClock) -> Outcome<()> {
    let (reviewer, maintainer) = (person(world, "reviewer"), person(world, "maintainer"));
    clock.advance(2 * DAY);
    let main = world.store(repo)?.branch("main")?.ok_or_else(Refusal::not_found)?;
    refs::create(world, &reviewer, repo, &format!("refs/heads/{BRANCH}"), main)?;
    let commit = contents::CommitOnBranch {
        branch: BRANCH.to_owned(),
        expected_head: main,
        headline: "Mark an item as done".to_owned(),
        body: None,
        additions: vec![
            ("src/item.rs".to_owned(), include_bytes!("todo/after/item.rs").to_vec()),
            ("tests/item.rs".to_owned(), include_bytes!("todo/after/item_test.rs").to_vec()),
        ],
        deletions: Vec::new(),
    };
    let head = contents::commit_on_branch(world, &reviewer, repo, &commit)?;
    let new = pulls::NewPull {
        title: "Mark an item as done".to_owned(),
        head: BRANCH.to_owned(),
        base: "main".to_owned(),
        body: Some("An item can be finished; its test shows it.".to_owned()),
        ..Default::default()
    };
    let number = pulls::create(world, &reviewer, repo, new)?;
    let checkout = mergeability::test_merge(world, repo, number).unwrap_or(head);
    let of_pull = Past {
        event: "pull_request",
        branch: BRANCH,
        head,
        checkout,
        pull: Some(number),
        login: "reviewer",
    };
    passed(world, repo, &of_pull, clock)?;
    clock.advance(30 * MINUTE);
    let approval = reviews::NewReview {
        event: Some(ReviewEvent::Approve),
        body: "Thanks!".to_owned(),
        commit: Some(head),
        comments: Vec::new(),
    };
    reviews::create(world, &maintainer, repo, number, approval)?;
    clock.advance(DAY);
    let merge = merges::MergePull {
        head: Some(head),
        method: MergeMethod::Squash,
        title: None,
        message: None,
    };
    let merged = merges::merge(world, &reviewer, repo, number, &merge)?;
    refs::delete(world, &reviewer, repo, &format!("refs/heads/{BRANCH}"))?;
    let of_main = Past {
        event: "push",
        branch: "main",
        head: merged,
        checkout: merged,
        pull: None,
        login: "reviewer",
    };
    passed(world, repo, &of_main, clock)
}

struct Past {
    event: &'static str,
    branch: &'static str,
    head: Oid,
    checkout: Oid,
    pull: Option<u64>,
    login: &'static str,
}

/// A run of the workflow that passed.
fn passed(world: &mut World, repo: RepoId, past: &Past, clock: &ManualClock) -> Outcome<()> {
    let steps = ["Set up job", "Run actions/checkout@v5", "Run sh ci.sh", "Complete job"];
    let job = NewJob {
        name: "test".to_owned(),
        labels: vec!["ubuntu-latest".to_owned()],
        steps: steps.map(ToOwned::to_owned).to_vec(),
    };
    let run = NewRun {
        repo,
        path: WORKFLOW.to_owned(),
        name: "ci".to_owned(),
        event: past.event.to_owned(),
        head_branch: past.branch.to_owned(),
        head: past.head,
        checkout: past.checkout,
        pull: past.pull,
        actor: person(world, past.login).user(),
        jobs: Vec::new(),
    };
    let run = actions::start_run(world, run)?;
    for job in actions::add_jobs(world, repo, run, vec![job])? {
        clock.advance(Duration::from_secs(4));
        actions::job_started(world, repo, job)?;
        clock.advance(Duration::from_secs(9));
        let log = format!(
            "{} == item\n{} test result: ok.\n",
            world.now().rfc3339(),
            world.now().rfc3339()
        );
        let end = JobEnd {
            conclusion: Conclusion::Success,
            log,
            steps: Vec::new(),
            annotations: Vec::new(),
            summary: None,
        };
        actions::job_completed(world, repo, job, end)?;
    }
    Ok(())
}
