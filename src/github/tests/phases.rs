//! The documents of a phase: what is sent at once, what each part's failure means, and what a second attempt finds.

use serde_json::{Value, json};

use crate::github::bench::{Answer, Asked, BASE, Bench, HEAD, OTHER, data, ok, rendered, repo, sha, status};
use crate::github::{
    Attempt, Change, CheckReport, Conclusion, Conflict, Content, Error, Merge, MergeMethod, Message, NewPull, NodeId, Opening,
    Outcome, Present, PresentCheck, PullRef, Push, Route, StatusRide,
};

fn message() -> Message {
    Message {
        headline: rendered("Add a parser"),
        body: rendered("Millhand-Key: wf-1-0"),
    }
}

fn opening(route: Route) -> Opening {
    Opening {
        branch: "millhand/7-x/01-a".to_owned(),
        start: sha(BASE),
        changes: vec![
            Change {
                path: "src/a.rs".to_owned(),
                content: Some(Content::Text("x".to_owned())),
                executable: false,
            },
            Change {
                path: "old.rs".to_owned(),
                content: None,
                executable: false,
            },
        ],
        message: message(),
        route,
        pull: NewPull {
            base: "millhand/7-x/base".to_owned(),
            title: rendered("Title"),
            body: rendered("Body"),
            draft: true,
        },
        ride: Some(StatusRide {
            comment: NodeId("IC_1".to_owned()),
            body: rendered("status"),
        }),
    }
}

fn pull_ref() -> PullRef {
    PullRef {
        number: 4,
        node_id: NodeId("PR_4".to_owned()),
    }
}

fn created(head: &str) -> Value {
    json!({ "pullRequest": { "id": "PR_4", "number": 4, "url": "u", "headRefOid": head, "isDraft": true } })
}

/// A pull request of ours, found by its head.
fn found_pull(author: u64, head: &str, state: &str) -> Value {
    json!({ "node": { "pullRequests": { "nodes": [{
        "id": "PR_4", "number": 4, "url": "u", "state": state, "isDraft": true, "isCrossRepository": false, "headRefOid": head,
        "baseRefName": "millhand/7-x/base", "author": { "__typename": "Bot", "login": "millhand", "id": "B", "databaseId": author } }] } } })
}

fn branch(head: &str) -> Answer {
    ok(&json!({ "ref": "refs/heads/millhand/7-x/01-a", "object": { "sha": head } }))
}

/// One commit between the start and the head.
fn compared(author: u64, text: &str) -> Answer {
    ok(
        &json!({ "merge_base_commit": { "sha": BASE }, "ahead_by": 1, "behind_by": 0, "files": [], "commits": [{
        "sha": HEAD, "parents": [{ "sha": BASE }], "author": { "id": author, "login": "x", "type": "Bot" },
        "commit": { "message": text } }] }),
    )
}

fn refusal(alias: &str, kind: &str, message: &str) -> Value {
    json!({ "type": kind, "path": [alias], "message": message })
}

fn is_ref(asked: &Asked) -> bool {
    asked.path.starts_with("/api/v3/repos/acme/todo/git/ref/heads/")
}

#[tokio::test]
async fn a_phase_is_opened_by_one_document() {
    let bench = Bench::new(|_| {
        data(
            &json!({ "branch": { "ref": { "name": "x" } }, "commit": { "commit": { "oid": HEAD } }, "pull": created(HEAD),
            "status": { "issueComment": { "id": "IC_1" } } }),
        )
    });
    let opened = bench
        .github
        .open_phase(&repo(), &opening(Route::Document), Attempt::First)
        .await
        .unwrap();
    assert_eq!(
        (opened.pull.number, opened.commit.as_str(), opened.head.as_str()),
        (4, HEAD, HEAD)
    );
    assert_eq!(opened.status, Some(Outcome::Done(())));
    let asked = bench.take();
    let document = asked.last().unwrap();
    assert_eq!(document.line(), "OpenPhase");
    assert_eq!(
        document.variable("branch"),
        &json!({ "repositoryId": "R_7", "name": "refs/heads/millhand/7-x/01-a", "oid": BASE })
    );
    let commit = document.variable("commit");
    assert_eq!(
        commit["branch"],
        json!({ "repositoryNameWithOwner": "acme/todo", "branchName": "millhand/7-x/01-a" })
    );
    assert_eq!(commit["expectedHeadOid"], BASE);
    assert_eq!(
        commit["fileChanges"],
        json!({ "additions": [{ "path": "src/a.rs", "contents": "eA==" }], "deletions": [{ "path": "old.rs" }] })
    );
    assert_eq!(document.variable("pull")["draft"], true);
    let text = document.body["query"].as_str().unwrap();
    let order: Vec<_> = ["branch:", "commit:", "pull:", "status:"]
        .iter()
        .map(|part| text.find(part).unwrap())
        .collect();
    assert!(order.is_sorted(), "{text}");
}

