//! The third document: the verdict as a check run, the pull request out of draft, a review asked for.
//!
//! The three do not need one another, so each has its own outcome and a refused reviewer does not undo the verdict.
//!
//! Invariant: reviewers are added to those asked already, never put in their place.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Github;
use super::super::checks::{ANNOTATIONS_AT_ONCE, Annotation, AnnotationLevel, CheckReport, Conclusion, OwnCheck};
use super::super::error::Error;
use super::super::graphql::{Mutations, Outcome, Outcomes};
use super::super::pulls::READY;
use super::super::types::{Attempt, NodeId, PullRef, Repo};
use super::{CREATE_CHECK, REQUEST_REVIEWS, StatusRide, UPDATE_CHECK};

/// Which check run carries the verdict.
#[derive(Clone, Debug)]
pub enum PresentCheck {
    /// A new one on the head.
    New(CheckReport),
    /// The one that is there, rewritten.
    Over(OwnCheck, CheckReport),
}

/// A phase to be shown to people.
#[derive(Clone, Debug)]
pub struct Present {
    /// The pull request.
    pub pull: PullRef,
    /// The verdict.
    pub check: PresentCheck,
    /// Whether it leaves draft.
    pub ready: bool,
    /// Accounts to be asked for a review, by GraphQL id.
    pub reviewers: Vec<NodeId>,
    /// The status comment, if it rides along.
    pub ride: Option<StatusRide>,
}

/// What became of the parts; `None` for one that was not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The check run.
    pub check: Outcome<OwnCheck>,
    /// Leaving draft.
    pub ready: Option<Outcome<()>>,
    /// Asking for a review.
    pub reviewers: Option<Outcome<()>>,
    /// The status comment.
    pub status: Option<Outcome<()>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    check_run: RawCheck,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCheck {
    id: NodeId,
    #[serde(default)]
    database_id: Option<u64>,
    #[serde(default)]
    url: String,
}

impl RawCheck {
    fn own(self) -> OwnCheck {
        // The number does not fit GraphQL's integers for ever; the page's address ends with it.
        let from_url = || self.url.rsplit('/').next().and_then(|number| number.parse().ok());
        OwnCheck {
            id: self.database_id.or_else(from_url).unwrap_or_default(),
            node_id: self.id,
        }
    }
}

impl PresentCheck {
    fn report(&self) -> &CheckReport {
        match self {
            Self::New(report) | Self::Over(_, report) => report,
        }
    }
}

impl Github {
    /// Shows a phase to people.
    ///
    /// # Errors
    /// Nothing of the document was carried out, or nobody knows; refusals of single parts are in the outcome.
    pub async fn present_phase(&self, repo: &Repo, present: &Present, attempt: Attempt) -> Result<Presented, Error> {
        let stands = match attempt {
            Attempt::First => Stands::default(),
            Attempt::Again => self.presented_before(repo, present).await?,
        };
        let document = present.document(repo, &stands);
        let mut outcomes = if document.is_empty() {
            Outcomes::none()
        } else {
            self.mutate(repo, document).await?
        };
        let mut part = |alias: &str| outcomes.take::<Value>(alias).map(|outcome| outcome.map(|_| ()));
        let ready = if stands.ready {
            Some(Outcome::Done(()))
        } else {
            part("ready")
        };
        let reviewers = if stands.reviewers {
            Some(Outcome::Done(()))
        } else {
            part("reviewers")
        };
        let status = part(StatusRide::ALIAS);
        let check = match stands.check {
            Some(own) => Outcome::Done(own),
            None => outcomes.one::<Checked>("check").map(|made| made.check_run.own()),
        };
        if let Outcome::Done(own) = &check {
            self.annotate_further(repo, present.check.report(), own).await?;
        }
        Ok(Presented {
            check,
            ready: ready.filter(|_| present.ready),
            reviewers: reviewers.filter(|_| !present.reviewers.is_empty()),
            status,
        })
    }

