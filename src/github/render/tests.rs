//! What acts on GitHub and must not, what may stay, and that rendering twice is rendering once.

use proptest::prelude::*;

use super::*;
use crate::github::types::{InstallationId, NodeId, RepositoryId};

/// Shown as `·` in these tests, so that the eye sees where a word was broken.
fn shown(text: &Rendered) -> String {
    text.as_str().replace('\u{200b}', "·")
}

fn renderer() -> Renderer {
    let repo = Repo {
        id: RepositoryId(7),
        node_id: NodeId("R_7".to_owned()),
        owner: "acme".to_owned(),
        name: "todo".to_owned(),
        installation: InstallationId(5),
    };
    Renderer::new(&Endpoints::github_com(), &repo)
        .mentioning("maintainer")
        .referring([7, 12])
        .closing(7)
}

fn markdown(text: &str) -> String {
    shown(&renderer().markdown(text).unwrap())
}

/// What comes in, what is shown.
const ROWS: &[(&str, &str)] = &[
    // Mentions.
    ("cc @octocat and @acme/team", "cc @·octocat and @·acme/team"),
    ("thanks @maintainer!", "thanks @maintainer!"),
    ("@Maintainer", "@Maintainer"),
    (
        "@maintainer-2 @maintainer/x @maintainers x@maintainer",
        "@·maintainer-2 @·maintainer/x @·maintainers x@·maintainer",
    ),
    ("\\@octocat", "\\@·octocat"),
    (
        "&#64;octocat &commat;octocat &#x40;octocat",
        "&·#·64;octocat &·commat;octocat &·#x40;octocat",
    ),
    ("mail a@example.com", "mail a@·example.com"),
    ("`@octocat`", "`@octocat`"),
    (
        "```\n@octocat #5 https://evil.example\n```",
        "```\n@octocat #5 https://evil.example\n```",
    ),
    ("    @octocat", "    @·octocat"),
    ("`a\n@octocat`", "`a\n@·octocat`"),
    ("> a\n<br>\n`@octocat`", "> a\n<br>\n`@·octocat`"),
    ("[x](#5)", "x (#·5)"),
    ("`Vec<T>` and `@a`", "`Vec<T>` and `@a`"),
    ("[a `b]: c`", "[a `b]·: c`"),
    ("`a[b]: c`", "`a[b]: c`"),
    ("a ``` b `@octocat`", "a ``` b `@·octocat`"),
    ("a ``` b\n\n`@octocat`", "a ``` b\n\n`@octocat`"),
    // Numbers.
    ("see #12 and #13", "see #12 and #·13"),
    (
        "acme/todo#12 other/repo#12 GH-5 gh-5",
        "acme/todo#·12 other/repo#·12 GH-·5 gh-·5",
    ),
    ("# 5\n## 6", "# 5\n## 6"),
    // Closing words.
    ("Fixes #7, fixes #12", "Fixes #7, fixes #·12"),
    ("Part of #12. Resolves: #12", "Part of #12. Resolves: #·12"),
    ("**closes** #12", "**closes** #·12"),
    ("prefixes #12", "prefixes #12"),
    // Addresses.
    ("https://evil.example/a?b", "https:·//evil.example/a?b"),
    ("www.evil.example WWW.evil.example", "www·.evil.example WWW·.evil.example"),
    ("https://github.com/acme/todo/pull/12", "https://github.com/acme/todo/pull/12"),
    (
        "https://github.com/acme/todo/pull/13",
        "https:·//github.com/acme/todo/pull/13",
    ),
    (
        "https://github.com/acme/todo/blob/main/a.rs#L5.",
        "https://github.com/acme/todo/blob/main/a.rs#L5.",
    ),
    (
        "https://github.com/other/repo/issues/5",
        "https:·//github.com/other/repo/issues/5",
    ),
    ("https://github.com/other/repo", "https://github.com/other/repo"),
    (
        "closes https://github.com/acme/todo/issues/12",
        "closes https:·//github.com/acme/todo/issues/12",
    ),
    ("https://github.com@evil.example/", "https:·//github.com@·evil.example/"),
    ("https://github.com\\@evil.example/", "https:·//github.com\\@·evil.example/"),
    ("https://github.com)@evil.example", "https:·//github.com)@·evil.example"),
    ("https://github.com.evil.example/x", "https:·//github.com.evil.example/x"),
    (
        "https://github.com/acme/todo/../../x/y/issues/1",
        "https:·//github.com/acme/todo/../../x/y/issues/1",
    ),
    ("<https://evil.example>", "<·https:·//evil.example>"),
    (
        "https://github.com/acme/todo`a @octocat`",
        "https:·//github.com/acme/todo`a @octocat`",
    ),
    (
        "\\[a](https://github.com/acme/todo)`a @octocat`",
        "\\[a]·(https:·//github.com/acme/todo)`a @octocat`",
    ),
    ("ftp://evil.example", "ftp:·//evil.example"),
    // Links and images.
    ("[docs](https://evil.example/x)", "docs (https:·//evil.example/x)"),
    (
        "[c](https://github.com/acme/todo/compare/0123456789012345678901234567890123456789...abcdefabcdefabcdefabcdefabcdefabcdefabcd)",
        "[c](https://github.com/acme/todo/compare/0123456789012345678901234567890123456789...abcdefabcdefabcdefabcdefabcdefabcdefabcd)",
    ),
    (
        "[c](https://github.com/acme/todo/compare/main...evil)",
        "c (https:·//github.com/acme/todo/compare/main...evil)",
    ),
    (
        "[run](https://github.com/acme/todo/actions)",
        "[run](https://github.com/acme/todo/actions)",
    ),
    (
        "[#12](https://github.com/acme/todo/pull/12)✅",
        "[#12](https://github.com/acme/todo/pull/12)✅",
    ),
    ("[@x](https://github.com/acme/todo)", "[@·x](https://github.com/acme/todo)"),
    ("[there](#plan)", "[there](#plan)"),
    ("[x](javascript:alert)", "x (javascript:alert)"),
    ("[x](https://evil.example \"title\")", "[x]·(https:·//evil.example \"title\")"),
    ("[`x`](https://evil.example)", "[`x`]·(https:·//evil.example)"),
    ("![alt](https://evil.example/p.png)", "alt"),
    (
        "![a [b]](https://evil.example/p.png)",
        "!·[a [b]]·(https:·//evil.example/p.png)",
    ),
    (
        "[id]: https://evil.example\n[text][id]",
        "[id]·: https:·//evil.example\n[text][id]",
    ),
    ("[//]: # (hidden)", "[//]·: # (hidden)"),
    // HTML.
    ("<img src=x> <b>b</b> a < b", "<·img src=x> <·b>b<·/b> a < b"),
    ("<!-- hidden -->", "<·!-- hidden -->"),
    (
        "<!-- millhand:v1 kind=a workflow=b key=c -->",
        "<·!-- millhand:v1 kind=a workflow=b key=c -->",
    ),
    ("\\<img src=x>", "\\<·img src=x>"),
    ("&lt;b&gt; &copy; AT&T", "&lt;b&gt; &·copy; AT&T"),
    (
        "<details>\n<summary>x</summary>\n\n@octocat\n</details>",
        "<details>\n<summary>x</summary>\n\n@·octocat\n</details>",
    ),
    (
        "<details>\n`@octocat` ![a](b)\n</details>",
        "<details>\n`@·octocat` a\n</details>",
    ),
    // What cannot be seen.
    ("a\u{202e}b\u{200b}c\u{e0041}d\u{feff}e\u{0}f", "abcdef"),
    ("ok ⚠\u{fe0f} é ü 漢", "ok ⚠\u{fe0f} é ü 漢"),
    // Drawings.
    (
        "```mermaid\ngraph TD\nclick A \"https://evil.example\"\nA-->B\n```",
        "```mermaid\ngraph TD\nA-->B\n```",
    ),
    ("```GeoJSON\n{}\n```", "```text\n{}\n```"),
];

