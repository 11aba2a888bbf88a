//! Titles and first lines of commits, where there is no Markdown but GitHub still reads meanings.

use super::markdown::{CUT, gh_reference, one_line};

/// Words of others for a title or the first line of a commit, where there is no Markdown: at most `max` characters,
/// nothing that GitHub takes for a reference, a mention or an order to skip checks.
pub(super) fn title(text: &str, max: usize) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in one_line(text).split(' ') {
        let mut word = word.replace('[', "(").replace(']', ")").replace("***", "");
        for scheme in ["https://", "http://"] {
            word = word.replace(scheme, "");
        }
        if word.contains("://") {
            word = word.replace("://", " ");
        }
        word = without_sign(&word, '@', |c| c.is_alphanumeric());
        word = without_sign(&word, '#', |c| c.is_ascii_digit());
        while let Some(at) = gh_reference(&word) {
            word.replace_range(at + 2..at + 3, " ");
        }
        words.push(word);
    }
    let text = words.join(" ");
    let text = text.trim();
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let cut: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}{CUT}", cut.trim_end())
}

/// Takes a sign away wherever the next character would give it a meaning.
fn without_sign(word: &str, sign: char, before: fn(char) -> bool) -> String {
    let chars: Vec<char> = word.chars().collect();
    chars
        .iter()
        .enumerate()
        .filter(|(at, c)| **c != sign || !chars.iter().skip(at + 1).find(|n| **n != sign).is_some_and(|n| before(*n)))
        .map(|(_, c)| *c)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_have_no_markdown_and_no_meaning() {
        for (text, shown) in [
            ("Fix #7 for @alice", "Fix 7 for alice"),
            ("gh-gh-7 [ci skip]", "gh-gh 7 (ci skip)"),
            ("closes https://github.test/a/b/issues/7", "closes github.test/a/b/issues/7"),
            ("##7 @@a", "7 a"),
            ("use C# and `a_b`", "use C# and `a_b`"),
        ] {
            assert_eq!(title(text, 80), shown, "{text:?}");
        }
        assert_eq!(title("a long title", 7), "a long…");
    }
}
