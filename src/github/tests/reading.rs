//! What is read: pages, conditional questions, whole workflows, logs.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::github::bench::{Answer, BASE, Bench, HEAD, OTHER, data, ok, repo, sha, status};
use crate::github::{
    CheckSource, Conditional, Error, FileText, IssueEventKind, Mergeable, NodeId, Permission, PullLife, ReviewState,
    WorkflowQuestion,
};

/// A pull request as GraphQL gives it.
pub(super) fn raw_pull(number: u64, state: &str, head: &str) -> Value {
    let person = json!({ "__typename": "User", "login": "reviewer", "id": "U_2", "databaseId": 2 });
    let commit = json!({ "oid": head,
            "checkSuites": { "nodes": [{ "id": "CS_1", "status": "QUEUED", "conclusion": null, "createdAt": "2026-11-21T07:00:00Z",
                "app": { "databaseId": 15368, "slug": "github-actions" }, "workflowRun": null, "checkRuns": { "totalCount": 0 } }] },
            "statusCheckRollup": { "contexts": { "pageInfo": { "hasNextPage": true, "endCursor": "c1" }, "nodes": [
                { "__typename": "CheckRun", "id": "CR_1", "databaseId": null, "name": "test", "status": "COMPLETED", "conclusion": "FAILURE",
                  "externalId": "", "detailsUrl": "d", "url": "https://x/acme/todo/runs/30000000001", "title": "red", "completedAt": null,
                  "isRequired": true, "checkSuite": { "app": { "databaseId": 15368, "slug": "github-actions" },
                      "workflowRun": { "databaseId": 12, "event": "pull_request", "workflow": { "name": "CI" } } } },
                { "__typename": "StatusContext", "id": "SC_1", "context": "old-ci", "state": "PENDING", "description": "soon",
                  "targetUrl": "t", "createdAt": "2026-11-21T07:00:00Z", "isRequired": false }] } } });
    json!({
        "id": format!("PR_{number}"), "number": number, "url": "u", "title": "T", "body": "B", "isDraft": false, "state": state,
        "locked": false, "isInMergeQueue": false, "isCrossRepository": false, "headRefName": "millhand/7-x/01-a", "headRefOid": head,
        "headRef": { "target": { "tree": { "oid": BASE } } }, "baseRefName": "main", "baseRefOid": BASE, "mergeable": "MERGEABLE",
        "mergeStateStatus": "CLEAN", "reviewDecision": "APPROVED", "mergeCommit": { "oid": OTHER }, "mergedBy": person, "author": null,
        "reviewRequests": { "nodes": [{ "requestedReviewer": person }, { "requestedReviewer": {} }, { "requestedReviewer": null }] },
        "reviews": { "nodes": [{ "id": "PRR_1", "fullDatabaseId": "4000000000", "author": person, "authorCanPushToRepository": true,
            "state": "APPROVED", "body": "", "commit": { "oid": head }, "submittedAt": "2026-11-21T07:00:00Z", "lastEditedAt": null,
            "url": "u", "comments": { "totalCount": 0 } }] },
        "reviewThreads": { "nodes": [] }, "comments": { "nodes": [] },
        "timelineItems": { "nodes": [{ "__typename": "ClosedEvent", "id": "CE_1", "actor": person, "createdAt": "2026-11-21T07:00:00Z" }] },
        "commits": { "nodes": [{ "commit": commit }] },
    })
}

fn more_checks() -> Answer {
    data(
        &json!({ "node": { "object": { "statusCheckRollup": { "contexts": { "pageInfo": { "hasNextPage": false, "endCursor": null },
        "nodes": [{ "__typename": "StatusContext", "id": "SC_2", "context": "late", "state": "SUCCESS", "isRequired": true,
            "createdAt": "2026-11-21T07:00:00Z" }] } } } } }),
    )
}

