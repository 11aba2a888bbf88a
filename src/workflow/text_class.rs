//! Characters that people do not see, or that make them see something else.
//!
//! Invariant: the answer depends on the character alone.

/// What kind of character it is, as far as trust goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Seen as itself; also line feed, carriage return and tab.
    Plain,
    /// A control character, U+0000 to U+001F, U+007F to U+009F.
    Control,
    /// Turns the direction in which text is shown, so that code reads other than it runs (CVE-2021-42574).
    Direction,
    /// Shown as nothing, or breaks a line where editors do not.
    Invisible,
    /// Means what some font makes of it.
    PrivateUse,
}

impl Class {
    /// What people call it, with its article.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Plain => "a plain",
            Self::Control => "a control",
            Self::Direction => "a text direction",
            Self::Invisible => "an invisible",
            Self::PrivateUse => "a private use",
        }
    }
}

/// The class of a character. The invisible ones are Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt),
/// the interlinear annotation and hieroglyph format characters, the line and paragraph separator, and the blank Braille
/// pattern.
#[must_use]
pub const fn class(c: char) -> Class {
    match c {
        '\n' | '\r' | '\t' => Class::Plain,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Class::Control,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Class::Direction,
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2028}'..='\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Class::Invisible,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}' => Class::PrivateUse,
        _ => Class::Plain,
    }
}

/// Whether a reader cannot see the character as what it is.
#[must_use]
pub const fn is_unseen(c: char) -> bool {
    !matches!(class(c), Class::Plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_agree_with_the_unicode_tables_of_the_regex_library() {
        let ignorable = regex::Regex::new(r"^\p{Default_Ignorable_Code_Point}$").unwrap();
        let control = regex::Regex::new(r"^\p{Cc}$").unwrap();
        let direction = regex::Regex::new(r"^\p{Bidi_Control}$").unwrap();
        let private = regex::Regex::new(r"^\p{Co}$").unwrap();
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            let is = class(c);
            assert_eq!(
                is == Class::Control,
                control.is_match(&text) && !"\n\r\t".contains(c),
                "{c:?}"
            );
            assert_eq!(is == Class::Direction, direction.is_match(&text), "{c:?}");
            assert_eq!(is == Class::PrivateUse, private.is_match(&text), "{c:?}");
            if ignorable.is_match(&text) {
                assert!(matches!(is, Class::Invisible | Class::Direction), "{c:?}");
            }
        }
    }

    #[test]
    fn what_people_write_is_plain() {
        for c in "aZ0_ -.é中אعД→“”€😀\n\t".chars() {
            assert_eq!(class(c), Class::Plain, "{c:?}");
        }
    }
}
