//! What goes back over the wire: status, headers, body.
//!
//! Invariant: every answer carries GitHub's request id, API version and rate limit headers, errors too.

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::call::{Answer, Pages};
use crate::sim::ops::Refusal;
use crate::sim::render::{error_body, merge};

/// The media type of JSON answers.
const JSON: &str = "application/json; charset=utf-8";

/// An answer before it is sent; kept to be sent again as a stale one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Status.
    pub(crate) status: u16,
    /// Headers in lower case.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// JSON with a status.
    #[must_use]
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", JSON.to_owned())],
            body: value.to_string().into_bytes(),
        }
    }

    /// GitHub's no.
    #[must_use]
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let mut reply = Self::json(refusal.status, &error_body(refusal));
        if let Some(accepted) = &refusal.accepted_permissions {
            reply.headers.push(("x-accepted-github-permissions", accepted.clone()));
        }
        reply
    }

    /// A handler's answer; `address` is that of the call with its query, for links to other pages.
    #[must_use]
    pub(crate) fn of(answer: Answer, address: &str) -> Self {
        match answer {
            Answer::Json(status, value) => Self::json(status, &value),
            Answer::Empty(status) => Self {
                status,
                headers: Vec::new(),
                body: Vec::new(),
            },
            Answer::Raw { media_type, bytes } => Self {
                status: 200,
                headers: vec![("content-type", media_type.to_owned())],
                body: bytes,
            },
            Answer::Found(to) => Self {
                status: 302,
                headers: vec![("location", to)],
                body: Vec::new(),
            },
            Answer::List { items, inside, pages } => {
                let mut reply = match inside {
                    None => Self::json(200, &json!(items)),
                    Some((member, beside)) => {
                        let mut object = json!({ member: items });
                        merge(&mut object, beside);
                        Self::json(200, &object)
                    }
                };
                reply.headers.extend(link(&pages, address).map(|link| ("link", link)));
                reply
            }
        }
    }

    /// The weak entity tag of the body.
    #[must_use]
    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", hex::encode(Sha256::digest(&self.body)))
    }

    /// Turns a good answer to a read into 304 when the caller has it already.
    #[must_use]
    pub(crate) fn conditional(mut self, if_none_match: Option<&str>) -> Self {
        if self.status != 200 {
            return self;
        }
        let etag = self.etag();
        let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let known =
            if_none_match.is_some_and(|tags| tags.split(',').any(|tag| strong(tag) == strong(&etag) || tag.trim() == "*"));
        if known {
            self.status = 304;
            self.body.clear();
            self.headers.retain(|(name, _)| *name != "content-type");
        }
        self.headers.push(("etag", etag));
        self.headers
            .push(("cache-control", "private, max-age=60, s-maxage=60".to_owned()));
        self
    }

    /// The answer for axum.
    #[must_use]
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(Bytes::from(self.body)));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            // A value with a line break cannot be a header; such an answer goes without it.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// The `Link` header, none when there is one page only.
fn link(pages: &Pages, address: &str) -> Option<String> {
    let at = |parameter: &str, value: &str| with_parameter(address, parameter, value);
    let links: Vec<String> = match pages {
        Pages::Cursor(next) => next
            .iter()
            .map(|cursor| format!("<{}>; rel=\"next\"", at("cursor", cursor)))
            .collect(),
        Pages::Numbered { page, last } => {
            let mut links = Vec::new();
            let mut add = |number: usize, rel: &str| links.push(format!("<{}>; rel=\"{rel}\"", at("page", &number.to_string())));
            if *page > 1 {
                add((page - 1).min(*last), "prev");
            }
            if page < last {
                add(page + 1, "next");
                add(*last, "last");
            }
            if *page > 1 {
                add(1, "first");
            }
            links
        }
    };
    if links.is_empty() { None } else { Some(links.join(", ")) }
}

fn with_parameter(address: &str, parameter: &str, value: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name != parameter)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    pairs.push((parameter.to_owned(), value.to_owned()));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_the_pages_around_and_keep_the_other_parameters() {
        let pages = Pages::Numbered { page: 2, last: 4 };
        let header = link(&pages, "http://h/api/v3/repos/a/b/issues?state=all&page=2&per_page=1").unwrap();
        assert!(
            header.contains("<http://h/api/v3/repos/a/b/issues?state=all&per_page=1&page=3>; rel=\"next\""),
            "{header}"
        );
        assert!(
            header.contains("page=1>; rel=\"prev\"") && header.contains("page=4>; rel=\"last\""),
            "{header}"
        );
        assert_eq!(link(&Pages::Numbered { page: 1, last: 1 }, "http://h/x"), None);
        assert_eq!(link(&Pages::Cursor(None), "http://h/x"), None);
    }

    #[test]
    fn a_known_body_is_not_sent_again() {
        let reply = Reply::json(200, &json!({ "a": 1 }));
        let etag = reply.etag();
        assert_eq!(reply.clone().conditional(Some(&etag)).status, 304);
        assert_eq!(reply.clone().conditional(Some(&format!("\"x\", {etag}"))).status, 304);
        assert_eq!(reply.clone().conditional(Some("W/\"x\"")).status, 200);
        assert_eq!(Reply::json(404, &json!({})).conditional(Some("*")).status, 404);
    }
}
