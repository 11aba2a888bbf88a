//! Paths the core accepts, given to git itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use millhand::workflow::repo_path::RepoPath;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

/// Enough to meet each alternative of the pattern many times.
const PATHS: usize = 1_000;

/// `None` where there is no git: then there is nobody to ask.
fn git(folder: &std::path::Path, arguments: &[&str], input: &[u8]) -> Option<String> {
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "n")))
        .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "n@example.org")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {said}");
    assert!(!said.contains("warning"), "git {arguments:?}: {said}");
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[allow(clippy::print_stderr, reason = "a test that proves nothing says so")]
fn skipped() {
    eprintln!("SKIPPED: there is no git on this machine, so nobody judged the accepted paths");
}

/// Random paths that are accepted and can lie in one tree.
fn accepted_paths() -> BTreeSet<String> {
    let part = "[.~ ]?(git|GIT|con|aux|gitmodules|[a-zA-Z0-9 ._~$-]{1,6}|[\\PC]{1,6}|é|日本|\\.{1,3})[.~ 0-9a-z\u{200c}]{0,3}";
    let path = proptest::collection::vec(proptest::string::string_regex(part).unwrap(), 1..4).prop_map(|parts| parts.join("/"));
    let mut runner = TestRunner::deterministic();
    let mut folded = BTreeSet::new();
    let mut accepted = BTreeSet::new();
    while accepted.len() < PATHS {
        let text = path.new_tree(&mut runner).unwrap().current();
        let Ok(path) = RepoPath::parse(&text) else { continue };
        // A folder per path, so that no file lies where another's folder is.
        if folded.insert(path.fold()) {
            accepted.insert(format!("{}/{text}", accepted.len()));
        }
    }
    accepted
}

#[test]
fn git_finds_nothing_wrong_with_a_tree_of_accepted_paths() {
    let folder = tempfile::tempdir().unwrap();
    if git(folder.path(), &["init", "--quiet", "."], b"").is_none() {
        return skipped();
    }
    let blob = git(folder.path(), &["hash-object", "-w", "--stdin"], b"x").unwrap();
    let index: Vec<u8> = accepted_paths()
        .iter()
        .flat_map(|path| format!("100644 {blob}\t{path}\0").into_bytes())
        .collect();
    let strict = ["-c", "core.protectHFS=true", "-c", "core.protectNTFS=true"];
    let with = |arguments: &[&'static str]| [strict.as_slice(), arguments].concat();
    git(folder.path(), &with(&["update-index", "-z", "--index-info"]), &index).unwrap();
    let listed = git(folder.path(), &["ls-files", "-z"], b"").unwrap();
    assert_eq!(
        listed.split_terminator('\0').count(),
        PATHS,
        "git takes every one of them into its index"
    );
    let tree = git(folder.path(), &["write-tree"], b"").unwrap();
    let commit = git(folder.path(), &["commit-tree", &tree, "-m", "m"], b"").unwrap();
    git(folder.path(), &["update-ref", "refs/heads/main", &commit], b"").unwrap();
    git(folder.path(), &["fsck", "--strict", "--full"], b"").unwrap();
}

#[test]
fn git_would_have_found_what_the_core_refuses() {
    let folder = tempfile::tempdir().unwrap();
    if git(folder.path(), &["init", "--quiet", "."], b"").is_none() {
        return skipped();
    }
    let blob = git(folder.path(), &["hash-object", "-w", "--stdin"], b"x").unwrap();
    for name in [".git", ".GIT", "git~1", ".git ", ".git.", ".g\u{200c}it", "..", "."] {
        assert!(RepoPath::parse(name).is_err(), "{name:?}");
        let entry = format!("100644 blob {blob}\t{name}\0");
        let tree = git(folder.path(), &["mktree", "-z"], entry.as_bytes()).unwrap();
        let judged = Command::new("git")
            .args(["fsck", "--strict", &tree])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(
            !judged.stderr.is_empty(),
            "git says nothing about {name:?}: the first test would prove nothing"
        );
    }
}
