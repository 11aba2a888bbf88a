//! Issues, labels, comments, reactions, notifications.
//!
//! Invariant: every refusal is shown with who is refused.

use super::{Bench, said};
use crate::sim::ops::comments::Minimizable;
use crate::sim::ops::issues::{IssueEdit, NewIssue};
use crate::sim::ops::labels::NewLabel;
use crate::sim::ops::reactions::ReactionTarget;
use crate::sim::ops::{comments, issues, labels, notices_by_login, reactions, repos};
use crate::sim::world::{ReactionContent, Role, StateReason};

fn names(bench: &Bench, number: u64) -> Vec<String> {
    let repo = &bench.world.repositories[&bench.repo];
    repo.issue(number)
        .unwrap()
        .labels
        .iter()
        .map(|label| repo.labels[label].name.clone())
        .collect()
}

#[test]
fn labels_are_for_triage_and_above() {
    let mut bench = Bench::new();
    let repo = bench.repo;
    for (login, allowed) in [
        ("maintainer", true),
        ("reviewer", true),
        ("triager", true),
        ("reader", false),
        ("outsider", false),
    ] {
        let actor = bench.person(login);
        let outcome = labels::add(&mut bench.world, &actor, repo, 1, &[format!("by {login}")]);
        assert_eq!(
            outcome.map_err(|refusal| refusal.status),
            if allowed { Ok(()) } else { Err(403) },
            "{login}"
        );
    }
    assert_eq!(names(&bench, 1), ["by maintainer", "by reviewer", "by triager"]);
}

#[test]
fn labelling_makes_unknown_labels_and_tells_once() {
    let mut bench = Bench::new();
    let (actor, repo) = (bench.person("maintainer"), bench.repo);
    bench.webhooks();
    labels::add(
        &mut bench.world,
        &actor,
        repo,
        1,
        &["millhand".to_owned(), "BUG".to_owned(), "Millhand".to_owned()],
    )
    .unwrap();
    assert_eq!(bench.webhooks(), ["issues.labeled", "issues.labeled"]);
    assert_eq!(names(&bench, 1), ["bug", "millhand"]);
    let new = |name: &str| NewLabel {
        name: name.to_owned(),
        color: None,
        description: None,
    };
    let refusal = labels::create(&mut bench.world, &actor, repo, new("MILLHAND")).unwrap_err();
    assert_eq!((refusal.status, refusal.errors[0].code), (422, "already_exists"));
    labels::remove(&mut bench.world, &actor, repo, 1, "millhand").unwrap();
    assert_eq!(
        said(labels::remove(&mut bench.world, &actor, repo, 1, "millhand")),
        (404, "Label does not exist".to_owned())
    );
    assert_eq!(bench.timeline(1), ["labeled", "labeled", "unlabeled"]);
    let issue = bench.world.repositories[&repo].issue(1).unwrap();
    assert!(issue.timeline.iter().all(|event| event.actor == actor.user()));
}

#[test]
fn an_issue_form_labels_for_strangers_and_a_plain_issue_does_not() {
    let mut bench = Bench::new();
    let (outsider, repo) = (bench.person("outsider"), bench.repo);
    bench.webhooks();
    let new = NewIssue {
        title: "Please".to_owned(),
        labels: vec!["bug".to_owned()],
        assignees: vec!["reviewer".to_owned()],
        form_labels: vec!["millhand".to_owned()],
        ..NewIssue::default()
    };
    let number = issues::create(&mut bench.world, &outsider, repo, new).unwrap();
    assert_eq!(names(&bench, number), ["millhand"]);
    assert_eq!(bench.webhooks(), ["issues.opened", "issues.labeled"]);
    assert!(bench.world.repositories[&repo].issue(number).unwrap().assignees.is_empty());
    let untitled = issues::create(&mut bench.world, &outsider, repo, NewIssue::default()).unwrap_err();
    assert_eq!((untitled.status, untitled.errors[0].code), (422, "missing_field"));
    let long = NewIssue {
        title: "t".to_owned(),
        body: Some("x".repeat(65_537)),
        ..NewIssue::default()
    };
    assert_eq!(
        said(issues::create(&mut bench.world, &outsider, repo, long)).1,
        "body is too long (maximum is 65536 characters)"
    );
    bench.world.repositories.get_mut(&repo).unwrap().settings.has_issues = false;
    let off = NewIssue {
        title: "t".to_owned(),
        ..NewIssue::default()
    };
    assert_eq!(
        said(issues::create(&mut bench.world, &outsider, repo, off)),
        (410, "Issues are disabled for this repo".to_owned())
    );
}

