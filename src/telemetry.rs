//! The log: lines for people on a terminal, JSON for machines everywhere else, on standard error.
//!
//! Invariant: no known secret is written, in whatever form a message may carry it: a line passes a filter that knows their
//! values before it leaves the process.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What is logged when `RUST_LOG` says nothing: our own steps, and of libraries only what goes wrong.
const DEFAULT_FILTER: &str = "warn,millhand=info";

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";

/// Shorter values occur by chance; replacing them would tell more than they do.
const SECRET_BYTES_MIN: usize = 6;

/// Begins logging. `filter` is `RUST_LOG`; a filter that is none is told and the usual one taken. A second call does nothing.
pub fn init(filter: Option<&str>, secrets: &[SecretString]) {
    let (parsed, wrong) = match filter.filter(|text| !text.trim().is_empty()).map(EnvFilter::try_new) {
        Some(Ok(parsed)) => (parsed, false),
        Some(Err(_)) => (EnvFilter::new(DEFAULT_FILTER), true),
        None => (EnvFilter::new(DEFAULT_FILTER), false),
    };
    let person = io::stderr().is_terminal();
    let to = Redacting::new(secrets);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(to)
        .with_ansi(person);
    // It fails only if something logs already: then that goes on.
    let _ = if person {
        builder.try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    if wrong {
        tracing::warn!("RUST_LOG is no filter; logging as if it were {DEFAULT_FILTER}");
    }
}

/// Makes writers to standard error that know the secrets.
#[derive(Clone)]
struct Redacting(Arc<Vec<SecretString>>);

/// One event's way out. The formatter hands over whole lines.
struct Line<'a> {
    secrets: &'a [SecretString],
}

impl Redacting {
    fn new(secrets: &[SecretString]) -> Self {
        let mut forms: Vec<SecretString> = secrets.iter().flat_map(forms).collect();
        // A longer form first: a part of it may be a form of its own.
        forms.sort_by_key(|form| std::cmp::Reverse(form.expose_secret().len()));
        Self(Arc::new(forms))
    }
}

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { secrets: &self.0 }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(redact(buffer, self.secrets).as_bytes())?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A secret as it is, and as headers, addresses and JSON carry it; of a key every line.
fn forms(secret: &SecretString) -> Vec<SecretString> {
    let whole = secret.expose_secret().trim();
    let parts = whole.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let encoded = parts.flat_map(|part| {
        let escaped = serde_json::Value::from(part).to_string();
        [
            part.to_owned(),
            STANDARD.encode(part),
            STANDARD_NO_PAD.encode(part),
            URL_SAFE_NO_PAD.encode(part),
            utf8_percent_encode(part, NON_ALPHANUMERIC).to_string(),
            escaped.trim_matches('"').to_owned(),
        ]
    });
    encoded
        .filter(|form| form.len() >= SECRET_BYTES_MIN)
        .map(SecretString::from)
        .collect()
}

fn redact(line: &[u8], secrets: &[SecretString]) -> String {
    let mut text = String::from_utf8_lossy(line).into_owned();
    for secret in secrets {
        if text.contains(secret.expose_secret()) {
            text = text.replace(secret.expose_secret(), REDACTED);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(line: &str, secrets: &[&str]) -> String {
        let secrets: Vec<SecretString> = secrets.iter().map(|it| SecretString::from(*it)).collect();
        redact(line.as_bytes(), &Redacting::new(&secrets).0)
    }

    #[test]
    fn a_secret_is_gone_in_every_form() {
        let secret = "canary+\"value\"/1";
        for shown in [
            secret.to_owned(),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            "canary+\\\"value\\\"/1".to_owned(),
        ] {
            assert_eq!(redacted(&format!("a {shown} b"), &[secret]), "a [redacted] b", "{shown}");
        }
    }

    #[test]
    fn every_line_of_a_key_is_a_secret() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabcdef\nghijklmnop\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(
            redacted("found ghijklmnop in MIIEabcdef", &[key]),
            "found [redacted] in [redacted]"
        );
    }

    #[test]
    fn what_is_no_secret_stays() {
        assert_eq!(
            redacted("Phase 1 of workflow", &["other-secret", "of"]),
            "Phase 1 of workflow"
        );
    }
}
