//! Refs, files, rules of pushes.
//!
//! Invariant: every repository written here passes `git fsck`.

use super::{Bench, said};
use crate::sim::git::{EntryMode, Ident, parse_oid};
use crate::sim::ops::contents::{CommitOnBranch, DeleteFile, PutFile};
use crate::sim::ops::data::{CommitRequest, EntryContent, NewTree, TreeEntry};
use crate::sim::ops::refs::{RefMove, RefUpdate};
use crate::sim::ops::{contents, data, refs};
use crate::sim::world::Level;
use serde_json::json;

#[test]
fn refs_are_made_as_github_makes_them() {
    let mut bench = Bench::new();
    let (app, main) = (bench.app(), bench.tip("main"));
    refs::create(&mut bench.world, &app, bench.repo, "refs/heads/a/b", main).unwrap();
    let nowhere = parse_oid("0123456789012345678901234567890123456789").unwrap();
    let tree = bench.world.store(bench.repo).unwrap().commit(main).unwrap().tree;
    let rows = [
        ("refs/heads/a/b", main, "Reference already exists"),
        ("refs/heads/a", main, "Reference update failed"),
        ("refs/heads/a/b/c", main, "Reference update failed"),
        ("refs/heads/new", nowhere, "Object does not exist"),
        ("refs/heads/new", tree, "Reference update failed"),
        ("heads/new", main, "heads/new is not a valid ref name."),
        ("refs/heads/a..b", main, "refs/heads/a..b is not a valid ref name."),
        (
            "refs/heads/e83c5163316f89bfbde7d9ab23ca2e25604af290",
            main,
            "refs/heads/e83c5163316f89bfbde7d9ab23ca2e25604af290 is not a valid ref name.",
        ),
    ];
    for (name, oid, sentence) in rows {
        assert_eq!(
            said(refs::create(&mut bench.world, &app, bench.repo, name, oid)),
            (422, sentence.to_owned()),
            "{name}"
        );
    }
    bench.fsck();
}

#[test]
fn refs_move_forward_only() {
    let mut bench = Bench::new();
    let app = bench.app();
    let (old, new) = (
        bench.tip("main"),
        bench.write(&bench.app(), "x", ("docs/x.md", "x\n")).unwrap(),
    );
    let to = |oid, force| RefUpdate {
        name: "refs/heads/x".to_owned(),
        oid,
        force,
    };
    assert_eq!(
        said(refs::update(&mut bench.world, &app, bench.repo, to(old, false))),
        (422, "Update is not a fast forward".to_owned())
    );
    refs::update(&mut bench.world, &app, bench.repo, to(old, true)).unwrap();
    refs::update(&mut bench.world, &app, bench.repo, to(new, false)).unwrap();
    let missing = RefUpdate {
        name: "refs/heads/none".to_owned(),
        oid: old,
        force: false,
    };
    assert_eq!(
        said(refs::update(&mut bench.world, &app, bench.repo, missing)),
        (422, "Reference does not exist".to_owned())
    );
    refs::delete(&mut bench.world, &app, bench.repo, "refs/heads/x").unwrap();
    assert_eq!(
        said(refs::delete(&mut bench.world, &app, bench.repo, "refs/heads/x")),
        (422, "Reference does not exist".to_owned())
    );
    assert_eq!(
        said(refs::delete(&mut bench.world, &app, bench.repo, "refs/heads/main")).0,
        422
    );
}

#[test]
fn several_refs_move_together_or_not_at_all() {
    let mut bench = Bench::new();
    let (app, main) = (bench.app(), bench.tip("main"));
    let make = |name: &str, before| RefMove {
        name: format!("refs/heads/{name}"),
        before,
        after: Some(main),
        force: false,
    };
    refs::update_many(
        &mut bench.world,
        &app,
        bench.repo,
        &[make("one", Some(None)), make("two", None)],
    )
    .unwrap();
    let wrong = [make("three", Some(None)), make("two", Some(None))];
    assert_eq!(said(refs::update_many(&mut bench.world, &app, bench.repo, &wrong)).0, 422);
    assert!(!bench.has("three"));
    let gone = RefMove {
        after: None,
        ..make("one", Some(Some(main)))
    };
    refs::update_many(&mut bench.world, &app, bench.repo, &[gone]).unwrap();
    assert!(!bench.has("one") && bench.has("two"));
}

