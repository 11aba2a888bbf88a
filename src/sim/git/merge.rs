//! Three-way merges.
//!
//! Invariant: a tree with conflict markers is never returned.

use gix::merge::blob::builtin_driver::text::Labels;

use super::{GitError, Oid, Store};

/// What a merge came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// The merged tree.
    Clean(Oid),
    /// Paths that cannot be merged.
    Conflict(Vec<String>),
}

impl Store {
    /// Merges two trees that come from `base`.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when a tree does not exist.
    pub fn merge_trees(&self, base: Oid, ours: Oid, theirs: Oid) -> Result<MergeOutcome, GitError> {
        for tree in [base, ours, theirs] {
            self.expect_kind(tree, super::ObjectKind::Tree)?;
        }
        let mut merged = self
            .repo
            .merge_trees(base, ours, theirs, Labels::default(), self.repo.tree_merge_options()?)?;
        let how = gix::merge::tree::TreatAsUnresolved::default();
        if merged.has_unresolved_conflicts(how) {
            let mut paths: Vec<String> = merged
                .conflicts
                .iter()
                .filter(|conflict| conflict.is_unresolved(how))
                .map(|conflict| conflict.changes_in_resolution().0.location().to_string())
                .collect();
            paths.sort();
            paths.dedup();
            return Ok(MergeOutcome::Conflict(paths));
        }
        Ok(MergeOutcome::Clean(merged.tree.write()?.detach()))
    }

    /// Merges two commits by their best common ancestor; without one, by the empty tree.
    ///
    /// # Errors
    /// [`GitError::NoObject`] when a commit does not exist.
    pub fn merge_commits(&self, ours: Oid, theirs: Oid) -> Result<MergeOutcome, GitError> {
        let base = match self.merge_base(ours, theirs)? {
            Some(base) => self.commit(base)?.tree,
            None => self.edit_tree(None, &[])?,
        };
        self.merge_trees(base, self.commit(ours)?.tree, self.commit(theirs)?.tree)
    }
}
