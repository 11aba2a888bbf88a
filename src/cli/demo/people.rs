//! The people of the demo: what they do when Millhand asks, by GitHub's REST API and their own tokens.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::sim::seed::{ORGANISATION, REPOSITORY};

/// How long the simulated GitHub may take for a call.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the reviewer asks for, once.
const OBJECTION: &str = "Please say in the module's documentation what is done with text that has no spaces at its ends.";

/// Who approves plans: the one who set the label.
const MAINTAINER: &str = "maintainer";

/// Who reviews: whoever set the label may not approve the code alone.
const REVIEWER: &str = "reviewer";

/// Something a person does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Writes a comment on the issue.
    Comment { login: &'static str, issue: u64, body: String },
    /// Approves a pull request.
    Approve { login: &'static str, pull: u64 },
    /// Asks for changes.
    Object {
        login: &'static str,
        pull: u64,
        body: &'static str,
    },
}

/// Speaks to GitHub as its people.
pub(super) struct People {
    http: reqwest::Client,
    /// Of the repository, below the REST API.
    base: String,
}

/// What a person does about a wait; `None` if the demo's people have no answer to it.
pub(super) fn answer(wait: &Value, workflow: &Value, objected: bool) -> Option<Act> {
    let issue = workflow["issue"].as_u64()?;
    match wait["what"].as_str()? {
        "plan_approval" => {
            let body = wait["command"].as_str()?.to_owned();
            Some(Act::Comment {
                login: MAINTAINER,
                issue,
                body,
            })
        }
        "phase_review" => {
            let pull = pull_of(workflow, &wait["phase"])?;
            Some(if objected {
                Act::Approve { login: REVIEWER, pull }
            } else {
                Act::Object {
                    login: REVIEWER,
                    pull,
                    body: OBJECTION,
                }
            })
        }
        "release_approval" => {
            let last = if wait["phase"].is_null() {
                None
            } else {
                pull_of(workflow, &wait["phase"])
            };
            let pull = last.or_else(|| workflow["release"]["pull_request"].as_u64())?;
            Some(Act::Approve { login: REVIEWER, pull })
        }
        _ => None,
    }
}

impl Act {
    /// What it is, for the narration.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Comment { login, issue, body } => format!("{login} writes in issue {issue}: {body}"),
            Self::Approve { login, pull } => format!("{login} approves pull request {pull}"),
            Self::Object { login, pull, body } => format!("{login} requests changes on pull request {pull}: {body}"),
        }
    }

    /// Whether it asks for changes.
    pub(super) const fn objects(&self) -> bool {
        matches!(self, Self::Object { .. })
    }
}

impl People {
    pub(super) fn new(github: &str) -> Result<Self, Failure> {
        let builder = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .user_agent("millhand-demo");
        let http = builder
            .build()
            .map_err(|error| Failure::failed(format!("No connection can be made: {error}.")))?;
        Ok(Self {
            http,
            base: format!("{github}/api/v3/repos/{ORGANISATION}/{REPOSITORY}"),
        })
    }

    /// Labels an issue as the maintainer.
    pub(super) async fn label(&self, issue: u64, label: &str) -> Result<(), Failure> {
        self.post(MAINTAINER, &format!("issues/{issue}/labels"), &json!({ "labels": [label] }))
            .await
    }

    pub(super) async fn perform(&self, act: &Act) -> Result<(), Failure> {
        match act {
            Act::Comment { login, issue, body } => {
                self.post(login, &format!("issues/{issue}/comments"), &json!({ "body": body }))
                    .await
            }
            Act::Approve { login, pull } => {
                self.post(login, &format!("pulls/{pull}/reviews"), &json!({ "event": "APPROVE" }))
                    .await
            }
            Act::Object { login, pull, body } => {
                self.post(
                    login,
                    &format!("pulls/{pull}/reviews"),
                    &json!({ "event": "REQUEST_CHANGES", "body": body }),
                )
                .await
            }
        }
    }

    async fn post(&self, login: &str, path: &str, body: &Value) -> Result<(), Failure> {
        let request = self
            .http
            .post(format!("{}/{path}", self.base))
            .bearer_auth(format!("sim-{login}"));
        let sent = request
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await;
        let answer = sent.map_err(|_| Failure::failed("The simulated GitHub does not answer."))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let told = answer.text().await.unwrap_or_default();
        Err(Failure::failed(format!(
            "The simulated GitHub refuses {login}'s {path} with {status}: {told}"
        )))
    }
}

fn pull_of(workflow: &Value, number: &Value) -> Option<u64> {
    let phases = workflow["phases"].as_array()?;
    phases.iter().find(|phase| phase["number"] == *number)?["pull_request"].as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow() -> Value {
        json!({ "issue": 1, "phases": [{ "number": 2, "pull_request": 7 }], "release": { "pull_request": 9 } })
    }

    #[test]
    fn people_do_what_is_asked_of_them() {
        let plan = json!({ "what": "plan_approval", "command": "/approve plan 0123abcd" });
        let body = "/approve plan 0123abcd".to_owned();
        assert_eq!(
            answer(&plan, &workflow(), false),
            Some(Act::Comment {
                login: MAINTAINER,
                issue: 1,
                body
            })
        );
        let review = json!({ "what": "phase_review", "phase": 2 });
        assert!(answer(&review, &workflow(), false).is_some_and(|act| act.objects()));
        assert_eq!(
            answer(&review, &workflow(), true),
            Some(Act::Approve {
                login: REVIEWER,
                pull: 7
            })
        );
        let release = json!({ "what": "release_approval", "phase": null });
        assert_eq!(
            answer(&release, &workflow(), true),
            Some(Act::Approve {
                login: REVIEWER,
                pull: 9
            })
        );
        let last = json!({ "what": "release_approval", "phase": 2 });
        assert_eq!(
            answer(&last, &workflow(), true),
            Some(Act::Approve {
                login: REVIEWER,
                pull: 7
            })
        );
        assert_eq!(answer(&json!({ "what": "attempts" }), &workflow(), true), None);
    }
}
