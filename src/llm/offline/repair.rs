//! Mends Rust sources by what a failed check shows, and by nothing else.
//!
//! Three things can be derived: a compiler's suggestion is applied; where an assertion's two values differ in one literal
//! and the wrong one stands exactly once in the function under test (or, if not there, in its file), it becomes the right
//! one; where they are the same in another order and there is exactly one comparison, it is turned round. Whether the
//! derived change is right is for CI to say.
//!
//! Invariant: a test is never changed to make an assertion pass.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::{self, Kind, Token};
use super::log::{self, Assertion, Suggestion};
use super::places;
use crate::llm::task::{FailedCheck, SourceFile};
use crate::llm::text;

/// What mends the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    /// Whole new contents by path.
    pub(super) files: BTreeMap<String, String>,
    /// What is wrong and what is changed.
    pub(super) explanation: String,
    /// The lines it follows from.
    pub(super) evidence: String,
}

/// Derives a repair; `Err` says why none follows.
pub(super) fn derive(failures: &[FailedCheck], files: &[SourceFile]) -> Result<Repair, String> {
    let lines: Vec<String> = failures.iter().flat_map(log::lines).collect();
    let suggestions = log::suggestions(&lines);
    let assertions = log::assertions(&lines);
    let mut reasons = Vec::new();
    match by_suggestions(&suggestions, files) {
        Ok(repair) => return Ok(repair),
        Err(reason) => reasons.extend(reason),
    }
    for (assertion, turn) in assertions
        .iter()
        .map(|a| (a, false))
        .chain(assertions.iter().map(|a| (a, true)))
    {
        // Wrong literals before turned comparisons: a wrong literal often puts a list in a wrong order, too.
        match by_assertion(assertion, files, turn) {
            Ok(repair) => return Ok(repair),
            Err(reason) => reasons.push(format!("{}:{}: {reason}", assertion.path, assertion.line)),
        }
    }
    if reasons.is_empty() {
        reasons.push("there is neither a compiler's suggestion nor a failed comparison of two values".to_owned());
    }
    reasons.dedup();
    Err(reasons.join("; "))
}

fn by_suggestions(suggestions: &[Suggestion], files: &[SourceFile]) -> Result<Repair, Option<String>> {
    let mut changed: BTreeMap<String, String> = BTreeMap::new();
    let mut told = Vec::new();
    let mut inserted: BTreeSet<(&str, &str)> = BTreeSet::new();
    // From the end of a file to its beginning, so that a line put in moves none that is still to be found.
    let mut ordered: Vec<&Suggestion> = suggestions.iter().collect();
    ordered.sort_by_key(|suggestion| std::cmp::Reverse(suggestion.line));
    for suggestion in ordered {
        let Some(file) = file(files, &suggestion.path) else { continue };
        let before = changed.get(&file.path).unwrap_or(&file.content);
        let twice = suggestion.old.is_none() && !inserted.insert((&suggestion.path, &suggestion.new));
        if twice {
            continue;
        }
        if let Some(after) = with_line(before, suggestion) {
            changed.insert(file.path.clone(), after);
            told.push(suggestion);
        }
    }
    if told.is_empty() {
        let first = suggestions.first();
        return Err(first.map(|s| format!("{}:{}: the compiler's suggestion does not fit the file", s.path, s.line)));
    }
    told.reverse();
    let each = |f: &dyn Fn(&Suggestion) -> String| told.iter().map(|s| f(s)).collect::<Vec<_>>().join("; ");
    Ok(Repair {
        files: changed,
        explanation: each(&|s| format!("the compiler suggests for {} line {}: `{}`", s.path, s.line, s.new.trim())),
        evidence: each(&|s| format!("{}:{}: error: {}", s.path, s.line, s.error)),
    })
}

fn with_line(source: &str, suggestion: &Suggestion) -> Option<String> {
    let at = suggestion.line.checked_sub(1)?;
    let mut lines: Vec<&str> = source.split('\n').collect();
    let end = if source.contains("\r\n") { "\r" } else { "" };
    let new = format!("{}{end}", suggestion.new);
    match &suggestion.old {
        Some(old) => {
            let line = lines.get_mut(at)?;
            if line.trim_end() != old.trim_end() {
                return None;
            }
            *line = &new;
        }
        None if at <= lines.len() => lines.insert(at, &new),
        None => return None,
    }
    Some(lines.join("\n"))
}

