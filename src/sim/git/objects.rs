//! Blobs, trees and commits.
//!
//! Invariant: what is written here passes `git fsck --strict`: trees are sorted, paths are valid, messages end in a newline
//! only if given one.

use gix::bstr::ByteSlice;

use super::{CommitInfo, Entry, EntryMode, GitError, Ident, NewCommit, ObjectKind, Oid, Store, TreeEdit};
use crate::clock::Millis;

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
