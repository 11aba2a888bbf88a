//! The survey: what of a repository is known before anything is planned.
//!
//! Invariant: what cannot be read is said in the survey, not guessed.

use std::collections::BTreeMap;

use super::facts::{login, sha};
use super::{At, Ended, Trouble};
use crate::github;
use crate::github::workflows::{Occasion, WorkflowTriggers};
use crate::store::Blob;
use crate::workflow::fact::{CiWorkflow, Outcome, Survey};
use crate::workflow::habits::{Habits, History};
use crate::workflow::ids::{BlobHash, Person};
use crate::workflow::settings::{Reviewers, ReviewersWord};
use crate::workflow::text::branch;

/// People whose permission is read to learn who else may approve: the first few answer the question.
const ACTIVE_ASKED_MAX: usize = 10;

/// Where the addresses lie that GitHub gives accounts without one, Apps among them.
/// <https://docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address>
const NOREPLY: &str = "users.noreply.github.com";

/// Paths that are kept of a tree: more than any prompt can hold.
const PATHS_MAX: usize = 20_000;

impl At<'_> {
    /// What shows the house's habits, with the author that GitHub gives our commits.
    async fn history(&self, found: &github::Survey) -> Result<History, Trouble> {
        let own = self.p.github.identity(self.repo.installation).await?;
        let text = |(path, text): &(String, github::FileText)| Some((path.clone(), text.text()?.to_owned()));
        let recent = || found.recent.iter();
        Ok(History {
            titles: recent().map(|pull| pull.title.clone()).collect(),
            messages: found.messages.clone(),
            pull_messages: recent().map(|pull| pull.last_message.clone()).collect(),
            paths: found.tree.entries.iter().map(|entry| entry.path.clone()).collect(),
            workflows: found.workflows.iter().filter_map(text).collect(),
            checks: recent().flat_map(|pull| &pull.checks).map(|(name, _)| name.clone()).collect(),
            author: format!("{} <{}+{}@{NOREPLY}>", own.login, own.user_id, own.login),
        })
    }

    pub(super) async fn survey(&self) -> Result<Ended, Trouble> {
        let found = self.p.github.survey(&self.repo).await?;
        let mut active: Vec<Person> = Vec::new();
        let others = found.active.iter().filter(|a| !a.is_bot() && a.id != self.w.requester.id);
        for actor in others.take(ACTIVE_ASKED_MAX) {
            active.extend(Some(self.person(Some(actor)).await?).filter(Person::writes));
        }
        let reviewers = self.node_ids(&found.active, active.first()).await?;
        let paths: Vec<&str> = found.tree.entries.iter().take(PATHS_MAX).map(|e| e.path.as_str()).collect();
        let tree = Blob::new(paths.join("\n").into_bytes());
        let allowed = |method: &str| found.rules.methods.as_ref().is_none_or(|m| m.iter().any(|x| x == method));
        let habits = Habits::of(&self.history(&found).await?);
        let survey = Survey {
            default_branch: found.default_branch.clone(),
            head: sha(&found.head),
            tree: BlobHash(tree.hash.clone()),
            workflows: found
                .workflows
                .iter()
                .map(|(file, text)| self.ci_workflow(file, text, &found.default_branch))
                .collect(),
            required_checks: found.rules.checks.iter().map(|c| c.name.clone()).collect(),
            required_of: found
                .rules
                .checks
                .iter()
                .filter_map(|c| Some((c.name.clone(), c.app?)))
                .collect(),
            required_reviews: u32::try_from(found.rules.approvals).unwrap_or(u32::MAX),
            squash: found.merge.squash && allowed("squash"),
            merge_commits: found.merge.merge && allowed("merge"),
            rebase: found.merge.rebase && allowed("rebase"),
            linear: found.rules.linear,
            deletes_branches: found.merge.deletes_branches,
            habits,
            has_codeowners: found.code_owners.is_some(),
            active_writers: active,
            reviewers,
        };
        Ok(Ended {
            blobs: vec![tree],
            ..Ended::with(Outcome::Surveyed(Box::new(survey)))
        })
    }

    /// Node ids of those whom the settings may have asked to review.
    async fn node_ids(&self, active: &[github::Actor], writer: Option<&Person>) -> Result<BTreeMap<String, String>, Trouble> {
        let requester = Some(&self.w.requester).filter(|p| p.id != 0).map(|p| p.login.clone());
        let logins: Vec<String> = match &self.w.settings.reviewers {
            Reviewers::Logins(logins) => logins.clone(),
            Reviewers::Word(ReviewersWord::None | ReviewersWord::Codeowners) => Vec::new(),
            Reviewers::Word(ReviewersWord::Requester) => requester.into_iter().collect(),
            Reviewers::Word(ReviewersWord::Auto) => requester.into_iter().chain(writer.map(|p| p.login.clone())).collect(),
        };
        let mut found = BTreeMap::new();
        for name in logins {
            let known = active.iter().find(|a| login(a) == name).and_then(|a| a.node_id.clone());
            let node = match known {
                Some(node) => Some(node),
                None => self
                    .p
                    .github
                    .permission(&self.repo, &name)
                    .await?
                    .actor
                    .and_then(|a| a.node_id),
            };
            found.extend(node.map(|node| (name, node.0)));
        }
        Ok(found)
    }

    /// Whether our branches start a workflow, and under which names its jobs will report.
    fn ci_workflow(&self, file: &str, text: &github::FileText, default: &str) -> CiWorkflow {
        let problem = |why: String| CiWorkflow {
            file: file.to_owned(),
            name: file.to_owned(),
            jobs: Vec::new(),
            on_integration: false,
            on_default: false,
            on_push: false,
            problem: Some(why),
        };
        let Some(text) = text.text() else {
            return problem("it cannot be read".to_owned());
        };
        let read = match WorkflowTriggers::read(file, text) {
            Ok(read) => read,
            Err(error) => return problem(error.to_string()),
        };
        let (integration, phase) = (branch::integration(self.w), branch::phase(self.w, "01-phase", 1));
        let on_push = read.starts_for(Occasion::Pushed, &phase, "", &[]);
        let on_integration = read.starts_for(Occasion::Opened, &phase, &integration, &[]);
        CiWorkflow {
            file: file.to_owned(),
            name: read.name.clone(),
            jobs: read.jobs.iter().filter_map(|job| job.check.clone()).collect(),
            on_integration: on_integration || on_push,
            on_default: read.starts_for(Occasion::Opened, &phase, default, &[]) || on_push,
            on_push,
            problem: None,
        }
    }
}
