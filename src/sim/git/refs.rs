//! Refs, changed only by compare-and-swap.
//!
//! Invariant: every change names the value it replaces; a ref never lies beside a folder of its name.

use gix::bstr::ByteSlice;
use gix::refs::transaction::{Change, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};

use super::{GitError, Oid, Store};

impl Store {
    /// Refs whose full name begins with `prefix` (`refs/heads/`), by name. Tags are not peeled.
    ///
    /// # Errors
    /// When the repository is damaged.
    pub fn refs(&self, prefix: &str) -> Result<Vec<(String, Oid)>, GitError> {
        let mut found = Vec::new();
        for reference in self.repo.references()?.all()? {
            let reference = reference?;
            let name = reference.name().as_bstr().to_str_lossy().into_owned();
            if let (true, Some(id)) = (name.starts_with(prefix), reference.target().try_id()) {
                found.push((name, id.to_owned()));
            }
        }
        found.sort();
        Ok(found)
    }

    /// Where a ref is, by full name; `None` when there is none, or its name is none.
    ///
    /// # Errors
    /// When the repository is damaged.
    pub fn target(&self, name: &str) -> Result<Option<Oid>, GitError> {
        let Ok(name) = full_name(name) else { return Ok(None) };
        Ok(self
            .repo
            .try_find_reference(name.as_ref())?
            .and_then(|found| found.target().try_id().map(ToOwned::to_owned)))
    }

    /// Where a branch is.
    ///
    /// # Errors
    /// When the repository is damaged.
    pub fn branch(&self, branch: &str) -> Result<Option<Oid>, GitError> {
        self.target(&format!("refs/heads/{branch}"))
    }

    /// Moves a ref from `before` to `after`; `None` is absent.
    ///
    /// # Errors
    /// [`GitError::RefExists`], [`GitError::RefConflict`], [`GitError::RefMoved`], [`GitError::BadRef`],
    /// [`GitError::NoObject`].
    pub fn set_ref(&self, name: &str, before: Option<Oid>, after: Option<Oid>) -> Result<(), GitError> {
        self.set_refs(&[(name.to_owned(), before, after)])
    }

    /// Moves several refs or none.
    ///
    /// # Errors
    /// As [`Store::set_ref`].
    pub fn set_refs(&self, moves: &[(String, Option<Oid>, Option<Oid>)]) -> Result<(), GitError> {
        let mut edits = Vec::new();
        for (name, before, after) in moves {
            // gix takes "must not exist" as met when the ref exists with the same target, so we look ourselves.
            let current = self.target(name)?;
            if current != *before {
                return Err(if before.is_none() {
                    GitError::RefExists(name.clone())
                } else {
                    GitError::RefMoved(name.clone())
                });
            }
            if before.is_none() && after.is_some() {
                self.refuse_neighbours(name)?;
            }
            if let Some(after) = after
                && self.kind(*after)?.is_none()
            {
                return Err(GitError::NoObject(*after));
            }
            edits.extend(edit(full_name(name)?, *before, *after));
        }
        let nobody = gix::actor::SignatureRef {
            name: "GitHub".into(),
            email: "noreply@github.com".into(),
            time: "0 +0000",
        };
        self.repo.edit_references_as(edits, Some(nobody))?;
        Ok(())
    }

    /// Whether git takes this as a full ref name.
    #[must_use]
    pub fn valid_ref(name: &str) -> bool {
        full_name(name).is_ok()
    }

    fn refuse_neighbours(&self, name: &str) -> Result<(), GitError> {
        let below = format!("{name}/");
        let in_the_way = self.refs("refs/")?.into_iter().map(|(other, _)| other).find(|other| {
            other.starts_with(&below) || name.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        match in_the_way {
            Some(other) => Err(GitError::RefConflict {
                name: name.to_owned(),
                other,
            }),
            None => Ok(()),
        }
    }
}

fn full_name(name: &str) -> Result<FullName, GitError> {
    // Without `refs/` gix would look through the places where short names are found.
    if !name.starts_with("refs/") {
        return Err(GitError::BadRef(name.to_owned()));
    }
    FullName::try_from(name).map_err(|_| GitError::BadRef(name.to_owned()))
}

fn edit(name: FullName, before: Option<Oid>, after: Option<Oid>) -> Option<RefEdit> {
    let expected = before.map_or(PreviousValue::MustNotExist, |before| {
        PreviousValue::MustExistAndMatch(Target::Object(before))
    });
    match after {
        Some(after) => Some(RefEdit::update(name, after, expected, "")),
        None if before.is_none() => None,
        None => Some(RefEdit::new(
            name,
            Change::Delete {
                expected,
                log: RefLog::AndReference,
            },
        )),
    }
}
