//! Bad samples: each check of the parent module is shown what it must refuse, and what it must let through.

use super::{PRODUCTION_LINES, Source, crossings, foreign, lazy_tests, switches, too_long, unexplained};

#[test]
fn borders() {
    let cases: [(&str, &str, &[&str]); 20] = [
        ("src/workflow/decide.rs", "async fn decide() {}", &["async fn"]),
        ("src/workflow/decide.rs", "use tokio::sync::Mutex;", &["tokio::"]),
        ("src/workflow/decide.rs", "let now = std::time::Instant::now();", &["Instant"]),
        (
            "src/workflow/decide.rs",
            "// an Instant, tokio::spawn, crate::engine\nlet instantly = 1;",
            &[],
        ),
        ("src/workflow/decide.rs", "let Instantly = tokio_free;", &[]),
        ("src/github/auth.rs", "use crate::store::Store;", &["crate::store"]),
        (
            "src/github/auth.rs",
            "use crate::{clock::Clock, engine::{Engine, Step}, store};",
            &["crate::engine", "crate::store"],
        ),
        (
            "src/github/auth.rs",
            "use crate::{\n    clock,\n    cli,\n};",
            &["crate::cli"],
        ),
        ("src/github/auth.rs", "use super::super::store::Store;", &["crate::store"]),
        ("src/github/auth.rs", "use super::store::Store; // a module of github", &[]),
        ("src/github/mod.rs", "use super::sim::World;", &["crate::sim"]),
        ("src/llm/mod.rs", "fn f(s: &crate::store::Store) {}", &["crate::store"]),
        ("src/store/sqlite.rs", "use octocrab::Octocrab;", &["octocrab"]),
        ("src/notify/mod.rs", "use crate::engine::Engine;", &["crate::engine"]),
        (
            "src/engine/step.rs",
            "use axum::Router;\nuse millhand::http::app;",
            &["axum", "crate::http"],
        ),
        ("src/http/api.rs", "sqlx::query(\"select 1\")", &["sqlx"]),
        (
            "src/cli/serve.rs",
            "use octocrab::Octocrab; use crate::engine::Engine;",
            &["octocrab"],
        ),
        ("src/sim/world.rs", "use crate::workflow::State;", &["crate::workflow"]),
        (
            "src/sim/routes/http.rs",
            "use super::http; use super::super::store; use crate::sim::store;",
            &[],
        ),
        ("src/clock.rs", "use crate::engine::Engine;", &["crate::engine"]),
    ];
    for (path, text, expected) in cases {
        let layer = path.trim_start_matches("src/").split(['/', '.']).next().expect("a layer");
        let expected: Vec<String> = expected
            .iter()
            .map(|it| format!("{path}: {layer} may not name {it}"))
            .collect();
        assert_eq!(crossings(&Source::new(path, text)), expected, "{text}");
    }
}

#[test]
fn long_files() {
    let long = "fn f() {}\n".repeat(PRODUCTION_LINES + 1);
    assert!(too_long(&Source::new("src/a.rs", &long)).is_some());
    assert!(too_long(&Source::new("src/a/tests.rs", &long)).is_none());
    let tests = format!("fn f() {{}}\n\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    assert!(too_long(&Source::new("src/a.rs", &tests)).is_none());
}

#[test]
fn test_switches() {
    for (text, count) in [
        ("#[cfg(test)]\nmod tests {\n}\n", 0),
        ("#[cfg(test)]\nmod tests;\n", 0),
        ("// #[cfg(test)] explained\n", 0),
        ("#[cfg(feature = \"latest\")]\nfn f() {}\n", 0),
        ("#[cfg(test)]\npub(crate) mod bench;\n", 0),
        ("#[cfg(test)]\nfn f() {}\n", 1),
        ("    #[cfg(not(test))]\n    let x = 1;\n", 1),
        ("if cfg!(test) { 1 } else { 2 }\n", 1),
        ("#[cfg_attr(test, derive(Clone))]\n", 1),
        ("#[cfg(any(test, feature = \"x\"))]\nmod tests {}\n", 1),
    ] {
        assert_eq!(switches(&Source::new("src/a.rs", text)).len(), count, "{text}");
    }
}

#[test]
fn sleeps() {
    let sleep = concat!("tokio::time::", "sleep(x).await;");
    assert_eq!(lazy_tests(&Source::new("tests/it/a.rs", sleep)).len(), 1);
    assert_eq!(lazy_tests(&Source::new("src/engine/run.rs", sleep)).len(), 0);
    assert_eq!(
        lazy_tests(&Source::new(
            "src/a.rs",
            &format!("fn f() {{}}\n\n#[cfg(test)]\nmod tests {{ {sleep} }}")
        ))
        .len(),
        1
    );
    assert_eq!(
        lazy_tests(&Source::new("src/a/tests.rs", concat!("std::thread::", "sleep(x)"))).len(),
        1
    );
    assert_eq!(
        lazy_tests(&Source::new("tests/it/a.rs", concat!("#[", "ignore = \"later\"]"))).len(),
        1
    );
}

#[test]
fn headers() {
    for (path, text, fine) in [
        ("src/a/b.rs", "//! What it is.\n", true),
        ("src/a/b.rs", "use x;\n", false),
        ("src/a/mod.rs", "//! What it is.\n//!\n//! Invariant: it holds.\n", true),
        ("src/a/mod.rs", "//! What it is. Invariant: it\n//! holds.\n", true),
        ("src/a/mod.rs", "//! What it is.\n\n// Invariant: it holds.\n", false),
        ("src/a.rs", "//! What it is.\n", false),
        ("src/lib.rs", "//! What it is.\n", true),
        ("tests/it/a/mod.rs", "//! What it is.\n", false),
    ] {
        assert_eq!(unexplained(&Source::new(path, text)).is_none(), fine, "{path}: {text}");
    }
}

#[test]
fn marks_of_machines() {
    for text in [
        concat!("https://registry.", "npmjs.org/x"),
        concat!("/home", "/ann/x"),
        concat!("index.", "crates.io"),
    ] {
        assert_eq!(foreign(&Source::new("docs/a.md", text)).len(), 1, "{text}");
    }
    assert!(
        foreign(&Source::new(
            "Cargo.lock",
            "registry+https://github.com/rust-lang/crates.io-index"
        ))
        .is_empty()
    );
}
