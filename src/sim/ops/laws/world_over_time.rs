//! The seed, webhooks, repositories that change.
//!
//! Invariant: the same start gives the same bytes.

use std::collections::BTreeMap;

use super::{Bench, said};
use crate::sim::deliver;
use crate::sim::ops::{auth, comments, labels, repos};
use crate::sim::world::{AccountKind, Actor, DeliveryOutcome, WebhookSwitch};
use secrecy::ExposeSecret;

fn switch(change: impl FnOnce(&mut WebhookSwitch)) -> WebhookSwitch {
    let mut switch = WebhookSwitch::default();
    change(&mut switch);
    switch
}

#[test]
fn the_same_start_gives_the_same_world() {
    let (mut one, mut two) = (Bench::new(), Bench::new());
    for bench in [&mut one, &mut two] {
        let app = bench.app();
        let number = bench.proposal("x");
        comments::create(&mut bench.world, &app, bench.repo, number, "words").unwrap();
    }
    assert_eq!(one.tip("main"), two.tip("main"));
    let bodies = |bench: &Bench| -> Vec<(String, Vec<u8>)> {
        bench
            .world
            .deliveries
            .values()
            .map(|delivery| (delivery.guid.clone(), delivery.body.clone()))
            .collect()
    };
    assert!(!bodies(&one).is_empty());
    assert_eq!(bodies(&one), bodies(&two));
    one.fsck();
}

#[test]
fn the_seed_is_what_the_interface_promises() {
    let bench = Bench::new();
    let repo = &bench.world.repositories[&bench.repo];
    assert_eq!(
        (
            bench.world.full_name(repo.id).as_str(),
            repo.default_branch.as_str(),
            repo.private
        ),
        ("acme/todo", "main", false)
    );
    assert!(repo.rulesets.is_empty() && repo.protections.is_empty());
    let roles: BTreeMap<&str, &str> = ["maintainer", "reviewer", "triager", "reader", "outsider", "helper[bot]"]
        .map(|login| (login, bench.world.role(repo.id, bench.person(login).user()).name()))
        .into();
    let expected = [
        ("maintainer", "admin"),
        ("reviewer", "write"),
        ("triager", "triage"),
        ("reader", "read"),
        ("outsider", "none"),
        ("helper[bot]", "write"),
    ];
    assert_eq!(roles, expected.into());
    let issue = repo.issue(1).unwrap();
    assert_eq!((issue.title.as_str(), issue.is_open()), (crate::sim::seed::ISSUE_TITLE, true));
    let (merged, pull) = repo.pull(2).unwrap();
    let days = bench.world.now().since(pull.merged.as_ref().unwrap().at).as_secs() / 86_400;
    assert_eq!((bench.world.login(merged.author), days), ("reviewer", 6));
    assert!(!bench.has("finish-items"));
    assert!(bench.world.outbox.is_empty() && bench.world.ci_queue.is_empty() && bench.world.notices.is_empty());
    assert_eq!(
        repo.check_runs_of(bench.tip("main"))
            .map(|run| run.name.as_str())
            .collect::<Vec<_>>(),
        ["test"]
    );
    assert!(
        bench
            .world
            .accounts
            .values()
            .filter(|account| account.kind == AccountKind::Organization)
            .count()
            == 1
    );
    bench.fsck();
}

#[test]
fn webhooks_are_signed_over_the_bytes_that_are_sent() {
    let mut bench = Bench::new();
    let maintainer = bench.person("maintainer");
    labels::add(&mut bench.world, &maintainer, bench.repo, 1, &["bug".to_owned()]).unwrap();
    let delivery = bench.world.deliveries.values().next().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!(
        (body["action"].as_str(), body["label"]["name"].as_str()),
        (Some("labeled"), Some("bug"))
    );
    assert_eq!(body["sender"]["login"], "maintainer");
    let secret = bench.world.webhook_secret.expose_secret();
    assert_eq!(
        delivery.headers["x-hub-signature-256"],
        deliver::signature_256(secret, &delivery.body)
    );
    assert_eq!(delivery.headers["x-github-event"], "issues");
    // GitHub's own vectors.
    let rows = [
        (
            "It's a Secret to Everybody",
            "Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (
            "It's a Secret to Everybody",
            "",
            "66a0c074deaa0f489ead6537e0d32f9a344b90bbeda705b6ed45ecd3b413fb40",
        ),
        (
            "swordfish-secret",
            r#"{"zen":"Keep it logically awesome.","hook_id":1}"#,
            "5595a74b96332809cc4b9b61a201a657989c7ffee9e788e946e562b1d695ae43",
        ),
    ];
    for (secret, body, hex) in rows {
        assert_eq!(deliver::signature_256(secret, body.as_bytes()), format!("sha256={hex}"));
    }
}

