//! The documents of a phase: open, push, present, merge. (The reading between them is [`super::pulls`].)
//!
//! On the happy path a phase takes five requests from its change set to its merge: open, read, present, read, merge. The
//! status comment may ride as the last mutation of open, present and merge.
//!
//! A document's mutations are chosen so that each later one is harmless if an earlier one failed; nothing is deleted beside
//! a merge; and what the answer says of heads is compared before it is believed.
//!
//! Invariant: a pull request whose head is not our commit is closed again at once.

mod merge;
mod open;
mod present;
mod push;

use serde_json::json;

pub use merge::{Merge, MergeMethod, Merging};
pub use open::{NewPull, Opened, Opening};
pub use present::{Present, PresentCheck, Presented};
pub use push::{Push, Pushed};

use super::comments::UPDATE_COMMENT;
use super::graphql::{Mutation, Mutations};
use super::render::Rendered;
use super::types::{NodeId, Sha};

pub(super) const CREATE_REF: Mutation = Mutation {
    field: "createRef",
    input: "CreateRefInput",
    selection: "{ ref { name } }",
};

pub(super) const CREATE_COMMIT: Mutation = Mutation {
    field: "createCommitOnBranch",
    input: "CreateCommitOnBranchInput",
    selection: "{ commit { oid } }",
};

pub(super) const CREATE_CHECK: Mutation = Mutation {
    field: "createCheckRun",
    input: "CreateCheckRunInput",
    selection: "{ checkRun { id databaseId url } }",
};

pub(super) const UPDATE_CHECK: Mutation = Mutation {
    field: "updateCheckRun",
    input: "UpdateCheckRunInput",
    selection: "{ checkRun { id databaseId url } }",
};

pub(super) const REQUEST_REVIEWS: Mutation = Mutation {
    field: "requestReviews",
    input: "RequestReviewsInput",
    selection: "{ pullRequest { id } }",
};

pub(super) const MERGE: Mutation = Mutation {
    field: "mergePullRequest",
    input: "MergePullRequestInput",
    selection: "{ pullRequest { state merged mergeCommit { oid } } }",
};

/// A status comment that rides along as the last mutation of a document, drawn from the state before that document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRide {
    /// The comment.
    pub comment: NodeId,
    /// Its new text.
    pub body: Rendered,
}

/// How a commit reaches its branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// In one document. The branch appears first and its commit right after: two pushes.
    Document,
    /// Tree, commit and ref one after another: the branch appears, or moves, in one push. For repositories where a push to
    /// our branches starts CI, and for executable files, which the other way cannot make.
    Tree {
        /// The tree of the commit that the new one is put on, if known: saves a request.
        base: Option<Sha>,
    },
}

impl StatusRide {
    pub(super) const ALIAS: &'static str = "status";

    pub(super) fn join(&self, document: &mut Mutations) {
        document.add(Self::ALIAS, UPDATE_COMMENT, json!({ "id": self.comment, "body": self.body }));
    }
}
