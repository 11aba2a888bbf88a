//! Text of others made fit to be shown to a model: nothing that people cannot see, no secrets, no more than a cap.
//!
//! Unicode has characters that no screen shows and every model reads: tags, zero-width and bidirectional marks,
//! variation selectors, fillers. They are taken out, so that a person who reads the issue has read what the model reads.
//!
//! Invariant: every function here is idempotent, and what it returns is never longer than what it was given but for one
//! mark that says so.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Stands where text was left out because it was too long. A file with this mark must not be written back.
pub const CUT: &str = "[cut here by Millhand: too long to show whole]";

/// Stands where a secret was. A file with this mark must not be written back.
pub const SECRET: &str = "[secret taken out by Millhand]";

/// What no screen shows: Unicode's own list of ignorable characters, bidirectional marks, controls other than tab and
/// line ends, private use, interlinear marks.
static INVISIBLE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Co}\u{FFF9}-\u{FFFB}]--[\n\t\r]]+"));

/// Colours and cursor movements of a terminal.
static ANSI: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])"));

/// Secrets by their published shapes; the sources are the providers' own pages on their token formats.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
        r"|\bgh[pousr]_[A-Za-z0-9_.\-]{20,}",
        r"|\bgithub_pat_[A-Za-z0-9_]{20,}",
        r"|\bglpat-[A-Za-z0-9_\-]{20,}",
        r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"|\bAIza[A-Za-z0-9_\-]{35}",
        r"|\bya29\.[A-Za-z0-9_\-]{20,}",
        r"|\bsk-[A-Za-z0-9_\-]{20,}",
        r"|\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",
        r"|\bxox[abeoprs]-[A-Za-z0-9\-]{10,}",
        r"|\bhf_[A-Za-z0-9]{30,}",
        r"|\bnpm_[A-Za-z0-9]{36}\b",
        r"|\bpypi-[A-Za-z0-9_\-]{50,}",
        r"|\bcio[A-Za-z0-9]{32}\b",
        r"|\bdop_v1_[a-f0-9]{64}\b",
        r"|\bSG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}",
        r"|\beyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}",
        r"|hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    ))
});

/// A password inside a URL: `https://user:password@host`.
static URL_PASSWORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"(://[^/\s:@\[\]]+:)[^/\s@\[\]]+@"));

/// Prose: one kind of line end, nothing invisible, no secrets.
#[must_use]
pub fn prose(text: &str) -> String {
    let ends = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    mask(&visible_only(&ends)).into_owned()
}

/// A file's content: its line ends stay as they are, else like [`prose`].
#[must_use]
pub fn code(text: &str) -> String {
    mask(&visible_only(text)).into_owned()
}

/// A program's output: no colours, else like [`prose`].
#[must_use]
pub fn log(text: &str) -> String {
    prose(&ANSI.replace_all(text, ""))
}

/// One line: what [`prose`] leaves, all white space as single spaces, at most `bytes` long.
#[must_use]
pub fn line(text: &str, bytes: usize) -> String {
    // Cut before it is looked at: nobody may make us read megabytes for one line.
    let one = prose(&head(text, bytes.saturating_mul(4)))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    head(&one, bytes).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of `text`, at most `bytes` long, with [`CUT`] at its end if something was left out.
#[must_use]
pub fn head(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let kept = floor(text, bytes.saturating_sub(CUT.len() + 1));
    format!("{}\n{CUT}", &text[..kept])
}

/// The end of `text`, at most `bytes` long, with [`CUT`] in front if something was left out: in a log the end tells most.
#[must_use]
pub fn tail(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut from = text.len() - bytes.saturating_sub(CUT.len() + 1).min(text.len());
    while !text.is_char_boundary(from) {
        from += 1;
    }
    format!("{CUT}\n{}", &text[from..])
}

/// Whether a file's text is the whole file: nothing cut, nothing masked. Only then may it be written back.
#[must_use]
pub fn whole(text: &str) -> bool {
    !text.contains(CUT) && !text.contains(SECRET)
}

/// The greatest character boundary of `text` that is not behind `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn visible_only(text: &str) -> Cow<'_, str> {
    // Most text is plain ASCII, which has nothing to look for but control characters.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r')) {
        return Cow::Borrowed(text);
    }
    INVISIBLE.replace_all(text, "")
}

