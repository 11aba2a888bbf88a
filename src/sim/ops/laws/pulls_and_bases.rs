//! Pull requests and the branches they lie on.
//!
//! Invariant: what a push, deletion or merge does to others is read from those.

use super::{Bench, said};
use crate::sim::ops::issues::IssueEdit;
use crate::sim::ops::merges::MergePull;
use crate::sim::ops::pulls::{NewPull, PullEdit, ReviewRequest};
use crate::sim::ops::refs::RefUpdate;
use crate::sim::ops::{issues, merges, pulls, refs};
use crate::sim::world::{Closer, MergeMethod, MergeState, TimelineKind};

fn merge_of(method: MergeMethod) -> MergePull {
    MergePull {
        head: None,
        method,
        title: None,
        message: None,
    }
}

#[test]
fn a_pull_request_is_opened_once() {
    let mut bench = Bench::new();
    let app = bench.app();
    let number = bench.proposal("x");
    let (repo, main) = (bench.repo, bench.tip("main"));
    refs::create(&mut bench.world, &app, repo, "refs/heads/same", main).unwrap();
    let rows = [
        (("x", "main"), "A pull request already exists for acme:x."),
        (("acme:x", "main"), "A pull request already exists for acme:x."),
        (("same", "main"), "No commits between main and same"),
        (("none", "main"), "Validation Failed"),
        (("x", "none"), "Validation Failed"),
        (("other:x", "main"), "Validation Failed"),
    ];
    for ((head, base), sentence) in rows {
        assert_eq!(
            said(bench.open(&app, head, base)),
            (422, sentence.to_owned()),
            "{head} {base}"
        );
    }
    let refusal = bench.open(&app, "none", "gone").unwrap_err();
    assert_eq!(
        refusal
            .errors
            .iter()
            .map(|error| (error.field, error.code))
            .collect::<Vec<_>>(),
        [(Some("head"), "invalid"), (Some("base"), "invalid")]
    );
    let reader = bench.person("reader");
    assert_eq!(said(bench.open(&reader, "x", "main")).0, 403);
    bench.world.repositories.get_mut(&repo).unwrap().private = true;
    bench.write(&app, "draft", ("a", "a\n")).unwrap();
    let draft = NewPull {
        title: "t".to_owned(),
        head: "draft".to_owned(),
        base: "main".to_owned(),
        draft: true,
        ..NewPull::default()
    };
    assert_eq!(
        said(pulls::create(&mut bench.world, &app, repo, draft)).1,
        "Draft pull requests are not supported in this repository."
    );
    assert!(bench.is_open(number));
    assert_eq!(bench.world.notices.len(), 1);
}

#[test]
fn mergeability_is_unknown_at_the_first_look() {
    let mut bench = Bench::new();
    let (app, repo) = (bench.app(), bench.repo);
    let (one, two) = (bench.proposal("one"), bench.proposal("two"));
    assert_eq!(pulls::mergeable(&mut bench.world, repo, one), None);
    assert_eq!(pulls::merge_state(&bench.world, repo, one), MergeState::Unknown);
    bench.wait(1);
    assert_eq!(pulls::mergeable(&mut bench.world, repo, one), Some(true));
    assert_eq!(pulls::merge_state(&bench.world, repo, one), MergeState::Clean);
    // A new base makes it unknown again, and only a look starts the computing.
    assert_eq!(pulls::mergeable(&mut bench.world, repo, two), Some(true));
    merges::merge(&mut bench.world, &app, repo, one, &merge_of(MergeMethod::Squash)).unwrap();
    bench.wait(10);
    assert_eq!(pulls::merge_state(&bench.world, repo, two), MergeState::Unknown);
    assert_eq!(pulls::mergeable(&mut bench.world, repo, two), None);
    bench.wait(1);
    assert_eq!(pulls::mergeable(&mut bench.world, repo, two), Some(true));
    assert_eq!(pulls::mergeable(&mut bench.world, repo, one), None, "merged");
}

