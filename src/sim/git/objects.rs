//! Blobs, trees and commits.
//!
//! Invariant: what is written here passes `git fsck --strict`: trees are sorted, paths are valid, messages end in a newline
//! only if given one.

use gix::bstr::ByteSlice;
use gix::object::tree::EntryKind;

use super::{GitError, Oid, Store};
use crate::clock::Millis;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A file's content.
    Blob,
    /// A folder.
    Tree,
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
}

impl ObjectKind {
    /// git's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryMode {
    /// `100644`.
    File,
    /// `100755`.
    Executable,
    /// `120000`.
    Link,
    /// `040000`.
    Tree,
    /// `160000`.
    Submodule,
}

impl EntryMode {
    /// Six octal digits, as the REST API writes them.
    #[must_use]
    pub fn octal(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Tree => "040000",
            Self::Submodule => "160000",
        }
    }

    /// Reads six octal digits.
    #[must_use]
    pub fn parse(octal: &str) -> Option<Self> {
        [Self::File, Self::Executable, Self::Link, Self::Tree, Self::Submodule]
            .into_iter()
            .find(|mode| mode.octal() == octal)
    }

    /// git's word for the object behind: `blob`, `tree`, `commit`.
    #[must_use]
    pub fn object(self) -> &'static str {
        match self {
            Self::File | Self::Executable | Self::Link => "blob",
            Self::Tree => "tree",
            Self::Submodule => "commit",
        }
    }

    pub(super) fn kind(self) -> EntryKind {
        match self {
            Self::File => EntryKind::Blob,
            Self::Executable => EntryKind::BlobExecutable,
            Self::Link => EntryKind::Link,
            Self::Tree => EntryKind::Tree,
            Self::Submodule => EntryKind::Commit,
        }
    }

    pub(super) fn of(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Blob => Self::File,
            EntryKind::BlobExecutable => Self::Executable,
            EntryKind::Link => Self::Link,
            EntryKind::Tree => Self::Tree,
            EntryKind::Commit => Self::Submodule,
        }
    }
}

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path from the tree that was read.
    pub path: String,
    /// What it is.
    pub mode: EntryMode,
    /// Its object.
    pub oid: Oid,
    /// Bytes, for blobs.
    pub size: Option<u64>,
}

/// A change to a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeEdit {
    /// Puts an object at a path, whatever was there.
    Put {
        /// Path, without leading slash.
        path: String,
        /// What it is.
        mode: EntryMode,
        /// The object.
        oid: Oid,
    },
    /// Takes a path away; it must be there.
    Remove {
        /// Path, without leading slash.
        path: String,
    },
}

/// Who and when, in a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// When; git keeps seconds.
    pub at: Millis,
}

/// A commit as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub oid: Oid,
    /// Its tree.
    pub tree: Oid,
    /// Its parents.
    pub parents: Vec<Oid>,
    /// Author.
    pub author: Ident,
    /// Committer.
    pub committer: Ident,
    /// Whole message.
    pub message: String,
}

impl CommitInfo {
    /// First line of the message.
    #[must_use]
    pub fn headline(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The message without its first line and the empty lines after it.
    #[must_use]
    pub fn body(&self) -> &str {
        self.message.split_once('\n').map_or("", |(_, body)| body.trim_matches('\n'))
    }
}

/// A commit to write.
#[derive(Clone, Debug)]
pub struct NewCommit {
    /// Its tree.
    pub tree: Oid,
    /// Its parents.
    pub parents: Vec<Oid>,
    /// Author.
    pub author: Ident,
    /// Committer.
    pub committer: Ident,
    /// Whole message.
    pub message: String,
}

impl Store {
    /// What an object is; `None` if it does not exist.
    ///
    /// # Errors
    /// When the repository is damaged.
    pub fn kind(&self, oid: Oid) -> Result<Option<ObjectKind>, GitError> {
        Ok(self.repo.try_find_header(oid)?.map(|header| match header.kind() {
            gix::objs::Kind::Blob => ObjectKind::Blob,
            gix::objs::Kind::Tree => ObjectKind::Tree,
            gix::objs::Kind::Commit => ObjectKind::Commit,
            gix::objs::Kind::Tag => ObjectKind::Tag,
        }))
    }

    /// Writes a blob.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_blob(&self, content: &[u8]) -> Result<Oid, GitError> {
        Ok(self.repo.write_blob(content)?.detach())
    }

    /// A blob's content.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when there is no such blob.
    pub fn blob(&self, oid: Oid) -> Result<Vec<u8>, GitError> {
        self.expect_kind(oid, ObjectKind::Blob)?;
        Ok(self.repo.find_object(oid)?.detach().data)
    }

    /// The entries of a tree, not of its subtrees.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when there is no such tree.
    pub fn tree(&self, oid: Oid) -> Result<Vec<Entry>, GitError> {
        let mut entries = Vec::new();
        self.walk(oid, "", false, &mut entries)?;
        Ok(entries)
    }

    /// The entries of a tree and all its subtrees, subtrees included, in git's order.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when there is no such tree.
    pub fn tree_recursive(&self, oid: Oid) -> Result<Vec<Entry>, GitError> {
        let mut entries = Vec::new();
        self.walk(oid, "", true, &mut entries)?;
        Ok(entries)
    }

    /// The entry at `path` below a tree.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when there is no such tree.
    pub fn entry(&self, tree: Oid, path: &str) -> Result<Option<Entry>, GitError> {
        self.expect_kind(tree, ObjectKind::Tree)?;
        let Some(found) = self.repo.find_tree(tree)?.lookup_entry_by_path(path)? else {
            return Ok(None);
        };
        let (mode, oid) = (EntryMode::of(found.mode().kind()), found.object_id());
        Ok(Some(Entry {
            path: path.to_owned(),
            mode,
            oid,
            size: self.size(mode, oid)?,
        }))
    }

