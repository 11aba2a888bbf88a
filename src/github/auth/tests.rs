//! Keys in all the forms that settings give them, JWTs read back, and tokens under many callers.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// A key in the two forms GitHub and other tools write, and its public half.
pub(in crate::github) fn key() -> (String, String, Vec<u8>) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let pkcs8 = frame("PRIVATE KEY", der.as_ref());
    // PKCS#8 wraps the PKCS#1 key GitHub hands out: for 2048 bits it begins at byte 26.
    let pkcs1 = frame("RSA PRIVATE KEY", &der.as_ref()[26..]);
    (pkcs1, pkcs8, pair.public_key().as_ref().to_vec())
}

fn frame(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn a_key_is_read_in_every_form_that_settings_give_it() {
    let (pkcs1, pkcs8, public) = key();
    let forms = [
        pkcs1.clone(),
        pkcs8.clone(),
        pkcs1.replace('\n', "\r\n"),
        pkcs1.replace('\n', "\\n"),
        pkcs8.replace('\n', " "),
        format!("\"{}\"", pkcs1.replace('\n', "\\n")),
        STANDARD.encode(&pkcs1),
        frame("x", pkcs8.as_bytes())
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<Vec<_>>()
            .join("\n"),
    ];
    let decoding = jsonwebtoken::DecodingKey::from_rsa_der(&public);
    for form in forms {
        let app = App::new(" 12345 ", &form.clone().into()).unwrap();
        let jwt = app.jwt(Millis(1_700_000_060_500)).unwrap();
        let mut rules = jsonwebtoken::Validation::new(Algorithm::RS256);
        rules.validate_exp = false;
        let read = jsonwebtoken::decode::<serde_json::Value>(jwt.expose_secret(), &decoding, &rules).unwrap();
        assert_eq!(
            read.claims,
            serde_json::json!({ "iat": 1_700_000_000, "exp": 1_700_000_600, "iss": "12345" })
        );
        assert!(!format!("{app:?}").contains(&form[40..60]));
    }
}

#[test]
fn a_jwt_is_encoded_as_github_documents_it() {
    let app = App::new("Iv23liEXAMPLE0000001", &key().0.into()).unwrap();
    let jwt = app.jwt(Millis(1_700_000_060_000)).unwrap();
    let mut parts = jwt.expose_secret().split('.');
    assert_eq!(parts.next(), Some("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9"));
    let claims = URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
    assert_eq!(claims, br#"{"iat":1700000000,"exp":1700000600,"iss":"Iv23liEXAMPLE0000001"}"#);
}

#[test]
fn a_wrong_key_is_refused_by_what_is_wrong_with_it() {
    let (pkcs1, _, _) = key();
    let cut = format!(
        "{}\n-----END RSA PRIVATE KEY-----",
        pkcs1.lines().take(5).collect::<Vec<_>>().join("\n")
    );
    let wrong = |label: &str| KeyError::WrongKind { label: label.to_owned() };
    let rows = [
        (String::new(), KeyError::Empty),
        (" \n ".to_owned(), KeyError::Empty),
        ("hello".to_owned(), KeyError::NotPem),
        (STANDARD.encode("hello"), KeyError::NotPem),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA".to_owned(), KeyError::NotPem),
        (frame("PUBLIC KEY", b"x"), wrong("PUBLIC KEY")),
        (frame("EC PRIVATE KEY", b"x"), wrong("EC PRIVATE KEY")),
        (frame("ENCRYPTED PRIVATE KEY", b"x"), wrong("ENCRYPTED PRIVATE KEY")),
        (frame("CERTIFICATE", b"x"), wrong("CERTIFICATE")),
        (frame("RSA PRIVATE KEY", b"not a key"), KeyError::Damaged),
        (cut, KeyError::Damaged),
    ];
    for (text, error) in rows {
        assert_eq!(App::new("1", &text.clone().into()).unwrap_err(), error, "{text}");
    }
}

const GRANT: Grant = Grant {
    installation: InstallationId(1),
    repository: Some(RepositoryId(7)),
    access: Access::Read,
};

#[tokio::test]
async fn a_hundred_callers_cause_one_request_and_share_its_failure() {
    for fails in [false, true] {
        let tokens = Tokens::default();
        let minted = AtomicU32::new(0);
        let ask = || {
            tokens.get(GRANT, Millis(0), || async {
                minted.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                if fails {
                    Err(Error::Suspended)
                } else {
                    Ok(SecretString::from("ghs_x"))
                }
            })
        };
        let answers = futures_util::future::join_all((0..100).map(|_| ask())).await;
        assert_eq!(minted.load(Ordering::SeqCst), 1, "fails: {fails}");
        assert!(answers.iter().all(|answer| answer.is_err() == fails));
        if fails {
            // The next caller, who comes later, tries again.
            assert!(ask().await.is_err());
            assert_eq!(minted.load(Ordering::SeqCst), 2);
        }
    }
}

#[tokio::test]
async fn a_token_is_kept_fifty_minutes_by_our_clock_and_dropped_when_refused() {
    let tokens = Tokens::default();
    let minted = AtomicU32::new(0);
    let minute = 60_000;
    let ask = |at: i64| {
        tokens.get(GRANT, Millis(at), || async {
            let number = minted.fetch_add(1, Ordering::SeqCst);
            Ok(SecretString::from(format!("ghs_{number}")))
        })
    };
    let first = ask(0).await.unwrap();
    assert_eq!(ask(49 * minute).await.unwrap().expose_secret(), "ghs_0");
    assert_eq!(ask(50 * minute).await.unwrap().expose_secret(), "ghs_1");
    tokens.refused(GRANT, &first).await;
    assert_eq!(
        ask(51 * minute).await.unwrap().expose_secret(),
        "ghs_1",
        "an older token's refusal does not count"
    );
    tokens.refused(GRANT, &SecretString::from("ghs_1")).await;
    assert_eq!(ask(51 * minute).await.unwrap().expose_secret(), "ghs_2");
    tokens.forget(InstallationId(1));
    assert_eq!(ask(51 * minute).await.unwrap().expose_secret(), "ghs_3");
}

#[test]
fn a_token_is_asked_for_one_repository_and_only_what_is_needed() {
    let body = GRANT.body();
    assert_eq!(body["repository_ids"], serde_json::json!([7]));
    assert_eq!(body["permissions"]["contents"], "read");
    assert_eq!(body["permissions"].get("workflows"), None);
    let write = Grant {
        access: Access::Write,
        ..GRANT
    }
    .body();
    assert_eq!(
        (&write["permissions"]["contents"], &write["permissions"]["statuses"]),
        (&"write".into(), &"read".into())
    );
    let all = Grant {
        repository: None,
        ..GRANT
    }
    .body();
    assert_eq!(all, serde_json::json!({ "permissions": { "metadata": "read" } }));
}
