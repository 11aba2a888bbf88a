//! Commits made through git's own objects.
//!
//! Author and committer are left out of every commit: GitHub then fills in the App and signs it.
//!
//! Invariant: a tree is always made on top of another one; without a base every file that is not named would vanish.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Github;
use super::error::Error;
use super::render::Rendered;
use super::request::{Request, Scope, below};
use super::types::{Repo, Sha};

/// What a commit says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its first line.
    pub headline: Rendered,
    /// What follows after an empty line; may be empty.
    pub body: Rendered,
}

impl Message {
    /// The whole message as git holds it.
    #[must_use]
    pub fn text(&self) -> String {
        if self.body.is_empty() {
            self.headline.as_str().to_owned()
        } else {
            format!("{}\n\n{}", self.headline.as_str(), self.body.as_str())
        }
    }

    /// Whether a commit found on GitHub says the same.
    pub(super) fn says(&self, found: &str) -> bool {
        found.trim_end() == self.text().trim_end()
    }
}

/// A file's new content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Text.
    Text(String),
    /// Any bytes.
    Bytes(Vec<u8>),
    /// A blob that the repository already has.
    Blob(Sha),
}

/// What a commit does to one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The path, relative, without a leading slash.
    pub path: String,
    /// The new content; `None` deletes the file, which must exist.
    pub content: Option<Content>,
    /// Whether the file is executable afterwards.
    pub executable: bool,
}

/// What a commit does, each path once.
pub type Changes = Vec<Change>;

/// A commit to be made.
#[derive(Clone, Debug)]
pub struct NewCommit {
    /// Its parents: one, or two for a merge.
    pub parents: Vec<Sha>,
    /// The tree the changes are put on. `None`: the tree of the first parent, for one request more.
    pub base_tree: Option<Sha>,
    /// The changes.
    pub changes: Changes,
    /// What it says.
    pub message: Message,
}

#[derive(Deserialize)]
pub(super) struct Id {
    pub(super) sha: Sha,
}

impl Github {
    /// Makes a commit that no branch points to yet. Repeating it makes the same tree again and harms nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] if a deleted path is not there; [`Error::Denied`] if push protection found a secret.
    pub async fn create_commit(&self, repo: &Repo, commit: &NewCommit) -> Result<Sha, Error> {
        let parent = commit
            .parents
            .first()
            .ok_or_else(|| Error::malformed("a commit without a parent"))?;
        let base = match &commit.base_tree {
            Some(tree) => tree.clone(),
            None => self.tree_of(repo, parent).await?,
        };
        let mut entries = Vec::new();
        for change in &commit.changes {
            entries.push(self.tree_entry(repo, change).await?);
        }
        let tree = if entries.is_empty() {
            base
        } else {
            let body = json!({ "base_tree": base, "tree": entries });
            let made = self
                .call(Scope::write(repo), Request::post(below(repo, "/git/trees"), body))
                .await?;
            made.json::<Id>()?.sha
        };
        let body = json!({ "message": commit.message.text(), "tree": tree, "parents": commit.parents });
        let made = self
            .call(Scope::write(repo), Request::post(below(repo, "/git/commits"), body))
            .await?;
        Ok(made.json::<Id>()?.sha)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tree_of(&self, repo: &Repo, commit: &Sha) -> Result<Sha, Error> {
        #[derive(Deserialize)]
        struct Raw {
            tree: Id,
        }
        let found: Raw = self
            .get(Scope::read(repo), below(repo, &format!("/git/commits/{commit}")))
            .await?;
        Ok(found.tree.sha)
    }

    async fn tree_entry(&self, repo: &Repo, change: &Change) -> Result<Value, Error> {
        let mode = if change.executable { "100755" } else { "100644" };
        let mut entry = json!({ "path": change.path, "mode": mode, "type": "blob" });
        let (key, value) = match &change.content {
            None => ("sha", Value::Null),
            Some(Content::Text(text)) => ("content", json!(text)),
            Some(Content::Blob(sha)) => ("sha", json!(sha)),
            Some(Content::Bytes(bytes)) => {
                let body = json!({ "content": STANDARD.encode(bytes), "encoding": "base64" });
                let made = self
                    .call(Scope::write(repo), Request::post(below(repo, "/git/blobs"), body))
                    .await?;
                ("sha", json!(made.json::<Id>()?.sha))
            }
        };
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(key.to_owned(), value);
        }
        Ok(entry)
    }
}
