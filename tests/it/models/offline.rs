//! The offline model, task by task.

use millhand::llm::answer::Answer;
use millhand::llm::task::{CheckResult, Conflict, Exchange, Reason, Remark, SourceFile, Task};
use millhand::llm::text;
use millhand::workflow::answer::{Cause, Diagnosis, Severity, Verdict};
use millhand::workflow::plan::{Plan, PlanBounds};
use proptest::prelude::*;

use super::{BOUNDS, DEMO, RUST, Tree, ask, change, draft, plan, plan_task, requirements, requirements_task, write_task};

#[test]
fn the_demo_has_three_phases_of_which_two_go_side_by_side() {
    let body = "Anything at all.\n\n- a bullet";
    let wanted = requirements(DEMO, body, &RUST);
    assert!(wanted.questions.is_empty() && wanted.criteria.len() == 6 && wanted.summary.contains("Offline model"));
    let plan = plan(DEMO, body, &RUST);
    let shape: Vec<_> = plan
        .phases
        .iter()
        .map(|p| (p.id.as_str(), p.depends_on.iter().map(|n| n.0).collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        shape,
        [("01-parser", vec![]), ("02-priority", vec![]), ("03-listing", vec![1, 2])]
    );
    assert!(plan.notes[0].starts_with("Offline model:"));
}

#[test]
fn the_script_gives_way_where_it_does_not_fit() {
    let slugs = |plan: &Plan| plan.phases.iter().map(|p| p.id.clone()).collect::<Vec<_>>();
    let body = "- one\n- two";
    assert_eq!(
        slugs(&plan(DEMO, body, &["README.md"])),
        ["01-one", "02-two"],
        "another layout"
    );
    assert_eq!(
        slugs(&plan(DEMO, body, &["ci.sh", "src/a.rs", "tests/a.rs"])),
        ["01-one", "02-two"],
        "another program"
    );
    assert_eq!(
        slugs(&plan(DEMO, body, &["ci.sh", "src/item.rs", "src/parser.rs", "tests/a.rs"])),
        ["01-one", "02-two"],
        "a file is there"
    );
    assert_eq!(slugs(&plan("Another title", body, &RUST)), ["01-one", "02-two"]);
    let Task::Plan {
        issue,
        requirements,
        answers,
        repository,
        merged,
        ..
    } = plan_task(DEMO, body, &RUST)
    else {
        panic!()
    };
    let revised = |text: &str, phases_max| Task::Plan {
        issue: issue.clone(),
        requirements: requirements.clone(),
        answers: answers.clone(),
        repository: repository.clone(),
        phases_max,
        revisions: vec![text.to_owned()],
        merged: merged.clone(),
    };
    let bullets = Plan::check(draft(&revised("- only this", 6)), BOUNDS).unwrap();
    assert_eq!(slugs(&bullets), ["01-only-this"], "people gave another list");
    let noted = Plan::check(draft(&revised("Please hurry", 6)), BOUNDS).unwrap();
    assert_eq!(slugs(&noted), ["01-parser", "02-priority", "03-listing"]);
    assert!(noted.notes[1].ends_with("only notes it: Please hurry"), "{:?}", noted.notes);
    assert_ne!(noted.hash(), plan(DEMO, body, &RUST).hash(), "a new plan is approved anew");
    assert_eq!(noted.phases, plan(DEMO, body, &RUST).phases, "and keeps its phases");
    let few = Plan::check(draft(&revised("x", 2)), BOUNDS).unwrap();
    assert_eq!(slugs(&few), ["01-parser", "02-priority"], "the rest goes into the last");
    assert_eq!(few.phases[1].files.len(), 4);
    assert_eq!(slugs(&Plan::check(draft(&revised("x", 1)), BOUNDS).unwrap()), ["01-parser"]);
}

#[test]
fn merged_phases_are_not_listed_again() {
    let body = "- one\n- two (after 1)\n- three (after 2)";
    for (title, left) in [
        (DEMO, vec!["02-listing", "03-priority"]),
        ("Other", vec!["04-two", "05-three"]),
    ] {
        let before = plan(title, body, &RUST);
        let Task::Plan {
            issue,
            requirements,
            answers,
            repository,
            phases_max,
            revisions,
            ..
        } = plan_task(title, body, &RUST)
        else {
            panic!()
        };
        let merged = vec![before.phases[0].clone()];
        let task = Task::Plan {
            issue,
            requirements,
            answers,
            repository,
            phases_max,
            revisions,
            merged,
        };
        let after = Plan::check(
            draft(&task),
            PlanBounds {
                last_number: 3,
                ..BOUNDS
            },
        )
        .unwrap();
        assert_eq!(after.phases.len(), 2);
        assert!(after.phases[0].depends_on.is_empty(), "what is merged is not waited for");
        if title != DEMO {
            assert_eq!(after.phases.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), left);
            assert_eq!(after.phases[1].depends_on.len(), 1);
        }
    }
}

