//! Files that are read, and the two bounds on what reading can do.

use millhand::workflow::repo_config::keys::{self, Idle, KEYS};
use millhand::workflow::repo_config::{FILE_BYTES_MAX, Item, OperatorPolicy, Origin, RepoConfig, effective, parse};
use millhand::workflow::settings::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Every key as the interface documents it, at its default.
pub(super) const WHOLE: &str = r#"labels: { trigger: millhand, auto: "millhand:auto" }
commands: { bare: true }
triggers: { bots: [] }
recipe: micro_phase            # micro_phase | single | consensus | one of the repository's own
delivery: auto                 # auto | integration | direct | stacked
branches: { prefix: "millhand/" }
pull_requests: { draft: until_green, title: auto, commit: auto, sign_off: auto }   # auto: as the repository's recent history does
approvals: { plan: required, release: required, phase_reviews: auto, self_approval: auto }  # plan: required | none | always
reviewers: auto                # auto | codeowners | requester | none | [logins]
limits: { phases: 6, parallel_phases: 2, attempts: 3, files_per_phase: 25, lines_per_phase: 400, budget_usd: 5.00 }
ci: { required: auto, ignore: [], absent: ask, timeout_minutes: 60, grace_minutes: 5, rerun_flaky: 1 }  # required: auto | none | [names]; absent: ask | proceed
merge: { phases: squash, release: auto, delete_branches: auto }
protected_paths: ["LICENSE"]   # adds to the built-in classes
models: { code_writer: large, verification_overseer: other_family }   # names of the operator's profiles, never URLs or keys
report: { cost: public }       # public | hidden
templates: {}
notifications: { events: [needs_human, complete, failed, budget] }
"#;

/// The policy of an operator who leaves everything to the repositories.
fn loose() -> OperatorPolicy {
    OperatorPolicy {
        budget_usd: 1_000_000.0,
        ..OperatorPolicy::default()
    }
}

/// What holds for a file where the operator set nothing.
fn settings(text: &str) -> Settings {
    let repo = parse(text.as_bytes()).unwrap_or_else(|refusal| panic!("{text}\n{refusal}"));
    effective(&Settings::default(), &loose(), &repo).settings
}

fn json(settings: &Settings) -> Value {
    serde_json::to_value(settings).unwrap()
}

#[test]
fn the_documented_file_sets_the_defaults_and_one_path() {
    let expected = Settings {
        protected_paths: vec!["LICENSE".to_owned()],
        ..Settings::default()
    };
    assert_eq!(settings(WHOLE), expected);
    let repo = parse(WHOLE.as_bytes()).unwrap();
    let warned: Vec<(&str, u32)> = repo.warnings.iter().map(|it| (it.key.as_str(), it.place.line)).collect();
    let expected = [("templates", 16), ("notifications.events", 17)];
    assert_eq!(warned, expected);
    // Three of the five roles are not in the example.
    assert_eq!(repo.given.len() + repo.warnings.len(), KEYS.len() - 3);
}