#[tokio::test]
async fn a_pull_request_is_read_whole() {
    let bench = Bench::new(|asked| match asked.line().as_str() {
        "Checks" => more_checks(),
        _ => data(&json!({ "node": { "pull4": raw_pull(4, "OPEN", HEAD) } })),
    });
    let pull = bench.github.read_pull(&repo(), 4).await.unwrap().unwrap();
    assert_eq!(
        (pull.life, pull.mergeable, pull.checks_head.as_ref().unwrap().as_str()),
        (PullLife::Open, Mergeable::Yes, HEAD)
    );
    assert_eq!((pull.asked.len(), pull.author.is_none()), (1, true));
    let review = &pull.reviews[0];
    assert_eq!(
        (review.id, review.state, review.can_push),
        (4_000_000_000, ReviewState::Approved, true)
    );
    let short: Vec<_> = pull
        .checks
        .iter()
        .map(|c| (c.name.as_str(), c.done, c.conclusion.as_deref(), c.required))
        .collect();
    assert_eq!(
        short,
        [
            ("test", true, Some("failure"), true),
            ("old-ci", false, None, false),
            ("late", true, Some("success"), true)
        ]
    );
    assert_eq!(
        (pull.checks[0].id, pull.checks[0].workflow_run),
        (Some(30_000_000_001), Some(12))
    );
    assert_eq!(pull.checks[1].source, CheckSource::Status);
    assert_eq!((pull.suites[0].runs, pull.suites[0].done), (0, false));
    assert_eq!(bench.lines(), ["Pulls", "Checks"]);
}

#[tokio::test]
async fn what_is_not_there_is_none_and_a_missing_repository_an_error() {
    let missing = json!({ "data": { "node": { "pull4": null } }, "errors": [{ "type": "NOT_FOUND", "path": ["node", "pull4"], "message": "no" }] });
    let bench = Bench::new(move |_| ok(&missing));
    assert_eq!(bench.github.read_pull(&repo(), 4).await, Ok(None));
    let gone = json!({ "data": { "node": null }, "errors": [{ "type": "NOT_FOUND", "path": ["node"], "message": "no node" }] });
    let bench = Bench::new(move |_| ok(&gone));
    assert!(matches!(
        bench.github.read_pull(&repo(), 4).await,
        Err(Error::NotFound { .. })
    ));
    let slow = json!({ "data": null, "errors": [{ "message": "Something went wrong while executing your query." }] });
    let bench = Bench::new(move |_| ok(&slow));
    assert!(matches!(
        bench.github.read_pull(&repo(), 4).await,
        Err(Error::Unavailable { .. })
    ));
}

fn comment(id: u64) -> Value {
    json!({ "id": format!("IC_{id}"), "fullDatabaseId": id.to_string(), "author": null, "body": "x", "createdAt": "2026-11-21T07:00:00Z",
        "lastEditedAt": null, "isMinimized": false, "url": "u" })
}

