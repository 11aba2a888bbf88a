//! What lies between two commits, and what of it makes a patch.
//!
//! Invariant: a comparison that GitHub cut says so, and has no patch.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Github;
use super::commit::Id;
use super::error::Error;
use super::request::{Scope, below};
use super::types::{Actor, Repo, RestActor, Sha};

/// Most commits and files that one comparison answers; beyond it a comparison is incomplete.
const COMPARED_COMMITS: usize = 250;
const COMPARED_FILES: usize = 300;

/// A commit found on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitSummary {
    /// Its id.
    pub sha: Sha,
    /// Its whole message.
    pub message: String,
    /// Whose account it belongs to; `None` if its address belongs to nobody.
    pub author: Option<Actor>,
    /// Its parents.
    pub parents: Vec<Sha>,
}

/// What lies between two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The best common ancestor.
    pub merge_base: Sha,
    /// Commits of the head that the base lacks, oldest first.
    pub commits: Vec<CommitSummary>,
    /// How many there are; more than listed if the comparison is incomplete.
    pub ahead: usize,
    /// How many commits of the base the head lacks.
    pub behind: usize,
    /// Files that differ between merge base and head.
    pub files: Vec<FileDiff>,
}

/// One file of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff {
    /// Its path now.
    pub path: String,
    /// Its path before, if it was renamed.
    pub before: Option<String>,
    /// `added`, `modified`, `removed`, `renamed`, `copied`, `changed`, `unchanged`.
    pub status: String,
    /// Its blob.
    pub blob: Option<String>,
    /// Its hunks as a unified diff; absent for binary and very large files.
    pub patch: Option<String>,
}

impl Comparison {
    /// Whether all commits and files are listed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.commits.len() == self.ahead && self.files.len() < COMPARED_FILES
    }

    /// A hash of what the head changes, equal for two heads whose changes are the same on different bases: line numbers
    /// and neighbours' positions do not count. `None` if the comparison is incomplete.
    #[must_use]
    pub fn patch_id(&self) -> Option<String> {
        if self.files.len() >= COMPARED_FILES {
            return None;
        }
        let mut files: Vec<&FileDiff> = self.files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut hash = Sha256::new();
        for file in files {
            for part in [file.status.as_str(), &file.path, file.before.as_deref().unwrap_or_default()] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
            match &file.patch {
                // A hunk's own header tells where it lies, and what git believes to stand above it.
                Some(patch) => patch
                    .lines()
                    .map(|line| if line.starts_with("@@ ") { "@@" } else { line })
                    .for_each(|line| {
                        hash.update(line.as_bytes());
                        hash.update([b'\n']);
                    }),
                None => hash.update(file.blob.as_deref().unwrap_or_default().as_bytes()),
            }
            hash.update([0]);
        }
        Some(hex::encode(hash.finalize()))
    }
}

#[derive(Deserialize)]
struct RawCommit {
    sha: Sha,
    commit: RawCommitBody,
    #[serde(default)]
    author: Option<RestActor>,
    #[serde(default)]
    parents: Vec<Id>,
}

#[derive(Deserialize)]
struct RawCommitBody {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct RawComparison {
    merge_base_commit: Id,
    #[serde(default)]
    ahead_by: usize,
    #[serde(default)]
    behind_by: usize,
    #[serde(default)]
    commits: Vec<RawCommit>,
    #[serde(default)]
    files: Vec<RawFile>,
}

#[derive(Deserialize)]
struct RawFile {
    filename: String,
    #[serde(default)]
    previous_filename: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    sha: Option<String>,
    #[serde(default)]
    patch: Option<String>,
}

impl Github {
    /// What `head` has that `base` lacks. Both may be commits or branches.
    ///
    /// # Errors
    /// [`Error::NotFound`] if one of them is not there or they have no common ancestor.
    pub async fn compare(&self, repo: &Repo, base: &str, head: &str) -> Result<Comparison, Error> {
        let path = format!(
            "/compare/{}...{}?per_page={COMPARED_COMMITS}",
            super::branch::encoded(base),
            super::branch::encoded(head)
        );
        let raw: RawComparison = self.get(Scope::read(repo), below(repo, &path)).await?;
        let commit = |raw: RawCommit| CommitSummary {
            sha: raw.sha,
            message: raw.commit.message,
            author: raw.author.map(Actor::from),
            parents: raw.parents.into_iter().map(|parent| parent.sha).collect(),
        };
        let file = |raw: RawFile| FileDiff {
            path: raw.filename,
            before: raw.previous_filename,
            status: raw.status,
            blob: raw.sha,
            patch: raw.patch,
        };
        Ok(Comparison {
            merge_base: raw.merge_base_commit.sha,
            commits: raw.commits.into_iter().map(commit).collect(),
            ahead: raw.ahead_by,
            behind: raw.behind_by,
            files: raw.files.into_iter().map(file).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, patch: Option<&str>) -> FileDiff {
        let blob = Some("b".to_owned());
        FileDiff {
            path: path.to_owned(),
            before: None,
            status: "modified".to_owned(),
            blob,
            patch: patch.map(str::to_owned),
        }
    }

    fn comparison(files: Vec<FileDiff>) -> Comparison {
        Comparison {
            merge_base: Sha::zero(),
            commits: Vec::new(),
            ahead: 0,
            behind: 3,
            files,
        }
    }

    #[test]
    fn a_patch_is_the_same_wherever_it_lies_and_another_for_other_content() {
        let here = comparison(vec![file("a", Some("@@ -1,2 +1,2 @@ fn a\n-x\n+y")), file("b", None)]);
        let there = comparison(vec![file("b", None), file("a", Some("@@ -9,2 +11,2 @@ fn b\n-x\n+y"))]);
        assert_eq!(here.patch_id(), there.patch_id());
        for other in [
            comparison(vec![file("a", Some("@@ -1,2 +1,2 @@ fn a\n-x\n+z")), file("b", None)]),
            comparison(vec![file("a", Some("@@ -1,2 +1,2 @@ fn a\n-x\n+y"))]),
            comparison(vec![file("c", Some("@@ -1,2 +1,2 @@ fn a\n-x\n+y")), file("b", None)]),
        ] {
            assert_ne!(here.patch_id(), other.patch_id());
        }
        let many = comparison((0..300).map(|n| file(&n.to_string(), None)).collect());
        assert_eq!((many.patch_id(), many.is_whole()), (None, false));
    }
}