#[test]
fn bullets_become_phases_with_their_dependencies() {
    let body = "Intro\n\n- Read items\n- Write `items` (after 1)\n  - as text\n- Both (after 1, 2)";
    let wanted = requirements("Some title", body, &RUST);
    assert_eq!(
        wanted.criteria,
        [
            "There is a part with the words: Read items",
            "There is a part with the words: Write items",
            "There is a part with the words: Both"
        ]
    );
    let plan = plan("Some title", body, &RUST);
    let shape: Vec<_> = plan
        .phases
        .iter()
        .map(|p| {
            (
                p.id.as_str(),
                p.files.join(" "),
                p.depends_on.iter().map(|n| n.0).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        shape,
        [
            ("01-read-items", "src/read-items.rs tests/read-items.rs".to_owned(), vec![]),
            (
                "02-write-items",
                "src/write-items.rs tests/write-items.rs".to_owned(),
                vec![1]
            ),
            ("03-both", "src/both.rs tests/both.rs".to_owned(), vec![1, 2]),
        ]
    );
    assert_eq!(plan.phases[1].goal, "Write items as text");
}

#[test]
fn more_bullets_than_phases_go_into_the_last() {
    let body: String = (1..=9)
        .map(|n| {
            format!(
                "- item {n}{}\n",
                if n == 1 {
                    " (after 9)"
                } else if n == 7 {
                    " (after 1)"
                } else {
                    ""
                }
            )
        })
        .collect();
    let trouble_free = "- a\n- b\n- c\n- d (after 1)\n- e\n- f (after 2)\n- g (after 3, 6)\n- h";
    let cut = plan("T", trouble_free, &RUST);
    assert_eq!(cut.phases.len(), 6);
    let last = &cut.phases[5];
    assert_eq!((last.title.as_str(), last.goal.as_str()), ("f and 2 more", "f\ng\nh"));
    assert_eq!(last.depends_on.iter().map(|n| n.0).collect::<Vec<_>>(), [2, 3]);
    assert!(
        cut.notes.iter().any(|note| note.contains("the last one holds 3 bullets")),
        "{:?}",
        cut.notes
    );
    // The cut would close a circle: item 1 needs item 9, and item 7, in the same last phase, needs item 1.
    let turned = plan("T", &body, &RUST);
    assert_eq!(turned.phases.len(), 6);
    assert!(
        turned.phases[5].goal.contains("item 9") && turned.phases[5].goal.contains("item 1"),
        "{:?}",
        turned.phases[5].goal
    );
}

#[test]
fn without_bullets_it_asks_one_question_and_takes_the_answers() {
    let asked = requirements("T", "Please make it better.", &RUST);
    assert_eq!(asked.questions.len(), 1);
    assert!(asked.questions[0].starts_with("Offline model:") && asked.questions[0].contains("(after 1, 2)"));
    let answered = |answer: &str| {
        let Task::Requirements { issue, repository, .. } = requirements_task("T", "Please make it better.", &RUST) else {
            panic!()
        };
        let answers = vec![Exchange {
            questions: asked.questions.clone(),
            answer: answer.to_owned(),
            author: "ann".to_owned(),
        }];
        let Answer::Requirements(wanted) = ask(&Task::Requirements {
            issue,
            answers,
            repository,
        }) else {
            panic!()
        };
        wanted
    };
    assert_eq!(answered("- this\n- that").criteria.len(), 2);
    assert!(answered("no idea").questions[0].contains("still no list"));
    let wrong = requirements("T", "- a (after 7)\n- b", &RUST);
    assert!(
        wrong.questions[0].contains("bullet 1 comes after bullet 7"),
        "{:?}",
        wrong.questions
    );
    assert!(requirements("T", "- a (after 2)\n- b (after 1)", &RUST).questions[0].contains("in a circle"));
    assert_eq!(draft(&plan_task("T", "nothing", &RUST)).missing.len(), 1);
}

#[test]
fn elsewhere_it_writes_pages_and_says_why_there_is_no_test() {
    let plan = plan("T", "- Say <b>hello</b> & *wave*", &["README.md", "docs/say-hello-wave.md"]);
    let phase = &plan.phases[0];
    assert_eq!(phase.files, ["docs/say-hello-wave-2.md"]);
    assert!(phase.tests.is_empty() && phase.untested_because.as_ref().unwrap().contains("ci.sh"));
    let written = change(&write_task("T", &plan, phase, Reason::First));
    let page = written.files[0].content.as_ref().unwrap();
    assert!(
        page.starts_with("# Say hello \\& wave\n") && page.contains("offline model") && page.contains("There is no test."),
        "{page}"
    );
    let remarks = vec![Remark {
        id: 3,
        author: "ann".to_owned(),
        path: None,
        line: None,
        text: "Say [why](https://example.com)".to_owned(),
    }];
    let Task::Write {
        title,
        plan,
        phase,
        repository,
        hints,
        ..
    } = write_task("T", &plan, phase, Reason::First)
    else {
        panic!()
    };
    let files = vec![SourceFile {
        path: "docs/say-hello-wave-2.md".to_owned(),
        content: page.clone(),
    }];
    let noted = change(&Task::Write {
        title,
        plan,
        phase,
        repository,
        files,
        reason: Reason::Review { remarks, others: vec![] },
        hints,
    });
    let noted_page = noted.files[0].content.as_ref().unwrap();
    assert!(
        noted_page.starts_with(page.as_str()) && noted_page.ends_with("> Say why  \n"),
        "{noted_page}"
    );
}

/// Titles and words that could break names, strings, comments or the compiler.
const AWKWARD: &str = "- type\n- Self: \"quoted\" \\ back\\slash\n- 漢字 だけ\n- Über Größe ⟨§⟩ 'x' {} {0} %s $HOME `rm -rf /`\n- 42\n\
    - */ } fn main() { panic!() } /*\n";

#[test]
fn whatever_the_words_are_the_code_compiles_and_its_test_passes() {
    let plan = plan("T", AWKWARD, &RUST);
    let slugs: Vec<&str> = plan.phases.iter().map(|phase| &phase.id[3..]).collect();
    assert_eq!(
        slugs,
        [
            "type-part",
            "self-quoted-back-slash",
            "piece",
            "ber-gre-x-0-s-home-rm-rf",
            "piece-2",
            "fn-main-panic"
        ]
    );
    let mut tree = Tree::default();
    for phase in &plan.phases {
        let mut written = change(&write_task("T", &plan, phase, Reason::First));
        tree.apply(&written);
        let remarks = vec![Remark {
            id: 9,
            author: "eve\n*/".to_owned(),
            path: Some(phase.files[0].clone()),
            line: Some(1),
            text: "*/ mod evil;\r\nfn evil() {}\n```\n#![allow(warnings)]\n\u{202E}".to_owned(),
        }];
        let Task::Write {
            title,
            plan,
            phase: one,
            repository,
            ..
        } = write_task("T", &plan, phase, Reason::First)
        else {
            panic!()
        };
        let files = tree.of(phase);
        let reason = Reason::Review { remarks, others: vec![] };
        let hints = vec!["Use *less* code".to_owned()];
        written = change(&Task::Write {
            title,
            plan,
            phase: one,
            repository,
            files,
            reason,
            hints,
        });
        assert_eq!(
            (written.files.len(), written.replies.len(), written.replies[0].remark),
            (1, 1, 9)
        );
        let noted = written.files[0].content.as_ref().unwrap();
        assert!(
            noted.contains("//! fn evil() {}\n") && noted.contains("//! Use less code\n"),
            "{noted}"
        );
        tree.apply(&written);
    }
    tree.check().unwrap();
}

#[test]
fn a_generated_test_fails_when_the_code_is_wrong() {
    let plan = plan("T", "- Read items from a file", &RUST);
    let mut tree = Tree::default();
    tree.apply(&change(&write_task("T", &plan, &plan.phases[0], Reason::First)));
    let source = tree.0.get_mut("src/read-items-from-a-file.rs").unwrap();
    *source = source.replace("\"Read items from a file\",", "\"Read nothing\",");
    let log = tree.check().unwrap_err();
    assert!(
        log.contains("it_records_what_was_asked_for") && log.contains("it_counts_the_words"),
        "{log}"
    );
}

#[test]
fn hints_are_recorded_once_and_the_last_one_in_any_case() {
    let plan = plan("T", "- Read items", &RUST);
    let phase = &plan.phases[0];
    let mut tree = Tree::default();
    let with = |tree: &Tree, reason: Reason, hints: &[&str]| {
        let Task::Write {
            title,
            plan,
            phase: one,
            repository,
            ..
        } = write_task("T", &plan, phase, Reason::First)
        else {
            panic!()
        };
        let hints = hints.iter().map(|hint| (*hint).to_owned()).collect();
        Task::Write {
            title,
            plan,
            phase: one,
            repository,
            files: tree.of(phase),
            reason,
            hints,
        }
    };
    tree.apply(&change(&with(&tree, Reason::First, &["be brief"])));
    assert_eq!(tree.0["src/read-items.rs"].matches("//! be brief\n").count(), 1);
    tree.apply(&change(&with(&tree, Reason::Hint, &["be brief", "be bold"])));
    assert_eq!(tree.0["src/read-items.rs"].matches("//! be brief\n").count(), 1);
    assert_eq!(tree.0["src/read-items.rs"].matches("//! be bold\n").count(), 1);
    let unknown = Diagnosis {
        cause: Cause::Unknown,
        explanation: "e".to_owned(),
        evidence: String::new(),
        files: Vec::new(),
    };
    let checks = || Reason::Checks {
        diagnosis: unknown.clone(),
        failures: Vec::new(),
    };
    let nothing = change(&with(&tree, checks(), &["be brief", "be bold"]));
    assert!(nothing.files.is_empty() && nothing.cannot.unwrap().contains("cannot be derived"));
    assert_eq!(
        change(&with(&tree, checks(), &["be brief", "be bold", "be kind"]))
            .files
            .len(),
        1
    );
    tree.check().unwrap();
}

#[test]
fn what_validation_refused_is_written_without_peoples_words() {
    let plan = plan("T", "- Read items with-a-strange-and-overlong-word and §", &RUST);
    let phase = &plan.phases[0];
    let refused = change(&write_task("T", &plan, phase, Reason::First));
    let errors = vec!["src: not allowed".to_owned()];
    let again = write_task(
        "T",
        &plan,
        phase,
        Reason::Validation {
            errors: errors.clone(),
            change: Box::new(refused.clone()),
        },
    );
    let mut tree = Tree::default();
    let simple = change(&again);
    tree.apply(&simple);
    assert!(tree.0.values().all(|content| !content.contains("overlong")), "{:?}", tree.0);
    tree.check().unwrap();
    let Task::Write {
        title,
        plan,
        phase: one,
        repository,
        reason,
        hints,
        ..
    } = again
    else {
        panic!()
    };
    let files = tree.of(phase);
    let noted = change(&Task::Write {
        title,
        plan,
        phase: one,
        repository,
        files,
        reason,
        hints,
    });
    assert!(noted.files[0].content.as_ref().unwrap().contains("were left out here"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_of_any_text_is_valid_or_asks(
        pieces in prop::collection::vec(prop_oneof![
            Just("- "), Just("* "), Just("1. "), Just("\n"), Just("\n\n"), Just("  - "), Just("read"), Just("mod"), Just("é"), Just("漢"),
            Just(" (after 1)"), Just(" (after 2, 3)"), Just(" (after 1 and 2)"), Just("`x`"), Just("[ ] "), Just("7"), Just(" "), Just("<b>"),
        ], 0..40),
        rust in any::<bool>(),
        most in 1_u32..8,
    ) {
        let paths: &[&str] = if rust { &["ci.sh", "src/read.rs", "tests/read.rs"] } else { &["docs/read.md"] };
        let Task::Plan { issue, requirements, answers, repository, revisions, merged, .. } = plan_task("T", &pieces.concat(), paths) else { panic!() };
        let drafted = draft(&Task::Plan { issue, requirements, answers, repository, phases_max: most, revisions, merged });
        if drafted.missing.is_empty() {
            let checked = Plan::check(drafted, PlanBounds { phases_max: most, ..BOUNDS });
            prop_assert!(checked.is_ok(), "{:?}", checked);
            let files: Vec<String> = checked.unwrap().phases.into_iter().flat_map(|phase| phase.files).collect();
            let different: std::collections::BTreeSet<String> = files.iter().map(|path| path.to_lowercase()).collect();
            prop_assert_eq!(different.len(), files.len(), "phases share no file");
            prop_assert!(!files.iter().any(|path| paths.contains(&path.as_str())), "and none that is there");
        } else {
            prop_assert!(drafted.phases.is_empty());
        }
    }
}

fn verdict(criteria: &[String], files: Vec<SourceFile>, conclusions: &[&str]) -> Verdict {
    let checks = conclusions
        .iter()
        .map(|c| CheckResult {
            name: "test".to_owned(),
            conclusion: (*c).to_owned(),
            fails_on_base: false,
        })
        .collect();
    let Answer::Verdict(verdict) = ask(&Task::Verify {
        phase: None,
        criteria: criteria.to_vec(),
        files,
        checks,
    }) else {
        panic!()
    };
    verdict
}

#[test]
fn a_criterion_is_met_when_files_and_checks_show_it() {
    for (title, body) in [
        (DEMO, ""),
        ("T", AWKWARD),
        ("T", "- one\n- two \"2\"\n- three\n- four\n- five\n- six\n- seven"),
    ] {
        let plan = plan(title, body, &RUST);
        let mut tree = Tree::default();
        for phase in &plan.phases {
            tree.apply(&change(&write_task(title, &plan, phase, Reason::First)));
            let files = tree.of(phase);
            let judged = verdict(&phase.criteria, files.clone(), &["success", "skipped"]);
            assert!(judged.good(), "{judged:?}");
            assert!(judged.summary.starts_with("Offline model:"));
            assert!(!verdict(&phase.criteria, files.clone(), &["success", "failure"]).good());
            assert!(
                !verdict(&phase.criteria, files[1..].to_vec(), &["success"]).good(),
                "a file is missing"
            );
            assert!(!verdict(&phase.criteria, Vec::new(), &["success"]).good());
            let unchecked = verdict(&phase.criteria, files, &[]);
            assert!(
                unchecked.good() && unchecked.findings[0].severity == Severity::Warning,
                "{unchecked:?}"
            );
        }
        let all = tree
            .0
            .iter()
            .map(|(path, content)| SourceFile {
                path: path.clone(),
                content: content.clone(),
            })
            .collect();
        let wanted = requirements(title, body, &RUST).criteria;
        let released = verdict(&wanted, all, &["success"]);
        assert!(released.good(), "{released:?}");
    }
    let pages = plan("T", "- Say *hello* \\_now\\_ & here", &["README.md"]);
    let written = change(&write_task("T", &pages, &pages.phases[0], Reason::First));
    let mut tree = Tree::default();
    tree.apply(&written);
    assert!(verdict(&pages.phases[0].criteria, tree.of(&pages.phases[0]), &[]).good());
}

#[test]
fn a_criterion_that_names_nothing_is_not_met() {
    let file = SourceFile {
        path: "src/a.rs".to_owned(),
        content: "fn a() {}".to_owned(),
    };
    for criterion in [
        "It is fast",
        "`` ` ",
        "`src/b.rs` is there",
        "`b` is called",
        "`src/a.rs` and `b`",
    ] {
        assert!(
            !verdict(&[criterion.to_owned()], vec![file.clone()], &["success"]).good(),
            "{criterion}"
        );
    }
    assert!(verdict(&["`src/a.rs` holds `a`".to_owned()], vec![file], &["success"]).good());
}

#[test]
fn both_sides_of_a_conflict_are_kept_and_nothing_else_is_touched() {
    let plan = plan("T", "- Read items", &RUST);
    let Task::Write {
        title,
        plan,
        phase,
        repository,
        files,
        hints,
        ..
    } = write_task("T", &plan, &plan.phases[0], Reason::First)
    else {
        panic!()
    };
    let conflict = |path: &str, text: &str, deleted_on: Option<&str>| Conflict {
        path: path.to_owned(),
        text: text.to_owned(),
        deleted_on: deleted_on.map(str::to_owned),
    };
    let page = "Title\n=======\n\n<<<<<<< ours\none\n=======\ntwo\n>>>>>>> theirs\nend\n";
    let reason = Reason::Conflict {
        base: "main".to_owned(),
        files: vec![
            conflict("docs/page.md", page, None),
            conflict("src/left.rs", "// kept\n", Some("main")),
        ],
    };
    let settled = change(&Task::Write {
        title,
        plan,
        phase,
        repository,
        files,
        reason,
        hints,
    });
    let written: Vec<_> = settled
        .files
        .iter()
        .map(|f| (f.path.as_str(), f.content.as_deref()))
        .collect();
    assert_eq!(
        written,
        [
            ("docs/page.md", Some("Title\n=======\n\none\ntwo\nend\n")),
            ("src/left.rs", Some("// kept\n"))
        ]
    );
}

#[test]
fn a_verdict_that_misses_files_is_answered_with_them() {
    let plan = plan("T", "- Read items", &RUST);
    let phase = &plan.phases[0];
    let mut tree = Tree::default();
    tree.apply(&change(&write_task("T", &plan, phase, Reason::First)));
    let task = |files: Vec<SourceFile>| {
        let reason = Reason::Verdict {
            findings: vec!["The change has no file tests/read-items.rs.".to_owned()],
        };
        let Task::Write {
            title,
            plan,
            phase: one,
            repository,
            hints,
            ..
        } = write_task("T", &plan, phase, Reason::First)
        else {
            panic!()
        };
        Task::Write {
            title,
            plan,
            phase: one,
            repository,
            files,
            reason,
            hints,
        }
    };
    let completed = change(&task(tree.of(phase)[..1].to_vec()));
    assert_eq!(
        completed.files.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(),
        ["tests/read-items.rs"]
    );
    let noted = change(&task(tree.of(phase)));
    assert!(
        noted.files[0]
            .content
            .as_ref()
            .unwrap()
            .contains("//! The verification overseer found")
    );
}

#[test]
fn a_file_that_was_not_shown_whole_is_not_written_back() {
    let plan = plan("T", "- Read items", &RUST);
    let phase = &plan.phases[0];
    for content in [
        format!("let key = {:?};", text::SECRET),
        "x\n".repeat(400_000),
        format!("let key = \"ghp_{}\";", "a".repeat(36)),
    ] {
        let files = vec![SourceFile {
            path: "src/read-items.rs".to_owned(),
            content,
        }];
        let Task::Write {
            title,
            plan,
            phase: one,
            repository,
            ..
        } = write_task("T", &plan, phase, Reason::First)
        else {
            panic!()
        };
        let task = Task::Write {
            title,
            plan,
            phase: one,
            repository,
            files,
            reason: Reason::Hint,
            hints: vec!["h".to_owned()],
        };
        let nothing = change(&task);
        assert!(nothing.files.is_empty() && nothing.cannot.unwrap().contains("not shown whole"));
    }
}

#[test]
fn release_notes_list_what_was_merged() {
    let plan = plan(DEMO, "", &RUST);
    let Answer::Notes(notes) = ask(&Task::ReleaseNotes {
        title: DEMO.to_owned(),
        summary: "s".to_owned(),
        phases: plan.phases,
    }) else {
        panic!()
    };
    assert_eq!(notes.headline, DEMO);
    assert_eq!(notes.changes[0], "Parse a line (`src/parser.rs`, `tests/parser.rs`)");
    assert_eq!(notes.changes.len(), 4);
}

#[test]
fn the_release_is_mended_in_the_newest_phase_that_was_shown() {
    let plan = plan(DEMO, "", &RUST);
    let mut tree = Tree::default();
    plan.phases
        .iter()
        .for_each(|phase| tree.apply(&change(&write_task(DEMO, &plan, phase, Reason::First))));
    let files = tree
        .0
        .iter()
        .map(|(path, content)| SourceFile {
            path: path.clone(),
            content: content.clone(),
        })
        .collect();
    let remark = Remark {
        id: 1,
        author: "ann".to_owned(),
        path: None,
        line: None,
        text: "shorter".to_owned(),
    };
    let Task::Write {
        title,
        plan,
        repository,
        hints,
        ..
    } = write_task(DEMO, &plan, &plan.phases[0], Reason::First)
    else {
        panic!()
    };
    let task = Task::Write {
        title,
        plan,
        phase: None,
        repository,
        files,
        reason: Reason::Review {
            remarks: vec![remark],
            others: vec![],
        },
        hints,
    };
    assert_eq!(change(&task).files[0].path, "src/listing.rs");
}
