//! Literal comments and what they say.

use proptest::prelude::*;

use super::*;

fn start() -> Command {
    Command::Start
}
fn approve(what: Option<ApproveWhat>, hash: Option<&str>) -> Command {
    Command::Approve {
        what,
        hash: hash.map(str::to_owned),
    }
}
fn approve_all() -> Command {
    approve(None, None)
}
fn number(n: u32) -> PhaseRef {
    PhaseRef::Number(n)
}
fn id(id: &str) -> PhaseRef {
    PhaseRef::Id(id.to_owned())
}
fn rollback(what: RollbackWhat) -> Command {
    Command::Rollback { what }
}

fn revise(text: &str) -> Command {
    Command::Revise {
        phase: None,
        text: text.to_owned(),
    }
}
fn retry(phase: Option<PhaseRef>, hint: Option<&str>) -> Command {
    Command::Retry {
        phase,
        fresh: false,
        hint: hint.map(str::to_owned),
    }
}
fn afresh(phase: Option<PhaseRef>, hint: Option<&str>) -> Command {
    Command::Retry {
        phase,
        fresh: true,
        hint: hint.map(str::to_owned),
    }
}
fn budget(micro: i64) -> Command {
    Command::Budget { amount: MicroUsd(micro) }
}

/// What a comment says: its commands, and how each refusal begins.
type Case = (&'static str, Vec<Command>, &'static [&'static str]);

fn check(cases: Vec<Case>) {
    for (body, commands, refused) in cases {
        let parsed = parse(body, true);
        assert_eq!(parsed.commands, commands, "{body:?} {:?}", parsed.refused);
        assert_eq!(parsed.refused.len(), refused.len(), "{body:?} {:?}", parsed.refused);
        for (refusal, begin) in parsed.refused.iter().zip(refused) {
            assert!(refusal.sentence.starts_with(begin), "{body:?} {refusal:?}");
            assert_eq!(refusal.manner, Manner::Reply);
        }
    }
}

#[test]
fn where_a_command_stands() {
    const UNDER: &str = "`/approve` stands directly under";
    let a = approve_all;
    check(vec![
        ("/approve", vec![a()], &[]),
        ("   /approve", vec![a()], &[]),
        ("    /approve", vec![], &[]),
        ("\t/approve", vec![], &[]),
        ("text\n/approve", vec![a()], &[]),
        ("text\n    /approve", vec![], &[]),
        ("text /approve", vec![], &[]),
        ("text  \n/approve", vec![a()], &[]),
        ("text\\\n/approve\\\nthanks", vec![a()], &[]),
        ("/approve\r\n", vec![a()], &[]),
        ("ok\r\n/approve\r\nthanks", vec![a()], &[]),
        ("ok\r/approve\rthanks", vec![a()], &[]),
        ("/approve\n---", vec![a()], &[]),
        ("/approve\n-- \nMe", vec![a()], &[]),
        ("/approve\n===", vec![a()], &[]),
        ("# /approve", vec![], &[]),
        ("`/approve`", vec![], &[]),
        ("`code\n/approve\n`", vec![], &[]),
        ("```\n/approve\n```", vec![], &[]),
        ("```\n/approve", vec![], &[]),
        ("~~~\n/approve\n~~~", vec![], &[]),
        ("- ```\n  /approve\n  ```", vec![], &[]),
        ("> /approve", vec![], &[]),
        ("> quoted\n/approve", vec![], &[UNDER]),
        ("> quoted\n\n/approve", vec![a()], &[]),
        (">> quoted\n /approve", vec![], &[UNDER]),
        ("- item\n/approve", vec![], &[UNDER]),
        ("1. item\n/approve", vec![], &[UNDER]),
        ("- item\n\n/approve", vec![a()], &[]),
        ("- item\n  /approve", vec![], &[]),
        ("- /approve", vec![], &[]),
        ("- [ ] /approve", vec![], &[]),
        ("* [x] done\n/approve", vec![], &[UNDER]),
        ("| a |\n|---|\n| b |\n/approve", vec![], &[UNDER]),
        ("/approve | b\n---|---\nc | d", vec![], &[]),
        ("[^1]: note\n/approve\n\nsee [^1]", vec![], &[UNDER]),
        ("<!-- /approve -->", vec![], &[]),
        ("<!--\n\n/approve\n\n-->", vec![], &[]),
        ("<!--\n/approve", vec![], &[]),
        ("text <!-- \n/approve\n--> text", vec![], &[]),
        ("<div>\n/approve\n</div>", vec![], &[]),
        ("<pre>\n\n/approve\n</pre>", vec![], &[]),
        ("<details>\n\n/approve\n\n</details>", vec![a()], &[]),
        ("text <s>\n/approve\n</s>", vec![], &[]),
        ("text <br>\n/approve", vec![a()], &[]),
        ("**bold\n/approve**", vec![], &[]),
        ("[link\n/approve](https://example.org)", vec![], &[]),
        ("~~gone\n/approve~~", vec![], &[]),
        ("\\/approve", vec![], &[]),
        ("&#47;approve", vec![], &[]),
        ("\u{200b}/approve", vec![], &[]),
        ("\u{a0}/approve", vec![], &[]),
        ("\u{feff}/approve", vec![], &[]),
        ("[x]: /approve", vec![], &[]),
        ("(/approve)", vec![], &[]),
        ("@someone /approve", vec![], &[]),
        ("/ approve", vec![], &[]),
        ("//approve", vec![], &[]),
        ("/approve/plan", vec![], &[]),
        ("", vec![], &[]),
        ("/", vec![], &[]),
    ]);
}

#[test]
fn words_and_near_misses() {
    check(vec![
        ("/APPROVE", vec![approve_all()], &[]),
        ("/Start", vec![start()], &[]),
        ("/millhand approve", vec![approve_all()], &[]),
        ("/millhand   status", vec![Command::Status], &[]),
        ("/Millhand Help", vec![Command::Help], &[]),
        ("/millhand", vec![], &["`/millhand` wants a command behind it; `/help`"]),
        (
            "/millhand rename 2",
            vec![],
            &["There is no command `/millhand rename`; `/help` lists"],
        ),
        (
            "/millhand aprove",
            vec![],
            &["There is no command `/millhand aprove`; did you mean `/approve"],
        ),
        (
            "/millhand /pause",
            vec![],
            &["There is no command `/millhand /pause`; did you mean `/pause`?"],
        ),
        (
            "/milhand pause",
            vec![],
            &["There is no command `/milhand pause`; did you mean `/pause`?"],
        ),
        ("/milhand dance", vec![], &[]),
        ("/aprove", vec![], &["There is no command `/aprove`; did you mean `/approve"]),
        (
            "/aproove",
            vec![],
            &["There is no command `/aproove`; did you mean `/approve"],
        ),
        ("/pasue", vec![], &["There is no command `/pasue`; did you mean `/pause`?"]),
        ("/staus", vec![], &["There is no command `/staus`; did you mean `/status`?"]),
        (
            "/approve.",
            vec![],
            &["There is no command `/approve.`; did you mean `/approve"],
        ),
        (
            "/cancel!",
            vec![],
            &["There is no command `/cancel!`; did you mean `/cancel`?"],
        ),
        (
            "/aprove\n\n/aprove",
            vec![],
            &["There is no command `/aprove`; did you mean `/approve"],
        ),
        ("/lgtm", vec![], &[]),
        ("/assign @me", vec![], &[]),
        ("/ok-to-test", vec![], &[]),
        ("/rebase", vec![], &[]),
        ("/review", vec![], &[]),
        ("/usr/bin/env", vec![], &[]),
        ("/etc/passwd", vec![], &[]),
        ("/stat/us", vec![], &[]),
        ("> quoted\n/aprove", vec![], &[]),
        ("/start\n/status", vec![start(), Command::Status], &[]),
        (
            "/pause\n\nback tomorrow\n\n/resume",
            vec![Command::Pause, Command::Resume],
            &[],
        ),
        ("/pause now", vec![], &["`/pause` takes nothing behind it"]),
        ("/start please", vec![], &["`/start` takes nothing behind it"]),
    ]);
}

#[test]
fn arguments_of_approve() {
    let plan = || Some(ApproveWhat::Plan);
    let of = |phase| Some(ApproveWhat::Phase(phase));
    check(vec![
        ("/approve plan", vec![approve(plan(), None)], &[]),
        ("/approve PLAN", vec![approve(plan(), None)], &[]),
        ("/approve release", vec![approve(Some(ApproveWhat::Release), None)], &[]),
        ("/approve 2", vec![approve(of(number(2)), None)], &[]),
        ("/approve 02", vec![approve(of(number(2)), None)], &[]),
        ("/approve 02-parser", vec![approve(of(id("02-parser")), None)], &[]),
        ("/approve 12-a-b2", vec![approve(of(id("12-a-b2")), None)], &[]),
        ("/approve abcdef0", vec![approve(None, Some("abcdef0"))], &[]),
        ("/approve ABCDEF0", vec![approve(None, Some("abcdef0"))], &[]),
        ("/approve 1234567", vec![approve(None, Some("1234567"))], &[]),
        ("/approve plan abcdef012", vec![approve(plan(), Some("abcdef012"))], &[]),
        ("/approve 2 1234567", vec![approve(of(number(2)), Some("1234567"))], &[]),
        ("/approve  plan\tabcdef0  ", vec![approve(plan(), Some("abcdef0"))], &[]),
        ("/approve abcdef", vec![], &["`abcdef` cannot be approved"]),
        ("/approve 0", vec![], &["`0` cannot be approved"]),
        ("/approve foo", vec![], &["`foo` cannot be approved"]),
        ("/approve 02-parser.2", vec![], &["`02-parser.2` cannot be approved"]),
        ("/approve #2", vec![], &["`#2` cannot be approved"]),
        ("/approve plan abc", vec![], &["`abc` is no hash"]),
        ("/approve plan release", vec![], &["`release` is no hash"]),
        ("/approve foo bar baz", vec![], &["`/approve` takes one thing and its hash"]),
        ("/approve `@all`", vec![], &["`'@all'` cannot be approved"]),
    ]);
    let long = format!("/approve {}", "a".repeat(65));
    assert!(
        parse(&long, true).refused[0]
            .sentence
            .starts_with(&format!("`{}...`", "a".repeat(40)))
    );
}

#[test]
fn texts_and_hints() {
    check(vec![
        ("/revise use two phases", vec![revise("use two phases")], &[]),
        ("/revise\n\nuse two phases", vec![revise("use two phases")], &[]),
        ("/revise one\ntwo\n\n- three", vec![revise("one\ntwo\n\n- three")], &[]),
        ("/revise", vec![], &["Say what is to change: `/revise [phase] <text>`"]),
        ("/revise <!-- secret -->", vec![], &["Say what is to change"]),
        ("/revise a_b & [c] d*e", vec![revise("a_b & [c] d*e")], &[]),
        ("/revise a <b>bold</b> word", vec![revise("a bold word")], &[]),
        ("/revise a\n\n<!-- hidden -->\n\nb", vec![revise("a\n\n\nb")], &[]),
        (
            "/revise a\n\n[//]: # (hidden)\n[//]: # (again)\n\nb",
            vec![revise("a\n\n\n\nb")],
            &[],
        ),
        ("/revise a\u{200b}b\u{e0041}\u{202e}c", vec![revise("abc")], &[]),
        ("/revise keep `<b>` here", vec![revise("keep `<b>` here")], &[]),
        ("/revise one\n/lgtm\n\n/start", vec![revise("one\n/lgtm"), start()], &[]),
        (
            "/revise one\n/pasue",
            vec![revise("one\n/pasue")],
            &["There is no command `/pasue`"],
        ),
        ("/revise x\n\n```\n/cancel\n```", vec![revise("x\n\n```\n/cancel\n```")], &[]),
        (
            "/revise x\n\n> y\n/cancel",
            vec![revise("x\n\n> y\n/cancel")],
            &["`/cancel` stands directly under"],
        ),
        ("/retry", vec![retry(None, None)], &[]),
        ("/retry 2", vec![retry(Some(number(2)), None)], &[]),
        ("/retry 02-parser", vec![retry(Some(id("02-parser")), None)], &[]),
        ("/retry 02-parser\\\nthanks", vec![retry(Some(id("02-parser")), None)], &[]),
        ("/retry -- use a map", vec![retry(None, Some("use a map"))], &[]),
        (
            "/retry 2 -- use\na map",
            vec![retry(Some(number(2)), Some("use\na map"))],
            &[],
        ),
        ("/retry 2 --use a map", vec![retry(Some(number(2)), Some("use a map"))], &[]),
        ("/retry — use a map", vec![retry(None, Some("use a map"))], &[]),
        ("/retry 2 --", vec![retry(Some(number(2)), None)], &[]),
        ("/retry -- a\n\n/pause", vec![retry(None, Some("a")), Command::Pause], &[]),
        ("/retry 2\nplease", vec![retry(Some(number(2)), None)], &[]),
        ("/retry fresh", vec![afresh(None, None)], &[]),
        ("/retry 2 Fresh -- x", vec![afresh(Some(number(2)), Some("x"))], &[]),
        ("/retry fresh 02-parser", vec![afresh(Some(id("02-parser")), None)], &[]),
        ("/retry 2 fresh fresh", vec![], &["`fresh` is no phase"]),
        ("/retry 2 -- fresh", vec![retry(Some(number(2)), Some("fresh"))], &[]),
        ("/retry 2 3", vec![], &["`/retry` takes one phase"]),
        ("/retry please", vec![], &["`please` is no phase"]),
    ]);
}

#[test]
fn skips_and_holds() {
    let skip = |phase| Command::Skip { phase };
    let hold = || Command::Hold { phase: None };
    let unhold = || Command::Unhold { phase: None };
    check(vec![
        ("/rollback 2", vec![rollback(RollbackWhat::Phase(PhaseRef::Number(2)))], &[]),
        (
            "/rollback 02-parser",
            vec![rollback(RollbackWhat::Phase(PhaseRef::Id("02-parser".to_owned())))],
            &[],
        ),
        ("/rollback PLAN", vec![rollback(RollbackWhat::Plan)], &[]),
        ("/rollback all", vec![rollback(RollbackWhat::All)], &[]),
        ("/rollback", vec![], &["Say what to take back: `/rollback 2`"]),
        ("/rollback all 2", vec![], &["Say what to take back"]),
        ("/approve rollback", vec![approve(Some(ApproveWhat::Rollback), None)], &[]),
        ("/skip 2", vec![skip(number(2))], &[]),
        ("/skip 02-parser", vec![skip(id("02-parser"))], &[]),
        ("/skip", vec![], &["Name one phase by number or id: `/skip 2`"]),
        ("/skip 2 3", vec![], &["Name one phase by number or id"]),
        ("/skip all", vec![], &["Name one phase by number or id"]),
        ("/hold", vec![hold()], &[]),
        ("/unhold", vec![unhold()], &[]),
        ("/hold\n\n/unhold", vec![hold(), unhold()], &[]),
        ("/hold 2", vec![], &["`/hold`"]),
        ("/holdd", vec![], &["There is no command `/holdd`; did you mean `/hold`?"]),
    ]);
}

#[test]
fn amounts() {
    check(vec![
        ("/budget 7", vec![budget(7_000_000)], &[]),
        ("/budget 7.50", vec![budget(7_500_000)], &[]),
        ("/budget $7.50", vec![budget(7_500_000)], &[]),
        ("/budget 0", vec![budget(0)], &[]),
        ("/budget 0.000001", vec![budget(1)], &[]),
        ("/budget 0.1", vec![budget(100_000)], &[]),
        ("/budget 1000000", vec![budget(1_000_000_000_000)], &[]),
        ("/budget 1000000.000001", vec![], &["`1000000.000001` is no amount"]),
        ("/budget 1000001", vec![], &["`1000001` is no amount"]),
        ("/budget", vec![], &["Name the amount: write US dollars"]),
        ("/budget abc", vec![], &["`abc` is no amount"]),
        ("/budget -1", vec![], &["`-1` is no amount"]),
        ("/budget +1", vec![], &["`+1` is no amount"]),
        ("/budget 1e3", vec![], &["`1e3` is no amount"]),
        ("/budget inf", vec![], &["`inf` is no amount"]),
        ("/budget NaN", vec![], &["`NaN` is no amount"]),
        ("/budget 1,000", vec![], &["`1,000` is no amount"]),
        ("/budget 1.", vec![], &["`1.` is no amount"]),
        ("/budget .5", vec![], &["`.5` is no amount"]),
        ("/budget 0.0000001", vec![], &["`0.0000001` is no amount"]),
        ("/budget $", vec![], &["`$` is no amount"]),
        ("/budget $$1", vec![], &["`$$1` is no amount"]),
        ("/budget 7 USD", vec![], &["`7 USD` is no amount"]),
        ("/budget ７", vec![], &["`７` is no amount"]),
        (
            "/budget 99999999999999999999",
            vec![],
            &["`99999999999999999999` is no amount"],
        ),
    ]);
}

#[test]
fn five_commands_and_no_more() {
    let parsed = parse("/status\n\n/pause\n/resume\n/start\n/retry\n/cancel\n/help", true);
    let names: Vec<Name> = parsed.commands.iter().map(Command::name).collect();
    assert_eq!(names, [Name::Status, Name::Pause, Name::Resume, Name::Start, Name::Retry]);
    assert_eq!(
        parsed.refused,
        [Refusal::reply(
            "Only the first 5 commands of a comment are read; write the other 2 in a new comment."
        )]
    );
    // A malformed one counts: what is read of a long comment does not depend on how it is wrong.
    let parsed = parse("/budget x\n/pause\n/pause\n/pause\n/pause\n/cancel", true);
    assert_eq!(parsed.commands.len(), 4);
    assert_eq!(parsed.refused.len(), 2);
    // A wall of near misses does not become a wall of answers.
    let wall: String = (0..300)
        .map(|n| format!("/pasue {n}\n/budget x{n}\n/approvee\n/stat\n"))
        .collect();
    assert!(parse(&wall, true).refused.len() <= COMMANDS_MAX + 1);
}

#[test]
fn without_bare_commands_only_the_long_form_counts() {
    for body in ["/approve", "/start", "/aprove", "> q\n/approve", "/pause now"] {
        assert_eq!(parse(body, false), Parsed::default(), "{body:?}");
    }
    assert_eq!(parse("/millhand approve 2", false).commands.len(), 1);
    assert_eq!(
        parse("/milhand approve", false).refused[0].sentence,
        "There is no command `/milhand approve`; did you mean `/millhand approve [plan|release|rollback|<phase>] [hash]`?"
    );
    assert!(
        parse("/millhand budget x", false).refused[0]
            .sentence
            .ends_with("such as `/millhand budget 7.50`.")
    );
    assert!(
        parse("- x\n/millhand start", false).refused[0]
            .sentence
            .starts_with("`/millhand start` stands")
    );
    // A bare word inside a text does not end it.
    assert_eq!(parse("/millhand revise a\n\n/pause", false).commands, [revise("a\n\n/pause")]);
}

#[test]
fn long_texts_are_refused_and_bombs_are_harmless() {
    let fits = "é".repeat(TEXT_CHARS_MAX);
    assert_eq!(parse(&format!("/revise {fits}"), true).commands, [revise(&fits)]);
    let parsed = parse(&format!("/revise {fits}é"), true);
    assert!(parsed.commands.is_empty());
    assert!(parsed.refused[0].sentence.starts_with("The text is too long"));
    for bomb in [
        format!("{}\n/approve", ">".repeat(20_000)),
        format!("{}\n\n/approve", "[".repeat(60_000)),
        format!("{}\n\n/approve", "*a ".repeat(20_000)),
        "/approve\n".repeat(7_000),
        "<!--".repeat(16_000),
        "`".repeat(65_000),
    ] {
        let parsed = parse(&bomb, true);
        assert!(parsed.commands.len() <= COMMANDS_MAX);
    }
}

#[test]
fn the_table_has_a_row_for_each_name_in_order() {
    for (place, entry) in TABLE.iter().enumerate() {
        assert_eq!(entry.name as usize, place);
        assert_eq!(Name::of(entry.word), Some(entry.name));
        assert_eq!(Name::of(&entry.word.to_uppercase()), Some(entry.name));
        // What the table shows as written is what the parser reads.
        let example = format!(
            "/{} {}",
            entry.word,
            if entry.arguments.ends_with("<text>") {
                "text"
            } else if entry.arguments.is_empty() || entry.arguments.starts_with('[') {
                ""
            } else {
                "1"
            }
        );
        assert_eq!(parse(&example, true).commands[0].name(), entry.name);
        assert_eq!(
            parse(&example.replace('/', "/millhand "), false).commands[0].name(),
            entry.name
        );
    }
}

#[test]
fn help_lists_what_is_allowed_and_commands_nothing() {
    let all: Vec<Name> = TABLE.iter().map(|entry| entry.name).collect();
    for bare in [true, false] {
        let text = help(&all, bare);
        assert_eq!(text.lines().filter(|line| line.starts_with("- `/")).count(), TABLE.len());
        assert_eq!(parse(&text, true), Parsed::default());
        assert_eq!(text.contains("- `/millhand pause`"), !bare);
    }
    let text = help(&[Name::Status, Name::Help], true);
    assert!(text.contains("`/status`") && text.contains("`/help`") && !text.contains("`/cancel`"));
    assert!(help(&[], true).starts_with("There is nothing you may do here now"));
}

#[test]
fn the_documentation_is_the_table() {
    assert_eq!(include_str!("../../../docs/commands.md"), commands_md(), "{}", commands_md());
}

proptest! {
    #[test]
    fn nothing_makes_the_parser_fail(body in "(?s).{0,200}", bare in any::<bool>()) {
        let parsed = parse(&body, bare);
        prop_assert!(parsed == Parsed::default() || looks_like(&body));
        prop_assert!(parsed.commands.len() <= COMMANDS_MAX);
    }

    #[test]
    fn pieces_in_any_order_keep_the_bounds(pieces in prop::collection::vec(prop::sample::select(vec![
        "/approve", "/revise a", "/millhand", "/retry 2 --", "> ", "- ", "\n", "\n\n", "\r", "\r\n", "    ", "`", "```\n", "<!--",
        "-->", "<b>", "</b>", "|", "|-|", "[x]: ", "é", "\u{200b}", "\\", "--- ", "/aprove", " ", "*", "[^1]: ",
    ]), 0..30)) {
        let body = pieces.concat();
        let parsed = parse(&body, true);
        prop_assert!(parsed == Parsed::default() || looks_like(&body));
        prop_assert!(parsed.commands.len() <= COMMANDS_MAX && parsed.refused.len() <= COMMANDS_MAX + 1);
        // Line ends make no difference.
        prop_assert_eq!(parse(&body.replace("\r\n", "\n").replace('\r', "\n"), true), parsed);
    }
}
