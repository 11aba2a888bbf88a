//! The key under which an answer is kept.
//!
//! Invariant: two calls have one key if and only if they are of one repository and a model would be asked the very same.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Prompt;
use super::profile::Profile;

/// Changes when what makes up a key changes, so that no old entry is found under a new rule.
const VERSION: &str = "1";

/// Where an answer may be used again: never in another repository, never for another installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// GitHub's id of the installation.
    pub installation: u64,
    /// GitHub's id of the repository.
    pub repository: u64,
}

/// The cache key of a call: SHA-256, hexadecimal, over its parts in the order of their names, each with its length.
#[must_use]
pub fn key(scope: Scope, profile: &Profile, prompt: &Prompt) -> String {
    let temperature = prompt
        .temperature
        .map_or_else(|| "default".to_owned(), |value| value.to_string());
    let mut parts = [
        ("installation", scope.installation.to_string()),
        ("max_output_tokens", prompt.max_output_tokens.to_string()),
        ("model", profile.model.clone()),
        ("provider", profile.provider.name().to_owned()),
        ("repository", scope.repository.to_string()),
        ("role", prompt.role.name().to_owned()),
        ("schema", canonical(&prompt.schema)),
        ("system", prompt.system.clone()),
        ("task", prompt.task.name().to_owned()),
        ("temperature", temperature),
        ("user", prompt.user.clone()),
        ("version", VERSION.to_owned()),
    ];
    parts.sort();
    let mut hash = Sha256::new();
    for (name, value) in parts {
        hash.update(format!("{name} {}\n", value.len()));
        hash.update(value);
        hash.update("\n");
    }
    hex::encode(hash.finalize())
}

/// JSON with the keys of every object in order, whatever order the value's maps keep.
#[must_use]
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<(&String, &Value)> = object.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::llm::prompt::{EnvelopeKey, render};
    use crate::llm::task::{IssueText, RepositoryView, Task};

    const SCOPE: Scope = Scope {
        installation: 1,
        repository: 2,
    };

    fn prompt(body: &str) -> Prompt {
        let issue = IssueText {
            number: 1,
            title: "T".to_owned(),
            body: body.to_owned(),
            author: "ann".to_owned(),
        };
        let task = Task::Requirements {
            issue,
            answers: Vec::new(),
            repository: RepositoryView::default(),
        };
        render(&task, &EnvelopeKey::new(b"key"), &Profile::offline("large")).unwrap()
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let one: Value = serde_json::from_str(r#"{"b":{"y":1,"x":[{"q":1,"p":2}]},"a\n":"c"}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"a\n":"c","b":{"x":[{"p":2,"q":1}],"y":1}}"#).unwrap();
        assert_eq!(canonical(&one), r#"{"a\n":"c","b":{"x":[{"p":2,"q":1}],"y":1}}"#);
        assert_eq!(canonical(&one), canonical(&other));
        let with = |schema: &Value| Prompt {
            schema: schema.clone(),
            ..prompt("b")
        };
        let profile = Profile::offline("large");
        assert_eq!(key(SCOPE, &profile, &with(&one)), key(SCOPE, &profile, &with(&other)));
    }

    #[test]
    fn every_part_counts() {
        let profile = Profile::offline("large");
        let base = prompt("b");
        let same = key(SCOPE, &profile, &prompt("b"));
        assert_eq!(key(SCOPE, &profile, &base), same);
        assert_eq!(same.len(), 64);
        // The profile's name is only a name.
        assert_eq!(key(SCOPE, &Profile::offline("small"), &base), same);
        let with = |change: &dyn Fn(&mut Prompt)| {
            let mut prompt = base.clone();
            change(&mut prompt);
            key(SCOPE, &profile, &prompt)
        };
        let others = [
            key(
                Scope {
                    installation: 3,
                    ..SCOPE
                },
                &profile,
                &base,
            ),
            key(Scope { repository: 3, ..SCOPE }, &profile, &base),
            key(
                SCOPE,
                &Profile {
                    model: "other".to_owned(),
                    ..profile.clone()
                },
                &base,
            ),
            key(SCOPE, &profile, &prompt("c")),
            with(&|prompt| prompt.system.push('x')),
            with(&|prompt| prompt.user.insert(0, 'x')),
            with(&|prompt| prompt.schema = json!({})),
            with(&|prompt| prompt.max_output_tokens = 1),
            with(&|prompt| prompt.temperature = Some(0.5)),
            with(&|prompt| prompt.role = crate::llm::task::Role::CodeWriter),
            key(SCOPE, &profile, &base.with_error("{}", "it was empty").unwrap()),
        ];
        let all: std::collections::BTreeSet<_> = others.iter().chain([&same]).collect();
        assert_eq!(all.len(), others.len() + 1);
    }
}
