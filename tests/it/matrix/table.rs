//! What each interference must end in, at each place.
//!
//! Invariant: a cell that is not written here must not exist.
