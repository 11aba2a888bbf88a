//! What stands behind a command's word.
//!
//! Invariant: money is read by integers alone, and what a person wrote is shown back only shortened and in a code span.

use std::ops::Range;

use super::grammar::first_word;
use super::lines::Scan;
use super::table::Name;
use super::{ApproveWhat, Command, PhaseRef, RollbackWhat};
use crate::workflow::ids::MicroUsd;
use crate::workflow::text_class::is_unseen;

/// The highest amount `/budget` reads, in US dollars: a slip of the finger must not be a fortune.
pub const BUDGET_USD_MAX: i64 = 1_000_000;
/// Fewer digits of a hash could name two things.
pub const HASH_DIGITS_MIN: usize = 7;
/// A SHA-256 has this many digits.
const HASH_DIGITS_MAX: usize = 64;
/// Characters in a `/revise` text or a hint: they go into every prompt that follows.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// Characters of a person's word that are shown back to him.
const QUOTED_CHARS_MAX: usize = 40;

/// What was given to a command.
pub(super) struct Given<'a> {
    pub(super) source: &'a str,
    pub(super) scan: &'a Scan,
    /// Behind the command's word, to the end of its line.
    pub(super) line: Range<usize>,
    /// Where a text that is given to it ends.
    pub(super) until: usize,
    pub(super) bare: bool,
}

impl Given<'_> {
    /// The command with its arguments.
    ///
    /// # Errors
    /// One sentence: what is wrong, and how it is written.
    pub(super) fn command(&self, name: Name) -> Result<Command, String> {
        match name {
            Name::Approve => self.approve(),
            Name::Revise => self.revise(),
            Name::Retry => self.retry(),
            Name::Rollback => self.rollback(),
            Name::Budget => self.budget(),
            Name::Start => self.alone(Command::Start),
            Name::Status => self.alone(Command::Status),
            Name::Pause => self.alone(Command::Pause),
            Name::Resume => self.alone(Command::Resume),
            Name::Cancel => self.alone(Command::Cancel),
            Name::Skip => self.skip(),
            Name::Hold => self.alone(Command::Hold { phase: None }),
            Name::Unhold => self.alone(Command::Unhold { phase: None }),
            Name::Help => self.alone(Command::Help),
        }
    }

    /// The words of the line.
    fn words(&self) -> Vec<&str> {
        self.source
            .get(self.line.clone())
            .unwrap_or_default()
            .split_whitespace()
            .collect()
    }

    fn alone(&self, command: Command) -> Result<Command, String> {
        if self.words().is_empty() {
            return Ok(command);
        }
        let written = slashed(command.name(), self.bare);
        Err(format!("`{written}` takes nothing behind it; write it alone on its line."))
    }

    fn approve(&self) -> Result<Command, String> {
        let (what, hash) = match self.words().as_slice() {
            [] => (None, None),
            [one] => match (what(one), hash(one)) {
                (Some(what), _) => (Some(what), None),
                (None, Some(hash)) => (None, Some(hash)),
                (None, None) => return Err(self.not_approvable(one)),
            },
            [one, two] => match (what(one), hash(two)) {
                (Some(what), Some(hash)) => (Some(what), Some(hash)),
                (None, _) => return Err(self.not_approvable(one)),
                (Some(_), None) => {
                    let told = quoted(two);
                    return Err(format!(
                        "`{told}` is no hash: copy at least {HASH_DIGITS_MIN} digits of the one that was shown, or leave it out."
                    ));
                }
            },
            [..] => {
                let usage = Name::Approve.entry().usage(self.bare);
                return Err(format!("`/approve` takes one thing and its hash; write `{usage}`."));
            }
        };
        Ok(Command::Approve { what, hash })
    }

    fn not_approvable(&self, written: &str) -> String {
        format!(
            "`{}` cannot be approved: name `plan`, `release` or a phase by number (`2`) or id (`02-parser`), or write `{}` alone.",
            quoted(written),
            slashed(Name::Approve, self.bare)
        )
    }

    fn revise(&self) -> Result<Command, String> {
        let usage = Name::Revise.entry().usage(self.bare);
        match self.text(self.line.start)? {
            Some(text) => Ok(Command::Revise { phase: None, text }),
            None => Err(format!("Say what is to change: `{usage}`.")),
        }
    }

    fn retry(&self) -> Result<Command, String> {
        let usage = Name::Retry.entry().usage(self.bare);
        let (mut phase, mut fresh) = (None, false);
        let mut at = self.line.start;
        loop {
            let rest = self.source.get(at..self.line.end).unwrap_or_default();
            let (word, behind) = first_word(rest);
            if word.is_empty() {
                return Ok(Command::Retry {
                    phase,
                    fresh,
                    hint: None,
                });
            }
            // Telephones turn two dashes into one long one.
            if let Some(dashes) = ["--", "—", "–"].into_iter().find(|dashes| word.starts_with(dashes)) {
                let skipped = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                let hint = self.text(at + skipped + dashes.len())?;
                return Ok(Command::Retry { phase, fresh, hint });
            }
            at = self.line.end - behind.len();
            if word.eq_ignore_ascii_case("fresh") && !fresh {
                fresh = true;
                continue;
            }
            match (phase_ref(word), &phase) {
                (Some(named), None) => phase = Some(named),
                (Some(_), Some(_)) => return Err(format!("`/retry` takes one phase; write `{usage}`.")),
                (None, _) => {
                    return Err(format!(
                        "`{}` is no phase: name it by number (`2`) or id (`02-parser`), and put a hint behind `--`: `{usage}`.",
                        quoted(word)
                    ));
                }
            }
        }
    }

    fn rollback(&self) -> Result<Command, String> {
        let what = match self.words().as_slice() {
            [one] if one.eq_ignore_ascii_case("plan") => Some(RollbackWhat::Plan),
            [one] if one.eq_ignore_ascii_case("all") => Some(RollbackWhat::All),
            [one] => phase_ref(one).map(RollbackWhat::Phase),
            _ => None,
        };
        what.map(|what| Command::Rollback { what }).ok_or_else(|| {
            let written = slashed(Name::Rollback, self.bare);
            format!("Say what to take back: `{written} 2`, `{written} 02-parser`, `{written} plan` or `{written} all`.")
        })
    }

    fn skip(&self) -> Result<Command, String> {
        let phase = match self.words().as_slice() {
            [one] => phase_ref(one),
            _ => None,
        };
        phase.map(|phase| Command::Skip { phase }).ok_or_else(|| {
            let written = slashed(Name::Skip, self.bare);
            format!("Name one phase by number or id: `{written} 2` or `{written} 02-parser`.")
        })
    }

    fn budget(&self) -> Result<Command, String> {
        let written = slashed(Name::Budget, self.bare);
        let words = self.words();
        let amount = match words.as_slice() {
            [one] => amount(one),
            _ => None,
        };
        amount.map(|amount| Command::Budget { amount }).ok_or_else(|| {
            let told = if words.is_empty() {
                "Name the amount".to_owned()
            } else {
                format!("`{}` is no amount", quoted(&words.join(" ")))
            };
            format!("{told}: write US dollars from 0 to 1000000 with digits and a point, such as `{written} 7.50`.")
        })
    }

    /// The text from `from` to the next command or the end, without what readers do not see; `None` if nothing is left.
    fn text(&self, from: usize) -> Result<Option<String>, String> {
        let mut kept = String::new();
        let mut at = from;
        for unseen in self
            .scan
            .unseen
            .iter()
            .filter(|range| range.end > from && range.start < self.until)
        {
            kept.push_str(self.source.get(at..unseen.start.max(at)).unwrap_or_default());
            at = at.max(unseen.end);
        }
        kept.push_str(self.source.get(at.min(self.until)..self.until).unwrap_or_default());
        let seen: String = kept.chars().filter(|c| !is_unseen(*c)).collect();
        let seen: Vec<&str> = seen.lines().filter(|line| !is_definition(line)).collect();
        let text = seen.join("\n").trim().to_owned();
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(format!(
                "The text is too long: at most {TEXT_CHARS_MAX} characters are taken in; shorten it."
            ));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
}

