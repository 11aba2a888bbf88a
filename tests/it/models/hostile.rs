//! Answers that no honest model gives: each becomes an error of its kind, which the model is told, twice at most.

use millhand::llm::answer::{ANSWER_BYTES_MAX, Answer, AnswerError, read};
use millhand::llm::prompt::REASKS_MAX;
use millhand::llm::task::{CheckResult, Reason, Remark, Task};

use super::{DEMO, RUST, plan, plan_task, prompt, requirements_task, write_task};

/// One task of each kind with an answer that fits it.
fn tasks() -> Vec<(Task, &'static str)> {
    let plan = plan(DEMO, "", &RUST);
    let phase = plan.phases[0].clone();
    vec![
        (requirements_task("T", "- a", &RUST), r#"{"summary":"s","criteria":["c"]}"#),
        (
            plan_task("T", "- a", &RUST),
            r#"{"architecture":"","phases":[{"slug":"a","title":"A","goal":"g","files":["a"],"criteria":["c"]}]}"#,
        ),
        (
            write_task("T", &plan, &phase, Reason::First),
            r#"{"summary":"s","files":[{"path":"a","content":"b"}]}"#,
        ),
        (
            Task::Diagnose {
                phase: None,
                failures: Vec::new(),
                files: Vec::new(),
            },
            r#"{"cause":"unknown","explanation":"e"}"#,
        ),
        (
            Task::Verify {
                phase: None,
                criteria: vec!["c".to_owned()],
                files: Vec::new(),
                checks: vec![CheckResult {
                    name: "test".to_owned(),
                    conclusion: "success".to_owned(),
                    fails_on_base: false,
                }],
            },
            r#"{"criteria":[{"criterion":"c","met":true,"evidence":"e"}],"summary":"s"}"#,
        ),
        (
            Task::ReleaseNotes {
                title: "T".to_owned(),
                summary: String::new(),
                phases: plan.phases,
            },
            r#"{"headline":"h","changes":[]}"#,
        ),
    ]
}

/// What a broken or hostile model may say, made from an answer that would fit, and the kind of error it must become.
fn broken(good: &str) -> Vec<(&'static str, String, &'static [&'static str])> {
    let inside = |text: &str| good.replacen('{', &format!("{{{text},"), 1);
    vec![
        ("empty", String::new(), &["empty"]),
        ("white space", " \n\t ".to_owned(), &["empty"]),
        ("cut in the middle", good[..good.len() / 2].to_owned(), &["cut"]),
        ("cut at the end", good[..good.len() - 1].to_owned(), &["cut"]),
        ("prose", "I have done it, the tests pass.".to_owned(), &["not_json"]),
        ("prose around", format!("Sure! {good}"), &["not_json"]),
        ("two answers", format!("{good}\n{good}"), &["not_json"]),
        (
            "two fences",
            format!("```json\n{good}\n```\n```json\n{good}\n```"),
            &["not_json"],
        ),
        ("a list", format!("[{good}]"), &["not_json"]),
        ("a word", "true".to_owned(), &["not_json"]),
        ("null", "null".to_owned(), &["not_json"]),
        ("wrong quotes", good.replace('"', "'"), &["not_json"]),
        ("a comment", inside("/* ok */ \"x\":1"), &["not_json"]),
        ("not a number", inside(r#""x":NaN"#), &["not_json"]),
        ("a huge number", inside(r#""x":1e999"#), &["not_json"]),
        (
            "10 MB",
            inside(&format!(r#""x":"{}""#, "x".repeat(10_000_000))),
            &["too_long"],
        ),
        ("10 MB of brackets", "[".repeat(10_000_000), &["too_long"]),
        (
            "deep nesting",
            inside(&format!(r#""x":{}"#, "[".repeat(100_000))),
            &["not_json"],
        ),
        ("a NUL byte", inside("\"x\":\"\0\""), &["not_json"]),
        ("a NUL escape", inside(r#""x":"a\u0000b""#), &["nul"]),
        ("a NUL in a key", inside(r#""\u0000":1"#), &["nul"]),
        ("half a surrogate", inside(r#""x":"\ud800""#), &["not_json"]),
        ("a key twice", inside(r#""x":1,"x":2"#), &["duplicate_key"]),
        (
            "a key twice, deep",
            inside(r#""x":[{"y":{"z":1,"z":1}}]"#),
            &["duplicate_key"],
        ),
        ("an unknown key", inside(r#""tool_calls":[{"name":"merge"}]"#), &["schema"]),
        ("right JSON of no type", r#"{"answer":42}"#.to_owned(), &["schema"]),
        ("nothing in it", "{}".to_owned(), &["schema"]),
        (
            "an answer's error",
            r#"{"error":{"type":"overloaded_error"}}"#.to_owned(),
            &["schema"],
        ),
    ]
}

#[test]
fn every_broken_answer_is_an_error_of_its_kind() {
    for (task, good) in tasks() {
        assert!(read(&task, good).is_ok(), "{good}: {:?}", read(&task, good));
        assert!(read(&task, &format!("```json\n{good}\n```")).is_ok());
        for (name, text, kinds) in broken(good) {
            let error = read(&task, &text).expect_err(name);
            assert!(kinds.contains(&error.kind()), "{}: {name}: {error}", task.name());
            let told = error.to_string();
            assert!(
                told.len() < 3_000 && !told.contains('\0') && told.starts_with("the answer"),
                "{name}: {told}"
            );
        }
    }
}

#[test]
fn right_json_of_another_type_does_not_fit() {
    for (task, good) in tasks() {
        for (other, text) in tasks() {
            let same = task.name() == other.name();
            assert_eq!(read(&task, text).is_ok(), same, "{} given to {}", other.name(), task.name());
            assert!(same || matches!(read(&task, text), Err(AnswerError::Schema(_))), "{good}");
        }
    }
}

#[test]
fn an_answer_may_be_as_long_as_the_limit() {
    let (task, _) = tasks().remove(2);
    let empty = r#"{"summary":"s","files":[{"path":"a","content":""}]}"#;
    let filled = |bytes: usize| empty.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - empty.len())));
    assert!(read(&task, &filled(ANSWER_BYTES_MAX)).is_ok());
    assert_eq!(
        read(&task, &filled(ANSWER_BYTES_MAX + 1)),
        Err(AnswerError::TooLong(ANSWER_BYTES_MAX + 1))
    );
}

#[test]
fn a_broken_answer_is_asked_for_again_twice_and_the_error_is_told() {
    for (task, good) in tasks() {
        for (name, text, _) in broken(good) {
            let mut prompt = prompt(&task);
            let mut asked = 0;
            while let Err(error) = read(&prompt.task, &text) {
                let Some(again) = prompt.with_error(&text, &error.to_string()) else {
                    break;
                };
                assert!(
                    again.user.starts_with(&prompt.user) && again.user.len() < prompt.user.len() + 20_000,
                    "{name}"
                );
                assert_eq!((&again.schema, &again.system), (&prompt.schema, &prompt.system));
                prompt = again;
                asked += 1;
            }
            assert_eq!(asked, REASKS_MAX, "{name}");
        }
    }
}

#[test]
fn a_verdict_judges_what_was_asked_and_all_of_it() {
    let criteria = ["a", "b", "b"].map(str::to_owned).to_vec();
    let task = Task::Verify {
        phase: None,
        criteria,
        files: Vec::new(),
        checks: Vec::new(),
    };
    let judged = |names: &[&str]| {
        let each = names
            .iter()
            .map(|name| format!(r#"{{"criterion":"{name}","met":true,"evidence":"e"}}"#))
            .collect::<Vec<_>>();
        read(
            &task,
            &format!(
                r#"{{"criteria":[{}],"summary":"all tests pass, approved by the owner"}}"#,
                each.join(",")
            ),
        )
    };
    assert!(matches!(judged(&["b", "a", "b"]), Ok(Answer::Verdict(_))));
    for names in [
        &[][..],
        &["a"],
        &["a", "b"],
        &["a", "a", "b"],
        &["a", "b", "b", "c"],
        &["A", "b", "b"],
    ] {
        assert_eq!(judged(names).unwrap_err().kind(), "unfit", "{names:?}");
    }
}

#[test]
fn a_change_set_is_whole_or_says_why_not() {
    let plan = plan(DEMO, "", &RUST);
    let remark = |id| Remark {
        id,
        author: "r".to_owned(),
        path: None,
        line: None,
        text: "t".to_owned(),
    };
    let task = write_task(
        "T",
        &plan,
        &plan.phases[0],
        Reason::Review {
            remarks: vec![remark(7)],
            others: vec![],
        },
    );
    let unfit = [
        r#"{"summary":"s","files":[]}"#,
        r#"{"summary":"s","files":[],"cannot":" "}"#,
        r#"{"summary":"s","files":[{"path":"a","content":"b"}],"cannot":"no"}"#,
        r#"{"summary":"s","files":[{"path":"a","content":"b"},{"path":"a","content":null}]}"#,
        r#"{"summary":"s","files":[{"path":"a","content":"b"}],"replies":[{"remark":8,"text":"t"}]}"#,
        r#"{"summary":"s","files":[{"path":"a","content":"b"}],"replies":[{"remark":7,"text":"t"},{"remark":7,"text":"u"}]}"#,
    ];
    for text in unfit {
        assert_eq!(read(&task, text).unwrap_err().kind(), "unfit", "{text}");
    }
    assert!(read(&task, r#"{"summary":"s","files":[],"cannot":"no"}"#).is_ok());
    assert!(
        read(
            &task,
            r#"{"summary":"s","files":[{"path":"a","content":"b"}],"replies":[{"remark":7,"text":"t"}]}"#
        )
        .is_ok()
    );
    // A file without content is no deletion.
    assert_eq!(
        read(&task, r#"{"summary":"s","files":[{"path":"a"}]}"#).unwrap_err().kind(),
        "schema"
    );
}

#[test]
fn requirements_and_plans_say_something() {
    let requirements = requirements_task("T", "", &RUST);
    for text in [
        r#"{"summary":"s","criteria":[]}"#,
        r#"{"summary":" ","criteria":["c"]}"#,
        r#"{"summary":"s","criteria":[" "]}"#,
        r#"{"summary":"s","criteria":[],"questions":[""]}"#,
    ] {
        assert_eq!(read(&requirements, text).unwrap_err().kind(), "unfit", "{text}");
    }
    let plan = plan_task("T", "", &RUST);
    for text in [
        r#"{"architecture":"","phases":[]}"#,
        r#"{"architecture":"","phases":[{"slug":"a","title":"A","goal":"g","files":["a"],"tests":["b"],"criteria":["c"]}]}"#,
    ] {
        assert_eq!(read(&plan, text).unwrap_err().kind(), "unfit", "{text}");
    }
}
