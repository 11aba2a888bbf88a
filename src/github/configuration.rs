//! The configuration file of a repository, as it stands on the default branch.
//!
//! As long as the branch does not move, asking costs nothing of the hourly limit.
//!
//! Invariant: the file itself is read, at the commit named with it: never a link's target, never another branch's.

use serde::Deserialize;

use super::Github;
use super::discovery::Conditional;
use super::error::{Conflict, Error};
use super::request::{Request, Scope, below};
use super::types::{Repo, Sha};

/// Modes in which Git stores a folder and a link.
const FOLDER: &str = "040000";
const LINK: &str = "120000";

/// The file of that path on the default branch's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationFile {
    /// The head.
    pub head: Sha,
    /// What stands at the path.
    pub content: FileContent,
    /// Whether the repository's top holds an `OWNERS` file, as Prow wants it.
    pub has_owners: bool,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// Nothing.
    Absent,
    /// A file.
    Bytes(Vec<u8>),
    /// A file with more bytes than were asked for.
    TooLarge,
    /// A symbolic link.
    Link,
    /// A folder or another repository.
    NoFile,
}

#[derive(Deserialize)]
struct Commit {
    sha: Sha,
}

#[derive(Deserialize)]
struct Folder {
    #[serde(default)]
    tree: Vec<Entry>,
}

#[derive(Clone, Deserialize)]
struct Entry {
    path: String,
    mode: String,
    sha: Sha,
}

impl Github {
    /// The file at `path` (`folder/name`) on the default branch, at most `limit` bytes. `etag` is that of the
    /// answer before. An empty repository has no head: [`Conflict::EmptyRepository`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn configuration(
        &self,
        repo: &Repo,
        (folder, name): (&str, &str),
        limit: usize,
        etag: Option<&str>,
    ) -> Result<Conditional<ConfigurationFile>, Error> {
        let request = Request::get(below(repo, "/commits?per_page=1")).newer_than(etag);
        let reply = self.call(Scope::read(repo), request).await?;
        if reply.status == http::StatusCode::NOT_MODIFIED {
            return Ok(Conditional::Unchanged);
        }
        let commits: Vec<Commit> = reply.json()?;
        let empty = || Error::conflict(Conflict::EmptyRepository, "the repository has no commit yet");
        let head = commits.into_iter().next().ok_or_else(empty)?.sha;
        let top = self.folder(repo, &head).await?;
        let inner = match top.iter().find(|entry| entry.path == folder && entry.mode == FOLDER) {
            Some(entry) => self.folder(repo, &entry.sha).await?,
            None => Vec::new(),
        };
        let content = match inner.into_iter().find(|entry| entry.path == name) {
            None => FileContent::Absent,
            Some(entry) if entry.mode == LINK => FileContent::Link,
            Some(entry) if !entry.mode.starts_with("100") => FileContent::NoFile,
            Some(entry) => match self.blob_bytes(repo, &entry.sha, limit).await? {
                Some(bytes) => FileContent::Bytes(bytes),
                None => FileContent::TooLarge,
            },
        };
        let has_owners = top
            .iter()
            .any(|entry| entry.path == "OWNERS" && entry.mode.starts_with("100"));
        Ok(Conditional::Changed {
            value: ConfigurationFile {
                head,
                content,
                has_owners,
            },
            etag: reply.etag(),
        })
    }

    /// One folder's entries, by its tree or a commit.
    async fn folder(&self, repo: &Repo, tree: &Sha) -> Result<Vec<Entry>, Error> {
        let folder: Folder = self
            .get(Scope::read(repo), below(repo, &format!("/git/trees/{tree}")))
            .await?;
        Ok(folder.tree)
    }
}
