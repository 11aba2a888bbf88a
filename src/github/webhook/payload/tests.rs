//! What is read of each event, what routes where, and that nothing else is believed.

use serde_json::{Value, json};

use super::*;
use crate::github::types::ActorKind;
use crate::github::webhook::{Concern, Route};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn body(action: &str, more: &Value) -> Value {
    let mut body = json!({
        "action": action,
        "installation": { "id": 5, "node_id": "x" },
        "repository": { "id": 7, "node_id": "R_7", "full_name": "acme/todo", "default_branch": "main" },
        "sender": { "id": 3, "login": "maintainer", "node_id": "U_3", "type": "User" },
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn parse(event: &str, body: &Value) -> Payload {
    Payload::parse(event, body.to_string().as_bytes()).unwrap()
}

/// Event, body, what it concerns.
fn rows() -> Vec<(&'static str, Value, Vec<Concern>)> {
    let branch = |name: &str| Concern::Branch(name.to_owned());
    let pull = json!({ "number": 4, "head": { "ref": "millhand/1-x/01-a", "sha": SHA }, "base": { "ref": "main", "sha": SHA } });
    vec![
        (
            "issues",
            body(
                "labeled",
                &json!({ "issue": { "number": 1 }, "label": { "name": "millhand" } }),
            ),
            vec![Concern::Issue(1)],
        ),
        (
            "issue_comment",
            body("created", &json!({ "issue": { "number": 1 }, "comment": { "id": 9 } })),
            vec![Concern::Issue(1)],
        ),
        (
            "issue_comment",
            body(
                "created",
                &json!({ "issue": { "number": 4, "pull_request": { "url": "x" } }, "comment": { "id": 9 } }),
            ),
            vec![Concern::Pull(4)],
        ),
        (
            "pull_request",
            body("synchronize", &json!({ "pull_request": pull })),
            vec![Concern::Pull(4), branch("millhand/1-x/01-a")],
        ),
        (
            "pull_request",
            body(
                "closed",
                &json!({ "pull_request": {
                    "number": 9, "merged": true, "head": pull["head"], "base": pull["base"],
                    "body": "Reverts acme/todo#4\nand more\nReverts acme/todo#x\n Reverts acme/todo#5 ",
                } }),
            ),
            vec![
                Concern::Pull(9),
                branch("millhand/1-x/01-a"),
                Concern::Pull(4),
                Concern::Pull(5),
            ],
        ),
        (
            "pull_request_review",
            body("submitted", &json!({ "pull_request": pull, "review": { "id": 2 } })),
            vec![Concern::Pull(4)],
        ),
        (
            "pull_request_review_comment",
            body("created", &json!({ "pull_request": pull, "comment": { "id": 2 } })),
            vec![Concern::Pull(4)],
        ),
    ]
}

/// The same for events of commits and of the repository as a whole.
fn rows_of_code() -> Vec<(&'static str, Value, Vec<Concern>)> {
    let branch = |name: &str| Concern::Branch(name.to_owned());
    let sha = || Concern::Sha(SHA.to_owned());
    let suite = json!({ "head_branch": "b" });
    vec![
        (
            "check_run",
            body(
                "completed",
                &json!({ "check_run": { "id": 8, "name": "t", "head_sha": SHA, "check_suite": suite } }),
            ),
            vec![branch("b"), sha()],
        ),
        (
            "check_suite",
            body(
                "completed",
                &json!({ "check_suite": { "head_sha": SHA, "head_branch": null } }),
            ),
            vec![sha()],
        ),
        (
            "workflow_run",
            body(
                "completed",
                &json!({ "workflow_run": { "id": 8, "head_sha": SHA, "head_branch": "b" } }),
            ),
            vec![branch("b"), sha()],
        ),
        (
            "status",
            body("", &json!({ "sha": SHA, "branches": [{ "name": "b" }, { "name": "c" }] })),
            vec![branch("b"), branch("c"), sha()],
        ),
        (
            "push",
            body("", &json!({ "ref": "refs/heads/main", "before": SHA, "after": SHA })),
            vec![branch("main"), sha()],
        ),
        (
            "push",
            body("", &json!({ "ref": "refs/tags/v1", "before": SHA, "after": SHA })),
            vec![],
        ),
        (
            "push",
            body(
                "",
                &json!({ "ref": "refs/heads/gh-readonly-queue/main/pr-1-x", "before": SHA, "after": SHA }),
            ),
            vec![],
        ),
        (
            "merge_group",
            body(
                "checks_requested",
                &json!({ "merge_group": { "head_sha": SHA, "base_ref": "refs/heads/main" } }),
            ),
            vec![branch("main"), sha()],
        ),
        ("repository", body("renamed", &json!({})), vec![Concern::Repository]),
        ("installation", body("suspend", &json!({})), vec![Concern::Installation]),
        (
            "installation_repositories",
            body("removed", &json!({ "repositories_removed": [{ "id": 7 }] })),
            vec![Concern::Installation],
        ),
    ]
}

#[test]
fn each_used_event_routes_to_what_it_concerns() {
    for (event, body, concerns) in rows().into_iter().chain(rows_of_code()) {
        let payload = parse(event, &body);
        let route = Route {
            installation: Some(InstallationId(5)),
            repository: Some(RepositoryId(7)),
            concerns,
        };
        assert_eq!(payload.route(), route, "{event}");
        let sender = payload.sender().unwrap();
        assert_eq!(
            (sender.id, sender.kind, sender.login.as_str()),
            (3, ActorKind::User, "maintainer"),
            "{event}"
        );
    }
    assert_eq!(parse("ping", &json!({ "zen": "x", "hook_id": 1 })), Payload::Ping);
    assert_eq!(Payload::Ping.route(), Route::default());
}

#[test]
fn what_is_not_used_is_not_looked_into() {
    for (event, body) in [
        ("issues", body("pinned", &json!({}))),
        ("issues", json!({})),
        ("issues", body("some_action_of_tomorrow", &json!({ "issue": "no object" }))),
        ("check_run", body("created", &json!({}))),
        ("deployment_status", body("created", &json!({}))),
        ("an_event_of_tomorrow", json!({ "action": "x" })),
        ("", json!({})),
    ] {
        assert_eq!(parse(event, &body), Payload::Unused, "{event}");
    }
}

#[test]
fn a_body_that_does_not_fit_its_event_is_refused() {
    let rows: &[(&str, &str)] = &[
        ("issues", "not json"),
        ("issues", ""),
        ("issues", "[]"),
        ("issues", "null"),
        ("issues", r#"{"action":"labeled"}"#),
        ("issues", r#"{"action":"labeled","issue":{"number":"1"}}"#),
        ("issues", r#"{"action":"labeled","issue":{"number":-1}}"#),
        ("issues", r#"{"action":1,"issue":{"number":1}}"#),
        ("push", r#"{"action":"labeled","issue":{"number":1}}"#),
        ("pull_request", r#"{"action":"opened","issue":{"number":1}}"#),
        ("check_run", r#"{"action":"completed","check_suite":{}}"#),
        ("repository", r#"{"action":"renamed"}"#),
        ("installation", r#"{"action":"deleted"}"#),
        (
            "issues",
            r#"{"action":"labeled","issue":{"number":1},"repository":{"id":"7"}}"#,
        ),
    ];
    for (event, text) in rows {
        let refused = Payload::parse(event, text.as_bytes());
        assert!(refused.is_err(), "{event} {text}: {refused:?}");
    }
    assert!(Payload::parse("issues", b"{\"action\":\"labeled\",\"issue\":{\"number\":1},\"x\":\"\xff\"}").is_err());
    let deep = format!(
        "{{\"action\":\"labeled\",\"x\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(Payload::parse("issues", deep.as_bytes()).is_err());
}

#[test]
fn own_deliveries_are_known_by_id_not_by_login() {
    let identity = Identity {
        app_id: 99,
        slug: "millhand".to_owned(),
        login: "millhand[bot]".to_owned(),
        user_id: 3,
    };
    let other = Identity {
        user_id: 4,
        ..identity.clone()
    };
    let labeled = parse("issues", &body("labeled", &json!({ "issue": { "number": 1 } })));
    assert!(labeled.is_own(&identity) && !labeled.is_own(&other));
    let through_app = json!({ "issue": { "number": 1 }, "comment": { "id": 9, "performed_via_github_app": { "id": 99 } } });
    assert!(parse("issue_comment", &body("created", &through_app)).is_own(&other));
    let run =
        json!({ "check_run": { "id": 8, "head_sha": SHA, "app": { "id": 99 } }, "requested_action": { "identifier": "retry" } });
    assert!(parse("check_run", &body("completed", &run)).is_own(&other));
    let pressed = parse("check_run", &body("requested_action", &run));
    assert!(!pressed.is_own(&other), "a person pressed the button");
    let Payload::CheckRun(event) = pressed else {
        panic!("{pressed:?}")
    };
    assert_eq!(event.about.button.as_deref(), Some("retry"));
}

#[test]
fn a_sparse_body_is_enough() {
    let payload = parse("issues", &json!({ "action": "labeled", "issue": { "number": 1 } }));
    assert_eq!(
        payload.route(),
        Route {
            concerns: vec![Concern::Issue(1)],
            ..Route::default()
        }
    );
    assert_eq!(payload.sender(), None);
    let ghost = json!({ "action": "created", "issue": { "number": 1 }, "comment": { "id": 2, "user": null }, "sender": null });
    assert!(matches!(parse("issue_comment", &ghost), Payload::Comment(_)));
}
