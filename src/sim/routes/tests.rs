//! The REST API without sockets, as clients meet it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use http::{HeaderMap, Request};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::clock::{ManualClock, Millis, SeededEntropy};
use crate::sim::{CiMode, Sim, SimOptions, WebhookTarget};

/// Saturday, 21 November 2026, 07:25:31 UTC.
const NOW: Millis = Millis(1_795_245_931_000);

struct Bench {
    sim: Sim,
    router: Router,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

/// An answer read to its end.
struct Got {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(NOW));
        let sim = Sim::new(SimOptions {
            seed: 1,
            data_dir: PathBuf::from(folder.path()),
            clock: Arc::clone(&clock) as Arc<_>,
            entropy: Arc::new(SeededEntropy::new(1)),
            ci: CiMode::Off,
            webhook: WebhookTarget::None,
            webhook_secret: "hush".to_owned().into(),
            base_url: "http://sim.test".to_owned(),
        })
        .unwrap();
        Self {
            router: sim.router(),
            sim,
            clock,
            _folder: folder,
        }
    }

    async fn send(&self, request: Request<Body>) -> Got {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn call(&self, who: &str, line: &str, body: Value) -> Got {
        self.send(request(who, line, &body)).await
    }

    /// A read or a bodyless write.
    async fn bare(&self, who: &str, line: &str) -> Got {
        self.call(who, line, Value::Null).await
    }

    async fn verb(&self, line: &str, body: Value) -> Got {
        let (method, path) = line.split_once(' ').unwrap();
        self.send(
            Request::builder()
                .method(method)
                .uri(path)
                .body(Body::from(body.to_string()))
                .unwrap(),
        )
        .await
    }

    fn jwt(&self, issued: i64, expires: i64) -> String {
        let (id, pem) = self.sim.with(|world| {
            let app = world.app_named("millhand").unwrap();
            (app.id, app.private_key_pem.clone().unwrap())
        });
        let now = NOW.0 / 1000;
        let claims = json!({ "iat": now + issued, "exp": now + expires, "iss": id.to_string() });
        let key = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
    }

    async fn token(&self, narrowed: Value) -> String {
        let jwt = self.jwt(-60, 540);
        let installation = self.bare(&jwt, "GET /repos/acme/todo/installation").await.json()["id"].clone();
        let got = self
            .call(
                &jwt,
                &format!("POST /app/installations/{installation}/access_tokens"),
                narrowed,
            )
            .await;
        assert_eq!(got.status, 201, "{}", got.text);
        got.json()["token"].as_str().unwrap().to_owned()
    }

    /// A branch with one commit on top of the default branch; its head.
    async fn branch(&self, who: &str, name: &str) -> String {
        let main = self.bare(who, "GET /repos/acme/todo/git/ref/heads/main").await.json()["object"]["sha"].clone();
        let made = self
            .call(
                who,
                "POST /repos/acme/todo/git/refs",
                json!({ "ref": format!("refs/heads/{name}"), "sha": main }),
            )
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        let file = json!({ "message": "Add a file", "content": STANDARD.encode(name), "branch": name });
        let line = format!("PUT /repos/acme/todo/contents/{}.txt", name.replace('/', "-"));
        let put = self.call(who, &line, file).await;
        assert_eq!(put.status, 201, "{}", put.text);
        put.json()["commit"]["sha"].as_str().unwrap().to_owned()
    }
}

fn request(who: &str, line: &str, body: &Value) -> Request<Body> {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v3{path}"))
        .header("user-agent", "test");
    if !who.is_empty() {
        request = request.header("authorization", format!("Bearer {who}"));
    }
    let body = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    request.body(body).unwrap()
}

