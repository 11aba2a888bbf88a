//! What people and GitHub do in between.
//!
//! Invariant: people act through GitHub's own API; only what it does not offer is a verb of the simulation.

use axum::http::Method;
use serde_json::{Value, json};

use super::places::{Place, row, state};
use crate::story::gestures::reviews_rule;
use crate::story::town::Town;

/// One interference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// The control: nothing happens.
    Nothing,
    Push,
    Close,
    CloseAndReopen,
    Merge,
    Retarget,
    ToDraft,
    MarkReady,
    LockPull,
    DeleteBranch,
    DeleteBase,
    RequestChanges,
    CommentReview,
    ApproveWithNits,
    Dismiss,
    LateReview,
    InlineRemarks,
    InlineChanges,
    Conflict,
    BaseMoves,
    WorkflowFile,
    ChecksStuck,
    ChecksCancelled,
    ChecksRed,
    ChecksNeedApproval,
    ChecksRenamed,
    ChecksAbsent,
    SpoofedStatus,
    DoubledName,
    ManyChecks,
    EditStatus,
    DeleteStatus,
    EditPlan,
    DeletePlan,
    EditIssue,
    CloseIssue,
    TriagerCloses,
    TriagerClosesWriterReopens,
    LabelFlaps,
    LabelOff,
    LockIssue,
    TransferIssue,
    DeleteIssue,
    RenameRepository,
    TransferRepository,
    Archive,
    DeleteRepository,
    MakePrivate,
    Suspend,
    Uninstall,
    ReducePermissions,
}

/// A commit of people's that must not get lost.
pub(super) struct Kept {
    pub(super) branch: String,
    pub(super) file: String,
}

/// Where an act is done.
pub(super) struct Scene<'a> {
    pub(super) town: &'a Town,
    pub(super) place: Place,
    pub(super) issue: u64,
    /// The pull request that the state is about, with its branch and base.
    pull: Option<(u64, String, String)>,
}

impl<'a> Scene<'a> {
    pub(super) async fn new(town: &'a Town, place: Place, issue: u64) -> Self {
        let w = state(&row(town, issue).await);
        let track = if place.is_release() {
            Some(&w.release)
        } else {
            w.phases.values().next().map(|p| &p.track)
        };
        let pull = track
            .filter(|_| place.has_pull())
            .and_then(|t| Some((t.pull.as_ref()?.number, t.branch.clone(), t.base.clone())));
        Self {
            town,
            place,
            issue,
            pull,
        }
    }

    /// The number of the pull request that the state is about.
    pub(super) fn number(&self) -> Option<u64> {
        self.pull.as_ref().map(|(number, _, _)| *number)
    }

    async fn patch_pull(&self, number: u64, change: Value) {
        let path = format!("/repos/acme/todo/pulls/{number}");
        self.town.must("maintainer", Method::PATCH, &path, change).await;
    }

    async fn on_pull(&self, number: u64, mutation: &str) {
        on_pull(self.town, number, mutation).await;
    }

    /// Our comment on the issue whose hidden line says this.
    async fn our_comment(&self, mark: &str) -> Option<u64> {
        let path = format!("/repos/acme/todo/issues/{}/comments?per_page=100", self.issue);
        let all = self.town.get(&path).await;
        let is = |c: &&Value| c["user"]["login"] == "millhand[bot]" && c["body"].as_str().unwrap().contains(mark);
        all.as_array().unwrap().iter().find(is).and_then(|c| c["id"].as_u64())
    }

    async fn on_comment(&self, mark: &str, edit: bool) -> bool {
        let Some(id) = self.our_comment(mark).await else {
            return false;
        };
        let path = format!("/repos/acme/todo/issues/comments/{id}");
        if edit {
            let body = json!({ "body": "Somebody wrote over this." });
            self.town.must("maintainer", Method::PATCH, &path, body).await;
        } else {
            self.town.must("maintainer", Method::DELETE, &path, Value::Null).await;
        }
        true
    }

    async fn delete_ref(&self, branch: &str) {
        let path = format!("/repos/acme/todo/git/refs/heads/{branch}");
        self.town.must("maintainer", Method::DELETE, &path, Value::Null).await;
    }

    async fn status(&self, number: u64, context: &str, state: &str) {
        let head = self.town.pull(number).await["head"]["sha"].as_str().unwrap().to_owned();
        let path = format!("/repos/acme/todo/statuses/{head}");
        let body = json!({ "state": state, "context": context, "description": "as if" });
        self.town.must("reviewer", Method::POST, &path, body).await;
    }

