//! Credentials: the App's key, the JWT made from it, and installation tokens.
//!
//! A token is narrowed to one repository and to reading or writing, so that a leaked one is worth little. It is kept by our
//! clock and renewed well before GitHub's hour is over. Tokens are opaque and may have any length (about 520 characters).
//!
//! Invariant: no credential is printable; callers that want the same token at once cause one request, also when it fails.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::error::Error;
use super::types::{InstallationId, RepositoryId};
use crate::clock::Millis;

/// How long a token is used. GitHub gives an hour; the rest is for slow calls and a wrong clock.
const TOKEN_LIFE: Duration = Duration::from_secs(50 * 60);

/// The JWT begins a minute ago, against a clock that is fast, and lives nine minutes more; GitHub allows ten.
const JWT_BACK_SECONDS: i64 = 60;
const JWT_LIFE_SECONDS: i64 = 540;

/// Length of a line of base64 in a PEM file (RFC 7468).
const PEM_LINE: usize = 64;

/// Whether a token may change things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Reading only.
    Read,
    /// Reading, and what Millhand writes: contents, issues, pull requests, checks, rerunning actions.
    Write,
}

/// Why the App's private key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The setting is empty.
    #[error("the private key is empty")]
    Empty,
    /// The text is no PEM, also not after base64 was taken off.
    #[error("the private key is not in PEM form (-----BEGIN RSA PRIVATE KEY----- ... -----END RSA PRIVATE KEY-----)")]
    NotPem,
    /// A PEM file of another kind: a certificate, a public key, a key of another algorithm, an encrypted one.
    #[error("the private key must be an unencrypted RSA key (PKCS#1 or PKCS#8), not \"{label}\"")]
    WrongKind {
        /// The label in the PEM file's first line.
        label: String,
    },
    /// The label is right and the content is not.
    #[error("the private key is damaged: it cannot sign")]
    Damaged,
}

/// The App's credentials.
#[derive(Clone)]
pub struct App {
    issuer: String,
    key: EncodingKey,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl App {
    /// The App with this id (its number or its client id) and private key. The key may be PKCS#1 or PKCS#8, with real line
    /// ends or `\n` written out, on one line, or wrapped in base64: environment variables do all of that to it.
    ///
    /// # Errors
    /// What is wrong with the key; it is tried by signing once.
    pub fn new(issuer: &str, key: &SecretString) -> Result<Self, KeyError> {
        let pem = SecretString::from(unfold(key.expose_secret())?);
        let key = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes()).map_err(|_| KeyError::Damaged)?;
        let app = Self {
            issuer: issuer.trim().to_owned(),
            key,
        };
        app.jwt(Millis(0)).map_err(|_| KeyError::Damaged)?;
        Ok(app)
    }

    /// A JWT that proves to be the App, good for nine minutes from `now`.
    pub(super) fn jwt(&self, now: Millis) -> Result<SecretString, Error> {
        #[derive(Serialize)]
        struct Claims<'a> {
            iat: i64,
            exp: i64,
            iss: &'a str,
        }
        let seconds = now.0.div_euclid(1000);
        let claims = Claims {
            iat: seconds - JWT_BACK_SECONDS,
            exp: seconds + JWT_LIFE_SECONDS,
            iss: &self.issuer,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map(SecretString::from)
            .map_err(|_| Error::Unauthorized {
                message: "the App's private key does not sign".to_owned(),
            })
    }
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    pub(super) installation: InstallationId,
    /// One repository; `None` reads the names of all that the installation reaches.
    pub(super) repository: Option<RepositoryId>,
    pub(super) access: Access,
}

impl Grant {
    /// The body that asks GitHub for such a token.
    pub(super) fn body(self) -> serde_json::Value {
        let Some(repository) = self.repository else {
            return serde_json::json!({ "permissions": { "metadata": "read" } });
        };
        let level = match self.access {
            Access::Read => "read",
            Access::Write => "write",
        };
        serde_json::json!({
            "repository_ids": [repository.0],
            "permissions": {
                "metadata": "read", "statuses": "read",
                "contents": level, "issues": level, "pull_requests": level, "checks": level, "actions": level,
            },
        })
    }
}