#[tokio::test]
async fn who_may_call_what() {
    let bench = Bench::new();
    let (jwt, old, far) = (bench.jwt(-60, 540), bench.jwt(-700, -100), bench.jwt(-60, 1200));
    let (all, reader) = (
        bench.token(json!({})).await,
        bench.token(json!({ "permissions": { "contents": "read" } })).await,
    );
    let rows: [(&str, &str, u16); 21] = [
        ("", "GET /repos/acme/todo", 200),
        ("", "GET /repos/acme/nothing", 404),
        ("", "GET /nothing/at/all", 404),
        ("", "POST /repos/acme/todo/issues", 401),
        ("", "GET /user", 401),
        ("nonsense", "GET /repos/acme/todo", 401),
        ("sim-outsider", "GET /repos/acme/todo/issues", 200),
        ("sim-reader", "POST /repos/acme/todo/issues/1/labels", 403),
        ("sim-triager", "POST /repos/acme/todo/issues/1/labels", 200),
        ("sim-reader", "PUT /repos/acme/todo/collaborators/outsider", 403),
        ("sim-maintainer", "GET /app", 401),
        (&jwt, "GET /app", 200),
        (&old, "GET /app", 401),
        (&far, "GET /app", 401),
        (&jwt, "POST /repos/acme/todo/issues", 403),
        (&all, "GET /app", 401),
        (&all, "GET /repos/acme/todo/issues", 200),
        (&all, "GET /user", 403),
        (&reader, "GET /repos/acme/todo/contents/ci.sh", 200),
        (&reader, "GET /repos/acme/todo/issues", 403),
        (&reader, "POST /repos/acme/todo/git/refs", 403),
    ];
    for (who, line, expected) in rows {
        let body = json!({ "labels": ["millhand"], "title": "t", "ref": "refs/heads/x", "sha": "0".repeat(40) });
        let got = bench
            .call(who, line, if line.starts_with("GET") { Value::Null } else { body })
            .await;
        assert_eq!(got.status, expected, "{line} by {}: {}", &who[..who.len().min(12)], got.text);
        if got.status >= 400 {
            assert_eq!(got.json()["status"], expected.to_string(), "{line}");
            assert!(
                got.json()["message"].is_string() && got.json()["documentation_url"].is_string(),
                "{line}"
            );
        }
    }
    let refused = bench
        .call(&reader, "POST /repos/acme/todo/issues", json!({ "title": "t" }))
        .await;
    assert_eq!(
        (refused.status, refused.header("x-accepted-github-permissions")),
        (403, "issues=write")
    );
    assert!(all.len() > 500 && all.starts_with("ghs_"), "{}", all.len());
}

#[tokio::test]
async fn a_token_dies_after_its_hour() {
    let bench = Bench::new();
    let token = bench.token(json!({ "repositories": ["todo"] })).await;
    bench.clock.advance(Duration::from_secs(3599));
    assert_eq!(bench.bare(&token, "GET /repos/acme/todo").await.status, 200);
    bench.clock.advance(Duration::from_secs(2));
    let got = bench.bare(&token, "GET /repos/acme/todo").await;
    assert_eq!((got.status, got.json()["message"].as_str()), (401, Some("Bad credentials")));
}

#[tokio::test]
async fn every_answer_has_githubs_headers_and_asks_for_its_own() {
    let bench = Bench::new();
    let got = bench.bare("sim-reader", "GET /repos/acme/todo").await;
    for name in [
        "x-github-request-id",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "etag",
        "date",
    ] {
        assert!(!got.header(name).is_empty(), "{name}");
    }
    assert_eq!(got.header("x-github-api-version-selected"), "2022-11-28");
    assert_eq!(got.header("date"), "Sat, 21 Nov 2026 07:25:31 GMT");
    let used = |got: &Got| got.header("x-ratelimit-used").parse::<u64>().unwrap();
    let mut again = request("sim-reader", "GET /repos/acme/todo", &Value::Null);
    again.headers_mut().insert("if-none-match", got.headers["etag"].clone());
    let same = bench.send(again).await;
    assert_eq!(
        (same.status, same.text.as_str(), used(&same)),
        (304, "", used(&got)),
        "304 costs nothing"
    );
    let mut nameless = request("", "GET /repos/acme/todo", &Value::Null);
    nameless.headers_mut().remove("user-agent");
    assert_eq!(bench.send(nameless).await.status, 403);
    let mut unknown = request("", "GET /repos/acme/todo", &Value::Null);
    unknown
        .headers_mut()
        .insert("x-github-api-version", "1999-01-01".parse().unwrap());
    assert_eq!(bench.send(unknown).await.status, 400);
}

