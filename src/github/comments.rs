//! What Millhand writes on issues: comments, reactions, labels, and closing.
//!
//! A comment of ours is found again by its marker in a comment by our own account; anybody can copy a marker, nobody can
//! write as us. If a lost answer made two, the oldest stays and the others are hidden.
//!
//! Invariant: never more than one visible comment per marker after a second attempt.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Github;
use super::error::Error;
use super::graphql::{Mutation, Mutations};
use super::issue::{COMMENT_FIELDS, Comment, RawComment};
use super::pull_state::Nodes;
use super::render::{Marked, Marker, Rendered};
use super::request::{Request, Scope, below};
use super::types::{Attempt, NodeId, Repo, WHO};

/// Pages of a hundred comments that a search reads back. An issue holds at most 2,500.
const MOST_PAGES: usize = 25;

pub(super) const UPDATE_COMMENT: Mutation = Mutation {
    field: "updateIssueComment",
    input: "UpdateIssueCommentInput",
    selection: "{ issueComment { id } }",
};

pub(super) const MINIMISE: Mutation = Mutation {
    field: "minimizeComment",
    input: "MinimizeCommentInput",
    selection: "{ minimizedComment { isMinimized } }",
};

pub(super) const ADD_REACTION: Mutation = Mutation {
    field: "addReaction",
    input: "AddReactionInput",
    selection: "{ reaction { id } }",
};

/// A comment of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its number among comments.
    pub id: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// Its place on the page.
    pub url: String,
}

/// Why a comment is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minimise {
    /// A newer one says it.
    Outdated,
    /// What it asked for was done.
    Resolved,
    /// It says the same as another one.
    Duplicate,
}

/// A reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Seen.
    Eyes,
    /// Done.
    ThumbsUp,
    /// Refused.
    Confused,
}

#[derive(Deserialize)]
struct RestComment {
    id: u64,
    node_id: NodeId,
    html_url: String,
}

impl From<RestComment> for Posted {
    fn from(rest: RestComment) -> Self {
        Self {
            id: rest.id,
            node_id: rest.node_id,
            url: rest.html_url,
        }
    }
}

impl From<Comment> for Posted {
    fn from(comment: Comment) -> Self {
        Self {
            id: comment.id,
            node_id: comment.node_id,
            url: comment.url,
        }
    }
}

impl Github {
    /// Writes a comment on an issue or pull request.
    ///
    /// # Errors
    /// [`Error::Denied`] if the conversation is locked, full or archived; [`Error::Gone`] if the issue is deleted.
    pub async fn comment(&self, repo: &Repo, number: u64, text: &Marked, attempt: Attempt) -> Result<Posted, Error> {
        if attempt == Attempt::Again
            && let Some(found) = self.own_comment(repo, number, text.marker()).await?
        {
            return Ok(found.into());
        }
        let path = below(repo, &format!("/issues/{number}/comments"));
        let reply = self
            .call(Scope::write(repo), Request::post(path, json!({ "body": text.body() })))
            .await?;
        reply.json::<RestComment>().map(Posted::from)
    }

    /// Replaces a comment's text. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it was deleted.
    pub async fn edit_comment(&self, repo: &Repo, comment: u64, body: &Rendered) -> Result<(), Error> {
        let path = below(repo, &format!("/issues/comments/{comment}"));
        self.call(Scope::write(repo), Request::patch(path, json!({ "body": body })))
            .await
            .map(|_| ())
    }

    /// Hides a comment or review. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it was deleted.
    pub async fn minimise(&self, repo: &Repo, comment: &NodeId, why: Minimise) -> Result<(), Error> {
        let classifier = match why {
            Minimise::Outdated => "OUTDATED",
            Minimise::Resolved => "RESOLVED",
            Minimise::Duplicate => "DUPLICATE",
        };
        let mut document = Mutations::new("Minimise");
        document.add("comment", MINIMISE, json!({ "subjectId": comment, "classifier": classifier }));
        self.mutate(repo, document)
            .await?
            .one::<Value>("comment")
            .into_result()
            .map(|_| ())
    }

