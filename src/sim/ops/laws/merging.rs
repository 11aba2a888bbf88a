//! Merging, and what stands in its way.
//!
//! Invariant: every sentence is the one GitHub gives.

use super::reviewing::review;
use super::{Bench, said};
use crate::sim::git::Oid;
use crate::sim::ops::checks::{CheckRunUpdate, NewCheckRun, NewStatus};
use crate::sim::ops::merges::{MergeBranch, MergePull};
use crate::sim::ops::reviews::{DraftComment, NewReview};
use crate::sim::ops::{Outcome, checks, merges, pulls, reviews};
use crate::sim::world::{Actor, Conclusion, MergeMethod, MergeState, Protection, RequiredCheck, ReviewEvent, Side, StatusState};
use serde_json::json;

fn merge(bench: &mut Bench, actor: &Actor, number: u64, method: MergeMethod) -> Outcome<Oid> {
    let request = MergePull {
        head: None,
        method,
        title: None,
        message: None,
    };
    merges::merge(&mut bench.world, actor, bench.repo, number, &request)
}

fn check(bench: &mut Bench, name: &str, number: u64, conclusion: Option<Conclusion>) {
    let (app, head) = (bench.app(), bench.pull(number).head);
    let update = CheckRunUpdate {
        conclusion,
        ..CheckRunUpdate::default()
    };
    checks::create_run(
        &mut bench.world,
        &app,
        bench.repo,
        NewCheckRun {
            name: name.to_owned(),
            head,
            update,
        },
    )
    .unwrap();
}

#[test]
fn each_method_writes_its_own_history() {
    let mut trees = Vec::new();
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        let mut bench = Bench::new();
        let (app, maintainer, repo) = (bench.app(), bench.person("maintainer"), bench.repo);
        let number = bench.proposal("x");
        bench.write(&app, "x", ("docs/more.md", "more\n")).unwrap();
        bench.write(&maintainer, "main", ("docs/moved-on.md", "main\n")).unwrap();
        let (base, head) = (bench.tip("main"), bench.tip("x"));
        let oid = merge(&mut bench, &maintainer, number, method).unwrap();
        assert_eq!(bench.tip("main"), oid);
        let store = bench.world.store(repo).unwrap();
        let made = store.commit(oid).unwrap();
        trees.push(made.tree);
        match method {
            MergeMethod::Merge => {
                assert_eq!(made.parents, [base, head]);
                assert_eq!(made.message, format!("Merge pull request #{number} from acme/x\n\nBring x"));
                assert_eq!(made.author.name, "maintainer");
            }
            MergeMethod::Squash => {
                assert_eq!(made.parents, [base]);
                assert_eq!(
                    made.message,
                    format!("Bring x (#{number})\n\n* Write docs/x.md\n\n* Write docs/more.md")
                );
                assert_eq!(made.author.name, "millhand[bot]");
            }
            MergeMethod::Rebase => {
                assert_eq!(
                    (made.message.as_str(), made.committer.name.as_str()),
                    ("Write docs/more.md", "GitHub")
                );
                assert_eq!(store.commit(made.parents[0]).unwrap().parents, [base]);
                assert!(!bench.world.repositories[&repo].commits[&oid].verified);
            }
        }
        let merged = bench.pull(number).merged.clone().unwrap();
        assert_eq!((merged.commit, merged.by, merged.method), (oid, maintainer.user(), method));
        assert_eq!(bench.timeline(number), ["merged", "closed"]);
        assert_eq!(pulls::commits(&bench.world, repo, number).unwrap().len(), 2);
        assert_eq!(
            said(merge(&mut bench, &maintainer, number, method)),
            (405, "Pull Request is not mergeable".to_owned())
        );
        bench.fsck();
    }
    assert!(trees[0] == trees[1] && trees[1] == trees[2]);
}

