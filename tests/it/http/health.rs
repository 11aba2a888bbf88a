//! Alive and ready.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Answer, Surface};

async fn probe(surface: &Surface, path: &str) -> Answer {
    surface.send(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn disturb(surface: &Surface, fault: &Value) {
    let request = Request::post("/_sim/faults").body(Body::from(fault.to_string())).unwrap();
    assert_eq!(surface.sim.router().oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn it_is_ready_when_database_and_github_answer() {
    let surface = Surface::new().await;
    assert_eq!(probe(&surface, "/healthz").await.status, 200);
    let ready = probe(&surface, "/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), &ready.body),
        (200, &json!({ "ready": true, "database": "ok", "github": "ok" }))
    );
}

#[tokio::test]
async fn many_probes_are_one_request_to_github() {
    let surface = Surface::new().await;
    for _ in 0..20 {
        assert_eq!(probe(&surface, "/readyz").await.status, 200);
    }
    let asked = surface.sim.with(|world| {
        world
            .journal
            .iter()
            .filter(|it| it.path.contains("/app/installations"))
            .count()
    });
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn without_github_it_lives_and_is_not_ready() {
    let surface = Surface::new().await;
    disturb(
        &surface,
        &json!({ "path": "/api/v3/app/installations", "fault": "status", "status": 503, "count": 1000 }),
    )
    .await;
    let ready = probe(&surface, "/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), &ready.body["github"], &ready.body["ready"]),
        (503, &json!("unreachable"), &json!(false))
    );
    assert_eq!(probe(&surface, "/healthz").await.status, 200);
    // It recovers a few seconds later, not at once: failures are remembered as well.
    disturb(&surface, &json!({})).await;
    assert_eq!(probe(&surface, "/readyz").await.status, 503);
    surface.clock.advance(std::time::Duration::from_secs(6));
    assert_eq!(probe(&surface, "/readyz").await.status, 200);
}

#[tokio::test]
async fn without_its_database_it_lives_and_is_not_ready() {
    let surface = Surface::new().await;
    surface.store.close().await.unwrap();
    let ready = probe(&surface, "/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), &ready.body["database"]),
        (503, &json!("does not answer"))
    );
    assert_eq!(probe(&surface, "/healthz").await.status, 200);
}