    /// The content of the file at `path` below a tree; `None` if there is no file.
    ///
    /// # Errors
    /// When the repository is damaged.
    pub fn file(&self, tree: Oid, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        match self.entry(tree, path)? {
            Some(entry) if entry.mode.object() == "blob" => self.blob(entry.oid).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// Writes a tree that is `base` with `edits`.
    ///
    /// # Errors
    /// [`GitError::NoPath`] when a removed path is not there, [`GitError::BadPath`] when git refuses a path,
    /// [`GitError::NoObject`] when `base` or an object that is put does not exist.
    pub fn edit_tree(&self, base: Option<Oid>, edits: &[TreeEdit]) -> Result<Oid, GitError> {
        let base = match base {
            Some(base) => self.expect_kind(base, ObjectKind::Tree)?,
            None => self.repo.empty_tree().id,
        };
        let mut editor = self.repo.find_tree(base)?.edit()?;
        for edit in edits {
            match edit {
                TreeEdit::Put { path, mode, oid } => {
                    if *mode != EntryMode::Submodule && self.kind(*oid)?.map(ObjectKind::name) != Some(mode.object()) {
                        return Err(GitError::NoObject(*oid));
                    }
                    editor
                        .upsert(path, mode.kind(), *oid)
                        .map_err(|_| GitError::BadPath(path.clone()))?;
                }
                TreeEdit::Remove { path } => {
                    if editor.get(path).is_none() && self.entry(base, path)?.is_none() {
                        return Err(GitError::NoPath(path.clone()));
                    }
                    editor.remove(path).map_err(|_| GitError::BadPath(path.clone()))?;
                }
            }
        }
        let refused = || edits.iter().map(TreeEdit::path).collect::<Vec<_>>().join(", ");
        Ok(editor.write().map_err(|_| GitError::BadPath(refused()))?.detach())
    }

    /// A commit.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when there is no such commit.
    pub fn commit(&self, oid: Oid) -> Result<CommitInfo, GitError> {
        self.expect_kind(oid, ObjectKind::Commit)?;
        let commit = self.repo.find_commit(oid)?;
        let decoded = commit.decode()?;
        Ok(CommitInfo {
            oid,
            tree: decoded.tree(),
            parents: decoded.parents().collect(),
            author: ident(decoded.author()?),
            committer: ident(decoded.committer()?),
            message: decoded.message.to_str_lossy().into_owned(),
        })
    }

    /// Writes a commit.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when its tree or a parent does not exist.
    pub fn write_commit(&self, commit: &NewCommit) -> Result<Oid, GitError> {
        self.expect_kind(commit.tree, ObjectKind::Tree)?;
        for parent in &commit.parents {
            self.expect_kind(*parent, ObjectKind::Commit)?;
        }
        let object = gix::objs::Commit {
            tree: commit.tree,
            parents: commit.parents.iter().copied().collect(),
            author: signature(&commit.author),
            committer: signature(&commit.committer),
            encoding: None,
            message: commit.message.as_str().into(),
            extra_headers: Vec::new(),
        };
        Ok(self.repo.write_object(object)?.detach())
    }

    /// The commit that `oid` leads to: itself, or what a tag points at.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when it leads to no commit.
    pub fn peel(&self, oid: Oid) -> Result<Oid, GitError> {
        let object = self.repo.find_object(oid).map_err(|_| GitError::NoObject(oid))?;
        Ok(object.peel_to_commit().map_err(|_| GitError::NoObject(oid))?.id)
    }

    pub(super) fn expect_kind(&self, oid: Oid, kind: ObjectKind) -> Result<Oid, GitError> {
        if self.kind(oid)? == Some(kind) {
            Ok(oid)
        } else {
            Err(GitError::NoObject(oid))
        }
    }

    fn walk(&self, tree: Oid, prefix: &str, recursive: bool, out: &mut Vec<Entry>) -> Result<(), GitError> {
        self.expect_kind(tree, ObjectKind::Tree)?;
        let tree = self.repo.find_tree(tree)?;
        for entry in tree.iter() {
            let entry = entry?;
            let path = format!("{prefix}{}", entry.filename().to_str_lossy());
            let (mode, oid) = (EntryMode::of(entry.mode().kind()), entry.object_id());
            out.push(Entry {
                path: path.clone(),
                mode,
                oid,
                size: self.size(mode, oid)?,
            });
            if recursive && mode == EntryMode::Tree {
                self.walk(oid, &format!("{path}/"), true, out)?;
            }
        }
        Ok(())
    }

    fn size(&self, mode: EntryMode, oid: Oid) -> Result<Option<u64>, GitError> {
        if mode.object() == "blob" {
            Ok(Some(self.repo.find_header(oid)?.size()))
        } else {
            Ok(None)
        }
    }
}

impl TreeEdit {
    /// The path it changes.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Put { path, .. } | Self::Remove { path } => path,
        }
    }
}

fn ident(signature: gix::actor::SignatureRef<'_>) -> Ident {
    let seconds = signature.time().map_or(0, |time| time.seconds);
    Ident {
        name: signature.name.to_str_lossy().into_owned(),
        email: signature.email.to_str_lossy().into_owned(),
        at: Millis(seconds * 1000),
    }
}

fn signature(ident: &Ident) -> gix::actor::Signature {
    gix::actor::Signature {
        name: ident.name.as_str().into(),
        email: ident.email.as_str().into(),
        time: gix::date::Time {
            seconds: ident.at.0.div_euclid(1000),
            offset: 0,
        },
    }
}
