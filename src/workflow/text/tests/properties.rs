//! Whatever people and models write, the documents hold together.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::*;
use crate::workflow::answer::{Cause, Diagnosis, Finding, ReleaseNotes, Reply, Severity, Verdict};
use crate::workflow::fact::{RemarkView, ReviewState, ReviewView, Target};
use crate::workflow::model::Questions;
use crate::workflow::text::{branch, check, commit, markdown, need, plan as plan_text, pull as pull_text, questions, release};
use crate::workflow::text::{review, status};
use crate::workflow::validate::{Remark, Report};

/// What a person or a model may write, with a taste for trouble.
fn words() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "\\PC{0,12}",
        ".{0,12}",
        Just("```".to_owned()),
        Just("`".to_owned()),
        Just("``".to_owned()),
        Just("<details>".to_owned()),
        Just("</details>".to_owned()),
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("@alice".to_owned()),
        Just("#7".to_owned()),
        Just("Fixes #7".to_owned()),
        Just("closes acme/other#9".to_owned()),
        Just("https://evil.example/x".to_owned()),
        Just("![x](https://evil.example/x.png)".to_owned()),
        Just("[x](y)".to_owned()),
        Just("| a |".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n---\n".to_owned()),
        Just("# x".to_owned()),
        Just("~~~".to_owned()),
        Just("\\".to_owned()),
        Just("$x$".to_owned()),
        Just("1. ".to_owned()),
        Just("- ".to_owned()),
        Just("a ".repeat(400)),
        Just("&lt;b&gt;".to_owned()),
        Just("\u{202e}".to_owned()),
    ];
    prop::collection::vec(pieces, 0..8).prop_map(|p| p.concat())
}

/// A workflow full of such words.
fn full(words: &[String]) -> Workflow {
    let word = |n: usize| words[n % words.len()].clone();
    let mut drafts = vec![
        draft("read", "t", "g", &[]),
        draft("rank", "t", "g", &[1]),
        draft("list", "t", "g", &[1, 2]),
    ];
    for (n, draft) in drafts.iter_mut().enumerate() {
        draft.title = format!("t{}", word(n));
        draft.goal = format!("g{}", word(n + 1));
        draft.criteria = vec![word(n + 2), word(n + 3)];
        draft.files.push(format!("src/{}", word(n + 4)));
        draft.tests.clear();
        draft.untested_because = Some(word(n + 5));
    }
    let mut plan = plan_of(drafts, &word(6));
    plan.notes = vec![word(7)];
    let mut w = forked_from(planned_with(
        begun_with(issue(&word(0), &word(1)), &Settings::default()),
        plan,
        true,
    ));
    w.requester.login = "maintainer".to_owned();
    w.remarks = vec![word(2), word(3)];
    w.questions.push(Questions {
        questions: vec![word(4), word(5)],
        comment: None,
        posted_at: None,
        answer: None,
        by: None,
    });
    w.notes = Some(ReleaseNotes {
        headline: word(8),
        changes: vec![word(9), word(0)],
    });
    for number in 1..=2 {
        change_phase(&mut w, number, |p| {
            open(p, State::Testing, 3, '1', Some("failure"));
            p.fate = Fate::Failed;
            p.track.gave_up = true;
            p.track.diagnosis = Some(Diagnosis {
                cause: Cause::Unknown,
                explanation: word(1),
                evidence: word(2),
                files: vec![word(3)],
            });
            p.track.failures = Some(crate::workflow::fact::Failures {
                head: sha('1'),
                blob: BlobHash(String::new()),
                red_on_base: vec![word(4)],
                readable: false,
            });
            p.track.verdict = Some((sha('1'), judgement(words)));
            p.track.report = Some(Report {
                warnings: vec![Remark {
                    path: Some(word(5)),
                    line: Some(0),
                    message: word(6),
                }],
                ..Report::default()
            });
            p.track.reviews.insert(1, said(words));
            p.track.checks.as_mut().unwrap().checks[0].name = word(8);
        });
    }
    change_phase(&mut w, 3, |p| p.fate = Fate::Skipped(word(9)));
    w
}

fn judgement(words: &[String]) -> Verdict {
    let word = |n: usize| words[n % words.len()].clone();
    Verdict {
        criteria: vec![crate::workflow::answer::CriterionVerdict {
            criterion: word(0),
            met: false,
            evidence: word(1),
        }],
        findings: vec![Finding {
            severity: Severity::Blocking,
            message: word(2),
            path: Some(word(3)),
            line: None,
        }],
        summary: word(4),
    }
}

fn said(words: &[String]) -> ReviewView {
    ReviewView {
        edited: false,
        id: 1,
        node_id: "PRR_1".to_owned(),
        pull: 3,
        by: reviewer(),
        state: ReviewState::ChangesRequested,
        commit: sha('1'),
        body: words[0].clone(),
        remarks: vec![RemarkView {
            id: 31,
            thread: "PRRT_31".to_owned(),
            path: words[0].clone(),
            line: None,
            body: words[0].clone(),
        }],
        at: BEGIN,
    }
}

