//! Credentials, retries, redirects, limits, lost answers.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use serde_json::json;
use tokio::sync::Notify;

use crate::github::bench::{Answer, Bench, START, ok, rendered, repo, status};
use crate::github::{Conflict, Denial, Endpoints, Error, InstallationId, PullEdit, RequestKind, Wire};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_change_is_sent_once_whatever_is_answered() {
    for (code, retry_after) in [(500, None), (502, None), (429, Some("60")), (403, Some("1")), (422, None)] {
        let bench = Bench::new(move |_| {
            let headers = retry_after.map(|seconds| ("retry-after", seconds.to_owned()));
            Answer(code, headers.into_iter().collect(), json!({ "message": "no" }).to_string())
        });
        assert!(bench.github.add_label(&repo(), 1, "millhand").await.is_err());
        assert_eq!(bench.lines(), ["POST /api/v3/repos/acme/todo/issues/1/labels"], "{code}");
    }
}

#[tokio::test]
async fn a_token_is_narrowed_kept_and_shared() {
    let bench = Bench::new(|_| ok(&json!({ "permission": "write", "role_name": "write" })));
    for _ in 0..3 {
        bench.github.permission(&repo(), "a/b").await.unwrap();
    }
    bench.github.add_label(&repo(), 1, "x").await.unwrap();
    let asked = bench.take();
    let mints: Vec<_> = asked.iter().filter(|asked| asked.path.ends_with("/access_tokens")).collect();
    assert_eq!(mints.len(), 2, "one to read, one to write");
    assert_eq!(mints[0].body["repository_ids"], json!([7]));
    assert_eq!(
        (
            &mints[0].body["permissions"]["contents"],
            &mints[1].body["permissions"]["contents"]
        ),
        (&json!("read"), &json!("write"))
    );
    assert!(mints[0].authorization.as_ref().unwrap().starts_with("Bearer eyJ"));
    let read = asked.iter().find(|asked| asked.path.contains("/collaborators/")).unwrap();
    assert_eq!(read.path, "/api/v3/repos/acme/todo/collaborators/a%2Fb/permission");
    assert_eq!(read.authorization.as_deref(), Some("Bearer ghs_99_token"));
    bench.clock.advance(MINUTE * 51);
    bench.github.permission(&repo(), "a").await.unwrap();
    bench.github.forget_tokens(InstallationId(5));
    bench.github.permission(&repo(), "a").await.unwrap();
    assert_eq!(
        bench
            .take()
            .iter()
            .filter(|asked| asked.path.ends_with("/access_tokens"))
            .count(),
        2
    );
}

#[tokio::test]
async fn a_refused_token_is_made_anew_once_and_the_request_repeated_once() {
    for good_from in [1, u32::MAX] {
        let calls = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&calls);
        let bench = Bench::new(move |_| {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            if call >= good_from {
                ok(&json!([]))
            } else {
                status(401, "Bad credentials")
            }
        });
        let outcome = bench.github.add_label(&repo(), 1, "x").await;
        assert_eq!(outcome.is_ok(), good_from == 1);
        assert!(good_from == 1 || matches!(outcome, Err(Error::Unauthorized { .. })));
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        assert_eq!(
            bench
                .take()
                .iter()
                .filter(|asked| asked.path.ends_with("/access_tokens"))
                .count(),
            2
        );
    }
}

