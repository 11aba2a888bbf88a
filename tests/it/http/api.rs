//! The API of operators: what it shows, what it takes, what it refuses.

use axum::http::Request;
use millhand::http::ROUTES;
use serde_json::{Value, json};

use super::{Surface, get, post};

const WORKFLOW: &str = "/api/v1/workflows/acme%2Ftodo%231";

#[tokio::test]
async fn a_workflow_is_found_by_both_of_its_names() {
    let surface = Surface::new().await;
    let workflow = surface.planned().await;
    let by_id = surface
        .send(get(&format!("/api/v1/workflows/{}", workflow["id"].as_str().unwrap())))
        .await;
    assert_eq!(by_id.body, workflow);
    for key in [
        "id",
        "repository",
        "issue",
        "round",
        "title",
        "state",
        "forked",
        "status",
        "reason",
        "waiting_for",
        "waits",
        "delivery",
        "plan",
        "release",
        "phases",
        "cost",
        "created_at",
        "updated_at",
    ] {
        assert!(workflow.get(key).is_some(), "{key} is missing");
    }
    let status = surface.send(get(&format!("{WORKFLOW}/status"))).await;
    assert_eq!(
        (&status.body["state"], &status.body["waiting_for"]),
        (&workflow["state"], &workflow["waiting_for"])
    );
    let phases = surface.send(get(&format!("{WORKFLOW}/phases"))).await;
    assert_eq!(
        (&phases.body["phases"], &phases.body["next"]),
        (&workflow["phases"], &Value::Null)
    );
    for unknown in [
        "acme%2Ftodo%232",
        "acme%2Fother%231",
        "nobody",
        "acme%2Ftodo%23x",
        "01a1fd61-51a2-746d-8d58-383a14d4cb27",
    ] {
        let answer = surface.send(get(&format!("/api/v1/workflows/{unknown}"))).await;
        assert_eq!(answer.status, 404, "{unknown}");
        answer.assert_problem(unknown);
    }
}

