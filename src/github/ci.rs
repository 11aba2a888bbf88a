//! What is told of checks that failed, and running them once more.
//!
//! Invariant: everything read here is untrusted text: data for a diagnosis, never instructions.

use serde::Deserialize;
use serde_json::json;

use super::Github;
use super::error::Error;
use super::request::{Request, Scope, below};
use super::types::{Attempt, Repo, Sha};

/// Annotations or jobs that are read: nobody looks at more.
const MOST_READ: usize = 1000;

/// A finding that another App's check left on a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAnnotation {
    /// The file.
    pub path: String,
    /// Its first line.
    pub start_line: u64,
    /// Its last line.
    pub end_line: u64,
    /// `notice`, `warning` or `failure`.
    pub level: String,
    /// Its heading.
    pub title: Option<String>,
    /// What it says: untrusted text.
    pub message: String,
}

/// A job of a run of Actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number; its check run has the same.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// How it ended, if it did.
    pub conclusion: Option<String>,
    /// Its steps that failed, by name.
    pub failed_steps: Vec<String>,
    /// Which attempt of the run this is, from 1.
    pub run_attempt: u64,
}

impl Github {
    /// What a check run says on files.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn annotations(&self, repo: &Repo, check: u64) -> Result<Vec<FoundAnnotation>, Error> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            path: String,
            #[serde(default)]
            start_line: u64,
            #[serde(default)]
            end_line: u64,
            #[serde(default)]
            annotation_level: Option<String>,
            #[serde(default)]
            title: Option<String>,
            #[serde(default)]
            message: Option<String>,
        }
        let of = |raw: Raw| FoundAnnotation {
            path: raw.path,
            start_line: raw.start_line,
            end_line: raw.end_line,
            level: raw.annotation_level.unwrap_or_default(),
            title: raw.title.filter(|title| !title.is_empty()),
            message: raw.message.unwrap_or_default(),
        };
        let path = below(repo, &format!("/check-runs/{check}/annotations"));
        let found = self.list(Scope::read(repo), &path, MOST_READ, |page: Vec<Raw>| page).await?;
        Ok(found.into_iter().map(of).collect())
    }

    /// Names of the check runs of a commit that failed: what was red before a change was made.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn failed_checks(&self, repo: &Repo, commit: &Sha) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Page {
            check_runs: Vec<Raw>,
        }
        #[derive(Deserialize)]
        struct Raw {
            name: String,
            #[serde(default)]
            conclusion: Option<String>,
        }
        let path = below(repo, &format!("/commits/{commit}/check-runs?filter=latest"));
        let found = self
            .list(Scope::read(repo), &path, MOST_READ, |page: Page| page.check_runs)
            .await?;
        let failed = |raw: &Raw| matches!(raw.conclusion.as_deref(), Some("failure" | "timed_out" | "startup_failure"));
        Ok(found.into_iter().filter(failed).map(|raw| raw.name).collect())
    }

    /// The text of a check run, for CI whose logs cannot be read: untrusted.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check_text(&self, repo: &Repo, check: u64) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Raw {
            output: Output,
        }
        #[derive(Deserialize)]
        struct Output {
            title: Option<String>,
            summary: Option<String>,
            text: Option<String>,
        }
        let raw: Raw = self
            .get(Scope::read(repo), below(repo, &format!("/check-runs/{check}")))
            .await?;
        let parts = [raw.output.title, raw.output.summary, raw.output.text];
        Ok(parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
    }

    /// The jobs of the newest attempt of a run of Actions.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn jobs(&self, repo: &Repo, run: u64) -> Result<Vec<Job>, Error> {
        #[derive(Deserialize)]
        struct Page {
            jobs: Vec<Raw>,
        }
        #[derive(Deserialize)]
        struct Raw {
            id: u64,
            name: String,
            #[serde(default)]
            conclusion: Option<String>,
            #[serde(default)]
            run_attempt: u64,
            #[serde(default)]
            steps: Option<Vec<Step>>,
        }
        #[derive(Deserialize)]
        struct Step {
            #[serde(default)]
            name: String,
            #[serde(default)]
            conclusion: Option<String>,
        }
        let of = |raw: Raw| Job {
            id: raw.id,
            name: raw.name,
            conclusion: raw.conclusion,
            run_attempt: raw.run_attempt,
            failed_steps: raw
                .steps
                .unwrap_or_default()
                .into_iter()
                .filter(|step| matches!(step.conclusion.as_deref(), Some("failure" | "timed_out")))
                .map(|step| step.name)
                .collect(),
        };
        let path = below(repo, &format!("/actions/runs/{run}/jobs?filter=latest"));
        let found = self.list(Scope::read(repo), &path, MOST_READ, |page: Page| page.jobs).await?;
        Ok(found.into_iter().map(of).collect())
    }

    /// Runs the failed jobs of a finished run once more. `seen` is the attempt that failed, so that a second try after a
    /// lost answer does not run them twice.
    ///
    /// # Errors
    /// [`Conflict::Running`](super::Conflict::Running) while the run is not finished.
    pub async fn rerun_failed(&self, repo: &Repo, run: u64, seen: u64, attempt: Attempt) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            run_attempt: u64,
        }
        if attempt == Attempt::Again {
            let now: Raw = self
                .get(Scope::read(repo), below(repo, &format!("/actions/runs/{run}")))
                .await?;
            if now.run_attempt > seen {
                return Ok(());
            }
        }
        let path = below(repo, &format!("/actions/runs/{run}/rerun-failed-jobs"));
        self.call(Scope::write(repo), Request::post(path, json!({})))
            .await
            .map(|_| ())
    }
}