#[test]
fn branches_that_change_the_same_lines_conflict() {
    let mut bench = Bench::new();
    let (app, repo) = (bench.app(), bench.repo);
    bench.write(&app, "one", ("README.md", "one\n")).unwrap();
    bench.write(&app, "two", ("README.md", "two\n")).unwrap();
    let (one, two) = (
        bench.open(&app, "one", "main").unwrap(),
        bench.open(&app, "two", "main").unwrap(),
    );
    merges::merge(&mut bench.world, &app, repo, one, &merge_of(MergeMethod::Merge)).unwrap();
    pulls::mergeable(&mut bench.world, repo, two);
    bench.wait(1);
    assert_eq!(pulls::mergeable(&mut bench.world, repo, two), Some(false));
    assert_eq!(pulls::merge_state(&bench.world, repo, two), MergeState::Dirty);
    let refused = merges::merge(&mut bench.world, &app, repo, two, &merge_of(MergeMethod::Merge));
    assert_eq!(said(refused), (405, "Pull Request is not mergeable".to_owned()));
    let merge = merges::MergeBranch {
        base: "two".to_owned(),
        head: "main".to_owned(),
        message: None,
    };
    assert_eq!(
        said(merges::merge_branch(&mut bench.world, &app, repo, &merge)),
        (409, "Merge Conflict".to_owned())
    );
    assert_eq!(
        said(merges::update_branch(&mut bench.world, &app, repo, two, None)).1,
        "merge conflict between base and head"
    );
    bench.fsck();
}

#[test]
fn deleting_a_base_by_hand_closes_and_by_merge_retargets() {
    for by_merge in [false, true] {
        let mut bench = Bench::new();
        let (app, repo) = (bench.app(), bench.repo);
        let parent = bench.proposal("parent");
        let tip = bench.tip("parent");
        refs::create(&mut bench.world, &app, repo, "refs/heads/child", tip).unwrap();
        bench.write(&app, "child", ("docs/child.md", "child\n")).unwrap();
        let child = bench.open(&app, "child", "parent").unwrap();
        let reviewer = bench.person("reviewer");
        super::reviewing::review(&mut bench, &reviewer, child, "APPROVE").unwrap();
        bench
            .world
            .repositories
            .get_mut(&repo)
            .unwrap()
            .settings
            .delete_branch_on_merge = by_merge;
        merges::merge(&mut bench.world, &app, repo, parent, &merge_of(MergeMethod::Merge)).unwrap();
        if !by_merge {
            refs::delete(&mut bench.world, &app, repo, "refs/heads/parent").unwrap();
        }
        assert!(!bench.has("parent"));
        assert_eq!(bench.is_open(child), by_merge);
        if by_merge {
            assert_eq!(bench.pull(child).base_ref, "main");
            assert!(bench.timeline(child).contains(&"automatic_base_change_succeeded"));
            let states: Vec<_> = bench.world.repositories[&repo]
                .reviews_on(child)
                .map(|review| review.state.name())
                .collect();
            assert_eq!(states, ["DISMISSED"]);
        } else {
            assert!(bench.timeline(child).contains(&"base_ref_deleted"));
            let edit = PullEdit {
                open: Some(true),
                ..PullEdit::default()
            };
            let sentence = "state cannot be changed. The parent branch has been deleted.";
            assert_eq!(
                said(pulls::edit(&mut bench.world, &app, repo, child, edit)),
                (422, sentence.to_owned())
            );
            let onto = PullEdit {
                base: Some("main".to_owned()),
                ..PullEdit::default()
            };
            let sentence = "Cannot change the base branch of a closed pull request.";
            assert_eq!(said(pulls::edit(&mut bench.world, &app, repo, child, onto)).1, sentence);
        }
    }
}