/// All documents of a workflow.
fn documents(w: &Workflow, words: &[String]) -> Vec<String> {
    let waits = waits(w);
    let target = Target::Phase(PhaseNumber(1));
    let run = check::run(w, target, &waits);
    let replies = [Reply {
        remark: 31,
        text: words[0].clone(),
    }];
    let answer = review::answer(w, target, &[1], &replies, &sha('f'));
    let mut texts = vec![
        status::comment(w, &waits),
        plan_text::comment(w, MicroUsd(1)),
        questions::comment(w, 1),
        pull_text::body(w, PhaseNumber(1)),
        pull_text::body(w, PhaseNumber(3)),
        release::body(w),
        run.summary,
        run.text,
        answer.body,
    ];
    texts.extend(answer.replies.into_iter().map(|r| r.text));
    texts.extend(waits.iter().map(|wait| need::comment(w, wait)));
    for ended in [crate::workflow::model::End::Complete, crate::workflow::model::End::Cancelled] {
        let mut over = w.clone();
        over.ended = Some(ended);
        texts.push(status::comment(&over, &[]));
    }
    texts
}

/// What Markdown makes of a text: nothing but what a document of ours may hold.
fn judge(text: &str) -> Result<(), TestCaseError> {
    let mut opened = 0_i32;
    let mut in_code = 0_i32;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        if let Event::Start(Tag::Link { dest_url, .. }) = &event {
            prop_assert!(
                dest_url.starts_with("https://github.test/acme/todo/"),
                "a foreign link {dest_url} in\n{text}"
            );
        }
        prop_assert!(
            !matches!(event, Event::Start(Tag::Image { .. } | Tag::Strikethrough)),
            "an image or a strike in\n{text}"
        );
        in_code += i32::from(matches!(event, Event::Start(Tag::CodeBlock(_))))
            - i32::from(matches!(event, Event::End(pulldown_cmark::TagEnd::CodeBlock)));
        if let Event::Text(words) = &event {
            prop_assert!(in_code > 0 || !words.contains("://"), "a bare address in\n{text}");
        }
        if let Event::Html(html) | Event::InlineHtml(html) = &event {
            for line in html.lines() {
                let known = matches!(line, "<details>" | "</details>") || line.starts_with("<summary>");
                prop_assert!(known, "HTML {line:?} in\n{text}");
                opened += i32::from(line == "<details>") - i32::from(line == "</details>");
                prop_assert!(opened >= 0);
            }
        }
    }
    prop_assert_eq!(opened, 0, "details left open in\n{}", text);
    Ok(())
}

