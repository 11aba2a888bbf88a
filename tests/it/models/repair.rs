//! Failed checks are diagnosed and mended from what they show: real code, really compiled, really failing.

use millhand::llm::answer::Answer;
use millhand::llm::task::{FailedCheck, Reason, SourceFile, Task};
use millhand::workflow::answer::{Cause, Diagnosis};
use millhand::workflow::plan::{Plan, PlannedPhase};

use super::{DEMO, RUST, Tree, ask, change, plan, write_task};

fn failed(log: &str) -> Vec<FailedCheck> {
    // As GitHub writes it: a time in front of every line.
    let log = log
        .lines()
        .map(|line| format!("2026-11-21T07:42:11.0420000Z {line}\n"))
        .collect();
    vec![FailedCheck {
        name: "test".to_owned(),
        conclusion: "failure".to_owned(),
        log,
        annotations: Vec::new(),
        readable: true,
    }]
}

fn diagnose(failures: &[FailedCheck], files: &[SourceFile]) -> Diagnosis {
    let Answer::Diagnosis(diagnosis) = ask(&Task::Diagnose {
        phase: None,
        failures: failures.to_vec(),
        files: files.to_vec(),
    }) else {
        panic!("a diagnosis")
    };
    diagnosis
}

/// The demo's plan, its second phase and that phase's first version.
fn priority() -> (Plan, PlannedPhase, Tree) {
    let plan = plan(DEMO, "", &RUST);
    let phase = plan.phases[1].clone();
    let mut tree = Tree::default();
    tree.apply(&change(&write_task(DEMO, &plan, &phase, Reason::First)));
    (plan, phase, tree)
}

/// Lets the tree fail, and mends it from the log; gives the diagnosis.
fn mend(plan: &Plan, phase: &PlannedPhase, tree: &mut Tree) -> Diagnosis {
    let failures = failed(&tree.check().expect_err("the mistake is found"));
    let files = tree.of(phase);
    let diagnosis = diagnose(&failures, &files);
    assert_eq!(diagnosis.cause, Cause::Code, "{diagnosis:?}");
    let Task::Write {
        title,
        plan,
        phase,
        repository,
        hints,
        ..
    } = write_task(DEMO, plan, phase, Reason::First)
    else {
        panic!()
    };
    let reason = Reason::Checks {
        diagnosis: diagnosis.clone(),
        failures,
    };
    let mended = change(&Task::Write {
        title,
        plan,
        phase,
        repository,
        files,
        reason,
        hints,
    });
    assert!(
        mended.files.iter().all(|file| !file.path.starts_with("tests/")),
        "no test is changed to pass"
    );
    assert_eq!(
        mended.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(),
        diagnosis.files
    );
    tree.apply(&mended);
    diagnosis
}

#[test]
fn the_demos_slip_fails_its_own_test_and_is_mended_from_the_log() {
    let (plan, phase, mut tree) = priority();
    let diagnosis = mend(&plan, &phase, &mut tree);
    assert_eq!(diagnosis.evidence, "tests/priority.rs:22: left: 25 right: 26");
    assert_eq!(
        diagnosis.explanation,
        "Offline model: tests/priority.rs line 22 in `no_priority_comes_behind_every_priority` got 25 and expects 26; `25` stands once in \
         `place` in src/priority.rs, it becomes `26`."
    );
    tree.check().unwrap();
    for other in [&plan.phases[0], &plan.phases[2]] {
        tree.apply(&change(&write_task(DEMO, &plan, other, Reason::First)));
    }
    tree.check().unwrap();
}

#[test]
fn another_mistake_is_another_diagnosis_and_another_repair() {
    let slips = [
        // Another wrong literal, with a separator and a type.
        (
            "None => 26",
            "None => 2_4u32",
            "`2_4u32` stands once in `place` in src/priority.rs, it becomes `26u32`",
        ),
        // The comparison turned round.
        (
            "key(one).cmp(&key(other))",
            "key(one).cmp(&key(other)).reverse()",
            "the comparison `cmp` stands once in src/priority.rs",
        ),
        // A name that does not exist.
        (
            "place(priority(entry))",
            "plce(priority(entry))",
            "the compiler suggests for src/priority.rs line 15",
        ),
        // A borrow that is missing.
        (
            "cmp(&key(other))",
            "cmp(key(other))",
            "the compiler suggests for src/priority.rs line 16",
        ),
    ];
    for (right, wrong, told) in slips {
        let (plan, phase, mut tree) = priority();
        let source = tree.0.get_mut("src/priority.rs").unwrap();
        *source = source.replace("None => 25", "None => 26").replace(right, wrong);
        assert!(source.contains(wrong));
        let diagnosis = mend(&plan, &phase, &mut tree);
        assert!(diagnosis.explanation.contains(told), "{}", diagnosis.explanation);
        tree.check().unwrap();
    }
}

#[test]
fn a_text_that_is_put_together_is_not_mended() {
    let (plan, _, mut tree) = priority();
    let phase = &plan.phases[2];
    for other in [&plan.phases[0], phase] {
        tree.apply(&change(&write_task(DEMO, &plan, other, Reason::First)));
    }
    let ranked = tree.0.get_mut("src/priority.rs").unwrap();
    *ranked = ranked.replace("None => 25", "None => 26");
    let source = tree.0.get_mut("src/listing.rs").unwrap();
    *source = source.replace("line {number}: {reason}", "{number}: {reason}");
    let failures = failed(&tree.check().unwrap_err());
    let diagnosis = diagnose(&failures, &tree.of(phase));
    // The value is not a literal of the source: it is put together.
    assert_eq!(diagnosis.cause, Cause::Unknown);
    assert!(
        diagnosis.explanation.contains("stands nowhere in the code under test"),
        "{}",
        diagnosis.explanation
    );
}

