//! Files that are refused: each with its place and words of its sentence.

use millhand::workflow::repo_config::keys::KEYS;
use millhand::workflow::repo_config::parse;

use super::good::one;

/// The file, line, column, words of the sentence.
type Row = (&'static str, u32, u32, &'static [&'static str]);

/// Holds each row's file against what is said about it; tells all that differ.
fn hold(rows: &[Row]) {
    let differences: Vec<String> = rows.iter().filter_map(difference).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn difference((text, line, column, words): &Row) -> Option<String> {
    let refusal = match parse(text.as_bytes()) {
        Err(refusal) => refusal,
        Ok(config) => return Some(format!("{text:?} was read as {config:?}")),
    };
    let sentence = &refusal.sentence;
    let one = !sentence.contains('\n') && sentence.ends_with(['.', '?']) && sentence.chars().count() < 600;
    let clean = sentence
        .chars()
        .all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
    let told = words.iter().all(|word| sentence.contains(word));
    let there = (refusal.place.line, refusal.place.column) == (*line, *column);
    (!(one && clean && told && there)).then(|| format!("{text:?}, expected at {line}:{column} with {words:?}: {refusal}"))
}

#[test]
fn unknown_keys_name_the_nearest() {
    hold(&[
        ("label: {}", 1, 1, &["`label` is no key", "did you mean `labels`?"]),
        ("\n\nlimit:\n  phases: 3", 3, 1, &["`limit`", "`limits`"]),
        (
            "limits:\n  phasez: 3",
            2,
            3,
            &["`phasez` is no key of `limits`", "did you mean `phases`?"],
        ),
        ("limits: { paralel_phases: 3 }", 1, 11, &["did you mean `parallel_phases`?"]),
        ("limits: {phases: 3, budget: 3}", 1, 21, &["`budget` is no key of `limits`"]),
        (
            "approvals:\n  plan: none\n  relaese: none",
            3,
            3,
            &["did you mean `release`?"],
        ),
        ("ci: { timeout: 5 }", 1, 7, &["`timeout` is no key of `ci`"]),
        (
            "models:\n  writer: large",
            2,
            3,
            &["`writer` is no key of `models`", "`code_writer`"],
        ),
        (
            "merge: { delete-branches: true }",
            1,
            10,
            &["did you mean `delete_branches`?"],
        ),
        ("Recipe: single", 1, 1, &["did you mean `recipe`?"]),
        ("phases: 3", 1, 1, &["`phases` is no key", "below `limits`"]),
        ("budget_usd: 3", 1, 1, &["write `budget_usd` below `limits`"]),
        ("limits:\n  bare: true", 2, 3, &["write `bare` below `commands`"]),
        ("limits.phases: 3", 1, 1, &["write `phases` below `limits`"]),
        ("limits:\n  recipe: single", 2, 3, &["`recipe` stands at the file's top"]),
        (
            "colour: red",
            1,
            1,
            &["take it out; there are `labels`, `commands`", "`notifications`"],
        ),
        (
            "branches: { prefix: x/, colour: red }",
            1,
            25,
            &["take it out; there are `prefix`."],
        ),
        ("\"lab\\u202eels\": {}", 1, 1, &["did you mean `labels`?"]),
        ("base_url: https://evil.example", 1, 1, &["`base_url` is no key"]),
        ("api_key: sk-1", 1, 1, &["`api_key` is no key"]),
    ]);
}

#[test]
fn a_key_stands_once() {
    hold(&[
        (
            "recipe: single\nrecipe: single",
            2,
            1,
            &["`recipe` stands here a second time", "first in line 1"],
        ),
        (
            "limits: { phases: 1 }\nci: {}\nlimits: { phases: 2 }",
            3,
            1,
            &["`limits`", "line 1"],
        ),
        (
            "limits:\n  phases: 1\n  attempts: 2\n  phases: 3",
            4,
            3,
            &["`phases`", "line 2"],
        ),
        (
            "limits: { phases: 1, \"phases\": 1 }",
            1,
            22,
            &["`phases` stands here a second time"],
        ),
        (
            "templates:\n  a:\n    b: 1\n    b: 2",
            4,
            5,
            &["`b` stands here a second time", "line 3"],
        ),
        (
            "reviewers: [mona, hubot, mona]",
            1,
            26,
            &["`mona` stands in `reviewers` twice"],
        ),
        ("ci:\n  ignore:\n    - a\n    - a", 4, 7, &["`a` stands in `ci.ignore` twice"]),
        (
            "labels: { trigger: Build, auto: build }",
            1,
            33,
            &["`labels.trigger` and `labels.auto` are the same label"],
        ),
    ]);
}

/// Every key with a value of each kind: what its shape does not take is refused where it stands, and the sentence says what
/// the key takes.
#[test]
fn every_key_refuses_every_kind_that_is_not_its_own() {
    let mut refused = 0;
    for key in &KEYS {
        let shape = &key.shape;
        let kinds = [
            (shape.open, "{ some: thing }"),
            (shape.list.is_some(), "[]"),
            (shape.flag, "true"),
            (shape.whole.is_some() || shape.amount.is_some(), "1"),
            (shape.name.is_some(), "some"),
            (shape.open, ""),
            (false, "''"),
            (false, "[[]]"),
            (false, "-1"),
            (false, "&a x"),
            (false, "!t x"),
            (false, "*a"),
        ];
        for (_, value) in kinds.iter().filter(|(taken, _)| !taken) {
            let text = one(key, value);
            let refusal = parse(text.as_bytes()).expect_err(&text);
            let line = text.lines().last().unwrap();
            let at = if value.is_empty() {
                line.find(|c: char| c != ' ').unwrap()
            } else {
                line.find(": ").unwrap() + 2
            };
            let yaml = value.starts_with(['&', '!', '*']);
            let inner = *value == "[[]]" && shape.list.is_some();
            let place = (text.lines().count(), at + 1 + usize::from(inner));
            assert_eq!(
                (refusal.place.line as usize, refusal.place.column as usize),
                place,
                "{text}{refusal}"
            );
            assert!(
                yaml || refusal.sentence.contains(&format!("`{}", key.path)),
                "{text}{refusal}"
            );
            refused += 1;
        }
    }
    assert!(refused > 350, "{refused}");
}

#[test]
fn sections_are_mappings() {
    hold(&[
        ("just words", 1, 1, &["a mapping of keys"]),
        ("- recipe: single", 1, 1, &["a mapping of keys"]),
        ("42", 1, 1, &["a mapping of keys"]),
        ("''", 1, 1, &["a mapping of keys"]),
        ("limits: 3", 1, 9, &["`limits` is a section", "`phases`"]),
        ("limits: [phases, 3]", 1, 9, &["`limits` is a section"]),
        ("limits:\n", 1, 1, &["`limits` has no keys below it"]),
        ("recipe: single\nci: ~", 2, 1, &["`ci` has no keys below it"]),
        ("labels: millhand", 1, 9, &["`labels` is a section", "`trigger`"]),
        ("templates: some", 1, 12, &["`templates` takes a mapping; here stands `some`"]),
        ("templates: [1]", 1, 12, &["`templates` takes a mapping; here stands a list"]),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, one row a case")]
fn words_and_truth_values() {
    hold(&[
        ("recipe: 7", 1, 9, &["`recipe` is a text", "put it in quotes"]),
        (
            "recipe: Single Pull",
            1,
            9,
            &["`recipe` takes `micro_phase`, `single`", "`Single Pull`"],
        ),
        ("recipe: {}", 1, 9, &["here stands a mapping"]),
        ("recipe:", 1, 1, &["`recipe` has no value"]),
        ("recipe: null", 1, 1, &["`recipe` has no value"]),
        ("delivery: stack", 1, 11, &["`integration`", "here stands `stack`"]),
        ("delivery: [auto]", 1, 11, &["here stands a list"]),
        ("delivery: ''", 1, 11, &["here stands an empty text"]),
        ("commands: { bare: yes }", 1, 19, &["Write `true` or `false`."]),
        ("commands: { bare: 'true' }", 1, 19, &["Take the quotes away."]),
        (
            "commands: { bare: 1 }",
            1,
            19,
            &["`commands.bare` takes `true` or `false`; here stands `1`"],
        ),
        ("commands:\n  bare:\n", 2, 3, &["`commands.bare` has no value"]),
        (
            "pull_requests: { draft: true }",
            1,
            25,
            &["`until_green` or `never`; here stands `true`"],
        ),
        (
            "pull_requests: { title: conventional }",
            1,
            25,
            &["`pull_requests.title` takes `auto`"],
        ),
        (
            "pull_requests: { sign_off: true }",
            1,
            28,
            &["`pull_requests.sign_off` takes `auto`"],
        ),
        (
            "pull_requests: { commit: [] }",
            1,
            26,
            &["`pull_requests.commit` takes `auto`; here stands a list"],
        ),
        ("approvals: { plan: requird }", 1, 20, &["Did you mean `required`?"]),
        ("approvals: { plan: true }", 1, 20, &["`required`, `none` or `always`"]),
        (
            "approvals: { release: always }",
            1,
            23,
            &["`approvals.release` takes `required` or `none`"],
        ),
        (
            "approvals: { phase_reviews: two }",
            1,
            29,
            &["`auto` or a whole number from 0 to 6"],
        ),
        ("approvals: { phase_reviews: '2' }", 1, 29, &["Take the quotes away."]),
        ("approvals: { phase_reviews: 7 }", 1, 29, &["from 0 to 6; here stands `7`"]),
        ("approvals: { self_approval: no }", 1, 29, &["Write `true` or `false`."]),
        ("approvals: { self_approval: never }", 1, 29, &["`auto`, `true` or `false`"]),
        ("ci: { absent: wait }", 1, 15, &["`ask` or `proceed`"]),
        (
            "ci: { required: all }",
            1,
            17,
            &["`auto`, `none` or a list of names of checks", "`[all]`"],
        ),
        ("merge: { phases: fast-forward }", 1, 18, &["`squash`, `merge` or `rebase`"]),
        (
            "merge: { release: rebase }",
            1,
            19,
            &["`auto`, `squash` or `merge`; here stands `rebase`"],
        ),
        ("merge: { delete_branches: on }", 1, 27, &["Write `true` or `false`."]),
        ("report: { cost: private }", 1, 17, &["`public` or `hidden`"]),
        ("notifications: { events: [done] }", 1, 27, &["`needs_human`", "`done`"]),
        ("notifications: { events: all }", 1, 26, &["a list of `needs_human`"]),
    ]);
}

#[test]
fn numbers() {
    hold(&[
        (
            "limits: { phases: six }",
            1,
            19,
            &["a whole number from 1 to 50; here stands `six`"],
        ),
        ("limits: { phases: \"6\" }", 1, 19, &["Take the quotes away."]),
        ("limits: { phases: 0 }", 1, 19, &["from 1 to 50; here stands `0`"]),
        ("limits: { phases: 51 }", 1, 19, &["from 1 to 50; here stands `51`"]),
        ("limits: { phases: -1 }", 1, 19, &["here stands `-1`"]),
        ("limits: { phases: 2.5 }", 1, 19, &["a whole number"]),
        ("limits: { phases: 010 }", 1, 19, &["decimal digits"]),
        ("limits: { phases: 0x10 }", 1, 19, &["decimal digits"]),
        ("limits: { phases: 0o17 }", 1, 19, &["decimal digits"]),
        ("limits: { phases: 1_0 }", 1, 19, &["decimal digits"]),
        ("limits: { phases: 1e1 }", 1, 19, &["decimal digits"]),
        ("limits: { phases: +3 }", 1, 19, &["decimal digits"]),
        ("limits: { phases: true }", 1, 19, &["here stands `true`"]),
        ("limits: { phases: [3] }", 1, 19, &["here stands a list"]),
        ("limits:\n  phases:\n  attempts: 3", 2, 3, &["`limits.phases` has no value"]),
        ("limits: { phases: 99999999999999999999999999 }", 1, 19, &["from 1 to 50"]),
        ("limits: { parallel_phases: 17 }", 1, 28, &["from 1 to 16"]),
        ("limits: { attempts: 0 }", 1, 21, &["from 1 to 20"]),
        ("limits: { files_per_phase: 301 }", 1, 28, &["from 1 to 300"]),
        ("limits: { lines_per_phase: 20001 }", 1, 28, &["from 1 to 20000"]),
        (
            "limits: { budget_usd: $5 }",
            1,
            23,
            &["a number from 0 to 1000000; here stands `$5`"],
        ),
        ("limits: { budget_usd: -0.01 }", 1, 23, &["here stands `-0.01`"]),
        ("limits: { budget_usd: .nan }", 1, 23, &["decimal digits", "`.nan`"]),
        ("limits: { budget_usd: .inf }", 1, 23, &["decimal digits"]),
        ("limits: { budget_usd: -.inf }", 1, 23, &["decimal digits"]),
        ("limits: { budget_usd: NaN }", 1, 23, &["decimal digits"]),
        ("limits: { budget_usd: 1e999 }", 1, 23, &["decimal digits"]),
        ("limits: { budget_usd: .5 }", 1, 23, &["such as `10` or `0.5`"]),
        (
            "limits: { budget_usd: 5, attempts: 3, phases: 1.0.0 }",
            1,
            47,
            &["decimal digits"],
        ),
        ("limits: { budget_usd: 1000001 }", 1, 23, &["from 0 to 1000000"]),
        ("ci: { timeout_minutes: 0 }", 1, 24, &["from 0.01 to 50400"]),
        ("ci: { timeout_minutes: 1h }", 1, 24, &["`ci.timeout_minutes`", "`1h`"]),
        ("ci: { grace_minutes: 1441 }", 1, 22, &["from 0 to 1440"]),
        ("ci: { grace_minutes: 12:30 }", 1, 22, &["decimal digits"]),
        ("ci: { rerun_flaky: 11 }", 1, 20, &["from 0 to 10"]),
        ("ci: { rerun_flaky: false }", 1, 20, &["a whole number"]),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, one row a case")]
fn names() {
    hold(&[
        ("labels: { trigger: 42 }", 1, 20, &["put it in quotes"]),
        ("labels: { trigger: no }", 1, 20, &["put it in quotes"]),
        (
            "labels: { trigger: '' }",
            1,
            20,
            &["a label's name of 1 to 50", "an empty text"],
        ),
        ("labels: { trigger: ' build' }", 1, 20, &["without spaces around it"]),
        ("labels: { trigger: [build] }", 1, 20, &["here stands a list"]),
        ("labels: { auto: \"a\\nb\" }", 1, 17, &["a label's name"]),
        ("labels: { auto: \"a\\u202eb\" }", 1, 17, &["a label's name", "`ab`"]),
        ("labels: { auto: \"a\\u200bb\" }", 1, 17, &["a label's name"]),
        (
            "labels:\n  auto: abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijk",
            2,
            9,
            &["1 to 50"],
        ),
        ("branches: { prefix: '' }", 1, 21, &["the beginning of a branch's name"]),
        ("branches: { prefix: /x }", 1, 21, &["by git's rules", "`/x`"]),
        ("branches: { prefix: a..b/ }", 1, 21, &["by git's rules"]),
        ("branches: { prefix: \"a b/\" }", 1, 21, &["by git's rules"]),
        ("branches: { prefix: \"-x/\" }", 1, 21, &["by git's rules"]),
        ("branches: { prefix: x.lock/ }", 1, 21, &["by git's rules"]),
        ("branches: { prefix: refs/heads/x }", 1, 21, &["by git's rules"]),
        ("branches: { prefix: mühle/ }", 1, 21, &["by git's rules"]),
        ("branches: { prefix: \"a~1\" }", 1, 21, &["by git's rules"]),
        ("branches: { prefix: abcdefghijabcdefghijabcdefghij/ }", 1, 21, &["1 to 30"]),
        (
            "triggers: { bots: renovate }",
            1,
            19,
            &["a list of logins of bots", "`[renovate]`"],
        ),
        (
            "triggers: { bots: ['@renovate'] }",
            1,
            20,
            &["`triggers.bots[0]`", "Leave the `@` out."],
        ),
        ("triggers: { bots: [a, 'b c'] }", 1, 23, &["`triggers.bots[1]`", "`b c`"]),
        ("triggers: { bots: [a, ] , x: 1 }", 1, 27, &["`x` is no key of `triggers`"]),
        (
            "triggers:\n  bots:\n    - a\n    -\n",
            4,
            6,
            &["An entry of `triggers.bots` is empty"],
        ),
        (
            "triggers: { bots: [[a]] }",
            1,
            20,
            &["`triggers.bots[0]`", "here stands a list"],
        ),
        ("reviewers: mona", 1, 12, &["`codeowners`", "`[mona]`"]),
        ("reviewers: codeowner", 1, 12, &["Did you mean `codeowners`?"]),
        ("reviewers: [acme/team]", 1, 13, &["Teams cannot be named here"]),
        ("reviewers: [-x]", 1, 13, &["a person's login"]),
        ("reviewers: ['a b']", 1, 13, &["a person's login"]),
        ("reviewers: [null]", 1, 13, &["An entry of `reviewers` is empty"]),
        ("reviewers: [12]", 1, 13, &["put it in quotes"]),
        ("reviewers: {a: b}", 1, 12, &["here stands a mapping"]),
        (
            "reviewers: [abcdefghijabcdefghijabcdefghijabcdefghij]",
            1,
            13,
            &["a person's login"],
        ),
        ("ci: { required: [''] }", 1, 18, &["a check's name", "an empty text"]),
        ("ci: { ignore: lint }", 1, 15, &["a list of names of checks"]),
        ("ci: { ignore: [\"a\\tb\"] }", 1, 16, &["a check's name"]),
        (
            "protected_paths: LICENSE",
            1,
            18,
            &["a list of paths or globs", "`[LICENSE]`"],
        ),
        ("protected_paths: ['a[']", 1, 19, &["a path or a glob", "It is no glob"]),
        ("protected_paths: ['[Z-a]x']", 1, 19, &["look at its brackets"]),
        ("protected_paths: ['{a,b']", 1, 19, &["It is no glob"]),
        ("protected_paths: ['!LICENSE']", 1, 19, &["Nothing can be taken out"]),
        ("protected_paths: ['../x']", 1, 19, &["a path or a glob"]),
        ("protected_paths: ['a//b']", 1, 19, &["a path or a glob"]),
        ("protected_paths: ['a\\b']", 1, 19, &["a path or a glob"]),
        ("protected_paths: ['/']", 1, 19, &["a path or a glob"]),
        ("protected_paths: ['']", 1, 19, &["an empty text"]),
        ("protected_paths: [a: b]", 1, 19, &["here stands a mapping"]),
        ("models: { code_writer: '' }", 1, 24, &["the operator's model profiles"]),
        (
            "models: { code_writer: 'https://evil.example/v1' }",
            1,
            24,
            &["the operator's model profiles", "something else"],
        ),
        ("models: { test_auditor: [small] }", 1, 25, &["here stands a list"]),
        ("models: { q_assistant: { provider: x } }", 1, 24, &["here stands a mapping"]),
        (
            "models: { release_manager: ~ }",
            1,
            11,
            &["`models.release_manager` has no value"],
        ),
        ("models: { verification_overseer: 3 }", 1, 34, &["put it in quotes"]),
    ]);
}

#[test]
fn yaml_of_more_than_one_kind() {
    hold(&[
        ("recipe: *x", 1, 9, &["Aliases"]),
        ("recipe: &x single\ndelivery: *x", 1, 9, &["Anchors"]),
        ("a: &a [x]\nb: *a", 1, 4, &["Anchors"]),
        ("limits: &l\n  phases: 3\nci: *l", 1, 9, &["Anchors"]),
        ("limits:\n  <<: { phases: 3 }", 2, 3, &["Merge keys"]),
        ("recipe: !!str single", 1, 9, &["Tags"]),
        ("limits: !mine { phases: 3 }", 1, 9, &["Tags"]),
        ("reviewers: ! [mona]", 1, 12, &["Tags"]),
        ("recipe: !!python/object/apply:os.system [ls]", 1, 9, &["Tags"]),
        ("%YAML 1.2\n---\nrecipe: single", 1, 1, &["directives"]),
        ("%TAG ! tag:x,2000:\n---\nrecipe: single", 1, 1, &["directives"]),
        (
            "recipe: single\n---\ndelivery: auto",
            2,
            1,
            &["A second document begins here"],
        ),
        ("---\n---\n", 2, 1, &["A second document"]),
        ("recipe: single\n...\n---\nrecipe: single", 3, 1, &["A second document"]),
        ("? [a]\n: b", 1, 3, &["a list or a mapping stands in its place"]),
        ("{ ? {a: b} : c }", 1, 5, &["a list or a mapping stands in its place"]),
        (": b", 1, 1, &["A key is missing"]),
        ("'': b", 1, 1, &["A key is missing"]),
        ("null: b", 1, 1, &["A key is missing"]),
        (
            "templates: {a: {b: {c: {d: {e: {f: {g: {h: 1}}}}}}}}",
            1,
            40,
            &["more than 8 deep"],
        ),
        ("[[[[[[[[[[[[[[[[[[[[[[[[", 1, 9, &["more than 8 deep"]),
        ("reviewers: [mona", 1, 12, &["no valid YAML"]),
        ("reviewers: mona]", 1, 12, &["`codeowners`"]),
        ("limits: { phases: 3", 1, 9, &["no valid YAML"]),
        ("recipe: 'single", 1, 9, &["no valid YAML: unclosed quote"]),
        ("recipe: single\n delivery: auto", 2, 10, &["no valid YAML"]),
        ("limits:\n\tphases: 3", 2, 2, &["indent by spaces"]),
        ("recipe: @x", 1, 9, &["no valid YAML"]),
        ("recipe: a: b", 1, 10, &["no valid YAML"]),
        ("recipe: |\n  single\n", 2, 3, &["`recipe` takes", "Write it in one line."]),
    ]);
}

#[test]
fn characters_that_hide_something() {
    hold(&[
        ("# a\u{0}\nrecipe: single", 1, 4, &["a control character (U+0000)"]),
        ("recipe: single # \u{1b}[31m", 1, 18, &["a control character (U+001B)"]),
        ("recipe: single\n# x\u{202e}y", 2, 4, &["a text direction character (U+202E)"]),
        ("labels: { trigger: a\u{2066}b }", 1, 21, &["U+2066"]),
        ("labels: { trigger: a\u{200b}b }", 1, 21, &["an invisible character (U+200B)"]),
        ("recipe: single\r\n# \u{e0041}", 2, 3, &["U+E0041"]),
        ("recipe: \u{feff}single", 1, 9, &["U+FEFF"]),
        ("recipe:\u{2028} single", 1, 8, &["U+2028"]),
        ("recipe: single\u{7f}", 1, 15, &["U+007F"]),
        ("# é\u{85}", 1, 4, &["U+0085"]),
    ]);
}

#[test]
fn bytes_that_are_no_text() {
    for (bytes, line, column) in [
        (&b"\xff\xfer\0e\0c\0"[..], 1, 1),
        (b"recipe: single\nci: \xc3\x28", 2, 5),
        (b"# \xed\xa0\x80", 1, 3),
        (b"# \xc3\xa9 \xf5", 1, 5),
    ] {
        let refusal = parse(bytes).unwrap_err();
        assert_eq!((refusal.place.line, refusal.place.column), (line, column), "{refusal}");
        assert!(refusal.sentence.contains("not UTF-8"), "{refusal}");
    }
}

#[test]
fn long_lists_and_long_words_are_cut() {
    let many: Vec<String> = (0..101).map(|n| format!("a{n}")).collect();
    let refusal = parse(format!("ci:\n  ignore: [{}]", many.join(",")).as_bytes()).unwrap_err();
    assert!(
        refusal.sentence.contains("`ci.ignore` holds more than 100 entries"),
        "{refusal}"
    );
    assert!(parse(format!("ci:\n  ignore: [{}]", many[..100].join(",")).as_bytes()).is_ok());
    let refusal = parse(format!("{}: 1", "x".repeat(900)).as_bytes()).unwrap_err();
    assert!(refusal.sentence.contains(&format!("`{}…`", "x".repeat(60))), "{refusal}");
    let refusal = parse(format!("recipe: {}", "X".repeat(60_000)).as_bytes()).unwrap_err();
    assert!(refusal.sentence.len() < 400, "{refusal}");
}

/// A sentence stands in comments and check runs: words of the file must not leave their code span.
#[test]
fn words_of_the_file_stay_words() {
    for text in [
        "'`@mona` https://evil.example': 1",
        "recipe: '`#7` @mona'",
        "reviewers: ['`<img src=x>`']",
        "'a`b`': 1\n",
    ] {
        let refusal = parse(text.as_bytes()).unwrap_err();
        let outside: String = refusal.sentence.split('`').step_by(2).collect();
        for mark in ["@mona", "#7", "evil", "<img"] {
            assert!(!outside.contains(mark), "{refusal}");
        }
        assert_eq!(refusal.sentence.matches('`').count() % 2, 0, "{refusal}");
    }
}
