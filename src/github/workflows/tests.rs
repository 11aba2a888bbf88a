//! Rows of the kind GitHub's documentation lists, and the forms that real workflow files have.

use super::*;

#[test]
fn patterns_match_as_githubs_documentation_says() {
    let rows: &[(&[&str], &str, bool)] = &[
        (&["main"], "main", true),
        (&["main"], "main2", false),
        (&["feature/*"], "feature/my-branch", true),
        (&["feature/*"], "feature/a/b", false),
        (&["feature/**"], "feature/beta-a/my-branch", true),
        (&["feature/**"], "feature", false),
        (&["releases/mona-the-octocat"], "releases/mona-the-octocat", true),
        (&["*"], "main", true),
        (&["*"], "all/the/branches", false),
        (&["**"], "all/the/branches", true),
        (&["*feature"], "my-feature", true),
        (&["*feature"], "a/feature", false),
        (&["v2*"], "v2.9", true),
        (&["v[12].[0-9]+.[0-9]+"], "v1.10.1", true),
        (&["v[12].[0-9]+.[0-9]+"], "v3.0.0", false),
        (&["*.jsx?"], "page.js", true),
        (&["*.jsx?"], "page.jsx", true),
        (&["*.jsx?"], "page.jsy", false),
        (&["docs/*"], "docs/README.md", true),
        (&["docs/*"], "docs/a/b.md", false),
        (&["docs/**"], "docs/mona/octocat.txt", true),
        (&["docs/**/*.md"], "docs/README.md", true),
        (&["docs/**/*.md"], "docs/a/markdown/file.md", true),
        (&["**/docs/**"], "dir/docs/my-file.txt", true),
        (&["**/docs/**"], "docs/hello.md", true),
        (&["**/README.md"], "README.md", true),
        (&["**/README.md"], "js/README.md", true),
        (&["**/*src/**"], "a/src/app.js", true),
        (&["**/*-post.md"], "path/their-post.md", true),
        (&["**/migrate-*.sql"], "db/sept/migrate-v1.sql", true),
        (&["*.md", "!README.md"], "hello.md", true),
        (&["*.md", "!README.md"], "README.md", false),
        (&["*.md", "!README.md", "README*"], "README.md", true),
        (&["!main"], "main", false),
        (&["!main"], "other", false),
        (&["a.c"], "abc", false),
        (&["a+b"], "aab", true),
        (&["(x)|y"], "y", false),
        (&["releases/\\*"], "releases/*", true),
        (&["releases/\\*"], "releases/1", false),
        (&["millhand/**"], "millhand/7-x/base", true),
        (&["ünï*"], "ünïcode", true),
        (&[], "main", false),
    ];
    for (texts, name, wanted) in rows {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(Patterns::new(&texts).unwrap().matches(name), *wanted, "{texts:?} {name}");
    }
    for broken in ["[", "[]", "[z-a]", "[[:alpha:]]", "a\\", "?a", "+"] {
        assert!(Patterns::new(&[broken.to_owned()]).is_err(), "{broken}");
    }
}

fn read(on: &str) -> WorkflowTriggers {
    WorkflowTriggers::read(
        ".github/workflows/ci.yml",
        &format!("name: CI\n{on}\njobs: {{ test: {{ runs-on: x }} }}\n"),
    )
    .unwrap()
}