/// The text that GitHub looks at for references: what is neither code nor a link of ours.
fn visible(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        in_code |= matches!(event, Event::Start(Tag::CodeBlock(_)));
        in_code &= !matches!(event, Event::End(pulldown_cmark::TagEnd::CodeBlock));
        if let Event::Text(words) = &event
            && !in_code
        {
            out.push_str(words);
        } else if matches!(event, Event::Code(_)) {
            out.push('\u{1}');
        } else if matches!(event, Event::SoftBreak | Event::HardBreak | Event::End(_)) {
            out.push('\n');
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn documents_hold_together(words in prop::collection::vec(words(), 3..8)) {
        let w = full(&words);
        for text in documents(&w, &words) {
            judge(&text)?;
        }
        prop_assert!(status::comment(&w, &waits(&w)).chars().count() <= 60_000);
        let run = check::run(&w, Target::Phase(PhaseNumber(1)), &waits(&w));
        prop_assert!(run.text.chars().count() <= check::TEXT_CHARS_MAX);
        prop_assert!(run.annotations.iter().all(|a| a.line > 0));
        prop_assert_eq!(&documents(&w, &words), &documents(&w, &words));
    }

    #[test]
    fn nobody_is_named_and_no_other_issue_is_touched(words in prop::collection::vec(words(), 3..8)) {
        let w = full(&words);
        for number in [1, 3] {
            let body = visible(&pull_text::body(&w, PhaseNumber(number)));
            let links: Vec<&str> = body.match_indices('#').map(|(at, _)| &body[at..]).collect();
            // Its own first line, and what it builds on.
            prop_assert!(links.iter().all(|l| l.starts_with("#1,") || l.starts_with("#3)") || !l[1..].starts_with(|c: char| c.is_ascii_digit())), "{body}");
            for named in body.match_indices('@') {
                prop_assert!(!body[named.0 + 1..].starts_with(char::is_alphanumeric), "{body}");
            }
        }
        for target in [Target::Phase(PhaseNumber(1)), Target::Release] {
            let (headline, body) = commit::message(&w, target, &words[0]);
            prop_assert!(headline.chars().count() <= 72 && !headline.trim().is_empty() && !headline.contains('\n'), "{headline:?}");
            let has = |sign: char, next: fn(char) -> bool| {
                headline.match_indices(sign).any(|(at, _)| headline[at + 1..].starts_with(next))
            };
            prop_assert!(!has('#', |c| c.is_ascii_digit()) && !has('@', char::is_alphanumeric), "{headline:?}");
            prop_assert!(!headline.contains("://") && !headline.contains('['), "{headline:?}");
            prop_assert!(body.lines().last().is_some_and(|l| l.starts_with("Millhand-Phase: ")));
            let (headline, _) = commit::merge(&w, target);
            prop_assert!(headline.chars().count() <= 72, "{headline:?}");
        }
        prop_assert!(pull_text::title(&w, PhaseNumber(1)).chars().count() <= 100);
        prop_assert!(release::title(&w).chars().count() <= 100);
    }

    #[test]
    fn words_of_others_stay_words(text in words()) {
        for shown in [markdown::plain(&text, 300), markdown::cell(&text, 300), markdown::prose(&text, 300), markdown::quote(&text, 300), markdown::code(&text, 300)] {
            judge(&shown)?;
        }
        prop_assert!(markdown::plain(&text, 50).chars().count() <= 50 + 16);
        let cell = format!("| a | b |\n| --- | --- |\n| {} | x |", markdown::cell(&text, 300));
        let cells = Parser::new_ext(&cell, Options::ENABLE_TABLES).filter(|e| matches!(e, Event::Start(Tag::TableCell))).count();
        prop_assert_eq!(cells, 4, "{}", cell);
    }

    #[test]
    fn branch_names_are_names_that_git_takes(title in words(), prefix in prefixes(), round in 1_u32..2000, run in 1_u32..50, number in 1_u64..10_000_000, slug in "[a-z]([a-z0-9]|-[a-z0-9]){0,14}") {
        let mut settings = Settings::default();
        settings.branches.prefix = prefix;
        let mut view = issue(&title, "b");
        view.number = number;
        let mut w = begun_with(view, &settings);
        w.round = round;
        let id = format!("{:02}-{slug}", 7);
        for name in [branch::integration(&w), branch::phase(&w, &id, run)] {
            prop_assert!(git_takes(&name), "{name:?}");
            prop_assert!(name.chars().count() <= 100, "{name:?}");
        }
        prop_assert_ne!(branch::integration(&w), branch::phase(&w, &id, run));
        prop_assert_eq!(branch::integration(&w), branch::integration(&w.clone()));
    }
}

/// What a team may set as prefix, and what it should not.
fn prefixes() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("millhand/".to_owned()),
        Just(String::new()),
        "[a-zA-Z0-9._-]{0,20}/",
        "\\PC{0,30}",
        ".{0,10}",
        "[a-z/.@{~^:?*\\[\\\\ -]{0,60}",
        Just("a/".repeat(60)),
        Just("x.lock/".to_owned()),
        Just("/".to_owned()),
        Just("-".to_owned()),
    ]
}

/// The rules of git-check-ref-format(1) for a branch.
fn git_takes(name: &str) -> bool {
    let parts_hold = name
        .split('/')
        .all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock") && !part.ends_with('.'));
    let forbidden = name.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c));
    parts_hold && !forbidden && !name.contains("..") && !name.contains("@{") && name != "@" && !name.starts_with('-')
}

#[test]
fn a_status_comment_of_the_largest_workflow_is_short_enough() {
    let long = "<&> word ".repeat(2_000);
    let drafts = (0..40_u32)
        .map(|n| {
            let slug = format!("p{}", "x".repeat(20)) + &n.to_string();
            let needs: Vec<u32> = (1..=n).collect();
            draft(&slug, &long, &long, &needs)
        })
        .collect();
    let mut w = forked_from(planned_with(
        begun_with(issue(&long, &long), &Settings::default()),
        plan_of(drafts, &long),
        true,
    ));
    w.remarks = vec![long.clone(); 100];
    for n in 1..=40 {
        change_phase(&mut w, n, |p| {
            open(p, State::Testing, u64::from(n), '1', Some("failure"));
            p.fate = Fate::Failed;
            p.track.gave_up = true;
            p.track.diagnosis = Some(Diagnosis {
                cause: Cause::Unknown,
                explanation: long.clone(),
                evidence: String::new(),
                files: vec![],
            });
        });
    }
    assert!(status::comment(&w, &waits(&w)).chars().count() <= 60_000);
    w.ended = Some(crate::workflow::model::End::Complete);
    for n in 1..=40 {
        change_phase(&mut w, n, |p| merged(p, i64::from(n), 'a'));
    }
    assert!(status::comment(&w, &[]).chars().count() <= 60_000);
}
