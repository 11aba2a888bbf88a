//! A GitHub of a few lines: answers what a test says and remembers what it was asked. It speaks the protocol; nothing of
//! ours is replaced.

use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use serde_json::{Value, json};

use super::*;
use crate::clock::{ManualClock, Millis, SeededEntropy};

/// The time at which benches begin.
pub(crate) const START: Millis = Millis(1_700_000_000_000);

pub(crate) const BASE: &str = "1111111111111111111111111111111111111111";
pub(crate) const HEAD: &str = "2222222222222222222222222222222222222222";
pub(crate) const OTHER: &str = "3333333333333333333333333333333333333333";

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Value,
}

impl Asked {
    /// `GET /path`, or the name of a document.
    pub(crate) fn line(&self) -> String {
        match self.body.get("operationName").and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => format!("{} {}", self.method, self.path),
        }
    }

    pub(crate) fn variable(&self, name: &str) -> &Value {
        &self.body["variables"][name]
    }
}

/// An answer: status, headers, body.
pub(crate) struct Answer(pub(crate) u16, pub(crate) Vec<(&'static str, String)>, pub(crate) String);

pub(crate) fn ok(body: &Value) -> Answer {
    Answer(200, Vec::new(), body.to_string())
}

pub(crate) fn status(status: u16, message: &str) -> Answer {
    Answer(status, Vec::new(), json!({ "message": message }).to_string())
}

/// `data` of a GraphQL answer.
pub(crate) fn data(data: &Value) -> Answer {
    ok(&json!({ "data": data }))
}

pub(crate) struct Bench {
    pub(crate) github: Github,
    pub(crate) clock: Arc<ManualClock>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

static KEY: LazyLock<String> = LazyLock::new(|| auth::tests::key().0);

impl Bench {
    /// A bench that answers by `answer`; tokens and Millhand's own identity are answered for it.
    pub(crate) fn new(answer: impl Fn(&Asked) -> Answer + Clone + Send + Sync + 'static) -> Self {
        Self::with(move |asked| match usual(asked) {
            Some(usual) => usual,
            None => answer(asked),
        })
    }

    /// A bench that answers everything by `answer`.
    pub(crate) fn with(answer: impl Fn(&Asked) -> Answer + Clone + Send + Sync + 'static) -> Self {
        let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = Arc::clone(&log);
        let router = Router::new().fallback(move |request: Request| {
            let (seen, answer) = (Arc::clone(&seen), answer.clone());
            async move {
                let asked = read(request).await;
                seen.lock().unwrap().push(asked.clone());
                let Answer(status, headers, body) = answer(&asked);
                let mut response = http::Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).unwrap()
            }
        });
        Self::over(Wire::router(router), log)
    }

    pub(crate) fn over(wire: Wire, asked: Arc<Mutex<Vec<Asked>>>) -> Self {
        Self::at(
            Endpoints::derive("http://127.0.0.1:1/api/v3", None, None).unwrap(),
            wire,
            asked,
        )
    }

    pub(crate) fn at(endpoints: Endpoints, wire: Wire, asked: Arc<Mutex<Vec<Asked>>>) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let github = Github::new(Setup {
            endpoints,
            wire,
            app: App::new("99", &KEY.clone().into()).unwrap(),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(1)),
        });
        Self { github, clock, asked }
    }

    /// What was asked since the last look, without tokens and identity.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.take()
            .iter()
            .filter(|asked| usual(asked).is_none())
            .map(Asked::line)
            .collect()
    }

    /// All that was asked since the last look.
    pub(crate) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

pub(crate) fn repo() -> Repo {
    Repo {
        id: RepositoryId(7),
        node_id: NodeId("R_7".to_owned()),
        owner: "acme".to_owned(),
        name: "todo".to_owned(),
        installation: InstallationId(5),
    }
}

pub(crate) fn sha(text: &str) -> Sha {
    Sha::new(text).unwrap()
}

pub(crate) fn rendered(text: &str) -> render::Rendered {
    render::Renderer::new(&Endpoints::github_com(), &repo())
        .markdown(text)
        .unwrap()
}

/// Answers that every bench gives.
fn usual(asked: &Asked) -> Option<Answer> {
    let path = asked.path.strip_prefix("/api/v3")?;
    Some(match path {
        "/app/installations/5/access_tokens" => {
            ok(&json!({ "token": "ghs_99_token", "expires_at": "2026-11-21T08:00:00Z", "permissions": {} }))
        }
        "/app" => ok(&json!({ "id": 99, "slug": "millhand", "name": "Millhand" })),
        "/users/millhand%5Bbot%5D" => ok(&json!({ "id": 990, "login": "millhand[bot]", "type": "Bot" })),
        _ => return None,
    })
}

async fn read(request: Request) -> Asked {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    Asked {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().unwrap().to_string(),
        authorization: header("authorization"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}