fn by_assertion(assertion: &Assertion, files: &[SourceFile], turn: bool) -> Result<Repair, String> {
    let difference = difference(&assertion.left, &assertion.right)
        .ok_or("the two values differ in more than one literal and are not the same in another order")?;
    let wanted = matches!(difference, Difference::Reordered);
    if wanted != turn {
        return Err("no single literal explains it".to_owned());
    }
    let test = file(files, &assertion.path).ok_or("the test's file is not among the files of the change")?;
    let sources = sources(test, files);
    if sources.is_empty() {
        return Err("the test includes no file of the change".to_owned());
    }
    let called = under_test(&test.content, assertion.line, &sources);
    let edit = match &difference {
        Difference::Literal { actual, expected } => places::literal(&sources, &called, actual, expected)?,
        Difference::Reordered => places::comparison(&sources, &called)?,
    };
    let name = assertion
        .test
        .as_ref()
        .map_or_else(String::new, |name| format!(" in `{name}`"));
    Ok(Repair {
        explanation: format!(
            "{} line {}{name} got {} and expects {}; {}",
            assertion.path,
            assertion.line,
            text::line(&assertion.left, 200),
            text::line(&assertion.right, 200),
            edit.told
        ),
        evidence: text::line(
            &format!(
                "{}:{}: left: {} right: {}",
                assertion.path, assertion.line, assertion.left, assertion.right
            ),
            1_000,
        ),
        files: BTreeMap::from([(edit.path, edit.content)]),
    })
}

enum Difference {
    Literal { actual: String, expected: String },
    Reordered,
}

/// How two values, as `Debug` writes them, differ.
fn difference(left: &str, right: &str) -> Option<Difference> {
    let texts = |value: &str| -> Vec<(bool, String)> {
        lexer::tokens(value)
            .iter()
            .map(|token| (token.is_literal(value), token.of(value).to_owned()))
            .collect()
    };
    let (left, right) = (texts(left), texts(right));
    if let ([(_, one)], [(_, other)]) = (left.as_slice(), right.as_slice())
        && matches!((one.as_str(), other.as_str()), ("Less", "Greater") | ("Greater", "Less"))
    {
        return Some(Difference::Reordered);
    }
    if left.len() != right.len() {
        return None;
    }
    let mut differing = left.iter().zip(&right).filter(|(one, other)| one != other);
    if let (Some(((true, actual), (true, expected))), None) = (differing.next(), differing.next()) {
        return Some(Difference::Literal {
            actual: actual.clone(),
            expected: expected.clone(),
        });
    }
    let sorted = |tokens: &[(bool, String)]| {
        let mut literals: Vec<String> = tokens.iter().filter(|token| token.0).map(|token| token.1.clone()).collect();
        literals.sort();
        literals
    };
    (left != right && sorted(&left) == sorted(&right)).then_some(Difference::Reordered)
}

/// The functions of the sources that the statement at `line` of a test calls; if it calls none, those that the function
/// around it calls.
fn under_test(test: &str, line: usize, sources: &[&SourceFile]) -> BTreeSet<String> {
    let start = test
        .split('\n')
        .take(line.saturating_sub(1))
        .map(|line| line.len() + 1)
        .sum::<usize>();
    let tokens = lexer::tokens(test);
    let at = tokens
        .iter()
        .position(|token| token.range.start >= start)
        .unwrap_or(tokens.len());
    let end = tokens[at..]
        .iter()
        .position(|token| token.of(test) == ";")
        .map_or(tokens.len(), |length| at + length);
    let defined = |name: &String| {
        sources
            .iter()
            .any(|file| lexer::body(&file.content, &lexer::tokens(&file.content), name).is_some())
    };
    let called = |tokens: &[Token]| -> BTreeSet<String> {
        let calls = tokens
            .windows(2)
            .filter(|pair| pair[0].kind == Kind::Name && pair[1].of(test) == "(");
        calls.map(|pair| pair[0].of(test).to_owned()).filter(defined).collect()
    };
    let statement = called(&tokens[at..end]);
    if !statement.is_empty() {
        return statement;
    }
    let begin = tokens[..at].iter().rposition(|token| token.of(test) == "fn").unwrap_or(at);
    called(&tokens[begin..end])
}

/// The files of the change that a test includes by `#[path = ".."]`.
fn sources<'a>(test: &SourceFile, files: &'a [SourceFile]) -> Vec<&'a SourceFile> {
    let folder = test.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let tokens = lexer::tokens(&test.content);
    let included = tokens
        .windows(3)
        .filter(|three| three[0].of(&test.content) == "path" && three[1].of(&test.content) == "=");
    let included: BTreeSet<String> = included
        .map(|three| log::normal(&format!("{folder}/{}", three[2].of(&test.content).trim_matches('"'))))
        .collect();
    files
        .iter()
        .filter(|file| included.contains(&file.path) && file.path != test.path && text::whole(&file.content))
        .collect()
}

fn file<'a>(files: &'a [SourceFile], path: &str) -> Option<&'a SourceFile> {
    files.iter().find(|file| file.path == path && text::whole(&file.content))
}
