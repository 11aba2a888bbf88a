//! Code owners.
//!
//! Invariant: only the CODEOWNERS file of the base branch counts; the last line that matches a path wins.

use std::collections::BTreeSet;

use crate::sim::faults::matches;
use crate::sim::ops::{Outcome, auth, mergeability, pull};
use crate::sim::world::{RepoId, Repository, ReviewState, UserId, World};

/// Where GitHub looks, in this order.
const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// Owners of each changed file that has any; teams and people without write are left out, as GitHub leaves them out.
pub(super) fn of_pull(world: &World, repo: RepoId, number: u64) -> Outcome<Vec<(String, BTreeSet<UserId>)>> {
    let (_, found) = pull(world, repo, number)?;
    let store = world.store(repo)?;
    let tree = store.commit(found.base)?.tree;
    let mut text = None;
    for place in PLACES {
        if text.is_none() {
            text = store.file(tree, place)?;
        }
    }
    let Some(text) = text else { return Ok(Vec::new()) };
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut owned = Vec::new();
    for file in store.diff_since(found.base, found.head)? {
        let owners = owners_of(world, repo, &text, &file.path);
        if !owners.is_empty() {
            owned.push((file.path, owners));
        }
    }
    Ok(owned)
}

/// Whether an owner of every owned file approved.
pub(super) fn satisfied(world: &World, repo: &Repository, number: u64) -> bool {
    let approvers: BTreeSet<UserId> = mergeability::opinions(world, repo, number)
        .into_iter()
        .filter(|(_, state)| *state == ReviewState::Approved)
        .map(|(user, _)| user)
        .collect();
    of_pull(world, repo.id, number).is_ok_and(|owned| owned.iter().all(|(_, owners)| !owners.is_disjoint(&approvers)))
}

fn owners_of(world: &World, repo: RepoId, text: &str, path: &str) -> BTreeSet<UserId> {
    let mut owners = BTreeSet::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(pattern) = words.next() else { continue };
        if covers(pattern, path) {
            // People only: an App cannot be a code owner.
            let people = words.filter_map(|word| world.account_named(word.strip_prefix('@')?));
            owners = people
                .map(|account| account.id)
                .filter(|id| world.app_of_bot(*id).is_none() && auth::writes(world, repo, *id))
                .collect();
        }
    }
    owners
}

/// gitignore's way of matching, as far as CODEOWNERS takes it.
fn covers(pattern: &str, path: &str) -> bool {
    let anchored = pattern.trim_end_matches('/').contains('/');
    let bare = pattern.trim_start_matches('/');
    let mut forms = vec![bare.to_owned(), format!("{}/**", bare.trim_end_matches('/'))];
    if bare.ends_with('/') {
        forms.remove(0);
    }
    if bare.ends_with("/*") {
        // Files of that folder only.
        forms.truncate(1);
    }
    if !anchored && !pattern.starts_with('/') {
        forms = forms.iter().flat_map(|form| [form.clone(), format!("**/{form}")]).collect();
    }
    forms.iter().any(|form| {
        if form.contains('*') {
            matches(form, path)
        } else {
            form == path
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_as_githubs_documentation_says() {
        let rows = [
            ("*", "a/b.rs", true),
            ("*.js", "a/b.js", true),
            ("*.js", "a/b.rs", false),
            ("/build/logs/", "build/logs/a/b.txt", true),
            ("/build/logs/", "x/build/logs/a.txt", false),
            ("docs/*", "docs/a.md", true),
            ("docs/*", "docs/build/a.md", false),
            ("apps/", "x/apps/y/z", true),
            ("/docs/", "docs/a", true),
            ("**/logs", "a/logs/b", true),
            ("/src/lib.rs", "src/lib.rs", true),
            ("/src/lib.rs", "src/lib.rs2", false),
        ];
        for (pattern, path, expected) in rows {
            assert_eq!(covers(pattern, path), expected, "{pattern} on {path}");
        }
    }
}
