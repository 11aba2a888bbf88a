//! Literal change sets and what is said about them.

use proptest::prelude::*;

use super::*;
use crate::workflow::answer::{FileChange, Reply};
use crate::workflow::ids::PhaseNumber;

/// A change set and what surrounds it.
struct World {
    change: ChangeSet,
    phase: Option<PlannedPhase>,
    limits: Limits,
    protected: Vec<String>,
    base: BTreeSet<String>,
    no_files: BTreeMap<String, &'static str>,
    texts: BTreeMap<String, String>,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        Self {
            change: ChangeSet {
                summary: "Add it".to_owned(),
                files: files.iter().map(|(path, text)| write(path, text)).collect(),
                replies: vec![],
                cannot: None,
            },
            phase: None,
            limits: Limits::default(),
            protected: vec![],
            base: BTreeSet::new(),
            no_files: BTreeMap::new(),
            texts: BTreeMap::new(),
        }
    }

    fn delete(mut self, path: &str) -> Self {
        self.change.files.push(FileChange {
            path: path.to_owned(),
            content: None,
        });
        self
    }

    fn base(mut self, paths: &[&str]) -> Self {
        self.base.extend(paths.iter().map(|p| (*p).to_owned()));
        self
    }

    fn text(mut self, path: &str, text: &str) -> Self {
        self.base.insert(path.to_owned());
        self.texts.insert(path.to_owned(), text.to_owned());
        self
    }

    fn planned(mut self, files: &[&str], tests: &[&str]) -> Self {
        let owned = |paths: &[&str]| paths.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        self.phase = Some(PlannedPhase {
            number: PhaseNumber(1),
            id: "01-x".to_owned(),
            title: "x".to_owned(),
            goal: "x".to_owned(),
            files: owned(files),
            tests: owned(tests),
            untested_because: Some("nothing to test".to_owned()),
            criteria: vec!["x".to_owned()],
            depends_on: BTreeSet::new(),
        });
        self
    }

    fn report(&self) -> Report {
        validate(&Input {
            change: &self.change,
            phase: self.phase.as_ref(),
            limits: &self.limits,
            protected: &self.protected,
            base_paths: &self.base,
            no_files: &self.no_files,
            texts: &self.texts,
        })
    }
}

fn write(path: &str, text: &str) -> FileChange {
    FileChange {
        path: path.to_owned(),
        content: Some(text.to_owned()),
    }
}

/// `level path:line message` of every remark.
fn said(report: &Report) -> Vec<String> {
    let levels = [
        ("critical", &report.critical),
        ("warning", &report.warnings),
        ("suggestion", &report.suggestions),
    ];
    let remarks = levels
        .iter()
        .flat_map(|(level, remarks)| remarks.iter().map(move |remark| (level, remark)));
    remarks
        .map(|(level, remark)| {
            let path = remark.path.as_deref().unwrap_or("-");
            let line = remark.line.map_or(String::new(), |line| format!(":{line}"));
            format!("{level} {path}{line} {}", remark.message)
        })
        .collect()
}

/// Exactly these remarks, each given by its beginning.
fn expect(world: &World, begins: &[&str]) {
    let said = said(&world.report());
    assert_eq!(said.len(), begins.len(), "{said:#?}");
    for (said, begin) in said.iter().zip(begins) {
        assert!(said.starts_with(begin), "{said:?} begins otherwise than {begin:?}");
    }
}

#[test]
fn a_good_change_is_left_alone() {
    let world = World::new(&[
        ("src/parser.rs", "pub fn parse() {}\n"),
        ("tests/parser.rs", "#[test]\nfn t() {}\n"),
    ])
    .base(&["src/lib.rs", "README.md"])
    .planned(&["src/parser.rs", "tests/parser.rs"], &["tests/parser.rs"]);
    let report = world.report();
    assert_eq!(
        report,
        Report {
            score: 100,
            ..Report::default()
        }
    );
    assert!(report.passes());
}

