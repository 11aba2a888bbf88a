//! What may stay: addresses of this GitHub, numbers that were allowed, one issue to close.
//!
//! Invariant: an address is judged by its exact beginning; whatever could change its host is no part of it.

use super::Scanner;
use super::words::{ends_with_closer, is_plain_address, is_word, number_of};

/// Pages of other repositories that do not notice who links to them.
const UNNOTICING: &[&str] = &["blob", "tree", "releases", "actions", "runs", "wiki"];

impl Scanner<'_> {
    pub(super) fn allows_target(&self, target: &str) -> bool {
        let anchor = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if target.strip_prefix('#').is_some_and(anchor) {
            return true;
        }
        target.bytes().all(is_plain_address) && self.allows_address(target, "")
    }

    /// Whether an address leads to this GitHub and leaves no trace elsewhere. `before` is the text in front of it.
    pub(super) fn allows_address(&self, address: &str, before: &str) -> bool {
        let Some(path) = address.strip_prefix(self.renderer.web.as_str()) else {
            return false;
        };
        let Some(path) = path.strip_prefix('/') else {
            return path.is_empty();
        };
        let numbered = |(_, anchor): (&str, &str)| anchor.starts_with(|c: char| c.is_ascii_digit());
        let own = path
            .get(..self.renderer.repository.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(&self.renderer.repository));
        let page = if own {
            path.get(self.renderer.repository.len()..).unwrap_or_default()
        } else {
            path
        };
        if own && compares(page) {
            return true;
        }
        if path.contains("..") || path.contains("//") || path.split_once('#').is_some_and(numbered) {
            return false;
        }
        if own && (page.is_empty() || page.starts_with(['/', '?', '#'])) {
            let number = number_of(page);
            return number.is_none_or(|number| self.renderer.references.contains(&number) && self.may_close(number, before));
        }
        path.split('/').nth(2).is_none_or(|page| UNNOTICING.contains(&page))
    }

    pub(super) fn allows(&self, number: u64) -> bool {
        self.renderer.references.contains(&number) && self.may_close(number, &self.out)
    }

    /// Whether `number` may follow `before`: a closing word is for one issue only.
    pub(super) fn may_close(&self, number: u64, before: &str) -> bool {
        self.renderer.closes == Some(number) || !ends_with_closer(before)
    }

    /// Whether the name of a repository stands right before: `owner/name#5`.
    pub(super) fn names_repository(&self) -> bool {
        self.out.ends_with(|c: char| is_word(c) || matches!(c, '-' | '.' | '/'))
    }
}

/// Whether a page compares two commits: the one address that has dots in a row.
fn compares(page: &str) -> bool {
    let id = |text: &str| matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let range = page.strip_prefix("/compare/").and_then(|range| range.split_once("..."));
    range.is_some_and(|(old, new)| id(old) && id(new))
}
