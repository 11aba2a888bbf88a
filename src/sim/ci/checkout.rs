//! A commit's files in a folder.
//!
//! Invariant: nothing is written outside the folder: git refuses trees with paths that lead out of it, and a link is made
//! only after everything else was written.

use std::io;
use std::path::Path;

use crate::sim::git::{EntryMode, Git, GitError, Oid};

/// Writes the files of `commit` into `folder`, which must be there and empty. Submodules are left out.
///
/// # Errors
/// One sentence: the repository is damaged or the disk refuses.
pub(super) fn check_out(git: &Git, full_name: &str, commit: Oid, folder: &Path) -> Result<(), String> {
    write_files(git, full_name, commit, folder).map_err(|error| format!("the checkout failed: {error}"))
}

fn write_files(git: &Git, full_name: &str, commit: Oid, folder: &Path) -> Result<(), GitError> {
    let store = git.open(full_name)?;
    let entries = store.tree_recursive(store.commit(commit)?.tree)?;
    let mut links = Vec::new();
    for entry in entries {
        let path = folder.join(&entry.path);
        match entry.mode {
            EntryMode::Tree => std::fs::create_dir_all(&path)?,
            EntryMode::Submodule => {}
            EntryMode::Link => links.push((path, store.blob(entry.oid)?)),
            EntryMode::File | EntryMode::Executable => {
                std::fs::write(&path, store.blob(entry.oid)?)?;
                if entry.mode == EntryMode::Executable {
                    make_executable(&path)?;
                }
            }
        }
    }
    for (path, target) in links {
        std::os::unix::fs::symlink(String::from_utf8_lossy(&target).as_ref(), path)?;
    }
    Ok(())
}

fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}
