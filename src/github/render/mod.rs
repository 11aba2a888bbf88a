//! The one renderer of everything that is posted.
//!
//! Issue texts, file contents, logs and model answers end in comments, pull requests, check runs and commit messages. On
//! GitHub text acts: `@name` sends mail, `#5` and addresses leave traces elsewhere, `Fixes #5` closes, images fetch, links
//! carry data away, HTML hides. Here all of that is taken out, and what may stay is listed: one login, some numbers, one
//! issue to close, links to this GitHub. Text with a secret in it is refused, not mended.
//!
//! Markdown is changed only where it would act, by characters that show as nothing or as themselves, and again until
//! nothing changes any more: taking one construct apart can put another together.
//!
//! Invariant: rendering what was rendered changes nothing.

mod close;
mod marker;
mod scan;
mod secrets;

use std::collections::BTreeSet;
use std::fmt;

pub use marker::Marker;
pub use secrets::{Blocked, Secrets};

use self::scan::{Mode, Scanner};
use super::endpoints::Endpoints;
use super::types::Repo;

/// Longest body, in UTF-16 units. GitHub refuses bodies above 65,536 characters and does not say how it counts.
pub const BODY_UNITS: usize = 60_000;

/// Longest title or headline, in characters. GitHub refuses titles above 256.
pub const LINE_CHARS: usize = 250;

/// How often a text is taken apart before it is shown as it stands, in one code block. Ordinary texts need two.
const PASSES: usize = 12;

/// Shown where a text was cut.
const CUT_NOTE: &str = "\n\n*(The rest is left out: it is too long for GitHub.)*\n";

/// Text that may be posted. Only a [`Renderer`] makes it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Rendered(String);

impl Rendered {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// No text.
    #[must_use]
    pub fn empty() -> Self {
        Self(String::new())
    }
}

/// A body that begins with its marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    marker: Marker,
    body: Rendered,
}

impl Marked {
    /// What it is found again by.
    #[must_use]
    pub fn marker(&self) -> &Marker {
        &self.marker
    }

    /// The whole text.
    #[must_use]
    pub fn body(&self) -> &Rendered {
        &self.body
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rendered({} bytes)", self.0.len())
    }
}

impl serde::Serialize for Rendered {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Makes text fit to be posted in one repository.
#[derive(Clone, Debug)]
pub struct Renderer {
    web: String,
    repository: String,
    login: Option<String>,
    references: BTreeSet<u64>,
    closes: Option<u64>,
    secrets: Secrets,
}

impl Renderer {
    /// A renderer for `repo` that lets no mention, no number and no closing keyword pass.
    #[must_use]
    pub fn new(endpoints: &Endpoints, repo: &Repo) -> Self {
        Self {
            web: endpoints.web.clone(),
            repository: repo.full_name(),
            login: None,
            references: BTreeSet::new(),
            closes: None,
            secrets: Secrets::default(),
        }
    }

    /// Lets this one login be mentioned.
    #[must_use]
    pub fn mentioning(mut self, login: &str) -> Self {
        self.login = Some(login.trim_start_matches('@').to_owned()).filter(|login| !login.is_empty());
        self
    }

    /// Lets these issues and pull requests of the repository be referred to.
    #[must_use]
    pub fn referring(mut self, numbers: impl IntoIterator<Item = u64>) -> Self {
        self.references.extend(numbers);
        self
    }

    /// Lets this issue be closed by a keyword.
    #[must_use]
    pub fn closing(mut self, issue: u64) -> Self {
        self.references.insert(issue);
        self.closes = Some(issue);
        self
    }

