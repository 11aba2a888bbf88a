//! What trees and commits are made of.
//!
//! Invariant: plain values; nothing here touches a repository.

use gix::object::tree::EntryKind;

use super::Oid;
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

impl TreeEdit {
    /// The path it changes.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Put { path, .. } | Self::Remove { path } => path,
        }
    }
}