#[test]
fn paths_and_what_is_there() {
    let on = |files: &[(&str, &str)]| World::new(files).base(&["src/lib.rs", "README.md", "docs/a.md"]);
    expect(
        &on(&[("../x", "x")]),
        &["critical ../x This path cannot be written: the part \"..\" is not a name"],
    );
    expect(
        &on(&[("a\u{202e}b", "x")]),
        &["critical a\\u{202e}b This path cannot be written: the character"],
    );
    expect(&on(&[("x", "1"), ("x", "2")]), &["critical x The file stands twice"]);
    expect(&on(&[("src", "x")]), &["critical src There is a folder of this name"]);
    expect(
        &on(&[("README.md/x", "x")]),
        &["critical README.md/x \"README.md\" is a file"],
    );
    expect(
        &on(&[("a", "x"), ("a/b", "x")]),
        &["critical a There is a folder", "critical a/b \"a\" is a file"],
    );
    expect(
        &on(&[("readme.md", "x")]),
        &["critical readme.md \"readme.md\" and \"README.md\" are one name"],
    );
    expect(
        &on(&[("Src/x.rs", "x")]),
        &["critical Src/x.rs \"Src\" and \"src\" are one name"],
    );
    expect(
        &on(&[("n/A.rs", "x"), ("n/a.rs", "x")]),
        &["critical n/a.rs \"n/a.rs\" and \"n/A.rs\" are one name"],
    );
    // Names that clash already are not this change's doing, and a change of case by deletion is one.
    expect(&on(&[("readme.md", "x")]).base(&["readme.md"]), &[]);
    expect(&on(&[("readme.md", "x")]).delete("README.md"), &[]);
    expect(&on(&[("docs", "x")]).delete("docs/a.md"), &[]);
    expect(&on(&[("README.md/x", "x")]).delete("README.md"), &[]);
    expect(
        &on(&[("x", "x")]).delete("gone"),
        &["critical gone The file is to be deleted and does not exist"],
    );
    expect(&on(&[]).delete("docs/a.md"), &[]);
    expect(&on(&[]), &["critical - The change set has no files: nothing would change."]);
    expect(
        &World::new(&[("a", "x")]).text("a", "x"),
        &["critical - Every file of the change set is as it was"],
    );
    expect(
        &World::new(&[("a", "x"), ("b", "y")]).text("a", "x"),
        &["suggestion a The file is as it was"],
    );
    let mut cannot = on(&[("x", "x")]);
    cannot.change.cannot = Some("no".to_owned());
    expect(
        &cannot,
        &["critical - The change set has files and says that it cannot be built"],
    );
}

#[test]
fn protected_paths_say_why_and_what_to_do() {
    expect(
        &World::new(&[(".github/workflows/ci.yml", "on: push\n")]),
        &["critical .github/workflows/ci.yml This path is protected because it runs with the repository's secrets"],
    );
    let world = World::new(&[("sub/Cargo.toml", "[package]\n")]);
    assert_eq!(
        said(&world.report()),
        [
            "warning sub/Cargo.toml This path is protected because it is a manifest: it can bring in foreign code or run some at \
          installation; a person approves it before it is pushed."
        ]
    );
    assert_eq!(world.report().protected[0].path, "sub/Cargo.toml");
    let mut own = World::new(&[("LICENSE", "x")]);
    own.protected = vec!["license".to_owned(), "a[".to_owned()];
    expect(
        &own,
        &[
            "warning - The entry \"a[\" of protected_paths is no valid pattern",
            "warning LICENSE This path is protected because the setting protected_paths names it (\"license\")",
        ],
    );
    expect(
        &World::new(&[("x", "x")]).base(&["CODEOWNERS"]).delete("CODEOWNERS"),
        &["warning CODEOWNERS This path is protected"],
    );
}