    /// A review that says nothing but for remarks at two lines.
    async fn remark(&self, number: u64, event: &str) {
        let files = self.town.get(&format!("/repos/acme/todo/pulls/{number}/files")).await;
        let remark = |text: &str| json!({ "path": files[0]["filename"], "line": 1, "side": "RIGHT", "body": text });
        let body = json!({ "event": event, "comments": [remark("A better name, please."), remark("And say why.")] });
        let path = format!("/repos/acme/todo/pulls/{number}/reviews");
        self.town.must("reviewer", Method::POST, &path, body).await;
    }

    /// A check run by another App.
    async fn other_app(&self, number: u64, name: &str, conclusion: &str) {
        let head = self.town.pull(number).await["head"]["sha"].clone();
        let run = json!({ "name": name, "head_sha": head, "status": "completed", "conclusion": conclusion });
        let path = "/repos/acme/todo/check-runs";
        self.town.must("helper[bot]", Method::POST, path, run).await;
    }

    /// A person pushes, and the checks of that head go like this.
    async fn push_with(&self, branch: &str, conclusion: &str) -> Kept {
        let script = json!({ "branch": branch, "conclusion": conclusion, "log": "error: no such file\n" });
        self.town.switch("ci", script).await;
        self.push(branch).await
    }

    async fn push(&self, branch: &str) -> Kept {
        let file = format!("notes/{:?}.txt", self.place);
        self.town.write("reviewer", branch, &file, "A person's note.\n").await;
        Kept {
            branch: branch.to_owned(),
            file,
        }
    }

    async fn write_base(&self, base: &str, file: &str, text: &str) {
        if base == "main" {
            unruled(self.town, file, text).await;
        } else {
            self.town.write("reviewer", base, file, text).await;
        }
    }

    async fn patch_issue(&self, login: &str, change: Value) {
        self.town.edit_issue(login, self.issue, change).await;
    }

    async fn mutate_issue(&self, query: &str, more: Value) {
        let path = format!("/repos/acme/todo/issues/{}", self.issue);
        let mut variables = json!({ "id": self.town.get(&path).await["node_id"] });
        for (key, value) in more.as_object().unwrap() {
            variables[key] = value.clone();
        }
        self.town
            .graphql("maintainer", json!({ "query": query, "variables": variables }))
            .await;
    }
}

async fn on_pull(town: &Town, number: u64, mutation: &str) {
    let id = town.pull(number).await["node_id"].clone();
    let query = format!("mutation M($id: ID!) {{ {mutation}(input: {{ pullRequestId: $id }}) {{ clientMutationId }} }}");
    town.graphql("maintainer", json!({ "query": query, "variables": { "id": id } }))
        .await;
}

/// A commit on the default branch, as an administrator makes it who takes the rule away for it.
async fn unruled(town: &Town, file: &str, text: &str) {
    town.rules("main", &[]).await;
    town.write("reviewer", "main", file, text).await;
    town.rules("main", &[reviews_rule(1)]).await;
}

impl Act {
    /// Whether it happens once, to all workflows of the repository.
    pub(super) fn to_all(self) -> bool {
        self >= Self::RenameRepository || matches!(self, Self::Nothing | Self::BaseMoves | Self::WorkflowFile)
    }

