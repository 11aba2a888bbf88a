//! Reading: the issue with all of ours, one pull request, the repository, failed checks.

use std::collections::BTreeSet;

use super::facts::{login, sha};
use super::log::condensed;
use super::{At, Ended, Trouble};
use crate::github::{self, Denial, Error, PullState, WorkflowQuestion};
use crate::llm::task::FailedCheck;
use crate::store::Blob;
use crate::workflow::command;
use crate::workflow::fact::{Fact, Failures, Heads, Outcome, PullState as State, RefusalKind, Refused, Target, Thread};
use crate::workflow::ids::{BlobHash, Sha};
use crate::workflow::model::Workflow;
use crate::workflow::order::Order;
use crate::workflow::text::branch;

/// Annotations kept of one check.
const ANNOTATIONS_MAX: usize = 30;

impl At<'_> {
    /// Carries a reading order out.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the dispatcher sends only these orders here")]
    pub(super) async fn read(&self, order: &Order) -> Result<Ended, Trouble> {
        match order {
            Order::ReadIssue { .. } => self.read_issue().await,
            Order::ReadPull { pull, .. } => self.read_pull(*pull).await,
            Order::ReadRevert { pull } => self.read_revert(*pull).await,
            Order::Survey { .. } => self.survey().await,
            Order::ReadFailures { target, head, names } => self.read_failures(*target, head, names).await,
            Order::ComparePatch { target, old, new } => self.compare(*target, old, new).await,
            _ => Err(Trouble::Never("not a reading order".to_owned())),
        }
    }

    /// The issue, its comments and timeline, our branches and all our pull requests: one query.
    async fn read_issue(&self) -> Result<Ended, Trouble> {
        let w = self.w;
        let folder = branch::integration(w);
        let pulls = w
            .targets()
            .into_iter()
            .filter_map(|t| w.track(t))
            .filter_map(|t| t.pull.as_ref())
            .map(|p| p.number);
        let question = WorkflowQuestion {
            issue: w.issue.number,
            after: None,
            watched: Vec::new(),
            branches: Some(folder.trim_end_matches("base").to_owned()),
            pulls: pulls.collect(),
        };
        let mut state = match self.p.github.read_workflow(&self.repo, &question).await {
            Ok(state) => state,
            Err(error) => return unreached(error),
        };
        if let Some(sentence) = unheard(&state) {
            return Ok(gone(sentence));
        }
        self.adopt(&mut state).await?;
        let mut facts = Vec::new();
        if let Some(issue) = &state.issue {
            let view = self.issue_view(issue).await?;
            facts.push((
                format!("issue:{}:{}", self.p.effect.key, self.p.effect.attempts),
                Fact::Issue(view),
            ));
            for event in issue
                .events
                .iter()
                .filter(|e| e.at >= w.started_at && !w.timeline.contains(&e.node_id.0))
            {
                if let Some(event) = self.timeline_event(event).await? {
                    facts.push((format!("label-event:{}", event.id), Fact::Timeline(event)));
                }
            }
        }
        self.comments(&state.comments, Thread::Issue, &mut facts).await?;
        self.gone(&state, &mut facts);
        for (number, pull) in &state.pulls {
            self.comments(&pull.comments, Thread::Pull(*number), &mut facts).await?;
            facts.extend(self.pull_facts(pull));
        }
        self.heads(&state, &mut facts).await?;
        Ok(Ended {
            facts,
            ..Ended::with(Outcome::Read {
                as_of: self.p.effect.as_of,
            })
        })
    }

    /// Pull requests on our branches that the workflow does not know: the answer to their opening was lost.
    async fn adopt(&self, state: &mut github::WorkflowState) -> Result<(), Trouble> {
        for branch in &state.branches {
            for (pull, _) in &branch.pulls {
                if !state.pulls.contains_key(&pull.number)
                    && let Some(found) = self.p.github.read_pull(&self.repo, pull.number).await?
                    && found.author.as_ref().is_some_and(|a| login(a) == self.w.app.login)
                {
                    state.pulls.insert(pull.number, found);
                }
            }
        }
        Ok(())
    }

    /// Comments not heard yet.
    async fn comments(&self, comments: &[github::Comment], on: Thread, facts: &mut Vec<(String, Fact)>) -> Result<(), Trouble> {
        for comment in comments {
            let ours = comment.author.as_ref().is_some_and(|a| login(a) == self.w.app.login);
            let late = comment.created_at >= self.w.started_at;
            if ours || !late || self.w.heard.contains(&comment.id) {
                continue;
            }
            // Another App's chatter is no guidance; its commands are refused by a reaction.
            let bot = comment.author.as_ref().is_some_and(github::Actor::is_bot);
            if bot && !command::looks_like(&comment.body) {
                continue;
            }
            let view = self.comment_view(comment, on).await?;
            facts.push((format!("comment:{}", comment.id), Fact::Comment(view)));
        }
        Ok(())
    }

    /// Approvals whose comments have disappeared.
    fn gone(&self, state: &github::WorkflowState, facts: &mut Vec<(String, Fact)>) {
        let there: BTreeSet<u64> = state
            .comments
            .iter()
            .chain(state.pulls.values().flat_map(|p| &p.comments))
            .map(|c| c.id)
            .collect();
        let w = self.w;
        let plan = w.plan.as_ref().and_then(|p| p.approved.as_ref());
        let tracks = w
            .targets()
            .into_iter()
            .filter_map(|t| w.track(t))
            .filter_map(|t| t.approved.as_ref());
        let shown = w.shown.values().flat_map(|shown| &shown.approvals);
        let approvals = plan.into_iter().chain(w.release_approved.as_ref()).chain(tracks).chain(shown);
        let asked = w.rollback.as_ref().filter(|r| r.confirmed.is_none()).and_then(|r| r.comment);
        for id in approvals
            .filter_map(|a| a.comment)
            .chain(asked)
            .filter(|id| !there.contains(id))
        {
            facts.push((format!("comment-deleted:{id}"), Fact::CommentGone { id }));
        }
    }

    /// Heads of the branches that are built upon.
    async fn heads(&self, state: &github::WorkflowState, facts: &mut Vec<(String, Fact)>) -> Result<(), Trouble> {
        let Some(survey) = &self.w.survey else { return Ok(()) };
        let Some(default) = self.p.github.branch_head(&self.repo, &survey.default_branch).await? else {
            return Ok(());
        };
        let name = branch::integration(self.w);
        let mut integration = state.branches.iter().find(|b| b.name == name).map(|b| sha(&b.sha));
        let known = self.w.heads.as_ref().and_then(|h| h.integration.clone());
        if integration.is_none() && known.is_some() {
            // Asked for by its name: a list may lag behind.
            integration = self.p.github.branch_head(&self.repo, &name).await?.as_ref().map(sha);
        }
        let heads = Heads {
            default: sha(&default),
            gone: integration.is_none() && known.is_some(),
            integration: integration.or(known),
        };
        if self.w.heads.as_ref() != Some(&heads) {
            facts.push((
                format!("heads:{}:{}", self.p.effect.key, self.p.effect.attempts),
                Fact::Heads(heads),
            ));
        }
        Ok(())
    }

    async fn read_pull(&self, number: u64) -> Result<Ended, Trouble> {
        let mut facts = Vec::new();
        if let Some(pull) = self.p.github.read_pull(&self.repo, number).await? {
            self.comments(&pull.comments, Thread::Pull(number), &mut facts).await?;
            facts.extend(self.pull_facts(&pull));
        }
        Ok(Ended {
            facts,
            ..Ended::with(Outcome::Read {
                as_of: self.p.effect.as_of,
            })
        })
    }

    /// A pull request that says that it reverts our release.
    async fn read_revert(&self, number: u64) -> Result<Ended, Trouble> {
        let settled = Ended::with(Outcome::Settled { note: None });
        let Some(pull) = self.p.github.read_pull(&self.repo, number).await? else {
            return Ok(settled);
        };
        let onto = self.w.survey.as_ref().map(|s| s.default_branch.as_str());
        let merged = pull.life == github::PullLife::Merged && Some(pull.base.as_str()) == onto;
        match pull
            .merged_by
            .as_ref()
            .filter(|a| merged && !a.is_bot() && reverts(&pull, self.w, &self.repo.full_name()))
        {
            Some(by) => Ok(Ended::with(Outcome::Reverted {
                by: self.person(Some(by)).await?,
            })),
            None => Ok(settled),
        }
    }

    /// Logs and annotations of failed checks, and which of them fail on the base as well.
    async fn read_failures(&self, target: Target, head: &Sha, names: &[String]) -> Result<Ended, Trouble> {
        let Some(track) = self.w.track(target) else {
            return Err(Trouble::Never("no such phase".to_owned()));
        };
        let mut failures = Vec::new();
        let mut readable = false;
        let checks = track
            .checks
            .iter()
            .flat_map(|view| &view.checks)
            .filter(|c| names.contains(&c.name));
        for check in checks {
            let mut failed = FailedCheck {
                name: check.name.clone(),
                conclusion: check.conclusion.clone().unwrap_or_default(),
                log: String::new(),
                annotations: Vec::new(),
                readable: false,
            };
            if let Some(id) = check.id {
                if check.run.is_some()
                    && let Some(log) = self.p.github.job_log(&self.repo, id).await?
                {
                    failed.log = condensed(&log.text);
                    failed.readable = !failed.log.is_empty();
                }
                if !failed.readable {
                    failed.log = condensed(&self.p.github.check_text(&self.repo, id).await?);
                }
                let annotations = self.p.github.annotations(&self.repo, id).await?;
                failed.annotations = annotations
                    .iter()
                    .take(ANNOTATIONS_MAX)
                    .map(|a| format!("{}:{}: {}", a.path, a.start_line, a.message))
                    .collect();
            }
            readable |= failed.readable;
            failures.push(failed);
        }
        let base = track.from.as_ref().or(self.w.heads.as_ref().map(|h| &h.default));
        let red = match base.and_then(|b| github::Sha::new(&b.0)) {
            Some(base) => self.p.github.failed_checks(&self.repo, &base).await?,
            None => Vec::new(),
        };
        // Checks have only strings: serialising them cannot fail.
        let blob = Blob::new(serde_json::to_vec(&failures).unwrap_or_default());
        let outcome = Outcome::FailuresRead(Failures {
            head: head.clone(),
            blob: BlobHash(blob.hash.clone()),
            red_on_base: names.iter().filter(|n| red.contains(n)).cloned().collect(),
            readable,
        });
        Ok(Ended {
            blobs: vec![blob],
            ..Ended::with(outcome)
        })
    }

    /// Whether two heads carry the same patch against the base.
    async fn compare(&self, target: Target, old: &Sha, new: &Sha) -> Result<Ended, Trouble> {
        let Some(track) = self.w.track(target) else {
            return Err(Trouble::Never("no such phase".to_owned()));
        };
        // The old head is compared with where it branched from; the new one has the base's commits in it.
        let before = self.p.github.compare(&self.repo, &track.base, &old.0).await?;
        let after = self.p.github.compare(&self.repo, &track.base, &new.0).await?;
        let (before, after) = (before.patch_id(), after.patch_id());
        let equal = before.is_some() && before == after;
        let outcome = Outcome::PatchCompared {
            old: old.clone(),
            new: new.clone(),
            equal,
            patch: after.unwrap_or_default(),
        };
        Ok(Ended::with(outcome))
    }
}