#[test]
fn sizes_with_tests_apart() {
    let lines = |n: usize| (0..n).map(|n| format!("{n}\n")).collect::<String>();
    expect(&World::new(&[("a.rs", &lines(400)), ("tests/a.rs", &lines(400))]), &[]);
    expect(
        &World::new(&[("a.rs", &lines(401))]),
        &["critical - The change set has 401 changed lines outside tests, at most 400"],
    );
    expect(
        &World::new(&[("a_test.go", &lines(401))]),
        &["critical - The change set has 401 changed lines in tests, at most 400"],
    );
    // Only what changes counts, and moving is no change.
    let mut moved = lines(600);
    moved = format!("{}\nnew\n{}", &moved[300..], &moved[..300]);
    expect(&World::new(&[("a.rs", &moved)]).text("a.rs", &lines(600)), &[]);
    expect(
        &World::new(&[("b.rs", "x")]).text("a.rs", &lines(401)).delete("a.rs"),
        &["critical - The change set has 402 changed lines"],
    );
    let many: Vec<(String, &str)> = (0..26).map(|n| (format!("f{n}"), "x")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    expect(
        &World::new(&many),
        &["critical - The change set has 26 files outside tests, at most 25 are allowed (limits.files_per_phase)"],
    );
    let big = "x\n".repeat(FILE_BYTES_MAX / 2 + 1);
    let report = World::new(&[("a", &big)]).report();
    assert!(
        report.critical[0].message.starts_with("The file has 524290 bytes"),
        "{report:?}"
    );
    let file = "x\n".repeat(FILE_BYTES_MAX / 2);
    let all: Vec<(String, &str)> = (0..9).map(|n| (format!("f{n}"), file.as_str())).collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    expect(
        &World::new(&all),
        &["critical - The change set has 4718592 bytes, at most 4194304"],
    );
    let flood: Vec<(String, &str)> = (0..101).map(|n| (format!("f{n}"), "x")).collect();
    let flood: Vec<(&str, &str)> = flood.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    expect(&World::new(&flood), &["critical - The change set has 101 files, at most 25"]);
}

#[test]
fn what_is_a_test() {
    for path in [
        "tests/a.rs",
        "src/tests/a.rs",
        "Test/a.c",
        "spec/a.rb",
        "a_test.go",
        "test_a.py",
        "pkg/conftest.py",
        "a.test.ts",
        "a.spec.js",
        "src/FooTest.java",
        "FooTests.swift",
        "FooSpec.scala",
        "__tests__/a.js",
        "src/a/tests.rs",
        "a_spec.rb",
    ] {
        assert!(is_test(path), "{path}");
    }
    for path in [
        "src/lib.rs",
        "testing.rs",
        "src/contest.py",
        "attest/a.rs",
        "latest.go",
        "src/inspect.rs",
        "greatest.java",
        "test.md",
    ] {
        assert!(!is_test(path), "{path}");
    }
}

#[test]
fn plans_are_kept() {
    let world = |files: &[(&str, &str)]| World::new(files).base(&["old.rs", "tests/old.rs"]);
    let plan = |world: World| world.planned(&["a.rs", "tests/a.rs"], &["tests/a.rs"]);
    expect(
        &plan(world(&[("a.rs", "x")])),
        &["critical tests/a.rs The plan promises this test and it is missing; write it."],
    );
    expect(
        &plan(world(&[("tests/a.rs", "x")])),
        &["warning a.rs The plan names this file and the change does not write it."],
    );
    // A repair touches some of the files; the others are there.
    expect(&plan(world(&[("a.rs", "x")]).base(&["tests/a.rs"])), &[]);
    expect(
        &plan(world(&[("a.rs", "x")]).base(&["tests/a.rs"]).delete("tests/a.rs")),
        &["critical tests/a.rs The plan promises this test and the change deletes it; keep it."],
    );
    expect(
        &plan(world(&[("a.rs", "x"), ("tests/a.rs", "x"), ("b.rs", "x")])),
        &["warning b.rs The plan does not name this file."],
    );
    let mut silent = world(&[("a.rs", "x")]).planned(&["a.rs"], &[]);
    silent.phase.as_mut().unwrap().untested_because = None;
    expect(&silent, &["suggestion - The plan promises no test and does not say why."]);
}

/// Bad second lines of a file, and what is said about them.
const BAD_LINES: &[(&str, &str)] = &[
    ("a\0b", "critical a.md:2 The line holds a control character (U+0000)"),
    ("a\u{1b}[31m", "critical a.md:2 The line holds a control character (U+001B)"),
    (
        "a\u{202e}b",
        "critical a.md:2 The line holds a text direction character (U+202E)",
    ),
    (
        "a\u{2066}b",
        "critical a.md:2 The line holds a text direction character (U+2066)",
    ),
    ("a\u{200b}b", "critical a.md:2 The line holds an invisible character (U+200B)"),
    ("a\u{200d}b", "critical a.md:2 The line holds an invisible character (U+200D)"),
    ("a\u{fe0f}b", "critical a.md:2 The line holds an invisible character (U+FE0F)"),
    (
        "a\u{e0041}b",
        "critical a.md:2 The line holds an invisible character (U+E0041)",
    ),
    ("a\u{feff}b", "critical a.md:2 The line holds an invisible character (U+FEFF)"),
    ("a\u{2028}b", "critical a.md:2 The line holds an invisible character (U+2028)"),
    (
        "a\u{e000}b",
        "critical a.md:2 The line holds a private use character (U+E000)",
    ),
    ("<<<<<<< HEAD", "critical a.md:2 The line is a conflict marker (<<<<<<<)"),
    (">>>>>>> x", "critical a.md:2 The line is a conflict marker (>>>>>>>)"),
    ("||||||| base", "critical a.md:2 The line is a conflict marker (|||||||)"),
    ("pаypal", "warning a.md:2 The word \"pаypal\" mixes letters"),
    (
        "a\u{fffd}b",
        "warning a.md:2 The line holds the character that stands for a damaged one",
    ),
    ("a\rb", "warning a.md:2 The line holds a carriage return inside"),
];

#[test]
fn text_that_is_what_it_seems() {
    let one = |text: &str| World::new(&[("a.md", text)]);
    let line2 = |text: &str| World::new(&[("a.md", &format!("first\n{text}\nlast\n"))]);
    for fine in [
        "tab\there",
        "crlf\r",
        "é, 日本, עברית, العربية",
        "❤️ 1️⃣ 👩‍💻 👍🏽 🏳️‍🌈",
        "می‌خواهم",
        "क्‍ष",
        "Δx",
        "10 µs",
        "Привет мир",
        "=======",
        "|||||||x",
    ] {
        let report = line2(fine).report();
        assert!(report.critical.is_empty(), "{fine:?} {:?}", report.critical);
    }
    for (bad, begin) in BAD_LINES {
        expect(&line2(bad), &[begin]);
    }
    expect(&one("\u{feff}text"), &[]);
    expect(&one(&"x".repeat(LINE_CHARS_MAX)), &[]);
    expect(&one(&"é".repeat(LINE_CHARS_MAX)), &[]);
    expect(
        &one(&"x".repeat(LINE_CHARS_MAX + 1)),
        &["critical a.md:1 The line has more than 10000 characters"],
    );
    expect(
        &one("<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"),
        &["critical a.md:1 The line is a conflict marker (<<<<<<<); settle the conflict (and 2 lines more)."],
    );
    expect(&one("a\r\nb\n"), &["suggestion a.md Some lines end in CRLF"]);
    expect(
        &one("a\nc\n").text("a.md", "a\r\nb\r\n"),
        &["warning a.md The line ends are not those the file had"],
    );
    // What was there before is not this change's doing.
    expect(
        &one("a\u{200b}b\nc\nd\u{200b}e\n").text("a.md", "a\u{200b}b\n"),
        &[
            "critical a.md:3 The line holds an invisible character (U+200B)",
            "suggestion a.md:1 The line holds an invisible character (U+200B)",
        ],
    );
}

#[test]
fn the_words_around_a_change_are_judged_too() {
    let mut world = World::new(&[("a", "x")]);
    world.change.summary = " ".to_owned();
    world.change.replies = vec![
        Reply {
            remark: 1,
            text: "fine ❤️".to_owned(),
        },
        Reply {
            remark: 2,
            text: "hid\u{200b}den".to_owned(),
        },
        Reply {
            remark: 3,
            text: format!("use {}", token("ghp_", 36)),
        },
    ];
    expect(
        &world,
        &[
            "critical - An answer to a remark holds characters that nobody sees",
            "critical - An answer to a remark holds what looks like a GitHub token",
            "warning - The change set has no summary",
        ],
    );
}

/// A file, its text, and how the first remark on it begins; nothing for none.
const SYNTAX: &[(&str, &str, &str)] = &[
    ("a.json", "{\"a\": [1, null, \"é\"]}", ""),
    ("a.json", "{\n  \"a\": 1,\n}", "critical a.json:3 This is no valid JSON: "),
    (
        "a.json",
        "{\"a\": 1, \"b\": {}, \"a\": 2}",
        "critical a.json:1 This is no valid JSON: a key stands twice",
    ),
    ("a.json", "", "critical a.json:1 This is no valid JSON: "),
    ("tsconfig.json", "{ // comment\n}", ""),
    (".vscode2/a.json", "// no", "critical .vscode2/a.json:1 This is no valid JSON"),
    ("a.jsonl", "{}\n\n{}\n{", "critical a.jsonl:4 This is no valid JSON"),
    ("a.toml", "a = 1\n[b]\nc = [1, 2]\n", ""),
    ("a.toml", "a = 1\nb =\n", "critical a.toml:2 This is no valid TOML: "),
    (
        "a.toml",
        "a = 1\na = 2\n",
        "critical a.toml:2 This is no valid TOML: duplicate key",
    ),
    ("a.yml", "a: 1\nb:\n  - x\n  - {y: z}\n", ""),
    ("a.yml", "---\na: 1\n---\nb: 2\n", ""),
    ("a.yml", "", ""),
    ("a.yml", "# only a comment\n", ""),
    ("a.yml", "a: !Ref x\nb: !GetAtt [c, d]\n", ""),
    ("a.yml", "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n", ""),
    ("a.yml", "n: .nan\nv: 1.10\no: 010\ny: no\nd: 2024-01-01\nt: ~\n", ""),
    ("a.yml", "1: a\n? [x, y]\n: b\n", ""),
    ("a.yaml", "a: [1, 2\n", "critical a.yaml"),
    ("a.yaml", "a: 1\n\tb: 2\n", "critical a.yaml:1 This is no valid YAML: "),
    ("a.yaml", "a: 1\na: 2\n", "critical a.yaml:2 This is no valid YAML: "),
    ("a.yaml", "a: *nowhere\n", "critical a.yaml"),
    ("a.yaml", "a: {{ value }} b\n", "warning a.yaml:1 This is no valid YAML: "),
    ("a.YML", "a: [", "critical a.YML"),
    ("a.txt", "{", ""),
    ("json", "{", ""),
];

fn check_syntax(path: &str, text: &str, begin: &str) {
    let said = said(&World::new(&[(path, text)]).report());
    let shown: String = text.chars().take(60).collect();
    match said.first() {
        Some(first) => assert!(!begin.is_empty() && first.starts_with(begin), "{path} {shown:?}: {said:?}"),
        None => assert!(begin.is_empty(), "{path} {shown:?}: nothing said"),
    }
}

#[test]
fn syntax_by_its_parser() {
    for (path, text, begin) in SYNTAX {
        check_syntax(path, text, begin);
    }
    expect(
        &World::new(&[("a.json", "{,")]).text("a.json", "{"),
        &["warning a.json:1 This is no valid JSON"],
    );
}

#[test]
fn nesting_and_aliases_are_bounded() {
    let yaml_bomb = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let before = format!("*a{}", n - 1);
            text += &format!("a{n}: &a{n} [{}]\n", [before.as_str(); 10].join(", "));
        }
        text
    };
    for (path, text, begin) in [
        ("a.json", &"[".repeat(100_000), "critical a.json:1 The line has more than"),
        (
            "a.json",
            &"[\n".repeat(200),
            "critical a.json:128 This is no valid JSON: recursion limit",
        ),
        (
            "a.toml",
            &format!("a = {}", "[".repeat(9_000)),
            "critical a.toml:1 This is no valid TOML: ",
        ),
        ("a.yaml", &yaml_bomb, "critical a.yaml"),
        ("a.yaml", &"- ".repeat(4_000), "critical a.yaml"),
        ("a.yaml", &"[".repeat(9_000), "critical a.yaml"),
        ("a.yaml", &"{a: ".repeat(2_000), "critical a.yaml"),
    ] {
        check_syntax(path, text, begin);
    }
}