fn issue(comments: &[u64], next: Option<&str>) -> Value {
    let person = json!({ "__typename": "User", "login": "maintainer", "id": "U_1", "databaseId": 1 });
    let event = |kind: &str, id: &str, more: Value| {
        let mut event = json!({ "__typename": kind, "id": id, "actor": person, "createdAt": "2026-11-21T07:00:00Z" });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    json!({
        "id": "I_1", "number": 7, "url": "u", "title": "T", "body": "B", "state": "OPEN", "locked": false,
        "createdAt": "2026-11-21T06:00:00Z", "lastEditedAt": null, "editor": null, "author": person,
        "labels": { "nodes": [{ "name": "millhand" }] }, "assignees": { "nodes": [person] },
        "closedByPullRequestsReferences": { "nodes": [{ "number": 3, "state": "OPEN", "author": person, "repository": { "nameWithOwner": "acme/todo" } }] },
        "timelineItems": { "nodes": [
            event("LabeledEvent", "LE_1", json!({ "label": { "name": "millhand" } })),
            event("ClosedEvent", "CE_1", json!({ "closer": { "number": 9, "repository": { "nameWithOwner": "acme/todo" } } })),
            event("ClosedEvent", "CE_2", json!({ "closer": null })),
            event("SomethingNewEvent", "X", json!({})) ] },
        "comments": { "pageInfo": { "hasNextPage": next.is_some(), "endCursor": comments.last().map(|id| format!("c{id}")) },
            "nodes": comments.iter().map(|id| comment(*id)).collect::<Vec<_>>() },
    })
}

#[tokio::test]
async fn a_workflow_is_read_by_one_query_and_its_further_pages() {
    let bench = Bench::new(|asked| match asked.line().as_str() {
        "Comments" => data(&json!({ "node": { "issue": issue(&[12], None) } })),
        "Checks" => more_checks(),
        "Pulls" => data(&json!({ "node": { "pull9": raw_pull(9, "MERGED", HEAD) } })),
        _ => data(&json!({
            "node": { "issue": issue(&[10, 11], Some("c11")), "pull1": raw_pull(1, "OPEN", HEAD), "pull2": null,
                "refs": { "nodes": [{ "name": "01-a", "prefix": "refs/heads/millhand/7-x/", "target": { "oid": HEAD, "tree": { "oid": BASE } },
                    "associatedPullRequests": { "nodes": [{ "id": "PR_1", "number": 1, "baseRefName": "main" }] } }] } },
            "watched": [comment(5), null, {}],
        })),
    });
    let question = WorkflowQuestion {
        issue: 7,
        after: Some("c9".to_owned()),
        watched: ["IC_5", "IC_6", "I_9"].map(|id| NodeId(id.to_owned())).to_vec(),
        branches: Some("millhand/7-x/".to_owned()),
        pulls: (1..=9).collect(),
    };
    let state = bench.github.read_workflow(&repo(), &question).await.unwrap();
    let read = state.issue.as_ref().unwrap();
    let kinds: Vec<_> = read.events.iter().map(|event| &event.kind).collect();
    let closed = |pull: Option<u64>| IssueEventKind::Closed {
        pull,
        repository: pull.map(|_| "acme/todo".to_owned()),
    };
    assert_eq!(
        kinds,
        [
            &IssueEventKind::Labeled("millhand".to_owned()),
            &closed(Some(9)),
            &closed(None)
        ]
    );
    assert_eq!((read.closing[0].number, read.assignees[0].id, read.open), (3, 1, true));
    assert_eq!(
        state.comments.iter().map(|comment| comment.id).collect::<Vec<_>>(),
        [10, 11, 12]
    );
    assert_eq!(state.cursor.as_deref(), Some("c12"));
    assert_eq!(
        state
            .watched
            .iter()
            .map(|comment| comment.as_ref().map(|c| c.id))
            .collect::<Vec<_>>(),
        [Some(5), None, None]
    );
    assert_eq!(
        (state.branches[0].name.as_str(), state.branches[0].pulls[0].0.number),
        ("millhand/7-x/01-a", 1)
    );
    assert_eq!(state.pulls.keys().copied().collect::<Vec<_>>(), [1, 9]);
    let asked = bench.take();
    let first = asked.iter().find(|asked| asked.line() == "Workflow").unwrap();
    assert_eq!(
        (first.variable("prefix"), first.variable("after")),
        (&json!("refs/heads/millhand/7-x/"), &json!("c9"))
    );
    assert!(
        first.body["query"]
            .as_str()
            .unwrap()
            .contains("pull8: pullRequest(number: 8)")
    );
}

#[tokio::test]
async fn an_issue_without_new_comments_keeps_its_cursor() {
    let bench = Bench::new(|_| data(&json!({ "node": { "issue": issue(&[], None) }, "watched": [] })));
    let question = WorkflowQuestion {
        issue: 7,
        after: Some("c9".to_owned()),
        watched: vec![],
        branches: None,
        pulls: vec![],
    };
    let state = bench.github.read_workflow(&repo(), &question).await.unwrap();
    assert_eq!(state.cursor.as_deref(), Some("c9"));
    let deleted = Bench::new(|_| data(&json!({ "node": { "issue": null }, "watched": [] })));
    assert_eq!(deleted.github.read_issue(&repo(), 7).await.unwrap().issue, None);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_by_number() {
    let bench = Bench::new(|asked| {
        let page = if asked.path.ends_with("page=1") { 0..100 } else { 100..130 };
        let refs: Vec<_> = page
            .map(|n| json!({ "ref": format!("refs/heads/m/{n:03}"), "object": { "sha": HEAD } }))
            .collect();
        ok(&json!(refs))
    });
    let branches = bench.github.branches(&repo(), "m/").await.unwrap();
    assert_eq!((branches.len(), branches[129].name.as_str()), (130, "m/129"));
    assert_eq!(
        bench.lines()[1],
        "GET /api/v3/repos/acme/todo/git/matching-refs/heads/m/?per_page=100&page=2"
    );
}

#[tokio::test]
async fn discovery_asks_only_for_what_is_new() {
    let bench = Bench::new(|asked| {
        if asked.path.contains("page=2") {
            return ok(&json!([]));
        }
        let items = json!([
            { "number": 1, "updated_at": "2026-11-21T07:00:00Z", "labels": [{ "name": "millhand" }, "plain", { "name": null }] },
            { "number": 2, "updated_at": "2026-11-21T07:00:00Z", "labels": [], "pull_request": { "url": "x" } }]);
        Answer(200, vec![("etag", "\"e1\"".to_owned())], items.to_string())
    });
    let found = bench
        .github
        .labelled_issues(&repo(), "millhand:auto", None, None)
        .await
        .unwrap();
    let Conditional::Changed { value, etag } = found else {
        panic!()
    };
    assert_eq!(
        (value.len(), value[0].labels.clone()),
        (1, vec!["millhand".to_owned(), "plain".to_owned()])
    );
    assert_eq!(etag.as_deref(), Some("\"e1\""));
    assert_eq!(
        bench.lines(),
        ["GET /api/v3/repos/acme/todo/issues?state=open&labels=millhand%3Aauto&sort=updated&direction=asc&per_page=100"]
    );
    let unchanged = Bench::new(|_| Answer(304, Vec::new(), String::new()));
    let outcome = unchanged
        .github
        .recent_comments(&repo(), crate::github::bench::START, Some("\"e1\""))
        .await;
    assert_eq!(outcome, Ok(Conditional::Unchanged));
}

#[tokio::test]
async fn a_person_unknown_has_no_permission() {
    let bench = Bench::new(|_| status(404, "Not Found"));
    let permitted = bench.github.permission(&repo(), "ghost").await.unwrap();
    assert_eq!((permitted.permission, permitted.actor), (Permission::None, None));
}

#[tokio::test]
async fn a_log_is_fetched_by_hand_without_credentials() {
    let bench = Bench::new(|asked| match asked.path.as_str() {
        "/api/v3/repos/acme/todo/actions/jobs/1/logs" => Answer(
            302,
            vec![("location", "http://127.0.0.1:9/log?sig=abc".to_owned())],
            String::new(),
        ),
        _ => Answer(200, Vec::new(), "line 1\nline 2\n".to_owned()),
    });
    let log = bench.github.job_log(&repo(), 1).await.unwrap().unwrap();
    assert_eq!((log.text.as_str(), log.cut), ("line 1\nline 2\n", false));
    let asked = bench.take();
    let fetched = asked.last().unwrap();
    assert_eq!(
        (fetched.path.as_str(), fetched.authorization.as_deref()),
        ("/log?sig=abc", None)
    );
}

#[tokio::test]
async fn a_log_is_not_fetched_from_just_anywhere() {
    for location in [
        "http://evil.example/log",
        "file:///etc/passwd",
        "https://user:pw@store.example/log",
        "not an address",
        "ftp://127.0.0.1/x",
    ] {
        let bench = Bench::new(move |_| Answer(302, vec![("location", location.to_owned())], String::new()));
        assert!(
            matches!(bench.github.job_log(&repo(), 1).await, Err(Error::Malformed { .. })),
            "{location}"
        );
        assert_eq!(bench.lines().len(), 1, "{location}");
    }
    let running = Bench::new(|_| status(404, "Not Found"));
    assert_eq!(running.github.job_log(&repo(), 1).await, Ok(None));
}

#[tokio::test]
async fn only_the_end_of_a_long_log_is_kept() {
    let bench = Bench::new(|asked| {
        if asked.path.ends_with("/logs") {
            return Answer(302, vec![("location", "https://store.example/log".to_owned())], String::new());
        }
        Answer(200, Vec::new(), (0..50_000).map(|n| format!("line é {n}\n")).collect())
    });
    let log = bench.github.job_log(&repo(), 1).await.unwrap().unwrap();
    assert!(log.cut && log.text.len() <= 256 * 1024 && log.text.ends_with("line é 49999\n") && log.text.starts_with("line é "));
}

#[tokio::test]
async fn files_are_text_or_say_why_not() {
    let bench = Bench::new(|asked| match asked.path.split('?').next().unwrap() {
        "/api/v3/repos/acme/todo/contents/src/a%20b.rs" => Answer(200, Vec::new(), "fn a() {}".to_owned()),
        "/api/v3/repos/acme/todo/contents/bin" => Answer(200, Vec::new(), "a\0b".to_owned()),
        _ => status(404, "Not Found"),
    });
    let file = async |path: &str, limit| bench.github.file(&repo(), path, &sha(HEAD), limit).await.unwrap();
    assert_eq!(file("src/a b.rs", 9).await, Some(FileText::Text("fn a() {}".to_owned())));
    assert_eq!(file("src/a b.rs", 8).await, Some(FileText::TooLarge));
    assert_eq!(file("src/a b.rs", 3).await, Some(FileText::TooLarge));
    assert_eq!(file("bin", 9).await, Some(FileText::Binary));
    assert_eq!(file("none", 9).await, None);
}

#[tokio::test]
async fn a_tree_that_github_cuts_is_walked() {
    let bench = Bench::new(|asked| {
        let folder = |sha: &str| asked.path.ends_with(&format!("/git/trees/{sha}"));
        let file = |path: &str| json!({ "path": path, "mode": "100644", "type": "blob", "sha": HEAD, "size": 3 });
        if folder(BASE) {
            return ok(
                &json!({ "tree": [{ "path": "src", "mode": "040000", "type": "tree", "sha": OTHER }, file("b")], "truncated": false }),
            );
        }
        if folder(OTHER) {
            return ok(
                &json!({ "tree": [file("a.rs"), { "path": "sub", "mode": "160000", "type": "commit", "sha": HEAD }], "truncated": false }),
            );
        }
        ok(&json!({ "tree": [file("b")], "truncated": true }))
    });
    let tree = bench.github.tree(&repo(), &sha(BASE)).await.unwrap();
    assert_eq!(
        tree.entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(),
        ["b", "src/a.rs", "src/sub"]
    );
    assert!(!tree.truncated && tree.has("src/a.rs") && !tree.has("src"));
}

#[tokio::test]
async fn failed_deliveries_are_paged_by_the_links_query_only() {
    let bench = Bench::with(|asked| {
        let one = |id: u64, minute: u32| json!([{ "id": id, "guid": format!("g{id}"), "delivered_at": format!("2026-11-21T07:{minute:02}:00Z"), "status_code": 500, "event": "issues" }]);
        if asked.path.contains("cursor=two") {
            return ok(&one(1, 1));
        }
        let link = "<https://evil.example/app/hook/deliveries?per_page=100&cursor=two>; rel=\"next\"";
        Answer(200, vec![("link", link.to_owned())], one(2, 9).to_string())
    });
    let since = crate::clock::Millis::parse_rfc3339("2026-11-21T07:00:00Z").unwrap();
    let failed = bench.github.failed_deliveries(since).await.unwrap();
    assert_eq!(failed.iter().map(|delivery| delivery.attempt).collect::<Vec<_>>(), [1, 2]);
    let paths: Vec<_> = bench.take().into_iter().map(|asked| asked.path).collect();
    assert_eq!(
        paths,
        [
            "/api/v3/app/hook/deliveries?per_page=100",
            "/api/v3/app/hook/deliveries?per_page=100&cursor=two"
        ]
    );
}

#[tokio::test]
async fn rules_are_read_from_three_places() {
    let rows: [(u16, &str); 3] = [
        (200, "[]"),
        (
            403,
            r#"{"message":"Upgrade to GitHub Pro or make this repository public to enable this feature."}"#,
        ),
        (404, "{}"),
    ];
    for (code, body) in rows {
        let bench = Bench::new(move |asked| {
            if asked.path.contains("/rules/branches/release%2F1") || asked.path.contains("/rules/branches/release/1") {
                return Answer(code, Vec::new(), body.to_owned());
            }
            if asked.line() == "Rules" {
                return data(&json!({ "node": { "ref": null } }));
            }
            ok(
                &json!({ "name": "x", "protection": { "enabled": true, "required_status_checks": { "contexts": ["test"], "checks": [] } } }),
            )
        });
        let rules = bench.github.rules(&repo(), "release/1").await.unwrap();
        assert_eq!(rules.checks.len(), 1, "{code}");
        assert_eq!(bench.lines().len(), 3);
    }
}

#[tokio::test]
async fn who_millhand_is_is_asked_once() {
    let bench = Bench::new(|_| status(404, "none"));
    let github = Arc::new(bench.github.clone());
    let identity = github.identity(repo().installation).await.unwrap();
    assert_eq!(
        (identity.app_id, identity.user_id, identity.login.as_str()),
        (99, 990, "millhand[bot]")
    );
    bench.take();
    bench.github.identity(repo().installation).await.unwrap();
    assert!(bench.take().is_empty());
}
