//! What texts of the file may be: names of labels, branches, people, checks, profiles, and patterns of paths.
//!
//! Invariant: a name that passes is one that GitHub or git can have, and shows all that it holds.

use super::guard::hides;
use crate::workflow::protected::Extra;
use crate::workflow::text::branch;

/// Characters of a label, by GitHub.
const LABEL_CHARS_MAX: usize = 50;
/// Characters of the branch prefix: the whole name has a hundred.
const PREFIX_CHARS_MAX: usize = 30;
/// Characters of a check's name that GitHub shows.
const CHECK_CHARS_MAX: usize = 255;
/// Bytes of a pattern: longer than any path's part is no pattern of one.
const GLOB_BYTES_MAX: usize = 255;
/// Characters of a login, by GitHub (docs.github.com, "Username considerations": 39); the suffix of a managed user counts in.
const LOGIN_CHARS_MAX: usize = 39;
/// Characters of a profile's or a recipe's name.
const WORD_CHARS_MAX: usize = 64;
/// Characters of the file's words that a sentence repeats.
const SHOWN_CHARS_MAX: usize = 60;

/// What a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// A label.
    Label,
    /// What branch names begin with.
    Prefix,
    /// A person's login.
    Login,
    /// A bot's login, with or without `[bot]`.
    Bot,
    /// A check's name.
    Check,
    /// A pattern of paths.
    Glob,
    /// A profile of the operator's.
    Profile,
    /// A recipe of the repository's own.
    Recipe,
}

