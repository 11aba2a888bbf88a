//! What is posted: once, found again by marker and author, answers as one review.

use serde_json::{Value, json};

use crate::github::bench::{Answer, Bench, HEAD, data, ok, repo, sha, status};
use crate::github::render::{Marked, Marker, Rendered, Renderer};
use crate::github::{
    Annotation, AnnotationLevel, Attempt, CheckReport, Conclusion, Endpoints, Error, NewIssue, NodeId, PullRef, ReviewAnswer,
};

fn marker() -> Marker {
    Marker::new("plan", "0193", "v1")
}

fn text() -> Marked {
    Renderer::new(&Endpoints::github_com(), &repo())
        .marked(&marker(), "The plan.")
        .unwrap()
}

fn body() -> Rendered {
    text().body().clone()
}

fn comment(id: u64, author: u64, body: &str, minimised: bool) -> Value {
    json!({ "id": format!("IC_{id}"), "fullDatabaseId": id, "author": { "__typename": "Bot", "login": "millhand", "id": "B", "databaseId": author },
        "body": body, "createdAt": "2026-11-21T07:00:00Z", "lastEditedAt": null, "isMinimized": minimised, "url": "u" })
}

fn comments(all: &[Value]) -> Answer {
    data(
        &json!({ "node": { "issueOrPullRequest": { "comments": { "pageInfo": { "hasPreviousPage": false, "startCursor": null }, "nodes": all } } } }),
    )
}

#[tokio::test]
async fn a_comment_is_written_once_and_found_by_marker_and_author() {
    let bench = Bench::new(|_| ok(&json!({ "id": 1, "node_id": "IC_1", "html_url": "u" })));
    bench.github.comment(&repo(), 7, &text(), Attempt::First).await.unwrap();
    let asked = bench.take();
    assert_eq!(asked.last().unwrap().body, json!({ "body": body().as_str() }));

    let said = body().as_str().to_owned();
    let again = Bench::new(move |asked| match asked.line().as_str() {
        "OwnComments" => comments(&[
            comment(4, 990, &said, false),
            comment(2, 3, &said, false),
            comment(3, 990, &said, false),
            comment(1, 990, &said, true),
            comment(5, 990, "<!-- millhand:v1 kind=status workflow=0193 key=v1 -->", false),
        ]),
        _ => data(&json!({ "comment": { "minimizedComment": { "isMinimized": true } } })),
    });
    let posted = again.github.comment(&repo(), 7, &text(), Attempt::Again).await.unwrap();
    assert_eq!(posted.id, 3, "the oldest visible one of ours");
    let asked = again.take();
    let hidden: Vec<_> = asked.iter().filter(|asked| asked.line() == "Minimise").collect();
    assert_eq!(hidden.len(), 1);
    assert_eq!(
        hidden[0].variable("comment"),
        &json!({ "subjectId": "IC_4", "classifier": "DUPLICATE" })
    );

    let foreign = body().as_str().to_owned();
    let none = Bench::new(move |asked| match asked.line().as_str() {
        "OwnComments" => comments(&[comment(2, 3, &foreign, false)]),
        _ => ok(&json!({ "id": 9, "node_id": "IC_9", "html_url": "u" })),
    });
    assert_eq!(none.github.comment(&repo(), 7, &text(), Attempt::Again).await.unwrap().id, 9);
}

#[tokio::test]
async fn a_locked_or_archived_place_is_told_apart() {
    for (message, wanted) in [
        ("Unable to create comment because issue is locked.", "Locked"),
        ("Repository was archived so is read-only.", "Archived"),
    ] {
        let bench = Bench::new(move |_| status(403, message));
        let error = bench.github.edit_comment(&repo(), 1, &body()).await.unwrap_err();
        assert!(format!("{error:?}").contains(wanted), "{error:?}");
    }
}

fn answer(replies: usize) -> ReviewAnswer {
    ReviewAnswer {
        pull: PullRef {
            number: 4,
            node_id: NodeId("PR_4".to_owned()),
        },
        commit: sha(HEAD),
        text: text(),
        replies: (0..replies).map(|n| (NodeId(format!("T_{n}")), body())).collect(),
    }
}

#[tokio::test]
async fn a_review_is_answered_by_one_review() {
    let bench = Bench::new(|asked| match asked.line().as_str() {
        "AnswerReview" => ok(
            &json!({ "data": { "reply0": { "comment": { "id": "c" } }, "reply1": null, "review": { "pullRequestReview": { "id": "PRR_9", "state": "COMMENTED" } } },
            "errors": [{ "type": "NOT_FOUND", "path": ["reply1"], "message": "gone" }] }),
        ),
        _ => data(&json!({ "review": { "pullRequestReview": { "id": "PRR_9" } } })),
    });
    let answered = bench.github.answer_review(&repo(), &answer(2), Attempt::First).await.unwrap();
    assert_eq!(
        (
            answered.review.as_str(),
            answered.unanswered.len(),
            answered.unanswered[0].0.as_str()
        ),
        ("PRR_9", 1, "T_1")
    );
    let asked = bench.take();
    let begun = asked.iter().find(|asked| asked.line() == "BeginReview").unwrap();
    assert!(
        begun.variable("review").get("event").is_none(),
        "without an event it is pending"
    );
    assert_eq!(asked.last().unwrap().variable("reply0")["pullRequestReviewId"], "PRR_9");

    let plain = Bench::new(|_| data(&json!({ "review": { "pullRequestReview": { "id": "PRR_9" } } })));
    plain.github.answer_review(&repo(), &answer(0), Attempt::First).await.unwrap();
    assert_eq!(plain.lines(), ["Review"]);
}