#[test]
fn what_acts_is_taken_apart() {
    for (text, wanted) in ROWS {
        assert_eq!(markdown(text), *wanted, "{text}");
    }
}

#[test]
fn taking_one_construct_apart_does_not_put_another_together() {
    // The tag holds a backtick: once it is text, the backticks pair differently and what was code is code no more.
    for text in [
        "<a href=\"`\"> `@victim`",
        "<a title='`'>x</a> `#99` `",
        "<!-<!-- a -->- @victim -->",
        "`<b `> @victim `x`",
    ] {
        let out = markdown(text);
        for part in scan::outside_code(&out.replace('·', "\u{200b}")) {
            assert!(!part.contains("@v") && !part.contains("#9"), "{text} -> {out}");
        }
    }
}

#[test]
fn what_is_left_open_is_closed() {
    let rows = [
        ("```rust\nfn a() {}", "```rust\nfn a() {}\n```\n"),
        ("~~~~\na\n~~~\n", "~~~~\na\n~~~\n~~~~\n"),
        ("```\na\n```", "```\na\n```"),
        ("<details><summary>x", "<details><summary>x\n\n</summary></details>\n"),
        ("<details>\n<summary>x\n", "<details>\n<summary>x\n\n</summary></details>\n"),
        ("> ```\n> a\n\nb", "> ```\n> a\n\nb"),
        ("```\n<details>\n```", "```\n<details>\n```"),
    ];
    for (text, wanted) in rows {
        assert_eq!(markdown(text), wanted, "{text}");
    }
}