#[tokio::test]
async fn a_pull_request_on_something_else_is_closed_at_once() {
    let bench = Bench::new(|asked| match asked.line().as_str() {
        "OpenPhase" => ok(
            &json!({ "data": { "branch": null, "commit": null, "pull": created(OTHER) }, "errors": [
            refusal("branch", "UNPROCESSABLE", "A ref named \"x\" already exists in the repository."),
            refusal("commit", "STALE_DATA", "Expected branch to point to") ] }),
        ),
        _ => data(&json!({ "pull": { "pullRequest": { "id": "PR_4", "state": "CLOSED" } } })),
    });
    let error = bench
        .github
        .open_phase(&repo(), &opening(Route::Document), Attempt::First)
        .await
        .unwrap_err();
    assert!(error.is_conflict(Conflict::Exists), "{error:?}");
    assert_eq!(bench.lines(), ["OpenPhase", "ClosePull"]);
}

#[tokio::test]
async fn a_refused_commit_is_the_phases_error() {
    let bench = Bench::new(|_| {
        ok(
            &json!({ "data": { "branch": { "ref": { "name": "x" } }, "commit": null, "pull": null }, "errors": [
            refusal("commit", "UNPROCESSABLE", "Repository rule violations found\n\nSecret detected in content"),
            refusal("pull", "UNPROCESSABLE", "No commits between a and b") ] }),
        )
    });
    let error = bench
        .github
        .open_phase(&repo(), &opening(Route::Document), Attempt::First)
        .await
        .unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Denied {
                why: crate::github::Denial::PushProtection,
                ..
            }
        ),
        "{error:?}"
    );
    let refused = Bench::new(|_| {
        ok(&json!({ "data": { "branch": null, "commit": null, "pull": null }, "errors": [
            refusal("branch", "FORBIDDEN", "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission"),
            refusal("commit", "NOT_FOUND", "no such branch"), refusal("pull", "UNPROCESSABLE", "head invalid") ] }))
    });
    let error = refused
        .github
        .open_phase(&repo(), &opening(Route::Document), Attempt::First)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::WorkflowRefused { .. }), "{error:?}");
}

#[tokio::test]
async fn where_there_are_no_drafts_it_is_opened_plain() {
    let bench = Bench::new(|asked| match asked.line().as_str() {
        "OpenPhase" => ok(
            &json!({ "data": { "branch": { "ref": { "name": "x" } }, "commit": { "commit": { "oid": HEAD } }, "pull": null },
            "errors": [refusal("pull", "UNPROCESSABLE", "Draft pull requests are not supported in this repository.")] }),
        ),
        _ => data(&json!({ "pull": created(HEAD) })),
    });
    bench
        .github
        .open_phase(&repo(), &opening(Route::Document), Attempt::First)
        .await
        .unwrap();
    let asked = bench.take();
    assert_eq!(
        (
            asked.last().unwrap().line().as_str(),
            &asked.last().unwrap().variable("pull")["draft"]
        ),
        ("OpenPull", &json!(false))
    );
}

#[tokio::test]
async fn a_second_attempt_does_only_what_is_missing() {
    // What stands there already, and what is then done.
    let text = message().text();
    let rows: Vec<(&str, Option<&str>, &str, Vec<&str>)> = vec![
        ("nothing", None, "", vec!["CommitPhase", "PullsOfHead", "OpenPull"]),
        ("branch", Some(BASE), "", vec!["CommitPhase", "PullsOfHead", "OpenPull"]),
        (
            "commit",
            Some(HEAD),
            "",
            vec!["GET /api/v3/repos/acme/todo/compare", "PullsOfHead", "OpenPull"],
        ),
        (
            "pull",
            Some(HEAD),
            "OPEN",
            vec!["GET /api/v3/repos/acme/todo/compare", "PullsOfHead"],
        ),
    ];
    for (name, at, pull, wanted) in rows {
        let (text, at, pull) = (text.clone(), at.map(str::to_owned), pull.to_owned());
        let bench = Bench::new(move |asked| {
            if is_ref(asked) {
                return at.as_deref().map_or_else(|| status(404, "Not Found"), branch);
            }
            match asked.line().as_str() {
                "CommitPhase" => data(&json!({ "branch": { "ref": { "name": "x" } }, "commit": { "commit": { "oid": HEAD } } })),
                "PullsOfHead" if pull.is_empty() => data(&json!({ "node": { "pullRequests": { "nodes": [] } } })),
                "PullsOfHead" => data(&found_pull(990, HEAD, &pull)),
                "OpenPull" => data(&json!({ "pull": created(HEAD) })),
                _ => compared(990, &text),
            }
        });
        let opened = bench
            .github
            .open_phase(&repo(), &opening(Route::Document), Attempt::Again)
            .await
            .unwrap();
        assert_eq!((opened.commit.as_str(), opened.pull.number), (HEAD, 4), "{name}");
        let lines = bench.lines();
        assert!(
            lines
                .iter()
                .skip(1)
                .zip(&wanted)
                .all(|(line, wanted)| line.starts_with(wanted)),
            "{name}: {lines:?}"
        );
        assert_eq!(lines.len(), wanted.len() + 1, "{name}: {lines:?}");
    }
}

