//! What is looked at before the file is parsed: its size and its characters.

use super::{Place, Refusal};
use crate::workflow::text_class::{Class, class};

/// Bytes of the file. The whole table of keys with a comment for each has about 8 KiB; more is no configuration, and this
/// bounds what reading it can cost.
pub const FILE_BYTES_MAX: usize = 64 * 1024;

/// The text, if it is one: small, UTF-8, and showing what it holds. A byte order mark at its start is left out.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Refusal::too_large());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        Refusal::new(
            end_of(&before),
            "This is not UTF-8; save the file in that encoding, as Git and GitHub expect it.",
        )
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.char_indices().find(|(_, c)| hides(*c)) {
        None => Ok(text),
        Some((at, c)) => Err(Refusal::new(
            end_of(text.get(..at).unwrap_or_default()),
            format!(
                "Here stands {} character (U+{:04X}) that readers do not see as what it is; take it out.",
                class(c).words(),
                u32::from(c)
            ),
        )),
    }
}

/// Whether a character has no business in the file. The joiner and the variation selectors belong to emoji, which people put
/// into labels and comments; fonts may draw private characters as they like, but nothing disappears.
pub(super) fn hides(c: char) -> bool {
    match class(c) {
        Class::Control | Class::Direction => true,
        Class::Invisible => !matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}'),
        Class::Plain | Class::PrivateUse => false,
    }
}

/// The place behind a text. A line ends as YAML says: by LF, CR LF or CR.
fn end_of(text: &str) -> Place {
    let (mut line, mut column, mut before) = (1_u32, 1_u32, ' ');
    for c in text.chars() {
        match c {
            '\n' if before == '\r' => {}
            '\n' | '\r' => (line, column) = (line.saturating_add(1), 1),
            _ => column = column.saturating_add(1),
        }
        before = c;
    }
    Place { line, column }
}
