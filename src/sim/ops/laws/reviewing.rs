//! Reviews, threads, locks.
//!
//! Invariant: opinions are given by people and Apps, never put into the world.

use super::{Bench, said};
use crate::sim::ops::reviews::{DraftComment, NewReview, Reply};
use crate::sim::ops::{Outcome, issues, pulls, reviews};
use crate::sim::world::{Actor, ReviewEvent, ReviewId, Side};
use serde_json::json;

pub(super) fn review(bench: &mut Bench, actor: &Actor, number: u64, event: &str) -> Outcome<ReviewId> {
    let new = NewReview {
        event: ReviewEvent::parse(event),
        body: "words".to_owned(),
        commit: None,
        comments: Vec::new(),
    };
    reviews::create(&mut bench.world, actor, bench.repo, number, new)
}

fn at(path: &str, line: u64) -> DraftComment {
    let path = path.to_owned();
    DraftComment {
        path,
        line: Some(line),
        side: Side::Right,
        start_line: None,
        start_side: None,
        body: "Why?".to_owned(),
    }
}

#[test]
fn nobody_approves_the_own_pull_request() {
    let mut bench = Bench::new();
    let (app, reviewer) = (bench.app(), bench.person("reviewer"));
    let ours = bench.proposal("x");
    bench.write(&reviewer, "y", ("y", "y\n")).unwrap();
    let theirs = bench.open(&reviewer, "y", "main").unwrap();
    assert_eq!(
        said(review(&mut bench, &app, ours, "APPROVE")),
        (422, "Can not approve your own pull request".to_owned())
    );
    assert_eq!(
        said(review(&mut bench, &reviewer, theirs, "REQUEST_CHANGES")),
        (422, "Can not request changes on your own pull request".to_owned())
    );
    review(&mut bench, &app, ours, "COMMENT").unwrap();
    review(&mut bench, &reviewer, ours, "APPROVE").unwrap();
}

#[test]
fn a_review_with_comments_is_one_notification_and_an_event_each() {
    let mut bench = Bench::new();
    let (reviewer, repo) = (bench.person("reviewer"), bench.repo);
    let number = bench.proposal("x");
    bench.webhooks();
    let before = bench.world.notices.len();
    let new = NewReview {
        event: Some(ReviewEvent::RequestChanges),
        body: String::new(),
        commit: None,
        comments: vec![at("docs/x.md", 1), at("docs/x.md", 1)],
    };
    reviews::create(&mut bench.world, &reviewer, repo, number, new.clone()).unwrap();
    let expected = [
        "pull_request_review.submitted",
        "pull_request_review_comment.created",
        "pull_request_review_comment.created",
    ];
    assert_eq!(bench.webhooks(), expected);
    assert_eq!(bench.world.notices.len(), before + 1);
    for (path, line) in [("docs/x.md", 9), ("README.md", 1), ("none", 1)] {
        let wrong = NewReview {
            comments: vec![at(path, line)],
            ..new.clone()
        };
        assert_eq!(
            said(reviews::create(&mut bench.world, &reviewer, repo, number, wrong)).0,
            422,
            "{path}:{line}"
        );
    }
    let silent = NewReview {
        comments: Vec::new(),
        ..new
    };
    assert_eq!(
        said(reviews::create(&mut bench.world, &reviewer, repo, number, silent)),
        (422, "Body can't be blank".to_owned())
    );
}

#[test]
fn replies_hang_on_a_pending_review_and_go_out_together() {
    let mut bench = Bench::new();
    let (app, reviewer, repo) = (bench.app(), bench.person("reviewer"), bench.repo);
    let number = bench.proposal("x");
    let new = NewReview {
        event: Some(ReviewEvent::RequestChanges),
        body: "Two questions".to_owned(),
        commit: None,
        comments: vec![at("docs/x.md", 1), at("docs/x.md", 1)],
    };
    reviews::create(&mut bench.world, &reviewer, repo, number, new).unwrap();
    bench.webhooks();
    let pending = NewReview {
        event: None,
        body: String::new(),
        commit: None,
        comments: Vec::new(),
    };
    let ours = reviews::create(&mut bench.world, &app, repo, number, pending.clone()).unwrap();
    assert_eq!(
        said(reviews::create(&mut bench.world, &app, repo, number, pending)).1,
        "User can only have one pending review per pull request"
    );
    let threads: Vec<_> = bench.world.repositories[&repo]
        .threads_on(number)
        .map(|thread| thread.id)
        .collect();
    for thread in &threads {
        let reply = Reply {
            thread: *thread,
            review: Some(ours),
            body: "Done.".to_owned(),
        };
        reviews::reply(&mut bench.world, &app, repo, reply).unwrap();
    }
    assert!(bench.webhooks().is_empty(), "nobody hears of a pending review");
    assert_eq!(
        said(reviews::submit(
            &mut bench.world,
            &reviewer,
            repo,
            ours,
            (ReviewEvent::Comment, None)
        ))
        .0,
        404
    );
    reviews::submit(&mut bench.world, &app, repo, ours, (ReviewEvent::Comment, None)).unwrap();
    assert_eq!(bench.webhooks().len(), 3);
    let reader = bench.person("reader");
    let resolve = reviews::resolve(&mut bench.world, &reader, repo, threads[0], true);
    assert_eq!(said(resolve).0, 403);
    reviews::resolve(&mut bench.world, &reviewer, repo, threads[0], true).unwrap();
    assert_eq!(bench.webhooks(), ["pull_request_review_thread.resolved"]);
}