#[test]
fn closing_and_reopening_is_for_authors_and_triage() {
    let mut bench = Bench::new();
    let (outsider, reader, triager, repo) = (
        bench.person("outsider"),
        bench.person("reader"),
        bench.person("triager"),
        bench.repo,
    );
    let number = issues::create(
        &mut bench.world,
        &outsider,
        repo,
        NewIssue {
            title: "t".to_owned(),
            ..NewIssue::default()
        },
    )
    .unwrap();
    let set = |open, reason| IssueEdit {
        open: Some(open),
        reason,
        ..IssueEdit::default()
    };
    assert_eq!(
        said(issues::edit(&mut bench.world, &reader, repo, number, set(false, None))).0,
        403
    );
    issues::edit(
        &mut bench.world,
        &outsider,
        repo,
        number,
        set(false, Some(StateReason::NotPlanned)),
    )
    .unwrap();
    issues::edit(&mut bench.world, &outsider, repo, number, set(true, None)).unwrap();
    issues::edit(&mut bench.world, &triager, repo, number, set(false, None)).unwrap();
    // What others closed, the author cannot open again.
    assert_eq!(
        said(issues::edit(&mut bench.world, &outsider, repo, number, set(true, None))).0,
        403
    );
    assert_eq!(bench.timeline(number), ["closed", "reopened", "closed"]);
    let issue = bench.world.repositories[&repo].issue(number).unwrap();
    assert_eq!(
        (issue.closed_by, issue.state_reason),
        (Some(triager.user()), Some(StateReason::Completed))
    );
}

#[test]
fn edits_keep_what_was_there() {
    let mut bench = Bench::new();
    let (maintainer, reviewer, triager, app, repo) = (
        bench.person("maintainer"),
        bench.person("reviewer"),
        bench.person("triager"),
        bench.app(),
        bench.repo,
    );
    let text = |title: &str, body: &str| IssueEdit {
        title: Some(title.to_owned()),
        body: Some(body.to_owned()),
        ..IssueEdit::default()
    };
    bench.webhooks();
    assert_eq!(said(issues::edit(&mut bench.world, &triager, repo, 1, text("a", "b"))).0, 403);
    issues::edit(&mut bench.world, &reviewer, repo, 1, text("New title", "New body")).unwrap();
    issues::edit(&mut bench.world, &maintainer, repo, 1, text("New title", "New body")).unwrap();
    assert_eq!(bench.webhooks(), ["issues.edited"], "the same text again is no edit");
    let issue = bench.world.repositories[&repo].issue(1).unwrap();
    assert_eq!((issue.editor, issue.edits.len()), (Some(reviewer.user()), 1));
    assert_eq!(issue.edits[0].before.as_deref(), Some(crate::sim::seed::ISSUE_BODY));
    let id = comments::create(&mut bench.world, &app, repo, 1, "first").unwrap();
    comments::edit(&mut bench.world, &app, repo, id, "second").unwrap();
    assert!(bench.world.repositories[&repo].comments[&id].last_edited_at.is_some());
    assert_eq!(said(comments::edit(&mut bench.world, &triager, repo, id, "mine")).0, 403);
    assert_eq!(bench.webhooks(), ["issue_comment.created", "issue_comment.edited"]);
    comments::minimize(
        &mut bench.world,
        &app,
        repo,
        Minimizable::Comment(id),
        Some("OUTDATED".to_owned()),
    )
    .unwrap();
    assert_eq!(
        bench.world.repositories[&repo].comments[&id].minimized.as_deref(),
        Some("outdated")
    );
    comments::delete(&mut bench.world, &reviewer, repo, id).unwrap();
    assert_eq!(said(comments::edit(&mut bench.world, &app, repo, id, "gone")).0, 404);
}

