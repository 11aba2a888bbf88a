//! What a role is asked, with everything it is given.
//!
//! Invariant: a task holds only what the state, its blobs and the repository at known commits say; no time, no chance.

use std::collections::BTreeMap;

use super::phase::object_id;
use super::{At, Trouble};
use crate::llm::task::{CheckResult, Exchange, FailedCheck, IssueText, Reason, Remark, RepositoryView, SourceFile, Task};
use crate::workflow::fact::{CheckView, ReviewState, ReviewView, Target};
use crate::workflow::model::{Fate, Track, WriteReason};
use crate::workflow::order::Ask;
use crate::workflow::plan::PlannedPhase;

/// The largest file that is shown to a model.
const FILE_BYTES_MAX: usize = 128 * 1024;

impl At<'_> {
    /// The task behind a question.
    pub(super) async fn task(&self, ask: &Ask) -> Result<Task, Trouble> {
        let w = self.w;
        Ok(match ask {
            Ask::Requirements { .. } => Task::Requirements {
                issue: self.issue_text(),
                answers: self.exchanges(),
                repository: self.repository().await?,
            },
            Ask::Plan { .. } => Task::Plan {
                issue: self.issue_text(),
                requirements: w.requirements.clone().ok_or_else(|| missing("the requirements"))?,
                answers: self.exchanges(),
                repository: self.repository().await?,
                phases_max: w.settings.phases_max(),
                revisions: w.revisions.clone(),
                merged: w
                    .phases
                    .values()
                    .filter(|p| p.fate == Fate::Merged)
                    .map(|p| p.plan.clone())
                    .collect(),
            },
            Ask::Write { target, .. } => Task::Write {
                title: w.issue.title.clone(),
                plan: w.plan.as_ref().ok_or_else(|| missing("the plan"))?.plan.clone(),
                phase: self.planned(*target),
                repository: self.repository().await?,
                files: self.files(*target).await?,
                reason: self.reason(*target).await?,
                hints: self.track(*target)?.hints.clone(),
            },
            Ask::Diagnose { target, .. } => Task::Diagnose {
                phase: self.planned(*target),
                failures: self.failures(*target).await?,
                files: self.files(*target).await?,
            },
            Ask::Verify { target, .. } => Task::Verify {
                phase: self.planned(*target),
                criteria: self.criteria(*target),
                files: self.files(*target).await?,
                checks: self.checks_of(*target)?,
            },
            Ask::Notes { .. } => Task::ReleaseNotes {
                title: w.issue.title.clone(),
                summary: w.requirements.as_ref().map(|r| r.summary.clone()).unwrap_or_default(),
                phases: w
                    .phases
                    .values()
                    .filter(|p| p.fate == Fate::Merged)
                    .map(|p| p.plan.clone())
                    .collect(),
            },
        })
    }

    /// The repository's paths at the surveyed commit.
    pub(super) async fn paths(&self) -> Result<Vec<String>, Trouble> {
        let Some(survey) = &self.w.survey else { return Ok(Vec::new()) };
        let bytes = self.p.engine.0.store.blob(survey.tree.0.clone()).await?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    }

    async fn repository(&self) -> Result<RepositoryView, Trouble> {
        Ok(RepositoryView {
            name: self.w.repository.name.clone(),
            paths: self.paths().await?,
            truncated: false,
        })
    }

    fn issue_text(&self) -> IssueText {
        let issue = &self.w.issue;
        IssueText {
            number: issue.number,
            title: issue.title.clone(),
            body: issue.body.clone(),
            author: issue.author.login.clone(),
        }
    }

    fn exchanges(&self) -> Vec<Exchange> {
        let answered = self
            .w
            .questions
            .iter()
            .filter_map(|q| q.answer.clone().map(|answer| (q, answer)));
        // What an edit settled stands in the issue's text.
        let answered = answered.filter(|(_, answer)| !answer.is_empty());
        answered
            .map(|(q, answer)| Exchange {
                questions: q.questions.clone(),
                answer,
                author: q.by.as_ref().map(|p| p.login.clone()).unwrap_or_default(),
            })
            .collect()
    }

    fn planned(&self, target: Target) -> Option<PlannedPhase> {
        target.phase().and_then(|n| self.w.phase(n)).map(|p| p.plan.clone())
    }

    fn criteria(&self, target: Target) -> Vec<String> {
        match self.planned(target) {
            Some(phase) => phase.criteria,
            None => self.w.requirements.as_ref().map(|r| r.criteria.clone()).unwrap_or_default(),
        }
    }

    /// The files of a target as they are on its branch: what was pushed, unless people pushed too; else what GitHub has.
    async fn files(&self, target: Target) -> Result<Vec<SourceFile>, Trouble> {
        let track = self.track(target)?;
        let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
        for blob in &track.pushed {
            for file in self.change_set(blob).await?.files {
                known.insert(file.path, file.content);
            }
        }
        let mut paths: Vec<String> = match self.planned(target) {
            Some(phase) => phase.files,
            None => self
                .w
                .phases
                .values()
                .filter(|p| p.fate == Fate::Merged)
                .flat_map(|p| p.plan.files.clone())
                .collect(),
        };
        paths.extend(known.keys().cloned());
        paths.sort();
        paths.dedup();
        let ours = track.foreign.is_empty() && track.updates.is_empty();
        let there = self.paths().await?;
        let mut files = Vec::new();
        for path in paths {
            let content = match known.get(&path) {
                Some(content) if ours => content.clone(),
                None if ours && target != Target::Release && !there.contains(&path) => None, // not written yet
                _ => self.content(track, &path).await?,
            };
            files.extend(content.map(|content| SourceFile { path, content }));
        }
        Ok(files)
    }

    /// A file at the head of a track, or at its base.
    async fn content(&self, track: &Track, path: &str) -> Result<Option<String>, Trouble> {
        let Some(at) = track.head.as_ref().or(track.from.as_ref()) else {
            return Ok(None);
        };
        let found = self.p.github.file(&self.repo, path, &object_id(at)?, FILE_BYTES_MAX).await?;
        Ok(found.and_then(|file| file.text().map(str::to_owned)))
    }

    async fn failures(&self, target: Target) -> Result<Vec<FailedCheck>, Trouble> {
        let Some(failures) = &self.track(target)?.failures else {
            return Ok(Vec::new());
        };
        let bytes = self.p.engine.0.store.blob(failures.blob.0.clone()).await?;
        Ok(bytes.and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default())
    }

    /// Why it is written now.
    async fn reason(&self, target: Target) -> Result<Reason, Trouble> {
        let track = self.track(target)?;
        Ok(match track.reason {
            WriteReason::Conflict | WriteReason::Hint if track.clash.is_some() => match &track.clash {
                Some(clash) => Reason::Conflict {
                    base: track.base.clone(),
                    files: self.conflicts(clash).await?,
                },
                None => Reason::Hint,
            },
            WriteReason::First => Reason::First,
            WriteReason::Hint | WriteReason::Conflict => Reason::Hint,
            WriteReason::Validation => match &track.refused {
                Some(refused) => Reason::Validation {
                    errors: refused.report.critical.iter().map(sentence).collect(),
                    change: Box::new(self.change_set(&refused.blob).await?),
                },
                None => Reason::First,
            },
            WriteReason::Checks => match &track.diagnosis {
                Some(diagnosis) => Reason::Checks {
                    diagnosis: diagnosis.clone(),
                    failures: self.failures(target).await?,
                },
                None => Reason::Hint,
            },
            WriteReason::Verdict => {
                let verdict = track.verdict.as_ref().map(|(_, v)| v);
                let unmet = verdict.into_iter().flat_map(|v| &v.criteria).filter(|c| !c.met);
                let unmet = unmet.map(|c| format!("{}: {}", c.criterion, c.evidence));
                let findings = verdict.into_iter().flat_map(|v| &v.findings).map(|f| f.message.clone());
                Reason::Verdict {
                    findings: unmet.chain(findings).collect(),
                }
            }
            WriteReason::Review => Reason::Review {
                remarks: remarks(track),
                others: others(track),
            },
        })
    }

    fn checks_of(&self, target: Target) -> Result<Vec<CheckResult>, Trouble> {
        let track = self.track(target)?;
        let of_head = track.checks.iter().filter(|view| Some(&view.head) == track.head.as_ref());
        let on_base = track
            .failures
            .iter()
            .filter(|f| Some(&f.head) == track.head.as_ref())
            .flat_map(|f| &f.red_on_base);
        let on_base: Vec<&String> = on_base.collect();
        let result = |c: &CheckView| CheckResult {
            name: c.name.clone(),
            conclusion: c.conclusion.clone().unwrap_or_default(),
            fails_on_base: on_base.contains(&&c.name),
        };
        Ok(of_head.flat_map(|view| &view.checks).map(result).collect())
    }
}