#[test]
fn people_push_by_role_and_apps_by_permission() {
    let mut bench = Bench::new();
    let main = bench.tip("main");
    for (login, allowed) in [
        ("maintainer", true),
        ("reviewer", true),
        ("helper[bot]", true),
        ("triager", false),
        ("reader", false),
        ("outsider", false),
    ] {
        let (actor, name) = (
            bench.person(login),
            format!("refs/heads/of-{}", login.trim_end_matches("[bot]")),
        );
        let outcome = refs::create(&mut bench.world, &actor, bench.repo, &name, main);
        assert_eq!(
            outcome.map_err(|refusal| refusal.status),
            if allowed { Ok(()) } else { Err(403) },
            "{login}"
        );
    }
    let mut app = bench.app();
    if let crate::sim::world::Actor::App(app) = &mut app {
        app.permissions.0.insert("contents".to_owned(), Level::Read);
    }
    let refusal = refs::create(&mut bench.world, &app, bench.repo, "refs/heads/x", main).unwrap_err();
    assert_eq!(
        (refusal.status, refusal.message.as_str()),
        (403, "Resource not accessible by integration")
    );
    assert_eq!(refusal.accepted_permissions.as_deref(), Some("contents=write"));
}

#[test]
fn a_commit_on_a_branch_needs_its_head() {
    let mut bench = Bench::new();
    let (app, main) = (bench.app(), bench.tip("main"));
    bench.write(&app, "x", ("docs/x.md", "x\n")).unwrap();
    let commit = |branch: &str, head, deletions: &[&str], additions: &[&str]| CommitOnBranch {
        branch: branch.to_owned(),
        expected_head: head,
        headline: "Change".to_owned(),
        body: None,
        additions: additions
            .iter()
            .map(|path| ((*path).to_owned(), b"text\n".to_vec()))
            .collect(),
        deletions: deletions.iter().map(|path| (*path).to_owned()).collect(),
    };
    let stale = contents::commit_on_branch(&mut bench.world, &app, bench.repo, &commit("x", main, &[], &["a"])).unwrap_err();
    assert_eq!(stale.graphql_type, "STALE_DATA");
    assert_eq!(
        stale.message,
        format!("Expected branch to point to \"{main}\" but it did not.  Pull and try again.")
    );
    let head = bench.tip("x");
    let missing = contents::commit_on_branch(&mut bench.world, &app, bench.repo, &commit("x", head, &["nothing"], &[]));
    assert_eq!(
        said(missing).1,
        format!("A path was requested for deletion which does not exist as of commit oid {head}")
    );
    for path in ["/a", "a/", "a//b", "a/../b", ".git/config", ""] {
        assert_eq!(
            said(contents::commit_on_branch(
                &mut bench.world,
                &app,
                bench.repo,
                &commit("x", head, &[], &[path])
            ))
            .0,
            422,
            "{path}"
        );
    }
    assert_eq!(
        said(contents::commit_on_branch(
            &mut bench.world,
            &app,
            bench.repo,
            &commit("none", head, &[], &["a"])
        ))
        .0,
        404
    );
    let oid = contents::commit_on_branch(
        &mut bench.world,
        &app,
        bench.repo,
        &commit("x", head, &["docs/x.md"], &["a/b"]),
    )
    .unwrap();
    let store = bench.world.store(bench.repo).unwrap();
    let made = store.commit(oid).unwrap();
    assert_eq!(
        (made.author.name.as_str(), made.committer.name.as_str()),
        ("millhand[bot]", "GitHub")
    );
    assert!(bench.world.repositories[&bench.repo].commits[&oid].verified);
    assert_eq!(store.file(made.tree, "docs/x.md").unwrap(), None);
    assert_eq!(store.file(made.tree, "a/b").unwrap().as_deref(), Some(b"text\n".as_slice()));
    assert_eq!(store.entry(made.tree, "ci.sh").unwrap().unwrap().mode, EntryMode::Executable);
    bench.fsck();
}

#[test]
fn a_commit_on_a_branch_has_no_place_for_a_mode() {
    let mut bench = Bench::new();
    let app = bench.app();
    let (main, repo) = (bench.tip("main"), bench.repo);
    let mode = |bench: &Bench, commit| {
        let store = bench.world.store(bench.repo).unwrap();
        let tree = store.commit(commit).unwrap().tree;
        store.entry(tree, "ci.sh").unwrap().unwrap().mode
    };
    assert_eq!(mode(&bench, main), EntryMode::Executable);
    let commit = CommitOnBranch {
        branch: "main".to_owned(),
        expected_head: main,
        headline: "Rewrite it".to_owned(),
        body: None,
        additions: vec![("ci.sh".to_owned(), b"#!/bin/sh\n".to_vec())],
        deletions: Vec::new(),
    };
    let made = contents::commit_on_branch(&mut bench.world, &app, repo, &commit).unwrap();
    assert_eq!(mode(&bench, made), EntryMode::File, "nobody may count on more");
    bench.fsck();
}

