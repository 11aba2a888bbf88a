//! Every GraphQL document that Millhand sends, against GitHub's own schema: the text, and the variables with it.
//!
//! Documents of mutations are put together when they are sent. So the calls are made, against a router that refuses
//! everything, and what it was asked is held against the schema.

use std::sync::{Arc, Mutex};

use apollo_compiler::ExecutableDocument;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::Schema;
use apollo_compiler::validation::Valid;
use axum::Router;
use axum::extract::Request;
use millhand::clock::{ManualClock, Millis, SeededEntropy};
use millhand::github::render::{Marker, Rendered, Renderer};
use millhand::github::{
    Annotation, AnnotationLevel, App, Attempt, BranchAt, Button, Change, CheckReport, Conclusion, Content, Endpoints, Github,
    InstallationId, Merge, MergeMethod, Message, Minimise, NewPull, NodeId, Opening, OwnCheck, Present, PresentCheck, PullEdit,
    PullRef, Push, Reaction, Repo, RepositoryId, ReviewAnswer, Route, Setup, Sha, StatusRide, Wire, WorkflowQuestion,
};
use serde_json::{Value, json};

fn schema() -> &'static Valid<Schema> {
    millhand::sim::graphql::schema()
}

#[test]
fn every_listed_document_is_valid() {
    let documents = millhand::github::documents();
    assert!(documents.len() >= 28, "{}", documents.len());
    for (name, text) in documents {
        if let Err(refused) = ExecutableDocument::parse_and_validate(schema(), &text, name) {
            panic!("{name}: {}\n{text}", refused.errors);
        }
    }
}

#[tokio::test]
async fn every_document_that_is_sent_is_valid_with_its_variables() {
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let github = github(&asked);
    send_phase(&github).await;
    send_rest(&github).await;
    let asked = asked.lock().unwrap();
    let mut names: Vec<&str> = Vec::new();
    for body in asked.iter() {
        let (name, text) = (body["operationName"].as_str().unwrap(), body["query"].as_str().unwrap());
        names.push(name);
        let document = ExecutableDocument::parse_and_validate(schema(), text, name)
            .unwrap_or_else(|refused| panic!("{name}: {}\n{text}", refused.errors));
        let operation = document.operations.get(Some(name)).unwrap();
        let variables: JsonMap = serde_json::from_value(body["variables"].clone()).unwrap();
        if let Err(error) = coerce_variable_values(schema(), operation, &variables) {
            panic!("{name}: {error:?}\n{}", body["variables"]);
        }
    }
    names.sort_unstable();
    names.dedup();
    let wanted = [
        "AnswerReview",
        "BeginReview",
        "Branches",
        "ClosePull",
        "Minimise",
        "MergePhase",
        "OpenPhase",
        "OpenPhaseAt",
        "OpenPull",
        "OwnComments",
        "PresentPhase",
        "Pulls",
        "PullsOfHead",
        "Push",
        "React",
        "Ready",
        "Review",
        "Rules",
        "Survey",
        "UpdatePull",
        "Workflow",
    ];
    for name in wanted {
        assert!(names.contains(&name), "{name} was not sent: {names:?}");
    }
}

/// A GitHub that gives tokens and identities, makes trees and commits, and answers documents with what lets the caller go on.
fn github(asked: &Arc<Mutex<Vec<Value>>>) -> Github {
    let log = Arc::clone(asked);
    let router = Router::new().fallback(move |request: Request| {
        let log = Arc::clone(&log);
        async move {
            let path = request.uri().path().to_owned();
            let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
            let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let sha = "2".repeat(40);
            if path == "/api/graphql" {
                let name = body["operationName"].as_str().unwrap().to_owned();
                log.lock().unwrap().push(body);
                return match name.as_str() {
                    "BeginReview" => json!({ "data": { "review": { "pullRequestReview": { "id": "PRR_1" } } } }),
                    "OpenPull" => json!({ "data": null, "errors": [{ "path": ["pull"], "message": "Draft pull requests are not supported" }] }),
                    _ => json!({ "data": null, "errors": [{ "type": "FORBIDDEN", "path": ["x"], "message": "no" }] }),
                }
                .to_string();
            }
            if path.contains("/rules/branches/") {
                return "[]".to_owned();
            }
            match path.rsplit('/').next().unwrap() {
                "access_tokens" => json!({ "token": "ghs_x" }),
                "app" => json!({ "id": 1, "slug": "millhand" }),
                "trees" | "commits" => json!({ "sha": sha }),
                _ => json!({ "id": 1, "login": "millhand[bot]", "type": "Bot", "protection": null }),
            }
            .to_string()
        }
    });
    let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = aws_lc_rs::encoding::AsDer::as_der(&key).unwrap();
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    Github::new(Setup {
        endpoints: Endpoints::derive("http://127.0.0.1:1/api/v3", None, None).unwrap(),
        wire: Wire::router(router),
        app: App::new("1", &pem.into()).unwrap(),
        clock: Arc::new(ManualClock::new(Millis(1_700_000_000_000))),
        entropy: Arc::new(SeededEntropy::new(1)),
    })
}