#[tokio::test]
async fn a_second_answer_adds_only_what_is_missing() {
    let ours = json!({ "__typename": "Bot", "login": "millhand", "id": "B", "databaseId": 990 });
    let review = move |state: &str, body: &str| {
        json!({ "id": "PRR_9", "fullDatabaseId": "9", "author": ours, "authorCanPushToRepository": true, "state": state, "body": body,
            "commit": { "oid": HEAD }, "submittedAt": null, "lastEditedAt": null, "url": "u", "comments": { "totalCount": 1 } })
    };
    let pull = move |state: &str, body: &str| {
        let mut pull = super::reading::raw_pull(4, "OPEN", HEAD);
        pull["reviews"] = json!({ "nodes": [review(state, body)] });
        pull["commits"] = json!({ "nodes": [] });
        pull["reviewThreads"] = json!({ "nodes": [{ "id": "T_0", "isResolved": false, "isOutdated": false, "path": "a", "line": 1,
            "comments": { "nodes": [{ "id": "c", "fullDatabaseId": "1", "author": null, "body": "", "createdAt": null, "pullRequestReview": { "id": "PRR_9" } }] } }] });
        data(&json!({ "node": { "pull4": pull } }))
    };
    let pending = pull.clone();
    let bench = Bench::new(move |asked| match asked.line().as_str() {
        "Pulls" => pending("PENDING", "whatever"),
        _ => data(&json!({ "reply0": { "comment": { "id": "c" } }, "review": { "pullRequestReview": { "id": "PRR_9" } } })),
    });
    bench.github.answer_review(&repo(), &answer(2), Attempt::Again).await.unwrap();
    let asked = bench.take();
    assert_eq!(
        asked.last().unwrap().variable("reply0")["pullRequestReviewThreadId"],
        "T_1",
        "T_0 hangs on it already"
    );
    assert!(!asked.iter().any(|asked| asked.line() == "BeginReview"));

    let text = body().as_str().to_owned();
    let done = Bench::new(move |_| pull("COMMENTED", &text));
    done.github.answer_review(&repo(), &answer(2), Attempt::Again).await.unwrap();
    assert_eq!(done.lines(), ["Pulls"]);
}

#[tokio::test]
async fn annotations_go_fifty_at_a_time() {
    let bench = Bench::new(|_| ok(&json!({ "id": 8, "node_id": "CR_8" })));
    let annotation = |n: u64| Annotation {
        path: "a.rs".to_owned(),
        start_line: n,
        end_line: n,
        level: AnnotationLevel::Warning,
        message: body(),
        title: None,
    };
    let report = CheckReport {
        name: "millhand".to_owned(),
        head: sha(HEAD),
        external_id: "x".to_owned(),
        conclusion: Conclusion::ActionRequired,
        title: body(),
        summary: body(),
        annotations: (1..=120).map(annotation).collect(),
        buttons: Vec::new(),
        details_url: Some("https://x".to_owned()),
    };
    let own = bench.github.report_check(&repo(), &report, Attempt::First).await.unwrap();
    assert_eq!(own.id, 8);
    let asked = bench.take();
    let sent: Vec<_> = asked
        .iter()
        .filter_map(|asked| {
            asked.body["output"]["annotations"]
                .as_array()
                .map(|all| (asked.method.as_str(), all.len()))
        })
        .collect();
    assert_eq!(sent, [("POST", 50), ("PATCH", 50), ("PATCH", 20)]);
    let first = asked.iter().find(|asked| asked.path.ends_with("/check-runs")).unwrap();
    assert_eq!(
        (&first.body["head_sha"], &first.body["conclusion"], &first.body["status"]),
        (&json!(HEAD), &json!("action_required"), &json!("completed"))
    );
}

#[tokio::test]
async fn failed_jobs_run_once_more_and_not_twice() {
    let bench = Bench::new(|asked| {
        if asked.method == "GET" {
            ok(&json!({ "run_attempt": 2 }))
        } else {
            Answer(201, Vec::new(), "{}".to_owned())
        }
    });
    bench.github.rerun_failed(&repo(), 12, 1, Attempt::Again).await.unwrap();
    assert_eq!(bench.lines(), ["GET /api/v3/repos/acme/todo/actions/runs/12"]);
    bench.github.rerun_failed(&repo(), 12, 2, Attempt::Again).await.unwrap();
    assert_eq!(
        bench.lines()[1],
        "POST /api/v3/repos/acme/todo/actions/runs/12/rerun-failed-jobs"
    );
    let running = Bench::new(|_| status(403, "This workflow is already running"));
    let error = running.github.rerun_failed(&repo(), 12, 1, Attempt::First).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }) && error.passes());
}

#[tokio::test]
async fn an_issue_is_opened_once() {
    let new = NewIssue {
        title: body(),
        text: text(),
        labels: vec!["millhand".to_owned()],
    };
    for (author, wanted) in [(990, 5), (3, 9)] {
        let said = body().as_str().to_owned();
        let bench = Bench::new(move |asked| {
            if asked.method == "POST" {
                return ok(&json!({ "number": 9 }));
            }
            let issue = |number: u64, body: &str| json!({ "number": number, "body": body, "user": { "id": author, "login": "x", "type": "Bot" } });
            ok(&json!([issue(6, "other"), issue(5, &said)]))
        });
        assert_eq!(
            bench.github.open_issue(&repo(), &new, Attempt::Again).await,
            Ok(wanted),
            "{author}"
        );
    }
}
