//! What tells people about the file: the table in the plan comment, the JSON Schema, the page of documentation.

use std::path::Path;

use insta::assert_snapshot;
use millhand::workflow::repo_config::keys::KEYS;
use millhand::workflow::repo_config::{OperatorPolicy, effective, parse, schema};
use millhand::workflow::settings::Settings;
use millhand::workflow::text::settings;
use serde_json::{Value, json};

use super::good::{WHOLE, one, samples};

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn table(own: &Settings, text: &str) -> String {
    let holds = effective(own, &OperatorPolicy::default(), &parse(text.as_bytes()).unwrap());
    settings::effective(&holds.rows, &holds.notes)
}

#[test]
fn a_table_tells_what_somebody_set() {
    let mut own = Settings::default();
    own.limits.attempts = 5;
    let text = "recipe: micro_phase\nreviewers: [mona]\nlimits: { budget_usd: 80 }\nprotected_paths: ['a|b/**']\n";
    assert_snapshot!(table(&own, text), @r"
    | Setting | Value | Set by |
    |---|---|---|
    | `reviewers` | `[mona]` | repository |
    | `limits.attempts` | `5` | operator |
    | `limits.budget_usd` | `50` | repository, held at the operator's policy |
    | `protected_paths` | `[a\|b/**]` | repository |

    - `limits.budget_usd` is `80` in the file; the operator's policy allows less, and `50` holds.
    ");
    assert_eq!(table(&Settings::default(), ""), "");
    assert_eq!(
        table(&Settings::default(), "recipe: micro_phase"),
        "",
        "what is as it always is goes without saying"
    );
}

#[test]
fn values_of_the_file_mean_nothing_in_the_table() {
    let hostile = "labels: { trigger: '`</td> @mona #7 | https://evil.example ![x](y)' }\nci: { ignore: ['``` @mona', '| a |'] }";
    let told = table(&Settings::default(), hostile);
    for line in told.lines().skip(2) {
        let cells = line.replace("\\|", "").matches('|').count();
        assert_eq!(cells, 4, "{line}");
        let value = line.split(" | ").nth(1).unwrap();
        assert!(value.starts_with('`') && value.ends_with('`'), "{line}");
    }
    let long = format!(
        "ci: {{ ignore: [{}] }}",
        (0..100).map(|n| format!("check{n}")).collect::<Vec<_>>().join(", ")
    );
    assert!(table(&Settings::default(), &long).len() < 400);
}

#[test]
fn a_refusal_tells_where_and_names_nobody() {
    let refusal = parse(b"limits:\n  '`@mona` #7 phasez': 3").unwrap_err();
    assert_snapshot!(settings::refused(&refusal), @"`.github/millhand.yml`, line 2, column 3: `@mona #7 phasez` is no key of `limits`; take it out; there are `phases`, `parallel_phases`, `attempts`, `files_per_phase`, `lines_per_phase`, `budget_usd`.");
    for text in ["unknown: 1", "delivery: 'a*b_c<d>'", "models: { code_writer: '@' }"] {
        let refusal = parse(text.as_bytes()).unwrap_err();
        let told = settings::refused(&refusal);
        assert!(
            told.ends_with(refusal.sentence.as_str()),
            "what is in code spans stays as it is: {told}"
        );
    }
}

#[test]
fn the_shipped_schema_is_that_of_the_table() {
    let shipped: Value = serde_json::from_str(&read("schema/millhand.schema.json")).unwrap();
    assert_eq!(
        shipped,
        schema(),
        "write it anew: millhand schema > schema/millhand.schema.json"
    );
}

/// What a YAML reader of an editor makes of a file.
fn as_json(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn the_schema_lets_pass_what_the_parser_lets_pass() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
    assert!(validator.is_valid(&as_json(WHOLE)));
    assert!(validator.is_valid(&json!({})));
    for key in &KEYS {
        for sample in samples(key) {
            let text = one(key, &sample);
            assert!(validator.is_valid(&as_json(&text)), "{text}");
        }
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let mut refused = 0;
    for key in &KEYS {
        for value in [
            "[[1]]",
            "-1",
            "1.25",
            "\"\"",
            "{ a: b }",
            "1000001",
            "no such word",
            "[a, a]",
            "[\"\"]",
            "\"7\"",
            "true",
        ] {
            let text = one(key, value);
            if parse(text.as_bytes()).is_ok() {
                continue;
            }
            refused += 1;
            assert!(!validator.is_valid(&as_json(&text)), "{text}");
        }
    }
    assert!(refused > 250, "{refused}");
    for text in [
        "label: 1",
        "limits: { phasez: 1 }",
        "limits: 3",
        "limits: []",
        "recipe: null",
        "approvals: { plan: soon }",
    ] {
        assert!(
            parse(text.as_bytes()).is_err() && !validator.is_valid(&as_json(text)),
            "{text}"
        );
    }
}

#[test]
fn the_documentation_names_every_key_and_word() {
    let page = read("docs/configuration.md");
    for key in &KEYS {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", key.path)));
        let row = row.unwrap_or_else(|| panic!("docs/configuration.md has no row for {}", key.path));
        for word in key.shape.words {
            assert!(row.contains(&format!("`{word}`")), "{word} is not in {row}");
        }
        for number in key.numbers().into_iter().flat_map(|(least, most)| [least, most]) {
            assert!(row.contains(&number.to_string()), "{number} is not in {row}");
        }
    }
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains('.'))
        .count();
    assert!(rows >= KEYS.len() - 5, "{rows}");
}

#[test]
fn the_example_of_the_documentation_is_read() {
    let page = read("docs/configuration.md");
    let example = page
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let repo = parse(example.as_bytes()).unwrap();
    assert_eq!(repo.warnings, []);
    assert!(repo.given.len() > 5);
}
