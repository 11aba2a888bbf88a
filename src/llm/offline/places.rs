//! Where a source may be changed: the only literal of a value, the only comparison.
//!
//! Invariant: a change is made only where there is exactly one place for it.

use std::collections::BTreeSet;

use super::lexer::{self, Kind, Token};
use crate::llm::task::SourceFile;
use crate::llm::text;

/// A changed file.
pub(super) struct Edit {
    pub(super) path: String,
    /// Its whole new content.
    pub(super) content: String,
    /// What was changed, for people.
    pub(super) told: String,
}

/// Puts `expected` where `literal`, a value as `Debug` writes it, stands.
pub(super) fn literal(sources: &[&SourceFile], called: &BTreeSet<String>, literal: &str, expected: &str) -> Result<Edit, String> {
    let same = |source: &str, token: &Token| {
        token.is_literal(source)
            && (token.of(source) == literal || token.kind == Kind::Number && number(token.of(source)).0 == number(literal).0)
    };
    only(sources, called, &|source, tokens| {
        tokens.iter().filter(|token| same(source, token)).cloned().collect()
    })
    .map(|place| place.with(expected))
    .map_err(|count| format!("the value {} stands {count} in the code under test", text::line(literal, 100)))
}

/// Turns the only comparison round.
pub(super) fn comparison(sources: &[&SourceFile], called: &BTreeSet<String>) -> Result<Edit, String> {
    let place =
        only(sources, called, &comparisons).map_err(|count| format!("a comparison stands {count} in the code under test"))?;
    let source = &place.file.content;
    let tokens = lexer::tokens(source);
    let at = tokens.iter().position(|token| token.range == place.token.range).unwrap_or(0);
    let (range, new) = match place.token.of(source) {
        "<" => (place.token.range.clone(), ">".to_owned()),
        ">" => (place.token.range.clone(), "<".to_owned()),
        _ => turned(source, &tokens, at).ok_or("a comparison is not closed")?,
    };
    let content = format!("{}{new}{}", &source[..range.start], &source[range.end..]);
    let told = format!(
        "the comparison `{}` stands once in {}, it is turned round",
        place.token.of(source),
        place.inside
    );
    Ok(Edit {
        path: place.file.path.clone(),
        content,
        told,
    })
}

/// A place in a source that may be changed.
struct Place<'a> {
    file: &'a SourceFile,
    token: Token,
    inside: String,
}

impl Place<'_> {
    fn with(self, literal: &str) -> Edit {
        let source = &self.file.content;
        let old = self.token.of(source);
        let new = match self.token.kind {
            Kind::Number => format!("{}{}", number(literal).0, number(old).1),
            Kind::Name | Kind::Text | Kind::Lifetime | Kind::Mark => literal.to_owned(),
        };
        let told = format!("`{old}` stands once in {}, it becomes `{new}`", self.inside);
        let content = format!(
            "{}{new}{}",
            &source[..self.token.range.start],
            &source[self.token.range.end..]
        );
        Edit {
            path: self.file.path.clone(),
            content,
            told,
        }
    }
}

/// A call of `cmp` at `at`: `.reverse()` is put behind it, or taken away.
fn turned(source: &str, tokens: &[Token], at: usize) -> Option<(std::ops::Range<usize>, String)> {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(at + 1) {
        match token.of(source) {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let behind: Vec<&str> = tokens[place + 1..].iter().take(4).map(|token| token.of(source)).collect();
            let end = token.range.end;
            return Some(if behind == [".", "reverse", "(", ")"] {
                (end..tokens[place + 4].range.end, String::new())
            } else {
                (end..end, ".reverse()".to_owned())
            });
        }
    }
    None
}

/// The comparisons among tokens: calls of `cmp` and its kin, and `<` and `>` with spaces around them.
fn comparisons(source: &str, tokens: &[Token]) -> Vec<Token> {
    let spaced = |token: &Token| {
        let before = source[..token.range.start].ends_with(char::is_whitespace);
        let behind = &source[token.range.end..];
        before && (behind.starts_with(char::is_whitespace) || behind.starts_with("= "))
    };
    let call =
        |at: usize| at > 0 && tokens[at - 1].of(source) == "." && tokens.get(at + 1).is_some_and(|next| next.of(source) == "(");
    let compares = |at: usize, token: &Token| match token.of(source) {
        "cmp" | "total_cmp" => call(at),
        "<" | ">" => spaced(token),
        _ => false,
    };
    tokens
        .iter()
        .enumerate()
        .filter(|(at, token)| compares(*at, token))
        .map(|(_, token)| token.clone())
        .collect()
}

/// The one token that `find` finds in the functions that are called or, if none is there, in their files; else how many.
fn only<'a>(
    sources: &[&'a SourceFile],
    called: &BTreeSet<String>,
    find: &dyn Fn(&str, &[Token]) -> Vec<Token>,
) -> Result<Place<'a>, &'static str> {
    let mut inner = Vec::new();
    let mut outer = Vec::new();
    for file in sources {
        let tokens = lexer::tokens(&file.content);
        for name in called {
            if let Some(body) = lexer::body(&file.content, &tokens, name) {
                let found = find(&file.content, &tokens[body]);
                inner.extend(found.into_iter().map(|token| Place {
                    file,
                    token,
                    inside: format!("`{name}` in {}", file.path),
                }));
            }
        }
        outer.extend(find(&file.content, &tokens).into_iter().map(|token| Place {
            file,
            token,
            inside: file.path.clone(),
        }));
    }
    let mut places = if inner.is_empty() { outer } else { inner };
    match (places.pop(), places.is_empty()) {
        (Some(place), true) => Ok(place),
        (Some(_), false) => Err("more than once"),
        (None, _) => Err("nowhere"),
    }
}

/// A number without its separators, and its type.
fn number(text: &str) -> (String, String) {
    const TYPES: [&str; 14] = [
        "i128", "u128", "isize", "usize", "i16", "i32", "i64", "u16", "u32", "u64", "f32", "f64", "i8", "u8",
    ];
    let text = text.replace('_', "");
    let kind = TYPES
        .into_iter()
        .find(|kind| text.ends_with(kind) && !text.starts_with("0x"))
        .unwrap_or("");
    (text[..text.len() - kind.len()].to_owned(), kind.to_owned())
}