/// What reviewers want, as far as it is not answered yet.
fn remarks(track: &Track) -> Vec<Remark> {
    track
        .to_answer
        .iter()
        .filter_map(|id| track.reviews.get(id))
        .flat_map(said)
        .collect()
}

/// What people without write permission and other programs said in reviews.
fn others(track: &Track) -> Vec<Remark> {
    let all = track.reviews.values().filter(|r| !r.by.writes() || r.by.bot);
    all.flat_map(said).collect()
}

/// What a review says: its text, unless it only approves, and its remarks.
fn said(review: &ReviewView) -> Vec<Remark> {
    let mut found = Vec::new();
    if !review.body.trim().is_empty() && review.state != ReviewState::Approved {
        let (id, author, text) = (review.id, review.by.login.clone(), review.body.clone());
        found.push(Remark {
            id,
            author,
            path: None,
            line: None,
            text,
        });
    }
    found.extend(review.remarks.iter().map(|r| Remark {
        id: r.id,
        author: review.by.login.clone(),
        path: Some(r.path.clone()),
        line: r.line,
        text: r.body.clone(),
    }));
    found
}

fn sentence(remark: &crate::workflow::validate::Remark) -> String {
    let place = match (&remark.path, remark.line) {
        (Some(path), Some(line)) => format!("{path}:{line}: "),
        (Some(path), None) => format!("{path}: "),
        (None, _) => String::new(),
    };
    format!("{place}{}", remark.message)
}

fn missing(what: &str) -> Trouble {
    Trouble::Never(format!("{what} are not there yet"))
}
