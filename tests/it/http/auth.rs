//! Who may ask what: every route of the table with every kind of credential.

use axum::body::Body;
use axum::http::Request;
use millhand::http::{Access, ROUTES, Route};

use super::{Answer, Surface, TOKEN};

/// An address of the route. The workflow is none there is.
fn address(route: &Route) -> String {
    route.path.replace("{id}", "acme%2Ftodo%239")
}

async fn ask(surface: &Surface, route: &Route, (path, authorization): (&str, Option<&str>)) -> Answer {
    let mut request = Request::builder().method(route.method).uri(path);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    surface.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_api_answers_the_token_and_nobody_else() {
    let surface = Surface::new().await;
    let guarded: Vec<&Route> = ROUTES.iter().filter(|route| route.access == Access::Token).collect();
    assert!(
        guarded.iter().all(|route| route.path.starts_with("/api/")) && guarded.len() > 10,
        "the table is not what it was"
    );
    let basic = "Basic dDBrZW46".to_owned();
    for route in guarded {
        let path = address(route);
        let in_query = format!("{path}?token={TOKEN}&access_token={TOKEN}");
        let wrong = [
            (path.as_str(), None),
            (&path, Some("")),
            (&path, Some("Bearer")),
            (&path, Some("Bearer ")),
            (&path, Some("Bearer wrong")),
            (&path, Some("Bearer t0ke")),
            (&path, Some("bearer T0KEN")),
            (&path, Some(TOKEN)),
            (&path, Some(basic.as_str())),
            (&in_query, None),
        ];
        for sent in wrong {
            let about = format!("{} {sent:?}", route.method);
            let answer = ask(&surface, route, sent).await;
            assert_eq!(answer.status, 401, "{about}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{about}");
            answer.assert_problem(&about);
        }
        let right = ask(&surface, route, (&path, Some(&format!("Bearer {TOKEN}")))).await;
        assert_ne!(right.status, 401, "{} {path}", route.method);
        assert!(right.status.as_u16() < 500, "{} {path}: {}", route.method, right.body);
    }
}

#[tokio::test]
async fn without_a_token_the_api_is_closed() {
    let surface = Surface::with_token(None).await;
    for route in ROUTES.iter().filter(|route| route.access == Access::Token) {
        for sent in [None, Some("Bearer "), Some("Bearer t0ken"), Some("Bearer null")] {
            let answer = ask(&surface, route, (&address(route), sent)).await;
            assert_eq!(answer.status, 401, "{} {} {sent:?}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn the_token_signs_no_delivery_and_health_asks_for_nothing() {
    let surface = Surface::new().await;
    for route in ROUTES {
        let answer = ask(&surface, route, (&address(route), Some(&format!("Bearer {TOKEN}")))).await;
        match route.access {
            Access::GitHub => assert_eq!(answer.status, 415, "{}", route.path),
            Access::Anyone => assert_eq!(ask(&surface, route, (route.path, None)).await.status, 200, "{}", route.path),
            Access::Token => {}
        }
    }
}

#[tokio::test]
async fn what_is_not_in_the_table_is_not_there() {
    let surface = Surface::new().await;
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/workflows/",
        "/api/v1/workflows/x/advance",
        "/api/v1/workflows/x/prompt",
        "/api/v1/costs/trends",
        "/metrics",
        "/webhooks",
        "/api/v1/workflows/../../healthz",
    ] {
        let answer = surface.send(super::get(path)).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.assert_problem(path);
    }
    for (method, path) in [
        ("DELETE", "/api/v1/workflows"),
        ("PUT", "/api/v1/workflows/x"),
        ("GET", "/api/v1/workflows/x/pause"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = surface.send(request).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        answer.assert_problem(path);
    }
}