#[test]
fn a_closed_pull_request_reopens_only_if_its_branch_went_forward() {
    let mut bench = Bench::new();
    let (app, repo, main) = (bench.app(), bench.repo, bench.tip("main"));
    let number = bench.proposal("x");
    let set = |open| PullEdit {
        open: Some(open),
        ..PullEdit::default()
    };
    pulls::edit(&mut bench.world, &app, repo, number, set(false)).unwrap();
    bench.write(&app, "x", ("docs/more.md", "more\n")).unwrap();
    pulls::edit(&mut bench.world, &app, repo, number, set(true)).unwrap();
    assert_eq!(bench.pull(number).head, bench.tip("x"));
    pulls::edit(&mut bench.world, &app, repo, number, set(false)).unwrap();
    refs::update(
        &mut bench.world,
        &app,
        repo,
        RefUpdate {
            name: "refs/heads/x".to_owned(),
            oid: main,
            force: true,
        },
    )
    .unwrap();
    bench.write(&app, "x", ("docs/other.md", "other\n")).unwrap();
    let sentence = "state cannot be changed. The x branch was force-pushed or recreated.";
    assert_eq!(said(pulls::edit(&mut bench.world, &app, repo, number, set(true))).1, sentence);
    refs::delete(&mut bench.world, &app, repo, "refs/heads/x").unwrap();
    let sentence = "state cannot be changed. The x branch has been deleted.";
    assert_eq!(said(pulls::edit(&mut bench.world, &app, repo, number, set(true))).1, sentence);
    assert_eq!(bench.timeline(number), ["closed", "reopened", "closed", "head_ref_deleted"]);
}

#[test]
fn pushes_move_pull_requests() {
    let mut bench = Bench::new();
    let (app, reviewer, repo) = (bench.app(), bench.person("reviewer"), bench.repo);
    let number = bench.proposal("x");
    bench.webhooks();
    bench.write(&reviewer, "x", ("docs/theirs.md", "theirs\n")).unwrap();
    assert_eq!(
        bench.webhooks(),
        ["push", "check_suite.requested", "pull_request.synchronize"]
    );
    assert_eq!(
        (bench.pull(number).head, bench.pull(number).last_pusher),
        (bench.tip("x"), reviewer.user())
    );
    let store = bench.world.store(repo).unwrap();
    assert_eq!(
        store.target(&format!("refs/pull/{number}/head")).unwrap(),
        Some(bench.tip("x"))
    );
    // Whoever pushes the head into the base merges the pull request.
    let head = bench.tip("x");
    refs::update(
        &mut bench.world,
        &reviewer,
        repo,
        RefUpdate {
            name: "refs/heads/main".to_owned(),
            oid: head,
            force: false,
        },
    )
    .unwrap();
    let merged = bench.pull(number).merged.clone().unwrap();
    assert_eq!((merged.by, merged.commit), (reviewer.user(), head));
    assert_eq!(pulls::commits(&bench.world, repo, number).unwrap().len(), 2);
    // And whoever takes all commits away closes it.
    let other = bench.proposal("y");
    let main = bench.tip("main");
    refs::update(
        &mut bench.world,
        &app,
        repo,
        RefUpdate {
            name: "refs/heads/y".to_owned(),
            oid: main,
            force: true,
        },
    )
    .unwrap();
    assert!(!bench.is_open(other) && bench.pull(other).merged.is_none());
    assert!(bench.timeline(other).contains(&"head_ref_force_pushed"));
}

#[test]
fn a_merge_closes_the_issues_it_names_and_says_who_closed_them() {
    let mut bench = Bench::new();
    let (app, repo) = (bench.app(), bench.repo);
    let number = bench.proposal("x");
    let edit = PullEdit {
        body: Some("Fixes #1, part of #2".to_owned()),
        ..PullEdit::default()
    };
    pulls::edit(&mut bench.world, &app, repo, number, edit).unwrap();
    assert_eq!(
        (
            pulls::closing_issues(&bench.world, repo, number),
            pulls::closing_pulls(&bench.world, repo, 1)
        ),
        (vec![1], vec![number])
    );
    bench.webhooks();
    merges::merge(&mut bench.world, &app, repo, number, &merge_of(MergeMethod::Squash)).unwrap();
    assert_eq!(
        bench.webhooks(),
        ["push", "check_suite.requested", "issues.closed", "pull_request.closed"]
    );
    let issue = bench.world.repositories[&repo].issue(1).unwrap();
    let last = &issue.timeline.last().unwrap();
    let closed = TimelineKind::Closed {
        closer: Some(Closer::Pull { number }),
        reason: issue.state_reason,
    };
    assert_eq!((issue.is_open(), &last.kind, last.actor), (false, &closed, app.user()));
    assert_eq!(issue.closed_by, Some(app.user()));
}