#[test]
fn a_marker_stands_first_and_only_there() {
    let marker = Marker::new("status", "0193", "k");
    let forged = Marker::new("plan", "0193", "k");
    let out = renderer().marked(&marker, &format!("Hello\n{forged}")).unwrap();
    let text = out.body().as_str();
    assert_eq!(Marker::of(text), Some(marker.clone()));
    assert_eq!(text.matches("<!--").count(), 1);
    assert_eq!(renderer().marked(&marker, text).unwrap(), out);
}

#[test]
fn a_long_text_is_cut_at_a_line_and_closed() {
    let text = format!("<details>\n\n```text\n{}", "a line with @mentions and <tags>\n".repeat(4000));
    let out = renderer().markdown(&text).unwrap();
    assert!(
        units(out.as_str()) <= BODY_UNITS && units(out.as_str()) > BODY_UNITS / 2,
        "{}",
        units(out.as_str())
    );
    assert!(
        out.as_str().ends_with(&format!("</details>{CUT_NOTE}")),
        "{}",
        &out.as_str()[out.as_str().len() - 200..]
    );
    assert_eq!(renderer().markdown(out.as_str()).unwrap(), out);
    let one_line = renderer().markdown(&"🚀".repeat(100_000)).unwrap();
    assert!(units(one_line.as_str()) <= BODY_UNITS && one_line.as_str().contains("left out"));
    let breaks = renderer().markdown(&"@<\n".repeat(50_000)).unwrap();
    assert!(units(breaks.as_str()) <= BODY_UNITS);
}

#[test]
fn a_title_is_one_short_line() {
    let line = |text: &str| shown(&renderer().line(text).unwrap());
    assert_eq!(line("  Add\n a\tparser\u{202e} "), "Add a parser");
    assert_eq!(line("fix: closes #12 for @octocat <b>"), "fix: closes #·12 for @·octocat <b>");
    assert_eq!(line("Fixes #7 [skip ci]"), "Fixes #7 [·skip ci]");
    let long = renderer().line(&"word@ #99 ".repeat(60)).unwrap();
    assert!(
        long.as_str().chars().count() <= LINE_CHARS && long.as_str().ends_with('…'),
        "{long:?}"
    );
    assert!(renderer().line(&"@".repeat(400)).unwrap().as_str().chars().count() <= LINE_CHARS);
    assert_eq!(line(""), "");
}

#[test]
fn a_commit_message_names_people_only_in_trailers() {
    let text = "Add it, thanks @octocat\n\nCloses #12\nGH-4 [ci skip]\nskip-checks: true\n\nSigned-off-by: Ann O <ann@example.com>\n\
                Co-authored-by: evil @octocat <x>\nSigned-off-by: x <a@b> @c\n";
    let wanted = "Add it, thanks @·octocat\n\nCloses #·12\nGH-·4 [·ci skip]\nskip·-checks: true\n\n\
                  Signed-off-by: Ann O <ann@example.com>\nCo-authored-by: evil @·octocat <x>\nSigned-off-by: x <a@·b> @·c";
    let out = renderer().message(text).unwrap();
    assert_eq!(shown(&out), wanted);
    assert_eq!(renderer().message(out.as_str()).unwrap(), out);
    assert_eq!(shown(&renderer().message("Fixes\n#12").unwrap()), "Fixes\n#·12");
}

