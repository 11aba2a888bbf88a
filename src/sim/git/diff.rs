//! Differences between trees, file by file, with patches as GitHub shows them.
//!
//! Invariant: files come in the order of their paths.

use gix::object::tree::diff::ChangeDetached;
use similar::TextDiff;

use super::{EntryMode, GitError, Oid, Store};

/// Bytes of a file above which GitHub shows no patch.
const PATCH_LIMIT: usize = 1024 * 1024;

/// How a file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileStatus {
    /// New.
    Added,
    /// Gone.
    Removed,
    /// Other content or mode.
    Modified,
    /// Moved, perhaps changed a little.
    Renamed,
}

impl FileStatus {
    /// REST's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Modified => "modified",
            Self::Renamed => "renamed",
        }
    }
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Path now, or the path it had if it is gone.
    pub path: String,
    /// Path before, if it was moved.
    pub previous_path: Option<String>,
    /// How it changed.
    pub status: FileStatus,
    /// Blob now, or the blob it had if it is gone.
    pub oid: Oid,
    /// Blob before.
    pub previous_oid: Option<Oid>,
    /// Lines that came.
    pub additions: u64,
    /// Lines that went.
    pub deletions: u64,
    /// Hunks; none for binary and very big files and for pure moves.
    pub patch: Option<String>,
}

impl Store {
    /// What changed between two trees; `None` is the empty tree.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when a tree does not exist.
    pub fn diff(&self, old: Option<Oid>, new: Option<Oid>) -> Result<Vec<FileChange>, GitError> {
        let old = old
            .map(|oid| self.repo.find_tree(oid).map_err(|_| GitError::NoObject(oid)))
            .transpose()?;
        let new = new
            .map(|oid| self.repo.find_tree(oid).map_err(|_| GitError::NoObject(oid)))
            .transpose()?;
        let mut options = gix::diff::Options::default();
        options.track_path().track_rewrites(Some(gix::diff::Rewrites {
            copies: None,
            ..Default::default()
        }));
        let mut files = Vec::new();
        for change in self.repo.diff_tree_to_tree(old.as_ref(), new.as_ref(), options)? {
            files.extend(self.file_change(change)?);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// What a commit changed against its first parent.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when it does not exist.
    pub fn diff_of_commit(&self, oid: Oid) -> Result<Vec<FileChange>, GitError> {
        let commit = self.commit(oid)?;
        let parent = commit.parents.first().map(|parent| self.commit(*parent)).transpose()?;
        self.diff(parent.map(|parent| parent.tree), Some(commit.tree))
    }

    /// What `head` changed since it left `base`: GitHub's three-dot diff, that of a pull request.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when a commit does not exist.
    pub fn diff_since(&self, base: Oid, head: Oid) -> Result<Vec<FileChange>, GitError> {
        let from = self.merge_base(base, head)?.map(|oid| self.commit(oid)).transpose()?;
        self.diff(from.map(|commit| commit.tree), Some(self.commit(head)?.tree))
    }

    fn file_change(&self, change: ChangeDetached) -> Result<Option<FileChange>, GitError> {
        let (path, previous_path, before, after) = match change {
            ChangeDetached::Addition {
                location,
                entry_mode,
                id,
                ..
            } => (location, None, None, Some((entry_mode, id))),
            ChangeDetached::Deletion {
                location,
                entry_mode,
                id,
                ..
            } => (location, None, Some((entry_mode, id)), None),
            ChangeDetached::Modification {
                location,
                previous_entry_mode,
                previous_id,
                entry_mode,
                id,
            } => (
                location,
                None,
                Some((previous_entry_mode, previous_id)),
                Some((entry_mode, id)),
            ),
            ChangeDetached::Rewrite {
                source_location,
                source_entry_mode,
                source_id,
                entry_mode,
                id,
                location,
                ..
            } => (
                location,
                Some(source_location),
                Some((source_entry_mode, source_id)),
                Some((entry_mode, id)),
            ),
        };
        let file = |side: Option<(gix::objs::tree::EntryMode, Oid)>| {
            side.map(|(mode, id)| (EntryMode::of(mode.kind()), id))
                .filter(|(mode, _)| *mode != EntryMode::Tree)
        };
        let (before, after) = (file(before), file(after));
        let status = match (&before, &after) {
            (None, None) => return Ok(None),
            (None, Some(_)) => FileStatus::Added,
            (Some(_), None) => FileStatus::Removed,
            (Some(_), Some(_)) if previous_path.is_some() => FileStatus::Renamed,
            (Some(_), Some(_)) => FileStatus::Modified,
        };
        let text = |side: Option<(EntryMode, Oid)>| match side {
            Some((mode, oid)) if mode != EntryMode::Submodule => self.blob(oid).map(Some),
            Some(_) | None => Ok(None),
        };
        let (additions, deletions, patch) = patch(&text(before)?.unwrap_or_default(), &text(after)?.unwrap_or_default());
        let Some((_, oid)) = after.or(before) else { return Ok(None) };
        Ok(Some(FileChange {
            path: path.to_string(),
            previous_path: previous_path.map(|path| path.to_string()),
            status,
            oid,
            previous_oid: before.map(|(_, oid)| oid),
            additions,
            deletions,
            patch,
        }))
    }
}

/// Added lines, removed lines and the hunks, without the header lines `---` and `+++`, as GitHub's `patch` is.
fn patch(old: &[u8], new: &[u8]) -> (u64, u64, Option<String>) {
    let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else {
        return (0, 0, None);
    };
    if old.len() > PATCH_LIMIT || new.len() > PATCH_LIMIT || old.contains('\0') || new.contains('\0') {
        return (0, 0, None);
    }
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&hunk.to_string());
    }
    let count = |tag| u64::try_from(diff.iter_all_changes().filter(|change| change.tag() == tag).count()).unwrap_or(u64::MAX);
    let counts = (count(similar::ChangeTag::Insert), count(similar::ChangeTag::Delete));
    text.truncate(text.trim_end_matches('\n').len());
    (counts.0, counts.1, if text.is_empty() { None } else { Some(text) })
}