#[tokio::test]
async fn lists_come_in_pages_that_lead_to_each_other() {
    let bench = Bench::new();
    for number in 0..5 {
        let made = bench
            .call(
                "sim-reader",
                "POST /repos/acme/todo/issues/1/comments",
                json!({ "body": number.to_string() }),
            )
            .await;
        assert_eq!(made.status, 201);
    }
    let mut line = "GET /repos/acme/todo/issues/1/comments?per_page=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let got = bench.bare("", &line).await;
        seen.extend(
            got.json()
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["body"].as_str().unwrap().to_owned()),
        );
        let next = got
            .header("link")
            .split(", ")
            .find(|link| link.ends_with("rel=\"next\""))
            .map(ToOwned::to_owned);
        let Some(next) = next else { break };
        let address = next.split(['<', '>']).nth(1).unwrap();
        line = format!("GET {}", address.strip_prefix("http://sim.test/api/v3").unwrap());
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
    let huge = bench.bare("", "GET /repos/acme/todo/issues/1/comments?per_page=1000").await;
    assert_eq!((huge.json().as_array().unwrap().len(), huge.header("link")), (5, ""));
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_with_a_sentence() {
    let bench = Bench::new();
    let broken = Request::builder()
        .method("POST")
        .uri("/api/v3/repos/acme/todo/issues")
        .header("user-agent", "test")
        .header("authorization", "token sim-reader")
        .body(Body::from("{\"title\":"))
        .unwrap();
    let got = bench.send(broken).await;
    assert_eq!(
        (got.status, got.json()["message"].as_str()),
        (400, Some("Problems parsing JSON"))
    );
    let rows = [
        ("POST /repos/acme/todo/issues", json!({ "body": "no title" }), "title"),
        ("POST /repos/acme/todo/issues", json!({ "title": "t", "body": 7 }), "body"),
        ("POST /repos/acme/todo/issues/1/comments", json!({}), "body"),
        (
            "POST /repos/acme/todo/issues/1/reactions",
            json!({ "content": "applause" }),
            "content",
        ),
        ("GET /repos/acme/todo/issues?state=neither", Value::Null, "state"),
    ];
    for (line, body, blamed) in rows {
        let got = bench.call("sim-maintainer", line, body).await;
        assert_eq!(got.status, 422, "{line}: {}", got.text);
        assert!(
            got.json()["message"].as_str().unwrap().contains(blamed),
            "{line}: {}",
            got.text
        );
    }
}

#[tokio::test]
async fn a_pull_request_tells_late_whether_it_merges_and_then_merges_once() {
    let bench = Bench::new();
    let head = bench.branch("sim-maintainer", "feature/a").await;
    let body = json!({ "title": "A", "head": "feature/a", "base": "main", "body": "Fixes #1" });
    let made = bench
        .call("sim-maintainer", "POST /repos/acme/todo/pulls", body.clone())
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let number = made.json()["number"].clone();
    assert_eq!(
        bench.call("sim-maintainer", "POST /repos/acme/todo/pulls", body).await.status,
        422,
        "a second one"
    );
    let one = format!("GET /repos/acme/todo/pulls/{number}");
    let first = bench.bare("", &one).await.json();
    assert_eq!(
        (&first["mergeable"], &first["mergeable_state"]),
        (&Value::Null, &json!("unknown"))
    );
    bench.clock.advance(Duration::from_secs(1));
    bench.sim.run_due().await;
    let then = bench.bare("", &one).await.json();
    assert_eq!(
        (&then["mergeable"], &then["changed_files"], &then["commits"]),
        (&json!(true), &json!(1), &json!(1))
    );
    let merge = format!("PUT /repos/acme/todo/pulls/{number}/merge");
    let moved = bench.call("sim-reviewer", &merge, json!({ "sha": "1".repeat(40) })).await;
    assert_eq!(moved.status, 409, "{}", moved.text);
    let merged = bench
        .call("sim-reviewer", &merge, json!({ "sha": head, "merge_method": "squash" }))
        .await;
    assert_eq!(
        (merged.status, &merged.json()["merged"]),
        (200, &json!(true)),
        "{}",
        merged.text
    );
    assert_eq!(
        bench.call("sim-reviewer", &merge, json!({})).await.status,
        405,
        "merged already"
    );
    assert_eq!(
        bench.bare("", "GET /repos/acme/todo/issues/1").await.json()["state"],
        "closed"
    );
    let timeline = bench
        .bare("", &format!("GET /repos/acme/todo/issues/{number}/timeline"))
        .await
        .json();
    let events: Vec<&str> = timeline
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert!(events.contains(&"committed") && events.contains(&"merged"), "{events:?}");
}

