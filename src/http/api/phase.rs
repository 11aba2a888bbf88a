//! A phase as requests name it: by number, `2` or `"2"`, or by id, `"02-parser"`.

use serde::{Deserialize, Deserializer, de};

use crate::workflow::command::PhaseRef;
use crate::workflow::plan::SLUG_CHARS_MAX;

/// What an id or number looks like, for whoever wrote another.
pub(super) const SHAPE: &str = "a phase is named by its number (2) or its id (\"02-parser\")";

/// A phase in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phase(pub(super) PhaseRef);

impl<'de> Deserialize<'de> for Phase {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u32),
            Text(String),
        }
        let written = Written::deserialize(from).map_err(|_| de::Error::custom(SHAPE))?;
        let found = match written {
            Written::Number(number) => (number > 0).then_some(PhaseRef::Number(number)),
            Written::Text(text) => read(&text),
        };
        found.map(Self).ok_or_else(|| de::Error::custom(SHAPE))
    }
}

/// `None` if the text can name no phase.
pub(super) fn read(text: &str) -> Option<PhaseRef> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|number| *number > 0).map(PhaseRef::Number);
    }
    let lower = text.to_ascii_lowercase();
    let (number, slug) = lower.split_once('-')?;
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let named = (1..=SLUG_CHARS_MAX).contains(&slug.len())
        && slug
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (numbered && named).then_some(PhaseRef::Id(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_a_number_or_an_id() {
        for (json, phase) in [
            ("2", PhaseRef::Number(2)),
            ("\"2\"", PhaseRef::Number(2)),
            ("\"02-parser\"", PhaseRef::Id("02-parser".to_owned())),
            ("\"02-Parser\"", PhaseRef::Id("02-parser".to_owned())),
        ] {
            assert_eq!(serde_json::from_str::<Phase>(json).unwrap(), Phase(phase), "{json}");
        }
        for json in [
            "0",
            "-1",
            "1.5",
            "\"\"",
            "\"-\"",
            "\"parser\"",
            "\"02-\"",
            "\"02-a b\"",
            "\"99999999999\"",
            "[]",
            "null",
        ] {
            let told = serde_json::from_str::<Phase>(json).unwrap_err().to_string();
            assert!(told.starts_with(SHAPE), "{json}: {told}");
        }
    }
}
