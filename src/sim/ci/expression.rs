//! `${{ }}` and `if:`: the part of GitHub's expressions that workflows of tests and small projects use.
//!
//! Known: text, numbers, `true`, `false`, `null`, `==`, `!=`, `&&`, `||`, `!`, parentheses, `contains`, `startsWith`,
//! `endsWith`, `always`, `success`, `failure`, `cancelled`, and the context values that the run hands in.
//! Source: GitHub's documentation, "Evaluate expressions in workflows and actions".
//!
//! Invariant: what is not known is an error that names it, never an empty value.

use std::collections::BTreeMap;

/// How deep parentheses and `!` may nest; a person writes three, the stack holds thousands.
const DEPTH: usize = 64;

/// Values of the contexts by their dotted name, such as `github.ref`.
pub(super) type Context = BTreeMap<String, String>;

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

/// Replaces every `${{ .. }}` of `text`.
///
/// # Errors
/// The expression that is not known, in a sentence.
pub(super) fn interpolate(text: &str, context: &Context) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${{") {
        let end = rest[start..].find("}}").ok_or_else(|| unknown(&rest[start..]))? + start;
        out.push_str(&rest[..start]);
        out.push_str(&evaluate(&rest[start + 3..end], context, false)?.text());
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether a job or step with this `if:` runs; `failed` tells whether something before it failed.
///
/// # Errors
/// The expression that is not known, in a sentence.
pub(super) fn holds(condition: Option<&str>, context: &Context, failed: bool) -> Result<bool, String> {
    let Some(condition) = condition else { return Ok(!failed) };
    let inner = condition.trim();
    let inner = inner
        .strip_prefix("${{")
        .and_then(|inner| inner.strip_suffix("}}"))
        .unwrap_or(inner);
    // A condition that does not speak of the status has "and nothing failed" in front of it.
    let speaks = ["always()", "success()", "failure()", "cancelled()"]
        .iter()
        .any(|word| inner.contains(word));
    Ok((speaks || !failed) && evaluate(inner, context, failed)?.truthy())
}

fn unknown(what: &str) -> String {
    format!("the simulated CI does not understand the expression '{}'", what.trim())
}

fn evaluate(source: &str, context: &Context, failed: bool) -> Result<Term, String> {
    let mut parser = Parser {
        rest: source.trim(),
        source,
        context,
        failed,
        depth: 0,
    };
    let value = parser.any_of()?;
    if parser.rest.is_empty() {
        Ok(value)
    } else {
        Err(unknown(source))
    }
}

impl Term {
    fn truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(value) => *value != 0.0 && !value.is_nan(),
            Self::Text(value) => !value.is_empty(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => value.clone(),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(value) => *value,
            Self::Text(value) if value.trim().is_empty() => 0.0,
            Self::Text(value) => value.trim().parse().unwrap_or(f64::NAN),
        }
    }

    /// Texts are compared without regard to case, unlike kinds as numbers.
    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => left.to_lowercase() == right.to_lowercase(),
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (left, right) => (left.number() - right.number()).abs() < f64::EPSILON,
        }
    }
}

/// A parser by descent that computes while it reads.
struct Parser<'a> {
    rest: &'a str,
    source: &'a str,
    context: &'a Context,
    failed: bool,
    depth: usize,
}

