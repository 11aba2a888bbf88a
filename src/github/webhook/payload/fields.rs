//! How the used fields lie in GitHub's JSON.
//!
//! Invariant: unknown fields are skipped, and only what names the thing a delivery is about must be there.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::{
    Action, Actor, CheckRunEvent, CheckSuiteEvent, CommentEvent, Event, InstallationId, IssueEvent, MergeGroupEvent, NodeId,
    PullEvent, PushEvent, RepositoriesEvent, RepositoryId, RepositoryName, ReviewCommentEvent, ReviewEvent, StatusEvent,
    WorkflowRunEvent,
};
use crate::github::types::RestActor;

/// As many reverts as one pull request may name: it is one look each.
const REVERTS_MAX: usize = 20;

#[derive(Deserialize)]
pub(super) struct Envelope {
    #[serde(default)]
    pub(super) action: Option<String>,
    #[serde(default)]
    pub(super) installation: Option<Id<InstallationId>>,
    #[serde(default)]
    pub(super) repository: Option<RepositoryName>,
    #[serde(default)]
    sender: Option<RestActor>,
}

#[derive(Deserialize)]
pub(super) struct Id<T> {
    id: T,
}

impl Envelope {
    pub(super) fn with<T: DeserializeOwned>(self, action: Action, text: &str) -> Result<Event<T>, serde_json::Error> {
        serde_json::from_str(text).map(|about| self.holding(action, about))
    }

    pub(super) fn holding<T>(self, action: Action, about: T) -> Event<T> {
        let installation = self.installation.map(|installation| installation.id);
        Event {
            action,
            installation,
            repository: self.repository,
            sender: self.sender.map(Actor::from),
            about,
        }
    }
}

/// Reads a struct of GitHub's shape and makes ours of it.
macro_rules! read_as {
    ($ours:ty, $raw:ident { $($field:tt)* }, |$value:ident| $make:expr) => {
        impl<'de> Deserialize<'de> for $ours {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                struct $raw { $($field)* }
                let $value = $raw::deserialize(deserializer)?;
                Ok($make)
            }
        }
    };
}

#[derive(Deserialize)]
struct Numbered {
    number: u64,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(rename = "ref", default)]
    name: String,
    #[serde(default)]
    sha: String,
}

#[derive(Deserialize)]
struct SuiteName {
    #[serde(default)]
    head_branch: Option<String>,
}

read_as!(IssueEvent, Raw { issue: Numbered, #[serde(default)] label: Option<Named>, }, |raw| Self {
    number: raw.issue.number,
    label: raw.label.map(|label| label.name),
});