#[tokio::test]
async fn an_installation_that_gives_no_token_is_not_a_missing_issue() {
    let rows = [
        (
            404,
            "Not Found",
            Error::Denied {
                why: Denial::Uninstalled,
                message: "Not Found".to_owned(),
            },
        ),
        (403, "This installation has been suspended", Error::Suspended),
        (
            422,
            "The permissions requested are not granted to this installation.",
            Error::Denied {
                why: Denial::Permission,
                message: "The permissions requested are not granted to this installation.".to_owned(),
            },
        ),
        (
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
            Error::Denied {
                why: Denial::Uninstalled,
                message: "There is at least one repository that does not exist or is not accessible to the parent installation."
                    .to_owned(),
            },
        ),
    ];
    for (code, message, wanted) in rows {
        let bench = Bench::with(move |_| status(code, message));
        assert_eq!(bench.github.branch_head(&repo(), "main").await, Err(wanted), "{message}");
        assert_eq!(bench.take().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let bench = Bench::new(|_| {
        Answer(
            301,
            vec![("location", "https://evil.example/repositories/7".to_owned())],
            String::new(),
        )
    });
    let moved = bench.github.branch_head(&repo(), "main").await;
    assert_eq!(
        moved,
        Err(Error::Moved {
            to: "/repositories/7".to_owned()
        })
    );
    assert_eq!(bench.lines().len(), 1);
}

#[tokio::test]
async fn a_limit_tells_until_when() {
    let bench = Bench::new(|_| {
        Answer(
            403,
            vec![("retry-after", "60".to_owned())],
            json!({ "message": "secondary rate limit" }).to_string(),
        )
    });
    let Err(Error::RateLimited { until, secondary: true }) = bench.github.close_issue(&repo(), 1).await else {
        panic!()
    };
    assert!(
        until >= START.plus(MINUTE) && until <= START.plus(MINUTE + Duration::from_secs(2)),
        "a little jitter on top"
    );
}

#[tokio::test]
async fn a_lost_answer_is_unknown_for_a_change_and_the_server_finishes() {
    let (begun, finish, finished) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(Notify::new()),
        Arc::new(AtomicBool::new(false)),
    );
    let ended = Arc::new(Notify::new());
    let parts = (
        Arc::clone(&begun),
        Arc::clone(&finish),
        Arc::clone(&finished),
        Arc::clone(&ended),
    );
    let router = Router::new()
        .route(
            "/api/v3/app/installations/5/access_tokens",
            any(|| async { r#"{"token":"t"}"# }),
        )
        .fallback(move || {
            let (begun, finish, finished, ended) = parts.clone();
            async move {
                begun.fetch_add(1, Ordering::SeqCst);
                finish.notified().await;
                finished.store(true, Ordering::SeqCst);
                ended.notify_one();
            }
        });
    let bench = Bench::over(Wire::router(router).with_timeout(Duration::from_millis(20)), Arc::default());
    assert!(matches!(
        bench.github.add_label(&repo(), 1, "x").await,
        Err(Error::Unknown { .. })
    ));
    assert!(matches!(
        bench.github.branch_head(&repo(), "main").await,
        Err(Error::Unavailable { .. })
    ));
    assert_eq!((begun.load(Ordering::SeqCst), finished.load(Ordering::SeqCst)), (2, false));
    finish.notify_one();
    ended.notified().await;
    assert!(finished.load(Ordering::SeqCst));
}

#[tokio::test]
async fn nobody_listening_means_that_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let bench = network(port);
    assert!(matches!(
        bench.github.add_label(&repo(), 1, "x").await,
        Err(Error::Unavailable { .. })
    ));
}

#[tokio::test]
async fn a_connection_cut_after_the_request_leaves_a_change_unknown() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 65536];
            let length = socket.read(&mut buffer).await.unwrap();
            let request = String::from_utf8_lossy(&buffer[..length]).to_string();
            seen.lock()
                .unwrap()
                .push(request.lines().next().unwrap_or_default().to_owned());
            if request.contains("access_tokens") {
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 13\r\nconnection: close\r\n\r\n{\"token\":\"t\"}";
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    let bench = network(port);
    let outcome = bench.github.add_label(&repo(), 1, "x").await;
    assert!(matches!(outcome, Err(Error::Unknown { .. })), "{outcome:?}");
    let sent = requests
        .lock()
        .unwrap()
        .iter()
        .filter(|line| line.contains("/labels"))
        .count();
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn every_exchange_is_told_to_the_observer() {
    let bench = Bench::new(|asked| {
        if asked.path.ends_with("/graphql") {
            return ok(&json!({ "data": { "reaction": { "reaction": { "id": "x" } } } }));
        }
        Answer(
            200,
            vec![
                ("x-ratelimit-remaining", "41".to_owned()),
                ("x-ratelimit-reset", "1700000900".to_owned()),
            ],
            "[]".to_owned(),
        )
    });
    let notes = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&notes);
    let github = bench.github.observed_by(Arc::new(move |note| {
        let remaining = note.remaining.map(|(left, _)| left);
        heard.lock().unwrap().push((
            note.kind,
            note.mutations,
            note.status,
            note.path.to_owned(),
            remaining,
            note.answer.len(),
        ));
    }));
    github.add_label(&repo(), 1, "x").await.unwrap();
    github
        .react(&repo(), &repo().node_id, crate::github::Reaction::Eyes)
        .await
        .unwrap();
    let notes = notes.lock().unwrap();
    assert_eq!(notes[0].0, RequestKind::Token);
    assert_eq!(
        (notes[0].1, notes[0].5),
        (0, 0),
        "a token is no change, and its answer is nobody's to see"
    );
    assert_eq!(
        notes[1],
        (
            RequestKind::Rest,
            1,
            Some(200),
            "/repos/acme/todo/issues/1/labels".to_owned(),
            Some(41),
            2
        )
    );
    assert_eq!((notes[2].0, notes[2].1), (RequestKind::Document("React"), 1));
    assert_eq!(notes.len(), 3);
}

#[tokio::test]
async fn a_document_that_fails_as_a_whole_is_one_error() {
    let rows: Vec<(Answer, &str)> = vec![
        (
            ok(&json!({ "errors": [{ "type": "RATE_LIMITED", "message": "limit" }] })),
            "RateLimited",
        ),
        (
            ok(&json!({ "data": null, "errors": [{ "message": "Something went wrong while executing your query." }] })),
            "Unknown",
        ),
        (
            ok(&json!({ "errors": [{ "message": "Field 'x' doesn't exist on type 'Mutation'" }] })),
            "Refused",
        ),
        (ok(&json!({})), "Unknown"),
        (Answer(200, Vec::new(), "<html>".to_owned()), "Unknown"),
        (ok(&json!({ "data": { "comment": null } })), "Unknown"),
        (
            ok(
                &json!({ "data": { "comment": null }, "errors": [{ "type": "NOT_FOUND", "path": ["comment"], "message": "gone" }] }),
            ),
            "NotFound",
        ),
        (
            ok(
                &json!({ "data": { "comment": null }, "errors": [{ "type": "UNPROCESSABLE", "path": ["comment"], "message": "no" }] }),
            ),
            "Refused",
        ),
        (status(502, "bad gateway"), "Unavailable"),
    ];
    for (answer, wanted) in rows {
        let text = answer.2.clone();
        let answer = Arc::new(answer);
        let bench = Bench::new(move |_| Answer(answer.0, Vec::new(), answer.2.clone()));
        let error = bench
            .github
            .minimise(&repo(), &repo().node_id, crate::github::Minimise::Outdated)
            .await
            .unwrap_err();
        assert!(format!("{error:?}").starts_with(wanted), "{text}: {error:?}");
        assert_eq!(bench.lines(), ["Minimise"]);
    }
}

#[tokio::test]
async fn graphql_goes_to_its_own_address_with_text_variables_and_name() {
    let bench = Bench::new(|_| ok(&json!({ "data": { "pull": { "pullRequest": { "id": "x" } } } })));
    let pull = crate::github::PullRef {
        number: 4,
        node_id: crate::github::NodeId("PR_4".to_owned()),
    };
    bench
        .github
        .update_pull(
            &repo(),
            &pull,
            &PullEdit {
                title: Some(rendered("T")),
                ..PullEdit::default()
            },
        )
        .await
        .unwrap();
    let asked = bench.take();
    let document = asked.last().unwrap();
    assert_eq!((document.method.as_str(), document.path.as_str()), ("POST", "/api/graphql"));
    let text = document.body["query"].as_str().unwrap();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        flat,
        "mutation UpdatePull($pull: UpdatePullRequestInput! ) { pull: updatePullRequest(input: $pull) { pullRequest { id } } }"
    );
    assert_eq!(document.variable("pull"), &json!({ "pullRequestId": "PR_4", "title": "T" }));
}

#[test]
fn which_errors_pass_by_themselves() {
    let passing = Error::Conflict {
        kind: Conflict::BaseModified,
        message: String::new(),
    };
    assert!(passing.passes() && Error::Unknown { message: String::new() }.passes());
    assert!(!Error::Suspended.passes() && !Error::WorkflowRefused { message: String::new() }.passes());
}

fn network(port: u16) -> Bench {
    let endpoints = Endpoints::derive(&format!("http://127.0.0.1:{port}/api/v3"), None, None).unwrap();
    Bench::at(endpoints, Wire::network().unwrap(), Arc::default())
}