    /// Reacts to an issue, comment or review. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it was deleted.
    pub async fn react(&self, repo: &Repo, to: &NodeId, reaction: Reaction) -> Result<(), Error> {
        let content = match reaction {
            Reaction::Eyes => "EYES",
            Reaction::ThumbsUp => "THUMBS_UP",
            Reaction::Confused => "CONFUSED",
        };
        let mut document = Mutations::new("React");
        document.add("reaction", ADD_REACTION, json!({ "subjectId": to, "content": content }));
        self.mutate(repo, document)
            .await?
            .one::<Value>("reaction")
            .into_result()
            .map(|_| ())
    }

    /// Sets a label on an issue; the others stay. Repeating it is harmless.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn add_label(&self, repo: &Repo, issue: u64, label: &str) -> Result<(), Error> {
        let path = below(repo, &format!("/issues/{issue}/labels"));
        self.call(Scope::write(repo), Request::post(path, json!({ "labels": [label] })))
            .await
            .map(|_| ())
    }

    /// Closes an issue as completed. Repeating it is harmless.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn close_issue(&self, repo: &Repo, issue: u64) -> Result<(), Error> {
        let path = below(repo, &format!("/issues/{issue}"));
        let body = json!({ "state": "closed", "state_reason": "completed" });
        self.call(Scope::write(repo), Request::patch(path, body)).await.map(|_| ())
    }

    /// The oldest visible comment of ours with `marker`; further ones are hidden.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn own_comment(&self, repo: &Repo, number: u64, marker: &Marker) -> Result<Option<Comment>, Error> {
        let identity = self.identity(repo.installation).await?;
        let mut found = Vec::new();
        let mut before: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let (page, info) = self.comments_before(repo, number, before.as_deref()).await?;
            let ours = |comment: &Comment| {
                comment.author.as_ref().is_some_and(|author| author.id == identity.user_id) && marker.is_on(&comment.body)
            };
            found.extend(page.into_iter().filter(|comment| !comment.minimised && ours(comment)));
            match info.start_cursor.filter(|_| info.has_previous_page) {
                Some(cursor) => before = Some(cursor),
                None => break,
            }
        }
        found.sort_by_key(|comment| comment.id);
        let mut found = found.into_iter();
        let oldest = found.next();
        for twin in found {
            self.minimise(repo, &twin.node_id, Minimise::Duplicate).await?;
        }
        Ok(oldest)
    }

    async fn comments_before(&self, repo: &Repo, number: u64, before: Option<&str>) -> Result<(Vec<Comment>, Backwards), Error> {
        #[derive(Deserialize)]
        struct Data {
            node: Repository,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Repository {
            issue_or_pull_request: Option<Conversation>,
        }
        #[derive(Deserialize)]
        struct Conversation {
            comments: Page,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Page {
            page_info: Backwards,
            #[serde(flatten)]
            nodes: Nodes<RawComment>,
        }
        let variables = json!({ "repository": repo.node_id, "number": number, "before": before });
        let data: Data = self
            .query(Scope::read(repo), "OwnComments", &own_comments_query(), variables)
            .await?;
        let Some(conversation) = data.node.issue_or_pull_request else {
            return Err(Error::NotFound {
                message: format!("no issue or pull request {number}"),
            });
        };
        let Page { page_info, nodes } = conversation.comments;
        Ok((nodes.all().filter_map(Comment::of).collect(), page_info))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Backwards {
    has_previous_page: bool,
    start_cursor: Option<String>,
}

/// Asks for the last hundred comments before `$before`.
pub(super) fn own_comments_query() -> String {
    let comments =
        format!("comments(last: 100, before: $before) {{ pageInfo {{ hasPreviousPage startCursor }} nodes {COMMENT_FIELDS} }}");
    format!(
        "query OwnComments($repository: ID!, $number: Int!, $before: String) {{ node(id: $repository) {{ ... on Repository {{
issueOrPullRequest(number: $number) {{ ... on Issue {{ {comments} }} ... on PullRequest {{ {comments} }} }} }} }} }}\n{WHO}"
    )
}