/// Makes each call about a pull request that sends documents. What it gives is of no interest here.
async fn send_phase(github: &Github) {
    let repo = repo();
    let first = Attempt::First;
    let _ = github.open_phase(&repo, &opening(Route::Document), first).await;
    let _ = github
        .open_phase(&repo, &opening(Route::Tree { base: Some(sha()) }), first)
        .await;
    let _ = github.push(&repo, &push(), first).await;
    for check in [
        PresentCheck::New(report()),
        PresentCheck::Over(OwnCheck { id: 8, node_id: node() }, report()),
    ] {
        let ride = Some(ride());
        let present = Present {
            pull: pull(),
            check,
            ready: true,
            reviewers: vec![node()],
            ride,
        };
        let _ = github.present_phase(&repo, &present, first).await;
    }
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        let merge = Merge {
            pull: pull(),
            head: sha(),
            method,
            headline: text(),
            body: text(),
            ride: Some(ride()),
        };
        let _ = github.merge_phase(&repo, &merge, first).await;
    }
    let _ = github
        .open_pull(&repo, "millhand/1-x/base", &opening(Route::Document).pull, first)
        .await;
    let _ = github
        .update_pull(
            &repo,
            &pull(),
            &PullEdit {
                title: Some(text()),
                body: Some(text()),
                base: Some("main".to_owned()),
            },
        )
        .await;
    let _ = github.find_pulls(&repo, "millhand/1-x/base").await;
    let _ = github.close_pull(&repo, &pull(), Some(&text()), first).await;
    let _ = github.mark_ready(&repo, &pull(), first).await;
}

async fn send_rest(github: &Github) {
    let (repo, first) = (repo(), Attempt::First);
    let _ = github.read_pull(&repo, 4).await;
    let question = WorkflowQuestion {
        issue: 1,
        after: None,
        watched: vec![node()],
        branches: Some("millhand/1-x/".to_owned()),
        pulls: (1..=9).collect(),
    };
    let _ = github.read_workflow(&repo, &question).await;
    for why in [Minimise::Outdated, Minimise::Resolved, Minimise::Duplicate] {
        let _ = github.minimise(&repo, &node(), why).await;
    }
    for reaction in [Reaction::Eyes, Reaction::ThumbsUp, Reaction::Confused] {
        let _ = github.react(&repo, &node(), reaction).await;
    }
    let _ = github.own_comment(&repo, 1, &Marker::new("status", "w", "k")).await;
    let _ = github
        .delete_branches(
            &repo,
            &[BranchAt {
                name: "millhand/1-x/base".to_owned(),
                sha: sha(),
            }],
            "millhand[bot]",
        )
        .await;
    let _ = github.survey(&repo).await;
    let _ = github.rules(&repo, "main").await;
    for replies in [vec![], vec![(node(), text()), (node(), text())]] {
        let marked = renderer().marked(&Marker::new("answer", "w", "k"), "Done.").unwrap();
        let answer = ReviewAnswer {
            pull: pull(),
            commit: sha(),
            text: marked,
            replies,
        };
        let _ = github.answer_review(&repo, &answer, first).await;
    }
}

fn repo() -> Repo {
    let (owner, name) = ("acme".to_owned(), "todo".to_owned());
    Repo {
        id: RepositoryId(7),
        node_id: node(),
        owner,
        name,
        installation: InstallationId(5),
    }
}

fn node() -> NodeId {
    NodeId("X_1".to_owned())
}

fn sha() -> Sha {
    Sha::new(&"1".repeat(40)).unwrap()
}

fn pull() -> PullRef {
    PullRef {
        number: 4,
        node_id: node(),
    }
}

fn renderer() -> Renderer {
    Renderer::new(&Endpoints::github_com(), &repo())
}

fn text() -> Rendered {
    renderer().markdown("Text.").unwrap()
}

fn ride() -> StatusRide {
    StatusRide {
        comment: node(),
        body: text(),
    }
}

fn opening(route: Route) -> Opening {
    let change = |path: &str, content| Change {
        path: path.to_owned(),
        content,
        executable: false,
    };
    Opening {
        branch: "millhand/1-x/01-a".to_owned(),
        start: sha(),
        changes: vec![change("a.rs", Some(Content::Text("x".to_owned()))), change("b.rs", None)],
        message: Message {
            headline: text(),
            body: text(),
        },
        route,
        pull: NewPull {
            base: "millhand/1-x/base".to_owned(),
            title: text(),
            body: text(),
            draft: true,
        },
        ride: Some(ride()),
    }
}

fn push() -> Push {
    let Opening {
        branch,
        start,
        changes,
        message,
        route,
        ..
    } = opening(Route::Document);
    Push {
        branch,
        expected: start,
        changes,
        message,
        route,
    }
}

fn report() -> CheckReport {
    let annotation = |level| Annotation {
        path: "a.rs".to_owned(),
        start_line: 1,
        end_line: 2,
        level,
        message: text(),
        title: Some(text()),
    };
    let levels = [AnnotationLevel::Notice, AnnotationLevel::Warning, AnnotationLevel::Failure];
    let button = |word: &str| Button {
        label: word.to_owned(),
        description: word.to_owned(),
        identifier: word.to_owned(),
    };
    CheckReport {
        name: "millhand".to_owned(),
        head: sha(),
        external_id: "w/01-a/1".to_owned(),
        conclusion: Conclusion::Neutral,
        title: text(),
        summary: text(),
        annotations: levels.map(annotation).to_vec(),
        buttons: vec![button("Approve"), button("Retry")],
        details_url: Some("https://millhand.example/w".to_owned()),
    }
}