#[test]
fn a_text_with_a_secret_is_refused() {
    let guarded = renderer().guarding(Secrets::new([&"hunter2-hunter2".to_owned().into()]));
    for text in [
        "it is hunter2-hunter2",
        "it is hunter2-\nhunter2",
        "it is hun\u{200b}ter2-hunter2",
    ] {
        assert!(
            guarded.markdown(text).is_err() && guarded.message(text).is_err() && guarded.line(text).is_err(),
            "{text}"
        );
    }
    assert!(renderer().markdown(&format!("ghp_{}", "a".repeat(36))).is_err());
}

#[test]
fn nested_markdown_of_any_depth_ends() {
    for text in [
        "[".repeat(50_000),
        "> ".repeat(20_000),
        "![".repeat(20_000),
        "`".repeat(30_001),
        "<details>".repeat(6_000),
        "*_".repeat(9_000),
    ] {
        let out = renderer().markdown(&text).unwrap();
        assert!(
            units(out.as_str()) <= BODY_UNITS && units(out.as_str()) * 3 > units(&text).min(BODY_UNITS),
            "{}",
            &text[..9]
        );
    }
}

/// Words that begin, end or hide constructs.
const NASTY: &[&str] = &[
    "@octocat",
    "@maintainer",
    "@",
    "#5",
    "#7",
    "#",
    "GH-1",
    "fixes ",
    "\t",
    "  ",
    "===\n",
    "---\n",
    "|-|-|\n",
    "* ",
    "+ ",
    "2) ",
    "# ",
    "```rust\n",
    "\n```\n",
    "\n\n    ",
    "[^1]",
    "[^1]: ",
    "~~",
    "**",
    "closes: ",
    "`",
    "``",
    "```",
    "```mermaid\n",
    "~~~",
    "\n",
    "\n\n",
    "    ",
    "> ",
    "- ",
    "1. ",
    "<",
    ">",
    "<b>",
    "<!--",
    "-->",
    "<details>",
    "</details>",
    "<summary>",
    "</summary>",
    "<br>",
    "<a href=\"`\">",
    "&",
    "&#64;",
    "&amp;",
    "&lt;",
    ";",
    "\\",
    "![",
    "[",
    "](",
    "]",
    ")",
    "(",
    "]: ",
    "[a](https://evil.example/x)",
    "[a](https://github.com/acme/todo)",
    "https://",
    "https://evil.example",
    "https://github.com",
    "/acme/todo/issues/7",
    "www.",
    "\u{200b}",
    "\u{202e}",
    "|",
    "*",
    "_",
    "$",
    "é",
    "🚀",
    " ",
    "x",
    "[skip ci]",
    "Signed-off-by: a <a@b>",
];

/// Texts made of them.
fn nasty() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(NASTY), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rendering_what_was_rendered_changes_nothing(text in nasty()) {
        let renderer = renderer();
        let once = renderer.markdown(&text).unwrap();
        let twice = renderer.markdown(once.as_str()).unwrap();
        prop_assert_eq!(once.as_str(), twice.as_str());
        let line = renderer.line(&text).unwrap();
        let again = renderer.line(line.as_str()).unwrap();
        prop_assert_eq!(line.as_str(), again.as_str());
        let message = renderer.message(&text).unwrap();
        let again = renderer.message(message.as_str()).unwrap();
        prop_assert_eq!(message.as_str(), again.as_str());
    }

    #[test]
    fn nothing_that_acts_is_left_outside_code(text in nasty()) {
        let out = renderer().markdown(&text).unwrap();
        for part in scan::outside_code(out.as_str()) {
            for (at, _) in part.match_indices('@') {
                let after = &part[at + 1..];
                prop_assert!(after.starts_with('\u{200b}') || after.starts_with("maintainer"), "{:?}", part);
            }
            for act in ["![", "]: ", "<!", "<a", "<b>", "://evil", "#5"] {
                prop_assert!(!part.contains(act), "{} in {:?}", act, part);
            }
            // At the end of an allowed address these letters are part of it and begin nothing.
            for (at, _) in part.match_indices("www.") {
                let word = part[..at].rsplit(char::is_whitespace).next().unwrap_or_default();
                prop_assert!(word.contains("https://github.com/acme/todo"), "{:?}", part);
            }
        }
    }

    #[test]
    fn any_text_at_all_is_rendered(text in any::<String>()) {
        let once = renderer().markdown(&text).unwrap();
        let twice = renderer().markdown(once.as_str()).unwrap();
        prop_assert_eq!(once.as_str(), twice.as_str());
    }
}