impl Name {
    /// What it is, with its article, and what it may hold.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Label => "a label's name of 1 to 50 characters, without spaces around it",
            Self::Prefix => "the beginning of a branch's name: 1 to 30 letters, digits, `-`, `_`, `.` and `/`, by git's rules",
            Self::Login => "a person's login, without `@`",
            Self::Bot => "a bot's login, such as `renovate[bot]`, without `@`",
            Self::Check => "a check's name of 1 to 255 characters, without spaces around it",
            Self::Glob => "a path or a glob of 1 to 255 characters, such as `LICENSE` or `docs/**`",
            Self::Profile => "the name of one of the operator's model profiles: letters, digits, `-`, `_` and `.`",
            Self::Recipe => "a recipe's name: lower-case letters, digits, `-` and `_`",
        }
    }

    /// What many of it are called.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Label => "labels",
            Self::Prefix => "prefixes",
            Self::Login => "logins",
            Self::Bot => "logins of bots",
            Self::Check => "names of checks",
            Self::Glob => "paths or globs",
            Self::Profile => "names of model profiles",
            Self::Recipe => "names of recipes",
        }
    }

    /// A regular expression of JSON Schema that lets all good names pass, and the greatest length.
    pub(super) const fn pattern(self) -> (Option<&'static str>, usize) {
        match self {
            Self::Label => (None, LABEL_CHARS_MAX),
            Self::Prefix => (Some("^[A-Za-z0-9_][A-Za-z0-9._/-]*$"), PREFIX_CHARS_MAX),
            Self::Login => (Some("^[A-Za-z0-9][A-Za-z0-9_-]*$"), LOGIN_CHARS_MAX),
            Self::Bot => (Some("^[A-Za-z0-9][A-Za-z0-9_-]*(\\[bot\\])?$"), LOGIN_CHARS_MAX + 5),
            Self::Check => (None, CHECK_CHARS_MAX),
            Self::Glob => (None, GLOB_BYTES_MAX),
            Self::Profile => (Some("^[A-Za-z0-9][A-Za-z0-9._-]*$"), WORD_CHARS_MAX),
            Self::Recipe => (Some("^[a-z][a-z0-9_-]*$"), WORD_CHARS_MAX),
        }
    }

    /// Whether `text` is such a name.
    ///
    /// # Errors
    /// What else to do, if there is more to say than [`Name::words`]; may be empty.
    pub fn check(self, text: &str) -> Result<(), String> {
        let fits = match self {
            Self::Label => spoken(text, LABEL_CHARS_MAX),
            Self::Check => spoken(text, CHECK_CHARS_MAX),
            Self::Prefix => prefix(text),
            Self::Login => login(text),
            Self::Bot => login(text.strip_suffix("[bot]").unwrap_or(text)),
            Self::Glob => return glob(text),
            Self::Profile => word(text, |c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            Self::Recipe => {
                word(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
                    && text.starts_with(|c: char| c.is_ascii_lowercase())
            }
        };
        match (fits, self) {
            (true, _) => Ok(()),
            (false, Self::Login | Self::Bot) if text.starts_with('@') => Err("Leave the `@` out.".to_owned()),
            (false, Self::Login) if text.contains('/') => Err("Teams cannot be named here; name their members.".to_owned()),
            (false, _) => Err(String::new()),
        }
    }
}

/// Words of the file for a sentence: one line, cut, without what nobody sees and without what would end a code span.
pub(super) fn shown(text: &str) -> String {
    let seen = |c: &char| !hides(*c) && *c != '`' && *c != '\u{200d}' && !matches!(c, '\u{fe0e}' | '\u{fe0f}');
    let line: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(seen)
        .collect();
    let mut cut: String = line.chars().take(SHOWN_CHARS_MAX).collect();
    if line.chars().nth(SHOWN_CHARS_MAX).is_some() {
        cut.push('…');
    }
    cut.trim().to_owned()
}

fn spoken(text: &str, most: usize) -> bool {
    let plain = |c: char| !hides(c) && !matches!(c, '\n' | '\r' | '\t');
    (1..=most).contains(&text.chars().count()) && text.trim() == text && text.chars().all(plain)
}

/// Any text that begins a branch's name by git's rules and stays one when more follows.
fn prefix(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.');
    (1..=PREFIX_CHARS_MAX).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with("refs/")
        && branch::cleaned(text) == text
}

/// Old accounts have dashes side by side and at the end, which GitHub gives nobody any more.
fn login(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=LOGIN_CHARS_MAX).contains(&text.len())
        && text.chars().all(plain)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn word(text: &str, allowed: fn(char) -> bool) -> bool {
    (1..=WORD_CHARS_MAX).contains(&text.len())
        && text.chars().all(allowed)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn glob(text: &str) -> Result<(), String> {
    if text.starts_with('!') {
        return Err("Nothing can be taken out of the protected paths; leave the `!` pattern out.".to_owned());
    }
    let plain = |c: char| !hides(c) && !matches!(c, '\n' | '\r' | '\t' | '\\');
    let fits = (1..=GLOB_BYTES_MAX).contains(&text.len()) && text.trim() == text && text.chars().all(plain);
    let inner = text.trim_matches('/');
    if !fits || inner.is_empty() || inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(String::new());
    }
    if let Err(error) = globset::Glob::new(inner) {
        return Err(format!("It is no glob: {}.", error.kind()));
    }
    // It is used without regard to letter case, where `[Z-a]` is no range any more.
    if !Extra::new(&[text.to_owned()]).malformed.is_empty() {
        return Err("It is no glob once letter case is left aside; look at its brackets.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prefixes_are_what_git_takes() {
        for good in ["millhand/", "bot-", "a/b/", "x", "A_1.2/", "robots/mill-"] {
            assert_eq!(Name::Prefix.check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/a",
            "a//b",
            "../x",
            ".a/",
            "a/.b/",
            "a..b",
            "a.lock/",
            "-a",
            "a b/",
            "a~",
            "a^",
            "a:",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "ä/",
            "a@{",
            "refs/heads/",
            "a\u{200d}",
            "./",
            "a./b/",
        ] {
            assert!(Name::Prefix.check(bad).is_err(), "{bad}");
        }
        assert!(Name::Prefix.check(&"a".repeat(PREFIX_CHARS_MAX + 1)).is_err());
    }

    proptest! {
        #[test]
        fn a_prefix_that_passes_stays_as_it_is(text in "[a-zA-Z0-9._/@~ -]{0,12}") {
            if Name::Prefix.check(&text).is_ok() {
                prop_assert_eq!(branch::cleaned(&text), text.clone());
                let name = format!("{text}7-slug/base");
                prop_assert!(!name.contains("..") && !name.contains("//") && !name.contains("/.") && !name.starts_with(['/', '-', '.']));
            }
        }
    }
}
