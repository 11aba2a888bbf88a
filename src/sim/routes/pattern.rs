//! Matching request paths against GitHub's path patterns.
//!
//! The table of routes holds paths exactly as GitHub's REST description writes them, so that the two can be compared.
//! The description does not say which parameters may hold slashes; GitHub lets `{path}`, `{ref}`, `{basehead}` and
//! `{branch}` hold them, encoded or not.
//!
//! Invariant: a literal segment always wins over a parameter, a parameter over one that holds slashes.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// Parameters of a matched path by name, percent-decoded.
pub(crate) type Params = BTreeMap<&'static str, String>;

/// Parameters that swallow several segments.
const WITH_SLASHES: [&str; 4] = ["path", "ref", "basehead", "branch"];

/// Matches `path` (percent-encoded, without query) against `pattern`; the parameters if it fits.
#[must_use]
pub(crate) fn matches(pattern: &'static str, path: &str) -> Option<Params> {
    let path = path.strip_prefix('/')?;
    let segments: Vec<&str> = if path.is_empty() {
        Vec::new()
    } else {
        path.split('/').collect()
    };
    let mut params = Params::new();
    let wanted: Vec<&'static str> = pattern.trim_start_matches('/').split('/').collect();
    fits(&wanted, &segments, &mut params).then_some(params)
}

/// Orders patterns that fit the same path: the smaller has more literal segments.
#[must_use]
pub(crate) fn rank(pattern: &str) -> (std::cmp::Reverse<usize>, usize) {
    let segments = || pattern.trim_start_matches('/').split('/');
    let literal = segments().filter(|segment| name(segment).is_none()).count();
    (std::cmp::Reverse(literal), segments().count())
}

fn name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn fits(wanted: &[&'static str], segments: &[&str], params: &mut Params) -> bool {
    let Some((first, rest)) = wanted.split_first() else {
        return segments.is_empty();
    };
    match name(first) {
        None => segments
            .split_first()
            .is_some_and(|(segment, left)| segment == first && fits(rest, left, params)),
        Some(name) if WITH_SLASHES.contains(&name) => {
            // The root folder is the empty path; every other parameter holds at least one segment.
            let least = usize::from(name != "path");
            (least..=segments.len()).rev().any(|taken| {
                let (mine, left) = segments.split_at(taken);
                fits(rest, left, params) && insert(params, name, &mine.join("/"))
            })
        }
        Some(name) => segments
            .split_first()
            .is_some_and(|(segment, left)| !segment.is_empty() && fits(rest, left, params) && insert(params, name, segment)),
    }
}

fn insert(params: &mut Params, name: &'static str, raw: &str) -> bool {
    // Bytes that are no UTF-8 name nothing that exists here.
    let Ok(text) = percent_decode_str(raw).decode_utf8() else {
        return false;
    };
    params.insert(name, text.into_owned());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_may_hold_slashes_where_github_lets_them() {
        let found = matches(
            "/repos/{owner}/{repo}/commits/{ref}/check-runs",
            "/repos/acme/todo/commits/millhand%2F1-a/base/check-runs",
        );
        assert_eq!(found.unwrap()["ref"], "millhand/1-a/base");
        let label = matches(
            "/repos/{owner}/{repo}/labels/{name}",
            "/repos/acme/todo/labels/good%20first%20issue",
        )
        .unwrap();
        assert_eq!(label["name"], "good first issue");
        assert!(matches("/repos/{owner}/{repo}/labels/{name}", "/repos/acme/todo/labels/a/b").is_none());
        assert_eq!(
            matches("/repos/{owner}/{repo}/contents/{path}", "/repos/a/b/contents/").unwrap()["path"],
            ""
        );
        assert_eq!(
            matches("/repos/{owner}/{repo}/contents/{path}", "/repos/a/b/contents").unwrap()["path"],
            ""
        );
        assert!(matches("/repos/{owner}/{repo}/git/ref/{ref}", "/repos/a/b/git/ref").is_none());
    }

    #[test]
    fn literal_segments_rank_before_parameters() {
        assert!(rank("/repos/{owner}/{repo}/issues/comments") < rank("/repos/{owner}/{repo}/issues/{issue_number}"));
        assert!(rank("/repos/{owner}/{repo}/commits/{ref}/status") < rank("/repos/{owner}/{repo}/commits/{ref}"));
    }

    #[test]
    fn a_trailing_slash_names_nothing() {
        assert!(matches("/repos/{owner}/{repo}", "/repos/a/b/").is_none());
        assert!(matches("/repos/{owner}/{repo}/issues", "/repos/a/b/issues/").is_none());
    }
}
