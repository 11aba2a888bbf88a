//! Real git repositories on disk, by gix.
//!
//! Invariant: repositories are opened without the machine's or the user's git settings, so that the same acts make the same
//! object ids everywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gix::ThreadSafeRepository;
use gix::open::Options;

mod diff;
mod graph;
mod merge;
mod objects;
mod refs;
mod values;

pub use diff::{FileChange, FileStatus};
pub use merge::MergeOutcome;
pub use values::{CommitInfo, Entry, EntryMode, Ident, NewCommit, ObjectKind, TreeEdit};

/// The id of a git object (SHA-1).
pub type Oid = gix::ObjectId;

/// Reads forty hexadecimal digits.
#[must_use]
pub fn parse_oid(text: &str) -> Option<Oid> {
    if text.len() == 40 {
        Oid::from_hex(text.as_bytes()).ok()
    } else {
        None
    }
}

/// What git could not do.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no such object, or it is of another kind.
    #[error("object {0} does not exist or is of another kind")]
    NoObject(Oid),
    /// There is no such path.
    #[error("path {0} does not exist")]
    NoPath(String),
    /// The path cannot be in a tree.
    #[error("path {0} is not valid")]
    BadPath(String),
    /// The name cannot be a ref.
    #[error("{0} is not a valid ref name")]
    BadRef(String),
    /// The ref exists.
    #[error("{0} exists")]
    RefExists(String),
    /// A ref beside a folder of the same name.
    #[error("{name} cannot be beside {other}")]
    RefConflict {
        /// The ref that was to be made.
        name: String,
        /// The ref that stands in its way.
        other: String,
    },
    /// The ref is not where it was said to be.
    #[error("{0} is not where it was expected")]
    RefMoved(String),
    /// The repository is damaged or the disk refused.
    #[error("git: {0}")]
    Broken(String),
}

impl From<gix::Error> for GitError {
    fn from(error: gix::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<std::io::Error> for GitError {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// All repositories below one folder, `<owner>/<name>.git`.
#[derive(Clone, Debug)]
pub struct Git {
    root: PathBuf,
    open: Arc<Mutex<BTreeMap<PathBuf, ThreadSafeRepository>>>,
}

impl Git {
    /// The repositories below `root`.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            open: Arc::default(),
        }
    }

    /// The folder of all repositories, for `GIT_PROJECT_ROOT`.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of `owner/name`.
    #[must_use]
    pub fn path(&self, full_name: &str) -> PathBuf {
        self.root.join(format!("{full_name}.git"))
    }

    /// All repositories once more, below another folder.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn copy_to(&self, root: PathBuf) -> Result<Self, GitError> {
        let mut folders = vec![(self.root.clone(), root.clone())];
        while let Some((from, to)) = folders.pop() {
            std::fs::create_dir_all(&to)?;
            for entry in std::fs::read_dir(&from)? {
                let entry = entry?;
                let to = to.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    folders.push((entry.path(), to));
                } else {
                    std::fs::copy(entry.path(), to)?;
                }
            }
        }
        Ok(Self::new(root))
    }

    /// Makes an empty bare repository whose `HEAD` is `default_branch`.
    ///
    /// # Errors
    /// When it exists or the disk refuses.
    pub fn init(&self, full_name: &str, default_branch: &str) -> Result<Store, GitError> {
        let path = self.path(full_name);
        std::fs::create_dir_all(&path)?;
        ThreadSafeRepository::init_opts(
            &path,
            gix::create::Kind::Bare,
            gix::create::Options::default(),
            Options::isolated(),
        )?;
        self.set_head(full_name, default_branch)?;
        self.open(full_name)
    }

    /// Opens `owner/name`.
    ///
    /// # Errors
    /// When it is not there or damaged.
    pub fn open(&self, full_name: &str) -> Result<Store, GitError> {
        let path = self.path(full_name);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let repo = match open.get(&path) {
            Some(repo) => repo.clone(),
            None => open
                .entry(path.clone())
                .or_insert(Options::isolated().open_path_as_is(true).open(&path)?)
                .clone(),
        };
        Ok(Store {
            repo: repo.to_thread_local(),
        })
    }

    /// Points `HEAD` at a branch.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn set_head(&self, full_name: &str, branch: &str) -> Result<(), GitError> {
        Ok(std::fs::write(
            self.path(full_name).join("HEAD"),
            format!("ref: refs/heads/{branch}\n"),
        )?)
    }

    /// Moves a repository.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), GitError> {
        let (from, to) = (self.path(from), self.path(to));
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&from);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        Ok(std::fs::rename(from, to)?)
    }

    /// Deletes a repository.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove(&self, full_name: &str) -> Result<(), GitError> {
        let path = self.path(full_name);
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
        Ok(std::fs::remove_dir_all(path)?)
    }
}