#[tokio::test]
async fn logs_are_read_page_by_page() {
    let surface = Surface::new().await;
    surface.planned().await;
    for (route, member, key) in [
        ("events", "events", "seq"),
        ("history", "transitions", "number"),
        ("handoffs", "handoffs", "seq"),
    ] {
        let whole = surface.send(get(&format!("{WORKFLOW}/{route}?limit=100"))).await;
        assert_eq!(whole.body["next"], Value::Null, "{route}");
        let all = whole.body[member].as_array().unwrap().clone();
        assert!(!all.is_empty(), "{route} is empty");
        let (mut read, mut path) = (Vec::new(), format!("{WORKFLOW}/{route}?limit=1"));
        loop {
            let page = surface.send(get(&path)).await;
            let items = page.body[member].as_array().unwrap();
            assert!(
                items.len() <= 1 || route == "history",
                "a row of the log may hold several transitions"
            );
            read.extend(items.clone());
            let Some(next) = page.body["next"].as_i64() else { break };
            path = format!("{WORKFLOW}/{route}?limit=1&cursor={next}");
        }
        assert_eq!(read, all, "{route} by {key}");
    }
    let numbers: Vec<u64> = surface.send(get(&format!("{WORKFLOW}/history"))).await.body["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn workflows_are_listed_by_what_they_are() {
    let surface = Surface::new().await;
    let workflow = surface.planned().await;
    let (state, status) = (workflow["state"].as_str().unwrap(), workflow["status"].as_str().unwrap());
    let rows = [
        (String::new(), 1),
        ("?repository=acme/todo".to_owned(), 1),
        ("?repository=acme/other".to_owned(), 0),
        (format!("?state={state}&status={status}"), 1),
        ("?state=complete".to_owned(), 0),
        ("?status=cancelled".to_owned(), 0),
        (format!("?cursor={}", workflow["id"].as_str().unwrap()), 0),
    ];
    for (query, count) in rows {
        let list = surface.send(get(&format!("/api/v1/workflows{query}"))).await;
        assert_eq!(list.body["workflows"].as_array().unwrap().len(), count, "{query}");
        assert_eq!(list.body["next"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_refused() {
    let surface = Surface::new().await;
    surface.planned().await;
    for path in [
        "/api/v1/workflows?limit=0",
        "/api/v1/workflows?limit=101",
        "/api/v1/workflows?limit=-1",
        "/api/v1/workflows?limit=many",
        "/api/v1/workflows?state=sleeping",
        "/api/v1/workflows?status=fine",
        "/api/v1/workflows?colour=red",
        &format!("{WORKFLOW}?fields=all"),
        &format!("{WORKFLOW}/events?cursor=first"),
        &format!("{WORKFLOW}/events?limit=101"),
        &format!("{WORKFLOW}/history?page=2"),
    ] {
        let answer = surface.send(get(path)).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.body);
        answer.assert_problem(path);
    }
}

/// Sends each body where it belongs and expects its status and problem details.
async fn refused(surface: &Surface, rows: &[(&str, String, u16)]) {
    for (path, body, status) in rows {
        let shown: String = body.chars().take(80).collect();
        let answer = surface.send(post(path, body)).await;
        assert_eq!(answer.status, *status, "{path} {shown}: {}", answer.body);
        answer.assert_problem(&shown);
    }
}

#[tokio::test]
async fn starts_are_closed() {
    let surface = Surface::new().await;
    surface.planned().await;
    let given = |members: Value| {
        let mut body = json!({ "repository": "acme/todo" });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body.to_string()
    };
    let rows = [
        ("not JSON".to_owned(), 400),
        ("{".to_owned(), 400),
        ("[]".to_owned(), 422),
        ("{}".to_owned(), 422),
        (String::new(), 422),
        (given(json!({})), 422),
        (given(json!({ "issue": 1, "text": "a" })), 422),
        (given(json!({ "issue": 0 })), 422),
        (given(json!({ "issue": "1" })), 422),
        (given(json!({ "issue": 1.5 })), 422),
        (given(json!({ "issue": u64::MAX })), 422),
        (given(json!({ "issue": 1, "repository": "todo" })), 422),
        (given(json!({ "issue": 1, "repository": "acme/../x" })), 422),
        (given(json!({ "issue": 1, "auto": "yes" })), 422),
        (given(json!({ "issue": 1, "admin": true })), 422),
        ("{\"repository\":\"acme/todo\",\"issue\":1,\"issue\":2}".to_owned(), 422),
        (given(json!({ "text": " " })), 422),
        (given(json!({ "text": "x".repeat(8_001) })), 422),
        (given(json!({ "text": "a", "auto": true })), 422),
        (given(json!({ "text": "x".repeat(70_000) })), 413),
        (given(json!({ "issue": 1, "repository": "acme/unknown" })), 404),
    ];
    refused(&surface, &rows.map(|(body, status)| ("/api/v1/workflows", body, status))).await;
}

#[tokio::test]
async fn commands_are_closed() {
    let surface = Surface::new().await;
    surface.planned().await;
    let long = "x".repeat(8_001);
    let rows = [
        ("pause", json!({ "phase": 1 })),
        ("pause", json!([])),
        ("approve", json!({ "what": "everything" })),
        ("approve", json!({ "what": "plan", "hash": "abc" })),
        ("approve", json!({ "what": "plan", "hash": "zzzzzzzz" })),
        ("approve", json!({ "what": "plan", "phase": 2 })),
        ("approve", json!({ "plan": true })),
        ("retry", json!({ "phase": 0 })),
        ("retry", json!({ "phase": "parser" })),
        ("retry", json!({ "hint": "" })),
        ("retry", json!({ "hint": long })),
        ("retry", json!({ "fresh": "yes" })),
        ("rollback", json!({})),
        ("rollback", json!({ "what": "everything" })),
        ("rollback", json!({ "what": "plan", "phase": 1 })),
        ("skip", json!({})),
        ("skip", json!({ "phase": 0 })),
        ("skip", json!({ "phase": 1, "hint": "x" })),
        ("hold", json!({ "phase": "parser" })),
        ("unhold", json!({ "what": "all" })),
        ("revise", json!({})),
        ("revise", json!({ "text": null })),
        ("revise", json!({ "text": long })),
        ("budget", json!({})),
        ("budget", json!({ "amount": -1 })),
        ("budget", json!({ "amount": "a lot" })),
        ("budget", json!({ "amount": 1e9 })),
        ("cancel", json!({ "force": true })),
    ];
    for (command, body) in rows {
        refused(&surface, &[(&format!("{WORKFLOW}/{command}"), body.to_string(), 422)]).await;
    }
    let pause = format!("{WORKFLOW}/pause");
    refused(
        &surface,
        &[(&pause, "[[[[".repeat(10_000), 400), (&pause, "{\"a\":".repeat(5_000), 422)],
    )
    .await;
    for key in ["", " ", "a b", &"k".repeat(129)] {
        let mut request = post(&pause, "{}");
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        assert_eq!(surface.send(request).await.status, 422, "{key:?}");
    }
}

#[tokio::test]
async fn a_command_for_nobody_is_not_found() {
    let surface = Surface::new().await;
    for route in ROUTES
        .iter()
        .filter(|route| route.method == "POST" && route.path.contains("{id}"))
    {
        let body = match route.path.rsplit('/').next() {
            Some("revise") => json!({ "text": "smaller" }),
            Some("budget") => json!({ "amount": 7 }),
            Some("rollback") => json!({ "what": "all" }),
            Some("skip") => json!({ "phase": 2 }),
            _ => json!({}),
        };
        let answer = surface
            .send(post(&route.path.replace("{id}", "acme%2Ftodo%239"), &body.to_string()))
            .await;
        assert_eq!(answer.status, 404, "{}", route.path);
        answer.assert_problem(route.path);
    }
}

#[tokio::test]
async fn commands_are_answered_when_they_are_decided() {
    let surface = Surface::new().await;
    let workflow = surface.planned().await;
    let to = |command: &str| format!("{WORKFLOW}/{command}");
    let paused = surface.send_live(post(&to("pause"), "")).await;
    assert_eq!(
        (paused.status.as_u16(), &paused.body["status"]),
        (200, &json!("paused")),
        "{}",
        paused.body
    );
    let again = surface.send_live(post(&to("pause"), "{}")).await;
    assert_eq!(again.status, 409, "{}", again.body);
    again.assert_problem("a second pause");
    assert!(
        again.body["detail"].as_str().is_some_and(|it| it.ends_with('.')),
        "{}",
        again.body
    );
    let resumed = surface.send_live(post(&to("resume"), "{}")).await;
    assert_eq!(
        (resumed.status.as_u16(), &resumed.body["status"]),
        (200, &json!("waiting")),
        "{}",
        resumed.body
    );
    let cap = surface.send_live(post(&to("budget"), "{\"amount\": 7.25}")).await;
    assert_eq!(
        (cap.status.as_u16(), &cap.body["cost"]["cap_microusd"]),
        (200, &json!(7_250_000)),
        "{}",
        cap.body
    );
    let too_much = surface.send_live(post(&to("budget"), "{\"amount\": 51}")).await;
    assert_eq!(too_much.status, 409, "{}", too_much.body);
    let stale = surface
        .send_live(post(&to("approve"), "{\"what\":\"plan\",\"hash\":\"0123456789\"}"))
        .await;
    assert_eq!(stale.status, 409, "{}", stale.body);
    let hash = workflow["waiting_for"]["hash"].as_str().unwrap();
    let approved = surface
        .send_live(post(&to("approve"), &json!({ "what": "plan", "hash": hash }).to_string()))
        .await;
    assert_eq!(
        (approved.status.as_u16(), &approved.body["forked"]),
        (200, &json!(true)),
        "{}",
        approved.body
    );
    let cancelled = surface.send_live(post(&to("cancel"), "{}")).await;
    assert_eq!(
        (cancelled.status.as_u16(), &cancelled.body["status"]),
        (200, &json!("cancelled")),
        "{}",
        cancelled.body
    );
}

#[tokio::test]
async fn a_repeated_key_is_one_command() {
    let surface = Surface::new().await;
    surface.planned().await;
    let keyed = || {
        let mut request: Request<_> = post(&format!("{WORKFLOW}/pause"), "{}");
        request.headers_mut().insert("idempotency-key", "monday-1".parse().unwrap());
        request
    };
    for _ in 0..3 {
        let answer = surface.send_live(keyed()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["status"]),
            (200, &json!("paused")),
            "{}",
            answer.body
        );
    }
    let log = surface.send(get(&format!("{WORKFLOW}/events?limit=100"))).await;
    let rows = log.body["events"].as_array().unwrap();
    let pauses = rows
        .iter()
        .filter(|row| row["fact"].to_string().contains("\"pause\""))
        .count();
    assert_eq!(pauses, 1, "{}", log.body);
}

#[tokio::test]
async fn work_starts_by_the_api() {
    let surface = Surface::new().await;
    surface.engine.sweep().await.unwrap();
    surface.settle().await;
    let body = json!({ "repository": "acme/todo", "issue": 1, "auto": true }).to_string();
    let started = surface.send_live(post("/api/v1/workflows", &body)).await;
    assert_eq!(started.status, 201, "{}", started.body);
    let place = started.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(place, format!("/api/v1/workflows/{}", started.body["id"].as_str().unwrap()));
    assert_eq!(surface.send(get(&place)).await.body["issue"], 1);
    let again = surface.send_live(post("/api/v1/workflows", &body)).await;
    assert_eq!((again.status.as_u16(), &again.body["id"]), (200, &started.body["id"]));
}

#[tokio::test]
async fn a_text_becomes_an_issue_and_its_work_begins() {
    let surface = Surface::new().await;
    surface.engine.sweep().await.unwrap();
    surface.settle().await;
    let body = json!({ "repository": "acme/todo", "text": "Greet people\n\n- Greet by name" }).to_string();
    let keyed = || {
        let mut request: Request<_> = post("/api/v1/workflows", &body);
        request.headers_mut().insert("idempotency-key", "tuesday-1".parse().unwrap());
        request
    };
    let started = surface.send_live(keyed()).await;
    assert_eq!(
        (started.status.as_u16(), &started.body["title"]),
        (201, &json!("Greet people")),
        "{}",
        started.body
    );
    surface.settle().await;
    let again = surface.send_live(keyed()).await;
    assert_eq!(again.body["id"], started.body["id"], "one key is one issue");
    let titles = surface.sim.with(|world| {
        world
            .repository_named("acme", "todo")
            .unwrap()
            .issues
            .values()
            .filter(|it| it.title == "Greet people")
            .count()
    });
    assert_eq!(titles, 1);
}

/// Nothing moves here but the clock on the wall: the whole patience passes.
#[tokio::test]
async fn what_is_not_decided_in_time_is_answered_all_the_same() {
    let surface = Surface::new().await;
    surface.planned().await;
    let start = json!({ "repository": "acme/todo", "issue": 2 }).to_string();
    let pause = format!("{WORKFLOW}/pause");
    let (command, start) = tokio::join!(
        surface.send(post(&pause, "{}")),
        surface.send(post("/api/v1/workflows", &start))
    );
    assert_eq!(
        (command.status.as_u16(), &command.body["status"]),
        (202, &json!("waiting")),
        "{}",
        command.body
    );
    assert_eq!(
        (start.status.as_u16(), &start.body["id"]),
        (202, &Value::Null),
        "{}",
        start.body
    );
}
