//! Deliveries, genuine and otherwise.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::Request;
use futures_util::stream;
use millhand::github::webhook::signature::sign;
use millhand::http::BODY_BYTES_MAX;
use secrecy::SecretString;
use serde_json::json;

use super::{Answer, PREVIOUS, SECRET, Surface};

const GUID: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

/// A delivery as it is sent, before it is spoilt.
#[derive(Clone)]
struct Sent {
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn new(event: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-github-event", event.to_owned()),
            ("x-github-delivery", GUID.to_owned()),
            ("x-hub-signature-256", sign(&SecretString::from(SECRET), &body)),
        ];
        Self { headers, body }
    }

    /// With another value; without the header for `None`.
    fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.and(name, value)
    }

    /// With one more header of that name.
    fn and(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.headers.extend(value.map(|value| (name, value.to_owned())));
        self
    }

    fn signed_by(self, secret: &str) -> Self {
        let signature = sign(&SecretString::from(secret), &self.body);
        self.with("x-hub-signature-256", Some(&signature))
    }

    fn request(self) -> Request<Body> {
        let mut request = Request::post("/webhooks/github");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(Body::from(self.body)).unwrap()
    }
}

/// A label set on issue 1 of the seeded repository.
fn labeled(surface: &Surface) -> Vec<u8> {
    let (repository, installation) = surface.sim.with(|world| {
        let repository = world.repository_named("acme", "todo").unwrap().id.0;
        (
            repository,
            world.installations.values().find(|it| it.app.0 != 15_368).unwrap().id.0,
        )
    });
    json!({
        "action": "labeled",
        "issue": { "number": 1, "id": 1, "node_id": "I_1", "title": "t", "body": "b", "state": "open", "user": { "login": "mona", "id": 2, "type": "User" }, "labels": [] },
        "label": { "name": "millhand" },
        "repository": { "id": repository, "name": "todo", "full_name": "acme/todo", "owner": { "login": "acme", "id": 3, "type": "Organization" } },
        "installation": { "id": installation },
        "sender": { "login": "mona", "id": 2, "type": "User" },
    })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn a_delivery_is_taken_once_it_is_stored() {
    let surface = Surface::new().await;
    let body = labeled(&surface);
    assert!(!surface.is_dirty().await);
    let answer = surface.send(Sent::new("issues", body.clone()).request()).await;
    assert_eq!(answer.status, 202);
    assert!(surface.is_dirty().await);
    // GitHub sends it again with the same id; so does whoever caught it.
    for _ in 0..3 {
        assert_eq!(surface.send(Sent::new("issues", body.clone()).request()).await.status, 202);
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table, one row a case")]
async fn whoever_does_not_sign_is_refused_without_a_word() {
    let surface = Surface::new().await;
    let good = || Sent::new("issues", labeled(&surface));
    let digest = sign(&SecretString::from(SECRET), &good().body)
        .trim_start_matches("sha256=")
        .to_owned();
    let rows: Vec<(&str, Sent)> = vec![
        ("no signature", good().with("x-hub-signature-256", None)),
        ("an empty one", good().with("x-hub-signature-256", Some(""))),
        ("another secret", good().signed_by("a secret of somebody else's")),
        (
            "the empty secret",
            good().with("x-hub-signature-256", Some(&format!("sha256={}", "0".repeat(64)))),
        ),
        (
            "sha1 alone",
            good()
                .with("x-hub-signature-256", None)
                .and("x-hub-signature", Some("sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59")),
        ),
        (
            "sha1 in its place",
            good().with("x-hub-signature-256", Some("sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59")),
        ),
        (
            "capital digits",
            good().with("x-hub-signature-256", Some(&format!("sha256={}", digest.to_uppercase()))),
        ),
        (
            "a capital prefix",
            good().with("x-hub-signature-256", Some(&format!("SHA256={digest}"))),
        ),
        ("no prefix", good().with("x-hub-signature-256", Some(&digest))),
        (
            "too short",
            good().with("x-hub-signature-256", Some(&format!("sha256={}", &digest[..62]))),
        ),
        (
            "too long",
            good().with("x-hub-signature-256", Some(&format!("sha256={digest}00"))),
        ),
        (
            "no digits",
            good().with("x-hub-signature-256", Some(&format!("sha256={}", "z".repeat(64)))),
        ),
        (
            "two signatures",
            good().and("x-hub-signature-256", Some(&format!("sha256={digest}"))),
        ),
        (
            "two in one",
            good().with("x-hub-signature-256", Some(&format!("sha256={digest}, sha256={digest}"))),
        ),
        (
            "of another body",
            Sent {
                body: b"{}".to_vec(),
                ..good()
            },
        ),
        (
            "one byte more",
            Sent {
                body: [good().body, b"\n".to_vec()].concat(),
                ..good()
            },
        ),
        (
            "no signature, no event",
            good().with("x-hub-signature-256", None).with("x-github-event", None),
        ),
    ];
    for (about, sent) in rows {
        let answer = surface.send(sent.request()).await;
        assert_eq!(answer.status, 401, "{about}");
        answer.assert_problem(about);
        assert!(answer.body["detail"].is_null(), "{about}: {}", answer.body);
    }
    assert!(!surface.is_dirty().await, "nothing of this was stored");
}

#[tokio::test]
async fn both_secrets_sign_while_one_replaces_the_other() {
    let surface = Surface::new().await;
    for secret in [SECRET, PREVIOUS] {
        let sent = Sent::new("issues", labeled(&surface)).signed_by(secret);
        assert_eq!(surface.send(sent.request()).await.status, 202, "{secret}");
    }
}

#[tokio::test]
async fn headers_are_as_github_sends_them() {
    let surface = Surface::new().await;
    let good = || Sent::new("issues", labeled(&surface));
    let long = "a".repeat(65);
    let rows: Vec<(&str, Sent, u16)> = vec![
        ("no event", good().with("x-github-event", None), 400),
        ("an empty event", good().with("x-github-event", Some("")), 400),
        (
            "an event with a space",
            good().with("x-github-event", Some("issues opened")),
            400,
        ),
        ("an event of 65 characters", good().with("x-github-event", Some(&long)), 400),
        ("two events", good().and("x-github-event", Some("push")), 400),
        ("no delivery id", good().with("x-github-delivery", None), 400),
        ("an empty delivery id", good().with("x-github-delivery", Some("")), 400),
        (
            "a delivery id that is a path",
            good().with("x-github-delivery", Some("../../etc")),
            400,
        ),
        ("two delivery ids", good().and("x-github-delivery", Some("other")), 400),
        ("no content type", good().with("content-type", None), 415),
        (
            "a form",
            good().with("content-type", Some("application/x-www-form-urlencoded")),
            415,
        ),
        ("text", good().with("content-type", Some("text/plain")), 415),
        ("nearly JSON", good().with("content-type", Some("application/jsonp")), 415),
        ("two content types", good().and("content-type", Some("application/json")), 415),
        ("gzip", good().and("content-encoding", Some("gzip")), 415),
        ("brotli", good().and("content-encoding", Some("br")), 415),
        ("two encodings", good().and("content-encoding", Some("identity, gzip")), 415),
        (
            "a charset",
            good().with("content-type", Some("application/json; charset=utf-8")),
            202,
        ),
        ("capitals", good().with("content-type", Some("Application/JSON")), 202),
        ("no encoding by name", good().and("content-encoding", Some("identity")), 202),
    ];
    for (about, sent, status) in rows {
        let answer = surface.send(sent.request()).await;
        assert_eq!(answer.status, status, "{about}");
        if status >= 400 {
            answer.assert_problem(about);
        }
    }
}

#[tokio::test]
async fn bodies_are_what_their_event_promises() {
    let surface = Surface::new().await;
    let issue = labeled(&surface);
    let form = b"payload=%7B%22zen%22%3A%22ok%22%7D".to_vec();
    let deep = |key: &str| {
        format!(
            "{{\"action\":\"labeled\",\"{key}\":{}{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        )
    };
    let rows: Vec<(&str, Sent, u16)> = vec![
        ("empty", Sent::new("issues", ""), 400),
        ("not JSON", Sent::new("issues", "hello"), 400),
        ("a form in JSON's clothes", Sent::new("issues", form), 400),
        ("cut", Sent::new("issues", &issue[..issue.len() / 2]), 400),
        (
            "not UTF-8",
            Sent::new(
                "issues",
                [b"{\"action\":\"".to_vec(), vec![0xff, 0xfe], b"\"}".to_vec()].concat(),
            ),
            400,
        ),
        ("a list", Sent::new("issues", "[]"), 400),
        ("null", Sent::new("issues", "null"), 400),
        ("nested a hundred thousand deep", Sent::new("issues", deep("issue")), 400),
        ("nested deep where nobody reads", Sent::new("star", deep("more")), 200),
        (
            "an issue event without issue",
            Sent::new("issues", "{\"action\":\"labeled\"}"),
            400,
        ),
        ("an issue as a check run", Sent::new("check_run", issue.clone()), 200),
        (
            "a number that is text",
            Sent::new("issues", "{\"action\":\"labeled\",\"issue\":{\"number\":\"one\"}}"),
            400,
        ),
        (
            "a negative number",
            Sent::new("issues", "{\"action\":\"labeled\",\"issue\":{\"number\":-1}}"),
            400,
        ),
        (
            "ping",
            Sent::new("ping", "{\"zen\":\"Keep it logically awesome.\",\"hook_id\":1}"),
            200,
        ),
        (
            "an event from the future",
            Sent::new("quantum_entangled", "{\"action\":\"observed\"}"),
            200,
        ),
        (
            "an action from the future",
            Sent::new("issues", "{\"action\":\"teleported\"}"),
            200,
        ),
        ("stars", Sent::new("star", "{\"action\":\"created\"}"), 200),
    ];
    for (about, sent, status) in rows {
        let answer = surface.send(sent.request()).await;
        assert_eq!(answer.status, status, "{about}: {}", answer.body);
        if status >= 400 {
            answer.assert_problem(about);
        }
    }
    assert!(!surface.is_dirty().await, "nothing of this was stored");
}

#[tokio::test]
async fn what_is_too_big_is_refused_before_it_is_read() {
    let surface = Surface::new().await;
    let told = Sent::new("issues", "{}").and("content-length", Some(&(BODY_BYTES_MAX + 1).to_string()));
    let answer = surface.send(told.request()).await;
    assert_eq!(answer.status, 413);
    answer.assert_problem("a length of one byte more");
    // Without a length it is read up to the limit and no further.
    let piece = Bytes::from(vec![b' '; 1 << 20]);
    let pieces = stream::iter(std::iter::repeat_n(Ok::<_, Infallible>(piece), 26));
    let mut request = Sent::new("issues", "{}").request();
    *request.body_mut() = Body::from_stream(pieces);
    let answer = surface.send(request).await;
    assert_eq!(answer.status, 413);
    answer.assert_problem("26 pieces of a MiB");
}

#[tokio::test]
async fn another_tenants_delivery_moves_nothing() {
    let surface = Surface::new().await;
    surface.engine.sweep().await.unwrap();
    surface.settle().await;
    let before = surface.sim.with(|world| world.journal.len());
    let mut body: serde_json::Value = serde_json::from_slice(&labeled(&surface)).unwrap();
    body["repository"]["id"] = json!(999_999);
    body["installation"]["id"] = json!(888_888);
    let answer = surface.send(Sent::new("issues", body.to_string()).request()).await;
    assert_eq!(answer.status, 202);
    surface.settle().await;
    let list: Answer = surface.send(super::get("/api/v1/workflows")).await;
    assert_eq!(list.body["workflows"], json!([]));
    let done: Vec<(String, u16)> = surface.sim.with(|world| {
        world.journal[before..]
            .iter()
            .map(|it| (it.path.clone(), it.status))
            .collect()
    });
    let theirs = |path: &str| path.contains("999999") || path.contains("888888");
    assert!(!done.iter().any(|(path, status)| theirs(path) && *status < 400), "{done:?}");
}

#[tokio::test]
async fn a_full_disk_is_told_to_github_and_passes() {
    let surface = Surface::new().await;
    let mut body: serde_json::Value = serde_json::from_slice(&labeled(&surface)).unwrap();
    body["issue"]["body"] = json!("x".repeat(2 << 20));
    let sent = || Sent::new("issues", body.to_string());
    surface.store.limit_size(1).await.unwrap();
    let answer = surface.send(sent().request()).await;
    assert_eq!(answer.status, 503);
    answer.assert_problem("a full disk");
    assert!(!surface.is_dirty().await);
    surface.store.limit_size(1 << 30).await.unwrap();
    assert_eq!(surface.send(sent().request()).await.status, 202);
    assert!(surface.is_dirty().await);
}

#[tokio::test]
async fn what_the_simulated_github_sends_is_taken() {
    let surface = Surface::new().await;
    surface
        .person("maintainer", "issues/1/labels", &json!({ "labels": ["millhand"] }))
        .await;
    while surface.sim.run_due().await {}
    assert!(surface.is_dirty().await);
}

#[tokio::test]
async fn only_deliveries_are_posted_here() {
    let surface = Surface::new().await;
    let request = Request::get("/webhooks/github").body(Body::empty()).unwrap();
    let answer = surface.send(request).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.headers["allow"], "POST");
    answer.assert_problem("GET");
}