#[tokio::test]
async fn commits_are_found_by_author_time_and_path() {
    let bench = Bench::new();
    bench.branch("sim-reviewer", "feature/c").await;
    let rows = [
        ("sha=feature/c&author=reviewer&path=feature-c.txt", 1),
        ("sha=feature/c&author=triager", 0),
        ("sha=feature/c&path=feature-c.tx", 0),
        ("sha=feature/c&since=2026-11-21T07:25:31Z", 1),
        ("sha=feature/c&since=2026-11-21T07:25:32Z", 0),
        ("until=2020-01-01T00:00:00Z", 0),
    ];
    for (query, count) in rows {
        let got = bench.bare("", &format!("GET /repos/acme/todo/commits?{query}")).await;
        assert_eq!(got.json().as_array().unwrap().len(), count, "{query}: {}", got.text);
    }
    assert_eq!(
        bench.bare("", "GET /repos/acme/todo/commits?since=yesterday").await.status,
        422
    );
}

#[tokio::test]
async fn pending_reviews_are_their_authors_alone() {
    let bench = Bench::new();
    bench.branch("sim-maintainer", "feature/b").await;
    let body = json!({ "title": "B", "head": "feature/b", "base": "main" });
    let number = bench.call("sim-maintainer", "POST /repos/acme/todo/pulls", body).await.json()["number"].clone();
    let reviews = format!("/repos/acme/todo/pulls/{number}/reviews");
    let own = bench
        .call("sim-maintainer", &format!("POST {reviews}"), json!({ "event": "APPROVE" }))
        .await;
    assert_eq!(own.status, 422, "{}", own.text);
    let comment = json!({ "path": "feature-b.txt", "line": 1, "body": "why?" });
    let made = bench
        .call(
            "sim-reviewer",
            &format!("POST {reviews}"),
            json!({ "body": "hm", "comments": [comment] }),
        )
        .await;
    assert_eq!(
        (made.status, &made.json()["state"]),
        (200, &json!("PENDING")),
        "{}",
        made.text
    );
    assert!(made.json().get("submitted_at").is_none());
    let count = |got: Got| got.json().as_array().unwrap().len();
    assert_eq!(count(bench.bare("", &format!("GET {reviews}")).await), 0);
    assert_eq!(count(bench.bare("sim-reviewer", &format!("GET {reviews}")).await), 1);
    assert_eq!(
        count(bench.bare("", &format!("GET /repos/acme/todo/pulls/{number}/comments")).await),
        0
    );
    let id = made.json()["id"].clone();
    let sent = bench
        .call(
            "sim-reviewer",
            &format!("POST {reviews}/{id}/events"),
            json!({ "event": "REQUEST_CHANGES", "body": "no" }),
        )
        .await;
    assert_eq!(
        (sent.status, &sent.json()["state"]),
        (200, &json!("CHANGES_REQUESTED")),
        "{}",
        sent.text
    );
    let inline = bench
        .bare("", &format!("GET /repos/acme/todo/pulls/{number}/comments"))
        .await
        .json();
    assert_eq!(
        (&inline[0]["line"], &inline[0]["path"], &inline[0]["side"]),
        (&json!(1), &json!("feature-b.txt"), &json!("RIGHT"))
    );
    let hooks = bench.sim.with(|world| {
        let rows = world.deliveries.values().filter(|row| row.event == "pull_request_review");
        rows.map(|row| serde_json::from_slice::<Value>(&row.body).unwrap()["review"]["state"].clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(
        hooks,
        [json!("changes_requested")],
        "webhooks write the state in lower case, and a pending review sends none"
    );
}

#[tokio::test]
async fn faults_disturb_as_told_and_no_longer() {
    let bench = Bench::new();
    let fault = json!({ "method": "GET", "path": "/repos/acme/todo/labels", "fault": "status", "status": 429, "retry_after": 7, "count": 1 });
    assert_eq!(bench.verb("POST /_sim/faults", fault).await.status, 200);
    let limited = bench.bare("", "GET /repos/acme/todo/labels").await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, "7"));
    assert_eq!(bench.bare("", "GET /repos/acme/todo/labels").await.status, 200);

    bench
        .verb("POST /_sim/faults", json!({ "fault": "reply_lost", "count": 1 }))
        .await;
    let lost = bench
        .call(
            "sim-maintainer",
            "POST /repos/acme/todo/labels",
            json!({ "name": "lost", "color": "112233" }),
        )
        .await;
    assert_eq!(lost.status, 502);
    assert_eq!(
        bench.bare("", "GET /repos/acme/todo/labels/lost").await.json()["color"],
        "112233",
        "it was done"
    );

    bench
        .call(
            "sim-maintainer",
            "PATCH /repos/acme/todo/labels/lost",
            json!({ "color": "445566" }),
        )
        .await;
    bench.verb("POST /_sim/faults", json!({ "fault": "stale", "count": 1 })).await;
    assert_eq!(
        bench.bare("", "GET /repos/acme/todo/labels/lost").await.json()["color"],
        "112233",
        "a replica lags"
    );
    assert_eq!(
        bench.bare("", "GET /repos/acme/todo/labels/lost").await.json()["color"],
        "445566"
    );

    bench.verb("POST /_sim/faults", json!({ "fault": "reset", "count": 1 })).await;
    let cut = bench
        .router
        .clone()
        .oneshot(request("", "GET /meta", &Value::Null))
        .await
        .unwrap();
    assert!(
        axum::body::to_bytes(cut.into_body(), usize::MAX).await.is_err(),
        "the connection breaks"
    );

    bench.verb("POST /_sim/faults", json!({ "fault": "hang", "count": 1 })).await;
    let hung = bench.router.clone().oneshot(request("", "GET /meta", &Value::Null));
    assert!(hung.now_or_never().is_none(), "no answer comes");
    assert_eq!(bench.bare("", "GET /meta").await.status, 200);
}

#[tokio::test]
async fn logs_lie_behind_a_link_of_one_minute() {
    let bench = Bench::new();
    let link = bench.sim.with(|world| {
        let repo = world.repository_named("acme", "todo").unwrap();
        let job = repo.jobs.values().next().expect("the seed's pull request was checked");
        (job.id, job.log.is_some())
    });
    assert!(link.1, "the seeded job has a log");
    let line = format!("GET /repos/acme/todo/actions/jobs/{}/logs", link.0);
    let found = bench.bare("sim-reader", &line).await;
    assert_eq!(found.status, 302, "{}", found.text);
    let address = found.header("location").strip_prefix("http://sim.test").unwrap().to_owned();
    let get = |address: &str| Request::builder().uri(address).body(Body::empty()).unwrap();
    assert_eq!(bench.send(get(&address)).await.status, 200);
    let mut known = get(&address);
    known
        .headers_mut()
        .insert("authorization", "Bearer sim-reader".parse().unwrap());
    assert_eq!(bench.send(known).await.status, 403, "storage wants no credentials");
    assert_eq!(bench.send(get(&address.replace("sig=", "sig=0"))).await.status, 403);
    bench.clock.advance(Duration::from_secs(61));
    assert_eq!(bench.send(get(&address)).await.status, 403, "the minute is over");
}

#[tokio::test]
async fn old_names_lead_to_the_repository() {
    let bench = Bench::new();
    let made = bench
        .verb(
            "POST /_sim/repositories",
            json!({ "name": "old", "private": true, "files": { "a.txt": "a\n" } }),
        )
        .await;
    let id = made.json()["id"].clone();
    assert_eq!(bench.bare("sim-outsider", "GET /repos/acme/old").await.status, 404, "private");
    let renamed = bench
        .call("sim-maintainer", "PATCH /repos/acme/old", json!({ "name": "new" }))
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    for (line, status) in [
        ("GET /repos/acme/old/issues?state=all", 301),
        ("POST /repos/acme/old/issues", 307),
    ] {
        let got = bench.call("sim-maintainer", line, json!({ "title": "t" })).await;
        assert_eq!(got.status, status, "{line}: {}", got.text);
        assert!(
            got.header("location")
                .starts_with(&format!("http://sim.test/api/v3/repositories/{id}/issues")),
            "{line}"
        );
    }
    assert_eq!(
        bench.bare("sim-outsider", "GET /repos/acme/old/issues").await.status,
        404,
        "not even the new name is told"
    );
    let by_id = bench
        .call(
            "sim-maintainer",
            &format!("POST /repositories/{id}/issues"),
            json!({ "title": "t" }),
        )
        .await;
    assert_eq!(by_id.status, 201, "{}", by_id.text);
}

#[tokio::test]
async fn deliveries_are_listed_newest_first_and_sent_again() {
    let bench = Bench::new();
    let answers = Router::new().route(
        "/webhooks/github",
        axum::routing::post(|| async { http::StatusCode::INTERNAL_SERVER_ERROR }),
    );
    bench.sim.set_webhook(WebhookTarget::Router(answers));
    for title in ["a", "b", "c"] {
        bench
            .call("sim-reader", "POST /repos/acme/todo/issues", json!({ "title": title }))
            .await;
    }
    while bench.sim.run_due().await {}
    let jwt = bench.jwt(-60, 540);
    let page = bench.bare(&jwt, "GET /app/hook/deliveries?per_page=2&status=failure").await;
    let rows = page.json();
    assert_eq!(
        (rows.as_array().unwrap().len(), &rows[0]["status_code"], &rows[0]["event"]),
        (2, &json!(500), &json!("issues"))
    );
    assert!(
        page.header("link").contains("cursor=") && page.header("link").ends_with("rel=\"next\""),
        "{}",
        page.header("link")
    );
    assert_eq!(
        bench.bare(&jwt, "GET /app/hook/deliveries?status=success").await.json(),
        json!([])
    );
    let id = rows[0]["id"].clone();
    let full = bench.bare(&jwt, &format!("GET /app/hook/deliveries/{id}")).await.json();
    assert_eq!(full["request"]["payload"]["issue"]["title"], "c");
    assert_eq!(
        bench
            .bare(&jwt, &format!("POST /app/hook/deliveries/{id}/attempts"))
            .await
            .status,
        202
    );
    while bench.sim.run_due().await {}
    let newest = bench.bare(&jwt, "GET /app/hook/deliveries?per_page=1").await.json();
    assert_eq!(
        (&newest[0]["guid"], &newest[0]["redelivery"]),
        (&rows[0]["guid"], &json!(true))
    );
}

#[tokio::test]
async fn verbs_list_themselves_and_refuse_what_they_do_not_know() {
    let bench = Bench::new();
    let list = bench.verb("GET /_sim", Value::Null).await.json();
    let paths: Vec<&str> = list["verbs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verb| verb["path"].as_str().unwrap())
        .collect();
    let documented = [
        "requests",
        "deliveries",
        "deliveries/{guid}/redeliver",
        "notifications",
        "webhooks",
        "faults",
        "ci",
        "clock",
        "installation",
        "repositories",
        "rules",
        "issues",
        "press",
    ];
    assert_eq!(paths, documented.map(|name| format!("/_sim/{name}")));
    let rows = [
        ("POST /_sim/nothing", json!({}), 404),
        ("POST /_sim/faults", json!({ "fault": "burn" }), 422),
        ("POST /_sim/faults", json!({ "fault": "status", "status": 99 }), 422),
        ("POST /_sim/webhooks", json!({ "dropp": true }), 422),
        ("POST /_sim/ci", json!({ "conclusion": "maybe" }), 422),
        ("POST /_sim/clock", json!({}), 422),
        (
            "POST /_sim/press",
            json!({ "repository": "acme/todo", "login": "reviewer", "check_run": 1, "button": "x" }),
            404,
        ),
        ("POST /_sim/clock", json!({ "advance_seconds": u64::MAX }), 422),
        ("POST /_sim/installation", json!({ "action": "explode" }), 422),
        (
            "POST /_sim/rules",
            json!({ "repository": "acme/none", "branch": "main", "rules": [] }),
            422,
        ),
        (
            "POST /_sim/issues",
            json!({ "repository": "acme/todo", "login": "nobody", "title": "t" }),
            422,
        ),
    ];
    for (line, body, status) in rows {
        let got = bench.verb(line, body).await;
        assert_eq!(got.status, status, "{line}: {}", got.text);
    }
    assert_eq!(bench.bare("", "GET /meta").await.status, 200, "nothing was switched on");
}

#[tokio::test]
async fn an_issue_form_sets_labels_for_anybody() {
    let bench = Bench::new();
    let form =
        json!({ "repository": "acme/todo", "login": "outsider", "title": "By form", "body": "- a", "labels": ["millhand"] });
    let made = bench.verb("POST /_sim/issues", form).await.json();
    let issue = bench
        .bare("", &format!("GET /repos/acme/todo/issues/{}", made["number"]))
        .await
        .json();
    assert_eq!(
        (&issue["labels"][0]["name"], &issue["user"]["login"]),
        (&json!("millhand"), &json!("outsider"))
    );
    let plain = json!({ "title": "By hand", "labels": ["millhand"] });
    let by_hand = bench.call("sim-outsider", "POST /repos/acme/todo/issues", plain).await.json();
    assert_eq!(by_hand["labels"], json!([]), "dropped in silence");
    let journal = bench.verb("GET /_sim/requests", Value::Null).await.json();
    let last = journal["requests"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["who"], &last["method"], &last["status"]),
        (&json!("outsider"), &json!("POST"), &json!(201))
    );
    assert_eq!(last["path"], "/api/v3/repos/acme/todo/issues");
}

#[tokio::test]
async fn pages_show_what_was_written_and_nothing_of_its_html() {
    let bench = Bench::new();
    let evil = json!({ "title": "<script>alert(1)</script>", "body": "**bold** <img src=x onerror=alert(2)> [go](javascript:alert(3))" });
    let number = bench.call("sim-reader", "POST /repos/acme/todo/issues", evil).await.json()["number"].clone();
    for path in [
        "/".to_owned(),
        "/acme/todo".to_owned(),
        format!("/acme/todo/issues/{number}"),
        "/acme/todo/pull/2".to_owned(),
    ] {
        let got = bench.send(Request::builder().uri(&path).body(Body::empty()).unwrap()).await;
        assert_eq!(got.status, 200, "{path}");
        assert!(got.text.contains("simulated GitHub"), "{path}");
        for bad in ["<script", "onerror", "javascript:"] {
            assert!(!got.text.contains(bad), "{bad} on {path}");
        }
    }
    let page = bench
        .send(
            Request::builder()
                .uri(format!("/acme/todo/issues/{number}"))
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert!(
        page.text.contains("<strong>bold</strong>") && page.text.contains("&lt;script&gt;"),
        "{}",
        page.text
    );
}
