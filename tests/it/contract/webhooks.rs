//! Webhooks: every payload the simulated GitHub sends, held against both published sets of payload schemas.
//!
//! The community's set (`@octokit/webhooks-schemas`) is older and closed, GitHub's own (`@octokit/openapi-webhooks`) is
//! newer and open. A payload has to satisfy each set that knows its event and action, at least one has to know it, and a key
//! is refused when neither describes it: the older set cannot know what GitHub added since.
//!
//! Invariant: a payload is judged by the schema of exactly its event and action, never by "one of all".

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Draft;
use serde_json::{Value, json};

use super::schema::{Keys, Schemas};
use super::tally::{Judged, TALLY, Tally};

/// The gate all stories share.
pub(crate) static GATE: LazyLock<Gate> = LazyLock::new(|| Gate::load(&super::dir(), &TALLY));

/// Where the schemas are wrong about what GitHub sends: how the sentence ends, and why it is not held against anybody.
const ERRATA: [(&str, &str); 2] = [
    (
        "/homepage: \"\" is not a \"uri\"",
        "a repository without a home page has an empty one, as 20 recorded payloads show",
    ),
    (
        ": \"merge_group\" is not one of \"branch_protection_rule\", \"check_run\" or 45 other candidates",
        "the list of events that an App can hear forgot one that both sets describe as a webhook",
    ),
];

/// Both sets of schemas, ready to judge.
#[derive(Debug)]
pub(crate) struct Gate {
    community: Schemas,
    official: Schemas,
    /// By `issues$labeled`, or by `push$event` where an event has no actions.
    community_kinds: BTreeMap<String, Value>,
    /// By `issues-labeled`, or by `push`.
    official_kinds: BTreeMap<String, Value>,
    tally: &'static Tally,
}

impl Gate {
    /// Reads both sets in `dir`.
    pub(crate) fn load(dir: &Path, tally: &'static Tally) -> Self {
        let community = super::read_json(dir, "webhooks-schemas.json");
        let kinds = community
            .get("definitions")
            .and_then(Value::as_object)
            .expect("the set has definitions");
        let community_kinds = kinds
            .keys()
            .filter(|name| name.contains('$'))
            .map(|name| (name.clone(), json!({ "$ref": format!("#/definitions/{name}") })))
            .collect();
        let mut official = super::read_json(dir, "webhooks-openapi.json");
        let kinds = official
            .get("webhooks")
            .and_then(Value::as_object)
            .expect("the set has webhooks")
            .iter();
        let official_kinds = kinds
            .filter_map(|(name, item)| {
                Some((
                    name.clone(),
                    item.pointer("/post/requestBody/content/application~1json/schema")?.clone(),
                ))
            })
            .collect();
        // Emptied in place: `json!` would copy what is put into it.
        official["webhooks"].take();
        Self {
            community: Schemas::new("gh:///community", Draft::Draft7, Keys::Caller, community),
            official: Schemas::new("gh:///webhooks", Draft::Draft202012, Keys::Caller, official),
            community_kinds,
            official_kinds,
            tally,
        }
    }

    /// How many kinds of payload each set knows: the community's, GitHub's own.
    pub(crate) fn kinds(&self) -> (usize, usize) {
        (self.community_kinds.len(), self.official_kinds.len())
    }