#[test]
fn a_reaction_is_there_once() {
    let mut bench = Bench::new();
    let (app, repo) = (bench.app(), bench.repo);
    let target = ReactionTarget::Issue(1);
    let (first, new) = reactions::add(&mut bench.world, &app, repo, target, ReactionContent::Eyes).unwrap();
    let again = reactions::add(&mut bench.world, &app, repo, target, ReactionContent::Eyes).unwrap();
    assert_eq!((new, again), (true, (first, false)));
    let reviewer = bench.person("reviewer");
    assert_eq!(
        said(reactions::remove(&mut bench.world, &reviewer, repo, target, first)).0,
        404
    );
    reactions::remove(&mut bench.world, &app, repo, target, first).unwrap();
}

#[test]
fn notifications_count_pull_requests_comments_and_reviews() {
    let mut bench = Bench::new();
    let (app, reviewer, repo) = (bench.app(), bench.person("reviewer"), bench.repo);
    let number = bench.proposal("x");
    let id = comments::create(&mut bench.world, &app, repo, 1, "status").unwrap();
    comments::edit(&mut bench.world, &app, repo, id, "status, edited").unwrap();
    let request = crate::sim::ops::requests::ReviewRequest {
        users: vec![reviewer.user()],
        replace: false,
    };
    crate::sim::ops::requests::add(&mut bench.world, &app, repo, number, &request).unwrap();
    super::reviewing::review(&mut bench, &app, number, "COMMENT").unwrap();
    super::reviewing::review(&mut bench, &reviewer, number, "APPROVE").unwrap();
    let merge = crate::sim::ops::merges::MergePull {
        head: None,
        method: crate::sim::world::MergeMethod::Squash,
        title: None,
        message: None,
    };
    crate::sim::ops::merges::merge(&mut bench.world, &app, repo, number, &merge).unwrap();
    let counts = notices_by_login(&bench.world);
    let ours = &counts["millhand[bot]"];
    assert_eq!(
        (ours.notifications, ours.pull_requests, ours.comments, ours.reviews),
        (3, 1, 1, 1)
    );
    assert_eq!((ours.review_requests, ours.merges, ours.closings), (1, 1, 0));
    assert_eq!(counts["reviewer"].notifications, 1);
}

#[test]
fn transferred_and_deleted_issues_leave() {
    let mut bench = Bench::new();
    let (maintainer, repo) = (bench.person("maintainer"), bench.repo);
    let owner = bench.world.repositories[&repo].owner;
    let new = repos::NewRepository {
        owner,
        name: "other".to_owned(),
        private: false,
        files: [].into(),
        creator: maintainer.user(),
    };
    let other = repos::create(&mut bench.world, new).unwrap();
    labels::add(&mut bench.world, &maintainer, repo, 1, &["millhand".to_owned()]).unwrap();
    comments::create(&mut bench.world, &maintainer, repo, 1, "hello").unwrap();
    let number = issues::transfer(&mut bench.world, &maintainer, repo, 1, other).unwrap();
    assert!(bench.world.repositories[&repo].issue(1).is_none());
    let there = &bench.world.repositories[&other];
    assert!(there.issue(number).unwrap().labels.is_empty());
    assert_eq!(there.comments_on(number).count(), 1);
    let reviewer = bench.person("reviewer");
    assert_eq!(said(issues::delete(&mut bench.world, &reviewer, other, number)).0, 403);
    issues::delete(&mut bench.world, &maintainer, other, number).unwrap();
    assert!(bench.world.repositories[&other].issues.is_empty());
}

#[test]
fn a_new_collaborator_counts_at_once() {
    let mut bench = Bench::new();
    let (maintainer, outsider, repo) = (bench.person("maintainer"), bench.person("outsider"), bench.repo);
    repos::set_collaborator(&mut bench.world, &maintainer, repo, outsider.user(), Role::Triage).unwrap();
    labels::add(&mut bench.world, &outsider, repo, 1, &["bug".to_owned()]).unwrap();
    let by_himself = repos::set_collaborator(&mut bench.world, &outsider, repo, outsider.user(), Role::Admin);
    assert_eq!(said(by_himself), (403, "Must have admin rights to Repository.".to_owned()));
}
