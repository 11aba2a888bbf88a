//! The hidden line by which a comment, review or pull request of ours is found again.
//!
//! Invariant: a marker proves nothing by itself, since anybody can copy it; whoever finds one also looks at the author.

use std::fmt;

/// Longest part of a marker that is kept, in characters. UUIDs have 36, keys of effects fewer than 80.
const PART_CHARS: usize = 120;

/// What a text of ours is, for which workflow, and which one of its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marker {
    kind: String,
    workflow: String,
    key: String,
}

impl Marker {
    /// A marker. The parts are the program's own words (letters, digits, `-`, `_`, `.`, `:`, `/`); other characters and
    /// doubled hyphens, which would end a comment in HTML, become `_`.
    #[must_use]
    pub fn new(kind: &str, workflow: &str, key: &str) -> Self {
        Self {
            kind: part(kind),
            workflow: part(workflow),
            key: part(key),
        }
    }

    /// What the text is: `status`, `plan`, `question`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The workflow it belongs to.
    #[must_use]
    pub fn workflow(&self) -> &str {
        &self.workflow
    }

    /// Which one of its kind.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The marker a text begins with.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let line = text.lines().next()?.trim_end();
        let inside = line.strip_prefix("<!-- millhand:v1 ")?.strip_suffix(" -->")?;
        let mut words = inside.split(' ');
        let kind = words.next()?.strip_prefix("kind=")?;
        let workflow = words.next()?.strip_prefix("workflow=")?;
        let key = words.next()?.strip_prefix("key=")?;
        let found = Self::new(kind, workflow, key);
        (words.next().is_none() && found.to_string() == line).then_some(found)
    }

    /// Whether `text` begins with this marker.
    #[must_use]
    pub fn is_on(&self, text: &str) -> bool {
        Self::of(text).as_ref() == Some(self)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<!-- millhand:v1 kind={} workflow={} key={} -->",
            self.kind, self.workflow, self.key
        )
    }
}

fn part(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(PART_CHARS) {
        let plain = c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
        out.push(if !plain || (c == '-' && out.ends_with('-')) { '_' } else { c });
    }
    // A hyphen right before the closing hyphens would make three.
    if out.ends_with('-') {
        out.pop();
        out.push('_');
    }
    if out.is_empty() { "_".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_recognised_on_the_first_line_only() {
        let marker = Marker::new("status", "0193-abc", "wf/3");
        let text = format!("{marker}\nHello");
        assert_eq!(Marker::of(&text), Some(marker.clone()));
        assert!(marker.is_on(&text) && marker.is_on(&text.replace('\n', "\r\n")));
        assert!(!Marker::new("plan", "0193-abc", "wf/3").is_on(&text));
        for other in [
            format!("x\n{marker}"),
            format!(" {marker}"),
            format!("{marker} x"),
            String::new(),
            "<!-- millhand:v1 -->".to_owned(),
        ] {
            assert_eq!(Marker::of(&other), None, "{other}");
        }
    }

    #[test]
    fn no_part_can_end_the_comment() {
        let marker = Marker::new("a-->b", "<script>", "--\n key=x -");
        let text = marker.to_string();
        assert_eq!(text.matches("--").count(), 2, "{text}");
        assert_eq!(text.matches('>').count(), 1, "{text}");
        assert_eq!(Marker::of(&text), Some(marker));
    }
}