    /// Does it there; `None`: it cannot happen there.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other act is done elsewhere")]
    pub(super) async fn done(self, at: &Scene<'_>) -> Option<Vec<Kept>> {
        let town = at.town;
        if let Some(kept) = self.on_pull(at).await {
            return Some(kept);
        }
        let done = match self {
            Self::EditStatus => at.on_comment("kind=status", true).await,
            Self::DeleteStatus => at.on_comment("kind=status", false).await,
            Self::EditPlan => at.on_comment("kind=plan", true).await,
            Self::DeletePlan => at.on_comment("kind=plan", false).await,
            Self::EditIssue => {
                at.patch_issue("maintainer", json!({ "body": "- greet the edited\n" })).await;
                true
            }
            Self::CloseIssue if at.place != Place::Complete => {
                at.patch_issue("reviewer", json!({ "state": "closed" })).await;
                true
            }
            Self::TriagerCloses if at.place != Place::Complete => {
                at.patch_issue("triager", json!({ "state": "closed" })).await;
                true
            }
            Self::TriagerClosesWriterReopens if at.place != Place::Complete => {
                at.patch_issue("triager", json!({ "state": "closed" })).await;
                at.patch_issue("reviewer", json!({ "state": "open" })).await;
                true
            }
            Self::LabelFlaps => {
                town.unlabel("maintainer", at.issue, "millhand").await;
                town.label("maintainer", at.issue, "millhand").await;
                true
            }
            Self::LabelOff => {
                town.unlabel("triager", at.issue, "millhand").await;
                true
            }
            Self::LockIssue => {
                let path = format!("/repos/acme/todo/issues/{}/lock", at.issue);
                town.must("maintainer", Method::PUT, &path, json!({})).await;
                true
            }
            Self::TransferIssue => {
                let to = town.get("/repos/acme/elsewhere").await["node_id"].clone();
                let query = "mutation M($id: ID!, $to: ID!) { transferIssue(input: { issueId: $id, repositoryId: $to }) { clientMutationId } }";
                at.mutate_issue(query, json!({ "to": to })).await;
                true
            }
            Self::DeleteIssue => {
                let query = "mutation M($id: ID!) { deleteIssue(input: { issueId: $id }) { clientMutationId } }";
                at.mutate_issue(query, json!({})).await;
                true
            }
            _ => self.to_all(),
        };
        done.then(Vec::new)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every other act is done elsewhere")]
    #[expect(clippy::too_many_lines, reason = "one arm an act")]
    async fn on_pull(self, at: &Scene<'_>) -> Option<Vec<Kept>> {
        let town = at.town;
        if self == Self::DeleteBase {
            let w = state(&row(town, at.issue).await);
            let base = w
                .phases
                .values()
                .next()
                .filter(|_| at.place != Place::Complete)?
                .track
                .branch
                .clone();
            let (folder, _) = base.rsplit_once('/')?;
            at.delete_ref(&format!("{folder}/base")).await;
            return Some(Vec::new());
        }
        if self == Self::LateReview {
            let merged = at.place.is_release() || at.place == Place::Complete;
            let w = state(&row(town, at.issue).await);
            let pull = w.phases.values().next().filter(|_| merged)?.track.pull.clone()?;
            town.review("reviewer", pull.number, "COMMENT", "Too late, but this is wrong.")
                .await;
            return Some(Vec::new());
        }
        let (number, branch, base) = at.pull.clone()?;
        let draft = town.pull(number).await["draft"] == true;
        let mut kept = Vec::new();
        match self {
            Self::Push => kept.push(at.push(&branch).await),
            Self::Close => at.patch_pull(number, json!({ "state": "closed" })).await,
            Self::CloseAndReopen => {
                at.patch_pull(number, json!({ "state": "closed" })).await;
                at.patch_pull(number, json!({ "state": "open" })).await;
            }
            Self::Merge => {
                if draft {
                    at.on_pull(number, "markPullRequestReadyForReview").await;
                }
                if at.place.is_release() {
                    town.review("reviewer", number, "APPROVE", "").await;
                }
                let path = format!("/repos/acme/todo/pulls/{number}/merge");
                town.must("maintainer", Method::PUT, &path, json!({ "merge_method": "squash" }))
                    .await;
            }
            Self::Retarget => at.patch_pull(number, json!({ "base": "side" })).await,
            Self::ToDraft if !draft => at.on_pull(number, "convertPullRequestToDraft").await,
            Self::MarkReady if draft => at.on_pull(number, "markPullRequestReadyForReview").await,
            Self::LockPull => {
                let path = format!("/repos/acme/todo/issues/{number}/lock");
                town.must("maintainer", Method::PUT, &path, json!({})).await;
            }
            Self::DeleteBranch => at.delete_ref(&branch).await,
            Self::RequestChanges => town.review("reviewer", number, "REQUEST_CHANGES", "- greet louder").await,
            Self::CommentReview => town.review("reviewer", number, "COMMENT", "I looked at it.").await,
            Self::ApproveWithNits => {
                town.review("reviewer", number, "APPROVE", "Nit: a better name would be nice.")
                    .await
            }
            Self::InlineRemarks => at.remark(number, "COMMENT").await,
            Self::InlineChanges => at.remark(number, "REQUEST_CHANGES").await,
            Self::Dismiss if at.place == Place::Held => {
                let all = town.get(&format!("/repos/acme/todo/pulls/{number}/reviews")).await;
                let review = all.as_array().unwrap().iter().find(|r| r["state"] == "APPROVED")?["id"].clone();
                let path = format!("/repos/acme/todo/pulls/{number}/reviews/{review}/dismissals");
                town.must("maintainer", Method::PUT, &path, json!({ "message": "not yet" }))
                    .await;
            }
            Self::Conflict => {
                let w = state(&row(town, at.issue).await);
                let file = w.phases.values().next()?.plan.files.first()?.clone();
                at.write_base(&base, &file, "// A person's own version.\n").await;
                kept.push(Kept { branch: base, file });
            }
            Self::ChecksStuck => kept.push(at.push_with(&branch, "never").await),
            Self::ChecksCancelled => kept.push(at.push_with(&branch, "cancelled").await),
            Self::ChecksRed => kept.push(at.push_with(&branch, "failure").await),
            Self::ChecksNeedApproval => kept.push(at.push_with(&branch, "action_required").await),
            Self::ChecksRenamed => {
                let ci = town.file(&branch, ".github/workflows/ci.yml").await?;
                let renamed = ci.replace("  test:", "  proof:");
                assert_ne!(ci, renamed);
                town.write("reviewer", &branch, ".github/workflows/ci.yml", &renamed).await;
            }
            Self::ChecksAbsent => {
                town.delete("reviewer", &branch, ".github/workflows/ci.yml").await;
            }
            Self::SpoofedStatus => {
                at.status(number, "test", "success").await;
                at.other_app(number, "test", "success").await;
            }
            Self::DoubledName => {
                at.status(number, "test", "failure").await;
                at.other_app(number, "test", "failure").await;
            }
            // A hundred more than one page holds cost most of the time of a whole row: one phase and one release.
            Self::ManyChecks if matches!(at.place, Place::Verification | Place::HandoffToReleaser) => {
                for one in 0..101 {
                    at.status(number, &format!("extra/{one}"), "success").await;
                }
            }
            _ => return None,
        }
        Some(kept)
    }

    /// Makes what the act needs to be there: once for the town.
    pub(super) async fn prepared(self, town: &Town) {
        if self == Self::Retarget {
            let main = town.get("/repos/acme/todo/git/ref/heads/main").await["object"]["sha"].clone();
            let body = json!({ "ref": "refs/heads/side", "sha": main });
            town.must("maintainer", Method::POST, "/repos/acme/todo/git/refs", body).await;
        }
        if self == Self::TransferIssue {
            town.verb("repositories", json!({ "name": "elsewhere", "files": { "a": "b" } }))
                .await;
        }
    }

    /// What is done once to the whole repository.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other act is done elsewhere")]
    pub(super) async fn done_to_all(self, town: &Town) {
        let repository = "/repos/acme/todo";
        let edit = |change: Value| town.must("maintainer", Method::PATCH, repository, change);
        match self {
            Self::BaseMoves => {
                unruled(town, "unrelated.txt", "Something else.\n").await;
            }
            Self::WorkflowFile => {
                let ci = town.file("main", ".github/workflows/ci.yml").await.unwrap();
                let text = format!("# Changed by a person.\n{ci}");
                unruled(town, ".github/workflows/ci.yml", &text).await;
            }
            Self::RenameRepository => drop(edit(json!({ "name": "tasks" })).await),
            Self::Archive => drop(edit(json!({ "archived": true })).await),
            Self::MakePrivate => drop(edit(json!({ "private": true })).await),
            Self::TransferRepository => {
                let path = format!("{repository}/transfer");
                town.must("maintainer", Method::POST, &path, json!({ "new_owner": "reader" }))
                    .await;
            }
            Self::DeleteRepository => drop(town.must("maintainer", Method::DELETE, repository, Value::Null).await),
            Self::Suspend => drop(town.verb("installation", json!({ "action": "suspend" })).await),
            Self::Uninstall => drop(town.verb("installation", json!({ "action": "deleted" })).await),
            Self::ReducePermissions => {
                let read = json!({ "metadata": "read", "contents": "read", "issues": "read", "pull_requests": "read", "checks": "read",
                    "statuses": "read", "actions": "read" });
                let body = json!({ "action": "new_permissions_accepted", "permissions": read });
                town.verb("installation", body).await;
            }
            _ => {}
        }
    }
}
