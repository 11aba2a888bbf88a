//! Check runs: our own, and what is told of those that failed.
//!
//! A check run hangs on one commit; ours is found again by its `external_id`. Annotations go fifty at a time and add up.
//!
//! Invariant: a check run of ours is never left without an end: an unfinished one turns stale after two weeks and spoils
//! the commit's state.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Github;
use super::error::Error;
use super::render::Rendered;
use super::request::{Request, Scope, below, segment};
use super::types::{Attempt, NodeId, Repo, Sha};

/// Annotations that GitHub takes in one request.
pub(super) const ANNOTATIONS_AT_ONCE: usize = 50;

/// Annotations sent at all: nobody reads more.
const MOST_ANNOTATIONS: usize = 500;

/// Check runs of one name on one commit that are looked through.
const MOST_READ: usize = 1000;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Good.
    Success,
    /// Blocking findings.
    Failure,
    /// Neither: waiting for somebody, or nothing to say.
    Neutral,
    /// Given up because it no longer matters.
    Cancelled,
    /// A person must act.
    ActionRequired,
}

/// How grave an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationLevel {
    /// Worth knowing.
    Notice,
    /// Should be mended.
    Warning,
    /// Must be mended.
    Failure,
}

/// A finding at lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file.
    pub path: String,
    /// Its first line, from 1.
    pub start_line: u64,
    /// Its last line.
    pub end_line: u64,
    /// How grave it is.
    pub level: AnnotationLevel,
    /// What it says.
    pub message: Rendered,
    /// Its heading, at most 255 characters.
    pub title: Option<Rendered>,
}

/// A button under a finished check run. Whoever may push can press it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What stands on it, at most 20 characters.
    pub label: String,
    /// What it does, at most 40 characters.
    pub description: String,
    /// What is told when it is pressed, at most 20 characters.
    pub identifier: String,
}

/// A finished check run of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Its name: `millhand`.
    pub name: String,
    /// The commit.
    pub head: Sha,
    /// What we call it: it is found again by this.
    pub external_id: String,
    /// How it ended.
    pub conclusion: Conclusion,
    /// One line.
    pub title: Rendered,
    /// The text, in Markdown.
    pub summary: Rendered,
    /// Findings.
    pub annotations: Vec<Annotation>,
    /// At most three.
    pub buttons: Vec<Button>,
    /// Where more is told.
    pub details_url: Option<String>,
}

/// A check run of ours on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCheck {
    /// Its number.
    pub id: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
}

#[derive(Deserialize)]
struct RawCheck {
    id: u64,
    node_id: NodeId,
    #[serde(default)]
    external_id: Option<String>,
}

impl RawCheck {
    fn own(self) -> OwnCheck {
        OwnCheck {
            id: self.id,
            node_id: self.node_id,
        }
    }
}

impl CheckReport {
    /// The annotations as REST wants them, in requests' worth.
    fn batches(&self) -> Vec<Vec<Value>> {
        let one = |annotation: &Annotation| {
            json!({
                "path": annotation.path, "start_line": annotation.start_line, "end_line": annotation.end_line,
                "annotation_level": annotation.level, "message": annotation.message,
                "title": annotation.title.as_ref().map(Rendered::as_str).unwrap_or_default(),
            })
        };
        let all: Vec<Value> = self.annotations.iter().take(MOST_ANNOTATIONS).map(one).collect();
        all.chunks(ANNOTATIONS_AT_ONCE).map(<[Value]>::to_vec).collect()
    }

    fn body(&self, annotations: &[Value]) -> Value {
        let output = json!({ "title": self.title, "summary": self.summary, "annotations": annotations });
        let mut body = json!({
            "name": self.name, "external_id": self.external_id, "status": "completed", "conclusion": self.conclusion,
            "output": output, "actions": self.buttons,
        });
        if let (Some(url), Some(body)) = (&self.details_url, body.as_object_mut()) {
            body.insert("details_url".to_owned(), json!(url));
        }
        body
    }
}

impl Github {
    /// Writes a check run of ours, new or over the one with this `external_id` on this commit.
    ///
    /// # Errors
    /// [`Error::Refused`] if GitHub does not know the commit yet.
    pub async fn report_check(&self, repo: &Repo, report: &CheckReport, attempt: Attempt) -> Result<OwnCheck, Error> {
        let found = match attempt {
            Attempt::First => None,
            Attempt::Again => self.own_check(repo, report).await?,
        };
        let batches = report.batches();
        let (first, further) = batches
            .split_first()
            .map_or((&[][..], &[][..]), |(first, further)| (first.as_slice(), further));
        let made = match found {
            // What it says already stays; annotations add up, so they are not sent a second time.
            Some(own) => {
                self.update_check(repo, own.id, report.body(&[])).await?;
                return Ok(own);
            }
            None => {
                let mut body = report.body(first);
                if let Some(body) = body.as_object_mut() {
                    body.insert("head_sha".to_owned(), json!(report.head));
                }
                let reply = self
                    .call(Scope::write(repo), Request::post(below(repo, "/check-runs"), body))
                    .await?;
                reply.json::<RawCheck>()?.own()
            }
        };
        self.annotate(repo, report, made.id, further).await?;
        Ok(made)
    }

    /// Replaces what a check run of ours says. Repeating it is harmless but for annotations, which add up.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is gone.
    pub async fn rewrite_check(&self, repo: &Repo, check: u64, report: &CheckReport) -> Result<(), Error> {
        let batches = report.batches();
        let (first, further) = batches
            .split_first()
            .map_or((&[][..], &[][..]), |(first, further)| (first.as_slice(), further));
        self.update_check(repo, check, report.body(first)).await?;
        self.annotate(repo, report, check, further).await
    }

    /// Our check run with this report's `external_id` on its commit.
    ///
    /// # Errors
    /// Nobody knows, or GitHub does not answer.
    pub async fn own_check(&self, repo: &Repo, report: &CheckReport) -> Result<Option<OwnCheck>, Error> {
        #[derive(Deserialize)]
        struct Page {
            check_runs: Vec<RawCheck>,
        }
        let app = self.identity(repo.installation).await?.app_id;
        let name = segment(&report.name);
        let path = below(
            repo,
            &format!(
                "/commits/{}/check-runs?check_name={name}&app_id={app}&filter=all",
                report.head
            ),
        );
        let found = self
            .list(Scope::read(repo), &path, MOST_READ, |page: Page| page.check_runs)
            .await?;
        let ours = |raw: &RawCheck| raw.external_id.as_deref() == Some(report.external_id.as_str());
        Ok(found.into_iter().filter(ours).min_by_key(|raw| raw.id).map(RawCheck::own))
    }

    /// Adds the annotations that did not fit beside the check run's making.
    pub(super) async fn annotate_further(&self, repo: &Repo, report: &CheckReport, own: &OwnCheck) -> Result<(), Error> {
        self.annotate(repo, report, own.id, report.batches().get(1..).unwrap_or_default())
            .await
    }

    async fn annotate(&self, repo: &Repo, report: &CheckReport, check: u64, further: &[Vec<Value>]) -> Result<(), Error> {
        for batch in further {
            self.update_check(repo, check, report.body(batch)).await?;
        }
        Ok(())
    }

    async fn update_check(&self, repo: &Repo, check: u64, body: Value) -> Result<(), Error> {
        let path = below(repo, &format!("/check-runs/{check}"));
        self.call(Scope::write(repo), Request::patch(path, body)).await.map(|_| ())
    }
}
