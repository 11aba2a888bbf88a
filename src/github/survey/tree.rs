//! All files of a commit.
//!
//! Invariant: a tree that GitHub cut is walked folder by folder; one that is too large even for that says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::Github;
use super::super::error::Error;
use super::super::request::{Scope, below};
use super::super::types::{Repo, Sha};

/// Folders that are walked where GitHub cuts the whole tree (at 100,000 entries or 7 MB).
const MOST_FOLDERS: usize = 300;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// An executable file.
    Executable,
    /// A symbolic link: never written through.
    Link,
    /// Another repository: never written into.
    Submodule,
}

/// One path of a tree; folders are not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The whole path.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its blob, or the submodule's commit.
    pub sha: Sha,
    /// Its size in bytes; 0 for a submodule.
    pub size: u64,
}

/// All paths of a commit, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The paths.
    pub entries: Vec<Entry>,
    /// Whether some are missing: the repository is too large to be listed.
    pub truncated: bool,
}

impl Tree {
    /// Whether this path is there.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.entry(path).is_some()
    }

    /// The entry of a path.
    #[must_use]
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        self.entries.get(at)
    }
}

#[derive(Deserialize)]
struct RawTree {
    #[serde(default)]
    tree: Vec<RawEntry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct RawEntry {
    path: String,
    mode: String,
    sha: Sha,
    #[serde(default)]
    size: u64,
}

#[derive(Deserialize)]
struct RawKinds {
    node: RawObject,
}

#[derive(Deserialize)]
struct RawObject {
    object: Option<Map<String, Value>>,
}

impl Github {
    /// All paths of a tree (or of a commit's tree).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tree(&self, repo: &Repo, tree: &Sha) -> Result<Tree, Error> {
        let whole: RawTree = self
            .get(Scope::read(repo), below(repo, &format!("/git/trees/{tree}?recursive=1")))
            .await?;
        let mut found = Tree::default();
        if whole.truncated {
            self.walk(repo, tree, &mut found).await?;
        } else {
            found.entries = whole.tree.into_iter().filter_map(|raw| raw.entry("")).collect();
        }
        found.entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// What stands at these paths of a commit, in one query; a path where nothing stands is not in the answer.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the commit is not there.
    pub async fn kinds(&self, repo: &Repo, commit: &Sha, paths: &[String]) -> Result<BTreeMap<String, EntryKind>, Error> {
        let (mut heads, mut fields) = (String::new(), String::new());
        let mut variables = Map::new();
        variables.insert("repository".to_owned(), json!(repo.node_id));
        variables.insert("commit".to_owned(), json!(commit));
        for (at, path) in paths.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(heads, ", $p{at}: String!");
            let _ = write!(fields, " f{at}: file(path: $p{at}) {{ mode }}");
            variables.insert(format!("p{at}"), json!(path));
        }
        let text = format!(
            "query Kinds($repository: ID!, $commit: GitObjectID!{heads}) {{ node(id: $repository) {{ ... on Repository {{ \
             object(oid: $commit) {{ ... on Commit {{ oid{fields} }} }} }} }} }}"
        );
        let found: RawKinds = self
            .query(Scope::read(repo), "Kinds", &text, Value::Object(variables))
            .await?;
        let files = found.node.object.ok_or_else(|| Error::NotFound {
            message: format!("the commit {commit} is not there"),
        })?;
        let kind = |(at, path): (usize, &String)| {
            let mode = files.get(&format!("f{at}"))?.get("mode")?.as_u64()?;
            Some((path.clone(), kind_of(&format!("{mode:06o}"))?))
        };
        Ok(paths.iter().enumerate().filter_map(kind).collect())
    }

    async fn walk(&self, repo: &Repo, tree: &Sha, found: &mut Tree) -> Result<(), Error> {
        let mut open = vec![(String::new(), tree.clone())];
        let mut asked = 0;
        while let Some((folder, sha)) = open.pop() {
            if asked == MOST_FOLDERS {
                found.truncated = true;
                break;
            }
            asked += 1;
            let page: RawTree = self.get(Scope::read(repo), below(repo, &format!("/git/trees/{sha}"))).await?;
            for raw in page.tree {
                if raw.mode == "040000" {
                    open.push((format!("{folder}{}/", raw.path), raw.sha));
                } else {
                    found.entries.extend(raw.entry(&folder));
                }
            }
        }
        Ok(())
    }
}

impl RawEntry {
    fn entry(self, folder: &str) -> Option<Entry> {
        Some(Entry {
            path: format!("{folder}{}", self.path),
            kind: kind_of(&self.mode)?,
            sha: self.sha,
            size: self.size,
        })
    }
}

/// The kind of a mode in octal digits; `None` for a folder.
fn kind_of(mode: &str) -> Option<EntryKind> {
    match mode {
        "100644" => Some(EntryKind::File),
        "100755" => Some(EntryKind::Executable),
        "120000" => Some(EntryKind::Link),
        "160000" => Some(EntryKind::Submodule),
        _ => None,
    }
}
