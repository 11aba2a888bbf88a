//! Every GraphQL document that is sent, for holding them against GitHub's schema.
//!
//! Queries are listed as they are sent; documents of mutations are put together from parts, so each part is listed as a
//! document of its own, and the combinations that are sent are held against the schema where they are sent.
//!
//! Invariant: a part or query that is not listed here is not used anywhere.

use serde_json::Value;

use super::graphql::{Mutation, Mutations};
use super::{comments, deletion, issue, phase, pull_state, pulls, review, rules, survey};

/// Each document's name and text.
#[must_use]
pub fn documents() -> Vec<(&'static str, String)> {
    let mut documents = vec![
        ("Workflow", issue::workflow_query(true, &[1, 2])),
        ("Workflow", issue::workflow_query(false, &[])),
        ("Pulls", issue::pulls_query(&[1, 2])),
        ("Comments", issue::comments_query()),
        (pull_state::CHECKS_PAGE, pull_state::checks_page(1)),
        ("OwnComments", comments::own_comments_query()),
        ("PullsOfHead", pulls::pulls_of_head_query()),
        ("Branches", deletion::branches_query(2)),
        ("Rules", rules::RULES_QUERY.to_owned()),
        ("Survey", survey::survey_query()),
    ];
    documents.extend(PARTS.iter().map(|part| {
        let mut document = Mutations::new("Part");
        document.add("part", *part, Value::Null);
        (part.field, document.text())
    }));
    documents
}

const PARTS: &[Mutation] = &[
    deletion::UPDATE_REFS,
    comments::ADD_REACTION,
    comments::MINIMISE,
    comments::UPDATE_COMMENT,
    phase::CREATE_CHECK,
    phase::CREATE_COMMIT,
    phase::CREATE_REF,
    phase::MERGE,
    phase::REQUEST_REVIEWS,
    phase::UPDATE_CHECK,
    pulls::ADD_COMMENT,
    pulls::CLOSE_PULL,
    pulls::CREATE_PULL,
    pulls::READY,
    pulls::UPDATE_PULL,
    review::ADD_REVIEW,
    review::REPLY,
    review::SUBMIT,
];