fn rust(source: &str, test: &str) -> Tree {
    let test = format!("#[path = \"../src/a.rs\"]\nmod a;\n{test}");
    Tree([("src/a.rs".to_owned(), source.to_owned()), ("tests/a.rs".to_owned(), test)].into())
}

fn files(tree: &Tree) -> Vec<SourceFile> {
    tree.0
        .iter()
        .map(|(path, content)| SourceFile {
            path: path.clone(),
            content: content.clone(),
        })
        .collect()
}

#[test]
fn what_does_not_follow_is_not_repaired() {
    let ambiguous = [
        (
            "pub fn f() -> u32 { let one = 4; one * 4 / 4 }",
            "#[test]\nfn t() { assert_eq!(a::f(), 5); }",
            "more than once",
        ),
        (
            "pub fn f(x: u32) -> u32 { x + x }",
            "#[test]\nfn t() { assert_eq!(a::f(2), 5); }",
            "nowhere",
        ),
        (
            "pub fn f(x: u32) -> bool { x > 3 }",
            "#[test]\nfn t() { assert!(a::f(2)); }",
            "neither a compiler's suggestion nor",
        ),
        (
            "pub fn f() -> (u32, u32) { (1, 2) }",
            "#[test]\nfn t() { assert_eq!(a::f(), (3, 4)); }",
            "differ in more than one literal",
        ),
        (
            "pub fn f() -> u32 { 4 }",
            "#[test]\nfn t() { let x = a::f(); if x == 4 { panic!(\"four\") } }",
            "neither a compiler's suggestion nor",
        ),
    ];
    for (source, test, because) in ambiguous {
        let tree = rust(source, test);
        let diagnosis = diagnose(&failed(&tree.check().unwrap_err()), &files(&tree));
        assert_eq!(diagnosis.cause, Cause::Unknown, "{source}: {diagnosis:?}");
        assert!(diagnosis.explanation.contains(because), "{source}: {}", diagnosis.explanation);
    }
}

#[test]
fn comments_and_other_functions_do_not_count() {
    let source = "/// 4 is what it gives, not 5.\npub fn f() -> u32 {\n    // 4\n    4\n}\n\npub fn g() -> u32 {\n    4\n}\n";
    let mut tree = rust(
        source,
        "#[test]\nfn t() {\n    assert_eq!(\n        a::f(),\n        5,\n    );\n    assert_eq!(a::g(), 4);\n}\n",
    );
    let failures = failed(&tree.check().unwrap_err());
    assert_eq!(diagnose(&failures, &files(&tree)).files, ["src/a.rs"]);
    let (plan, phase, _) = priority();
    let Task::Write {
        title,
        plan,
        phase,
        repository,
        hints,
        ..
    } = write_task("T", &plan, &phase, Reason::First)
    else {
        panic!()
    };
    let reason = Reason::Checks {
        diagnosis: diagnose(&failures, &files(&tree)),
        failures,
    };
    tree.apply(&change(&Task::Write {
        title,
        plan,
        phase,
        repository,
        files: files(&tree),
        reason,
        hints,
    }));
    assert!(tree.0["src/a.rs"].contains("    // 4\n    5\n}") && tree.0["src/a.rs"].ends_with("u32 {\n    4\n}\n"));
    tree.check().unwrap();
}

#[test]
fn annotations_serve_where_no_log_can_be_read() {
    let tree = rust("pub fn f() -> u32 { 4 }", "#[test]\nfn t() { assert_eq!(a::f(), 5); }");
    let mut failures = failed("");
    failures[0].readable = false;
    assert_eq!(diagnose(&failures, &files(&tree)).cause, Cause::Unknown);
    failures[0].annotations = vec!["tests/a.rs:4: assertion `left == right` failed\n  left: 4\n right: 5".to_owned()];
    assert_eq!(diagnose(&failures, &files(&tree)).files, ["src/a.rs"]);
}

#[test]
fn chance_and_surroundings_are_told_from_code() {
    let cases = [
        ("curl: (6) Could not resolve host: example.com", "failure", Cause::Flaky),
        ("error: connection reset by peer", "failure", Cause::Flaky),
        ("No space left on device", "failure", Cause::Environment),
        ("sh: rustc: command not found", "failure", Cause::Environment),
        ("", "startup_failure", Cause::Environment),
        ("", "timed_out", Cause::Flaky),
        ("", "failure", Cause::Unknown),
        (
            "thread 'x' (1) panicked at tests/a.rs:1:1:\nconnection reset",
            "failure",
            Cause::Unknown,
        ),
        ("FAILED (failures=1)", "failure", Cause::Unknown),
    ];
    for (log, conclusion, cause) in cases {
        let mut failures = failed(log);
        failures[0].conclusion = conclusion.to_owned();
        assert_eq!(diagnose(&failures, &[]).cause, cause, "{log:?} {conclusion}");
    }
}