impl Parser<'_> {
    fn any_of(&mut self) -> Result<Term, String> {
        let mut left = self.all_of()?;
        while self.eat("||") {
            let right = self.all_of()?;
            left = if left.truthy() { left } else { right };
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Term, String> {
        let mut left = self.comparison()?;
        while self.eat("&&") {
            let right = self.comparison()?;
            left = if left.truthy() { right } else { left };
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Term, String> {
        let left = self.unary()?;
        if self.eat("==") {
            return Ok(Term::Bool(left.equals(&self.unary()?)));
        }
        if self.eat("!=") {
            return Ok(Term::Bool(!left.equals(&self.unary()?)));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Term, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(unknown(self.source));
        }
        let value = if !self.rest.starts_with("!=") && self.eat("!") {
            Term::Bool(!self.unary()?.truthy())
        } else if self.eat("(") {
            let inner = self.any_of()?;
            self.expect(")")?;
            inner
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn primary(&mut self) -> Result<Term, String> {
        if self.rest.starts_with('\'') {
            return self.quoted();
        }
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        match word {
            "" => Err(unknown(self.source)),
            "true" => Ok(Term::Bool(true)),
            "false" => Ok(Term::Bool(false)),
            "null" => Ok(Term::Null),
            _ if self.eat("(") => self.call(word),
            _ => match self.context.get(word) {
                Some(value) => Ok(typed(value)),
                None => word.parse().map(Term::Number).map_err(|_| unknown(word)),
            },
        }
    }

    /// Text in single quotes; a doubled quote is one.
    fn quoted(&mut self) -> Result<Term, String> {
        let mut out = String::new();
        let mut inner = &self.rest[1..];
        loop {
            let (text, after) = inner.split_once('\'').ok_or_else(|| unknown(self.source))?;
            out.push_str(text);
            if let Some(again) = after.strip_prefix('\'') {
                out.push('\'');
                inner = again;
            } else {
                self.rest = after.trim_start();
                return Ok(Term::Text(out));
            }
        }
    }

    fn call(&mut self, name: &str) -> Result<Term, String> {
        let mut arguments = Vec::new();
        while !self.eat(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.any_of()?);
        }
        let value = match (name, arguments.as_slice()) {
            ("always", []) => true,
            ("success", []) => !self.failed,
            ("failure", []) => self.failed,
            ("cancelled", []) => false,
            ("contains", [text, part]) => text.text().to_lowercase().contains(&part.text().to_lowercase()),
            ("startsWith", [text, part]) => text.text().to_lowercase().starts_with(&part.text().to_lowercase()),
            ("endsWith", [text, part]) => text.text().to_lowercase().ends_with(&part.text().to_lowercase()),
            _ => return Err(unknown(name)),
        };
        Ok(Term::Bool(value))
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(unknown(self.source)) }
    }
}

/// Context values are kept as text; what is a boolean on GitHub is one here.
fn typed(value: &str) -> Term {
    match value {
        "true" => Term::Bool(true),
        "false" => Term::Bool(false),
        _ => Term::Text(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Context, holds, interpolate};

    fn context() -> Context {
        [
            ("github.ref", "refs/heads/main"),
            ("github.head_ref", ""),
            ("github.event.pull_request.draft", "false"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn conditions() {
        let rows = [
            (None, false, true),
            (None, true, false),
            (Some("always()"), true, true),
            (Some("failure()"), true, true),
            (Some("failure()"), false, false),
            (Some("${{ !cancelled() }}"), true, true),
            (Some("github.ref == 'refs/heads/MAIN'"), false, true),
            (Some("github.ref == 'refs/heads/main'"), true, false),
            (
                Some("github.ref != 'x' && startsWith(github.ref, 'refs/heads/')"),
                false,
                true,
            ),
            (Some("github.event.pull_request.draft == false"), false, true),
            (Some("!github.event.pull_request.draft"), false, true),
            (Some("contains(github.ref, 'dev') || (1 == 1 && null == 0)"), false, true),
            (Some("'it''s' == 'it''s'"), false, true),
        ];
        for (condition, failed, expected) in rows {
            assert_eq!(holds(condition, &context(), failed), Ok(expected), "{condition:?}");
        }
    }

    #[test]
    fn text_with_expressions() {
        assert_eq!(
            interpolate("ci-${{ github.head_ref || github.ref }}!", &context()).unwrap(),
            "ci-refs/heads/main!"
        );
        assert_eq!(interpolate("$ {{ x }} $HOME", &context()).unwrap(), "$ {{ x }} $HOME");
    }

    #[test]
    fn what_is_not_known_is_named() {
        for source in ["secrets.TOKEN", "toJSON(github)", "a ==", "(true", "'open", "", "true true"] {
            let error = interpolate(&format!("${{{{ {source} }}}}"), &context()).unwrap_err();
            assert!(error.contains("does not understand"), "{error}");
        }
        assert!(interpolate("${{ open", &context()).is_err());
        assert!(holds(Some(&"!".repeat(100)), &context(), false).is_err());
    }
}
