//! The proof that a delivery comes from GitHub.
//!
//! `X-Hub-Signature-256` is `sha256=` and the lower-case hexadecimal HMAC-SHA256 of the body's raw bytes under the webhook
//! secret ("Validating webhook deliveries" in GitHub's documentation). The SHA-1 header of old is no proof.
//!
//! Invariant: compares in constant time, against every secret, before anything looks into the body.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Whether `header` signs `body` under one of `secrets`: the current one, and the previous one while rotating. An empty
/// secret signs nothing.
#[must_use]
pub fn verify(secrets: &[SecretString], body: &[u8], header: Option<&str>) -> bool {
    let Some(digits) = header.and_then(|header| header.strip_prefix("sha256=")) else {
        return false;
    };
    let mut claimed = [0_u8; 32];
    if digits.bytes().any(|digit| digit.is_ascii_uppercase()) || hex::decode_to_slice(digits, &mut claimed).is_err() {
        return false;
    }
    // Every secret is tried, whichever fits: the time does not tell which one is in use.
    secrets
        .iter()
        .fold(false, |fits, secret| fits | fits_one(secret, body, &claimed))
}

/// The header's value for `body` under `secret`.
#[must_use]
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    match keyed(secret) {
        Some(mac) => format!("sha256={}", hex::encode(mac.chain_update(body).finalize().into_bytes())),
        None => String::new(),
    }
}

fn fits_one(secret: &SecretString, body: &[u8], claimed: &[u8; 32]) -> bool {
    keyed(secret).is_some_and(|mac| mac.chain_update(body).verify_slice(claimed).is_ok())
}

fn keyed(secret: &SecretString) -> Option<Hmac<Sha256>> {
    let key = secret.expose_secret().as_bytes();
    if key.is_empty() {
        None
    } else {
        Hmac::new_from_slice(key).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: &str = "It's a Secret to Everybody";
    const FISH: &str = "swordfish-secret";
    const LABELED: &str =
        "{\"action\":\"labeled\",\"issue\":{\"number\":7,\"title\":\"Añadir caché 🚀\"},\"sender\":{\"login\":\"octocat\"}}";

    /// GitHub's own vector first, then others computed with two implementations.
    const VECTORS: &[(&str, &str, &str)] = &[
        (
            GITHUB,
            "Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (GITHUB, "", "66a0c074deaa0f489ead6537e0d32f9a344b90bbeda705b6ed45ecd3b413fb40"),
        (
            FISH,
            LABELED,
            "c8ec2b259fa095500be6940ff8ff9174f550beee6fb863d94999f549687a1146",
        ),
        (
            FISH,
            "{\"zen\":\"Keep it logically awesome.\",\"hook_id\":1}",
            "5595a74b96332809cc4b9b61a201a657989c7ffee9e788e946e562b1d695ae43",
        ),
        (
            FISH,
            "payload=%7B%22zen%22%3A%22ok%22%7D",
            "b9ac90919fdea13a1cadb54186fab83d0bdc34f75c17c873aa27245308aee5d8",
        ),
    ];

    #[test]
    fn the_vectors_verify_and_are_what_we_sign() {
        for (secret, body, digest) in VECTORS {
            let (secret, header) = (SecretString::from(*secret), format!("sha256={digest}"));
            assert!(
                verify(std::slice::from_ref(&secret), body.as_bytes(), Some(&header)),
                "{body}"
            );
            assert_eq!(sign(&secret, body.as_bytes()), header);
        }
    }

    #[test]
    fn one_byte_more_is_another_body() {
        let digest = "7cc62a7f5069cf0a1cf27bd00a25ebfb660f8fb2ec34aafa9edd694558445de3";
        let (secrets, header) = ([SecretString::from(FISH)], format!("sha256={digest}"));
        assert!(verify(&secrets, format!("{LABELED}\n").as_bytes(), Some(&header)));
        assert!(!verify(&secrets, LABELED.as_bytes(), Some(&header)));
    }

    #[test]
    fn either_secret_fits_while_rotating() {
        let header = format!("sha256={}", VECTORS[0].2);
        let both = [SecretString::from("new"), SecretString::from(GITHUB)];
        assert!(verify(&both, b"Hello, World!", Some(&header)));
        assert!(!verify(&both[..1], b"Hello, World!", Some(&header)));
        assert!(!verify(&[], b"Hello, World!", Some(&header)));
    }

    #[test]
    fn anything_but_the_one_form_is_refused() {
        let good = VECTORS[0].2;
        let wrong = [
            String::new(),
            good.to_owned(),
            format!("sha1={good}"),
            "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59".to_owned(),
            "sha256=01dc10d0c83e72ed246219cdd91669667fe2ca59".to_owned(),
            "sha256=".to_owned(),
            format!("sha256={}", good.to_uppercase()),
            format!("SHA256={good}"),
            format!("sha256= {good}"),
            format!("sha256={good} "),
            format!("sha256={good}00"),
            format!("sha256={}", &good[..62]),
            format!("sha256={}g", &good[..63]),
            format!("sha256={}", "0".repeat(64)),
            format!("sha256={}", "é".repeat(32)),
        ];
        let secrets = [SecretString::from(GITHUB)];
        for header in &wrong {
            assert!(!verify(&secrets, b"Hello, World!", Some(header)), "{header}");
        }
        assert!(!verify(&secrets, b"Hello, World!", None));
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        let empty = SecretString::from("");
        assert_eq!(sign(&empty, b"x"), "");
        assert!(!verify(&[empty], b"", Some(&format!("sha256={}", "0".repeat(64)))));
    }
}