#[test]
fn stale_approvals_are_dismissed_where_the_rules_say_so_and_the_patch_changed() {
    let mut bench = Bench::new();
    let (app, maintainer, reviewer, repo) = (bench.app(), bench.person("maintainer"), bench.person("reviewer"), bench.repo);
    let number = bench.proposal("x");
    bench.write(&maintainer, "main", ("docs/other.md", "other\n")).unwrap();
    let rule = json!({ "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": true });
    bench.rules("main", json!([{ "type": "pull_request", "parameters": rule }]));
    let id = review(&mut bench, &reviewer, number, "APPROVE").unwrap();
    let state = |bench: &Bench| bench.world.repositories[&repo].reviews[&id].state.name();
    let decision = |bench: &Bench| pulls::review_decision(&bench.world, repo, number).unwrap().name();
    // Bringing the branch up to date changes nothing that was reviewed.
    pulls::update_branch(&mut bench.world, &app, repo, number, None).unwrap();
    let before = bench.tip("x");
    bench.wait(3);
    assert_ne!(bench.tip("x"), before);
    assert_eq!((state(&bench), decision(&bench)), ("APPROVED", "APPROVED"));
    bench.write(&app, "x", ("docs/x.md", "other text\n")).unwrap();
    assert_eq!((state(&bench), decision(&bench)), ("DISMISSED", "REVIEW_REQUIRED"));
    assert!(bench.timeline(number).contains(&"review_dismissed"));
}

#[test]
fn only_writers_opinions_count_and_the_last_one() {
    let mut bench = Bench::new();
    let repo = bench.repo;
    let number = bench.proposal("x");
    bench.rules(
        "main",
        json!([{ "type": "pull_request", "parameters": { "required_approving_review_count": 1 } }]),
    );
    let steps = [
        ("reader", "APPROVE", "REVIEW_REQUIRED"),
        ("outsider", "REQUEST_CHANGES", "REVIEW_REQUIRED"),
        ("reviewer", "REQUEST_CHANGES", "CHANGES_REQUESTED"),
        ("maintainer", "APPROVE", "CHANGES_REQUESTED"),
        ("reviewer", "COMMENT", "CHANGES_REQUESTED"),
        ("reviewer", "APPROVE", "APPROVED"),
    ];
    for (login, event, decision) in steps {
        let actor = bench.person(login);
        review(&mut bench, &actor, number, event).unwrap();
        assert_eq!(
            pulls::review_decision(&bench.world, repo, number).unwrap().name(),
            decision,
            "{login} {event}"
        );
    }
    let reviewer = bench.person("reviewer");
    let last = bench.world.repositories[&repo].reviews_on(number).last().unwrap().id;
    let triager = bench.person("triager");
    assert_eq!(said(reviews::dismiss(&mut bench.world, &triager, repo, last, "no")).0, 403);
    let maintainer = bench.person("maintainer");
    reviews::dismiss(&mut bench.world, &maintainer, repo, last, "Not yet").unwrap();
    assert_eq!(
        said(reviews::dismiss(&mut bench.world, &reviewer, repo, last, "again")).1,
        "Can not dismiss a dismissed pull request review"
    );
}

#[test]
fn locked_conversations_take_words_of_writers_and_apps_only() {
    let mut bench = Bench::new();
    let (maintainer, repo) = (bench.person("maintainer"), bench.repo);
    issues::lock(&mut bench.world, &maintainer, repo, 1, None).unwrap();
    for (login, allowed) in [
        ("maintainer", true),
        ("reviewer", true),
        ("triager", false),
        ("reader", false),
        ("outsider", false),
    ] {
        let actor = bench.person(login);
        let outcome = crate::sim::ops::comments::create(&mut bench.world, &actor, repo, 1, "words");
        if allowed {
            outcome.unwrap();
        } else {
            assert_eq!(
                said(outcome),
                (403, "Unable to create comment because issue is locked.".to_owned()),
                "{login}"
            );
        }
    }
    let app = bench.app();
    crate::sim::ops::comments::create(&mut bench.world, &app, repo, 1, "words").unwrap();
}