/// Letters and digits by a fixed rule, no real secret; written so that no scanner takes this file for a leak.
fn drawn(letters: &[u8], length: usize) -> String {
    let mut state = 7_u32;
    let mut draw = || {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        char::from(letters[(state >> 16) as usize % letters.len()])
    };
    (0..length).map(|_| draw()).collect()
}

fn chance(length: usize) -> String {
    drawn(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
}

fn lower_hex(length: usize) -> String {
    drawn(b"0123456789abcdef", length)
}

fn upper(length: usize) -> String {
    drawn(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length)
}

fn token(prefix: &str, length: usize) -> String {
    format!("{prefix}{}", chance(length))
}

fn of_forges_and_clouds() -> Vec<(&'static str, String)> {
    vec![
        ("github-token", token("ghp_", 36)),
        ("github-token", token("gho_", 40)),
        (
            "github-installation-token",
            format!("ghs_12345_{}.{}", chance(30), chance(40)),
        ),
        (
            "github-fine-grained-token",
            format!("github_pat_{}_{}", chance(22), chance(59)),
        ),
        ("gitlab-token", token("glpat-", 20)),
        ("bitbucket-token", token("ATBB", 32)),
        ("atlassian-token", token("ATATT3", 80)),
        ("aws-access-key", format!("AKIA{}", upper(16))),
        ("aws-secret-key", format!("aws_secret_access_key = {}", chance(40))),
        ("google-api-key", token("AIza", 35)),
        ("google-oauth-secret", token("GOCSPX-", 28)),
        ("google-oauth-token", token("ya29.", 40)),
        ("azure-storage-key", format!("AccountName=x;AccountKey={}==", chance(86))),
        ("azure-client-secret", format!("a1B8Q~{}", chance(34))),
        (
            "azure-sas",
            format!("https://x.blob.core.windows.net/y?se=2030&sig={}", chance(44)),
        ),
        ("alibaba-key", token("LTAI", 20)),
    ]
}

fn of_hosts_and_models() -> Vec<(&'static str, String)> {
    vec![
        ("digitalocean-token", format!("dop_v1_{}", lower_hex(64))),
        ("heroku-key", token("HRKU-", 40)),
        ("fly-token", token("fm2_", 60)),
        ("netlify-token", token("nfp_", 36)),
        ("vault-token", token("hvs.", 30)),
        ("terraform-token", format!("{}.atlasv1.{}", chance(14), chance(64))),
        ("pulumi-token", format!("pul-{}", lower_hex(40))),
        ("doppler-token", token("dp.st.", 43)),
        ("databricks-token", format!("dapi{}", lower_hex(32))),
        ("planetscale-token", token("pscale_tkn_", 40)),
        ("anthropic-key", token("sk-ant-api03-", 80)),
        ("openai-key", token("sk-proj-", 48)),
        ("huggingface-token", token("hf_", 34)),
        ("replicate-token", token("r8_", 37)),
        ("groq-key", token("gsk_", 52)),
    ]
}

fn of_messengers_and_shops() -> Vec<(&'static str, String)> {
    vec![
        ("slack-token", format!("xoxb-{}-{}", "7391846205", chance(24))),
        ("slack-app-token", format!("xapp-1-{}-73918462-{}", upper(11), lower_hex(64))),
        (
            "slack-webhook",
            format!("https://hooks.slack.com/services/T{}/B{}/{}", upper(8), upper(10), chance(24)),
        ),
        (
            "discord-webhook",
            format!("https://discord.com/api/webhooks/73918462057/{}", chance(68)),
        ),
        ("discord-token", format!("M{}.{}.{}", chance(24), chance(6), chance(30))),
        (
            "teams-webhook",
            format!("https://x.webhook.office.com/webhookb2/{}/y", chance(70)),
        ),
        ("telegram-token", format!("739184620:AA{}", chance(33))),
        ("twilio-key", format!("SK{}", lower_hex(32))),
        ("sendgrid-key", format!("SG.{}.{}", chance(22), chance(43))),
        ("mailgun-key", format!("key-{}", lower_hex(32))),
        ("mailchimp-key", format!("{}-us12", lower_hex(32))),
        ("stripe-key", token("sk_live_", 24)),
        ("stripe-webhook-secret", token("whsec_", 32)),
        ("square-token", token("sq0atp-", 22)),
        ("shopify-token", format!("shpat_{}", lower_hex(32))),
    ]
}

fn of_registries_and_forms() -> Vec<(&'static str, String)> {
    vec![
        ("npm-token", token("npm_", 36)),
        ("pypi-token", token("pypi-", 80)),
        ("crates-token", token("cio", 32)),
        ("rubygems-key", format!("rubygems_{}", lower_hex(48))),
        ("docker-token", token("dckr_pat_", 27)),
        ("sentry-token", token("sntrys_", 60)),
        ("grafana-token", token("glsa_", 41)),
        ("newrelic-key", format!("NRAK-{}", upper(27))),
        ("linear-key", token("lin_api_", 40)),
        ("notion-token", token("ntn_", 46)),
        ("figma-token", token("figd_", 43)),
        ("age-key", format!("AGE-SECRET-KEY-1{}", upper(58))),
        (
            "private-key",
            format!("-----BEGIN RSA {} KEY-----\n{}\n", "PRIVATE", chance(64)),
        ),
        (
            "private-key",
            format!("\"-----BEGIN {} KEY-----\\n{}\"", "PRIVATE", chance(64)),
        ),
        (
            "private-key",
            format!(
                "-----BEGIN EC {} KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n{}\n",
                "PRIVATE",
                chance(64)
            ),
        ),
        ("jwt", format!("eyJ{}.eyJ{}.{}", chance(20), chance(40), chance(43))),
        ("url-password", format!("postgres://app:{}@db.internal/app", chance(20))),
        ("assigned-secret", format!("let password = \"{}\";", chance(24))),
        ("assigned-secret", format!("'clientSecret': '{}'", chance(32))),
        ("environment-secret", format!("# settings\nSESSION_SECRET={}\n", chance(40))),
    ]
}

/// What each rule finds: id and a text that holds the value.
fn samples() -> Vec<(&'static str, String)> {
    [
        of_forges_and_clouds(),
        of_hosts_and_models(),
        of_messengers_and_shops(),
        of_registries_and_forms(),
    ]
    .concat()
}

#[test]
fn secrets_of_every_form_are_found_and_never_repeated() {
    let mut met = BTreeSet::new();
    for (id, text) in samples() {
        let found = secrets::find(&format!("first\n{text}"), None);
        let ids: Vec<&str> = found.iter().map(|found| found.id).collect();
        assert!(ids.contains(&id), "{id}: {ids:?} in {text}");
        met.insert(id);
        let world = World::new(&[("src/a.rs", &text)]);
        let report = world.report();
        assert!(!report.passes(), "{id}");
        // No run of eight characters of the value is in any message.
        let told = format!("{report:?}");
        let value = text
            .rsplit(['=', '/', ':', ' ', '\n'])
            .find(|part| part.len() > 12)
            .unwrap_or(&text);
        for at in 0..value.len().saturating_sub(8) {
            if let Some(run) = value.get(at..at + 8) {
                assert!(!told.contains(run), "{id}: {told}");
            }
        }
        // What was there before is told, and does not stop the change.
        let kept = World::new(&[("src/a.rs", &format!("{text}\n// more\n"))])
            .text("src/a.rs", &text)
            .report();
        assert!(kept.passes() && !kept.warnings.is_empty(), "{id} {kept:?}");
    }
    let all: BTreeSet<&str> = secret_rules::RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(met, all, "every rule has a sample");
    assert!(all.len() >= 30);
}

#[test]
fn what_only_looks_like_a_secret_is_left_alone() {
    for text in [
        "password = \"changeme\"",
        "let token = \"your-token-goes-here-please\";",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_000000000000000000000000000000000000",
        "sk-learn-is-a-library-for-machine-learning-in",
        "postgres://user:password@localhost/db",
        "postgres://user:${DB_PASSWORD}@localhost/db",
        "https://example.org/a:b@c",
        "API_KEY=${API_KEY}",
        "SECRET_KEY=os.environ",
        "let secret = std::env::var(\"SECRET\")?;",
        "\"integrity\": \"sha512-9a1c7e2b8d0365f4\"",
        "fn token_of(text: &str) -> Token<'_> {",
        "const TOKEN_HEADER: &str = \"x-millhand-token\";",
        "commit 4f9a1c7e2b8d03654f9a1c7e2b8d03654f9a1c7e",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n",
        "the header -----BEGIN PRIVATE KEY----- begins a key",
        "550e8400-e29b-41d4-a716-446655440000",
    ] {
        assert_eq!(secrets::find(text, None), [], "{text}");
    }
}

#[test]
fn bombs_cost_little_and_the_score_is_bounded() {
    let wall = "ghp_".repeat(FILE_BYTES_MAX / 4);
    let dots = format!("eyJ{}", "a.eyJ".repeat(20_000));
    let names = "password=\"".repeat(20_000);
    let report = World::new(&[("a", &wall), ("b", &dots), ("c", &names), ("d", &"\u{200d}".repeat(20_000))]).report();
    assert!(!report.passes());
    assert!(report.critical.len() < 20);
    assert_eq!(report.score, 0);
    let one = World::new(&[("a\u{0}", "x")]).report();
    assert_eq!(one.score, 70);
}

proptest! {
    #[test]
    fn nothing_makes_it_fail_and_it_says_the_same_twice(
        files in prop::collection::vec(("[a-c.~/ G]{0,6}(\\.json|\\.yml|\\.toml|)", prop::option::of("(?s).{0,60}")), 0..6),
        base in prop::collection::btree_set("[a-c/]{1,5}", 0..6),
        before in "(?s).{0,40}",
    ) {
        let mut world = World::new(&[]);
        world.change.files = files.into_iter().map(|(path, content)| FileChange { path, content }).collect();
        world.texts = base.iter().map(|path| (path.clone(), before.clone())).collect();
        world.base = base;
        let report = world.report();
        prop_assert_eq!(&report, &world.report());
        prop_assert!(report.score <= 100);
        prop_assert_eq!(report.score == 100, report == Report { score: 100, ..Report::default() });
        let written: Vec<&FileChange> = world.change.files.iter().filter(|file| file.content.is_some()).collect();
        if report.passes() {
            for file in &written {
                prop_assert!(crate::workflow::repo_path::RepoPath::parse(&file.path).is_ok());
            }
            let names: BTreeSet<String> = written.iter().map(|file| crate::workflow::repo_path::fold(&file.path)).collect();
            prop_assert_eq!(names.len(), written.len());
        }
    }

    #[test]
    fn parsers_stand_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), ending in "json|jsonl|toml|yml") {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let path = format!("a.{ending}");
        let report = World::new(&[(path.as_str(), text.as_str())]).report();
        prop_assert!(report.critical.iter().all(|remark| !remark.message.chars().any(char::is_control)));
    }
}

#[test]
fn what_is_no_file_is_never_written_over() {
    let mut case = World::new(&[("current", "v2\n"), ("vendored", "x\n"), ("new", "x\n")]).base(&["current", "vendored"]);
    case.no_files.insert("current".to_owned(), "a symbolic link");
    case.no_files.insert("vendored".to_owned(), "another repository");
    assert_eq!(
        said(&case.report()),
        [
            "critical current There is a symbolic link, which is never written through or over; choose another place.",
            "critical vendored There is another repository, which is never written through or over; choose another place.",
        ]
    );
}
