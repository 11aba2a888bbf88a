//! Subjects: what rows of the inbox belong to, and what is locked while they are decided.
//!
//! Invariant: made of GitHub's numbers alone, never of names.

/// An issue: `<repository id>#<number>`.
pub(super) fn issue(repository: i64, number: u64) -> String {
    format!("{repository}#{number}")
}

/// A repository as a whole.
pub(super) fn repository(id: i64) -> String {
    format!("repository:{id}")
}

/// The service as a whole: what concerns no installation more than another.
pub(super) const SERVICE: &str = "service";

/// The issue's number in a branch of ours: `<prefix><number>-<slug>/...`.
pub(super) fn issue_of_branch(branch: &str, prefix: &str) -> Option<u64> {
    let rest = branch.strip_prefix(prefix)?;
    let (number, rest) = rest.split_once('-')?;
    (rest.contains('/') && !number.is_empty()).then(|| number.parse().ok())?
}

/// The repository and issue of an issue's subject.
pub(super) fn parts(subject: &str) -> Option<(i64, u64)> {
    let (repository, issue) = subject.split_once('#')?;
    Some((repository.parse().ok()?, issue.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_branches_name_an_issue() {
        for (branch, number) in [
            ("millhand/7-parser/01-a", Some(7)),
            ("millhand/7-parser/base", Some(7)),
            ("millhand/7-parser-r2/base", Some(7)),
            ("millhand/parser/base", None),
            ("millhand/7/base", None),
            ("millhand/7-parser", None),
            ("main", None),
            ("other/7-parser/base", None),
            ("millhand/-x/base", None),
        ] {
            assert_eq!(issue_of_branch(branch, "millhand/"), number, "{branch}");
        }
    }
}