#[tokio::test]
async fn a_foreign_commit_under_our_branchs_name_is_not_adopted() {
    let text = message().text();
    for (author, said) in [(3, text.as_str()), (990, "something else")] {
        let said = said.to_owned();
        let bench = Bench::new(move |asked| {
            if is_ref(asked) {
                return branch(HEAD);
            }
            match asked.line().as_str() {
                "PullsOfHead" => data(&found_pull(3, HEAD, "OPEN")),
                _ => compared(author, &said),
            }
        });
        let error = bench
            .github
            .open_phase(&repo(), &opening(Route::Document), Attempt::Again)
            .await
            .unwrap_err();
        assert!(error.is_conflict(Conflict::Exists), "{error:?}");
        assert!(
            !bench.lines().iter().any(|line| line == "OpenPull" || line == "ClosePull"),
            "a stranger's pull request stays"
        );
    }
}

#[tokio::test]
async fn a_lost_part_is_looked_for_in_the_same_attempt() {
    let text = message().text();
    let bench = Bench::new(move |asked| {
        if is_ref(asked) {
            return branch(HEAD);
        }
        match asked.line().as_str() {
            "OpenPhase" => ok(
                &json!({ "data": { "branch": { "ref": { "name": "x" } }, "commit": { "commit": { "oid": HEAD } }, "pull": null },
                "errors": [{ "path": ["pull"], "message": "Something went wrong while executing your query." }] }),
            ),
            "PullsOfHead" => data(&found_pull(990, HEAD, "OPEN")),
            _ => compared(990, &text),
        }
    });
    let opened = bench
        .github
        .open_phase(&repo(), &opening(Route::Document), Attempt::First)
        .await
        .unwrap();
    assert_eq!((opened.pull.number, opened.status), (4, None));
}

#[tokio::test]
async fn the_tree_route_makes_the_branch_with_its_commit() {
    let bench = Bench::new(|asked| match asked.line().as_str() {
        "POST /api/v3/repos/acme/todo/git/trees" => ok(&json!({ "sha": OTHER })),
        "POST /api/v3/repos/acme/todo/git/commits" => ok(&json!({ "sha": HEAD })),
        _ => data(
            &json!({ "branch": { "ref": { "name": "x" } }, "pull": created(HEAD), "status": { "issueComment": { "id": "x" } } }),
        ),
    });
    let opened = bench
        .github
        .open_phase(&repo(), &opening(Route::Tree { base: Some(sha(OTHER)) }), Attempt::First)
        .await
        .unwrap();
    assert_eq!(opened.commit.as_str(), HEAD);
    let asked = bench.take();
    let find = |line: &str| asked.iter().find(|asked| asked.line().ends_with(line)).unwrap();
    assert_eq!(find("/git/trees").body["base_tree"], OTHER);
    assert_eq!(
        find("/git/trees").body["tree"][1],
        json!({ "path": "old.rs", "mode": "100644", "type": "blob", "sha": null })
    );
    let commit = &find("/git/commits").body;
    assert_eq!(
        (&commit["message"], &commit["parents"]),
        (&json!(message().text()), &json!([BASE]))
    );
    assert!(
        commit.get("author").is_none() && commit.get("committer").is_none(),
        "GitHub signs only what it fills in itself"
    );
    assert_eq!(find("OpenPhaseAt").variable("branch")["oid"], HEAD);
    assert_eq!(asked.iter().filter(|asked| !asked.path.contains("access_tokens")).count(), 3);
}

