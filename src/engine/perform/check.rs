//! The check run `millhand` of a head.
//!
//! Invariant: one of them on a commit. Whatever is written later is written over the first.

use super::phase::object_id;
use super::{At, Ended, Trouble};
use crate::github::{Annotation, AnnotationLevel, Attempt, Button, CheckReport, Conclusion, PresentCheck};
use crate::workflow::fact::{Outcome, Target};
use crate::workflow::ids::Sha;
use crate::workflow::model::Track;
use crate::workflow::text::check;
use crate::workflow::waits::waits;

impl At<'_> {
    /// The check run of a head beside its presentation; one that is there is written over.
    pub(super) async fn write_check(&self, target: Target, head: &Sha) -> Result<Ended, Trouble> {
        let (report, shown) = self.report(target, head)?;
        let attempt = if self.track(target)?.has_check_run() {
            Attempt::Again
        } else {
            self.p.attempt()
        };
        self.p.github.report_check(&self.repo, &report, attempt).await?;
        Ok(Ended::with(Outcome::CheckWritten { shown }))
    }

    /// The check run that goes with the presentation: a new one, unless the head stopped here for a while before.
    pub(super) async fn presented_check(&self, track: &Track, report: CheckReport) -> Result<PresentCheck, Trouble> {
        if !track.has_check_run() {
            return Ok(PresentCheck::New(report));
        }
        Ok(match self.p.github.own_check(&self.repo, &report).await? {
            Some(own) => PresentCheck::Over(own, report),
            None => PresentCheck::New(report),
        })
    }

    /// Our check run of a head, and what it shows that can be pressed.
    pub(super) fn report(&self, target: Target, head: &Sha) -> Result<(CheckReport, Vec<String>), Trouble> {
        let text = check::run(self.w, target, &waits(self.w, self.p.engine.now()));
        let renderer = self.renderer();
        let mut annotations = Vec::new();
        for found in &text.annotations {
            annotations.push(Annotation {
                path: found.path.clone(),
                start_line: u64::from(found.line),
                end_line: u64::from(found.line),
                level: match found.level {
                    check::Level::Notice => AnnotationLevel::Notice,
                    check::Level::Warning => AnnotationLevel::Warning,
                    check::Level::Failure => AnnotationLevel::Failure,
                },
                message: renderer.markdown(&found.message)?,
                title: None,
            });
        }
        let name = target.phase().map_or_else(|| "release".to_owned(), |n| n.to_string());
        let button = |button: &check::Button| Button {
            label: button.label.to_owned(),
            description: button.description.to_owned(),
            identifier: button.identifier.clone(),
        };
        let report = CheckReport {
            name: check::NAME.to_owned(),
            head: object_id(head)?,
            external_id: format!("{}/{name}/{}", self.w.id, head.short()),
            conclusion: match text.conclusion {
                check::Conclusion::Success => Conclusion::Success,
                check::Conclusion::Neutral => Conclusion::Neutral,
                check::Conclusion::Failure => Conclusion::Failure,
            },
            title: renderer.line(&text.title)?,
            summary: renderer.markdown(&format!("{}\n\n{}", text.summary, text.text))?,
            annotations,
            buttons: text.buttons.iter().map(button).collect(),
            details_url: None,
        };
        Ok((report, text.marks))
    }
}
