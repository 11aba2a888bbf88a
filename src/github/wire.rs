//! The way bytes go to GitHub: over the network, or to a router in this process.
//!
//! Both ways sit below octocrab as one tower service, so that everything above is the same in production and in tests. A
//! router's call runs as a task of its own: a caller that gives up does not undo what a server would have finished.
//!
//! Invariant: nothing is sent twice, no redirect is followed, every exchange ends by its time limit, and no answer is kept
//! beyond its size limit.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, Full};
use octocrab::OctoBody;
use tower::ServiceExt;

/// How long a connection may take to be made. Seconds are plenty: an address that does not answer by then is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an exchange may take. GitHub cuts its own work at 10 s; the rest is for the way and for large trees.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Largest answer that is read. The largest wanted is a recursive tree, which GitHub cuts at 7 MB.
pub(super) const ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// Which way requests go.
#[derive(Clone, Debug)]
pub struct Wire {
    via: Via,
    timeout: Duration,
}

#[derive(Clone, Debug)]
enum Via {
    Network(reqwest::Client),
    Router(Router),
}

/// Why the network cannot be used at all: proxy or certificate settings that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up: {0}")]
pub struct WireError(String);

impl Wire {
    /// Over the network, with rustls, the system's certificates and the proxy of the environment.
    ///
    /// # Errors
    /// The proxy or certificate settings cannot be read.
    pub fn network() -> Result<Self, WireError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| WireError(error.to_string()))?;
        Ok(Self {
            via: Via::Network(client),
            timeout: REQUEST_TIMEOUT,
        })
    }

    /// To a router in this process: GitHub's protocol without sockets.
    #[must_use]
    pub fn router(router: Router) -> Self {
        Self {
            via: Via::Router(router),
            timeout: REQUEST_TIMEOUT,
        }
    }

    /// The same way with another time limit per exchange.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// How an exchange failed. What matters to the caller is whether the request may have been carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Lost {
    /// The request never left.
    #[error("no connection: {0}")]
    NotSent(String),
    /// No whole answer within the time limit.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The connection broke after the request was sent.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The answer is larger than anything expected.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// How much of an answer is kept; travels as an extension of the request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keep {
    /// All of it, at most so many bytes.
    AtMost(usize),
    /// The last so many bytes of an answer of at most `of` bytes: the end of a log is where it failed.
    Tail {
        /// Bytes kept.
        last: usize,
        /// Bytes read before giving up.
        of: usize,
    },
}

/// The wire as octocrab takes it.
pub(super) struct Carrier(pub(super) Wire);

impl tower::Service<http::Request<OctoBody>> for Carrier {
    type Response = http::Response<Full<Bytes>>;
    type Error = Lost;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Lost>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<OctoBody>) -> Self::Future {
        let Wire { via, timeout } = self.0.clone();
        Box::pin(async move {
            let keep = request.extensions().get().copied().unwrap_or(Keep::AtMost(ANSWER_BYTES));
            match tokio::time::timeout(timeout, exchange(via, request, keep)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Lost::TimedOut(timeout)),
            }
        })
    }
}

async fn exchange(via: Via, request: http::Request<OctoBody>, keep: Keep) -> Result<http::Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|error| Lost::NotSent(error.to_string()))?
        .to_bytes();
    match via {
        Via::Network(client) => {
            let request = http::Request::from_parts(parts, body);
            let request = reqwest::Request::try_from(request).map_err(|error| Lost::NotSent(told(error)))?;
            let answer = client.execute(request).await.map_err(|error| {
                if error.is_connect() || error.is_builder() {
                    Lost::NotSent(told(error))
                } else {
                    Lost::Broken(told(error))
                }
            })?;
            let (parts, body) = http::Response::<reqwest::Body>::from(answer).into_parts();
            let body = read(body, keep, told).await?;
            Ok(http::Response::from_parts(parts, Full::new(body)))
        }
        Via::Router(router) => {
            let request = http::Request::from_parts(parts, axum::body::Body::from(body));
            let task = tokio::spawn(async move {
                let Ok(answer): Result<_, Infallible> = router.oneshot(request).await;
                answer
            });
            let answer = task.await.map_err(|error| Lost::Broken(error.to_string()))?;
            let (parts, body) = answer.into_parts();
            let body = read(body, keep, |error: axum::Error| error.to_string()).await?;
            Ok(http::Response::from_parts(parts, Full::new(body)))
        }
    }
}

/// A job log's address carries a signature: no address goes into an error.
fn told(error: reqwest::Error) -> String {
    error.without_url().to_string()
}

async fn read<B>(mut body: B, keep: Keep, told: fn(B::Error) -> String) -> Result<Bytes, Lost>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (limit, window) = match keep {
        Keep::AtMost(limit) => (limit, limit),
        Keep::Tail { last, of } => (of, last),
    };
    let mut kept: Vec<u8> = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| Lost::Broken(told(error)))?.into_data() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        if seen > limit {
            return Err(Lost::TooLarge(limit));
        }
        kept.extend_from_slice(&data);
        // Twice the window before anything is thrown away, so that the bytes are not moved at every frame.
        if kept.len() > window.saturating_mul(2) {
            kept.drain(..kept.len() - window);
        }
    }
    if kept.len() > window {
        kept.drain(..kept.len() - window);
    }
    Ok(Bytes::from(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(text: &'static str, keep: Keep) -> Result<Bytes, Lost> {
        read(axum::body::Body::from(text), keep, |error: axum::Error| error.to_string()).await
    }

    #[tokio::test]
    async fn an_answer_over_its_limit_is_refused_and_a_tail_keeps_its_end() {
        assert_eq!(read_all("0123456789", Keep::AtMost(10)).await.unwrap(), "0123456789");
        assert!(matches!(
            read_all("0123456789", Keep::AtMost(9)).await,
            Err(Lost::TooLarge(9))
        ));
        assert_eq!(read_all("0123456789", Keep::Tail { last: 3, of: 100 }).await.unwrap(), "789");
        assert!(matches!(
            read_all("0123456789", Keep::Tail { last: 3, of: 5 }).await,
            Err(Lost::TooLarge(5))
        ));
    }
}