    /// Judges and counts: what is wrong, a sentence each.
    pub(crate) fn judge(&self, event: &str, body: &[u8]) -> Result<(), Vec<String>> {
        let payload: Value = match serde_json::from_slice(body) {
            Ok(payload) => payload,
            Err(error) => return Err(vec![format!("{event}: not JSON: {error}")]),
        };
        let wrong = self.wrong(event, &payload);
        let action = payload.get("action").and_then(Value::as_str).unwrap_or("event");
        self.tally.count(Judged::Webhook, &format!("{event}.{action}"));
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn wrong(&self, event: &str, payload: &Value) -> Vec<String> {
        let action = payload.get("action").and_then(Value::as_str);
        let community = self
            .community_kind(event, action)
            .map(|(name, schema)| (&self.community, name, schema));
        let official = self
            .official_kind(event, action)
            .map(|(name, schema)| (&self.official, name, schema));
        let mut wrong = Vec::new();
        // Keys that no set so far describes; `None` until one was asked.
        let mut unknown: Option<Vec<String>> = None;
        for (schemas, name, schema) in [community, official].into_iter().flatten() {
            wrong.extend(schemas.errors(name, schema, payload, name));
            let mut keys = Vec::new();
            schemas.unknown_keys(&[schema], payload, event, &mut keys);
            unknown = Some(match unknown {
                None => keys,
                Some(before) => before.into_iter().filter(|key| keys.contains(key)).collect(),
            });
        }
        wrong.retain(|sentence| !ERRATA.iter().any(|(part, _)| sentence.ends_with(part)));
        wrong.extend(unknown.unwrap_or_else(|| {
            vec![format!(
                "{event} with action {}: nobody described such a webhook",
                action.unwrap_or("(none)")
            )]
        }));
        wrong
    }

    fn community_kind(&self, event: &str, action: Option<&str>) -> Option<(&str, &Value)> {
        let of_action = format!("{event}${}", action.unwrap_or_default());
        entry(&self.community_kinds, &[&of_action, &format!("{event}$event")])
    }

    fn official_kind(&self, event: &str, action: Option<&str>) -> Option<(&str, &Value)> {
        let event = event.replace('_', "-");
        let of_action = format!("{event}-{}", action.unwrap_or_default().replace('_', "-"));
        // The one event whose actions are anybody's words, `repository_dispatch`, is described by a sample of one.
        entry(
            &self.official_kinds,
            &[&of_action, &event, &format!("{event}-sample.collected")],
        )
    }
}

fn entry<'a>(kinds: &'a BTreeMap<String, Value>, names: &[&str]) -> Option<(&'a str, &'a Value)> {
    names
        .iter()
        .find_map(|name| kinds.get_key_value(*name))
        .map(|(name, schema)| (name.as_str(), schema))
}

/// The example payloads that people recorded: 329 of 58 events, each with its event's name.
pub(crate) fn examples() -> impl Iterator<Item = (String, Value)> {
    let events = super::read_json(&super::dir(), "webhooks-examples.json");
    let Value::Array(events) = events else {
        panic!("the examples are a list")
    };
    events.into_iter().flat_map(|mut event| {
        let name = event
            .get("name")
            .and_then(Value::as_str)
            .expect("an event has a name")
            .to_owned();
        let bodies = event.get_mut("examples").map(Value::take);
        let Some(Value::Array(bodies)) = bodies else {
            panic!("{name} has no list of examples")
        };
        bodies.into_iter().map(move |body| (name.clone(), body))
    })
}

mod tests {
    use super::*;
    use crate::contract::{available, dir};

    /// The gate for samples, which are not counted as traffic.
    static SAMPLES: LazyLock<Gate> = LazyLock::new(|| Gate::load(&dir(), Tally::silent()));

    /// What is odd about single examples: part of the sentence, and why.
    const EXAMPLE_ERRATA: [(&str, &str); 9] = [
        (
            "check_run/check_suite/app/",
            "times written before GitHub wrote them as ISO 8601",
        ),
        ("check_run/app/", "times written before GitHub wrote them as ISO 8601"),
        ("installation/", "times as seconds since 1970, which GitHub did send"),
        ("plan/price_model", "prices written in lower case, as GitHub did before"),
        ("environment_url: \"\"", "a deployment without an address has an empty one"),
        (
            "repository_vulnerability_alert$create/sender/avatar_url",
            "a user other than the one whom the schema names",
        ),
        (
            "code_scanning_alert$reopened",
            "a rule with the help and tags that the schema holds to be null",
        ),
        ("release$published", "a release without name and body"),
        (
            "workflow_run$completed/workflow_run/conclusion",
            "a run that was completed without a conclusion",
        ),
    ];

    #[test]
    fn both_sets_are_known() {
        if available() {
            assert_eq!(GATE.kinds(), (224, 261));
        }
    }

    /// The examples were recorded over years, and lack the keys that GitHub added later. That alone is waived here, for the
    /// examples: what the simulated GitHub sends is judged without it.
    #[test]
    fn all_recorded_examples_pass_but_for_the_errata() {
        if !available() {
            return;
        }
        let (mut all, mut whole, mut unexpected, mut used) = (0, 0, Vec::new(), Vec::new());
        for (event, payload) in examples() {
            all += 1;
            let wrong = SAMPLES.wrong(&event, &payload);
            whole += usize::from(wrong.is_empty());
            for sentence in wrong.into_iter().filter(|it| !it.ends_with("is a required property")) {
                match EXAMPLE_ERRATA.iter().position(|(part, _)| sentence.contains(part)) {
                    Some(erratum) => used.push(erratum),
                    None => unexpected.push(format!("{event}: {sentence}")),
                }
            }
        }
        assert_eq!(unexpected, Vec::<String>::new());
        let idle: Vec<_> = EXAMPLE_ERRATA
            .iter()
            .enumerate()
            .filter(|(index, _)| !used.contains(index))
            .collect();
        assert!(idle.is_empty(), "errata that nothing needs any more: {idle:?}");
        assert_eq!((all, whole), (329, 191));
    }