/// Another value for every key, in block style: what is written comes out at its place in the settings.
#[test]
fn every_key_reaches_its_setting() {
    let text = r#"
labels:
  trigger: "build me 🏗️"
  auto: 'now'
commands:
  bare: false
triggers:
  bots:
    - renovate[bot]
    - dependabot
recipe: single
delivery: direct
branches:
  prefix: bots/mill-
pull_requests:
  draft: never
approvals:
  plan: always
  release: none
  phase_reviews: 2
  self_approval: false
reviewers: [mona, octo-cat]
limits:
  phases: 3
  parallel_phases: 1
  attempts: 5
  files_per_phase: 7
  lines_per_phase: 99
  budget_usd: 2.5
ci:
  required: [build, "test (1.95, linux)"]
  ignore: [codecov/patch]
  absent: proceed
  timeout_minutes: 12.5
  grace_minutes: 0
  rerun_flaky: 0
merge:
  phases: rebase
  release: squash
  delete_branches: false
protected_paths:
  - LICENSE
  - /db/migrations/**
  - "*.sql"
models:
  q_assistant: a
  code_writer: b.1
  test_auditor: c_2
  verification_overseer: d-3
  release_manager: E
report:
  cost: hidden
"#;
    let expected = json!({
        "labels": { "trigger": "build me 🏗️", "auto": "now" },
        "commands": { "bare": false },
        "triggers": { "bots": ["renovate[bot]", "dependabot"] },
        "recipe": "single",
        "delivery": "direct",
        "branches": { "prefix": "bots/mill-" },
        "pull_requests": { "draft": "never", "title": "auto", "commit": "auto", "sign_off": "auto" },
        "approvals": { "plan": "always", "release": "none", "phase_reviews": 2, "self_approval": false },
        "reviewers": ["mona", "octo-cat"],
        "limits": { "phases": 3, "parallel_phases": 1, "attempts": 5, "files_per_phase": 7, "lines_per_phase": 99, "budget_usd": 2.5 },
        "ci": {
            "required": ["build", "test (1.95, linux)"], "ignore": ["codecov/patch"], "absent": "proceed",
            "timeout_minutes": 12.5, "grace_minutes": 0.0, "rerun_flaky": 0
        },
        "merge": { "phases": "rebase", "release": "squash", "delete_branches": false },
        "protected_paths": ["LICENSE", "/db/migrations/**", "*.sql"],
        "models": { "q_assistant": "a", "code_writer": "b.1", "test_auditor": "c_2", "verification_overseer": "d-3", "release_manager": "E" },
        "report": { "cost": "hidden" },
        "notifications": { "events": ["needs_human", "complete", "failed", "budget"] }
    });
    let settings = settings(text);
    assert_eq!(json(&settings), expected);
    let rows = effective(&Settings::default(), &loose(), &parse(text.as_bytes()).unwrap()).rows;
    let set = rows.iter().filter(|row| row.origin == Origin::Repository).count();
    assert_eq!(set, KEYS.len() - 5, "{rows:#?}");
}

/// A file that sets one key to one value.
pub(super) fn one(key: &keys::Key, value: &str) -> String {
    match key.section() {
        Some(section) => format!("{section}:\n  {}: {value}\n", key.name()),
        None => format!("{}: {value}\n", key.path),
    }
}

/// What could be written for a key: each word, each truth value, the ends of each range, each word of a list.
pub(super) fn samples(key: &keys::Key) -> Vec<String> {
    let shape = &key.shape;
    let mut all: Vec<String> = shape.words.iter().map(|word| (*word).to_owned()).collect();
    if shape.flag {
        all.extend(["true".to_owned(), "false".to_owned()]);
    }
    all.extend(
        shape
            .whole
            .into_iter()
            .flat_map(|(least, most)| [least.to_string(), most.to_string()]),
    );
    all.extend(
        shape
            .amount
            .into_iter()
            .flat_map(|(least, most)| [least.to_string(), most.to_string()]),
    );
    if shape.name.is_some() {
        all.push("some".to_owned());
    }
    if let Some(item) = shape.list {
        all.push("[]".to_owned());
        match item {
            Item::Name(_) => all.push("[some, other]".to_owned()),
            Item::Word(words) => all.extend(words.iter().map(|word| format!("[{word}]"))),
        }
    }
    if shape.open {
        all.extend(["{}".to_owned(), "{ a: { b: [c] } }".to_owned()]);
    }
    all
}

#[test]
fn every_word_and_bound_of_every_key_is_read_and_holds_or_is_warned_of() {
    for key in &KEYS {
        let samples = samples(key);
        assert!(!samples.is_empty(), "{}", key.path);
        for value in samples {
            let text = one(key, &value);
            let repo = parse(text.as_bytes()).unwrap_or_else(|refusal| panic!("{text}{refusal}"));
            let idle = match key.idle {
                Idle::Never => false,
                Idle::Always => true,
                Idle::Words(words) => words.contains(&value.as_str()) || value == "some",
            };
            assert_eq!(
                (repo.given.len(), repo.warnings.len()),
                (usize::from(!idle), usize::from(idle)),
                "{text}"
            );
            let holds = effective(&Settings::default(), &loose(), &repo);
            assert_eq!(holds.notes, [], "{text}");
            let row = holds.rows.iter().find(|row| row.key == key.path);
            if let (Some(given), Some(row)) = (repo.given.get(key.path), row) {
                assert_eq!((&row.value, row.origin), (&given.value, Origin::Repository), "{text}");
            }
        }
    }
}

fn leaves(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                leaves(value, &path, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => out.push(at.to_owned()),
    }
}

#[test]
fn the_table_has_the_keys_that_settings_have() {
    let mut settings = Vec::new();
    leaves(&json(&Settings::default()), "", &mut settings);
    settings.push("templates".to_owned());
    settings.sort();
    let mut table: Vec<String> = KEYS.iter().map(|key| key.path.to_owned()).collect();
    table.sort();
    assert_eq!(table, settings);
}

#[test]
fn what_sets_nothing_is_no_fault() {
    for text in [
        "",
        "\n\n",
        "# nothing yet\n",
        "---\n",
        "---\n# nothing\n...\n",
        "{}",
        "~",
        "null # nothing yet",
        "\u{feff}",
        "\u{feff}# said with a mark\n",
        "limits: {}",
        "ci: {}\r\nmerge: {}\r\n",
    ] {
        assert_eq!(parse(text.as_bytes()), Ok(RepoConfig::default()), "{text:?}");
    }
    let marked = parse("\u{feff}recipe: single".as_bytes()).unwrap();
    assert_eq!(marked.given["recipe"].place.column, 9, "the mark is no character of the line");
}

#[test]
fn what_has_no_effect_is_accepted_and_told() {
    for (text, place, words) in [
        (
            "delivery: stacked",
            (1, 11),
            "`delivery: stacked` has no effect in this version: the operator's setting holds.",
        ),
        ("recipe: consensus", (1, 9), "`recipe: consensus` has no effect"),
        ("recipe: our-own", (1, 9), "`recipe: our-own` has no effect"),
        ("recipe: micro_phases", (1, 9), "Did you mean `micro_phase`?"),
        (
            "\ntemplates:\n  pull_request: |\n    Hello\n",
            (2, 1),
            "`templates` has no effect in this version.",
        ),
        ("templates:", (1, 1), "`templates` has no effect"),
        (
            "notifications:\n  events: [failed]",
            (2, 3),
            "`notifications.events` has no effect",
        ),
    ] {
        let repo = parse(text.as_bytes()).unwrap();
        assert!(repo.given.is_empty(), "{text}");
        let warning = &repo.warnings[0];
        assert_eq!((warning.place.line, warning.place.column), place, "{text}");
        assert!(warning.sentence.contains(words), "{text}: {}", warning.sentence);
    }
}

#[test]
fn what_was_read_can_be_stored() {
    let repo = parse(WHOLE.as_bytes()).unwrap();
    let stored = serde_json::to_string(&repo).unwrap();
    assert_eq!(serde_json::from_str::<RepoConfig>(&stored).unwrap(), repo);
    let holds = effective(&Settings::default(), &loose(), &repo);
    let stored = serde_json::to_string(&holds).unwrap();
    assert_eq!(
        serde_json::from_str::<millhand::workflow::repo_config::Effective>(&stored).unwrap(),
        holds
    );
}

/// Ten megabytes are refused for their size, before one of them is looked at; so is one byte too many.
#[test]
fn size_is_looked_at_first() {
    for size in [10 * 1024 * 1024, FILE_BYTES_MAX + 1] {
        let refusal = parse(&vec![0xff; size]).unwrap_err();
        assert!(refusal.sentence.contains("more than 64 KiB"), "{refusal}");
    }
    let mut whole = WHOLE.as_bytes().to_vec();
    whole.resize(FILE_BYTES_MAX, b'\n');
    assert!(parse(&whole).is_ok());
}

/// The greatest files of the worst kinds: refused or read, and never by working through what they multiply to.
#[test]
fn the_greatest_files_are_read_to_an_end() {
    let fill = |unit: &str| unit.repeat(FILE_BYTES_MAX / unit.len());
    let laughs: String = (1..9)
        .map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9)))
        .collect();
    for text in [
        fill("["),
        fill("{"),
        fill("{a: "),
        fill("- "),
        fill("? "),
        fill("!!"),
        fill("&a "),
        fill("*a "),
        fill("---\n"),
        fill("'"),
        fill("a: b\n"),
        fill("#\n"),
        fill("\t"),
        fill("x"),
        fill(" "),
        format!("a0: &a0 x\n{laughs}"),
        format!(
            "templates:\n{}",
            (0..6_000).map(|n| format!("  k{n}: 1\n")).collect::<String>()
        )
        .chars()
        .take(60_000)
        .collect(),
    ] {
        let _ = parse(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_yaml_makes_it_panic(text in "([a-z_]{1,9}|labels|limits|phases|ci|[ \n:,\\[\\]{}&*!|>'\"%#?<~-]|[0-9.]{1,3}){0,60}") {
        if let Err(refusal) = parse(text.as_bytes()) {
            prop_assert!(refusal.place.line >= 1 && refusal.place.column >= 1);
            prop_assert!(!refusal.sentence.contains('\n'));
        }
    }

    /// A good file with one stretch of it replaced by something else.
    #[test]
    fn no_slip_makes_it_panic(at in 0..1_500_usize, length in 0..40_usize, put in "[\\x00-\\x7f\u{202e}é]{0,6}") {
        let mut text: Vec<char> = WHOLE.chars().collect();
        let end = (at + length).min(text.len());
        text.splice(at.min(end)..end, put.chars());
        let text: String = text.into_iter().collect();
        if let Ok(repo) = parse(text.as_bytes()) {
            let holds = effective(&Settings::default(), &loose(), &repo);
            // What passed is used as it is: nothing that the file may say is left out in silence.
            for (key, given) in &repo.given {
                let row = holds.rows.iter().find(|row| row.key == *key);
                prop_assert_eq!(row.map(|row| &row.value), Some(&given.value), "{}", text);
            }
        }
    }
}

/// Whether git takes a branch of this name (git-check-ref-format(1)).
fn git_takes(branch: &str) -> bool {
    let name = format!("refs/heads/{branch}");
    let checked = std::process::Command::new("git").args(["check-ref-format", &name]).status();
    checked.expect("git is there").success()
}

/// Every text of three characters out of those that git's rules speak of, as a prefix.
#[test]
fn a_prefix_that_is_read_is_one_that_git_takes() {
    const LETTERS: [&str; 9] = ["a", ".", "/", "-", "@", "{", ".lock", "~", " "];
    let mut taken = 0;
    for place in 0..LETTERS.len().pow(3) {
        let (one, two, three) = (LETTERS[place / 81], LETTERS[place / 9 % 9], LETTERS[place % 9]);
        let prefix = format!("{one}{two}{three}");
        if parse(format!("branches: {{ prefix: '{prefix}' }}").as_bytes()).is_ok() {
            assert!(git_takes(&format!("{prefix}7-greet/base")), "{prefix}");
            taken += 1;
        }
    }
    assert!(taken >= 15, "{taken}");
    assert!(!git_takes("a..b") && git_takes("millhand/7-greet/base"), "git is asked");
}