#[test]
fn keywords_do_nothing_beside_the_default_branch_or_where_switched_off() {
    for switched_off in [false, true] {
        let mut bench = Bench::new();
        let (app, repo, main) = (bench.app(), bench.repo, bench.tip("main"));
        bench.world.repositories.get_mut(&repo).unwrap().settings.auto_close_issues = !switched_off;
        let base = if switched_off { "main" } else { "base" };
        if !switched_off {
            refs::create(&mut bench.world, &app, repo, "refs/heads/base", main).unwrap();
        }
        bench.write(&app, "x", ("docs/x.md", "x\n")).unwrap();
        let new = NewPull {
            title: "t".to_owned(),
            head: "x".to_owned(),
            base: base.to_owned(),
            body: Some("Fixes #1".to_owned()),
            ..NewPull::default()
        };
        let number = pulls::create(&mut bench.world, &app, repo, new).unwrap();
        merges::merge(&mut bench.world, &app, repo, number, &merge_of(MergeMethod::Merge)).unwrap();
        assert!(bench.is_open(1), "{base}");
    }
}

#[test]
fn reviewers_are_collaborators_and_not_the_author() {
    let mut bench = Bench::new();
    let (app, repo) = (bench.app(), bench.repo);
    let number = bench.proposal("x");
    let [reviewer, reader, outsider] = ["reviewer", "reader", "outsider"].map(|login| bench.person(login).user());
    let of = |users: &[_], replace| ReviewRequest {
        users: users.to_vec(),
        replace,
    };
    let sentence = "Review cannot be requested from pull request author.";
    let refused = pulls::request_reviewers(&mut bench.world, &app, repo, number, of(&[app.user()], false));
    assert_eq!(said(refused), (422, sentence.to_owned()));
    let refused = pulls::request_reviewers(&mut bench.world, &app, repo, number, of(&[outsider], false));
    assert!(said(refused).1.contains("is not a collaborator of the acme/todo repository"));
    pulls::request_reviewers(&mut bench.world, &app, repo, number, of(&[reviewer], false)).unwrap();
    pulls::request_reviewers(&mut bench.world, &app, repo, number, of(&[reader], false)).unwrap();
    assert_eq!(bench.pull(number).requested_reviewers, [reviewer, reader]);
    pulls::request_reviewers(&mut bench.world, &app, repo, number, of(&[reader], true)).unwrap();
    assert_eq!(bench.pull(number).requested_reviewers, [reader]);
    assert_eq!(
        bench.timeline(number),
        ["review_requested", "review_requested", "review_request_removed"]
    );
}

#[test]
fn only_its_people_change_a_pull_request() {
    let mut bench = Bench::new();
    let repo = bench.repo;
    let number = bench.proposal("x");
    for (login, close, draft) in [("maintainer", true, true), ("triager", true, false), ("reader", false, false)] {
        let actor = bench.person(login);
        let status = |refusal: crate::sim::ops::Refusal| refusal.status;
        let set = |open| IssueEdit {
            open: Some(open),
            ..IssueEdit::default()
        };
        let closed = issues::edit(&mut bench.world, &actor, repo, number, set(false)).map_err(status);
        assert_eq!(closed, if close { Ok(()) } else { Err(403) }, "{login}");
        if close {
            issues::edit(&mut bench.world, &actor, repo, number, set(true)).unwrap();
        }
        let drafted = pulls::draft(&mut bench.world, &actor, repo, number).map_err(status);
        assert_eq!(drafted, if draft { Ok(()) } else { Err(403) }, "{login}");
        if draft {
            pulls::ready(&mut bench.world, &actor, repo, number).unwrap();
        }
    }
}