#[test]
fn a_workflow_starts_when_its_filters_let_it() {
    use Occasion::{Opened, Pushed, Queued, ReadyForReview, Synchronized};
    let ours = ("millhand/7-x/01-a", "millhand/7-x/base");
    let main = ("millhand/7-x/01-a", "main");
    type Row<'r> = (&'r str, Occasion, (&'r str, &'r str), &'r [&'r str], bool);
    let rows: &[Row<'_>] = &[
        ("on: push", Pushed, ours, &[], true),
        ("on: push", Opened, ours, &[], false),
        ("on: [push, pull_request]", Opened, ours, &[], true),
        ("on: [push, pull_request]", Queued, ours, &[], false),
        (
            "on: { pull_request: {}, push: { branches: [main] } }",
            Opened,
            ours,
            &[],
            true,
        ),
        (
            "on: { pull_request: {}, push: { branches: [main] } }",
            Pushed,
            ours,
            &[],
            false,
        ),
        (
            "on: { pull_request: {}, push: { branches: [main] } }",
            Pushed,
            ("main", ""),
            &[],
            true,
        ),
        ("on:\n  pull_request:\n    branches: [main]", Opened, ours, &[], false),
        ("on:\n  pull_request:\n    branches: [main]", Synchronized, main, &[], true),
        ("on:\n  pull_request:\n    branches: main", Opened, main, &[], true),
        (
            "on:\n  pull_request:\n    branches: [main, 'millhand/**']",
            Opened,
            ours,
            &[],
            true,
        ),
        (
            "on:\n  pull_request:\n    branches-ignore: ['millhand/**']",
            Opened,
            ours,
            &[],
            false,
        ),
        (
            "on:\n  pull_request:\n    branches-ignore: ['millhand/**']",
            Opened,
            main,
            &[],
            true,
        ),
        ("on:\n  pull_request:", Opened, ours, &[], true),
        ("on:\n  pull_request: ~", ReadyForReview, ours, &[], false),
        (
            "on:\n  pull_request:\n    types: [opened, ready_for_review]",
            ReadyForReview,
            ours,
            &[],
            true,
        ),
        (
            "on:\n  pull_request:\n    types: [opened, ready_for_review]",
            Synchronized,
            ours,
            &[],
            false,
        ),
        ("on:\n  pull_request:\n    types: labeled", Opened, ours, &[], false),
        ("on:\n  pull_request_target:\n    types: opened", Opened, ours, &[], true),
        (
            "on:\n  pull_request:\n    paths: ['src/**']",
            Opened,
            ours,
            &["docs/a.md"],
            false,
        ),
        (
            "on:\n  pull_request:\n    paths: ['src/**']",
            Opened,
            ours,
            &["docs/a.md", "src/a.rs"],
            true,
        ),
        ("on:\n  pull_request:\n    paths: ['src/**']", Opened, ours, &[], true),
        (
            "on:\n  pull_request:\n    paths: ['**', '!docs/**']",
            Opened,
            ours,
            &["docs/a.md"],
            false,
        ),
        (
            "on:\n  push:\n    paths-ignore: ['docs/**']",
            Pushed,
            ours,
            &["docs/a.md"],
            false,
        ),
        (
            "on:\n  push:\n    paths-ignore: ['docs/**']",
            Pushed,
            ours,
            &["docs/a.md", "a.rs"],
            true,
        ),
        ("on:\n  push:\n    tags: ['v*']", Pushed, ours, &[], false),
        (
            "on:\n  push:\n    tags: ['v*']\n    branches: ['**']",
            Pushed,
            ours,
            &[],
            true,
        ),
        ("on:\n  push:\n    branches: ['!millhand/**']", Pushed, ours, &[], false),
        ("on:\n  push:\n    branches: ['**', '!millhand/**']", Pushed, ours, &[], false),
        ("on: { merge_group: , workflow_dispatch: }", Queued, ours, &[], true),
        ("'on': pull_request", Opened, ours, &[], true),
        (
            "on:\n  schedule:\n    - cron: '0 0 * * *'\n  pull_request:",
            Opened,
            ours,
            &[],
            true,
        ),
        (
            "on:\n  workflow_call:\n    inputs: { x: { type: string } }",
            Opened,
            ours,
            &[],
            false,
        ),
        (
            "x: &b [main]\non:\n  pull_request:\n    branches: *b",
            Opened,
            main,
            &[],
            true,
        ),
    ];
    for (on, occasion, (head, base), paths, wanted) in rows {
        assert_eq!(
            read(on).starts_for(*occasion, head, base, paths),
            *wanted,
            "{on} {occasion:?} {base} {paths:?}"
        );
    }
}

#[test]
fn jobs_are_named_as_their_checks_where_that_is_fixed() {
    let text = "on: push\njobs:\n  a: { name: Unit tests }\n  b: {}\n  c: { strategy: { matrix: { x: [1, 2] } } }\n  \
                d: { name: 'on ${{ matrix.os }}' }\n  e: { uses: ./.github/workflows/x.yml }\n  \
                f: { if: 'github.event.pull_request.draft == false' }\n";
    let read = WorkflowTriggers::read(".github/workflows/ci.yml", text).unwrap();
    let names: Vec<_> = read
        .jobs
        .iter()
        .map(|job| (job.id.as_str(), job.check.as_deref(), job.minds_draft))
        .collect();
    let wanted = [
        ("a", Some("Unit tests"), false),
        ("b", Some("b"), false),
        ("c", None, false),
        ("d", None, false),
        ("e", None, false),
        ("f", Some("f"), true),
    ];
    assert_eq!(names, wanted);
    assert_eq!(read.name, ".github/workflows/ci.yml");
}

#[test]
fn what_cannot_be_read_is_told_and_not_guessed() {
    let rows = [
        ("", ""),
        ("jobs: {}", "on"),
        ("true: push", "on"),
        ("on: push\non: pull_request", "duplicate"),
        ("on: push\n\tjobs: {}", ""),
        ("on: push\n---\non: push", ""),
        ("on: 7", ""),
        ("on: { push: { branches: 7 } }", "on.push: branches must be"),
        ("on: { push: [main] }", "on.push: neither"),
        ("on: { push: { branches: ['['] } }", "on.push: branches: \"[\" is no pattern"),
        ("on: { push: { branches: [a], branches-ignore: [b] } }", "exclude"),
        ("on: { pull_request: { paths: [a], paths-ignore: [b] } }", "exclude"),
        ("[", ""),
    ];
    for (text, part) in rows {
        let problem = WorkflowTriggers::read("w.yml", text).unwrap_err();
        assert!(
            problem.to_string().to_lowercase().contains(part) && problem.file == "w.yml",
            "{text}: {problem}"
        );
    }
    let bomb = format!(
        "a: &a [x,x,x,x,x,x,x,x,x]\n{}on: push\n",
        (b'b'..=b'i').fold(String::new(), |text, c| {
            let (now, before) = (char::from(c), char::from(c - 1));
            text + &format!(
                "{now}: &{now} [*{before},*{before},*{before},*{before},*{before},*{before},*{before},*{before},*{before}]\n"
            )
        })
    );
    assert!(WorkflowTriggers::read("w.yml", &bomb).is_err());
    assert!(WorkflowTriggers::read("w.yml", &"[".repeat(100_000)).is_err());
}