/// A link's definition is not rendered; a second one of the same name is not even reported by the parser.
fn is_definition(line: &str) -> bool {
    let indent = line.len() - line.trim_start_matches(' ').len();
    indent <= 3
        && line
            .get(indent..)
            .and_then(|rest| rest.strip_prefix('['))
            .and_then(|rest| rest.split_once("]:"))
            .is_some_and(|(label, _)| !label.is_empty() && !label.starts_with('^') && !label.contains(['[', ']']))
}

/// The command's word as it is written here.
pub(super) fn slashed(name: Name, bare: bool) -> String {
    format!("{}{}", if bare { "/" } else { "/millhand " }, name.word())
}

fn what(word: &str) -> Option<ApproveWhat> {
    if word.eq_ignore_ascii_case("plan") {
        Some(ApproveWhat::Plan)
    } else if word.eq_ignore_ascii_case("release") {
        Some(ApproveWhat::Release)
    } else if word.eq_ignore_ascii_case("rollback") {
        Some(ApproveWhat::Rollback)
    } else {
        phase_ref(word).map(ApproveWhat::Phase)
    }
}

/// A phase by number (fewer digits than a hash has) or by id, `02-parser`.
fn phase_ref(word: &str) -> Option<PhaseRef> {
    if word.bytes().all(|b| b.is_ascii_digit()) {
        let number = if word.len() < HASH_DIGITS_MIN {
            word.parse().ok()
        } else {
            None
        };
        return number.filter(|n| *n > 0).map(PhaseRef::Number);
    }
    let lower = word.to_ascii_lowercase();
    let (number, slug) = lower.split_once('-')?;
    let numbered = (2..HASH_DIGITS_MIN).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let named = slug.starts_with(|c: char| c.is_ascii_lowercase())
        && slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && slug.len() <= crate::workflow::plan::SLUG_CHARS_MAX;
    (numbered && named).then_some(PhaseRef::Id(lower))
}

fn hash(word: &str) -> Option<String> {
    let fits = (HASH_DIGITS_MIN..=HASH_DIGITS_MAX).contains(&word.len());
    (fits && word.bytes().all(|b| b.is_ascii_hexdigit())).then(|| word.to_ascii_lowercase())
}

/// `7`, `7.50`, `$7.50` in micro-dollars, by integers alone.
fn amount(word: &str) -> Option<MicroUsd> {
    let word = word.strip_prefix('$').unwrap_or(word);
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 12) || !digits(part, 6) {
        return None;
    }
    let micro = whole.parse::<i64>().ok()? * 1_000_000 + format!("{part:0<6}").parse::<i64>().ok()?;
    (micro <= BUDGET_USD_MAX * 1_000_000).then_some(MicroUsd(micro))
}

/// A person's word, made harmless inside a code span and shortened.
pub(super) fn quoted(word: &str) -> String {
    let shown: String = word
        .chars()
        .filter(|c| !c.is_control() && !is_unseen(*c))
        .map(|c| if c == '`' { '\'' } else { c })
        .take(QUOTED_CHARS_MAX)
        .collect();
    if word.chars().count() > QUOTED_CHARS_MAX {
        format!("{shown}...")
    } else {
        shown
    }
}
