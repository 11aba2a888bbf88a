//! The file beside the database that says which process writes to it.
//!
//! Invariant: whoever has a [`Lock`] is the only process on this host that does; the operating system gives it up when
//! the process dies, however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// The lock on a database, held until it is dropped. Its text is the holder's process id, for people.
#[derive(Debug)]
pub(super) struct Lock {
    /// Closing the file gives up the lock.
    _file: File,
}

impl Lock {
    /// Takes the lock of the database at `database`, or says who has it.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let path = path_beside(database);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(|error| unavailable(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(database, &mut file)),
            Err(TryLockError::Error(error)) => return Err(unavailable(&path, &error)),
        }
        write_holder(&mut file).map_err(|error| unavailable(&path, &error))?;
        Ok(Self { _file: file })
    }
}

fn path_beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock.pid");
    PathBuf::from(name)
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn in_use(database: &Path, file: &mut File) -> StoreError {
    let mut holder = String::new();
    // The process id is a help, not a need: where it cannot be read, the path must do.
    let known = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
    let by = if known {
        format!(" (process {})", holder.trim())
    } else {
        String::new()
    };
    StoreError::InUse(format!("{}{by}", database.display()))
}

fn unavailable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