fn push() -> Push {
    let Opening {
        branch,
        start,
        changes,
        message,
        ..
    } = opening(Route::Document);
    Push {
        branch,
        expected: start,
        changes,
        message,
        route: Route::Document,
    }
}

#[tokio::test]
async fn a_push_expects_its_head_and_finds_its_own_commit_again() {
    let bench = Bench::new(|_| {
        ok(&json!({ "data": { "commit": null }, "errors": [refusal("commit", "STALE_DATA", "Expected branch to point to")] }))
    });
    let error = bench.github.push(&repo(), &push(), Attempt::First).await.unwrap_err();
    assert!(error.is_conflict(Conflict::StaleHead));
    let text = message().text();
    let again = Bench::new(move |asked| if is_ref(asked) { branch(HEAD) } else { compared(990, &text) });
    let pushed = again.github.push(&repo(), &push(), Attempt::Again).await.unwrap();
    assert_eq!((pushed.commit.as_str(), pushed.head.as_str()), (HEAD, HEAD));
    let foreign = Bench::new(|asked| if is_ref(asked) { branch(HEAD) } else { compared(3, "theirs") });
    assert!(
        foreign
            .github
            .push(&repo(), &push(), Attempt::Again)
            .await
            .unwrap_err()
            .is_conflict(Conflict::StaleHead)
    );
    let fresh = Bench::new(|asked| {
        if is_ref(asked) {
            branch(BASE)
        } else {
            data(&json!({ "commit": { "commit": { "oid": HEAD } } }))
        }
    });
    assert_eq!(
        fresh
            .github
            .push(&repo(), &push(), Attempt::Again)
            .await
            .unwrap()
            .commit
            .as_str(),
        HEAD
    );
    assert_eq!(fresh.lines().last().unwrap(), "Push");
}

fn report() -> CheckReport {
    CheckReport {
        name: "millhand".to_owned(),
        head: sha(HEAD),
        external_id: "wf/01-a/1".to_owned(),
        conclusion: Conclusion::Success,
        title: rendered("Good"),
        summary: rendered("All criteria are met."),
        annotations: Vec::new(),
        buttons: Vec::new(),
        details_url: None,
    }
}

fn present() -> Present {
    Present {
        pull: pull_ref(),
        check: PresentCheck::New(report()),
        ready: true,
        reviewers: vec![NodeId("U_3".to_owned())],
        ride: None,
    }
}

#[tokio::test]
async fn a_phase_is_presented_by_one_document_with_an_outcome_for_each_part() {
    let bench = Bench::new(|_| {
        ok(
            &json!({ "data": { "check": { "checkRun": { "id": "CR_8", "databaseId": null, "url": "https://x/runs/8" } },
            "ready": { "pullRequest": { "id": "PR_4", "isDraft": false } }, "reviewers": null },
            "errors": [refusal("reviewers", "UNPROCESSABLE", "Could not resolve to a node")] }),
        )
    });
    let presented = bench.github.present_phase(&repo(), &present(), Attempt::First).await.unwrap();
    assert_eq!(presented.check.done().unwrap().id, 8);
    assert_eq!((presented.ready, presented.status), (Some(Outcome::Done(())), None));
    assert!(matches!(presented.reviewers, Some(Outcome::Refused(_))));
    let asked = bench.take();
    let document = asked.last().unwrap();
    assert_eq!(
        document.variable("reviewers"),
        &json!({ "pullRequestId": "PR_4", "userIds": ["U_3"], "union": true })
    );
    assert_eq!(
        (
            &document.variable("check")["headSha"],
            &document.variable("check")["conclusion"]
        ),
        (&json!(HEAD), &json!("SUCCESS"))
    );
}