fn mask(text: &str) -> Cow<'_, str> {
    match SECRETS.replace_all(text, SECRET) {
        Cow::Borrowed(same) => URL_PASSWORD.replace_all(same, password_mask),
        Cow::Owned(masked) => Cow::Owned(URL_PASSWORD.replace_all(&masked, password_mask).into_owned()),
    }
}

fn password_mask(found: &regex::Captures<'_>) -> String {
    format!("{}{SECRET}@", &found[1])
}

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("the expressions of this file are fixed, and its tests use each of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_screen_shows_is_taken_out() {
        for hidden in [
            '\u{200B}',
            '\u{200D}',
            '\u{200E}',
            '\u{202A}',
            '\u{202E}',
            '\u{2060}',
            '\u{2062}',
            '\u{2066}',
            '\u{FEFF}',
            '\u{00AD}',
            '\u{034F}',
            '\u{061C}',
            '\u{115F}',
            '\u{180E}',
            '\u{3164}',
            '\u{FFA0}',
            '\u{FE0F}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E0100}',
            '\u{0}',
            '\u{7}',
            '\u{1B}',
            '\u{85}',
            '\u{E000}',
            '\u{FFFA}',
        ] {
            assert_eq!(prose(&format!("a{hidden}b")), "ab", "{hidden:?}");
            assert_eq!(code(&format!("a{hidden}b")), "ab", "{hidden:?}");
        }
        assert_eq!(prose("é ß 漢 🙂 \u{300}a\tb"), "é ß 漢 🙂 \u{300}a\tb");
        assert_eq!(prose("a\r\nb\rc\u{2028}d"), "a\nb\nc\nd");
        assert_eq!(code("a\r\nb"), "a\r\nb");
        assert_eq!(log("\u{1b}[36;1mcargo\u{1b}[0m ok\u{1b}]0;title\u{7}!"), "cargo ok!");
        assert_eq!(line(" a\n\tb  c ", 10), "a b c");
    }

    #[test]
    fn secrets_are_masked() {
        let long = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8";
        for secret in [
            format!("ghp_{long}"),
            format!("ghs_12345_eyJhbGciOi.eyJ{long}.{long}"),
            format!("github_pat_{long}"),
            format!("glpat-{long}"),
            "AKIAIOSFODNN7EXAMPLE".to_owned(),
            format!("AIza{}", &long[..35]),
            format!("sk-proj-{long}"),
            format!("sk-ant-api03-{long}"),
            format!("xoxb-{long}"),
            format!("npm_{long}"),
            format!("hf_{long}"),
            format!("eyJ{long}.eyJ{long}.{long}"),
            format!("-----BEGIN RSA PRIVATE KEY-----\n{long}\n-----END RSA PRIVATE KEY-----"),
        ] {
            let text = prose(&format!("before {secret} after"));
            assert_eq!(text, format!("before {SECRET} after"));
            assert_eq!(prose(&text), text);
        }
        let url = prose("git clone https://bob:hunter2hunter2@example.com/x");
        assert_eq!(url, format!("git clone https://bob:{SECRET}@example.com/x"));
        assert_eq!(prose(&url), url);
        assert_eq!(prose("-----BEGIN PRIVATE KEY-----\nunfinished"), SECRET);
        assert!(whole("a task of a desk") && !whole(&url));
    }

    #[test]
    fn caps_hold_and_say_so() {
        let text = "é".repeat(500);
        for bytes in [60, 61, 100, 999] {
            for cut in [head(&text, bytes), tail(&text, bytes)] {
                assert!(cut.len() <= bytes && cut.contains(CUT) && !whole(&cut), "{bytes}");
                assert_eq!(head(&cut, bytes), cut);
                assert_eq!(tail(&cut, bytes), cut);
            }
        }
        assert_eq!(head("short", 5), "short");
    }
}