#[test]
fn switches_disturb_webhooks_and_are_used_up() {
    let mut bench = Bench::new();
    let (maintainer, repo) = (bench.person("maintainer"), bench.repo);
    let say = |bench: &mut Bench, text: &str| comments::create(&mut bench.world, &maintainer, repo, 1, text).unwrap();
    let label = |bench: &mut Bench, name: &str| labels::add(&mut bench.world, &maintainer, repo, 1, &[name.to_owned()]).unwrap();
    bench.world.webhook_switches = vec![switch(|it| {
        (it.drop, it.count, it.events) = (true, Some(1), vec!["issue_comment.created".to_owned()])
    })];
    say(&mut bench, "lost");
    label(&mut bench, "bug");
    say(&mut bench, "told");
    assert_eq!(bench.webhooks(), ["issues.labeled", "issue_comment.created"]);
    assert!(
        bench
            .world
            .deliveries
            .values()
            .any(|delivery| delivery.outcome == DeliveryOutcome::Dropped)
    );
    assert!(bench.world.webhook_switches.is_empty());
    bench.world.webhook_switches = vec![switch(|it| (it.duplicate, it.count) = (true, Some(1)))];
    say(&mut bench, "twice");
    assert_eq!(bench.webhooks(), ["issue_comment.created", "issue_comment.created"]);
    let guids: Vec<_> = bench
        .world
        .deliveries
        .values()
        .rev()
        .take(2)
        .map(|delivery| delivery.guid.clone())
        .collect();
    assert_eq!(guids[0], guids[1]);
    bench.world.webhook_switches = vec![switch(|it| (it.reorder, it.events) = (true, vec!["issues".to_owned()]))];
    label(&mut bench, "question");
    say(&mut bench, "goes first");
    assert_eq!(bench.webhooks(), ["issue_comment.created", "issues.labeled"]);
    bench.world.webhook_switches = vec![switch(|it| it.delay_ms = Some(5000))];
    say(&mut bench, "late");
    let late = bench.world.outbox.first().unwrap();
    assert_eq!(late.0.since(bench.world.now()).as_secs(), 5);
}

#[test]
fn a_redelivery_is_the_same_event_again() {
    let mut bench = Bench::new();
    let (maintainer, repo) = (bench.person("maintainer"), bench.repo);
    comments::create(&mut bench.world, &maintainer, repo, 1, "words").unwrap();
    let first = bench.world.deliveries.values().next().unwrap().clone();
    let again = deliver::redeliver(&mut bench.world, first.id).unwrap();
    let second = bench.world.deliveries[&again].clone();
    assert_eq!((second.guid, second.body, second.redelivery), (first.guid, first.body, true));
    assert_ne!(again, first.id);
    bench.wait(3 * 24 * 3600 + 1);
    assert_eq!(said(deliver::redeliver(&mut bench.world, first.id)).0, 422);
}

#[test]
fn renamed_repositories_are_found_by_both_names_and_archived_ones_are_read_only() {
    let mut bench = Bench::new();
    let (maintainer, repo) = (bench.person("maintainer"), bench.repo);
    bench.webhooks();
    repos::rename(&mut bench.world, &maintainer, repo, "tasks").unwrap();
    for name in ["todo", "tasks", "TASKS"] {
        assert_eq!(
            bench.world.repository_named("acme", name).map(|found| found.id),
            Some(repo),
            "{name}"
        );
    }
    assert!(bench.world.store(repo).unwrap().branch("main").unwrap().is_some());
    repos::archive(&mut bench.world, &maintainer, repo, true).unwrap();
    assert_eq!(bench.webhooks(), ["repository.renamed", "repository.archived"]);
    let words = comments::create(&mut bench.world, &maintainer, repo, 1, "words");
    assert_eq!(said(words), (403, "Repository was archived so is read-only.".to_owned()));
    repos::archive(&mut bench.world, &maintainer, repo, false).unwrap();
    comments::create(&mut bench.world, &maintainer, repo, 1, "words").unwrap();
    // The old name can be taken again, and then leads to the new repository.
    let owner = bench.world.repositories[&repo].owner;
    let files = BTreeMap::from([("a.sh".to_owned(), "#!/bin/sh\n".to_owned())]);
    let new = repos::NewRepository {
        owner,
        name: "todo".to_owned(),
        private: true,
        files,
        creator: maintainer.user(),
    };
    let other = repos::create(&mut bench.world, new.clone()).unwrap();
    assert_eq!(
        bench.world.repository_named("acme", "todo").map(|found| found.id),
        Some(other)
    );
    assert_eq!(
        said(repos::create(&mut bench.world, new)).1,
        "name already exists on this account"
    );
    bench.webhooks();
    repos::delete(&mut bench.world, &maintainer, repo).unwrap();
    assert_eq!(bench.webhooks(), ["repository.deleted"]);
    assert!(!bench.world.git.path("acme/tasks").exists());
}

#[test]
fn a_transferred_repository_is_lost_to_the_installation() {
    let mut bench = Bench::new();
    let (maintainer, app, repo) = (bench.person("maintainer"), bench.app(), bench.repo);
    bench.webhooks();
    repos::transfer(&mut bench.world, &maintainer, repo, maintainer.user()).unwrap();
    assert_eq!(bench.webhooks(), ["installation_repositories.removed"]);
    assert_eq!(bench.world.full_name(repo), "maintainer/todo");
    assert_eq!(said(labels::add(&mut bench.world, &app, repo, 1, &["bug".to_owned()])).0, 403);
    let Actor::App(app) = &app else { panic!("an App") };
    assert!(!auth::reaches(&bench.world, app, repo));
}
