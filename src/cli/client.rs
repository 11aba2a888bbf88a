//! The command line as a client of a server.
//!
//! Invariant: the token goes to the server that was named and nowhere else; an answer becomes an exit code by its status.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::{Host, Url};

use super::args::Server;
use super::failure::Failure;
use crate::config::Config;

/// A little more than the server itself takes for any answer.
const TIMEOUT: Duration = Duration::from_secs(40);

/// What stays as it is in a part of an address.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A server and the right to ask it.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token: SecretString,
}

/// An answer that is no error.
pub(super) struct Answer {
    /// 202: stored, not decided yet.
    pub(super) undecided: bool,
    pub(super) body: Value,
}

impl Client {
    pub(super) fn new(server: &Server, config: &Config) -> Result<Self, Failure> {
        let base = match &server.server {
            Some(named) => address(named)?,
            None => listening(config),
        };
        let token = config
            .api_token
            .clone()
            .ok_or_else(|| Failure::usage("MILLHAND_API_TOKEN is not set: give the token that the server was started with."))?;
        Self::with(base, token)
    }

    /// Of a server that is known to be there.
    pub(super) fn with(base: String, token: SecretString) -> Result<Self, Failure> {
        let mut builder = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("millhand/", env!("CARGO_PKG_VERSION")));
        if is_this_machine(&base) {
            // A proxy would not find this machine.
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| Failure::failed(format!("No connection can be made: {error}.")))?;
        Ok(Self { http, base, token })
    }

    /// Reads `/api/v1/` and `path`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        Ok(self.ask(self.http.get(self.url(path))).await?.body)
    }

    /// Sends a command to `/api/v1/` and `path`.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let request = self.http.post(self.url(path)).header("content-type", "application/json");
        self.ask(request.body(body.to_string())).await
    }

    /// Reads a list whole: all its pages, or as many as hold `limit` items.
    pub(super) async fn list(&self, path: &str, member: &str, limit: usize) -> Result<Value, Failure> {
        let (mut items, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let wanted = limit.saturating_sub(items.len()).clamp(1, crate::http::PAGE_MAX as usize);
            let mut address = format!("{path}{}limit={wanted}", if path.contains('?') { '&' } else { '?' });
            if let Some(text) = text(&cursor) {
                address.push_str(&format!("&cursor={}", part(&text)));
            }
            let mut page = self.get(&address).await?;
            if let Value::Array(more) = page[member].take() {
                items.extend(more);
            }
            cursor = page["next"].take();
            if cursor.is_null() || items.len() >= limit {
                return Ok(serde_json::json!({ member: items, "next": cursor }));
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base)
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Answer, Failure> {
        let answer = request
            .bearer_auth(self.token.expose_secret())
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.map_err(|error| self.unreachable(&error))?;
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if (200..300).contains(&status) && !body.is_null() {
            return Ok(Answer {
                undecided: status == 202,
                body,
            });
        }
        Err(self.refusal(status, &body))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let base = &self.base;
        if error.is_timeout() {
            return Failure::failed(format!("The server at {base} does not answer in time."));
        }
        Failure::failed(format!(
            "There is no server at {base}: start it by `millhand serve`, or name it by --server."
        ))
    }

    fn refusal(&self, status: u16, body: &Value) -> Failure {
        let detail = body["detail"].as_str().map(str::to_owned);
        let told = detail.unwrap_or_else(|| format!("The server at {} answers with {status}.", self.base));
        match status {
            401 => Failure::usage("The server refuses the token: MILLHAND_API_TOKEN must be the one it was started with."),
            404 => Failure::not_found(told),
            409 => Failure::refused(told),
            400 | 405 | 413 | 415 | 422 => Failure::usage(told),
            _ => match body["request_id"].as_str() {
                Some(id) => Failure::failed(format!("{told} (request {id})")),
                None => Failure::failed(told),
            },
        }
    }
}

/// A part of an address: a workflow's id, a value of a query.
pub(super) fn part(text: &str) -> String {
    utf8_percent_encode(text, PART).to_string()
}

/// A cursor is a number or a text.
fn text(cursor: &Value) -> Option<String> {
    cursor
        .as_str()
        .map(str::to_owned)
        .or_else(|| cursor.as_i64().map(|number| number.to_string()))
}

fn address(named: &str) -> Result<String, Failure> {
    let wrong = || Failure::usage(format!("--server {named} is no address, such as http://127.0.0.1:8080."));
    let whole = if named.contains("://") {
        named.to_owned()
    } else {
        format!("http://{named}")
    };
    let url = Url::parse(&whole).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.query().is_some() {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Where the settings say that the server listens. A server on all addresses is here, too.
fn listening(config: &Config) -> String {
    let mut at = config.listen;
    match at.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => at.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => at.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    format!("http://{at}")
}

fn is_this_machine(base: &str) -> bool {
    match Url::parse(base).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_with_or_without_its_scheme() {
        for (named, base) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://millhand.example/", "https://millhand.example"),
            ("http://h/below/", "http://h/below"),
        ] {
            assert_eq!(address(named).unwrap(), base);
        }
        for named in ["ftp://h", "http://", "http://h?x=1", "not an address"] {
            assert_eq!(address(named).unwrap_err().code, 2, "{named}");
        }
    }

    #[test]
    fn a_status_is_an_exit_code() {
        let client = Client::with("http://127.0.0.1:1".to_owned(), SecretString::from("t")).unwrap();
        let rows = [
            (400, 2),
            (401, 2),
            (404, 3),
            (405, 2),
            (409, 4),
            (413, 2),
            (415, 2),
            (422, 2),
            (500, 1),
            (503, 1),
            (302, 1),
        ];
        for (status, code) in rows {
            assert_eq!(client.refusal(status, &Value::Null).code, code, "{status}");
        }
        let told = client.refusal(409, &serde_json::json!({ "detail": "Nothing waits." }));
        assert_eq!(told.sentence, "Nothing waits.");
    }

    #[test]
    fn an_id_is_one_part_of_an_address() {
        assert_eq!(part("acme/todo#1"), "acme%2Ftodo%231");
    }
}
