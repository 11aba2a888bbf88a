//! Questions about history.
//!
//! Invariant: nothing here writes.

use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::{GitError, Oid, Store};

impl Store {
    /// The best common ancestor of two commits.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when one of them does not exist.
    pub fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError> {
        for oid in [one, two] {
            self.expect_kind(oid, super::ObjectKind::Commit)?;
        }
        Ok(self.repo.merge_base(one, two)?.map(gix::Id::detach))
    }

    /// Whether `old` is `new` or among its ancestors: moving a ref from `old` to `new` is a fast-forward.
    ///
    /// # Errors
    /// As [`Store::merge_base`].
    pub fn is_ancestor(&self, old: Oid, new: Oid) -> Result<bool, GitError> {
        Ok(old == new || self.merge_base(old, new)? == Some(old))
    }

    /// Commits reachable from `new` and not from `old`, newest first by commit time, children before parents.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when one of them does not exist.
    pub fn log(&self, new: Oid, old: Option<Oid>) -> Result<Vec<Oid>, GitError> {
        let newest_first = Sorting::ByCommitTime(CommitTimeOrder::NewestFirst);
        let mut found = Vec::new();
        for info in self.repo.rev_walk([new]).with_hidden(old).sorting(newest_first).all()? {
            found.push(info?.id);
        }
        self.parents_last(&mut found)?;
        Ok(found)
    }

    /// How many commits `head` has that `base` has not, and the other way round: (ahead, behind).
    ///
    /// # Errors
    /// As [`Store::log`].
    pub fn ahead_behind(&self, base: Oid, head: Oid) -> Result<(usize, usize), GitError> {
        Ok((self.log(head, Some(base))?.len(), self.log(base, Some(head))?.len()))
    }

    /// Commits of the same second may come in any order of the walk; a stable sort by ancestry puts children first.
    fn parents_last(&self, commits: &mut Vec<Oid>) -> Result<(), GitError> {
        let mut sorted: Vec<Oid> = Vec::with_capacity(commits.len());
        let mut waiting: Vec<(Oid, Vec<Oid>)> = Vec::new();
        for oid in commits.iter() {
            waiting.push((*oid, self.commit(*oid)?.parents));
        }
        while !waiting.is_empty() {
            let next = waiting
                .iter()
                .position(|(oid, _)| !waiting.iter().any(|(_, parents)| parents.contains(oid)))
                .unwrap_or(0);
            sorted.push(waiting.remove(next).0);
        }
        *commits = sorted;
        Ok(())
    }
}