/// A repository that the installation does not reach any more: GitHub does not tell whether it was deleted, moved or taken away.
fn unreached(error: Error) -> Result<Ended, Trouble> {
    if let Error::NotFound { .. }
    | Error::Denied {
        why: Denial::Uninstalled,
        ..
    } = error
    {
        let sentence =
            "the repository is out of reach; it was deleted, moved to another owner, or taken from the App's installation";
        return Ok(gone(sentence.to_owned()));
    }
    Err(error.into())
}

fn gone(sentence: String) -> Ended {
    let kind = RefusalKind::Gone;
    Ended::with(Outcome::Refused(Refused { kind, sentence }))
}

/// Why nobody can say anything on the issue, although GitHub answers.
fn unheard(state: &github::WorkflowState) -> Option<String> {
    if state.archived {
        return Some("the repository is archived".to_owned());
    }
    let gone = "the issue is not there any more; it was deleted or moved to another repository";
    state.issue.is_none().then(|| gone.to_owned())
}

/// Whether a pull request says that it reverts the release, or in `direct` one of the phases. GitHub writes the repository's name
/// of that time: the one the work began under, or the one it has now.
fn reverts(pull: &PullState, w: &Workflow, now: &str) -> bool {
    let merged = |t: &Target| {
        w.track(*t)
            .is_some_and(|t| t.seen.as_ref().is_some_and(|s| matches!(s.state, State::Merged { .. })) || t.merged.is_some())
    };
    let numbers = w
        .targets()
        .into_iter()
        .filter(merged)
        .filter_map(|t| w.track(t))
        .filter_map(|t| t.pull.as_ref());
    numbers.into_iter().any(|p| {
        let says = |name: &str| pull.body.contains(&format!("Reverts {name}#{}", p.number));
        says(&w.repository.name) || says(now)
    })
}