#[tokio::test]
async fn a_second_presentation_does_only_what_is_missing() {
    // Whether it is a draft still, who is asked already, and what is then sent.
    let rows: [(bool, Value, &[&str]); 3] = [
        (true, json!([]), &["markPullRequestReadyForReview", "requestReviews"]),
        (false, json!([]), &["requestReviews"]),
        (
            false,
            json!([{ "requestedReviewer": { "__typename": "User", "login": "r", "id": "U_3", "databaseId": 3 } }]),
            &[],
        ),
    ];
    for (draft, asked_already, wanted) in rows {
        let bench = Bench::new(move |asked| {
            if asked.path.contains("/check-runs") {
                return ok(&json!({ "total_count": 2, "check_runs": [
                    { "id": 9, "node_id": "CR_9", "external_id": "wf/01-a/0" },
                    { "id": 8, "node_id": "CR_8", "external_id": "wf/01-a/1" }] }));
            }
            if asked.line() == "PresentPhase" {
                return data(
                    &json!({ "ready": { "pullRequest": { "id": "x" } }, "reviewers": { "pullRequest": { "id": "x" } } }),
                );
            }
            let mut pull = super::reading::raw_pull(4, "OPEN", HEAD);
            pull["isDraft"] = json!(draft);
            pull["reviewRequests"] = json!({ "nodes": asked_already });
            pull["commits"] = json!({ "nodes": [] });
            data(&json!({ "node": { "pull4": pull } }))
        });
        let presented = bench.github.present_phase(&repo(), &present(), Attempt::Again).await.unwrap();
        assert_eq!(presented.check.done().unwrap().id, 8);
        assert_eq!(
            (presented.ready, presented.reviewers),
            (Some(Outcome::Done(())), Some(Outcome::Done(())))
        );
        let asked = bench.take();
        let looked = format!("/commits/{HEAD}/check-runs?check_name=millhand&app_id=99&filter=all");
        assert!(asked.iter().any(|asked| asked.path.contains(&looked)));
        let sent = asked.iter().find(|asked| asked.line() == "PresentPhase");
        let text = sent.map_or_else(String::new, |asked| asked.body["query"].as_str().unwrap().to_owned());
        for field in ["createCheckRun", "markPullRequestReadyForReview", "requestReviews"] {
            assert_eq!(text.contains(field), wanted.contains(&field), "{field} {wanted:?}");
        }
    }
}

fn merge() -> Merge {
    Merge {
        pull: pull_ref(),
        head: sha(HEAD),
        method: MergeMethod::Squash,
        headline: rendered("Add a parser (4)"),
        body: rendered(""),
        ride: None,
    }
}

#[tokio::test]
async fn a_merge_names_its_head_and_its_answer_is_the_proof() {
    let bench = Bench::new(|_| {
        data(&json!({ "merge": { "pullRequest": { "state": "MERGED", "merged": true, "mergeCommit": { "oid": OTHER } } } }))
    });
    let merged = bench.github.merge_phase(&repo(), &merge(), Attempt::First).await.unwrap();
    assert_eq!((merged.commit.unwrap().as_str(), merged.found), (OTHER, None));
    let asked = bench.take();
    assert_eq!(
        asked.last().unwrap().variable("merge"),
        &json!({ "pullRequestId": "PR_4", "expectedHeadOid": HEAD, "mergeMethod": "SQUASH", "commitHeadline": "Add a parser (4)", "commitBody": "" })
    );
    let rows = [
        ("Head branch was modified. Review and try the merge again.", "StaleHead"),
        ("Base branch was modified. Review and try the merge again.", "BaseModified"),
        ("Pull Request is not mergeable", "NotMergeable"),
        ("Required status check \"test\" is expected.", "Required status check"),
        (
            "refusing to allow a GitHub App to create or update workflow `x` without `workflows` permission",
            "WorkflowRefused",
        ),
    ];
    for (sentence, wanted) in rows {
        let bench = Bench::new(move |_| {
            ok(&json!({ "data": { "merge": null }, "errors": [refusal("merge", "UNPROCESSABLE", sentence)] }))
        });
        let error = bench.github.merge_phase(&repo(), &merge(), Attempt::First).await.unwrap_err();
        assert!(format!("{error:?}").contains(wanted), "{sentence}: {error:?}");
    }
}

#[tokio::test]
async fn a_second_merge_finds_the_first() {
    let rows = [
        ("MERGED", HEAD, 0, "ok"),
        ("CLOSED", HEAD, 0, "Gone"),
        ("OPEN", OTHER, 0, "StaleHead"),
        ("OPEN", HEAD, 1, "ok"),
    ];
    for (state, head, merges, wanted) in rows {
        let bench = Bench::new(move |asked| match asked.line().as_str() {
            "MergePhase" => data(
                &json!({ "merge": { "pullRequest": { "state": "MERGED", "merged": true, "mergeCommit": { "oid": OTHER } } } }),
            ),
            _ => data(&json!({ "node": { "pull4": super::reading::raw_pull(4, state, head) } })),
        });
        let outcome = bench.github.merge_phase(&repo(), &merge(), Attempt::Again).await;
        match outcome {
            Ok(merged) => assert_eq!((wanted, merged.commit.unwrap().as_str()), ("ok", OTHER), "{state}"),
            Err(error) => assert!(format!("{error:?}").contains(wanted), "{state}: {error:?}"),
        }
        assert_eq!(
            bench.lines().iter().filter(|line| *line == "MergePhase").count(),
            merges,
            "{state} {head}"
        );
    }
}