#[test]
fn contents_need_the_blob_that_is_there() {
    let mut bench = Bench::new();
    let actor = bench.person("reviewer");
    let put = |sha, branch: Option<&str>| PutFile {
        path: "README.md".to_owned(),
        content: b"new\n".to_vec(),
        message: "Write".to_owned(),
        branch: branch.map(ToOwned::to_owned),
        sha,
        author: None,
        committer: None,
    };
    let store = bench.world.store(bench.repo).unwrap();
    let old = store
        .entry(store.commit(bench.tip("main")).unwrap().tree, "README.md")
        .unwrap()
        .unwrap()
        .oid;
    let stale = store.write_blob(b"other").unwrap();
    assert_eq!(
        said(contents::put(&mut bench.world, &actor, bench.repo, put(None, None))).1,
        "Invalid request.\n\n\"sha\" wasn't supplied."
    );
    assert_eq!(
        said(contents::put(&mut bench.world, &actor, bench.repo, put(Some(stale), None))),
        (409, format!("README.md does not match {stale}"))
    );
    assert_eq!(
        said(contents::put(
            &mut bench.world,
            &actor,
            bench.repo,
            put(Some(old), Some("none"))
        ))
        .0,
        404
    );
    let written = contents::put(&mut bench.world, &actor, bench.repo, put(Some(old), None)).unwrap();
    assert!(!written.created);
    let delete = |path: &str, sha| DeleteFile {
        path: path.to_owned(),
        message: "Delete".to_owned(),
        branch: None,
        sha,
        author: None,
        committer: None,
    };
    assert_eq!(
        said(contents::delete(&mut bench.world, &actor, bench.repo, delete("none", old))).0,
        404
    );
    assert_eq!(
        said(contents::delete(
            &mut bench.world,
            &actor,
            bench.repo,
            delete("README.md", old)
        ))
        .0,
        409
    );
    contents::delete(
        &mut bench.world,
        &actor,
        bench.repo,
        delete("README.md", written.blob.unwrap()),
    )
    .unwrap();
    bench.fsck();
}

#[test]
fn the_git_database_writes_without_moving_anything() {
    let mut bench = Bench::new();
    let (app, main) = (bench.app(), bench.tip("main"));
    let entry = |path: &str, mode, content| TreeEntry {
        path: path.to_owned(),
        mode,
        content,
    };
    let tree = NewTree {
        base: Some(main),
        entries: vec![
            entry("run.sh", EntryMode::Executable, EntryContent::Text("#!/bin/sh\n".to_owned())),
            entry("README.md", EntryMode::File, EntryContent::Delete),
        ],
    };
    let tree = data::create_tree(&mut bench.world, &app, bench.repo, &tree).unwrap();
    let gone = NewTree {
        base: Some(tree),
        entries: vec![entry("README.md", EntryMode::File, EntryContent::Delete)],
    };
    assert_eq!(said(data::create_tree(&mut bench.world, &app, bench.repo, &gone)).0, 422);
    let bare = CommitRequest {
        message: "Add a script".to_owned(),
        tree,
        parents: vec![main],
        author: None,
        committer: None,
    };
    let signed = data::create_commit(&mut bench.world, &app, bench.repo, bare.clone()).unwrap();
    let somebody = Ident {
        name: "Ann".to_owned(),
        email: "ann@example.org".to_owned(),
        at: bench.world.now(),
    };
    let named = CommitRequest {
        author: Some(somebody),
        ..bare.clone()
    };
    let unsigned = data::create_commit(&mut bench.world, &app, bench.repo, named).unwrap();
    let notes = &bench.world.repositories[&bench.repo].commits;
    assert!(notes[&signed].verified && !notes[&unsigned].verified);
    assert_eq!(bench.tip("main"), main);
    let wrong = CommitRequest {
        parents: vec![tree],
        ..bare
    };
    assert_eq!(said(data::create_commit(&mut bench.world, &app, bench.repo, wrong)).0, 422);
    bench.fsck();
}