/// One repository. Cheap to make, for one thread.
#[derive(Debug)]
pub struct Store {
    repo: gix::Repository,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Millis;

    fn ident(seconds: i64) -> Ident {
        Ident {
            name: "Ann".to_owned(),
            email: "ann@example.org".to_owned(),
            at: Millis(seconds * 1000),
        }
    }

    /// A commit of exactly these files.
    fn commit(store: &Store, files: &[(&str, &str)], parents: &[Oid], seconds: i64) -> Oid {
        let put = |(path, text): &(&str, &str)| TreeEdit::Put {
            path: (*path).to_owned(),
            mode: EntryMode::File,
            oid: store.write_blob(text.as_bytes()).unwrap(),
        };
        let tree = store.edit_tree(None, &files.iter().map(put).collect::<Vec<_>>()).unwrap();
        let message = format!("At {seconds}");
        let new = NewCommit {
            tree,
            parents: parents.to_vec(),
            author: ident(seconds),
            committer: ident(seconds),
            message,
        };
        store.write_commit(&new).unwrap()
    }

    fn repository(root: &Path) -> (Git, Store) {
        let git = Git::new(root.to_owned());
        let store = git.init("acme/todo", "main").unwrap();
        (git, store)
    }

    #[test]
    fn the_same_acts_give_the_same_ids() {
        let dir = tempfile::tempdir().unwrap();
        let (_, store) = repository(dir.path());
        assert_eq!(
            store.write_blob(b"hello\n").unwrap().to_string(),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(
            store.edit_tree(None, &[]).unwrap().to_string(),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
        let oid = commit(&store, &[("a", "hello\n")], &[], 1_000_000_000);
        assert_eq!(oid.to_string(), store.commit(oid).unwrap().oid.to_string());
        assert_eq!(store.commit(oid).unwrap().author, ident(1_000_000_000));
    }

    #[test]
    fn merges_follow_renames_and_report_conflicts() {
        let dir = tempfile::tempdir().unwrap();
        let (_, store) = repository(dir.path());
        let lines = "one\ntwo\nthree\nfour\nfive\nsix\n";
        let base = commit(&store, &[("a", lines), ("b", "b\n")], &[], 1);
        let top = commit(&store, &[("a", &lines.replace("one", "ONE")), ("b", "b\n")], &[base], 2);
        let bottom = commit(&store, &[("a", &lines.replace("six", "SIX")), ("b", "b\n")], &[base], 3);
        let moved = commit(&store, &[("dir/a", lines), ("b", "b\n")], &[base], 4);
        let gone = commit(&store, &[("b", "b\n")], &[base], 5);
        let other_top = commit(&store, &[("a", &lines.replace("one", "eins")), ("b", "b\n")], &[base], 6);
        let file = |outcome: MergeOutcome, path: &str| match outcome {
            MergeOutcome::Clean(tree) => store.file(tree, path).unwrap().map(|bytes| String::from_utf8(bytes).unwrap()),
            MergeOutcome::Conflict(paths) => panic!("{paths:?}"),
        };
        let both = lines.replace("one", "ONE").replace("six", "SIX");
        assert_eq!(file(store.merge_commits(top, bottom).unwrap(), "a"), Some(both));
        assert_eq!(
            file(store.merge_commits(moved, top).unwrap(), "dir/a"),
            Some(lines.replace("one", "ONE"))
        );
        assert_eq!(
            store.merge_commits(top, other_top).unwrap(),
            MergeOutcome::Conflict(vec!["a".to_owned()])
        );
        assert!(
            matches!(store.merge_commits(gone, top).unwrap(), MergeOutcome::Conflict(_)),
            "changed here, deleted there"
        );
    }

    #[test]
    fn history_is_walked_children_first() {
        let dir = tempfile::tempdir().unwrap();
        let (_, store) = repository(dir.path());
        // All in the same second: only ancestry tells the order.
        let first = commit(&store, &[("a", "1\n")], &[], 9);
        let left = commit(&store, &[("a", "2\n")], &[first], 9);
        let right = commit(&store, &[("a", "1\n"), ("b", "1\n")], &[first], 9);
        let both = commit(&store, &[("a", "2\n"), ("b", "1\n")], &[left, right], 9);
        let log = store.log(both, None).unwrap();
        assert_eq!((log.len(), log[0], log[3]), (4, both, first));
        assert_eq!(store.log(both, Some(left)).unwrap(), [both, right]);
        assert_eq!(store.ahead_behind(left, both).unwrap(), (2, 0));
        assert_eq!(store.ahead_behind(left, right).unwrap(), (1, 1));
        assert_eq!(store.merge_base(left, right).unwrap(), Some(first));
        assert!(store.is_ancestor(first, both).unwrap() && !store.is_ancestor(both, first).unwrap());
    }

    #[test]
    fn differences_are_told_file_by_file() {
        let dir = tempfile::tempdir().unwrap();
        let (_, store) = repository(dir.path());
        let long = "a line\n".repeat(30);
        let old = commit(
            &store,
            &[("gone", "x\n"), ("kept", "1\n2\n3\n"), ("dir/old", &long), ("bin", "a\0b")],
            &[],
            1,
        );
        let new = commit(
            &store,
            &[("new", "y\nz\n"), ("kept", "1\n2\n4\n"), ("dir/new", &long), ("bin", "a\0c")],
            &[old],
            2,
        );
        let tree = |oid| store.commit(oid).unwrap().tree;
        let files = store.diff(Some(tree(old)), Some(tree(new))).unwrap();
        let told: Vec<_> = files
            .iter()
            .map(|file| {
                (
                    file.path.as_str(),
                    file.status.name(),
                    file.additions,
                    file.deletions,
                    file.patch.as_deref(),
                )
            })
            .collect();
        let expected = [
            ("bin", "modified", 0, 0, None),
            ("dir/new", "renamed", 0, 0, None),
            ("gone", "removed", 0, 1, Some("@@ -1 +0,0 @@\n-x")),
            ("kept", "modified", 1, 1, Some("@@ -1,3 +1,3 @@\n 1\n 2\n-3\n+4")),
            ("new", "added", 2, 0, Some("@@ -0,0 +1,2 @@\n+y\n+z")),
        ];
        assert_eq!(told, expected);
        assert_eq!(files[1].previous_path.as_deref(), Some("dir/old"));
    }

    #[test]
    fn refs_change_by_compare_and_swap() {
        let dir = tempfile::tempdir().unwrap();
        let (git, store) = repository(dir.path());
        let (one, two) = (
            commit(&store, &[("a", "1\n")], &[], 1),
            commit(&store, &[("a", "2\n")], &[], 2),
        );
        store.set_ref("refs/heads/m/x", None, Some(one)).unwrap();
        // The same target again is still "exists".
        assert!(matches!(
            store.set_ref("refs/heads/m/x", None, Some(one)),
            Err(GitError::RefExists(_))
        ));
        assert!(matches!(
            store.set_ref("refs/heads/m/x", Some(two), Some(one)),
            Err(GitError::RefMoved(_))
        ));
        assert!(matches!(
            store.set_ref("refs/heads/m", None, Some(one)),
            Err(GitError::RefConflict { .. })
        ));
        assert!(matches!(
            store.set_ref("refs/heads/m/x/y", None, Some(one)),
            Err(GitError::RefConflict { .. })
        ));
        assert!(matches!(
            store.set_ref("refs/heads/a..b", None, Some(one)),
            Err(GitError::BadRef(_))
        ));
        let both = [
            ("refs/heads/n".to_owned(), None, Some(two)),
            ("refs/heads/m/x".to_owned(), Some(two), None),
        ];
        assert!(store.set_refs(&both).is_err());
        assert_eq!(store.refs("refs/heads/").unwrap(), [("refs/heads/m/x".to_owned(), one)]);
        store.set_ref("refs/heads/m/x", Some(one), None).unwrap();
        // With the folder empty, its name is free.
        store.set_ref("refs/heads/m", None, Some(two)).unwrap();
        git.rename("acme/todo", "acme/tasks").unwrap();
        assert_eq!(git.open("acme/tasks").unwrap().branch("m").unwrap(), Some(two));
        assert!(git.open("acme/todo").is_err());
    }
}
