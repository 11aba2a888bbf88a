//! The contract gate: what Millhand sends and what the simulated GitHub answers, held against GitHub's own descriptions.
//!
//! `tests/contract/fetch.sh` puts the descriptions into `target/contract`; nothing of them is committed. Three judges read
//! them: [`rest`] (REST requests and answers), [`webhooks`] (payloads) and [`graphql`] (documents and variables). Each says
//! what is wrong in sentences, or nothing.
//!
//! Invariant: a judge never passes what it could not look up. Unknown operations, events and fields are refused, and the
//! few places where the descriptions themselves are wrong stand in a table of errata, each with its reason.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

pub(crate) mod describe;
pub(crate) mod graphql;
pub(crate) mod rest;
pub(crate) mod schema;
pub(crate) mod tally;
pub(crate) mod webhooks;

/// The files that `fetch.sh` keeps; all must be there.
const FILES: [&str; 6] = [
    "rest.json",
    "rest-published.json",
    "webhooks-openapi.json",
    "webhooks-schemas.json",
    "webhooks-examples.json",
    "schema.graphql",
];

/// Where the descriptions are: `MILLHAND_CONTRACT_DIR`, else `target/contract` of this package.
pub(crate) fn dir() -> PathBuf {
    std::env::var_os("MILLHAND_CONTRACT_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/contract"),
        PathBuf::from,
    )
}

/// Whether the descriptions are there. Where they are not, tests of the contract are skipped with one line on stderr.
///
/// # Panics
/// When they are absent although `CI` or `MILLHAND_REQUIRE_CONTRACT` is set: there a skipped gate would be a lie.
pub(crate) fn available() -> bool {
    static AVAILABLE: LazyLock<bool> = LazyLock::new(|| {
        let demanded = ["CI", "MILLHAND_REQUIRE_CONTRACT"]
            .iter()
            .any(|name| is_set(std::env::var_os(name).as_deref()));
        decide(&dir(), demanded).unwrap_or_else(|sentence| panic!("{sentence}"))
    });
    *AVAILABLE
}

/// A variable switches something on unless it is empty, `0` or `false`.
fn is_set(value: Option<&std::ffi::OsStr>) -> bool {
    value.is_some_and(|value| !["", "0", "false"].iter().any(|off| value == *off))
}

fn decide(dir: &Path, demanded: bool) -> Result<bool, String> {
    let Some(missing) = FILES.iter().find(|file| !dir.join(file).is_file()) else {
        return Ok(true);
    };
    let sentence = format!("{} is missing: run tests/contract/fetch.sh", dir.join(missing).display());
    if demanded {
        return Err(sentence);
    }
    skip(&sentence);
    Ok(false)
}

#[expect(clippy::print_stderr, reason = "a skipped gate must be seen by whoever runs the tests")]
fn skip(sentence: &str) {
    eprintln!("SKIPPED: the contract gate is off, {sentence}");
}

/// One file of the descriptions as JSON.
pub(crate) fn read_json(dir: &Path, file: &str) -> Value {
    let bytes = std::fs::read(dir.join(file)).unwrap_or_else(|error| panic!("reading {file}: {error}"));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{file} is not JSON: {error}"))
}

mod tests {
    use super::{decide, is_set};

    #[test]
    fn absent_descriptions_are_skipped_or_refused_never_passed() {
        let empty = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(decide(empty.path(), false), Ok(false));
        let refusal = decide(empty.path(), true).expect_err("CI must not skip");
        assert!(refusal.contains("rest.json") && refusal.contains("fetch.sh"), "{refusal}");
        for file in super::FILES {
            std::fs::write(empty.path().join(file), "{}").expect("a file is written");
        }
        assert_eq!(decide(empty.path(), true), Ok(true));
    }

    #[test]
    fn a_switch_is_off_when_empty_or_false() {
        for (value, on) in [("true", true), ("1", true), ("", false), ("0", false), ("false", false)] {
            assert_eq!(is_set(Some(value.as_ref())), on, "{value:?}");
        }
        assert!(!is_set(None));
    }
}