#[test]
fn a_merge_is_refused_by_head_draft_method_and_role() {
    let mut bench = Bench::new();
    let (app, reader, repo) = (bench.app(), bench.person("reader"), bench.repo);
    let number = bench.proposal("x");
    let other = bench.tip("main");
    let request = MergePull {
        head: Some(other),
        method: MergeMethod::Merge,
        title: None,
        message: None,
    };
    let sentence = "Head branch was modified. Review and try the merge again.";
    assert_eq!(
        said(merges::merge(&mut bench.world, &app, repo, number, &request)),
        (409, sentence.to_owned())
    );
    assert_eq!(said(merge(&mut bench, &reader, number, MergeMethod::Merge)).0, 403);
    pulls::draft(&mut bench.world, &app, repo, number).unwrap();
    bench.wait(1);
    assert_eq!(pulls::merge_state(&bench.world, repo, number), MergeState::Draft);
    assert_eq!(
        said(merge(&mut bench, &app, number, MergeMethod::Merge)),
        (405, "Pull Request is still a draft".to_owned())
    );
    pulls::ready(&mut bench.world, &app, repo, number).unwrap();
    bench.world.repositories.get_mut(&repo).unwrap().settings.allow_squash_merge = false;
    let sentence = "Squash merges are not allowed on this repository.";
    assert_eq!(
        said(merge(&mut bench, &app, number, MergeMethod::Squash)),
        (405, sentence.to_owned())
    );
    bench.rules("main", json!([{ "type": "required_linear_history" }]));
    assert!(
        said(merge(&mut bench, &app, number, MergeMethod::Merge))
            .1
            .contains("must not contain merge commits")
    );
    merge(&mut bench, &app, number, MergeMethod::Rebase).unwrap();
}

#[test]
fn rules_block_until_they_are_met() {
    let mut bench = Bench::new();
    let (app, reviewer, repo) = (bench.app(), bench.person("reviewer"), bench.repo);
    let number = bench.proposal("x");
    bench.wait(1);
    bench.rules(
        "main",
        json!([
            { "type": "pull_request", "parameters": { "required_approving_review_count": 1, "required_review_thread_resolution": true } },
            { "type": "required_status_checks", "parameters": { "required_status_checks": [{ "context": "test" }, { "context": "lint" }] } },
        ]),
    );
    let of = |sentence: &str| (405, format!("Repository rule violations found\n\n{sentence}\n\n"));
    let comment = DraftComment {
        path: "docs/x.md".to_owned(),
        line: Some(1),
        side: Side::Right,
        start_line: None,
        start_side: None,
        body: "?".to_owned(),
    };
    let question = NewReview {
        event: Some(ReviewEvent::Comment),
        body: String::new(),
        commit: None,
        comments: vec![comment],
    };
    reviews::create(&mut bench.world, &reviewer, repo, number, question).unwrap();
    let try_it = |bench: &mut Bench| {
        assert_eq!(pulls::merge_state(&bench.world, repo, number), MergeState::Blocked);
        said(merge(bench, &app, number, MergeMethod::Squash))
    };
    assert_eq!(
        try_it(&mut bench),
        of("At least 1 approving review is required by reviewers with write access.")
    );
    review(&mut bench, &reviewer, number, "REQUEST_CHANGES").unwrap();
    assert_eq!(
        try_it(&mut bench),
        of("Changes have been requested by a reviewer with write access.")
    );
    review(&mut bench, &reviewer, number, "APPROVE").unwrap();
    assert_eq!(try_it(&mut bench), of("Required status check \"test\" is expected."));
    check(&mut bench, "test", number, Some(Conclusion::Failure));
    assert_eq!(try_it(&mut bench), of("Required status check \"test\" is expected."));
    check(&mut bench, "test", number, Some(Conclusion::Success));
    assert_eq!(try_it(&mut bench), of("Required status check \"lint\" is expected."));
    let status = NewStatus {
        head: bench.tip("x"),
        context: "lint".to_owned(),
        state: StatusState::Success,
        description: None,
        target_url: None,
    };
    checks::set_status(&mut bench.world, &reviewer, repo, status).unwrap();
    // An open conversation blocks, and the sentence does not say so.
    assert_eq!(try_it(&mut bench), (405, "Pull Request is not mergeable".to_owned()));
    let thread = bench.world.repositories[&repo].threads_on(number).next().unwrap().id;
    reviews::resolve(&mut bench.world, &reviewer, repo, thread, true).unwrap();
    assert_eq!(pulls::merge_state(&bench.world, repo, number), MergeState::Clean);
    merge(&mut bench, &app, number, MergeMethod::Squash).unwrap();
}

