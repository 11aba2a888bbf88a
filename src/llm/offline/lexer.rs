//! Rust's tokens, as far as a repair needs them: what is a literal, a name, a comment; where a function begins and ends.
//!
//! Source: the Rust reference, "Lexical structure". What cannot be read is a token of one character: the lexer never
//! fails, and a repair that follows from a misreading is refused by the compiler in CI.
//!
//! Invariant: the tokens' ranges lie in order, do not overlap and end at character boundaries.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name,
    /// A number.
    Number,
    /// A string or a character.
    Text,
    /// `'a`.
    Lifetime,
    /// Anything else, one character.
    Mark,
}

/// A token and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

impl Token {
    /// The token's text.
    pub(super) fn of<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.range.clone()).unwrap_or_default()
    }

    /// Whether it stands for a value: a number, a text, `true` or `false`.
    pub(super) fn is_literal(&self, source: &str) -> bool {
        match self.kind {
            Kind::Number | Kind::Text => true,
            Kind::Name => matches!(self.of(source), "true" | "false"),
            Kind::Lifetime | Kind::Mark => false,
        }
    }
}

/// The tokens of a source, without white space and comments.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if rest.starts_with("//") {
            (None, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (None, block_comment(rest))
        } else {
            let (kind, length) = token(rest, first);
            (Some(kind), length)
        };
        if let Some(kind) = kind {
            out.push(Token {
                kind,
                range: at..at + length,
            });
        }
        at += length;
    }
    out
}

fn token(rest: &str, first: char) -> (Kind, usize) {
    let name = |text: &str| {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .map(char::len_utf8)
            .sum::<usize>()
    };
    if let Some(length) = string(rest) {
        return (Kind::Text, length);
    }
    if first == '\'' {
        return character(rest).map_or_else(|| (Kind::Lifetime, 1 + name(&rest[1..])), |length| (Kind::Text, length));
    }
    if first.is_ascii_digit() {
        return (Kind::Number, number(rest));
    }
    if first.is_alphabetic() || first == '_' {
        return (Kind::Name, name(rest));
    }
    (Kind::Mark, first.len_utf8())
}

/// The length of a string that `rest` begins with: plain, byte, C, raw.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|behind| {
            let behind = if prefix.ends_with('r') {
                behind.trim_start_matches('#')
            } else {
                behind
            };
            behind.starts_with('"')
        })
    })?;
    let behind = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = behind.bytes().take_while(|b| *b == b'#').count();
        let close = format!("\"{}", "#".repeat(hashes));
        let body = &behind[hashes + 1..];
        return Some(prefix.len() + hashes + 1 + body.find(&close).map_or(body.len(), |end| end + close.len()));
    }
    Some(prefix.len() + quoted(behind, '"').unwrap_or(behind.len()))
}

/// The length of a character that `rest`, beginning with `'`, begins with; `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest[1..].chars();
    match chars.next()? {
        '\\' => quoted(rest, '\'').filter(|length| *length <= 14),
        '\'' => None,
        one => (chars.next() == Some('\'')).then(|| one.len_utf8() + 2),
    }
}

/// The length of what stands between two `quote`s, them included; a backslash takes the next character's meaning.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = true;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

fn number(rest: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let whole = digits(rest);
    let behind = &rest[whole..];
    // `1..2` is a range, `1.max(2)` a call.
    let fraction = behind
        .strip_prefix('.')
        .filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
    whole + fraction.map_or(0, |text| 1 + digits(text))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Where the body of the function `name` lies, as indices into `tokens`.
pub(super) fn body(source: &str, tokens: &[Token], name: &str) -> Option<Range<usize>> {
    let start = tokens
        .windows(2)
        .position(|pair| pair[0].of(source) == "fn" && pair[1].of(source) == name)?;
    let open = start
        + tokens[start..]
            .iter()
            .position(|token| matches!(token.of(source), "{" | ";"))?;
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.of(source) {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(open..at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        tokens(source)
            .iter()
            .map(|t| format!("{:?} {}", t.kind, t.of(source)))
            .collect()
    }

    #[test]
    fn tokens_are_told_apart() {
        assert_eq!(
            texts(
                "fn f<'a>(x: &'a str) -> u8 { 'x' as u8 + 1_0u8 } // 26\n/* 26 /* 26 */ 26 */ 1.5e3 1..2 \"a\\\"26\" r#\"b\"26\"# b'\\'' '\\u{1F600}' é"
            ),
            [
                "Name fn",
                "Name f",
                "Mark <",
                "Lifetime 'a",
                "Mark >",
                "Mark (",
                "Name x",
                "Mark :",
                "Mark &",
                "Lifetime 'a",
                "Name str",
                "Mark )",
                "Mark -",
                "Mark >",
                "Name u8",
                "Mark {",
                "Text 'x'",
                "Name as",
                "Name u8",
                "Mark +",
                "Number 1_0u8",
                "Mark }",
                "Number 1.5e3",
                "Number 1",
                "Mark .",
                "Mark .",
                "Number 2",
                "Text \"a\\\"26\"",
                "Text r#\"b\"26\"#",
                "Name b",
                "Text '\\''",
                "Text '\\u{1F600}'",
                "Name é",
            ]
        );
        for broken in ["\"never closed", "r##\"x\"#", "/* never", "'", "b\"", "é'", "1_"] {
            let all = tokens(broken);
            assert!(
                all.iter().all(|t| t.range.end <= broken.len() && !t.of(broken).is_empty()),
                "{broken:?} {all:?}"
            );
        }
    }

    #[test]
    fn bodies_are_found_by_name() {
        let source = "fn a() { if x { 1 } } trait T { fn b(); } fn c(y: u8) -> u8 { 2 }";
        let all = tokens(source);
        let text = |name| body(source, &all, name).map(|r| source[all[r.start].range.start..all[r.end - 1].range.end].to_owned());
        assert_eq!(text("a").unwrap(), "{ if x { 1 } }");
        assert_eq!(text("b").unwrap(), ";");
        assert_eq!(text("c").unwrap(), "{ 2 }");
        assert_eq!(text("d"), None);
    }
}