    /// The first example of an event that lacks nothing.
    fn whole() -> BTreeMap<String, Value> {
        let mut out = BTreeMap::new();
        for (event, payload) in examples() {
            if !out.contains_key(&event) && SAMPLES.wrong(&event, &payload).is_empty() {
                out.insert(event, payload);
            }
        }
        out
    }

    #[test]
    fn a_misspelt_key_is_refused_wherever_it_stands() {
        if !available() {
            return;
        }
        let mut tried = 0;
        for (event, payload) in whole() {
            let inner = payload
                .as_object()
                .expect("an object")
                .iter()
                .filter(|(_, value)| value.is_object());
            for place in inner.map(|(key, _)| format!("/{key}")).chain([String::new()]) {
                let object = payload
                    .pointer(&place)
                    .and_then(Value::as_object)
                    .expect("the place is there");
                for key in object.keys() {
                    let mut misspelt = payload.clone();
                    let object = misspelt
                        .pointer_mut(&place)
                        .and_then(Value::as_object_mut)
                        .expect("the place is there");
                    let value = object.remove(key).expect("the key is there");
                    object.insert(format!("{key}x"), value);
                    assert!(
                        !SAMPLES.wrong(&event, &misspelt).is_empty(),
                        "{event}: {place}/{key}x was let through"
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 3_000, "only {tried} misspellings were tried");
    }

    #[test]
    fn wrong_webhooks_are_refused_with_a_sentence() {
        if !available() {
            return;
        }
        let whole = whole();
        let edit = |event: &str, pointer: &str, value: Value| {
            // Some events have no example that lacks nothing; what is wrong besides does not hide the fault made here.
            let mut payload = examples().find(|(name, _)| name == event).expect("an example").1;
            *payload.pointer_mut(pointer).expect("the place is there") = value;
            payload.to_string()
        };
        let mut without_sender = whole["issues"].clone();
        without_sender.as_object_mut().expect("an object").remove("sender");
        let cases = [
            (
                "issues",
                edit("issues", "/action", json!("labelled")),
                "issues with action labelled: nobody described",
            ),
            ("issuse", whole["issues"].to_string(), "issuse with action"),
            ("push", whole["issues"].to_string(), "\"ref\" is a required property"),
            (
                "issues",
                edit("issues", "/issue/number", json!("7")),
                "/issue/number: \"7\" is not of type \"integer\"",
            ),
            (
                "issues",
                edit("issues", "/issue/created_at", json!("today")),
                "/issue/created_at: \"today\" is not a \"date-time\"",
            ),
            ("issues", without_sender.to_string(), "\"sender\" is a required property"),
            (
                "check_run",
                edit("check_run", "/check_run/status", json!("done")),
                "/check_run/status: \"done\" is not one of",
            ),
            (
                "pull_request",
                edit("pull_request", "/pull_request/head/sha", json!(null)),
                "/pull_request/head/sha: null is not",
            ),
            ("issues", "{".to_owned(), "issues: not JSON"),
        ];
        for (event, body, sentence) in cases {
            let wrong = SAMPLES.judge(event, body.as_bytes()).expect_err(sentence);
            assert!(wrong.iter().any(|it| it.contains(sentence)), "{event}, {sentence}: {wrong:?}");
        }
        for event in ["issues", "check_suite", "workflow_run", "installation"] {
            assert_eq!(SAMPLES.judge(event, whole[event].to_string().as_bytes()), Ok(()), "{event}");
        }
    }

    #[test]
    fn a_key_that_only_the_newer_set_knows_is_let_through() {
        if !available() {
            return;
        }
        let mut payload = whole()["issues"].clone();
        payload["sender"]["user_view_type"] = json!("public");
        assert_eq!(SAMPLES.wrong("issues", &payload), Vec::<String>::new());
        payload["sender"]["user_view_typo"] = json!("public");
        assert_eq!(
            SAMPLES.wrong("issues", &payload),
            ["issues/sender/user_view_typo: nobody described this key"]
        );
    }
}