/// Installation tokens by what they are good for.
#[derive(Default)]
pub(super) struct Tokens {
    slots: Mutex<BTreeMap<Grant, Arc<Slot>>>,
}

/// One token and the story of getting it.
#[derive(Default)]
struct Slot {
    /// How often it was asked for. A caller that queued while a request failed gets that failure, not one more request.
    round: AtomicU64,
    last: tokio::sync::Mutex<Option<Result<(SecretString, Millis), Error>>>,
}

impl Tokens {
    /// The token for `grant`, made by `mint` if there is none that is fresh at `now`.
    pub(super) async fn get<F>(&self, grant: Grant, now: Millis, mint: impl FnOnce() -> F) -> Result<SecretString, Error>
    where
        F: Future<Output = Result<SecretString, Error>>,
    {
        let slot = self.slot(grant);
        let round = slot.round.load(Ordering::SeqCst);
        let mut last = slot.last.lock().await;
        match &*last {
            Some(Ok((token, since))) if now.since(*since) < TOKEN_LIFE => return Ok(token.clone()),
            Some(Err(error)) if slot.round.load(Ordering::SeqCst) > round => return Err(error.clone()),
            Some(Ok(_) | Err(_)) | None => {}
        }
        let minted = mint().await;
        slot.round.fetch_add(1, Ordering::SeqCst);
        *last = Some(minted.clone().map(|token| (token, now)));
        minted
    }

    /// Drops the token that GitHub refused; one that was made since stays.
    pub(super) async fn refused(&self, grant: Grant, token: &SecretString) {
        let slot = self.slot(grant);
        let mut last = slot.last.lock().await;
        if let Some(Ok((kept, _))) = &*last
            && kept.expose_secret() == token.expose_secret()
        {
            *last = None;
        }
    }

    /// Drops all tokens of an installation: its permissions changed, or it is suspended or gone.
    pub(super) fn forget(&self, installation: InstallationId) {
        self.lock().retain(|grant, _| grant.installation != installation);
    }

    fn slot(&self, grant: Grant) -> Arc<Slot> {
        Arc::clone(self.lock().entry(grant).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Grant, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings a private key back to the form it had as a file.
fn unfold(text: &str) -> Result<String, KeyError> {
    let text = text.trim().trim_matches(['"', '\'']).replace("\\r", "").replace("\\n", "\n");
    if text.trim().is_empty() {
        return Err(KeyError::Empty);
    }
    if let Some(pem) = rewrap(&text)? {
        return Ok(pem);
    }
    let packed: String = text.split_whitespace().collect();
    let unpacked = STANDARD
        .decode(packed)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or(KeyError::NotPem)?;
    rewrap(&unpacked)?.ok_or(KeyError::NotPem)
}

/// A PEM text with lines as RFC 7468 wants them; `None` if it has no PEM frame.
fn rewrap(text: &str) -> Result<Option<String>, KeyError> {
    let Some((_, rest)) = text.split_once("-----BEGIN ") else {
        return Ok(None);
    };
    let Some((label, rest)) = rest.split_once("-----") else {
        return Ok(None);
    };
    let Some((body, _)) = rest.split_once("-----END ") else {
        return Ok(None);
    };
    if !matches!(label, "RSA PRIVATE KEY" | "PRIVATE KEY") || body.contains("ENCRYPTED") {
        return Err(KeyError::WrongKind {
            label: label.chars().take(40).collect(),
        });
    }
    let body: String = body.split_whitespace().collect();
    if !body.is_ascii() {
        return Err(KeyError::Damaged);
    }
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(PEM_LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    Ok(Some(pem))
}

#[cfg(test)]
pub(super) mod tests;