#[derive(Deserialize)]
struct CommentedIssue {
    number: u64,
    #[serde(default)]
    pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct CommentBody {
    id: u64,
    #[serde(default)]
    node_id: Option<NodeId>,
    #[serde(default)]
    performed_via_github_app: Option<Id<u64>>,
}

read_as!(
    CommentEvent,
    Raw {
        issue: CommentedIssue,
        comment: CommentBody,
    },
    |raw| Self {
        number: raw.issue.number,
        on_pull: raw.issue.pull_request.is_some(),
        comment: raw.comment.id,
        node_id: raw.comment.node_id,
        app: raw.comment.performed_via_github_app.map(|app| app.id),
    }
);

#[derive(Deserialize)]
struct PullBody {
    number: u64,
    head: Branch,
    base: Branch,
    #[serde(default)]
    merged: Option<bool>,
    #[serde(default)]
    body: Option<String>,
}

/// The numbers in `Reverts owner/name#12`, as GitHub's revert button writes it.
fn reverts(body: &str) -> Vec<u64> {
    let number = |line: &str| line.trim().strip_prefix("Reverts ")?.split_once('#')?.1.parse().ok();
    body.lines().filter_map(number).take(REVERTS_MAX).collect()
}

read_as!(PullEvent, Raw { pull_request: PullBody }, |raw| Self {
    number: raw.pull_request.number,
    head: raw.pull_request.head.name,
    head_sha: raw.pull_request.head.sha,
    base: raw.pull_request.base.name,
    merged: raw.pull_request.merged.unwrap_or(false),
    reverts: reverts(raw.pull_request.body.as_deref().unwrap_or_default()),
});

read_as!(ReviewEvent, Raw { pull_request: Numbered, review: Id<u64>, }, |raw| Self {
    number: raw.pull_request.number,
    review: raw.review.id,
});

read_as!(ReviewCommentEvent, Raw { pull_request: Numbered, comment: Id<u64>, }, |raw| Self {
    number: raw.pull_request.number,
    comment: raw.comment.id,
});

#[derive(Deserialize)]
struct Button {
    #[serde(default)]
    identifier: String,
}

#[derive(Deserialize)]
struct RunBody {
    id: u64,
    #[serde(default)]
    name: String,
    head_sha: String,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    app: Option<Id<u64>>,
    #[serde(default)]
    check_suite: Option<SuiteName>,
}

read_as!(CheckRunEvent, Raw { check_run: RunBody, #[serde(default)] requested_action: Option<Button>, }, |raw| Self {
    run: raw.check_run.id,
    name: raw.check_run.name,
    head_sha: raw.check_run.head_sha,
    head_branch: raw.check_run.check_suite.and_then(|suite| suite.head_branch),
    app: raw.check_run.app.map(|app| app.id),
    external_id: raw.check_run.external_id.filter(|id| !id.is_empty()),
    button: raw.requested_action.map(|button| button.identifier),
});

#[derive(Deserialize)]
struct SuiteBody {
    head_sha: String,
    #[serde(default)]
    head_branch: Option<String>,
    #[serde(default)]
    app: Option<Id<u64>>,
}

read_as!(CheckSuiteEvent, Raw { check_suite: SuiteBody }, |raw| Self {
    head_sha: raw.check_suite.head_sha,
    head_branch: raw.check_suite.head_branch,
    app: raw.check_suite.app.map(|app| app.id),
});

#[derive(Deserialize)]
struct WorkflowRunBody {
    id: u64,
    head_sha: String,
    #[serde(default)]
    head_branch: Option<String>,
}

read_as!(
    WorkflowRunEvent,
    Raw {
        workflow_run: WorkflowRunBody,
    },
    |raw| Self {
        run: raw.workflow_run.id,
        head_sha: raw.workflow_run.head_sha,
        head_branch: raw.workflow_run.head_branch,
    }
);

read_as!(StatusEvent, Raw { sha: String, #[serde(default)] branches: Vec<Named>, }, |raw| Self {
    sha: raw.sha,
    branches: raw.branches.into_iter().map(|branch| branch.name).collect(),
});

read_as!(
    PushEvent,
    Raw {
        #[serde(rename = "ref")]
        name: String,
        before: String,
        after: String,
    },
    |raw| Self {
        name: raw.name,
        before: raw.before,
        after: raw.after
    }
);

#[derive(Deserialize)]
struct GroupBody {
    head_sha: String,
    #[serde(default)]
    head_ref: String,
    #[serde(default)]
    base_ref: String,
}

read_as!(MergeGroupEvent, Raw { merge_group: GroupBody, #[serde(default)] reason: Option<String>, }, |raw| Self {
    head_sha: raw.merge_group.head_sha,
    head_ref: raw.merge_group.head_ref,
    base_ref: raw.merge_group.base_ref,
    reason: raw.reason,
});

read_as!(RepositoriesEvent, Raw {
    #[serde(default)]
    repositories_added: Vec<Id<RepositoryId>>,
    #[serde(default)]
    repositories_removed: Vec<Id<RepositoryId>>,
}, |raw| Self {
    added: raw.repositories_added.into_iter().map(|repository| repository.id).collect(),
    removed: raw.repositories_removed.into_iter().map(|repository| repository.id).collect(),
});
