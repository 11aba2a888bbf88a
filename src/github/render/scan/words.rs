//! Telling words, links, entities and characters apart.
//!
//! Invariant: pure functions of a few characters; none knows where in a text it is asked.

/// Words that close an issue when a number follows.
const CLOSERS: &[&str] = &[
    "close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved",
];

/// Shows as nothing and ends a word for GitHub.
pub(super) const BREAK: char = '\u{200b}';

/// The text without characters that cannot be seen but for breaks where this scanner puts them, with plain line ends and no
/// tabs before them: readers disagree on whether a fence may end with one.
pub(in crate::github::render) fn visible(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut shown = String::new();
    let mut chars = text.chars().filter(|c| *c == BREAK || !is_invisible(*c)).peekable();
    while let Some(c) = chars.next() {
        if c != BREAK || breaks(shown.chars().next_back(), chars.peek().copied()) {
            shown.push(c);
        }
    }
    if !shown.contains('\t') {
        return shown;
    }
    let mut out = String::new();
    for line in shown.split_inclusive('\n') {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        let kept = body.trim_end_matches([' ', '\t']);
        let dropped = body.get(kept.len()..).unwrap_or_default();
        out.extend([if dropped.contains('\t') { kept } else { body }, end]);
    }
    out
}

/// The text without any character that cannot be seen.
pub(in crate::github::render) fn bare(text: &str) -> String {
    visible(text).replace(BREAK, "")
}

/// Whether a break between these two characters is one that the scanner puts.
fn breaks(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), after) = (before, after.unwrap_or('\n')) else {
        return false;
    };
    if after == BREAK {
        return false;
    }
    match before {
        '@' => true,
        '#' | '-' => after.is_ascii_digit(),
        ':' => after == '/',
        ']' => matches!(after, '(' | ':'),
        '!' => after == '[',
        '<' => !after.is_whitespace(),
        '&' => after.is_ascii_alphabetic() || after == '#',
        'w' | 'W' => after == '.',
        '[' => after.is_ascii_alphabetic(),
        'p' | 'P' => after == '-',
        _ => false,
    }
}

/// Whether a line is a trailer of a commit message that names people by their address.
pub(super) fn is_trailer(line: &str) -> bool {
    let Some((key, person)) = line.split_once(": ") else {
        return false;
    };
    let known = ["Signed-off-by", "Co-authored-by", "Reviewed-by"].contains(&key);
    let Some((name, address)) = person.trim_end().strip_suffix('>').and_then(|person| person.split_once(" <")) else {
        return false;
    };
    let plain = |text: &str| !text.is_empty() && !text.contains(['<', '>', '#', '/', ':']);
    known && plain(name) && !name.contains('@') && plain(address) && address.matches('@').count() == 1 && !address.contains(' ')
}

/// A link as plain as `[text](target)`.
pub(super) struct Link<'t> {
    pub(super) text: &'t str,
    pub(super) target: &'t str,
    /// Bytes of all of it.
    pub(super) length: usize,
}

/// `[text](target)` at the start, if it is as plain as that.
pub(super) fn simple_link(rest: &str) -> Option<Link<'_>> {
    let inside = rest.strip_prefix('[')?;
    let text = inside.get(..inside.find(['[', ']', '\n', '`', '\\'])?)?;
    let target = target(inside.get(text.len()..)?.strip_prefix("](")?)?;
    Some(Link {
        text,
        target,
        length: text.len() + target.len() + 4,
    })
}

/// What stands before `)`, if it has no spaces, brackets or quotes.
pub(super) fn target(rest: &str) -> Option<&str> {
    let end = rest.find(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | '\\' | '`' | '"' | '\'')
    })?;
    rest.get(end..)?.starts_with(')').then(|| rest.get(..end)).flatten()
}

/// The issue or pull request that a page of a repository is about: `/issues/5`, `/pull/5/files`.
pub(super) fn number_of(page: &str) -> Option<u64> {
    let mut parts = page.trim_start_matches('/').split(['/', '?', '#']);
    matches!(parts.next()?, "issues" | "pull" | "pulls" | "discussions")
        .then(|| parts.next()?.parse().ok())
        .flatten()
}

pub(super) fn ends_with_closer(before: &str) -> bool {
    let before =
        before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '*' | '_' | '~' | '\\' | '(' | '[' | BREAK));
    let word: String = before
        .chars()
        .rev()
        .take_while(|c| is_word(*c))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    CLOSERS.contains(&word.trim_matches('_').to_lowercase().as_str())
}

pub(super) fn is_entity(rest: &str) -> bool {
    let Some(name) = rest.strip_prefix('&') else { return false };
    let Some(end) = name.find(';') else { return false };
    let name = name.get(..end).unwrap_or_default();
    !name.is_empty() && name.len() <= 40 && name.trim_start_matches('#').bytes().all(|byte| byte.is_ascii_alphanumeric())
}

pub(super) fn is_plain_address(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'.' | b'-' | b'_' | b'~' | b'/' | b':' | b'%' | b'?' | b'=' | b'#' | b'+' | b','
        )
}

pub(super) fn starts_with_word(rest: &str, word: &str) -> bool {
    rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Characters that show as nothing, change the direction of writing, or are controls. Emoji keep their selectors.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0x00..=0x08 | 0x0b..=0x1f | 0x7f..=0x9f | 0xad | 0x034f | 0x061c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0d | 0xfeff | 0xffa0 | 0xfff9..=0xfffb
        | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}
