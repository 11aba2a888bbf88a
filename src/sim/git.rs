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
