//! What people say that is no command: talk, reviews, and what they do to what was said.
//!
//! Invariant: people touch what others said only where GitHub lets them.

use axum::http::Method;
use millhand::clock::Clock as _;
use serde_json::{Value, json};

use super::walk::Walk;

impl Walk {
    pub(super) async fn talk(&mut self) {
        let (issue, login) = (self.issue(), self.anybody());
        let text = *self.dice.of(&[
            "Nice.",
            "- greet by name\n- say goodbye\n",
            "What about @reader and #1?",
            "I would rather wait.",
        ]);
        self.says(login, issue, text).await;
    }

    /// Somebody edits or deletes a comment, also the bot's.
    pub(super) async fn meddle_with_comments(&mut self) {
        let comments = self.sight().comments;
        let near = comments.get(comments.len().saturating_sub(12)..).unwrap_or_default();
        let Some(comment) = self.dice.maybe(near).cloned() else {
            return;
        };
        let login = self.writer();
        let path = format!("/issues/comments/{}", comment.id);
        if self.dice.one_in(2) {
            // In the middle of the bot's work it is deleted at some moment behind this one.
            let at = self.later.map_or_else(|| self.town.clock.now().0, |_| i64::MAX);
            self.asks(login, Method::DELETE, &path, Value::Null).await;
            self.unsaid.push((comment, at));
        } else {
            let body = format!("{}\n\nedited\n\n/cancel\n", comment.body);
            self.asks(login, Method::PATCH, &path, json!({ "body": body })).await;
        }
    }

    /// Somebody reviews one of our pull requests, or a review is dismissed.
    pub(super) async fn review(&mut self) {
        let sight = self.sight();
        if self.dice.one_in(8) {
            let Some(review) = self.dice.maybe(&sight.reviews).cloned() else {
                return;
            };
            let path = format!("/pulls/{}/reviews/{}/dismissals", review.pull, review.id);
            let login = self.writer();
            self.asks(login, Method::PUT, &path, json!({ "message": "out of date" }))
                .await;
            return;
        }
        let ours = sight.ours();
        let Some(pull) = self.dice.maybe(&ours) else { return };
        let event = self.dice.weighed(&[(6, "APPROVE"), (3, "REQUEST_CHANGES"), (2, "COMMENT")]);
        let mut body = json!({ "event": event, "body": self.dice.of(&["good", "be kinder", "/hold", "nit: a comma"]) });
        if event != "APPROVE" && self.dice.one_in(2) {
            let files = self.town.get(&format!("/repos/acme/todo/pulls/{}/files", pull.number)).await;
            let names: Vec<&str> = files
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|f| f["filename"].as_str())
                .collect();
            if let Some(path) = self.dice.maybe(&names) {
                body["comments"] = json!([{ "path": path, "line": 1, "side": "RIGHT", "body": "say whom" }]);
            }
        }
        let (number, login) = (pull.number, self.anybody());
        self.asks(login, Method::POST, &format!("/pulls/{number}/reviews"), body)
            .await;
    }
}