    /// What an earlier attempt did.
    async fn presented_before(&self, repo: &Repo, present: &Present) -> Result<Stands, Error> {
        let check = match &present.check {
            PresentCheck::New(report) => self.own_check(repo, report).await?,
            PresentCheck::Over(..) => None,
        };
        let Some(pull) = self.read_pull(repo, present.pull.number).await? else {
            return Err(Error::NotFound {
                message: format!("no pull request {}", present.pull.number),
            });
        };
        // Who has answered since is no longer among those asked.
        let answered = pull.reviews.iter().filter_map(|review| review.author.as_ref());
        let known: Vec<&NodeId> = pull
            .asked
            .iter()
            .chain(answered)
            .filter_map(|person| person.node_id.as_ref())
            .collect();
        let reviewers = present.reviewers.iter().all(|reviewer| known.contains(&reviewer));
        Ok(Stands {
            check,
            ready: !pull.draft,
            reviewers,
        })
    }
}

/// What stands already.
#[derive(Default)]
struct Stands {
    check: Option<OwnCheck>,
    ready: bool,
    reviewers: bool,
}

impl Present {
    /// The mutations that are missing.
    fn document(&self, repo: &Repo, stands: &Stands) -> Mutations {
        let mut document = Mutations::new("PresentPhase");
        match &self.check {
            PresentCheck::New(_) if stands.check.is_some() => {}
            PresentCheck::New(report) => {
                let mut input = check_input(repo, report);
                put(&mut input, "headSha", json!(report.head));
                document.add("check", CREATE_CHECK, input);
            }
            PresentCheck::Over(own, report) => {
                let mut input = check_input(repo, report);
                put(&mut input, "checkRunId", json!(own.node_id));
                document.add("check", UPDATE_CHECK, input);
            }
        }
        if self.ready && !stands.ready {
            document.add("ready", READY, json!({ "pullRequestId": self.pull.node_id }));
        }
        if !self.reviewers.is_empty() && !stands.reviewers {
            let input = json!({ "pullRequestId": self.pull.node_id, "userIds": self.reviewers, "union": true });
            document.add("reviewers", REQUEST_REVIEWS, input);
        }
        if let Some(ride) = &self.ride {
            ride.join(&mut document);
        }
        document
    }
}

fn check_input(repo: &Repo, report: &CheckReport) -> Value {
    let annotations: Vec<Value> = report
        .annotations
        .iter()
        .take(ANNOTATIONS_AT_ONCE)
        .map(annotation_input)
        .collect();
    let conclusion = match report.conclusion {
        Conclusion::Success => "SUCCESS",
        Conclusion::Failure => "FAILURE",
        Conclusion::Neutral => "NEUTRAL",
        Conclusion::Cancelled => "CANCELLED",
        Conclusion::ActionRequired => "ACTION_REQUIRED",
    };
    let mut input = json!({
        "repositoryId": repo.node_id, "name": report.name, "externalId": report.external_id,
        "status": "COMPLETED", "conclusion": conclusion, "actions": report.buttons,
        "output": { "title": report.title, "summary": report.summary, "annotations": annotations },
    });
    if let Some(url) = &report.details_url {
        put(&mut input, "detailsUrl", json!(url));
    }
    input
}

fn annotation_input(annotation: &Annotation) -> Value {
    let level = match annotation.level {
        AnnotationLevel::Notice => "NOTICE",
        AnnotationLevel::Warning => "WARNING",
        AnnotationLevel::Failure => "FAILURE",
    };
    let mut input = json!({
        "path": annotation.path, "annotationLevel": level, "message": annotation.message,
        "location": { "startLine": annotation.start_line, "endLine": annotation.end_line },
    });
    if let Some(title) = &annotation.title {
        put(&mut input, "title", json!(title));
    }
    input
}

fn put(input: &mut Value, key: &str, value: Value) {
    if let Some(input) = input.as_object_mut() {
        input.insert(key.to_owned(), value);
    }
}