#[test]
fn an_app_without_workflows_is_refused_where_they_differ() {
    let mut bench = Bench::new();
    let (app, maintainer) = (bench.app(), bench.person("maintainer"));
    let sentence =
        "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission";
    bench.write(&app, "early", ("docs/a.md", "a\n")).unwrap();
    let old_main = bench.tip("main");
    assert_eq!(
        said(bench.write(&app, "early", (".github/workflows/ci.yml", "on: push\n"))),
        (403, sentence.to_owned())
    );
    // Somebody bumps an action on the default branch: branches that still have the old file can be neither made nor moved.
    bench
        .write(&maintainer, "main", (".github/workflows/ci.yml", "on: push\njobs: {}\n"))
        .unwrap();
    let made = refs::create(&mut bench.world, &app, bench.repo, "refs/heads/late", old_main);
    assert_eq!(said(made), (403, sentence.to_owned()));
    assert_eq!(
        said(bench.write(&app, "early", ("docs/b.md", "b\n"))),
        (403, sentence.to_owned())
    );
    refs::create(&mut bench.world, &maintainer, bench.repo, "refs/heads/late", old_main).unwrap();
    // Merging the default branch in is the way on.
    let merge = crate::sim::ops::merges::MergeBranch {
        base: "early".to_owned(),
        head: "main".to_owned(),
        message: None,
    };
    crate::sim::ops::merges::merge_branch(&mut bench.world, &app, bench.repo, &merge)
        .unwrap()
        .unwrap();
    bench.write(&app, "early", ("docs/b.md", "b\n")).unwrap();
}

#[test]
fn rules_hold_pushes_back() {
    let mut bench = Bench::new();
    let (maintainer, app, main) = (bench.person("maintainer"), bench.app(), bench.tip("main"));
    let of = |sentence: &str| (422, format!("Repository rule violations found\n\n{sentence}\n\n"));
    bench.rules(
        "main",
        json!([{ "type": "pull_request", "parameters": { "required_approving_review_count": 1 } }]),
    );
    assert_eq!(
        said(bench.write(&maintainer, "main", ("a", "a\n"))),
        of("Changes must be made through a pull request.")
    );
    bench.rules(
        "refs/heads/feature/**",
        json!([{ "type": "creation" }, { "type": "deletion" }]),
    );
    let made = refs::create(&mut bench.world, &app, bench.repo, "refs/heads/feature/x", main);
    assert_eq!(said(made), of("Cannot create ref due to creations being restricted."));
    bench.rules(
        "refs/heads/feature/**",
        json!([{ "type": "deletion" }, { "type": "non_fast_forward" }]),
    );
    let head = bench.write(&app, "feature/x", ("a", "a\n")).unwrap();
    assert_eq!(
        said(refs::delete(&mut bench.world, &app, bench.repo, "refs/heads/feature/x")),
        of("Cannot delete this branch")
    );
    let back = RefUpdate {
        name: "refs/heads/feature/x".to_owned(),
        oid: main,
        force: true,
    };
    assert_eq!(
        said(refs::update(&mut bench.world, &app, bench.repo, back)),
        of("Cannot force-push to this branch")
    );
    assert_eq!(bench.tip("feature/x"), head);
    bench.rules(
        "~ALL",
        json!([{ "type": "branch_name_pattern", "parameters": { "operator": "starts_with", "pattern": "feature/" } }]),
    );
    let named = refs::create(&mut bench.world, &app, bench.repo, "refs/heads/other", main);
    assert_eq!(said(named), of("Branch name must match a given pattern"));
}

#[test]
fn a_push_tells_of_itself_and_makes_an_empty_suite() {
    let mut bench = Bench::new();
    let (app, main) = (bench.app(), bench.tip("main"));
    bench.webhooks();
    refs::create(&mut bench.world, &app, bench.repo, "refs/heads/x", main).unwrap();
    // The suite on this commit exists since the commit was pushed to the default branch.
    assert_eq!(bench.webhooks(), ["push"]);
    let head = bench.write(&app, "x", ("a", "a\n")).unwrap();
    assert_eq!(bench.webhooks(), ["push", "check_suite.requested"]);
    let suites: Vec<_> = bench.world.repositories[&bench.repo].suites_of(head).collect();
    assert_eq!(
        (suites.len(), suites[0].status.name(), suites[0].app),
        (1, "queued", app.app().unwrap())
    );
    assert_eq!(bench.world.ci_queue.len(), 2);
}
