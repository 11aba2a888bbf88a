//! Secrets that must not be posted: those that this process knows, and what has the shape of one.
//!
//! Invariant: the error names the kind and never the value.

use std::fmt;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::RegexSet;
use secrecy::{ExposeSecret, SecretString};

/// Shortest known value that is looked for. Shorter ones occur in ordinary text.
const SHORTEST: usize = 8;

/// Kinds of tokens and how they look. Installation tokens have dots and hundreds of characters since 2026.
const SHAPES: &[(&str, &str)] = &[
    ("a GitHub token", r"gh[pousr]_[A-Za-z0-9._-]{36,}"),
    ("a GitHub token", r"github_pat_[A-Za-z0-9_]{22,}"),
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    (
        "a model provider's key",
        r"\bsk-(?:proj|ant|svcacct|admin|or)-[A-Za-z0-9_-]{20,}",
    ),
    ("a model provider's key", r"\bsk-[A-Za-z0-9]{32,}"),
    ("a model provider's key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a cloud key", r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b"),
    ("a chat token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    (
        "a signed token",
        r"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    ),
];

static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(SHAPES.iter().map(|(_, shape)| shape)).expect("the shapes above are valid expressions: a test uses each")
});

/// The text holds a secret and is not posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text holds {what} and is not posted")]
pub struct Blocked {
    /// The kind of secret.
    pub what: &'static str,
}

/// The secrets of this process.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Each value in the encodings it could leave in, without white space.
    forms: Arc<[SecretString]>,
}

impl Secrets {
    /// Knows these values.
    #[must_use]
    pub fn new<'a>(values: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let known = values
            .into_iter()
            .map(|value| squeezed(value.expose_secret()))
            .filter(|value| value.len() >= SHORTEST);
        Self {
            forms: known.flat_map(|value| forms(&value)).map(SecretString::from).collect(),
        }
    }

    /// Looks for a secret in `text`.
    ///
    /// # Errors
    /// The kind of what was found.
    pub fn look(&self, text: &str) -> Result<(), Blocked> {
        if let Some(index) = PATTERNS.matches(text).iter().next() {
            return Err(Blocked {
                what: SHAPES.get(index).map_or("a secret", |(what, _)| what),
            });
        }
        if self.forms.is_empty() {
            return Ok(());
        }
        let text = squeezed(text);
        let held = self.forms.iter().any(|form| text.contains(form.expose_secret()));
        if held {
            Err(Blocked {
                what: "one of this service's own secrets",
            })
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} forms)", self.forms.len())
    }
}

/// Without white space and invisible characters, so that a secret broken over lines is the same secret.
fn squeezed(text: &str) -> String {
    super::scan::bare(text).chars().filter(|c| !c.is_whitespace()).collect()
}

fn forms(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let mut forms = vec![
        value.to_owned(),
        hex::encode(bytes),
        hex::encode_upper(bytes),
        percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string(),
        value.replace('\\', "\\\\").replace('"', "\\\""),
    ];
    // In base64 a value looks different by where it begins in a group of three; the ends depend on its neighbours.
    for before in 0..3 {
        let padded = [&vec![0; before], bytes].concat();
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            let start = (before * 8).div_ceil(6);
            let end = text.len().saturating_sub(1);
            forms.extend(text.get(start..end).map(str::to_owned));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_blocks_and_ordinary_words_do_not() {
        let samples = [
            "ghs_1234_eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDB9.abcdefghijk".to_owned(),
            format!("token ghp_{} end", "a1".repeat(18)),
            format!("github_pat_{}", "A1_".repeat(10)),
            "-----BEGIN RSA PRIVATE KEY-----".to_owned(),
            "-----BEGIN PRIVATE KEY-----".to_owned(),
            format!("sk-proj-{}", "aB3".repeat(12)),
            format!("sk-ant-api03-{}", "aB3".repeat(12)),
            format!("AIza{}", "a".repeat(35)),
            "AKIAABCDEFGHIJKLMNOP".to_owned(),
            "xoxb-1234567890-abc".to_owned(),
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDB9.abcdefghijklmnopqrst".to_owned(),
        ];
        for sample in samples {
            assert!(Secrets::default().look(&sample).is_err(), "{sample}");
        }
        for fine in [
            "ghs_x",
            "a sk-ip",
            "sk-learn-based-classification-pipeline",
            "the task-force-of-the-very-long-name-here",
            "public key",
            "eyJhIjoxfQ",
        ] {
            assert_eq!(Secrets::default().look(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn a_known_value_blocks_in_every_encoding_and_is_never_shown() {
        let value = SecretString::from("corr\"ect horse/battery+staple");
        let secrets = Secrets::new([&value, &SecretString::from("short")]);
        let plain = value.expose_secret();
        let encoded = [
            plain.to_owned(),
            plain.replace(' ', "\n  "),
            format!("x{}y", hex::encode(plain.replace(' ', ""))),
            STANDARD_NO_PAD.encode(format!("a{}", plain.replace(' ', ""))),
            STANDARD_NO_PAD.encode(format!("ab{}zz", plain.replace(' ', ""))),
            "corr%22ecthorse%2Fbattery%2Bstaple".to_owned(),
            plain.replace('o', "o\u{200b}"),
        ];
        for text in encoded {
            let blocked = secrets.look(&text).unwrap_err();
            assert!(!blocked.to_string().contains("horse"), "{blocked}");
        }
        assert_eq!(secrets.look("a short horse"), Ok(()));
        assert!(!format!("{secrets:?}").contains("horse"));
    }
}
