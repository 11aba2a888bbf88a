//! An issue's bullets: each list item at depth 0 is a part to build.
//!
//! Invariant: the place of a bullet is its place among all bullets of the text, 1 for the first, as people count them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::llm::markdown::{self, Block};
use crate::llm::text;

/// A title is a pull request's title, too; GitHub cuts those in lists at about this many characters.
const TITLE_CHARS_MAX: usize = 80;

/// `(after 1, 2)` at the end.
static AFTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s*\(after\s+(\d{1,6}(?:\s*(?:,|and|,\s*and)\s*\d{1,6})*)\)[.\s]*$")
        .expect("the expression is fixed, and tests use it")
});

/// A part to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bullet {
    /// Its place, 1 for the first.
    pub(super) place: u32,
    /// A line for people.
    pub(super) title: String,
    /// All its words.
    pub(super) text: String,
    /// The places of the bullets that come before it.
    pub(super) after: BTreeSet<u32>,
}

/// The bullets of a Markdown text.
pub(super) fn read(markdown: &str) -> Vec<Bullet> {
    let blocks = markdown::blocks(markdown);
    let items = blocks.iter().flat_map(|block| match block {
        Block::List(_, items) => items.as_slice(),
        Block::Text(_) | Block::Heading(..) | Block::Code(..) | Block::Quote(_) => &[],
    });
    (1..).zip(items).map(|(place, item)| bullet(place, item)).collect()
}

fn bullet(place: u32, item: &[Block]) -> Bullet {
    let (first, rest) = item.split_first().map_or((String::new(), String::new()), |(first, rest)| {
        (words(std::slice::from_ref(first)), words(rest))
    });
    let first = first
        .strip_prefix("[ ] ")
        .or_else(|| first.strip_prefix("[x] "))
        .unwrap_or(&first)
        .to_owned();
    // The words end where the item ends; with a list below it, people write `(after 1)` behind the first line.
    let (first, mut after) = split_after(&first);
    let (rest, more) = split_after(&rest);
    after.extend(more);
    let title = title(if first.is_empty() { &rest } else { &first });
    let text = [first.as_str(), rest.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let named = |text: String| if text.is_empty() { format!("Part {place}") } else { text };
    Bullet {
        place,
        title: named(title),
        text: named(text),
        after,
    }
}

fn words(blocks: &[Block]) -> String {
    markdown::words(blocks).replace('`', "")
}

fn split_after(text: &str) -> (String, BTreeSet<u32>) {
    let Some(found) = AFTER.captures(text) else {
        return (text.to_owned(), BTreeSet::new());
    };
    let numbers = found[1]
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    (text[..text.len() - found[0].len()].to_owned(), numbers)
}

fn title(text: &str) -> String {
    if text.chars().count() <= TITLE_CHARS_MAX {
        return text.trim_end_matches(['.', ':']).to_owned();
    }
    let cut: String = text.chars().take(TITLE_CHARS_MAX).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([',', '.', ':', ';']))
}

/// What stands against building these bullets, one sentence.
pub(super) fn trouble(bullets: &[Bullet]) -> Option<String> {
    for bullet in bullets {
        if let Some(unknown) = bullet
            .after
            .iter()
            .find(|place| !bullets.iter().any(|other| other.place == **place))
        {
            return Some(format!(
                "bullet {} comes after bullet {unknown}, which is not in the list",
                bullet.place
            ));
        }
    }
    let circle: Vec<String> = ordered(bullets)
        .err()?
        .iter()
        .map(|bullet| bullet.place.to_string())
        .collect();
    Some(format!("the bullets {} come after each other in a circle", circle.join(", ")))
}

/// The bullets so that each comes after those it names, else in their own order; the ones in a circle if there is one.
pub(super) fn ordered(bullets: &[Bullet]) -> Result<Vec<Bullet>, Vec<Bullet>> {
    let mut left: BTreeMap<u32, &Bullet> = bullets.iter().map(|bullet| (bullet.place, bullet)).collect();
    let mut out = Vec::new();
    while !left.is_empty() {
        let free = left
            .values()
            .find(|bullet| !bullet.after.iter().any(|place| left.contains_key(place)));
        let Some(free) = free.copied() else {
            return Err(left.into_values().cloned().collect());
        };
        left.remove(&free.place);
        out.push(free.clone());
    }
    Ok(out)
}

/// One line of at most 300 bytes, for notes and questions.
pub(super) fn short(words: &str) -> String {
    text::line(words, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(markdown: &str) -> Vec<String> {
        read(markdown)
            .iter()
            .map(|b| format!("{} {}|{}|{:?}", b.place, b.title, b.text, b.after))
            .collect()
    }

    #[test]
    fn every_item_at_depth_0_of_any_list_is_a_bullet() {
        let body = "Intro\n\n- one\n- two (after 1)\n  - below\n  - below it\n\ntext\n\n1. three (After 1, 2).\n2) four\n\n> - quoted\n\n\
                    ```\n- code\n```\n\n* [ ] five (after 3 and 4)\n* `six`: **bold** [link](https://example.com)";
        assert_eq!(
            summary(body),
            [
                "1 one|one|{}",
                "2 two|two below below it|{1}",
                "3 three|three|{1, 2}",
                "4 four|four|{}",
                "5 five|five|{3, 4}",
                "6 six: bold link|six: bold link|{}",
            ]
        );
        assert_eq!(summary("no list\n\n-not one\n\n    - code"), Vec::<String>::new());
        assert_eq!(
            summary("- (after 2)\n- <!-- nothing -->\n- x"),
            ["1 Part 1|Part 1|{2}", "2 x|x|{}"]
        );
    }

    #[test]
    fn after_counts_only_at_the_end() {
        assert_eq!(
            summary("- do (after 1) more\n- b (after)\n- c (after 1,2, 3)"),
            [
                "1 do (after 1) more|do (after 1) more|{}",
                "2 b (after)|b (after)|{}",
                "3 c|c|{1, 2, 3}"
            ]
        );
        assert_eq!(summary("- a\n\n  long text (after 1)"), ["1 a|a long text|{1}"]);
    }

    #[test]
    fn long_titles_are_cut_at_a_word() {
        let bullet = &read(&format!("- {}", "word ".repeat(40)))[0];
        assert!(
            bullet.title.chars().count() <= TITLE_CHARS_MAX + 1 && bullet.title.ends_with("word…"),
            "{}",
            bullet.title
        );
        assert_eq!(bullet.text.split(' ').count(), 40);
    }

    #[test]
    fn unknown_places_and_circles_are_named() {
        assert_eq!(trouble(&read("- a (after 2)\n- b")), None);
        assert_eq!(
            trouble(&read("- a (after 3)\n- b")).unwrap(),
            "bullet 1 comes after bullet 3, which is not in the list"
        );
        assert_eq!(
            trouble(&read("- a (after 1)")).unwrap(),
            "the bullets 1 come after each other in a circle"
        );
        let order = ordered(&read("- a (after 3)\n- b\n- c")).unwrap();
        assert_eq!(order.iter().map(|b| b.place).collect::<Vec<_>>(), [2, 3, 1]);
    }
}