#[test]
fn code_owners_are_asked_when_it_is_ready() {
    let mut bench = Bench::new();
    let (app, maintainer, reviewer, repo) = (bench.app(), bench.person("maintainer"), bench.person("reviewer"), bench.repo);
    bench
        .write(&maintainer, "main", (".github/CODEOWNERS", "docs/ @reviewer @outsider\n"))
        .unwrap();
    bench.write(&app, "x", ("docs/x.md", "x\n")).unwrap();
    let new = NewPull {
        title: "t".to_owned(),
        head: "x".to_owned(),
        base: "main".to_owned(),
        draft: true,
        ..NewPull::default()
    };
    let number = pulls::create(&mut bench.world, &app, repo, new).unwrap();
    assert!(bench.pull(number).requested_reviewers.is_empty());
    pulls::ready(&mut bench.world, &app, repo, number).unwrap();
    assert_eq!(bench.pull(number).requested_reviewers, [reviewer.user()]);
}

#[test]
fn keywords_in_commits_close_too() {
    let mut bench = Bench::new();
    let (app, maintainer, repo) = (bench.app(), bench.person("maintainer"), bench.repo);
    let closer = |bench: &Bench, number: u64| {
        let issue = bench.world.repositories[&repo].issue(number).unwrap();
        issue.timeline.iter().rev().find_map(|event| {
            if let TimelineKind::Closed { closer, .. } = event.kind {
                closer
            } else {
                None
            }
        })
    };
    let number = bench.proposal("x");
    let squash = MergePull {
        message: Some("Closes #1".to_owned()),
        ..merge_of(MergeMethod::Squash)
    };
    merges::merge(&mut bench.world, &app, repo, number, &squash).unwrap();
    assert_eq!(
        closer(&bench, 1),
        Some(Closer::Pull { number }),
        "the pull request brought the commit"
    );
    let second = issues::create(
        &mut bench.world,
        &maintainer,
        repo,
        issues::NewIssue {
            title: "t".to_owned(),
            ..Default::default()
        },
    )
    .unwrap();
    let commit = crate::sim::ops::contents::CommitOnBranch {
        branch: "main".to_owned(),
        expected_head: bench.tip("main"),
        headline: format!("Fixes #{second}"),
        body: None,
        additions: vec![("a".to_owned(), b"a\n".to_vec())],
        deletions: Vec::new(),
    };
    let oid = crate::sim::ops::contents::commit_on_branch(&mut bench.world, &maintainer, repo, &commit).unwrap();
    assert_eq!(closer(&bench, second), Some(Closer::Commit(oid)));
}

#[test]
fn the_free_plan_has_neither_drafts_nor_rulesets_in_private_repositories() {
    let mut bench = Bench::new();
    let (app, repo) = (bench.app(), bench.repo);
    let number = bench.proposal("x");
    bench.rules(
        "main",
        serde_json::json!([{ "type": "pull_request", "parameters": { "required_approving_review_count": 1 } }]),
    );
    assert!(crate::sim::ops::rules::readable(&bench.world, repo).is_ok());
    bench.world.repositories.get_mut(&repo).unwrap().private = true;
    let sentence = "Upgrade to GitHub Pro or make this repository public to enable this feature.";
    assert_eq!(
        said(crate::sim::ops::rules::readable(&bench.world, repo)),
        (403, sentence.to_owned())
    );
    assert_eq!(said(pulls::draft(&mut bench.world, &app, repo, number)).0, 422);
    merges::merge(&mut bench.world, &app, repo, number, &merge_of(MergeMethod::Merge)).unwrap();
}