#[test]
fn classic_protection_blocks_and_lets_administrators_pass() {
    let mut bench = Bench::new();
    let (app, maintainer, repo) = (bench.app(), bench.person("maintainer"), bench.repo);
    let number = bench.proposal("x");
    let checks = vec![RequiredCheck {
        context: "ci".to_owned(),
        app: None,
    }];
    let protection = Protection {
        checks,
        approvals: Some(2),
        ..Protection::default()
    };
    bench
        .world
        .repositories
        .get_mut(&repo)
        .unwrap()
        .protections
        .insert("main".to_owned(), protection);
    let sentence = "At least 2 approving reviews are required by reviewers with write access.";
    assert_eq!(
        said(merge(&mut bench, &app, number, MergeMethod::Merge)),
        (405, sentence.to_owned())
    );
    merge(&mut bench, &maintainer, number, MergeMethod::Merge).unwrap();
}

#[test]
fn strict_bases_want_heads_that_are_up_to_date() {
    let mut bench = Bench::new();
    let (app, maintainer, repo) = (bench.app(), bench.person("maintainer"), bench.repo);
    let number = bench.proposal("x");
    bench.write(&maintainer, "main", ("docs/moved-on.md", "main\n")).unwrap();
    let checks = json!({ "strict_required_status_checks_policy": true, "required_status_checks": [] });
    bench.rules("main", json!([{ "type": "required_status_checks", "parameters": checks }]));
    pulls::mergeable(&mut bench.world, repo, number);
    bench.wait(1);
    assert_eq!(pulls::merge_state(&bench.world, repo, number), MergeState::Behind);
    assert_eq!(said(merge(&mut bench, &app, number, MergeMethod::Merge)).0, 405);
    let head = bench.tip("x");
    let main = bench.tip("main");
    let stale = pulls::update_branch(&mut bench.world, &app, repo, number, Some(main));
    assert_eq!(
        said(stale),
        (422, "expected head sha didn\u{2019}t match current head ref.".to_owned())
    );
    pulls::update_branch(&mut bench.world, &app, repo, number, Some(head)).unwrap();
    assert_eq!(bench.tip("x"), head, "later, not now");
    bench.wait(2);
    assert_ne!(bench.tip("x"), head);
    let again = pulls::update_branch(&mut bench.world, &app, repo, number, None);
    assert_eq!(said(again), (422, "There are no new commits on the base branch.".to_owned()));
    merge(&mut bench, &app, number, MergeMethod::Merge).unwrap();
}

#[test]
fn other_checks_make_it_unstable_only() {
    let mut bench = Bench::new();
    let repo = bench.repo;
    let number = bench.proposal("x");
    bench.wait(1);
    let steps = [
        (None, MergeState::Unstable),
        (Some(Conclusion::Failure), MergeState::Unstable),
        (Some(Conclusion::Neutral), MergeState::Clean),
    ];
    for (conclusion, state) in steps {
        check(&mut bench, "extra", number, conclusion);
        assert_eq!(pulls::merge_state(&bench.world, repo, number), state, "{conclusion:?}");
    }
}

#[test]
fn branches_merge_into_branches() {
    let mut bench = Bench::new();
    let (app, repo) = (bench.app(), bench.repo);
    bench.write(&app, "one", ("one", "1\n")).unwrap();
    bench.write(&app, "two", ("two", "2\n")).unwrap();
    let of = |base: &str, head: &str| MergeBranch {
        base: base.to_owned(),
        head: head.to_owned(),
        message: None,
    };
    let (one, two) = (bench.tip("one"), bench.tip("two"));
    let oid = merges::merge_branch(&mut bench.world, &app, repo, &of("one", "two"))
        .unwrap()
        .unwrap();
    let made = bench.world.store(repo).unwrap().commit(oid).unwrap();
    assert_eq!((made.parents, made.message.as_str()), (vec![one, two], "Merge two into one"));
    assert_eq!(
        merges::merge_branch(&mut bench.world, &app, repo, &of("one", &two.to_string())).unwrap(),
        None
    );
    assert_eq!(
        said(merges::merge_branch(&mut bench.world, &app, repo, &of("none", "two"))),
        (404, "Base does not exist".to_owned())
    );
    assert_eq!(
        said(merges::merge_branch(&mut bench.world, &app, repo, &of("one", "none"))),
        (404, "Head does not exist".to_owned())
    );
    bench.fsck();
}
