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

/// The repository of a repository's subject.
pub(super) fn repository_of(subject: &str) -> Option<i64> {
    subject.strip_prefix("repository:")?.parse().ok()
}

/// The repository and issue of an issue's subject.
pub(super) fn parts(subject: &str) -> Option<(i64, u64)> {
    let (repository, issue) = subject.split_once('#')?;
    Some((repository.parse().ok()?, issue.parse().ok()?))
}