    /// Refuses texts that hold one of these secrets, in any usual encoding.
    #[must_use]
    pub fn guarding(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// A body in Markdown: a comment, a pull request's text, a review, a check run's summary.
    ///
    /// # Errors
    /// [`Blocked`] if the text holds a secret.
    pub fn markdown(&self, text: &str) -> Result<Rendered, Blocked> {
        self.body(text, "")
    }

    /// A body that begins with a marker by which it is found again. Markers inside the text are taken apart.
    ///
    /// # Errors
    /// [`Blocked`] if the text holds a secret.
    pub fn marked(&self, marker: &Marker, text: &str) -> Result<Marked, Blocked> {
        let line = format!("{marker}\n");
        let body = self.body(text.strip_prefix(&line).unwrap_or(text), &line)?;
        Ok(Marked {
            marker: marker.clone(),
            body,
        })
    }

    /// One line without Markdown: a title, the headline of a commit.
    ///
    /// # Errors
    /// [`Blocked`] if the text holds a secret.
    pub fn line(&self, text: &str) -> Result<Rendered, Blocked> {
        self.secrets.look(text)?;
        let text = scan::visible(&text.replace(char::is_control, " "));
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut budget = LINE_CHARS;
        loop {
            let line = self.scan(&shortened(&words, budget), Mode::Plain);
            // Every break makes the line longer: the words give way until both fit.
            if line.chars().count() <= LINE_CHARS || budget == 0 {
                return Ok(Rendered(line));
            }
            budget -= 1;
        }
    }

    /// The body of a commit message: no Markdown, and nothing that tells CI to stay away.
    ///
    /// # Errors
    /// [`Blocked`] if the text holds a secret.
    pub fn message(&self, text: &str) -> Result<Rendered, Blocked> {
        self.secrets.look(text)?;
        let text = Scanner::new(self, Mode::Plain).message(&scan::visible(text));
        Ok(Rendered(text.trim().to_owned()))
    }

    fn body(&self, text: &str, first: &str) -> Result<Rendered, Blocked> {
        self.secrets.look(text)?;
        let text = scan::visible(text);
        let room = BODY_UNITS - units(first);
        let mut budget = units(&text).min(room);
        let mut out = self.settled(&cut(&text, budget));
        while units(&out) > room {
            // Neutralising and closing make a text longer, mostly in proportion; a sixteenth less makes sure of an end.
            budget = budget.saturating_mul(room) / units(&out) / 16 * 15;
            out = self.settled(&cut(&text, budget));
        }
        self.secrets.look(&out)?;
        Ok(Rendered(format!("{first}{out}")))
    }

    /// Takes the text apart until nothing changes. Each pass reads what the last one left, breaks and all, as GitHub will.
    fn settled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..PASSES {
            let next = scan::visible(&close::close(&self.scan(&text, Mode::Markdown)));
            if next == text {
                return text;
            }
            text = next;
        }
        close::as_code(&text)
    }

    fn scan(&self, text: &str, mode: Mode) -> String {
        Scanner::new(self, mode).scan(text)
    }
}

/// The first lines of `text`, at most `budget` units with the note that it was cut.
fn cut(text: &str, budget: usize) -> String {
    if units(text) <= budget {
        return text.to_owned();
    }
    let budget = budget.saturating_sub(units(CUT_NOTE));
    let mut kept = 0;
    let mut used = 0;
    for line in text.split_inclusive('\n') {
        used += units(line);
        if used > budget {
            break;
        }
        kept += line.len();
    }
    if kept == 0 {
        // One line longer than everything: cut inside it.
        let mut used = 0;
        for (at, c) in text.char_indices() {
            used += c.len_utf16();
            if used > budget {
                break;
            }
            kept = at + c.len_utf8();
        }
    }
    let kept = text.get(..kept).unwrap_or_default();
    format!("{}{CUT_NOTE}", close::close(kept).trim_end())
}

/// As many words as fit; a word that is too long by itself is cut.
fn shortened(words: &[&str], budget: usize) -> String {
    let whole = words.join(" ");
    if whole.chars().count() <= budget {
        return whole;
    }
    let mut line = String::new();
    for word in words {
        if line.chars().count() + word.chars().count() + 2 > budget {
            break;
        }
        line.push_str(word);
        line.push(' ');
    }
    if line.is_empty() {
        line = whole.chars().take(budget.saturating_sub(1)).collect();
    }
    format!("{}…", line.trim_end())
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests;
